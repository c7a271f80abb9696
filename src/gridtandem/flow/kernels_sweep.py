r"""The compiled backward-forward sweep: eight rows of one kind of feeder side by side. Equations and sources: ``flow/sweep.py``.

Rows of a group share parents, impedances, admittances and exponents; voltage, loading and demand are their own. Nodes lie in depth-first
order, so a branch mostly hangs on the node before it, whose numbers are then still in registers. A lane keeps the voltages of the sweep at
which it came to rest, whatever its neighbours still do.

``state`` has four rows of lanes per node: voltage and current, real and imaginary. ``law`` says how a node's current follows from its
voltage: two rows (power) for constant power, six (three powers, of voltage to the power of 0, 1 and 2) where demand bends, four (a and b) for
the tangent dJ = a dU + b conj(dU).
"""

from __future__ import annotations

import numba
import numpy as np

from gridtandem.flow.kernels_lanes import ALL, WIDTH, at_most, choose, fill, inlined, inner, larger, power, put, square_root, take

CONSTANT, BENDS, TANGENT = 2, 6, 4  # rows of ``law`` per node
FAR = 1.0  # a voltage that still moves by 1 pu will not rest
R, X, G, B = 0, 1, 2, 3  # columns of ``line``


@inlined
def _constant(k, law, terms, first, part, exponent, w):
    """Power that node k draws, per lane, whatever the voltage."""
    return take(law, 2 * k), take(law, 2 * k + 1)


@inlined
def _bending(k, law, terms, first, part, exponent, w):
    """Power that node k draws, per lane, where |U|² = w."""
    m = square_root(w)
    p = take(law, 6 * k) + take(law, 6 * k + 2) * m + take(law, 6 * k + 4) * w
    q = take(law, 6 * k + 1) + take(law, 6 * k + 3) * m + take(law, 6 * k + 5) * w
    for t in range(first[k], first[k + 1]):
        add = take(terms, t - first[0]) * power(m, fill(exponent[t]))
        if part[t] == 0:
            p = p + add
        else:
            q = q + add
    return p, q


def _current_of(power_drawn):
    """Current of a node at voltage a + jb: of its demand, conj(S/U), and of its admittance."""

    @inlined
    def current(k, line, law, terms, first, part, exponent, a, b):
        w = a * a + b * b
        p, q = power_drawn(k, law, terms, first, part, exponent, w)
        d = fill(1.0) / w
        p, q = p * d, q * d
        x, y = p * a + q * b, p * b - q * a
        g, h = line[k, G], line[k, B]
        if g != 0.0 or h != 0.0:
            x, y = x + (fill(g) * a - fill(h) * b), y + (fill(g) * b + fill(h) * a)
        return x, y

    return current


@inlined
def _tangent_current(k, line, law, terms, first, part, exponent, a, b):
    """Current of the tangent, dJ = (law₀ + j law₁) dU + (law₂ + j law₃) conj(dU)."""
    ar, ai, br, bi = take(law, 4 * k), take(law, 4 * k + 1), take(law, 4 * k + 2), take(law, 4 * k + 3)
    return (ar * a - ai * b) + (br * a + bi * b), (ar * b + ai * a) + (bi * a - br * b)


@inner
def _gather(parent, state):
    """Currents of whole subtrees, from those of nodes."""
    n = len(parent)
    x, y = take(state, 4 * n - 2), take(state, 4 * n - 1)
    for k in range(n - 1, 0, -1):
        j = parent[k]
        ox, oy = take(state, 4 * j + 2) + x, take(state, 4 * j + 3) + y
        put(state, 4 * j + 2, ox)
        put(state, 4 * j + 3, oy)
        if j == k - 1:
            x, y = ox, oy
        else:
            x, y = take(state, 4 * k - 2), take(state, 4 * k - 1)


def _settle_of(current):
    """The sweeps, for one way in which a current follows from a voltage."""

    @inner
    def drop(parent, line, state, law, terms, first, part, exponent, root, going):
        """Voltages under these branch currents in the lanes still going, the nodes' currents there, and the largest squared step."""
        moved, a, b = fill(0.0), root, fill(0.0)
        for k in range(len(parent)):
            j = parent[k]
            if j != k - 1:
                a, b = take(state, 4 * j), take(state, 4 * j + 1)
            r, x = fill(line[k, R]), fill(line[k, X])
            jr, ji, oa, ob = take(state, 4 * k + 2), take(state, 4 * k + 3), take(state, 4 * k), take(state, 4 * k + 1)
            a, b = choose(going, a - (r * jr - x * ji), oa), choose(going, b - (r * ji + x * jr), ob)
            da, db = a - oa, b - ob
            moved = larger(moved, da * da + db * db)
            jr, ji = current(k, line, law, terms, first, part, exponent, a, b)
            put(state, 4 * k, a)
            put(state, 4 * k + 1, b)
            put(state, 4 * k + 2, jr)
            put(state, 4 * k + 3, ji)
        return moved

    @inner
    def settle(parent, line, state, law, terms, first, part, exponent, root, going, tol, most, lane):
        """Sweep until every lane rests or runs away; marks those that rest. ``lane`` gets the sweep at which each stopped."""
        zero, goal, far, rests = fill(0.0), fill(tol * tol), fill(FAR * FAR), 0
        for k in range(len(parent)):
            put(state, 4 * k, root)
            put(state, 4 * k + 1, zero)
            put(state, 4 * k + 2, zero)
            put(state, 4 * k + 3, zero)
        drop(parent, line, state, law, terms, first, part, exponent, root, going | ALL)  # `ALL` itself would be a type of its own
        for sweep in range(1, most + 1):
            _gather(parent, state)
            moved = drop(parent, line, state, law, terms, first, part, exponent, root, going)
            still = going & at_most(moved, goal)
            stop = going & (still | ~at_most(moved, far))
            if sweep == most:
                stop = going
            if stop:
                for i in range(WIDTH):
                    if stop >> i & 1:
                        lane[1, i] = sweep
                rests |= still
                going &= ~stop
                if going == 0:
                    break
        _gather(parent, state)
        return rests

    return settle


_settle_constant, _settle_bending, _settle_tangent = (_settle_of(c) for c in (_current_of(_constant), _current_of(_bending), _tangent_current))


def _drawn_of(power_drawn):
    """What the root draws, for one kind of demand."""

    @inner
    def drawn(parent, line, state, law, terms, first, part, exponent, own):
        """Demand, losses and shunts of each lane, from voltages and branch currents."""
        p, q = fill(0.0), fill(0.0)
        for k in range(len(parent)):
            a, b, jr, ji = take(state, 4 * k), take(state, 4 * k + 1), take(state, 4 * k + 2), take(state, 4 * k + 3)
            w, ell = a * a + b * b, jr * jr + ji * ji
            pk, qk = power_drawn(k, law, terms, first, part, exponent, w)
            p = p + ((pk + fill(line[k, R]) * ell) + fill(line[k, G]) * w)
            q = q + ((qk + fill(line[k, X]) * ell) - fill(line[k, B]) * w)
        put(own, 2, p)
        put(own, 3, q)

    return drawn


_drawn_constant, _drawn_bending = _drawn_of(_constant), _drawn_of(_bending)


@inner
def _linear_constant(parent, line, state, law, terms, first, part, exponent, tangent):
    for k in range(len(parent)):
        a, b = take(state, 4 * k), take(state, 4 * k + 1)
        _put_tangent(k, line, tangent, a, b, a * a + b * b, take(law, 2 * k), take(law, 2 * k + 1), fill(0.0), fill(0.0))


@inner
def _linear_bending(parent, line, state, law, terms, first, part, exponent, tangent):
    two = fill(2.0)
    for k in range(len(parent)):
        a, b = take(state, 4 * k), take(state, 4 * k + 1)
        w = a * a + b * b
        m = square_root(w)
        p, q = _bending(k, law, terms, first, part, exponent, w)
        dp = take(law, 6 * k + 2) / m + two * take(law, 6 * k + 4)
        dq = take(law, 6 * k + 3) / m + two * take(law, 6 * k + 5)
        for t in range(first[k], first[k + 1]):
            n = fill(exponent[t])
            add = take(terms, t - first[0]) * n * (power(m, n) / w)
            if part[t] == 0:
                dp = dp + add
            else:
                dq = dq + add
        _put_tangent(k, line, tangent, a, b, w, p, q, dp, dq)


@inlined
def _put_tangent(k, line, tangent, a, b, w, p, q, dp, dq):
    r"""a = y + h and b = (h − conj(s) / |U|²) U² / |U|² with h = conj(s') / 2|U|, where dp + j dq = s' / |U|."""
    half, d = fill(0.5), fill(1.0) / w
    dp, dq = dp * half, fill(0.0) - dq * half
    cr, ci = (a * a - b * b) * d, (a * b + a * b) * d
    x, y = dp - p * d, dq + q * d
    put(tangent, 4 * k, fill(line[k, G]) + dp)
    put(tangent, 4 * k + 1, fill(line[k, B]) + dq)
    put(tangent, 4 * k + 2, x * cr - y * ci)
    put(tangent, 4 * k + 3, x * ci + y * cr)


@inner
def _load(row, start, a, n, demand, curved, first, factor, root, loading, law, terms, own, lane, sort):
    """Root voltage, loading and demand of each lane; lanes without a row copy the first."""
    feeders = len(start) - 1
    for i in range(WIDTH):
        r = row[i] if row[i] >= 0 else row[0]
        own[0, i], own[1, i], lane[0, i] = root[r], loading[r], start[r % feeders]
    for k in range(n):
        for i in range(WIDTH):
            at = lane[0, i] + k
            law[sort * k, i] = demand[at, 2] * own[1, i] - demand[at, 0]
            law[sort * k + 1, i] = demand[at, 3] * own[1, i] - demand[at, 1]
        if curved is not None:
            for c in range(2, sort):
                for i in range(WIDTH):
                    law[sort * k + c, i] = curved[lane[0, i] + k, c - 2] * own[1, i]
    for j in range(first[a + n] - first[a]):
        for i in range(WIDTH):
            terms[j, i] = factor[first[lane[0, i]] + j] * own[1, i]


@inner
def _filled(row):
    """Mark of the lanes that have a row."""
    mark = 0
    for i in range(WIDTH):
        mark |= (1 << i) * (row[i] >= 0)
    return mark


@inner
def _write(state, i, n, at, turn, rests, v, begin):
    """Voltages of lane i, with the ratios in; not a number where it found none."""
    for k in range(n):
        a, b = state[4 * k, i], state[4 * k + 1, i]
        tr, ti = turn[at + k, 0], turn[at + k, 1]
        v[begin + at + k, 0] = tr * a - ti * b if rests else np.nan
        v[begin + at + k, 1] = tr * b + ti * a if rests else np.nan


@numba.njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def sweep_groups(
    groups, start, like, parent, line, demand, curved, first, part, factor, exponent, turn, root, loading,
    tol, most, slope, state, law, tangent, terms, own, lane, v, s, ds, ok, count,
):  # fmt: skip
    """Every group of rows. ``groups`` (group, 8) holds rows (feeder fastest), −1 where there is none; ``v``, ``s``, ``ds`` are pairs of reals.

    What rows of a kind share is read from the feeder they are ``like``. ``demand`` (node, 4) holds injection and constant power, ``curved``
    (node, 4) the coefficients of voltage and of its square, None where no demand bends, so that only what is there is compiled; terms of node k,
    a ``factor`` on voltage to the power of ``exponent`` in active (``part`` 0) or reactive power, are ``first[k]`` to ``first[k + 1]``.
    ``state`` to ``lane`` are room to work in. Per lane, ``own`` has root voltage, loading, the power drawn and its derivative, ``lane`` the
    first node and the sweeps taken.
    """
    feeders, nodes = len(start) - 1, start[-1]
    for g in range(len(groups)):
        row = groups[g]
        feeder = like[row[0] % feeders]
        a, b = start[feeder], start[feeder + 1]
        up, ln, at = parent[a:b], line[a:b], first[a : b + 1]
        _load(row, start, a, b - a, demand, curved, first, factor, root, loading, law, terms, own, lane, CONSTANT if curved is None else BENDS)
        going = _filled(row)
        if curved is not None:
            rests = _settle_bending(up, ln, state, law, terms, at, part, exponent, take(own, 0), going, tol, most, lane)
            _drawn_bending(up, ln, state, law, terms, at, part, exponent, own)
        else:
            rests = _settle_constant(up, ln, state, law, terms, at, part, exponent, take(own, 0), going, tol, most, lane)
            _drawn_constant(up, ln, state, law, terms, at, part, exponent, own)
        for i in range(WIDTH):
            if going >> i & 1:
                count[row[i]] = lane[1, i]
                if len(v):
                    _write(state, i, b - a, lane[0, i], turn, rests >> i & 1, v, row[i] // feeders * nodes)
        if slope:
            jr, ji, before = take(state, 2), take(state, 3), rests
            if curved is not None:
                _linear_bending(up, ln, state, law, terms, at, part, exponent, tangent)
            else:
                _linear_constant(up, ln, state, law, terms, at, part, exponent, tangent)
            rests = _settle_tangent(up, ln, state, tangent, terms, at, part, exponent, fill(1.0), rests, tol, 2 * most, lane)
            put(own, 4, jr + take(own, 0) * take(state, 2))
            put(own, 5, fill(0.0) - (ji + take(own, 0) * take(state, 3)))
            for i in range(WIDTH):
                if (before & ~rests) >> i & 1:
                    count[row[i]] = most
        for i in range(WIDTH):
            if going >> i & 1:
                ok[row[i]] = rests >> i & 1
                for c in range(2):
                    s[row[i], c] = own[2 + c, i] if ok[row[i]] else np.nan
                    ds[row[i], c] = own[4 + c, i] if slope and ok[row[i]] else np.nan
