"""The same load flows by other engines."""

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.cases.library import network
from gridtandem.flow.newton import Newton, Options
from gridtandem.grid.elements import PQ, REFERENCE
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from tests.tolerances import PEER_HYSTERESIS, PEER_TOL, SAME_AS_PEER, SAME_AS_PEER_LIMIT

pytestmark = pytest.mark.peer
NAMES = ["case14", "case_ieee30", "case30", "case57", "case118", "rts24", "case300"]


def pypower(net: Network) -> dict[str, object]:
    """Plain MATPOWER tables. All buses get one nominal voltage.

    With their own, the peer's converter gives rts24 and case300 other voltages (by 0.04 and 0.11 pu); with one, all agree. Per-unit equations
    do not depend on it.
    """
    b, g, br, nodal = net.buses, net.generators, Nodal.of(net).branches, Nodal.of(net)
    bus, branch = np.zeros((len(b), 13)), np.zeros((len(br.z), 13))
    np.add.at(bus[:, 2], net.loads.bus, net.loads.p_mw)
    np.add.at(bus[:, 3], net.loads.bus, net.loads.q_mvar)
    np.add.at(bus[:, 4], net.shunts.bus, net.shunts.g_mw)
    np.add.at(bus[:, 5], net.shunts.bus, net.shunts.b_mvar)
    bus[:, [0, 1, 6, 7, 8, 9, 10, 11, 12]] = np.column_stack(
        [np.arange(len(b)), *np.broadcast_arrays(1, 1, b.v_start_pu, b.angle_start_deg, 100, 1, 1.1, 0.9)]
    )
    bus[g.bus, 1] = 1 + g.control
    first = np.unique(g.bus, return_index=True)[1]
    together = lambda x: np.bincount(g.bus, x)[g.bus[first]]  # noqa: E731
    gen = np.zeros((len(first), 21))
    gen[:, :10] = np.column_stack([
        g.bus[first], together(g.p_mw), together(g.q_mvar), together(np.minimum(g.q_high_mvar, 1e9)), together(np.maximum(g.q_low_mvar, -1e9)),
        g.v_set_pu[first], *np.broadcast_arrays(100, 1, 9999, -9999 * np.ones(len(first)))
    ])  # fmt: skip
    branch[:, :5] = np.column_stack([nodal.bus[br.start], nodal.bus[br.end], br.z.real, br.z.imag, br.b])
    branch[:, 8] = np.where(br.kind == 1, abs(br.ratio), 0)
    branch[:, 9:13] = np.column_stack([np.degrees(np.angle(br.ratio)), *np.broadcast_arrays(1, -360, 360 * np.ones(len(br.z)))])
    return {"baseMVA": 100.0, "version": 2, "bus": bus, "gen": gen, "branch": branch}


@pytest.mark.filterwarnings("ignore")  # the peer warns about its own dependencies
@pytest.mark.parametrize("limits", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_pandapower(name: str, *, limits: bool) -> None:
    pp = pytest.importorskip("pandapower")
    from pandapower.converter.pypower.from_ppc import from_ppc

    net = network(name)
    theirs = from_ppc(pypower(net), f_hz=50)
    how = {"tolerance_mva": PEER_TOL, "trafo_model": "pi", "calculate_voltage_angles": True, "numba": False, "max_iteration": 50}
    pp.runpp(theirs, **how, init="flat")
    if limits:
        pp.runpp(theirs, **how, init="results", enforce_q_lims=True)
    newton = Newton.of(Nodal.of(net), options=Options(q_rule="switch" if limits else "ignore", hysteresis=PEER_HYSTERESIS))
    ours = newton.solve()
    assert ours.switches.max() <= 1  # the peer never lets a unit go back to its voltage
    v = theirs.res_bus.vm_pu.to_numpy() * np.exp(1j * np.radians(theirs.res_bus.va_degree.to_numpy()))
    np.testing.assert_allclose(ours.v[newton.nodal.node], v, rtol=0, atol=SAME_AS_PEER_LIMIT if limits else SAME_AS_PEER)


@pytest.mark.parametrize("slack", ["reference", "shared"])
@pytest.mark.parametrize("name", NAMES)
def test_lightsim2grid(name, slack):
    """Its Newton on our admittances and injections: the iteration, the roles of nodes and the shared slack are its own."""
    algorithm = pytest.importorskip("lightsim2grid.algorithm")
    net = network(name)
    g = net.generators
    nodal = Nodal.of(replace(net, generators=replace(g, slack_share=np.maximum(g.p_mw, 0.0))))
    ours = Newton.of(nodal, options=Options(slack=slack)).solve()
    u, n = nodal.units, nodal.nodes
    reference, held = np.unique(u.node[u.control == REFERENCE]), np.unique(u.node[u.control != PQ])
    share = np.bincount(u.node, u.slack_share, n) if slack == "shared" else np.isin(np.arange(n), reference).astype(float)
    s = np.bincount(u.node, u.s.real, n) + 1j * np.bincount(u.node[u.control == PQ], u.s.imag[u.control == PQ], n)
    s = s - np.bincount(nodal.loads.node, nodal.loads.s.real, n) - 1j * np.bincount(nodal.loads.node, nodal.loads.s.imag, n)
    v = nodal.start.copy()
    v[u.node] = u.v_set * v[u.node] / abs(v[u.node])
    slacks = np.concatenate([reference, np.setdiff1d(np.flatnonzero(share), reference)])  # the first gives the angle
    theirs = algorithm.NR_SparseLU()
    pv, pq = np.setdiff1d(held, slacks), np.setdiff1d(np.arange(n), np.union1d(held, slacks))
    index = [x.astype(np.int32) for x in (slacks, pv, pq)]
    assert theirs.solve(nodal.admittance().tocsc(), v, s, index[0], share / share.sum(), index[1], index[2], 30, PEER_TOL)
    np.testing.assert_allclose(ours.v, theirs.get_V(), rtol=0, atol=SAME_AS_PEER)
