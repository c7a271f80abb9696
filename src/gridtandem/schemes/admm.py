"""Alternating directions: feeders and transmission each say what they would take near the other's wish, and a price pays for the difference.

Paper    S. Boyd et al., Found. Trends Mach. Learn. 3(1), 2011, §7.3 and §3.4.1: the feeders' step (a), transmission's (b), the price (c),
         balancing of both residuals by the weight (d). For AC power flow it is a heuristic: problems are not convex.
Decides  both sides, in turn; neither sees the other's costs or limits.
Crosses  per round, interface and period: a wish, a price and a weight of three numbers each to both sides, 3 numbers from each (and costs).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.opf_letters import DispatchAlone, DispatchNear, TakenNear
from gridtandem.coordinate import Gap, Schedule, widest
from gridtandem.tables import Real

APART, FACTOR = 10.0, 2.0  # (d) residuals this many times apart change the weight by this factor
FAR = 1000.0  # weights stay within this factor of the first one


@final
@dataclass(frozen=True, slots=True, eq=False)
class AdmmState:
    """What both sides want, the price of the difference, its weight, and how far they are apart and moved [pu]."""

    x: Real  # the feeders' wish (scenario, period, interface, 3) [MW, Mvar, pu]
    z: Real  # transmission's
    price: Real  # [currency/MWh, currency/Mvarh, currency/pu/h]
    weight: float
    apart: float = np.inf
    moved: float = np.inf


@final
@dataclass(frozen=True, slots=True)
class Admm:
    """Ends when both sides want the same, and what they want moves, by less than ``tol``."""

    weight: float = 1e4  # [currency/h/pu²]
    tol: float = 1e-6  # [pu]
    base_mva: float = 100.0  # of per unit of power

    asks_tso: ClassVar = frozenset({DispatchAlone, DispatchNear})
    asks_dsos: ClassVar = frozenset({TakenNear})

    def start(self, mail: Mail) -> AdmmState:
        """Where transmission stands with its own forecast, at its own prices."""
        own = mail.ask_tso(DispatchAlone(), worth=Worth.ESTIMATE)
        return AdmmState(own.y, own.y, own.price, self.weight)

    def round(self, mail: Mail, s: AdmmState) -> AdmmState:
        """Each side once."""
        pu = np.array([1 / self.base_mva, 1 / self.base_mva, 1.0])
        weight = np.broadcast_to(s.weight * pu**2, s.z.shape)
        x = mail.ask_dsos(TakenNear(s.z, s.price, weight), worth=Worth.ESTIMATE).y  # (a)
        z = mail.ask_tso(DispatchNear(x, s.price, weight), worth=Worth.ESTIMATE).y  # (b)
        price = s.price + weight * (x - z)  # (c)
        apart, moved = widest(pu * (x - z)), widest(pu * (z - s.z))
        balance = FACTOR if apart > APART * moved else 1 / FACTOR if moved > APART * apart else 1.0  # (d)
        heavy = min(max(s.weight * balance, self.weight / FAR), self.weight * FAR)
        return AdmmState(x, z, price, heavy, apart, moved)

    def gap(self, s: AdmmState) -> Gap:
        """The larger of both residuals. [pu]"""
        return Gap(max(s.apart, s.moved), self.tol)

    def schedule(self, s: AdmmState) -> Schedule:
        """What transmission wants at the last prices; feeders want the same within tolerance."""
        return Schedule(s.z, s.price)
