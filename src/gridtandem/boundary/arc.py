"""How long the next step along a curve is, and where on it something is met: from numbers that are told, without any grid.

Steps grow while corrections are easy and shrink where they fail. A place faces what comes by a number that is positive before it and negative behind:
dλ along the arc before the nose, the derivative of the power that loads draw before the most of it, what is left to the nearest limit that changes
the equations. Once a step has passed one, the place where it is 0 is looked for between both ends, from the place before it, by regula falsi
(Illinois). Limits that are met at one place give way there one after the other. Behind the nose the curve is followed for as long as asked, and never
to where λ comes back to that of the nose.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

EASY, HARD = 3, 6  # corrections
LONGER, SHORTER = 1.5, 0.5
SHORTEST = 1e-4  # of the longest step
PROBE = 1e-3  # of the longest step, by which is seen whether a limit at hand is left behind
MET = 1e-9  # dλ along the arc, or what is left to a limit [pu]
SAME = 1e-7  # dλ along the arc, below which the most power and the nose are one

GOING, SEEKING, LIMIT, DONE, LOST = "going", "seeking", "limit", "done", "lost"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a place says of the curve."""

    growth: float  # λ
    slope: float  # dλ along the arc
    over: float = float("-inf")  # by how much the nearest limit is passed
    rise: float = 0.0  # derivative of the power that loads draw
    speed: float = 1.0  # what moves most along the tangent
    corrections: int = 0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Arc:
    """Where the search along a curve stands."""

    longest: float  # step, in the measure of ``speed``
    step: float  # the next, in that measure
    past: float  # part of λ at the nose to be followed behind it
    here: Seen = Seen(growth=0.0, slope=1.0)  # the base
    phase: str = GOING
    falling: bool = False  # behind the nose
    turn: float = float("inf")  # λ there
    per_rise: float = 0.0  # dλ for that of power, at the beginning; by it the two are the same where all power is constant
    sinking: bool = True  # loads draw less from here on
    nose: bool = False  # sought: a nose and nothing else
    low: tuple[float, float] = (0.0, 1.0)  # length, and what is faced there, before what is met
    high: tuple[float, float] = (0.0, -1.0)  # and behind it
    side: int = 0

    @staticmethod
    def of(longest: float, past: float) -> Arc:
        """At the beginning."""
        return Arc(longest=longest, step=longest / 4, past=past)

    @property
    def length(self) -> float:
        """Of the next trial from the base, along its tangent."""
        if self.phase != SEEKING:
            return self.step / self.here.speed
        (a, fa), (b, fb) = self.low, self.high
        return b - fb * (b - a) / (fb - fa)

    @property
    def ended(self) -> bool:
        """Is there nothing more to be tried?"""
        return self.phase in (DONE, LOST)

    def measured(self, first: Seen) -> Arc:
        """At the first place; power is looked at where it grows with λ."""
        grows = first.slope > 0 and first.rise > 0
        return replace(self, per_rise=first.slope / first.rise if grows else 0.0).began(first)

    def began(self, here: Seen) -> Arc:
        """At a base whose equations are new: the first, or one at a limit, where λ may turn by that, unless another limit is at hand."""
        there = replace(self, here=here, phase=GOING, step=self.longest / 4, sinking=here.rise * self.per_rise <= MET)
        if here.slope >= 0 or self.falling:
            return there
        return replace(there, step=self.longest * PROBE) if -here.over <= MET else _turned(there, here)

    def failed(self) -> Arc:
        """After a trial that led nowhere."""
        shorter = replace(self, step=self.step * SHORTER, phase=GOING)
        return replace(shorter, phase=LOST) if shorter.step < SHORTEST * self.longest else shorter

    def tried(self, there: Seen) -> tuple[Arc, bool]:
        """After a trial that came to a place; is that place the new base?"""
        eased = LONGER if there.corrections <= EASY else SHORTER if there.corrections > HARD else 1.0
        faced = self._faced(there)
        sinking = self.sinking and there.rise * self.per_rise <= MET
        further = replace(self, here=there, step=min(self.step * eased, self.longest), phase=GOING, sinking=sinking)
        if -self.here.over <= MET and self.phase == GOING and there.over > 0:  # another limit at hand, which is left behind or not
            probed = self.step <= self.longest * PROBE
            return replace(self, phase=LIMIT) if probed else replace(self, step=self.longest * PROBE), False
        if not self.falling and self.here.slope < 0:  # turned by a limit, and no other gives way there
            return _turned(further, self.here), True
        if abs(faced) <= MET or (self.phase == SEEKING and self.high[0] - self.low[0] <= MET * self.high[0]):
            return self._met(further), True
        if self.phase == SEEKING:
            narrower = self._narrowed(faced)
            return narrower if faced > 0 else replace(narrower, nose=self._passes_nose(there)), False
        if faced < 0:
            low, high = (0.0, max(self._faced(self.here), MET)), (self.length, faced)
            return replace(self, phase=SEEKING, low=low, high=high, side=0, nose=self._passes_nose(there)), False
        behind = self.falling and not max(1 - self.past, 0.0) * self.turn < there.growth <= self.turn
        return replace(further, phase=DONE) if behind else further, True

    def _passes_nose(self, there: Seen) -> bool:
        """Has a step to there passed a nose, and neither a limit nor the most power before it?"""
        return there.slope < 0 and there.over <= 0 and (self.sinking or abs(there.rise * self.per_rise - there.slope) <= SAME)

    def _met(self, further: Arc) -> Arc:
        """What lies at the place found: the nearest limit, the nose, or the most power."""
        there = further.here
        left = [-there.over] + [there.slope] * (not self.falling) + [there.rise * self.per_rise] * (not self.falling and not self.sinking)
        if -there.over <= min(left):
            return replace(further, phase=LIMIT)
        if self.sinking or there.slope <= max(there.rise * self.per_rise, SAME):
            return _turned(replace(further, step=self.step), there)
        return replace(further, step=self.step, sinking=True)

    def _faced(self, there: Seen) -> float:
        if self.falling:
            return -there.over
        return min(there.slope, -there.over) if self.sinking else min(there.slope, there.rise * self.per_rise, -there.over)

    def _narrowed(self, faced: float) -> Arc:
        """Nearer to what is met; an end that stays twice is halved."""
        if faced > 0:
            stays = self.high[1] / 2 if self.side == -1 else self.high[1]
            return replace(self, low=(self.length, faced), high=(self.high[0], stays), side=-1)
        stays = self.low[1] / 2 if self.side == 1 else self.low[1]
        return replace(self, high=(self.length, faced), low=(self.low[0], stays), side=1)


def _turned(arc: Arc, at: Seen) -> Arc:
    """Behind a nose, or a limit at which λ turned."""
    return replace(arc, falling=True, turn=at.growth, phase=GOING if arc.past > 0 else DONE)
