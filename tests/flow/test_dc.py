"""DC load flow: a figure by hand, Kirchhoff, and agreement with the AC one where losses and voltages do not count."""

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.cases.library import network
from gridtandem.errors import InvalidCase
from gridtandem.flow.dc import dc_flow, scheduled_injection
from gridtandem.flow.newton import Newton
from gridtandem.flow.results import branch_results
from gridtandem.grid import elements as el
from gridtandem.grid.nodal import Nodal
from tests.flow.networks import meshed, two_buses
from tests.tolerances import DC_IS_AC, IDENTITY, SAME_FLOW


def test_two_parallel_paths_share_as_one_over_reactance_and_ratio():
    net = two_buses(p_mw=90.0, q_mvar=0.0)
    t = el.Transformers(name=["t"], from_bus=[0], to_bus=[1], r_pu=[0.01], x_pu=[0.1], ratio=[1.25])
    found = dc_flow(Nodal.of(replace(net, transformers=t)))  # b = 10 and 8
    np.testing.assert_allclose(found.flow, [0.5, 0.4], rtol=IDENTITY)
    np.testing.assert_allclose(found.fixed_p, [0.9], rtol=IDENTITY)


def test_a_phase_shift_drives_power_round_a_loop():
    net = two_buses(p_mw=0.0, q_mvar=0.0)
    t = el.Transformers(name=["t"], from_bus=[0], to_bus=[1], r_pu=[0.0], x_pu=[0.1], shift_deg=[np.degrees(0.02)])
    found = dc_flow(Nodal.of(replace(net, transformers=t)))
    np.testing.assert_allclose(found.flow, [0.1, -0.1], rtol=IDENTITY, atol=IDENTITY)  # 0.02 over 0.1 + 0.1


@pytest.mark.parametrize("name", ["case118", "case300"])
def test_every_node_balances(name):
    nodal = Nodal.of(network(name))
    found, br = dc_flow(nodal), nodal.branches
    leaves = np.bincount(br.start, found.flow, nodal.nodes) - np.bincount(br.end, found.flow, nodal.nodes)
    enters = scheduled_injection(nodal)
    enters[nodal.units.node[nodal.units.control == 2]] += found.fixed_p
    np.testing.assert_allclose(leaves, enters, rtol=0, atol=SAME_FLOW)


def test_small_flows_in_a_lossless_network_are_those_of_the_ac_load_flow():
    net = meshed(4)
    few = replace(
        net, shunts=el.Shunts.empty(), generators=el.Generators(name=["g"], bus=[0], control=[2]),
        loads=el.Loads(name=["d"], bus=[5], p_mw=[0.1]), lines=replace(net.lines, r_ohm=0 * net.lines.r_ohm, b_us=0 * net.lines.b_us),
        transformers=replace(net.transformers, r_pu=[0, 0, 0], b_pu=[0, 0, 0], ratio=[1, 1, 1], shift_deg=[0, 0, 0]),
    )  # fmt: skip
    nodal = Nodal.of(few)
    ac = branch_results(nodal, Newton.of(nodal).solve()).p_from_mw / 100
    np.testing.assert_allclose(dc_flow(nodal).flow, ac, rtol=0, atol=DC_IS_AC)


def test_a_branch_without_reactance_is_named():
    net = two_buses()
    nodal = Nodal.of(replace(net, lines=replace(net.lines, x_ohm=[0.0], r_ohm=[1.0])))
    with pytest.raises(InvalidCase, match=r"line in row 1 has no reactance"):
        dc_flow(nodal)


def test_an_island_and_a_cancelled_reactance_are_said():
    net = two_buses()
    alone = dc_flow(Nodal.of(replace(net, lines=replace(net.lines, closed=[False]))))
    assert alone.trouble == "'load': no path to a bus whose angle is given"
    assert np.isnan(alone.flow).all()
    assert np.isnan(alone.theta).all()
    ends = {"from_bus": [0, 0], "to_bus": [1, 1], "r_ohm": [0.0, 0.0], "x_ohm": [10.0, -10.0], "equivalent": [True, True]}
    cancelled = dc_flow(Nodal.of(replace(net, lines=el.Lines(name=["a", "b"], **ends))))
    assert not cancelled.converged
    assert cancelled.trouble == "the DC equations are singular: negative reactances cancel positive ones"
