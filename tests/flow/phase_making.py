"""Random three-phase feeders with everything a sweep serves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

import numpy as np

from gridtandem.grid import phase_elements as pe
from gridtandem.grid.three_phase import ThreePhaseNetwork

KV, LOW_KV = 12.0, 0.4
GUARD = 2e5  # ppm; strong, so that a dense solver keeps its digits where a delta leaves phases without ground


@final
@dataclass(slots=True)
class Draft:
    """Rows of tables as they are thought of."""

    rng: np.random.Generator
    phases: list[list[int]] = field(default_factory=lambda: [[1, 2, 3]])  # of each bus
    kv: list[float] = field(default_factory=lambda: [KV])
    grounded: list[bool] = field(default_factory=lambda: [True])
    lines: list[dict[str, object]] = field(default_factory=list)
    units: list[dict[str, object]] = field(default_factory=list)

    def ends(self, up: int, down: int) -> dict[str, int]:
        """Either way round."""
        a, b = (up, down) if self.rng.random() < 0.6 else (down, up)
        return {"from_bus": a, "to_bus": b}


def feeder(seed: int, buses: int) -> ThreePhaseNetwork:
    """A random feeder; bus 0 has the source. Its drop stays below about 0.1 pu, and its charging is that of cables."""
    rng = np.random.default_rng(seed)
    d = Draft(rng)
    for k in range(1, buses):
        up = int(rng.integers(max(0, k - 4), k))
        kind = rng.choice(["line", "unit", "regulators"], p=[0.7, 0.2, 0.1])
        whole = len(d.phases[up]) == 3
        if kind == "unit" and whole:
            _unit(d, up, k)
        elif kind == "regulators" and d.grounded[up]:
            _regulators(d, up, k)
        else:
            _line(d, up, k, buses)
    n = len(d.phases)
    return ThreePhaseNetwork(
        name=f"feeder {seed}",
        buses=pe.PhaseBuses(name=[f"b{k}" for k in range(n)], nominal_kv=d.kv, phases=[[p in own for p in (1, 2, 3)] for own in d.phases]),
        lines=_table(pe.PhaseLines, d.lines, "l"), transformers=_table(pe.PhaseTransformers, d.units, "t"),
        loads=_table(pe.PhaseLoads, [_load(d, k, n) for k in range(n) for _ in range(int(rng.integers(0, 3)))], "d"),
        capacitors=_table(pe.Capacitors, [_capacitor(d, k) for k in range(n) if rng.random() < 0.2], "c"),
        sources=pe.PhaseSources(
            name=["grid"], bus=[0], nominal_kv=[KV * 1.02], v_pu=[1.03], angle_deg=[20.0], r_positive_ohm=[0.05], x_positive_ohm=[0.3],
            r_zero_ohm=[0.1], x_zero_ohm=[0.5],
        ),
    ).check()  # fmt: skip


def _table(cls: type, rows: list[dict[str, object]], letter: str) -> object:
    if not rows:
        return cls.empty()  # type: ignore[attr-defined]
    return cls(name=[f"{letter}{k}" for k in range(len(rows))], **{name: [r[name] for r in rows] for name in rows[0]})


def _coupled(rng: np.random.Generator, there: list[int], own: float, share: float) -> np.ndarray:
    """A symmetric matrix between the phases there, its couplings at most this share of what is its own."""
    m = np.zeros((3, 3))
    for i in there:
        for j in there:
            if i <= j:
                m[i - 1, j - 1] = m[j - 1, i - 1] = own * rng.uniform(0.7, 1.3) if i == j else own * share * rng.uniform(0.2, 1.0)
    return m


def _line(d: Draft, up: int, k: int, buses: int) -> None:
    rng = d.rng
    above = d.phases[up]
    own = sorted(rng.choice(above, int(rng.integers(1, len(above) + 1)), replace=False).tolist()) if d.grounded[up] and rng.random() < 0.4 else above
    there = list(own)
    if rng.random() < 0.15:
        there = rng.permutation(own).tolist()  # a transposition at the end
    ends = d.ends(up, k)
    to = [0, 0, 0]
    pairs = list(zip(own, there, strict=True)) if ends["from_bus"] == up else list(zip(there, own, strict=True))
    for a, b in pairs:
        to[a - 1] = b
    first = [a for a, _ in pairs]
    ohm = d.kv[up] ** 2 * 0.06 / buses
    d.lines.append({
        **ends, "to_phase": to, "r_ohm": _coupled(rng, first, ohm, 0.4), "x_ohm": _coupled(rng, first, 1.5 * ohm, 0.4),
        "b_us": rng.choice([0.0, 1.0]) * _coupled(rng, first, 60.0, -0.2),
    })  # fmt: skip
    d.phases.append(sorted(there))
    d.kv.append(d.kv[up])
    d.grounded.append(d.grounded[up])


def _unit(d: Draft, up: int, k: int) -> None:
    rng, ends = d.rng, d.ends(up, k)
    high, low = (rng.choice([pe.WYE, pe.DELTA]) for _ in range(2))
    if not d.grounded[up]:
        high = pe.DELTA
    other = LOW_KV if d.kv[up] == KV else KV
    sides = {"from": (high, d.kv[up]), "to": (low, other)} if ends["from_bus"] == up else {"from": (low, other), "to": (high, d.kv[up])}
    d.units.append({
        **ends, **{f"connection_{s}": int(c) for s, (c, _) in sides.items()}, **{f"nominal_{s}_kv": kv for s, (_, kv) in sides.items()},
        "terminals_from": rng.permutation([1, 2, 3]).tolist(), "terminals_to": [1, 2, 3], "low_side": int(rng.integers(2)), "base_mva": 3.0,
        "r_from_pu": 0.004, "r_to_pu": 0.005, "x_pu": 0.05, "no_load_loss_pu": 0.002, "magnetizing_pu": 0.01, "guard_ppm": GUARD,
        "tap_from_pu": rng.choice([0.975, 1.0]), "tap_to_pu": rng.choice([1.0, 1.0125]),
    })  # fmt: skip
    d.phases.append([1, 2, 3])
    d.kv.append(other)
    d.grounded.append(bool(low == pe.WYE))


def _regulators(d: Draft, up: int, k: int) -> None:
    """One single-phase unit for each phase, all between the same two buses."""
    for p in d.phases[up]:
        v = d.kv[up] / np.sqrt(3.0)
        d.units.append({
            "from_bus": up, "to_bus": k, "connection_from": pe.WYE, "connection_to": pe.WYE, "nominal_from_kv": v, "nominal_to_kv": v,
            "terminals_from": [p, 0, 0], "terminals_to": [p, 0, 0], "low_side": 0, "base_mva": 2.0, "r_from_pu": 0.001, "r_to_pu": 0.001,
            "x_pu": 0.01, "no_load_loss_pu": 0.0, "magnetizing_pu": 0.0, "guard_ppm": 1.0, "tap_from_pu": 1.0,
            "tap_to_pu": d.rng.choice([0.98125, 1.0, 1.025]),
        })  # fmt: skip
    d.phases.append(list(d.phases[up]))
    d.kv.append(d.kv[up])
    d.grounded.append(True)


def _hung(d: Draft, k: int) -> dict[str, object]:
    """Connection, terminals and rated voltage of something at bus k: a wye or a delta of all phases, or a single coil."""
    rng, own = d.rng, d.phases[k]
    delta = len(own) > 1 and (not d.grounded[k] or rng.random() < 0.4)
    if len(own) == 3 and rng.random() < 0.5:
        ends, kv = own, d.kv[k]
    else:
        ends = rng.permutation(own)[: 2 if delta else 1].tolist()
        kv = d.kv[k] if delta else d.kv[k] / np.sqrt(3.0)
    return {"bus": k, "connection": pe.DELTA if delta else pe.WYE, "terminals": [*ends, 0, 0][:3], "nominal_kv": kv * rng.uniform(0.97, 1.03)}


def _load(d: Draft, k: int, buses: int) -> dict[str, object]:
    """Any law; limits that the voltage keeps, or lies beyond, or none."""
    rng = d.rng
    law = int(rng.integers(6))
    zip_ = law == pe.ZIP
    n_p, n_q = {pe.IMPEDANCE: (2.0, 2.0), pe.CURRENT: (1.0, 1.0), pe.POWER_REACTANCE: (0.0, 2.0), pe.EXPONENTS: (0.8, 2.5)}.get(law, (0.0, 0.0))
    low, high, linear = [(0.5, 1.5, 0.3), (1.2, 1.6, 0.4), (1.2, 1.6, 1.1), (0.5, 0.8, 0.2), (0.0, np.inf, 0.0)][int(rng.integers(5))]
    size = 4.0 / buses
    return {
        **_hung(d, k), "p_mw": rng.uniform(0, size) / 3, "q_mvar": rng.uniform(-0.2, 0.5) * size / 3, "law": law, "p_exponent": n_p,
        "q_exponent": n_q, "p_z_share": 0.3 * zip_, "p_i_share": 0.2 * zip_, "q_z_share": 0.6 * zip_, "q_i_share": 0.1 * zip_,
        "v_low_pu": low, "v_high_pu": high,
        "v_linear_pu": linear,
    }  # fmt: skip


def _capacitor(d: Draft, k: int) -> dict[str, object]:
    return {**_hung(d, k), "q_mvar": d.rng.uniform(0.02, 0.1), "steps": 3, "steps_closed": 2}
