r"""Branch flows in polar voltages with their derivatives, compiled; for `gridtandem.opf.forms.ac_polar`.

Each of the four powers that enter a branch at its ends (active and reactive at the from end, active and reactive at the to end) is

.. math:: F = K\,v_{own}^2 + v_i v_j E, \qquad E = C\cos\delta + D\sin\delta, \qquad \delta = \theta_i - \theta_j - \varphi

with its own constants K, C, D of the pi model, so that with :math:`E' = -C\sin\delta + D\cos\delta` and :math:`E'' = -E` all derivatives are

.. math:: F_\delta = v_i v_j E', \quad F_{v_i} = v_j E, \quad F_{v_j} = v_i E, \quad F_{v_{own}} \mathrel{+}= 2 K v_{own},

.. math:: F_{\delta\delta} = -v_i v_j E, \quad F_{\delta v_i} = v_j E', \quad F_{\delta v_j} = v_i E', \quad F_{v_i v_j} = E, \quad
          F_{v_{own} v_{own}} = 2 K.

Squared apparent power at an end has :math:`\nabla^2 (P^2 + Q^2) = 2 (\nabla P \nabla P^\top + \nabla Q \nabla Q^\top + P \nabla^2 P + Q \nabla^2 Q)`.
Unknowns of a branch in this order: :math:`\theta_i, \theta_j, v_i, v_j`. Everything per unit, angles in radians.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gridtandem.tables import Index, Real

FAST = {"cache": True, "no_cfunc_wrapper": True, "nogil": True, "error_model": "numpy"}


@njit(**FAST)
def local(vi: float, vj: float, delta: float, pi: Real, f: Real, d: Real) -> None:
    """The four powers and their derivatives by the four unknowns of a branch."""
    c, s = np.cos(delta), np.sin(delta)
    for q in range(4):
        e, turn = pi[q, 1] * c + pi[q, 2] * s, pi[q, 2] * c - pi[q, 1] * s
        own = vi if q < 2 else vj
        f[q] = pi[q, 0] * own * own + vi * vj * e
        d[q, 0], d[q, 1] = vi * vj * turn, -vi * vj * turn
        d[q, 2], d[q, 3] = vj * e, vi * e
        d[q, 2 if q < 2 else 3] += 2.0 * pi[q, 0] * own


@njit(**FAST)
def powers(theta: Real, v: Real, start: Index, end: Index, shift: Real, pi: Real, out: Real) -> None:
    """Power into each branch (branch, 4)."""
    for k in range(len(start)):
        i, j = start[k], end[k]
        delta = theta[i] - theta[j] - shift[k]
        c, s = np.cos(delta), np.sin(delta)
        for q in range(4):
            own = v[i] if q < 2 else v[j]
            out[k, q] = pi[k, q, 0] * own * own + v[i] * v[j] * (pi[k, q, 1] * c + pi[k, q, 2] * s)


@njit(**FAST)
def branch_slopes(theta: Real, v: Real, start: Index, end: Index, shift: Real, pi: Real, at: Index, limit: Index, out: Real) -> None:
    """Slopes of balances, which flows leave, at ``at`` (branch, power, unknown), and of squared flows at ``limit`` (branch, end, unknown)."""
    f, d = np.empty(4), np.empty((4, 4))
    for k in range(len(start)):
        i, j = start[k], end[k]
        local(v[i], v[j], theta[i] - theta[j] - shift[k], pi[k], f, d)
        for q in range(4):
            for a in range(4):
                out[at[k, q, a]] -= d[q, a]
        for e in range(2):
            if limit[k, e, 0] >= 0:
                for a in range(4):
                    out[limit[k, e, a]] += 2.0 * (f[2 * e] * d[2 * e, a] + f[2 * e + 1] * d[2 * e + 1, a])


@njit(**FAST)
def branch_curvature(
    theta: Real, v: Real, start: Index, end: Index, shift: Real, pi: Real, price: Real, squared: Real, at: Index, out: Real
) -> None:  # fmt: skip
    """Second derivatives of Σ price · power + Σ squared · (P² + Q²), for prices (branch, 4) and (branch, end), at ``at`` (branch, 10).

    The ten places are those of the lower triangle over the unknowns of a branch, row by row.
    """
    f, d = np.empty(4), np.empty((4, 4))
    for k in range(len(start)):
        i, j = start[k], end[k]
        vi, vj, delta = v[i], v[j], theta[i] - theta[j] - shift[k]
        local(vi, vj, delta, pi[k], f, d)
        c, s = np.cos(delta), np.sin(delta)
        e, turn, ii, jj = 0.0, 0.0, 0.0, 0.0
        for q in range(4):
            w = price[k, q] + 2.0 * squared[k, q // 2] * f[q]
            e += w * (pi[k, q, 1] * c + pi[k, q, 2] * s)
            turn += w * (pi[k, q, 2] * c - pi[k, q, 1] * s)
            if q < 2:
                ii += 2.0 * w * pi[k, q, 0]
            else:
                jj += 2.0 * w * pi[k, q, 0]
        h = (
            -vi * vj * e,
            vi * vj * e, -vi * vj * e,
            vj * turn, -vj * turn, ii,
            vi * turn, -vi * turn, e, jj,
        )  # fmt: skip
        t = 0
        for a in range(4):
            for b in range(a + 1):
                outer = 0.0
                for q in range(4):
                    outer += squared[k, q // 2] * d[q, a] * d[q, b]
                out[at[k, t]] += h[t] + 2.0 * outer
                t += 1


@njit(**FAST)
def law(v: float, v0: float, z: float, i: float, n: float) -> tuple[float, float, float]:
    """Factor of a load at a voltage, and its two derivatives; see `gridtandem.grid.elements.Loads`."""
    u, rest = v / v0, 1.0 - z - i
    power = u**n if rest != 0.0 else 0.0
    first = n * power / u
    return (
        z * u * u + i * u + rest * power,
        (2.0 * z * u + i + rest * first) / v0,
        (2.0 * z + rest * (n - 1.0) * first / u) / (v0 * v0),
    )  # fmt: skip


@njit(**FAST)
def demands(v: Real, node: Index, s: Real, exponent: Real, z: Real, i: Real, v0: Real, out: Real) -> None:
    """Adds the demand of all loads at their nodes (node, [p, q])."""
    for k in range(len(node)):
        for q in range(2):
            if s[k, q] != 0.0:
                out[node[k], q] += s[k, q] * law(v[node[k]], v0[k], z[k, q], i[k, q], exponent[k, q])[0]


@njit(**FAST)
def demand_slopes(v: Real, node: Index, s: Real, exponent: Real, z: Real, i: Real, v0: Real, out: Real) -> None:
    """Adds the first derivatives of all loads by the voltage of their node (node, [p, q])."""
    for k in range(len(node)):
        for q in range(2):
            if s[k, q] != 0.0:
                out[node[k], q] += s[k, q] * law(v[node[k]], v0[k], z[k, q], i[k, q], exponent[k, q])[1]


@njit(**FAST)
def demand_curvature(v: Real, node: Index, s: Real, exponent: Real, z: Real, i: Real, v0: Real, price: Real, out: Real) -> None:
    """Adds price (node, [p, q]) times the second derivatives of all loads by the voltage of their node (node)."""
    for k in range(len(node)):
        for q in range(2):
            if s[k, q] != 0.0:
                out[node[k]] += price[node[k], q] * s[k, q] * law(v[node[k]], v0[k], z[k, q], i[k, q], exponent[k, q])[2]


@njit(**FAST)
def cost_and_rows(
    x: Real, theta: int, v: int, start: Index, end: Index, shift: Real, pi: Real, shunt: Real, rated: Index, limit: int, pointer: Index,
    column: Index, value: Real, square: Index, squared: Index, priced: Index, coefficient: Real, at: Index, slope: Real, wish: Real, bend: Real,
    drawn: Real, out: Real,
) -> float:  # fmt: skip
    """The cost, and all rows: linear ones, less what ``drawn`` and shunts and branches take at nodes, squares of flows and of unknowns."""
    n, many = len(shunt), len(rated)
    flow, vm = np.empty((len(start), 4)), x[v : v + n]
    powers(x[theta : theta + n], vm, start, end, shift, pi, flow)
    for r in range(len(out)):
        total = 0.0
        for p in range(pointer[r], pointer[r + 1]):
            total += value[p] * x[column[p]]
        out[r] = total
    for i in range(n):
        for q in range(2):
            out[q * n + i] -= drawn[i, q] + shunt[i, q] * vm[i] * vm[i]
    for k in range(len(start)):
        out[start[k]] -= flow[k, 0]
        out[n + start[k]] -= flow[k, 1]
        out[end[k]] -= flow[k, 2]
        out[n + end[k]] -= flow[k, 3]
    for k in range(many):
        f = flow[rated[k]]
        out[limit + k] += f[0] * f[0] + f[1] * f[1]
        out[limit + many + k] += f[2] * f[2] + f[3] * f[3]
    for k in range(len(square)):
        out[square[k]] += x[squared[k]] * x[squared[k]]
    return polynomials(x, priced, coefficient) + toll(x, at, slope, wish, bend)


@njit(**FAST)
def polynomials(x: Real, column: Index, coefficient: Real) -> float:
    """Cost of single unknowns."""
    out = 0.0
    for k in range(len(column)):
        one = 0.0
        for r in range(coefficient.shape[1] - 1, -1, -1):
            one = one * x[column[k]] + coefficient[k, r]
        out += one
    return out


@njit(**FAST)
def toll(x: Real, at: Index, slope: Real, wish: Real, bend: Real) -> float:
    """What exchanges cost."""
    out = 0.0
    for i in range(len(at)):
        for a in range(3):
            out += slope[i, a] * x[at[i, a]]
            for b in range(3):
                out += 0.5 * (x[at[i, a]] - wish[i, a]) * bend[i, a, b] * (x[at[i, b]] - wish[i, b])
    return out


@njit(**FAST)
def gradient_and_rows(
    x: Real, theta: int, v: int, start: Index, end: Index, shift: Real, pi: Real, shunt: Real, squared: Index, priced: Index, coefficient: Real,
    at: Index, slope: Real, wish: Real, bend: Real, branch: Index, limit: Index, node: Index, square: Index, steep: Real, gradient: Real,
    out: Real,
) -> None:  # fmt: skip
    """Adds the slopes of the cost, and those of rows at their places; ``steep`` are those of demands."""
    n = len(shunt)
    branch_slopes(x[theta : theta + n], x[v : v + n], start, end, shift, pi, branch, limit, out)
    for i in range(n):
        for q in range(2):
            out[node[i, q]] -= steep[i, q] + 2.0 * shunt[i, q] * x[v + i]
    for k in range(len(square)):
        out[square[k]] += 2.0 * x[squared[k]]
    for k in range(len(priced)):
        one = 0.0
        for r in range(coefficient.shape[1] - 1, 0, -1):
            one = one * x[priced[k]] + r * coefficient[k, r]
        gradient[priced[k]] += one
    for i in range(len(at)):
        for a in range(3):
            gradient[at[i, a]] += slope[i, a]
            for b in range(3):
                gradient[at[i, a]] += bend[i, a, b] * (x[at[i, b]] - wish[i, b])


@njit(**FAST)
def lagrangian_curvature(
    x: Real, theta: int, v: int, start: Index, end: Index, shift: Real, pi: Real, shunt: Real, rated: Index, first: int, weight: float,
    multiplier: Real, square: Index, priced: Index, coefficient: Real, bend: Real, branch: Index, node: Index, squares: Index, cost: Index,
    exchange: Index, bent: Real, out: Real,
) -> None:  # fmt: skip
    """Adds second derivatives of ``weight · cost + multiplier · rows`` at their places; ``bent`` are those of demands, by node."""
    n, many = len(shunt), len(rated)
    paid, flows = np.empty((len(start), 4)), np.zeros((len(start), 2))
    for k in range(len(start)):
        for q in range(2):
            paid[k, q], paid[k, 2 + q] = -multiplier[q * n + start[k]], -multiplier[q * n + end[k]]
    for k in range(many):
        flows[rated[k], 0], flows[rated[k], 1] = multiplier[first + k], multiplier[first + many + k]
    branch_curvature(x[theta : theta + n], x[v : v + n], start, end, shift, pi, paid, flows, branch, out)
    for i in range(n):
        out[node[i]] += bent[i] - 2.0 * (shunt[i, 0] * multiplier[i] + shunt[i, 1] * multiplier[n + i])
    for k in range(len(squares)):
        out[squares[k]] += 2.0 * multiplier[square[k]]
    for k in range(len(priced)):
        one = 0.0
        for r in range(coefficient.shape[1] - 1, 1, -1):
            one = one * x[priced[k]] + r * (r - 1) * coefficient[k, r]
        out[cost[k]] += weight * one
    for i in range(len(exchange)):
        t = 0
        for a in range(3):
            for b in range(a + 1):
                out[exchange[i, t]] += weight * bend[i, a, b]
                t += 1
