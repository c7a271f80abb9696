"""The owner of every model as one who keeps frequency: energy and both reserves of a day in one program. Exists only in study mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.secure_letters import SecurePlan, SecureWhole
from gridtandem.frequency.schedule import JointPlan, JointSchedule
from gridtandem.program.answer import Status


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SecureOwner:
    """Transmission and all feeders; the benchmark of every scheme."""

    schedule: JointSchedule
    found: list[JointPlan] = field(default_factory=list)  # its plan, once somebody asked: there is but one

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {SecureWhole: self.whole}

    def solve(self) -> JointPlan:
        """The plan."""
        if not self.found:
            self.found.append(self.schedule.solve())
        return self.found[0]

    def whole(self, ask: SecureWhole) -> SecurePlan:  # noqa: ARG002 — the letter has no content
        """What passes at interfaces, and what it is worth."""
        plan, at = self.solve(), self.schedule.transmission.at
        code = Worth.REFUSED if plan.answer.status is not Status.SOLVED else Worth.EXACT if plan.tight and plan.cut is None else Worth.ESTIMATE
        worth = np.full((1, *plan.given.shape), code, np.int8)
        fast = np.broadcast_to(plan.fast_price[:, None], plan.given.shape).copy()
        return SecurePlan(plan.given[None], plan.award[None], plan.energy[:, at][None], fast[None], worth, plan.cost)
