r"""Aggregators that are paid one price for all they give: the company posts it, and each gives what it likes at that price.

To give y an aggregator asks for the price of its last block, which is the slope of its own least cost :math:`V_a(y)`. So it is a follower like the
market: the company pays :math:`\pi y` with :math:`\pi \in \partial V_a(y)`, and the cells of :math:`V_a`, its blocks, enter the company's program as
those of the market do (`gridtandem.program.bilevel`). A unit of one block is paid the same either way.

What is paid so is not convex in y: it jumps where a block begins. Two feeders built alike could then cost less if one were offered more than the
other. Here like feeders are made equal offers (`gridtandem.opf.leader`); a strategy is the best of those, and runs and certificates say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy import sparse

from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.feeder_value import SHORT
from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.bilevel import with_cells
from gridtandem.program.cells import Cells
from gridtandem.program.solve import solve
from gridtandem.resources.steps import UNIT
from gridtandem.tables import Index, Real


def posted(problem: FeederProblem) -> Program:
    """The feeder's program where units of several blocks are paid the price of their last one."""
    made, hours, (periods, steps) = problem.program, problem.window.hours, problem.owned.steps.high.shape
    for unit, mine in several(problem):
        name, x = f"unit{unit}", made.columns["x"]
        free = x.cost.copy()
        free[:, mine] = 0.0
        gives = sparse.kron(sparse.eye_array(periods), sparse.csr_array(np.isin(np.arange(steps), mine).astype(float)[None, :]))
        together = Rows.of((periods, 1), 0.0, 0.0, {name: sparse.eye_array(periods), "x": -gives})
        most = x.high[:, mine].sum(1)[:, None]
        columns = {**made.columns, "x": replace(x, cost=free), name: Columns.of((periods, 1), 0.0, most)}
        made = replace(made, columns=columns, rows={**made.rows, f"{name} gives": together})
        made = with_cells(made, name, [_blocks(x.high[t, mine], problem.owned.steps.price[mine] * hours) for t in range(periods)])
    return made


def several(problem: FeederProblem) -> Iterator[tuple[int, Index]]:
    """Units of more than one block, with their steps by rising price; all of a unit may be left out."""
    s = problem.owned.steps
    priced = (s.source == UNIT) & (s.sign > 0) & (s.slope == 0) & ~s.low.any(0)
    for unit in np.unique(s.row[priced]).tolist():
        mine = np.flatnonzero(priced & (s.row == unit))
        if len(np.unique(s.price[mine])) > 1:
            yield unit, mine[np.argsort(s.price[mine], kind="stable")]


def given(problem: FeederProblem, z: Real) -> tuple[Real, Real]:
    """Bounds of the block ``x`` at an exchange (period), units of several blocks held at what the company buys of them there."""
    low, high = (np.array(side) for side in (problem.program.columns["x"].low, problem.program.columns["x"].high))
    whole = posted(problem)
    found = solve(replace(whole, columns={**whole.columns, "z": Columns.of(z.shape, z, z)}))
    for unit, mine in several(problem):
        left = np.array(found.x[f"unit{unit}"][:, 0])
        for k in mine.tolist():  # the cheapest block first
            low[:, k] = high[:, k] = np.clip(left, 0.0, high[:, k])
            left = left - high[:, k]
    return low, high


def beyond_bids(problem: FeederProblem, x: Real) -> Real:
    """What units get beyond their offers (period, unit) where each is paid the price of its last block. [currency]"""
    out = np.zeros((len(x), len(problem.network.generators)))
    for unit, mine in several(problem):
        price = problem.owned.steps.price[mine]
        last = np.where(x[:, mine] > SHORT, price, -np.inf).max(1, keepdims=True)
        out[:, unit] = (np.where(np.isfinite(last), last - price, 0.0) * x[:, mine]).sum(1) * problem.window.hours
    return out


def _blocks(width: Real, price: Real) -> Cells:
    there = np.flatnonzero(width > 0) if (width > 0).any() else np.zeros(1, np.int64)
    return Cells.steps(np.concatenate([[0.0], np.cumsum(width[there])]), price[there])
