"""Load flows after outages by steps with the factors of the network before them, eight side by side: `gridtandem.flow.kernels_compensated`.

Rows that begin with the same state, loads and schedules share one set of factors, that of the Jacobian there without any outage. What interfaces
draw by voltage is in it where all rows have the same curves; curves of each row's own are left out of the steps (and never out of the mismatch).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.flow.batch import Batch
from gridtandem.flow.blocks import NO_CURVES, Blocks
from gridtandem.flow.border import Border
from gridtandem.flow.draw import Draw
from gridtandem.flow.kernels_shared import workspace
from gridtandem.flow.newton import Newton, noise
from gridtandem.flow.sums import summed
from gridtandem.flow.sweep import processors, shared_out
from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.forest import slices
from gridtandem.kernels import kernel
from gridtandem.tables import Complex, Index, Real

MOST_NODES = 4  # at the ends of a row's branches; more go the full way
MOST_STEPS = 24
WORSE = 0.7  # a step that leaves more than this of the mismatch is the last
CLOSER = 0.01  # of the tolerance: Newton's last step ends far below it, a step of these anywhere
AT_ONCE = 64  # rows that a thread takes in one go, or more where they are short:
NODES = 100_000  # of all its rows; less is not worth a thread


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Asked:
    """Load flows of one network, a row each."""

    opened: Sequence[Index]  # (row) branches
    loads: Real  # (row) factors
    units: Real
    start: Complex  # (row or one for all, node)
    draw: Draw | None  # low, high and c by row; or without that axis, for all

    @property
    def common(self) -> bool:
        """All rows have the same curves."""
        return self.draw is None or self.draw.low.ndim == 1

    def start_of(self, rows: Index) -> Complex:
        """Where these begin."""
        return np.asarray(self.start[rows if len(self.start) > 1 else np.zeros(len(rows), np.int64)], np.complex128)

    def draw_of(self, row: int) -> Draw | None:
        """The curves of one row."""
        d = self.draw
        if d is None or self.common:
            return d
        k = row % len(d.low)
        return Draw(node=d.node, low=d.low[k], high=d.high[k], c=d.c[k])

    @property
    def curves(self) -> tuple[Index, Real, Complex]:
        """Node of each interface, range (row or one for all, interface, 2) and series."""
        d = self.draw
        if d is None:
            return NO_CURVES[0], np.empty((1, 0, 2)), np.empty((1, 0, 1), np.complex128)
        reach = np.stack([d.low, d.high], -1)
        return (d.node, reach[None], d.c[None]) if self.common else (d.node, reach, np.ascontiguousarray(d.c))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Changes:
    """Entries of the admittance that the branches of each row change, those off the diagonal first."""

    begin: Index  # (row + 1)
    slot: Index  # off the diagonal as in ``lines``, then on it by place
    value: Real  # (entry, 2) afterwards, added up as for the whole network

    @staticmethod
    def of(newton: Newton, blocks: Blocks, opened: Sequence[Index]) -> Changes:
        """Of these branches."""
        nodal, wiring, count = newton.nodal, newton.wiring, len(newton.nodal.branches.z)
        size = np.array([len(b) for b in opened], np.int64)
        row, branch = np.repeat(np.arange(len(opened)), size), np.concatenate([np.empty(0, np.int64), *opened])
        entries = len(wiring.row)
        touched = np.unique(row[:, None] * entries + wiring.place[branch[:, None] + count * np.arange(4)])
        of_row, entry = touched // entries, touched % entries
        seen = np.zeros(entries, bool)
        seen[entry] = True
        kept = np.flatnonzero(seen[wiring.place])  # parts of entries that some row changes
        order = kept[np.argsort(wiring.place[kept], kind="stable")]
        begin = np.searchsorted(wiring.place[order], entry)
        many = np.searchsorted(wiring.place[order], entry + 1) - begin
        part, owner = order[slices(begin, many)], np.repeat(np.arange(len(entry)), many)
        gone = np.isin(of_row[owner] * count + part % count, row * count + branch) & (part < 4 * count)
        parts = np.where(gone, 0.0, wiring.parts(nodal, newton.held.ratio)[part])
        value = np.stack([summed(owner, parts.real, len(entry)), summed(owner, parts.imag, len(entry))], -1)
        slot = np.empty(entries, np.int64)
        slot[blocks.entry] = np.arange(len(blocks.entry))
        slot[blocks.diagonal] = len(blocks.entry) + np.arange(len(blocks.diagonal))
        return Changes(begin=np.searchsorted(of_row, np.arange(len(opened) + 1)), slot=slot[entry], value=value)

    def apart(self, blocks: Blocks, values: tuple[Real, Real]) -> tuple[Index, Index, Index, Real]:
        """Begin of each row; row, column and change of each entry."""
        at, column, _ = blocks.lines
        diagonal = np.arange(len(at) - 1)
        rows, columns = np.concatenate([np.repeat(diagonal, np.diff(at[:, 0])), diagonal]), np.concatenate([column, diagonal])
        return self.begin, rows[self.slot], columns[self.slot], self.value - np.concatenate(values)[self.slot]


def compensated(newton: Newton, asked: Asked, changes: Changes, out: Batch, lowest: Real) -> None:
    """Rows of few branches, as far as this takes them: `converged` where it does, with the ``lowest`` voltage; else `v` is a state to go on from."""
    blocks, border = newton.blocks, newton.home
    assert blocks is not None
    assert border is not None
    moved = changes.apart(blocks, border.values)
    own = np.cumsum([0, *((moved[1] == moved[2]) & (moved[1] < len(blocks.factors[1])))])
    few = np.diff(own[changes.begin]) <= MOST_NODES
    for rows in _alike(asked, np.flatnonzero(few)):
        _group(newton, asked, rows, (out, lowest), (blocks, border, moved))


def _alike(asked: Asked, rows: Index) -> Iterator[Index]:
    """Rows of one start, with one factor of loads and one of schedules."""
    left = rows
    while len(left):
        k = left[0]
        same = (asked.loads[left] == asked.loads[k]) & (asked.units[left] == asked.units[k])
        if len(asked.start) > 1:
            parts = [left[p : p + AT_ONCE] for p in range(0, len(left), AT_ONCE)]
            same &= np.concatenate([(asked.start[part] == asked.start[k]).all(axis=1) for part in parts])
            same[0] = True  # whatever its start is
        yield left[same]
        left = left[~same]


def _group(newton: Newton, asked: Asked, rows: Index, to: tuple[Batch, Real], with_: tuple[Blocks, Border, tuple[Index, Index, Index, Real]]) -> None:
    """Rows that share their factors."""
    (blocks, border, changes), problem, n, m = with_, newton.problem, newton.nodal.nodes, len(with_[0].factors[1])
    (out, lowest), loads, begin, u = to, float(asked.loads[rows[0]]), asked.start_of(rows[:1])[0].copy(), newton.nodal.units
    begin[newton.fixed] = newton.roles.own_v
    scheduled = float(asked.units[rows[0]]) * summed(u.node, u.s.real, n) + 1j * problem.scheduled.imag
    node, reach, series = asked.curves
    own = (blocks.place[node], reach, series)
    common = (own[0], reach[0], series[0]) if asked.common else NO_CURVES
    now, work = kernel("flow.kernels_newton", "factored")(
        begin, scheduled, blocks.drawn, loads, problem.target, blocks.order, blocks.lines, border.values, blocks.factors, (*blocks.law, *common),
        None, None, np.empty(0),
    )  # fmt: skip
    plan = (loads * blocks.drawn - scheduled)[blocks.order].view(np.float64).reshape(-1, 2)
    kind = (~np.isnan(problem.target[blocks.order[:m]])).astype(np.int8)
    goal = max(CLOSER * problem.tol, noise(newton))
    entering = np.empty((len(asked.opened), n - m), np.complex128)
    solve = kernel("flow.kernels_compensated", "compensated")

    def work_on(part: Index) -> None:
        room = (
            *(workspace(2 * n) for _ in range(3)),
            workspace(0 if asked.common else node.size * (2 + 2 * series.shape[-1])),
            workspace(2),
            workspace(2),
        )
        room[2][:] = 0.0
        solve(
            now[0], plan, loads, blocks.order, blocks.lines, border.values, blocks.factors, work[0], kind, (*blocks.law, *own), changes, goal,
            problem.tol, MOST_STEPS, WORSE, room, part, out.v, entering, lowest, out.iterations, out.mismatch, out.converged,
        )  # fmt: skip

    threads, parts = processors(), -(-len(rows) // max(AT_ONCE, NODES // n))
    parts = parts if parts == 1 else min(len(rows), -(-parts // threads) * threads)
    shared_out(np.array_split(rows, parts), work_on, threads)  # of about equal size
    given = np.empty(n, np.int64)
    given[blocks.order[m:]] = np.arange(n - m)
    outside = ~((u.control == REFERENCE) & newton.roles.given[u.node])
    kept = scheduled - (float(asked.units[rows[0]]) * summed(u.node, u.s.real * outside, n) + 1j * newton.roles.own_q)
    out.fixed_s[rows] = entering[rows][:, given[newton.fixed]] + kept[newton.fixed]
