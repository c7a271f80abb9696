"""Components and walks of a graph whose links are pairs of nodes.

Small graphs are walked here, large ones by scipy: the answers are the same, and a study of small grids does not wait until scipy is loaded. Walks
visit neighbours in a fixed order: first those at the end of a link, ascending, then those at its start, ascending.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gridtandem.tables import Index

if TYPE_CHECKING:
    from scipy import sparse

SMALL = 1000  # nodes; loading scipy takes as long as walking here through a hundred thousand


def components(nodes: int, a: Index, b: Index) -> Index:
    """A label of the component of each node. Every round hands the smaller of two labels across each link, then follows labels to their ends."""
    if nodes > SMALL:
        from scipy.sparse.csgraph import connected_components

        return np.asarray(connected_components(_matrix(nodes, a, b), directed=False)[1], np.int64)
    label = np.arange(nodes)
    while not np.array_equal(label[a], label[b]):
        low = np.minimum(label[a], label[b])
        np.minimum.at(label, label[a], low)
        np.minimum.at(label, label[b], low)
        ends = label[label]
        while not np.array_equal(ends, label):
            label, ends = ends, ends[ends]
    return label


def breadth_first(nodes: int, a: Index, b: Index, root: int) -> tuple[Index, Index]:
    """Nodes in the order of the walk, and the node from which each was found; negative for the root and for what it does not reach."""
    if nodes > SMALL:
        from scipy.sparse.csgraph import breadth_first_order

        return _wide(*breadth_first_order(_matrix(nodes, a, b), root, directed=False))
    around, order, before = _around(nodes, a, b), [root], [-1] * nodes
    seen = [k == root for k in range(nodes)]
    for here in order:  # grows on the way
        for other in around[here]:
            if not seen[other]:
                seen[other], before[other] = True, here
                order.append(other)
    return np.array(order, np.int64), np.array(before, np.int64)


def depth_first(nodes: int, a: Index, b: Index, root: int) -> tuple[Index, Index]:
    """The same, each branch to its end before the next."""
    if nodes > SMALL:
        from scipy.sparse.csgraph import depth_first_order

        return _wide(*depth_first_order(_matrix(nodes, a, b), root, directed=False))
    around, order, before = _around(nodes, a, b), [root], [-1] * nodes
    seen = [k == root for k in range(nodes)]
    stack = [iter(around[root])]
    path = [root]
    while stack:
        other = next((k for k in stack[-1] if not seen[k]), None)
        if other is None:
            stack.pop()
            path.pop()
            continue
        seen[other], before[other] = True, path[-1]
        order.append(other)
        path.append(other)
        stack.append(iter(around[other]))
    return np.array(order, np.int64), np.array(before, np.int64)


def minimum_degree(nodes: int, a: Index, b: Index) -> Index:
    """Nodes in an order of elimination: always the one with the fewest neighbours left, the last of several. Its neighbours become each other's.

    Source: W. F. Tinney and J. W. Walker, "Direct solutions of sparse network equations by optimally ordered triangular factorization",
    Proc. IEEE 55(11), 1967, scheme 2. The work grows with the square of the nodes: for small networks.
    """
    near: list[set[int]] = [set() for _ in range(nodes)]
    for i, j in zip(a.tolist(), b.tolist(), strict=True):
        if i != j:
            near[i].add(j)
            near[j].add(i)
    left, order = list(range(nodes - 1, -1, -1)), list[int]()
    while left:
        here = min(left, key=lambda k: len(near[k]))
        left.remove(here)
        order.append(here)
        for other in near[here]:
            near[other] |= near[here]
            near[other] -= {here, other}
    return np.array(order, np.int64)


def _around(nodes: int, a: Index, b: Index) -> list[list[int]]:
    """Neighbours of each node."""
    out: list[list[int]] = [[] for _ in range(nodes)]
    for near, far in ((a, b), (b, a)):
        for pair in sorted(set((near * nodes + far).tolist())):
            out[pair // nodes].append(pair % nodes)
    return out


def _matrix(nodes: int, a: Index, b: Index) -> sparse.csr_array:
    from scipy import sparse

    return sparse.coo_array((np.ones(len(a)), (a, b)), shape=(nodes, nodes)).tocsr()


def _wide(order: NDArray[np.int32], before: NDArray[np.int32]) -> tuple[Index, Index]:
    return order.astype(np.int64), before.astype(np.int64)
