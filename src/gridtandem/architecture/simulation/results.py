"""What simulated architectures come to: one row for each architecture under each scenario, and what went over each link and was decided at each node.

A number that has no answer is not a number: what only some procedures have, such as rounds; what needs a load flow where there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from gridtandem.tables import Index, Names, Real, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Results(Table):
    """One row for each architecture under each scenario, over the day."""

    kind: ClassVar[str] = "results"
    architecture: Names = column("identifier of the architecture", dtype="U")
    scenario: Names = column("name of the scenario", dtype="U")
    procedure: Names = column("M0 to M12, of most of the flexible power", dtype="U")
    hours: Real = column("length of the day", unit="h")
    cost_paper: Real = column("cost of the dispatch as it was cleared", unit="currency")
    cost: Real = column("cost after the network operators made it feasible", unit="currency")
    ideal: Real = column("least cost that one owner of all models could reach", unit="currency")
    gap_percent: Real = column("cost above the ideal one", unit="%")
    red_mwh: Real = column("moved by network operators to make the dispatch feasible", unit="MWh")
    curtailed_mwh: Real = column("load that was cut", unit="MWh")
    violation_before: Real = column("power beyond ratings of feeders by AC load flow, before they act", unit="MVAh")
    violation_after: Real = column("the same, after they act", unit="MVAh")
    voltage_before: Real = column("voltage beyond limits of feeders, added up over buses, before they act", unit="pu·h")
    voltage_after: Real = column("the same, after they act", unit="pu·h")
    elements_before: Real = column("branches of feeders beyond their ratings, before they act", unit="h")
    elements_after: Real = column("the same, after they act", unit="h")
    linear_before_mwh: Real = column("limits of the planning model broken, all rows together, before they act", unit="MWh")
    linear_after_mwh: Real = column("the same, after they act", unit="MWh")
    double_mwh: Real = column("power of DERs sold twice", unit="MWh")
    double_paid: Real = column("paid a second time for it", unit="currency")
    conflicts: Real = column("times in which two instructions to one unit in one interval disagree")
    missed: Real = column("activations that came too late, or never")
    refused_mwh: Real = column("instructed power that a limit or a network operator refused", unit="MWh")
    imbalance_mwh: Real = column("difference of what was bought and what was delivered", unit="MWh")
    messages: Real = column("messages sent")
    numbers: Real = column("numbers in them")
    bytes: Real = column("bytes of them as JSON text", unit="B")
    fan_in: Real = column("messages that reach the busiest decider in an interval")
    largest_problem: Real = column("unknowns and rows of the largest problem that one decider solves")
    iterations: Real = column("rounds until deciders agree")
    latency_p50_s: Real = column("from a decision to the device, for half of all activations", unit="s")
    latency_p95_s: Real = column("the same, for 95 of 100", unit="s")
    skew_mw: Real = column("largest difference of what two controllers believe of one DER class at one moment", unit="MW")
    observed_share: Real = column("of dispatched power, what the network operator knows of when he decides", at_least=0.0, at_most=1.0)
    blast_mw: Real = column("largest power that the holder of one node can move within an interval", unit="MW")
    crossing_items: Real = column("numbers that cross a border of organisations, for each DER")
    platforms_per_der: Real = column("market places that a DER bids to")
    gini: Real = column("inequality of curtailment among units: 0 all the same, near 1 all at one", at_least=0.0, at_most=1.0)
    unserved_mwh: Real = column("demand that is not served", unit="MWh")
    trouble: Names = column("what went wrong, in words; empty where nothing did", dtype="U")
    note: Names = column("what was done otherwise than chosen, and why; empty where nothing was", dtype="U", default="")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Links(Table):
    """What went over each link."""

    kind: ClassVar[str] = "links"
    architecture: Names = column("identifier of the architecture", dtype="U")
    scenario: Names = column("name of the scenario", dtype="U")
    sender: Names = column("node that tells", dtype="U")
    receiver: Names = column("node that is told", dtype="U")
    word: Names = column("what it was: disp, ctl, lim, order or veto of an instruction; else info, bid, price, settle, coord", dtype="U")
    item: Names = column("what was told", dtype="U")
    messages: Index = column("how many messages", dtype="i8", at_least=0)
    numbers: Index = column("numbers in them", dtype="i8", at_least=0)
    bytes: Index = column("bytes of them as JSON text", dtype="i8", unit="B", at_least=0)
    p50_s: Real = column("delay of half of them at most", unit="s")
    p95_s: Real = column("delay of 95 of 100 at most", unit="s")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Deciders(Table):
    """What each node decided, and how much it took."""

    kind: ClassVar[str] = "deciders"
    architecture: Names = column("identifier of the architecture", dtype="U")
    scenario: Names = column("name of the scenario", dtype="U")
    node: Names = column("who decides", dtype="U")
    problems: Index = column("problems solved over the day", dtype="i8", at_least=0)
    variables: Index = column("unknowns of the largest", dtype="i8", at_least=0)
    rows: Index = column("rows of the largest", dtype="i8", at_least=0)
    fan_in: Real = column("messages that reach it in an interval")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Payments(Table):
    """What each actor gets over the day; below 0, what he pays. Totals of an architecture under a scenario sum to 0."""

    kind: ClassVar[str] = "payments"
    architecture: Names = column("identifier of the architecture", dtype="U")
    scenario: Names = column("name of the scenario", dtype="U")
    actor: Names = column("class of customers by its node, or: bulk system, customers, distribution operators", dtype="U")
    energy: Real = column("for energy, at the price of the bulk market there", unit="currency")
    purchases: Real = column("for what distribution operators buy beyond that price", unit="currency")
    red: Real = column("for what is moved in red", unit="currency")
    double: Real = column("for power that was sold twice", unit="currency")
    total: Real = column("of all", unit="currency")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class LightHours(Table):
    """Traffic lights of feeders over the day; no row where there are none."""

    kind: ClassVar[str] = "lights"
    architecture: Names = column("identifier of the architecture", dtype="U")
    scenario: Names = column("name of the scenario", dtype="U")
    feeder: Names = column("name of the feeder", dtype="U")
    green_h: Real = column("green", unit="h")
    amber_h: Real = column("amber", unit="h")
    red_h: Real = column("red", unit="h")
    amber_cost: Real = column("paid for flexibility beside energy", unit="currency")
    amber_mwh: Real = column("bought in amber", unit="MWh")
    red_mwh: Real = column("commanded in red", unit="MWh")
    shed_mwh: Real = column("load that was cut", unit="MWh")
    false_amber_h: Real = column("amber where the plan came near no limit in truth", unit="h")
    missed_red_h: Real = column("a limit broken while the light was not red", unit="h")
