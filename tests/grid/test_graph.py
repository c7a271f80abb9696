"""Components and walks: the same from here as from scipy, whatever the graph; an order of elimination that leaves little to fill."""

from __future__ import annotations

from itertools import permutations
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.grid import graph
from gridtandem.tables import Index

Links = tuple[int, Index, Index]


def links(*, most: int = 25) -> st.SearchStrategy[Links]:
    return st.integers(0, 2**32 - 1).map(lambda seed: drawn(np.random.default_rng(seed), most))


def drawn(random: np.random.Generator, most: int) -> Links:
    nodes, count = int(random.integers(1, most + 1)), int(random.integers(0, 2 * most))
    a, b = random.integers(0, nodes, (2, count))
    return nodes, a, b


@settings(deadline=None)
@given(links())
@pytest.mark.parametrize("walk", [graph.breadth_first, graph.depth_first])
def test_large_and_small_graphs_are_walked_alike(walk: type, given: Links) -> None:
    order, before = walk(*given, 0)
    with mock.patch.object(graph, "SMALL", 0):
        by_scipy, parent = walk(*given, 0)
    np.testing.assert_array_equal(order, by_scipy, strict=True)
    np.testing.assert_array_equal(before < 0, parent < 0)
    np.testing.assert_array_equal(before[before >= 0], parent[before >= 0], strict=True)


@settings(deadline=None)
@given(links())
def test_large_and_small_graphs_have_the_same_components(given: Links) -> None:
    label = graph.components(*given)
    with mock.patch.object(graph, "SMALL", 0):
        by_scipy = graph.components(*given)
    np.testing.assert_array_equal(label[:, None] == label, by_scipy[:, None] == by_scipy)


def test_a_long_line_in_any_order_is_one_component() -> None:
    line = np.random.default_rng(0).permutation(graph.SMALL)
    assert not graph.components(graph.SMALL, line[1:], line[:-1]).any()


def filled(given: Links, order: Index) -> int:
    """Entries of the factors below the diagonal."""
    nodes, a, b = given
    near = [{*b[a == k].tolist(), *a[b == k].tolist()} - {k} for k in range(nodes)]
    count = 0
    for here in order.tolist():
        count += len(near[here])
        for other in near[here]:
            near[other] = (near[other] | near[here]) - {here, other}
    return count


@settings(deadline=None)
@given(links())
def test_an_order_of_elimination_has_every_node_once(given: Links) -> None:
    assert sorted(graph.minimum_degree(*given).tolist()) == list(range(given[0]))


def test_trees_fill_nothing() -> None:
    up = np.array([0, 0, 1, 1, 2, 5, 5])
    tree = 8, np.arange(1, 8), up
    assert filled(tree, graph.minimum_degree(*tree)) == 7
    assert filled(tree, np.arange(8)) > 7


@settings(deadline=None)
@given(links(most=5))
def test_no_order_of_a_few_nodes_fills_less(given: Links) -> None:
    best = min(filled(given, np.array(order)) for order in permutations(range(given[0])))
    assert filled(given, graph.minimum_degree(*given)) == best
