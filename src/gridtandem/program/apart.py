r"""Pieces of a market's cost where it falls into parts: :math:`V(\theta) = V_A(\theta_A) + V_B(\theta_B)` on a box.

Two short lists stand for all pairs of their pieces then, and numbers enter them of which there may be one more than lists of pieces can have. That V
is such a sum is proved, not taken for granted: where at a point inside of each pair of cells the market's price is that of the pair and V is the sum,
V is nowhere less; where V is the sum in all corners of these cells too, it is nowhere more, being convex.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import final

import numpy as np

from gridtandem.program.cells import TOUCH, Cells, cells_of, corners_of, solid
from gridtandem.program.follower import Follower, Market
from gridtandem.tables import Index, Real

ALIKE = 1e-7  # relative; prices of one place by two linear programs
INSIDE = (0.381966, 0.618034)  # where in the box the other part is held: no place where prices are likely to change


@final
@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some numbers of θ, and the pieces of what they cost."""

    numbers: Index
    cells: Cells


def whole(follower: Follower, low: Real, high: Real) -> tuple[Part, ...]:
    """All numbers in one list."""
    return (Part(np.arange(len(low)), cells_of(follower, low, high)),)


def in_two(follower: Follower, low: Real, high: Real) -> tuple[Part, ...]:
    """All numbers but the last, and the last; nothing where V is no such sum."""
    first, last = np.arange(len(low) - 1), np.array([len(low) - 1])
    rest = (low + at * (high - low) for at in INSIDE)
    parts = tuple(
        Part(some, cells_of(alone(follower, some, at), low[some], high[some], numbers=len(low))) for some, at in zip((first, last), rest, strict=True)
    )
    return parts if _sums(Market(follower, (low + high) / 2), parts, low) else ()


def alone(follower: Follower, numbers: Index, at: Real) -> Follower:
    """The market where the other numbers stay."""
    still = at.copy()
    still[numbers] = 0.0
    return replace(follower, program=follower.at(still), into={name: matrix[:, numbers] for name, matrix in follower.into.items()})


def _sums(market: Market, parts: Sequence[Part], low: Real) -> bool:
    """Whether V is the sum of the parts, but for a number."""
    corners = [corners_of(p.cells) for p in parts]
    base = market.point(low).value - _total(parts, [low[p.numbers] for p in parts])
    for inside in product(*(_insides(p.cells, c) for p, c in zip(parts, corners, strict=True))):
        places = [place for place, _ in inside]
        found, price = market.point(_at(parts, places, low)), _at(parts, [slope for _, slope in inside], low)
        far = np.abs(found.price - price) > ALIKE * np.maximum(1.0, np.abs(price))
        if far.any() or not _same(found.value, base + _total(parts, places)):
            return False
    return all(_same(market.point(_at(parts, places, low)).value, base + _total(parts, places)) for places in product(*corners))


def _insides(cells: Cells, corners: Real) -> list[tuple[Real, Real]]:
    """A point inside of each cell that has one, and the price there."""
    touched = cells.touching(corners)
    inside = solid((cells.slope * (cells.high - cells.low)), cells.value + cells.slope @ cells.low, (corners - cells.low) / (cells.high - cells.low))
    return [(corners[touched[:, j]].mean(0), cells.slope[j]) for j in np.flatnonzero(inside).tolist()]


def _at(parts: Sequence[Part], places: Sequence[Real], like: Real) -> Real:
    """Numbers of all parts as one θ."""
    theta = like.copy()
    for p, place in zip(parts, places, strict=True):
        theta[p.numbers] = place
    return theta


def _total(parts: Sequence[Part], places: Sequence[Real]) -> float:
    return sum(float(p.cells.at(place)) for p, place in zip(parts, places, strict=True))


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= TOUCH * max(1.0, abs(other))
