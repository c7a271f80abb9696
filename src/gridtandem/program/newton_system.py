r"""The linear equations of a step of an interior-point method, assembled at places that are found once.

.. math:: \begin{pmatrix} W + \Sigma + J_I^\top \Sigma_s J_I & J_E^\top \\ J_E & 0 \end{pmatrix}

with equations E and ranges I of a smooth program. A fixed unknown keeps its row and column with 1 on the diagonal and nothing beside it, so that the
pattern does not depend on what is fixed. A range fills in all pairs of its unknowns: ranges are meant to be short.

The factors are SuperLU's, with rows exchanged as numbers ask for it; the order of columns is that of the first factorisation (COLAMD).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, final

import numpy as np
from scipy import sparse

from gridtandem.program.smooth import Smooth
from gridtandem.tables import Flag, Index, Real

if TYPE_CHECKING:
    from collections.abc import Callable

    Solve = Callable[[Real], Real]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NewtonSystem:
    """Places of a program's Newton equations."""

    size: int  # unknowns
    equations: Index  # rows
    ranges: Index
    row_of: Index  # (entry of the Jacobian) its equation, or its range behind all equations; −1: a row without sides
    column_of: Index  # (entry of the Jacobian)
    off: Index  # entries of the Hessian off its diagonal
    pair: tuple[Index, Index, Index]  # entries of the Jacobian that meet in a range, and the range
    meets: tuple[Index, ...]  # places: Hessian, its upper half, diagonal, pairs, equations, their transposes
    equation: Index  # entries of the Jacobian in equations
    hessian: tuple[Index, Index]
    indices: Index  # of the compressed columns, in the order of factorisation
    pointer: Index
    order: Index  # column of the equations at each place

    @staticmethod
    def of(program: Smooth, equations: Index, ranges: Index, size: int, rows: int) -> NewtonSystem:
        """Find all places."""
        kind = np.full(rows, -1)
        kind[equations] = np.arange(len(equations))
        kind[ranges] = len(equations) + np.arange(len(ranges))
        row, column = kind[program.jacobian.row], program.jacobian.column
        h_row, h_column = program.hessian.row, program.hessian.column
        off, equation = np.flatnonzero(h_row != h_column), np.flatnonzero((row >= 0) & (row < len(equations)))
        first, second, which = _pairs(row - len(equations), len(ranges))
        own = np.arange(size)
        parts = [
            (h_row, h_column), (h_column[off], h_row[off]), (own, own), (column[first], column[second]),
            (size + row[equation], column[equation]), (column[equation], size + row[equation]),
        ]  # fmt: skip
        total = size + len(equations)
        order = _order(parts, total)
        place = np.empty(total, np.int64)
        place[order] = np.arange(total)
        keys = [place[c] * total + r for r, c in parts]
        every, where = np.unique(np.concatenate(keys), return_inverse=True)
        cut = np.cumsum([0, *(len(k) for k in keys)])
        return NewtonSystem(
            size=size, equations=equations, ranges=ranges, row_of=row, column_of=column, off=off, pair=(first, second, which),
            meets=tuple(where[a:b] for a, b in pairwise(cut)), equation=equation, hessian=(h_row, h_column),
            indices=(every % total).astype(np.int32), pointer=np.searchsorted(every, np.arange(total + 1) * total).astype(np.int32), order=order,
        )  # fmt: skip

    def factored(self, hessian: Real, jacobian: Real, diagonal: Real, bent: Real, fixed: Flag) -> Solve | None:
        """Solver of the equations with what stands on the diagonal and behind ranges; nothing where they are singular."""
        free = ~fixed
        h = hessian * (free[self.hessian[0]] & free[self.hessian[1]])
        j = jacobian * free[self.column_of]
        first, second, which = self.pair
        equation = j[self.equation]
        data = np.bincount(
            np.concatenate(self.meets),
            np.concatenate([h, h[self.off], np.where(fixed, 1.0, diagonal), j[first] * j[second] * bent[which], equation, equation]),
            len(self.indices),
        )
        total = self.size + len(self.equations)
        return _factored(sparse.csc_array((data, self.indices, self.pointer), shape=(total, total)), self.order)


def _factored(matrix: sparse.csc_array, order: Index) -> Solve | None:
    from scipy.sparse.linalg import splu

    try:
        factors = splu(matrix, permc_spec="NATURAL", options={"Equil": False})
    except RuntimeError:  # exactly singular
        return None

    def solve(right: Real) -> Real:
        found: Real = factors.solve(right)
        found += factors.solve(right - matrix @ found)
        out = np.empty_like(found)
        out[order] = found
        return out

    return solve


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


def _order(parts: list[tuple[Index, Index]], total: int) -> Index:
    """The order of columns that SuperLU finds for the pattern."""
    from scipy.sparse.linalg import splu

    row, column = (np.concatenate([p[i] for p in parts]) for i in range(2))
    rng = np.random.default_rng(0)  # any numbers: the order looks at the pattern alone
    some = sparse.csc_array((rng.uniform(1.0, 2.0, len(row)), (row, column)), shape=(total, total))
    some = some + sparse.diags_array(np.full(total, 1e3), format="csc")
    return np.asarray(np.argsort(splu(some, permc_spec="COLAMD").perm_c), np.int64)
