r"""Active flows after outages of single branches, compiled: eight outages side by side, without any matrix of all pairs.

.. math:: x_k = B^{-1}(e_f - e_t), \qquad h_{ik} = b_i (x_{f_i} - x_{t_i}), \qquad f_i^{(k)} = f_i + \frac{h_{ik}}{1 - h_{kk}} f_k

B is given as its factors L U, by columns, L without its diagonal of ones, U with its diagonal at the end of each column.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gridtandem.flow.kernels_block import FAST
from gridtandem.flow.kernels_shared import WIDTH
from gridtandem.tables import Index, Real


@njit(**FAST)
def solved(first: int, lower: tuple, upper: tuple, x: Real) -> None:
    """Eight right-hand sides that are zero before row ``first``, in place."""
    low, low_row, low_value = lower
    up, up_row, up_value = upper
    n = len(low) - 1
    for j in range(first, n):
        for p in range(low[j], low[j + 1]):
            i = low_row[p]
            for k in range(WIDTH):
                x[i, k] -= low_value[p] * x[j, k]
    for j in range(n - 1, -1, -1):
        last = up[j + 1] - 1
        turn = 1.0 / up_value[last]
        for k in range(WIDTH):
            x[j, k] *= turn
        for p in range(up[j], last):
            i = up_row[p]
            for k in range(WIDTH):
                x[i, k] -= up_value[p] * x[j, k]


@njit(**FAST)
def after_outages(
    opened: Index, lower: tuple, upper: tuple, into: Index, out_of: Index, b: Real, flow: Real, share: bool, none: float, x: Real, out: Real
) -> None:
    """Flows (outage, branch) after each branch of ``opened`` is gone; with ``share`` the shares of its flow that the others take over.

    ``into`` and ``out_of`` (branch, 2): rows of both ends in B and in its solution, the number of rows where an angle is given. Where
    1 − h is below ``none``, the outage islands something: NaN.
    """
    n = len(lower[0]) - 1
    factor = np.empty(WIDTH)
    for g in range(0, len(opened), WIDTH):
        x[:] = 0.0
        many, first = min(WIDTH, len(opened) - g), n
        for k in range(many):
            a, c = into[opened[g + k], 0], into[opened[g + k], 1]
            x[a, k] += 1.0
            x[c, k] -= 1.0
            first = min(first, min(a, c))
        x[n] = 0.0
        solved(first, lower, upper, x)
        for k in range(many):
            i = opened[g + k]
            left = 1.0 - b[i] * (x[out_of[i, 0], k] - x[out_of[i, 1], k])
            factor[k] = (1.0 if share else flow[i]) / left if abs(left) > none else np.nan
        for i in range(len(b)):
            begin = 0.0 if share else flow[i]
            for k in range(many):
                out[g + k, i] = begin + b[i] * (x[out_of[i, 0], k] - x[out_of[i, 1], k]) * factor[k]
        for k in range(many):
            out[g + k, opened[g + k]] = (-1.0 if share else 0.0) + 0.0 * factor[k]
