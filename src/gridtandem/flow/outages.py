"""Many load flows of one network, with other branches open in each: the order of elimination and the pattern of the factors serve them all.

A row is solved by full steps from its start; one that this does not solve, that ends at low voltages or where limits or transformers want to move is
handed to `Newton.solve` of the network without its branches, which has its own ladder: shortened steps, then a flat start. A row's answer depends on
that row alone, to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gridtandem.flow.batch import Batch
from gridtandem.flow.blocks import NO_CURVES, Blocks
from gridtandem.flow.border import Border
from gridtandem.flow.draw import Draw
from gridtandem.flow.newton import LOW, Newton
from gridtandem.flow.sums import summed
from gridtandem.flow.sweep import processors, shared_out
from gridtandem.flow.variants import without
from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.forest import slices
from gridtandem.kernels import kernel
from gridtandem.tables import Complex, Index, Real

AT_ONCE = 100_000  # nodes of all rows that a thread takes in one go


def solve_outages(newton: Newton, *, opened: Sequence[Index], loads: Real, units: Real, start: Complex, draw: Draw | None = None) -> Batch:
    """Load flows with branches ``opened`` (row), all loads times ``loads`` (row), schedules times ``units`` (row), from ``start`` (row, node).

    ``draw`` has ``low`` and ``high`` (row or one for all, interface) and ``c`` with one axis more. No row may island anything.
    """
    rows, n = len(opened), newton.nodal.nodes
    out = Batch(
        v=np.full((rows, n), complex(np.nan, np.nan)), fixed_s=np.full((rows, len(newton.fixed)), complex(np.nan, np.nan)),
        converged=np.zeros(rows, bool), iterations=np.zeros(rows, np.int64), mismatch=np.full(rows, np.inf), alone=np.ones(rows, bool), trouble=(),
    )  # fmt: skip
    blocks, border, o = newton.blocks, newton.home, newton.options
    moves = o.q_rule == "switch" or (o.taps == "move" and len(newton.nodal.taps.branch))
    if blocks is not None and border is not None and not moves and not len(border.edge[0]):
        _compiled(newton, opened, (loads, units), (start, draw), (blocks, border, out))
        out.alone[:] = ~(out.converged & (np.abs(out.v).min(axis=1, initial=1.0) >= LOW))
    trouble = [""] * rows
    for r in np.flatnonzero(out.alone).tolist():
        k = 0 if draw is None or len(draw.low) == 1 else r
        mine = None if draw is None else Draw(node=draw.node, low=draw.low[k], high=draw.high[k], c=draw.c[k])
        found = without(newton, opened[r]).solve(start=start[r], draw=mine, loads=float(loads[r]), units=float(units[r]))
        out.v[r], out.fixed_s[r], out.converged[r], trouble[r] = found.v, found.fixed_s, found.converged, found.trouble
        out.iterations[r], out.mismatch[r] = found.iterations, found.mismatch
    return Batch(
        v=out.v, fixed_s=out.fixed_s, converged=out.converged, iterations=out.iterations, mismatch=out.mismatch, alone=out.alone,
        trouble=tuple(trouble),
    )  # fmt: skip


def _compiled(
    newton: Newton, opened: Sequence[Index], factors: tuple[Real, Real], begin: tuple[Complex, Draw | None], to: tuple[Blocks, Border, Batch]
) -> None:
    """All rows, some at a time on each thread: the admittances of a thread are its own."""
    (loads, units), (start, draw), (blocks, border, out) = factors, begin, to
    problem, u = newton.problem, newton.nodal.units
    rows, n = len(opened), newton.nodal.nodes
    first = start.copy()
    first[:, newton.fixed] = newton.roles.own_v
    active = summed(u.node, u.s.real, n)
    scheduled = np.asarray(units[:, None] * active + 1j * problem.scheduled.imag, np.complex128)
    node, reach, series = NO_CURVES[0], np.empty((1, 0, 2)), np.empty((1, 0, 1), np.complex128)
    if draw is not None:
        node, reach, series = blocks.place[draw.node], np.stack([draw.low, draw.high], -1), np.ascontiguousarray(draw.c)
    needed = np.empty((rows, n), np.complex128)
    begin_of, slot, value = _changes(newton, blocks, opened)
    solve = kernel("flow.kernels_outages", "newton_outages")

    def work(r: slice) -> None:
        off, on = (values.copy() for values in border.values)
        curves = (reach, series) if len(reach) == 1 else (reach[r], series[r])
        solve(
            first[r], scheduled[r], blocks.drawn, loads[r], problem.target, blocks.order, blocks.lines, off, on, blocks.factors, *blocks.law, node,
            *curves, *border.couples, problem.tol, problem.iterations, problem.factors == "kept", begin_of[r.start : r.stop + 1], slot, value,
            out.v[r], needed[r], out.iterations[r], out.mismatch[r], out.converged[r],
        )  # fmt: skip

    each = max(1, AT_ONCE // n)
    shared_out([slice(k, min(k + each, rows)) for k in range(0, rows, each)], work, processors())
    inside = ~((u.control == REFERENCE) & newton.roles.given[u.node])
    own = units[:, None] * summed(u.node, u.s.real * inside, n)[newton.fixed] + 1j * newton.roles.own_q[newton.fixed]
    out.fixed_s[:] = needed[:, newton.fixed] - own
    out.v[~out.converged] = complex(np.nan, np.nan)


def _changes(newton: Newton, blocks: Blocks, opened: Sequence[Index]) -> tuple[Index, Index, Real]:
    """Where each row's changed admittances begin; their places, those off the diagonal first; their values, added up as for the whole network."""
    nodal, wiring, count = newton.nodal, newton.wiring, len(newton.nodal.branches.z)
    size = np.array([len(b) for b in opened], np.int64)
    row, branch = np.repeat(np.arange(len(opened)), size), np.concatenate([np.empty(0, np.int64), *opened])
    entries = len(wiring.row)
    touched = np.unique(row[:, None] * entries + wiring.place[branch[:, None] + count * np.arange(4)])
    of_row, entry = touched // entries, touched % entries
    order = np.argsort(wiring.place, kind="stable")
    begin = np.searchsorted(wiring.place[order], np.arange(entries + 1))
    many = begin[entry + 1] - begin[entry]
    part = order[slices(begin[entry], many)]
    owner = np.repeat(np.arange(len(entry)), many)
    gone = np.isin(of_row[owner] * count + part % count, row * count + branch) & (part < 4 * count)
    parts = np.where(gone, 0.0, wiring.parts(nodal, newton.held.ratio)[part])
    value = np.stack([summed(owner, parts.real, len(entry)), summed(owner, parts.imag, len(entry))], -1)
    slot = np.empty(entries, np.int64)
    slot[blocks.entry] = np.arange(len(blocks.entry))
    slot[blocks.diagonal] = len(blocks.entry) + np.arange(len(blocks.diagonal))
    return np.searchsorted(of_row, np.arange(len(opened) + 1)), slot[entry], value
