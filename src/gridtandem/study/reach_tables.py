"""What is told of a region of exchange, as tables with units. Powers are positive from transmission into the feeder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from gridtandem.tables import Code, Flag, Index, Names, Real, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ReachPoints(Table):
    """Outlines, counterclockwise, with straight lines between neighbours."""

    kind: ClassVar[str] = "reach_points"
    physics: Names = column("form of the network equations", dtype="U")
    voltage_pu: Real = column("voltage magnitude at the feeder's root", unit="pu")
    direction_deg: Real = column("way in which the point is farthest: 0 more active power, 90 more reactive power", unit="deg")
    found: Code = column("by the farthest point in a direction, or by a cut with the other power fixed", dtype="i8", choices=("support", "cut"))
    p_mw: Real = column("active power into the feeder", unit="MW")
    q_mvar: Real = column("reactive power into it", unit="Mvar")
    real: Flag = column("is it a state under AC physics?", dtype="?")
    stops: Names = column("limits that stop it there, the strongest first; of convex forms those of the network alone", dtype="U")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ReachRegions(Table):
    """One row for each form and voltage; NaN where the feeder has no state at this voltage."""

    kind: ClassVar[str] = "reach_regions"
    physics: Names = column("form of the network equations", dtype="U")
    voltage_pu: Real = column("voltage magnitude at the feeder's root", unit="pu")
    p_low_mw: Real = column("least active power into the feeder", unit="MW")
    p_high_mw: Real = column("most active power into it", unit="MW")
    q_low_mvar: Real = column("least reactive power into it", unit="Mvar")
    q_high_mvar: Real = column("most reactive power into it", unit="Mvar")
    area: Real = column("area inside the outline", unit="MW·Mvar")
    area_outer: Real = column("area that no direction excludes; NaN where one had no answer", unit="MW·Mvar")
    area_dents: Real = column("area between the outline and its convex hull", unit="MW·Mvar")
    directions: Index = column("directions asked", dtype="i8")
    cuts: Index = column("cuts between them", dtype="i8")
    unanswered: Index = column("questions without an answer", dtype="i8")
