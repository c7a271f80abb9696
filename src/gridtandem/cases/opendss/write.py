"""Three-phase networks out as an OpenDSS script. Reading it again gives the same tables (susceptances to the last digits)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from gridtandem.cases.opendss.elements import NO_LIMIT, Plain, shifted
from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.tables import Real

MASTER = "master.dss"
SPELLED = re.compile(r"[^\s.,=!|\"'()\[\]{}~/]+")  # what a name may look like so that the engine's parser keeps it whole
EVEN = 1e-12  # rounding allowed between phases that are meant to be equal
MODELS = {pe.POWER: 1, pe.IMPEDANCE: 2, pe.CURRENT: 5, pe.POWER_REACTANCE: 3, pe.EXPONENTS: 4, pe.ZIP: 8}


def write_opendss(network: ThreePhaseNetwork, folder: str | Path) -> Path:
    """Write ``master.dss`` into a folder, without `solve`; the path of the file."""
    network.check()
    if faults := [*_spelling(network), *_uneven_switches(network.lines), *_limits(network.buses)]:
        raise InvalidCase(f.at(network.name) for f in faults)
    path = Path(folder) / MASTER
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(_script(network)) + "\n", encoding="utf-8")
    return path


def _spelling(network: ThreePhaseNetwork) -> Iterator[Fault]:
    mend = "rename it without blanks, dots, brackets, quotes, commas and slashes, in small letters"
    if not SPELLED.fullmatch(network.name):
        yield Fault("circuit", f"{network.name!r} cannot be spelled in an OpenDSS file", mend, "case-124")
    for table in network.tables().values():
        for row in range(len(table)):
            name = table.label(row)  # every table here has names
            if not SPELLED.fullmatch(name) or name != name.lower():
                yield table.fault(row, "name", "cannot be spelled in an OpenDSS file", mend, "case-124")


def _limits(buses: pe.PhaseBuses) -> Iterator[Fault]:
    if len(limited := np.flatnonzero((buses.v_low_pu > 0) | np.isfinite(buses.v_high_pu))):
        more = f" and {len(limited) - 1} more" if len(limited) > 1 else ""
        what = f"has limits of {buses.label(int(limited[0]))!r}{more}, which an OpenDSS file cannot hold"
        yield Fault("buses", what, "write it without them; a folder with feeder.toml states them", "phase-011", column="v_low_pu")


def _script(net: ThreePhaseNetwork) -> Iterator[str]:
    bus = net.buses.name.tolist()
    yield "Clear"
    yield f"Set DefaultBaseFrequency={net.frequency_hz!r}"
    yield from _sources(net, bus)
    for lines in (_lines(net, bus), _transformers(net, bus), _regulators(net), _loads(net, bus), _capacitors(net, bus), _generators(net, bus)):
        yield from lines
    yield "MakeBusList"
    for name, kv in zip(bus, net.buses.nominal_kv.tolist(), strict=True):
        yield f"SetkVBase Bus={name} kVLL={kv!r}"
    for k in np.flatnonzero(net.buses.located):
        yield f"SetBusXY Bus={bus[k]} X={net.buses.x[k].item()!r} Y={net.buses.y[k].item()!r}"


def _sources(net: ThreePhaseNetwork, bus: list[str]) -> Iterator[str]:
    """A circuit is born with a source called ``source``; it becomes ours of that name, else it is disabled."""
    names = net.sources.name.tolist()
    order = sorted(range(len(names)), key=lambda k: names[k] != "source")
    if names[order[0]] != "source":
        yield f"New Circuit.{net.name}\nVsource.source.enabled=no"
    for k in order:
        s = {name: getattr(net.sources, name)[k].item() for name in net.sources.columns()}
        z_1, z_0 = f"[{s['r_positive_ohm']!r} {s['x_positive_ohm']!r}]", f"[{s['r_zero_ohm']!r} {s['x_zero_ohm']!r}]"
        head = f"Circuit.{net.name}" if s["name"] == "source" else f"Vsource.{s['name']}"
        volts = f"basekv={s['nominal_kv']!r} pu={s['v_pu']!r} angle={s['angle_deg']!r}"
        yield f"New {head} bus1={bus[s['bus']]} phases=3 {volts} Z1={z_1} Z2={z_1} Z0={z_0}"


def _uneven_switches(lines: pe.PhaseLines) -> Iterator[Fault]:
    for k in np.flatnonzero(lines.switch):
        here = np.flatnonzero(lines.to_phase[k] > 0)
        for name in ("r_ohm", "x_ohm", "b_us"):
            own, mutual = _self_mutual(getattr(lines, name)[k][np.ix_(here, here)])
            if max(np.ptp(own), np.ptp(mutual)) > EVEN * abs(own).max(initial=0.0):
                mend = "set switch = no, or give all phases the same value"
                yield lines.fault(int(k), name, "differs between phases, which the engine cannot hold for a switch", mend, "case-125")


def _self_mutual(matrix: Real) -> tuple[Real, Real]:
    """Diagonal and off-diagonal entries; a 1 × 1 matrix has mutual 0."""
    beside = matrix[~np.eye(len(matrix), dtype=bool)]
    return matrix.diagonal(), beside if len(beside) else np.zeros(1)


def _lines(net: ThreePhaseNetwork, bus: list[str]) -> Iterator[str]:
    """Switches by sequence values: for them the engine overrules matrices."""
    nanofarad = 2e-3 * math.pi * net.frequency_hz  # µS per nF
    for k, name in enumerate(net.lines.name.tolist()):
        ln = {column: getattr(net.lines, column)[k] for column in net.lines.columns()}
        here = np.flatnonzero(ln["to_phase"] > 0)
        start, end = _dotted(bus[ln["from_bus"]], here + 1), _dotted(bus[ln["to_bus"]], ln["to_phase"][here])
        r, x, c = (ln[column][np.ix_(here, here)] / unit for column, unit in (("r_ohm", 1.0), ("x_ohm", 1.0), ("b_us", nanofarad)))
        yield f"New Line.{name} phases={len(here)} bus1={start} bus2={end}" + " switch=yes" * bool(ln["switch"])
        if ln["switch"]:
            values = zip("rxc", (_sequence(m) for m in (r, x, c)), strict=True)
            yield "~ length=1 units=none " + " ".join(f"{letter}1={one!r} {letter}0={zero!r}" for letter, (one, zero) in values)
        else:
            yield f"~ length=1 units=none rmatrix={_matrix(r)} xmatrix={_matrix(x)} cmatrix={_matrix(c)}"
        yield f"~ normamps={_limit(ln['rating_a'])} emergamps={_limit(ln['rating_emergency_a'])}"
        if not ln["closed"]:
            yield from _opened("Line", name)


def _sequence(matrix: Real) -> tuple[float, float]:
    r"""Positive and zero sequence of equal phases, :math:`m_1 = m_{self} - m_{mutual}`, :math:`m_0 = m_{self} + 2 m_{mutual}`."""
    own, mutual = _self_mutual(matrix)
    return float(own[0] - mutual[0]), float(own[0] + 2 * mutual[0])


def _transformers(net: ThreePhaseNetwork, bus: list[str]) -> Iterator[str]:
    for k, name in enumerate(net.transformers.name.tolist()):
        t = {column: getattr(net.transformers, column)[k].item() for column in net.transformers.columns() if not column.startswith("terminals")}
        ends = net.transformers.terminals_from[k], net.transformers.terminals_to[k]
        coils = len(pe.winding_coils(net.transformers, k)[0])
        kva = _kilo(t["base_mva"])
        yield f"New Transformer.{name} phases={coils} windings=2 leadlag={('lag', 'lead')[t['low_side']]}" + f" bank={t['bank']}" * bool(t["bank"])
        yield f"~ kvas=[{kva} {kva}] xhl={_percent(t['x_pu'])} %noloadloss={_percent(t['no_load_loss_pu'])} %imag={_percent(t['magnetizing_pu'])}"
        for w, side in enumerate(("from", "to")):
            yield f"~ wdg={w + 1} bus={_dotted(bus[t[side + '_bus']], ends[w][ends[w] > 0])} conn={pe.CONNECTIONS[t['connection_' + side]]}"
            yield f"~ kv={t[f'nominal_{side}_kv']!r} %r={_percent(t[f'r_{side}_pu'])} numtaps={t['steps_' + side]}"
            yield f"~ mintap={t[f'tap_{side}_low_pu']!r} maxtap={t[f'tap_{side}_high_pu']!r} tap={t[f'tap_{side}_pu']!r}"
        ratings = f"normhkva={_limit(shifted(t['rating_mva'], 3))} emerghkva={_limit(shifted(t['rating_emergency_mva'], 3))}"
        yield f"~ ppm_antifloat={t['guard_ppm']!r} {ratings}"
        if not t["closed"]:
            yield from _opened("Transformer", name)


def _regulators(net: ThreePhaseNetwork) -> Iterator[str]:
    for k in range(len(net.regulators)):
        r = {column: getattr(net.regulators, column)[k].item() for column in net.regulators.columns()}
        yield f"New RegControl.{r['name']} transformer={net.transformers.name[r['transformer']]} winding={r['side'] + 1} ptphase={r['coil']}"
        yield f"~ vreg={r['v_target_v']!r} band={r['band_v']!r} ptratio={r['pt_ratio']!r} ctprim={r['ct_primary_a']!r} R={r['r_drop_v']!r}"
        yield f"~ X={r['x_drop_v']!r} delay={r['delay_s']!r} tapdelay={r['tap_delay_s']!r} maxtapchange={r['most_steps']}"


def _loads(net: ThreePhaseNetwork, bus: list[str]) -> Iterator[str]:
    for k in range(len(net.loads)):
        d, head = _hung("Load", net.loads, k, bus)
        yield f"{head} kw={_kilo(d['p_mw'])} kvar={_kilo(d['q_mvar'])} model={MODELS[d['law']]}"
        yield f"~ vminpu={d['v_low_pu']!r} vmaxpu={_limit(d['v_high_pu'])} vlowpu={d['v_linear_pu']!r}"
        if d["law"] == pe.EXPONENTS:
            yield f"~ cvrwatts={d['p_exponent']!r} cvrvars={d['q_exponent']!r}"
        if d["law"] == pe.ZIP:
            shares = [(d[f"{s}_z_share"], d[f"{s}_i_share"], 1 - d[f"{s}_z_share"] - d[f"{s}_i_share"]) for s in "pq"]
            yield f"~ zipv=[{_row([*shares[0], *shares[1], d['v_cut_pu']])}]"


def _capacitors(net: ThreePhaseNetwork, bus: list[str]) -> Iterator[str]:
    for k in range(len(net.capacitors)):
        d, head = _hung("Capacitor", net.capacitors, k, bus)
        each = shifted(d["q_mvar"], 3) / d["steps"]
        states = [1] * d["steps_closed"] + [0] * (d["steps"] - d["steps_closed"])
        yield f"{head} numsteps={d['steps']} kvar=[{_row([each] * d['steps'])}] states=[{_row(states)}]"


def _generators(net: ThreePhaseNetwork, bus: list[str]) -> Iterator[str]:
    for k in range(len(net.generators)):
        d, head = _hung("Generator", net.generators, k, bus)
        yield f"{head} kw={_kilo(d['p_mw'])} kvar={_kilo(d['q_mvar'])} model={d['control'] + 1} vpu={d['v_set_pu']!r}"
        limits = f"minkvar={_limit(shifted(d['q_low_mvar'], 3))} maxkvar={_limit(shifted(d['q_high_mvar'], 3))}"
        yield f"~ {limits} kva={_limit(shifted(d['rating_mva'], 3))} vminpu={d['v_low_pu']!r} vmaxpu={_limit(d['v_high_pu'])}"


def _hung(kind: str, table: pe.PhaseLoads | pe.Capacitors | pe.PhaseGenerators, k: int, bus: list[str]) -> tuple[Plain, str]:
    """Plain values of a row, and how its definition begins."""
    d = {column: getattr(table, column)[k].item() for column in table.columns() if column != "terminals"}
    ends = table.terminals[k][table.terminals[k] > 0]
    phases = len(pe.coils(d["connection"], ends))
    at = _dotted(bus[d["bus"]], ends)
    return d, f"New {kind}.{d['name']} bus1={at} phases={phases} conn={pe.CONNECTIONS[d['connection']]} kv={d['nominal_kv']!r}"


def _dotted(bus: str, nodes: Iterable[int]) -> str:
    return ".".join([bus, *(str(n) for n in nodes)])


def _opened(kind: str, name: str) -> Iterator[str]:
    yield from (f"Open {kind}.{name} {terminal}" for terminal in (1, 2))


def _row(values: Sequence[float]) -> str:
    return " ".join(repr(v) for v in values)


def _matrix(m: Real) -> str:
    return "[" + " | ".join(_row(row) for row in m.tolist()) + "]"


def _limit(value: float) -> str:
    return repr(float(np.clip(value, -NO_LIMIT, NO_LIMIT)))


def _kilo(value: float) -> str:
    return repr(shifted(value, 3))


def _percent(value: float) -> str:
    return repr(shifted(value, 2))
