"""How bad many states are, compiled: active flows over ratings and voltages off their middle, to the powers 2 and 4; the worst of each.

Rows stand for themselves; of equals the first counts.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gridtandem.flow.kernels_block import FAST
from gridtandem.tables import Complex, Index, Real


@njit(**FAST)
def of_flows(flow: Real, inverse: Real, sums: Real, worst: Real, place: Index) -> None:
    """Sums of (f/rating)² and (f/rating)⁴ (row, 2), the largest |f|/rating (row) and its branch, of flows (row, branch)."""
    for r in range(len(flow)):
        second = fourth = most = 0.0
        at = -1
        for i in range(len(inverse)):
            part = abs(flow[r, i]) * inverse[i]
            square = part * part
            second += square
            fourth += square * square
            if part > most:
                most, at = part, i
        sums[r, 0], sums[r, 1], worst[r], place[r] = second, fourth, most, at


@njit(**FAST)
def active_flows(v: Complex, ratio: Complex, start: Index, end: Index, y: Complex, half: Complex, gone: Index, first_gone: Index, out: Real) -> None:
    """Active power (row, branch) at the end of each branch where it is larger, with the sign it has at the start; none where a branch is gone."""
    for i in range(len(start)):
        m, yr, yi, h, f, t = 1.0 / ratio[i], y[i].real, y[i].imag, half[i].real, start[i], end[i]
        for r in range(len(v)):
            a, b = v[r, f], v[r, t]
            ar, ai = a.real * m.real - a.imag * m.imag, a.real * m.imag + a.imag * m.real
            dr, di = ar - b.real, ai - b.imag
            cr, ci = yr * dr - yi * di, yr * di + yi * dr
            into = ar * cr + ai * ci + h * (ar * ar + ai * ai)
            back = h * (b.real * b.real + b.imag * b.imag) - (b.real * cr + b.imag * ci)
            out[r, i] = into if abs(into) >= abs(back) else -back
    for r in range(len(v)):
        for k in range(first_gone[r], first_gone[r + 1]):
            out[r, gone[k]] = 0.0


@njit(**FAST)
def of_voltages(v: Complex, middle: Real, inverse: Real, sums: Real, low: Real, low_at: Index, high: Real, high_at: Index) -> None:
    """Sums of ((|V| − middle) / half)² and its square (row, 2); the lowest and the highest voltage and where they are."""
    for r in range(len(v)):
        second = fourth = 0.0
        least, most, a, b = np.inf, -np.inf, -1, -1
        for i in range(len(middle)):
            size = np.sqrt(v[r, i].real ** 2 + v[r, i].imag ** 2)
            part = (size - middle[i]) * inverse[i]
            square = part * part
            second += square
            fourth += square * square
            if size < least:
                least, a = size, i
            if size > most:
                most, b = size, i
        sums[r, 0], sums[r, 1], low[r], low_at[r], high[r], high_at[r] = second, fourth, least, a, most, b
