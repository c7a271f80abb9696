"""Many load flows of one network, with other branches open in each: the order of elimination and the pattern of the factors serve them all.

A row is solved by steps with the factors of the network before any outage, eight rows side by side (`gridtandem.flow.compensated`); one that these
do not bring to the mismatch asked for goes on by full steps of its own. One that this does not solve either, that ends at low voltages or where
limits or transformers want to move is handed to `Newton.solve` of the network without its branches, which has its own ladder: shortened steps, then
a flat start. A row's answer depends on that row alone, to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gridtandem.flow.batch import Batch
from gridtandem.flow.compensated import Asked, Changes, compensated
from gridtandem.flow.draw import Draw
from gridtandem.flow.newton import LOW, Newton
from gridtandem.flow.sums import summed
from gridtandem.flow.sweep import processors, shared_out
from gridtandem.flow.variants import without
from gridtandem.grid.elements import REFERENCE
from gridtandem.kernels import kernel
from gridtandem.tables import Complex, Index, Real

AT_ONCE = 100_000  # nodes of all rows that a thread takes in one go


def solve_outages(newton: Newton, *, opened: Sequence[Index], loads: Real, units: Real, start: Complex, draw: Draw | None = None) -> Batch:
    """Load flows with branches ``opened`` (row), all loads times ``loads`` (row), schedules times ``units`` (row), from ``start`` (row or
    one for all, node).

    ``draw`` has ``low`` and ``high`` (row, interface) and ``c`` with one axis more; or, for all rows and then part of their factors, without the axis
    of rows. No row may island anything.
    """
    rows, n = len(opened), newton.nodal.nodes
    out = Batch(
        v=np.empty((rows, n), np.complex128), fixed_s=np.full((rows, len(newton.fixed)), complex(np.nan, np.nan)),
        converged=np.zeros(rows, bool), iterations=np.zeros(rows, np.int64), mismatch=np.full(rows, np.inf), alone=np.ones(rows, bool), trouble=(),
    )  # fmt: skip
    asked, o = Asked(opened=opened, loads=loads, units=units, start=start, draw=draw), newton.options
    moves = o.q_rule == "switch" or (o.taps == "move" and len(newton.nodal.taps.branch))
    if newton.blocks is not None and newton.home is not None and not moves and not len(newton.home.edge[0]):
        changes, lowest = Changes.of(newton, newton.blocks, opened), np.zeros(rows)
        compensated(newton, asked, changes, out, lowest)
        _full_steps(newton, asked, changes, out, lowest)
        out.alone[:] = ~(out.converged & (lowest >= LOW))
    trouble = [""] * rows
    for r in np.flatnonzero(out.alone).tolist():
        found = without(newton, opened[r]).solve(
            start=asked.start_of(np.array([r]))[0], draw=asked.draw_of(r), loads=float(loads[r]), units=float(units[r])
        )
        out.v[r], out.fixed_s[r], out.converged[r], trouble[r] = found.v, found.fixed_s, found.converged, found.trouble
        out.iterations[r], out.mismatch[r] = found.iterations, found.mismatch
    return replace(out, trouble=tuple(trouble))


def _full_steps(newton: Newton, asked: Asked, changes: Changes, out: Batch, lowest: Real) -> None:
    """Rows that are not solved yet, some at a time on each thread: the admittances of a thread are its own."""
    blocks, border, problem, u = newton.blocks, newton.home, newton.problem, newton.nodal.units
    assert blocks is not None
    assert border is not None
    left, n = np.flatnonzero(~out.converged), newton.nodal.nodes
    if not len(left):
        return
    begin, gone_on = asked.start_of(left), out.iterations[left] > 0
    begin[gone_on] = out.v[left[gone_on]]
    begin[:, newton.fixed] = newton.roles.own_v
    units = asked.units[left, None]
    scheduled = np.asarray(units * summed(u.node, u.s.real, n) + 1j * problem.scheduled.imag, np.complex128)
    node, reach, series = asked.curves
    needed = np.empty((len(left), n), np.complex128)
    solve = kernel("flow.kernels_outages", "newton_outages")

    def work(r: slice) -> None:
        off, on = (values.copy() for values in border.values)
        solve(
            begin[r], scheduled[r], blocks.drawn, asked.loads[left[r]], problem.target, blocks.order, blocks.lines, off, on, blocks.factors,
            *blocks.law, blocks.place[node], reach, series, *border.couples, problem.tol, problem.iterations, problem.factors == "kept", left[r],
            changes.begin, changes.slot, changes.value, out.v, needed[r], out.iterations, out.mismatch, out.converged,
        )  # fmt: skip

    each = max(1, AT_ONCE // n)
    shared_out([slice(k, min(k + each, len(left))) for k in range(0, len(left), each)], work, processors())
    inside = ~((u.control == REFERENCE) & newton.roles.given[u.node])
    own = units * summed(u.node, u.s.real * inside, n)[newton.fixed] + 1j * newton.roles.own_q[newton.fixed]
    out.fixed_s[left] = needed[:, newton.fixed] - own
    lowest[left] = np.abs(out.v[left]).min(axis=1, initial=1.0)
