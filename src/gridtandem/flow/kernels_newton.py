"""Newton's method on the power-flow equations as 2×2 blocks with a border, compiled: the whole iteration is one call.

Equations: `gridtandem.flow.kernels_equations`; what couples beyond neighbours: `gridtandem.flow.kernels_border`. Arguments come in groups:

- ``lines`` = (at, column, slot), entries off the diagonal; ``values`` = admittances (off, on) the diagonal;
- ``lu`` = (start, diagonal, column, tape) of the factors;
- ``power`` = (node, law) of loads that vary with voltage, then (node, reach, series) of interfaces;
- ``moving`` = (end, line, series, turn, group, home, mend) of transformers whose ratios move;
- ``edge`` = (node, part, which, share) of the border: its equations, its unknowns among the moves, each node's share of the slack.

A state = (v, y, own, e, s, f, slope, size, slack, g): voltages, admittances, terms and sums of flows, mismatch, slopes of what is drawn, sizes
of moving ratios, the shared slack, mismatch of the border. What belongs to factors = (a, by_size, way, along, small, x, d, rest): blocks, slopes
by ratios, the border's three, and a step's unknowns of the blocks, its moves, and the border's right-hand side.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gridtandem.flow.kernels_block import FAST, backward, forward, substituted
from gridtandem.flow.kernels_border import by_ratio, closed, crossed, joined, spread, wired
from gridtandem.flow.kernels_equations import HOLDS, MOVES, curves, factor, flows, laws, missing, moved, residual
from gridtandem.tables import Code, Complex, Index, Real

PART = {name: value for name, value in FAST.items() if name != "cache"}  # of a whole that is cached
SOLVED, DIVERGED, SLOW, SINGULAR, STUCK, INACCURATE = range(6)
SHORTEST, DESCENT, FAR = 1 / 1024, 1e-4, 1e8  # as in gridtandem.flow.iteration
RESIDUAL = 1e-6  # of a linear solution, relative to the right-hand side, beyond which the pivots are blamed
POOR = 0.5  # a step that leaves more than this of the mismatch has its linear solution checked
KEEP = 0.02  # a step that left less than this of the mismatch may lend its factors to the next


@njit(**PART)
def begun(
    begin: Complex, scheduled: Complex, drawn: Complex, loads: float, target: Real, order: Index, home: Index, blocks: int
) -> tuple[Real, Real, Code]:
    """Voltages, constant power drawn less injected, and which nodes hold their magnitude, in the order of elimination."""
    n = len(order)
    v, plan, kind = np.empty((n, 2)), np.empty((n, 2)), np.zeros(n, np.int8)
    for i in range(n):
        k = order[i]
        scale = 1.0
        if target[k] == target[k]:
            scale = target[k] / abs(begin[k])
            kind[i] = HOLDS
        v[i, 0], v[i, 1] = scale * begin[k].real, scale * begin[k].imag
        plan[i, 0], plan[i, 1] = loads * drawn[k].real - scheduled[k].real, loads * drawn[k].imag - scheduled[k].imag
    for i in home:
        if i >= 0:
            kind[i] = MOVES
    return v, plan, kind[:blocks]


@njit(**PART)
def state(v: Real, lines: tuple, values: tuple, blocks: int, size: Real, edges: int) -> tuple:
    """Room for a state; admittances of its own where ratios move."""
    y, own = values
    if len(size):
        y, own = y.copy(), own.copy()
    n, entries = len(v), len(lines[1])
    return (
        v.copy(), y, own, np.empty((entries, 2)), np.empty((n, 2)), np.empty((blocks, 2)), np.zeros((n, 2)), size.copy(), np.zeros(1), np.empty(edges)
    )  # fmt: skip


@njit(**PART)
def evaluated(
    now: tuple, loads: float, plan: Real, kind: Code, extra: Real, lines: tuple, values: tuple, power: tuple, moving: tuple, edge: tuple
) -> tuple[float, float, int]:
    """Everything at a state's voltages, ratios and slack; what `missing` says, the border counted in."""
    v, y, own, e, s, f, slope, size, slack, g = now
    law_node, law, draw_node, reach, series = power
    node, part, _, share = edge
    if len(size):
        wired(moving[0], moving[1], moving[2], moving[3], size, values, y, own)
    if len(law_node) + len(draw_node):
        for i in range(len(extra)):
            extra[i, 0], extra[i, 1], slope[i, 0], slope[i, 1] = 0.0, 0.0, 0.0, 0.0
        laws(v, loads, law_node, law, extra, slope)
        curves(v, draw_node, reach, series, extra, slope)
    flows(0, len(s), v, lines[0], lines[1], y, own, e, s)
    largest, squares, worst = missing(s, plan, extra, kind, share, slack[0], f)
    for b in range(len(node)):
        i, c = node[b], part[b]
        g[b] = s[i, c] + plan[i, c] + extra[i, c]
        if len(share) and c == 0:
            g[b] -= slack[0] * share[i]
        squares += g[b] ** 2
        if abs(g[b]) > largest:
            largest, worst = abs(g[b]), i
    return (largest if np.isfinite(squares) else np.inf), squares, worst


@njit(**PART)
def room(lu: tuple, moving: tuple, edge: tuple, sides: int) -> tuple:
    """Room for factors: blocks, slopes by ratios, and the border's."""
    m, groups, edges = len(lu[1]), len(moving[5]), len(edge[0])
    return (
        np.empty((len(lu[2]), 4)), np.empty((len(moving[4]), 2, 2)), np.empty((m, 2, edges)), np.empty((groups + 1, edges)),
        np.empty((edges, edges)), np.empty((m, 2, sides)), np.empty((groups + 1, sides)), np.empty((edges, sides)),
    )  # fmt: skip


@njit(**PART)
def prepared(now: tuple, kind: Code, lines: tuple, lu: tuple, moving: tuple, edge: tuple, work: tuple) -> None:
    """Factors at a state, and its mismatch taken forward."""
    v, _, own, e, s, f, slope, size, _, _ = now
    a, by_size, way, along, small, x, _, _ = work
    end, _, series, turn, group, home, mend = moving
    node, part, which, share = edge
    by_ratio(v, end, series, turn, size, by_size)
    factor(v, own, lines[0], e, s, slope, kind, lines[2], f, lu[0], lu[1], lu[2], lu[3], mend, by_size, a, x.reshape((len(x), 2)))
    if len(node):
        closed(
            v, own, lines[0], lines[1], e, s, slope, kind, lu[0], lu[1], lu[2], a, end, group, by_size, home, node, part, which, share,
            way, along, small,
        )  # fmt: skip


@njit(**PART)
def step(now: tuple, kind: Code, lines: tuple, lu: tuple, moving: tuple, edge: tuple, work: tuple, kept: bool) -> None:
    """Newton's step in the last places of ``work``: unknowns of the blocks and moves; ``kept``: with the factors that are there."""
    v, _, own, e, s, f, slope, _, _, g = now
    a, by_size, way, along, small, x, d, rest = work
    y = x.reshape((len(x), 2))
    if kept:
        for i in range(len(f)):
            y[i, 0], y[i, 1] = -f[i, 0], -f[i, 1]
        forward(lu[0], lu[1], lu[2], a, y)
    else:
        prepared(now, kind, lines, lu, moving, edge, work)
    backward(lu[0], lu[1], lu[2], a, y)
    for b in range(len(g)):
        rest[b, 0] = -g[b]
    joined(
        v, own, lines[0], lines[1], e, s, slope, moving[0], moving[4], by_size, moving[5], edge[0], edge[1], edge[3],
        way, along, small, rest, x, d,
    )  # fmt: skip


@njit(**PART)
def unmet(now: tuple, kind: Code, lines: tuple, moving: tuple, edge: tuple, work: tuple) -> float:
    """Norm of what a step leaves of the linear equations."""
    v, _, own, e, s, f, slope, _, _, g = now
    _, by_size, _, _, _, x, d, rest = work
    if len(d) == 1 and len(g) == 0:
        return residual(v, own, lines[0], lines[1], e, s, slope, kind, f, x.reshape((len(x), 2)))
    more = f.copy()
    spread(moving[0], moving[4], by_size, kind, edge[3], d, more.reshape((len(f), 2, 1)))
    blocks = residual(v, own, lines[0], lines[1], e, s, slope, kind, more, x.reshape((len(x), 2)))
    crossed(v, own, lines[0], lines[1], e, s, slope, moving[0], moving[4], by_size, edge[0], edge[1], edge[3], x, d, rest)
    squares = blocks**2
    for b in range(len(g)):
        squares += (rest[b, 0] + g[b]) ** 2
    return np.sqrt(squares)


@njit(**PART)
def ahead(now: tuple, moving: tuple, work: tuple, part: float, new: tuple) -> bool:
    """``part`` of a step from ``now``; False where a magnitude or a ratio would not stay positive."""
    x, d, group = work[5], work[6], moving[4]
    good = moved(now[0], x.reshape((len(x), 2)), part, new[0])
    for k in range(len(group)):
        new[7][k] = now[7][k] + part * d[group[k], 0]
        good = good and new[7][k] > 0.0
    new[8][0] = now[8][0] + part * d[len(d) - 1, 0]
    return good


@njit(**FAST)
def factored(
    begin: Complex, scheduled: Complex, drawn: Complex, loads: float, target: Real, order: Index, lines: tuple, values: tuple, lu: tuple,
    power: tuple, moving: tuple, edge: tuple, size: Real,
) -> tuple[tuple, tuple]:  # fmt: skip
    """State and factors of the Jacobian at ``begin``; the arguments of `newton`."""
    m = len(lu[1])
    v, plan, kind = begun(begin, scheduled, drawn, loads, target, order, moving[5], m)
    now, extra, work = state(v, lines, values, m, size, len(edge[0])), np.zeros((len(v), 2)), room(lu, moving, edge, 1)
    evaluated(now, loads, plan, kind, extra, lines, values, power, moving, edge)
    prepared(now, kind, lines, lu, moving, edge, work)
    return now, work


@njit(**FAST)
def answered(now: tuple, work: tuple, lines: tuple, lu: tuple, moving: tuple, edge: tuple, x: Real, rest: Real) -> Real:
    """Moves, and unknowns of the blocks in ``x``, from the right-hand sides ``x`` (block, 2, side) and ``rest`` (border, side)."""
    d = np.zeros((len(moving[5]) + 1, x.shape[2]))
    substituted(lu[0], lu[1], lu[2], work[0], x)
    joined(
        now[0], now[2], lines[0], lines[1], now[3], now[4], now[6], moving[0], moving[4], work[1], moving[5], edge[0], edge[1], edge[3],
        work[2], work[3], work[4], rest, x, d,
    )  # fmt: skip
    return d


@njit(**FAST)
def newton(
    begin: Complex, scheduled: Complex, drawn: Complex, loads: float, target: Real, order: Index, lines: tuple, values: tuple, lu: tuple,
    power: tuple, moving: tuple, edge: tuple, size: Real, tol: float, most: int, damped: bool, keep: bool, v_out: Complex, needed: Complex,
) -> tuple[int, int, float, int, float]:  # fmt: skip
    """From ``begin`` to voltages and to the power ``needed`` at every node; how it ended, steps, largest mismatch, worst node, slack.

    ``drawn``: by loads that know no voltage, at factor 1; ``scheduled``: injected by units; ``target``: magnitude held, NaN elsewhere.
    These, ``begin``, ``v_out`` and ``needed`` lie in the natural order of nodes. ``size``: of moving ratios, in and out. ``keep``: factors
    serve for more than one step where that is expected to be enough.
    """
    m = len(lu[1])
    v, plan, kind = begun(begin, scheduled, drawn, loads, target, order, moving[5], m)
    now, new = state(v, lines, values, m, size, len(edge[0])), state(v, lines, values, m, size, len(edge[0]))
    extra, work = np.zeros((len(v), 2)), room(lu, moving, edge, 1)
    left, squares, worst = evaluated(now, loads, plan, kind, extra, lines, values, power, moving, edge)
    why, k, kept = SLOW, 0, False
    while left > tol and left < FAR and k < most and why == SLOW:
        step(now, kind, lines, lu, moving, edge, work, kept)
        part, after, sum_after, worst_after = 1.0, np.inf, np.inf, 0
        while why == SLOW:
            if ahead(now, moving, work, part, new):
                after, sum_after, worst_after = evaluated(new, loads, plan, kind, extra, lines, values, power, moving, edge)
            else:
                after, sum_after = np.inf, np.inf
            if part == 1.0 and not kept and not after < POOR * left:
                rest = unmet(now, kind, lines, moving, edge, work)
                if not rest <= RESIDUAL * np.sqrt(squares):
                    why = INACCURATE if np.isfinite(rest) else SINGULAR
            if why != SLOW or not damped or np.sqrt(sum_after) <= (1 - DESCENT * part) * np.sqrt(squares):
                break
            part /= 2
            if part < SHORTEST:
                why = STUCK
        if why == SLOW:
            kept = keep and part == 1.0 and after < KEEP * left
            now, new = new, now
            left, squares, worst, k = after, sum_after, worst_after, k + 1
    if left <= tol:
        why = SOLVED
    elif why == SLOW and not left < FAR:
        why = DIVERGED
    for i in range(len(size)):
        size[i] = now[7][i]
    v, s = now[0], now[4]
    for i in range(len(v)):
        v_out[order[i]] = complex(v[i, 0], v[i, 1])
        needed[order[i]] = complex(s[i, 0] + extra[i, 0] + plan[i, 0], s[i, 1] + extra[i, 1] + plan[i, 1]) + scheduled[order[i]]
    return why, k, left, order[worst] if len(order) else -1, now[8][0]
