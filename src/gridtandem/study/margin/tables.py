"""Tables of a margin: one row per tool, what was met on the way, places of the curve, and nodes by how weak they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.tables import Code, Flag, Index, Names, Real, Table, column

FALLS = 1e-7  # of λ, from one place to the next; less is rounding
KINDS = ("q", "q_back", "p", "tap", "v", "flow", "nose", "peak", "target")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ToolResults(Table):
    """One row per tool: its margins, and where it finds the weakest node."""

    kind: ClassVar[str] = "tools"
    tool: Names = column("how it was found", dtype="U")
    growth: Real = column("λ*, first collapse from today, in P0 (1 + λ k); inf: no end", finite=False)
    end: Names = column("what ends it", dtype="U")
    load_mw: Real = column("active power of all loads before anything grows", unit="MW")
    most_mw: Real = column("most active power that all loads draw up to λ*; NaN where it was passed and not found", unit="MW", finite=False)
    margin_mw: Real = column("what can be added: the difference of the two", unit="MW", finite=False)
    most_growth: Real = column("λ there", finite=False)
    weakest: Names = column("node whose voltage moves most where λ turns first", dtype="U")
    weakest_v_pu: Real = column("its voltage there", unit="pu")
    lowest: Names = column("node of the lowest voltage there", dtype="U")
    lowest_v_pu: Real = column("that voltage", unit="pu")
    places: Index = column("places computed on the curve", dtype="i8")
    corrections: Index = column("Newton steps of all places together", dtype="i8")
    exchanges: Index = column("letters to which each distribution company replied", dtype="i8")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class EventResults(Table):
    """What was met along the curve, in order."""

    kind: ClassVar[str] = "events"
    tool: Names = column("how it was found", dtype="U")
    growth: Real = column("λ where it was met")
    load_mw: Real = column("active power of all loads there", unit="MW")
    met: Code = column("what was met", dtype="i8", choices=KINDS)
    element: Names = column("of which bus, unit or branch", dtype="U")
    side: Index = column("1 its upper limit, −1 its lower, 0 none of both", dtype="i8")
    induced: Flag = column("yes: λ turns here because of this limit", dtype="?")
    from_start: Flag = column("yes: passed before anything grew", dtype="?")
    past: Flag = column("yes: behind the place where λ turns first", dtype="?")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class CurveResults(Table):
    """Places of the curve, and a few buses there."""

    kind: ClassVar[str] = "curves"
    tool: Names = column("how it was found", dtype="U")
    bus: Names = column("bus", dtype="U")
    place: Index = column("number of the place along the curve", dtype="i8")
    growth: Real = column("λ")
    load_mw: Real = column("active power of all loads", unit="MW")
    v_pu: Real = column("voltage of the bus", unit="pu")
    p_mw: Real = column("active power that loads draw at the bus, feeders behind it included", unit="MW")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class NodeResults(Table):
    """Nodes by how much their voltage moves where λ turns first, the weakest first."""

    kind: ClassVar[str] = "nodes"
    tool: Names = column("how it was found", dtype="U")
    bus: Names = column("first bus of the node", dtype="U")
    v_base_pu: Real = column("voltage before anything grows", unit="pu")
    v_pu: Real = column("voltage where λ turns first", unit="pu")
    sway: Real = column("how its voltage moves along the curve there, the most 1")
    participation: Real = column("its part in the collapse, all adding up to 1; NaN where λ does not end at a nose", finite=False)


def first_turn(growth: Real) -> int:
    """The place of a curve where λ turns first; the last one where it does not."""
    falls = np.flatnonzero(np.diff(growth) < -FALLS)
    return int(falls[0]) if len(falls) else len(growth) - 1
