"""Who stands in the result tables of a study, and in which order: transmission, then the feeders by their first interface, of parallel ones one.

Nothing here depends on a solution. Names stand once for each model, and places once for all scenarios, so that a table of results is a few
operations on whole columns, however many feeders there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from gridtandem.grid.copies import Columns, copied, side_by_side
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.nodal import Branches, Nodal
from gridtandem.tables import Index, Names

ELEMENTS = np.array(["line", "transformer"])


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rows:
    """Rows of one result table: what no solution changes, company and feeder apart."""

    part: Index  # 0 transmission, 1 + feeder
    row: Index  # in the columns
    columns: Columns  # of transmission and the models, each once

    @staticmethod
    def of(things: Sequence[Columns], which: Index) -> Rows:
        """Rows of ``things[which[0]]``, of ``things[which[1]]``, …"""
        columns, row, part = side_by_side(things, which)
        return Rows(part=part, row=row, columns=columns)

    def told(self) -> dict[str, NDArray[Any]]:
        """The columns, row by row."""
        return {name: column[self.row] for name, column in self.columns.items()}


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Roster:
    """Every part's own grid side by side, not joined."""

    first: Index  # (feeder) its first interface
    company: Names  # (part)
    feeder: Names  # (part) empty for transmission
    first_node: Index  # (part + 1) where the nodes of each part begin
    nodes: Rows  # label: name of the first bus
    buses: Rows
    bus: Index  # (row of buses) bus in its own network
    node: Index  # (row of buses)
    branch_rows: Rows
    branches: Branches  # between nodes of the roster
    units: Rows

    @staticmethod
    def of(transmission: Nodal, models: Sequence[Nodal], interfaces: Interfaces) -> Roster:
        """From the grids of transmission and of the feeder models."""
        at = np.sort(np.unique(interfaces.feeder, return_index=True)[1])
        nodals, which = (transmission, *models), np.concatenate([[0], 1 + interfaces.model[at]])
        first = np.concatenate([[0], np.cumsum(np.array([n.nodes for n in nodals], np.int64)[which])])
        place, in_bus = copied([{"node": n.node[n.node >= 0], "bus": np.flatnonzero(n.node >= 0)} for n in nodals], which)
        branch, in_branch = copied([{name: getattr(n.branches, name) for name in Branches.__slots__} for n in nodals], which)
        branch |= {name: branch[name] + first[in_branch] for name in ("start", "end")}
        return Roster(
            first=at, company=np.concatenate([["tso"], interfaces.company[at]]), feeder=np.concatenate([[""], interfaces.feeder[at]]),
            first_node=first, nodes=Rows.of([{"label": n.label} for n in nodals], which), buses=Rows.of([_buses(n) for n in nodals], which),
            bus=place["bus"], node=first[in_bus] + place["node"], branch_rows=Rows.of([_branches(n) for n in nodals], which),
            branches=Branches(**branch), units=Rows.of([_units(n) for n in nodals], which),
        )  # fmt: skip


def _buses(nodal: Nodal) -> Columns:
    live, buses = np.flatnonzero(nodal.node >= 0), nodal.network.buses
    return {"bus": buses.name[live], "nominal_kv": buses.nominal_kv[live]}


def _branches(nodal: Nodal) -> Columns:
    """Lines first, then transformers."""
    net, br = nodal.network, nodal.branches
    tables = net.lines.take(br.row[br.kind == 0]), net.transformers.take(br.row[br.kind == 1])
    name, start, end, rating = (np.concatenate([getattr(t, c) for t in tables]) for c in ("name", "from_bus", "to_bus", "rating_mva"))
    return {"element": ELEMENTS[br.kind], "branch": name, "from_bus": net.buses.name[start], "to_bus": net.buses.name[end], "rating_mva": rating}


def _units(nodal: Nodal) -> Columns:
    g = nodal.network.generators.take(nodal.units.row)
    return {"unit": g.name, "bus": nodal.network.buses.name[g.bus]}
