"""DSO curvature, safeguarded by cutting planes: a look where the TSO's cost, the planes and the DSOs' curvature at the best point are least together.

Paper    local quadratic models of each DSO, as in the response-function idea of Z. Li, Q. Guo, H. Sun and J. Wang, arXiv 1712.08282 (a);
         safeguarded as a bundle method with a plane at every plan (b), which makes it end where models alone would not. Our combination.
Decides  the TSO, within what the DSOs tell.
Crosses  per round, interface and period: 3 exchanges down, 5 numbers up (cost and price at two points, curvature at one).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.cmo_letters import BendAt, PlanNear
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.market_letters import Cut, Plan, PlanWith, Range, Reach, ValueAt
from gridtandem.boundary.taken_home import Bargain
from gridtandem.coordinate import Gap
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class CmoCurvatureState:
    """Planes learnt, the best exchange looked at with the curvature there, and bounds on the least cost after every round."""

    reach: Range
    cuts: tuple[Cut, ...]
    z: Real
    rise: Real
    price: Real
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class CmoCurvature:
    """Ends when the bounds are within ``tol`` of each other, relative to the cost. Curvature is looked at across twice ``width_mw``."""

    tol: float = 1e-7
    width_mw: float = 0.01

    asks_tso: ClassVar = frozenset({PlanWith, PlanNear})
    asks_dsos: ClassVar = frozenset({Reach, ValueAt, BendAt})

    def start(self, mail: Mail) -> CmoCurvatureState:
        """The middle of reach."""
        reach = mail.ask_dsos(Reach(), worth=Worth.EXACT)
        z = (reach.low + reach.high) / 2
        cut, bend = mail.ask_dsos(ValueAt(z), worth=Worth.BOUND), mail.ask_dsos(BendAt(z, self.width_mw))
        return CmoCurvatureState(reach, (cut,), z, bend.rise, np.full(mail.shape, np.nan))

    def round(self, mail: Mail, s: CmoCurvatureState) -> CmoCurvatureState:
        """A look by curvature; a look by planes alone, which bounds; the better of both and of the best so far is kept."""
        looks: list[tuple[float, Real]] = []
        cuts, near, plan = s.cuts, PlanNear(s.reach, s.cuts, s.z, s.rise), None
        for question in (near, PlanWith(s.reach, s.cuts)):  # (a), (b)
            plan = mail.ask_tso(question, worth=Worth.EXACT)
            cut = mail.ask_dsos(ValueAt(plan.z), worth=Worth.BOUND)
            cuts = (*cuts, cut)
            looks.append((plan.own_cost + float(cut.value.sum()), plan.z))
        assert isinstance(plan, Plan)
        value, z = min(looks, key=lambda look: look[0])
        better = not s.upper or value < s.upper[-1]
        rise = mail.ask_dsos(BendAt(z, self.width_mw)).rise if better else s.rise
        return CmoCurvatureState(
            s.reach, cuts, z if better else s.z, rise, plan.price,
            (*s.lower, max(plan.cost, *s.lower[-1:], -np.inf)), (*s.upper, min(value, *s.upper[-1:], np.inf)),
        )  # fmt: skip

    def gap(self, s: CmoCurvatureState) -> Gap:
        """Upper less lower bound, relative to the cost."""
        return Gap((s.upper[-1] - s.lower[-1]) / max(1.0, abs(s.upper[-1])) if s.upper else np.inf, self.tol)

    def bargain(self, s: CmoCurvatureState) -> Bargain:
        """The best exchange looked at, at the prices of the last plan, which supports every optimum."""
        return Bargain(s.z, s.price)
