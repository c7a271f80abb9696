r"""A leader against cells where little ties hours together: hour by hour at prices of what ties them, which bounds, and whole, which decides.

With rows :math:`A x = b` over several hours (storage) and any multipliers :math:`\mu` of them,

.. math:: \sum_t \min_{x_t \in X_t} \bigl\{ f_t(x_t) - \mu^\top A_t x_t \bigr\} + \mu^\top b

is at most the cost of every strategy. The multipliers are those of the whole program with the cells that the hours chose last, which is convex and
whose cost is that of a strategy. Where every hour would choose the same again both are equal, and nothing is cheaper. Where they stay apart by
little the bound is told as it is; by more, all is searched as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from scipy import sparse

from gridtandem.program.answer import Answer, Status
from gridtandem.program.apart import Part
from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.bilevel import BilevelAnswer, answered, with_cells, without_answer
from gridtandem.program.hours import hourly, tied
from gridtandem.program.kinks import unequal
from gridtandem.program.outer import Outer
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.tables import Real

ROUNDS = 3  # at most; then bound and cost may stay apart, storage and whole numbers being what they are
ENOUGH = 1e-3  # relative distance with which a search of all hours at once is not worth its time: the bound is told as it is
MET, SHARE = 1e-6, 0.9  # relative distance of bound and cost that ends the search, and what of it hours by themselves may leave
Market: TypeAlias = tuple[Part, ...]  # of one hour; all hours have the same parts


def best_by_hours(leader: Program, theta: str, markets: Sequence[Market]) -> BilevelAnswer:
    """The leader's best strategy against the pieces of each hour's market; its costs are linear."""
    program = with_parts(leader, theta, markets)
    found = _searched(leader, theta, markets, program)
    if found.status is not Status.SOLVED:
        return without_answer(leader, theta, found, method="cells", whole=program)
    price, kink = np.zeros(leader.columns[theta].shape), np.zeros(len(markets), bool)
    for k, parts in enumerate(zip(*markets, strict=True)):
        cell = np.split(found.x[f"{theta}.{k}.cell"], np.cumsum([len(p.cells.value) for p in parts])[:-1])
        for t, (part, chosen) in enumerate(zip(parts, cell, strict=True)):
            at = found.x[theta][t, part.numbers]
            price[t, part.numbers] = part.cells.slope[int(np.argmax(chosen))]
            kink[t] |= unequal(part.cells.slope[part.cells.touching(at)])
    return answered(leader, theta, found, price=price, kink=kink, bound=found.bound, method="cells")


def with_parts(leader: Program, theta: str, markets: Sequence[Market]) -> Program:
    """The leader's program with a cell of each part of each market."""
    hours, size = leader.columns[theta].shape
    made = leader
    for k, parts in enumerate(zip(*markets, strict=True)):
        numbers, name = parts[0].numbers, f"{theta}.{k}"
        low, high = (np.array([getattr(p.cells, side) for p in parts]) for side in ("low", "high"))
        pick = sparse.csr_array((np.ones(len(numbers)), (np.arange(len(numbers)), numbers)), shape=(len(numbers), size))
        same = Rows.of(low.shape, 0.0, 0.0, {name: -sparse.eye_array(low.size), theta: sparse.kron(sparse.eye_array(hours), pick)})
        made = replace(made, columns={**made.columns, name: Columns.of(low.shape, low, high)}, rows={**made.rows, f"{name}.same": same})
        made = with_cells(made, name, [p.cells for p in parts])
    return made


def mixed(program: Program) -> Program:
    """The convex program in which cells may be mixed; it bounds the one with whole numbers."""
    return replace(program, columns={name: replace(c, integer=False) for name, c in program.columns.items()})


def _searched(leader: Program, theta: str, markets: Sequence[Market], whole: Program) -> Answer:
    ties, bound, told = tied(leader, len(markets)), -np.inf, Clarabel().solve(mixed(whole))
    best = replace(told, cost=np.inf)
    for _ in range(ROUNDS):
        if told.status is not Status.SOLVED:
            break
        hours = hourly(priced(leader, {name: told.price[name] for name in ties}), len(markets))
        found = [Outer(gap=SHARE * MET).solve(with_parts(hour, theta, [market])) for hour, market in zip(hours, markets, strict=True)]
        if any(answer.status is not Status.SOLVED for answer in found):
            break
        bound = max(bound, sum(answer.bound for answer in found))
        cells = {name: np.concatenate([answer.x[name] for answer in found]) for name, c in whole.columns.items() if c.integer}
        told = Clarabel().solve(whole.fixed(cells))
        if told.status is Status.SOLVED and told.cost < best.cost:
            best = replace(told, solver=found[0].solver)
        if bound >= best.cost - MET * max(1.0, abs(best.cost)):
            break
    if bound >= best.cost - ENOUGH * max(1.0, abs(best.cost)):
        return replace(best, bound=min(bound, best.cost))
    return Outer().solve(whole)


def priced(leader: Program, price: Mapping[str, Real]) -> Program:
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
