"""A sparse matrix whose factors exchange rows as numbers ask for it: SuperLU's, with columns in the order of the first factorisation (COLAMD).

For programs that tell no groups, and where the pivots of `gridtandem.program.blocks` leave too few digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
from scipy import sparse

from gridtandem.tables import Index, Real

if TYPE_CHECKING:
    from gridtandem.program.blocks import Solve


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pivoted:
    """Places of all numbers of a matrix."""

    place: Index  # (given entry) where it is added, by columns
    length: int  # of the numbers
    indices: Index
    pointer: Index
    order: Index  # its columns in the order of factorisation

    @staticmethod
    def of(row: Index, column: Index, total: int) -> Pivoted:
        """From the entries."""
        order = _order(row, column, total)
        turned = np.empty(total, np.int64)
        turned[order] = np.arange(total)
        every, where = np.unique(turned[column] * total + row, return_inverse=True)
        pointer = np.searchsorted(every, np.arange(total + 1) * total)
        return Pivoted(place=where, length=len(every), indices=every % total, pointer=pointer, order=order)

    def factored(self, numbers: Real) -> Solve | None:
        """What answers right-hand sides; nothing where the matrix is singular."""
        from scipy.sparse.linalg import splu

        total = len(self.order)
        matrix = sparse.csc_array((numbers, self.indices, self.pointer), shape=(total, total))
        try:
            factors = splu(matrix, permc_spec="NATURAL", relax=1, panel_size=1, options={"Equil": False})
        except RuntimeError:  # exactly singular
            return None

        def solve(right: Real) -> Real:
            found = np.empty(total)
            found[self.order] = factors.solve(right)
            return found

        return solve

    def negative(self, factors: Real) -> int:  # noqa: ARG002
        """How many eigenvalues are known to be below 0: none, since exchanged rows hide them."""
        return 0


def _order(row: Index, column: Index, total: int) -> Index:
    """The order of columns that SuperLU finds for the pattern."""
    from scipy.sparse.linalg import splu

    rng = np.random.default_rng(0)  # any numbers: the order looks at the pattern alone
    some = sparse.csc_array((rng.uniform(1.0, 2.0, len(row)), (row, column)), shape=(total, total))
    some = some + sparse.diags_array(np.full(total, 1e3), format="csc")
    return np.asarray(np.argsort(splu(some, permc_spec="COLAMD").perm_c), np.int64)
