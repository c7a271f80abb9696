"""Distribution companies that lead together: they know what their exchange and their fast reserve do to both prices, and take what is best for them.

Paper    Noh et al., 2026: energy, primary and fast reserve of transmission and distribution as a bi-level program (only the abstract is public; that
         distribution leads is our reading, see docs/explanation/reserve-from-feeders.md#companies-that-lead). In place of conditions of optimality
         the companies are told the market's cost in pieces (b), see docs/explanation/strategic.md.
Decides  the companies together their exchange and awards; the market the prices at them.
Crosses  four numbers up for each interface and period (a); pieces of the market's cost down (b); exchange, award and prices up (c).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.secure_letters import BestSecure, ResidualSecure, SecureChoice, SecureReach
from gridtandem.boundary.taken_home import Keeping
from gridtandem.coordinate import Gap


@final
@dataclass(frozen=True, slots=True, eq=False)
class JointReserveStrategicState:
    """What was decided."""

    best: SecureChoice | None = None


@final
@dataclass(frozen=True, slots=True)
class JointReserveStrategic:
    """Told, decided; done."""

    asks_tso: ClassVar = frozenset({ResidualSecure})
    asks_dsos: ClassVar = frozenset({SecureReach, BestSecure})

    def start(self, mail: Mail) -> JointReserveStrategicState:  # noqa: ARG002 — every scheme is given the mail
        """Nothing is known yet."""
        return JointReserveStrategicState()

    def round(self, mail: Mail, s: JointReserveStrategicState) -> JointReserveStrategicState:  # noqa: ARG002 — there is but one
        """Ask how far they can go, tell them what that would cost everybody else, let them choose."""
        span = mail.ask_dsos(SecureReach(), worth=Worth.EXACT)  # (a)
        cells = mail.ask_tso(ResidualSecure(span.low, span.high, span.award), worth=Worth.EXACT)  # (b)
        return JointReserveStrategicState(mail.ask_dsos(BestSecure(cells), worth=Worth.ESTIMATE))  # (c)

    def gap(self, s: JointReserveStrategicState) -> Gap:
        """Open until they have chosen."""
        return Gap(np.inf if s.best is None else np.nan if np.isnan(s.best.z).any() else 0.0, 0.0)

    def keeping(self, s: JointReserveStrategicState) -> Keeping:
        """As they decided, at the prices that they make."""
        return Keeping.none() if s.best is None else Keeping(s.best.z, s.best.award, s.best.price, s.best.fast_price)
