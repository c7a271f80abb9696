"""A distribution company's market desk: what its feeders cost by exchange, what they offer, and how an award is shared out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.market_letters import Award, Curves, Cut, Draw, DrawAt, Offers, Range, Reach, Receipt, Tier, ValueAt
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.offers import Asked
from gridtandem.orders.rules import Rules, shaped
from gridtandem.program.answer import Answer, Status
from gridtandem.program.solve import hold
from gridtandem.tables import Index, Names, Real

BEYOND = 5000.0  # currency/MWh for exchange a feeder cannot take; above every price, so that costs are exact wherever they are finite


@final
@dataclass(frozen=True, slots=True, eq=False)
class FeederMarket:
    """One problem for each different feeder and period, or for its whole day where periods hang together."""

    interface: Names
    kind: Index  # (interface) which of the feeders
    whole: tuple[FeederProblem, ...]  # (feeder) over all periods
    hourly: tuple[tuple[FeederProblem, ...], ...]  # (feeder)(period), for feeders whose periods do not hang together; else empty
    _asked: dict[tuple[int, int], Asked]

    @staticmethod
    def of(interface: Names, kind: Index, whole: tuple[FeederProblem, ...], hourly: tuple[tuple[FeederProblem, ...], ...]) -> FeederMarket:
        """Nothing is solved yet."""
        return FeederMarket(interface, kind, whole, hourly, {})

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {Offers: self.offers, Reach: self.reach, ValueAt: self.value_at, DrawAt: self.draw_at, Award: self.award}

    def offers(self, ask: Offers) -> Curves:
        """The exact cost curve of every feeder and period, brought under the market's rules."""
        rules = Rules(ask.steps, ask.floor, ask.ceiling, ask.least_mw, ask.step_mw, ask.step_price)
        start, worth = self._empty(), np.full(self._shape, Worth.EXACT, np.int8)
        tier = np.full(self._shape, Tier.HOURLY, np.int8)
        steps: list[tuple[int, int, Real, Real, Real]] = []
        for f, t, rows in self._each():
            asked = self._of(f, t)
            found = asked.curve()
            if found is None:
                worth[0, t, rows] = Worth.REFUSED
                continue
            offer = shaped(found.offer, rules)
            start[0, t, rows] = -offer.x[0]
            worth[0, t, rows] = Worth.EXACT if offer.loss <= 1e-9 * max(1.0, abs(float(offer.cost[-1]))) else Worth.BOUND
            steps += [(t, int(i), np.diff(offer.x), offer.first, offer.bend) for i in rows]
        count = [len(step[2]) for step in steps]
        period, interface = (np.repeat([s[k] for s in steps], count).astype(np.int64) for k in (0, 1))
        mw, price, rise = (np.concatenate([np.empty(0), *(s[k] for s in steps)]) for k in (2, 3, 4))
        return Curves(start, tier, worth, np.zeros(len(mw), np.int64), period, interface, mw, price, rise)

    def reach(self, ask: Reach) -> Range:  # noqa: ARG002 — the letter has no content
        """Least and most exchange of every feeder and period."""
        low, high = self._empty(), self._empty()
        for f, t, rows in self._each():
            least, most = self._of(f, t).reach()
            low[0, t, rows], high[0, t, rows] = (float(a.x["z"][0]) if a.status is Status.SOLVED else np.nan for a in (least, most))
        return Range(low, high, _worth(low + high))

    def value_at(self, ask: ValueAt) -> Cut:
        """Cost and its slope; beyond reach, a plane that still lies below the cost."""
        value, price = self._empty(), self._empty()
        worth = np.full(self._shape, Worth.REFUSED, np.int8)
        for f, t, rows in self._each():
            for i in rows:
                asked = self._of(f, t)
                answer, short = asked.soft(float(ask.z[0, t, i]), BEYOND)
                if answer.status is Status.SOLVED:
                    value[0, t, i], price[0, t, i] = answer.cost, float(answer.price["balance"][0]) / asked.problem.window.hours
                    worth[0, t, i] = Worth.BOUND if short else Worth.EXACT
        return Cut(ask.z, value, price, np.zeros(self._shape, np.int8), worth)

    def draw_at(self, ask: DrawAt) -> Draw:
        """What feeders take as price takers."""
        z, value = self._empty(), self._empty()
        for f, t, rows in self._each():
            for i in rows:
                asked = self._of(f, t)
                answer = asked.at_price(float(ask.price[0, t, i]))
                if answer.status is Status.SOLVED:
                    point = asked.point(answer)
                    z[0, t, i], value[0, t, i] = -point.x, point.cost * asked.problem.window.hours
        return Draw(z, value, _worth(z))

    def award(self, ask: Award) -> Receipt:
        """Whether every feeder can deliver what it was awarded."""
        ok = np.full(self._shape, Worth.REFUSED, np.int8)
        for f, t, rows in self._each():
            for i in rows:
                z = float(ask.z[0, t, i])
                solved = np.isfinite(z) and self._of(f, t).at_exchange(z).status is Status.SOLVED
                ok[0, t, i] = Worth.EXACT if solved else Worth.REFUSED
        return Receipt(ok)

    def plan(self, i: int, z: Real, price: Real) -> tuple[Answer, Answer]:
        """The owner's door: the dispatch at an award (period), and the answer to its price, from which prices inside the feeder are taken.

        At a kink of the cost the dispatch alone leaves the price open between two slopes; the second run is free to answer the market's price.
        """
        problem = self.whole[int(self.kind[i])]
        held = hold(problem.program)
        return held.solve(bounds={"z": (z, z)}), held.solve(cost={"z": price * problem.window.hours})

    @property
    def _shape(self) -> tuple[int, int, int]:
        return 1, self.whole[0].window.periods if self.whole else 0, len(self.kind)

    def _empty(self) -> Real:
        return np.full(self._shape, np.nan)

    def _each(self) -> list[tuple[int, int, Index]]:
        """Feeder, period, and the interfaces behind which it stands."""
        return [(f, t, np.flatnonzero(self.kind == f)) for f in range(len(self.whole)) for t in range(self._shape[1])]

    def _of(self, feeder: int, period: int) -> Asked:
        if (feeder, period) not in self._asked:
            self._asked[feeder, period] = Asked.of(self.hourly[feeder][period])
        return self._asked[feeder, period]


def _worth(x: Real) -> np.ndarray:
    return np.where(np.isnan(x), Worth.REFUSED, Worth.EXACT).astype(np.int8)
