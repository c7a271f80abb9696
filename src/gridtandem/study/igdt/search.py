r"""The largest α that a cost leaves room for, and the least that a wish needs: as one program with α in it, and by bisection.

.. math:: \hat\alpha(C_c) = \max \{\alpha : \max_{P \in U(\alpha)} C^*(P) \le C_c\}, \qquad
          \hat\beta(C_w) = \min \{\alpha : \min_{P \in U(\alpha)} C^*(P) \le C_w\}

C* is what the company's best strategy costs. As its dearest and its cheapest point lie at the ends of the band (`gridtandem.study.igdt.band`), α
moves bounds and right-hand sides along a line, and the program that chooses α, the exchange and the cells of the price at once is one with whole
numbers again: the cost becomes a row below its budget, α the aim. Bisection asks C* at the middle again and again, and needs nothing but that C* is
monotone in α.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, final

import numpy as np

from gridtandem.errors import Fault, InvalidCase, Unsolved
from gridtandem.opf.leader import THETA
from gridtandem.program.answer import Status
from gridtandem.program.arrays import Program, Rows
from gridtandem.program.between import SHARE, family
from gridtandem.program.bilevel import with_cells
from gridtandem.program.solve import solve
from gridtandem.study.igdt.uncertain import Uncertain

Method: TypeAlias = Literal["direct", "bisection"]
ROOM = 1e-8  # relative to the cost at the forecast: a budget is kept to this, so that budget 0 leaves α = 0 and not nothing
FINE = 1e-7  # of the band: width at which a bisection ends, and below which the way is none


@final
@dataclass(frozen=True, slots=True)
class Radius:
    """α, and whether the search ended there for want of room: no free power left to lose, or no luck large enough."""

    alpha: float  # NaN where no α does it
    at_end: bool


def radius(uncertain: Uncertain, side: int, budget: float, method: Method = "direct") -> Radius:
    """α for a budget of cost; side 0 robustness, 1 opportunity."""
    return METHODS[method](uncertain, side, budget)


def chooser(uncertain: Uncertain, side: int, budget: float) -> Program:
    """The program whose answer says how far along the band it may go, or must."""
    whole = with_cells(family(uncertain.forecast, uncertain.ends[side]), THETA, uncertain.cells)
    parts = {k: c.cost.reshape(1, -1) for k, c in whole.columns.items() if c.cost.any()}
    columns = {k: replace(c, cost=np.zeros(c.shape)) for k, c in whole.columns.items()}
    columns[SHARE] = replace(columns[SHARE], cost=np.array([-1.0 if side == 0 else 1.0]))
    room = ROOM * max(1.0, abs(budget))
    spent = Rows.of((1,), -np.inf, budget - whole.constant + room, parts)
    return replace(whole, columns=columns, rows={**whole.rows, "budget": spent}, constant=0.0)


def _direct(uncertain: Uncertain, side: int, budget: float) -> Radius:
    if uncertain.forecast.quadratic:
        told = "is direct, which holds no cost of squares below a budget"
        raise InvalidCase([Fault("method", told, "take bisection, or write these costs as cost points", "igdt-010")])
    found = solve(chooser(uncertain, side, budget))
    if found.status is Status.INFEASIBLE:
        return Radius(np.nan, True)
    if found.status is not Status.SOLVED:
        raise Unsolved(f"{found.status.value} ({found.solver}{': ' + found.said if found.said else ''})")
    share = float(np.clip(found.x[SHARE][0], 0.0, 1.0))
    share = 0.0 if share < FINE else share
    return Radius(share * uncertain.reach(side), side == 0 and share >= 1 - FINE)


def _bisection(uncertain: Uncertain, side: int, budget: float) -> Radius:
    room = ROOM * max(1.0, abs(budget))

    def kept(share: float) -> bool:
        return uncertain.best(side, share * uncertain.reach(side)).total <= budget + room

    if side == 0 and kept(1.0):
        return Radius(uncertain.reach(0), True)
    if kept(0.0) is (side == 1):
        return Radius(0.0 if side == 1 else np.nan, side == 0)
    if side == 1 and not kept(1.0):
        return Radius(np.nan, True)
    low, high = 0.0, 1.0
    while high - low > FINE:
        middle = (low + high) / 2
        low, high = (middle, high) if kept(middle) is (side == 0) else (low, middle)
    return Radius((low if side == 0 else high) * uncertain.reach(side), False)


METHODS: Mapping[Method, Callable[[Uncertain, int, float], Radius]] = {"direct": _direct, "bisection": _bisection}
