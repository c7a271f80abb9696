"""What schemes of continuation keep: the place they stand at, with everybody's memo, and the points of the curve so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.boundary.arc import DONE, LIMIT, LOST, Arc
from gridtandem.boundary.growth_letters import NOBODY, NOTHING, Eliminated, Stepped
from gridtandem.tables import Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A place on the curve, (scenario, period, interface, …) as in letters."""

    v: Real
    growth: Real
    s: Real  # drawn at each interface (…, 2) [MW, Mvar]
    v_low: Real
    turn: Real  # tangent (…, 4)
    slope: float  # dλ along it
    speed: float
    load: float  # [MW]
    rise: float
    each_over: Real  # by how much the nearest limit that changes equations is passed, of each feeder [pu]
    own_over: float  # and at transmission
    corrections: int
    interface: Index  # whose memo
    memo: Real  # of feeders
    own: Real  # of transmission

    @staticmethod
    def of(v: Real, growth: Real, feeders: Eliminated, there: Stepped, corrections: int) -> Place:
        """Where a correction came to."""
        return Place(
            v, growth, feeders.rows[..., :2, 0], feeders.v_low, there.turn, float(there.turn[..., 2].flat[0]), there.speed, there.load, there.rise,
            feeders.over, there.over, corrections, feeders.interface, feeders.memo, there.memo,
        )  # fmt: skip

    @property
    def over(self) -> float:
        """Of all. [pu]"""
        return max(self.own_over, float(self.each_over.max(initial=-np.inf)))

    @staticmethod
    def nowhere(shape: tuple[int, int, int]) -> Place:
        """Nothing was found."""
        none = np.full(shape, np.nan)
        return Place(
            none, none, np.full((*shape, 2), np.nan), none, np.full((*shape, 4), np.nan), *(np.nan,) * 4, none, np.nan, 0, NOBODY, NOTHING, NOTHING
        )


@final
@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Places of a curve in order; of the first and of that with the largest λ also what parties remember."""

    growth: Real  # (point)
    v: Real  # (point, interface)
    s: Real  # (point, interface, 2)
    v_low: Real  # (point, interface)
    load: Real  # (point) [MW]
    rise: Real  # (point) along the tangent
    length: Real  # (point) of the step that led there
    corrections: Index  # (point)
    first: Place | None = None
    top: Place | None = None

    @staticmethod
    def none(width: int) -> Points:
        """No point yet."""
        one, wide = np.empty(0), np.empty((0, width))
        return Points(one, wide, np.empty((0, width, 2)), wide, one, one, one, np.empty(0, np.int64))

    def and_(self, place: Place, length: float) -> Points:
        """One more."""
        growth = float(place.growth.flat[0])
        top = place if self.top is None or growth > float(self.top.growth.flat[0]) else self.top
        return Points(
            np.append(self.growth, growth), np.concatenate([self.v, place.v[0]]), np.concatenate([self.s, place.s[0]]),
            np.concatenate([self.v_low, place.v_low[0]]), np.append(self.load, place.load), np.append(self.rise, place.rise),
            np.append(self.length, length), np.append(self.corrections, place.corrections), self.first or place, top,
        )  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """What the parties take home: the curve as far as it was followed."""

    points: Points
    whole: bool  # it came to the end that was asked for
    trouble: str = ""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Tracked:
    """State of a scheme that follows the curve: the place reached, the search along the arc, and the curve so far."""

    base: Place
    arc: Arc
    points: Points
    trouble: str = ""

    @staticmethod
    def begun(shape: tuple[int, int, int], arc: Arc, base: Place | None) -> Tracked:
        """At the load flow of everybody, if there is one."""
        none = Points.none(shape[2])
        if base is None:
            return Tracked(Place.nowhere(shape), replace(arc, phase=LOST), none, "no load flow of all networks together to start from")
        return Tracked(base, arc.began(base.slope, base.speed, base.over), none.and_(base, 0.0))

    def after(self, found: Place | None) -> Tracked:
        """After a trial along the arc."""
        if found is None:
            arc = self.arc.failed()
            return Tracked(self.base, arc, self.points, "no step however short can be corrected" if arc.phase == LOST else "")
        arc, taken = self.arc.tried(float(found.growth.flat[0]), found.slope, found.over, speed=found.speed, corrections=found.corrections)
        return Tracked(found if taken else self.base, arc, self.points.and_(found, self.arc.length) if taken else self.points)

    @property
    def limited(self) -> bool:
        """Does the place lie at a limit, and new equations hold from there on?"""
        return self.arc.phase == LIMIT

    def onwards(self, base: Place) -> Tracked:
        """With the tangent of the new equations; where λ turns by that, the place with the largest λ has it too."""
        arc = self.arc.began(base.slope, base.speed, base.over)
        turned = arc.falling and not self.arc.falling
        return replace(self, base=base, arc=arc, points=replace(self.points, top=base) if turned else self.points)

    @property
    def left(self) -> float:
        """dλ along the arc, 0 at the end that was asked for, NaN where the curve was lost."""
        return 0.0 if self.arc.phase == DONE else np.nan if self.arc.phase == LOST else max(abs(self.arc.slope), FURTHER)


FURTHER = 1e-3  # left to do while the nose, or what is asked for behind it, is not there
