r"""Newton's method for eight loadings of one network side by side: the equations of `gridtandem.flow.kernels_equations`, a lane for each.

Lanes share the topology, the admittances, the pattern of the factors and which nodes hold their magnitude; voltages, loads, schedules and the
curves of interfaces are their own. Steps are full ones. A lane that is done, runs away or would turn a magnitude negative stands still while
its neighbours go on, so that its bits do not depend on them. There is no search for pivots and no check of a step: what was not solved here is
solved again one by one, and what was meets the mismatch asked for.

A step turns a voltage by :math:`\mathrm{e}^{\mathrm{j}t} = (\mathrm{e}^{\mathrm{j}t/8})^8`, the last from Taylor's series (the first term left out
is below 1e-16 up to t = 4). Two rows of lanes per node or entry, real and imaginary or P and Q; four per block.
"""

from __future__ import annotations

import numba
import numpy as np

from gridtandem.flow.kernels_lanes import ALL, WIDTH, at_most, choose, fill, inlined, inner, larger, power, put, square_root, take

FAR = 1e8  # as in gridtandem.flow.iteration


@inner
def _load(source, first, order, room):
    """Rows (row, node) into lanes, nodes in this order; lanes without a row copy the last."""
    for i in range(WIDTH):
        r = min(first + i, len(source) - 1)
        for k in range(len(order)):
            room[2 * k, i], room[2 * k + 1, i] = source[r, order[k]].real, source[r, order[k]].imag


@inlined
def _size(v, i):
    return square_root(take(v, 2 * i) * take(v, 2 * i) + take(v, 2 * i + 1) * take(v, 2 * i + 1))


@inlined
def _add(room, k, x):
    put(room, k, take(room, k) + x)


@inner
def _laws(v, loads, node, law, extra, slope):
    """Power of voltage-dependent loads and |V| times its derivative, added up at their nodes."""
    factor = take(loads, 0)
    for r in range(len(node)):
        i = node[r]
        u = _size(v, i) / fill(law[r, 8])
        for c in range(2):
            zs, cs, n = law[r, 4 + c], law[r, 6 + c], law[r, 2 + c]
            rest, full = fill(1.0 - zs - cs), factor * fill(law[r, c])
            if n != 0.0:
                rest = rest * (u * u if n == 2.0 else u if n == 1.0 else power(u, fill(n)))
            square, line = fill(zs) * u * u, fill(cs) * u
            _add(extra, 2 * i + c, full * (square + line + rest))
            _add(slope, 2 * i + c, full * (square + square + line + fill(n) * rest))


@inner
def _curves(v, node, own, degree, extra, slope):
    """The same for interfaces; ``own`` holds the ends of each range and then its coefficients."""
    one, two = fill(1.0), fill(2.0)
    for r in range(len(node)):
        i, at = node[r], r * (2 + 2 * degree)
        size, low = _size(v, i), take(own, at)
        half = (take(own, at + 1) - low) / two
        beyond = (size - low) / half - one
        u = larger(fill(-1.0), fill(0.0) - larger(fill(-1.0), fill(0.0) - beyond))
        for c in range(2):
            s, ds = take(own, at + 2 + c), fill(0.0)
            t0, t1, d0, d1 = one, u, fill(0.0), one
            for k in range(1, degree):
                factor = take(own, at + 2 + 2 * k + c)
                s, ds = s + factor * t1, ds + factor * d1
                t0, t1, d0, d1 = t1, two * u * t1 - t0, d1, two * t1 + two * u * d1 - d0
            _add(extra, 2 * i + c, s + ds * (beyond - u))
            _add(slope, 2 * i + c, ds * (size / half))


@inner
def _flows(v, at, column, y, own, e, s):
    """Terms of the entries, and the power that leaves the nodes into the network."""
    for i in range(len(own)):
        vr, vi = take(v, 2 * i), take(v, 2 * i + 1)
        size = vr * vr + vi * vi
        p, q = size * fill(own[i, 0]), size * fill(-own[i, 1])
        for k in range(at[i, 0], at[i + 1, 0]):
            j = column[k]
            jr, ji, g, b = take(v, 2 * j), take(v, 2 * j + 1), fill(y[k, 0]), fill(y[k, 1])
            ir, ii = g * jr - b * ji, g * ji + b * jr
            x, z = vr * ir + vi * ii, vi * ir - vr * ii
            put(e, 2 * k, x)
            put(e, 2 * k + 1, z)
            p, q = p + x, q + z
        put(s, 2 * i, p)
        put(s, 2 * i + 1, q)


@inner
def _missing(s, plan, extra, kind, x):
    """The mismatch with its sign turned, and the largest of each lane."""
    largest, zero = fill(0.0), fill(0.0)
    for i in range(len(kind)):
        p = zero - (take(s, 2 * i) + take(plan, 2 * i) + take(extra, 2 * i))
        q = zero
        if kind[i] == 0:
            q = zero - (take(s, 2 * i + 1) + take(plan, 2 * i + 1) + take(extra, 2 * i + 1))
        put(x, 2 * i, p)
        put(x, 2 * i + 1, q)
        largest = larger(largest, larger(larger(p, zero - p), larger(q, zero - q)))
    return largest


@inlined
def _row(i, v, own, at, e, s, slope, kind, slot, start, diagonal, a):
    """The Jacobian's blocks of one row."""
    zero = fill(0.0)
    for p in range(4 * start[i], 4 * start[i + 1]):
        put(a, p, zero)
    d, size = 4 * diagonal[i], take(v, 2 * i) * take(v, 2 * i) + take(v, 2 * i + 1) * take(v, 2 * i + 1)
    ga, gb, p, q = size * fill(own[i, 0]), size * fill(-own[i, 1]), take(s, 2 * i), take(s, 2 * i + 1)
    put(a, d, gb - q)
    put(a, d + 1, ga + p + take(slope, 2 * i))
    put(a, d + 2, zero if kind[i] else p - ga)
    put(a, d + 3, fill(1.0) if kind[i] else gb + q + take(slope, 2 * i + 1))
    for k in range(at[i, 0], at[i, 1]):
        t, x, z = 4 * slot[k], take(e, 2 * k), take(e, 2 * k + 1)
        put(a, t, z)
        put(a, t + 1, x)
        if kind[i] == 0:
            put(a, t + 2, zero - x)
            put(a, t + 3, z)


@inlined
def _taken_off(a, t, q, l0, l1, l2, l3):
    """Block product a[t] −= L a[q]."""
    u0, u1, u2, u3 = take(a, q), take(a, q + 1), take(a, q + 2), take(a, q + 3)
    put(a, t, take(a, t) - l0 * u0 - l1 * u2)
    put(a, t + 1, take(a, t + 1) - l0 * u1 - l1 * u3)
    put(a, t + 2, take(a, t + 2) - l2 * u0 - l3 * u2)
    put(a, t + 3, take(a, t + 3) - l2 * u1 - l3 * u3)


@inner
def _forward(v, own, at, e, s, slope, kind, slot, start, diagonal, column, tape, a, x):
    """Jacobian and its factors, row by row, and the right-hand side taken forward."""
    w = 0
    for i in range(len(diagonal)):
        _row(i, v, own, at, e, s, slope, kind, slot, start, diagonal, a)
        x0, x1 = take(x, 2 * i), take(x, 2 * i + 1)
        for p in range(start[i], diagonal[i]):
            k = column[p]
            d = diagonal[k]
            a0, a1, a2, a3 = take(a, 4 * p), take(a, 4 * p + 1), take(a, 4 * p + 2), take(a, 4 * p + 3)
            i0, i1, i2, i3 = take(a, 4 * d), take(a, 4 * d + 1), take(a, 4 * d + 2), take(a, 4 * d + 3)
            l0, l1, l2, l3 = a0 * i0 + a1 * i2, a0 * i1 + a1 * i3, a2 * i0 + a3 * i2, a2 * i1 + a3 * i3
            x0 = x0 - l0 * take(x, 2 * k) - l1 * take(x, 2 * k + 1)
            x1 = x1 - l2 * take(x, 2 * k) - l3 * take(x, 2 * k + 1)
            for q in range(d + 1, start[k + 1]):
                _taken_off(a, 4 * tape[w], 4 * q, l0, l1, l2, l3)
                w += 1
        put(x, 2 * i, x0)
        put(x, 2 * i + 1, x1)
        d = 4 * diagonal[i]
        a0, a1, a2, a3 = take(a, d), take(a, d + 1), take(a, d + 2), take(a, d + 3)
        r = fill(1.0) / (a0 * a3 - a1 * a2)
        put(a, d, a3 * r)
        put(a, d + 1, fill(0.0) - a1 * r)
        put(a, d + 2, fill(0.0) - a2 * r)
        put(a, d + 3, a0 * r)


@inner
def _backward(start, diagonal, column, a, x):
    """Backward substitution; the pivots stand inverted."""
    for i in range(len(diagonal) - 1, -1, -1):
        x0, x1 = take(x, 2 * i), take(x, 2 * i + 1)
        d = diagonal[i]
        for p in range(d + 1, start[i + 1]):
            k = 2 * column[p]
            x0 = x0 - take(a, 4 * p) * take(x, k) - take(a, 4 * p + 1) * take(x, k + 1)
            x1 = x1 - take(a, 4 * p + 2) * take(x, k) - take(a, 4 * p + 3) * take(x, k + 1)
        put(x, 2 * i, take(a, 4 * d) * x0 + take(a, 4 * d + 1) * x1)
        put(x, 2 * i + 1, take(a, 4 * d + 2) * x0 + take(a, 4 * d + 3) * x1)


@inlined
def _turned(t):
    """Cosine and sine of t."""
    t = t * fill(1 / 8)
    z = t * t
    c, r = fill(1.0 / 479001600), fill(-1.0 / 39916800)
    for k in (-1.0 / 3628800, 1.0 / 40320, -1.0 / 720, 1.0 / 24, -1.0 / 2, 1.0):
        c = c * z + fill(k)
    for k in (1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6, 1.0):
        r = r * z + fill(k)
    r = r * t
    for _ in range(3):
        c, r = c * c - r * r, c * r + c * r
    return c, r


@inner
def _moved(v, x, going):
    """A full step of the lanes going; marks those whose magnitudes stay positive."""
    least = fill(-1.0)  # of the factors, its sign turned
    for i in range(len(x) // 2):
        c, r = _turned(take(x, 2 * i))
        u = fill(1.0) + take(x, 2 * i + 1)
        least = larger(least, fill(0.0) - u)
        a, b = take(v, 2 * i), take(v, 2 * i + 1)
        put(v, 2 * i, choose(going, u * (c * a - r * b), a))
        put(v, 2 * i + 1, choose(going, u * (r * a + c * b), b))
    return at_most(least, fill(-1e-300))


@inner
def _settle(lines, values, lu, kind, power_of, degree, tol, most, room, steps):
    """Steps until every lane is done or lost; marks those that are done."""
    v, plan, s, e, extra, slope, x, a, loads, own = room
    law_node, law, draw_node = power_of
    going, done, goal = ALL, 0, fill(tol)
    for k in range(most + 1):
        if len(law_node) + len(draw_node):
            for i in range(len(extra)):
                put(extra, i, fill(0.0))
                put(slope, i, fill(0.0))
            _laws(v, loads, law_node, law, extra, slope)
            _curves(v, draw_node, own, degree, extra, slope)
        _flows(v, lines[0], lines[1], values[0], values[1], e, s)
        left = _missing(s, plan, extra, kind, x)
        for i in range(WIDTH):
            if going >> i & 1:
                steps[i] = k
        done |= going & at_most(left, goal)
        going &= ~done & at_most(left, fill(FAR))
        if going == 0 or k == most:
            break
        _forward(v, values[1], lines[0], e, s, slope, kind, lines[2], lu[0], lu[1], lu[2], lu[3], a, x)
        _backward(lu[0], lu[1], lu[2], a, x)
        going &= _moved(v, x, going)
    put(loads, 1, left)
    return done


@numba.njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def newton_lanes(
    begin, plan, loads, order, lines, values, lu, kind, power_of, low, high, series, tol, most, room, v_out, entering, steps, size, done
):  # fmt: skip
    """All rows, eight at a time. ``begin`` (row or one for all, node), ``plan`` (row, node): what loads that know no voltage draw less what is
    scheduled; ``low``, ``high`` (row, interface) and ``series`` (row, interface, degree + 1) are the interfaces' curves. Out come voltages
    ``v_out`` (row, node) and at the given nodes what flows ``entering`` the network less the plan there. ``room``: see the caller.
    """
    v, plan_, own, degree, count, given = room[0], room[1], room[9], series.shape[2], np.zeros(WIDTH, np.int64), len(kind)
    for first in range(0, len(plan), WIDTH):
        _load(begin, first, order, v)
        _load(plan, first, order, plan_)
        for i in range(WIDTH):
            r = min(first + i, len(plan) - 1)
            room[8][0, i] = loads[r]
            for k in range(series.shape[1]):
                at = k * (2 + 2 * degree)
                own[at, i], own[at + 1, i] = low[r, k], high[r, k]
                for c in range(degree):
                    own[at + 2 + 2 * c, i], own[at + 3 + 2 * c, i] = series[r, k, c].real, series[r, k, c].imag
        good = _settle(lines, values, lu, kind, power_of, degree, tol, most, room, count)
        for i in range(min(WIDTH, len(plan) - first)):
            r = first + i
            steps[r], size[r], done[r] = count[i], room[8][1, i], good >> i & 1
            for k in range(len(order)):
                v_out[r, order[k]] = complex(v[2 * k, i], v[2 * k + 1, i])
            for k in range(given, len(order)):
                p, q = room[2][2 * k, i] + room[4][2 * k, i], room[2][2 * k + 1, i] + room[4][2 * k + 1, i]
                entering[r, k - given] = complex(p + plan_[2 * k, i], q + plan_[2 * k + 1, i])
