r"""The compiled three-phase sweep: one row after the other, three phases at a time. Equations and sources: ``flow/phases.py``.

Complex numbers are pairs of reals. ``v`` and ``j`` have six numbers per node: phases a, b, c, real and imaginary; ``z`` has the upper triangle of a
symmetric matrix, row by row; ``a`` a whole matrix. Nodes lie in depth-first order, so a branch mostly hangs on the node before it, whose numbers
are then still in registers. Nothing is fused nor reordered, and nothing is added up across rows.
"""

from __future__ import annotations

import numba
import numpy as np

FAR = 1.0  # a voltage that still moves by 1 pu will not rest
RATED, P0, PT, PN, Q0, QT, QN, LOW, HIGH, LINEAR, CUT, POWER, PR, QR, SCALED = 0, 1, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18  # of ``law``
GROUND = 3


def inlined(function):
    """Compile into every place that calls it."""
    return numba.njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True)(function)


def inner(function):
    """Compile as part of a kernel."""
    return numba.njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)


@inlined
def _drop(z, k, ar, ai, br, bi, cr, ci):
    """Z J of node k."""
    z0, z1, z2, z3, z4, z5 = z[k, 0], z[k, 1], z[k, 2], z[k, 3], z[k, 4], z[k, 5]
    z6, z7, z8, z9, za, zb = z[k, 6], z[k, 7], z[k, 8], z[k, 9], z[k, 10], z[k, 11]
    return (
        (z0 * ar - z1 * ai) + (z2 * br - z3 * bi) + (z4 * cr - z5 * ci),
        (z0 * ai + z1 * ar) + (z2 * bi + z3 * br) + (z4 * ci + z5 * cr),
        (z2 * ar - z3 * ai) + (z6 * br - z7 * bi) + (z8 * cr - z9 * ci),
        (z2 * ai + z3 * ar) + (z6 * bi + z7 * br) + (z8 * ci + z9 * cr),
        (z4 * ar - z5 * ai) + (z8 * br - z9 * bi) + (za * cr - zb * ci),
        (z4 * ai + z5 * ar) + (z8 * bi + z9 * br) + (za * ci + zb * cr),
    )


@inlined
def _turned(a, k, m, ar, ai, br, bi, cr, ci):
    """A x of node k (m = 3), or Aᵀ x (m = 1)."""
    s = 4 - m
    p, q, r = a[k, 0], a[k, s], a[k, 2 * s]
    xr = (p.real * ar - p.imag * ai) + (q.real * br - q.imag * bi) + (r.real * cr - r.imag * ci)
    xi = (p.real * ai + p.imag * ar) + (q.real * bi + q.imag * br) + (r.real * ci + r.imag * cr)
    p, q, r = a[k, m], a[k, m + s], a[k, m + 2 * s]
    yr = (p.real * ar - p.imag * ai) + (q.real * br - q.imag * bi) + (r.real * cr - r.imag * ci)
    yi = (p.real * ai + p.imag * ar) + (q.real * bi + q.imag * br) + (r.real * ci + r.imag * cr)
    p, q, r = a[k, 2 * m], a[k, 2 * m + s], a[k, 2 * m + 2 * s]
    zr = (p.real * ar - p.imag * ai) + (q.real * br - q.imag * bi) + (r.real * cr - r.imag * ci)
    zi = (p.real * ai + p.imag * ar) + (q.real * bi + q.imag * br) + (r.real * ci + r.imag * cr)
    return xr, xi, yr, yi, zr, zi


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
def _wye_current(p, q, loading, a, b):
    """conj(S/v)"""
    d = loading / (a * a + b * b)
    return (p * a + q * b) * d, (p * b - q * a) * d


@inlined
def _wye_tangent(p, q, loading, a, b):
    """(p + jq) conj(dv)"""
    return p * a + q * b, q * a - p * b


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
def _gather(parent, turns, a, j):
    """Currents of whole subtrees, from those of nodes."""
    n = len(parent)
    k = n - 1
    ar, ai, br, bi, cr, ci = j[k, 0], j[k, 1], j[k, 2], j[k, 3], j[k, 4], j[k, 5]
    for k in range(n - 1, 0, -1):
        up = parent[k]
        if turns[k]:
            ar, ai, br, bi, cr, ci = _turned(a, k, 1, ar, ai, br, bi, cr, ci)
        ar, ai, br, bi, cr, ci = j[up, 0] + ar, j[up, 1] + ai, j[up, 2] + br, j[up, 3] + bi, j[up, 4] + cr, j[up, 5] + ci
        j[up, 0], j[up, 1], j[up, 2], j[up, 3], j[up, 4], j[up, 5] = ar, ai, br, bi, cr, ci
        if up != k - 1:
            up = k - 1
            ar, ai, br, bi, cr, ci = j[up, 0], j[up, 1], j[up, 2], j[up, 3], j[up, 4], j[up, 5]


def _settle_of(wye_current, coil_current):
    """The sweeps, for one way in which currents follow from voltages."""

    @inner
    def coils_of(k, first, ends, law, loading, v, j):
        for c in range(first[k], first[k + 1]):
            s, t = ends[c, 0], ends[c, 1]
            a, b = v[k, 2 * s], v[k, 2 * s + 1]
            if t != GROUND:
                a, b = a - v[k, 2 * t], b - v[k, 2 * t + 1]
            x, y = coil_current(law[c], loading, a, b)
            j[k, 2 * s] += x
            j[k, 2 * s + 1] += y
            if t != GROUND:
                j[k, 2 * t] -= x
                j[k, 2 * t + 1] -= y

    @inner
    def fall(parent, turns, a, z, wye, first, ends, law, loading, v, j):
        """Voltages under these branch currents, the nodes' currents there, and the largest squared step."""
        moved = 0.0
        ar, ai, br, bi, cr, ci = v[0, 0], v[0, 1], v[0, 2], v[0, 3], v[0, 4], v[0, 5]
        for m in range(6):
            j[0, m] = 0.0
        for k in range(1, len(parent)):
            up = parent[k]
            if up != k - 1:
                ar, ai, br, bi, cr, ci = v[up, 0], v[up, 1], v[up, 2], v[up, 3], v[up, 4], v[up, 5]
            if turns[k]:
                ar, ai, br, bi, cr, ci = _turned(a, k, 3, ar, ai, br, bi, cr, ci)
            d0, d1, d2, d3, d4, d5 = _drop(z, k, j[k, 0], j[k, 1], j[k, 2], j[k, 3], j[k, 4], j[k, 5])
            ar, ai, br, bi, cr, ci = ar - d0, ai - d1, br - d2, bi - d3, cr - d4, ci - d5
            d0, d1, d2, d3, d4, d5 = ar - v[k, 0], ai - v[k, 1], br - v[k, 2], bi - v[k, 3], cr - v[k, 4], ci - v[k, 5]
            far = max(max(d0 * d0 + d1 * d1, d2 * d2 + d3 * d3), d4 * d4 + d5 * d5)
            if not far <= moved:
                moved = far
            v[k, 0], v[k, 1], v[k, 2], v[k, 3], v[k, 4], v[k, 5] = ar, ai, br, bi, cr, ci
            j[k, 0], j[k, 1] = wye_current(wye[k, 0], wye[k, 1], loading, ar, ai)
            j[k, 2], j[k, 3] = wye_current(wye[k, 2], wye[k, 3], loading, br, bi)
            j[k, 4], j[k, 5] = wye_current(wye[k, 4], wye[k, 5], loading, cr, ci)
            if first[k + 1] > first[k]:
                coils_of(k, first, ends, law, loading, v, j)
        return moved

    @inner
    def settle(parent, turns, a, z, wye, first, ends, law, loading, tol, most, v, j):
        """Sweep until nothing moves or it runs away; whether it rests, and the sweeps taken. ``v[0]`` is given."""
        for k in range(1, len(parent)):
            for m in range(6):
                v[k, m] = j[k, m] = 0.0
        fall(parent, turns, a, z, wye, first, ends, law, loading, v, j)
        for sweep in range(1, most + 1):
            _gather(parent, turns, a, j)
            moved = fall(parent, turns, a, z, wye, first, ends, law, loading, v, j)
            if moved <= tol * tol:
                _gather(parent, turns, a, j)
                return True, sweep
            if not moved <= FAR * FAR:
                return False, sweep
        return False, most

    return settle


_settle, _settle_tangent = _settle_of(_wye_current, _coil_current), _settle_of(_wye_tangent, _coil_tangent)


@inner
def _linear(wye, first, ends, law, loading, v, beta, slopes):
    r"""With h = conj(s')/2|v|: α = h, β = (h − conj(s)/|v|²) v²/|v|², each of a phase or of a coil."""
    for k in range(len(wye)):
        for m in range(3):
            a, b = v[k, 2 * m], v[k, 2 * m + 1]
            w = a * a + b * b
            x, y = -loading * wye[k, 2 * m] / w, loading * wye[k, 2 * m + 1] / w
            c, d = (a * a - b * b) / w, 2.0 * a * b / w
            beta[k, 2 * m], beta[k, 2 * m + 1] = x * c - y * d, x * d + y * c
        for e in range(first[k], first[k + 1]):
            s, t = ends[e, 0], ends[e, 1]
            a, b = v[k, 2 * s], v[k, 2 * s + 1]
            if t != GROUND:
                a, b = a - v[k, 2 * t], b - v[k, 2 * t + 1]
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
    for m in range(3):
        v[0, 2 * m], v[0, 2 * m + 1] = size * phase[m].real, size * phase[m].imag


@inner
def _taken(y, v, j):
    """J + Ŷ V at the root."""
    x = np.empty(3, np.complex128)
    for m in range(3):
        x[m] = complex(j[0, 2 * m], j[0, 2 * m + 1])
        for n in range(3):
            x[m] += y[m, n] * complex(v[0, 2 * n], v[0, 2 * n + 1])
    return x


@numba.njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def sweep_phases(
    rows, start, parent, turns, a, z, y_root, phase, wye, first, ends, law, root, loading, tol, most, slope,
    v, j, beta, slopes, out, s, ds, ok, count,
):  # fmt: skip
    """Rows of ``rows`` (feeder fastest). ``a`` (node, 9); ``phase`` (feeder, 3) unit voltages of the root; ``s`` and ``ds`` (row, 3) per phase.

    ``v`` to ``slopes`` are room to work in; ``out`` (…, node, 6) takes voltages and may be empty.
    """
    feeders, nodes = len(start) - 1, start[-1]
    for r in rows:
        f = r % feeders
        b, e = start[f], start[f + 1]
        c, g = first[b], first[e]
        up, t, ab, zb, wb, fb, eb, lb = parent[b:e], turns[b:e], a[b:e], z[b:e], wye[b:e], first[b : e + 1] - c, ends[c:g], law[c:g]
        _root(v, phase[f], root[r])
        ok[r], count[r] = _settle(up, t, ab, zb, wb, fb, eb, lb, loading[r], tol, most, v, j)
        s[r, :] = np.nan
        ds[r, :] = np.nan
        if ok[r]:
            current = _taken(y_root[f], v, j)
            for m in range(3):
                s[r, m] = root[r] * phase[f, m] * np.conj(current[m])
        if len(out):
            at = r // feeders * nodes + b
            for k in range(e - b):
                for m in range(6):
                    out[at + k, m] = v[k, m] if ok[r] else np.nan
        if slope and ok[r]:
            _linear(wb, fb, eb, lb, loading[r], v[: e - b], beta, slopes)
            _root(v, phase[f], 1.0)
            ok[r], _ = _settle_tangent(up, t, ab, zb, beta, fb, eb, slopes, loading[r], tol, 2 * most, v, j)
            change = _taken(y_root[f], v, j)
            for m in range(3):
                ds[r, m] = phase[f, m] * np.conj(current[m] + root[r] * change[m]) if ok[r] else np.nan
                s[r, m] = s[r, m] if ok[r] else np.nan
            if not ok[r]:
                count[r] = most
