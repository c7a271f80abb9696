r"""A number that no point of a convex program costs less than, from multipliers that need not be exact.

For any multipliers y of rows and any z in the (self-dual) cones, over all x in a box that holds a cheapest point,

.. math:: c^\top x + \tfrac12 x^\top \mathrm{diag}(h) x \;\ge\; y_+^\top \underline b - y_-^\top \overline b - z^\top B
          + \sum_j \min_{\underline x_j \le x_j \le \overline x_j} \bigl\{ r_j x_j + \tfrac12 h_j x_j^2 \bigr\}, \qquad r = c - A^\top y + F^\top z

for rows :math:`\underline b \le A x \le \overline b` and cones :math:`B - F x \in \mathcal K` (`gridtandem.program.arrays`). What a solver leaves of
its conditions makes the number smaller, never wrong: only the rounding of these sums remains.

Source: C. Jansson, "Rigorous lower and upper bounds in linear programming", SIAM J. Optim. 14(3), 2004, for rows; cones in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gridtandem.program.arrays import Places, Program, flat
from gridtandem.tables import Real

Box = Mapping[str, tuple[Real, Real]]


def floor(program: Program, price: Mapping[str, Real], box: Box) -> float:
    """The number, for the prices of rows and cones that an answer has, or any others; −inf where an unknown without end is not paid for.

    ``box`` narrows the bounds of columns it names to what a cheapest point keeps anyway.
    """
    sides, steep = _parted(program, price)
    ends = [box.get(name, (c.low, c.high)) for name, c in program.columns.items()]
    low, high = (np.concatenate([np.empty(0), *(np.ravel(end[k]) for end in ends)]) for k in (0, 1))
    return program.constant + sides + float(_least(steep, flat(program.columns, "quadratic"), low, high).sum())


def unpaid(program: Program, price: Mapping[str, Real]) -> dict[str, Real]:
    """r: what one more of each unknown costs beside what rows and cones pay for it; what is not of its bounds is the solver's error."""
    return Places.of(program.columns).split(_parted(program, price)[1])


def _parted(program: Program, price: Mapping[str, Real]) -> tuple[float, Real]:
    """What sides of rows and cones bring, and r."""
    y = np.concatenate([np.empty(0), *(np.nan_to_num(price[name]).ravel() for name in program.rows)])
    low, high = flat(program.rows, "low"), flat(program.rows, "high")
    up, down = np.where(np.isfinite(low), np.maximum(y, 0.0), 0.0), np.where(np.isfinite(high), np.maximum(-y, 0.0), 0.0)
    z = np.concatenate([np.empty(0), *(_inside(-np.nan_to_num(price[name]).reshape(cone.shape)).ravel() for name, cone in program.cones.items())])
    steep = flat(program.columns, "cost") - program.matrix().T @ (up - down) + program.cone_matrix().T @ z
    return _paid(up, low) - _paid(down, high) - float(z @ flat(program.cones, "right")), np.asarray(steep)


def _inside(z: Real) -> Real:
    """Multipliers (cone, entry) lifted into their cones."""
    out = z.copy()
    out[:, 0] = np.maximum(z[:, 0], np.linalg.norm(z[:, 1:], axis=1) * (1 + 1e-15))
    return out


def _paid(multiplier: Real, side: Real) -> float:
    at = multiplier > 0
    return float(multiplier[at] @ side[at])


def _least(steep: Real, bend: Real, low: Real, high: Real) -> Real:
    """The least of steep · x + ½ bend · x² over each interval."""
    bowl = bend > 0
    at = np.where(bowl, np.clip(-steep / np.where(bowl, bend, 1.0), low, high), np.where(steep > 0, low, np.where(steep < 0, high, 0.0)))
    return np.asarray(steep * at + 0.5 * bend * np.where(bowl, at, 0.0) ** 2)
