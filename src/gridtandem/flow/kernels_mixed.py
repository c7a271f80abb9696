"""Groups of eight feeders of different kinds, loaded into lanes and swept: see `gridtandem.flow.kernels_trees`."""

from __future__ import annotations

import numba
import numpy as np

from gridtandem.flow.kernels_lanes import WIDTH, fill, inner, put, take
from gridtandem.flow.kernels_sweep import _filled, _write
from gridtandem.flow.kernels_trees import (
    ACTIVE,
    CHAINED,
    FIRST,
    REACTIVE,
    SHUNTED,
    drawn_bending,
    drawn_constant,
    linear_bending,
    linear_constant,
    settle_bending,
    settle_constant,
    settle_tangent,
)  # fmt: skip


@inner
def _planted(row, start, parent, lines, root, loading, trees, line, own, lane, marks):
    """Root voltage and loading of each lane, its tree and impedances; lanes without a row copy the first. Returns the nodes of the largest.

    ``trees``: where the parent stands; the same for parents that are not the node before, whose numbers are at hand.
    """
    feeders, n = len(start) - 1, 0
    for i in range(WIDTH):
        r = row[i] if row[i] >= 0 else row[0]
        f = r % feeders
        own[0, i], own[1, i], lane[0, i], lane[2, i] = root[r], loading[r], start[f], start[f + 1] - start[f]
        n = max(n, lane[2, i])
    for k in range(n):
        shunted = chained = 0
        for i in range(WIDTH):
            at, there = lane[0, i] + k, k < lane[2, i]
            j = parent[at] if there and k else k
            last = j == k - 1
            trees[0, k, i], trees[1, k, i] = 4 * WIDTH * j + i, 4 * WIDTH * (k if last else j) + i
            chained |= last << i
            for c in range(4):
                line[4 * k + c, i] = lines[at, c] if there else 0.0
            shunted |= ((line[4 * k + 2, i] != 0.0) | (line[4 * k + 3, i] != 0.0)) << i
        marks[SHUNTED, k], marks[CHAINED, k] = shunted, chained
    return n


@inner
def _loaded(n, demand, curved, law, own, lane, sort):
    """Demand of each lane."""
    for k in range(n):
        for i in range(WIDTH):
            at, there, size = lane[0, i] + k, k < lane[2, i], own[1, i]
            law[sort * k, i] = demand[at, 2] * size - demand[at, 0] if there else 0.0
            law[sort * k + 1, i] = demand[at, 3] * size - demand[at, 1] if there else 0.0
            for c in range(2, sort):
                law[sort * k + c, i] = curved[at, c - 2] * size if there else 0.0


@inner
def _curved(n, first, part, factor, exponent, terms, marks, own, lane):
    """Terms of each lane, as many at a node as the lane that has most of them there."""
    marks[FIRST, 0] = 0
    for k in range(n):
        most = 0
        for i in range(WIDTH):
            if k < lane[2, i]:
                most = max(most, first[lane[0, i] + k + 1] - first[lane[0, i] + k])
        marks[FIRST, k + 1] = marks[FIRST, k] + most
        for t in range(most):
            to = marks[FIRST, k] + t
            marks[ACTIVE, to], marks[REACTIVE, to] = 0, 0
            for i in range(WIDTH):
                terms[2 * to, i], terms[2 * to + 1, i] = 0.0, 0.0
                if k < lane[2, i] and first[lane[0, i] + k] + t < first[lane[0, i] + k + 1]:
                    at = first[lane[0, i] + k] + t
                    terms[2 * to, i], terms[2 * to + 1, i] = factor[at] * own[1, i], exponent[at]
                    marks[ACTIVE, to] |= (part[at] == 0) << i
                    marks[REACTIVE, to] |= (part[at] != 0) << i


@numba.njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def mixed_groups(
    groups, start, parent, lines, bends, demand, curved, first, part, factor, exponent, turn, root, loading, tol, most, slope,
    state, law, tangent, line, terms, own, trees, marks, lane, v, s, ds, ok, count,
):  # fmt: skip
    """Every group of rows whose demand bends, or of rows whose demand does not; arguments as of ``sweep_groups``.

    ``line`` to ``lane`` are further room to work in; ``marks`` (5, …) of whole numbers.
    """
    feeders, nodes = len(start) - 1, start[-1]
    for g in range(len(groups)):
        row = groups[g]
        bent = bends[row[0] % feeders]
        n = _planted(row, start, parent, lines, root, loading, trees, line, own, lane, marks)
        _loaded(n, demand, curved, law, own, lane, 6 if bent else 2)
        up, beside, ln, going = trees[0, :n], trees[1, :n], line[: 4 * n], _filled(row)
        if bent:
            _curved(n, first, part, factor, exponent, terms, marks, own, lane)
            rests = settle_bending(up, beside, ln, state, law, terms, marks, take(own, 0), going, tol, most, lane)
            drawn_bending(ln, state, law, terms, marks, own)
        else:
            rests = settle_constant(up, beside, ln, state, law, terms, marks, take(own, 0), going, tol, most, lane)
            drawn_constant(ln, state, law, terms, marks, own)
        for i in range(WIDTH):
            if going >> i & 1:
                count[row[i]] = lane[1, i]
                if len(v):
                    _write(state, i, lane[2, i], lane[0, i], turn, rests >> i & 1, v, row[i] // feeders * nodes)
        if slope:
            jr, ji, before = take(state, 2), take(state, 3), rests
            if bent:
                linear_bending(ln, state, law, terms, marks, tangent)
            else:
                linear_constant(ln, state, law, terms, marks, tangent)
            rests = settle_tangent(up, beside, ln, state, tangent, terms, marks, fill(1.0), rests, tol, 2 * most, lane)
            put(own, 4, jr + take(own, 0) * take(state, 2))
            put(own, 5, fill(0.0) - (ji + take(own, 0) * take(state, 3)))
            for i in range(WIDTH):
                if (before & ~rests) >> i & 1:
                    count[row[i]] = most
        for i in range(WIDTH):
            if going >> i & 1:
                ok[row[i]] = rests >> i & 1
                for c in range(2):
                    s[row[i], c] = own[2 + c, i] if ok[row[i]] else np.nan
                    ds[row[i], c] = own[4 + c, i] if slope and ok[row[i]] else np.nan
