"""How long the next step along a curve is, and where on it something is met: from numbers that are told, without any grid.

Steps grow while corrections are easy and shrink where they fail. A place faces what comes by a number that is positive before it and negative behind:
dλ along the arc before the nose, what is left to the nearest limit that changes the equations. Once a step has passed one, the place where it is 0 is
looked for between both ends, from the place before it, by regula falsi (Illinois). Behind the nose the curve is followed for as long as asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.tables import Real

EASY, HARD = 3, 6  # corrections
LONGER, SHORTER = 1.5, 0.5
SHORTEST = 1e-4  # of the longest step
MET = 1e-9  # dλ along the arc, or what is left to a limit [pu]
FLAT = 1e-7  # of the power

GOING, SEEKING, LIMIT, DONE, LOST = "going", "seeking", "limit", "done", "lost"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Arc:
    """Where the search along a curve stands."""

    longest: float  # step, in the measure of ``speed``
    step: float  # the next, in that measure
    past: float  # part of λ at the nose to be followed behind it
    speed: float = 1.0  # what moves most along the tangent at the base
    slope: float = 1.0  # dλ along the arc at the base
    facing: float = 1.0  # what the base faces
    phase: str = GOING
    falling: bool = False  # behind the nose
    low: tuple[float, float] = (0.0, 1.0)  # length, and what is faced there, before what is met
    high: tuple[float, float] = (0.0, -1.0)  # and behind it
    side: int = 0
    highest: float = 0.0

    @staticmethod
    def of(longest: float, past: float) -> Arc:
        """At the beginning."""
        return Arc(longest=longest, step=longest / 4, past=past)

    @property
    def length(self) -> float:
        """Of the next trial from the base, along its tangent."""
        if self.phase != SEEKING:
            return self.step / self.speed
        (a, fa), (b, fb) = self.low, self.high
        return b - fb * (b - a) / (fb - fa)

    @property
    def ended(self) -> bool:
        """Is there nothing more to be tried?"""
        return self.phase in (DONE, LOST)

    def began(self, slope: float, speed: float, over: float) -> Arc:
        """At a base whose equations are new: the first, or one at a limit, where λ may turn by that."""
        falling = self.falling or slope < 0
        phase = DONE if falling and not self.falling and self.past == 0 else GOING
        return replace(self, phase=phase, falling=falling, slope=slope, speed=speed, facing=self._faced(slope, over, falling), step=self.longest / 4)

    def failed(self) -> Arc:
        """After a trial that led nowhere."""
        shorter = replace(self, step=self.step * SHORTER, phase=GOING)
        return replace(shorter, phase=LOST) if shorter.step < SHORTEST * self.longest else shorter

    def tried(self, growth: float, slope: float, over: float, *, speed: float, corrections: int) -> tuple[Arc, bool]:
        """After a trial that came to a place; is that place the new base? ``over``: by how much the nearest limit is passed there."""
        eased = LONGER if corrections <= EASY else SHORTER if corrections > HARD else 1.0
        faced, highest = self._faced(slope, over, self.falling), max(self.highest, growth)
        further = replace(self, step=min(self.step * eased, self.longest), speed=speed, slope=slope, facing=faced, phase=GOING, highest=highest)
        if abs(faced) <= MET or (self.phase == SEEKING and self.high[0] - self.low[0] <= MET * self.high[0]):
            if -over <= slope or self.falling:
                return replace(further, phase=LIMIT), True
            return replace(further, phase=GOING if self.past > 0 else DONE, falling=True, facing=-over, step=self.step), True
        if self.phase == SEEKING:
            return self._narrowed(faced), False
        if faced < 0:
            return replace(self, phase=SEEKING, low=(0.0, self.facing), high=(self.length, faced), side=0), False
        behind = self.falling and growth <= max(1 - self.past, 0.0) * highest
        return replace(further, phase=DONE) if behind else further, True

    def _faced(self, slope: float, over: float, falling: bool) -> float:
        return -over if falling else min(slope, -over)

    def _narrowed(self, faced: float) -> Arc:
        """Nearer to what is met; an end that stays twice is halved."""
        if faced > 0:
            stays = self.high[1] / 2 if self.side == -1 else self.high[1]
            return replace(self, low=(self.length, faced), high=(self.high[0], stays), side=-1)
        stays = self.low[1] / 2 if self.side == 1 else self.low[1]
        return replace(self, high=(self.length, faced), low=(self.low[0], stays), side=1)


def most_power(growth: Real, load: Real, rise: Real, length: Real) -> tuple[float, float]:
    """Most power along a curve, and λ there: the top of the cubics through powers and their derivatives at neighbouring places."""
    k = int(np.nanargmax(load))
    best = float(load[k]), float(growth[k])
    for a, b in ((k - 1, k), (k, k + 1)):
        flat = abs(rise[k]) * length[max(b, 1)] <= FLAT * load[k] if b < len(load) else True  # the place itself is the top
        if a >= 0 and not flat and length[b] > 0 and rise[a] > 0 > rise[b]:
            t = np.linspace(0.0, 1.0, 2001)
            h = length[b]
            p = _cubic(t, load[a], load[b], h * rise[a], h * rise[b])
            top = int(np.argmax(p))
            at = growth[a] + (growth[b] - growth[a]) * t[top]
            best = max(best, (float(p[top]), float(at)))
    return best


def _cubic(t: Real, p0: float, p1: float, d0: float, d1: float) -> Real:
    """Hermite's cubic on [0, 1]."""
    out: Real = (1 + 2 * t) * (1 - t) ** 2 * p0 + t * (1 - t) ** 2 * d0 + t**2 * (3 - 2 * t) * p1 + t**2 * (t - 1) * d1
    return out
