r"""What becomes of a round of boundary-SQP: is the point kept, halved towards the last good one, or left for splitting?

By (scenario, period), each for itself. A round asked feeders near a point; they took something else, and say what it costs. The point is kept if

* the merit fell: both costs, and twice the steepest price on what both sides are apart (while nothing worse was needed);
* or, between splittings, what feeders took is nearer to what was asked than ever before by ``NEARER``;
* or a splitting is under way, whose steps need no merit.

Else half of the step is tried, ``HALVED`` times; then splitting begins from the point that was nearest, for ``STRETCH`` rounds, twice as many each
time that a step between them fails. These numbers are calibrated, on the nine systems of docs/explanation/coordinated-dispatch.md and on a day of
the market system ieee14-3x17, whose costs come in steps.

Sources: B. Houska, J. Frasch, M. Diehl, SIAM J. Optim. 26(2), 2016; A. Themelis, P. Patrinos, IEEE Trans.
Autom. Control 64(12), 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.boundary.opf_letters import Condensed
from gridtandem.boundary.opf_models import Point
from gridtandem.tables import Flag, Index, Real

FALL, HALVED = 1e-9, 4  # relative rise of the merit that is rounding; times that a step is halved before splitting begins
NEARER, SURE = 0.5, 0.01  # part of the least miss that a step between splittings has to reach; of the miss, that counts as not agreed
STRETCH, LONGEST = 5, 40  # splittings in a row, twice as many each time; beyond the longest nothing helps


@final
@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """The last point that was good, the one nearest to agreement, from which splitting begins, and the books of both; by (scenario, period)."""

    here: Point
    near: Point
    taken: Real  # what feeders took there
    miss: Real  # how far from it [pu]
    merit: Real  # at the last good point; the exchange of transmission and feeders apart costs more than it can earn
    halved: Index
    stretch: Index  # splittings of the last row; 0: none was needed
    left: Index  # splittings to come, the one that is asked about next with them
    apart: Real  # [pu]

    @staticmethod
    def begun(at: Point) -> Search:
        """Nothing is known but where to begin."""
        none, far = np.zeros(at.cost.shape, np.int64), np.full(at.cost.shape, np.inf)
        return Search(at, at, at.y, far, far, none, none, none, far)

    def over(self, tol: float) -> Flag:
        """Where both sides agree."""
        return ~(self.apart > tol)

    @property
    def stuck(self) -> Flag:
        """Where nothing helps any more."""
        return np.asarray(self.stretch > LONGEST)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What a round found before transmission goes on; by (scenario, period)."""

    ask: Point  # what feeders were asked near
    feeder: Real  # what they took (scenario, period, interface, 3)
    search: Search  # its books after this look, but for what is apart
    before: Search
    over: Flag
    good: Flag
    halve: Flag
    split: Flag  # splitting is next

    @staticmethod
    def of(s: Search, ask: Point, feeder: Condensed, *, pu: Real, tol: float) -> Look:
        """Judge the point."""
        over, calm = s.over(tol), s.stretch == 0
        steep = 2 * np.abs(feeder.price / pu).max(axis=(2, 3), initial=1.0)
        merit = ask.cost + feeder.cost.sum(-1) + steep * np.abs(pu * (ask.y - feeder.y)).sum(axis=(2, 3))
        miss = np.sqrt(((pu * (feeder.y - ask.y)) ** 2).sum(axis=(2, 3)))
        nearer = miss <= NEARER * s.miss
        good = over | np.where(s.left > 0, np.isfinite(miss), np.where(calm, merit <= s.merit + FALL * np.abs(merit), nearer))
        halve = ~good & calm & (s.halved < HALVED) & np.isfinite(s.merit)
        near = good & ~over & (nearer | (s.left > 0))
        stretch = np.where(good | halve, s.stretch, np.maximum(2 * s.stretch, STRETCH))
        left = np.where(good | halve, np.maximum(s.left - 1, 0), stretch)
        search = Search(
            here=s.here.where(good, ask), near=s.near.where(near, ask), taken=np.where(near[..., None, None], feeder.y, s.taken),
            miss=np.where(near, miss, s.miss), merit=np.where(good, merit, s.merit), halved=np.where(halve, s.halved + 1, 0), stretch=stretch,
            left=left, apart=s.apart,
        )  # fmt: skip
        return Look(ask, feeder.y, search, s, over, good, halve, ~good | (left > 0))

    def next(self, plan: Point, pu: Real) -> tuple[Point, Search]:
        """Where to ask next, now that transmission has a plan over the models; where it has none splitting goes on from the nearest point."""
        s, wide = self.search, self.split[..., None, None]
        lost = ~np.isfinite(plan.y).all(axis=(2, 3)) & ~self.over
        moved = np.where(wide, plan.y - s.near.y, SURE * (self.feeder - self.ask.y))
        away = np.maximum(np.abs(plan.y - np.where(wide, s.taken, self.feeder)), np.abs(moved))
        away[~self.good & ~np.isfinite(self.before.miss)] = np.nan  # nothing was ever good: a feeder has no answer
        missed = np.sqrt(((pu * (self.feeder - self.ask.y)) ** 2).sum(axis=(2, 3)))
        found = np.where(lost & ~self.split, missed, (pu * away).max(axis=(2, 3), initial=0.0))
        stretch = np.where(lost, np.maximum(2 * s.stretch, STRETCH), s.stretch)
        ask = s.near.where(~lost, plan).where(self.halve, self.before.here.half_way(self.ask)).where(self.over, self.ask)
        return ask, Search(
            s.here, s.near, s.taken, s.miss, s.merit, s.halved, stretch, np.where(lost, stretch, s.left),
            np.where(self.over | self.halve, s.apart, found),
        )  # fmt: skip
