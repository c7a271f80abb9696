"""Alternating directions: DSOs and TSO each say what they would take near the other's wish, and a price pays for the difference.

Paper    S. Boyd et al., Found. Trends Mach. Learn. 3(1), 2011, §7.3: the DSOs' step (a), the TSO's (b), the price (c); residuals and their
         balancing by the weight, §3.4.1 (d).
Decides  both sides, in turn; neither sees the other's bids or limits.
Crosses  per round, interface and period: a price, a wish and a weight down, one exchange up (and its cost), and the same to the TSO; reach once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.cmo_letters import PlanNear
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.market_letters import DrawNear, Range, Reach
from gridtandem.boundary.taken_home import Bargain
from gridtandem.coordinate import Gap, widest
from gridtandem.tables import Real

APART, FACTOR = 10.0, 2.0  # (d) residuals this many times apart change the weight by this factor
FAR = 100.0  # weights stay within this factor of the first one: a heavy weight turns rounding of exchanges into prices


@final
@dataclass(frozen=True, slots=True, eq=False)
class CmoAdmmState:
    """What both sides want, the price of the difference, and how far they are apart."""

    reach: Range
    x: Real  # the DSOs' wish [MW]
    z: Real  # the TSO's
    price: Real  # of the difference [currency/MWh]
    told: Real  # the TSO's own
    weight: float
    apart_mw: float = np.inf
    moved: float = np.inf  # [currency/MWh]


@final
@dataclass(frozen=True, slots=True)
class CmoAdmm:
    """Ends when both sides want the same to ``tol_mw`` and the price it implies moves by less than ``tol_price``."""

    weight: float = 1.0  # [currency/MWh/MW]
    tol_mw: float = 1e-5
    tol_price: float = 1e-4  # [currency/MWh]

    asks_tso: ClassVar = frozenset({PlanNear})
    asks_dsos: ClassVar = frozenset({Reach, DrawNear})

    def start(self, mail: Mail) -> CmoAdmmState:
        """The middle of reach, at no price."""
        reach = mail.ask_dsos(Reach(), worth=Worth.EXACT)
        z = (reach.low + reach.high) / 2
        return CmoAdmmState(reach, z, z, np.zeros(mail.shape), np.full(mail.shape, np.nan), self.weight)

    def round(self, mail: Mail, s: CmoAdmmState) -> CmoAdmmState:
        """Each side once."""
        weight = np.full(mail.shape, s.weight)
        x = mail.ask_dsos(DrawNear(s.price, s.z, weight), worth=Worth.EXACT).z  # (a)
        plan = mail.ask_tso(PlanNear(s.reach, (), x + s.price / s.weight, weight), worth=Worth.EXACT)  # (b)
        z, price = plan.z, s.price + s.weight * (x - plan.z)  # (c)
        apart, moved = widest(x - z), s.weight * widest(z - s.z)
        balance = FACTOR if apart * s.weight > APART * moved else 1 / FACTOR if moved > APART * apart * s.weight else 1.0  # (d)
        heavy = min(max(s.weight * balance, self.weight / FAR), self.weight * FAR)
        return CmoAdmmState(s.reach, x, z, price, plan.price, heavy, apart, moved)

    def gap(self, s: CmoAdmmState) -> Gap:
        """The larger of both residuals, each against its tolerance."""
        return Gap(max(s.apart_mw / self.tol_mw, s.moved / self.tol_price), 1.0)

    def bargain(self, s: CmoAdmmState) -> Bargain:
        """What the DSOs want, which they can take, at the TSO's prices."""
        return Bargain(np.clip(s.x, s.reach.low, s.reach.high), s.told)
