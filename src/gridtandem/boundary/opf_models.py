"""Points of AC dispatch between transmission and feeders, and the models of feeders around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.boundary.opf_letters import Condensed, Dispatch, square
from gridtandem.tables import Real

STIFF = 1e-9  # [pu²h/currency] least that any direction yields: what cannot move is held by a stiff spring


@final
@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """An exchange, its price and what transmission pays there."""

    y: Real  # (scenario, period, interface, 3) [MW, Mvar, pu]
    price: Real
    cost: Real  # (scenario, period) [currency/h]

    @staticmethod
    def of(told: Dispatch) -> Point:
        """What transmission said."""
        return Point(told.y, told.price, told.cost)

    def half_way(self, other: Point) -> Point:
        """The middle of both."""
        return Point((self.y + other.y) / 2, (self.price + other.price) / 2, (self.cost + other.cost) / 2)

    def where(self, good: ArrayLike, other: Point) -> Point:
        """The other, where (scenario, period) it is good."""
        wide = np.asarray(good)[..., None, None]
        return Point(np.where(wide, other.y, self.y), np.where(wide, other.price, self.price), np.where(good, other.cost, self.cost))


def stiffness(feeder: Condensed, pu: Real, weight: float) -> Real:
    """Second derivative of the feeders' cost: the inverse of what they yield less the weight, in directions that yield at least ``STIFF``."""
    yields, along = np.linalg.eigh(np.nan_to_num(square(feeder.give) * np.multiply.outer(pu, pu)))
    bend: Real = np.einsum("...jk,...k,...lk->...jl", along, 1 / np.clip(yields, STIFF, 1 / weight) - weight, along)
    return bend * np.multiply.outer(pu, pu)
