"""Three-phase load flow beside its peer: a random radial tree with coupled phases, a load of its own in every phase of every bus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import final

import numpy as np

from gridtandem.flow.phases import ReadyPhases
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.tables import Complex, Index

Later = Callable[[], Callable[[], Callable[[], Complex]]]
TOL = 1e-8  # pu, change of a voltage: the stopping rule of both
KV = 20.0
ONWARD = 0.97  # share of buses that go on from the one before; the others begin a lateral somewhere
STIFF_MVA = 1e7  # short-circuit power of the source on both sides


@final
@dataclass(frozen=True, slots=True)
class Tree:
    """What both engines are given: bus k hangs on ``parent[k]``; impedances of sequence; W and var per bus and phase."""

    parent: Index
    positive: Complex  # (line) ohm
    zero: Complex  # (line) ohm
    s: Complex  # (bus, phase) VA


@cache
def tree(buses: int) -> Tree:
    """Laterals of some thirty buses on laterals: some 300 branches deep, at most 710 at 100,000 buses; lowest voltage about 0.95 pu."""
    rng = np.random.default_rng(buses)
    child = np.arange(1, buses)
    parent = np.where(rng.random(buses - 1) < ONWARD, child - 1, rng.integers(0, child))
    level = np.zeros(buses, np.int64)
    for k, p in enumerate(parent.tolist(), 1):
        level[k] = level[p] + 1
    s = rng.uniform(0.5, 1.5, (buses, 3)) * (1 + 0.3j) * 5e6 / buses
    s[0] = 0.0
    below = s.sum(1)
    for k in range(buses - 1, 0, -1):
        below[parent[k - 1]] += below[k]
    z = rng.uniform(0.5, 1.5, buses - 1) * (0.4 + 0.35j)
    drop = np.zeros(buses)
    for k, p in enumerate(parent.tolist(), 1):
        drop[k] = drop[p] + (z[k - 1] * below[k].conjugate()).real / (KV * 1e3) ** 2
    z *= 0.05 / drop.max()
    return Tree(parent, z, z * (2.5 + 0.5j), s)


def sweep(buses: int, tol: float = TOL) -> Later:
    """Ours, on one thread; elimination is preparation, as the model is for the peer."""

    def prepare() -> Callable[[], Callable[[], Complex]]:
        ready = ReadyPhases.of([network(tree(buses))])
        place = ready.trees[0].node
        one, root = np.ones(1), ready.v_root

        def work() -> Callable[[], Complex]:
            v = ready.sweep(root, one, tol=tol, slope=False, threads=1).v
            return lambda: v[place]

        return work

    return prepare


def network(t: Tree) -> ThreePhaseNetwork:
    """The tree as our tables."""
    n = len(t.s)
    own, mutual = (t.zero + 2 * t.positive) / 3, (t.zero - t.positive) / 3
    z = mutual[:, None, None] + (own - mutual)[:, None, None] * np.eye(3)
    bus = np.repeat(np.arange(n), 3)
    phase = np.zeros((3 * n, 3), np.int64)
    phase[:, 0] = np.tile([1, 2, 3], n)
    s = t.s.ravel() / 1e6
    return ThreePhaseNetwork(
        name="tree", buses=pe.PhaseBuses(name=[f"b{k}" for k in range(n)], nominal_kv=np.full(n, KV), phases=np.ones((n, 3), bool)),
        lines=pe.PhaseLines(
            name=[f"l{k}" for k in range(1, n)], from_bus=t.parent, to_bus=np.arange(1, n), to_phase=np.tile([1, 2, 3], (n - 1, 1)), r_ohm=z.real,
            x_ohm=z.imag,
        ),
        loads=pe.PhaseLoads(
            name=[f"d{k}" for k in range(3 * n)], bus=bus, connection=np.full(3 * n, pe.WYE), terminals=phase,
            nominal_kv=np.full(3 * n, KV / np.sqrt(3)), p_mw=s.real, q_mvar=s.imag,
        ),
        sources=pe.PhaseSources(name=["grid"], bus=[0], nominal_kv=[KV], **_stiff()),
    )  # fmt: skip


def _stiff() -> dict[str, list[float]]:
    """The peer's source: its reactance is ten times its resistance, zero sequence as positive."""
    z = KV**2 / STIFF_MVA
    r, x = z * 0.1 / np.sqrt(1.01), z / np.sqrt(1.01)
    return {"r_positive_ohm": [r], "x_positive_ohm": [x], "r_zero_ohm": [r], "x_zero_ohm": [x]}


def power_grid_model(buses: int, method: str, tol: float = TOL) -> Later:
    """Its asymmetric calculation of the same tree, on one thread."""

    def prepare() -> Callable[[], Callable[[], Complex]]:
        pgm = import_module("power_grid_model")
        t = tree(buses)
        node = pgm.initialize_array("input", "node", buses)
        node["id"], node["u_rated"] = np.arange(buses), KV * 1e3
        line = pgm.initialize_array("input", "line", buses - 1)
        line["id"], line["from_node"], line["to_node"] = buses + np.arange(buses - 1), t.parent, np.arange(1, buses)
        line["from_status"] = line["to_status"] = 1
        line["r1"], line["x1"], line["r0"], line["x0"] = t.positive.real, t.positive.imag, t.zero.real, t.zero.imag
        for name in ("c1", "tan1", "c0", "tan0"):
            line[name] = 0.0
        line["i_n"] = 1e3
        load = pgm.initialize_array("input", "asym_load", buses)
        load["id"], load["node"], load["status"], load["type"] = 2 * buses + np.arange(buses), np.arange(buses), 1, 0
        load["p_specified"], load["q_specified"] = t.s.real, t.s.imag
        source = pgm.initialize_array("input", "source", 1)
        source["id"], source["node"], source["status"], source["u_ref"] = 3 * buses, 0, 1, 1.0
        source["sk"], source["rx_ratio"], source["z01_ratio"] = STIFF_MVA * 1e6, 0.1, 1.0
        model = pgm.PowerGridModel({"node": node, "line": line, "asym_load": load, "source": source})
        settings = {"symmetric": False, "error_tolerance": tol, "threading": -1, "calculation_method": method}

        def work() -> Callable[[], Complex]:
            found = model.calculate_power_flow(output_component_types={"node": ["u_pu", "u_angle"]}, **settings)["node"]
            return lambda: np.asarray(found["u_pu"] * np.exp(1j * found["u_angle"]))

        return work

    return prepare


def contenders(buses: int) -> dict[str, Later]:
    """Ours, and both exact methods of the peer."""
    return {"sweep": sweep(buses)} | {f"PGM {m.split('_')[0]}": power_grid_model(buses, m) for m in ("iterative_current", "newton_raphson")}
