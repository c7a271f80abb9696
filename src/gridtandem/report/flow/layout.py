"""Where things stand in a picture: a meshed network spread by its own distances, a feeder as a tree that hangs down. No chance is involved."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, shortest_path

from gridtandem.tables import Index, Real

STRESS_MOST = 400  # nodes up to which distances of all pairs are weighed; beyond, distances to some pivots place the nodes
PIVOTS = 50
STEPS = 120
STILL = 1e-3  # share of a branch; when no node moves further, the picture stands


def mesh(size: int, start: Index, end: Index) -> Real:
    r"""Places (node, 2) in a box of width and height 1, so that places lie as far apart as steps along branches.

    Classical scaling, made better by majorising the stress :math:`\sum_{i<j} d_{ij}^{-2}\,(\|x_i - x_j\| - d_{ij})^2`.

    References
    ----------
    E. R. Gansner, Y. Koren and S. North, "Graph drawing by stress majorization", Graph Drawing 2004; beyond some hundred nodes
    U. Brandes and C. Pich, "Eigensolver methods for progressive multidimensional scaling of large data", Graph Drawing 2006.
    """
    if size < 3:
        return np.stack([np.linspace(0.0, 1.0, size), np.full(size, 0.5)], -1)
    pivots = np.arange(size) if size <= STRESS_MOST else np.linspace(0, size - 1, PIVOTS).astype(np.int64)
    steps = _steps(size, start, end, pivots)
    place = _scaled(steps)
    if size <= STRESS_MOST:
        place = _majorised(place, steps)
    return boxed(_levelled(place))


def _steps(size: int, start: Index, end: Index, pivots: Index) -> Real:
    graph = coo_array((np.ones(len(start)), (start, end)), shape=(size, size))
    steps = shortest_path(graph.tocsr(), directed=False, unweighted=True, indices=pivots).T
    far = float(steps[np.isfinite(steps)].max(initial=1.0)) + 1
    return np.where(np.isfinite(steps), steps, far)  # islands lie apart


def _scaled(steps: Real) -> Real:
    """Classical scaling of squared distances to the pivots."""
    square = steps**2
    centred = -(square - square.mean(0) - square.mean(1)[:, None] + square.mean()) / 2
    _, u = np.linalg.eigh(centred.T @ centred)
    place = centred @ u[:, [-1, -2]]
    sign = np.sign(place[np.abs(place).argmax(0), [0, 1]])
    out: Real = place * sign / np.maximum(np.abs(place).max(0), 1e-12) * steps.max()
    return out


def _majorised(place: Real, steps: Real) -> Real:
    n = len(place)
    off = ~np.eye(n, dtype=bool)
    weight = np.where(off, 1 / np.where(off, steps, 1.0) ** 2, 0.0)
    wanted = weight * steps
    laplacian = np.diag(weight.sum(1)) - weight
    inverse = np.linalg.inv(laplacian[1:, 1:])
    place = place + 1e-3 * np.stack([np.cos(np.arange(n)), np.sin(np.arange(n))], -1)  # nodes with equal distances must part
    for _ in range(STEPS):
        gap = np.hypot(*(x[:, None] - x for x in place.T))
        pull = -wanted / np.maximum(gap, 1e-9)
        pull[np.diag_indices(n)] = -pull.sum(1)
        before, place = place, np.vstack([np.zeros((1, 2)), inverse @ (pull @ place)[1:]])
        if float(np.abs(place - before + before[0]).max()) < STILL:
            break
    return place


def _levelled(place: Real) -> Real:
    """Turned so that the longest extent lies across the page, and the first node to the left and above."""
    centred = place - place.mean(0)
    _, u = np.linalg.eigh(centred.T @ centred)
    turned = centred @ u[:, ::-1]
    sign = np.where(turned[0] * [-1, 1] < 0, -1.0, 1.0)
    out: Real = turned * sign
    return out


def boxed(place: Real) -> Real:
    """Moved and stretched into the box from (0, 0) to (1, 1)."""
    low, wide = place.min(0), np.ptp(place, 0)
    out: Real = np.where(wide > 0, (place - low) / np.where(wide > 0, wide, 1.0), 0.5)
    return out


def tree(size: int, start: Index, end: Index, root: int) -> Real:
    """Places (node, 2) of a feeder, root at the top, leaves side by side.

    The heaviest branch goes straight down, lighter ones stand to its right; y is minus the steps from the root.
    """
    graph = coo_array((np.ones(2 * len(start)), (np.r_[start, end], np.r_[end, start])), shape=(size, size)).tocsr()
    order, parent = breadth_first_order(graph, root, directed=False)
    inner, rows = order[1:].tolist(), parent.tolist()
    weight, leaf = np.ones(size), np.zeros(size)
    for k in reversed(inner):
        leaf[k] = max(leaf[k], 1.0)
        weight[rows[k]] += weight[k]
        leaf[rows[k]] += leaf[k]
    children: dict[int, list[int]] = {}
    for k in inner:
        children.setdefault(rows[k], []).append(k)
    x, depth = np.zeros(size), np.zeros(size)
    for k in order.tolist():
        at = x[k]
        for c in sorted(children.get(k, []), key=lambda c: (-weight[c], c)):
            x[c], depth[c] = at, depth[k] + 1
            at += leaf[c]
    return np.stack([x, -depth], -1)
