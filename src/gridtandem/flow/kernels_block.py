r"""LU factors of a sparse matrix of 2×2 blocks whose pattern is symmetric, compiled.

Symbolic work (pattern with fill, and a tape that says where each product goes) is done once per topology. Rows are eliminated in the given
order with the diagonal blocks as pivots, no search: `gridtandem.flow.kernels_newton` checks what comes out, and others step in where a
pivot was bad. A row is made, eliminated and applied to the right-hand side in one go, so that it is touched while it is in cache.
(numba's cache of that module does not see changes of this one: touch it after a change here.)

.. math::
    L_{ik} = A_{ik} D_k^{-1}, \qquad A_{ij} \leftarrow A_{ij} - L_{ik} U_{kj}, \qquad x_i \leftarrow x_i - L_{ik} x_k .

Source of the pattern: J. W. H. Liu, "The role of elimination trees in sparse factorization", SIAM J. Matrix Anal. Appl. 11 (1990) 134.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core.typing import Signature
from numba.extending import intrinsic

from gridtandem.tables import Index, Real

FAST = {
    "cache": True,
    "no_cfunc_wrapper": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract"},
}  # contract: one rounding per a·b + c, always


@njit(**FAST)
def tree(pointer: Index, column: Index) -> Index:
    """Parent of each row in the elimination tree of a symmetric pattern."""
    n = len(pointer) - 1
    parent, oldest = np.full(n, -1), np.full(n, -1)
    for i in range(n):
        for p in range(pointer[i], pointer[i + 1]):
            r = column[p]
            while r != -1 and r < i:
                above = oldest[r]
                oldest[r] = i
                if above == -1:
                    parent[r] = i
                r = above
    return parent


@njit(**FAST)
def lower(pointer: Index, column: Index, parent: Index) -> tuple[Index, Index]:
    """Columns of each row of L, as the paths in the tree from the row's entries up to the row come by them."""
    n = len(parent)
    first, mark = np.zeros(n + 1, np.int64), np.full(n, -1)
    found = mark  # until its length is known
    for write in range(2):
        at = 0
        for i in range(n):
            mark[i] = i + write * n
            for p in range(pointer[i], pointer[i + 1]):
                r = column[p]
                while r < i and mark[r] != i + write * n:
                    mark[r] = i + write * n
                    if write:
                        found[at] = r
                    at += 1
                    r = parent[r]
            first[i + 1] = at
        if not write:
            found = np.empty(at, np.int64)
    return first, found


@njit(**FAST)
def whole(first: Index, below: Index) -> tuple[Index, Index, Index]:
    """Rows of L, diagonal and U together: where each begins, where its diagonal is, and its columns, ascending.

    Rows of U fill in ascending order from the rows of L, in whatever order those are; and then the rows of L from those of U.
    """
    n = len(first) - 1
    start, diagonal, end = np.zeros(n + 1, np.int64), np.empty(n, np.int64), np.zeros(n, np.int64)
    for k in below:
        end[k] += 1
    for i in range(n):
        diagonal[i] = start[i] + first[i + 1] - first[i]
        start[i + 1] = diagonal[i] + 1 + end[i]
        end[i] = diagonal[i] + 1
    column = np.empty(start[n], np.int32)
    for i in range(n):
        column[diagonal[i]] = i
        for p in range(first[i], first[i + 1]):
            k = below[p]
            column[end[k]] = i
            end[k] += 1
    for i in range(n):
        end[i] = start[i]
    for k in range(n):
        for q in range(diagonal[k] + 1, start[k + 1]):
            i = column[q]
            column[end[i]] = k
            end[i] += 1
    return start, diagonal, column


@njit(**FAST)
def tape_of(start: Index, diagonal: Index, column: Index) -> Index:
    """Where the products of each step of the elimination go, in the order in which they come."""
    n = len(diagonal)
    length = 0
    for i in range(n):
        for p in range(start[i], diagonal[i]):
            k = column[p]
            length += start[k + 1] - diagonal[k] - 1
    tape, at = np.empty(length, np.int32), np.zeros(n, np.int64)
    w = 0
    for i in range(n):
        for p in range(start[i], start[i + 1]):
            at[column[p]] = p
        for p in range(start[i], diagonal[i]):
            k = column[p]
            for q in range(diagonal[k] + 1, start[k + 1]):
                tape[w] = at[column[q]]
                w += 1
    return tape


@intrinsic
def take_off(typing: object, a: types.Array, t: types.Integer, q: types.Integer, l0: types.Float, l1: types.Float, l2: types.Float, l3: types.Float):
    """Block product ``a[t] -= L a[q]`` on four lanes at once; loops of one block are too short for the compiler to find them."""

    def generate(context, builder, signature: Signature, given: list):
        base = context.make_array(signature.args[0])(context, builder, given[0]).data
        lanes, half = ir.VectorType(ir.DoubleType(), 4), ir.VectorType(ir.DoubleType(), 2)
        i64, i32, may = ir.IntType(64), ir.IntType(32), ("contract",)

        def at(place, first: int):
            wide = builder.zext(place, i64) if place.type.width < i64.width else place
            return builder.gep(base, [builder.add(builder.shl(wide, i64(2)), i64(first))])

        def spread(values):
            out = ir.Constant(lanes, ir.Undefined)
            for k, value in enumerate(values):
                out = builder.insert_element(out, value, i32(k))
            return out

        def row(first: int):
            u = builder.load(builder.bitcast(at(given[2], first), half.as_pointer()), align=8)
            return builder.shuffle_vector(u, u, ir.Constant(ir.VectorType(i32, 4), [0, 1, 0, 1]))

        _, _, _, l0, l1, l2, l3 = given
        place = builder.bitcast(at(given[1], 0), lanes.as_pointer())
        left = builder.load(place, align=8)
        left = builder.fsub(left, builder.fmul(spread((l0, l0, l2, l2)), row(0), flags=may), flags=may)
        left = builder.fsub(left, builder.fmul(spread((l1, l1, l3, l3)), row(2), flags=may), flags=may)
        builder.store(left, place, align=8)
        return context.get_dummy_value()

    return types.void(a, t, q, l0, l1, l2, l3), generate


@njit(inline="always", **FAST)
def eliminate(i: int, w: int, start: Index, diagonal: Index, column: Index, tape: Index, a: Real, x: Real) -> int:
    """Row i, whose own values stand in ``a`` and ``x``: take off what earlier rows leave there, and invert its pivot."""
    x0, x1 = x[i, 0], x[i, 1]
    for p in range(start[i], diagonal[i]):
        k = column[p]
        d = diagonal[k]
        a0, a1, a2, a3 = a[p, 0], a[p, 1], a[p, 2], a[p, 3]
        i0, i1, i2, i3 = a[d, 0], a[d, 1], a[d, 2], a[d, 3]
        l0, l1, l2, l3 = a0 * i0 + a1 * i2, a0 * i1 + a1 * i3, a2 * i0 + a3 * i2, a2 * i1 + a3 * i3
        a[p, 0], a[p, 1], a[p, 2], a[p, 3] = l0, l1, l2, l3
        x0 -= l0 * x[k, 0] + l1 * x[k, 1]
        x1 -= l2 * x[k, 0] + l3 * x[k, 1]
        for q in range(d + 1, start[k + 1]):
            take_off(a, tape[w], q, l0, l1, l2, l3)
            w += 1
    x[i, 0], x[i, 1] = x0, x1
    d = diagonal[i]
    a0, a1, a2, a3 = a[d, 0], a[d, 1], a[d, 2], a[d, 3]
    r = 1.0 / (a0 * a3 - a1 * a2)
    a[d, 0], a[d, 1], a[d, 2], a[d, 3] = a3 * r, -a1 * r, -a2 * r, a0 * r
    return w


@njit(**FAST)
def forward(start: Index, diagonal: Index, column: Index, a: Real, x: Real) -> None:
    """Forward substitution, x ← L⁻¹ x, with factors already there."""
    for i in range(len(diagonal)):
        x0, x1 = x[i, 0], x[i, 1]
        for p in range(start[i], diagonal[i]):
            k = column[p]
            x0 -= a[p, 0] * x[k, 0] + a[p, 1] * x[k, 1]
            x1 -= a[p, 2] * x[k, 0] + a[p, 3] * x[k, 1]
        x[i, 0], x[i, 1] = x0, x1


@njit(**FAST)
def backward(start: Index, diagonal: Index, column: Index, a: Real, x: Real) -> None:
    """Backward substitution, x ← U⁻¹ x; the pivots stand inverted."""
    for i in range(len(diagonal) - 1, -1, -1):
        x0, x1 = x[i, 0], x[i, 1]
        d = diagonal[i]
        for p in range(d + 1, start[i + 1]):
            k = column[p]
            x0 -= a[p, 0] * x[k, 0] + a[p, 1] * x[k, 1]
            x1 -= a[p, 2] * x[k, 0] + a[p, 3] * x[k, 1]
        x[i, 0], x[i, 1] = a[d, 0] * x0 + a[d, 1] * x1, a[d, 2] * x0 + a[d, 3] * x1


@njit(**FAST)
def substituted(start: Index, diagonal: Index, column: Index, a: Real, x: Real) -> None:
    """Many right-hand sides (node, 2, side) at once: x ← U⁻¹ L⁻¹ x."""
    for i in range(len(diagonal)):
        for p in range(start[i], diagonal[i]):
            k = column[p]
            for r in range(x.shape[2]):
                x[i, 0, r] -= a[p, 0] * x[k, 0, r] + a[p, 1] * x[k, 1, r]
                x[i, 1, r] -= a[p, 2] * x[k, 0, r] + a[p, 3] * x[k, 1, r]
    for i in range(len(diagonal) - 1, -1, -1):
        d = diagonal[i]
        for p in range(d + 1, start[i + 1]):
            k = column[p]
            for r in range(x.shape[2]):
                x[i, 0, r] -= a[p, 0] * x[k, 0, r] + a[p, 1] * x[k, 1, r]
                x[i, 1, r] -= a[p, 2] * x[k, 0, r] + a[p, 3] * x[k, 1, r]
        for r in range(x.shape[2]):
            x0, x1 = x[i, 0, r], x[i, 1, r]
            x[i, 0, r], x[i, 1, r] = a[d, 0] * x0 + a[d, 1] * x1, a[d, 2] * x0 + a[d, 3] * x1
