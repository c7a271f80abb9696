"""A market told whole: a follower as plain arrays that can cross the boundary, and back."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from gridtandem.boundary.strategic_letters import MarketProgram
from gridtandem.program.arrays import Columns, Matrix, Places, Program, Rows, flat
from gridtandem.program.follower import Follower
from gridtandem.tables import Index, Real


def told(follower: Follower) -> MarketProgram:
    """Every number of it. Blocks become vectors."""
    program, columns, rows = follower.program, Places.of(follower.program.columns), Places.of(follower.program.rows)
    matrix = program.matrix().tocoo()
    pieces = [(m.tocoo(), rows.slices[name].start) for name, m in follower.into.items()]
    low, high, cost = (flat(program.columns, what) for what in ("low", "high", "cost"))
    return MarketProgram(
        blocks=tuple(program.columns), sizes=_sizes(columns), penalties=follower.penalties, low=low, high=high, cost=cost,
        constant=program.constant, row_blocks=tuple(program.rows), row_sizes=_sizes(rows), row_low=flat(program.rows, "low"),
        row_high=flat(program.rows, "high"), row=matrix.row.astype(np.int64), column=matrix.col.astype(np.int64), value=matrix.data,
        moved_row=np.concatenate([np.empty(0, np.int64), *(piece.row + first for piece, first in pieces)]),
        moved_by=np.concatenate([np.empty(0, np.int64), *(piece.col.astype(np.int64) for piece, _ in pieces)]),
        moved_value=np.concatenate([np.empty(0), *(piece.data for piece, _ in pieces)]),
    )  # fmt: skip


def follower_of(told: MarketProgram, numbers: int) -> Follower:
    """The follower again; θ has so many ``numbers``."""
    at, rows_at = _starts(told.sizes), _starts(told.row_sizes)
    whole = _matrix((told.row, told.column, told.value), (int(rows_at[-1]), int(at[-1])))
    moved = _matrix((told.moved_row, told.moved_by, told.moved_value), (int(rows_at[-1]), numbers))
    columns, rows, into = dict[str, Columns](), dict[str, Rows](), dict[str, Matrix]()
    for name, a, b in zip(told.blocks, at[:-1].tolist(), at[1:].tolist(), strict=True):
        columns[name] = Columns.of((b - a,), told.low[a:b], told.high[a:b], cost=told.cost[a:b])
    for name, a, b in zip(told.row_blocks, rows_at[:-1].tolist(), rows_at[1:].tolist(), strict=True):
        here = whole[a:b]
        parts = {
            k: part for k, (i, j) in zip(told.blocks, zip(at[:-1].tolist(), at[1:].tolist(), strict=True), strict=True) if (part := here[:, i:j]).nnz
        }
        rows[name] = Rows.of((b - a,), told.row_low[a:b], told.row_high[a:b], parts)
        if moved[a:b].nnz:
            into[name] = sparse.csr_array(moved[a:b])
    return Follower(Program(columns, rows, constant=told.constant), into, told.penalties)


def _sizes(places: Places) -> Index:
    return np.array([s.stop - s.start for s in places.slices.values()], np.int64)


def _starts(sizes: Index) -> Index:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])


def _matrix(entries: tuple[Index, Index, Real], shape: tuple[int, int]) -> Matrix:
    row, column, value = entries
    return sparse.csr_array((value, (row, column)), shape=shape)
