r"""Elimination on a three-phase tree, once per setting of taps: what a sweep may then forget.

From the leaves up, with :math:`\hat Y` what a node and all below it draw as admittances, a branch and its node become one step of a sweep,

.. math:: V_c = A V_p - Z J_c, \qquad J_p \mathrel{+}= A^T J_c

where J is the current of demand alone. Series branch (P, Z_b), and nodal branch (Y_pp, Y_cp, Y_cc):

.. math:: K = (1 + Z_b \hat Y)^{-1}: \; A = K P, \; Z = K Z_b, \; \hat Y_p \mathrel{+}= P^T \hat Y A; \qquad
          Z = (Y_{cc} + \hat Y)^{-1}: \; A = -Z Y_{cp}, \; \hat Y_p \mathrel{+}= Y_{pp} + Y_{cp}^T A

the latter in the basis Q of its block. This is Gaussian elimination of a block tree, without fill.

Phases that nothing but a guard ties to ground **float**: their common voltage follows from A, and no current of demand may drive it, since
nothing carries that current. Z is then without that direction; demand between such phases and ground is refused elsewhere.
"""

from __future__ import annotations

import numba
import numpy as np

FLOATS = 1e-6  # admittance to ground over that of the windings, below which phases float: a guard has half of that at most
TINY = 1e-13  # a pivot that is this small beside the entries it came from holds nothing but rounding


@numba.njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def _times(a, b, out):
    for i in range(3):
        for j in range(3):
            out[i, j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + a[i, 2] * b[2, j]


@numba.njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def _inverse(m, out):
    """Gauss and Jordan with row pivots, on m itself; False where a pivot is nothing but rounding."""
    size = 0.0
    for i in range(3):
        for j in range(3):
            out[i, j] = 1.0 if i == j else 0.0
            size = max(size, abs(m[i, j]))
    for c in range(3):
        best = c
        for i in range(c + 1, 3):
            if abs(m[i, c]) > abs(m[best, c]):
                best = i
        if not abs(m[best, c]) > TINY * size:
            return False
        for j in range(3):
            m[c, j], m[best, j] = m[best, j], m[c, j]
            out[c, j], out[best, j] = out[best, j], out[c, j]
        d = 1.0 / m[c, c]
        for j in range(3):
            m[c, j] *= d
            out[c, j] *= d
        for i in range(3):
            f = m[i, c]
            if i != c and f != 0.0:
                for j in range(3):
                    m[i, j] -= f * m[c, j]
                    out[i, j] -= f * out[c, j]
    return True


@numba.njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def _series(p, z_b, shunt, above, a, z, room):
    """K into ``room[1]``; A, Z, and what goes to the parent."""
    m, k, t = room[0], room[1], room[2]
    _times(z_b, shunt, m)
    for i in range(3):
        m[i, i] += 1.0
    if not _inverse(m, k):
        return False
    _times(k, p, a)
    _times(k, z_b, z)
    _times(shunt, a, t)
    _add(p, t, above)
    return True


@numba.njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def _add(p, t, above):
    """above += pᵀ t"""
    for i in range(3):
        for j in range(3):
            above[i, j] += p[0, i] * t[0, j] + p[1, i] * t[1, j] + p[2, i] * t[2, j]


@numba.njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def _inverted(block, common, live, shunt, room):
    """(QᵀYccQ + QᵀŶQ)⁻¹ into ``room[1]``: 0 where it does not exist, 2 where phases float, else 1."""
    m, t, q = room[0], room[2], block[3]
    _times(shunt, q, t)
    m[:] = block[2]
    _add(q, t, m)
    size = 0.0
    for i in range(3):
        if not live[i]:
            m[i, i] = 1.0
        else:
            size = max(size, abs(m[i, i]))
    floats = common >= 0 and abs(m[common, common]) < FLOATS * size
    if floats and abs(m[common, common]) < 10.0 * TINY * size:
        m[common, common] = 10.0 * TINY * size
    if not _inverse(m, room[1]):
        return 0
    return 2 if floats else 1


@numba.njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def _nodal(block, common, live, shunt, above, a, z, room):
    """A, Z, and what goes to the parent. Phases without supply follow those above and draw nothing."""
    good = _inverted(block, common, live, shunt, room)
    if good == 0:
        return 0
    w, t, u, q = room[1], room[2], room[0], block[3]
    _times(w, block[1], t)
    for i in range(3):
        for j in range(3):
            t[i, j] = -t[i, j]
            above[i, j] += block[0, i, j]
            if good == 2 and (i == common or j == common):
                w[i, j] = 0.0
    _add(block[1], t, above)
    _times(q, t, a)
    _times(q, w, u)
    for i in range(3):
        for j in range(3):
            z[i, j] = u[i, 0] * q[j, 0] + u[i, 1] * q[j, 1] + u[i, 2] * q[j, 2] if live[i] and live[j] else 0.0
            if not live[i]:
                a[i, j] = 1.0 if i == j else 0.0
    return good


@numba.njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
def eliminate(parent, z_b, shunt, block, nodal, common, blocks, live, a, z, turns, floats):
    """Fill ``a`` (node, 3, 3), ``z`` (node, 3, 3), ``turns`` (node): whether A is more than 1, and ``floats`` (node): whether its transformer
    lets it float. ``shunt`` becomes Ŷ. The node whose branch has no such step (a resonance), or −1.
    """
    room, one = np.empty((3, 3, 3), np.complex128), np.eye(3).astype(np.complex128)
    for k in range(len(parent) - 1, 0, -1):
        up, at = parent[k], block[k]
        bare = True
        for i in range(3):
            for j in range(3):
                bare = bare and shunt[k, i, j] == 0.0
        turns[k] = at >= 0 or not bare
        if at >= 0 and nodal[at]:
            found = _nodal(blocks[at], common[at], live[k], shunt[k], shunt[up], a[k], z[k], room)
            good, floats[k] = found > 0, found == 2
        elif turns[k]:
            good = _series(blocks[at, 0] if at >= 0 else one, z_b[k], shunt[k], shunt[up], a[k], z[k], room)
        else:
            z[k] = z_b[k]
            good = True
        if not good:
            return k
    return -1
