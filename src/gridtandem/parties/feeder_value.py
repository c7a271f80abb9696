"""A distribution company's desk for questions about cost: what an exchange costs it, what it takes at a price, how far it can go.

Feeders whose periods do not hang together answer period by period; the others answer for their whole day at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from gridtandem.boundary.cmo_letters import Bend, BendAt, Forecast, Stack
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.market_letters import Curves, Cut, Draw, DrawAt, DrawNear, Range, Reach, Tier, ValueAt
from gridtandem.opf.feeder import FeederProblem, free_power
from gridtandem.opf.feeder_value import FeederValue, Found
from gridtandem.opf.hours import EachHour
from gridtandem.opf.offers import Asked
from gridtandem.parties.feeder_market import FeederMarket
from gridtandem.program.arrays import Program
from gridtandem.resources.steps import UNIT
from gridtandem.tables import Code, Index, Real

Kinds = tuple[FeederProblem, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class FeederValues:
    """Every different feeder, by period or for its whole day."""

    kind: Index  # (interface) which of the feeders
    whole: Kinds  # (feeder) over all periods
    hourly: tuple[EachHour, ...]  # (feeder)(period); empty where periods hang together
    _held: dict[tuple[int, int], FeederValue]

    @staticmethod
    def of(desk: FeederMarket) -> FeederValues:
        """Of the feeders of a market desk. Nothing is solved yet."""
        return FeederValues(desk.kind, desk.whole, desk.hourly, {})

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {
            Reach: self.reach, ValueAt: self.value_at, DrawAt: self.draw_at, DrawNear: self.draw_near, BendAt: self.bend_at,
            Forecast: self.forecast, Stack: self.stack,
        }  # fmt: skip

    def reach(self, ask: Reach) -> Range:  # noqa: ARG002 — the letter has no content
        """Least and most exchange of every feeder and period, with the rule of essential demand."""
        low, high = self._empty(), self._empty()
        for periods, rows, feeder in self._each():
            low[0, periods, rows], high[0, periods, rows] = (end[:, None] for end in feeder().reach())
        return Range(low, high, _worth(low + high))

    def value_at(self, ask: ValueAt) -> Cut:
        """Cost and its slope; beyond reach, a plane that still lies below the cost."""
        found, whole = self._asked(lambda f, at: f.at(ask.z[at])), np.zeros(self._shape, np.int8)
        for f, hours in enumerate(self.hourly):
            whole[:, :, self.kind == f] = int(not hours)
        worth = _worth(found[1])
        worth[(found[3] == 1) & (worth == Worth.EXACT)] = Worth.BOUND
        return Cut(ask.z, found[1], found[2], whole, worth)

    def draw_at(self, ask: DrawAt) -> Draw:
        """What feeders take as price takers."""
        found = self._asked(lambda f, at: f.at_price(ask.price[at]))
        return Draw(found[0], found[1], _worth(found[0]))

    def draw_near(self, ask: DrawNear) -> Draw:
        """What feeders take where distance from a wish costs too."""
        found = self._asked(lambda f, at: f.near(ask.price[at], ask.wish[at], ask.weight[at]))
        return Draw(found[0], found[1], _worth(found[0]))

    def bend_at(self, ask: BendAt) -> Bend:
        """Curvature of the cost."""
        rise = self._empty()
        for periods, rows, feeder in self._each():
            for i in rows.tolist():
                rise[0, periods, i] = feeder().bend(ask.z[0, periods, i], ask.width)
        return Bend(rise, _worth(rise))

    def forecast(self, ask: Forecast) -> Draw:  # noqa: ARG002 — the letter has no content
        """All demand served, all free power used, as far as the feeder's limits allow; nothing else runs."""
        reach, z = self.reach(Reach()), self._empty()
        for f, problem in enumerate(self.whole):
            z[0][:, self.kind == f] = _plain(problem)[:, None]
        z = np.clip(z, reach.low, reach.high)
        return Draw(z, np.full(z.shape, np.nan), reach.worth)

    def stack(self, ask: Stack) -> Curves:  # noqa: ARG002 — the letter has no content
        """Exact cost by exchange of each period without the network's limits; storage and ramps are left to the day itself, so tiers say ESTIMATE."""
        start, worth = self._empty(), np.full(self._shape, Worth.ESTIMATE, np.int8)
        steps: list[tuple[int, int, Real, Real]] = []
        for f, hours in enumerate(self.hourly):
            for t, problem in enumerate(hours):
                rows = np.flatnonzero(self.kind == f)
                found = Asked.of(unlimited(problem)).curve()
                if found is None:
                    worth[0, t, rows] = Worth.REFUSED
                    continue
                start[0, t, rows] = -found.offer.x[0]
                steps += [(t, int(i), np.diff(found.offer.x), found.offer.price) for i in rows]
            worth[:, :, self.kind == f] = worth[:, :, self.kind == f] if hours else Worth.REFUSED
        return curves_of(start, worth, steps)

    @property
    def _shape(self) -> tuple[int, int, int]:
        return 1, self.whole[0].window.periods if self.whole else 0, len(self.kind)

    def _empty(self) -> Real:
        return np.full(self._shape, np.nan)

    def _each(self) -> Iterator[tuple[slice, Index, Callable[[], FeederValue]]]:
        """Periods that are answered together, the interfaces behind which the feeder stands, and the feeder in solvers' hands."""
        for f, hours in enumerate(self.hourly):
            rows = np.flatnonzero(self.kind == f)
            if not hours:
                yield slice(0, self._shape[1]), rows, lambda f=f: self._of(f, -1)  # type: ignore[misc]
            for t in range(len(hours)):
                yield slice(t, t + 1), rows, lambda f=f, t=t: self._of(f, t)  # type: ignore[misc]

    def _of(self, feeder: int, period: int) -> FeederValue:
        if (feeder, period) not in self._held:
            self._held[feeder, period] = FeederValue.of(self.whole[feeder] if period < 0 else self.hourly[feeder][period])
        return self._held[feeder, period]

    def _asked(self, question: Callable[[FeederValue, tuple[int, slice, int]], Found]) -> Real:
        """(z, cost, price, short) of every row."""
        out = np.full((4, *self._shape), np.nan)
        for periods, rows, feeder in self._each():
            for i in rows.tolist():
                at = (0, periods, i)
                found = question(feeder(), at)
                for k, values in enumerate((found.z, found.cost, found.price, float(found.short))):
                    out[(k, *at)] = values
        return out


def unlimited(problem: FeederProblem) -> FeederProblem:
    """The feeder as if its network carried anything."""
    program = problem.program
    return replace(problem, program=Program(program.columns, {k: r for k, r in program.rows.items() if k != "limit"}, constant=program.constant))


def curves_of(start: Real, worth: Code, steps: list[tuple[int, int, Real, Real]]) -> Curves:
    """Offers from (period, interface, widths, prices) of each."""
    count = [len(width) for _, _, width, _ in steps]
    period, interface = (np.repeat(np.array([s[k] for s in steps], np.int64), count) for k in (0, 1))
    mw, price = (np.concatenate([np.empty(0), *(s[k] for s in steps)]) for k in (2, 3))
    none = np.zeros(len(mw), np.int64)
    return Curves(start, np.full(start.shape, Tier.HOURLY, np.int8), worth, none, period, interface, mw, price, np.zeros(len(mw)))


def _plain(problem: FeederProblem) -> Real:
    """Demand, also that which buys, less free power (period). [MW]"""
    steps = problem.owned.steps
    buying = steps.high[:, (steps.sign < 0) & (steps.source != UNIT)].sum(-1)
    return np.asarray(buying - problem.p_there.sum(-1) - free_power(problem.owned))


def _worth(x: Real) -> Code:
    return np.where(np.isnan(x), Worth.REFUSED, Worth.EXACT).astype(np.int8)
