r"""A function that controls bend, as pieces that are smooth: where it bends is found by bisection on what is at a limit.

Where a unit meets a reactive limit or a transformer its end, equations change and the function has a kink; where a transformer takes a step it jumps.
Each answer therefore comes with a mark that is equal where the same equations hold. Between two neighbouring samples of unequal marks lies a knot,
and it is enclosed to `CLOSE`. Each piece between knots gets a series and a promise of its own (`gridtandem.flow.chebyshev`); if one of its samples
carries another mark, something was overlooked, and the search goes on with what was learned.

What lies between two samples of equal marks is not seen: the promise is one, and no certificate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import final

import numpy as np

from gridtandem.flow import chebyshev
from gridtandem.tables import Real

CLOSE = 1e-10  # per unit; how closely a knot is enclosed: over it a draw changes by less than the load flow's own tolerance
NARROW = 1e-8  # per unit; a piece less wide goes to its neighbour, for its voltages differ by rounding alone
MOST = 64  # pieces; more is no piecewise smooth function

Answer = Callable[[float], tuple[complex, bytes]]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A series on its part of the range, and what it may be off."""

    low: float
    high: float
    c: Real  # (2, degree + 1) active and reactive
    error: float


def pieces(answer: Answer, low: float, high: float, degree: int) -> tuple[Piece, ...]:
    """Smooth pieces that cover the range; none where there is no answer somewhere in it, or no end of knots."""
    at = _Seen(answer, {})
    at.look(_samples(low, high, degree))
    while at.enclosed():
        runs = at.runs()
        edges = [low, *(first for first, _ in runs[1:]), high]
        spots = [np.clip(_samples(a, b, degree), *run) for (a, b), run in zip(pairwise(edges), runs, strict=True)]
        marks = [at.look(v) for v in spots]
        if all(seen == {at.known[first][1]} for seen, (first, _) in zip(marks, runs, strict=True)):
            return tuple(_piece(at, a, b, v) for (a, b), v in zip(pairwise(edges), spots, strict=True))
    return ()


@final
@dataclass(frozen=True, slots=True)
class _Seen:
    """All samples so far."""

    answer: Answer
    known: dict[float, tuple[complex, bytes]]

    def look(self, v: Real) -> set[bytes]:
        """Marks at these voltages."""
        for x in v.tolist():
            if x not in self.known:
                self.known[x] = self.answer(x)
        return {self.known[x][1] for x in v.tolist()}

    def enclosed(self) -> bool:
        """Bisect until unequal marks are next to each other. False where an answer is missing or changes come without end."""
        left = list(pairwise(sorted(self.known)))
        borders = 0
        while left:
            a, b = left.pop()
            (s, mark), (t, other) = self.known[a], self.known[b]
            if np.isnan(s) or np.isnan(t) or borders >= MOST:
                return False
            if mark == other:
                continue
            if b - a <= CLOSE:
                borders += 1
                continue
            middle = (a + b) / 2
            self.look(np.array([middle]))
            left += [(a, middle), (middle, b)]
        return True

    def runs(self) -> list[tuple[float, float]]:
        """First and last sample of each piece that is wide enough to be one."""
        same = [list(v) for _, v in groupby(sorted(self.known), key=lambda x: self.known[x][1])]
        return [(v[0], v[-1]) for v in same if v[-1] - v[0] > NARROW]


def _samples(low: float, high: float, degree: int) -> Real:
    u = np.concatenate([chebyshev.nodes(degree), chebyshev.checks(degree)])
    v: Real = np.clip((low + high) / 2 + u * (high - low) / 2, low, high)
    return v


def _piece(at: _Seen, low: float, high: float, spots: Real) -> Piece:
    s = np.array([at.known[x][0] for x in spots.tolist()])
    nodes, checks = np.split(np.stack([s.real, s.imag], -1), [len(s) // 2])
    c = chebyshev.coefficients(nodes)
    return Piece(low, high, c, float(chebyshev.promised(c, checks)))
