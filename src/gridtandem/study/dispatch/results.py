"""What a dispatch leaves behind, as tables with units. Periods count from 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from gridtandem.tables import Flag, Index, Names, Real, Table, column

PER_MWH, PER_MVARH = "currency/MWh", "currency/Mvarh"


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Exchanges(Table):
    """What passes at interfaces: as transmission reckons, as the feeder does, and as the AC check finds it."""

    kind: ClassVar[str] = "exchanges"
    period: Index = column("period", dtype="i8")
    interface: Names = column("name of the interface", dtype="U")
    company: Names = column("whose feeder", dtype="U")
    bus: Names = column("bus of transmission", dtype="U")
    p_mw: Real = column("active power into the feeder, as transmission reckons", unit="MW")
    q_mvar: Real = column("reactive power into it, as transmission reckons", unit="Mvar")
    v_pu: Real = column("voltage magnitude, as transmission reckons", unit="pu")
    price_per_mwh: Real = column("price of active power at the bus", unit=PER_MWH)
    price_per_mvarh: Real = column("price of reactive power at the bus", unit=PER_MVARH)
    price_per_pu: Real = column("what one more pu of voltage costs transmission and saves the feeder", unit="currency/pu/h")
    p_feeder_mw: Real = column("active power into it, as the feeder reckons", unit="MW")
    q_feeder_mvar: Real = column("reactive power into it, as the feeder reckons", unit="Mvar")
    v_feeder_pu: Real = column("voltage magnitude that the feeder reckons with", unit="pu")
    p_checked_mw: Real = column("active power into it, AC check", unit="MW")
    q_checked_mvar: Real = column("reactive power into it, AC check", unit="Mvar")
    v_checked_pu: Real = column("voltage magnitude, AC check", unit="pu")
    p_central_mw: Real = column("active power into it in the dispatch of one owner", unit="MW")
    price_central_per_mwh: Real = column("price of active power there in the dispatch of one owner", unit=PER_MWH)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Decisions(Table):
    """What every unit does, and what it costs."""

    kind: ClassVar[str] = "decisions"
    period: Index = column("period", dtype="i8")
    company: Names = column("whose unit", dtype="U")
    feeder: Names = column("feeder; empty for transmission", dtype="U")
    unit: Names = column("name of the unit", dtype="U")
    bus: Names = column("where it is", dtype="U")
    p_mw: Real = column("active injection", unit="MW")
    q_mvar: Real = column("reactive injection", unit="Mvar")
    cost_per_h: Real = column("what that costs", unit="currency/h")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class BusPrices(Table):
    """Voltages and prices at every bus, as its company sees them, and the voltage of the AC check."""

    kind: ClassVar[str] = "bus_prices"
    period: Index = column("period", dtype="i8")
    company: Names = column("whose bus", dtype="U")
    feeder: Names = column("feeder; empty for transmission", dtype="U")
    bus: Names = column("name of the bus", dtype="U")
    v_pu: Real = column("voltage magnitude in the plan", unit="pu")
    v_checked_pu: Real = column("voltage magnitude, AC check", unit="pu")
    price_per_mwh: Real = column("price of active power: d cost / d demand", unit=PER_MWH)
    price_per_mvarh: Real = column("price of reactive power: d cost / d demand", unit=PER_MVARH)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class DispatchChecks(Table):
    """The AC check: units hold what was decided, the reference unit takes what is left, and nobody decides anew."""

    kind: ClassVar[str] = "dispatch_checks"
    period: Index = column("period", dtype="i8")
    solved: Flag = column("does the joined grid have a load flow?", dtype="?")
    promised_per_h: Real = column("cost of all plans together", unit="currency/h")
    realised_per_h: Real = column("cost with what the reference unit really injects", unit="currency/h")
    central_per_h: Real = column("cost of the dispatch of one owner; NaN where nobody is one", unit="currency/h")
    bound_per_h: Real = column("no dispatch costs less: cone bound; NaN where none was asked for", unit="currency/h")
    voltage_error_pu: Real = column("largest difference of voltage magnitude, plan against check", unit="pu")
    exchange_error_mva: Real = column("largest difference of power at an interface, transmission's view against check", unit="MVA")
    slack_mw: Real = column("active power of the reference unit beyond its plan", unit="MW")
    loss_mw: Real = column("active losses of the joined grid", unit="MW")
    v_low_pu: Real = column("lowest voltage of the joined grid", unit="pu")
    v_low_bus: Names = column("where that is", dtype="U")
    v_high_pu: Real = column("highest voltage of the joined grid", unit="pu")
    v_high_bus: Names = column("where that is", dtype="U")
    limits_broken: Index = column("limits of voltage, flow and units broken", dtype="i8")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Bounds(Table):
    """The cone bound after every round of its own, period by period."""

    kind: ClassVar[str] = "bounds"
    round: Index = column("round of the bound", dtype="i8")
    period: Index = column("period", dtype="i8")
    bound_per_h: Real = column("no dispatch costs less; NaN where none was found", unit="currency/h")
