r"""Why a program has no answer: the least that its rows would have to give way, and the numbers that make it so.

Rows get elastic: :math:`\min \sum_i w_i (s_i + t_i)` under :math:`\underline b \le A x + s - t \le \overline b`, :math:`s, t \ge 0`, bounds as they
are, costs put aside; cones give way in their first entry. Its least cost :math:`v` is 0 exactly where the program has an answer. Otherwise its prices
:math:`y` and reduced costs :math:`r` prove the conflict (J. Farkas, 1902): :math:`v = y^\top b + r^\top \beta` with :math:`b, \beta` the sides and
bounds that hold, so the summands name every number that takes part, and by how much.

Rows of unequal units are added up by the weights; by default all are 1 and every row may give way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.errors import UnknownName
from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Columns, Matrix, Program, label
from gridtandem.program.solve import solve
from gridtandem.tables import Real

SEEN = 1e-7  # of max(1, side): a hundred times the tolerance of the solvers
SHOWN = 4  # of each kind in a sentence
SLACK = "slack of "


@final
@dataclass(frozen=True, slots=True)
class Miss:
    """A row or cone that no point can keep while others hold."""

    row: str  # balance[3,17]
    by: float  # negative: below its lower side, or outside its cone; positive: above its upper side
    side: float  # NaN for a cone
    unit: str = ""

    def __str__(self) -> str:
        where = "outside its cone" if np.isnan(self.side) else f"{'below' if self.by < 0 else 'above'} {self.side:.6g}"
        return f"{self.row} is {abs(self.by):.6g}{self.unit} {where}"


@final
@dataclass(frozen=True, slots=True)
class Hold:
    """A side of a row, a bound of a column or a cone that takes part in a conflict."""

    name: str  # p[3] ≤ 2
    share: float  # multiplier times number; all shares add up to the total violation


@final
@dataclass(frozen=True, slots=True)
class Conflict:
    """Least violation of a program: what gives way, what holds, largest first. Without `misses` there is no conflict.

    Among whole numbers nothing can be said of what holds.
    """

    misses: tuple[Miss, ...]
    holds: tuple[Hold, ...]
    total: float  # weighted sum of all violations

    def __str__(self) -> str:
        if not self.misses:
            return "nothing is in conflict: some point satisfies all rows and bounds"
        held = [h.name for h in self.holds if h.name.split(" ")[0] not in {m.row for m in self.misses}]
        return f"cannot be served: {_listed([str(m) for m in self.misses])}" + (f"; held by {_listed(held)}" if held else "")


def why(program: Program, *, weights: Mapping[str, float] | None = None, units: Mapping[str, str] | None = None) -> Conflict:
    """What stands against an answer. Blocks of rows or cones with a weight may give way, at that cost per unit; units are shown where given.

    Where the other blocks are in conflict by themselves, all of them may give way.
    """
    everything = dict.fromkeys([*program.rows, *program.cones], 1.0)
    soft = everything if weights is None else weights
    for name in soft.keys() - everything.keys():
        raise UnknownName("block of rows or cones", name, sorted(everything))
    elastic = _elastic(program, soft)
    answer = solve(elastic)
    if answer.status is Status.INFEASIBLE and weights is not None:
        return why(program, units=units)
    answer = answer.require()
    misses = sorted(_misses(program, soft, answer, units or {}), key=lambda m: (-abs(m.by), m.row))
    holds = sorted(_holds(elastic, answer), key=lambda h: (-abs(h.share), h.name))
    return Conflict(tuple(misses), tuple(holds) if misses else (), answer.cost if misses else 0.0)


def endless(program: Program) -> str:
    r"""Columns along which the cost falls without end; empty where it does not. The steepest way that keeps all limits however far one goes.

    .. math:: \min_{-1 \le r \le 1} c^\top r \quad\text{s.t.}\quad A r \ge 0 \text{ where } \underline b \text{ is finite},\;
              A r \le 0 \text{ where } \overline b \text{ is},\; -F r \in \mathcal K,\; h r = 0
    """

    def side(limit: Real, far: float) -> Real:
        return np.where(np.isfinite(limit), 0.0, far)

    columns = {
        k: Columns(np.where(c.quadratic > 0, 0.0, side(c.low, -1.0)), np.where(c.quadratic > 0, 0.0, side(c.high, 1.0)), c.cost, np.zeros(c.shape))
        for k, c in program.columns.items()
    }
    rows = {k: replace(r, low=side(r.low, -np.inf), high=side(r.high, np.inf)) for k, r in program.rows.items()}
    cones = {k: replace(c, right=np.zeros(c.shape)) for k, c in program.cones.items()}
    answer = solve(Program(columns, rows, cones)).require()
    if answer.cost > -SEEN:
        return ""
    ways = [label(k, tuple(at)) for k, x in answer.x.items() for at in np.argwhere(np.abs(x) > SEEN).tolist()]
    return _listed(ways)


def _elastic(program: Program, weights: Mapping[str, float]) -> Program:
    columns = {k: replace(c, cost=np.zeros(c.shape), quadratic=np.zeros(c.shape)) for k, c in program.columns.items()}
    rows, cones = dict(program.rows), dict(program.cones)
    for name in [n for n in rows if n in weights]:
        r, one = rows[name], sparse.csr_array(sparse.eye_array(rows[name].low.size))
        columns[_short(name)] = Columns.of(r.shape, 0.0, np.where(np.isfinite(r.low), np.inf, 0.0), cost=weights[name])
        columns[_excess(name)] = Columns.of(r.shape, 0.0, np.where(np.isfinite(r.high), np.inf, 0.0), cost=weights[name])
        rows[name] = replace(r, parts={**r.parts, _short(name): one, _excess(name): -one})
    for name in [n for n in cones if n in weights]:
        count, size = cones[name].shape
        first: Matrix = sparse.csr_array((-np.ones(count), (np.arange(count) * size, np.arange(count))), shape=(count * size, count))
        columns[_short(name)] = Columns.of(count, 0.0, cost=weights[name])
        cones[name] = replace(cones[name], parts={**cones[name].parts, _short(name): first})
    return Program(columns, rows, cones)


def _misses(program: Program, weights: Mapping[str, float], answer: Answer, units: Mapping[str, str]) -> Iterator[Miss]:
    outside = {k: np.full(c.shape[0], np.nan) for k, c in program.cones.items()}
    below = {k: (-answer.x[_short(k)], r.low) for k, r in program.rows.items() if k in weights}
    above = {k: (answer.x[_excess(k)], r.high) for k, r in program.rows.items() if k in weights}
    below |= {k: (-answer.x[_short(k)], side) for k, side in outside.items() if k in weights}
    for name, (by, side) in [*below.items(), *above.items()]:
        scale = np.maximum(1.0, np.abs(np.where(np.isfinite(side), side, 0.0)))
        for place in np.argwhere(np.abs(by) > SEEN * scale).tolist():
            unit = f" {units[name]}" if name in units else ""
            yield Miss(label(name, tuple(place)), float(by[tuple(place)]), float(side[tuple(place)]), unit)


def _holds(elastic: Program, answer: Answer) -> Iterator[Hold]:
    """Sides, bounds and cones with a multiplier; equations to zero transmit a conflict but hold nothing."""
    priced = {k: (r.low, r.high, answer.price[k]) for k, r in elastic.rows.items()}
    priced |= {k: (c.low, c.high, answer.reduced[k]) for k, c in elastic.columns.items() if not k.startswith(SLACK)}
    for name, (low, high, price) in priced.items():
        side = np.where(price > 0, low, high)
        for at in np.argwhere((np.abs(price) > SEEN) & np.isfinite(side) & ~((low == high) & (low == 0.0))).tolist():
            place = tuple(at)
            sign = "=" if low[place] == high[place] else "≥" if price[place] > 0 else "≤"
            yield Hold(f"{label(name, place)} {sign} {side[place]:.6g}", float(price[place] * side[place]))
    for name, cones in elastic.cones.items():
        price = answer.price[name]
        for k in np.flatnonzero(np.abs(price).max(axis=1) > SEEN).tolist():
            yield Hold(f"{label(name, (k,))} in its cone", float(price[k] @ cones.right[k]))


def _short(name: str) -> str:
    return f"{SLACK}{name}, below"


def _excess(name: str) -> str:
    return f"{SLACK}{name}, above"


def _listed(words: list[str]) -> str:
    return ", ".join(words[:SHOWN]) + (f" and {len(words) - SHOWN} more" if len(words) > SHOWN else "")
