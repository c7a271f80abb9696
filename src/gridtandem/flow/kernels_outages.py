"""Newton's method for one network with other branches open in each row: the few admittances that change are exchanged, and put back after."""

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
