"""Load flows of one network after outages, compiled: eight side by side, all of them with the one set of factors of the network that lost nothing.

The first step from a state is Newton's own, since an outage changes few equations there (`gridtandem.flow.kernels_road`); the next ones keep its
Jacobian and come closer by a factor each, and each is judged by the true mismatch. A lane whose outage is done, or will not be done this way, takes
the next one; lanes do not touch each other, so a row's bits are its own. A step turns a voltage by (1 + jt/2) / (1 − jt/2), which keeps its size
exactly and is the turn itself where steps come to rest. Nodes lie in the order of elimination, given ones last.
"""

from __future__ import annotations

import numba
import numpy as np

from gridtandem.flow.kernels_lanes import ALL, WIDTH, at_most, choose, fill, inner, larger, less, more, put, square_root, take
from gridtandem.flow.kernels_newton_lanes import _curves, _laws
from gridtandem.flow.kernels_road import between, bridged, changed, gone, mirrored, spanned, walked

FAR = 1e8  # as in gridtandem.flow.iteration
WIDE = WIDTH  # unknowns of the changed nodes at most: the columns of F lie in lanes


@inner
def _flows(v, plan, at, column, y, own, x):
    """Power that leaves each node into the whole network, and the constant part of what is drawn there."""
    for i in range(len(own)):
        vr, vi = take(v, 2 * i), take(v, 2 * i + 1)
        size = vr * vr + vi * vi
        p, q = fill(plan[i, 0]) + size * fill(own[i, 0]), fill(plan[i, 1]) + size * fill(-own[i, 1])
        ir, ii = fill(0.0), fill(0.0)
        for k in range(at[i, 0], at[i + 1, 0]):
            j = 2 * column[k]
            jr, ji, g, b = take(v, j), take(v, j + 1), fill(y[k, 0]), fill(y[k, 1])
            ir, ii = less(more(ir, g, jr), b, ji), more(more(ii, g, ji), b, jr)
        put(x, 2 * i, p + (vr * ir + vi * ii))
        put(x, 2 * i + 1, q + (vi * ir - vr * ii))


@inner
def _taken_out(lane, first, last, row, column, change, v, x):
    """The same of what an outage changes, in its lane."""
    for k in range(first, last):
        i, j = 2 * row[k], 2 * column[k]
        vr, vi, jr, ji = v[i, lane], v[i + 1, lane], v[j, lane], v[j + 1, lane]
        ir, ii = change[k, 0] * jr - change[k, 1] * ji, change[k, 0] * ji + change[k, 1] * jr
        x[i, lane] += vr * ir + vi * ii
        x[i + 1, lane] += vi * ir - vr * ii


@inner
def _forward(kind, start, diagonal, column, a, x):
    """The largest mismatch of each lane; x ← L⁻¹ x."""
    largest, zero = fill(0.0), fill(0.0)
    for i in range(len(diagonal)):
        x0, x1 = take(x, 2 * i), take(x, 2 * i + 1)
        if kind[i]:
            x1 = zero
        largest = larger(largest, larger(larger(x0, zero - x0), larger(x1, zero - x1)))
        y0, y1 = zero, zero
        for p in range(start[i], diagonal[i]):
            k = 2 * column[p]
            u0, u1 = take(x, k), take(x, k + 1)
            x0, y0 = less(x0, fill(a[p, 0]), u0), less(y0, fill(a[p, 1]), u1)
            x1, y1 = less(x1, fill(a[p, 2]), u0), less(y1, fill(a[p, 3]), u1)
        put(x, 2 * i, x0 + y0)
        put(x, 2 * i + 1, x1 + y1)
    return largest


@inner
def _stepped(start, diagonal, column, a, x, v, going):
    """x ← U⁻¹ x, and the lanes going move by −x; marks those whose magnitudes stay positive."""
    zero, one, two, least = fill(0.0), fill(1.0), fill(2.0), fill(-1.0)  # of the factors, its sign turned
    for i in range(len(diagonal) - 1, -1, -1):
        x0, x1 = take(x, 2 * i), take(x, 2 * i + 1)
        y0, y1, d = zero, zero, diagonal[i]
        for p in range(d + 1, start[i + 1]):
            k = 2 * column[p]
            u0, u1 = take(x, k), take(x, k + 1)
            x0, y0 = less(x0, fill(a[p, 0]), u0), less(y0, fill(a[p, 1]), u1)
            x1, y1 = less(x1, fill(a[p, 2]), u0), less(y1, fill(a[p, 3]), u1)
        x0, x1 = x0 + y0, x1 + y1
        x0, x1 = more(fill(a[d, 0]) * x0, fill(a[d, 1]), x1), more(fill(a[d, 2]) * x0, fill(a[d, 3]), x1)
        put(x, 2 * i, x0)
        put(x, 2 * i + 1, x1)
        half, size = fill(-0.5) * x0, one - x1
        least = larger(least, zero - size)
        scale = size / more(one, half, half)
        c, s = scale * less(one, half, half), scale * (two * half)
        vr, vi = take(v, 2 * i), take(v, 2 * i + 1)
        put(v, 2 * i, choose(going, less(c * vr, s, vi), vr))
        put(v, 2 * i + 1, choose(going, more(s * vr, c, vi), vi))
    return at_most(least, fill(-1e-300))


@inner
def _same_curves(v, node, reach, series, x):
    """What interfaces draw by curves that all lanes share; beyond its range each goes on along its tangent."""
    one, zero = fill(1.0), fill(0.0)
    for r in range(len(node)):
        i, low, half = 2 * node[r], reach[r, 0], (reach[r, 1] - reach[r, 0]) / 2.0
        re, im = take(v, i), take(v, i + 1)
        beyond = (square_root(more(re * re, im, im)) - fill(low)) / fill(half) - one
        u = larger(zero - one, zero - larger(zero - one, zero - beyond))
        t0, t1, p, q = one, u, take(x, i) + fill(series[r, 0].real), take(x, i + 1) + fill(series[r, 0].imag)
        d0, d1, dp, dq, inside = zero, one, zero, zero, at_most(beyond, u) & at_most(u, beyond) == ALL
        for k in range(1, series.shape[1]):
            cp, cq, twice = fill(series[r, k].real), fill(series[r, k].imag), u + u
            p, q = more(p, cp, t1), more(q, cq, t1)
            if not inside:
                dp, dq = more(dp, cp, d1), more(dq, cq, d1)
                d0, d1 = d1, more(more(t1 + t1, twice, d1), d0, zero - one)
            t0, t1 = t1, more(zero - t0, twice, t1)
        put(x, i, more(p, dp, beyond - u))
        put(x, i + 1, more(q, dq, beyond - u))


@inner
def _evaluated(v, plan, loads, lines, values, power, own, scratch, x):
    """The mismatch of every lane, outages left out."""
    node, reach, series = power[2], power[3], power[4]
    _flows(v, plan, lines[0], lines[1], values[0], values[1], x)
    _laws(v, loads, power[0], power[1], x, scratch)
    if len(own) == 0:
        _same_curves(v, node, reach[0], series[0], x)
    else:
        _curves(v, node, own, series.shape[2], x, scratch)


@inner
def _begun(lane, first_v, power, row, v, own):
    """Voltages of a row into its lane, and its curves if they are its own."""
    for k in range(len(first_v)):
        v[2 * k, lane], v[2 * k + 1, lane] = first_v[k, 0], first_v[k, 1]
    reach, series = power[3], power[4]
    if len(own) == 0:
        return
    row, degree = row % len(reach), series.shape[2]
    for k in range(reach.shape[1]):
        at = k * (2 + 2 * degree)
        own[at, lane], own[at + 1, lane] = reach[row, k, 0], reach[row, k, 1]
        for c in range(degree):
            own[at + 2 + 2 * c, lane], own[at + 3 + 2 * c, lane] = series[row, k, c].real, series[row, k, c].imag


@inner
def _ended(lane, order, given, v, x, v_out, entering):
    """Voltages of a lane out, and what flows in at given nodes less the plan there; the square of the smallest voltage."""
    least = np.inf
    for k in range(len(order)):
        re, im = v[2 * k, lane], v[2 * k + 1, lane]
        least = min(least, re * re + im * im)
        v_out[order[k]] = complex(re, im)
    for k in range(given, len(order)):
        entering[k - given] = complex(x[2 * k, lane], x[2 * k + 1, lane])
    return least


@numba.njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def compensated(
    first_v, plan, loads, order, lines, values, lu, a, kind, power, changes, goal, tol, most, worse, room, rows, v_out, entering, lowest,
    steps, size, done,
):  # fmt: skip
    """Outages ``rows``, each from ``first_v``, whose factors are ``a``. ``power`` = (law_node, law, draw_node, reach, series), the last two of each
    row, or one for all where ``room`` has none for curves. Done is a row at the ``goal``, or below ``tol`` where steps help no more; given up is
    one that a step leaves with more than ``worse`` of its mismatch, or that is not done after ``most``. Out come its last voltages, or the first
    where these are no worse, the ``lowest`` of them, and its last mismatch.
    """
    v, x, scratch, own, loading, t = room
    begin, row, column, change = changes
    start, diagonal, lu_column = lu[0], lu[1], lu[2]
    blocks, mirror, spot = len(diagonal), mirrored(start, diagonal, lu_column), np.empty(len(diagonal), np.int64)
    road, length = np.empty((WIDTH, blocks), np.int64), np.zeros(WIDTH, np.int64)
    left, right = np.empty((WIDTH, 2 * blocks, WIDTH)), np.empty((WIDTH, 2 * blocks, WIDTH))
    middle, place, d, small = np.zeros((WIDTH, WIDTH, WIDTH)), np.empty(WIDTH, np.int64), np.zeros((WIDE, WIDE)), np.zeros((WIDE, WIDE))
    mine, wide, count = np.full(WIDTH, -1), np.zeros(WIDTH, np.int64), np.zeros(WIDTH, np.int64)
    first, before, following, positive = np.empty(WIDTH), np.empty(WIDTH), 0, 0
    put(loading, 0, fill(loads))
    for i in range(WIDTH):
        _begun(i, first_v, power, rows[0], v, own)
    while True:
        active = False
        for i in range(WIDTH):
            if mine[i] < 0 and following < len(rows):
                r = mine[i] = rows[following]
                following += 1
                _begun(i, first_v, power, r, v, own)
                many = changed(begin[r], begin[r + 1], row, column, blocks, place)
                length[i] = walked(place, many, start, diagonal, lu_column, road[i])
                wide[i], count[i], before[i], positive = 2 * many, 0, np.inf, positive | 1 << i
                spanned(place, many, road[i], length[i], start, diagonal, lu_column, mirror, a, spot, left[i], right[i])
                gone(begin[r], begin[r + 1], row, column, change, first_v, kind, place, many, d)
                between(length[i], wide[i], left[i], right[i], d, small, middle[i])
            active = active or mine[i] >= 0
        if not active:
            break
        _evaluated(v, plan, loading, lines, values, power, own, scratch, x)
        for i in range(WIDTH):
            if mine[i] >= 0:
                _taken_out(i, begin[mine[i]], begin[mine[i] + 1], row, column, change, v, x)
        put(loading, 1, _forward(kind, start, diagonal, lu_column, a, x))
        going = 0
        for i in range(WIDTH):
            r, now = mine[i], loading[1, i]
            if r < 0:
                continue
            stuck = count[i] == most or not now <= worse * before[i] or not now < FAR or not positive >> i & 1
            first[i] = now if count[i] == 0 else first[i]
            if now <= goal or stuck:
                if not now <= first[i]:
                    _begun(i, first_v, power, r, v, own)
                lowest[r] = np.sqrt(_ended(i, order, blocks, v, x, v_out[r], entering[r]))
                steps[r], size[r], done[r], mine[i] = count[i], now, now <= tol and positive >> i & 1 == 1, -1
            else:
                bridged(i, road[i], length[i], wide[i], left[i], right[i], middle[i], t, x)
                going |= 1 << i
                before[i] = now
                count[i] += 1
        if going:
            positive &= ~going | _stepped(start, diagonal, lu_column, a, x, v, going)
