"""The one-shot DSO offer of energy and regulation as markets of today take it: a curve of energy, a price and a limit for capacity up and down.

Paper    M. Mousavi and M. Wu, "Transmission and Distribution Coordination for DER-rich Energy Markets: A Parametric Programming Approach",
         arXiv 2306.08258, brought down to offers that are separable (a); equations and bound are ours, see docs/explanation/markets.md.
Decides  the ISO clears; each DSO shares out its award among its aggregators.
Crosses  what the market buys, once; per interface and period one offer up (start, 3 numbers per step, 5 of capacity), one award down (2 + 8 numbers).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.market_letters import Offers, Plan, Tier
from gridtandem.boundary.reserve_letters import ClearReserves, ReserveAward, ReserveOffers, Wants
from gridtandem.boundary.taken_home import Bargain
from gridtandem.coordinate import Gap
from gridtandem.orders.products import PRODUCTS
from gridtandem.tables import Code, Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class DsoReserveOfferState:
    """The clearing, once it happened, and how many rows cannot deliver."""

    plan: Plan | None = None
    undelivered: float = np.inf
    tier: Code | None = None  # what each offer promised; see `gridtandem.boundary.market_letters.Tier`
    loss: Real | None = None  # most by which each offer lies above the feeder's cost, within its limits [currency/h]


@final
@dataclass(frozen=True, slots=True)
class DsoReserveOffer:
    """Rules of the market for the curve of energy are its options; ``steps`` 0 allows any number."""

    steps: int = 0
    floor: float = -1e6  # [currency/MWh]
    ceiling: float = 1e6
    least_mw: float = 0.0
    step_mw: float = 0.0
    step_price: float = 0.0

    asks_tso: ClassVar = frozenset({Wants, ClearReserves})
    asks_dsos: ClassVar = frozenset({ReserveOffers, ReserveAward})

    @property
    def rules(self) -> Offers:
        """The question about energy, which tells the rules of the market."""
        return Offers(self.steps or 10**9, self.floor, self.ceiling, self.least_mw, self.step_mw, self.step_price)

    def start(self, mail: Mail) -> DsoReserveOfferState:  # noqa: ARG002 — nothing is known yet
        """Nothing is known yet."""
        return DsoReserveOfferState()

    def round(self, mail: Mail, s: DsoReserveOfferState) -> DsoReserveOfferState:  # noqa: ARG002 — there is but one
        """Offer, clear, award."""
        products = mail.ask_tso(Wants()).products
        offers = mail.ask_dsos(ReserveOffers(products, self.rules), worth=Worth.BOUND)
        plan = mail.ask_tso(ClearReserves(offers), worth=Worth.ESTIMATE)  # (a)
        none = np.zeros((*plan.z.shape, len(PRODUCTS)))
        sold = (plan.reserve, plan.reserve_price) if products else (none, none)
        receipt = mail.ask_dsos(ReserveAward(products, plan.z, plan.price, *sold))
        tier = np.maximum(offers.energy.tier, Tier.CERTIFIED).astype(np.int8)
        return DsoReserveOfferState(plan, float((receipt.worth == 0).sum()) if np.isfinite(plan.cost) else np.nan, tier, offers.loss)

    def gap(self, s: DsoReserveOfferState) -> Gap:
        """Awards that cannot be delivered: none, because what is offered was tried at its corners."""
        return Gap(s.undelivered, 0.0)

    def bargain(self, s: DsoReserveOfferState) -> Bargain:
        """What the parties take home."""
        return Bargain.of(s.plan)
