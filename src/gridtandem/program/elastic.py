r"""The nearest program that has an answer: rows and bounds give way, and giving way is all that costs.

.. math:: \min \sum_i w_i (s_i + t_i) \quad\text{s.t.}\quad \underline b \le g(x) + s - t \le \overline b, \quad
          \underline\beta \le x + s - t \le \overline\beta, \quad s, t \ge 0

for the blocks that have a weight; the others stay. Its answer is a local minimum of the weighted sum of all misses: what would have to be relaxed, by
how much, for a program to have a point at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.program.arrays import Places
from gridtandem.program.smooth import Entries, Functions, Smooth, Span, sides
from gridtandem.tables import Index, Real

SHORT, BEYOND, BOUND = "short", "beyond", "bound of "


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
