"""Newton's method for one network with other branches open in each row: the few admittances that change are exchanged, and put back after.

And what interfaces draw together at voltages of many rows, by curves that all rows share.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gridtandem.flow.kernels_block import FAST
from gridtandem.flow.kernels_newton import SOLVED, newton
from gridtandem.tables import Complex, Flag, Index, Real


@njit(**FAST)
def exchanged(first: int, last: int, slot: Index, value: Real, off: Real, on: Real) -> None:
    """Swap these values with those that stand in the admittance: off the diagonal first, then on it."""
    n = len(off)
    for k in range(first, last):
        for c in range(2):
            if slot[k] < n:
                value[k, c], off[slot[k], c] = off[slot[k], c], value[k, c]
            else:
                value[k, c], on[slot[k] - n, c] = on[slot[k] - n, c], value[k, c]


@njit(**FAST)
def newton_outages(
    begin: Complex, scheduled: Complex, drawn: Complex, loads: Real, target: Real, order: Index, lines: tuple, off: Real, on: Real, lu: tuple,
    law_node: Index, law: Real, draw_node: Index, reach: Real, series: Complex, moving: tuple | None, edge: tuple | None, tol: float, most: int,
    keep: bool, rows: Index, first: Index, slot: Index, value: Real, v_out: Complex, needed: Complex, steps: Index, mismatch: Real, done: Flag,
) -> None:  # fmt: skip
    """Full steps from ``begin``, one row of ``rows`` after another; ``slot`` and ``value`` from ``first[r]`` on are the admittances of row r.
    Curves are each row's own, or one for all. Steps are counted on.
    """
    still = np.empty(0)
    for p in range(len(rows)):
        r = rows[p]
        exchanged(first[r], first[r + 1], slot, value, off, on)
        power = (law_node, law, draw_node, reach[r % len(reach)], series[r % len(series)])
        why, k, left, _, _ = newton(
            begin[p], scheduled[p], drawn, loads[p], target, order, lines, (off, on), lu, power, moving, edge, still, tol, most, False, keep,
            v_out[r], needed[p],
        )  # fmt: skip
        exchanged(first[r], first[r + 1], slot, value, off, on)
        steps[r], mismatch[r], done[r] = steps[r] + k, left, why == SOLVED


@njit(**FAST)
def drawn_together(v: Complex, node: Index, reach: Real, series: Complex, out: Complex) -> None:
    """Sum over interfaces of their Chebyshev series of |V|, along their tangents beyond ``reach``."""
    for r in range(len(v)):
        p = q = 0.0
        for i in range(len(node)):
            re, im, half = v[r, node[i]].real, v[r, node[i]].imag, (reach[i, 1] - reach[i, 0]) / 2
            beyond = (np.sqrt(re * re + im * im) - reach[i, 0]) / half - 1
            u = min(max(beyond, -1.0), 1.0)
            t0, t1, d0, d1, dp, dq = 1.0, u, 0.0, 1.0, 0.0, 0.0
            for k in range(series.shape[1]):
                p, q = p + series[i, k].real * t0, q + series[i, k].imag * t0
                t0, t1 = t1, 2 * u * t1 - t0
            if beyond != u:
                t0, t1 = 1.0, u
                for k in range(1, series.shape[1]):
                    dp, dq = dp + series[i, k].real * d1, dq + series[i, k].imag * d1
                    t0, t1, d0, d1 = t1, 2 * u * t1 - t0, d1, 2 * t1 + 2 * u * d1 - d0
                p, q = p + dp * (beyond - u), q + dq * (beyond - u)
        out[r] = complex(p, q)
