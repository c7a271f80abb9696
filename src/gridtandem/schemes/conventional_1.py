"""Conventional market, case 1: feeders are demand that nobody asks. All they might use is served, their free power is taken off.

Paper    case 1 of chapter 4 of M. Gupta, PhD thesis, IIT Delhi, 2022; its contents are our reconstruction, see
         docs/explanation/coordinated-markets.md.
Decides  the TSO, for the forecast demand; each DSO serves it as cheaply as it can.
Crosses  per interface and period: one exchange up. Once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.cmo_letters import Forecast
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.market_letters import ClearAt, Plan
from gridtandem.boundary.taken_home import Bargain
from gridtandem.coordinate import End, Gap


@final
@dataclass(frozen=True, slots=True, eq=False)
class Conventional1State:
    """The clearing, once it happened."""

    plan: Plan | None = None


@final
@dataclass(frozen=True, slots=True)
class Conventional1:
    """No options."""

    asks_tso: ClassVar = frozenset({ClearAt})
    asks_dsos: ClassVar = frozenset({Forecast})

    def start(self, mail: Mail) -> Conventional1State:  # noqa: ARG002 — nothing is known yet
        """Nothing is known yet."""
        return Conventional1State()

    def round(self, mail: Mail, s: Conventional1State) -> Conventional1State:  # noqa: ARG002 — there is but one
        """Forecast, clear."""
        forecast = mail.ask_dsos(Forecast(), worth=Worth.EXACT)
        return Conventional1State(mail.ask_tso(ClearAt(forecast.z), worth=Worth.EXACT))

    def gap(self, s: Conventional1State) -> Gap:
        """None, unless there is no clearing; nothing was agreed."""
        return Gap(np.nan if s.plan is None or np.isnan(s.plan.cost) else 0.0, 0.0, means=End.ALONE)

    def bargain(self, s: Conventional1State) -> Bargain:
        """What the parties take home."""
        return Bargain.of(s.plan)
