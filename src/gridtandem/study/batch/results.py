"""Tables of a batch: one row per scenario and outage; what crossed each interface; the worst of every bus and branch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from gridtandem.tables import Flag, Index, Names, Real, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Cases(Table):
    """What each scenario, under each outage, came to; NaN where there is no answer."""

    kind: ClassVar[str] = "cases"
    scenario: Index = column("scenario, from 0", dtype="i8")
    outage: Names = column("what is out of service; empty: nothing", dtype="U")
    ok: Flag = column("is there an answer?", dtype="?")
    end: Names = column("how it ended", dtype="U")
    rounds: Index = column("rounds until this scenario agreed, or gave up", dtype="i8")
    transmission_load_mw: Real = column("active power that transmission's own loads draw", unit="MW")
    exchange_mw: Real = column("active power into all feeders, as transmission reckons", unit="MW")
    exchange_mvar: Real = column("reactive power into all feeders, as transmission reckons", unit="Mvar")
    transmission_loss_mw: Real = column("active losses in transmission", unit="MW")
    distribution_loss_mw: Real = column("active losses in all feeders", unit="MW")
    slack_mw: Real = column("active power of the reference and of all that takes the imbalance, beyond schedule", unit="MW")
    v_low_pu: Real = column("lowest voltage of all grids", unit="pu")
    v_low_bus: Names = column("where that is", dtype="U")
    v_high_pu: Real = column("highest voltage of all grids", unit="pu")
    v_high_bus: Names = column("where that is", dtype="U")
    loading_percent: Real = column("highest flow over a branch's rating; 0 where none has a rating", unit="%")
    loaded_branch: Names = column("which branch", dtype="U")
    limits_broken: Index = column("voltage and flow limits broken", dtype="i8")
    exchange_error_mva: Real = column(
        "largest difference, at an interface, between what transmission reckons and what feeders draw at their voltage: the mismatch that the "
        "joined grid has there",
        unit="MVA",
    )
    why: Names = column("why there is no answer", dtype="U")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Exchange(Table):
    """What crosses each interface, in every case that has an answer."""

    kind: ClassVar[str] = "exchange"
    scenario: Index = column("scenario, from 0", dtype="i8")
    outage: Names = column("what is out of service; empty: nothing", dtype="U")
    interface: Names = column("name of the interface", dtype="U")
    v_pu: Real = column("voltage the feeder reckons with", unit="pu")
    p_mw: Real = column("active power transmission reckons with, all parallel feeders", unit="MW")
    q_mvar: Real = column("reactive power transmission reckons with", unit="Mvar")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class WorstBranches(Table):
    """The highest flow of every branch that has a rating."""

    kind: ClassVar[str] = "worst_branches"
    company: Names = column("whose branch", dtype="U")
    feeder: Names = column("feeder; empty for transmission", dtype="U")
    element: Names = column("line or transformer", dtype="U")
    branch: Names = column("name of the branch", dtype="U")
    rating_mva: Real = column("limit", unit="MVA")
    loading_percent: Real = column("highest flow over the rating", unit="%")
    scenario: Index = column("scenario in which that is, from 0", dtype="i8")
    outage: Names = column("and the outage; empty: none", dtype="U")
    above: Index = column("cases in which the rating is broken", dtype="i8")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class WorstBuses(Table):
    """The lowest and highest voltage of every bus; a feeder's root is transmission's bus."""

    kind: ClassVar[str] = "worst_buses"
    company: Names = column("whose bus", dtype="U")
    feeder: Names = column("feeder; empty for transmission", dtype="U")
    bus: Names = column("name of the bus", dtype="U")
    v_low_pu: Real = column("lowest voltage", unit="pu")
    low_scenario: Index = column("scenario in which that is, from 0", dtype="i8")
    low_outage: Names = column("and the outage; empty: none", dtype="U")
    v_high_pu: Real = column("highest voltage", unit="pu")
    high_scenario: Index = column("scenario in which that is, from 0", dtype="i8")
    high_outage: Names = column("and the outage; empty: none", dtype="U")
