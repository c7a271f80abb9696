"""A distribution company's desk for questions about cost: what an exchange costs it, what it takes at a price, how far it can go.

Feeders whose periods do not hang together answer period by period; the others answer for their whole day at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.cmo_letters import Bend, BendAt
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.market_letters import Cut, Draw, DrawAt, DrawNear, Range, Reach, ValueAt
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.feeder_value import FeederValue, Found
from gridtandem.opf.hours import EachHour
from gridtandem.parties.feeder_market import FeederMarket
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
        }  # fmt: skip

    def reach(self, ask: Reach) -> Range:  # noqa: ARG002 — the letter has no content
        """Least and most exchange of every feeder and period, with the rule of essential demand."""
        low, high = self._empty(), self._empty()
        for periods, rows, feeder in self._each():
            low[0, periods][:, rows], high[0, periods][:, rows] = (end[:, None] for end in feeder().reach())
        return Range(low, high, _worth(low + high))

    def value_at(self, ask: ValueAt) -> Cut:
        """Cost and its slope; beyond reach, a plane that still lies below the cost."""
        found, whole = self._asked(lambda f, at: f.at(ask.z[at])), np.zeros(self.shape, np.int8)
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

    @property
    def shape(self) -> tuple[int, int, int]:
        """(1, periods, interfaces) of every reply."""
        return 1, self.whole[0].window.periods if self.whole else 0, len(self.kind)

    def _empty(self) -> Real:
        return np.full(self.shape, np.nan)

    def _each(self) -> Iterator[tuple[slice, Index, Callable[[], FeederValue]]]:
        """Periods that are answered together, the interfaces behind which the feeder stands, and the feeder in solvers' hands."""
        for f, hours in enumerate(self.hourly):
            rows = np.flatnonzero(self.kind == f)
            if not hours:
                yield slice(0, self.shape[1]), rows, lambda f=f: self._of(f, -1)  # type: ignore[misc]
            for t in range(len(hours)):
                yield slice(t, t + 1), rows, lambda f=f, t=t: self._of(f, t)  # type: ignore[misc]

    def _of(self, feeder: int, period: int) -> FeederValue:
        if (feeder, period) not in self._held:
            self._held[feeder, period] = FeederValue.of(self.whole[feeder] if period < 0 else self.hourly[feeder][period])
        return self._held[feeder, period]

    def _asked(self, question: Callable[[FeederValue, tuple[int, slice, int]], Found]) -> Real:
        """(z, cost, price, short) of every row."""
        out = np.full((4, *self.shape), np.nan)
        for periods, rows, feeder in self._each():
            for i in rows.tolist():
                at = (0, periods, i)
                found = question(feeder(), at)
                for k, values in enumerate((found.z, found.cost, found.price, float(found.short))):
                    out[(k, *at)] = values
        return out


def _worth(x: Real) -> Code:
    return np.where(np.isnan(x), Worth.REFUSED, Worth.EXACT).astype(np.int8)
