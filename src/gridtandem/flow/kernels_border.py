r"""What couples beyond neighbours, around the 2×2 blocks: a slack that many share, and transformers whose ratio follows a voltage.

The ratio of a group of transformers moves by δ, all by the same. Where each of them ends at the node whose voltage they hold, δ takes the
place of that node's :math:`\ln|V|`, and the pattern of the blocks stays as it is. Otherwise, and for the shared slack, blocks A get a border:

.. math::
    \begin{pmatrix} A & B \\ C & D \end{pmatrix} \begin{pmatrix} x \\ u \end{pmatrix} = -\begin{pmatrix} f \\ g \end{pmatrix}, \qquad
    (D - C A^{-1} B)\,u = -g + C A^{-1} f, \qquad x = -A^{-1} (f + B u) .

The rows of the border are the reactive power of a node whose voltage is held from afar and the active power of the node whose angle is
given. With the complex ratio :math:`m = |m| \mathrm{e}^{\mathrm{j}\varphi}` at the from side,

.. math::
    S_f = \overline{(y + \tfrac{\mathrm{j}b}{2})}\frac{|V_f|^2}{|m|^2} + V_f \overline{\left(-\frac{y}{\overline m} V_t\right)}, \qquad
    S_t = \overline{(y + \tfrac{\mathrm{j}b}{2})} |V_t|^2 + V_t \overline{\left(-\frac{y}{m} V_f\right)} .

Nodes are places in the order of elimination; those from the number of blocks on are given. ``d`` holds the moves of the groups and, last, of
the slack. (numba's cache of `gridtandem.flow.kernels_newton` does not see changes of this module: touch it after a change here.)
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gridtandem.flow.kernels_block import FAST, substituted
from gridtandem.tables import Code, Complex, Index, Real


@njit(**FAST)
def wired(end: Index, line: Index, series: Complex, turn: Complex, size: Real, rest: tuple[Real, Real], y: Real, own: Real) -> None:
    """Admittances for ratios of these sizes; ``rest`` is what the other branches leave there."""
    for k in range(len(size)):
        for c in range(2):
            for part in range(2):
                y[line[k, c], part] = rest[0][line[k, c], part]
                own[end[k, c], part] = rest[1][end[k, c], part]
    for k in range(len(size)):
        m, at_t = size[k] * turn[k], series[k, 0] + series[k, 1]
        at_f, ft, tf = at_t / size[k] ** 2, -series[k, 0] / np.conj(m), -series[k, 0] / m
        own[end[k, 0], 0] += at_f.real
        own[end[k, 0], 1] += at_f.imag
        own[end[k, 1], 0] += at_t.real
        own[end[k, 1], 1] += at_t.imag
        y[line[k, 0], 0] += ft.real
        y[line[k, 0], 1] += ft.imag
        y[line[k, 1], 0] += tf.real
        y[line[k, 1], 1] += tf.imag


@njit(**FAST)
def by_ratio(v: Real, end: Index, series: Complex, turn: Complex, size: Real, slope: Real) -> None:
    """Derivative of the power at the from and the to end of each transformer by the size of its ratio: (transformer, end, [P, Q])."""
    for k in range(len(size)):
        m = size[k] * turn[k]
        vf, vt = complex(v[end[k, 0], 0], v[end[k, 0], 1]), complex(v[end[k, 1], 0], v[end[k, 1], 1])
        own = (vf.real**2 + vf.imag**2) * np.conj(series[k, 0] + series[k, 1]) / size[k] ** 2
        at_f, at_t = 2 * own + vf * np.conj(-series[k, 0] / np.conj(m) * vt), vt * np.conj(-series[k, 0] / m * vf)
        slope[k, 0, 0], slope[k, 0, 1] = -at_f.real / size[k], -at_f.imag / size[k]
        slope[k, 1, 0], slope[k, 1, 1] = -at_t.real / size[k], -at_t.imag / size[k]


@njit(inline="always", **FAST)
def mended(c: int, mend: Index, slope: Real, held: bool, a: Real) -> None:
    """Second column of a block: nothing (its unknown moves a ratio now), or one transformer's derivative more."""
    t, source = mend[c, 1], mend[c, 2]
    if source < 0:
        a[t, 1] = 0.0
        if not held:
            a[t, 3] = 0.0
    else:
        a[t, 1] += slope[source // 2, source % 2, 0]
        if not held:
            a[t, 3] += slope[source // 2, source % 2, 1]


@njit(**FAST)
def taken(home: Index, x: Real, d: Real) -> None:
    """Moves of ratios out of the places of the voltages they hold; those voltages do not move."""
    for g in range(len(home)):
        if home[g] >= 0:
            for r in range(x.shape[2]):
                d[g, r] = x[home[g], 1, r]
                x[home[g], 1, r] = 0.0


@njit(**FAST)
def spread(end: Index, group: Index, slope: Real, kind: Code, share: Real, d: Real, out: Real) -> None:
    """Power that moves ``d`` add to the equations of the blocks, added to ``out`` (block, 2, side)."""
    last = len(d) - 1
    for r in range(out.shape[2]):
        for k in range(len(group)):
            for c in range(2):
                i = end[k, c]
                if i < len(kind):
                    out[i, 0, r] += slope[k, c, 0] * d[group[k], r]
                    if kind[i] != 1:
                        out[i, 1, r] += slope[k, c, 1] * d[group[k], r]
        if len(share):
            for i in range(len(kind)):
                out[i, 0, r] -= share[i] * d[last, r]


@njit(**FAST)
def crossed(
    v: Real, own: Real, at: Index, column: Index, e: Real, s: Real, by_size: Real, end: Index, group: Index, slope: Real,
    node: Index, part: Code, share: Real, x: Real, d: Real, out: Real,
) -> None:  # fmt: skip
    """C x + D d: power at the nodes of the border by unknowns of the blocks (block, 2, side) and moves."""
    for b in range(len(node)):
        i, q = node[b], part[b] == 1
        for r in range(x.shape[2]):
            total = 0.0
            for k in range(at[i, 0], at[i, 1]):
                j = column[k]
                total += e[k, 1] * x[j, 1, r] - e[k, 0] * x[j, 0, r] if q else e[k, 1] * x[j, 0, r] + e[k, 0] * x[j, 1, r]
            if i < len(x):
                size = v[i, 0] ** 2 + v[i, 1] ** 2
                ga, gb = size * own[i, 0], -size * own[i, 1]
                if q:
                    total += (s[i, 0] - ga) * x[i, 0, r] + (gb + s[i, 1] + by_size[i, 1]) * x[i, 1, r]
                else:
                    total += (gb - s[i, 1]) * x[i, 0, r] + (ga + s[i, 0] + by_size[i, 0]) * x[i, 1, r]
            for k in range(len(group)):
                for c in range(2):
                    if end[k, c] == i:
                        total += slope[k, c, part[b]] * d[group[k], r]
            if len(share) and not q:
                total -= share[i] * d[len(d) - 1, r]
            out[b, r] = total


@njit(**FAST)
def edged(
    s: Real, plan: Real, extra: Real, node: Index, part: Code, share: Real, slack: float, g: Real, found: tuple[float, float, int]
) -> tuple[float, float, int]:
    """Mismatch of the border, ``g``, counted in with what `gridtandem.flow.kernels_equations.missing` ``found`` in the blocks."""
    largest, squares, worst = found
    for b in range(len(node)):
        i, c = node[b], part[b]
        g[b] = s[i, c] + plan[i, c] + extra[i, c]
        if len(share) and c == 0:
            g[b] -= slack * share[i]
        squares += g[b] ** 2
        if abs(g[b]) > largest:
            largest, worst = abs(g[b]), i
    return (largest if np.isfinite(squares) else np.inf), squares, worst


@njit(**FAST)
def inverse(t: Real) -> None:
    """A small dense matrix inverted where it stands, rows exchanged as numbers ask for it (Gauss–Jordan); not finite where it is singular."""
    n = len(t)
    swap = np.empty(n, np.int64)
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(t[i, k]) > abs(t[best, k]):
                best = i
        swap[k] = best
        for j in range(n):
            t[k, j], t[best, j] = t[best, j], t[k, j]
        pivot = 1.0 / t[k, k]
        t[k, k] = 1.0
        for j in range(n):
            t[k, j] *= pivot
        for i in range(n):
            if i != k:
                factor = t[i, k]
                t[i, k] = 0.0
                for j in range(n):
                    t[i, j] -= factor * t[k, j]
    for k in range(n - 1, -1, -1):
        for i in range(n):
            t[i, k], t[i, swap[k]] = t[i, swap[k]], t[i, k]


@njit(**FAST)
def closed(
    v: Real, own: Real, at: Index, column: Index, e: Real, s: Real, by_size: Real, kind: Code, start: Index, diagonal: Index, lu_column: Index,
    a: Real, end: Index, group: Index, slope: Real, home: Index, node: Index, part: Code, which: Index, share: Real, way: Real, along: Real,
    small: Real,
) -> None:  # fmt: skip
    """The border's factors: what blocks (``way``) and moves (``along``) do for each unknown of the border, and the inverse between, ``small``."""
    for b in range(len(which)):
        for g in range(len(along)):
            along[g, b] = -1.0 if g == which[b] else 0.0
        for i in range(len(way)):
            way[i, 0, b], way[i, 1, b] = 0.0, 0.0
    spread(end, group, slope, kind, share, along, way)
    substituted(start, diagonal, lu_column, a, way)
    for b in range(len(which)):
        along[which[b], b] = 1.0
    taken(home, way, along)
    crossed(v, own, at, column, e, s, by_size, end, group, slope, node, part, share, way, along, small)
    inverse(small)


@njit(**FAST)
def joined(
    v: Real, own: Real, at: Index, column: Index, e: Real, s: Real, by_size: Real, end: Index, group: Index, slope: Real, home: Index, node: Index,
    part: Code, share: Real, way: Real, along: Real, small: Real, rest: Real, x: Real, d: Real,
) -> None:  # fmt: skip
    """From A⁻¹ times the right-hand sides, in ``x``, and those of the border, ``rest``, to the unknowns ``x`` and ``d``."""
    for r in range(x.shape[2]):
        for g in range(len(d)):
            d[g, r] = 0.0
    taken(home, x, d)
    if len(node) == 0:
        return
    there = np.empty(rest.shape)
    crossed(v, own, at, column, e, s, by_size, end, group, slope, node, part, share, x, d, there)
    for r in range(x.shape[2]):
        for b in range(len(node)):
            u = 0.0
            for c in range(len(node)):
                u += small[b, c] * (rest[c, r] - there[c, r])
            for i in range(len(x)):
                x[i, 0, r] += way[i, 0, b] * u
                x[i, 1, r] += way[i, 1, b] * u
            for g in range(len(d)):
                d[g, r] += along[g, b] * u
