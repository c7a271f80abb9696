r"""The linear pieces of a market's cost, all of them: :math:`V(\theta) = \max_j \pi_j^\top \theta + \delta_j` on a box.

For θ of one number the pieces are steps of price, the residual supply of the market. Two planes that touch V meet in between; where V lies on both,
that is a kink; where V lies above, the plane there is a new piece. For up to three numbers: whatever planes are known have an upper envelope; where V
lies above one of its corners, the plane there is new; where it lies above none, the envelope is V, since V is convex. Each plane comes from prices of
one linear program, so the list is exact to what simplex leaves.

*Sides of the box.* θ stays in the box, V does not end there: at a kink on a side every slope of V on the whole line is a price, those from beyond
too. So pieces are sought a little beyond each side, where the market has an answer there, and those that touch the box belong to the list, as cells
without an inside. A larger box then never costs a leader more. Planes that touch V in a corner or an edge alone (without an inside anywhere) are left
out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.errors import Fault, InvalidCase
from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.follower import Follower, Market, Point
from gridtandem.program.solvers.highs import Highs
from gridtandem.tables import Flag, Index, Real

MOST = 3  # numbers of θ whose cells are listed
USUAL = 256  # cells of several numbers; each excludes each other by a row
EXACT = 1e-10  # relative to the cost: a plane nearer than this is V
TOUCH = 1e-9  # relative to the cost: a plane nearer than this touches V
NEAR = 1e-9  # relative: slopes nearer are one, cells narrower are none
BEYOND = 1e-4  # of max(1, |side|): how far beyond a side V is looked at
SEEN = 12  # digits of the box to which two corners are one


@final
@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Pieces of V that touch a box; those of one number by rising slope."""

    slope: Real  # (cell, number): the price in the cell
    value: Real  # (cell): V = slope · θ + value there
    low: Real  # (number)
    high: Real  # (number)
    asked: int = 0  # programs solved

    @staticmethod
    def steps(breaks: ArrayLike, price: ArrayLike) -> Cells:
        """Of one number, from the prices between breaks; V is counted from 0 at the first break. The first and last step may have no width."""
        x, slope = np.asarray(breaks, np.float64), np.asarray(price, np.float64)
        if faults := list(_step_faults(x, slope)):
            raise InvalidCase(faults)
        first = np.append(True, np.diff(slope) > NEAR * np.maximum(1.0, np.abs(slope[1:])))  # steps of one price are one
        x, slope = np.append(x[:-1][first], x[-1]), slope[first]
        cost = np.concatenate([[0.0], np.cumsum(slope * np.diff(x))[:-1]])
        return Cells(slope[:, None], cost - slope * x[:-1], x[:1], x[-1:])

    @property
    def size(self) -> int:
        """How many numbers θ has."""
        return len(self.low)

    @property
    def breaks(self) -> Real:
        """Where the price changes, with both ends; of one number only."""
        slope = self.slope[:, 0]
        return np.concatenate([self.low, np.clip(np.diff(-self.value) / np.diff(slope), self.low, self.high), self.high])

    def at(self, theta: Real) -> Real:
        """V at θ (…, number)."""
        return np.asarray((theta @ self.slope.T + self.value).max(-1))

    def touching(self, theta: Real, *, within: float = TOUCH) -> Flag:
        """Cells (…, cell) that θ lies in, edges included, to a relative error of V."""
        planes = theta @ self.slope.T + self.value
        most = planes.max(-1, keepdims=True)
        return np.asarray(planes >= most - within * np.maximum(1.0, np.abs(most)))


def cells_of(follower: Follower, low: ArrayLike, high: ArrayLike, *, most: int = USUAL, numbers: int = MOST) -> Cells:
    """All pieces that touch a box of θ; sides that are equal hold a number fixed. More than ``most`` of several numbers are refused."""
    low, high = np.atleast_1d(np.asarray(low, np.float64)), np.atleast_1d(np.asarray(high, np.float64))
    if faults := [*follower.faults(), *_box_faults(follower, low, high, numbers)]:
        raise InvalidCase(faults)
    market = Market(follower, (low + high) / 2)
    step = BEYOND * np.maximum(1.0, np.maximum(np.abs(low), np.abs(high)))
    try:
        points = _pieces(market, low - step, high + step, most)
    except InvalidCase:
        points = _pieces(market, *_reached(market, low, high, step), most)
    slope = np.array([p.price for p in points])
    value = np.array([p.value - p.price @ p.theta for p in points])
    order = np.lexsort(slope.T[::-1])
    slope, value = slope[order], value[order]
    below = _below(slope, value, low, high)
    kept = below <= TOUCH * max(1.0, float(np.abs((np.array([low, high]) @ slope.T + value).max(-1)).max()))
    return Cells(slope[kept], (value + below)[kept], low, high, market.asked)


def _step_faults(breaks: Real, price: Real) -> Iterator[Fault]:
    if breaks.shape != (len(price) + 1,) or not len(price) or not (np.isfinite(breaks).all() and np.isfinite(price).all()):
        what = f"have {len(price)} prices between {len(breaks)} breaks, all of them numbers"
        yield Fault("cells", what, "give a finite price between each two breaks", "bilevel-013")
        return
    width = np.diff(breaks)
    back = width < (0.0 if len(price) > 1 else -NEAR)
    back[1:-1] |= width[1:-1] == 0.0  # at the sides a step may touch in a point: a kink
    fall = np.append(False, np.diff(price) < -NEAR * np.maximum(1.0, np.abs(price[1:])))
    if (back | fall).any():
        where = int(np.argmax(back | fall))
        yield Fault("cells", "have breaks or prices that fall", "a market's price rises with what is drawn from it", "bilevel-014", row=where)


def _box_faults(follower: Follower, low: Real, high: Real, most: int) -> Iterator[Fault]:
    size = follower.size
    if not low.shape == high.shape == (size,) or not (np.isfinite(low) & np.isfinite(high) & (low <= high)).all():
        yield Fault("cells", f"are asked for on no box of {size} numbers", "give finite sides, low at most high", "bilevel-010")
    elif size > most:
        mend = "take a method of optimality conditions, kkt-sos1 or kkt-bigm"
        yield Fault("cells", f"are listed for θ of up to {most} numbers; here are {size}", mend, "bilevel-011")


def _pieces(market: Market, low: Real, high: Real, most: int) -> list[Point]:
    """Those with an inside on this box."""
    free = np.flatnonzero(high - low > NEAR * np.maximum(1.0, np.abs(low)))
    if len(free) == 0:
        return [market.point((low + high) / 2)]
    return _line(market, low, high, int(free[0])) if len(free) == 1 else _solid(market, low, high, free, most)


def _reached(market: Market, low: Real, high: Real, step: Real) -> tuple[Real, Real]:
    """The box, wider by a step on each side beyond which the market has answers."""
    low, high = low.copy(), high.copy()
    for k, sign in product(range(len(low)), (-1.0, 1.0)):
        wide = (low.copy(), high.copy())
        wide[int(sign > 0)][k] += sign * step[k]
        with suppress(InvalidCase):
            for corner in product(*zip(*wide, strict=True)):
                market.answer(np.array(corner))
            low, high = wide
    return low, high


def _below(slope: Real, value: Real, low: Real, high: Real) -> Real:
    """How far each plane stays below V all over a box, V being the largest of them: 0 where it touches."""
    if len(low) == 1:
        planes = np.array([low, high]) @ slope.T + value  # (side, plane)
        gap = planes.max(1, keepdims=True) - planes
        order = np.arange(len(value))
        inner = (order > gap[0].argmin()) & (order < gap[1].argmin())
        return np.asarray(np.where(inner, 0.0, gap.min(0)))
    middle = float(((low + high) / 2 @ slope.T + value).max())
    columns = {"theta": Columns.of(len(low), low, high), "v": Columns.of(1)}
    above = Rows.of(len(value), value - middle, np.inf, {"v": np.ones((len(value), 1)), "theta": -slope})
    held = Highs().hold(Program(columns, {"above": above}))
    least = [held.solve(cost={"theta": -s, "v": 1.0}).require().cost for s in slope]
    return np.maximum(np.array(least) - (value - middle), 0.0)


def _line(market: Market, low: Real, high: Real, k: int) -> list[Point]:
    """Pieces along one coordinate, from left to right."""
    first, last = market.point(low), market.point(high)
    known, left = [first, last], [(first, last)]
    while left:
        a, b = left.pop()
        if _same(a, b, k):
            continue
        here = a.value - a.price[k] * a.theta[k] - (b.value - b.price[k] * b.theta[k])
        theta = low.copy()
        theta[k] = np.clip(here / (b.price[k] - a.price[k]), a.theta[k], b.theta[k])
        m = market.point(theta)
        if m.value - (a.value + a.price[k] * (theta[k] - a.theta[k])) > _noise(m.value) and not _same(a, m, k) and not _same(m, b, k):
            known.append(m)
            left += [(a, m), (m, b)]
    return _wide(sorted(known, key=lambda p: (float(p.price[k]), float(p.theta[k]))), low[k], high[k], k)


def _wide(points: list[Point], low: float, high: float, k: int) -> list[Point]:
    """Of planes by rising slope, those that are V on more than a point."""
    narrow = NEAR * max(1.0, high - low)
    kept: list[Point] = []
    begins: list[float] = []
    for p in points:
        if kept and _same(kept[-1], p, k):
            continue
        begin = low
        while kept:
            q = kept[-1]
            begin = (q.value - q.price[k] * q.theta[k] - p.value + p.price[k] * p.theta[k]) / (p.price[k] - q.price[k])
            if begin > begins[-1] + narrow:
                break
            kept.pop()
            begins.pop()
            begin = low
        if begin < high - narrow:
            kept.append(p)
            begins.append(begin)
    return kept


def _same(a: Point, b: Point, k: int) -> bool:
    return bool(abs(b.price[k] - a.price[k]) <= NEAR * max(1.0, abs(a.price[k]), abs(b.price[k])))


def _noise(value: float) -> float:
    return EXACT * max(1.0, abs(value))


def _solid(market: Market, low: Real, high: Real, free: Index, most: int) -> list[Point]:
    """Pieces over two or three coordinates: corners of the envelope until V lies above none."""
    d, width = len(free), (high - low)[free]
    known: list[Point] = []
    slope, value = np.zeros((0, d)), np.zeros(0)  # of the known planes over the unit box
    seen: set[tuple[float, ...]] = set()
    corners = np.array(list(product((0.0, 1.0), repeat=d)))
    while True:
        before = len(known)
        for y in corners:
            key = tuple(np.round(y, SEEN).tolist())
            if key in seen:
                continue
            seen.add(key)
            theta = low.copy()
            theta[free] += y * width
            p = market.point(theta)
            if p.value - (slope @ y + value).max(initial=-np.inf) > _noise(p.value):
                known.append(p)
                slope = np.vstack([slope, p.price[free] * width])
                value = np.append(value, p.value + p.price @ (low - p.theta))
        if len(known) > 2 * most:
            break
        corners = _corners(slope, value)
        if len(known) == before:
            found = [p for p, is_solid in zip(known, solid(slope, value, corners), strict=True) if is_solid]
            if len(found) > most:
                break
            return found
    mend = "narrow the box, take a method of optimality conditions (kkt-sos1, kkt-bigm), or allow more"
    raise InvalidCase([Fault("cells", f"are more than {most} on this box", mend, "bilevel-012")])


def corners_of(cells: Cells) -> Real:
    """Corners (corner, number) of all cells."""
    if cells.size == 1:
        return cells.breaks[:, None]
    width = cells.high - cells.low
    found = _corners(cells.slope * width, cells.value + cells.slope @ cells.low)
    return cells.low + np.unique(np.round(found, SEEN), axis=0) * width


def _corners(slope: Real, value: Real) -> Real:
    """Corners (corner, coordinate) of max(slope · y + value) over the unit box."""
    from scipy.spatial import HalfspaceIntersection

    d = slope.shape[1]
    box = np.array(list(product((0.0, 1.0), repeat=d)))
    heights = (box @ slope.T + value).max(1)
    middle = float((slope @ np.full(d, 0.5) + value).max())
    scale = max(float(heights.max()) - min(float(value.min()), middle), 1e-9 * max(1.0, abs(middle)))
    planes = np.column_stack([slope / scale, -np.ones(len(slope)), (value - middle) / scale])
    sides = np.vstack([np.column_stack([s * np.eye(d), np.zeros(d), np.full(d, c)]) for s, c in ((-1.0, 0.0), (1.0, -1.0))])
    roof = (float(heights.max()) - middle) / scale + 1.0
    lid = np.append(np.zeros(d), [1.0, -roof])
    found = HalfspaceIntersection(np.vstack([planes, sides, lid]), np.append(np.full(d, 0.5), roof / 2)).intersections
    return np.clip(found[np.isfinite(found).all(1) & (found[:, d] < roof - 1e-6), :d], 0.0, 1.0)


def solid(slope: Real, value: Real, corners: Real) -> Flag:
    """Planes that are the envelope at corners that do not lie in one plane."""
    planes = corners @ slope.T + value
    most = planes.max(1, keepdims=True)
    on = planes >= most - 1e-9 * np.maximum(1.0, np.abs(most))
    spread = [corners[touched] - corners[touched].mean(0) if touched.any() else np.zeros((1, slope.shape[1])) for touched in on.T]
    return np.array([np.linalg.matrix_rank(s, tol=1e-7) == slope.shape[1] for s in spread])
