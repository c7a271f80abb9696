r"""Clarabel: quadratic costs and second-order cones, by an interior-point method.

Bounds and sides of rows become rows of :math:`A x + s = b` with :math:`s` zero, at least zero or in a cone; the multipliers :math:`z` of these rows
give :math:`\partial \mathrm{cost}/\partial b = -z`, from which every price follows by the sign with which its number stands in :math:`b`. Interior
points have no vertex: where an optimum is flat, answer and prices lie in the middle of it.

A held program keeps pattern and scaling; only numbers are sent. A question that makes a finite side infinite, or parts the sides of an equation,
changes the pattern and is solved from new arrays. Either way all numbers are stated against the original: an answer depends on the question alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from scipy import sparse

from gridtandem.errors import Fault
from gridtandem.program.answer import Answer, Status, unanswered
from gridtandem.program.arrays import Matrix, Places, Program, Rows, flat
from gridtandem.program.faults import Costs, Numbers, Sides, accepted, checked, extended
from gridtandem.tables import Flag, Real

LADDER: tuple[dict[str, bool | float], ...] = (
    {"equilibrate_enable": False},
    {"max_step_fraction": 0.9},
)  # where the first way ends without a verdict
STATUS = {
    "Solved": Status.SOLVED, "PrimalInfeasible": Status.INFEASIBLE, "DualInfeasible": Status.UNBOUNDED,
    "MaxIterations": Status.STOPPED, "MaxTime": Status.STOPPED,
}  # fmt: skip


@final
@dataclass(frozen=True, slots=True)
class Clarabel:
    """Options, and the two things one does with a solver."""

    tolerance: float = 1e-9  # of residuals and of the gap, relative and absolute
    steps: int = 200
    seconds: float = np.inf  # per question; where this limit comes first, answers depend on the machine

    def solve(self, program: Program) -> Answer:
        """Solve once."""
        return self.hold(program).solve()

    def hold(self, program: Program) -> Held:
        """Keep the program for many questions."""
        return Held(program, options=self)


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    """Which sides of rows and bounds (rows first) are equations, upper and lower limits: the pattern."""

    equal: Flag
    high: Flag
    low: Flag

    @staticmethod
    def of(low: Real, high: Real) -> _Sides:
        equal = low == high
        return _Sides(equal, np.isfinite(high) & ~equal, np.isfinite(low) & ~equal)

    def same(self, other: _Sides) -> bool:
        """Whether another pattern is this one."""
        return np.array_equal(self.equal, other.equal) and np.array_equal(self.high, other.high) and np.array_equal(self.low, other.low)

    def right(self, low: Real, high: Real, cones: Real) -> Real:
        """The right-hand side b of A x + s = b."""
        return np.concatenate([high[self.equal], high[self.high], -low[self.low], cones])

    def prices(self, z: Real) -> tuple[Real, Real]:
        """Change of the least cost with sides of rows and bounds, and with right-hand sides of cones."""
        out = np.zeros(len(self.equal))
        a, b, c = np.cumsum([self.equal.sum(), self.high.sum(), self.low.sum()]).tolist()
        out[self.equal] = -z[:a]
        out[self.high] -= z[a:b]
        out[self.low] += z[b:c]
        return out, -z[c:]


@final
class Held:
    """A program in the hands of Clarabel. Not for several threads at once: hold it once for each."""

    __slots__ = ("_columns", "_cones", "_matrix", "_options", "_quadratic", "_right", "_rows", "_sides", "_solver", "_version", "program")

    def __init__(self, program: Program, *, options: Clarabel = Clarabel()) -> None:
        import clarabel

        checked(program, _not_taken)
        self.program, self._options = program, options
        self._columns, self._rows, self._cones = Places.of(program.columns), Places.of(program.rows), Places.of(program.cones)
        self._version = f"Clarabel {clarabel.__version__}"
        self._matrix: Matrix = sparse.vstack([program.matrix(), sparse.eye_array(self._columns.size), program.cone_matrix()], format="csr")
        self._quadratic = sparse.diags_array(flat(program.columns, "quadratic")).tocsc()
        self._right = flat(program.cones, "right")
        low, high = self._numbers({}, {})
        self._sides = _Sides.of(low, high)
        self._solver = self._built(self._sides, flat(program.columns, "cost"), self._sides.right(low, high, self._right))

    def solve(
        self, *, cost: Costs | None = None, right: Sides | None = None, bounds: Sides | None = None, more: Mapping[str, Rows] | None = None
    ) -> Answer:
        """Answer with these costs, sides of rows ``(low, high)`` and bounds of columns ``(low, high)``, all else as in the original program.

        ``more`` are rows for this question only, such as cuts; here they cost as much as a new program.
        """
        if more:
            return Held(extended(self.program, more), options=self._options).solve(cost=cost, right=right, bounds=bounds)
        changes = accepted(self.program, cost=cost, right=right, bounds=bounds)
        low, high = self._numbers(changes["right"], changes["bounds"])
        costs = _changed(flat(self.program.columns, "cost"), changes["cost"], self._columns, 0)
        sides = _Sides.of(low, high)
        b = sides.right(low, high, self._right)
        if sides.same(self._sides):
            solver = self._solver
            solver.update(q=costs, b=b)
        else:
            solver = self._built(sides, costs, b)
        found = solver.solve()
        for ladder, change in enumerate(({}, *LADDER)):
            if ladder:
                found = self._built(sides, costs, b, change).solve()
            if str(found.status) in STATUS:
                break
        return self._answer(found, sides, ladder)

    def _numbers(self, right: Numbers, bounds: Numbers) -> tuple[Real, Real]:
        """Lower and upper sides of all rows and bounds."""
        program, columns, rows = self.program, self._columns, self._rows
        pairs = ("low", "high")
        sides = [_changed(flat(program.rows, what), right, rows, k) for k, what in enumerate(pairs)]
        limits = [_changed(flat(program.columns, what), bounds, columns, k) for k, what in enumerate(pairs)]
        return np.concatenate([sides[0], limits[0]]), np.concatenate([sides[1], limits[1]])

    def _built(self, sides: _Sides, cost: Real, b: Real, change: Mapping[str, bool | float] | None = None) -> Any:
        """A solver of its own for one pattern, with other settings where a step of the ladder says so."""
        import clarabel

        top, cones = self._matrix[: len(sides.equal)], self._matrix[len(sides.equal) :]
        rows = sparse.vstack([top[sides.equal], top[sides.high], -top[sides.low], cones], format="csc")
        kinds = [clarabel.ZeroConeT(int(sides.equal.sum())), clarabel.NonnegativeConeT(int(sides.high.sum() + sides.low.sum()))]
        kinds += [clarabel.SecondOrderConeT(c.shape[1]) for c in self.program.cones.values() for _ in range(c.shape[0])]
        return clarabel.DefaultSolver(self._quadratic, cost, rows, b, kinds, _settings(self._options, change or {}))

    def _answer(self, found: Any, sides: _Sides, ladder: int) -> Answer:
        said = str(found.status)
        status = STATUS.get(said, Status.FAILED)
        if status is not Status.SOLVED:
            return unanswered(self.program, status, ladder=ladder, solver=self._version, said=said)
        prices, cone_prices = sides.prices(np.array(found.z))
        return Answer(
            status,
            found.obj_val + self.program.constant,
            self._columns.split(np.array(found.x)),
            self._rows.split(prices[: self._rows.size]) | self._cones.split(cone_prices),
            self._columns.split(prices[self._rows.size :]),
            found.obj_val_dual + self.program.constant,
            ladder,
            self._version,
        )


def _changed(numbers: Real, changes: Numbers, places: Places, which: int) -> Real:
    """Numbers of all blocks, some of them given anew."""
    for name, given in changes.items():
        numbers[places.slices[name]] = given[which]
    return numbers


def _settings(options: Clarabel, change: Mapping[str, bool | float]) -> Any:
    import clarabel

    settings = clarabel.DefaultSettings()
    settings.verbose, settings.max_threads = False, 1
    settings.presolve_enable = settings.chordal_decomposition_enable = False  # both forbid to send new numbers
    settings.tol_feas = settings.tol_gap_abs = settings.tol_gap_rel = options.tolerance
    settings.max_iter = options.steps
    settings.time_limit = options.seconds
    for name, value in change.items():
        setattr(settings, name, value)
    return settings


def _not_taken(program: Program) -> list[Fault]:
    """What Clarabel cannot take."""
    whole = [name for name, c in program.columns.items() if c.integer]
    return [
        Fault("program", "has whole numbers, which Clarabel does not know", "solve it with HiGHS, or SCIP", "program-023", column=name)
        for name in whole
    ]
