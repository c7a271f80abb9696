"""Boundary-SQP: each feeder condenses itself to a point, a price and nine numbers of curvature; transmission dispatches over these models.

Paper    B. Houska, J. Frasch, M. Diehl, "An augmented Lagrangian based algorithm for distributed nonconvex optimization", SIAM J. Optim. 26(2),
         2016 (ALADIN): steps (a), (c)-(e), merit (b); here the coupling step is transmission's own AC optimal power flow over quadratic models
         of the feeders' value functions. Where these do not serve: J. Eckstein, D. P. Bertsekas, Math. Program. 55, 1992 (f), in turns with (d)
         by the rule of A. Themelis, P. Patrinos, IEEE Trans. Autom. Control 64(12), 2019 (g). See docs/explanation/coordinated-dispatch.md.
Decides  transmission the exchange, each feeder its own units.
Crosses  per round, interface and period: 9 numbers down (exchange, price, weight), 12 up (exchange, price, six entries of M) and the cost;
         transmission hears 12 and says 6 and its cost. Once before: its own forecast and prices, 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.opf_letters import CondensedNear, DispatchAlone, DispatchOver, entries
from gridtandem.boundary.opf_models import Point, stiffness
from gridtandem.coordinate import Gap, Schedule, widest
from gridtandem.tables import Index, Real

FALL, HALVED = 1e-9, 4  # relative rise of the merit that is rounding; times that a step is halved before splitting begins
NEARER, SURE = 0.5, 0.01  # (g) part of the least miss that a step between splittings has to reach; of the miss, that counts as not agreed
STRETCH, LONGEST = 5, 40  # splittings in a row, twice as many each time; beyond the longest nothing helps
RELAXATION = 1.6  # (f) of what feeders took
STUCK = "neither models of the feeders nor splitting bring both sides nearer; take admm, or hgd-slope"


@final
@dataclass(frozen=True, slots=True, eq=False)
class CopfState:
    """What is asked next, the last point that was good, and the one nearest to agreement, from which splitting begins; by (scenario, period)."""

    ask: Point
    here: Point
    near: Point
    taken: Real  # what feeders took there
    miss: Real  # how far from it [pu]
    merit: Real  # at the last good point; the exchange of transmission and feeders apart costs more than it can earn
    halved: Index
    stretch: Index  # splittings of the last row; 0: none was needed
    left: Index  # splittings to come, the one that is asked about next with them
    apart: Real  # [pu]
    forecast: Real  # what transmission expected
    bend: Real | None = None  # of the feeders' last models
    trouble: str = ""


@final
@dataclass(frozen=True, slots=True)
class Copf:
    """Ends when transmission, dispatching over the feeders' models, chooses what they take to ``tol``: then both are at the joint optimum."""

    weight: float = 1e4  # [currency/h/pu²] of a feeder's distance from the wish; calibrated on the situations of the page named above
    tol: float = 1e-6  # [pu]
    base_mva: float = 100.0  # of per unit of power

    asks_tso: ClassVar = frozenset({DispatchAlone, DispatchOver})
    asks_dsos: ClassVar = frozenset({CondensedNear})

    def start(self, mail: Mail) -> CopfState:
        """Where transmission stands with its own forecast, at its own prices."""
        own = Point.of(mail.ask_tso(DispatchAlone(), worth=Worth.ESTIMATE))
        return begun(own, own.y)

    def after(self, mail: Mail, before: CopfState) -> CopfState:
        """Where transmission goes over the feeders' models of an earlier period, moved by what its forecast of them changes."""
        own = Point.of(mail.ask_tso(DispatchAlone(), worth=Worth.ESTIMATE))
        at = before.ask.y + (own.y - before.forecast) * [1.0, 1.0, 0.0]
        bend = np.zeros((*at.shape, 3)) if before.bend is None else before.bend
        plan = Point.of(mail.ask_tso(DispatchOver(at, before.ask.price, entries(bend))))
        return begun(own.where(np.isfinite(plan.y).all(axis=(2, 3)), plan), own.y)

    def round(self, mail: Mail, s: CopfState) -> CopfState:
        """Feeders condense themselves; where that was a good step transmission dispatches over them, elsewhere it is halved, or splitting begins."""
        pu = np.array([1 / self.base_mva, 1 / self.base_mva, 1.0])
        weight = np.broadcast_to(self.weight * pu**2, s.ask.y.shape)
        feeder = mail.ask_dsos(CondensedNear(s.ask.y, s.ask.price, weight))  # (a)
        steep = 2 * np.abs(feeder.price / pu).max(axis=(2, 3), initial=1.0)
        merit = s.ask.cost + feeder.cost.sum(-1) + steep * np.abs(pu * (s.ask.y - feeder.y)).sum(axis=(2, 3))  # (b)
        miss = np.sqrt(((pu * (feeder.y - s.ask.y)) ** 2).sum(axis=(2, 3)))
        calm, over, nearer = s.stretch == 0, ~(s.apart > self.tol), miss <= NEARER * s.miss
        good = over | np.where(s.left > 0, np.isfinite(miss), np.where(calm, merit <= s.merit + FALL * np.abs(merit), nearer))  # (g)
        halve = ~good & calm & (s.halved < HALVED) & np.isfinite(s.merit)
        near = good & ~over & (nearer | (s.left > 0))
        base, taken = s.near.where(near, s.ask), np.where(near[..., None, None], feeder.y, s.taken)
        stretch = np.where(good | halve, s.stretch, np.maximum(2 * s.stretch, STRETCH))
        left = np.where(good | halve, np.maximum(s.left - 1, 0), stretch)
        split = (~good | (left > 0))[..., None, None]
        at = np.where(split, base.y + RELAXATION * (taken - base.y), feeder.y)  # (f)
        bend = np.where(split[..., None], weight[..., None] * np.eye(3), stiffness(feeder, pu, self.weight))  # (c)
        plan = Point.of(mail.ask_tso(DispatchOver(at, np.where(split, base.price, feeder.price), entries(bend))))  # (d), (e)
        lost = ~np.isfinite(plan.y).all(axis=(2, 3)) & ~over
        away = np.maximum(np.abs(plan.y - np.where(split, taken, feeder.y)), np.abs(np.where(split, plan.y - base.y, SURE * (feeder.y - s.ask.y))))
        away[~good & ~np.isfinite(s.miss)] = np.nan  # nothing was ever good: a feeder has no answer
        apart = np.where(over | halve, s.apart, np.where(lost & ~split[..., 0, 0], miss, (pu * away).max(axis=(2, 3), initial=0.0)))
        stretch = np.where(lost, np.maximum(2 * stretch, STRETCH), stretch)
        ask = base.where(~lost, plan).where(halve, s.here.half_way(s.ask)).where(over, s.ask)
        stuck, here = stretch > LONGEST, s.here.where(good, s.ask)
        trouble = STUCK if (stuck | ~(apart > self.tol)).all() and stuck.any() else ""
        miss, merit, halved = np.where(near, miss, s.miss), np.where(good, merit, s.merit), np.where(halve, s.halved + 1, 0)
        return CopfState(ask, here, base, taken, miss, merit, halved, stretch, np.where(lost, stretch, left), apart, s.forecast, bend, trouble)

    def gap(self, s: CopfState) -> Gap:
        """Widest difference between what transmission chose and what feeders take. [pu]"""
        return Gap(widest(s.apart), self.tol, trouble=s.trouble)

    def schedule(self, s: CopfState) -> Schedule:
        """What transmission chose, at the price that the feeders' models say of it."""
        return Schedule(s.ask.y, s.ask.price)


def begun(at: Point, forecast: Real) -> CopfState:
    """Nothing is known but where to begin."""
    none, far = np.zeros(at.cost.shape, np.int64), np.full(at.cost.shape, np.inf)
    return CopfState(at, at, at, at.y, far, far, none, none, none, far, forecast)
