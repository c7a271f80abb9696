r"""The linear equations of a step of an interior-point method, assembled at places that are found once.

.. math:: \begin{pmatrix} H & J_E^\top & J_I^\top \\ J_E & & \\ J_I & & -\Sigma_s^{-1} \end{pmatrix}
          \begin{pmatrix} d_x \\ d_E \\ d_I \end{pmatrix} = r, \qquad H = W + \Sigma

with equations E and ranges I of a smooth program. What is factored is smaller: ranges are eliminated, :math:`H + J_I^\top \Sigma_s J_I`, and fill in
all pairs of their unknowns (they are meant to be short). A range that binds drowns the rest of its unknowns there; answers are therefore refined
against the equations as they stand above, and where that does not help, the ranges that bind are kept as rows (`NewtonSystem.keeping`). A fixed
unknown keeps its row and column with 1 on the diagonal and nothing beside it, so that the pattern does not depend on what is fixed.

The factors are SuperLU's, with rows exchanged as numbers ask for it; the order of columns is that of the first factorisation (COLAMD).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, final

import numpy as np
from scipy import sparse

from gridtandem.program.smooth import Entries, Smooth
from gridtandem.tables import Flag, Index, Real

if TYPE_CHECKING:
    from collections.abc import Callable

    Solve: TypeAlias = Callable[[Real], Real]

REFINED, EXACT = 4, 1e-12  # how often an answer is refined at most, and the relative miss that is good enough
ROUGH = 1e-6  # a relative miss as large as this asks for ranges to be kept


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
    place: Index  # of every number in what is factored, by columns
    indices: Index
    pointer: Index
    order: Index  # its columns in the order of factorisation
    used: Index  # entries of the Jacobian in equations and ranges

    @staticmethod
    def of(program: Smooth, equations: Index, ranges: Index, size: int, rows: int) -> NewtonSystem:
        """Find all places; all ranges are eliminated."""
        kind = np.full(rows, -1)
        kind[equations], kind[ranges] = np.arange(len(equations)), len(equations) + np.arange(len(ranges))
        jacobian = Entries(kind[program.jacobian.row], program.jacobian.column)
        return NewtonSystem._of(jacobian, program.hessian, equations, ranges, size=size, kept=np.empty(0, np.int64))

    @staticmethod
    def _of(jacobian: Entries, hessian: Entries, equations: Index, ranges: Index, *, size: int, kept: Index) -> NewtonSystem:
        """``jacobian`` by rows of the equations."""
        e, row, column = len(equations), jacobian.row, jacobian.column
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
        order = _order(rows, columns, total)
        turned = np.empty(total, np.int64)
        turned[order] = np.arange(total)
        every, where = np.unique(turned[columns] * total + rows, return_inverse=True)
        return NewtonSystem(
            size=size, equations=equations, ranges=ranges, kept=kept, row_of=row, column_of=column, off=off, pair=(first, second, which),
            border=border, hessian=hessian, place=where, indices=every % total,
            pointer=np.searchsorted(every, np.arange(total + 1) * total), order=order, used=np.flatnonzero(row >= 0),
        )  # fmt: skip

    def keeping(self, binding: Flag) -> NewtonSystem:
        """With these ranges kept as rows, and those that are kept already."""
        kept = np.union1d(self.kept, np.flatnonzero(binding))
        return NewtonSystem._of(Entries(self.row_of, self.column_of), self.hessian, self.equations, self.ranges, size=self.size, kept=kept)

    def factored(self, hessian: Real, jacobian: Real, diagonal: Real, bent: Real, fixed: Flag) -> Factors | None:
        """The equations with Σ on the diagonal and Σ_s of ranges; nothing where they are singular."""
        from scipy.sparse.linalg import splu

        free = ~fixed
        h = hessian * (free[self.hessian.row] & free[self.hessian.column])
        j = jacobian * free[self.column_of]
        first, second, which = self.pair
        own, border = np.where(fixed, 1.0, diagonal), j[self.border]
        numbers = [h, h[self.off], own, j[first] * j[second] * bent[which], -1 / bent[self.kept], border, border]
        data, total = np.bincount(self.place, np.concatenate(numbers), len(self.indices)), len(self.order)
        matrix = sparse.csc_array((data, self.indices, self.pointer), shape=(total, total))
        try:
            factors = splu(matrix, permc_spec="NATURAL", relax=1, panel_size=1, options={"Equil": False})
        except RuntimeError:  # exactly singular
            return None
        return Factors(system=self, factors=factors.solve, hessian=h, diagonal=own, jacobian=j[self.used], bent=bent)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Factors:
    """The equations with numbers in them, factored."""

    system: NewtonSystem
    factors: Callable[[Real], Real]
    hessian: Real  # lower triangle; nothing at what is fixed
    diagonal: Real
    jacobian: Real  # of equations and ranges
    bent: Real

    def solved(self, right: Real) -> tuple[Real, float]:
        """Answer to numbers for unknowns, equations and ranges, refined; and its largest miss by the largest of these numbers."""
        n, e = self.system.size, len(self.system.equations)
        gone = np.concatenate([np.zeros(e), self.bent])
        gone[e + self.system.kept] = 0.0
        found, size = self._once(right, gone), max(float(np.abs(right).max()), 1e-300)
        for k in range(REFINED + 1):
            there = np.concatenate([self._whole(found[:n]) + self._across(found[n:]), self._rows(found[:n])])
            there[n + e :] -= found[n + e :] / self.bent
            left = right - there
            miss = float(np.abs(left).max()) / size
            if not miss > EXACT or k == REFINED:
                break
            found = found + self._once(left, gone)
        return found, miss

    def __call__(self, right: Real) -> Real:
        """Answers to columns of numbers for unknowns and equations, with nothing at ranges; the same rows of the answer."""
        rest, size = np.zeros(len(self.bent)), len(right)
        return np.stack([self.solved(np.concatenate([one, rest]))[0][:size] for one in right.T], -1)

    def _once(self, right: Real, gone: Real) -> Real:
        """By the factors alone."""
        s, n, e = self.system, self.system.size, len(self.system.equations)
        out, there, found = np.empty(len(right)), right[n:], np.empty(len(self.system.order))
        found[s.order] = self.factors(np.concatenate([right[:n] + self._across(gone * there), there[:e], there[e:][s.kept]]))
        out[:n] = found[:n]
        out[n:] = gone * (self._rows(found[:n]) - there)
        out[n : n + e], out[n + e + s.kept] = found[n : n + e], found[n + e :]
        return out

    def _whole(self, x: Real) -> Real:
        """H times x."""
        s, h, off = self.system, self.system.hessian, self.system.off
        below = np.bincount(h.row, self.hessian * x[h.column], s.size)
        above = np.bincount(h.column[off], self.hessian[off] * x[h.row[off]], s.size)
        return np.asarray(below + above + self.diagonal * x)

    def _rows(self, x: Real) -> Real:
        """Equations and ranges times x."""
        s = self.system
        count = len(s.equations) + len(s.ranges)
        return np.asarray(np.bincount(s.row_of[s.used], self.jacobian * x[s.column_of[s.used]], count), np.float64)

    def _across(self, y: Real) -> Real:
        """Their transpose times y."""
        s = self.system
        return np.asarray(np.bincount(s.column_of[s.used], self.jacobian * y[s.row_of[s.used]], s.size), np.float64)


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


def _order(row: Index, column: Index, total: int) -> Index:
    """The order of columns that SuperLU finds for the pattern."""
    from scipy.sparse.linalg import splu

    rng = np.random.default_rng(0)  # any numbers: the order looks at the pattern alone
    some = sparse.csc_array((rng.uniform(1.0, 2.0, len(row)), (row, column)), shape=(total, total))
    some = some + sparse.diags_array(np.full(total, 1e3), format="csc")
    return np.asarray(np.argsort(splu(some, permc_spec="COLAMD").perm_c), np.int64)
