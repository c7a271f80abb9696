"""A distribution company's desk for AC dispatch: least cost of each feeder under prices and voltages, and how it bends around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.opf_letters import Condensed, CondensedNear, Drawn, DrawnAt, DrawnOn, Taken, TakenNear, entries
from gridtandem.opf.ac_boundary import AcBoundary, Asked, solved
from gridtandem.opf.ac_functions import Toll
from gridtandem.parties.ac_units import BASE, outer, priced, weighed
from gridtandem.program.answer import Answer
from gridtandem.tables import Index, Real

Row = tuple[int, int, int]
SPRING = 1e8  # currency/h/pu²; a voltage worth 100 currency/h/pu moves by 1e-6 pu against it
NOWHERE, FLAT = np.zeros(3), np.zeros((3, 3))
ONE_PU = {2: np.ones(1)}


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AcFeeders:
    """One problem for each different feeder and period; ``home`` is its answer at 1 pu and no price, near which every search begins."""

    kind: Index  # (interface) which of the feeders
    held: tuple[tuple[AcBoundary, ...], ...]  # (feeder)(period)
    home: tuple[tuple[Answer, ...], ...]

    @staticmethod
    def of(kind: Index, held: tuple[tuple[AcBoundary, ...], ...]) -> AcFeeders:
        """Solve at home."""
        home = tuple(tuple(p.least(Asked(toll=p.free(), fixed=ONE_PU)) for p in day) for day in held)
        return AcFeeders(kind=kind, held=held, home=home)

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {DrawnAt: self.drawn_at, DrawnOn: self.drawn_on, TakenNear: self.taken_near, CondensedNear: self.condensed_near}

    def at(self, k: Row) -> AcBoundary:
        """The problem behind an interface, in a period."""
        return self.held[int(self.kind[k[2]])][k[1]]

    def least(self, k: Row, asked: Asked) -> Answer | None:
        """Its cheapest answer, or none."""
        home = self.home[int(self.kind[k[2]])][k[1]]
        found = self.at(k).least(asked, home if solved(home) else None)
        return found if solved(found) else None

    def plan(self, k: Row, y: Real, price: Real) -> tuple[Asked, Answer]:
        """What a feeder does at the voltage of an exchange (3) and at prices of power (2); asked at its owner's door.

        Where it cannot have just that voltage, both sides being a tolerance apart, a spring holds it near.
        """
        home, at = self.home[int(self.kind[k[2]])][k[1]], self.at(k)
        start = home if solved(home) else None
        asked = Asked(toll=_under(at, _wide(price)), fixed={2: np.reshape(y[2], 1)})
        if solved(answer := at.least(asked, start)):
            return asked, answer
        asked = Asked(toll=_under(at, _wide(price), y, np.diag([0.0, 0.0, SPRING])), fixed={})
        return asked, at.least(asked, start)

    def explained(self, k: Row) -> str:
        """Why a feeder has no dispatch at any voltage, or at 1 pu; or that it has."""
        if solved(self.home[int(self.kind[k[2]])][k[1]]):
            return "no dispatch at the voltage asked about, though there is one at 1 pu"
        free = Asked(toll=self.at(k).free(), fixed={})
        if self.least(k, free) is None:
            return f"at any voltage of its root: {self.at(k).explained(free)}"
        return f"at 1 pu, though not at every voltage of its root: {self.at(k).explained(Asked(toll=free.toll, fixed=ONE_PU))}"

    def drawn_at(self, ask: DrawnAt) -> Drawn:
        """Power drawn at a voltage and at prices, and what the voltage costs."""
        return self._drawn(ask.v, lambda k: _under(self.at(k), _wide(ask.price[k])))

    def drawn_on(self, ask: DrawnOn) -> Drawn:
        """The same, where prices rise."""

        def asked(k: Row) -> Toll:
            p, pq, q = ask.rise[k]
            bend = np.array([[p, pq, 0.0], [pq, q, 0.0], [0.0, 0.0, 0.0]])
            return _under(self.at(k), _wide(ask.price[k]), np.append(ask.s[k], 0.0), bend)

        return self._drawn(ask.v, asked)

    def taken_near(self, ask: TakenNear) -> Taken:
        """Exchange at prices, not far from a wish."""
        y, cost = np.full(ask.wish.shape, np.nan), np.full(ask.wish.shape[:3], np.nan)
        for k, asked, answer in self._near(ask):
            y[k], cost[k] = self.at(k).exchange(answer)[0] * BASE, self.at(k).own_cost(asked, answer)
        return Taken(y, cost, _worth(cost))

    def condensed_near(self, ask: CondensedNear) -> Condensed:
        """The same, the price at which it is what the feeder wants anyway, and how it yields."""
        shape = ask.wish.shape
        y, price, give, cost = (np.full(s, np.nan) for s in (shape, shape, (*shape[:3], 6), shape[:3]))
        for k, asked, answer in self._near(ask):
            at = self.at(k)
            y[k], cost[k] = at.exchange(answer)[0] * BASE, at.own_cost(asked, answer)
            price[k] = ask.price[k] + ask.weight[k] * (y[k] - ask.wish[k])
            give[k] = entries(at.yields(asked, answer)[0] * outer(BASE))
        return Condensed(y, price, give, cost, _worth(cost))

    def _near(self, ask: TakenNear | CondensedNear) -> Iterator[tuple[Row, Asked, Answer]]:
        for k in _rows(ask.wish):
            asked = Asked(toll=_under(self.at(k), ask.price[k], ask.wish[k], np.diag(ask.weight[k])), fixed={})
            if (answer := self.least(k, asked)) is not None:
                yield k, asked, answer

    def _drawn(self, v: Real, toll: Callable[[Row], Toll]) -> Drawn:
        s, kappa, cost = np.full((*v.shape, 2), np.nan), np.full(v.shape, np.nan), np.full(v.shape, np.nan)
        for k in _rows(s):
            asked = Asked(toll=toll(k), fixed={2: v[k][None]})
            if (answer := self.least(k, asked)) is not None:
                at = self.at(k)
                s[k], kappa[k], cost[k] = (at.exchange(answer)[0] * BASE)[:2], at.price(answer)[0, 2], at.own_cost(asked, answer)
        return Drawn(s, kappa, cost, _worth(cost))


def _under(at: AcBoundary, price: Real, wish: Real = NOWHERE, bend: Real = FLAT) -> Toll:
    """What passing costs, from the units of letters."""
    return Toll(column=at.functions.toll.column, slope=priced(price)[None], at=(wish / BASE)[None], bend=weighed(bend)[None])


def _wide(price: Real) -> Real:
    """Prices of powers, and none of voltage."""
    return np.append(price, 0.0)


def _rows(of: Real) -> Iterator[Row]:
    """Every (scenario, period, interface)."""
    yield from np.ndindex(*of.shape[:3])


def _worth(cost: Real) -> Any:
    """An optimum nearby is an estimate: nobody proves that there is no better one."""
    return np.where(np.isfinite(cost), Worth.ESTIMATE, Worth.REFUSED).astype(np.int8)
