"""One-shot curve, verified: DSOs send their cost as ordinary offers, the market clears, and one round of planes certifies the result.

Paper    M. Mousavi and M. Wu, arXiv 2306.08258, for the curve (a); the certificate is a plan with the planes at the award and at the DSOs' answers
         to the market's prices, a lower bound (b). Where offers were cut short and the bound is too far, cutting planes go on from there.
Decides  the TSO clears; each DSO shares out its award.
Crosses  per interface and period: one offer up (start, and 3 numbers per step); per round one exchange down and 2 numbers up, in the first round
         also a price down and 2 numbers up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.market_letters import ClearWith, Cut, DrawAt, Offers, PlanWith, Range, Reach, ValueAt
from gridtandem.boundary.taken_home import Bargain
from gridtandem.coordinate import Gap
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class CmoCurveState:
    """Planes learnt, the best exchange looked at, the next one to look at, and bounds on the least cost after every round."""

    reach: Range
    cuts: tuple[Cut, ...]
    z: Real
    price: Real
    next: Real
    own_cost: float  # of transmission there
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class CmoCurve:
    """Ends when the bounds are within ``tol`` of each other, relative to the cost: after one round where offers are exact."""

    tol: float = 1e-6
    steps: int = 0  # most steps of an offer; 0: any number

    asks_tso: ClassVar = frozenset({ClearWith, PlanWith})
    asks_dsos: ClassVar = frozenset({Reach, Offers, DrawAt, ValueAt})

    def start(self, mail: Mail) -> CmoCurveState:
        """Offer, clear, and learn what the DSOs would rather do at the market's prices."""
        reach = mail.ask_dsos(Reach(), worth=Worth.EXACT)
        offers = mail.ask_dsos(Offers(self.steps or 10**9, -1e6, 1e6, 0.0, 0.0, 0.0), worth=Worth.ESTIMATE)  # (a)
        plan = mail.ask_tso(ClearWith(offers), worth=Worth.EXACT)
        best = mail.ask_dsos(DrawAt(plan.price), worth=Worth.EXACT)
        whole = np.zeros(mail.shape, np.int8) if mail.shape[1] == 1 else np.ones(mail.shape, np.int8)  # true either way, and the safer promise
        plane = Cut(best.z, best.value, plan.price, whole, best.worth)
        return CmoCurveState(reach, (plane,), plan.z, plan.price, plan.z, plan.own_cost)

    def round(self, mail: Mail, s: CmoCurveState) -> CmoCurveState:
        """Look at the exchange in hand, and plan with all planes."""
        cut = mail.ask_dsos(ValueAt(s.next), worth=Worth.BOUND)
        upper, cuts = s.own_cost + float(cut.value.sum()), (*s.cuts, cut)
        plan = mail.ask_tso(PlanWith(s.reach, cuts), worth=Worth.EXACT)  # (b)
        best = upper < (s.upper[-1] if s.upper else np.inf)
        return CmoCurveState(
            s.reach, cuts, s.next if best else s.z, plan.price, plan.z, plan.own_cost,
            (*s.lower, max(plan.cost, *s.lower[-1:], -np.inf)), (*s.upper, min(upper, *s.upper[-1:], np.inf)),
        )  # fmt: skip

    def gap(self, s: CmoCurveState) -> Gap:
        """Upper less lower bound, relative to the cost."""
        return Gap((s.upper[-1] - s.lower[-1]) / max(1.0, abs(s.upper[-1])) if s.upper else np.inf, self.tol)

    def bargain(self, s: CmoCurveState) -> Bargain:
        """The best exchange looked at, at the prices of the last plan, which supports every optimum."""
        return Bargain(s.z, s.price)
