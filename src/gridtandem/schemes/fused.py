"""Fused exchange: transmission and feeders solved side by side by an owner of all models, a Newton step here, a few sweeps there.

Paper    none; a merged load flow that keeps feeders as trees. The equations are our derivation, see docs/explanation/coordinated-load-flow.md.
Decides  the owner of all models.
Crosses  every model, whole; the letter only reports the result at the interfaces (4 numbers each) and what it took (2 numbers for each
         scenario and period).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Interleaved, Joint, PowerCurve
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.taken_home import Agreement
from gridtandem.coordinate import Gap, farthest
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class FusedState:
    """The answer, once there."""

    shape: Real
    answer: Joint | None = None

    @property
    def remark(self) -> str:
        """What it took, in words."""
        if self.answer is None or not self.answer.steps.size:
            return ""
        return f"solved side by side in {self.answer.steps.max()} steps of transmission and {self.answer.sweeps.max()} sweeps of feeders"


@final
@dataclass(frozen=True, slots=True)
class Fused:
    """One letter; the exchange goes on inside the owner."""

    asks_tso: ClassVar = frozenset({Interleaved})
    asks_dsos: ClassVar = frozenset[type]()

    def start(self, mail: Mail) -> FusedState:
        """Nothing is known yet."""
        return FusedState(np.ones(mail.shape))

    def round(self, mail: Mail, s: FusedState) -> FusedState:
        """Ask the owner."""
        return FusedState(s.shape, mail.ask_tso(Interleaved()))

    def gap(self, s: FusedState) -> Gap:
        """Open until the owner has answered, and for ever where there is no answer."""
        if s.answer is None:
            return Gap(np.inf, 0.0)
        return Gap(0.0 if np.isfinite(s.answer.v).any() or not s.answer.v.size else np.nan, 0.0)

    def gaps(self, s: FusedState) -> Real:
        """The same of each scenario."""
        return np.full(len(s.shape), np.inf) if s.answer is None else 0.0 * farthest(s.answer.v)

    def agreement(self, s: FusedState) -> Agreement:
        """Both sides go home with the owner's answer."""
        if s.answer is None:
            return Agreement(s.shape, np.zeros_like(s.shape), None)
        a = s.answer
        return Agreement(a.v, a.angle, PowerCurve(a.v - 1, a.v + 1, a.s[..., None], a.worth))
