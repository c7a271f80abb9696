"""Measures of simulated days: rows worked by hand, laws, and other implementations of the same formulas."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as some
from scipy.stats import spearmanr

from gridtandem.architecture.catalogue import architecture
from gridtandem.architecture.graph import COORD, Graph
from gridtandem.architecture.lines import read_lines
from gridtandem.architecture.simulation.borders import Limited, Movable, blast_radius, crossing_items, platforms_per_der, without_each
from gridtandem.architecture.simulation.measures import (
    DRAWS,
    gini,
    growth_exponent,
    percentile,
    rank_correlation,
    view,
    view_skew,
    wrong_way,
)  # fmt: skip
from gridtandem.architecture.simulation.results import Links
from gridtandem.architecture.verdicts.judged import judge
from tests.tolerances import BY_DRAWS, SAME_MEASURE

shares = some.lists(some.floats(0, 1e3), min_size=1, max_size=20)


def test_gini_by_hand() -> None:
    # pairs of 0, 1, 3 differ by 1, 3, 2, each counted twice: 12 / (2 · 3 · 4)
    assert gini(np.array([3.0, 0.0, 1.0])) == pytest.approx(0.5, abs=SAME_MEASURE)
    assert gini(np.array([2.0, 2.0, 2.0])) == pytest.approx(0, abs=SAME_MEASURE)
    assert gini(np.array([0.0, 0.0, 0.0, 8.0])) == pytest.approx(3 / 4, abs=SAME_MEASURE)
    assert np.isnan(gini(np.zeros(3)))
    assert np.isnan(gini(np.empty(0)))
    with pytest.raises(ValueError, match="0 or more"):
        gini(np.array([1.0, -1.0]))


@given(shares, some.floats(0.1, 10))
def test_gini_is_the_mean_difference_and_knows_no_size(given_: list[float], factor: float) -> None:
    x = np.array(given_)
    assume(x.sum() > SAME_MEASURE)
    found = gini(x)
    assert found == pytest.approx(np.abs(x[:, None] - x).sum() / (2 * len(x) * x.sum()), abs=SAME_MEASURE)
    assert found == pytest.approx(gini(factor * x), abs=SAME_MEASURE)


def test_percentiles_by_hand() -> None:
    latency = np.array([4.0, 300.0, 1.0, np.inf])
    assert percentile(latency, 0.5) == 4.0  # 1 and 4 are half
    assert percentile(latency, 0.75) == 300.0
    assert percentile(latency, 0.95) == np.inf
    assert percentile(latency, 0.5, np.array([1.0, 8.0, 1.0, 0.0])) == 300.0
    assert np.isnan(percentile(np.empty(0), 0.5))
    assert np.isnan(percentile(latency, 0.5, np.zeros(4)))


@given(some.lists(some.integers(0, 9), min_size=1, max_size=12), some.sampled_from([0.05, 0.25, 0.5, 0.9, 0.95, 1.0]))
def test_percentiles_are_those_of_repeated_numbers(counts: list[int], share: float) -> None:
    assume(sum(counts) > 0)
    x = np.arange(len(counts), dtype=float)[::-1]
    repeated = np.repeat(x, counts)
    assert percentile(x, share, np.array(counts, float)) == np.percentile(repeated, 100 * share, method="inverted_cdf")


@given(some.floats(-2, 3), some.floats(0.1, 100))
def test_growth_of_a_power_is_its_exponent(exponent: float, factor: float) -> None:
    size = np.array([1.0, 10.0, 100.0])
    assert growth_exponent(size, factor * size**exponent) == pytest.approx(exponent, abs=SAME_MEASURE)


def test_growth_without_an_answer() -> None:
    # ln 1, ln 10 against ln 2, ln 4: slope ln 2 / ln 10
    assert growth_exponent(np.array([1.0, 10.0]), np.array([2.0, 4.0])) == pytest.approx(np.log10(2), abs=SAME_MEASURE)
    assert np.isnan(growth_exponent(np.array([10.0, 10.0]), np.array([2.0, 4.0])))
    assert np.isnan(growth_exponent(np.array([1.0, 10.0]), np.array([0.0, 4.0])))


def test_what_goes_against_the_need_is_the_wrong_way() -> None:
    instructed, needed = np.array([2.0, -3.0, 1.0, -1.0, 0.0]), np.array([1.0, 1.0, -2.0, 0.0, 5.0])
    assert wrong_way(instructed, needed).tolist() == [0.0, 3.0, 1.0, 0.0, 0.0]


def test_views_by_hand() -> None:
    profile = np.array([[10.0], [14.0], [6.0]])
    # a quarter of an hour late: 10; 14 − ¼ · 4; 6 + ¼ · 8
    assert view(profile, 1.0, 900.0).ravel().tolist() == [10.0, 13.0, 8.0]
    assert view(profile, 1.0, 0.0).ravel().tolist() == [10.0, 14.0, 6.0]
    assert view(profile, 0.25, 900.0).ravel().tolist() == [10.0, 10.0, 14.0]
    assert view(profile, 1.0, 1e9).ravel().tolist() == [10.0, 10.0, 10.0]
    assert view_skew(profile, 1.0, 900.0, 0.0).ravel().tolist() == [0.0, 1.0, 2.0]


@given(some.floats(0, 3 * 3600), some.floats(0, 3 * 3600), some.floats(-5, 5))
def test_two_views_of_a_ramp_differ_by_their_delays(one: float, two: float, slope: float) -> None:
    ramp = slope * np.arange(8.0)
    skew = view_skew(ramp, 1.0, one, two)
    assert skew[3:] == pytest.approx(abs(slope * (one - two)) / 3600, abs=SAME_MEASURE)
    assert np.array_equal(skew, view_skew(ramp, 1.0, two, one))


def test_rank_correlation_by_hand() -> None:
    # ranks 1, 2, 3, 4 against 2, 1, 3, 4: 1 − 6 · 2 / 60; of 24 orders 8 are as far from 0 (3 of 0.8 and 1 of 1 on either side)
    found = rank_correlation(np.array([1.0, 2.0, 3.0, 4.0]), np.array([20.0, 10.0, 30.0, 40.0]))
    assert found.rho == pytest.approx(0.8, abs=SAME_MEASURE)
    assert found.pairs == 4
    assert found.p_value == pytest.approx(8 / 24, abs=SAME_MEASURE)
    # with a tie: ranks 1.5, 1.5, 3 against 1, 2, 3: 1.5 / √(1.5 · 2)
    found = rank_correlation(np.array([0.0, 0.0, 7.0, np.nan]), np.array([1.0, 2.0, 3.0, 0.0]))
    assert found.rho == pytest.approx(1.5 / np.sqrt(3), abs=SAME_MEASURE)
    assert found.pairs == 3
    assert found.p_value == pytest.approx(4 / 6, abs=SAME_MEASURE)


def test_nothing_is_told_of_what_does_not_vary() -> None:
    for x in (np.ones(5), np.empty(0), np.full(5, np.nan)):
        found = rank_correlation(x, np.arange(float(len(x))))
        assert np.isnan([found.rho, found.p_value]).all()
    hardly = np.array([5.0, 5.0 + 1e-13, 5.0 - 1e-13, 5.0, 5.0])  # what a solver leaves
    assert np.isnan(rank_correlation(hardly, np.arange(5.0)).rho)


@given(some.lists(some.tuples(some.integers(0, 5), some.integers(0, 5)), min_size=3, max_size=30))
def test_it_is_the_correlation_of_another_library(pairs: list[tuple[int, int]]) -> None:
    x, y = (np.array(side, np.float64) for side in zip(*pairs, strict=True))
    assume(np.ptp(x) > 0 and np.ptp(y) > 0)
    assert rank_correlation(x, y).rho == pytest.approx(float(spearmanr(x, y).statistic), abs=SAME_MEASURE)


def test_probability_of_many_pairs_is_seeded_and_near_that_of_all_orders() -> None:
    x, y = np.arange(20.0), np.random.default_rng(1).permutation(20).astype(np.float64)
    one, two = rank_correlation(x, y, seed=4), rank_correlation(x, y, seed=4)
    assert one == two
    assert one.p_value == pytest.approx(float(spearmanr(x, y).pvalue), abs=BY_DRAWS)
    assert rank_correlation(x, x).p_value == 1 / (1 + DRAWS)


# ── what holders of nodes can move, and what crosses borders ──────────────────────────────────────────────────────────────────────────

TSO, DSO, AGG, SUP, DER = range(5)
RANGE = np.array([[0.0, -2.0], [0.0, 0.0]]), np.array([[10.0, 2.0], [4.0, 0.0]])  # 14 MW and 4 MW between the ends


def moved(*chains: tuple[int, ...], at: int = -1, by: int = DSO) -> dict[int, list[float]]:
    box = Limited(by=by, at=at, low=np.array([[2.0, -9.0], [0.0, 0.0]]), high=np.array([[5.0, 1.0], [9.0, 1.0]])) if at >= 0 else None
    found = blast_radius([Movable(customer=DER, chains=chains, low=RANGE[0], high=RANGE[1], limit=box)])
    return {node: x.tolist() for node, x in found.items()}


def test_whoever_instructs_a_class_moves_all_of_it() -> None:
    assert moved((TSO, AGG, DER)) == {TSO: [14.0, 4.0], AGG: [14.0, 4.0], DER: [14.0, 4.0]}


def test_a_limit_binds_those_above_who_keeps_it() -> None:
    # 2 to 5 and −2 to 1: 6 MW; then 0 to 4
    assert moved((TSO, AGG, DER), at=AGG) == {TSO: [6.0, 4.0], AGG: [14.0, 4.0], DER: [14.0, 4.0]}
    assert moved((TSO, AGG, DER), at=DER) == {TSO: [6.0, 4.0], AGG: [6.0, 4.0], DER: [14.0, 4.0]}
    assert moved((TSO, AGG, DER), (TSO, SUP, DER), at=AGG)[TSO] == [14.0, 4.0]  # by the way without a limit
    assert moved((TSO, DSO, AGG, DER), at=DER) == {TSO: [6.0, 4.0], DSO: [14.0, 4.0], AGG: [6.0, 4.0], DER: [14.0, 4.0]}


def test_classes_add_up() -> None:
    one = Movable(customer=DER, chains=((TSO, DER),), low=RANGE[0], high=RANGE[1])
    two = Movable(customer=9, chains=((TSO, AGG, 9),), low=RANGE[0][:, :1], high=RANGE[1][:, :1])
    assert {k: x.tolist() for k, x in blast_radius([one, two]).items()} == {TSO: [24.0, 8.0], AGG: [10.0, 4.0], DER: [14.0, 4.0], 9: [10.0, 4.0]}


def small() -> Graph:
    text = """ARCH X "made up" src=test family=Hybrid
N T role=TSO tier=1 org=T
N D role=DSO tier=2 org=D
N A role=AGG tier=3 org=A
N B role=RET tier=3 org=A
N x role=DER tier=4 org=C cap=.75
N y role=DER tier=4 org=C cap=.25
disp T A
disp D A
disp A x
disp A B
disp D y
coord T D s=limits
lim D A
"""
    return read_lines(text, "test.txt")[0]


def links(*rows: tuple[str, str, str, int]) -> Links:
    sender, receiver, word, numbers = zip(*rows, strict=True)
    many = len(rows)
    return Links.of({
        "architecture": ["X"] * many, "scenario": ["nominal"] * many, "sender": sender, "receiver": receiver, "word": word, "item": [""] * many,
        "messages": [1] * many, "numbers": numbers, "bytes": [10] * many, "p50_s": [1.0] * many, "p95_s": [1.0] * many,
    })  # fmt: skip


def test_numbers_that_leave_an_organisation() -> None:
    told = links(("x", "A", "bid", 6), ("A", "B", "instr", 100), ("A", "T", "bid", 4))
    assert crossing_items(told, small(), 5) == 2.0  # those from A to B stay in one organisation
    assert np.isnan(crossing_items(told, small(), 0))


def test_market_places_of_a_der() -> None:
    # x bids through A to T and D; y to D alone, whose own offer to T is not y's: ¾ · 2 + ¼ · 1
    told = links(("x", "A", "bid", 1), ("A", "T", "bid", 1), ("A", "D", "bid", 1), ("y", "D", "bid", 1), ("D", "T", "bid", 1), ("x", "T", "info", 1),
                 ("A", "B", "bid", 1), ("B", "A", "bid", 1))  # fmt: skip
    assert platforms_per_der(told, small()) == pytest.approx(1.75, abs=SAME_MEASURE)


def test_each_link_of_coordination_is_left_out_once() -> None:
    graph = small()
    found = dict(without_each(graph))
    assert list(found) == ["coord T > D", "lim D > A"]
    assert [len(g.edges) for g in found.values()] == [len(graph.edges) - 1] * 2
    assert all(g.checked().nodes is graph.nodes for g in found.values())
    joint = dict(without_each(architecture("UK2")))
    assert all((a.edges.statement != b.edges.statement.max() + 1).all() for a, b in pairwise(joint.values()))
    without = next(g for told, g in joint.items() if told.startswith("coord"))
    assert not (without.edges.what == COORD).any()
    assert judge(without).levels()["TB"] > judge(architecture("UK2")).levels()["TB"]
