r"""What an interior-point search aims at and how far it goes: a bold way, and a careful one.

The written ladder: 0, from the point given: full steps, :math:`\mu` at most a tenth of the mean product z·distance (as in MIPS), less where a step
without barrier leads further, and corrected for the products of changes (as Mehrotra does); 1, from the program's own start: the barrier problem of
each :math:`\mu` in turn, steps shortened until the merit :math:`f - \mu \sum \ln(\text{distance}) + \nu \lVert c \rVert_1` falls; where that gets
stuck at a point that misses rows, nothing nearby keeps them.

Sources: H. Wang, C. E. Murillo-Sánchez, R. D. Zimmerman, R. J. Thomas, "On computational issues of market-based optimal power flow", IEEE Trans.
Power Syst. 22(3), 2007; S. Mehrotra, "On the implementation of a primal-dual interior point method", SIAM J. Optim. 2(4), 1992.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.kernels import kernel
from gridtandem.program.interior import Look, Point, Step, Task, error
from gridtandem.program.newton_system import STEPS

if TYPE_CHECKING:
    from gridtandem.program.interior import Aim, Stand
    from gridtandem.program.newton_system import Factors

SHRINK = 0.1  # of the mean product, aimed at next at most


@final
@dataclass(frozen=True, slots=True)
class Free:
    """All of the step, corrected; μ as far below a tenth of the mean product as the step without any barrier got it (Mehrotra's cube)."""

    least: float

    def barrier(self, at: Stand, mu: float) -> float:  # noqa: ARG002
        """At most."""
        total, count = _products(at)
        return max(SHRINK * total / max(count, 1), self.least)

    def first(self, task: Task, mu: float) -> Aim:  # noqa: ARG002
        """Straight at the bounds."""
        return np.zeros(len(task.low)), np.zeros(len(task.low))

    def second(self, at: Stand, step: Step, mu: float) -> Aim:
        """What is left of μ, less the products of changes, as far as they come about."""
        total, count = kernel(STEPS, "products")(step.to.t, step.to.low, step.to.high, *at[5:11], step.part, step.part_of_multipliers)
        left = max(min((SHRINK * total / (max(count, 1) * mu)) ** 3 / SHRINK, 1.0) * mu, self.least)
        come = step.part * step.part_of_multipliers * step.to.t
        return left - come * step.to.low, left + come * step.to.high

    def leads(self, factors: Factors, step: Step) -> bool:  # noqa: ARG002
        """Curvature along the step is positive."""
        return step.bends

    def part(self, task: Task, point: Point, look: Look, step: Step, mu: float) -> float:  # noqa: ARG002
        """See the class."""
        return step.part


@final
@dataclass(frozen=True, slots=True)
class Careful:
    """Each barrier problem to ten times its μ, steps halved until the merit falls."""

    least: float

    def barrier(self, at: Stand, mu: float) -> float:
        """See the class."""
        while mu > self.least and error(at, mu) <= 10 * mu:
            mu = max(self.least, min(0.2 * mu, mu**1.5))
        return mu

    def first(self, task: Task, mu: float) -> Aim:
        """At μ."""
        return np.full(len(task.low), mu), np.full(len(task.low), mu)

    def second(self, at: Stand, step: Step, mu: float) -> None:  # noqa: ARG002
        """That step."""
        return

    def leads(self, factors: Factors, step: Step) -> bool:
        """Curvature is positive along the step and all other ways along the rows."""
        return step.bends and not factors.saddle()

    def part(self, task: Task, point: Point, look: Look, step: Step, mu: float) -> float:
        """The weight of missed rows is large enough that the step leads downhill (Armijo, 1e-4)."""
        short = float(np.abs(look.missed).sum())
        weight = max(1.0, (step.slope + max(step.curvature, 0.0) / 2) / (0.9 * short)) if short > self.least else 1.0
        here, down = task.merit(point.t, mu, weight), step.slope - weight * short
        noise = 1e-13 * abs(here)
        part = step.part
        while part > 1e-12:
            if task.merit(point.t + part * step.to.t, mu, weight) <= here + 1e-4 * part * min(down, 0.0) + noise:
                return part
            part /= 2
        return 0.0


def _products(at: Stand) -> tuple[float, int]:
    """Their sum where the iteration stands, and how many there are."""
    nothing = np.zeros(len(at[5]))
    found: tuple[float, int] = kernel(STEPS, "products")(nothing, nothing, nothing, *at[5:11], 0.0, 0.0)
    return found
