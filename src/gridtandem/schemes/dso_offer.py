"""The one-shot DSO offer: feeders send their exact cost as ordinary offers, the wholesale market clears once, awards go down.

Paper    M. Mousavi and M. Wu, "Transmission and Distribution Coordination for DER-rich Energy Markets: A Parametric Programming Approach",
         arXiv 2306.08258: a bid-in cost function by parametric programming, cleared by the ISO (a); the equations are our derivation,
         see docs/explanation/markets.md.
Decides  the ISO clears; each DSO shares out its award among its aggregators.
Crosses  per interface and period: one offer up (start, error, and 3 numbers per step), one award down (2 numbers). Nothing else, once.
         With tier 2 the offer lends storage (its envelope), and the award says what it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.market_letters import Award, ClearWith, Offers, Plan
from gridtandem.boundary.taken_home import Bargain
from gridtandem.coordinate import Gap
from gridtandem.tables import Code, Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class DsoOfferState:
    """The clearing, once it happened, and how many rows cannot deliver."""

    plan: Plan | None = None
    undelivered: float = np.inf
    tier: Code | None = None  # what each offer promised; see `gridtandem.boundary.market_letters.Tier`
    error: Real | None = None  # (scenario, period, interface) by which each offer may lie above its cost [currency/h]
    trouble: str = ""


@final
@dataclass(frozen=True, slots=True)
class DsoOffer:
    """Rules of the market are its options; ``steps`` 0 allows any number, so that the offer is exact."""

    steps: int = 0
    floor: float = -1e6  # [currency/MWh]
    ceiling: float = 1e6
    least_mw: float = 0.0
    step_mw: float = 0.0
    step_price: float = 0.0
    tier: int = 3  # of feeders whose hours hang together; 2 lends storage to the market, see `gridtandem.boundary.market_letters.Tier`
    within: float = 0.1  # [currency/h] largest error of the offer of a feeder with losses, whose cost no number of steps tells exactly

    asks_tso: ClassVar = frozenset({ClearWith})
    asks_dsos: ClassVar = frozenset({Offers, Award})

    @property
    def rules(self) -> Offers:
        """The question, which tells the rules of the market."""
        return Offers(self.steps or 10**9, self.floor, self.ceiling, self.least_mw, self.step_mw, self.step_price, self.tier, self.within)

    def start(self, mail: Mail) -> DsoOfferState:  # noqa: ARG002 — nothing is known yet
        """Nothing is known yet."""
        return DsoOfferState()

    def round(self, mail: Mail, s: DsoOfferState) -> DsoOfferState:  # noqa: ARG002 — there is but one
        """Offer, clear, award."""
        offers = mail.ask_dsos(self.rules, worth=Worth.BOUND)
        plan = mail.ask_tso(ClearWith(offers), worth=Worth.ESTIMATE)  # (a)
        refused = np.argwhere(mail.ask_dsos(Award(plan.z, plan.price, plan.use)).worth == Worth.REFUSED)
        if not np.isfinite(plan.cost):
            return DsoOfferState(plan, np.nan, offers.tier, offers.error)
        return DsoOfferState(plan, float(len(refused)), offers.tier, offers.error, _told(plan, refused))

    def gap(self, s: DsoOfferState) -> Gap:
        """Awards that are not delivered: none where offers keep every limit of the feeder; to ask again would change nothing."""
        return Gap(0.0 if s.undelivered == 0 else np.nan, 0.0)

    def bargain(self, s: DsoOfferState) -> Bargain:
        """What the parties take home."""
        return Bargain.of(s.plan)


def _told(plan: Plan, refused: Index) -> str:
    """The first award that is refused, for people."""
    if not len(refused):
        return ""
    s, t, i = (int(k) for k in refused[0])
    where = f"in period {t + 1} at interface {i + 1}"
    return f"{len(refused)} awards are refused, first {plan.z[s, t, i]:.6g} MW at {plan.price[s, t, i]:.6g} per MWh {where}"
