r"""The nearest program that has an answer: rows and bounds give way, and giving way is all that costs.

.. math:: \min \sum_i w_i (s_i + t_i) \quad\text{s.t.}\quad \underline b \le g(x) + s - t \le \overline b, \quad
          \underline\beta \le x + s - t \le \overline\beta, \quad s, t \ge 0

for the blocks that have a weight; the others stay. Its answer is a local minimum of the weighted sum of all misses: what would have to be relaxed, by
how much, for a program to have a point at all. A sum has few misses, not the fewest. `irreducible` leaves out, first in groups and then one at a
time, whatever the others can do without: of what remains none can be left out, though a set of other limits may still be smaller. To ask whether one
can, its own miss is minimised while the others are nearly free, which always has an answer: the deletion filter of J. W. Chinneck, "Feasibility and
infeasibility in optimization", Springer, 2008, with a minimum in place of a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Places
from gridtandem.program.smooth import Entries, Functions, Smooth, Span, sides
from gridtandem.program.solvers.interior import Held, Interior
from gridtandem.tables import Flag, Index, Real

SHORT, BEYOND, BOUND = "short", "beyond", "bound of "
WORK = 300_000  # questions of which misses can be left out, times unknowns: half a minute for 500 buses
NEARLY_FREE = 1e-3  # of its weight, that of a miss beside the one in question


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Giving:
    """Functions of the elastic program; implements `gridtandem.program.smooth.Functions`."""

    inner: Functions
    size: int  # unknowns of the program itself
    moved: Index  # unknowns whose bounds became rows
    soft: Index  # rows that give way
    weight: Real  # (soft)

    def values(self, x: Real) -> tuple[float, Real]:
        """Weighted misses, and rows with what they give way."""
        own, short, beyond = np.split(x, [self.size, self.size + len(self.soft)])
        rows = np.concatenate([self.inner.values(own)[1], own[self.moved]])
        rows[self.soft] += short - beyond
        return float(self.weight @ (short + beyond)), rows

    def slopes(self, x: Real) -> tuple[Real, Real]:
        """Their derivatives."""
        one = np.ones(len(self.soft))
        inner = self.inner.slopes(x[: self.size])[1]
        gradient = np.concatenate([np.zeros(self.size), self.weight, self.weight])
        return gradient, np.concatenate([inner, np.ones(len(self.moved)), one, -one])

    def curvature(self, x: Real, weight: float, multiplier: Real) -> Real:  # noqa: ARG002 - the cost is linear
        """That of the rows."""
        return self.inner.curvature(x[: self.size], 0.0, multiplier[: len(multiplier) - len(self.moved)])


def elastic(program: Smooth, weights: Mapping[str, float], floors: Mapping[str, float] | None = None) -> Smooth:
    """The program whose blocks of rows and columns with a weight give way; columns with a floor stay above it all the same."""
    columns, rows = Places.of(program.columns), Places.of(program.rows)
    own = {k: Span.of(s.shape, (floors or {}).get(k, -np.inf)) if k in weights else s for k, s in program.columns.items()}
    bounds = {f"{BOUND}{k}": s for k, s in program.columns.items() if k in weights}
    moved = np.concatenate([np.empty(0, np.int64), *(np.arange(columns.size)[columns.slices[k]] for k in program.columns if k in weights)])
    every = {**program.rows, **bounds}
    places = Places.of(every)
    named = {k: weights[k.removeprefix(BOUND)] for k in every if k.removeprefix(BOUND) in weights}
    soft = np.concatenate([np.empty(0, np.int64), *(np.arange(places.size)[places.slices[k]] for k in named)])
    weight = np.concatenate([np.empty(0), *(np.full(int(np.prod(places.shapes[k])), w) for k, w in named.items())])
    inner = program.functions
    give = np.arange(len(soft))
    jacobian = Entries(
        np.concatenate([program.jacobian.row, rows.size + np.arange(len(moved)), soft, soft]),
        np.concatenate([program.jacobian.column, moved, columns.size + give, columns.size + len(soft) + give]),
    )
    functions = Giving(inner=inner, size=columns.size, moved=moved, soft=soft, weight=weight)
    (low, high), there = sides(every), np.concatenate([inner.values(program.start)[1], program.start[moved]])[soft]
    miss = np.maximum(low[soft] - there, 0.0), np.maximum(there - high[soft], 0.0)
    spans = {SHORT: Span.of(len(soft), 0.0), BEYOND: Span.of(len(soft), 0.0)}
    start = np.concatenate([program.start, *(m + 0.1 for m in miss)])
    return Smooth({**own, **spans}, every, functions, jacobian, program.hessian, start)


def irreducible(relaxed: Smooth, seen: float, limit: Index) -> tuple[Answer, bool]:
    """An answer of an elastic program with misses above ``seen`` of limits that all are needed, and whether that could be shown.

    ``limit`` says which misses are of one limit (rows short, then rows beyond): they give way together.
    """
    held = Interior().hold(relaxed)
    first, giving = held.solve(), relaxed.functions
    assert isinstance(giving, Giving)
    weight, twice = giving.weight, np.tile(giving.weight, 2)
    if first.status is not Status.SOLVED:
        return first, False
    kept = _most(first, limit) > seen
    answer, asked = _with(held, kept[limit]), 0
    if answer.status is not Status.SOLVED:
        return first, False
    for parts in (2, 8, 0):
        order = np.argsort(np.bincount(limit, twice * np.abs(_miss(answer))), kind="stable")
        order = order[kept[order]]
        for group in np.array_split(order, min(parts, len(order)) or max(len(order), 1)):
            if asked == WORK // len(relaxed.start):
                return answer, False
            here = np.isin(np.arange(len(kept)), group)
            heavy = np.where(here[limit].reshape(2, -1).any(0), 1.0, NEARLY_FREE) * weight
            least = _with(held, kept[limit], replace(giving, weight=heavy))
            gone, asked = here & kept & (_most(least, limit) <= seen), asked + 1  # of no answer, no miss is known
            if gone.any() and (found := _with(held, (kept & ~gone)[limit])).status is Status.SOLVED:
                kept, answer = kept & ~gone, found
    return answer, True


def _most(answer: Answer, limit: Index) -> Real:
    """Largest miss of each limit."""
    out = np.full(limit.max(initial=-1) + 1, -np.inf)
    np.maximum.at(out, limit, _miss(answer))
    return out


def _with(held: Held, kept: Flag, functions: Giving | None = None) -> Answer:
    """An answer where these alone give way: rows short, then rows beyond."""
    short, beyond = np.split(np.where(kept, np.inf, 0.0), 2)
    return held.solve(bounds={SHORT: (np.zeros(len(short)), short), BEYOND: (np.zeros(len(short)), beyond)}, functions=functions)


def _miss(answer: Answer) -> Real:
    """How far rows are missed on their lower side, then on their upper one."""
    net = answer.x[SHORT] - answer.x[BEYOND]
    return np.concatenate([net, -net])


def misses(relaxed: Smooth, weights: Mapping[str, float], x: Mapping[str, Real]) -> dict[str, Real]:
    """By block that gives way, how far each row is missed: negative below its lower side, positive above its upper one."""
    places = Places.of(relaxed.rows)
    gone, out, at = x[BEYOND] - x[SHORT], {}, 0
    for name in relaxed.rows:
        if name.removeprefix(BOUND) in weights:
            size = int(np.prod(places.shapes[name]))
            out[name.removeprefix(BOUND)] = gone[at : at + size].reshape(places.shapes[name])
            at += size
    return out
