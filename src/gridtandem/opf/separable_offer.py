r"""Energy and regulation as a market of today takes them: a curve of energy, a price and a limit for capacity each way, and room for both together.

With export x, capacity up and down :math:`r^u, r^d`, and the offered curve E of energy, the market is told

.. math:: \tilde V = E(x) + c^u r^u + c^d r^d \quad\text{for}\quad 0 \le r \le \overline r,\ x + r^u \le \overline x,\ x - r^d \ge \underline x

Limits: what is offered is convex with eight corners, so it can be delivered everywhere if it can at these; limits shrink until it can. Prices: where
E is straight :math:`\tilde V - V` is concave, so :math:`\tilde V \ge V` if it holds at the corners of every straight piece; of prices for which it
does the cheapest are taken, together no dearer than the largest slopes of V. Loss: by each straight piece j the largest :math:`\tilde V_j - V` is one
program of the feeder, exactly. Whoever clears with such offers loses at most the sum of these losses against the best market *within the offered
limits*; what lies outside of them is not offered, and no bound speaks of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Protocol, final

import numpy as np

from gridtandem.orders.rules import Offer
from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.solve import solve
from gridtandem.tables import Real

HALVINGS = 12  # of a limit that cannot be had in full
INSET = 1e-6  # share of a limit that is given away, so that what is promised can be delivered


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Separable:
    """The offer; capacity up, then down."""

    energy: Offer
    most: Real  # [MW]
    price: Real  # [currency/MW in an hour]
    loss: float  # most by which it lies above the true cost, within its limits [currency/h]


class Feeder(Protocol):
    """Whoever knows the true cost."""

    def most(self) -> Real:
        """Most capacity up and down, whatever it costs."""
        ...

    def at_capacity(self, export: float, capacity: Real) -> float:
        """Least cost there; NaN where it cannot be done."""
        ...

    def below(self, slope: Real, ends: tuple[float, float], most: Real) -> float:
        """Least cost less slope · (export, capacity up, capacity down) within limits of that kind."""
        ...


def separable(feeder: Feeder, energy: Offer) -> Separable:
    """The offer around a curve of energy that lies nowhere below the true cost without regulation. Its steps must be level."""
    most = _limits(feeder, energy)
    price = _prices(feeder, energy, most)
    loss = 0.0
    for k, slope in enumerate(energy.price):
        line = float(energy.cost[k] - slope * energy.x[k])
        loss = max(loss, line - feeder.below(np.array([slope, *price]), (float(energy.x[0]), float(energy.x[-1])), most))
    return Separable(energy=energy, most=most, price=price, loss=loss)


def _limits(feeder: Feeder, energy: Offer) -> Real:
    """Largest limits in the proportion of what is possible at all, then each as far as the other allows."""
    possible, width = feeder.most(), float(energy.x[-1] - energy.x[0])
    possible = np.where(possible > INSET, np.minimum(possible, width), 0.0)

    def fits(most: Real) -> bool:
        if most.sum() > width:
            return False
        return all(np.isfinite(feeder.at_capacity(x, r)) for x, r in _corners(energy, most))

    most = _share(np.zeros(2), possible, fits)
    for k in range(2):
        alone = most.copy()
        alone[k] = possible[k]
        most = most if alone[k] == most[k] else _share(most, alone, fits)
    return most * (1 - INSET)


def _share(low: Real, high: Real, fits: Callable[[Real], bool]) -> Real:
    """As far from the one to the other as it fits."""
    if fits(high):
        return high
    a, b = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (a + b) / 2
        a, b = (middle, b) if fits(low + middle * (high - low)) else (a, middle)
    return low + a * (high - low)


def _corners(energy: Offer, most: Real) -> Iterator[tuple[float, Real]]:
    """Ends of the export under each pair of capacities."""
    for share in product((0.0, 1.0), repeat=2):
        r = most * np.array(share)
        yield from ((float(energy.x[0] + r[1]), r), (float(energy.x[-1] - r[0]), r))


def _prices(feeder: Feeder, energy: Offer, most: Real) -> Real:
    """Least prices at which the offer lies nowhere below the cost."""
    places = list(_corners(energy, most))
    for x in energy.x.tolist():
        room = np.clip(np.minimum(most, [energy.x[-1] - x, x - energy.x[0]]), 0.0, None)
        places += [(x, room * np.array(share)) for share in product((0.0, 1.0), repeat=2)]
    sold = np.array([r for _, r in places])
    more = np.array([feeder.at_capacity(x, r) - float(energy.at(np.array(x))) if r.any() else 0.0 for x, r in places])
    known = np.isfinite(more) & sold.any(-1)
    if not known.any():
        return np.zeros(2)
    columns = {"c": Columns.of(2, 0.0, cost=np.maximum(most, INSET))}
    rows = {"above": Rows.of(int(known.sum()), more[known], np.inf, {"c": sold[known]})}
    return np.asarray(solve(Program(columns, rows)).require().x["c"])
