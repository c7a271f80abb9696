r"""A leader whose own quantities move the prices that it pays, found exactly by the cells of the market's cost.

.. math:: \min_{x,\theta}\; f(x) + \sum_t \pi_t^\top \theta_t \quad\text{s.t.}\quad (x, \theta) \in X, \quad \pi_t \in \partial V_t(\theta_t)

In a cell j the price is :math:`\pi_j`, so that the payment is linear there. One whole number :math:`\zeta_j` for each cell says which one
:math:`\theta = \sum_j \theta^j` lies in:

.. math:: \sum_j \zeta_j = 1, \quad \zeta_j \underline\theta \le \theta^j \le \zeta_j \overline\theta, \quad
          (\pi_j - \pi_i)^\top \theta^j + (\delta_j - \delta_i)\,\zeta_j \ge 0 \;\; \forall i, \qquad \text{payment} = \sum_j \pi_j^\top \theta^j

There is no large number and no dual variable in it. At a kink, where prices are not unique, the leader pays the one it likes best: what it would pay
by buying (or selling) a little less. Such periods are flagged. That holds on a side of the box of θ too, where prices from beyond it are as good
(`gridtandem.program.cells`). The route by optimality conditions is `gridtandem.program.kkt`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, final

import numpy as np
from scipy import sparse

from gridtandem.errors import Fault, InvalidCase, UnknownName, Unsolved
from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Columns, Matrix, Program, Rows
from gridtandem.program.cells import Cells, cells_of
from gridtandem.program.follower import Follower
from gridtandem.program.kinks import unequal
from gridtandem.program.solve import Holding, hold
from gridtandem.program.solve import solve as solve_program
from gridtandem.program.why import endless, why
from gridtandem.tables import Flag, Real

Method: TypeAlias = Literal["cells", "kkt-sos1", "kkt-bigm"]
EDGE = 1e-7  # relative to the box: θ nearer than this is at its side


@final
@dataclass(frozen=True, slots=True, eq=False)
class Bilevel:
    """A leader whose block ``theta`` (period, number) enters one follower in each period; it pays price times θ beside its own cost."""

    leader: Program
    theta: str
    followers: tuple[Follower, ...]

    def faults(self) -> Iterator[Fault]:
        """Every promise that the parts break to each other."""
        yield from self.leader.faults()
        yield from theta_faults(self.leader, self.theta, [follower.size for follower in self.followers])
        for period, follower in enumerate(self.followers):
            yield from (fault.at(f"follower {period}") for fault in follower.faults())

    def box(self) -> tuple[Real, Real]:
        """Sides of θ (period, number) that its bounds, or else the leader's other limits, leave."""
        block = self.leader.columns[self.theta]
        low, high = block.low.copy(), block.high.copy()
        if not (np.isfinite(low) & np.isfinite(high)).all():
            held = hold(_without_cost(self.leader))
            for side, sign in ((low, 1.0), (high, -1.0)):
                for place in np.argwhere(~np.isfinite(side)).tolist():
                    side[tuple(place)] = _farthest(held, self, tuple(place), sign)
        return low, high


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BilevelAnswer:
    """What the leader does, and what it pays. Where there is no answer its numbers are NaN."""

    status: Status
    theta: Real  # (period, number)
    price: Real  # (period, number)
    payment: Real  # (period)
    leader_cost: float  # of its own, without what it pays for θ
    total: float
    x: Mapping[str, Real]  # by block of the leader
    shadow: Mapping[str, Real]  # by block of rows or cones: change of the total with a right-hand side while cells and whole numbers stay
    bound: float  # no strategy costs less
    kink: Flag  # (period) the price is not unique at θ; this is the leader's best one
    method: str
    solver: str
    said: str = ""

    @property
    def gap(self) -> float:
        """Relative distance of total and bound."""
        return (self.total - self.bound) / max(1.0, abs(self.total))

    def require(self) -> BilevelAnswer:
        """The answer itself where there is one; otherwise `errors.Unsolved`."""
        if self.status is not Status.SOLVED:
            raise Unsolved(f"{self.status.value} ({self.solver}{': ' + self.said if self.said else ''})")
        return self


def solve(bilevel: Bilevel, method: Method = "cells") -> BilevelAnswer:
    """The leader's best strategy against followers that are known in full."""
    if faults := list(bilevel.faults()):
        raise InvalidCase(faults)
    if method not in METHODS:
        raise UnknownName("route of bilevel programs", method, list(METHODS), hint=f"routes: {', '.join(METHODS)}")
    return METHODS[method](bilevel)


def best_against(leader: Program, theta: str, cells: Sequence[Cells], *, search: Callable[[Program], Answer] = solve_program) -> BilevelAnswer:
    """The leader's best strategy against one list of cells for each period; θ stays in their boxes. ``search`` solves what has whole numbers."""
    if faults := [*leader.faults(), *theta_faults(leader, theta, [c.size for c in cells])]:
        raise InvalidCase(faults)
    program = with_cells(leader, theta, cells)
    found = search(program)
    if found.status is not Status.SOLVED:
        return without_answer(leader, theta, found, method="cells", whole=program)
    fixed = hold(program.fixed(found.x)).solve()  # without presolve, whose way back may lose the last digits
    last = fixed if fixed.status is Status.SOLVED else found
    return told_by_cells(leader, theta, cells, replace(last, bound=found.bound if program.integer else last.bound, solver=found.solver))


def told_by_cells(leader: Program, theta: str, cells: Sequence[Cells], last: Answer) -> BilevelAnswer:
    """An answer to the program `with_cells`, in the leader's own words."""
    chosen = [int(np.argmax(part)) for part in np.split(last.x[f"{theta}.cell"], _ends(cells)[:-1])]
    price = np.array([c.slope[j] for c, j in zip(cells, chosen, strict=True)])
    at = last.x[theta]
    kink = np.array([unequal(c.slope[c.touching(th)]) for c, th in zip(cells, at, strict=True)])
    return answered(leader, theta, last, price=price, kink=kink, bound=last.bound, method="cells", said=_edges(leader, theta, at, cells))


def with_cells(leader: Program, theta: str, cells: Sequence[Cells]) -> Program:
    """The leader's program with cells chosen by whole numbers, paying the price of the cell."""
    count, d = _ends(cells)[-1], leader.columns[theta].shape[1]
    period = np.repeat(np.arange(len(cells)), [len(c.value) for c in cells])
    low, high = (np.concatenate([side(c) for c in cells]) for side in (_low, _high))
    cell, part = f"{theta}.cell", f"{theta}.part"
    columns = {
        **leader.columns, cell: Columns.of(count, 0.0, 1.0, integer=True),
        part: Columns.of((count, d), np.minimum(low, 0.0), np.maximum(high, 0.0), cost=np.concatenate([c.slope for c in cells])),
    }  # fmt: skip
    pick = sparse.csr_array((np.ones(count), (period, np.arange(count))), shape=(len(cells), count))
    one, numbers = sparse.eye_array(count * d), len(cells) * d
    sides = [
        sparse.csr_array((-side.ravel(), (np.arange(count * d), np.repeat(np.arange(count), d))), shape=(count * d, count)) for side in (low, high)
    ]
    rows = {
        **leader.rows,
        f"{theta}.one cell": Rows.of(len(cells), 1.0, 1.0, {cell: pick}),
        f"{theta}.parts": Rows.of((len(cells), d), 0.0, 0.0, {theta: sparse.eye_array(numbers), part: -sparse.kron(pick, sparse.eye_array(d))}),
        f"{theta}.above": Rows.of((count, d), 0.0, np.inf, {part: one, cell: sides[0]}),
        f"{theta}.below": Rows.of((count, d), -np.inf, 0.0, {part: one, cell: sides[1]}),
    }
    if d > 1:
        steep, rise = _walls(cells)
        rows[f"{theta}.inside"] = Rows.of(rise.shape[0], 0.0, np.inf, {part: steep, cell: rise})
    return replace(leader, columns=columns, rows=rows)


def answered(leader: Program, theta: str, found: Answer, *, price: Real, kink: Flag, bound: float, method: str, said: str = "") -> BilevelAnswer:
    """In the leader's own words."""
    x = {name: found.x[name] for name in leader.columns}
    payment = np.asarray((price * x[theta]).sum(1))
    own = own_cost(leader, x)
    shadow = {name: found.price[name] for name in [*leader.rows, *leader.cones]}
    return BilevelAnswer(
        status=found.status, theta=x[theta], price=price, payment=payment, leader_cost=own, total=own + float(payment.sum()), x=x, shadow=shadow,
        bound=bound, kink=kink, method=method, solver=found.solver, said=said,
    )  # fmt: skip


def without_answer(leader: Program, theta: str, found: Answer, *, method: str, whole: Program) -> BilevelAnswer:
    """No numbers, and why: the leader's own limits or costs, or else its limits together with those of the markets in the whole program."""
    status, said = _reason(leader, theta, found, whole)
    nothing = np.full(leader.columns[theta].shape, np.nan)
    x = {k: np.full(c.shape, np.nan) for k, c in leader.columns.items()}
    shadow = {k: np.full(r.shape, np.nan) for k, r in leader.rows.items()} | {k: np.full(c.shape, np.nan) for k, c in leader.cones.items()}
    return BilevelAnswer(
        status=status, theta=nothing, price=nothing, payment=nothing[:, 0], leader_cost=np.nan, total=np.nan, x=x, shadow=shadow,
        bound=np.nan, kink=np.zeros(len(nothing), bool), method=method, solver=found.solver, said=said,
    )  # fmt: skip


def own_cost(leader: Program, x: Mapping[str, Real]) -> float:
    """What the leader's columns cost, and its constant."""
    return leader.constant + sum(float((c.cost * x[k] + 0.5 * c.quadratic * x[k] ** 2).sum()) for k, c in leader.columns.items())


def theta_faults(leader: Program, theta: str, sizes: Sequence[int]) -> Iterator[Fault]:
    """What the leader's θ and the markets break to each other."""
    if theta not in leader.columns:
        yield Fault("leader", "is no block of columns", f"there are: {', '.join(leader.columns)}", "bilevel-020", column=theta)
        return
    shape, mend = leader.columns[theta].shape, "let it be (period, number), one market for each period"
    if len(shape) != 2 or shape[0] != len(sizes) or any(size != shape[1] for size in sizes):
        numbers = ", ".join(str(size) for size in sorted(set(sizes)))
        yield Fault("leader", f"is of shape {shape}, beside {len(sizes)} markets of {numbers} numbers", mend, "bilevel-021", column=theta)


def _by_cells(bilevel: Bilevel) -> BilevelAnswer:
    low, high = bilevel.box()
    cells = [cells_of(follower, *sides) for follower, *sides in zip(bilevel.followers, low, high, strict=True)]
    return best_against(bilevel.leader, bilevel.theta, cells)


def _by_sos1(bilevel: Bilevel) -> BilevelAnswer:
    from gridtandem.program.kkt import by_pairs

    return by_pairs(bilevel)


def _by_large_numbers(bilevel: Bilevel) -> BilevelAnswer:
    from gridtandem.program.kkt import by_large_numbers

    return by_large_numbers(bilevel)


METHODS: Mapping[str, Callable[[Bilevel], BilevelAnswer]] = {"cells": _by_cells, "kkt-sos1": _by_sos1, "kkt-bigm": _by_large_numbers}


def _without_cost(leader: Program) -> Program:
    """The leader's limits, whole numbers put aside."""
    columns = {k: replace(c, cost=np.zeros(c.shape), quadratic=np.zeros(c.shape), integer=False) for k, c in leader.columns.items()}
    return replace(leader, columns=columns, constant=0.0)


def _farthest(held: Holding, bilevel: Bilevel, place: tuple[int, ...], sign: float) -> float:
    """The least (sign 1) or largest number that the leader's limits allow."""
    leader, theta = bilevel.leader, bilevel.theta
    cost = np.zeros(leader.columns[theta].shape)
    cost[place] = sign
    found = held.solve(cost={theta: cost})
    if found.status is Status.SOLVED:
        return float(sign * found.cost - sign * EDGE * max(1.0, abs(found.cost)))
    side = "low" if sign > 0 else "high"
    if found.status is Status.UNBOUNDED:
        what, mend = f"has no {side} side in period {place[0]}", "bound it: a market's cells are listed on a box"
        raise InvalidCase([Fault("leader", what, mend, "bilevel-022", column=theta)])
    raise InvalidCase([Fault("leader", f"has no point: {why(leader)}", "see its own limits", "bilevel-023")])


def _low(cells: Cells) -> Real:
    return cells.breaks[:-1, None] if cells.size == 1 else np.broadcast_to(cells.low, cells.slope.shape)


def _high(cells: Cells) -> Real:
    return cells.breaks[1:, None] if cells.size == 1 else np.broadcast_to(cells.high, cells.slope.shape)


def _ends(cells: Sequence[Cells]) -> list[int]:
    ends: list[int] = np.cumsum([len(c.value) for c in cells]).tolist()
    return ends


def _walls(cells: Sequence[Cells]) -> tuple[Matrix, Matrix]:
    """(π_j − π_i) θ^j + (δ_j − δ_i) ζ_j ≥ 0 for all pairs of cells of a period."""
    steep, rise = [], []
    for c in cells:
        count = len(c.value)
        j, i = np.nonzero(~np.eye(count, dtype=bool))
        pair = np.arange(len(j))
        at = c.size * j[:, None] + np.arange(c.size)
        steep.append(sparse.csr_array(((c.slope[j] - c.slope[i]).ravel(), (np.repeat(pair, c.size), at.ravel())), shape=(len(j), count * c.size)))
        rise.append(sparse.csr_array((c.value[j] - c.value[i], (pair, j)), shape=(len(j), count)))
    return sparse.csr_array(sparse.block_diag(steep)), sparse.csr_array(sparse.block_diag(rise))


def _edges(leader: Program, theta: str, at: Real, cells: Sequence[Cells]) -> str:
    """Which periods end at a side of their cells that is no bound of the leader: more might be better."""
    block, low, high = leader.columns[theta], np.array([c.low for c in cells]), np.array([c.high for c in cells])
    near = EDGE * np.maximum(1.0, high - low)
    cut = ((at <= low + near) & (block.low < low - near)) | ((at >= high - near) & (block.high > high + near))
    where = ", ".join(str(t) for t in np.flatnonzero(cut.any(1)).tolist())
    return f"θ ends at a side of its cells in periods {where}" if where else ""


def _reason(leader: Program, theta: str, found: Answer, whole: Program) -> tuple[Status, str]:
    """Why there is no best strategy. Searches among whole numbers often cannot tell no point from no end."""
    if found.status is Status.STOPPED:
        return found.status, found.said
    alone = why(leader)
    if alone.misses:
        return Status.INFEASIBLE, str(alone)
    still = replace(leader.columns[theta], low=np.zeros(leader.columns[theta].shape), high=np.zeros(leader.columns[theta].shape))
    if way := endless(replace(leader, columns={**leader.columns, theta: still})):
        return Status.UNBOUNDED, f"the cost falls without end along {way}"
    together = why(replace(whole, columns={name: replace(c, integer=False) for name, c in whole.columns.items()}))
    return (Status.INFEASIBLE, f"only outside of what the markets offer: {together}") if together.misses else (found.status, found.said)
