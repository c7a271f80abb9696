"""Which solver for which program: a written rule.

Linear programs and whole numbers go to HiGHS, whose simplex ends at a vertex, so that prices are exact; quadratic costs and cones go to Clarabel, an
interior-point method; whole numbers beside either to SCIP (extra ``scip``). Further solvers join by the entry-point group ``gridtandem.solvers``: a
name, and a class whose objects are a `Solver`; those of smooth programs by ``gridtandem.smooth_solvers``, a class whose objects are a
`gridtandem.program.smooth.SmoothSolver`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Protocol

from gridtandem.errors import UnknownName
from gridtandem.program.answer import Answer
from gridtandem.program.arrays import Program, Rows
from gridtandem.program.faults import Costs, Sides
from gridtandem.program.smooth import SmoothSolver
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.program.solvers.highs import Highs
from gridtandem.program.solvers.scip import Scip

GROUP = "gridtandem.solvers"
SMOOTH = "gridtandem.smooth_solvers"


class Holding(Protocol):
    """A program in a solver's hands."""

    def solve(
        self, *, cost: Costs | None = None, right: Sides | None = None, bounds: Sides | None = None, more: Mapping[str, Rows] | None = None
    ) -> Answer:
        """Answer with these numbers of whole blocks in place of the original ones, and with more rows; the next question knows nothing of them."""
        ...


class Solver(Protocol):
    """Options of a solver, and the two things one does with it."""

    def solve(self, program: Program) -> Answer:
        """Solve once."""
        ...

    def hold(self, program: Program) -> Holding:
        """Keep a program for many questions."""
        ...


def solver_for(program: Program) -> Solver:
    """The written rule."""
    if not (program.cones or program.quadratic):
        return Highs()
    return Scip() if program.integer else Clarabel()


def solver_named(name: str) -> Solver:
    """An installed solver under its own options, by name."""
    found = {e.name: e for e in entry_points(group=GROUP)}
    if name not in found:
        raise UnknownName("solver", name, sorted(found))
    solver: Solver = found[name].load()()
    return solver


def smooth_solver_named(name: str) -> SmoothSolver:
    """An installed solver of smooth programs under its own options, by name."""
    found = {e.name: e for e in entry_points(group=SMOOTH)}
    if name not in found:
        raise UnknownName("solver of smooth programs", name, sorted(found))
    solver: SmoothSolver = found[name].load()()
    return solver


def solve(program: Program) -> Answer:
    """Solve once, with the solver that the rule names."""
    return solver_for(program).solve(program)


def hold(program: Program) -> Holding:
    """Keep a program for many questions, with the solver that the rule names."""
    return solver_for(program).hold(program)
