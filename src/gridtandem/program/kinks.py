"""Where a market's price is not unique, and the price that a leader has there: one rule for every route.

At a kink of V every mixture of the slopes that meet is a price. What the leader pays for θ is linear in the price, so it is least at one of these
slopes.
"""

from __future__ import annotations

import numpy as np

from gridtandem.program.cells import MOST, NEAR, cells_of
from gridtandem.program.follower import Follower, prices_beside
from gridtandem.tables import Real

SAME = 1e-6  # relative: payments that differ by what a search leaves


def slopes_at(follower: Follower, theta: Real) -> Real:
    """Slopes (piece, number) of V that meet at θ, as far as the market has answers; of more than three numbers those before and after each."""
    if follower.size <= MOST:
        return cells_of(follower, theta, theta).slope
    sides = np.array(prices_beside(follower, theta))
    return np.where(np.isfinite(sides), sides, sides[::-1])


def unequal(slope: Real) -> bool:
    """Whether slopes (piece, number) differ: then θ is a kink."""
    return bool((np.ptp(slope, axis=0) > NEAR * np.maximum(1.0, np.abs(slope).max(0))).any())


def sharpened(follower: Follower, theta: Real, price: Real) -> Real:
    """The slope of V that a search means by its rounded price; that price where it is no slope, as between two in several numbers."""
    slope = slopes_at(follower, theta)
    if follower.size > MOST:
        return price
    paid = slope @ theta
    least = slope[paid <= paid.min() + NEAR * max(1.0, abs(paid.min()))]
    nearest = least[np.abs(least - price).max(1).argmin()]
    return nearest if abs(paid.min() - price @ theta) <= SAME * max(1.0, abs(paid.min())) else price
