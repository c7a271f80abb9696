"""Conventional market, case 4: each DSO answers the forecast price as a price taker, once; nobody looks whether the price holds.

Paper    case 4 of chapter 4 of M. Gupta, PhD thesis, IIT Delhi, 2022; its contents are our reconstruction, see
         docs/explanation/coordinated-markets.md.
Decides  each DSO at the forecast price; the TSO for what they take.
Crosses  per interface and period: one forecast and one exchange up (and its cost), one price down. Once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.cmo_letters import Forecast
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.market_letters import ClearAt, DrawAt, Plan
from gridtandem.boundary.taken_home import Bargain
from gridtandem.coordinate import End, Gap


@final
@dataclass(frozen=True, slots=True, eq=False)
class Conventional4State:
    """The clearing, once it happened."""

    plan: Plan | None = None


@final
@dataclass(frozen=True, slots=True)
class Conventional4:
    """No options."""

    asks_tso: ClassVar = frozenset({ClearAt})
    asks_dsos: ClassVar = frozenset({Forecast, DrawAt})

    def start(self, mail: Mail) -> Conventional4State:  # noqa: ARG002 — nothing is known yet
        """Nothing is known yet."""
        return Conventional4State()

    def round(self, mail: Mail, s: Conventional4State) -> Conventional4State:  # noqa: ARG002 — there is but one
        """Forecast the price, draw, clear."""
        forecast = mail.ask_dsos(Forecast(), worth=Worth.EXACT)
        price = mail.ask_tso(ClearAt(forecast.z), worth=Worth.EXACT).price
        draw = mail.ask_dsos(DrawAt(price), worth=Worth.EXACT)
        return Conventional4State(mail.ask_tso(ClearAt(draw.z), worth=Worth.EXACT))

    def gap(self, s: Conventional4State) -> Gap:
        """None, unless there is no clearing; nothing was agreed."""
        return Gap(np.nan if s.plan is None or np.isnan(s.plan.cost) else 0.0, 0.0, means=End.ALONE)

    def bargain(self, s: Conventional4State) -> Bargain:
        """What the parties take home."""
        return Bargain.of(s.plan)
