"""What a day of energy and reserve leaves behind, as tables with units. Hours count from 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from gridtandem.tables import Flag, Index, Names, Real, Table, column

PER_MWH, PER_MW = "currency/MWh", "currency/MW"


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ReserveHours(Table):
    """What each hour needs and gets. Prices are d cost / d reserve that somebody would have to bring."""

    kind: ClassVar[str] = "reserve_hours"
    hour: Index = column("hour, counted from 1", dtype="i8")
    without_mw: Real = column("primary reserve that the hour would need without fast reserve", unit="MW")
    primary_mw: Real = column("primary reserve", unit="MW")
    fast_mw: Real = column("fast reserve", unit="MW")
    lowest_hz: Real = column("lowest frequency after the worst loss, if reserve comes as promised", unit="Hz")
    energy_per_mwh: Real = column("price of energy, mean over loads of transmission", unit=PER_MWH)
    feeders_energy_per_mwh: Real = column(
        "price of energy at the feeders' buses, mean over what they exchange; NaN where they exchange nothing", unit=PER_MWH, finite=False
    )
    primary_per_mw: Real = column("price of primary reserve, for an hour", unit=PER_MW)
    fast_per_mw: Real = column("price of fast reserve, for an hour", unit=PER_MW)
    fast_exact_per_mw: Real = column("price of fast reserve by the exact requirement, of which companies may meet chords", unit=PER_MW)
    short_mw: Real = column("primary reserve that is missing", unit="MW")
    shed_mw: Real = column("demand not served", unit="MW")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ReserveAwards(Table):
    """What the feeders at an interface take and keep, all together, and what one of them does to its network."""

    kind: ClassVar[str] = "reserve_awards"
    hour: Index = column("hour, counted from 1", dtype="i8")
    interface: Names = column("name of the interface", dtype="U")
    feeders: Index = column("feeders built alike", dtype="i8")
    z_mw: Real = column("taken from transmission", unit="MW")
    award_mw: Real = column("fast reserve that is sold", unit="MW")
    felt_mw: Real = column("by how much less is taken when it is called, by load flow", unit="MW")
    energy_per_mwh: Real = column("price of energy at the bus", unit=PER_MWH)
    beyond_pu: Real = column("most that a voltage is beyond its limit in either state, by load flow; 0: none is", unit="pu")
    loading: Real = column("largest apparent power by rating in either state, by load flow")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ReserveStations(Table):
    """Resources in transmission: energy, and the primary reserve that they keep."""

    kind: ClassVar[str] = "reserve_stations"
    hour: Index = column("hour, counted from 1", dtype="i8")
    station: Names = column("name of the resource", dtype="U")
    bus: Names = column("where it is", dtype="U")
    energy_mw: Real = column("injection", unit="MW")
    primary_mw: Real = column("primary reserve that it keeps", unit="MW")
    energy_per_mwh: Real = column("price of energy there", unit=PER_MWH)
    primary_per_mw: Real = column("price of its primary reserve; less where it may itself be lost; 0 where none is offered", unit=PER_MW)
    paid: Real = column("what it is paid for both", unit="currency")
    cost: Real = column("what both cost it, at its offers", unit="currency")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ReserveDevices(Table):
    """Resources in one of the feeders at an interface: energy, and the fast reserve that they keep."""

    kind: ClassVar[str] = "reserve_devices"
    hour: Index = column("hour, counted from 1", dtype="i8")
    interface: Names = column("name of the interface", dtype="U")
    device: Names = column("name of the resource", dtype="U")
    bus: Names = column("where it is", dtype="U")
    energy_mw: Real = column("injection", unit="MW")
    fast_mw: Real = column("fast reserve that it keeps", unit="MW")
    cost: Real = column("what both cost, at its offers", unit="currency")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ReserveChecks(Table):
    """Load flow of all feeders as they stand and with all fast reserve called, and frequency in time."""

    kind: ClassVar[str] = "reserve_checks"
    hour: Index = column("hour, counted from 1", dtype="i8")
    solved: Flag = column("has every feeder a load flow in both states?", dtype="?")
    lowest_hz: Real = column("lowest frequency after the worst loss, if reserve comes as promised", unit="Hz")
    undelivered_mw: Real = column("most that feeders at an interface bring less than they sold", unit="MW")
    voltage_error_pu: Real = column("largest difference of voltage, plan against load flow; NaN where the plan has no network", unit="pu")
    beyond_pu: Real = column("most that a voltage is beyond its limit in either state; 0: none is", unit="pu")
    loading: Real = column("largest apparent power by rating in either state")
    slack: Real = column("how far the worst cone of a feeder is from a load flow; NaN where the plan has no network")
    short_mw: Real = column("primary reserve that is missing", unit="MW")
    shed_mw: Real = column("demand not served", unit="MW")
    limits_broken: Index = column("limits of feeders that are broken in either state, one of each kind for each interface", dtype="i8")
