"""The margin of one network: its curve in tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, final

import numpy as np

from gridtandem.errors import InvalidCase
from gridtandem.flow.continuation.direction import Direction
from gridtandem.flow.continuation.margin import ENDS, Margin, margin_of
from gridtandem.flow.continuation.trace import Curve, Knot, Met, power, trace
from gridtandem.flow.newton import Newton
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.study.margin.ask import Growth
from gridtandem.study.margin.tables import KINDS, CurveResults, EventResults, NodeResults, ToolResults
from gridtandem.tables import Real, Table
from gridtandem.units import MVA

ALONE = "network"  # name of the tool where there is only one
SHOWN = 3  # weakest nodes in the tables of curves

T = TypeVar("T", bound=Table)
Row = tuple[object, ...]


class Tool(Protocol):
    """A way to a margin, gone to its end: rows of tables."""

    @property
    def tool(self) -> str: ...
    @property
    def trouble(self) -> str: ...
    def found(self) -> bool: ...
    def rows(self, table: str, buses: Sequence[str]) -> list[Row]: ...


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Followed:
    """The curve of one network."""

    tool: str
    nodal: Nodal
    curve: Curve
    margin: Margin
    behind: Callable[[Knot], Real] | None = None  # (node) active power that enters feeders there, where the network holds them too [per unit]

    @property
    def trouble(self) -> str:
        """Why there is no margin, or why the curve was not followed to its end."""
        return self.curve.trouble

    def found(self) -> bool:
        """Is there a margin?"""
        return self.margin.end not in ("none", "lost")

    def rows(self, table: str, buses: Sequence[str]) -> list[Row]:
        """Of tools, events, nodes or curves."""
        if table == "tools":
            return [_tool(self)]
        if table == "events":
            return [_event(self, m) for m in self.curve.met]
        return [] if not self.curve.knots else _nodes(self) if table == "nodes" else _curves(self, buses)


def followed(network: Network, growth: Growth, tool: str = ALONE, *, units: float | Real = 1.0) -> Followed:
    """Follow the curve of a network; ``units``: factors on the growth of each unit (row of those in service)."""
    nodal = Nodal.of(network.check())
    direction = Direction.of(nodal, loads=growth.loads, units=growth.loads * np.asarray(units), generation=growth.generation)
    if faults := [*growth.faults(), *direction.faults(nodal)]:
        raise InvalidCase(faults)
    curve = trace(Newton.of(nodal, options=growth.options), direction, growth.tracing)
    return Followed(tool=tool, nodal=nodal, curve=curve, margin=margin_of(curve))


def tools_table(tools: Sequence[Tool]) -> ToolResults:
    """One row each."""
    return _table(ToolResults, [row for t in tools for row in t.rows("tools", ())])


def events_table(tools: Sequence[Tool]) -> EventResults:
    """In order along each curve."""
    return _table(EventResults, [row for t in tools for row in t.rows("events", ())])


def nodes_table(tools: Sequence[Tool]) -> NodeResults:
    """The weakest first; equally weak ones in the order of their buses."""
    return _table(NodeResults, [row for t in tools for row in t.rows("nodes", ())])


def curves_table(tools: Sequence[Tool], buses: Sequence[str] = ()) -> CurveResults:
    """Of these buses, else of those that each tool shows by itself."""
    return _table(CurveResults, [row for t in tools for row in t.rows("curves", buses)])


def _tool(f: Followed) -> Row:
    m, label = f.margin, f.nodal.label
    if m.knot < 0:
        return f.tool, np.nan, ENDS[m.end], *(np.nan,) * 4, "", np.nan, "", np.nan, 0, f.curve.corrections, 0
    place = f.curve.knots[m.knot].place
    low = int(np.argmin(place.vm))
    return (
        f.tool, m.growth, ENDS[m.end], m.base * MVA, m.most * MVA, m.added * MVA, f.curve.knots[m.most_knot].place.growth, str(label[m.weakest]),
        place.vm[m.weakest], str(label[low]), place.vm[low], len(f.curve.knots), f.curve.corrections, 0,
    )  # fmt: skip


def _event(f: Followed, m: Met) -> Row:
    knot = f.curve.knots[m.knot]
    return (
        f.tool, knot.place.growth, power(knot) * MVA, KINDS.index(m.sign.kind), element(f.nodal, m), m.sign.side, m.induced, m.from_start,
        m.knot > f.margin.knot,
    )  # fmt: skip


def element(nodal: Nodal, met: Met) -> str:
    """Name of the bus, unit or branch at which something was met."""
    net, k = nodal.network, met.sign.element
    if met.sign.kind == "p":
        return str(net.generators.name[nodal.units.row[k]])
    if met.sign.kind in ("flow", "tap"):
        branch = int(nodal.taps.branch[k]) if met.sign.kind == "tap" else k
        table = net.transformers if nodal.branches.kind[branch] else net.lines
        return str(table.name[nodal.branches.row[branch]])
    return str(nodal.label[k]) if k >= 0 else ""


def _nodes(f: Followed) -> list[Row]:
    m, base, there = f.margin, f.curve.knots[0].place.vm, f.curve.knots[f.margin.knot].place.vm
    order = np.argsort(-m.sway, kind="stable").tolist()
    return [(f.tool, str(f.nodal.label[k]), base[k], there[k], m.sway[k], m.participation[k]) for k in order]


def _curves(f: Followed, buses: Sequence[str]) -> list[Row]:
    weakest = np.argsort(-f.margin.sway, kind="stable")[:SHOWN].tolist()
    nodes = chosen(f.nodal, buses) if buses else {str(f.nodal.label[k]): k for k in weakest}
    return [(f.tool, bus, n, *_row(f, knot, k)) for bus, k in nodes.items() for n, knot in enumerate(f.curve.knots)]


def _row(f: Followed, knot: Knot, node: int) -> tuple[float, float, float, float]:
    drawn = float(knot.stage.drawn(knot.place)[0].real[node]) + (0.0 if f.behind is None else float(f.behind(knot)[node]))
    return knot.place.growth, power(knot) * MVA, float(knot.place.vm[node]), drawn * MVA


def chosen(nodal: Nodal, buses: Sequence[str]) -> dict[str, int]:
    """Nodes of buses, of those that are here."""
    node = dict(zip(nodal.network.buses.name.tolist(), nodal.node.tolist(), strict=True))
    return {bus: node[bus] for bus in buses if node.get(bus, -1) >= 0}


def _table(kind: type[T], rows: Sequence[Row]) -> T:
    columns = zip(*rows, strict=True) if rows else [()] * len(kind.columns())
    return kind.of(dict(zip(kind.columns(), columns, strict=True)))
