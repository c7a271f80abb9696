r"""Fast decoupled load flow of many outages, compiled: eight side by side, with the factors of the network that lost nothing.

.. math::
    B' \Delta\theta = \Delta P / |V|, \qquad B'' \Delta|V| = \Delta Q / |V|, \qquad
    (B + E D E^\top)^{-1} = B^{-1} - Z (1 + D E^\top Z)^{-1} D E^\top B^{-1}, \quad Z = B^{-1} E

E picks the ends of the branches that are gone, D holds what they took with them. A voltage is turned by
:math:`(1 + \mathrm{j}\Delta\theta/2) / (1 - \mathrm{j}\Delta\theta/2)`, which keeps its size exactly and is the turn itself where steps come to rest.

- ``grid`` = (pointer, column, g, b) of the admittance, by rows; ``plan`` = constant power drawn less injected; ``draw`` (node, 3) = active and
  reactive power more per voltage above the third number;
- ``gone`` = (ends, admittance (4 entries, real and imaginary), D', D'') of each row's branches, ends beyond the nodes: none;
- ``first`` and ``second`` = (L, U, row of each node, column of each node) of B' and of B''.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gridtandem.flow.kernels_block import FAST
from gridtandem.flow.kernels_shared import WIDTH
from gridtandem.flow.kernels_shift import solved
from gridtandem.tables import Complex, Index, Real

SMALL = 1e-10  # of a pivot that was about 1; below, the outage islands something


@njit(**FAST)
def columns(ends: Index, many: int, factors: tuple, z: Real) -> None:
    """Z of eight rows (end, row of B, lane); ends beyond the nodes leave zeros."""
    lower, upper, row, _ = factors
    n = len(lower[0]) - 1
    for t in range(ends.shape[1]):
        z[t] = 0.0
        for k in range(many):
            if ends[k, t] < len(row):
                z[t, row[ends[k, t]], k] = 1.0
        z[t, n] = 0.0
        solved(0, lower, upper, z[t])


@njit(**FAST)
def eliminated(a: Real, x: Real) -> None:
    """Solve a x = x in place with rows exchanged; NaN where it is singular."""
    n = len(x)
    for j in range(n):
        p = j
        for i in range(j + 1, n):
            if abs(a[i, j]) > abs(a[p, j]):
                p = i
        if not abs(a[p, j]) > SMALL:
            x[:] = np.nan
            return
        for c in range(n):
            a[j, c], a[p, c] = a[p, c], a[j, c]
        x[j], x[p] = x[p], x[j]
        for i in range(j + 1, n):
            part = a[i, j] / a[j, j]
            for c in range(j, n):
                a[i, c] -= part * a[j, c]
            x[i] -= part * x[j]
    for j in range(n - 1, -1, -1):
        for c in range(j + 1, n):
            x[j] -= a[j, c] * x[c]
        x[j] /= a[j, j]


@njit(**FAST)
def stepped(ends: Index, core: Real, many: int, factors: tuple, z: Real, x: Real) -> None:
    """Right-hand sides (row of B, lane) become steps (column of B, lane), with what is gone."""
    lower, upper, _, column = factors
    n, wide = len(lower[0]) - 1, ends.shape[1]
    solved(0, lower, upper, x)
    small, right = np.empty((wide, wide)), np.empty(wide)
    for k in range(many):
        for s in range(wide):
            right[s] = 0.0
            for c in range(wide):
                small[s, c] = 1.0 if s == c else 0.0
            for t in range(wide):
                if core[k, s, t] != 0.0:
                    at = column[ends[k, t]] if ends[k, t] < len(column) else n
                    right[s] += core[k, s, t] * x[at, k]
                    for c in range(wide):
                        small[s, c] += core[k, s, t] * z[c, at, k]
        eliminated(small, right)
        for t in range(wide):
            for i in range(n):
                x[i, k] -= z[t, i, k] * right[t]


@njit(**FAST)
def currents(v: Real, grid: tuple, ends: Index, y: Real, many: int, out: Real) -> None:
    """Current into the network at each node (real lanes, imaginary lanes), without what is gone."""
    pointer, column, g, b = grid
    for i in range(len(pointer) - 1):
        out[i] = 0.0
        for p in range(pointer[i], pointer[i + 1]):
            j = column[p]
            for k in range(WIDTH):
                out[i, k] += g[p] * v[j, k] - b[p] * v[j, WIDTH + k]
                out[i, WIDTH + k] += g[p] * v[j, WIDTH + k] + b[p] * v[j, k]
    for k in range(many):
        for t in range(ends.shape[1]):
            side = t % 2
            i, j, q = ends[k, t], ends[k, t + 1 - 2 * side], y[k, t // 2]
            if i < len(v):
                a, c, e, f = q[6 * side], q[6 * side + 1], q[2 + 2 * side], q[3 + 2 * side]
                out[i, k] -= a * v[i, k] - c * v[i, WIDTH + k] + e * v[j, k] - f * v[j, WIDTH + k]
                out[i, WIDTH + k] -= a * v[i, WIDTH + k] + c * v[i, k] + e * v[j, WIDTH + k] + f * v[j, k]


@njit(**FAST)
def missing(part: int, v: Real, plan: Real, draw: Real, current: Real, extra: tuple, row: Index, x: Real) -> None:
    """Active (part 0) or reactive power (1) that is missing at each node, over its voltage, into the rows of the nodes."""
    n, (at, own) = len(x) - 1, extra
    for i in range(len(v)):
        if row[i] < n:
            for k in range(WIDTH):
                re, im, along, across = v[i, k], v[i, WIDTH + k], current[i, k], current[i, WIDTH + k]
                size = np.sqrt(re * re + im * im)
                s = re * along + im * across if part == 0 else im * along - re * across
                x[row[i], k] = -(s + plan[i, part] + draw[i, part] * (size - draw[i, 2])) / size
    for c in range(len(at)):
        if row[at[c]] < n:
            for k in range(len(own)):
                x[row[at[c]], k] -= (own[k, c].real if part == 0 else own[k, c].imag) / np.sqrt(v[at[c], k] ** 2 + v[at[c], WIDTH + k] ** 2)
    x[n] = 0.0


@njit(**FAST)
def turned(v: Real, column: Index, x: Real) -> None:
    """Angles moved by the step."""
    for i in range(len(v)):
        for k in range(WIDTH):
            half = 0.5 * x[column[i], k]
            down = 1.0 / (1.0 + half * half)
            c, s = (1.0 - half * half) * down, 2.0 * half * down
            re, im = v[i, k], v[i, WIDTH + k]
            v[i, k], v[i, WIDTH + k] = c * re - s * im, s * re + c * im


@njit(**FAST)
def lifted(v: Real, column: Index, x: Real) -> None:
    """Sizes moved by the step."""
    for i in range(len(v)):
        for k in range(WIDTH):
            more = 1.0 + x[column[i], k] / np.sqrt(v[i, k] ** 2 + v[i, WIDTH + k] ** 2)
            v[i, k] *= more
            v[i, WIDTH + k] *= more


@njit(**FAST)
def half_steps(
    pairs: int, grid: tuple, plan: Real, draw: Real, gone: tuple, first: tuple, second: tuple, node: Index, extra: Complex, v_out: Complex,
) -> None:  # fmt: skip
    """``pairs`` of half steps on every row (row, node) of ``v_out``; ``extra`` (row, interface) is drawn at ``node`` on top."""
    n = v_out.shape[1]
    v, current = np.ones((n, 2 * WIDTH)), np.empty((n, 2 * WIDTH))
    x, y = np.zeros((len(first[0][0]), WIDTH)), np.zeros((len(second[0][0]), WIDTH))
    wide = gone[0].shape[1]
    z_first, z_second = np.empty((wide, *x.shape)), np.empty((wide, *y.shape))
    for g in range(0, len(v_out), WIDTH):
        many = min(WIDTH, len(v_out) - g)
        rows = slice(g, g + many)
        ends, own = gone[0][rows], (node, extra[rows])
        for k in range(many):
            for i in range(n):
                v[i, k], v[i, WIDTH + k] = v_out[g + k, i].real, v_out[g + k, i].imag
        columns(ends, many, first, z_first)
        columns(ends, many, second, z_second)
        for _ in range(pairs):
            currents(v, grid, ends, gone[1][rows], many, current)
            missing(0, v, plan, draw, current, own, first[2], x)
            stepped(ends, gone[2][rows], many, first, z_first, x)
            turned(v, first[3], x)
            currents(v, grid, ends, gone[1][rows], many, current)
            missing(1, v, plan, draw, current, own, second[2], y)
            stepped(ends, gone[3][rows], many, second, z_second, y)
            lifted(v, second[3], y)
        for k in range(many):
            for i in range(n):
                v_out[g + k, i] = complex(v[i, k], v[i, WIDTH + k])
