"""Result tables: the same table class as the input, so meaning and units come along; nothing is written back into a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from gridtandem.tables import Flag, Index, Names, Real, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class BusResults(Table):
    """Voltages as the parties see them, beside those of the AC check on the joined grid."""

    kind: ClassVar[str] = "buses"
    scenario: Index = column("scenario, from 0", dtype="i8")
    period: Index = column("period, from 0", dtype="i8")
    company: Names = column("whose bus: tso, or a distribution company", dtype="U")
    feeder: Names = column("feeder; empty for transmission", dtype="U")
    bus: Names = column("name of the bus", dtype="U")
    nominal_kv: Real = column("nominal voltage", unit="kV")
    v_pu: Real = column("voltage magnitude the company reckons with", unit="pu")
    angle_deg: Real = column("its angle", unit="deg")
    v_checked_pu: Real = column("voltage magnitude of the AC check on the joined grid", unit="pu")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class InterfaceResults(Table):
    """What crosses each interface, in the words of transmission, of the feeder and of the AC check."""

    kind: ClassVar[str] = "interfaces"
    scenario: Index = column("scenario, from 0", dtype="i8")
    period: Index = column("period, from 0", dtype="i8")
    name: Names = column("name of the interface", dtype="U")
    company: Names = column("distribution company", dtype="U")
    feeder: Names = column("feeder", dtype="U")
    bus: Names = column("transmission bus", dtype="U")
    count: Index = column("parallel feeders", dtype="i8")
    v_pu: Real = column("voltage transmission reckons with", unit="pu")
    v_feeder_pu: Real = column("voltage the feeder reckons with", unit="pu")
    p_mw: Real = column("active power transmission reckons with, all parallel feeders", unit="MW")
    q_mvar: Real = column("reactive power transmission reckons with", unit="Mvar")
    p_feeder_mw: Real = column("active power the feeders draw at their voltage", unit="MW")
    q_feeder_mvar: Real = column("reactive power the feeders draw at their voltage", unit="Mvar")
    v_checked_pu: Real = column("voltage of the AC check", unit="pu")
    p_checked_mw: Real = column("active power of the AC check", unit="MW")
    q_checked_mvar: Real = column("reactive power of the AC check", unit="Mvar")
    loss_mw: Real = column("active losses in the feeders, as their company sees them; those of one with several ports in equal parts", unit="MW")
    v_low_pu: Real = column("lowest voltage in the feeder, as its company sees it", unit="pu")
    v_low_bus: Names = column("where that is", dtype="U")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class BranchResults(Table):
    """Flows as the parties see them; a feeder's are those of one of the parallel feeders."""

    kind: ClassVar[str] = "branches"
    scenario: Index = column("scenario, from 0", dtype="i8")
    period: Index = column("period, from 0", dtype="i8")
    company: Names = column("whose branch", dtype="U")
    feeder: Names = column("feeder; empty for transmission", dtype="U")
    element: Names = column("line or transformer", dtype="U")
    branch: Names = column("name of the branch", dtype="U")
    from_bus: Names = column("bus at one end", dtype="U")
    to_bus: Names = column("bus at the other end", dtype="U")
    p_from_mw: Real = column("active power into the branch at the from end", unit="MW")
    q_from_mvar: Real = column("reactive power into the branch at the from end", unit="Mvar")
    p_to_mw: Real = column("active power into the branch at the to end", unit="MW")
    q_to_mvar: Real = column("reactive power into the branch at the to end", unit="Mvar")
    loss_mw: Real = column("active losses", unit="MW")
    rating_mva: Real = column("limit; inf: none", unit="MVA", finite=False)
    ratio: Real = column("transformer ratio after control; 1 for lines", unit="pu")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class UnitResults(Table):
    """Generation as the parties see it."""

    kind: ClassVar[str] = "units"
    scenario: Index = column("scenario, from 0", dtype="i8")
    period: Index = column("period, from 0", dtype="i8")
    company: Names = column("whose unit", dtype="U")
    feeder: Names = column("feeder; empty for transmission", dtype="U")
    unit: Names = column("name of the unit", dtype="U")
    bus: Names = column("where it is", dtype="U")
    p_mw: Real = column("active injection", unit="MW")
    q_mvar: Real = column("reactive injection", unit="Mvar")
    at_limit: Index = column("reactive limit it sits at", dtype="i8", choices=("within", "upper", "lower"))


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Checks(Table):
    """The AC check: one merged load flow per scenario and period, held against what the parties took home."""

    kind: ClassVar[str] = "checks"
    scenario: Index = column("scenario, from 0", dtype="i8")
    period: Index = column("period, from 0", dtype="i8")
    solved: Flag = column("does the joined grid have a load flow at all?", dtype="?")
    voltage_error_pu: Real = column("largest difference of voltage magnitude, plan against check, over all buses", unit="pu")
    exchange_error_mva: Real = column("largest difference of power at an interface, transmission's view against check", unit="MVA")
    slack_mw: Real = column("active power of the reference and of all that takes the imbalance, beyond schedule", unit="MW")
    transmission_loss_mw: Real = column("active losses in transmission", unit="MW")
    distribution_loss_mw: Real = column("active losses in all feeders", unit="MW")
    v_low_pu: Real = column("lowest voltage of the joined grid", unit="pu")
    v_low_bus: Names = column("where that is", dtype="U")
    limits_broken: Index = column("voltage and flow limits broken", dtype="i8")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Violations(Table):
    """Limits that the AC check finds broken."""

    kind: ClassVar[str] = "violations"
    scenario: Index = column("scenario, from 0", dtype="i8")
    period: Index = column("period, from 0", dtype="i8")
    element: Names = column("bus, line or transformer", dtype="U")
    name: Names = column("its name in the joined grid", dtype="U")
    value: Real = column("voltage [pu] or flow [MVA]")
    limit: Real = column("the limit it breaks, in the same unit")
    unit: Names = column("unit of both", dtype="U")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Letters(Table):
    """The ledger: what crossed, never why."""

    kind: ClassVar[str] = "letters"
    round: Index = column("round; 0 is the start", dtype="i8")
    recipient: Names = column("who was asked", dtype="U")
    question: Names = column("kind of letter", dtype="U")
    interfaces: Index = column("interfaces it was about", dtype="i8")
    numbers_down: Index = column("numbers in the question", dtype="i8")
    numbers_up: Index = column("numbers in the reply", dtype="i8")
    bytes: Index = column("both as JSON text", dtype="i8", unit="B")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Rounds(Table):
    """How the gap closed."""

    kind: ClassVar[str] = "rounds"
    round: Index = column("round, from 1", dtype="i8")
    gap: Real = column("distance from agreement, as the scheme measures it")
