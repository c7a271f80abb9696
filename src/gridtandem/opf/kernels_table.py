"""The table of a bounded simplex that leaves out the rows that do not bind, compiled; for `gridtandem.opf.kernels_curve`, whose names these are.

A table row says how an unknown off its bounds follows from what stands at the columns; ``d`` holds two rows of reduced costs. A row of the matrix
that is not at a bound has no row here: `unfold` writes it when it begins to bind, and `swap` drops it when it ceases to.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gridtandem.tables import Flag, Index, Real

FAST = {"cache": True, "nogil": True, "error_model": "numpy"}
TINY = 1e-11  # below it a table entry is rounding; columns and rows have entries of size 1
EDGE = 1e-11  # by which a bound may be crossed for the sake of a larger pivot
FEASIBLE = 1e-10  # by which the beginning may miss a bound


@njit(**FAST)
def worst(lower: Real, upper: Real, x: Real, s: Real, basic: Index, tight: Flag, size: int) -> tuple[int, float]:
    """Place of the bound missed most (table rows first, then rows outside), and what is short of it."""
    place, most, short = -1, FEASIBLE, 0.0
    for k in range(size):
        miss = max(lower[basic[k]] - x[basic[k]], x[basic[k]] - upper[basic[k]])
        if miss > most:
            place, most, short = k, miss, lower[basic[k]] - x[basic[k]]
    n = len(x)
    for i in range(len(s)):
        miss = max(lower[n + i] - s[i], s[i] - upper[n + i])
        if miss > most and not tight[i]:
            place, most, short = size + i, miss, lower[n + i] - s[i]
    return place, (most if short > 0 else -most)


@njit(**FAST)
def unfold(matrix: Real, i: int, head: Index, basic: Index, table: Real, size: int, n: int) -> None:
    """Row i by what is at a bound, below the table."""
    for c in range(n):
        table[size, c] = matrix[i, head[c]] if head[c] < n else 0.0
    for k in range(size):
        factor = matrix[i, basic[k]]
        if factor != 0.0:
            for c in range(n):
                table[size, c] += factor * table[k, c]


@njit(**FAST)
def enters(row: Real, d: Real, head: Index, side: Index, lower: Real, upper: Real, short: float) -> int:
    """Which unknown the dual simplex takes in: least change of reduced costs, by d₁ first; of equals the largest pivot. −1: none can help."""
    best, first, second, pivot = -1, np.inf, np.inf, 0.0
    largest = 0.0
    for c in range(len(row)):
        largest = max(largest, abs(row[c]))
    for c in range(len(row)):
        size = abs(row[c])
        helps = row[c] * short
        if size <= 1e-9 * largest or upper[head[c]] <= lower[head[c]] or (side[c] < 0 and helps < 0) or (side[c] > 0 and helps > 0):
            continue
        one, two = abs(d[1, c]) / size, (d[0, c] if d[1, c] >= 0 else -d[0, c]) / size
        if abs(d[1, c]) <= TINY:
            one, two = 0.0, abs(d[0, c]) / size
        near = abs(one - first) <= TINY * max(1.0, first)
        tie = near and abs(two - second) <= TINY * max(1.0, abs(second))
        if (tie and size > pivot) or (near and not tie and two < second) or (not near and one < first):
            best, first, second, pivot = c, one, two, size
    return best


@njit(**FAST)
def direction(turned: Real, entering: int, j: int, basic: Index, table: Real, size: int, along: Real) -> None:
    """What all rows change by for one unit of what stands at column j."""
    n = len(turned)
    along[:] = 0.0
    if entering < n:
        along[:] = turned[entering]
    for k in range(size):
        factor = table[k, j]
        if factor != 0.0:
            for i in range(len(along)):
                along[i] += factor * turned[basic[k], i]


@njit(**FAST)
def move(by: float, j: int, x: Real, s: Real, along: Real, head: Index, basic: Index, table: Real, size: int) -> None:
    """A step along column j."""
    if head[j] < len(x):
        x[head[j]] += by
    for k in range(size):
        x[basic[k]] += by * table[k, j]
    for i in range(len(s)):
        s[i] += by * along[i]


@njit(**FAST)
def settle(j: int, x: Real, head: Index, side: Index, lower: Real, upper: Real) -> None:
    """What is at a bound is there to the bit."""
    if head[j] < len(x):
        x[head[j]] = upper[head[j]] if side[j] > 0 else lower[head[j]]


@njit(**FAST)
def swap(row: int, j: int, leaves: int, to: int, head: Index, basic: Index, side: Index, tight: Flag, table: Real, d: Real, size: int) -> int:
    """Pivot: what stands at column j enters, ``leaves`` takes its place at a bound. Rows that enter drop out of the table. The new size."""
    n, enter = len(head), head[j]
    pivot_on(table, d, row, j, max(size, row + 1))
    if leaves >= n:
        tight[leaves - n] = True
    if enter >= n:
        tight[enter - n] = False
    head[j], side[j] = leaves, to
    if enter < n:
        basic[row] = enter
        return max(size, row + 1)
    if row < size:
        size -= 1
        basic[row] = basic[size]
        table[row] = table[size]
    return size


@njit(**FAST)
def pivot_on(table: Real, d: Real, row: int, j: int, size: int) -> None:
    """Solve the row for column j and put it into all others."""
    here, one = table[row], 1.0 / table[row, j]
    for c in range(len(here)):
        here[c] *= -one
    here[j] = one
    for k in range(size):
        if k != row:
            replaced(table[k], here, j)
    replaced(d[0], here, j)
    replaced(d[1], here, j)


@njit(**FAST)
def replaced(row: Real, here: Real, j: int) -> None:
    """A row of the table after the pivot."""
    factor = row[j]
    if factor == 0.0:
        return
    row[j] = 0.0
    for c in range(len(row)):
        row[c] += factor * here[c]


@njit(**FAST)
def blocked(
    way: int, j: int, lower: Real, upper: Real, x: Real, s: Real, along: Real, head: Index, basic: Index, tight: Flag, table: Real, size: int,
    bland: bool,
) -> tuple[float, int]:  # fmt: skip
    """How far column j may go, and what stops it: two passes, of all that stop it within `EDGE` the largest pivot."""
    n, own = len(x), upper[head[j]] - lower[head[j]]
    far = own
    for k in range(size):
        room = to_bound(way * table[k, j], x[basic[k]], lower[basic[k]], upper[basic[k]])
        far = min(far, room + EDGE / max(abs(table[k, j]), TINY))
    for i in range(len(s)):
        if not tight[i]:
            room = to_bound(way * along[i], s[i], lower[n + i], upper[n + i])
            far = min(far, room + EDGE / max(abs(along[i]), TINY))
    if own <= far:
        return own, -1
    place, by, pivot = -1, np.inf, 0.0
    for k in range(size):
        room = to_bound(way * table[k, j], x[basic[k]], lower[basic[k]], upper[basic[k]])
        if room <= far and (abs(table[k, j]) > pivot and not (bland and place >= 0)):
            place, by, pivot = k, room, abs(table[k, j])
    for i in range(len(s)):
        if not tight[i] and abs(along[i]) > pivot and not (bland and place >= 0):
            room = to_bound(way * along[i], s[i], lower[n + i], upper[n + i])
            if room <= far:
                place, by, pivot = size + i, room, abs(along[i])
    return max(by, 0.0), place


@njit(**FAST)
def to_bound(rate: float, value: float, low: float, high: float) -> float:
    """Distance until a value that changes at a rate meets its bound."""
    if rate > TINY:
        return (high - value) / rate
    if rate < -TINY:
        return (low - value) / rate
    return np.inf
