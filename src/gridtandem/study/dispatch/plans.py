"""What every company takes home: its own dispatch for the voltage, the draw and the prices of the schedule, asked at the owners' doors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.boundary.taken_home import Schedule
from gridtandem.grid.network import Network
from gridtandem.opf.ac_boundary import AcBoundary, Asked, decided, solved
from gridtandem.parties.ac_transmission import settled
from gridtandem.parties.ac_units import BASE, unpriced
from gridtandem.program.answer import Answer
from gridtandem.study.dispatch.study import DispatchSeats
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Plan:
    """One company's network in one period. NaN where it has no answer."""

    at: AcBoundary
    asked: Asked
    answer: Answer

    @property
    def cost(self) -> float:
        """Of its own units. [currency/h]"""
        return self.at.own_cost(self.asked, self.answer)

    @property
    def exchange(self) -> Real:
        """What passes at its ports (interface, 3). [MW, Mvar, pu]"""
        return np.asarray(self.at.exchange(self.answer) * BASE)

    @property
    def network(self) -> Network:
        """Its network with the units where it puts them."""
        return decided(self.at, self.answer)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Plans:
    """All of one period."""

    t: int
    transmission: Plan
    feeders: tuple[Plan, ...]  # (interface)
    price: Real  # (interface, 3)

    @property
    def promised(self) -> float:
        """Cost of all together. [currency/h]"""
        return self.transmission.cost + sum(f.cost for f in self.feeders)


def plans_of(seats: DispatchSeats, schedule: Schedule, t: int) -> Plans | None:
    """What a pu of voltage costs transmission is its price where the schedule does not say.

    None where a company has no answer.
    """
    y, price, below = schedule.y[0, t], np.array(schedule.price[0, t]), schedule.below[0, t]
    feeders: dict[int, Plan] = {}
    for desk, rows in seats.fleets:
        for k, row in enumerate(rows.tolist()):
            asked, answer = desk.plan((0, t, k), below[row], price[row, :2])
            if not solved(answer):
                return None
            feeders[row] = Plan(at=desk.at((0, t, k)), asked=asked, answer=answer)
    asked, answer = settled(seats.transmission, (0, t), y, -price[:, 2])
    if not solved(answer):
        return None
    above = Plan(at=seats.transmission.held[t], asked=asked, answer=answer)
    price[:, 2] = np.where(np.isnan(price[:, 2]), unpriced(above.at.price(answer))[:, 2], price[:, 2])
    return Plans(t=t, transmission=above, feeders=tuple(feeders[i] for i in range(len(feeders))), price=price)
