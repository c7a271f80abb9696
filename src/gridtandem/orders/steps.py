r"""What a cost in steps says to every one-dimensional question. Columnar: one row per offer, no loop over offers.

An offer begins at a fixed export and adds steps of rising price. With x the export above the beginning, w_k the width of step k, c_k its first
price and d_k the rise of price over it,

.. math:: V(x) = \sum_k \left( c_k u_k + \frac{d_k}{2 w_k} u_k^2 \right), \qquad u_k = \min(\max(x - \sum_{j<k} w_j, 0), w_k)

which is convex where prices rise. Powers in MW, prices in currency per MWh, costs in currency per hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.tables import Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Steps:
    """Offers side by side (row, step); absent steps have no width and infinite price."""

    width: Real
    price: Real  # of the first MW
    rise: Real  # from the first MW to the last

    @staticmethod
    def of(row: Index, width: Real, price: Real, rise: Real, *, rows: int) -> Steps:
        """From entries (row, width, price, rise) in any order; within a row they are put in the order of price."""
        order = np.lexsort((price + rise, price, row))
        count = np.bincount(row, minlength=rows)
        place = row[order], np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        shape = (rows, int(count.max(initial=1)))
        out = [np.zeros(shape), np.full(shape, np.inf), np.zeros(shape)]
        for whole, part in zip(out, (width, price, rise), strict=True):
            whole[place] = part[order]
        return Steps(width=out[0], price=out[1], rise=out[2])

    @property
    def before(self) -> Real:
        """Power of the steps before each step."""
        return np.cumsum(self.width, -1) - self.width

    @property
    def most(self) -> Real:
        """Power of all steps of each row."""
        return np.asarray(self.width.sum(-1))

    def cost(self, x: Real) -> Real:
        """V(x) of every row; NaN outside of the offer."""
        used = np.clip(x[:, None] - self.before, 0.0, self.width)
        some = self.width > 0
        bend = np.where(some, self.rise / np.where(some, 2 * self.width, 1.0), 0.0)
        cost = (np.where(some, self.price, 0.0) * used + bend * used**2).sum(-1)
        return np.where(self._inside(x), cost, np.nan)

    def marginal(self, x: Real) -> tuple[Real, Real]:
        """Prices of the last MW given and of the next one; −inf and +inf at the ends; NaN outside."""
        rows, last = np.arange(len(x)), self.width.shape[1] - 1
        end, some = self.before + self.width, self.width > 0
        at_left = np.clip((some & (end < x[:, None] - _near(x)[:, None])).sum(-1), 0, last)
        at_right = np.clip((some & (end <= x[:, None] + _near(x)[:, None])).sum(-1), 0, last)
        left, right = (self._price_at(rows, k, x) for k in (at_left, at_right))
        left = np.where(x <= _near(x), -np.inf, left)
        right = np.where(x >= self.most - _near(x), np.inf, right)
        out = ~self._inside(x)
        return np.where(out, np.nan, left), np.where(out, np.nan, right)

    def at_price(self, price: Real) -> tuple[Real, Real]:
        """Least and most power that a price taker gives: all that is cheaper than the price; and with it what costs just as much."""
        asked = price[:, None]
        some = self.width > 0
        share = np.where(self.rise > 0, (asked - np.where(some, self.price, 0.0)) / np.where(self.rise > 0, self.rise, 1.0), 0.0)
        partly = np.clip(share, 0.0, 1.0) * self.width
        least = np.where(self.rise > 0, partly, np.where(self.price < asked, self.width, 0.0)).sum(-1)
        most = np.where(self.rise > 0, partly, np.where(self.price <= asked, self.width, 0.0)).sum(-1)
        return np.asarray(least), np.asarray(most)

    def nearest(self, target: Real, weight: float) -> Real:
        r"""Argmin over x of :math:`V(x) + \frac{\rho}{2}(x - t)^2`: each step fills up to where its price is :math:`\rho (t - x)`."""
        some = self.width > 0
        price = np.where(some, self.price, 0.0)
        steep = weight + np.where(some, self.rise / np.where(some, self.width, 1.0), 0.0)
        room = (weight * (target[:, None] - self.before) - price) / steep
        return np.asarray(np.where(some, np.clip(room, 0.0, self.width), 0.0).sum(-1))

    def _price_at(self, rows: Index, k: Index, x: Real) -> Real:
        width, first = self.width[rows, k], self.before[rows, k]
        share = np.where(width > 0, np.clip((x - first) / np.where(width > 0, width, 1.0), 0.0, 1.0), 0.0)
        out: Real = self.price[rows, k] + share * self.rise[rows, k]
        return out

    def _inside(self, x: Real) -> np.ndarray:
        return (x >= -_near(x)) & (x <= self.most + _near(x))


def _near(x: Real) -> Real:
    """How close two powers are the same: 1e-9 of themselves, or of 1 MW."""
    return np.asarray(1e-9 * np.maximum(1.0, np.abs(x)))
