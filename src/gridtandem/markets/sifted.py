r"""A clearing of very many orders, of which few are near the price: the others are left where a coarse clearing puts them, and the price is checked.

Orders of one place (node and period) that know nothing but its balance are merged in order of price into at most `BINS` bins, each at its mean price.
That program is the same size for any number of orders, and its answer says which bins are accepted, which refused, and which lie at the edge. The
orders of bins at the edge and beside it stay free, the others are kept where their bin is; what the coarse clearing delivers at each place is thus
within reach. With the prices of the program of free orders every order left out has a reduced cost

.. math:: d_k = c_k - \sum_r A_{rk} \pi_r

and the whole is solved where :math:`d_k \ge 0` for all refused and :math:`d_k \le 0` for all accepted, by duality; those that say otherwise join the
free ones and the program is solved again. What does not end in `ROUNDS` rounds, or has no solution while orders stay out, is solved as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.solve import solve
from gridtandem.tables import Flag, Index, Real

BINS = 32  # at each place
MANY = 30_000  # orders; fewer are cleared at once
ROUNDS = 8
DUAL = 1e-9  # of reduced costs; what the solver is asked for
EDGE = 1e-9  # of a bin's width, within which it is full or empty


def sifted(program: Program, place: Index, block: str = "order") -> Answer | None:
    """The answer to the whole program; None where it takes the whole program to tell. ``place`` numbers node and period of each order."""
    orders = program.columns[block]
    if program.quadratic or program.integer or len(place) < MANY:
        return None
    bins = Bins.of(orders, place, alone=_elsewhere(program, block))
    coarse = solve(_merged(program, block, bins))
    if coarse.status is not Status.SOLVED:
        return None
    accepted, free = bins.read(coarse.x[block])
    kept = np.where(accepted, orders.high, orders.low)
    for _ in range(ROUNDS):
        answer = solve(_with(program, block, free, kept))
        if answer.status is not Status.SOLVED:
            return None
        reduced = orders.cost.copy()
        for name, r in program.rows.items():
            if block in r.parts:
                reduced -= np.asarray(r.parts[block].T @ answer.price[name].ravel())
        wrong = ~free & (orders.low < orders.high) & np.where(accepted, reduced > DUAL, reduced < -DUAL)
        if not wrong.any():
            return _whole(answer, orders, block, free=free, kept=kept, reduced=reduced)
        free = free | wrong
    return None


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Bins:
    """Orders merged; bins of one place lie one after another, the cheapest first, then every order that is merged with none."""

    bin: Index  # (order)
    first: Index  # (bin) an order of it
    place: Index  # (bin) −1: one order alone
    columns: Columns

    @staticmethod
    def of(orders: Columns, place: Index, *, alone: Flag) -> Bins:
        """``alone`` are not merged, nor is what has no end."""
        alone = alone | ~np.isfinite(orders.low) | ~np.isfinite(orders.high)
        rows = np.flatnonzero(~alone)
        rows = rows[np.lexsort((orders.cost[rows], place[rows]))]
        here = place[rows]
        start, end = (np.searchsorted(here, here, side=side) for side in ("left", "right"))
        slot = (np.arange(len(rows)) - start) * np.minimum(BINS, end - start) // np.maximum(end - start, 1)
        new = np.ones(len(rows), bool)
        new[1:] = (here[1:] != here[:-1]) | (slot[1:] != slot[:-1])
        single, many = np.flatnonzero(alone), int(new.sum())
        which = np.empty(len(place), np.int64)
        which[rows], which[single] = np.cumsum(new) - 1, many + np.arange(len(single))
        first = np.concatenate([rows[new], single])
        return Bins(bin=which, first=first, place=np.concatenate([here[new], np.full(len(single), -1)]), columns=_summed(orders, which, first))

    def read(self, x: Real) -> tuple[Flag, Flag]:
        """Of a clearing of bins: which orders are accepted if they are kept where they are, and which are not to be kept."""
        room = EDGE * np.maximum(1.0, self.columns.high - self.columns.low)
        full, empty = x >= self.columns.high - room, x <= self.columns.low + room
        loose = (self.place < 0) | ~(full | empty)
        beside = (self.place[1:] == self.place[:-1]) & (loose[1:] | loose[:-1] | (full[1:] != full[:-1]))
        free = loose.copy()
        free[1:] |= beside
        free[:-1] |= beside
        return full[self.bin], free[self.bin]


def _summed(orders: Columns, which: Index, first: Index) -> Columns:
    """Bins as orders, each at the mean price of what it holds."""
    size, width = len(first), orders.high - orders.low
    alone = ~np.isfinite(width)
    weight = np.where(alone, 1.0, width)
    total = np.bincount(which, weight, size)
    cost = np.where(total > 0, np.bincount(which, weight * orders.cost, size) / np.where(total > 0, total, 1.0), orders.cost[first])
    low, high = (_ends(side, which, first) for side in (orders.low, orders.high))
    return Columns(low, high, cost, np.zeros(size))


def _ends(side: Real, which: Index, first: Index) -> Real:
    """Least or most of every bin; one order alone may have no end."""
    total = np.bincount(which, np.where(np.isfinite(side), side, 0.0), len(first))
    return np.where(np.isfinite(side[first]), total, side[first])


def _elsewhere(program: Program, block: str) -> Flag:
    """Orders that stand in more rows than one balance."""
    count = np.zeros(len(program.columns[block].low), np.int64)
    for r in program.rows.values():
        if block in r.parts:
            count += np.bincount(r.parts[block].indices, minlength=len(count))
    return np.asarray(count != 1)


def _merged(program: Program, block: str, bins: Bins) -> Program:
    """The program of bins."""
    rows = {k: replace(r, parts={**r.parts, block: r.parts[block][:, bins.first]}) if block in r.parts else r for k, r in program.rows.items()}
    return replace(program, columns={**program.columns, block: bins.columns}, rows=rows)


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
