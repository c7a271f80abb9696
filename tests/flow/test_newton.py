"""Newton load flow: published numbers, laws, and what it says when there is no solution."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.library import network
from gridtandem.errors import InvalidCase
from gridtandem.flow.draw import Draw
from gridtandem.flow.newton import Newton, Options, Solution
from gridtandem.flow.results import branch_flows, results
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from tests.flow.networks import meshed, two_buses
from tests.tolerances import BALANCE, FLOW_TOL, IDENTITY, PRINTED_KW, PRINTED_MW, PRINTED_V, SAME_FLOW

seeds = st.integers(0, 10_000)


def solve(net: Network, options: Options | None = None, **how) -> Solution:
    return Newton.of(Nodal.of(net), options=options).solve(**how)


@pytest.mark.parametrize(
    ("name", "loss_mw"),
    [
        ("case14", 13.3933), ("case_ieee30", 17.5569), ("case30", 2.4438), ("case57", 27.8638), ("case118", 132.8629), ("case24_ieee_rts", 51.2464),
        ("case300", 408.3156),
    ],
)  # fmt: skip
def test_losses_of_the_ieee_systems(name, loss_mw):
    net = network(name)
    newton = Newton.of(Nodal.of(net))
    assert abs(results(newton, newton.solve()).loss_mw - loss_mw) <= PRINTED_MW


@pytest.mark.parametrize(
    ("name", "loss_kw", "v_low"),
    [("case33bw", 202.677, 0.91309), ("case69", 224.992, 0.90919), ("case85", 299.307, 0.87389), ("case141", 632.696, 0.92786)],
)
def test_losses_of_the_published_feeders(name, loss_kw, v_low):
    net = network(name)
    newton = Newton.of(Nodal.of(net))
    found = newton.solve()
    assert abs(results(newton, found).loss_mw * 1000 - loss_kw) <= PRINTED_KW
    assert abs(abs(found.v).min() - v_low) <= PRINTED_V


def test_the_tolerance_gives_way_to_the_noise_of_stiff_branches():
    newton = Newton.of(Nodal.of(network("case141")))
    found = newton.solve()
    assert found.converged
    assert FLOW_TOL < found.mismatch <= newton.tol(found.ratio)


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_power_in_is_power_out_plus_losses(seed):
    net = meshed(seed)
    newton = Newton.of(Nodal.of(net))
    found = newton.solve()
    table = results(newton, found)
    made, drawn = (
        found.unit_s.sum(),
        (table.buses.load_p_mw + table.buses.shunt_p_mw + 1j * (table.buses.load_q_mvar + table.buses.shunt_q_mvar)).sum(),
    )
    lost = sum(s.sum() for s in branch_flows(newton.nodal, found.v, found.ratio))
    assert abs(made - drawn / 100 - lost) <= BALANCE


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_renumbering_buses_changes_nothing(seed):
    net, rng = meshed(seed), np.random.default_rng(seed)
    order = rng.permutation(len(net.buses))
    new = np.argsort(order)
    moved = {n: replace(t, **{c: new[getattr(t, c)] for c, s in t.columns().items() if s.refers == "buses" and (getattr(t, c) >= 0).all()})
             for n, t in net.tables().items()}  # fmt: skip
    a, b = solve(net), solve(replace(net, **moved | {"buses": net.buses.take(order)}))
    np.testing.assert_allclose(b.v, a.v[order], rtol=0, atol=SAME_FLOW)
    np.testing.assert_allclose(b.unit_s, a.unit_s, rtol=0, atol=SAME_FLOW)


@given(seeds)
@settings(max_examples=10, deadline=None)
def test_the_same_input_gives_the_same_bits(seed):
    a, b = solve(meshed(seed)), solve(meshed(seed))
    assert a.v.tobytes() == b.v.tobytes()


@given(seeds, st.floats(-170, 170))
@settings(max_examples=10, deadline=None)
def test_turning_the_reference_turns_every_voltage(seed, degrees):
    newton = Newton.of(Nodal.of(meshed(seed)))
    a = newton.solve()
    turn = np.exp(1j * np.radians(degrees))
    b = newton.solve(start=a.v * turn, fixed_v=a.v[newton.fixed] * turn)
    np.testing.assert_allclose(b.v, a.v * turn, rtol=0, atol=SAME_FLOW)
    np.testing.assert_allclose(b.fixed_s, a.fixed_s, rtol=0, atol=SAME_FLOW)


@pytest.mark.parametrize(("share", "exponent"), [("p_z_share", 2.0), ("p_i_share", 1.0)])
def test_zip_parts_are_exponential_loads(share, exponent):
    a, b = solve(two_buses(**{share: 1.0})), solve(two_buses(p_exponent=exponent))
    np.testing.assert_allclose(a.v, b.v, rtol=IDENTITY)
    assert abs(a.v[1] - solve(two_buses()).v[1]) > SAME_FLOW


def test_an_impedance_load_is_a_shunt():
    net = two_buses(p_exponent=2.0, q_exponent=2.0)
    shunt = replace(net, loads=el.Loads.empty(), shunts=el.Shunts(name=["s"], bus=[1], g_mw=net.loads.p_mw, b_mvar=-net.loads.q_mvar))
    np.testing.assert_allclose(solve(net).v, solve(shunt).v, rtol=0, atol=SAME_FLOW)


def test_an_exponential_load_is_a_constant_one_of_the_power_it_ends_at():
    net = two_buses(p_exponent=0.9, q_exponent=1.3, v_calibration_pu=1.03)
    found = solve(net)
    u = abs(found.v[1]) / 1.03
    same = solve(two_buses(p_mw=50 * u**0.9, q_mvar=20 * u**1.3))
    np.testing.assert_allclose(found.v, same.v, rtol=0, atol=SAME_FLOW)


def test_a_curve_of_degree_two_is_an_impedance():
    net = two_buses()
    empty = replace(net, loads=el.Loads.empty())
    low, high = 0.8, 1.2
    c0, c1, c2 = (1.0**2 + 0.2**2 / 2), 2 * 1.0 * 0.2, 0.2**2 / 2  # v² over [0.8, 1.2] in Chebyshev polynomials
    curve = Draw(node=np.array([1]), low=np.array([low]), high=np.array([high]), c=(0.5 + 0.2j) * np.array([[c0, c1, c2]], complex))
    a, b = solve(empty, draw=curve), solve(two_buses(p_exponent=2.0, q_exponent=2.0))
    np.testing.assert_allclose(a.v, b.v, rtol=0, atol=SAME_FLOW)


def test_beyond_its_range_a_curve_goes_on_along_its_tangent():
    curve = Draw(node=np.array([0]), low=np.array([0.9]), high=np.array([1.1]), c=np.array([[1.0, 0.0, 1.0]], complex))
    (at, slope), (beyond, same) = curve(np.array([1.1])), curve(np.array([1.3]))
    np.testing.assert_allclose(same, slope, rtol=IDENTITY)
    np.testing.assert_allclose(beyond, at + 0.2 * slope, rtol=IDENTITY)


def test_buses_joined_by_a_closed_tie_share_one_voltage():
    net = two_buses()
    buses = el.Buses(name=["source", "load", "more"], nominal_kv=[110.0] * 3)
    half = el.Loads(name=["a", "b"], bus=[1, 2], p_mw=[25.0, 25.0], q_mvar=[10.0, 10.0])
    tied = replace(net, buses=buses, loads=half, ties=el.Ties(name=["coupler"], from_bus=[1], to_bus=[2]))
    newton = Newton.of(Nodal.of(tied))
    table = results(newton, newton.solve()).buses
    assert table.v_pu[1] == table.v_pu[2]
    assert abs(table.v_pu[1] - abs(solve(net).v[1])) <= SAME_FLOW
    assert table.load_p_mw.tolist() == [0.0, 25.0, 25.0]


def test_two_units_on_one_bus_stand_at_the_same_fraction_of_their_ranges():
    net = meshed(3)
    found = solve(net)
    g1, g2 = found.unit_s[1].imag * 100, found.unit_s[2].imag * 100
    assert abs((g1 + 20) / 50 - (g2 + 10) / 20) <= IDENTITY


def test_shared_slack_is_shared_as_asked():
    net = meshed(5)
    newton = Newton.of(Nodal.of(net), options=Options(slack="shared"))
    found = newton.solve()
    extra = found.unit_s.real - newton.nodal.units.s.real
    np.testing.assert_allclose(extra, found.slack * np.array([1, 2, 0, 1, 0]) / 4, rtol=0, atol=BALANCE)
    assert abs(found.slack) > SAME_FLOW
    flows = branch_flows(newton.nodal, found.v, found.ratio)
    drawn = newton.nodal.loads.at(abs(found.v)[newton.nodal.loads.node])[0].sum() + (newton.nodal.shunt.conj() * abs(found.v) ** 2).sum()
    assert abs(found.unit_s.sum() - drawn - flows[0].sum() - flows[1].sum()) <= BALANCE


def test_given_voltages_at_two_nodes_feed_what_is_between():
    net = replace(meshed(1), generators=el.Generators.empty())
    newton = Newton.of(Nodal.of(net), fixed=np.array([0, 4]))
    found = newton.solve(fixed_v=np.array([1.0, 0.99 * np.exp(-0.01j)]))
    flows = branch_flows(newton.nodal, found.v, found.ratio)
    drawn = newton.nodal.loads.at(abs(found.v)[newton.nodal.loads.node])[0].sum() + (newton.nodal.shunt.conj() * abs(found.v) ** 2).sum()
    assert abs(found.fixed_s.sum() - drawn - flows[0].sum() - flows[1].sum()) <= BALANCE


def test_a_load_beyond_reach_is_said_and_leaves_no_numbers():
    found = solve(two_buses(p_mw=2000.0))
    assert not found.converged
    assert found.trouble.startswith("no load flow found")
    assert "'load'" in found.trouble
    for numbers in (found.v, found.unit_s, found.fixed_s, found.ratio, found.slack):
        assert np.isnan(numbers).all()


def test_an_island_is_named():
    net = two_buses()
    found = solve(replace(net, lines=replace(net.lines, closed=[False])))
    assert found.trouble == "'load': no path to a bus whose voltage is given"


def test_a_network_without_reference_is_refused():
    net = two_buses()
    with pytest.raises(InvalidCase, match="case-045"):
        Newton.of(Nodal.of(replace(net, generators=replace(net.generators, control=[1]))))


def test_a_start_that_full_steps_cannot_use_is_no_obstacle():
    newton = Newton.of(Nodal.of(network("case14")))
    v = newton.solve().v
    far = newton.solve(start=0.45 * np.exp(2j * np.arange(14)))
    assert far.damped
    np.testing.assert_allclose(far.v, v, rtol=0, atol=SAME_FLOW)


def test_a_reference_alone_feeds_its_own_load():
    one = Network(
        name="one", buses=el.Buses(name=["only"], nominal_kv=[20.0]), loads=el.Loads(name=["d"], bus=[0], p_mw=[3.0], q_mvar=[1.0]),
        generators=el.Generators(name=["g"], bus=[0], control=[2]),
    )  # fmt: skip
    found = solve(one)
    assert found.converged
    assert abs(found.unit_s[0] - (0.03 + 0.01j)) <= IDENTITY
