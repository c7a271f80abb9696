"""Derivatives of a load flow against central differences."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.library import network
from gridtandem.flow.draw import Draw
from gridtandem.flow.newton import Newton, Options, Solution
from gridtandem.flow.sensitivity import loading_slope, power_slope, voltage_slope
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from tests.flow.networks import meshed, two_buses
from tests.flow.test_control import behind_transformer, with_taps
from tests.tolerances import DIFFERENCE, IDENTITY, STEP

seeds = st.integers(0, 10_000)


def same(found: np.ndarray, difference: np.ndarray) -> bool:
    return bool((abs(found - difference) <= DIFFERENCE * max(1.0, abs(difference).max())).all())


def more_power(node: int, s: complex) -> Draw:
    """A constant power drawn at one node."""
    return Draw(node=np.array([node]), low=np.array([0.5]), high=np.array([1.5]), c=np.array([[s]]))


def voltages_by_difference(newton: Newton, at: np.ndarray) -> np.ndarray:
    out = np.empty((len(at), len(at), 2))
    for j, node in enumerate(at):
        for k, unit in enumerate((1.0, 1j)):
            up, down = (abs(newton.solve(draw=more_power(int(node), sign * STEP * unit)).v[at]) for sign in (1, -1))
            out[:, j, k] = (up - down) / (2 * STEP)
    return out


@given(seeds, st.sampled_from(["reference", "shared"]))
@settings(max_examples=10, deadline=None)
def test_voltages_by_power(seed, slack):
    newton = Newton.of(Nodal.of(meshed(seed)), options=Options(slack=slack))
    at = np.array([1, 4, 2, 7, 0])  # load, load, held, load, reference
    found = voltage_slope(newton, newton.solve(), at)
    assert same(found, voltages_by_difference(newton, at))
    assert (found[[2, 4]] == 0).all()
    assert (found[0, 0] < 0).all()


def test_voltages_by_power_with_curves_that_answer():
    newton = Newton.of(Nodal.of(network("case14")))
    curve = Draw(node=np.array([9, 3]), low=np.array([0.9, 0.9]), high=np.array([1.1, 1.1]), c=np.array([[0.1 + 0.05j, 0.2 + 0.1j], [0.2, 0.1j]]))
    with_it = newton.solve(draw=curve)
    at = np.array([9, 13])
    up, down = (newton.solve(draw=replace(curve, c=curve.c + np.array([[sign * STEP, 0], [0, 0]]))) for sign in (1, -1))
    difference = (abs(up.v[at]) - abs(down.v[at])) / (2 * STEP)
    assert same(voltage_slope(newton, with_it, at, curve)[:, 0, 0], difference)
    assert not same(voltage_slope(newton, with_it, at)[:, 0, 0], difference)


def feeder(seed: int) -> tuple[Newton, np.ndarray, Solution]:
    """The random network without reference, fed at two nodes."""
    net = meshed(seed)
    g = net.generators
    newton = Newton.of(Nodal.of(replace(net, generators=g.take(np.array([3, 4])))), fixed=np.array([0, 4]))
    v = np.array([1.01, 0.99 * np.exp(-0.02j)])
    return newton, v, newton.solve(fixed_v=v)


@given(seeds)
@settings(max_examples=10, deadline=None)
def test_power_by_given_voltages(seed):
    newton, v, found = feeder(seed)
    by_size, by_angle = power_slope(newton, found)
    for j in range(2):
        for slopes, factor in ((by_size, lambda h, j=j: 1 + h / abs(v[j])), (by_angle, lambda h: np.exp(1j * h))):
            up, down = (newton.solve(fixed_v=np.where(np.arange(2) == j, v * factor(sign * STEP), v)).fixed_s for sign in (1, -1))
            assert same(slopes[:, j], (up - down) / (2 * STEP))


@given(seeds)
@settings(max_examples=10, deadline=None)
def test_turning_both_given_voltages_changes_no_power(seed):
    newton, _, found = feeder(seed)
    by_angle = power_slope(newton, found)[1]
    assert abs(by_angle.sum(axis=1)).max() <= DIFFERENCE * abs(by_angle).max()


@given(seeds)
@settings(max_examples=10, deadline=None)
def test_power_by_loading(seed):
    newton, v, found = feeder(seed)
    up, down = (newton.solve(fixed_v=v, loads=1 + sign * STEP).fixed_s for sign in (1, -1))
    assert same(loading_slope(newton, found), (up - down) / (2 * STEP))


def test_loads_at_the_fed_node_count():
    """S_r is what the feeder draws: its root's own load belongs to it."""
    net = two_buses()
    own = replace(net, loads=el.Loads(name=["root", "end"], bus=[0, 1], p_mw=[5.0, 50.0], q_mvar=[1.0, 20.0]))
    for case, s in ((net, 0.0), (own, 0.05 + 0.01j)):
        newton = Newton.of(Nodal.of(case))
        found = newton.solve()
        assert abs(found.fixed_s[0] - s - Newton.of(Nodal.of(net)).solve().fixed_s[0]) <= DIFFERENCE
        up, down = (newton.solve(loads=1 + sign * STEP).fixed_s for sign in (1, -1))
        assert same(loading_slope(newton, found), (up - down) / (2 * STEP))


def test_a_feeder_of_impedances_draws_with_the_square_of_its_voltage():
    net = behind_transformer(p_mw=15.0, q_mvar=5.0, p_exponent=2.0, q_exponent=2.0)
    newton = Newton.of(Nodal.of(net))
    found = newton.solve(fixed_v=np.array([1.03 + 0j]))
    slope, s = power_slope(newton, found)[0][0, 0], found.fixed_s[0]
    assert abs(slope * 1.03 / s - 2) <= DIFFERENCE


def one_sided(net: Network, v: float) -> tuple[complex, complex]:
    newton = Newton.of(Nodal.of(net))
    found = newton.solve(fixed_v=np.array([v + 0j]))
    up, down = (newton.solve(fixed_v=np.array([v + sign * STEP + 0j])).fixed_s[0] for sign in (1, -1))
    return power_slope(newton, found)[0][0, 0], (up - down) / (2 * STEP)


def test_behind_a_ratio_that_moves_a_feeder_hardly_feels_the_voltage():
    """Load restoration: with the secondary voltage held, demand stays whatever its exponents."""
    net = behind_transformer(p_mw=15.0, q_mvar=5.0, p_exponent=2.0, q_exponent=2.0)
    standing, by_difference = one_sided(net, 1.03)
    assert same(np.array(standing), np.array(by_difference))
    moving, by_difference = one_sided(with_taps(net, [0], 1.0), 1.03)
    assert same(np.array(moving), np.array(by_difference))
    assert abs(moving.real) < abs(standing.real) / 50


def test_a_load_flow_without_solution_has_no_derivatives():
    newton = Newton.of(Nodal.of(two_buses(p_mw=2000.0)))
    with pytest.raises(ValueError, match="without solution has no derivatives: no load flow found"):
        voltage_slope(newton, newton.solve(), np.array([1]))


def test_a_short_line_has_the_textbook_slope():
    """No load, reactance x: d|V|/dQ = −x at V = 1, d|V|/dP = 0."""
    newton = Newton.of(Nodal.of(two_buses(x_pu=0.1, p_mw=0.0, q_mvar=0.0)))
    slope = voltage_slope(newton, newton.solve(), np.array([1]))[0, 0]
    np.testing.assert_allclose(slope, [0.0, -0.1], rtol=0, atol=IDENTITY)
