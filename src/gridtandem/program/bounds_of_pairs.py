r"""Numbers above every slack and every multiplier that an optimum of a follower can have, for programs that need such numbers ("big M").

*Multipliers.* Whatever θ, they lie in one polyhedron, :math:`\{u : A^\top u + r = c\}` with the signs of the sides. Each is pushed to its ends
there. An end is finite exactly where the row can give way at a price: load that may be shed at a cost bounds the price of a balance from above. A row
that cannot give way has no such number, and the follower is refused with its name. Numbers chosen by eye cut optima off: S. Pineda, J. M. Morales,
"Solving linear bilevel problems using big-Ms: not all that glitters is gold", IEEE Trans. Power Syst. 34(3), 2019.

*Slacks.* An optimum costs no more than the dearest one in the box of θ, which by convexity is at a corner. Each slack is pushed to its end among all
points that cost no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias, final

import numpy as np
from scipy import sparse

from gridtandem.errors import Fault, InvalidCase
from gridtandem.program.answer import Status
from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.conditions import Stacked
from gridtandem.program.follower import Follower, Market
from gridtandem.program.solvers.highs import Highs
from gridtandem.tables import Real

Pushed: TypeAlias = Callable[[Real], float]

CORNERS = 10  # numbers of θ up to which all corners of its box are asked
ROOM = 1e-6  # relative and absolute: above what the programs say, to their tolerance
SHOWN = 5  # rows that a sentence names


@final
@dataclass(frozen=True, slots=True, eq=False)
class Largest:
    """Of the sides that are no equations, lower ones first."""

    slack: Real
    multiplier: Real


def largest(follower: Follower, low: Real, high: Real) -> Largest:
    """Of one follower on a box of θ."""
    s = Stacked.of(follower)
    multipliers = _pushed_multipliers(s)
    least, most = _multipliers(s, multipliers)
    rows = len(s.low) - len(s.cost)
    if unpriced := [name for name, *ends in zip(s.names()[:rows], least[:rows], most[:rows], strict=True) if not np.isfinite(ends).all()]:
        raise InvalidCase(_unpriced(unpriced))
    multiplier = np.concatenate([np.maximum(most, 0.0)[s.lower], np.maximum(-least, 0.0)[s.upper]])
    steepest = np.abs(price_ends(follower)).max(0)
    slack = _slacks(s, _pushed_points(s, low, high, _dearest_optimum(follower, low, high, steepest)))
    endless = [name for name, end in zip(_single_names(s), slack, strict=True) if not np.isfinite(end)]
    if endless:
        what, mend = f"can be as large as it likes at no cost: {_listed(endless)}", "bound it, or give it a cost"
        raise InvalidCase([Fault("follower", what, mend, "bilevel-031")])
    return Largest(slack + ROOM * (1.0 + slack), multiplier + ROOM * (1.0 + multiplier))


def price_ends(follower: Follower) -> tuple[Real, Real]:
    """Least and largest price of each number of θ at any optimum, whatever θ; infinite where nothing prices what it moves."""
    s = Stacked.of(follower)
    pushed = _pushed_multipliers(s)
    directions = s.shift[: len(s.low) - len(s.cost)].toarray().T
    return np.array([pushed(b) for b in directions]), -np.array([pushed(-b) for b in directions])


def _unpriced(names: list[str]) -> Iterator[Fault]:
    """Rows without a price at which they give way."""
    mend = "add columns without an upper bound by which each gives way at a cost (shed, spill, beyond the limit), or take kkt-sos1 or cells"
    yield Fault("follower", f"has rows that nothing prices, so no number bounds their multipliers: {_listed(names)}", mend, "bilevel-030")


def _listed(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _single_names(s: Stacked) -> list[str]:
    names = s.names()
    return [names[k] for k in [*s.lower.tolist(), *s.upper.tolist()]]


def _multipliers(s: Stacked, pushed: Pushed) -> tuple[Real, Real]:
    """Ends of the net multiplier of each side, rows first, then bounds of columns: r = c − Aᵀu."""
    rows = len(s.low) - len(s.cost)
    matrix = s.matrix[:rows].toarray()
    least, most = np.zeros(len(s.low)), np.zeros(len(s.low))
    for k, direction in enumerate(np.vstack([np.eye(rows), -matrix.T])):
        start = 0.0 if k < rows else s.cost[k - rows]
        if np.isfinite([s.low[k], s.high[k]]).any():
            least[k], most[k] = start + pushed(direction), start - pushed(-direction)
    return least, most


def _pushed_multipliers(s: Stacked) -> Pushed:
    """The least of direction · u over all multipliers of rows, −inf where there is none."""
    rows = len(s.low) - len(s.cost)
    below, above = np.isfinite(s.low), np.isfinite(s.high)
    u = Columns.of(rows, np.where(above[:rows], -np.inf, 0.0), np.where(below[:rows], np.inf, 0.0))
    low, high = np.where(below[rows:], -np.inf, s.cost), np.where(above[rows:], np.inf, s.cost)
    return _pushing(Program({"u": u}, {"cost": Rows.of(len(s.cost), low, high, {"u": s.matrix[:rows].T})}))


def _pushed_points(s: Stacked, low: Real, high: Real, dearest: float) -> Pushed:
    """The least of direction · (y, θ) over all points that cost no more than the dearest optimum, −inf where there is none."""
    rows, width = len(s.low) - len(s.cost), len(s.cost)
    point = Columns.of(width + len(low), np.concatenate([s.low[rows:], low]), np.concatenate([s.high[rows:], high]))
    matrix = sparse.hstack([s.matrix[:rows], -s.shift[:rows]])
    cost = np.concatenate([s.cost, np.zeros(len(low))])
    limits = Rows.of(rows, s.low[:rows], s.high[:rows], {"u": matrix})
    return _pushing(Program({"u": point}, {"limits": limits, "budget": Rows.of(1, -np.inf, dearest, {"u": cost[None]})}))


def _pushing(program: Program) -> Pushed:
    held = Highs().hold(program)

    def least(direction: Real) -> float:
        found = held.solve(cost={"u": direction})
        if found.status is Status.INFEASIBLE:
            raise InvalidCase([Fault("follower", "has costs that fall without end, or limits in conflict", "see its bounds", "bilevel-032")])
        return found.cost if found.status is Status.SOLVED else -np.inf

    return least


def _slacks(s: Stacked, pushed: Pushed) -> Real:
    """The largest distance from each single side; of a range, its width."""
    matrix, shift, right = s.single
    ends = np.concatenate([(s.high - s.low)[s.lower], (s.high - s.low)[s.upper]])
    for k in np.flatnonzero(~np.isfinite(ends)).tolist():
        ends[k] = -pushed(-np.concatenate([matrix[[k]].toarray()[0], -shift[[k]].toarray()[0]])) - right[k]
    return np.asarray(np.maximum(ends, 0.0))


def _dearest_optimum(follower: Follower, low: Real, high: Real, steepest: Real) -> float:
    """No optimum in the box costs more, the constant of the program put aside: the corners tell, or prices where there are too many."""
    market = Market(follower, (low + high) / 2)
    if len(low) <= CORNERS:
        most = max(market.answer(np.array(corner)).cost for corner in product(*zip(low, high, strict=True)))
    else:
        most = market.answer((low + high) / 2).cost + float(steepest @ (high - low)) / 2
    return most - follower.program.constant + ROOM * (1.0 + abs(most))
