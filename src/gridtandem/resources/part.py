r"""What a kind of resource brings into a program: its unknowns, its own rows, and what it injects where.

Arrays lie in the order (period, resource). An injection is linear in the unknowns, :math:`p = P_0 + \sum_k P_k x_k`, with p at (period, node), in MW.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.program.arrays import Columns, Matrix, Rows
from gridtandem.tables import Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Window:
    """The periods a program spans, of a day that has more."""

    first: int = 0  # counted from 0
    periods: int = 1
    hours: float = 1.0  # length of each

    def of(self, factors: Real) -> Real:
        """Rows of an array (period of the day, …) that lie in the window."""
        return factors[self.first : self.first + self.periods]

    @property
    def end(self) -> int:
        """The first period after the window."""
        return self.first + self.periods


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Part:
    """A kind of resource in a program."""

    columns: Mapping[str, Columns]
    p: Mapping[str, Matrix]  # (period · node) × unknowns of the block
    q: Mapping[str, Matrix] = field(default_factory=dict)
    p_fixed: Real | float = 0.0  # (period, node) [MW]
    q_fixed: Real | float = 0.0
    rows: Mapping[str, Rows] = field(default_factory=dict)


def at_nodes(node: Index, periods: int, nodes: int, factor: Real | float = 1.0) -> Matrix:
    """The matrix that adds (period, resource) up to (period, node), each times its factor (resource)."""
    size = len(node)
    one = sparse.csr_array((np.broadcast_to(np.asarray(factor, float), size).copy(), (node, np.arange(size))), shape=(nodes, size))
    return repeated(one, periods)


def repeated(m: Matrix, periods: int) -> Matrix:
    """The same matrix for every period, nothing between periods."""
    (height, width), t = m.shape, np.arange(periods)[:, None]
    start = np.concatenate([np.zeros(1, m.indptr.dtype), (m.indptr[1:] + m.nnz * t).ravel()])
    return sparse.csr_array((np.tile(m.data, periods), (m.indices + width * t).ravel(), start), shape=(height * periods, width * periods))


def joined(parts: list[Part]) -> Part:
    """Several kinds as one."""
    return Part(
        columns={k: c for part in parts for k, c in part.columns.items()}, rows={k: r for part in parts for k, r in part.rows.items()},
        p={k: m for part in parts for k, m in part.p.items()}, q={k: m for part in parts for k, m in part.q.items()},
        p_fixed=sum((part.p_fixed for part in parts), np.float64(0.0)), q_fixed=sum((part.q_fixed for part in parts), np.float64(0.0)),
    )  # fmt: skip
