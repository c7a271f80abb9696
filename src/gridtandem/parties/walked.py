"""Offers straight from walked curves: all feeders and periods whose curve is certified and keeps the market's rules as it is, without a loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.opf.swept import Swept
from gridtandem.opf.value_curve import Curve, Point
from gridtandem.orders.rules import Rules
from gridtandem.tables import Flag, Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Walked:
    """Curves of feeders (feeder, period, point), padded with their last point."""

    export: Real
    cost: Real
    count: Index  # (feeder, period) points; 0 where there is no certified curve

    @staticmethod
    def of(curves: Sequence[Swept | None], periods: int) -> Walked:
        """None stands for a feeder that was not walked."""
        count = np.stack([np.zeros(periods, np.int64) if c is None else np.where(c.certified, c.count, 0) for c in curves])
        wide = int(count.max(initial=1))
        out = np.zeros((2, *count.shape, wide))
        for f, c in enumerate(curves):
            if c is not None:
                place = np.minimum(np.arange(wide), np.maximum(count[f] - 1, 0)[:, None])
                out[0, f], out[1, f] = np.take_along_axis(c.export, place, 1), np.take_along_axis(c.cost, place, 1)
        return Walked(export=out[0], cost=out[1], count=count)

    @property
    def price(self) -> Real:
        """Slope of each step (feeder, period, step); NaN where there is none."""
        wide = np.diff(self.export)
        return np.where(self.steps, np.diff(self.cost) / np.where(wide > 0, wide, 1.0), np.nan)

    @property
    def steps(self) -> Flag:
        """Where there is a step."""
        return np.arange(1, self.export.shape[-1]) < self.count[..., None]

    def curve(self, feeder: int, period: int) -> Curve | None:
        """One of them."""
        k = int(self.count[feeder, period])
        points = zip(self.export[feeder, period, :k].tolist(), self.cost[feeder, period, :k].tolist(), strict=True)
        return Curve(tuple(Point(x, cost) for x, cost in points), 0.0, 0) if k else None

    def plain(self, rules: Rules) -> Flag:
        """Curves (feeder, period) that the rules leave as they are."""
        price, range_mw = self.price, self.export[..., -1] - self.export[..., 0]
        within = (np.isnan(price) | ((price >= rules.floor) & (price <= rules.ceiling))).all(-1)
        round_enough = not rules.step_mw and not rules.step_price
        return (self.count > 1) & within & (self.count - 1 <= rules.steps) & (range_mw >= rules.least_mw) & round_enough

    def reaches(self, z: Real, kind: Index) -> tuple[Flag, Flag]:
        """Which exchanges (period, interface) lie within the reach of their feeders, and for which a curve says so."""
        known = (self.count > 0)[kind].T
        low, high = (-self.export[..., k][kind].T for k in (-1, 0))
        near = 1e-9 * np.maximum(1.0, np.abs(z))
        return np.asarray(known & (z >= low - near) & (z <= high + near)), np.asarray(known)

    def offered(self, which: Flag, kind: Index) -> tuple[Index, Index, Real, Real]:
        """Period, interface, width and price of every step of these curves (feeder, period), interface by interface."""
        told = (self.steps & which[..., None])[kind]
        interface, period, _ = np.nonzero(told)
        return period, interface, np.diff(self.export)[kind][told], self.price[kind][told]
