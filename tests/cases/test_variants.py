"""Feeders in pieces, switched otherwise, with a margin: what is kept is kept, and what is changed is what was asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.altered import each_feeder
from gridtandem.cases.generate import feeder_load, root_of
from gridtandem.cases.library import network
from gridtandem.cases.named import case
from gridtandem.cases.variants import SPREAD, planned, reconfigured, split, tightened
from gridtandem.errors import InvalidCase, Unreadable
from gridtandem.grid import elements as el
from gridtandem.grid.forest import plant
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal, standing
from gridtandem.grid.topology import linear_drops
from gridtandem.opf.feeder import FeederProblem
from gridtandem.resources.part import Window
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market.run import run_market
from gridtandem.study.market.study import MarketStudy
from tests.tolerances import IN_PARTS, PART_SUMS

FEEDERS = ("four-feeders", "ieee118-2dso-storage", "ieee14-regulation", "rts24-disco33")


def of(name: str) -> Network:
    """The first feeder of a case."""
    return case(name).models[0]


@pytest.mark.parametrize("name", FEEDERS)
@given(times=st.integers(2, 12))
@settings(max_examples=5)
def test_parts_are_together_the_whole(name: str, times: int) -> None:
    whole, parts = of(name), split(of(name), times)
    parts.check()
    before, after = (FeederProblem.of(n, root_of(n), Window(first=11, periods=1)).owned.steps for n in (whole, parts))
    assert after.high.sum() == pytest.approx(before.high.sum(), rel=PART_SUMS)
    assert (after.price * after.high[0]).sum() == pytest.approx((before.price * before.high[0]).sum(), rel=PART_SUMS)
    assert np.ptp(after.price) >= np.ptp(before.price)
    for kind, columns in {"generators": ("q_high_mvar",), "flexible": ("p_high_mw",), "storages": ("energy_high_mwh", "charge_high_mw")}.items():
        for column in columns:
            big, small = (getattr(getattr(n, kind), column) for n in (whole, parts))
            assert small[np.isfinite(small)].sum() == pytest.approx(big[np.isfinite(big)].sum(), rel=PART_SUMS)
    for column in ("up_high_mw", "ramp_mw_per_min"):
        big, small = (getattr(n.regulation, column) for n in (whole, parts))
        assert small[np.isfinite(small)].sum() == pytest.approx(big[np.isfinite(big)].sum(), rel=PART_SUMS)
    assert len(parts.generators) == (len(whole.generators) - 1) * times + 1
    assert parts.digest() != whole.digest()


def test_a_part_stands_where_the_whole_stood_and_follows_what_it_followed() -> None:
    whole, parts = of("four-feeders"), split(of("four-feeders"), 3)
    names = parts.generators.name.tolist()
    at = whole.generators.name.tolist().index("PV-12")
    for k in (1, 2, 3):
        part = names.index(f"PV-12.{k}")
        assert parts.generators.bus[part] == whole.generators.bus[at]
        assert parts.factors("generators", 24)[:, part] == pytest.approx(whole.factors("generators", 24)[:, at], abs=0)
    assert parts.generators.control.tolist().count(el.REFERENCE) == 1
    assert not [name for name in names if name.startswith("1.")]


def test_prices_of_parts_lie_around_that_of_the_whole() -> None:
    parts = split(case("toy-two-feeders").models[0], 3)
    unit = parts.generators.name.tolist().index("a.1")
    points = parts.cost_points
    prices = [np.ptp(points.cost_per_h[points.generator == k]) / np.ptp(points.p_mw[points.generator == k]) for k in (unit, unit + 1, unit + 2)]
    assert prices == pytest.approx([25 * (1 - SPREAD), 25, 25 * (1 + SPREAD)], rel=PART_SUMS)


def test_a_polynomial_is_divided_too() -> None:
    net = network("case33bw")
    own = el.Generators.of({"name": ["a"], "bus": [5], "p_high_mw": [6.0], "p_low_mw": [0.0]})
    units = el.Generators(**{c: np.concatenate([getattr(net.generators, c), getattr(own, c)]) for c in own.columns()})
    costs = el.Costs.of({"generator": [1, 1, 1], "order": [0, 1, 2], "coefficient": [9.0, 20.0, 3.0]})
    parts = split(replace(net, generators=units, costs=costs), 3)
    assert parts.generators.p_high_mw[1:] == pytest.approx([2.0] * 3, rel=PART_SUMS)

    def cost(unit: int, p: float) -> float:
        mine = parts.costs.generator == unit
        return float((parts.costs.coefficient[mine] * p ** parts.costs.order[mine]).sum())

    assert sum(cost(k, 1.5) for k in (1, 2, 3)) == pytest.approx(9 + 20 * 4.5 + 3 * 4.5**2, rel=PART_SUMS)


def test_a_day_of_many_small_resources_costs_as_that_of_few_large_ones() -> None:
    whole = case("four-feeders")
    few, many = (
        run_market(MarketStudy(case=c, scheme=Ideal(), first=12, hours=1)).require() for c in (whole, each_feeder(whole, lambda m: split(m, 10)))
    )
    assert many.cost != few.cost
    assert many.cost == pytest.approx(few.cost, rel=IN_PARTS)


@pytest.mark.parametrize("times", [0, -3, 2.0, True])
def test_a_number_of_parts_that_is_none_is_refused(times: int) -> None:
    with pytest.raises(Unreadable, match="parts"):
        split(of("four-feeders"), times)


def test_one_part_is_the_whole_and_names_of_parts_must_be_free() -> None:
    net = case("toy-two-feeders").models[0]
    assert split(net, 1) is net
    taken = replace(net.generators, name=np.where(net.generators.name == "source", "a.1", net.generators.name))
    with pytest.raises(Unreadable, match="rename"):
        split(replace(net, generators=taken), 2)


@pytest.mark.parametrize("name", ["9", "10", "13", "14"])
def test_a_feeder_switched_otherwise_is_radial_feeds_all_and_bears_its_load_better(name: str) -> None:
    before = next(m for m in case("four-feeders").models if m.name.endswith(f"-{name}"))
    after = reconfigured(before)
    assert after is not None
    assert not list(after.faults())
    root = root_of(after)
    trees = [plant([standing(nodal)], nodal.node[[root]], np.zeros(1, np.int64), np.ones(1)) for nodal in map(Nodal.of, (before, after))]
    assert len(trees[0].node) == len(trees[1].node) == len(before.buses)
    assert feeder_load(after) == feeder_load(before)
    changed = after.lines.name[after.lines.closed != before.lines.closed].tolist()
    assert changed == ["7-8", "12-22"]
    assert after.digest() != before.digest() == replace(after, lines=before.lines).digest()
    drop = [linear_drops(Nodal.of(n), root)[0].max() for n in (before, after)]
    assert drop[1] < drop[0]


def test_no_exchange_bears_the_load_better() -> None:
    """Every tie of the 33-bus feeder with every line of its loop, tried by brute force: the state found has the least of the largest drops."""
    net = network("case33bw")
    found = reconfigured(net)
    assert found is not None
    best = np.inf
    for tie in np.flatnonzero(~net.lines.closed):
        for line in np.flatnonzero(net.lines.closed):
            closed = net.lines.closed.copy()
            closed[tie], closed[line] = True, False
            nodal = Nodal.of(replace(net, lines=replace(net.lines, closed=closed)))
            try:
                plant([nodal], nodal.node[[0]], np.zeros(1, np.int64), np.ones(1))
            except InvalidCase:
                continue
            best = min(best, linear_drops(nodal, int(nodal.node[0]))[0].max())
    assert linear_drops(Nodal.of(found), 0)[0].max() == best


def test_an_open_switch_can_be_closed_and_where_nothing_is_open_there_is_no_other_state() -> None:
    net = network("case33bw")
    none = replace(net, lines=net.lines.take(net.lines.closed))
    assert reconfigured(none) is None
    assert reconfigured(case("toy-two-feeders").models[0]) is None
    switch = el.Ties.of({"name": ["switch"], "from_bus": [17], "to_bus": [32], "closed": [False]})
    other = reconfigured(replace(none, ties=switch))
    assert other is not None
    assert other.ties.closed.tolist() == [True]
    assert np.count_nonzero(~other.lines.closed) == 1
    with pytest.raises(InvalidCase):
        reconfigured(replace(net, lines=replace(net.lines, closed=np.ones(len(net.lines), bool))))


def test_limits_to_plan_within_are_narrower_where_there_are_any() -> None:
    net = of("four-feeders")
    plan = tightened(net, voltage_pu=0.01, rating=0.25)
    limited = (np.arange(len(net.buses)) != root_of(net)) & (net.buses.v_low_pu > 0)
    assert np.count_nonzero(~limited) == 2  # the source, and the bus behind the regulator, which has no limits
    assert (plan.buses.v_low_pu - net.buses.v_low_pu)[limited] == pytest.approx(0.01, rel=PART_SUMS)
    assert net.buses.v_high_pu[limited] - plan.buses.v_high_pu[limited] == pytest.approx(0.01, rel=PART_SUMS)
    for column in ("v_low_pu", "v_high_pu"):
        assert getattr(plan.buses, column)[~limited].tolist() == getattr(net.buses, column)[~limited].tolist()
    assert plan.lines.rating_mva == pytest.approx(0.75 * net.lines.rating_mva, rel=PART_SUMS)
    assert tightened(net).digest() == net.digest()
    both = planned(case("four-feeders"))
    assert (both.transmission.buses.v_low_pu == case("four-feeders").transmission.buses.v_low_pu).all()
    assert (both.models[0].lines.rating_mva == net.lines.rating_mva).all()


@pytest.mark.parametrize("margin", [{"voltage_pu": 0.08}, {"voltage_pu": -0.01}, {"rating": 1.0}, {"rating": float("nan")}])
def test_a_margin_that_leaves_nothing_is_refused(margin: dict[str, float]) -> None:
    with pytest.raises(Unreadable, match="margin"):
        tightened(of("four-feeders"), **margin)
