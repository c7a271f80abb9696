"""Walked curves are the curves that a search with a solver finds, and their certificate tells when they are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.offers import Asked
from gridtandem.opf.swept import Reduced, Swept, swept, swept_all
from gridtandem.orders.rules import Offer
from gridtandem.resources.part import Window
from tests.opf.feeders import battery, feeder, profile, units
from tests.tolerances import SAME_CURVE

HOURS = 3


def offer(found: Swept, period: int) -> Offer:
    k = int(found.count[period])
    return Offer(found.export[period, :k], found.cost[period, :k])


def searched(net: Network, period: int, **rules: Any) -> Offer | None:
    found = Asked.of(FeederProblem.of(net, 0, Window(first=period), **rules)).curve()
    return None if found is None else found.offer


def apart(a: Offer, b: Offer) -> float:
    """Largest distance of two curves and of their ends, relative to the size of the cost."""
    knots = np.union1d(a.x, b.x)
    gap = np.abs(np.interp(knots, a.x, a.cost) - np.interp(knots, b.x, b.cost)).max() / max(1.0, float(np.abs(b.cost).max()))
    return max(float(gap), abs(a.x[0] - b.x[0]), abs(a.x[-1] - b.x[-1]))


def drawn(seed: int) -> Network:
    """A feeder with something of everything: prices that tie, units with a box, a power factor or an apparent power, demand both ways."""
    rng = np.random.default_rng(seed)
    n, g, f = (int(rng.integers(low, high)) for low, high in ((1, 12), (1, 8), (1, 4)))
    most = np.round(rng.uniform(0.1, 3, g), int(rng.integers(0, 3))) + 0.1
    boxed = float(rng.choice([0.0, 0.3, np.inf]))
    able: dict[str, Any] = [{}, {"power_factor_low": [0.9] * g}, {"s_high_mva": 1.1 * most}][2 if np.isinf(boxed) else int(rng.integers(0, 3))]
    tables = {
        "generators": el.Generators.of({"name": [f"g{k}" for k in range(g)], "bus": rng.integers(1, n + 1, g), "p_low_mw": [0.0] * g,
                                        "p_high_mw": most, "q_low_mvar": [-boxed] * g, "q_high_mvar": [boxed] * g, **able}),
        "costs": el.Costs.of({"generator": range(g), "order": [1] * g, "coefficient": np.round(rng.uniform(-20, 90, g), int(rng.integers(0, 2)))}),
        "flexible": dv.Flexible.of({"name": [f"f{k}" for k in range(f)], "bus": rng.integers(1, n + 1, f), "does": rng.integers(0, 2, f),
                                    "p_high_mw": rng.uniform(0.1, 1, f), "price_per_mwh": rng.uniform(20, 100, f),
                                    "q_share": rng.uniform(0, 0.4, f)}),
    }  # fmt: skip
    return feeder(
        [int(rng.integers(0, k + 1)) for k in range(n)], low=rng.choice([0.9, 0.97, 0.99]), high=rng.choice([1.1, 1.02, 1.005]),
        rating=rng.choice([np.inf, 2.0, 4.0]), load=(rng.uniform(0, 0.4), rng.uniform(0, 0.2)), **tables,
        **profile(list(rng.uniform(0.2, 1.5, HOURS)), "loads"),
    )  # fmt: skip


def walked(net: Network, periods: int = HOURS, **rules: Any) -> Swept:
    reduced = Reduced.of(FeederProblem.of(net, 0, Window(periods=periods), **rules))
    assert reduced is not None
    return swept(reduced)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.5]))
@settings(max_examples=40, deadline=None)  # the first run compiles
def test_walked_curves_are_searched_curves(seed: int, essential: float) -> None:
    net = drawn(seed)
    found = walked(net, essential=essential)
    for t in range(HOURS):
        truth = searched(net, t, essential=essential)
        assert bool(found.certified[t]) == (truth is not None)
        if truth is not None:
            assert apart(offer(found, t), truth) <= SAME_CURVE


def test_equal_prices_and_equal_limits_are_walked() -> None:
    """Everything ties: equal units behind equal lines, at one price and at two."""
    tied = units(*[(k % 5 + 1, 1.0, 20.0 + 10.0 * (k % 2), 0.0) for k in range(10)], q=0.1)
    net = feeder([0, 0, 0, 0, 0], rating=1.5, low=0.99, high=1.01, **tied)
    found, truth = walked(net, 1), searched(net, 0)
    assert truth is not None
    assert found.certified.all()
    assert apart(offer(found, 0), truth) <= SAME_CURVE
    assert found.count[0] == len(truth.x)


def test_a_feeder_without_resources_is_a_point_and_one_that_cannot_be_served_is_refused() -> None:
    alone = walked(feeder([0]), 1)
    assert alone.certified.all()
    assert offer(alone, 0).x == pytest.approx([-0.3], abs=SAME_CURVE)
    assert not walked(feeder([0, 1, 2, 3], load=(3.0, 1.0), low=0.99, **units((1, 0.1, 20.0, 0.0))), 1).certified.any()


def test_what_the_walk_does_not_serve_is_left_to_others() -> None:
    served = feeder([0, 1], **units((2, 1.0, 20.0, 0.0)))
    bent, stored = feeder([0, 1], **units((2, 1.0, 20.0, 3.0))), feeder([0, 1], storages=battery(1, 1.0, 2.0))
    found = swept_all([FeederProblem.of(net, 0, Window(periods=2)) for net in (served, bent, stored)], threads=2)
    assert [one is None for one in found] == [False, True, True]


def test_a_wrong_walk_has_no_certificate() -> None:
    """Each number that the walk believes is bent once in the arrays it is given, but not in those it is checked against."""
    reduced = Reduced.of(FeederProblem.of(drawn(7), 0, Window(periods=HOURS)))
    assert reduced is not None
    assert swept(reduced).certified.all()
    from gridtandem.opf.kernels_curve import walk_all

    size, rows = reduced.low.shape[1], len(reduced.matrix)
    told = [np.zeros((HOURS, 200)), np.zeros((HOURS, 200)), np.zeros(HOURS, np.int64), np.zeros(HOURS), np.zeros(HOURS), np.zeros(HOURS, np.int8),
            np.zeros(HOURS, np.int64)]  # fmt: skip
    bent = 1.3 * np.ascontiguousarray(reduced.matrix.T).reshape(size, rows)  # what steps are taken by, while rows are checked by the true matrix
    walk_all(
        reduced.matrix, bent, reduced.give, reduced.cost, reduced.low, reduced.high, reduced.row_low, reduced.row_high, *told
    )  # fmt: skip
    made = Swept(export=told[0], cost=told[1], count=told[2], error=told[3], miss=told[4], status=told[5], steps=told[6])
    assert not made.certified.all()


def test_same_bits_on_any_number_of_threads() -> None:
    problems = [FeederProblem.of(drawn(seed), 0, Window(periods=HOURS)) for seed in range(6)]
    one, two = (list(swept_all(problems, threads=n)) for n in (1, 2))
    for a, b in zip(one, two, strict=True):
        assert a is not None
        assert b is not None
        assert np.array_equal(a.export, b.export)
        assert np.array_equal(a.cost, b.cost)


def test_periods_that_differ_in_their_matrix_are_not_walked() -> None:
    problem = FeederProblem.of(drawn(3), 0, Window(periods=2))
    rows = problem.program.rows["balance"]
    m = rows.parts["x"].copy()
    m.data[-1] *= 2.0
    other = replace(problem.program, rows={**problem.program.rows, "balance": replace(rows, parts={**rows.parts, "x": m})})
    assert Reduced.of(replace(problem, program=other)) is None
