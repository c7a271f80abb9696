"""Merged load flow: one Newton on all networks joined, the reference that only an owner of every model can compute.

Paper    the one-model load flow that coordinated methods are compared with (e.g. IEEE Trans. Smart Grid 6(3), 2015, above).
Decides  the owner of all models.
Crosses  every model, whole; the letter only reports the result at the interfaces (4 numbers each).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Boundary, PowerCurve, Together
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.taken_home import Agreement
from gridtandem.coordinate import Gap, farthest
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class MergedState:
    """The answer, once there."""

    answer: Boundary | None = None
    shape: Real | None = None


@final
@dataclass(frozen=True, slots=True)
class Merged:
    """One letter, one solve."""

    asks_tso: ClassVar = frozenset({Together})
    asks_dsos: ClassVar = frozenset[type]()

    def start(self, mail: Mail) -> MergedState:
        """Nothing is known yet."""
        return MergedState(shape=np.ones(mail.shape))

    def round(self, mail: Mail, s: MergedState) -> MergedState:
        """Ask the owner."""
        return MergedState(mail.ask_tso(Together()), s.shape)

    def gap(self, s: MergedState) -> Gap:
        """Open until the owner has answered, and for ever where there is no answer."""
        if s.answer is None:
            return Gap(np.inf, 0.0)
        return Gap(0.0 if np.isfinite(s.answer.v).any() or not s.answer.v.size else np.nan, 0.0)

    def gaps(self, s: MergedState) -> Real:
        """The same of each scenario."""
        return np.full(0 if s.shape is None else len(s.shape), np.inf) if s.answer is None else 0.0 * farthest(s.answer.v)

    def agreement(self, s: MergedState) -> Agreement:
        """Both sides go home with the owner's answer."""
        v = np.ones(0) if s.shape is None else s.shape
        if s.answer is None:
            return Agreement(v, np.zeros_like(v), None)
        a = s.answer
        return Agreement(a.v, a.angle, PowerCurve(a.v - 1, a.v + 1, a.s[..., None], a.worth))
