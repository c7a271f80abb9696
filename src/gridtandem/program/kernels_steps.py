r"""What an interior-point method does with arrays between two factorisations, compiled; for `gridtandem.program.newton_system` and `interior`.

Matrices come as entries: the Hessian its lower triangle, the Jacobian with the row −1 for what is no row of the equations. Equations come first
among rows, then ranges. Distances, multipliers and bounds belong to t = (unknowns, slacks of ranges).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gridtandem.tables import Flag, Index, Real

FAST = {
    "cache": True,
    "no_cfunc_wrapper": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract"},
}  # contract: one rounding per a·b + c, always


@njit(**FAST)
def larger(most: float, x: float) -> float:
    """The larger magnitude; what is not a number is larger than all."""
    return most if abs(x) <= most or most != most else abs(x)


@njit(**FAST)
def filled(
    fixed: Flag, hessian: Real, h_row: Index, h_column: Index, jacobian: Real, column: Index, diagonal: Real, bent: Real, off: Index,
    first: Index, second: Index, which: Index, border: Index, kept: Index, place: Index, h: Real, j: Real, own: Real, out: Real,
) -> None:  # fmt: skip
    """Adds all numbers at their places; h, j and own are those of the matrix, without what is fixed."""
    w = 0
    for k in range(len(hessian)):
        h[k] = 0.0 if fixed[h_row[k]] or fixed[h_column[k]] else hessian[k]
        out[place[w]] += h[k]
        w += 1
    for k in off:
        out[place[w]] += h[k]
        w += 1
    for k in range(len(diagonal)):
        own[k] = 1.0 if fixed[k] else diagonal[k]
        out[place[w]] += own[k]
        w += 1
    for k in range(len(jacobian)):
        j[k] = 0.0 if fixed[column[k]] else jacobian[k]
    for k in range(len(first)):
        out[place[w]] += j[first[k]] * j[second[k]] * bent[which[k]]
        w += 1
    for k in kept:
        out[place[w]] -= 1.0 / bent[k]
        w += 1
    for _ in range(2):
        for k in border:
            out[place[w]] += j[k]
            w += 1


@njit(**FAST)
def across(row: Index, column: Index, j: Real, y: Real, out: Real) -> None:
    """Adds Jᵀ y."""
    for k in range(len(j)):
        if row[k] >= 0:
            out[column[k]] += j[k] * y[row[k]]


@njit(**FAST)
def gathered(row: Index, column: Index, j: Real, gone: Real, kept: Index, right: Real, out: Real) -> None:
    """The right-hand side of what is factored, of unknowns, equations and ranges that are kept; ``gone`` is Σ_s of ranges that are not."""
    n, e = len(right) - len(gone), len(out) - len(kept) - (len(right) - len(gone))
    out[: n + e] = right[: n + e]
    for k in range(len(j)):
        if row[k] >= e:
            out[column[k]] += j[k] * gone[row[k]] * right[n + row[k]]
    for k in range(len(kept)):
        out[n + e + k] = right[n + e + kept[k]]


@njit(**FAST)
def improved(
    h_row: Index, h_column: Index, h: Real, own: Real, row: Index, column: Index, j: Real, bent: Real, gone: Real, kept: Index, core: Real,
    right: Real, found: Real, left: Real,
) -> float:  # fmt: skip
    """Adds to the answer what is found of ``left``, and puts there what then is left of the right-hand side; the largest of it."""
    n, e = len(own), len(gone) - len(bent)
    for k in range(e, len(gone)):
        left[n + k] *= -gone[k]
    for k in range(len(j)):
        if row[k] >= e:
            left[n + row[k]] += gone[row[k]] * j[k] * core[column[k]]
    for k in range(n + e):
        left[k] = core[k]
    for k in range(len(kept)):
        left[n + e + kept[k]] = core[n + e + k]
    for k in range(len(found)):
        found[k] += left[k]
    return missed(h_row, h_column, h, own, row, column, j, bent, found, right, left)


@njit(**FAST)
def missed(
    h_row: Index, h_column: Index, h: Real, own: Real, row: Index, column: Index, j: Real, bent: Real, found: Real, right: Real, out: Real
) -> float:  # fmt: skip
    """What is left of the right-hand side, and the largest of it."""
    n, rows = len(own), len(right) - len(own)
    e = rows - len(bent)
    for k in range(n):
        out[k] = right[k] - own[k] * found[k]
    for k in range(n, n + e):
        out[k] = right[k]
    for k in range(len(bent)):
        out[n + e + k] = right[n + e + k] + found[n + e + k] / bent[k]
    for k in range(len(h)):
        a, b = h_row[k], h_column[k]
        out[a] -= h[k] * found[b]
        if a != b:
            out[b] -= h[k] * found[a]
    for k in range(len(j)):
        if row[k] >= 0:
            out[n + row[k]] -= j[k] * found[column[k]]
            out[column[k]] -= j[k] * found[n + row[k]]
    most = 0.0
    for k in range(len(out)):
        most = larger(most, out[k])
    return most


@njit(**FAST)
def wrong(
    gradient: Real, row: Index, column: Index, j: Real, y: Real, low: Real, high: Real, near: Real, far: Real, has_low: Flag, has_high: Flag,
    fixed: Flag, missing: Real, steepest: float, mu: float,
) -> float:  # fmt: skip
    """Largest miss of the perturbed conditions, multipliers scaled down where they are large."""
    n, count, total = len(gradient), len(y), 0.0
    e = len(y) - (len(low) - n)
    dual = np.empty(len(low))
    dual[:n], dual[n:] = gradient, -y[e:]
    across(row, column, j, y, dual)
    steep, product, short = 0.0, 0.0, 0.0
    for k in range(len(low)):
        total += low[k] + high[k]
        count += has_low[k] + has_high[k]
        if k >= n or not fixed[k]:
            steep = larger(steep, dual[k] - low[k] + high[k])
        if has_low[k]:
            product = larger(product, low[k] * near[k] - mu)
        if has_high[k]:
            product = larger(product, high[k] * far[k] - mu)
    for k in range(len(y)):
        total += abs(y[k])
        short = larger(short, missing[k])
    large = max(steepest, total / max(count, 1)) / steepest
    return larger(larger(steep / large, product / large), short)


@njit(**FAST)
def pushed(
    gradient: Real, row: Index, column: Index, j: Real, y: Real, low: Real, high: Real, near: Real, far: Real, has_low: Flag, has_high: Flag,
    fixed: Flag, missing: Real, aim_low: Real, aim_high: Real, sigma: Real, downhill: Real, right: Real,
) -> None:  # fmt: skip
    """Σ, the slope of cost and barrier, and the right-hand side of a step towards products of multipliers and distances."""
    n, e = len(gradient), len(y) - (len(low) - len(gradient))
    for k in range(len(low)):
        sigma[k] = low[k] / near[k] + high[k] / far[k]
        downhill[k] = gradient[k] if k < n else 0.0
        if has_low[k]:
            downhill[k] -= aim_low[k] / near[k]
        if has_high[k]:
            downhill[k] += aim_high[k] / far[k]
    right[:n] = downhill[:n]
    across(row, column, j, y, right)
    for k in range(n):
        right[k] = 0.0 if fixed[k] else -right[k]
    for k in range(len(y)):
        right[n + k] = -missing[k] if k < e else -missing[k] - (downhill[n + k - e] - y[k]) / sigma[n + k - e]


@njit(**FAST)
def directed(
    h_row: Index, h_column: Index, hessian: Real, own: Real, row: Index, column: Index, j: Real, missing: Real, found: Real, sigma: Real,
    d: Real,
) -> float:  # fmt: skip
    """The step of unknowns and slacks, and the curvature of the barrier problem along it."""
    n, out = len(own), 0.0
    e = len(missing) - (len(d) - n)
    d[:n], d[n:] = found[:n], 0.0
    for k in range(len(j)):
        if row[k] >= e:
            d[n - e + row[k]] += j[k] * found[column[k]]
    for k in range(len(hessian)):
        once = hessian[k] * d[h_row[k]] * d[h_column[k]]
        out += once if h_row[k] == h_column[k] else 2.0 * once
    for k in range(n):
        out += own[k] * d[k] * d[k]
    for k in range(n, len(d)):
        out += sigma[k] * d[k] * d[k]
        d[k] += missing[e - n + k]
    return out


@njit(**FAST)
def reach(
    d: Real, low: Real, high: Real, near: Real, far: Real, has_low: Flag, has_high: Flag, downhill: Real, aim_low: Real, aim_high: Real,
    nearly: float, by_low: Real, by_high: Real,
) -> tuple[float, float, float]:  # fmt: skip
    """Changes of multipliers, how much of the step keeps t within its bounds and multipliers positive, and the slope along it."""
    part, of, slope = 1.0, 1.0, 0.0
    for k in range(len(d)):
        slope += downhill[k] * d[k]
        by_low[k], by_high[k] = 0.0, 0.0
        if has_low[k]:
            by_low[k] = aim_low[k] / near[k] - low[k] - low[k] / near[k] * d[k]
            if d[k] < 0.0:
                part = min(part, nearly * near[k] / -d[k])
            if by_low[k] < 0.0:
                of = min(of, nearly * low[k] / -by_low[k])
        if has_high[k]:
            by_high[k] = aim_high[k] / far[k] - high[k] + high[k] / far[k] * d[k]
            if d[k] > 0.0:
                part = min(part, nearly * far[k] / d[k])
            if by_high[k] < 0.0:
                of = min(of, nearly * high[k] / -by_high[k])
    return part, of, slope


@njit(**FAST)
def distances(t: Real, low: Real, high: Real, has_low: Flag, has_high: Flag, touch: float, near: Real, far: Real) -> None:
    """To the bounds, at least ``touch``; 1 where there is none."""
    for k in range(len(t)):
        near[k] = max(t[k] - low[k], touch) if has_low[k] else 1.0
        far[k] = max(high[k] - t[k], touch) if has_high[k] else 1.0


@njit(**FAST)
def products(
    d: Real, by_low: Real, by_high: Real, low: Real, high: Real, near: Real, far: Real, has_low: Flag, has_high: Flag, part: float, of: float
) -> tuple[float, int]:  # fmt: skip
    """The sum of the products of multipliers and distances after parts of a step, and how many there are."""
    total, count = 0.0, 0
    for k in range(len(d)):
        if has_low[k]:
            total += (low[k] + of * by_low[k]) * (near[k] + part * d[k])
        if has_high[k]:
            total += (high[k] + of * by_high[k]) * (far[k] - part * d[k])
        count += has_low[k] + has_high[k]
    return total, count
