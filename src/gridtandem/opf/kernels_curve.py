r"""The exact cost of a feeder by its export, walked from end to end by a parametric simplex, compiled.

.. math:: V(e) = \min_x c^\top x \;\text{s.t.}\; a^\top x = e,\; \underline s \le A x \le \overline s,\; \underline x \le x \le \overline x

At a price λ the feeder minimises :math:`c^\top x - \lambda a^\top x`. A basis that is optimal there stays so until a reduced cost
:math:`d_0 - \lambda d_1` changes its sign: that unknown enters, export grows at the slope λ, and so on to the other end. Every vertex of the curve
is met once, in order. The beginning is the basis for λ → −∞ (order: :math:`d_1` first, then :math:`d_0`), mended by a dual simplex that flips
bounds on its way.

Rows stay out of the table until they bind: it has one row for each unknown off its bounds, at most as many as there are unknowns. An entry of a row
outside is computed when needed.

Degenerate steps: of prices that are equal, and of unknowns and rows that block at once, the largest pivot goes first; after `STILL` steps without
progress the lowest number (Bland). A walk that takes too long or meets a pivot of no size says so and is thrown away by the caller.

Every point is certified from the numbers given, not from the table: rows and bounds at the point, and from the multipliers y of the rows that bind

.. math:: V(e) - \lambda e \ge \sum_j \min_{x_j} (c - \lambda a - A^\top y)_j x_j + \sum_i \min_{s_i} y_i s_i

for both ends of each segment at its slope λ. What is left between the two sides is the error of the curve there.

Names: a *number* j < n is an unknown, n + i is row i; `head` holds those at a bound, `basic` those unknowns that are not; `side` is −1 at the lower
bound, 1 at the upper, 0 where there is none.

Source: S. Gass and T. Saaty, "The computational algorithm for the parametric objective function", Naval Research Logistics Quarterly 2, 1955.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gridtandem.opf.kernels_table import FAST, TINY, blocked, direction, enters, move, settle, swap, unfold, worst
from gridtandem.tables import Code, Flag, Index, Real

DONE, INFEASIBLE, LOST = 0, 1, 2
STILL = 40  # steps without progress before Bland's rule
SAME = 1e-7  # relative; slopes that close are one segment
NEAR = 1e-9  # MW; points that close are one


@njit(**FAST)
def walk_all(
    matrix: Real, turned: Real, give: Real, cost: Real, low: Real, high: Real, row_low: Real, row_high: Real,
    export: Real, value: Real, count: Index, gap: Real, miss: Real, status: Code, steps: Index,
) -> None:  # fmt: skip
    """Curves of all periods of a feeder: arrays (period, unknown), (period, row); points go to (period, point)."""
    m, n = matrix.shape
    table, d = np.empty((n + 1, n)), np.empty((2, n))
    x, s, along = np.empty(n), np.empty(m), np.empty(m)
    head, basic, side, tight = np.empty(n, np.int64), np.empty(n + 1, np.int64), np.empty(n, np.int64), np.empty(m, np.bool_)
    lower, upper = np.empty(n + m), np.empty(n + m)
    for t in range(len(low)):
        lower[:n], lower[n:], upper[:n], upper[n:] = low[t], row_low[t], high[t], row_high[t]
        status[t] = begin(turned, give, cost[t], lower, upper, x, s, head, side, tight, d)
        if status[t] == DONE:
            size, status[t], steps[t] = mend(matrix, turned, lower, upper, x, s, along, head, basic, side, tight, table, d)
        if status[t] == DONE:
            count[t], gap[t], miss[t], status[t], more = walk(
                matrix, turned, give, cost[t], lower, upper, x, s, along, head, basic, side, tight, table, d, size, export[t], value[t]
            )
            steps[t] += more


@njit(**FAST)
def begin(turned: Real, give: Real, cost: Real, lower: Real, upper: Real, x: Real, s: Real, head: Index, side: Index, tight: Flag, d: Real) -> int:
    """Every unknown at the bound that is best when export is worth minus infinity."""
    tight[:] = False
    s[:] = 0.0
    for j in range(len(give)):
        head[j], d[0, j], d[1, j] = j, cost[j], give[j]
        up = give[j] < -TINY or (abs(give[j]) <= TINY and cost[j] < 0.0)
        idle = abs(give[j]) <= TINY and cost[j] == 0.0
        if idle and not np.isfinite(lower[j]):
            up = np.isfinite(upper[j])
        wanted = upper[j] if up else lower[j]
        if not np.isfinite(wanted):
            if not idle:
                return LOST
            side[j], x[j] = 0, 0.0
        else:
            side[j], x[j] = (1 if up else -1), wanted
        for i in range(len(s)):
            s[i] += turned[j, i] * x[j]
    return DONE


@njit(**FAST)
def mend(
    matrix: Real, turned: Real, lower: Real, upper: Real, x: Real, s: Real, along: Real, head: Index, basic: Index, side: Index, tight: Flag,
    table: Real, d: Real,
) -> tuple[int, int, int]:  # fmt: skip
    """Dual simplex to a basis that keeps all bounds: its size, how it went, steps."""
    n, size = len(x), 0
    limit = 100 + 10 * (n + len(s))
    for step in range(limit):
        place, short = worst(lower, upper, x, s, basic, tight, size)
        if place < 0:
            return size, DONE, step
        if place >= size:
            unfold(matrix, place - size, head, basic, table, size, n)
        row = min(place, size)
        bound = lower if short > 0 else upper
        leaves = n + place - size if place >= size else basic[place]
        value = s[place - size] if place >= size else x[leaves]
        j = enters(table[row], d, head, side, lower, upper, short)
        while j >= 0 and abs(table[row, j]) * (upper[head[j]] - lower[head[j]]) < abs(bound[leaves] - value):
            flip = -side[j] * (upper[head[j]] - lower[head[j]])
            direction(turned, head[j], j, basic, table, size, along)
            value += table[row, j] * flip
            move(flip, j, x, s, along, head, basic, table, size)
            side[j] = -side[j]
            settle(j, x, head, side, lower, upper)
            j = enters(table[row], d, head, side, lower, upper, bound[leaves] - value)
        if j < 0:
            return size, INFEASIBLE, step
        direction(turned, head[j], j, basic, table, size, along)
        move((bound[leaves] - value) / table[row, j], j, x, s, along, head, basic, table, size)
        size = swap(row, j, leaves, 1 if short < 0 else -1, head, basic, side, tight, table, d, size)
        settle(j, x, head, side, lower, upper)
    return size, LOST, limit


@njit(**FAST)
def walk(
    matrix: Real, turned: Real, give: Real, cost: Real, lower: Real, upper: Real, x: Real, s: Real, along: Real, head: Index, basic: Index,
    side: Index, tight: Flag, table: Real, d: Real, size: int, export: Real, value: Real,
) -> tuple[int, float, float, int, int]:  # fmt: skip
    """From the least to the most export: points, largest error, largest miss of a bound, how it went, steps."""
    n, price, points, run, still = len(x), -np.inf, 1, -np.inf, 0
    export[0], value[0] = told(give, cost, x)
    miss = missed(matrix, lower, upper, x)
    gap = left_over(matrix, give, cost, lower, upper, head, d, 0.0, -1.0, export[0], 0.0)
    limit = 100 + 20 * (n + len(s))
    for step in range(limit):
        j, price = next_price(head, side, lower, upper, d, price, still > STILL)
        if j < 0:
            e, v = told(give, cost, x)
            gap = max(gap, left_over(matrix, give, cost, lower, upper, head, d, 0.0, 1.0, e, 0.0))
            if points == 1:
                gap = max(gap, left_over(matrix, give, cost, lower, upper, head, d, 1.0, price if np.isfinite(price) else 0.0, e, v))
            return points, gap, miss, DONE, step
        way = -side[j] if side[j] != 0 else (1 if d[1, j] > 0 else -1)
        direction(turned, head[j], j, basic, table, size, along)
        by, place = blocked(way, j, lower, upper, x, s, along, head, basic, tight, table, size, still > STILL)
        if not np.isfinite(by) or not np.isfinite(price):
            return points, gap, miss, LOST, step
        move(way * by, j, x, s, along, head, basic, table, size)
        still = still + 1 if by <= TINY else 0
        if by * abs(d[1, j]) > 0.0:
            e, v = told(give, cost, x)
            if e - export[points - 1] > NEAR:
                rest = left_over(matrix, give, cost, lower, upper, head, d, 1.0, price, e, v)
                slack = value[points - 1] - v - price * (export[points - 1] - e)  # what the other end lies above this one at this price
                gap, miss = max(gap, rest + max(slack, 0.0) / max(1.0, abs(v))), max(miss, missed(matrix, lower, upper, x))
                if points < 2 or price - run > SAME * max(1.0, abs(run)):
                    if points == len(export):
                        return points, gap, miss, LOST, step
                    points, run = points + 1, price
                export[points - 1], value[points - 1] = e, v
        size = turn(place, way, j, matrix, x, lower, upper, along, head, basic, side, tight, table, d, size)
    return points, gap, miss, LOST, limit


@njit(**FAST)
def turn(
    place: int, way: int, j: int, matrix: Real, x: Real, lower: Real, upper: Real, along: Real, head: Index, basic: Index, side: Index,
    tight: Flag, table: Real, d: Real, size: int,
) -> int:  # fmt: skip
    """The basis after a step that ended at ``place``: −1 is the other bound of what moved. The new size of the table."""
    if place < 0:
        side[j] = way
    elif place < size:
        to = 1 if table[place, j] * way > 0 else -1
        size = swap(place, j, basic[place], to, head, basic, side, tight, table, d, size)
    else:
        i = place - size
        unfold(matrix, i, head, basic, table, size, len(x))
        size = swap(size, j, len(x) + i, 1 if along[i] * way > 0 else -1, head, basic, side, tight, table, d, size)
    settle(j, x, head, side, lower, upper)
    return size


@njit(**FAST)
def next_price(head: Index, side: Index, lower: Real, upper: Real, d: Real, price: float, bland: bool) -> tuple[int, float]:
    """Which unknown turns next, and at what price; of equals the one that gives most, or the lowest number. −1: none; export is at its most."""
    best, least = -1, np.inf
    for c in range(len(head)):
        if d[1, c] * side[c] >= -TINY and not (side[c] == 0 and abs(d[1, c]) > TINY):
            continue
        if upper[head[c]] <= lower[head[c]]:
            continue
        at = max(d[0, c] / d[1, c], price) if side[c] != 0 else price
        tie = best >= 0 and abs(at - least) <= TINY * max(1.0, abs(least))
        first = tie and (head[c] < head[best] if bland else abs(d[1, c]) > abs(d[1, best]))
        if first or (not tie and at < least):
            best, least = c, at
    return (best, least) if best >= 0 else (-1, price)


@njit(**FAST)
def told(give: Real, cost: Real, x: Real) -> tuple[float, float]:
    """Export and cost."""
    e, v = 0.0, 0.0
    for j in range(len(x)):
        e += give[j] * x[j]
        v += cost[j] * x[j]
    return e, v


@njit(**FAST, fastmath={"reassoc", "nsz"})  # sums in any order: a check, no result
def missed(matrix: Real, lower: Real, upper: Real, x: Real) -> float:
    """By how much the worst bound is missed, from the numbers given."""
    n, most = len(x), 0.0
    for j in range(n):
        most = max(most, lower[j] - x[j], x[j] - upper[j])
    for i in range(len(matrix)):
        value = 0.0
        for j in range(n):
            value += matrix[i, j] * x[j]
        most = max(most, lower[n + i] - value, value - upper[n + i])
    return most


@njit(**FAST)
def left_over(
    matrix: Real, give: Real, cost: Real, lower: Real, upper: Real, head: Index, d: Real, weigh: float, price: float, e: float, v: float
) -> float:
    """What a point's weigh·V − price·e lies above its bound by weak duality, relative to its size and at least 1; `weigh` 0 is for the ends."""
    n, bound, g = len(give), 0.0, weigh * cost - price * give
    size = max(1.0, abs(v) + abs(price * e))
    for c in range(len(head)):
        i = head[c] - n
        if i >= 0:
            y = weigh * d[0, c] - price * d[1, c]
            for j in range(n):
                g[j] -= y * matrix[i, j]
            bound += least(y, lower[n + i], upper[n + i], size)
    for j in range(n):
        bound += least(g[j], lower[j], upper[j], size)
    return (weigh * v - price * e - bound) / size


@njit(**FAST)
def least(factor: float, low: float, high: float, size: float) -> float:
    """The least of factor · x between bounds; a factor that is rounding counts as nothing where a bound is missing."""
    bound = low if factor > 0 else high
    if not np.isfinite(bound):
        return 0.0 if abs(factor) <= NEAR * size else -np.inf
    return factor * bound
