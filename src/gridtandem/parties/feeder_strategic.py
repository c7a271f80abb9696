"""A distribution company's desk for trade that moves the price: all of its feeders as one leader, against the market's curve or the market whole.

The desk knows no grid but its own. Of transmission it knows what is in the question: a curve of price by exchange for each total, or, where the
operator discloses its market, that program. Feeders built alike behind one total are one program with a multiplicity; see `gridtandem.opf.leader`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.strategic_letters import Disclosed, Residual
from gridtandem.boundary.strategy_letters import BestAgainst, BestWithin, Strategy
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.leader import THETA, Group, Slots, cost_by_period, leader, of_group
from gridtandem.opf.posted import given, posted
from gridtandem.parties.disclosed import followers_of
from gridtandem.parties.feeder_market import FeederMarket
from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Program
from gridtandem.program.bilevel import Bilevel, BilevelAnswer, best_against, solve
from gridtandem.program.cells import Cells
from gridtandem.program.follower import Follower
from gridtandem.program.solve import hold
from gridtandem.tables import Flag, Index, Real

PROVED = 1e-6  # relative gap up to which a search has proved its answer
ROUTES: Mapping[str, Literal["cells", "kkt-sos1", "kkt-bigm"]] = {"cells": "cells", "kkt-sos1": "kkt-sos1", "kkt-bigm": "kkt-bigm"}


@final
@dataclass(frozen=True, slots=True, eq=False)
class FeederStrategic:
    """Beside the market desk, whose feeders it decides for."""

    desk: FeederMarket

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {BestAgainst: self.best_against, BestWithin: self.best_within}

    def best_against(self, ask: BestAgainst) -> Strategy:
        """The best exchange along a given curve. A company with totals at several buses would have to know their market whole."""
        place, heads = places(ask.curve.head[0, 0])
        if len(heads) != 1 or (ask.curve.worth == Worth.REFUSED).any():
            return self._nothing()
        slots = Slots.by_period(self._periods, 1)
        cells = cells_in(ask.curve, self._periods, self.hours)
        found = best_against(leader(self.groups(place, ask.local), slots, box_of(cells)), THETA, cells)
        return self._told(found, place, slots)

    def best_within(self, ask: BestWithin) -> Strategy:
        """The best exchange within a market that is known whole."""
        place, heads = places(ask.market.head[0, 0])
        if (ask.market.worth == Worth.REFUSED).any() or len(ask.market.interface) != len(heads) * self._periods:
            return self._nothing()
        followers, slots = followers_in(ask.market, heads, self._periods)
        if any(follower.size != slots.shape[1] for follower in followers):
            return self._nothing()  # somebody else moves it too
        endless = np.full(slots.shape, np.inf)
        program = leader(self.groups(place, ask.local), slots, (-endless, endless))
        return self._told(solve(Bilevel(program, THETA, followers), ROUTES[ask.route]), place, slots)

    def groups(self, place: Index, local: str = "pay-as-bid") -> tuple[Group, ...]:
        """Feeders built alike at one place; ``place`` is that of every interface."""
        paid = posted if local == "posted" else _as_bid
        return tuple(Group(paid(self.desk.whole[kind]), len(rows), at) for kind, at, rows in self.members(place))

    def plan(self, i: int, z: Real, price: Real) -> tuple[Answer, Answer]:
        """The owner's door where prices are posted: the dispatch at an award (period) with what units give at theirs, and the answer to its price."""
        problem = self.desk.whole[int(self.desk.kind[i])]
        held = hold(problem.program)
        return held.solve(bounds={"z": (z, z), "x": given(problem, z)}), held.solve(cost={"z": price * self.hours})

    def members(self, place: Index) -> list[tuple[int, int, Index]]:
        """Kind of feeder, place, and the interfaces of every group."""
        pairs = np.unique(np.stack([place, self.desk.kind], -1), axis=0)
        return [(int(kind), int(at), np.flatnonzero((place == at) & (self.desk.kind == kind))) for at, kind in pairs.tolist()]

    @property
    def hours(self) -> float:
        """Length of a period."""
        return self.desk.whole[0].window.hours

    @property
    def _periods(self) -> int:
        return self.desk.whole[0].window.periods

    def _told(self, found: BilevelAnswer, place: Index, slots: Slots) -> Strategy:
        """Every copy takes what one of its group takes."""
        if found.status not in (Status.SOLVED, Status.STOPPED):
            return self._nothing()
        shape = (1, self._periods, len(place))
        z, value = np.full(shape, np.nan), np.full(shape, np.nan)
        for g, (kind, _, rows) in enumerate(self.members(place)):
            mine = of_group(found.x, g)
            z[0][:, rows] = mine["z"][:, None]
            value[0][:, rows] = cost_by_period(self.desk.whole[kind], mine)[:, None]
        price = found.price.ravel()[slots.at][:, place][None] / self.hours
        kink: Flag = np.broadcast_to(found.kink[:, None], slots.shape).ravel()[slots.at][:, place][None]
        worth = Worth.EXACT if found.gap <= PROVED else Worth.ESTIMATE
        return Strategy(z, price, value, kink.astype(np.int8), np.full(shape, worth, np.int8))

    def _nothing(self) -> Strategy:
        shape = (1, self._periods, len(self.desk.kind))
        nowhere, none = np.full(shape, np.nan), np.zeros(shape, np.int8)
        return Strategy(nowhere, nowhere, nowhere, none, none)


def _as_bid(problem: FeederProblem) -> Program:
    return problem.program


def places(head: Index) -> tuple[Index, Index]:
    """The place of every interface of a company, counted from 0, and the interface of the company at which each place stands."""
    _, first, place = np.unique(head, return_index=True, return_inverse=True)
    return np.asarray(place.ravel(), np.int64), np.asarray(first, np.int64)


def cells_in(curve: Residual, periods: int, hours: float) -> tuple[Cells, ...]:
    """The curve of one total as pieces of cost, period by period. [MW, currency in the period]"""
    return tuple(_steps(curve, curve.period == t, hours) for t in range(periods))


def _steps(curve: Residual, rows: Flag, hours: float) -> Cells:
    begin, end = curve.from_mw[rows], curve.to_mw[rows]
    return Cells.steps(np.concatenate([begin, end[-1:]]), curve.price[rows] * hours)


def followers_in(market: Disclosed, heads: Index, periods: int) -> tuple[tuple[Follower, ...], Slots]:
    """The programs of a market, and where the exchange of every period and place stands among their θ; ``heads`` are the interfaces of places."""
    size = int(market.number.max(initial=0)) + 1
    at = np.zeros((periods, len(heads)), np.int64)
    at[market.period, np.searchsorted(heads, market.interface)] = market.program * size + market.number
    return followers_of(market), Slots((len(market.programs), size), at)


def box_of(cells: tuple[Cells, ...]) -> tuple[Real, Real]:
    """Least and most total (period, 1)."""
    return np.array([c.low for c in cells]), np.array([c.high for c in cells])
