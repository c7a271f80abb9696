r"""What a solver found, in the names of the program, with one sign of prices.

Every multiplier is the change of the least cost with the number it belongs to: ``price`` of a row, with its right-hand side (both sides of an
equation; whichever side of a range binds), ``price`` of a cone, with its right-hand side entry by entry, ``reduced`` of a column, with its bound. In
formulas :math:`\partial \mathrm{cost}/\partial b`; at a kink it is one of the values between the derivatives from the left and from the right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import final

import numpy as np

from gridtandem.errors import Unsolved
from gridtandem.program.arrays import Places, Program
from gridtandem.tables import Real


class Status(Enum):
    """How a search ended, as a sentence for whoever must act."""

    SOLVED = "solved to tolerance"
    INFEASIBLE = "no point satisfies all rows and bounds; gridtandem.program.why names those in conflict"
    NEARBY = "no point nearby satisfies all rows and bounds, though one may exist farther away"
    UNBOUNDED = "the cost falls without end: a bound or a cost is missing"
    STOPPED = "a limit of time or steps came first; give more, or read the bound"
    FAILED = "numerical trouble: look for numbers of very unequal size"


@final
@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What came out. Where there is no answer its numbers are NaN."""

    status: Status
    cost: float
    x: Mapping[str, Real]
    price: Mapping[str, Real]  # per block of rows or cones; NaN for programs with whole numbers (see `Program.fixed`)
    reduced: Mapping[str, Real]  # per block of columns
    bound: float  # no point costs less
    ladder: int  # steps climbed: 0 warm, 1 from nothing, 2 by another method
    solver: str  # name and version
    said: str = ""  # in the solver's own words
    steps: int = 0  # of an iteration that counts them

    def require(self) -> Answer:
        """The answer itself where there is one; otherwise `errors.Unsolved`."""
        if self.status is not Status.SOLVED:
            raise Unsolved(f"{self.status.value} ({self.solver}{': ' + self.said if self.said else ''})")
        return self


def unanswered(program: Program, status: Status, *, ladder: int, solver: str, said: str) -> Answer:
    """An answer without numbers."""
    columns, rows, cones = Places.of(program.columns), Places.of(program.rows), Places.of(program.cones)
    nothing = {
        k: places.split(np.full(places.size, np.nan)) for k, places in (("x", columns), ("rows", rows), ("cones", cones), ("reduced", columns))
    }
    return Answer(status, np.nan, nothing["x"], nothing["rows"] | nothing["cones"], nothing["reduced"], np.nan, ladder, solver, said)
