"""Load flow beside its peers, from the same tables; answers are complex voltages (per unit)."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import numpy as np

from bench import grids
from gridtandem.flow.newton import Newton
from gridtandem.flow.options import Options
from gridtandem.flow.sweep import sweep
from gridtandem.grid.elements import REFERENCE, VOLTAGE
from gridtandem.grid.forest import plant
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Complex, Real

Prepare = Callable[[], Callable[[], Complex]]
TOL = 1e-8


def newton(buses: int) -> Prepare:
    """Our Newton; symbolic work is preparation, as it is for the peer."""

    def prepare() -> Callable[[], Complex]:
        ready = Newton.of(Nodal.of(grids.ring(buses)), options=Options(tol=TOL))
        return lambda: ready.solve().v

    return prepare


def lightsim2grid(buses: int) -> Prepare:
    """Its Newton on KLU, given our admittance matrix."""

    def prepare() -> Callable[[], Complex]:
        algorithm = import_module("lightsim2grid.algorithm").NR_KLU()
        nodal = Nodal.of(grids.ring(buses))
        units, loads = nodal.units, nodal.loads
        power = np.zeros(nodal.nodes, np.complex128)
        np.add.at(power, units.node, units.s)
        np.subtract.at(power, loads.node, loads.s)
        start = nodal.start.copy()
        start[units.node] = units.v_set
        slack, held = units.node[units.control == REFERENCE], units.node[units.control == VOLTAGE]
        free = np.setdiff1d(np.arange(nodal.nodes), units.node)
        matrix, share = nodal.admittance().tocsc(), np.zeros(nodal.nodes)
        share[slack] = 1.0
        slack_, held_, free_ = (nodes.astype(np.int32) for nodes in (slack, held, free))

        def work() -> Complex:
            algorithm.reset()
            if not algorithm.solve(matrix, start.copy(), power, slack_, share, held_, free_, 30, TOL):
                raise RuntimeError("lightsim2grid did not converge")
            return np.asarray(algorithm.get_V())

        return work

    return prepare


def loadings(feeders: int) -> Real:
    """Every feeder at its own loading."""
    return np.linspace(0.5, 1.0, feeders)


def fleet(feeders: int, nodes: int) -> Prepare:
    """One sweep over all feeders."""

    def prepare() -> Callable[[], Complex]:
        same = np.zeros(feeders, np.int64)
        forest = plant([Nodal.of(grids.tree(nodes))], same, same, np.ones(feeders))
        return lambda: sweep(forest, np.ones(feeders), loadings(feeders), tol=TOL, slope=False).v.reshape(feeders, nodes)

    return prepare


def power_grid_model(feeders: int, nodes: int) -> Prepare:
    """Its Newton on one feeder, all loadings as one batch, on one thread as ours."""

    def prepare() -> Callable[[], Complex]:
        pgm = import_module("power_grid_model")
        net = grids.tree(nodes)
        at, ids = np.arange(nodes), np.arange(nodes - 1)
        node = pgm.initialize_array("input", "node", nodes)
        node["id"], node["u_rated"] = at, net.buses.nominal_kv * 1e3
        line = pgm.initialize_array("input", "line", nodes - 1)
        line["id"], line["from_node"], line["to_node"] = nodes + ids, net.lines.from_bus, net.lines.to_bus
        line["from_status"] = line["to_status"] = 1
        line["r1"], line["x1"], line["c1"], line["tan1"], line["i_n"] = net.lines.r_ohm, net.lines.x_ohm, 0.0, 0.0, 1e3
        load = pgm.initialize_array("input", "sym_load", nodes - 1)
        load["id"], load["node"], load["status"], load["type"] = 2 * nodes + ids, net.loads.bus, 1, 0
        load["p_specified"], load["q_specified"] = net.loads.p_mw * 1e6, net.loads.q_mvar * 1e6
        source = pgm.initialize_array("input", "source", 1)
        source["id"], source["node"], source["status"], source["u_ref"], source["sk"] = 3 * nodes, 0, 1, 1.0, 1e20
        model = pgm.PowerGridModel({"node": node, "line": line, "sym_load": load, "source": source})
        change = pgm.initialize_array("update", "sym_load", (feeders, nodes - 1))
        change["id"] = load["id"]
        change["p_specified"] = loadings(feeders)[:, None] * load["p_specified"]
        change["q_specified"] = loadings(feeders)[:, None] * load["q_specified"]

        def work() -> Complex:
            out = model.calculate_power_flow(update_data={"sym_load": change}, error_tolerance=TOL, threading=-1, output_component_types=["node"])
            return np.asarray(out["node"]["u_pu"] * np.exp(1j * out["node"]["u_angle"]))

        return work

    return prepare
