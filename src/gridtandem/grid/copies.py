"""Many copies of few things side by side: rows are gathered, not made one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridtandem.grid.forest import slices
from gridtandem.grid.network import Network
from gridtandem.tables import Index, Table

Columns = Mapping[str, NDArray[Any]]


def copied(things: Sequence[Columns], which: Index) -> tuple[dict[str, NDArray[Any]], Index]:
    """The rows of ``things[which[0]]``, then those of ``things[which[1]]``, and so on; beside them the copy, from 0, that each row belongs to."""
    beside, rows, part = side_by_side(things, which)
    return {name: column[rows] for name, column in beside.items()}, part


def side_by_side(things: Sequence[Columns], which: Index) -> tuple[dict[str, NDArray[Any]], Index, Index]:
    """The things one after another, each once; for each row of their copies its row there, and its copy."""
    size = np.array([len(next(iter(columns.values()))) for columns in things], np.int64)
    rows, part = slices((np.cumsum(size) - size)[which], size[which]), np.repeat(np.arange(len(which)), size[which])
    return {name: np.concatenate([columns[name] for columns in things]) for name in things[0]}, rows, part


def copies(networks: Sequence[Network], which: Index) -> tuple[Network, dict[str, Index]]:
    """Networks side by side as one, with rows renumbered and all else of the first; beside it the copy that each row of each table belongs to."""
    made: dict[str, dict[str, NDArray[Any]]] = {}
    part: dict[str, Index] = {}
    for name in networks[0].tables():
        made[name], part[name] = copied([_columns(getattr(net, name)) for net in networks], which)
    first = {name: np.searchsorted(rows, np.arange(len(which))) for name, rows in part.items()}
    out: dict[str, Any] = {}
    for name, table in networks[0].tables().items():
        moved = {c: made[name][c] + first[spec.refers][part[name]] for c, spec in table.columns().items() if spec.refers}
        out[name] = type(table)(**made[name] | {c: np.where(made[name][c] >= 0, rows, -1) for c, rows in moved.items()})
    return replace(networks[0], **out), part


def _columns(table: Table) -> Columns:
    return {name: getattr(table, name) for name in table.columns()}
