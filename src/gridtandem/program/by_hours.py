r"""A leader against cells where little ties hours together: hour by hour at prices of what ties them, which bounds, and whole, which decides.

With rows :math:`A x = b` over several hours (storage) and any multipliers :math:`\mu` of them,

.. math:: \sum_t \min_{x_t \in X_t} \bigl\{ f_t(x_t) - \mu^\top A_t x_t \bigr\} + \mu^\top b

is at most the cost of every strategy. The multipliers are those of the whole program with the cells that the hours chose last, which is convex and
whose cost is that of a strategy. Where every hour would choose the same again both are equal, and nothing is cheaper. Where they stay apart, all is
searched as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gridtandem.program.answer import Status
from gridtandem.program.arrays import Program
from gridtandem.program.bilevel import BilevelAnswer, best_against, told_by_cells, with_cells
from gridtandem.program.cells import Cells
from gridtandem.program.hours import hourly, tied
from gridtandem.program.outer import Outer
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.tables import Real

ROUNDS = 6  # at most
MET = 1e-6  # relative distance of bound and cost that ends the search


def best_by_hours(leader: Program, theta: str, cells: Sequence[Cells]) -> BilevelAnswer:
    """The leader's best strategy against one list of cells for each hour; its costs are linear."""
    whole, ties, bound = with_cells(leader, theta, cells), tied(leader, len(cells)), -np.inf
    told = Clarabel().solve(replace(whole, columns={name: replace(c, integer=False) for name, c in whole.columns.items()}))
    best = replace(told, cost=np.inf)
    for _ in range(ROUNDS):
        if told.status is not Status.SOLVED:
            break
        hours = hourly(_priced(leader, {name: told.price[name] for name in ties}), len(cells))
        found = [Outer().solve(with_cells(hour, theta, [c])) for hour, c in zip(hours, cells, strict=True)]
        if any(answer.status is not Status.SOLVED for answer in found):
            break
        bound = max(bound, sum(answer.bound for answer in found))
        cell = np.concatenate([answer.x[f"{theta}.cell"] for answer in found])
        told = Clarabel().solve(whole.fixed({f"{theta}.cell": cell}))
        if told.status is Status.SOLVED and told.cost < best.cost:
            best = replace(told, solver=found[0].solver)
        if bound >= best.cost - MET * max(1.0, abs(best.cost)):
            return told_by_cells(leader, theta, cells, replace(best, bound=min(bound, best.cost)))
    return best_against(leader, theta, cells, search=Outer().solve)


def _priced(leader: Program, price: Mapping[str, Real]) -> Program:
    """What rows hold is paid for at their prices."""
    columns, constant = dict(leader.columns), leader.constant
    for name, value in price.items():
        rows = leader.rows[name]
        side = np.where(value > 0, rows.low, rows.high)
        constant += float((value * np.where(value == 0, 0.0, side)).sum())
        for block, part in rows.parts.items():
            c = columns[block]
            columns[block] = replace(c, cost=c.cost - np.asarray(part.T @ value.ravel()).reshape(c.shape))
    return replace(leader, columns=columns, constant=constant)
