"""Price takers of energy and reserve: companies ask for prices at their plain demand, answer as if they moved nothing, and get what they really make.

Paper    the reference against which a company that knows better is held; that prices are forecast at plain demand and without any award (a) is ours,
         then the companies' answer (b), then what it makes (c).
Decides  each company for itself, at prices that are wrong as soon as it answers.
Crosses  four numbers up for each interface and period; prices down; exchange and award up; prices down. Once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.secure_letters import ClearSecure, KeepAt, SecurePlan, SecureReach
from gridtandem.boundary.taken_home import Keeping
from gridtandem.coordinate import End, Gap


@final
@dataclass(frozen=True, slots=True, eq=False)
class JointReservePriceTakerState:
    """What was believed, and what came."""

    believed: SecurePlan | None = None
    plan: SecurePlan | None = None


@final
@dataclass(frozen=True, slots=True)
class JointReservePriceTaker:
    """Forecast, answer, settle."""

    asks_tso: ClassVar = frozenset({ClearSecure})
    asks_dsos: ClassVar = frozenset({SecureReach, KeepAt})

    def start(self, mail: Mail) -> JointReservePriceTakerState:  # noqa: ARG002 — every scheme is given the mail
        """Nothing is known yet."""
        return JointReservePriceTakerState()

    def round(self, mail: Mail, s: JointReservePriceTakerState) -> JointReservePriceTakerState:  # noqa: ARG002 — there is but one
        """Each once."""
        plain = mail.ask_dsos(SecureReach(), worth=Worth.EXACT).plain
        believed = mail.ask_tso(ClearSecure(plain, np.zeros_like(plain)), worth=Worth.EXACT)  # (a)
        answer = mail.ask_dsos(KeepAt(believed.price, believed.fast_price), worth=Worth.ESTIMATE)  # (b)
        return JointReservePriceTakerState(believed, mail.ask_tso(ClearSecure(answer.z, answer.award), worth=Worth.EXACT))  # (c)

    def gap(self, s: JointReservePriceTakerState) -> Gap:
        """None: nobody tries to agree."""
        return Gap(np.inf if s.plan is None else np.nan if np.isnan(s.plan.cost) else 0.0, 0.0, End.ALONE)

    def keeping(self, s: JointReservePriceTakerState) -> Keeping:
        """Each its own answer, at the prices that all answers make."""
        return Keeping.none() if s.plan is None else Keeping(s.plan.z, s.plan.award, s.plan.price, s.plan.fast_price)
