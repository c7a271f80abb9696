"""Performance indices against their formulas, flows against those of the load flow, and ratings by rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.flow.newton import Newton
from gridtandem.flow.results import branch_results
from gridtandem.flow.variants import without
from gridtandem.grid.nodal import Nodal
from gridtandem.security.severity import (
    BASE_FACTOR,
    LEAST_MVA,
    Yardstick,
    active_flows,
    rating_faults,
    ratings,
    severity,
    severity_of_flows,
    yardstick,
)
from tests.tolerances import IDENTITY, SAME_ROUNDING

NONE = np.empty(0, np.int64)


def test_one_element_at_its_limit_counts_one_over_two_n() -> None:
    by = Yardstick(rating=np.array([0.5, 2.0, np.inf]), middle=np.array([1.0]), half=np.array([0.06]))
    found = severity_of_flows(by, np.array([[0.5, 0.0, 9.0], [-1.0, 2.0, 0.0], [np.nan, 1.0, 1.0]]))
    np.testing.assert_allclose(found.flow[:2], [[0.5, 0.25], [2.5, 4.25]], rtol=IDENTITY)
    np.testing.assert_allclose(found.loading[:2], [1.0, 2.0], rtol=IDENTITY)
    assert found.branch.tolist() == [0, 0, -1]
    assert np.isnan(found.flow[2]).all()
    assert np.isnan(found.loading[2])


def test_flows_and_indices_are_those_of_the_load_flow() -> None:
    nodal = Nodal.of(gt.network("alsac30"))  # it has ratings
    newton = Newton.of(nodal)
    opened = [NONE, np.array([3]), np.array([5, 20])]
    found = [without(newton, b).solve() for b in opened]
    v = np.stack([f.v for f in found])
    by = yardstick(nodal, "case", v[0])
    assert by.rated == len(nodal.branches.z)
    assert by.limited == nodal.nodes
    flow, seen = active_flows(nodal, v, opened), severity(nodal, by, v, opened)
    for r, (solution, gone) in enumerate(zip(found, opened, strict=True)):
        table = branch_results(without(newton, gone).nodal, solution)
        larger = np.maximum(np.abs(table.p_from_mw), np.abs(table.p_to_mw)) / 100
        np.testing.assert_allclose(np.abs(flow[r]), larger, rtol=SAME_ROUNDING, atol=SAME_ROUNDING)
        part, off = larger / ratings(nodal), (np.abs(v[r]) - by.middle) / by.half
        for k, n in enumerate((1, 2)):
            np.testing.assert_allclose(seen.flow[r, k], (part ** (2 * n)).sum() / (2 * n), rtol=IDENTITY)
            np.testing.assert_allclose(seen.voltage[r, k], (off ** (2 * n)).sum() / (2 * n), rtol=IDENTITY)
        assert seen.branch[r] == np.argmax(part)
        at = np.abs(v[r, [seen.low_at[r], seen.high_at[r]]])
        np.testing.assert_allclose([seen.low[r], seen.high[r]], at, rtol=IDENTITY)
        np.testing.assert_allclose(at, [np.abs(v[r]).min(), np.abs(v[r]).max()], rtol=IDENTITY)


def test_ratios_that_moved_count() -> None:
    nodal = Nodal.of(gt.network("case14"))
    v, moved = Newton.of(nodal).solve().v[None], nodal.branches.ratio * 1.02
    other = replace(nodal, branches=replace(nodal.branches, ratio=moved))
    np.testing.assert_array_equal(active_flows(nodal, v, [NONE], [moved]), active_flows(other, v, [NONE]))
    np.testing.assert_array_equal(active_flows(nodal, v, [NONE], [None]), active_flows(nodal, v, [NONE]))
    assert (active_flows(nodal, v, [NONE], [moved]) != active_flows(nodal, v, [NONE])).any()


def test_missing_ratings_are_counted_and_given_only_by_name() -> None:
    nodal = Nodal.of(gt.network("ieee118"))
    (fault,) = rating_faults(nodal, "case")
    assert fault.code == "outage-009"
    assert "186 of 186 branches" in fault.what
    assert [f.code for f in rating_faults(nodal, "mine")] == ["outage-008"]
    assert not list(rating_faults(nodal, "base"))
    solution = Newton.of(nodal).solve()
    table = branch_results(nodal, solution)
    size = np.maximum(np.hypot(table.p_from_mw, table.q_from_mvar), np.hypot(table.p_to_mw, table.q_to_mvar))
    by = yardstick(nodal, "base", solution.v)
    np.testing.assert_allclose(100 * by.rating, np.maximum(BASE_FACTOR * size, LEAST_MVA), rtol=SAME_ROUNDING)


def test_ratings_of_the_case_stand_under_either_rule() -> None:
    net = gt.network("alsac30")
    some = replace(net, lines=replace(net.lines, rating_mva=np.where(np.arange(len(net.lines)) < 2, np.inf, net.lines.rating_mva)))
    nodal = Nodal.of(some)
    (fault,) = rating_faults(nodal, "case")
    assert "2 of 41 branches" in fault.what
    by = yardstick(nodal, "base", Newton.of(nodal).solve().v)
    has = np.isfinite(ratings(nodal))
    np.testing.assert_array_equal(by.rating[has], ratings(nodal)[has])
    assert np.isfinite(by.rating).all()


@pytest.mark.parametrize("low", [0.0, 0.9])
def test_nodes_without_limits_do_not_count(low: float) -> None:
    net = gt.network("case14")
    nodal = Nodal.of(replace(net, buses=replace(net.buses, v_low_pu=np.full(14, low), v_high_pu=np.full(14, np.inf))))
    by = yardstick(nodal, "base", Newton.of(nodal).solve().v)
    assert by.limited == 0
    assert severity(nodal, by, nodal.start[None], [NONE]).voltage.tolist() == [[0.0, 0.0]]
