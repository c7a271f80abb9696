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

from gridtandem.program.interior import Look, Point, Step, Task, error

if TYPE_CHECKING:
    from gridtandem.program.interior import Aim

SHRINK = 0.1  # of the mean product, aimed at next at most


@final
@dataclass(frozen=True, slots=True)
class Free:
    """All of the step, corrected; μ as far below a tenth of the mean product as the step without any barrier got it (Mehrotra's cube)."""

    least: float

    def barrier(self, task: Task, point: Point, look: Look, mu: float) -> float:  # noqa: ARG002
        """At most."""
        near, far = task.distances(point.t)
        return max(SHRINK * float(point.low @ near + point.high @ far) / task.bounds(), self.least)

    def first(self, task: Task, mu: float) -> Aim:  # noqa: ARG002
        """Straight at the bounds."""
        return np.zeros(len(task.low)), np.zeros(len(task.low))

    def second(self, task: Task, point: Point, step: Step, mu: float) -> Aim:
        """What is left of μ, less the products of changes, as far as they come about."""
        (near, far), to, part, of = task.distances(point.t), step.to, step.part, step.part_of_multipliers
        below = (point.low + of * to.low) * (near + part * to.t) * task.has_low
        above = (point.high + of * to.high) * (far - part * to.t) * task.has_high
        cube = min(float(below.sum() + above.sum()) * SHRINK / (task.bounds() * mu), 1.0) ** 3
        left, both = max(min(cube / SHRINK, 1.0) * mu, self.least), part * of
        return left - both * to.t * to.low, left + both * to.t * to.high

    def part(self, task: Task, point: Point, look: Look, step: Step, mu: float) -> float:  # noqa: ARG002
        """See the class."""
        return step.part


@final
@dataclass(frozen=True, slots=True)
class Careful:
    """Each barrier problem to ten times its μ, steps halved until the merit falls."""

    least: float

    def barrier(self, task: Task, point: Point, look: Look, mu: float) -> float:
        """See the class."""
        while mu > self.least and error(task, point, look, mu) <= 10 * mu:
            mu = max(self.least, min(0.2 * mu, mu**1.5))
        return mu

    def first(self, task: Task, mu: float) -> Aim:
        """At μ."""
        return np.full(len(task.low), mu), np.full(len(task.low), mu)

    def second(self, task: Task, point: Point, step: Step, mu: float) -> None:  # noqa: ARG002
        """That step."""
        return

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
