"""Offers in steps: cost, marginal prices and answers to prices hold together as convexity says."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gridtandem.orders.steps import Steps
from tests.tolerances import KINK, MONEY

widths = st.lists(st.floats(0.1, 20.0), min_size=1, max_size=6)


@st.composite
def offers(draw: st.DrawFn) -> Steps:
    """Up to three rows of flat and sloped steps; the next step is never cheaper than the last MW of the one before."""
    rows, entries = draw(st.integers(1, 3)), []
    for row in range(rows):
        price = draw(st.floats(-20.0, 20.0))
        for width in draw(widths):
            rise = draw(st.sampled_from([0.0, 3.0]))
            entries.append((row, width, price, rise))
            price += rise + draw(st.sampled_from([0.0, 2.5]))
    row, *columns = (np.array(c) for c in zip(*draw(st.permutations(entries)), strict=True))
    return Steps.of(row, columns[0], columns[1], columns[2], rows=rows)


@given(offers(), st.floats(0.0, 1.0))
def test_marginal_prices_bound_the_cost_from_below(steps: Steps, share: float) -> None:
    """The subgradient law: V(y) ≥ V(x) + slope (y − x) with the right price above x and the left one below."""
    x = share * steps.most
    left, right = steps.marginal(x)
    assert (left <= right + MONEY).all()
    for other in np.linspace(0, 1, 21):
        y = other * steps.most
        slope = np.where(y > x, right, left)
        moved = np.where(np.isfinite(slope), np.where(np.isfinite(slope), slope, 0.0) * (y - x), 0.0)
        assert (steps.cost(y) >= steps.cost(x) + moved - MONEY).all()


@given(offers(), st.floats(0.01, 0.99))
def test_marginal_prices_are_reached(steps: Steps, share: float) -> None:
    x, h = share * steps.most, 1e-6
    left, right = steps.marginal(x)
    for there, price in ((x + h, right), (x - h, left)):
        secant = (steps.cost(there) - steps.cost(x)) / (there - x)
        seen = np.isfinite(secant) & np.isfinite(price)
        assert (np.abs(secant - price)[seen] <= KINK).all()


@given(offers(), st.floats(-25.0, 60.0))
def test_answer_to_a_price_is_the_best(steps: Steps, price: float) -> None:
    asked = np.full(len(steps.most), price)
    least, most = steps.at_price(asked)
    best = asked * least - steps.cost(least)
    assert np.allclose(best, asked * most - steps.cost(most), rtol=0, atol=MONEY)
    for share in np.linspace(0, 1, 11):
        x = share * steps.most
        assert (asked * x - steps.cost(x) <= best + MONEY).all()


@given(offers(), st.floats(-5.0, 60.0), st.floats(0.1, 30.0))
def test_compromise_is_the_best(steps: Steps, target: float, weight: float) -> None:
    t = np.full(len(steps.most), target)
    x = steps.nearest(t, weight)
    found = steps.cost(x) + weight / 2 * (x - t) ** 2
    for share in np.linspace(0, 1, 21):
        there = share * steps.most
        assert (found <= steps.cost(there) + weight / 2 * (there - t) ** 2 + MONEY).all()


def test_outside_of_an_offer_there_is_no_cost() -> None:
    steps = Steps.of(np.array([0, 0]), np.array([2.0, 1.0]), np.array([10.0, 20.0]), np.zeros(2), rows=1)
    assert steps.cost(np.array([2.5]))[0] == 30.0
    assert np.isnan(steps.cost(np.array([3.5]))[0])
    assert np.isnan(steps.cost(np.array([-0.5]))[0])
    low, high = steps.marginal(np.array([2.0]))
    assert (low[0], high[0]) == (10.0, 20.0)
    assert steps.marginal(np.array([3.0]))[1][0] == np.inf
    assert steps.marginal(np.array([0.0]))[0][0] == -np.inf
