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
from gridtandem.boundary.opf_search import Look, Search
from gridtandem.boundary.taken_home import Schedule
from gridtandem.coordinate import Gap, widest
from gridtandem.tables import Real

RELAXATION = 1.6  # (f) of what feeders took
STUCK = "neither models of the feeders nor splitting bring both sides nearer; admm takes smaller steps and may"


@final
@dataclass(frozen=True, slots=True, eq=False)
class CopfState:
    """What is asked next, by (scenario, period), and how the search for it stands."""

    ask: Point
    search: Search
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
        return CopfState(own, Search.begun(own), own.y)

    def after(self, mail: Mail, before: CopfState) -> CopfState:
        """Where transmission goes over the feeders' models of an earlier period, moved by what its forecast of them changes."""
        own = Point.of(mail.ask_tso(DispatchAlone(), worth=Worth.ESTIMATE))
        at = before.ask.y + (own.y - before.forecast) * [1.0, 1.0, 0.0]
        bend = np.zeros((*at.shape, 3)) if before.bend is None else before.bend
        plan = Point.of(mail.ask_tso(DispatchOver(at, before.ask.price, entries(bend))))
        begun = own.where(np.isfinite(plan.y).all(axis=(2, 3)), plan)
        return CopfState(begun, Search.begun(begun), own.y)

    def round(self, mail: Mail, s: CopfState) -> CopfState:
        """Feeders condense themselves; where that was a good step transmission dispatches over them, elsewhere it is halved, or splitting begins."""
        pu = np.array([1 / self.base_mva, 1 / self.base_mva, 1.0])
        weight = np.broadcast_to(self.weight * pu**2, s.ask.y.shape)
        feeder = mail.ask_dsos(CondensedNear(s.ask.y, s.ask.price, weight))  # (a)
        look = Look.of(s.search, s.ask, feeder, pu=pu, tol=self.tol)  # (b), (g)
        base, taken, split = look.search.near, look.search.taken, look.split[..., None, None]
        at = np.where(split, base.y + RELAXATION * (taken - base.y), feeder.y)  # (f)
        bend = np.where(split[..., None], weight[..., None] * np.eye(3), stiffness(feeder, pu, self.weight))  # (c)
        plan = Point.of(mail.ask_tso(DispatchOver(at, np.where(split, base.price, feeder.price), entries(bend))))  # (d), (e)
        ask, search = look.next(plan, pu)
        helpless = (search.stuck | search.over(self.tol)).all() and search.stuck.any()
        return CopfState(ask, search, s.forecast, bend, STUCK if helpless else "")

    def gap(self, s: CopfState) -> Gap:
        """Widest difference between what transmission chose and what feeders take. [pu]"""
        return Gap(widest(s.search.apart), self.tol, trouble=s.trouble)

    def schedule(self, s: CopfState) -> Schedule:
        """What transmission chose, at the price that the feeders' models say of it."""
        return Schedule(s.ask.y, s.ask.price)
