"""Envelopes: what may be done within them never breaks a limit, and no end of one could move alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.architecture.simulation.day import Wires
from gridtandem.architecture.simulation.envelopes import Box, boxes, filtered
from gridtandem.architecture.simulation.filling import filled
from gridtandem.architecture.simulation.offered import Bundles, Offered
from gridtandem.architecture.simulation.repair import repaired
from gridtandem.errors import InvalidCase
from gridtandem.tables import Real
from tests.architecture.arrays import A_E_B, C_D, mixed, offered, radial, wires, worst
from tests.tolerances import BOX_MW, PUSHED_MW, TOY_MW

SEEDS = st.integers(0, 2**32 - 1)
FEEDERS = st.one_of(st.builds(mixed, SEEDS), st.builds(lambda s: radial(s, tight=0.9), SEEDS))


def by_rule(feeder: Wires, offers: Offered, rule: str, seed: int) -> Box:
    if rule == "equal":
        return boxes(feeder, offers)
    rng = np.random.default_rng(seed)
    return boxes(feeder, offers, rule="auctioned", energy=rng.uniform(10, 60, len(feeder.there)), spread=float(rng.choice([0.0, 8.0])))


def test_the_toy_in_equal_shares() -> None:
    one, two = boxes(*A_E_B), boxes(*C_D)
    for found, expected in ((one.low, [1.5, 1.5, 0]), (one.high, [4.5, 4.5, 4]), (two.low, [3, 3]), (two.high, [6, 12])):
        assert found[0] == pytest.approx(expected, abs=TOY_MW)
    assert one.held.all()
    assert two.held.all()


def test_an_auction_gives_the_cheaper_unit_what_it_is_worth() -> None:
    found = boxes(*A_E_B, rule="auctioned", energy=np.array([26.0]))  # a gains 1, e and b lose
    assert found.high[0] == pytest.approx([9, 0, 4], abs=TOY_MW)
    assert found.low[0, 0] == pytest.approx(3, abs=TOY_MW)


def test_a_price_that_may_move_is_worth_something_to_who_is_dear() -> None:
    """At 26 ± 8, a at 25 expects 81/32 a MW and e at 28, with 0.4 of the effect, 36/32: more per MW of the limit, so e goes first."""
    case = wires([[1, 0.4]], [[0]], [-np.inf], [2]), offered(0, [[10, 4]], [25, 28])
    sure, unsure = (boxes(*case, rule="auctioned", energy=np.array([26.0]), spread=s).high[0] for s in (0.0, 8.0))
    assert sure == pytest.approx([2, 0], abs=TOY_MW)
    assert unsure == pytest.approx([0.4, 4], abs=TOY_MW)


def test_bids_pass_the_filter_in_merit_order() -> None:
    one, two = filtered(*A_E_B, np.array([[3.0, 0, 0]])), filtered(*C_D, np.array([[6.0, 0]]))
    assert one.high[0] == pytest.approx([9, 0, 4], abs=TOY_MW)
    assert one.low[0] == pytest.approx([3, 0, 0], abs=TOY_MW)
    assert two.high[0] == pytest.approx([6, 12], abs=TOY_MW)


@settings(max_examples=60, deadline=None)
@given(FEEDERS, st.sampled_from(["equal", "auctioned"]), SEEDS)
def test_no_point_of_a_box_breaks_a_limit(case: tuple[Wires, Offered], rule: str, seed: int) -> None:
    feeder, offers = case
    box, rng = by_rule(feeder, offers, rule, seed), np.random.default_rng(seed)
    assert (box.low <= box.high).all()
    assert (offers.least <= box.low).all()
    assert (box.high <= offers.most).all()
    assert worst(feeder, box.low, box.high)[box.held].max(initial=0) <= BOX_MW
    for corner in (np.round, lambda u: u):
        y = box.low + corner(rng.random(box.low.shape)) * (box.high - box.low)
        assert feeder.beyond(y)[box.held].max(initial=0) <= BOX_MW


@settings(max_examples=60, deadline=None)
@given(FEEDERS, st.sampled_from(["equal", "auctioned"]), SEEDS)
def test_no_end_of_a_box_could_move_alone(case: tuple[Wires, Offered], rule: str, seed: int) -> None:
    feeder, offers = case
    box = by_rule(feeder, offers, rule, seed)
    for end, limit, side in ((box.high, offers.most, 1.0), (box.low, offers.least, -1.0)):
        for t, j in np.argwhere((np.abs(end - limit) > PUSHED_MW) & box.held[:, None] & (np.abs(feeder.h).max(0) > 0)).tolist():
            pushed = [box.low.copy(), box.high.copy()]
            pushed[side > 0][t, j] += side * PUSHED_MW
            assert (worst(feeder, *pushed)[t] > 0).any()


@settings(max_examples=40, deadline=None)
@given(st.builds(mixed, SEEDS), SEEDS)
def test_an_auction_is_worth_no_less_than_equal_shares(case: tuple[Wires, Offered], seed: int) -> None:
    feeder, offers = case
    energy = np.random.default_rng(seed).uniform(10, 60, len(feeder.there))
    gain = energy[:, None] - offers.price

    def worth(box: Box) -> Real:
        return np.asarray(np.maximum(gain * box.low, gain * box.high).sum(1))

    sold, shared = boxes(feeder, offers, rule="auctioned", energy=energy), boxes(feeder, offers)
    assert (worth(sold) >= worth(shared) - BOX_MW * np.abs(gain).sum(1))[sold.held].all()


@settings(max_examples=40, deadline=None)
@given(FEEDERS)
def test_what_cannot_be_held_is_broken_as_little_as_can_be(case: tuple[Wires, Offered]) -> None:
    feeder, offers = case
    box = boxes(feeder, offers)
    best = repaired(feeder, offers, offers.idle)
    assert (box.held == best.held).all()
    least = feeder.beyond(offers.idle + best.change)
    y = np.random.default_rng(0).uniform(box.low, box.high)
    assert (feeder.beyond(y).sum(1) <= least.sum(1) + BOX_MW)[~box.held].all()


@settings(max_examples=40, deadline=None)
@given(FEEDERS, st.floats(0, 1))
def test_calls_in_merit_order_keep_limits(case: tuple[Wires, Offered], part: float) -> None:
    feeder, offers = case
    start = boxes(feeder, offers)
    passed = filtered(feeder, offers, start.low)
    for end, order in ((passed.high, np.argsort(offers.price, 1, kind="stable")), (passed.low, np.argsort(offers.price, 1, kind="stable")[:, ::-1])):
        y = start.low.copy()
        for j in order.T:
            every = np.arange(len(y))
            before = y[every, j]
            y[every, j] = before + part * (end[every, j] - before)
            assert feeder.beyond(y)[start.held].max(initial=0) <= BOX_MW
            y[every, j] = end[every, j]
    assert feeder.beyond(y)[start.held].max(initial=0) <= BOX_MW


def test_growth_is_fair_to_the_smallest() -> None:
    """Max-min: three ways share a limit of 9; one has room 1, the two others take 4 each."""
    assert filled(np.ones((1, 3)), np.array([[9.0]]), np.array([[1.0, 8, 8]]))[0] == pytest.approx([1, 4, 4], abs=TOY_MW)


def test_a_unit_is_no_greater_for_its_many_steps() -> None:
    feeder = wires([[-1, -1, -1]], [[0]], [-9], [9])
    found = boxes(feeder, offered(0, [[3, 3, 9]], [30, 20, 10], [0, 0, 1]))
    assert found.high[0] == pytest.approx([1.5, 3, 4.5], abs=TOY_MW)


@settings(max_examples=40, deadline=None)
@given(FEEDERS, st.floats(0, 1))
def test_steps_of_a_unit_fill_in_merit_order(case: tuple[Wires, Offered], level: float) -> None:
    feeder, offers = case
    bundles = Bundles.of(feeder.h, offers)
    total = bundles.least + level * (bundles.most - bundles.least)
    y = bundles.steps(total)
    assert bundles.summed(y) == pytest.approx(total, abs=BOX_MW)
    for b in range(bundles.h.shape[1]):
        mine = np.flatnonzero(bundles.number == b)
        order = np.argsort(offers.price[:, mine], 1, kind="stable")
        spare, used = (np.take_along_axis((a)[:, mine], order, 1) for a in (offers.most - y, y - offers.least))
        assert ((spare[:, :-1] <= BOX_MW) | (used[:, 1:] <= BOX_MW)).all()


def test_all_that_is_wrong_is_told_at_once() -> None:
    feeder, offers = A_E_B
    bad = replace(feeder, low=np.array([5.0]))
    with pytest.raises(InvalidCase) as told:
        boxes(bad, Offered(offers.least, offers.most[:, :2], offers.price * np.nan, offers.unit))
    assert [f.code for f in told.value.faults] == ["arch-111", "arch-113", "arch-115"]
    with pytest.raises(InvalidCase, match="arch-116"):
        boxes(feeder, offers, rule="auctioned")
    with pytest.raises(InvalidCase, match="arch-114"):
        boxes(feeder, replace(offers, least=offers.most + 1))
    with pytest.raises(InvalidCase, match="arch-112"):
        boxes(replace(feeder, high=np.zeros(2)), offers)
