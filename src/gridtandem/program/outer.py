r"""Whole numbers beside cones, by outer approximation: a linear program holds the whole numbers and tangents of the cones, a convex one the cones.

With :math:`s^\circ` any entries of a cone, :math:`s_0 \ge (\bar s^\circ / \lVert \bar s^\circ \rVert)^\top \bar s` at all of its points. Tangents are
taken first at the optimum without whole numbers, where by duality they bound the cost as well as the cones do. Then in turn: the linear program says
which whole numbers (and bounds every answer), the convex program with these fixed says what they cost, and both points give tangents, until bound and
answer meet.

Source: M. A. Duran and I. E. Grossmann, "An outer-approximation algorithm for a class of mixed-integer nonlinear programs", Mathematical Programming
36, 1986. Linear programs go to HiGHS, or to SCIP where of pairs of numbers one is zero; convex ones to Clarabel, whose digits the answer has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.program.answer import Answer, Status, unanswered
from gridtandem.program.arrays import Columns, Places, Program, Rows, flat
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.program.solvers.highs import Highs
from gridtandem.program.solvers.scip import Pairs, Scip
from gridtandem.tables import Real

ROUNDS = 40  # at most
NEAR = 1e-2  # of the first entry: a cone with more room than this has no tangent yet
BEYOND = 1e-7  # of the first entry: how far a point may be outside of a cone
NOTHING = 1e-7  # entries that have no direction


@final
@dataclass(frozen=True, slots=True)
class Outer:
    """Options, and what one does with a solver. Costs are linear."""

    tolerance: float = 1e-9  # of convex programs
    linear: float = 1e-7  # of linear ones: HiGHS calls some of them infeasible at 1e-9, tangents being no more exact
    gap: float = 1e-7  # relative distance of bound and cost at which the search ends

    def solve(self, program: Program, pairs: Pairs = ()) -> Answer:
        """Solve once. Of each element of the first block of a pair and the same element of the second, one is zero."""
        convex = Clarabel(tolerance=self.tolerance)
        told = convex.solve(replace(program, columns={k: replace(c, integer=False) for k, c in program.columns.items()}))
        if told.status is not Status.SOLVED:
            return told
        cuts, best, bound, rounds = [tangents(program, told, -NEAR)], unanswered(program, Status.STOPPED, ladder=1, solver="", said=""), -np.inf, 0
        while rounds < ROUNDS:
            rounds += 1
            told = self._linear(program, cuts, pairs)
            if told.status is not Status.SOLVED:
                return unanswered(program, told.status, ladder=told.ladder, solver=told.solver, said=told.said)
            bound = max(bound, told.bound)
            found = convex.solve(replace(program, columns=settled(program, told, pairs)))
            if found.status is Status.SOLVED and not found.cost >= best.cost:
                best = found
            if bound >= best.cost - self.gap * max(1.0, abs(best.cost)):
                return replace(best, bound=min(bound, best.cost), solver=f"{told.solver} and {best.solver}", steps=rounds)
            cuts += [tangents(program, told, BEYOND), *([tangents(program, found, -NEAR)] if found.status is Status.SOLVED else [])]
        return replace(best, status=Status.STOPPED, bound=bound, said=f"bound and answer have not met in {ROUNDS} rounds", steps=rounds)

    def _linear(self, program: Program, cuts: list[Rows], pairs: Pairs) -> Answer:
        flat_one = replace(program, cones={}, rows={**program.rows, **{f"tangents {k}": cut for k, cut in enumerate(cuts)}})
        return Scip().solve(flat_one, pairs) if pairs else Highs(tolerance=self.linear).solve(flat_one)


def settled(program: Program, told: Answer, pairs: Pairs) -> dict[str, Columns]:
    """Columns with whole numbers, and the smaller one of each pair, where an answer put them."""
    columns = dict(program.fixed(told.x).columns)
    for one, other in pairs:
        first = told.x[one] > told.x[other]
        columns[one] = replace(columns[one], high=np.where(first, columns[one].high, 0.0))
        columns[other] = replace(columns[other], high=np.where(first, 0.0, columns[other].high))
    return columns


def tangents(program: Program, told: Answer, beyond: float) -> Rows:
    """Tangents at an answer of the cones that it is outside of by more than ``beyond``, of the first entry."""
    x = np.concatenate([told.x[name].ravel() for name in program.columns])
    matrix, right, places = program.cone_matrix(), flat(program.cones, "right"), Places.of(program.cones)
    s = right - matrix @ x
    factors, start = [], 0
    for name, block in program.cones.items():
        at = np.arange(right.size)[places.slices[name]].reshape(block.shape)
        length = np.linalg.norm(s[at][:, 1:], axis=1)
        some = (length > NOTHING) & (length - s[at][:, 0] > beyond * np.maximum(1.0, s[at][:, 0]))
        entries = np.column_stack([np.ones(int(some.sum())), -s[at][some, 1:] / length[some, None]])
        rows = np.repeat(start + np.arange(len(entries)), block.shape[1])
        factors.append((rows, at[some].ravel(), entries.ravel()))
        start += len(entries)
    row, entry, value = (np.concatenate([f[k] for f in factors]) for k in range(3))
    factor = sparse.csr_array((value, (row, entry)), shape=(start, len(right)))
    whole, columns = sparse.csr_array(factor @ matrix), Places.of(program.columns)
    high: Real = factor @ right
    return Rows.of(start, -np.inf, high, {name: whole[:, where] for name, where in columns.slices.items()})
