r"""The linear equations of a step of an interior-point method, assembled at places that are found once.

.. math:: \begin{pmatrix} H & J_E^\top & J_I^\top \\ J_E & & \\ J_I & & -\Sigma_s^{-1} \end{pmatrix}
          \begin{pmatrix} d_x \\ d_E \\ d_I \end{pmatrix} = r, \qquad H = W + \Sigma

with equations E and ranges I of a smooth program. What is factored is smaller: ranges are eliminated, :math:`H + J_I^\top \Sigma_s J_I`, and fill in
all pairs of their unknowns (they are meant to be short). A range that binds drowns the rest of its unknowns there; answers are therefore refined
against the equations as they stand above, and where that does not help, the ranges that bind are kept as rows (`NewtonSystem.keeping`). A fixed
unknown keeps its row and column with 1 on the diagonal and nothing beside it, so that the pattern does not depend on what is fixed.

The factors are those of `gridtandem.program.blocks` where the program tells what belongs together, and of `gridtandem.program.pivoted` where it does
not, or where even with ranges kept answers are not good (`NewtonSystem.searching`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.kernels import kernel
from gridtandem.program.blocks import Blocks, ordered
from gridtandem.program.pivoted import Pivoted
from gridtandem.program.smooth import Entries, Groups, Smooth, sides
from gridtandem.tables import Flag, Index, Real

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridtandem.program.blocks import Solve

REFINED, EXACT = 4, 1e-12  # how often an answer is refined at most, and the relative miss that is good enough
ROUGH = 1e-6  # a relative miss as large as this asks for ranges to be kept, or for better pivots
STEPS = "program.kernels_steps"


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NewtonSystem:
    """Places of a program's Newton equations."""

    size: int  # unknowns
    equations: Index  # rows of the program
    ranges: Index
    kept: Index  # of the ranges, those that are not eliminated
    row_of: Index  # (entry of the Jacobian) its equation, or its range behind all equations; −1: a row without sides
    column_of: Index  # (entry of the Jacobian)
    off: Index  # entries of the Hessian off its diagonal
    pair: tuple[Index, Index, Index]  # entries of the Jacobian that meet in an eliminated range, and the range
    border: Index  # entries of the Jacobian in equations and in ranges that are kept
    hessian: Entries
    groups: Groups | None
    stuck: Flag  # unknowns that cannot move
    matrix: Blocks | Pivoted

    @staticmethod
    def of(program: Smooth, equations: Index, ranges: Index) -> NewtonSystem:
        """Find all places; all ranges are eliminated."""
        kind = np.full(sum(span.low.size for span in program.rows.values()), -1)
        kind[equations], kind[ranges] = np.arange(len(equations)), len(equations) + np.arange(len(ranges))
        jacobian = Entries(kind[program.jacobian.row], program.jacobian.column)
        groups = None if program.groups is None else replace(program.groups, row=program.groups.row[equations])
        low, high = sides(program.columns)
        nothing = np.empty(0, np.int64)
        return NewtonSystem._of(jacobian, program.hessian, equations, ranges, kept=nothing, groups=groups, stuck=low == high)

    @staticmethod
    def _of(jacobian: Entries, hessian: Entries, equations: Index, ranges: Index, *, kept: Index, groups: Groups | None, stuck: Flag) -> NewtonSystem:
        """``jacobian`` and groups by rows of the equations."""
        size, e, row, column = len(stuck), len(equations), jacobian.row, jacobian.column
        place = np.concatenate([np.arange(e), np.full(len(ranges) + 1, -1)])  # among equations and kept ranges; the last stands for −1
        place[e + kept] = e + np.arange(len(kept))
        lies, off, own = place[row], np.flatnonzero(hessian.row != hessian.column), np.arange(size)
        border = np.flatnonzero(lies >= 0)
        first, second, which = _pairs(np.where((row >= e) & (lies < 0), row - e, -1), len(ranges))
        last, total = size + e + np.arange(len(kept)), size + e + len(kept)
        parts = [
            (hessian.row, hessian.column), (hessian.column[off], hessian.row[off]), (own, own), (column[first], column[second]), (last, last),
            (size + lies[border], column[border]), (column[border], size + lies[border]),
        ]  # fmt: skip
        rows, columns = (np.concatenate([p[i] for p in parts]) for i in range(2))
        matrix = Pivoted.of(rows, columns, total) if groups is None else _blocks(rows, columns, groups, stuck, kept=len(kept))
        return NewtonSystem(
            size=size, equations=equations, ranges=ranges, kept=kept, row_of=row, column_of=column, off=off, pair=(first, second, which),
            border=border, hessian=hessian, groups=groups, stuck=stuck, matrix=matrix,
        )  # fmt: skip

    @property
    def total(self) -> int:
        """Rows of what is factored."""
        return self.size + len(self.equations) + len(self.kept)

    def keeping(self, binding: Flag, pinned: Flag) -> NewtonSystem:
        """With these ranges kept as rows, and those that are kept already; and with unknowns that can hardly move."""
        return self._with(np.union1d(self.kept, np.flatnonzero(binding)), self.groups, self.stuck | pinned)

    def searching(self) -> NewtonSystem:
        """With factors that search for pivots."""
        return self._with(self.kept, None, self.stuck)

    def _ways(self, hard: Flag) -> Iterator[NewtonSystem]:
        """The quickest first."""
        yield self
        yield self.keeping(hard[self.size :], hard[: self.size])
        if self.groups is not None:
            yield self.searching()

    def _with(self, kept: Index, groups: Groups | None, stuck: Flag) -> NewtonSystem:
        jacobian = Entries(self.row_of, self.column_of)
        return NewtonSystem._of(jacobian, self.hessian, self.equations, self.ranges, kept=kept, groups=groups, stuck=stuck)

    def factored(self, hessian: Real, jacobian: Real, diagonal: Real, bent: Real, fixed: Flag) -> Factors | None:
        """The equations with Σ on the diagonal and Σ_s of ranges; nothing where they are singular."""
        h, j, own, numbers = np.empty(len(hessian)), np.empty(len(jacobian)), np.empty(self.size), np.zeros(self.matrix.length)
        kernel(STEPS, "filled")(
            fixed, hessian, self.hessian.row, self.hessian.column, jacobian, self.column_of, diagonal, bent, self.off, *self.pair, self.border,
            self.kept, self.matrix.place, h, j, own, numbers,
        )  # fmt: skip
        solve = self.matrix.factored(numbers)
        return None if solve is None else Factors(system=self, solve=solve, numbers=numbers, hessian=h, diagonal=own, jacobian=j, bent=bent)

    def answered(self, numbers: tuple[Real, Real, Real, Real, Flag], right: Real, hard: Flag) -> Real | None:
        """Answers to columns of numbers for unknowns and equations, nothing at ranges, by the first way that is good; the same rows of the answer.

        ``numbers`` are those of `factored`; unknowns and ranges that are ``hard`` can hardly move.
        """
        whole, found = np.concatenate([right, np.zeros((len(self.ranges), right.shape[1]))]), None
        for way in self._ways(hard):
            if (factors := way.factored(*numbers)) is not None:
                each = [factors.solved(one) for one in whole.T]
                found = np.stack([one[: len(right)] for one, _ in each], -1)
                if all(miss <= ROUGH for _, miss in each):
                    break
        return found


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Factors:
    """The equations with numbers in them, factored."""

    system: NewtonSystem
    solve: Solve
    numbers: Real  # the factors
    hessian: Real  # lower triangle; nothing at what is fixed
    diagonal: Real
    jacobian: Real
    bent: Real

    def saddle(self) -> bool:
        """Whether H bends down somewhere along the rows: then more eigenvalues are below 0 than there are rows."""
        s = self.system
        return s.matrix.negative(self.numbers) > len(s.equations) + len(s.kept)

    def solved(self, right: Real) -> tuple[Real, float]:
        """Answer to numbers for unknowns, equations and ranges, refined; and its largest miss by the largest of these numbers."""
        s = self.system
        gone = np.concatenate([np.zeros(len(s.equations)), self.bent])
        gone[len(s.equations) + s.kept] = 0.0
        found, left, core, size = np.zeros(len(right)), right.copy(), np.empty(s.total), max(float(np.abs(right).max()), 1e-300)
        jacobian = s.row_of, s.column_of, self.jacobian
        for _ in range(REFINED + 1):
            kernel(STEPS, "gathered")(*jacobian, gone, s.kept, left, core)
            miss = kernel(STEPS, "improved")(
                s.hessian.row, s.hessian.column, self.hessian, self.diagonal, *jacobian, self.bent, gone, s.kept, self.solve(core), right, found, left
            )
            if not miss > EXACT * size:
                break
        return found, miss / size


def _pairs(range_of: Index, ranges: int) -> tuple[Index, Index, Index]:
    """All pairs of entries that lie in the same range."""
    entry = np.flatnonzero(range_of >= 0)
    entry = entry[np.argsort(range_of[entry], kind="stable")]
    count = np.bincount(range_of[entry], minlength=ranges)
    begin = np.cumsum(count) - count
    own = np.repeat(count, count)  # partners of each entry
    first = np.repeat(entry, own)
    within = np.arange(own.sum()) - np.repeat(np.cumsum(own) - own, own)
    second = entry[np.repeat(np.repeat(begin, count), own) + within]
    return first, second, range_of[first]


def _blocks(row: Index, column: Index, groups: Groups, stuck: Flag, *, kept: int) -> Blocks:
    """Groups with more equations than unknowns that can move come last, when others have lent them theirs.

    A range that is kept belongs to that of the groups of its unknowns that is eliminated last.
    """
    told = np.concatenate([groups.unknown, groups.row])
    group = np.concatenate([told, np.zeros(kept, np.int64)])
    across = np.flatnonzero((row >= len(told)) & (column < len(told)))
    group[row[across]] = group[column[across]]
    count = int(told.max(initial=-1)) + 1
    late = np.bincount(groups.row, minlength=count) > np.bincount(groups.unknown[~stuck], minlength=count)
    order = ordered(row, column, group, late)
    turn = np.empty(count, np.int64)
    turn[order] = np.arange(count)
    latest = np.zeros(kept, np.int64)
    np.maximum.at(latest, row[across] - len(told), turn[group[column[across]]])
    group[len(told) :] = order[latest]
    return Blocks.of(row, column, group, order)
