r"""The compiled three-phase sweep: one row after the other, the three phases of a node side by side in a vector. Equations: ``flow/phases.py``.

A vector of eight holds real parts of phases a, b, c and a spare lane, then imaginary parts and a spare lane; spare lanes of voltages and currents are
0. With the columns :math:`[R_m | X_m]` of Z and the parts of J as numbers,

.. math:: Z J = \sum_m [R_m | X_m]\, \mathrm{Re} J_m + [-Y | X], \qquad [X | Y] = \sum_m [R_m | X_m]\, \mathrm{Im} J_m

so that a branch costs six products and a turn. Nodes lie in depth-first order: a branch mostly hangs on the node before it, whose numbers are then
still in registers. Nothing is fused nor reordered, and nothing is added up across rows.
"""

from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic

from gridtandem.flow.kernels_lanes import LANES, VECTOR, WIDTH, fill, inlined, inner, larger, put, take

FAR = 1.0  # a voltage that still moves by 1 pu will not rest
RATED, P0, PT, PN, Q0, QT, QN, LOW, HIGH, LINEAR, CUT, POWER, PR, QR, SCALED = 0, 1, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18  # of ``law``
GROUND, IMAGINARY = 3, 4


def _arranged(lanes, sign):
    """Lanes of a vector in this order; where ``sign`` says so (8 more), with the other sign."""

    @intrinsic
    def arrange(_, x):
        def code(context, builder, signature, args):
            mask = [k + WIDTH * (s < 0) for k, s in zip(lanes, sign, strict=True)]
            other = builder.fsub(ir.Constant(VECTOR, [-0.0] * WIDTH), args[0])
            return builder.shuffle_vector(args[0], other, ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), mask))

        return LANES(LANES), code

    return arrange


REAL, IMAG, PLUS, MINUS = (0, 1, 2, 3), (4, 5, 6, 7), (1,) * 4, (-1,) * 4
swapped, times_j = _arranged(IMAG + REAL, PLUS + PLUS), _arranged(IMAG + REAL, MINUS + PLUS)
real_twice, real_apart = _arranged(REAL + REAL, PLUS + PLUS), _arranged(REAL + REAL, PLUS + MINUS)
imag_twice, imag_apart = _arranged(IMAG + IMAG, PLUS + PLUS), _arranged(IMAG + IMAG, PLUS + MINUS)


@intrinsic
def spare_one(_):
    """1 in the spare lanes, 0 elsewhere."""
    return LANES(), lambda context, builder, signature, args: ir.Constant(VECTOR, [0.0, 0.0, 0.0, 1.0] * 2)


@inlined
def _product(matrix, at, j, k):
    """Three columns of ``matrix`` from row ``at``, times row k of ``j``."""
    one, two, three = take(matrix, at), take(matrix, at + 1), take(matrix, at + 2)
    x = (one * fill(j[k, 0]) + two * fill(j[k, 1])) + three * fill(j[k, 2])
    y = (one * fill(j[k, IMAGINARY]) + two * fill(j[k, IMAGINARY + 1])) + three * fill(j[k, IMAGINARY + 2])
    return x + times_j(y)


@inner
def _coil_power(law, loading, u):
    """P, Q of a coil at u = |v| / v_rated, and their derivatives by u."""
    scale = loading if law[SCALED] > 0 else 1.0
    p, q, dp, dq = 0.0, 0.0, 0.0, 0.0
    if u < law[CUT]:
        return p, q, dp, dq
    if law[LOW] < u <= law[HIGH]:
        p, q = law[P0] + u * (law[P0 + 1] + u * law[P0 + 2]), law[Q0] + u * (law[Q0 + 1] + u * law[Q0 + 2])
        dp, dq = law[P0 + 1] + 2.0 * u * law[P0 + 2], law[Q0 + 1] + 2.0 * u * law[Q0 + 2]
        if law[PT] != 0.0:
            p, dp = p + law[PT] * u ** law[PN], dp + law[PT] * law[PN] * u ** (law[PN] - 1.0)
        if law[QT] != 0.0:
            q, dq = q + law[QT] * u ** law[QN], dq + law[QT] * law[QN] * u ** (law[QN] - 1.0)
        return scale * p, scale * q, scale * dp, scale * dq
    if u > law[HIGH]:
        f, df = u * u / law[HIGH] ** law[POWER], 2.0 * u / law[HIGH] ** law[POWER]
    elif u <= law[LINEAR]:
        f, df = u * u, 2.0 * u
    else:
        slope = (law[LOW] ** (1.0 - law[POWER]) - law[LINEAR]) / (law[LOW] - law[LINEAR])
        f, df = (law[LINEAR] + slope * (u - law[LINEAR])) * u, law[LINEAR] + slope * (2.0 * u - law[LINEAR])
    return scale * law[PR] * f, scale * law[QR] * f, scale * law[PR] * df, scale * law[QR] * df


@inlined
def _wye_current(wye, v, loading):
    """conj(S/v)"""
    w = v * v
    d = loading / ((w + swapped(w)) + spare_one())
    return (real_twice(wye) * v + imag_apart(wye) * swapped(v)) * d


@inlined
def _wye_tangent(wye, v, loading):
    """β conj(dv)"""
    return real_apart(wye) * v + imag_twice(wye) * swapped(v)


@inlined
def _coil_current(law, loading, a, b):
    w = a * a + b * b
    p, q, _, _ = _coil_power(law, loading, np.sqrt(w) / law[RATED])
    return (p * a + q * b) / w, (p * b - q * a) / w


@inlined
def _coil_tangent(law, loading, a, b):
    """α dv + β conj(dv)"""
    return (law[0] * a - law[1] * b) + (law[2] * a + law[3] * b), (law[0] * b + law[1] * a) + (law[3] * a - law[2] * b)


@inner
def _gather(parent, turns, back, j):
    """Currents of whole subtrees, from those of nodes. ``back`` has the columns of Aᵀ."""
    x = take(j, len(parent) - 1)
    for k in range(len(parent) - 1, 0, -1):
        up = parent[k]
        if turns[k]:
            x = _product(back, 3 * k, j, k)
        x = take(j, up) + x
        put(j, up, x)
        if up != k - 1:
            x = take(j, k - 1)


def _settle_of(wye_current, coil_current):
    """The sweeps, for one way in which currents follow from voltages."""

    @inner
    def coils_of(k, first, ends, law, loading, v, j):
        for c in range(first[k], first[k + 1]):
            s, t = ends[c, 0], ends[c, 1]
            a, b = v[k, s], v[k, IMAGINARY + s]
            if t != GROUND:
                a, b = a - v[k, t], b - v[k, IMAGINARY + t]
            x, y = coil_current(law[c], loading, a, b)
            j[k, s] += x
            j[k, IMAGINARY + s] += y
            if t != GROUND:
                j[k, t] -= x
                j[k, IMAGINARY + t] -= y

    @inner
    def begin(parent, turns, a, wye, first, ends, law, loading, v, j):
        """Voltages without demand, and the nodes' currents there."""
        x, scale = take(v, 0), fill(loading)
        put(j, 0, fill(0.0))
        for k in range(1, len(parent)):
            up = parent[k]
            if up != k - 1:
                x = take(v, up)
            if turns[k]:
                x = _product(a, 3 * k, v, up)
            put(v, k, x)
            put(j, k, wye_current(take(wye, k), x, scale))
            if first[k + 1] > first[k]:
                coils_of(k, first, ends, law, loading, v, j)

    @inner
    def fall(parent, turns, a, z, wye, first, ends, law, loading, v, j):
        """Voltages under these branch currents, the nodes' currents there, and the largest squared steps."""
        moved, x, scale = fill(0.0), take(v, 0), fill(loading)
        put(j, 0, fill(0.0))
        for k in range(1, len(parent)):
            up = parent[k]
            if up != k - 1:
                x = take(v, up)
            if turns[k]:
                x = _product(a, 3 * k, v, up)
            x = x - _product(z, 3 * k, j, k)
            step = x - take(v, k)
            step = step * step
            moved = larger(moved, step + swapped(step))
            put(v, k, x)
            put(j, k, wye_current(take(wye, k), x, scale))
            if first[k + 1] > first[k]:
                coils_of(k, first, ends, law, loading, v, j)
        return moved

    @inner
    def settle(parent, turns, a, back, z, wye, first, ends, law, loading, tol, most, v, j, room):
        """Sweep until nothing moves or it runs away; whether it rests, and the sweeps taken. ``v[0]`` is given."""
        far, goal = FAR * FAR, tol * tol
        begin(parent, turns, a, wye, first, ends, law, loading, v, j)
        for sweep in range(1, most + 1):
            _gather(parent, turns, back, j)
            put(room, 0, fall(parent, turns, a, z, wye, first, ends, law, loading, v, j))
            x, y, w = room[0, 0], room[0, 1], room[0, 2]
            if not (x <= far and y <= far and w <= far):
                return False, sweep
            if x <= goal and y <= goal and w <= goal:
                _gather(parent, turns, back, j)
                return True, sweep
        return False, most

    return settle


_settle, _settle_tangent = _settle_of(_wye_current, _coil_current), _settle_of(_wye_tangent, _coil_tangent)


@inner
def _linear(wye, first, ends, law, loading, v, beta, slopes):
    r"""With h = conj(s')/2|v|: α = h, β = (h − conj(s)/|v|²) v²/|v|², each of a phase or of a coil."""
    for k in range(len(wye)):
        put(beta, k, fill(0.0))
        for m in range(3):
            a, b = v[k, m], v[k, IMAGINARY + m]
            w = a * a + b * b
            x, y = -loading * wye[k, m] / w, loading * wye[k, IMAGINARY + m] / w
            c, d = (a * a - b * b) / w, 2.0 * a * b / w
            beta[k, m], beta[k, IMAGINARY + m] = x * c - y * d, x * d + y * c
        for e in range(first[k], first[k + 1]):
            s, t = ends[e, 0], ends[e, 1]
            a, b = v[k, s], v[k, IMAGINARY + s]
            if t != GROUND:
                a, b = a - v[k, t], b - v[k, IMAGINARY + t]
            w = a * a + b * b
            size = np.sqrt(w)
            p, q, dp, dq = _coil_power(law[e], loading, size / law[e, RATED])
            hr, hi = 0.5 * dp / law[e, RATED] / size, -0.5 * dq / law[e, RATED] / size
            x, y = hr - p / w, hi + q / w
            c, d = (a * a - b * b) / w, 2.0 * a * b / w
            slopes[e, 0], slopes[e, 1], slopes[e, 2], slopes[e, 3] = hr, hi, x * c - y * d, x * d + y * c


@inner
def _root(v, phase, size):
    """Voltages a, b, c of this size at node 0."""
    put(v, 0, fill(0.0))
    for m in range(3):
        v[0, m], v[0, IMAGINARY + m] = size * phase[m].real, size * phase[m].imag


@inner
def _taken(y, v, j):
    """J + Ŷ V at the root."""
    x = np.empty(3, np.complex128)
    for m in range(3):
        x[m] = complex(j[0, m], j[0, IMAGINARY + m])
        for n in range(3):
            x[m] += y[m, n] * complex(v[0, n], v[0, IMAGINARY + n])
    return x


@numba.njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def sweep_phases(
    rows, start, parent, turns, a, back, z, y_root, phase, wye, first, ends, law, root, loading, tol, most, slope,
    v, j, beta, slopes, room, out, s, ds, ok, count,
):  # fmt: skip
    """Rows of ``rows`` (feeder fastest). ``a``, ``back`` and ``z`` (3 · node, 8) hold columns, the first two only where ``turns``; ``phase``
    (feeder, 3) unit voltages of the root; ``s`` and ``ds`` (row, 3) per phase. ``v`` to ``room`` are room to work in; ``out`` (…, node, 3) takes
    voltages and may be empty.
    """
    feeders, nodes = len(start) - 1, start[-1]
    for r in rows:
        f = r % feeders
        b, e = start[f], start[f + 1]
        c, g = first[b], first[e]
        up, t, ab, kb, zb, wb = parent[b:e], turns[b:e], a[3 * b :], back[3 * b :], z[3 * b :], wye[b:e]
        fb, eb, lb = first[b : e + 1] - c, ends[c:g], law[c:g]
        _root(v, phase[f], root[r])
        ok[r], count[r] = _settle(up, t, ab, kb, zb, wb, fb, eb, lb, loading[r], tol, most, v, j, room)
        current = _taken(y_root[f], v, j)
        if len(out):
            at = r // feeders * nodes + b
            for k in range(e - b):
                for m in range(3):
                    out[at + k, m] = complex(v[k, m], v[k, IMAGINARY + m]) if ok[r] else complex(np.nan, np.nan)
        change = current
        if slope and ok[r]:
            _linear(wb, fb, eb, lb, loading[r], v, beta, slopes)
            _root(v, phase[f], 1.0)
            ok[r], _ = _settle_tangent(up, t, ab, kb, zb, beta, fb, eb, slopes, loading[r], tol, 2 * most, v, j, room)
            change = _taken(y_root[f], v, j)
            if not ok[r]:
                count[r] = most
        nothing = complex(np.nan, np.nan)
        for m in range(3):
            s[r, m] = root[r] * phase[f, m] * np.conj(current[m]) if ok[r] else nothing
            ds[r, m] = phase[f, m] * np.conj(current[m] + root[r] * change[m]) if slope and ok[r] else nothing
