r"""A network at a place of a curve with its tangent there, and what lies between two such places: cubics through both, with their tangents.

Between places a and b of a curve all unknowns are taken as cubics of s, from 0 to 1, which runs along the straight way d from one to the other,

.. math:: d = x_b - x_a, \qquad s = \frac{d^\top (x - x_a)}{d^\top d}, \qquad x'(0) = \frac{d^\top d}{d^\top t_a}\,t_a, \qquad
    x'(1) = \frac{d^\top d}{d^\top t_b}\,t_b

with the tangents t, everything in voltages and λ (Hermite's interpolation): good to the fourth power of the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar, final

import numpy as np

from gridtandem.flow.continuation.stage import Place, Stage, Tangent
from gridtandem.tables import Complex, Real

X = TypeVar("X", Real, Complex, float)

LEAST = 0.5  # of the cosine between the way and a tangent; steps that turn further are not drawn as sharp bends


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Standing:
    """A network at a place of a curve."""

    stage: Stage
    place: Place
    moving: Place  # how fast everything moves along the curve

    @staticmethod
    def of(stage: Stage, place: Place, along: Tangent) -> Standing:
        """With the tangent in the unknowns of its equations."""
        there = stage.moved(place, along.x, along.growth)
        moving = Place(vm=there.vm - place.vm, angle=there.angle - place.angle, ratio=there.ratio - place.ratio, growth=along.growth)
        return Standing(stage=stage, place=place, moving=moving)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Stretch:
    """From one place of a curve to the next, of all networks that follow it together."""

    here: Sequence[Standing]
    there: Sequence[Standing]
    near: float  # the way, in the measure of the tangent at either end
    far: float

    @staticmethod
    def of(here: Sequence[Standing], there: Sequence[Standing]) -> Stretch:
        """Between the same networks in the same order."""
        near, far = (np.concatenate([*(n.moving.vm for n in s), [s[0].moving.growth]]) for s in (here, there))
        a, b = (np.concatenate([*(n.place.vm for n in s), [s[0].place.growth]]) for s in (here, there))
        way = b - a
        size = float(way @ way)
        near_by, far_by = (max(float(way @ t), float(LEAST * np.sqrt(size * (t @ t)))) for t in (near, far))
        return Stretch(here=here, there=there, near=size / near_by, far=size / far_by)

    def place(self, network: int, part: float) -> Place:
        """A network so much of the way (0 to 1)."""
        a, b = self.here[network], self.there[network]

        near, far = self.near, self.far
        return Place(
            vm=_cubic(part, a.place.vm, b.place.vm, near * a.moving.vm, far * b.moving.vm),
            angle=_cubic(part, a.place.angle, b.place.angle, near * a.moving.angle, far * b.moving.angle),
            ratio=_cubic(part, a.place.ratio, b.place.ratio, near * a.moving.ratio, far * b.moving.ratio),
            growth=_cubic(part, a.place.growth, b.place.growth, near * a.moving.growth, far * b.moving.growth),
        )


def _cubic(t: float, p0: X, p1: X, d0: X, d1: X) -> X:
    return (1 + 2 * t) * (1 - t) ** 2 * p0 + t * (1 - t) ** 2 * d0 + t**2 * (3 - 2 * t) * p1 + t**2 * (t - 1) * d1
