"""Alternating directions: feeders and transmission each say what they would take near the other's wish, and a price pays for the difference.

Paper    S. Boyd et al., Found. Trends Mach. Learn. 3(1), 2011, §7.3, §3.4.1 and §3.4.3: the feeders' step (a), transmission's (b), the price (c),
         balancing of both residuals by the weight (d), over-relaxation (e). For AC power flow it is a heuristic: problems are not convex.
Decides  both sides, in turn; neither sees the other's costs or limits.
Crosses  per round, interface and period: a wish, a price and a weight of three numbers each to both sides, 3 numbers and a cost from feeders,
         6 from transmission (its exchange, and the price there) and its cost. Once before: its own forecast and prices, 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.opf_letters import DispatchAlone, DispatchNear, TakenNear
from gridtandem.boundary.taken_home import Schedule
from gridtandem.coordinate import Gap, widest
from gridtandem.tables import Real

APART, FACTOR = 3.0, 2.0  # (d) calibrated; residuals this many times apart change the weight by this factor, and by less each time it has to turn
FAR = 1000.0  # weights stay within this factor of the first one


@final
@dataclass(frozen=True, slots=True, eq=False)
class AdmmState:
    """What both sides want, the price of the difference, its weight, and how far they are apart and moved [pu]."""

    x: Real  # the feeders' wish (scenario, period, interface, 3) [MW, Mvar, pu]
    z: Real  # transmission's
    price: Real  # [currency/MWh, currency/Mvarh, currency/pu/h]
    weight: float
    forecast: Real  # of the exchange, by transmission
    way: int = 0  # in which the weight went last
    turns: int = 0  # how often it turned
    apart: float = np.inf
    moved: float = np.inf


@final
@dataclass(frozen=True, slots=True)
class Admm:
    """Ends when both sides want the same, and what they want moves, by less than ``tol``."""

    weight: float = 1e4  # [currency/h/pu²]
    relaxation: float = 1.3  # (e) of the feeders' wish; calibrated, as (d) is, on nine systems: docs/explanation/coordinated-dispatch.md
    tol: float = 1e-6  # [pu]
    base_mva: float = 100.0  # of per unit of power

    over_relaxed: ClassVar = 2.0  # (e) converges below it
    asks_tso: ClassVar = frozenset({DispatchAlone, DispatchNear})
    asks_dsos: ClassVar = frozenset({TakenNear})

    def start(self, mail: Mail) -> AdmmState:
        """Where transmission stands with its own forecast, at its own prices."""
        own = mail.ask_tso(DispatchAlone(), worth=Worth.ESTIMATE)
        return AdmmState(own.y, own.y, own.price, self.weight, own.y)

    def after(self, mail: Mail, before: AdmmState) -> AdmmState:
        """Wishes of an earlier period, moved by what transmission's forecast changes, at its prices and weight."""
        own = mail.ask_tso(DispatchAlone(), worth=Worth.ESTIMATE).y
        change = (own - before.forecast) * [1.0, 1.0, 0.0]
        return AdmmState(before.x + change, before.z + change, before.price, before.weight, own)

    def round(self, mail: Mail, s: AdmmState) -> AdmmState:
        """Each side once."""
        pu = np.array([1 / self.base_mva, 1 / self.base_mva, 1.0])
        weight = np.broadcast_to(s.weight * pu**2, s.z.shape)
        x = mail.ask_dsos(TakenNear(s.z, s.price, weight), worth=Worth.ESTIMATE).y  # (a)
        near = self.relaxation * x + (1 - self.relaxation) * s.z  # (e)
        z = mail.ask_tso(DispatchNear(near, s.price, weight), worth=Worth.ESTIMATE).y  # (b)
        price = s.price + weight * (near - z)  # (c)
        apart, moved = widest(pu * (x - z)), widest(pu * (z - s.z))
        way = int(apart > APART * moved) - int(moved > APART * apart)
        turns = s.turns + int(way * s.way < 0)
        heavy = min(max(s.weight * FACTOR ** (way / (1 + turns)), self.weight / FAR), self.weight * FAR)  # (d)
        return AdmmState(x, z, price, heavy, s.forecast, way or s.way, turns, apart, moved)

    def gap(self, s: AdmmState) -> Gap:
        """The larger of both residuals. [pu]"""
        return Gap(max(s.apart, s.moved), self.tol)

    def schedule(self, s: AdmmState) -> Schedule:
        """What transmission wants at the last prices; feeders want the same within tolerance."""
        return Schedule(s.z, s.price)
