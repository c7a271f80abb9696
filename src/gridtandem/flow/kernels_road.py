r"""What an outage changes in the factors of a network that lost nothing, compiled: a short road of nodes with a few columns, for one lane.

.. math::
    (J_0 + E D E^\top)^{-1} = U^{-1} \left(1 - F M G^\top\right) L^{-1}, \qquad
    F = L^{-1} E, \quad G = U^{-\top} E, \quad M = (1 + D\, G^\top F)^{-1} D, \qquad J_0 = L U

with E the nodes at the ends of the branches that are gone and D what these took with them, so that :math:`G^\top F = E^\top J_0^{-1} E`. F and G have
entries only on the road from E to the root of the elimination tree, some hundred nodes of ten thousand. Sources: compensation between the two
substitutions, O. Alsaç, B. Stott, W. F. Tinney, "Sparsity-oriented compensation methods for modified network solutions", IEEE Trans. PAS-102
(1983) 1050; the road, W. F. Tinney, V. Brandwajn, S. M. Chan, "Sparse vector methods", IEEE Trans. PAS-104 (1985) 295.

Changes of the admittance come as entries from ``first`` to ``last`` of (row, column, change), nodes in the order of elimination. (numba's cache of
`gridtandem.flow.kernels_compensated` does not see changes of this module: touch it after a change here.)
"""

from __future__ import annotations

import numpy as np

from gridtandem.flow.kernels_border import inverse
from gridtandem.flow.kernels_lanes import fill, inner, put, take


@inner
def mirrored(start, diagonal, column):
    """Where L_jk stands, for each U_kj."""
    end, mirror = start[:-1].copy(), np.empty(len(column), np.int32)
    for k in range(len(diagonal)):
        for q in range(diagonal[k] + 1, start[k + 1]):
            mirror[q] = end[column[q]]
            end[column[q]] += 1
    return mirror


@inner
def changed(first, last, row, column, blocks, place):
    """The nodes whose equations change; how many."""
    many = 0
    for k in range(first, last):
        if row[k] == column[k] and row[k] < blocks:
            place[many] = row[k]
            many += 1
    return many


@inner
def walked(place, many, start, diagonal, column, road):
    """The road from these nodes to the root of the tree, ascending; its length."""
    head, length, n = place[:many].copy(), 0, len(diagonal)
    while True:
        k = n
        for c in range(many):
            k = min(k, head[c])
        if k == n:
            return length
        road[length] = k
        length += 1
        above = column[diagonal[k] + 1] if diagonal[k] + 1 < start[k + 1] else n
        for c in range(many):
            if head[c] == k:
                head[c] = above


@inner
def spanned(place, many, road, length, start, diagonal, column, mirror, a, spot, left, right):
    """F and G along the road, a lane for each of their columns."""
    zero = fill(0.0)
    for r in range(length):
        spot[road[r]] = 2 * r
        for c in range(2):
            put(left, 2 * r + c, zero)
            put(right, 2 * r + c, zero)
    for c in range(2 * many):
        left[spot[place[c // 2]] + c % 2, c] = 1.0
        right[spot[place[c // 2]] + c % 2, c] = 1.0
    for r in range(length):
        k, d = road[r], diagonal[road[r]]
        f0, f1, g0, g1 = take(left, 2 * r), take(left, 2 * r + 1), take(right, 2 * r), take(right, 2 * r + 1)
        g0, g1 = fill(a[d, 0]) * g0 + fill(a[d, 2]) * g1, fill(a[d, 1]) * g0 + fill(a[d, 3]) * g1
        put(right, 2 * r, g0)
        put(right, 2 * r + 1, g1)
        for q in range(d + 1, start[k + 1]):
            t, p = spot[column[q]], mirror[q]
            put(left, t, take(left, t) - fill(a[p, 0]) * f0 - fill(a[p, 1]) * f1)
            put(left, t + 1, take(left, t + 1) - fill(a[p, 2]) * f0 - fill(a[p, 3]) * f1)
            put(right, t, take(right, t) - fill(a[q, 0]) * g0 - fill(a[q, 2]) * g1)
            put(right, t + 1, take(right, t + 1) - fill(a[q, 1]) * g0 - fill(a[q, 3]) * g1)


@inner
def gone(first, last, row, column, change, v, kind, place, many, d):
    """D: by how much the changed nodes' part of the Jacobian changes."""
    for r in range(2 * many):
        for c in range(2 * many):
            d[r, c] = 0.0
    for k in range(first, last):
        i, j, at, to = row[k], column[k], -1, -1
        for c in range(many):
            at, to = (c if place[c] == i else at), (c if place[c] == j else to)
        if at < 0:
            continue
        ir, ii = change[k, 0] * v[j, 0] - change[k, 1] * v[j, 1], change[k, 0] * v[j, 1] + change[k, 1] * v[j, 0]
        p, q = v[i, 0] * ir + v[i, 1] * ii, v[i, 1] * ir - v[i, 0] * ii
        d[2 * at, 2 * at] -= q
        d[2 * at, 2 * at + 1] += p
        if to >= 0:
            d[2 * at, 2 * to] += q
            d[2 * at, 2 * to + 1] += p
        if kind[i] == 0:
            d[2 * at + 1, 2 * at] += p
            d[2 * at + 1, 2 * at + 1] += q
            if to >= 0:
                d[2 * at + 1, 2 * to] -= p
                d[2 * at + 1, 2 * to + 1] += q


@inner
def between(length, wide, left, right, d, small, middle):
    """M, by columns."""
    for r in range(wide):
        for c in range(wide):
            small[r, c] = 0.0
    core = small[:wide, :wide].copy()
    for k in range(2 * length):
        for r in range(wide):
            for c in range(wide):
                core[r, c] += right[k, r] * left[k, c]
    for r in range(wide):
        for c in range(wide):
            total = 1.0 if r == c else 0.0
            for e in range(wide):
                total += d[r, e] * core[e, c]
            small[r, c] = total
    core[:] = small[:wide, :wide]
    inverse(core)
    for c in range(wide):
        put(middle, c, fill(0.0))
        for r in range(wide):
            for e in range(wide):
                middle[c, r] += core[r, e] * d[e, c]


@inner
def bridged(lane, road, length, wide, left, right, middle, t, x):
    """x ← (1 − F M Gᵀ) x in one lane."""
    total = fill(0.0)
    for r in range(length):
        k = 2 * road[r]
        total = total + fill(x[k, lane]) * take(right, 2 * r) + fill(x[k + 1, lane]) * take(right, 2 * r + 1)
    put(t, 0, total)
    total = fill(0.0)
    for c in range(wide):
        total = total + fill(t[0, c]) * take(middle, c)
    put(t, 1, total)
    for r in range(length):
        k, p, q = 2 * road[r], 0.0, 0.0
        for c in range(wide):
            p += left[2 * r, c] * t[1, c]
            q += left[2 * r + 1, c] * t[1, c]
        x[k, lane] -= p
        x[k + 1, lane] -= q
