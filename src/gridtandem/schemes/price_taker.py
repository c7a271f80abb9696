"""The price taker: a company asks for the price at its plain forecast, answers as if its trade moved nothing, and pays the price that it really made.

Paper    the reference against which bi-level participation is held, e.g. H. Sheikhahmadi et al., 2021 (only the abstract is public); the price that
         is forecast is our choice: that of plain demand and all free power (a), then the company's answer (b), then what it makes (c).
Decides  each company for itself, at a price that is wrong as soon as it answers.
Crosses  per interface and period: two exchanges up, two prices down. Nothing else, once.
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
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class PriceTakerState:
    """What was believed, and what came."""

    believed: Real | None = None  # (scenario, period, interface) price before the answer [currency/MWh]
    plan: Plan | None = None


@final
@dataclass(frozen=True, slots=True)
class PriceTaker:
    """``local`` says how resources inside are paid: what they offered, or the price at their node."""

    local: str = "pay-as-bid"

    words: ClassVar = {"local": ("pay-as-bid", "nodal")}
    asks_tso: ClassVar = frozenset({ClearAt})
    asks_dsos: ClassVar = frozenset({Forecast, DrawAt})

    def start(self, mail: Mail) -> PriceTakerState:  # noqa: ARG002 — nothing is known yet
        """Nothing is known yet."""
        return PriceTakerState()

    def round(self, mail: Mail, s: PriceTakerState) -> PriceTakerState:  # noqa: ARG002 — there is but one
        """Forecast, answer, settle."""
        plain = mail.ask_dsos(Forecast(), worth=Worth.ESTIMATE)
        believed = mail.ask_tso(ClearAt(plain.z), worth=Worth.EXACT).price  # (a)
        draw = mail.ask_dsos(DrawAt(believed), worth=Worth.EXACT)  # (b)
        return PriceTakerState(believed, mail.ask_tso(ClearAt(draw.z), worth=Worth.EXACT))  # (c)

    def gap(self, s: PriceTakerState) -> Gap:
        """None: nobody tries to agree."""
        return Gap(np.nan if s.plan is None or np.isnan(s.plan.cost) else 0.0, 0.0, End.ALONE)

    def bargain(self, s: PriceTakerState) -> Bargain:
        """Each its own answer, at the price that all answers make."""
        return Bargain.of(s.plan)
