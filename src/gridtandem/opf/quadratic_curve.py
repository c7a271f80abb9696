r"""The exact cost of a feeder with quadratic costs, by its exchange: pieces of parabolas, found in the price domain.

With export x and cost V(x) the graph of :math:`V'` rises: sloped where costs are quadratic, flat where they are linear, upright at a kink. Turned by
45° it becomes a function: for every s the program

.. math:: \min_u f(u) + \tfrac\rho2 (x(u) - s)^2

has one x, the price there is :math:`\lambda = \rho (s - x)`, and x(s) is continuous and piecewise affine whether or not f bends in every unknown.
Between two answers a and b all is affine if and only if both

.. math:: g_{ab} = \nabla f(u_a)^\top (u_b - u_a) - \lambda_a (x_b - x_a), \qquad g_{ba} \text{ likewise}

are zero: they are the multipliers of a times the slacks of b (stationarity of a says so; no multiplier is needed), and where they are zero every
point between a and b is optimal at the price between. In general the cost along the way from a to b lies above V by at most
:math:`\tfrac14 (g_{ab} + g_{ba})`, which certifies what is left over. A stretch that is not affine is halved; where both neighbours are lines, it is
parted where they meet.

Source of the turned graph: G. J. Minty, "Monotone (nonlinear) operators in Hilbert space", Duke Math. J. 29(3), 1962.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias, final

import numpy as np

from gridtandem.opf.value_curve import Curve, Point
from gridtandem.program.arrays import Program, flat
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.tables import Real

CERTAIN = 1e-10  # of the cost: what misses less is rounding of interior points
NEAR = 1e-7  # of the range: an end is reached; interior points find no better
SAME = 1e-9  # of a power, or 1 MW: no step is narrower
NARROW = 1e-9  # of the search: no stretch is parted further
FAR = 60  # doublings of the price until an end is reached
SLIVER = 1e-5  # of the range: steps that rounding can have made
SHARP = Clarabel(tolerance=1e-13)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """One answer: where it was asked, export, price, cost per hour, and gradient of the cost by all unknowns u."""

    s: float
    x: float
    price: float
    cost: float
    u: Real
    slope: Real

    def above(self, other: Answered) -> float:
        """How much the other misses being optimal at this price. [currency/h]"""
        return float(self.slope @ (other.u - self.u)) - self.price * (other.x - self.x)


Ask: TypeAlias = Callable[[float], Answered]
Floats: TypeAlias = list[float]


def error_between(a: Answered, b: Answered) -> float:
    """Largest error of the parabola from one to the other. [currency/h]"""
    return max(a.above(b) + b.above(a), 0.0) / 4


def bent(program: Program, ends: tuple[Point, Point], *, hours: float, tol: float = 0.0) -> Curve:
    """The curve of a program with block ``z`` (one import) between two ends that are known. ``tol`` is the error accepted, in currency per hour."""
    span = ends[1].x - ends[0].x
    if span <= NEAR * max(1.0, abs(ends[0].x), abs(ends[1].x)):
        return Curve((ends[0],), 0.0, 0)
    weight = max(_prices(program) / hours / span, 1e-3)
    asked, ask = _asking(program, weight, hours)
    near, scale = NEAR * span, max(1.0, *(abs(p.cost) for p in ends))
    low = _end(ask, ends[0].x, near, -weight * span, weight)
    high = _end(ask, ends[1].x, near, weight * span, weight)
    found = _parted(ask, low, high, max(tol, CERTAIN * scale))
    return _curve(found, ends, len(asked))


def _prices(program: Program) -> float:
    """How far apart marginal costs lie, by what single unknowns cost."""
    parts = [np.stack([c.cost.ravel(), (c.cost + c.quadratic * np.where(np.isfinite(c.high), c.high, 0.0)).ravel()])
             for k, c in program.columns.items() if k != "z" and c.cost.size]  # fmt: skip
    return float(np.max(np.abs(np.concatenate(parts, axis=1)), initial=1.0))


def _asking(program: Program, weight: float, hours: float) -> tuple[list[float], Ask]:
    """The question, held by a solver; and a list of all that were asked."""
    turned = replace(program, columns={**program.columns, "z": replace(program.columns["z"], quadratic=np.array([weight * hours]))})
    held, asked = SHARP.hold(turned), list[float]()
    cost, bend = flat(program.columns, "cost"), flat(program.columns, "quadratic")

    def ask(s: float) -> Answered:
        asked.append(s)
        answer = held.solve(cost={"z": np.array([weight * s * hours])})
        if answer.status.name != "SOLVED":
            answer = Clarabel().hold(turned).solve(cost={"z": np.array([weight * s * hours])})
        found = answer.require()
        u = np.concatenate([found.x[k].ravel() for k in program.columns])
        x = -float(found.x["z"][0])
        total = float(cost @ u + 0.5 * bend @ u**2 + program.constant) / hours
        return Answered(s, x, weight * (s - x), total, u, (cost + bend * u) / hours)

    return asked, ask


def _end(ask: Ask, x: float, near: float, price: float, weight: float) -> Answered:
    """An answer at an end of the range, at a price that drives the feeder there."""
    found = ask(x + price / weight)
    for _ in range(FAR):
        if abs(found.x - x) <= near:
            break
        price *= 2.0
        found = ask(x + price / weight)
    return found


def _parted(ask: Ask, low: Answered, high: Answered, tol: float) -> list[Answered]:
    """Answers in rising order, such that between neighbours all is affine, or the error is at most ``tol``."""
    found, narrow, tried = [low, high], NARROW * (high.s - low.s), set[float]()
    k = 0
    while k < len(found) - 1:
        a, b = found[k], found[k + 1]
        if error_between(a, b) <= tol or b.s - a.s <= narrow:
            k += 1
            continue
        at = 0.5 * (a.s + b.s)
        left_is_line = k > 0 and found[k].s - found[k - 1].s > narrow
        right_is_line = k + 2 < len(found) and found[k + 2].s - b.s > narrow and error_between(b, found[k + 2]) <= tol
        if left_is_line and right_is_line and (meets := _meet(found[k - 1], a, b, found[k + 2])) is not None:
            inner = a.s + narrow < meets < b.s - narrow
            if inner and meets not in tried:
                at = meets
                tried.add(meets)
        found.insert(k + 1, ask(at))
    return found


def _meet(a: Answered, b: Answered, c: Answered, d: Answered) -> float | None:
    """Where the line through a and b meets that through c and d."""
    first, second = (b.x - a.x) / (b.s - a.s), (d.x - c.x) / (d.s - c.s)
    if abs(first - second) <= 1e-9:
        return None
    return float((c.x - b.x + first * b.s - second * c.s) / (first - second))


def _curve(found: list[Answered], ends: tuple[Point, Point], asked: int) -> Curve:
    """Answers as points; those inside one parabola say nothing."""
    kept: list[Answered] = []
    tol = CERTAIN * max(1.0, *(abs(a.cost) for a in found))
    for answer in found:
        while len(kept) > 1 and error_between(kept[-2], answer) <= tol:
            kept.pop()
        kept.append(answer)
    x, cost, price, error = [ends[0].x], [ends[0].cost], list[float](), 0.0
    for a, b in pairwise(kept):
        if (width := b.x - a.x) <= SAME * max(1.0, abs(b.x)):
            continue
        error = max(error, between if (between := error_between(a, b)) > tol else 0.0)
        along = a.price + a.above(b) / width, b.price - b.above(a) / width  # slopes of the cost along the way lie between the two prices
        price += np.clip(along, a.price, b.price).tolist()
        x.append(b.x)
        cost.append(b.cost)
    x[-1], cost[-1] = ends[1].x, ends[1].cost
    slopes = np.maximum.accumulate(price).reshape(-1, 2)
    x, first, last = _tidy(x, cost, slopes[:, 0].tolist(), slopes[:, 1].tolist(), tol)
    total = ends[0].cost + np.concatenate([[0.0], np.cumsum(0.5 * np.add(first, last) * np.diff(x))])
    points = tuple(Point(float(a), float(b)) for a, b in zip(x, total, strict=True))
    return Curve(points, error, asked, tuple(np.subtract(last, first).tolist()))


def _tidy(x: Floats, cost: Floats, first: Floats, last: Floats, tol: float) -> tuple[Floats, Floats, Floats]:
    """Without what rounding made: slivers, for which the price of a neighbour does as well, and steps that go on as the one before."""
    k = 0
    while k < len(first) and len(first) > 1:
        sliver, end = x[k + 1] - x[k] <= SLIVER * (x[-1] - x[0]), k == len(first) - 1
        if sliver and not end and abs(_missed(x, cost, k, k + 2, (first[k + 1], last[k + 1]))) <= tol:
            for column, place in ((x, k + 1), (cost, k + 1), (first, k), (last, k)):
                del column[place]
            k = max(k - 1, 0)
        elif sliver and end and abs(_missed(x, cost, k - 1, k + 1, (first[k - 1], last[k - 1]))) <= tol:
            for column, place in ((x, k), (cost, k), (first, k), (last, k)):
                del column[place]
            k = max(k - 1, 0)
        elif k and _apart(x, first, last, k) <= tol and abs(_missed(x, cost, k - 1, k + 1, (first[k - 1], last[k]))) <= tol:
            for column, place in ((x, k), (cost, k), (first, k), (last, k - 1)):
                del column[place]
            k -= 1
        else:
            k += 1
    return x, first, last


def _missed(x: Floats, cost: Floats, a: int, b: int, price: tuple[float, float]) -> float:
    """By how much the cost from point a to point b would differ if it rose evenly between these two prices. [currency/h]"""
    return cost[b] - cost[a] - 0.5 * (price[0] + price[1]) * (x[b] - x[a])


def _apart(x: Floats, first: Floats, last: Floats, k: int) -> float:
    """Largest error inside, if step k and the one before were one with a price that rises evenly. [currency/h]"""
    whole = x[k + 1] - x[k - 1]
    between = first[k - 1] + (last[k] - first[k - 1]) * (x[k] - x[k - 1]) / whole
    return max(abs(last[k - 1] - between), abs(first[k] - between)) * whole / 2
