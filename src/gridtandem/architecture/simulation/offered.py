r"""What the DERs of one feeder may do and ask, period by period, and the same unit by unit where shares are counted.

Shares go to units, not to the steps of their offers: a unit is no greater because it offers in many steps. Steps of one unit with one effect on all
limits are a *bundle*. What a bundle injects in sum fills its steps in merit order, so a range of sums is a range of every step, and where all steps
are somewhere in their ranges the sum is in its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.tables import Index, Real

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from gridtandem.architecture.simulation.day import Steps, Wires


@final
@dataclass(frozen=True, slots=True, eq=False)
class Offered:
    """Steps of one feeder."""

    least: Real  # (period, step) injection [MW]
    most: Real
    price: Real  # (period, step) [currency/MWh]
    unit: Index  # (step) whose it is
    resting: Real | float = 0.0  # (period, step) where nobody asks, as far as bounds allow [MW]

    @staticmethod
    def of(steps: Steps, *, price: ArrayLike | None = None) -> Offered:
        """All steps of a feeder, at what they cost unless something else is asked."""
        asked = np.asarray(steps.price if price is None else price, np.float64)
        return Offered(steps.least, steps.most, np.broadcast_to(asked, steps.least.shape), steps.unit, steps.idle)

    @property
    def idle(self) -> Real:
        """What is injected where nobody asks: nothing, or the nearest to it."""
        return np.asarray(np.clip(self.resting, self.least, self.most))

    def checked(self, wires: Wires) -> Offered:
        """The offers themselves, unless they or the limits they meet are no such thing."""
        rows, steps = wires.h.shape
        periods = len(wires.there)
        faults = [
            Fault("offers", f"have {name} in {array.shape} numbers", f"give them by period and step: {(periods, steps)}", "arch-111", column=name)
            for name, array in (("least", self.least), ("most", self.most), ("price", self.price))
            if array.shape != (periods, steps)
        ]
        if self.unit.shape != (steps,) or wires.there.shape != (periods, rows) or wires.low.shape != (rows,) or wires.high.shape != (rows,):
            faults.append(Fault("limits", "and steps are not as many as the effects", "give a unit by step, sides and values by row", "arch-112"))
        if not all(np.isfinite(a).all() for a in (self.least, self.most, self.price, wires.h, wires.there)):
            faults.append(Fault("offers", "or effects are not all finite numbers", "leave out what has no bound", "arch-113"))
        if not faults and (self.least > self.most).any():
            faults.append(Fault("offers", "have a least above their most", "let least be at most most", "arch-114"))
        if not (wires.low <= wires.high).all():
            faults.append(Fault("limits", "have a low side above the high one, or none", "let low be at most high", "arch-115"))
        if faults:
            raise InvalidCase(faults)
        return self


@final
@dataclass(frozen=True, slots=True, eq=False)
class Bundles:
    """Steps of one unit with one effect, together."""

    offered: Offered
    number: Index  # (step) its bundle
    h: Real  # (row, bundle)
    least: Real  # (period, bundle) [MW]
    most: Real

    @staticmethod
    def of(h: Real, offered: Offered) -> Bundles:
        """Told apart by unit, then by effect."""
        alike, number = np.unique(np.vstack([offered.unit, h]), axis=1, return_inverse=True)
        number = np.asarray(number.ravel(), np.int64)
        sums = [np.zeros((len(side), alike.shape[1])) for side in (offered.least, offered.most)]
        for total, side in zip(sums, (offered.least, offered.most), strict=True):
            np.add.at(total.T, number, side.T)
        return Bundles(offered, number, np.asarray(alike[1:], np.float64), sums[0], sums[1])

    @property
    def idle(self) -> Real:
        """Where nobody asks (period, bundle)."""
        return self.summed(self.offered.idle)

    def summed(self, y: Real) -> Real:
        """Injections of bundles (period, bundle)."""
        out = np.zeros_like(self.least)
        np.add.at(out.T, self.number, y.T)
        return out

    def steps(self, total: Real) -> Real:
        """Injections of steps (period, step) whose sums are these, the cheapest first; equal prices in the order of the steps."""
        o = self.offered
        order = np.lexsort((o.price, np.broadcast_to(self.number, o.price.shape)), axis=-1)
        bundle = np.sort(self.number)
        width = np.take_along_axis(o.most - o.least, order, axis=1)
        ends = np.cumsum(width, axis=1)
        before = ends - width
        first = np.searchsorted(bundle, bundle)
        over = (total - self.least)[:, bundle] - (before - before[:, first])
        out = np.empty_like(o.least)
        np.put_along_axis(out, order, np.clip(over, 0.0, width), axis=1)
        return np.clip(o.least + out, o.least, o.most)
