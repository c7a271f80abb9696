"""A market told whole: followers as plain arrays that can cross the boundary, and back. Matrices of one kind cross once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse

from gridtandem.boundary.strategic_letters import Disclosed, MarketProgram
from gridtandem.program.arrays import Columns, Matrix, Places, Program, Rows, flat
from gridtandem.program.follower import Follower
from gridtandem.tables import Index, Real

MATRICES = ("row", "column", "value", "moved_row", "moved_by", "moved_value")


def told(followers: Sequence[Follower]) -> tuple[MarketProgram, ...]:
    """Every number of them. Blocks become vectors."""
    out: list[MarketProgram] = []
    first: dict[bytes, int] = {}
    for follower in followers:
        whole = _told(follower, len(out))
        key = b"".join(getattr(whole, name).tobytes() for name in MATRICES)
        if (known := first.setdefault(key, len(out))) < len(out):
            nothing = {name: getattr(whole, name)[:0] for name in MATRICES}
            whole = replace(whole, like=known, **nothing)
        out.append(whole)
    return tuple(out)


def followers_of(market: Disclosed) -> tuple[Follower, ...]:
    """The followers again."""
    size = np.bincount(market.program, minlength=len(market.programs)) if len(market.programs) else np.empty(0, np.int64)
    matrices = ({name: getattr(market.programs[p.like], name) for name in MATRICES} for p in market.programs)
    return tuple(_follower(replace(p, **m), max(int(n), _numbers(m["moved_by"]))) for p, m, n in zip(market.programs, matrices, size, strict=True))


def _numbers(moved_by: Index) -> int:
    return int(moved_by.max(initial=-1)) + 1


def _told(follower: Follower, number: int) -> MarketProgram:
    program, columns, rows = follower.program, Places.of(follower.program.columns), Places.of(follower.program.rows)
    matrix = program.matrix().tocoo()
    pieces = [(m.tocoo(), rows.slices[name].start) for name, m in follower.into.items()]
    low, high, cost = (flat(program.columns, what) for what in ("low", "high", "cost"))
    return MarketProgram(
        blocks=tuple(program.columns), sizes=_sizes(columns), penalties=follower.penalties, low=low, high=high, cost=cost,
        constant=program.constant, row_blocks=tuple(program.rows), row_sizes=_sizes(rows), row_low=flat(program.rows, "low"),
        row_high=flat(program.rows, "high"), like=number, row=matrix.row.astype(np.int64), column=matrix.col.astype(np.int64), value=matrix.data,
        moved_row=np.concatenate([np.empty(0, np.int64), *(piece.row + first for piece, first in pieces)]),
        moved_by=np.concatenate([np.empty(0, np.int64), *(piece.col.astype(np.int64) for piece, _ in pieces)]),
        moved_value=np.concatenate([np.empty(0), *(piece.data for piece, _ in pieces)]),
    )  # fmt: skip


def _follower(told: MarketProgram, numbers: int) -> Follower:
    """θ has so many ``numbers``."""
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
