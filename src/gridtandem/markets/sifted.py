r"""A clearing of very many orders, of which few are near the price: the others are left where a price says they are, and the price is checked.

Orders by price against what is to be served, without a network, give a first price in each period. The `NEAREST` orders to it stay free; the dearer
are refused, the cheaper accepted in full. With the prices of the smaller program every order left out has a reduced cost

.. math:: d_k = c_k - \sum_r A_{rk} \pi_r

and the whole is solved where :math:`d_k \ge 0` for all refused and :math:`d_k \le 0` for all accepted, by duality; those that say otherwise join the
free ones and the program is solved again. What does not end in `ROUNDS` rounds, or has no solution while orders stay out, is solved as a whole.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.solve import solve
from gridtandem.tables import Flag, Index, Real

NEAREST = 600  # orders of each period; measured: 100 to 300 leave too little to relieve lines with
MANY = 3 * NEAREST  # of each period; fewer are cleared at once
ROUNDS = 4
DUAL = 1e-9  # of reduced costs; what the solver is asked for


def sifted(program: Program, period: Index, block: str = "order") -> Answer | None:
    """The answer to the whole program; None where it takes the whole program to tell. ``period`` of each order."""
    orders, periods = program.columns[block], program.rows["balance"].low.shape[0]
    if program.quadratic or program.integer or len(period) < MANY * periods:
        return None
    guess = _merit(orders, period, program.rows["balance"].low.sum(-1))
    cheap = orders.cost < guess[period]
    kept = np.where(cheap, orders.high, orders.low)
    free = _near(np.abs(orders.cost - guess[period]), period, periods) | ~np.isfinite(kept)
    for _ in range(ROUNDS):
        answer = solve(_with(program, block, free, kept))
        if answer.status is not Status.SOLVED:
            return None
        reduced = orders.cost.copy()
        for name, r in program.rows.items():
            if block in r.parts:
                reduced -= np.asarray(r.parts[block].T @ answer.price[name].ravel())
        wrong = ~free & (orders.low < orders.high) & np.where(cheap, reduced > DUAL, reduced < -DUAL)
        if not wrong.any():
            return _whole(answer, orders, block, free=free, kept=kept, reduced=reduced)
        free |= wrong
    return None


def _merit(orders: Columns, period: Index, served: Real) -> Real:
    """Price of the last order in each period when orders run by price alone."""
    order = np.lexsort((orders.cost, period))
    room = np.where(np.isfinite(orders.high - orders.low), orders.high - orders.low, 0.0)[order]
    total, of = np.cumsum(room), period[order]
    least = np.bincount(period, np.where(np.isfinite(orders.low), orders.low, 0.0), len(served))
    first, last = (np.searchsorted(of, np.arange(len(served)), side=side) for side in ("left", "right"))
    before = np.where(first > 0, total[first - 1], 0.0)
    return np.asarray(orders.cost[order][np.clip(np.searchsorted(total, before + served - least), first, np.maximum(last - 1, first))])


def _near(distance: Real, period: Index, periods: int) -> Flag:
    """The nearest of each period."""
    order = np.lexsort((distance, period))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - np.searchsorted(period[order], np.arange(periods))[period[order]]
    return np.asarray(rank < NEAREST)


def _with(program: Program, block: str, free: Flag, kept: Real) -> Program:
    """The program of the free orders; the others stay where they are kept."""
    c, rows = program.columns[block], dict[str, Rows]()
    some = Columns(c.low[free], c.high[free], c.cost[free], c.quadratic[free])
    for name, r in program.rows.items():
        rows[name] = r
        if block in r.parts:
            part = r.parts[block]
            there = np.asarray(part @ np.where(free, 0.0, kept)).reshape(r.shape)
            rows[name] = Rows.of(r.shape, r.low - there, r.high - there, {**r.parts, block: part[:, np.flatnonzero(free)]})
    constant = program.constant + float(c.cost[~free] @ kept[~free])
    return replace(program, columns={**program.columns, block: some}, rows=rows, constant=constant)


def _whole(answer: Answer, orders: Columns, block: str, *, free: Flag, kept: Real, reduced: Real) -> Answer:
    """The answer in the places of all orders."""
    x = np.where(free, 0.0, np.where(np.isfinite(kept), kept, 0.0))
    x[free] = answer.x[block]
    d = np.asarray(reduced).copy()
    d[free] = answer.reduced[block]
    return replace(answer, x={**answer.x, block: x.reshape(orders.shape)}, reduced={**answer.reduced, block: d.reshape(orders.shape)})
