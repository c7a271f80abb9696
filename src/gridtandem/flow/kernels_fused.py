r"""Feeders that keep their voltages while transmission moves, eight side by side. Equations: ``flow/fused.py`` and ``flow/sweep.py``.

Feeders of one kind share everything but a factor k on their demand, so a lane's own numbers are its voltages, k and its root voltage. A sweep
is a walk to the root that makes the currents of nodes and adds them up,

.. math:: J_j = k \, \overline{S_j(|U_j|) / U_j} + y_j U_j + \sum_{\text{children}} J_c,

and a walk back that makes voltages, :math:`U_j = U_i - z_j J_j`. Between calls only voltages stay, two rows of lanes per node in ``state``;
the currents of eight feeders of a few hundred nodes, in ``flow``, never leave the nearest cache.

``way`` says where a node's current goes on the walk to the root: 0 to the node before it, which is next and takes it from registers; 1 and 2
to a node farther up, as the first or a later one; 4 more where others have left theirs at the node. (numba's cache does not see changes of the
modules that this one takes from: touch it after a change there.)
"""

from __future__ import annotations

import numba
import numpy as np

from gridtandem.flow.kernels_block import FAST, backward, forward
from gridtandem.flow.kernels_equations import factor, flows, laws, missing, moved
from gridtandem.flow.kernels_lanes import ALL, WIDTH, at_most, fill, inlined, inner, larger, power, put, square_root, take
from gridtandem.flow.kernels_shared import DP, DQ, MOVED, RATIO, ROOT_P, ROOT_Q, SCALE, P, Q, V
from gridtandem.flow.kernels_sweep import B, G, R, X


@inlined
def _constant(k, law, first, part, factor, exponent, w):
    """Power that node k draws, per lane, whatever the voltage."""
    return fill(law[k, 0]), fill(law[k, 1])


@inlined
def _bending(k, law, first, part, factor, exponent, w):
    """Power that node k draws, per lane, where |U|² = w."""
    m = square_root(w)
    p = fill(law[k, 0]) + fill(law[k, 2]) * m + fill(law[k, 4]) * w
    q = fill(law[k, 1]) + fill(law[k, 3]) * m + fill(law[k, 5]) * w
    for t in range(first[k], first[k + 1]):
        add = fill(factor[t]) * power(m, fill(exponent[t]))
        if part[t] == 0:
            p = p + add
        else:
            q = q + add
    return p, q


def _gather_of(power_drawn):
    """The walk to the root, for one kind of demand."""

    @inner
    def gather(parent, way, line, law, first, part, factor, exponent, u, flow, own):
        """Currents above all nodes at voltages ``u`` times a factor; ``own`` gets the power that enters at the root."""
        zero, share, ratio = fill(0.0), take(own, SCALE), take(own, RATIO)
        x, y, a, b = zero, zero, zero, zero
        for k in range(len(parent) - 1, -1, -1):
            a, b = take(u, 2 * k) * ratio, take(u, 2 * k + 1) * ratio
            w = a * a + b * b
            p, q = power_drawn(k, law, first, part, factor, exponent, w)
            d = share / w
            p, q = p * d, q * d
            x, y = x + (p * a + q * b), y + (p * b - q * a)
            g, h = line[k, G], line[k, B]
            if g != 0.0 or h != 0.0:
                x, y = x + (fill(g) * a - fill(h) * b), y + (fill(g) * b + fill(h) * a)
            to = way[k]
            if to >= 4:
                x, y, to = x + take(flow, 2 * k), y + take(flow, 2 * k + 1), to - 4
            put(flow, 2 * k, x)
            put(flow, 2 * k + 1, y)
            if to:
                j = parent[k]
                if to == 1:
                    put(flow, 2 * j, x)
                    put(flow, 2 * j + 1, y)
                else:
                    put(flow, 2 * j, take(flow, 2 * j) + x)
                    put(flow, 2 * j + 1, take(flow, 2 * j + 1) + y)
                x, y = zero, zero
        put(own, ROOT_P, a * x + b * y)
        put(own, ROOT_Q, b * x - a * y)

    return gather


@inner
def _drop(parent, line, u, flow, own):
    """The walk back: voltages, losses and power of shunts, and the largest squared step."""
    root, ratio, zero = take(own, V), take(own, RATIO), fill(0.0)
    a, b, far, p, q, gw, hw = root, zero, zero, zero, zero, zero, zero
    for k in range(len(parent)):
        j = parent[k]
        if j != k - 1:
            a, b = take(u, 2 * j), take(u, 2 * j + 1)
        r, x, jr, ji = fill(line[k, R]), fill(line[k, X]), take(flow, 2 * k), take(flow, 2 * k + 1)
        a, b = a - (r * jr - x * ji), b - (r * ji + x * jr)
        da, db = a - take(u, 2 * k) * ratio, b - take(u, 2 * k + 1) * ratio
        far = larger(far, da * da + db * db)
        ell = jr * jr + ji * ji
        p, q = p + r * ell, q + x * ell
        g, h = line[k, G], line[k, B]
        if g != 0.0 or h != 0.0:
            w = a * a + b * b
            gw, hw = gw + fill(g) * w, hw + fill(h) * w
        put(u, 2 * k, a)
        put(u, 2 * k + 1, b)
    two = fill(2.0)
    put(own, P, p + gw)
    put(own, Q, q - hw)
    put(own, DP, two * (gw - p))
    put(own, DQ, zero - two * (hw + q))
    put(own, MOVED, far)


@inner
def _add_constant(total, law, first, part, factor, exponent, u, own):
    """The demand of the whole feeder; it does not change."""
    share = take(own, SCALE)
    put(own, P, take(own, P) + share * fill(total[0]))
    put(own, Q, take(own, Q) + share * fill(total[1]))


@inner
def _add_bending(total, law, first, part, factor, exponent, u, own):
    """The demand at the voltages found, and its slope; losses fall with the voltage only as far as demand does not follow it."""
    share, p, q, dp, dq, all_, bent = take(own, SCALE), fill(0.0), fill(0.0), fill(0.0), fill(0.0), fill(0.0), fill(0.0)
    for k in range(len(law)):
        a, b = take(u, 2 * k), take(u, 2 * k + 1)
        w = a * a + b * b
        m = square_root(w)
        pk, qk = _bending(k, law, first, part, factor, exponent, w)
        sp = fill(law[k, 2]) * m + fill(2.0 * law[k, 4]) * w
        sq = fill(law[k, 3]) * m + fill(2.0 * law[k, 5]) * w
        for t in range(first[k], first[k + 1]):
            add = fill(factor[t] * exponent[t]) * power(m, fill(exponent[t]))
            if part[t] == 0:
                sp = sp + add
            else:
                sq = sq + add
        p, q, dp, dq = p + pk, q + qk, dp + sp, dq + sq
        all_, bent = all_ + square_root(pk * pk + qk * qk), bent + square_root(sp * sp + sq * sq)
    follows, half = bent / larger(all_, fill(1e-300)), fill(0.5)  # 0: constant power, 1: constant current
    for c in range(2):  # so far, power is losses and shunts, its slope twice the difference of the two
        lost = take(own, P + c) - half * take(own, DP + c)
        put(own, DP + c, (take(own, DP + c) + follows * lost) + share * (dp if c == 0 else dq))
        put(own, P + c, take(own, P + c) + share * (p if c == 0 else q))


def _exchange_of(gather, add):
    """Some sweeps of one group, for one kind of demand."""

    @inner
    def exchange(parent, way, line, law, total, first, part, factor, exponent, goal, most, u, flow, own):
        """Until no lane moves by more than ``goal``, or ``most`` sweeps; how many there were."""
        squared, one, sweeps = fill(goal * goal), fill(1.0), 0
        while sweeps < most:
            gather(parent, way, line, law, first, part, factor, exponent, u, flow, own)
            _drop(parent, line, u, flow, own)
            put(own, RATIO, one)
            sweeps += 1
            if at_most(take(own, MOVED), squared) == ALL:
                break
        add(total, law, first, part, factor, exponent, u, own)
        return sweeps

    return exchange


_exchange_constant = _exchange_of(_gather_of(_constant), _add_constant)
_exchange_bending = _exchange_of(_gather_of(_bending), _add_bending)


@inner
def _load(row, n, scale, before, root, far, u, own):
    """A lane's own numbers; lanes without a row copy the first. Where a feeder has no voltages, or lost them, the group begins flat."""
    flat = False
    for i in range(WIDTH):
        r = row[i] if row[i] >= 0 else row[0]
        own[SCALE, i], own[V, i], own[RATIO, i] = scale[r], root[r], root[r] / before[r]
        flat = flat or not np.isfinite(far[r])
    if flat:
        put(own, RATIO, fill(1.0))
        for k in range(n):
            put(u, 2 * k, take(own, V))
            put(u, 2 * k + 1, fill(0.0))


@numba.njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def feeders(
    groups, begin, kind, start, parent, way, line, law, total, first, part, factor, exponent, scale, before, root, goal, most,
    state, flow, own, s, ds, far, count,
):  # fmt: skip
    """Some sweeps of every group (…, 8) of rows, −1 where there is none; ``begin`` is where a group's voltages lie in ``state``.

    ``before`` and ``root`` are the root voltages of the call before and of this one, ``far`` how far a voltage moved in the last sweep (not a
    number: begin flat). ``total`` is the constant demand of each kind, or None where demand bends in all groups, so that only what is asked for is
    compiled. Per row, ``s`` (…, 4) gets demand plus losses, and what enters at the root before the last sweep; ``ds`` the slope of the
    first by the logarithm of the root voltage where the profile of voltages keeps its shape.
    """
    for g in range(len(groups)):
        row = groups[g]
        a, b = start[kind[row[0]]], start[kind[row[0]] + 1]
        up, to, ln, lw, at = parent[a:b], way[a:b], line[a:b], law[a:b], first[a : b + 1]
        u = state[begin[g] : begin[g] + 2 * (b - a)]
        _load(row, b - a, scale, before, root, far, u, own)
        if total is None:
            sweeps = _exchange_bending(up, to, ln, lw, None, at, part, factor, exponent, goal, most, u, flow, own)
        else:
            sweeps = _exchange_constant(up, to, ln, lw, total[kind[row[0]]], at, part, factor, exponent, goal, most, u, flow, own)
        for i in range(WIDTH):
            r = row[i]
            if r >= 0:
                count[r] += sweeps
                far[r] = np.sqrt(own[MOVED, i])
                s[r, 0], s[r, 1], s[r, 2], s[r, 3] = own[P, i], own[Q, i], own[ROOT_P, i], own[ROOT_Q, i]
                ds[r, 0], ds[r, 1] = own[DP, i], own[DQ, i]


@numba.njit(**FAST)
def linear(
    v, loads, law_node, law, at, column, y, own, node, weight, ds, kind, slot, start, diagonal, lu_column, tape, mend, by_size, fresh,
    extra, slope, e, s, f, a, x,
):  # fmt: skip
    """Transmission's flows at ``v``, its own loads, and where ``fresh`` the factors of its Jacobian, with the slopes feeders had before."""
    extra[:] = 0.0
    slope[:] = 0.0
    laws(v, loads, law_node, law, extra, slope)
    flows(0, len(s), v, at, column, y, own, e, s)
    if fresh:
        for r in range(len(node)):
            slope[node[r], 0] += weight[r] * ds[r, 0]
            slope[node[r], 1] += weight[r] * ds[r, 1]
        factor(v, own, at, e, s, slope, kind, slot, f, start, diagonal, lu_column, tape, mend, by_size, a, x)


@numba.njit(**FAST)
def balance(node, weight, drawn, s, plan, kind, extra, share, f):
    """Mismatch with what feeders draw; what `missing` says."""
    for r in range(len(node)):
        extra[node[r], 0] += weight[r] * drawn[r, 0]
        extra[node[r], 1] += weight[r] * drawn[r, 1]
    return missing(s, plan, extra, kind, share, 0.0, f)


@numba.njit(**FAST)
def step(v, node, start, diagonal, lu_column, a, f, x, root, w):
    """One step from ``v`` to ``w``, and feeders' root voltages there; how far it goes, inf where a magnitude would not stay positive."""
    for i in range(len(f)):
        x[i, 0], x[i, 1] = -f[i, 0], -f[i, 1]
    forward(start, diagonal, lu_column, a, x)
    backward(start, diagonal, lu_column, a, x)
    good, far = moved(v, x, 1.0, w), 0.0
    for i in range(len(f)):
        far = max(far, abs(x[i, 0]), abs(x[i, 1]))
    for r in range(len(node)):
        root[r] = np.sqrt(w[node[r], 0] ** 2 + w[node[r], 1] ** 2)
    return far if good and np.isfinite(far) else np.inf
