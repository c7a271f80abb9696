r"""Factors of a symmetric, indefinite matrix of small dense blocks, compiled; for `gridtandem.program.blocks`.

Groups of unknowns are eliminated in a given order with their diagonal blocks as pivots; within a block rows are exchanged. With
:math:`D_j` the block as it stands when its turn comes,

.. math:: X_{kj} = A_{kj} D_j^{-1}, \qquad A_{ki} \leftarrow A_{ki} - X_{kj} A_{ij}^\top \quad (k \ge i > j),

.. math:: y_k \leftarrow y_k - X_{kj} y_j, \qquad z_j = D_j^{-1} y_j - \sum_{k > j} X_{kj}^\top z_k .

Numbers lie block by block, each by rows: the diagonal block of a group, then those below it. No pivot is sought beyond a group: who calls checks
what comes out, and somebody else steps in where that is bad.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gridtandem.tables import Index, Real

FAST = {
    "cache": True,
    "no_cfunc_wrapper": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract"},
}  # contract: one rounding per a·b + c, always
FLAT = 1e-30  # a pivot as small as this is none


@njit(**FAST)
def ascending(row: Index, begin: int, end: int) -> None:
    """Sorts a few numbers where they lie."""
    for p in range(begin + 1, end):
        k, q = row[p], p - 1
        while q >= begin and row[q] > k:
            row[q + 1] = row[q]
            q -= 1
        row[q + 1] = k


@njit(**FAST)
def columns(pointer: Index, neighbour: Index) -> tuple[Index, Index]:
    """Groups below each group in the factors, ascending: its own neighbours, and what those before it leave to it."""
    n = len(pointer) - 1
    start, row = np.zeros(n + 1, np.int64), np.empty(2 * len(neighbour) + n, np.int64)
    mark, child, sibling = np.full(n, -1), np.full(n, -1), np.full(n, -1)
    for j in range(n):
        at = start[j]
        if at + n > len(row):
            longer = np.empty(2 * len(row) + n, np.int64)
            longer[:at] = row[:at]
            row = longer
        mark[j] = j
        for p in range(pointer[j], pointer[j + 1]):
            k = neighbour[p]
            if k > j and mark[k] != j:
                mark[k] = j
                row[at] = k
                at += 1
        c = child[j]
        while c >= 0:
            for p in range(start[c], start[c + 1]):
                k = row[p]
                if mark[k] != j:
                    mark[k] = j
                    row[at] = k
                    at += 1
            c = sibling[c]
        ascending(row, start[j], at)
        start[j + 1] = at
        if at > start[j]:
            sibling[j] = child[row[start[j]]]
            child[row[start[j]]] = j
    return start, row[: start[n]].copy()


@njit(**FAST)
def laid(start: Index, row: Index, size: Index) -> tuple[Index, Index, Index]:
    """Where each diagonal block and each block below begins among the numbers, and where products of each step go, in the order they come."""
    n = len(size)
    own, below, length, at = np.empty(n + 1, np.int64), np.empty(len(row), np.int64), 0, 0
    for j in range(n):
        own[j] = at
        at += size[j] * size[j]
        for p in range(start[j], start[j + 1]):
            below[p] = at
            at += size[row[p]] * size[j]
        many = start[j + 1] - start[j]
        length += many * (many + 1) // 2
    own[n] = at
    tape, w = np.empty(length, np.int64), 0
    for j in range(n):
        for p in range(start[j], start[j + 1]):
            i = row[p]
            tape[w] = own[i]
            w += 1
            q = start[i]
            for r in range(p + 1, start[j + 1]):
                while row[q] != row[r]:
                    q += 1
                tape[w] = below[q]
                w += 1
    return own, below, tape


@njit(**FAST)
def inverted(a: Real, n: int, swap: Index) -> bool:
    """The inverse of a block in its place (Gauss-Jordan, rows exchanged); False where there is none."""
    for c in range(n):
        best, most = c, abs(a[c * n + c])
        for r in range(c + 1, n):
            if abs(a[r * n + c]) > most:
                best, most = r, abs(a[r * n + c])
        if not most > FLAT:
            return False
        swap[c] = best
        if best != c:
            for k in range(n):
                a[c * n + k], a[best * n + k] = a[best * n + k], a[c * n + k]
        turn = 1.0 / a[c * n + c]
        a[c * n + c] = 1.0
        for k in range(n):
            a[c * n + k] *= turn
        for r in range(n):
            if r != c:
                by = a[r * n + c]
                if by != 0.0:
                    a[r * n + c] = 0.0
                    for k in range(n):
                        a[r * n + k] -= by * a[c * n + k]
    for c in range(n - 1, -1, -1):
        if swap[c] != c:
            for r in range(n):
                a[r * n + c], a[r * n + swap[c]] = a[r * n + swap[c]], a[r * n + c]
    return True


@njit(**FAST)
def times_4(a: Real, b: Real, out: Real) -> None:
    """out = a b, of 4 x 4."""
    for r in range(4):
        for c in range(4):
            out[4 * r + c] = a[4 * r] * b[c] + a[4 * r + 1] * b[4 + c] + a[4 * r + 2] * b[8 + c] + a[4 * r + 3] * b[12 + c]


@njit(**FAST)
def less_4(a: Real, b: Real, out: Real) -> None:
    """Takes a b from out, of 4 x 4."""
    for r in range(4):
        for c in range(4):
            out[4 * r + c] -= a[4 * r] * b[c] + a[4 * r + 1] * b[4 + c] + a[4 * r + 2] * b[8 + c] + a[4 * r + 3] * b[12 + c]


@njit(**FAST)
def scaled(own: Real, block: Real, turned: Real, n: int, m: int) -> None:
    """Keeps a block (m x n) transposed, and puts X in its place."""
    for a in range(m):
        for k in range(n):
            turned[k * m + a] = block[a * n + k]
    if n == 4 and m == 4:
        times = np.empty(16)
        times_4(block, own, times)
        for k in range(16):
            block[k] = times[k]
        return
    for a in range(m):
        for c in range(n):
            total = 0.0
            for k in range(n):
                total += turned[k * m + a] * own[k * n + c]
            block[a * n + c] = total


@njit(**FAST)
def eliminated(size: Index, start: Index, row: Index, own: Index, below: Index, tape: Index, data: Real) -> int:
    """Puts the factors in the place of the numbers; −1, or the group whose block has no inverse."""
    widest, longest = 0, 0
    for j in range(len(size)):
        widest = max(widest, size[j])
        total = 0
        for p in range(start[j], start[j + 1]):
            total += size[row[p]]
        longest = max(longest, total * size[j])
    turned, swap, w = np.empty(longest), np.empty(widest, np.int64), 0
    for j in range(len(size)):
        n, here = size[j], data[own[j] : own[j + 1]]
        if not inverted(here, n, swap):
            return j
        at = 0
        for p in range(start[j], start[j + 1]):
            m = size[row[p]]
            scaled(here, data[below[p] :], turned[at:], n, m)
            at += n * m
        at = 0
        for p in range(start[j], start[j + 1]):
            m, b = size[row[p]], turned[at:]
            at += n * m
            for q in range(p, start[j + 1]):
                k, a, out = size[row[q]], data[below[q] :], data[tape[w] :]
                w += 1
                if n == 4 and m == 4 and k == 4:
                    less_4(a, b, out)
                else:
                    for r in range(k):
                        for s in range(n):
                            by = a[r * n + s]
                            for c in range(m):
                                out[r * m + c] -= by * b[s * m + c]
    return -1


@njit(**FAST)
def substituted(size: Index, first: Index, start: Index, row: Index, own: Index, below: Index, data: Real, at: Index, right: Real, out: Real) -> None:
    """The answer, in the order of the right-hand side: unknown k is at ``at[k]`` in the order of groups, whose numbers begin at ``first``."""
    x = np.empty(len(at))
    for k in range(len(at)):
        x[at[k]] = right[k]
    for j in range(len(size)):
        n, f = size[j], first[j]
        for p in range(start[j], start[j + 1]):
            m, g, b = size[row[p]], first[row[p]], below[p]
            for a in range(m):
                total = 0.0
                for k in range(n):
                    total += data[b + a * n + k] * x[f + k]
                x[g + a] -= total
    y = np.empty(size.max())
    for j in range(len(size) - 1, -1, -1):
        n, f, o = size[j], first[j], own[j]
        for a in range(n):
            total = 0.0
            for k in range(n):
                total += data[o + a * n + k] * x[f + k]
            y[a] = total
        for p in range(start[j], start[j + 1]):
            m, g, b = size[row[p]], first[row[p]], below[p]
            for a in range(m):
                z = x[g + a]
                for k in range(n):
                    y[k] -= data[b + a * n + k] * z
        for a in range(n):
            x[f + a] = y[a]
    for k in range(len(at)):
        out[k] = x[at[k]]
