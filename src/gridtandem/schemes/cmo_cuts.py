"""Cutting planes: each round the TSO plans with all planes learnt so far, and each DSO answers the plan with its cost and price there.

Paper    J. E. Kelley, "The cutting-plane method for solving convex programs", SIAM Journal 8(4), 1960 (a); for the coordinated market of
         M. Gupta's thesis (IIT Delhi, 2022) the scheme is our choice, see docs/explanation/coordinated-markets.md.
Decides  the TSO, within what the DSOs' planes tell.
Crosses  per round, interface and period: one exchange down, 2 numbers up (cost and price there). Planes stay with whoever plans.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.market_letters import Cut, PlanWith, Range, Reach, ValueAt
from gridtandem.boundary.taken_home import Bargain
from gridtandem.coordinate import Gap
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class CmoCutsState:
    """Planes learnt, the best exchange looked at, and bounds on the least cost after every round."""

    reach: Range
    cuts: tuple[Cut, ...]
    z: Real
    price: Real
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class CmoCuts:
    """Ends when the bounds are within ``tol`` of each other, relative to the cost."""

    tol: float = 1e-7

    asks_tso: ClassVar = frozenset({PlanWith})
    asks_dsos: ClassVar = frozenset({Reach, ValueAt})

    def start(self, mail: Mail) -> CmoCutsState:
        """The first planes are asked for in the middle of reach."""
        reach = mail.ask_dsos(Reach(), worth=Worth.EXACT)
        middle = (reach.low + reach.high) / 2
        return CmoCutsState(reach, (mail.ask_dsos(ValueAt(middle), worth=Worth.BOUND),), middle, np.full(mail.shape, np.nan))

    def round(self, mail: Mail, s: CmoCutsState) -> CmoCutsState:
        """Plan, look there, learn."""
        plan = mail.ask_tso(PlanWith(s.reach, s.cuts), worth=Worth.EXACT)  # (a) least cost of the model: a lower bound
        cut = mail.ask_dsos(ValueAt(plan.z), worth=Worth.BOUND)
        upper = plan.own_cost + float(cut.value.sum())
        best = upper < (s.upper[-1] if s.upper else np.inf)
        return CmoCutsState(
            s.reach, (*s.cuts, cut), plan.z if best else s.z, plan.price,
            (*s.lower, max(plan.cost, *s.lower[-1:], -np.inf)), (*s.upper, min(upper, *s.upper[-1:], np.inf)),
        )  # fmt: skip

    def gap(self, s: CmoCutsState) -> Gap:
        """Upper less lower bound, relative to the cost."""
        return Gap((s.upper[-1] - s.lower[-1]) / max(1.0, abs(s.upper[-1])) if s.upper else np.inf, self.tol)

    def bargain(self, s: CmoCutsState) -> Bargain:
        """The best exchange looked at, at the prices of the last plan, which supports every optimum."""
        return Bargain(s.z, s.price)
