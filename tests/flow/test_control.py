"""Reactive limits and moving ratios: what holds at the end, and that it ends."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.library import network
from gridtandem.flow.newton import Newton, Options, Solution
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from tests.flow.networks import meshed, two_buses
from tests.tolerances import FLOW_TOL, LIMIT_SLACK, SAME_FLOW, STEP_BAND

SWITCH = Options(q_rule="switch")


def with_taps(net: Network, rows: list[int], target: float, *, control: int = el.CONTINUOUS, low: float = 0.9, high: float = 1.1) -> Network:
    """Transformers that hold their to side."""
    t, size = net.transformers, len(net.transformers)
    chosen = np.isin(np.arange(size), rows)
    return replace(
        net,
        transformers=replace(
            t, control=np.where(chosen, control, 0), regulated_bus=np.where(chosen, t.to_bus, -1), v_target_pu=np.full(size, target),
            ratio_low=np.full(size, low), ratio_high=np.full(size, high),
        ),
    )  # fmt: skip


def behind_transformer(**load: float) -> Network:
    """A feeder behind a substation transformer: source, secondary, far end."""
    net = two_buses(**load)
    return replace(
        net,
        buses=el.Buses(name=["source", "secondary", "far"], nominal_kv=[110.0, 20.0, 20.0]),
        lines=el.Lines(name=["feeder"], from_bus=[1], to_bus=[2], r_ohm=[0.2], x_ohm=[0.2]),
        transformers=el.Transformers(name=["t"], from_bus=[0], to_bus=[1], base_mva=[40.0], r_pu=[0.005], x_pu=[0.12]),
        loads=replace(net.loads, bus=[2]),
    )


def obeys_limits(newton: Newton, found: Solution) -> bool:
    """Within its limits a unit holds its voltage; at the upper one the voltage is not above its set point, at the lower not below."""
    u, vm = newton.nodal.units, abs(found.v)[newton.nodal.units.node]
    held = newton.roles.steered & ~newton.roles.given[u.node]
    q, over = found.unit_s.imag, vm - u.v_set
    within = (q <= u.q_high + LIMIT_SLACK) & (q >= u.q_low - LIMIT_SLACK) & (abs(over) <= FLOW_TOL)
    upper, lower = (abs(q - u.q_high) <= SAME_FLOW) & (over <= LIMIT_SLACK), (abs(q - u.q_low) <= SAME_FLOW) & (over >= -LIMIT_SLACK)
    right = np.where(found.at_limit == 0, within, np.where(found.at_limit > 0, upper, lower))
    return bool(right[held].all())


@pytest.mark.parametrize(
    ("name", "upper", "lower"),
    [
        ("case118", {"103"}, {"19", "32", "34", "92", "105"}), ("case300", None, None), ("case_ieee30", {"2"}, set()), ("case57", set(), set()),
    ],
)  # fmt: skip
def test_units_keep_their_reactive_limits(name, upper, lower):
    newton = Newton.of(Nodal.of(network(name)), options=SWITCH)
    found = newton.solve()
    assert found.converged
    assert not found.trouble
    assert obeys_limits(newton, found)
    label = newton.nodal.label[newton.nodal.units.node]
    if upper is not None:
        assert set(label[found.at_limit > 0]) == upper
        assert set(label[found.at_limit < 0]) == lower


@given(st.integers(0, 10_000), st.floats(0.6, 1.6))
@settings(max_examples=40, deadline=None)
def test_limits_hold_on_random_networks_at_any_loading(seed, loading):
    newton = Newton.of(Nodal.of(meshed(seed)), options=SWITCH)
    found = newton.solve(loads=loading)
    assert found.converged
    assert found.switches.max() <= SWITCH.switches
    assert found.trouble or obeys_limits(newton, found)


def test_a_unit_comes_back_to_its_voltage():
    """Two neighbours start far above their limits; once one is held the other no longer needs to be."""
    released = 0
    for seed in range(60):
        found = Newton.of(Nodal.of(meshed(seed)), options=SWITCH).solve(loads=1.4)
        released += int(((found.switches == 2) & (found.at_limit == 0)).any())
    assert released


def test_units_that_may_not_switch_any_more_are_named():
    newton = Newton.of(Nodal.of(meshed(2)), options=Options(q_rule="switch", switches=1))
    found = newton.solve(loads=1.5)
    assert found.converged
    assert "met and left their reactive limits 1 times and then stayed" in found.trouble


def test_a_continuous_ratio_holds_its_voltage():
    net = with_taps(behind_transformer(p_mw=15.0, q_mvar=5.0), [0], 1.02)
    found = Newton.of(Nodal.of(net)).solve()
    assert abs(abs(found.v[1]) - 1.02) <= FLOW_TOL
    assert abs(found.ratio[1]) < 1.0
    same = replace(net, transformers=replace(net.transformers, ratio=abs(found.ratio[1:]), control=[el.FIXED]))
    np.testing.assert_allclose(Newton.of(Nodal.of(same)).solve().v, found.v, rtol=0, atol=SAME_FLOW)


def test_a_shifting_transformer_keeps_its_shift_when_its_ratio_moves():
    net = with_taps(behind_transformer(p_mw=15.0, q_mvar=5.0), [0], 1.02)
    net = replace(net, transformers=replace(net.transformers, shift_deg=[30.0]))
    found = Newton.of(Nodal.of(net)).solve()
    assert abs(np.degrees(np.angle(found.ratio[1])) - 30) <= SAME_FLOW
    assert abs(abs(found.v[1]) - 1.02) <= FLOW_TOL


@pytest.mark.parametrize(("target", "end"), [(1.3, 0.9), (0.7, 1.1)])
@pytest.mark.parametrize("control", [el.CONTINUOUS, el.STEPPED])
def test_beyond_its_reach_a_ratio_stays_at_its_end(target, end, control):
    net = with_taps(behind_transformer(p_mw=15.0, q_mvar=5.0), [0], target, control=control)
    found = Newton.of(Nodal.of(net)).solve()
    assert found.converged
    assert abs(abs(found.ratio[1]) - end) <= SAME_FLOW


@pytest.mark.parametrize("target", [0.97, 1.0, 1.02])
def test_a_stepped_ratio_ends_on_a_position_within_its_dead_band(target):
    net = with_taps(network("case_ieee30"), list(np.flatnonzero(network("case_ieee30").transformers.ratio != 1)), target, control=el.STEPPED)
    nodal = Nodal.of(net)
    found = Newton.of(nodal).solve()
    assert found.converged
    assert not found.trouble
    position = (abs(found.ratio[nodal.taps.branch]) - 0.9) / (0.2 / 32)
    np.testing.assert_allclose(position, np.round(position), rtol=0, atol=SAME_FLOW)
    inside = (position > 0.5) & (position < 31.5)
    assert inside.any()
    for k in np.flatnonzero(inside):
        miss = abs(abs(found.v[nodal.taps.node[k]]) - target)
        assert miss <= STEP_BAND * one_step(net, found.ratio, int(nodal.taps.branch[k]), int(nodal.taps.node[k]))


def one_step(net: Network, ratio: np.ndarray, branch: int, node: int) -> float:
    """Change of the held voltage when its transformer alone moves by one step, others standing."""
    nodal = Nodal.of(net)
    v = []
    for move in (0.0, 0.2 / 32):
        moved = ratio.copy()
        moved[branch] *= 1 + move / abs(moved[branch])
        fixed = replace(nodal, branches=replace(nodal.branches, ratio=moved))
        v.append(abs(Newton.of(fixed, options=Options(taps="hold")).solve().v[node]))
    return abs(v[1] - v[0])


def test_two_transformers_side_by_side_move_together():
    net = behind_transformer(p_mw=15.0, q_mvar=5.0)
    t = net.transformers
    twice = replace(net, transformers=replace(t.take(np.array([0, 0])), name=["a", "b"]))
    found = Newton.of(Nodal.of(with_taps(twice, [0, 1], 1.02))).solve()
    assert abs(abs(found.v[1]) - 1.02) <= FLOW_TOL
    assert abs(found.ratio[1] - found.ratio[2]) <= SAME_FLOW


def test_where_a_unit_holds_the_voltage_a_transformer_stands():
    net = with_taps(behind_transformer(p_mw=15.0, q_mvar=5.0), [0], 1.02)
    g = net.generators
    both = el.Generators(name=["source", "plant"], bus=[0, 1], control=[2, 1], v_set_pu=[1.0, 1.01])
    found = Newton.of(Nodal.of(replace(net, generators=both))).solve()
    assert abs(found.ratio[1]) == 1.0
    assert abs(abs(found.v[1]) - 1.01) <= FLOW_TOL
    assert len(g) == 1


def test_ratios_stand_when_told_to():
    net = with_taps(behind_transformer(p_mw=15.0, q_mvar=5.0), [0], 1.02)
    found = Newton.of(Nodal.of(net), options=Options(taps="hold")).solve()
    assert found.ratio[1] == 1.0


def test_a_target_no_ratio_can_reach_is_no_reason_to_fail():
    """With a free ratio the equations have no solution here; held at its end they do."""
    net = with_taps(behind_transformer(p_mw=30.0, q_mvar=15.0), [0], 1.6)
    found = Newton.of(Nodal.of(net)).solve()
    assert found.converged
    assert abs(abs(found.ratio[1]) - 0.9) <= SAME_FLOW


def test_a_transformer_without_effect_on_its_node_is_said_and_stands():
    """The held bus hangs on the source by a line of its own, so no ratio can change it."""
    net = with_taps(behind_transformer(p_mw=15.0, q_mvar=5.0), [0], 1.02)
    aside = replace(
        net, buses=el.Buses(name=[*net.buses.name, "aside"], nominal_kv=[110.0, 20.0, 20.0, 110.0]),
        lines=el.Lines(name=["feeder", "spur"], from_bus=[1, 0], to_bus=[2, 3], r_ohm=[0.2, 1.0], x_ohm=[0.2, 5.0]),
        transformers=replace(net.transformers, regulated_bus=[3]),
    )  # fmt: skip
    newton = Newton.of(Nodal.of(aside))
    found = newton.solve()
    assert found.converged
    assert found.trouble == "transformers that should hold 'aside' have no effect there and stood still"
    assert abs(found.ratio[newton.nodal.taps.branch[0]]) == 1.0
