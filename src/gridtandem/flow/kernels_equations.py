r"""The power-flow equations as 2×2 blocks, compiled: mismatch, Jacobian with its factors, check of a step, step.

Unknowns of node j: its angle θ and the logarithm of |V|. With :math:`e_{ij} = V_i \overline{Y_{ij} V_j} = a + \mathrm{j}b` and the power
S = P + jQ that leaves node i into the network,

.. math::
    \frac{\partial (P_i, Q_i)}{\partial (\theta_j, \ln|V_j|)} = \begin{pmatrix} b & a \\ -a & b \end{pmatrix}
    + [i=j] \begin{pmatrix} -Q & P + |V| P' \\ P & Q + |V| Q' \end{pmatrix},

P′, Q′ what loads and interfaces draw, by |V|. Nodes that hold their magnitude have (0, 1) for their second row, so that the pattern never
changes. Nodes are numbered in the order of elimination; given ones come last and have no block. All in per unit.

``at`` holds for each node where its entries begin, and where those begin whose column is given. Columns of ``law``: P, Q, exponents,
impedance and current shares (P then Q), calibration voltage. (numba's cache of `gridtandem.flow.kernels_newton` does not see changes of this
module: touch it after a change here.)
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gridtandem.flow.kernels_block import FAST, eliminate
from gridtandem.flow.kernels_border import mended
from gridtandem.tables import Code, Complex, Index, Real

HOLDS, MOVES = 1, 2  # kinds of nodes: a magnitude is held, in the place of Q or by a ratio that moves in its place


@njit(**FAST)
def laws(v: Real, loads: float, node: Index, law: Real, extra: Real, slope: Real) -> None:
    """Power of voltage-dependent loads and |V| times its derivative, added up at their nodes."""
    for r in range(len(node)):
        i = node[r]
        size = np.sqrt(v[i, 0] ** 2 + v[i, 1] ** 2)
        u = size / law[r, 8]
        for c in range(2):
            zs, cs, n = law[r, 4 + c], law[r, 6 + c], law[r, 2 + c]
            power = (1.0 - zs - cs) * u**n
            extra[i, c] += loads * law[r, c] * (zs * u * u + cs * u + power)
            slope[i, c] += loads * law[r, c] * (2.0 * zs * u * u + cs * u + n * power)


@njit(**FAST)
def curves(v: Real, node: Index, reach: Real, series: Complex, extra: Real, slope: Real) -> None:
    """The same for interfaces: Chebyshev series of |V|, along their tangents beyond ``reach``."""
    for r in range(len(node)):
        i = node[r]
        size = np.sqrt(v[i, 0] ** 2 + v[i, 1] ** 2)
        half = (reach[r, 1] - reach[r, 0]) / 2
        beyond = (size - reach[r, 0]) / half - 1
        u = min(max(beyond, -1.0), 1.0)
        s, ds = series[r, 0], 0j
        t0, t1, d0, d1 = 1.0, u, 0.0, 1.0
        for k in range(1, series.shape[1]):
            s += series[r, k] * t1
            ds += series[r, k] * d1
            t0, t1, d0, d1 = t1, 2 * u * t1 - t0, d1, 2 * t1 + 2 * u * d1 - d0
        s, ds = s + ds * (beyond - u), ds * (size / half)
        extra[i, 0] += s.real
        extra[i, 1] += s.imag
        slope[i, 0] += ds.real
        slope[i, 1] += ds.imag


@njit(**FAST)
def flows(first: int, last: int, v: Real, at: Index, column: Index, y: Real, own: Real, e: Real, s: Real) -> None:
    """Terms e of the entries of these nodes, and the power that leaves the nodes into the network."""
    for i in range(first, last):
        vr, vi = v[i, 0], v[i, 1]
        size = vr * vr + vi * vi
        p, q = size * own[i, 0], -size * own[i, 1]
        for k in range(at[i, 0], at[i + 1, 0]):
            j = column[k]
            ir, ii = y[k, 0] * v[j, 0] - y[k, 1] * v[j, 1], y[k, 0] * v[j, 1] + y[k, 1] * v[j, 0]
            a, b = vr * ir + vi * ii, vi * ir - vr * ii
            e[k, 0], e[k, 1] = a, b
            p += a
            q += b
        s[i, 0], s[i, 1] = p, q


@njit(**FAST)
def missing(s: Real, plan: Real, extra: Real, kind: Code, share: Real | None, slack: float, f: Real) -> tuple[float, float, int]:
    """Mismatch of each node: its largest entry (inf where one is not a number), the sum of its squares, and the worst node."""
    largest, squares, worst = 0.0, 0.0, 0
    for i in range(len(f)):
        p = s[i, 0] + plan[i, 0] + extra[i, 0]
        if share is not None and len(share):
            p -= slack * share[i]
        q = 0.0 if kind[i] == HOLDS else s[i, 1] + plan[i, 1] + extra[i, 1]
        f[i, 0], f[i, 1] = p, q
        squares += p * p + q * q
        here = max(abs(p), abs(q))
        if here > largest:
            largest, worst = here, i
    return (largest if np.isfinite(squares) else np.inf), squares, worst


@njit(**FAST)
def factor(
    v: Real, own: Real, at: Index, e: Real, s: Real, slope: Real, kind: Code, slot: Index, f: Real,
    start: Index, diagonal: Index, column: Index, tape: Index, mend: Index | None, by_size: Real | None, a: Real, x: Real,
) -> None:  # fmt: skip
    """Jacobian and its factors in ``a``, row by row; −f taken forward in ``x``."""
    w, c = 0, 0
    for i in range(len(diagonal)):
        for p in range(start[i], start[i + 1]):
            a[p, 0], a[p, 1], a[p, 2], a[p, 3] = 0.0, 0.0, 0.0, 0.0
        d, held = diagonal[i], kind[i] == HOLDS
        x[i, 0], x[i, 1] = -f[i, 0], -f[i, 1]
        size = v[i, 0] ** 2 + v[i, 1] ** 2
        ga, gb = size * own[i, 0], -size * own[i, 1]
        a[d, 0], a[d, 1] = gb - s[i, 1], ga + s[i, 0] + slope[i, 0]
        if held:
            a[d, 3] = 1.0
            for k in range(at[i, 0], at[i, 1]):
                t = slot[k]
                a[t, 0], a[t, 1] = e[k, 1], e[k, 0]
        else:
            a[d, 2], a[d, 3] = s[i, 0] - ga, gb + s[i, 1] + slope[i, 1]
            for k in range(at[i, 0], at[i, 1]):
                t = slot[k]
                a[t, 0], a[t, 1], a[t, 2], a[t, 3] = e[k, 1], e[k, 0], -e[k, 0], e[k, 1]
        if mend is not None:
            while c < len(mend) and mend[c, 0] == i:
                mended(c, mend, by_size, held, a)
                c += 1
        w = eliminate(i, w, start, diagonal, column, tape, a, x)


@njit(**FAST)
def residual(v: Real, own: Real, at: Index, column: Index, e: Real, s: Real, slope: Real, kind: Code, f: Real, x: Real) -> float:
    """Norm of J x + f."""
    squares = 0.0
    for i in range(len(f)):
        size = v[i, 0] ** 2 + v[i, 1] ** 2
        ga, gb, t, u = size * own[i, 0], -size * own[i, 1], x[i, 0], x[i, 1]
        p = f[i, 0] + (gb - s[i, 1]) * t + (ga + s[i, 0] + slope[i, 0]) * u
        q = f[i, 1] + (s[i, 0] - ga) * t + (gb + s[i, 1] + slope[i, 1]) * u
        for k in range(at[i, 0], at[i, 1]):
            j = column[k]
            p += e[k, 1] * x[j, 0] + e[k, 0] * x[j, 1]
            q += e[k, 1] * x[j, 1] - e[k, 0] * x[j, 0]
        squares += p * p + (u * u if kind[i] == HOLDS else q * q)
    return np.sqrt(squares)


@njit(**FAST)
def moved(v: Real, x: Real, part: float, out: Real) -> bool:
    """``part`` of a step from ``v``: angles turn, magnitudes grow by a factor. False where one would not stay positive."""
    good = True
    for i in range(len(x)):
        t, u = part * x[i, 0], 1.0 + part * x[i, 1]
        if abs(t) < 0.125:  # series: the first term left out is below 1e-19
            z = t * t
            c = 1.0 - z * (1 / 2 - z * (1 / 24 - z * (1 / 720 - z * (1 / 40320 - z * (1 / 3628800 - z / 479001600)))))
            r = t * (1.0 - z * (1 / 6 - z * (1 / 120 - z * (1 / 5040 - z * (1 / 362880 - z * (1 / 39916800 - z / 6227020800))))))
        else:
            c, r = np.cos(t), np.sin(t)
        good = good and u > 0.0
        out[i, 0], out[i, 1] = u * (c * v[i, 0] - r * v[i, 1]), u * (r * v[i, 0] + c * v[i, 1])
    return good
