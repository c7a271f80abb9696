"""Radial feeders against engines of others: power-grid-model and OpenDSS."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.cases.library import network as feeder
from gridtandem.flow.sweep import sweep
from gridtandem.grid.elements import Generators, Loads
from gridtandem.grid.forest import plant
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Complex
from tests.flow.making import tree
from tests.tolerances import PEER_DSS, PEER_PGM

pytestmark = pytest.mark.peer


def voltages(net: Network, v: float) -> Complex:
    """Of every bus, by the sweep."""
    nodal = Nodal.of(net)
    forest = plant([nodal], np.zeros(1, int), np.zeros(1, int), np.ones(1))
    found = sweep(forest, np.array([v]), np.ones(1))
    assert found.ok.all()
    out = np.empty(nodal.nodes, complex)
    out[forest.node] = found.v
    return out[nodal.node]


def with_laws(net: Network) -> Network:
    """Loads of constant power, current and impedance in turn, on nominal voltage: what power-grid-model knows."""
    n = len(net.loads)
    exponent = (np.arange(n) % 3).astype(float)
    plain = Loads(name=net.loads.name, bus=net.loads.bus, p_mw=net.loads.p_mw, q_mvar=net.loads.q_mvar, p_exponent=exponent, q_exponent=exponent)
    return replace(net, loads=plain)


NETWORKS = [replace(feeder("case33bw"), generators=Generators.empty()), *(with_laws(tree(k, 25)) for k in range(6))]


@pytest.mark.parametrize("net", NETWORKS, ids=lambda n: n.name)
def test_power_grid_model(net: Network) -> None:
    pgm = pytest.importorskip("power_grid_model")

    def rows(kind: str, ids: int, n: int, **columns: object) -> object:
        out = pgm.initialize_array("input", kind, n)
        out["id"] = ids + np.arange(n)
        for name, values in columns.items():
            out[name] = values
        return out

    kv = float(net.buses.nominal_kv[0])
    ln, t, ld, g, sh = net.lines.take(net.lines.closed), net.transformers, net.loads, net.generators, net.shunts
    ohm = kv**2 / np.maximum(t.base_mva, 1e-300) if len(t) else np.empty(0)
    data = {
        "node": rows("node", 0, len(net.buses), u_rated=kv * 1e3),
        "source": rows("source", 10_000, 1, node=0, status=1, u_ref=1.03, sk=1e30),
        "line": rows("line", 20_000, len(ln), from_node=ln.from_bus, to_node=ln.to_bus, from_status=1, to_status=1, r1=ln.r_ohm, x1=ln.x_ohm,
                     c1=ln.b_us * 1e-6 / (2 * np.pi * 50), tan1=0.0),
        "generic_branch": rows("generic_branch", 30_000, len(t), from_node=t.from_bus, to_node=t.to_bus, from_status=1, to_status=1,
                               r1=t.r_pu * ohm, x1=t.x_pu * ohm, g1=0.0, b1=t.b_pu / ohm, k=t.ratio, theta=np.radians(t.shift_deg)),
        "sym_load": rows("sym_load", 40_000, len(ld), node=ld.bus, status=1, type=np.array([0, 2, 1])[ld.p_exponent.astype(int)],
                         p_specified=ld.p_mw * 1e6, q_specified=ld.q_mvar * 1e6),
        "sym_gen": rows("sym_gen", 50_000, len(g), node=g.bus, status=1, type=0, p_specified=g.p_mw * 1e6, q_specified=g.q_mvar * 1e6),
        "shunt": rows("shunt", 60_000, len(sh), node=sh.bus, status=1, g1=sh.g_mw / kv**2, b1=sh.b_mvar / kv**2),
    }  # fmt: skip
    model = pgm.PowerGridModel(data, system_frequency=50.0)
    node = model.calculate_power_flow(error_tolerance=1e-12, max_iterations=50)["node"]
    theirs = node["u_pu"] * np.exp(1j * (node["u_angle"] - node["u_angle"][0]))
    assert np.abs(voltages(net, float(node["u_pu"][0])) - theirs).max() <= PEER_PGM


@pytest.mark.parametrize("name", ["case33bw", "case69"])
def test_opendss(name: str) -> None:
    dss = pytest.importorskip("opendssdirect")
    net = feeder(name)
    kv = float(net.buses.nominal_kv[0])
    say = dss.Text.Command
    say("clear")
    say(f"new circuit.c bus1=b0 basekv={kv} pu=1.0 phases=3 angle=0 R1=1e-9 X1=1e-9 R0=1e-9 X0=1e-9")
    for k in np.flatnonzero(net.lines.closed):
        r, x, a, b = net.lines.r_ohm[k], net.lines.x_ohm[k], net.lines.from_bus[k], net.lines.to_bus[k]
        say(f"new line.l{k} bus1=b{a} bus2=b{b} phases=3 r1={r:.17g} x1={x:.17g} r0={r:.17g} x0={x:.17g} c1=0 c0=0 length=1 units=none")
    for k in np.flatnonzero(net.loads.p_mw):
        p, q = net.loads.p_mw[k] * 1e3, net.loads.q_mvar[k] * 1e3
        say(f"new load.d{k} bus1=b{net.loads.bus[k]} phases=3 conn=wye model=1 kv={kv} kw={p:.17g} kvar={q:.17g} vminpu=0.5 vmaxpu=1.5")
    say("set controlmode=off")
    say("set tolerance=1e-10")
    say("set maxiterations=100")
    say(f"set voltagebases=[{kv}]")
    say("calcvoltagebases")
    dss.Solution.Solve()
    assert dss.Solution.Converged()
    theirs = {}
    for bus in dss.Circuit.AllBusNames():
        dss.Circuit.SetActiveBus(bus)
        size, angle = dss.Bus.puVmagAngle()[:2]
        theirs[bus] = size * np.exp(1j * np.radians(angle))
    ours = voltages(net, abs(theirs["b0"]))
    assert len(theirs) == len(ours)
    turn = theirs["b0"] / abs(theirs["b0"])
    assert max(abs(theirs[f"b{k}"] / turn - v) for k, v in enumerate(ours)) <= PEER_DSS
