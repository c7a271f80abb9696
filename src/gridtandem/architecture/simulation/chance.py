r"""How likely a limit is broken, where injections lie anywhere in bands, each evenly and by itself.

A row is its value at the middle of all bands plus :math:`S = \sum_i a_i U_i` with :math:`U_i` even on :math:`[-1, 1]`, which lies within
:math:`R = \sum_i \lvert a_i \rvert`. On that range the distribution of S is its Fourier series, with the characteristic function of a sum of even
variables for coefficients:

.. math:: \Pr(S \le s) = \frac12 + \frac{s}{2R} + \sum_{k \ge 1} \frac{\sin(k \pi s / R)}{k \pi} \prod_i \frac{\sin(k \pi a_i / R)}{k \pi a_i / R}

What is left out after K terms is at most :math:`\sum_{k > K} 1 / (k\pi)^2 < 1 / (\pi^2 K)` where one band is nearly all, since then its factor is at
most :math:`R / (k \pi a)`, and far less where several matter. A normal distribution would be wrong where one band rules, and the worst corner alone
cries wolf: with ten equal bands it lies where one day in 10^10 comes near. Rows whose worst corner keeps its limits are safe without a sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.tables import Real

if TYPE_CHECKING:
    from gridtandem.architecture.simulation.day import Wires

TERMS = 128  # of the series; leaves less than 1e-3


@final
@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """What may come otherwise than planned: errors of forecasts, bids that may still be taken."""

    h: Real  # (row, source) effect [MW by MW]
    low: Real  # (period, source) beside the plan [MW]
    high: Real

    @staticmethod
    def none(wires: Wires) -> Band:
        """Everything comes as planned."""
        nothing = np.zeros((len(wires.there), 0))
        return Band(np.zeros((len(wires.h), 0)), nothing, nothing)


def chances(wires: Wires, here: Real, band: Band) -> Real:
    """Probability that each upper and then each lower side is passed (period, side)."""
    middle = wires.values(here) + (band.low + band.high) / 2 @ band.h.T
    spread = (band.high - band.low)[:, None, :] / 2 * np.abs(band.h)[None]
    above, below = wires.high - middle, middle - wires.low
    return np.concatenate([beyond(above, spread), beyond(below, spread)], axis=1)


def beyond(s: Real, spread: Real) -> Real:
    """Probability that Σ spread_i U_i is above s (…), for spreads (…, source)."""
    reach = spread.sum(-1)
    out = np.where((s < 0) & (s <= -reach), 1.0, 0.0)
    open_ = np.abs(s) < reach
    out[open_] = 1.0 - _below(s[open_] / reach[open_], spread[open_] / reach[open_][:, None])
    return np.clip(out, 0.0, 1.0)


def _below(share: Real, weight: Real) -> Real:
    total = (1.0 + share) / 2
    for k in range(1, TERMS + 1):
        total = total + np.sin(k * np.pi * share) / (k * np.pi) * np.sinc(k * weight).prod(-1)
    return np.asarray(total)
