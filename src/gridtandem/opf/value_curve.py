r"""The exact cost of a feeder by its exchange, found by asking it for prices (dichotomic search).

Two points (x, V) of a convex, piecewise-linear function with slope m between them: if no point does better than both at price m, the chord is the
function; if one does, it is a vertex in between. Ends are found first, least cost last. K segments take 2K + 3 programs: one at the price of each
chord (K that certify, K − 1 that find), and four for the ends. No dual value is used, so kinks do no harm. What is left over of a chord is the
largest error of the curve there, which also ends the search where a curve is smooth and ``tol`` above 0.

Source: Y. P. Aneja and K. P. K. Nair, "Bicriteria transportation problem", Management Science 25(1), 1979.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.orders.rules import Offer

EXACT = 1e-9  # relative to the cost: below it a chord is the function


@final
@dataclass(frozen=True, slots=True)
class Point:
    """A vertex: export in MW, cost in currency per hour."""

    x: float
    cost: float


Oracle = Callable[[float], Point]  # the cheapest point at a price per MWh of export


@final
@dataclass(frozen=True, slots=True)
class Curve:
    """A certified curve: its points in rising order of export, and the largest error left anywhere."""

    points: tuple[Point, ...]
    error: float
    asked: int  # programs solved
    rise: tuple[float, ...] = ()  # of the price over each step; none: steps are level

    @property
    def offer(self) -> Offer:
        """As arrays."""
        return Offer(np.array([p.x for p in self.points]), np.array([p.cost for p in self.points]), self.error, self.rise)


def searched(low: Point, high: Point, at_price: Oracle, *, tol: float = 0.0) -> Curve:
    """The curve between its two ends. ``tol`` is the error accepted, in currency per hour."""
    found, left, asked = [low, high], [(low, high)], 0
    error = 0.0
    while left:
        a, b = left.pop()
        if b.x - a.x <= EXACT * max(1.0, abs(a.x), abs(b.x)):
            continue
        price = (b.cost - a.cost) / (b.x - a.x)
        new = at_price(price)
        asked += 1
        gap = (a.cost + price * (new.x - a.x)) - new.cost
        if gap <= max(tol, EXACT * max(1.0, abs(new.cost))) or not a.x < new.x < b.x:
            error = max(error, gap if gap > EXACT * max(1.0, abs(new.cost)) else 0.0)
            continue
        found.append(new)
        left += [(a, new), (new, b)]
    return Curve(_without_idle(sorted(found, key=lambda p: p.x)), error, asked)


def _without_idle(points: list[Point]) -> tuple[Point, ...]:
    """Points where the slope does not change say nothing."""
    kept = points[:1]
    for point in points[1:]:
        if point.x - kept[-1].x <= EXACT * max(1.0, abs(point.x)):
            continue
        while len(kept) > 1 and _straight(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return tuple(kept)


def _straight(a: Point, b: Point, c: Point) -> bool:
    before, after = (b.cost - a.cost) / (b.x - a.x), (c.cost - b.cost) / (c.x - b.x)
    return abs(after - before) < 1e-7 * max(1.0, abs(before))
