"""Limits that are met at one place of a curve, and no limit exceeded at any."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.flow.continuation.direction import Direction
from gridtandem.flow.continuation.margin import Margin, margin_of
from gridtandem.flow.continuation.options import Kept, Tracing
from gridtandem.flow.continuation.path import dips
from gridtandem.flow.continuation.trace import Curve, trace
from gridtandem.flow.continuation.watch import Limits, unit_p
from gridtandem.flow.newton import Newton
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import stacked
from tests.flow.networks import pair
from tests.tolerances import BY_LIMIT, LIMIT_KEPT, SAME_NOSE


def curve_of(net: Network, *keep: Kept, until: str = "past") -> Curve:
    newton = Newton.of(Nodal.of(net))
    return trace(newton, Direction.of(newton.nodal), Tracing(keep=keep, until=until))  # type: ignore[arg-type]


def found(net: Network, *keep: Kept) -> Margin:
    return margin_of(curve_of(net, *keep))


def exceeded(curve: Curve, keep: tuple[Kept, ...]) -> float:
    """By how much any limit that is kept is exceeded anywhere, and any unit at a limit has its voltage on the wrong side. [per unit]"""
    worst = 0.0
    for knot in curve.knots:
        stage, place = knot.stage, knot.place
        roles, limit, taps = stage.newton.roles, stage.held.limit, stage.newton.nodal.taps
        q, held = stage.needed(place).imag - roles.own_q, roles.holds & (stage.held.limit == 0)
        sides = [np.zeros(1)]
        if "q" in keep:
            sides += [(q - roles.q_high)[held], (roles.q_low - q)[held], limit * (place.vm - roles.v_set)]
        if "p" in keep:
            p, moving = unit_p(stage, place, stage.needed(place)), stage.direction.units != 0
            sides += [(p - Limits.of(stage).p[1])[moving]]
        size = np.abs(place.ratio[taps.branch])
        sides += [size - taps.high, taps.low - size]
        worst = max(worst, *(float(s.max(initial=0.0)) for s in sides))
    return worst


def held_at(q_mvar: float) -> Network:
    """The same network where units inject that and hold nothing."""
    net = pair()
    g = net.generators
    return replace(net, generators=replace(g, control=np.array([2, 0, 0], np.int8), q_mvar=np.array([0.0, q_mvar, q_mvar])))


def test_units_that_are_equal_give_way_together() -> None:
    curve = curve_of(pair(), "q")
    margin = margin_of(curve)
    assert abs(margin.growth - found(held_at(40.0)).growth) <= SAME_NOSE * margin.growth
    assert [m.sign.element for m in curve.met if m.sign.kind == "q"] == [2, 3]
    assert exceeded(curve, ("q",)) <= LIMIT_KEPT


@given(st.sampled_from([0.0, 1e-9, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2]), st.floats(20.0, 120.0), st.booleans())
@settings(max_examples=15, deadline=None)
def test_a_margin_does_not_leap_with_a_reactive_limit(more: float, q_high: float, left: bool) -> None:
    limits = (q_high + more, q_high) if left else (q_high, q_high + more)
    curve = curve_of(pair(q_high=limits), "q")
    assert abs(margin_of(curve).growth - found(pair(q_high=(q_high, q_high)), "q").growth) <= BY_LIMIT * more + SAME_NOSE
    assert exceeded(curve, ("q",)) <= LIMIT_KEPT


@given(st.sampled_from([0.0, 1e-9, 1e-7, 1e-5, 1e-3]), st.floats(10.0, 50.0))
@settings(max_examples=10, deadline=None)
def test_nor_with_an_active_limit(more: float, p_high: float) -> None:
    """10 MW: units that stand at their limit before anything grows."""
    curve = curve_of(pair(p_high=(p_high, p_high + more)), "p")
    margin = margin_of(curve)
    assert abs(margin.growth - found(pair(p_high=(p_high, p_high)), "p").growth) <= BY_LIMIT * more + SAME_NOSE
    assert exceeded(curve, ("p",)) <= LIMIT_KEPT


def test_units_at_their_active_limit_from_the_start_stay_there() -> None:
    curve = curve_of(pair(p_high=(10.0, 10.0)), "p")
    assert [(m.sign.element, m.from_start) for m in curve.met if m.sign.kind == "p"] == [(1, True), (2, True)]
    newton = Newton.of(Nodal.of(pair()))
    stays = margin_of(trace(newton, Direction.of(newton.nodal, generation="stays")))
    assert abs(margin_of(curve).growth - stays.growth) <= SAME_NOSE * stays.growth


def test_reactive_and_active_limits_hold_at_every_place() -> None:
    curve = curve_of(pair(q_high=(55.0, 55.0), p_high=(25.0, 25.0)), "q", "p", until="whole")
    assert sum(m.sign.kind in ("q", "p") for m in curve.met) >= 4
    assert exceeded(curve, ("q", "p")) <= LIMIT_KEPT


def changers(high: float = 0.9) -> Network:
    """Two equal transformers that hold the voltage of two equal loads, to the end of their ratio."""
    net = pair()
    g = net.generators
    buses = stacked(el.Buses, [net.buses, el.Buses(name=["below left", "below right"], nominal_kv=[20.0, 20.0])])
    changers = el.Transformers(
        name=["l", "r"], from_bus=[2, 3], to_bus=[4, 5], r_pu=[0.0, 0.0], x_pu=[0.05, 0.05], control=[1, 1], regulated_bus=[4, 5],
        v_target_pu=[1.0, 1.0], ratio_low=[0.9, high], ratio_high=[1.1, 1.1],
    )  # fmt: skip
    return replace(net, buses=buses, transformers=changers, loads=replace(net.loads, bus=np.array([4, 5])), generators=g.take(np.array([0])))


@pytest.mark.parametrize("more", [0.0, 1e-9, 1e-6])
def test_transformers_that_are_equal_stand_at_their_ends_together(more: float) -> None:
    curve = curve_of(changers(0.9 + more))
    assert sorted(m.sign.element for m in curve.met if m.sign.kind == "tap") == [0, 1]
    assert exceeded(curve, ()) <= LIMIT_KEPT
    fixed = changers()
    fixed = replace(fixed, transformers=replace(fixed.transformers, control=np.zeros(2, np.int8), ratio=np.full(2, 0.9)))
    assert abs(margin_of(curve).growth - found(fixed).growth) <= SAME_NOSE + 100 * BY_LIMIT * more


@given(st.floats(0.01, 1.0), st.floats(0.01, 1.0), st.floats(-1.0, 1.0))
@settings(max_examples=50, deadline=None)
def test_a_parabola_dips_where_it_does(begin: float, end: float, way: float) -> None:
    s = np.linspace(0.0, 1.0, 4001)
    values = begin + (end - begin) * s - (3 * (begin + end) - 6 * way) * s * (1 - s)
    if abs(values.min()) > LIMIT_KEPT:
        assert dips(way, begin, end) == (values.min() < 0)
    assert abs(np.mean([(a + b) / 2 for a, b in pairwise(values)]) - way) <= BY_LIMIT / 1000
