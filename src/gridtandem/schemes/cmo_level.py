"""Level bundle: as cutting planes, but the next look is as near as possible to the best exchange so far at a cost between the bounds.

Paper    C. Lemaréchal, A. Nemirovskii and Y. Nesterov, "New variants of bundle methods", Mathematical Programming 69, 1995: level set (a),
         projection onto it (b). For the coordinated market it is our choice, see docs/explanation/coordinated-markets.md.
Decides  the TSO, within what the DSOs' planes tell.
Crosses  per round, interface and period: one exchange down, 2 numbers up (cost and price there). Planes stay with whoever plans.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.cmo_letters import LevelWith
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.market_letters import ClearAt, Cut, PlanWith, Range, Reach, ValueAt
from gridtandem.boundary.taken_home import Bargain
from gridtandem.coordinate import Gap
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class CmoLevelState:
    """Planes learnt, the best exchange looked at, and bounds on the least cost after every round."""

    reach: Range
    cuts: tuple[Cut, ...]
    z: Real
    price: Real
    best: float = np.inf
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class CmoLevel:
    """Ends when the bounds are within ``tol`` of each other, relative to the cost. ``share`` of the gap is asked for by each look."""

    tol: float = 1e-7
    share: float = 0.5

    asks_tso: ClassVar = frozenset({PlanWith, LevelWith, ClearAt})
    asks_dsos: ClassVar = frozenset({Reach, ValueAt})

    def start(self, mail: Mail) -> CmoLevelState:
        """The first planes are asked for in the middle of reach."""
        reach = mail.ask_dsos(Reach(), worth=Worth.EXACT)
        middle = (reach.low + reach.high) / 2
        cut = mail.ask_dsos(ValueAt(middle), worth=Worth.BOUND)
        return CmoLevelState(reach, (cut,), middle, np.full(mail.shape, np.nan))

    def round(self, mail: Mail, s: CmoLevelState) -> CmoLevelState:
        """Lower bound, a step to the level, a look there."""
        plan = mail.ask_tso(PlanWith(s.reach, s.cuts), worth=Worth.EXACT)
        lower = max(plan.cost, *s.lower[-1:], -np.inf)
        level = lower + (1 - self.share) * (s.best - lower)  # (a)
        z = plan.z if np.isinf(s.best) else mail.ask_tso(LevelWith(s.reach, s.cuts, s.z, level), worth=Worth.ESTIMATE).z  # (b)
        cut = mail.ask_dsos(ValueAt(z), worth=Worth.BOUND)
        above = mail.ask_tso(ClearAt(z))
        value = above.own_cost + float(cut.value.sum())
        best = value < s.best
        return CmoLevelState(
            s.reach, (*s.cuts, cut), z if best else s.z, plan.price, value if best else s.best, (*s.lower, lower),
            (*s.upper, value if best else s.best),
        )  # fmt: skip

    def gap(self, s: CmoLevelState) -> Gap:
        """Upper less lower bound, relative to the cost."""
        return Gap((s.upper[-1] - s.lower[-1]) / max(1.0, abs(s.best)) if s.upper else np.inf, self.tol)

    def bargain(self, s: CmoLevelState) -> Bargain:
        """The best exchange looked at, at the prices of the last plan, which supports every optimum."""
        return Bargain(s.z, s.price)
