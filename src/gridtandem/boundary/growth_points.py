"""What schemes of continuation keep: the place they stand at, with everybody's memo, and the points of the curve so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.boundary.arc import DONE, LIMIT, LOST, SHORTEST, Arc, Seen
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

    @property
    def seen(self) -> Seen:
        """What it says of the curve."""
        growth = float(self.growth.flat[0])
        return Seen(growth=growth, slope=self.slope, over=self.over, rise=self.rise, speed=self.speed, corrections=self.corrections)

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
    """Places of a curve in order; of the first and of that where λ turns first also what parties remember."""

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
    star: int = -1  # which that is

    @staticmethod
    def none(width: int) -> Points:
        """No point yet."""
        one, wide = np.empty(0), np.empty((0, width))
        return Points(one, wide, np.empty((0, width, 2)), wide, one, one, one, np.empty(0, np.int64))

    @property
    def most(self) -> int:
        """The place at which loads draw most, up to where λ turns."""
        return int(np.argmax(self.load[: self.star + 1])) if self.star >= 0 else -1

    def and_(self, place: Place, length: float, *, behind: bool = False) -> Points:
        """One more; ``behind`` where λ turned."""
        growth = float(place.growth.flat[0])
        higher = not behind and (self.top is None or growth > self.growth[self.star])
        top, star = (place, len(self.growth)) if higher else (self.top, self.star)
        return Points(
            np.append(self.growth, growth), np.concatenate([self.v, place.v[0]]), np.concatenate([self.s, place.s[0]]),
            np.concatenate([self.v_low, place.v_low[0]]), np.append(self.load, place.load), np.append(self.rise, place.rise),
            np.append(self.length, length), np.append(self.corrections, place.corrections), self.first or place, top, star,
        )  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """What the parties take home: the curve as far as it was followed."""

    points: Points
    whole: bool  # it came to the end that was asked for
    trouble: str = ""
    exact: bool = True  # are tangents those of the curve, so that its nose and the most that loads draw lie where they say?


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
        return Tracked(base, arc.measured(base.seen), none.and_(base, 0.0))

    def after(self, found: Place | None) -> Tracked:
        """After a trial along the arc."""
        return self.failed() if found is None or strayed(self.base, found, self.arc) else self.came(found)

    def failed(self) -> Tracked:
        """After a trial that led nowhere."""
        arc = self.arc.failed()
        return replace(self, arc=arc, trouble="no step however short can be corrected" if arc.phase == LOST else "")

    def came(self, found: Place) -> Tracked:
        """After a trial that led there."""
        arc, taken = self.arc.tried(found.seen)
        if not taken:
            return replace(self, arc=arc)
        turned = arc.falling and not self.arc.falling and self.base.slope < 0  # by the limit at the base
        points = replace(self.points, top=self.base) if turned else self.points
        return Tracked(found, arc, points.and_(found, self.arc.length, behind=self.arc.falling or turned))

    @property
    def limited(self) -> bool:
        """Does the place lie at a limit, and new equations hold from there on?"""
        return self.arc.phase == LIMIT

    def onwards(self, base: Place) -> Tracked:
        """With the tangent of the new equations; where λ turns by that, the place that is remembered for it has it too."""
        arc = self.arc.began(base.seen)
        turned = arc.falling and not self.arc.falling
        return replace(self, base=base, arc=arc, points=replace(self.points, top=base) if turned else self.points)

    @property
    def left(self) -> float:
        """dλ along the arc, 0 at the end that was asked for, NaN where the curve was lost."""
        return 0.0 if self.arc.phase == DONE else np.nan if self.arc.phase == LOST else max(abs(self.arc.here.slope), FURTHER)


def strayed(a: Place, b: Place, arc: Arc) -> bool:
    r"""May a step have left its piece of the curve, or passed two noses at once? By what is told of it: voltages at interfaces, swings, and λ.

    Tangents at both ends do not turn far, and λ does not fall where both say that it rises.
    On a smooth piece the way is :math:`x_b - x_a = \tfrac12 (\sigma t_a + \tau t_b)` to the third power of the step σ; τ > 0 is that which fits best.
    """
    length = arc.length
    if length * a.speed < SHORTEST * arc.longest:  # the way is no larger than corrections
        return leapt(a, b, arc, length)
    ways = [np.concatenate([p.turn[0, 0, :, 1], np.abs(p.turn[0, 0, :, 3]), [p.slope]]) for p in (a, b)]  # a feeder's weakest node may be another
    turned = ways[0] @ ways[1] < TURNED * np.linalg.norm(ways[0]) * np.linalg.norm(ways[1])
    if turned or (min(a.slope, b.slope) > 0 and b.growth.flat[0] < a.growth.flat[0]):
        return True
    here, there = (np.append(p.turn[0, 0, :, 1], p.slope / 10) for p in (a, b))
    way = np.append(b.v[0, 0] - a.v[0, 0], (b.growth.flat[0] - a.growth.flat[0]) / 10)
    rest, size = way - length * here / 2, float(there @ there)
    fit = float(rest @ there) / size if size > 0 else length / 2
    beside = float(np.abs(rest - fit * there).max())
    return fit <= 0 or beside > BESIDE * length * max(a.speed, b.speed) or leapt(a, b, arc, length)


def leapt(a: Place, b: Place, arc: Arc, length: float) -> bool:
    """Did the lowest voltage inside a feeder move by much more than its root, and than the one that moves most at both ends of such a step?"""
    moved, of_root = np.abs(b.v_low - a.v_low), np.abs(b.v - a.v)
    told = length * (np.abs(a.turn[..., 3]) + np.abs(b.turn[..., 3])) / 2
    return bool((moved > FAST * told + of_root + BESIDE * arc.longest).any())


TURNED = 0.7  # cosine between tangents
BESIDE = 0.2  # of a step, by which it may lie beside where the tangents at both its ends lead
FAST = 1.5  # times what tangents say
FURTHER = 1e-3  # left to do while the nose, or what is asked for behind it, is not there
