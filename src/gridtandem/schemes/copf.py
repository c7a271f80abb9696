"""Boundary-SQP: each feeder condenses itself to a point, a price and nine numbers of curvature; transmission dispatches over these models.

Paper    B. Houska, J. Frasch, M. Diehl, "An augmented Lagrangian based algorithm for distributed nonconvex optimization", SIAM J. Optim. 26(2),
         2016 (ALADIN); here the coupling step is transmission's own AC optimal power flow over quadratic models of the feeders' value functions,
         condensed to the boundary; equations (a)-(e) are derived in docs/explanation/coordinated-dispatch.md.
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
from gridtandem.boundary.opf_letters import Condensed, CondensedNear, DispatchAlone, DispatchOver, entries, square
from gridtandem.coordinate import Gap, Schedule, widest
from gridtandem.tables import Flag, Real

STIFF = 1e-9  # [pu²h/currency] least that any direction yields: what cannot move is held by a stiff spring
SHORT = 1 / 64  # shortest part of a step
GROWTH, HEAVIEST = 10.0, 1e3  # of the weight where steps do not help, and how often its first value it may reach
FALL = 1e-9  # relative rise of the merit that is rounding
STUCK = (
    "neither shorter steps nor a heavier weight bring both sides nearer (steps of costs or limits of a feeder meet there); take admm, or hgd-slope"
)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """An exchange, its price and what transmission pays there; or a step between two."""

    y: Real  # (scenario, period, interface, 3) [MW, Mvar, pu]
    price: Real
    cost: Real  # (scenario, period) [currency/h]

    def plus(self, part: Real, step: Point) -> Point:
        """A part (scenario, period) of a step further."""
        wide = part[..., None, None]
        return Point(self.y + wide * step.y, self.price + wide * step.price, self.cost + part * step.cost)

    def where(self, good: Flag, other: Point) -> Point:
        """The other, where (scenario, period) it is good."""
        wide = good[..., None, None]
        return Point(np.where(wide, other.y, self.y), np.where(wide, other.price, self.price), np.where(good, other.cost, self.cost))


@final
@dataclass(frozen=True, slots=True, eq=False)
class CopfState:
    """The last point that was good, the step from it and the part of it that is asked about next."""

    here: Point
    step: Point
    part: Real  # (scenario, period)
    merit: Real  # (scenario, period) at the point; the exchange of transmission and feeders apart costs more than it can earn
    weight: float
    apart: float = np.inf  # [pu]
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
        own, ones = mail.ask_tso(DispatchAlone(), worth=Worth.ESTIMATE), np.ones(mail.shape[:2])
        nothing = Point(0 * own.y, 0 * own.price, 0 * own.cost)
        return CopfState(Point(own.y, own.price, own.cost), nothing, ones, np.inf * ones, self.weight)

    def round(self, mail: Mail, s: CopfState) -> CopfState:
        """Feeders condense themselves; where the merit fell transmission dispatches over them, elsewhere half of the step is tried."""
        pu, new = np.array([1 / self.base_mva, 1 / self.base_mva, 1.0]), s.here.plus(s.part, s.step)
        feeder = mail.ask_dsos(CondensedNear(new.y, new.price, np.broadcast_to(s.weight * pu**2, new.y.shape)))  # (a)
        steep = 2 * np.abs(feeder.price / pu).max(axis=(2, 3), initial=1.0)
        merit = new.cost + feeder.cost.sum(-1) + steep * np.abs(pu * (new.y - feeder.y)).sum(axis=(2, 3))  # (b)
        good = (merit <= s.merit + FALL * np.abs(merit)) | (np.isfinite(merit) & (s.part <= SHORT))
        stuck = bool((~good & ((s.part <= SHORT) | ~np.isfinite(s.merit))).any() or (good & (s.part <= SHORT)).any())
        heavy = s.weight * GROWTH if stuck else s.weight
        part = np.where(good, 1.0, np.maximum(s.part / 2, SHORT))
        if heavy > self.weight * HEAVIEST or not good.any():
            ends, begun = heavy > self.weight * HEAVIEST, bool(np.isfinite(s.merit).all())  # where nothing was ever good, feeders have no answer
            apart, trouble = np.nan if ends and not begun else s.apart, STUCK if ends and begun else ""
            return CopfState(s.here, s.step, part, s.merit, heavy, apart, trouble)
        bend = stiffness(feeder, pu, s.weight)  # (c)
        plan = mail.ask_tso(DispatchOver(feeder.y, feeder.price, entries(bend)), worth=Worth.ESTIMATE)  # (d)
        price = feeder.price - np.einsum("...jk,...k->...j", bend, plan.y - feeder.y)  # (e)
        step = s.step.where(good, Point(plan.y - new.y, price - new.price, plan.cost - new.cost))
        apart = widest(np.where(good[..., None, None], pu * (plan.y - feeder.y), s.apart))
        return CopfState(s.here.where(good, new), step, part, np.where(good, merit, s.merit), heavy, apart)

    def gap(self, s: CopfState) -> Gap:
        """Widest difference between what transmission chose and what feeders take. [pu]"""
        return Gap(s.apart, self.tol, trouble=s.trouble)

    def schedule(self, s: CopfState) -> Schedule:
        """What transmission chose, at the price that the feeders' models say of it."""
        end = s.here.plus(np.ones_like(s.part), s.step)
        return Schedule(end.y, end.price)


def stiffness(feeder: Condensed, pu: Real, weight: float) -> Real:
    """Second derivative of the feeders' cost: the inverse of what they yield less the weight, in directions that yield at least ``STIFF``."""
    yields, along = np.linalg.eigh(np.nan_to_num(square(feeder.give) * np.multiply.outer(pu, pu)))
    bend: Real = np.einsum("...jk,...k,...lk->...jl", along, 1 / np.clip(yields, STIFF, 1 / weight) - weight, along)
    return bend * np.multiply.outer(pu, pu)
