"""The one-shot DSO offer of energy and regulation together: feeders send their exact cost by both, the wholesale market clears both at once.

Paper    M. Mousavi and M. Wu, "Transmission and Distribution Coordination for DER-rich Energy Markets: A Parametric Programming Approach",
         arXiv 2306.08258, with the parameter a vector (a); the equations are our derivation, see docs/explanation/markets.md.
Decides  the ISO clears; each DSO shares out its award among its aggregators.
Crosses  what the market buys, once; per interface and period one offer up (6 numbers per plane or wall), one award down (2 + 8 numbers).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.market_letters import Plan
from gridtandem.boundary.reserve_letters import ClearVectors, ReserveAward, VectorOffers, Wants
from gridtandem.boundary.taken_home import Bargain
from gridtandem.coordinate import Gap
from gridtandem.orders.products import PRODUCTS
from gridtandem.tables import Code


@final
@dataclass(frozen=True, slots=True, eq=False)
class DsoVectorOfferState:
    """The clearing, once it happened, and how many rows cannot deliver."""

    plan: Plan | None = None
    undelivered: float = np.inf
    tier: Code | None = None  # what each offer promised; see `gridtandem.boundary.market_letters.Tier`


@final
@dataclass(frozen=True, slots=True)
class DsoVectorOffer:
    """An offer is exact or it is refused: ``planes`` is the most that the market takes of a feeder in an hour."""

    planes: int = 6000

    asks_tso: ClassVar = frozenset({Wants, ClearVectors})
    asks_dsos: ClassVar = frozenset({VectorOffers, ReserveAward})

    def start(self, mail: Mail) -> DsoVectorOfferState:  # noqa: ARG002 — nothing is known yet
        """Nothing is known yet."""
        return DsoVectorOfferState()

    def round(self, mail: Mail, s: DsoVectorOfferState) -> DsoVectorOfferState:  # noqa: ARG002 — there is but one
        """Offer, clear, award."""
        products = mail.ask_tso(Wants()).products
        costs = mail.ask_dsos(VectorOffers(products, self.planes), worth=Worth.EXACT)
        plan = mail.ask_tso(ClearVectors(costs), worth=Worth.ESTIMATE)  # (a)
        none = np.zeros((*plan.z.shape, len(PRODUCTS)))
        sold = (plan.reserve, plan.reserve_price) if products else (none, none)
        receipt = mail.ask_dsos(ReserveAward(products, plan.z, plan.price, *sold))
        return DsoVectorOfferState(plan, float((receipt.worth == 0).sum()) if np.isfinite(plan.cost) else np.nan, costs.tier)

    def gap(self, s: DsoVectorOfferState) -> Gap:
        """Awards that cannot be delivered: none, because offers keep every limit of the feeder in every deployment."""
        return Gap(s.undelivered, 0.0)

    def bargain(self, s: DsoVectorOfferState) -> Bargain:
        """What the parties take home."""
        return Bargain.of(s.plan)
