"""How long the next step along a curve is, and where its nose lies: from numbers that are told, without any grid.

Steps grow while corrections are easy and shrink where they fail. Once a step has passed the nose (λ falls along the tangent there), the nose is
looked for between both ends, from the place before it, by regula falsi on dλ along the arc (Illinois). After it the curve is followed for as long
as asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

EASY, HARD = 3, 6  # corrections
LONGER, SHORTER = 1.5, 0.5
SHORTEST = 1e-4  # of the longest step
NOSE = 1e-9  # dλ along the arc

FLAT = 1e-7  # of the power

RISING, TURNING, FALLING, DONE, LOST = "rising", "turning", "falling", "done", "lost"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Arc:
    """Where the search along a curve stands."""

    longest: float  # step, in the measure of ``speed``
    step: float  # the next, in that measure
    past: float  # part of λ at the nose to be followed behind it
    speed: float = 1.0  # what moves most along the tangent at the base
    slope: float = 1.0  # dλ along the arc at the base
    phase: str = RISING
    low: tuple[float, float] = (0.0, 1.0)  # length and dλ before the nose
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
        if self.phase != TURNING:
            return self.step / self.speed
        (a, fa), (b, fb) = self.low, self.high
        return b - fb * (b - a) / (fb - fa)

    @property
    def ended(self) -> bool:
        """Is there nothing more to be tried?"""
        return self.phase in (DONE, LOST)

    def failed(self) -> Arc:
        """After a trial that led nowhere."""
        shorter = replace(self, step=self.step * SHORTER, phase=RISING if self.phase == TURNING else self.phase)
        return replace(shorter, phase=LOST) if shorter.step < SHORTEST * self.longest else shorter

    def tried(self, growth: float, slope: float, speed: float, corrections: int) -> tuple[Arc, bool]:
        """After a trial that came to a place; is that place the new base?"""
        eased = LONGER if corrections <= EASY else SHORTER if corrections > HARD else 1.0
        further = replace(self, step=min(self.step * eased, self.longest), speed=speed, slope=slope, highest=max(self.highest, growth))
        if self.phase == FALLING:
            return (replace(further, phase=DONE) if growth <= max(1 - self.past, 0.0) * self.highest else further), True
        if abs(slope) <= NOSE or (self.phase == TURNING and self.high[0] - self.low[0] <= NOSE * self.high[0]):
            return replace(further, phase=FALLING if self.past > 0 else DONE, step=self.step), True
        if self.phase == RISING:
            if slope > 0:
                return further, True
            return replace(self, phase=TURNING, low=(0.0, self.slope), high=(self.length, slope), side=0), False
        return self._narrowed(slope), False

    def _narrowed(self, slope: float) -> Arc:
        """Nearer to the nose; an end that stays twice is halved."""
        if slope > 0:
            stays = self.high[1] / 2 if self.side == -1 else self.high[1]
            return replace(self, low=(self.length, slope), high=(self.high[0], stays), side=-1)
        stays = self.low[1] / 2 if self.side == 1 else self.low[1]
        return replace(self, high=(self.length, slope), low=(self.low[0], stays), side=1)


def most_power(growth: np.ndarray, load: np.ndarray, rise: np.ndarray, length: np.ndarray) -> tuple[float, float]:
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


def _cubic(t: np.ndarray, p0: float, p1: float, d0: float, d1: float) -> np.ndarray:
    """Hermite's cubic on [0, 1]."""
    out: np.ndarray = (1 + 2 * t) * (1 - t) ** 2 * p0 + t * (1 - t) ** 2 * d0 + t**2 * (3 - 2 * t) * p1 + t**2 * (t - 1) * d1
    return out
