r"""What many load flows come to, one after another, compiled: losses, served load, worst voltages and flows of each; extremes over all.

Power into a branch is that of `gridtandem.flow.results.branch_flows`. Rows stand for themselves: nothing is added up across them, and of equal
extremes the first counts, so results are the same bits however rows are cut into blocks.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gridtandem.flow.kernels_block import FAST
from gridtandem.tables import Complex, Flag, Index, Real


@njit(**FAST)
def flow(vf: complex, vt: complex, ratio: complex, y: complex, half: complex) -> tuple[float, float]:
    """Losses and the larger apparent power of the two ends. [per unit]"""
    inner = vf / ratio
    through = y * (inner - vt)
    f, t = inner * np.conj(through + half * inner), vt * np.conj(half * vt - through)
    return f.real + t.real, max(np.sqrt(f.real**2 + f.imag**2), np.sqrt(t.real**2 + t.imag**2))


@njit(**FAST)
def branches(
    v: Complex, ratio: Complex, start: Index, end: Index, y: Complex, half: Complex, rating: Real, weight: Real, own: int, off: Flag, edge: float,
    number: int, row: Real, place: Index, worst: Real, worst_at: Index, above: Index,
) -> None:  # fmt: skip
    """Losses of transmission (the first ``own`` branches) and of feeders, the highest loading and its branch, limits broken; extremes so far."""
    row[0], row[1], row[5], place[2] = 0.0, 0.0, 0.0, -1
    for b in range(len(start)):
        if off[b]:
            continue
        lost, size = flow(v[start[b]], v[end[b]], ratio[b], y[b], half[b])
        row[0 if b < own else 1] += weight[b] * lost
        part = size / rating[b]
        if part > row[5]:
            row[5], place[2] = part, b
        if part > worst[b]:
            worst[b], worst_at[b] = part, number
        if part > 1.0 + edge:
            above[b] += 1
            place[3] += 1


@njit(**FAST)
def nodes(
    v: Complex, counted: Flag, low: Real, high: Real, edge: float, number: int, row: Real, place: Index,
    lowest: Real, lowest_at: Index, highest: Real, highest_at: Index,
) -> None:  # fmt: skip
    """The lowest and highest voltage and their nodes, limits broken; extremes so far."""
    row[3], row[4], place[0], place[1] = np.inf, -np.inf, -1, -1
    for i in range(len(v)):
        if not counted[i]:
            continue
        size = np.sqrt(v[i].real ** 2 + v[i].imag ** 2)
        if size < row[3]:
            row[3], place[0] = size, i
        if size > row[4]:
            row[4], place[1] = size, i
        if size < lowest[i]:
            lowest[i], lowest_at[i] = size, number
        if size > highest[i]:
            highest[i], highest_at[i] = size, number
        if size < low[i] * (1.0 - edge) or size > high[i] * (1.0 + edge):
            place[3] += 1


@njit(**FAST)
def demand(v: Complex, node: Index, law: Real) -> float:
    """Active power of loads at their voltage; columns of ``law``: P, exponent, impedance share, current share, calibration voltage."""
    total = 0.0
    for r in range(len(node)):
        u = np.sqrt(v[node[r]].real ** 2 + v[node[r]].imag ** 2) / law[r, 4]
        total += law[r, 0] * (law[r, 2] * u * u + law[r, 3] * u + (1.0 - law[r, 2] - law[r, 3]) * u ** law[r, 1])
    return total


@njit(**FAST)
def survey(
    ok: Flag, number: Index, v: Complex, ratio: Complex, ratio_of: Index, opened: Index, first_open: Index, loading: Real,
    start: Index, end: Index, y: Complex, half: Complex, rating: Real, weight: Real, own: int, load_node: Index, law: Real,
    counted: Flag, low: Real, high: Real, edge: float, rows: Real, places: Index,
    worst: Real, worst_at: Index, above: Index, lowest: Real, lowest_at: Index, highest: Real, highest_at: Index,
) -> None:  # fmt: skip
    """All rows that are ``ok``; the columns of ``rows``: losses of transmission and feeders, load of transmission, |V| low and high, loading;
    of ``places``: their nodes and branch, limits broken.
    """
    off = np.zeros(len(start), np.bool_)
    for r in range(len(ok)):
        if not ok[r]:
            continue
        places[r, 3] = 0
        for k in range(first_open[r], first_open[r + 1]):
            off[opened[k]] = True
        branches(
            v[r], ratio[ratio_of[r]], start, end, y, half, rating, weight, own, off, edge, number[r], rows[r], places[r], worst, worst_at, above
        )  # fmt: skip
        for k in range(first_open[r], first_open[r + 1]):
            off[opened[k]] = False
        rows[r, 2] = loading[r] * demand(v[r], load_node, law)
        nodes(v[r], counted, low, high, edge, number[r], rows[r], places[r], lowest, lowest_at, highest, highest_at)
