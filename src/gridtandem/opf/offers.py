"""What a feeder would offer in one period: its exact cost curve, and what shaped each step of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.opf.branch_flow_curve import CEILING, WITHIN, chords
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.forms.branch_flow import BranchFlow
from gridtandem.opf.quadratic_curve import bent
from gridtandem.opf.value_curve import Curve, Point, searched
from gridtandem.program.answer import Answer, Status
from gridtandem.program.solve import Holding, hold
from gridtandem.program.solvers.highs import Held, Highs


@final
@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A feeder of one period held by a solver, to be asked for prices and ends."""

    problem: FeederProblem
    held: Holding

    @staticmethod
    def of(problem: FeederProblem) -> Asked:
        """Hand it over once."""
        smooth = problem.program.quadratic or problem.program.cones
        return Asked(problem, hold(problem.program) if smooth else Highs().hold(problem.program, chain=True))

    def at_price(self, price: float) -> Answer:
        """Cheapest at a price per MWh of export, or of import saved."""
        return self.held.solve(cost={"z": np.array([price * self.problem.window.hours])})

    def at_exchange(self, z: float) -> Answer:
        """Cheapest at a given exchange."""
        return self.held.solve(bounds={"z": self.problem.taking(np.array([z]))})

    def reach(self) -> tuple[Answer, Answer]:
        """Least and most exchange, whatever they cost."""
        program = self.problem.program
        nothing = {name: 0.0 for name in program.columns if name != "z"}
        held: Holding = self.held
        if program.quadratic:  # bends stay with a held program
            held = hold(replace(program, columns={k: replace(c, quadratic=np.zeros(c.shape)) for k, c in program.columns.items()}))
        low, high = (held.solve(cost={**nothing, "z": np.array([sign])}) for sign in (1.0, -1.0))
        return low, high

    def curve(self, *, tol: float = 0.0, floor: float = -np.inf, ceiling: float = np.inf) -> Curve | None:
        """The whole curve; None where no exchange serves the feeder at all. With losses: chords between prices floor and ceiling, within ``tol``."""
        if isinstance(form := self.problem.physics, BranchFlow):
            least = max(floor, form.least_price)
            return chords(form, tol=tol or WITHIN, floor=least, ceiling=min(max(ceiling, least), CEILING))
        if isinstance(self.held, Held):
            self.held.restart()
        low, high = self.reach()
        if low.status is not Status.SOLVED or high.status is not Status.SOLVED:
            return None
        ends = [self.point(self.at_exchange(float(a.x["z"][0]))) for a in (high, low)]  # most import is least export
        if self.problem.program.quadratic:
            found = bent(self.problem.program, (ends[0], ends[1]), hours=self.problem.window.hours, tol=tol)
        else:
            found = searched(ends[0], ends[1], lambda price: self.point(self.at_price(price)), tol=tol)
        return replace(found, asked=found.asked + 4)

    def point(self, answer: Answer) -> Point:
        """Export and cost per hour of an answer, without what a price added."""
        found, program = answer.require(), self.problem.program
        cost = sum(float((c.cost * found.x[k] + 0.5 * c.quadratic * found.x[k] ** 2).sum()) for k, c in program.columns.items() if k != "z")
        return Point(-float(found.x["z"][0]), (cost + program.constant) / self.problem.window.hours)

    def shaped_by(self, curve: Curve) -> tuple[tuple[str, ...], ...]:
        """For each step: the limits that bind there, the dearest first; empty where price alone orders the resources."""
        out = []
        for a, b in zip(curve.points[:-1], curve.points[1:], strict=True):
            answer = self.at_exchange(-(a.x + b.x) / 2)
            out.append(self.problem.binding(answer, 0))
        return tuple(out)
