r"""Uphill on a concave function of prices, of which each look tells value and slope: limited-memory BFGS, period by period.

With steps :math:`\sigma_k` of prices and changes :math:`\gamma_k` of the slope along them the step is :math:`H g`, H the inverse curvature that fits
all of them, found without writing it down.

Source: J. Nocedal, "Updating quasi-Newton matrices with limited storage", Math. Comput. 35, 1980.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.tables import Real

MEMORY = 12  # turns that are remembered


@final
@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """A step of prices and the change of the slope along it (scenario, period, interface, 3); zero where none was made."""

    step: Real
    change: Real


def inner(a: Real, b: Real) -> Real:
    """(scenario, period)"""
    return np.asarray((a * b).sum(axis=(2, 3)))


def uphill(slope: Real, turns: tuple[Turn, ...], weight: float) -> Real:
    """The next step; ``weight`` times the slope where nothing is known."""
    q, kept, scale = slope, list[tuple[Turn, Real, Real]](), np.full(slope.shape[:2], weight)
    for turn in turns[::-1]:
        bent = -inner(turn.step, turn.change)
        share = _over(inner(turn.step, q), bent)
        kept.append((turn, bent, share))
        q = q + _wide(share) * turn.change
    for turn, bent, _ in kept[::-1]:
        scale = np.where(bent > 0, _over(bent, inner(turn.change, turn.change)), scale)
    out = _wide(scale) * q
    for turn, bent, share in kept[::-1]:
        out = out + _wide(share + _over(inner(turn.change, out), bent)) * turn.step
    return np.asarray(out)


def _over(a: Real, b: Real) -> Real:
    """Their ratio; 0 where b says nothing of a curvature."""
    return np.where(b > 0, a / np.where(b > 0, b, 1.0), 0.0)


def _wide(x: Real) -> Real:
    return x[..., None, None]
