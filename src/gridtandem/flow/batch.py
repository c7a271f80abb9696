"""Many load flows of one network: loadings, schedules and draws of interfaces by row, eight rows side by side.

Every row is solved by full steps from its start, as `Newton.solve` tries first; a row that this does not solve, that ends at low voltages, or
whose limits or transformers want to move is handed to `Newton.solve` with the same start. So is every row of a network whose slack is shared or
whose transformers move. A row's answer depends on that row alone, to the last bit, whatever is solved beside it and on however many threads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.flow.blocks import Blocks
from gridtandem.flow.border import Border
from gridtandem.flow.control import adjusted
from gridtandem.flow.draw import Draw
from gridtandem.flow.iteration import Trial
from gridtandem.flow.kernels_shared import workspace
from gridtandem.flow.newton import LOW, Newton
from gridtandem.flow.sums import summed
from gridtandem.flow.sweep import processors, shared_out
from gridtandem.grid.elements import REFERENCE
from gridtandem.kernels import kernel
from gridtandem.tables import Complex, Flag, Index, Real

__all__ = ["Batch", "solve_many"]

LANES = 8
AT_ONCE = 100_000  # nodes of all rows that a thread takes in one go


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Batch:
    """Voltages by row; NaN where none were found. [per unit]"""

    v: Complex  # (row, node)
    fixed_s: Complex  # (row, fixed node) power that enters there from outside, or from the reference unit
    converged: Flag
    iterations: Index  # Newton steps
    mismatch: Real  # largest that remains
    alone: Flag  # handed to `Newton.solve`
    trouble: tuple[str, ...]  # a sentence for a person, per row; empty where all is well


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Rows:
    """What is asked."""

    start: Complex  # (row or one for all, node)
    loads: Real  # (row)
    units: Real  # (row, unit or one for all)
    draw: Draw | None  # low, high and c by row

    def draw_of(self, row: int) -> Draw | None:
        """The curves of one row."""
        d = self.draw
        return None if d is None else Draw(node=d.node, low=d.low[row], high=d.high[row], c=d.c[row])

    def start_of(self, row: int) -> Complex:
        """Where one row begins."""
        return np.asarray(self.start[row % len(self.start)], np.complex128)


def solve_many(
    newton: Newton, *, loads: Real | float = 1.0, units: Real | float = 1.0, start: Complex | None = None, draw: Draw | None = None, threads: int = 0
) -> Batch:
    """Load flows with all loads times ``loads`` (row) and the schedules of all units times ``units`` (row), or of each (row, unit).

    ``start`` (row, node) or (node), else the network's own; ``draw`` with ``low`` and ``high`` (row, interface) and ``c`` (row, interface,
    degree + 1), or without the axis of rows. ``threads`` 0 is as many as there are processors for this process.
    """
    asked = _rows(newton, loads, units, start, draw)
    rows, n, fixed = len(asked.loads), newton.nodal.nodes, newton.fixed
    out = Batch(
        v=np.full((rows, n), complex(np.nan, np.nan)), fixed_s=np.full((rows, len(fixed)), complex(np.nan, np.nan)), converged=np.zeros(rows, bool),
        iterations=np.zeros(rows, np.int64), mismatch=np.full(rows, np.inf), alone=np.ones(rows, bool), trouble=(),
    )  # fmt: skip
    blocks, border = newton.blocks, newton.home
    if blocks is not None and border is not None and not len(border.tap) + len(border.edge[0]):
        each = max(AT_ONCE // n // LANES, 1) * LANES
        parts = [slice(k, min(k + each, rows)) for k in range(0, rows, each)]
        shared_out(parts, lambda part: _abreast(newton, asked, part, out, blocks=blocks, border=border), threads or processors())
    out.alone[:] = ~_content(newton, asked, out)
    return replace(out, trouble=_one_by_one(newton, asked, out))


def _rows(newton: Newton, loads: Real | float, units: Real | float, start: Complex | None, draw: Draw | None) -> _Rows:
    """All with an axis of rows, which must agree."""
    shapes = [np.shape(loads)[:1], np.shape(units)[:1], np.shape(start)[:-1] if start is not None else ()]
    shapes += [draw.low.shape[:-1]] if draw is not None else []
    (rows,) = np.broadcast_shapes((1,), *shapes)
    begin = newton.begin[None] if start is None else np.array(np.atleast_2d(start), np.complex128)
    if start is not None:
        begin[:, newton.fixed] = newton.roles.own_v
    if draw is not None:
        k, degree = draw.c.shape[-2:]
        draw = replace(
            draw, low=np.broadcast_to(draw.low, (rows, k)), high=np.broadcast_to(draw.high, (rows, k)), c=np.broadcast_to(draw.c, (rows, k, degree))
        )
    factor = np.asarray(units, np.float64)
    factor = factor[:, None] if factor.ndim == 1 else np.atleast_2d(factor)
    return _Rows(
        start=begin, loads=np.array(np.broadcast_to(loads, rows), np.float64), draw=draw, units=np.broadcast_to(factor, (rows, factor.shape[1]))
    )


def _abreast(newton: Newton, asked: _Rows, part: slice, out: Batch, *, blocks: Blocks, border: Border) -> None:
    """Some rows in lanes; what they leave unsolved is marked."""
    problem, nodal, roles = newton.problem, newton.nodal, newton.roles
    loads, units, draw, u = asked.loads[part], asked.units[part], asked.draw, nodal.units
    scheduled = problem.scheduled.imag * 1j + _at_nodes(units, u.s.real, u.node, nodal.nodes)
    begin = asked.start if len(asked.start) == 1 else asked.start[part]
    begin = np.where(np.isnan(problem.target), begin, problem.target * begin / abs(begin))
    curves = np.empty((len(loads), 0)), np.empty((len(loads), 0)), np.empty((len(loads), 0, 1), complex)
    if draw is not None:
        curves = draw.low[part], draw.high[part], draw.c[part]
    node = np.empty(0, np.int64) if draw is None else blocks.place[draw.node]
    entering, done, m = np.empty((len(loads), nodal.nodes - len(blocks.factors[1])), complex), np.zeros(len(loads), bool), len(blocks.factors[1])
    plan = loads[:, None] * blocks.drawn - scheduled
    kernel("flow.kernels_newton_lanes", "newton_lanes")(
        begin, plan, loads, blocks.order, blocks.lines, border.values, blocks.factors,
        (~np.isnan(problem.target[blocks.order[:m]])).astype(np.int8), (*blocks.law, node), *(np.ascontiguousarray(c) for c in curves), problem.tol,
        problem.iterations, _room(blocks, curves[2].shape), out.v[part], entering, out.iterations[part], out.mismatch[part], done,
    )  # fmt: skip
    out.converged[part] = done
    inside = ~((u.control == REFERENCE) & roles.given[u.node])
    own = _at_nodes(units, u.s.real * inside, u.node, nodal.nodes)[:, newton.fixed]
    given = blocks.order[m:]
    place = np.argsort(given)[np.searchsorted(given, newton.fixed, sorter=np.argsort(given))]
    out.fixed_s[part] = entering[:, place] + (scheduled - 1j * roles.own_q)[:, newton.fixed] - own


def _room(blocks: Blocks, curves: tuple[int, ...]) -> tuple[Real, ...]:
    """To work in: v, plan, s, e, extra, slope, x, a, [loading, mismatch], own curves."""
    n, m, (_, k, degree) = len(blocks.order), len(blocks.factors[1]), curves
    sizes = 2 * n, 2 * n, 2 * n, 2 * len(blocks.entry), 2 * n, 2 * n, 2 * m, 4 * len(blocks.factors[2]), 2, k * (2 + 2 * degree)
    room = tuple(workspace(size) for size in sizes)
    room[4][:] = room[5][:] = 0.0
    return room


def _at_nodes(factor: Real, power: Real, node: Index, nodes: int) -> Real:
    """Power of units times their factors, (row, unit) or (row, one for all), added up at their nodes."""
    if factor.shape[1] == 1:
        return factor * summed(node, power, nodes)
    return np.stack([summed(node, row * power, nodes) for row in factor])


def _content(newton: Newton, asked: _Rows, out: Batch) -> Flag:
    """Rows that are solved, well above low voltages, and in which nothing wants to meet or leave a limit."""
    good: Flag = np.asarray(out.converged & (np.abs(out.v).min(axis=1, initial=1.0) >= LOW), bool)
    o, held = newton.options, newton.held
    if o.q_rule == "switch" or (o.taps == "move" and len(newton.nodal.taps.branch)):
        for row in np.flatnonzero(good).tolist():
            problem = newton.asked(held, asked.draw_of(row), (float(asked.loads[row]), asked.units[row]))
            v = out.v[row]
            trial = Trial(
                v=v, ratio=held.ratio, slack=0.0, iterations=0, damped=False, mismatch=0.0, worst=-1, why="", exchanged="",
                needed=problem.needed(v, held.ratio),
            )  # fmt: skip
            good[row] = adjusted(newton.roles, problem, trial, held, o) is None
    return good


def _one_by_one(newton: Newton, asked: _Rows, out: Batch) -> tuple[str, ...]:
    trouble = [""] * len(out.converged)
    for row in np.flatnonzero(out.alone).tolist():
        units = asked.units[row]
        found = newton.solve(
            start=asked.start_of(row), draw=asked.draw_of(row), loads=float(asked.loads[row]), units=float(units[0]) if len(units) == 1 else units
        )
        out.v[row], out.fixed_s[row], out.converged[row], trouble[row] = found.v, found.fixed_s, found.converged, found.trouble
        out.iterations[row], out.mismatch[row] = found.iterations, found.mismatch
    return tuple(trouble)
