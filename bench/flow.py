"""Load flow beside its peers, from the same published cases; answers are voltages (per unit)."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Literal

import numpy as np

from bench.apart import Apart
from gridtandem.cases.library import network
from gridtandem.cases.named import case
from gridtandem.coordinate import Scheme, coordinate
from gridtandem.flow.newton import Newton
from gridtandem.flow.options import Options
from gridtandem.flow.sweep import Ready
from gridtandem.grid.elements import PQ, REFERENCE
from gridtandem.grid.forest import Forest, plant
from gridtandem.grid.nodal import Nodal
from gridtandem.study.study import Study, seated
from gridtandem.tables import Complex, Real

Prepare = Callable[[], Callable[[], Complex | Real]]
Later = Callable[[], Callable[[], Callable[[], Complex]]]  # what the work returns is a way to the answer, walked after the timing
TOL = 1e-8
Start = Literal["flat", "file"]


def newton(name: str, *, start: Start = "flat") -> Prepare:
    """Our Newton; symbolic work is preparation, as it is for the peer."""

    def prepare() -> Callable[[], Complex]:
        nodal = Nodal.of(network(name))
        ready, v = Newton.of(nodal, options=Options(tol=TOL)), begin(nodal, start)
        return lambda: ready.solve(start=v).v

    return prepare


def begin(nodal: Nodal, start: Start) -> Complex:
    """Every voltage as the reference's angle and 1 pu, or as the case file has it."""
    reference = nodal.units.node[nodal.units.control == REFERENCE][0]
    return nodal.start.copy() if start == "file" else np.full(nodal.nodes, np.exp(1j * np.angle(nodal.start[reference])))


def lightsim2grid(name: str, *, start: Start = "flat") -> Prepare:
    """Its Newton on KLU."""
    return klu(lambda: Nodal.of(network(name)), start=start)


def klu(of: Callable[[], Nodal], *, start: Start = "flat") -> Prepare:
    """The same for any network, given our admittance matrix; the object stays, so that it may reuse what it knows of the pattern."""

    def prepare() -> Callable[[], Complex]:
        algorithm = import_module("lightsim2grid.algorithm").NR_KLU()
        nodal = of()
        units, loads = nodal.units, nodal.loads
        power = np.zeros(nodal.nodes, np.complex128)
        np.add.at(power, units.node, units.s)
        np.subtract.at(power, loads.node, loads.s)
        holds, v = units.control != PQ, begin(nodal, start)
        v[units.node[holds]] *= units.v_set[holds] / abs(v[units.node[holds]])
        slack = np.unique(units.node[units.control == REFERENCE])
        held = np.setdiff1d(units.node[holds], slack)
        free = np.setdiff1d(np.arange(nodal.nodes), units.node[holds])
        matrix, share = nodal.admittance().tocsc(), np.zeros(nodal.nodes)
        share[slack] = 1.0
        slack_, held_, free_ = (nodes.astype(np.int32) for nodes in (slack, held, free))

        def work() -> Complex:
            if not algorithm.solve(matrix, v.copy(), power, slack_, share, held_, free_, 30, TOL):
                raise RuntimeError("lightsim2grid did not converge")
            return np.array(algorithm.get_V())  # a copy: what it gives is its own memory

        return work

    return prepare


def pandapower(name: str) -> dict[str, Apart]:
    """Its Newton in its own environment, with numba and on lightsim2grid's solver."""
    return apart(lambda: Nodal.of(network(name)))


def apart(of: Callable[[], Nodal]) -> dict[str, Apart]:
    """The same for any network."""
    return {f"pandapower, {engine}": Apart(of, engine, "flat", TOL) for engine in ("numba", "lightsim2grid")}


def loadings(feeders: int) -> Real:
    """Every feeder at its own loading."""
    return np.linspace(0.5, 1.0, feeders)


def fleet(feeders: int, name: str) -> Later:
    """One sweep over all feeders, on one thread; what is ready before is the forest, as the peer's model."""

    def prepare() -> Callable[[], Callable[[], Complex]]:
        same = np.zeros(feeders, np.int64)
        forest = plant([Nodal.of(network(name))], same, same, np.ones(feeders))
        return _swept(forest, loadings(feeders))

    return prepare


def scenarios(count: int, name: str) -> Later:
    """One feeder at many loadings."""

    def prepare() -> Callable[[], Callable[[], Complex]]:
        none = np.zeros(1, np.int64)
        return _swept(plant([Nodal.of(network(name))], none, none, np.ones(1)), loadings(count)[:, None])

    return prepare


def _swept(forest: Forest, loading: Real) -> Callable[[], Callable[[], Complex]]:
    ready, n = Ready.of(forest), int(forest.start[1])
    place = np.argsort(forest.node[:n])  # a forest keeps each subtree together; the peer keeps the order of the file

    def work() -> Callable[[], Complex]:
        v = ready.sweep(np.ones(loading.shape), loading, tol=TOL, slope=False, threads=1).v
        return lambda: v.reshape(-1, n)[:, place]

    return work


def power_grid_model(feeders: int, name: str, method: str) -> Later:
    """One feeder, all loadings as one batch, on one thread as ours; columns in and out, and no output but voltages."""

    def prepare() -> Callable[[], Callable[[], Complex]]:
        pgm = import_module("power_grid_model")
        net = network(name)
        lines, loads, nodes = net.lines.take(net.lines.closed), net.loads, len(net.buses)
        node = pgm.initialize_array("input", "node", nodes)
        node["id"], node["u_rated"] = np.arange(nodes), net.buses.nominal_kv * 1e3
        line = pgm.initialize_array("input", "line", len(lines))
        line["id"], line["from_node"], line["to_node"] = nodes + np.arange(len(lines)), lines.from_bus, lines.to_bus
        line["from_status"] = line["to_status"] = 1
        line["r1"], line["x1"], line["c1"], line["tan1"], line["i_n"] = lines.r_ohm, lines.x_ohm, 0.0, 0.0, 1e3
        load = pgm.initialize_array("input", "sym_load", len(loads))
        load["id"], load["node"], load["status"], load["type"] = 2 * nodes + np.arange(len(loads)), loads.bus, 1, 0
        load["p_specified"], load["q_specified"] = loads.p_mw * 1e6, loads.q_mvar * 1e6
        source = pgm.initialize_array("input", "source", 1)
        source["id"], source["node"], source["status"], source["u_ref"], source["sk"] = 3 * nodes, 0, 1, 1.0, 1e20
        model = pgm.PowerGridModel({"node": node, "line": line, "sym_load": load, "source": source})
        change = {c: loadings(feeders)[:, None] * load[c] for c in ("p_specified", "q_specified")}
        settings = {"error_tolerance": TOL, "threading": -1, "calculation_method": method, "output_component_types": {"node": ["u_pu", "u_angle"]}}

        def work() -> Callable[[], Complex]:
            node = model.calculate_power_flow(update_data={"sym_load": change}, **settings)["node"]
            return lambda: np.asarray(node["u_pu"] * np.exp(1j * node["u_angle"]))

        return work

    return prepare


def agreed(name: str, scheme: Scheme) -> Prepare:
    """A joined system under a scheme, from a flat start to agreement; the answer is the voltage at the interfaces."""

    def prepare() -> Callable[[], Real]:
        seats = seated(Study(case=case(name), scheme=scheme))
        return lambda: scheme.agreement(coordinate(seats.mailbox(scheme, (1, 1)), scheme).require().state).v

    return prepare
