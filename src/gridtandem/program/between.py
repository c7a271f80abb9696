r"""All programs between two whose numbers differ and whose blocks and matrices do not: one of them, or the family with its place as an unknown.

.. math:: b(s) = (1 - s)\, b_0 + s\, b_1, \qquad 0 \le s \le 1

for the sides of rows and the bounds of columns. Costs must be the same, so that the family is a program too: s, block ``share``, is one more unknown,
and bounds that move become rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from gridtandem.program.arrays import Columns, Matrix, Program, Rows
from gridtandem.tables import Index, Real

SHARE = "share"
ALIKE = 1e-9  # relative; rounding of sides that are sums


def at(first: Program, last: Program, share: ArrayLike | Mapping[str, ArrayLike]) -> Program:
    """The program at a share of the way, which may lie beyond 0 to 1. Shares may differ by block; blocks that are not named stay with the first."""
    shares = share if isinstance(share, Mapping) else dict.fromkeys((*first.columns, *first.rows), share)
    columns = {
        k: replace(c, low=_mixed(c.low, last.columns[k].low, shares.get(k, 0.0)), high=_mixed(c.high, last.columns[k].high, shares.get(k, 0.0)))
        for k, c in first.columns.items()
    }
    rows = {
        k: replace(r, low=_mixed(r.low, last.rows[k].low, shares.get(k, 0.0)), high=_mixed(r.high, last.rows[k].high, shares.get(k, 0.0)))
        for k, r in first.rows.items()
    }
    return replace(first, columns=columns, rows=rows)


def family(first: Program, last: Program) -> Program:
    """All of them: the block ``share`` (1) says which."""
    columns: dict[str, Columns] = {SHARE: Columns.of((1,), 0.0, 1.0)}
    rows = {k: _moving(r, last.rows[k]) for k, r in first.rows.items()}
    for k, c in first.columns.items():
        other = last.columns[k]
        columns[k] = replace(c, low=np.minimum(c.low, other.low), high=np.maximum(c.high, other.high))
        moved = np.flatnonzero(((c.low != other.low) | (c.high != other.high)).ravel())
        if len(moved):
            rows[f"{k} within"] = _within(k, c, other, moved)
    return replace(first, columns=columns, rows=rows)


def _moving(first: Rows, last: Rows) -> Rows:
    """Rows whose sides move with the share; where both sides are there, they must move alike."""
    low, high = _moved(first.low, last.low), _moved(first.high, last.high)
    if not (low.any() or high.any()):
        return first
    both = np.isfinite(first.low) & np.isfinite(first.high)
    if (np.abs(low - high)[both] > ALIKE * (1 + np.abs(low[both]))).any():
        raise ValueError("the two sides of a range move apart, which one unknown cannot follow")
    change = np.where(np.isfinite(first.low), low, high).reshape(-1, 1)
    return replace(first, parts={**first.parts, SHARE: sparse.csr_array(-change)})


def _within(name: str, first: Columns, last: Columns, moved: Index) -> Rows:
    """low(s) ≤ x ≤ high(s) for the elements whose bounds move; two rows each."""
    size, n = first.low.size, len(moved)
    pick: Matrix = sparse.csr_array((np.ones(n), (np.arange(n), moved)), shape=(n, size))
    low0, low1, high0, high1 = (b.ravel()[moved] for b in (first.low, last.low, first.high, last.high))
    shift = np.concatenate([_moved(low0, low1), _moved(high0, high1)])[:, None]
    both = sparse.csr_array(sparse.vstack([pick, pick]))
    low, high = np.concatenate([low0, np.full(n, -np.inf)]), np.concatenate([np.full(n, np.inf), high0])
    return Rows.of((2 * n,), low, high, {name: both, SHARE: -shift})


def _moved(first: Real, last: Real) -> Real:
    """How far a number moves; infinite ones stay."""
    out = np.zeros(np.shape(first))
    np.subtract(last, first, out=out, where=np.isfinite(first) & np.isfinite(last))
    return out


def _mixed(first: Real, last: Real, share: ArrayLike) -> Real:
    return np.asarray(first + np.asarray(share) * _moved(first, last), np.float64)
