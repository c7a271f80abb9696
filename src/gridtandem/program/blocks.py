r"""A symmetric matrix whose unknowns come in small groups: its pattern with fill, and factors without search for pivots beyond a group.

Where unknowns and equations belong together by nature — the voltage of a bus and its balances — the block of a group is a good pivot nearly always,
and the order of groups, found once, serves all numbers. That is several times as fast as factors that exchange rows of single unknowns, and where it
goes wrong the answers show it: `gridtandem.program.newton_system` refines them, and takes such factors where that does not help.

Sources: A. George, J. W. H. Liu, "The evolution of the minimum degree ordering algorithm", SIAM Review 31(1), 1989 (the order, as SuperLU has it);
J. W. H. Liu, "The role of elimination trees in sparse factorization", SIAM J. Matrix Anal. Appl. 11, 1990 (the pattern).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, final

import numpy as np
from scipy import sparse

from gridtandem.kernels import kernel
from gridtandem.tables import Flag, Index, Real

if TYPE_CHECKING:
    from collections.abc import Callable

    Solve: TypeAlias = Callable[[Real], Real]

KERNELS = "program.kernels_blocks"


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Blocks:
    """Places of all numbers of a matrix in its factors."""

    place: Index  # (given entry) where it is added; those above the diagonal of blocks go to the end, where nobody looks
    length: int  # of the numbers, that last one included
    at: Index  # (unknown) its place among the unknowns in the order of elimination
    size: Index  # (group in the order of elimination, as all that follow) unknowns
    first: Index  # where they begin
    start: Index  # where the blocks below a diagonal block begin
    row: Index  # (block below) group
    own: Index  # where numbers begin: of diagonal blocks
    below: Index  # and of those below
    tape: Index  # where products go

    @staticmethod
    def of(row: Index, column: Index, group: Index, order: Index) -> Blocks:
        """From the entries, both triangles, the group of each unknown and the order of the groups."""
        count = len(order)
        turn = np.empty(count, np.int64)
        turn[order] = np.arange(count)
        mine = turn[group]
        upper, lower = mine[column], mine[row]
        graph = sparse.csr_array((np.ones(len(row), np.int8), (lower, upper)), shape=(count, count))
        start, rows = kernel(KERNELS, "columns")(graph.indptr.astype(np.int64), graph.indices.astype(np.int64))
        size = np.bincount(mine, minlength=count)
        own, below, tape = kernel(KERNELS, "laid")(start, rows, size)
        length = int(own[-1])
        at, first = np.empty(len(group), np.int64), np.concatenate([[0], np.cumsum(size)])
        at[np.argsort(mine, kind="stable")] = np.arange(len(group))
        inner = at - first[mine]
        place = np.where(lower == upper, own[lower] + inner[row] * size[upper] + inner[column], length)
        under = np.flatnonzero(lower > upper)
        block = np.searchsorted(np.repeat(np.arange(count), np.diff(start)) * count + rows, upper[under] * count + lower[under])
        place[under] = below[block] + inner[row[under]] * size[upper[under]] + inner[column[under]]
        return Blocks(
            place=place, length=length + 1, at=at, size=size, first=first, start=start, row=rows, own=own, below=below, tape=tape,
        )  # fmt: skip

    def factored(self, numbers: Real) -> Solve | None:
        """What answers right-hand sides; nothing where the block of a group has no inverse. The numbers become the factors."""
        if kernel(KERNELS, "eliminated")(self.size, self.start, self.row, self.own, self.below, self.tape, numbers) >= 0:
            return None
        substituted = kernel(KERNELS, "substituted")

        def solve(right: Real) -> Real:
            x = np.empty(len(right))
            substituted(self.size, self.first, self.start, self.row, self.own, self.below, numbers, self.at, right, x)
            return x

        return solve

    def negative(self, factors: Real) -> int:
        """How many eigenvalues of the matrix are below 0, which its factors show: as many as those of all pivots (Sylvester)."""
        count = 0
        for n in np.unique(self.size).tolist():
            places = self.own[:-1][self.size == n][:, None] + np.arange(n * n)
            pivots = factors[places].reshape(-1, n, n)
            count += int((np.linalg.eigvalsh((pivots + pivots.transpose(0, 2, 1)) / 2) < 0).sum()) if n else 0
        return count


def ordered(row: Index, column: Index, group: Index, late: Flag) -> Index:
    """Groups by minimum degree, some of them last."""
    from scipy.sparse.linalg import splu

    count = len(late)
    graph = sparse.csc_array((np.ones(len(row)), (group[row], group[column])), shape=(count, count))
    graph = graph + sparse.diags_array(np.full(count, 2.0 + abs(graph).sum(0)), format="csc")
    found = np.argsort(splu(graph, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}).perm_c)
    return np.concatenate([found[~late[found]], found[late[found]]])
