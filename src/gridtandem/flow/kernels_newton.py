"""Newton's method on the power-flow equations as 2×2 blocks with a border, compiled: the whole iteration is one call.

Equations: `gridtandem.flow.kernels_equations`; what couples beyond neighbours: `gridtandem.flow.kernels_border`. Arguments come in groups:

- ``lines`` = (at, column, slot), entries off the diagonal; ``values`` = admittances (off, on) the diagonal;
- ``lu`` = (start, diagonal, column, tape) of the factors;
- ``power`` = (node, law) of loads that vary with voltage, then (node, reach, series) of interfaces;
- ``moving`` = (end, line, series, turn, group, home, mend) of transformers whose ratios move;
- ``edge`` = (node, part, which, share) of the border: its equations, its unknowns among the moves, each node's share of the slack.

Without a border ``moving`` and ``edge`` are None: then nothing of it is compiled, and most users never wait for it. What is compiled on first
use is kept small in other ways too: helpers are parts of the whole (inlined before types are found), and there is one place that evaluates.

A state = (v, e, s, f, slope, y, own, size, slack, g): voltages, terms and sums of flows, mismatch, slopes of what is drawn, admittances; with a
border sizes of moving ratios, the shared slack, mismatch of the border. What belongs to factors = (a, x, by_size, way, along, small, d, rest):
blocks, a step's unknowns of the blocks; with a border slopes by ratios, the border's three, the step's moves, the border's right-hand side.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gridtandem.flow.kernels_block import FAST, backward, forward, substituted
from gridtandem.flow.kernels_border import by_ratio, closed, crossed, edged, joined, spread, wired
from gridtandem.flow.kernels_equations import HOLDS, MOVES, curves, factor, flows, laws, missing, moved, residual
from gridtandem.flow.kernels_shared import DIVERGED, INACCURATE, SINGULAR, SLOW, SOLVED, STUCK
from gridtandem.tables import Code, Complex, Index, Real

PART = {**{name: value for name, value in FAST.items() if name != "cache"}, "inline": "always"}
SHORTEST, DESCENT, FAR = 1 / 1024, 1e-4, 1e8  # as in gridtandem.flow.iteration
RESIDUAL = 1e-6  # of a linear solution, relative to the right-hand side, beyond which the pivots are blamed
POOR = 0.5  # a step that leaves more than this of the mismatch has its linear solution checked
KEEP = 0.02  # a step that left less than this of the mismatch may lend its factors to the next


@njit(**FAST)
def begun(
    begin: Complex, scheduled: Complex, drawn: Complex, loads: float, target: Real, order: Index, home: Index | None, blocks: int
) -> tuple[Real, Real, Code]:
    """Voltages, constant power drawn less injected, and which nodes hold their magnitude, in the order of elimination."""
    n = len(order)
    v, plan, kind = np.empty((n, 2)), np.empty((n, 2)), np.zeros(blocks, np.int8)
    for i in range(n):
        k = order[i]
        scale = 1.0
        if target[k] == target[k]:
            scale = target[k] / abs(begin[k])
            if i < blocks:
                kind[i] = HOLDS
        v[i, 0], v[i, 1] = scale * begin[k].real, scale * begin[k].imag
        plan[i, 0], plan[i, 1] = loads * drawn[k].real - scheduled[k].real, loads * drawn[k].imag - scheduled[k].imag
    if home is not None:
        for i in home:
            if i >= 0:
                kind[i] = MOVES
    return v, plan, kind


@njit(**PART)
def state(v: Real, lines: tuple, values: tuple, blocks: int, size: Real, edge: tuple | None) -> tuple:
    """Room for a state; admittances of its own where ratios may move."""
    n = len(v)
    e, s, f, slope = np.empty((len(lines[1]), 2)), np.empty((n, 2)), np.empty((blocks, 2)), np.zeros((n, 2))
    if edge is None:
        return v, e, s, f, slope, values[0], values[1], None, None, None
    return v, e, s, f, slope, values[0].copy(), values[1].copy(), size.copy(), np.zeros(1), np.empty(len(edge[0]))


@njit(**PART)
def room(lu: tuple, moving: tuple | None, edge: tuple | None) -> tuple:
    """Room for factors and a step."""
    m = len(lu[1])
    a, x = np.empty((len(lu[2]), 4)), np.empty((m, 2, 1))
    if edge is None:
        return a, x, None, None, None, None, None, None
    groups, edges = len(moving[5]), len(edge[0])
    return (
        a, x, np.empty((len(moving[4]), 2, 2)), np.empty((m, 2, edges)), np.empty((groups + 1, edges)), np.empty((edges, edges)),
        np.empty((groups + 1, 1)), np.empty((edges, 1)),
    )  # fmt: skip


@njit(**PART)
def evaluated(
    now: tuple, loads: float, plan: Real, kind: Code, extra: Real, lines: tuple, values: tuple, power: tuple, moving: tuple | None, edge: tuple | None
) -> tuple[float, float, int]:
    """Everything at a state's voltages, ratios and slack; what `missing` says, the border counted in."""
    v, e, s, f, slope, y, own, size, slack, g = now
    law_node, law, draw_node, reach, series = power
    if moving is not None:
        wired(moving[0], moving[1], moving[2], moving[3], size, values, y, own)
    if len(law_node) + len(draw_node):
        for i in range(len(extra)):
            extra[i, 0], extra[i, 1], slope[i, 0], slope[i, 1] = 0.0, 0.0, 0.0, 0.0
        laws(v, loads, law_node, law, extra, slope)
        curves(v, draw_node, reach, series, extra, slope)
    flows(0, len(s), v, lines[0], lines[1], y, own, e, s)
    if edge is None:
        return missing(s, plan, extra, kind, None, 0.0, f)
    found = missing(s, plan, extra, kind, edge[3], slack[0], f)
    return edged(s, plan, extra, edge[0], edge[1], edge[3], slack[0], g, found)


@njit(**PART)
def prepared(now: tuple, kind: Code, lines: tuple, lu: tuple, moving: tuple | None, edge: tuple | None, work: tuple) -> None:
    """Factors at a state, and its mismatch taken forward."""
    v, e, s, f, slope, _, own, size, _, _ = now
    a, x, by_size, way, along, small, _, _ = work
    y = x.reshape((len(x), 2))
    if edge is None:
        factor(v, own, lines[0], e, s, slope, kind, lines[2], f, lu[0], lu[1], lu[2], lu[3], None, None, a, y)
    else:
        by_ratio(v, moving[0], moving[2], moving[3], size, by_size)
        factor(v, own, lines[0], e, s, slope, kind, lines[2], f, lu[0], lu[1], lu[2], lu[3], moving[6], by_size, a, y)
        closed(
            v, own, lines[0], lines[1], e, s, slope, kind, lu[0], lu[1], lu[2], a, moving[0], moving[4], by_size, moving[5],
            edge[0], edge[1], edge[2], edge[3], way, along, small,
        )  # fmt: skip


@njit(**PART)
def step(now: tuple, kind: Code, lines: tuple, lu: tuple, moving: tuple | None, edge: tuple | None, work: tuple, kept: bool) -> None:
    """Newton's step among ``work``: unknowns of the blocks and moves; ``kept``: with the factors that are there."""
    v, e, s, f, slope, _, own, _, _, g = now
    a, x, by_size, way, along, small, d, rest = work
    y = x.reshape((len(x), 2))
    if kept:
        for i in range(len(f)):
            y[i, 0], y[i, 1] = -f[i, 0], -f[i, 1]
        forward(lu[0], lu[1], lu[2], a, y)
    else:
        prepared(now, kind, lines, lu, moving, edge, work)
    backward(lu[0], lu[1], lu[2], a, y)
    if edge is not None:
        for b in range(len(g)):
            rest[b, 0] = -g[b]
        joined(
            v, own, lines[0], lines[1], e, s, slope, moving[0], moving[4], by_size, moving[5], edge[0], edge[1], edge[3],
            way, along, small, rest, x, d,
        )  # fmt: skip


@njit(**PART)
def unmet(now: tuple, kind: Code, lines: tuple, moving: tuple | None, edge: tuple | None, work: tuple) -> float:
    """Norm of what a step leaves of the linear equations."""
    v, e, s, f, slope, _, own, _, _, g = now
    _, x, by_size, _, _, _, d, rest = work
    y = x.reshape((len(x), 2))
    if edge is None:
        return residual(v, own, lines[0], lines[1], e, s, slope, kind, f, y)
    more = f.copy()
    spread(moving[0], moving[4], by_size, kind, edge[3], d, more.reshape((len(f), 2, 1)))
    blocks = residual(v, own, lines[0], lines[1], e, s, slope, kind, more, y)
    crossed(v, own, lines[0], lines[1], e, s, slope, moving[0], moving[4], by_size, edge[0], edge[1], edge[3], x, d, rest)
    squares = blocks**2
    for b in range(len(g)):
        squares += (rest[b, 0] + g[b]) ** 2
    return np.sqrt(squares)


@njit(**PART)
def ahead(now: tuple, moving: tuple | None, work: tuple, part: float, new: tuple) -> bool:
    """``part`` of a step from ``now``; False where a magnitude or a ratio would not stay positive."""
    x, d = work[1], work[6]
    good = moved(now[0], x.reshape((len(x), 2)), part, new[0])
    if moving is not None:
        for k in range(len(moving[4])):
            new[7][k] = now[7][k] + part * d[moving[4][k], 0]
            good = good and new[7][k] > 0.0
        new[8][0] = now[8][0] + part * d[len(d) - 1, 0]
    return good


@njit(**FAST)
def factored(
    begin: Complex, scheduled: Complex, drawn: Complex, loads: float, target: Real, order: Index, lines: tuple, values: tuple, lu: tuple,
    power: tuple, moving: tuple | None, edge: tuple | None, size: Real,
) -> tuple[tuple, tuple]:  # fmt: skip
    """State and factors of the Jacobian at ``begin``; the arguments of `newton`."""
    home = None if moving is None else moving[5]
    m = len(lu[1])
    v, plan, kind = begun(begin, scheduled, drawn, loads, target, order, home, m)
    now, extra, work = state(v, lines, values, m, size, edge), np.zeros((len(v), 2)), room(lu, moving, edge)
    evaluated(now, loads, plan, kind, extra, lines, values, power, moving, edge)
    prepared(now, kind, lines, lu, moving, edge, work)
    return now, work


@njit(**FAST)
def answered(now: tuple, work: tuple, lines: tuple, lu: tuple, moving: tuple | None, edge: tuple | None, x: Real, rest: Real, d: Real) -> None:
    """Moves ``d``, and unknowns of the blocks in ``x``, from the right-hand sides ``x`` (block, 2, side) and ``rest`` (border, side)."""
    substituted(lu[0], lu[1], lu[2], work[0], x)
    if edge is not None:
        joined(
            now[0], now[6], lines[0], lines[1], now[1], now[2], now[4], moving[0], moving[4], work[2], moving[5], edge[0], edge[1], edge[3],
            work[3], work[4], work[5], rest, x, d,
        )  # fmt: skip


@njit(**FAST)
def newton(
    begin: Complex, scheduled: Complex, drawn: Complex, loads: float, target: Real, order: Index, lines: tuple, values: tuple, lu: tuple,
    power: tuple, moving: tuple | None, edge: tuple | None, size: Real, tol: float, most: int, damped: bool, keep: bool, v_out: Complex,
    needed: Complex,
) -> tuple[int, int, float, int, float]:  # fmt: skip
    """From ``begin`` to voltages and to the power ``needed`` at every node; how it ended, steps, largest mismatch, worst node, slack.

    ``drawn``: by loads that know no voltage, at factor 1; ``scheduled``: injected by units; ``target``: magnitude held, NaN elsewhere.
    These, ``begin``, ``v_out`` and ``needed`` lie in the natural order of nodes. ``size``: of moving ratios, in and out. ``keep``: factors
    serve for more than one step where that is expected to be enough.
    """
    home = None if moving is None else moving[5]
    v, plan, kind = begun(begin, scheduled, drawn, loads, target, order, home, len(lu[1]))
    now, new = state(v.copy(), lines, values, len(lu[1]), size, edge), state(v, lines, values, len(lu[1]), size, edge)
    extra, work = np.zeros((len(v), 2)), room(lu, moving, edge)
    why, k, kept, good, part, left, squares, worst = SLOW, -1, False, True, 0.0, np.inf, np.inf, 0  # the start is a step of length 0
    while True:
        after, sum_after, worst_after = np.inf, np.inf, 0
        if good:
            after, sum_after, worst_after = evaluated(new, loads, plan, kind, extra, lines, values, power, moving, edge)
        if part == 1.0 and not kept and not after < POOR * left:
            rest = unmet(now, kind, lines, moving, edge, work)
            if not rest <= RESIDUAL * np.sqrt(squares):
                why = INACCURATE if np.isfinite(rest) else SINGULAR
                break
        if damped and part > 0.0 and not np.sqrt(sum_after) <= (1 - DESCENT * part) * np.sqrt(squares):
            part /= 2
            if part < SHORTEST:
                why = STUCK
                break
        else:
            kept = keep and part == 1.0 and after < KEEP * left
            now, new = new, now
            left, squares, worst, k = after, sum_after, worst_after, k + 1
            if not (left > tol and left < FAR and k < most):
                break
            step(now, kind, lines, lu, moving, edge, work, kept)
            part = 1.0
        good = ahead(now, moving, work, part, new)
    if left <= tol:
        why = SOLVED
    elif why == SLOW and not left < FAR:
        why = DIVERGED
    slack = 0.0
    if moving is not None:
        slack = now[8][0]
        for i in range(len(size)):
            size[i] = now[7][i]
    v, s = now[0], now[2]
    for i in range(len(v)):
        v_out[order[i]] = complex(v[i, 0], v[i, 1])
        needed[order[i]] = complex(s[i, 0] + extra[i, 0] + plan[i, 0], s[i, 1] + extra[i, 1] + plan[i, 1]) + scheduled[order[i]]
    return why, k, left, order[worst] if len(order) else -1, slack
