r"""A smooth program, in general not convex, as arrays and three functions.

.. math:: \min_x\; f(x) \quad\text{s.t.}\quad \underline b \le g(x) \le \overline b, \quad \underline x \le x \le \overline x

Unknowns and rows lie in named blocks one after the other, as in `gridtandem.program.arrays`; what a solver needs of f and g comes from one object as
flat arrays. The places of derivatives that can differ from zero are told once, so that a solver orders its equations once. Equal bounds fix an
unknown: that is how a program takes parameters, and the reduced cost of such an unknown is the slope of the least cost by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, final

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Places, Shape
from gridtandem.tables import Index, Real

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridtandem.errors import Fault


@final
@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """A block of unknowns or of rows, with both sides; equal sides fix an unknown or make an equation."""

    low: Real
    high: Real

    @staticmethod
    def of(shape: int | Shape, low: ArrayLike = -np.inf, high: ArrayLike = np.inf) -> Span:
        """Numbers are spread over the shape."""
        return Span(*(np.array(np.broadcast_to(np.asarray(x, np.float64), shape)) for x in (low, high)))

    @property
    def shape(self) -> Shape:
        """The shape of the block."""
        return self.low.shape


@final
@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """Places of a sparse matrix, none of them twice."""

    row: Index
    column: Index


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Groups:
    """What belongs together: small groups by number, of unknowns and of equations that can be solved for some of them."""

    unknown: Index  # (unknown)
    row: Index  # (row); what ranges say is not heard


class Functions(Protocol):
    """Cost and rows with their derivatives, all at a flat point."""

    def values(self, x: Real) -> tuple[float, Real]:
        """Cost and rows."""
        ...

    def slopes(self, x: Real) -> tuple[Real, Real]:
        """Gradient of the cost, and derivatives of the rows at the places of `Smooth.jacobian`."""
        ...

    def curvature(self, x: Real, weight: float, multiplier: Real) -> Real:
        """Second derivatives of ``weight · cost + multiplier · rows`` at the places of `Smooth.hessian`."""
        ...


@final
@dataclass(frozen=True, slots=True, eq=False)
class Smooth:
    """Minimise the cost under rows and bounds. What is found is a local minimum; no bound tells how far below it another one may lie."""

    columns: Mapping[str, Span]
    rows: Mapping[str, Span]
    functions: Functions
    jacobian: Entries  # (row, column)
    hessian: Entries  # lower triangle
    start: Real  # where a search begins
    groups: Groups | None = None

    def faults(self) -> Iterator[Fault]:
        """Every promise that the arrays break."""
        from gridtandem.program.faults import smooth_faults

        return smooth_faults(self)


class SmoothSolver(Protocol):
    """A solver of smooth programs."""

    def solve(self, program: Smooth, start: Answer | None = None) -> Answer:
        """Solve once, from the program's own start or from an earlier answer."""
        ...


def sides(blocks: Mapping[str, Span]) -> tuple[Real, Real]:
    """Lower and upper sides of all blocks, flat."""
    low, high = (np.concatenate([np.empty(0), *(getattr(b, what).ravel() for b in blocks.values())]) for what in ("low", "high"))
    return low, high


def answered(program: Smooth, x: Real, *, cost: float, price: Real, reduced: Real, ladder: int, steps: int, solver: str, said: str = "") -> Answer:
    """An answer by the names of its blocks."""
    columns, rows = Places.of(program.columns), Places.of(program.rows)
    return Answer(
        Status.SOLVED, cost, columns.split(x), rows.split(price), columns.split(reduced), -np.inf, ladder, solver, said, steps
    )  # fmt: skip


def unanswered(program: Smooth, status: Status, *, ladder: int, steps: int, solver: str, said: str) -> Answer:
    """An answer without numbers."""
    columns, rows = Places.of(program.columns), Places.of(program.rows)
    x, price = np.full(columns.size, np.nan), np.full(rows.size, np.nan)
    return Answer(status, np.nan, columns.split(x), rows.split(price), columns.split(x), -np.inf, ladder, solver, said, steps)
