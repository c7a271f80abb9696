"""Result tables of a cleared day. Periods count from 1, as in the files; the money of a case carries the case's currency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from gridtandem.tables import Index, Names, Real, Table, column

PRICE, MONEY = "currency/MWh", "currency"


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Awards(Table):
    """What crosses each interface, at which price."""

    kind: ClassVar[str] = "awards"
    period: Index = column("period, from 1", dtype="i8")
    interface: Names = column("name of the interface", dtype="U")
    company: Names = column("distribution company", dtype="U")
    bus: Names = column("transmission bus", dtype="U")
    exchange_mw: Real = column("from transmission into the feeder", unit="MW")
    price_per_mwh: Real = column("price there: d cost / d demand", unit=PRICE)
    payment: Real = column("what the company pays the wholesale market for it", unit=MONEY)
    feeder_cost: Real = column("cost of the feeder's own resources in that period, regulation included", unit=MONEY)
    tier: Names = column("what the offer promised (hourly, certified, scheduled); empty where the scheme has no offers", dtype="U", default="")
    ideal_mw: Real = column("exchange in one market that sees every network", unit="MW")
    ideal_price_per_mwh: Real = column("price there in that market; at a kink of costs several are right", unit=PRICE)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class NodePrices(Table):
    """Price of demand at every bus, and what it is made of."""

    kind: ClassVar[str] = "prices"
    period: Index = column("period, from 1", dtype="i8")
    company: Names = column("whose bus: tso, or a distribution company", dtype="U")
    feeder: Names = column("feeder; empty for transmission", dtype="U")
    bus: Names = column("name of the bus", dtype="U")
    price_per_mwh: Real = column("d cost / d active demand", unit=PRICE)
    energy_per_mwh: Real = column("of that: energy at the reference, or at the feeder's root", unit=PRICE)
    congestion_per_mwh: Real = column("of that: limits of flow", unit=PRICE)
    voltage_per_mwh: Real = column("of that: limits of voltage", unit=PRICE)
    loss_per_mwh: Real = column("of that: losses which the last MW makes; 0 in networks without losses", unit=PRICE)
    price_per_mvarh: Real = column("d cost / d reactive demand; transmission's DC network has none", unit="currency/Mvarh")
    v_pu: Real = column("voltage of the market's linear model; 1 in transmission", unit="pu")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class DeviceResults(Table):
    """Every resource: what it does, what it is paid, what it costs. Where units choose their market, `sales` says what they are paid."""

    kind: ClassVar[str] = "devices"
    period: Index = column("period, from 1", dtype="i8")
    company: Names = column("whose network it is in: tso, or a distribution company", dtype="U")
    feeder: Names = column("feeder; empty for transmission", dtype="U")
    what: Names = column("generators, flexible, storages or vehicles", dtype="U")
    name: Names = column("its name there", dtype="U")
    bus: Names = column("where it is", dtype="U")
    p_mw: Real = column("active injection", unit="MW")
    q_mvar: Real = column("reactive injection", unit="Mvar")
    price_per_mwh: Real = column("price at its bus", unit=PRICE)
    payment: Real = column("paid for its energy, below 0 by it: at that price, or as it bid or by posted prices where those settle", unit=MONEY)
    cost: Real = column("its cost; minus its worth for demand that buys", unit=MONEY)
    profit: Real = column("payment less cost", unit=MONEY)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Reserves(Table):
    """Who sells how much of what the operator of transmission buys beside energy."""

    kind: ClassVar[str] = "reserves"
    period: Index = column("period, from 1", dtype="i8")
    product: Names = column("up, down, mileage_up or mileage_down", dtype="U")
    seller: Names = column("tso: its own stations; else the name of an interface", dtype="U")
    mw: Real = column("capacity, or mileage in an hour", unit="MW")
    price_per_mw: Real = column("d cost / d requirement, for an hour", unit="currency/MW")
    payment: Real = column("what the seller receives", unit=MONEY)
    required_mw: Real = column("what all sellers together must give at least", unit="MW")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class RegulationResults(Table):
    """Every device that offers regulation: what it keeps ready, what it is paid, what it costs."""

    kind: ClassVar[str] = "regulation_results"
    period: Index = column("period, from 1", dtype="i8")
    company: Names = column("whose network it is in: tso, or a distribution company", dtype="U")
    feeder: Names = column("feeder; empty for transmission", dtype="U")
    what: Names = column("generators, flexible or storages", dtype="U")
    name: Names = column("its name there", dtype="U")
    bus: Names = column("where it is", dtype="U")
    up_mw: Real = column("capacity up", unit="MW")
    down_mw: Real = column("capacity down", unit="MW")
    mileage_up_mw: Real = column("mileage up in an hour", unit="MW")
    mileage_down_mw: Real = column("mileage down in an hour", unit="MW")
    up_per_mw: Real = column("price of capacity up at its bus, for an hour", unit="currency/MW")
    down_per_mw: Real = column("price of capacity down at its bus, for an hour", unit="currency/MW")
    mileage_up_per_mw: Real = column("price of mileage up", unit="currency/MW")
    mileage_down_per_mw: Real = column("price of mileage down", unit="currency/MW")
    payment: Real = column("prices times amounts", unit=MONEY)
    cost: Real = column("its own cost of them", unit=MONEY)
    profit: Real = column("payment less cost; what energy it forgoes is not counted here", unit=MONEY)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Books(Table):
    """Who pays whom over the day: every line is paid by one and received by another."""

    kind: ClassVar[str] = "books"
    payer: Names = column("who pays", dtype="U")
    payee: Names = column("who is paid", dtype="U")
    item: Names = column("for what", dtype="U")
    amount: Real = column("amount; below 0 it flows the other way", unit=MONEY)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Surplus(Table):
    """Who has what of the net surplus, worth less cost, and what the part that stays with each operator consists of.

    worth − cost − exchange = profit − demand + kept, and exchanges add up to 0, so that profits, less what fixed demand pays, and what is kept make
    up the net surplus. kept + choice + reactive = rents + off_price, but for ``left``.
    """

    kind: ClassVar[str] = "surplus"
    company: Names = column("tso, or a distribution company and its feeder", dtype="U")
    worth: Real = column("worth of what demand with a price bought there; fixed demand has none", unit=MONEY)
    cost: Real = column("cost of all other resources there", unit=MONEY)
    exchange: Real = column("paid to the wholesale market for the exchange, below 0 received", unit=MONEY)
    profit: Real = column("of resources and of demand with a price: received less cost, worth less paid", unit=MONEY)
    demand: Real = column("paid by fixed demand", unit=MONEY)
    kept: Real = column("received less paid", unit=MONEY)
    flow_rent: Real = column("price of flow limits times their flow", unit=MONEY)
    voltage_rent: Real = column("price of voltage limits times their slack to an unloaded feeder", unit=MONEY)
    loss_rent: Real = column("what prices of the last MW lost bring in beyond the losses; 0 in networks without losses", unit=MONEY)
    essential_rent: Real = column(
        "rent of essential demand, 0 or less: worth inside of an exchange that it enforces, less what that costs", unit=MONEY
    )
    off_price: Real = column("the same for an exchange that is no answer to its price", unit=MONEY)
    choice: Real = column("what others get beyond prices at buses: incentives, rules of payment such as pay-as-bid", unit=MONEY)
    reactive: Real = column("worth of reactive demand less that of reactive injections, which nobody is paid for", unit=MONEY)
    regret: Real = column("what an answer to its price would have earned more; NaN below prices that losses allow", unit=MONEY, finite=False)
    left: Real = column("what these parts leave unexplained; 0 but for rounding", unit=MONEY)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class UnitSales(Table):
    """Where units of feeders sold that may choose their market, and what they got there; empty where none may."""

    kind: ClassVar[str] = "sales"
    period: Index = column("period, from 1", dtype="i8")
    company: Names = column("distribution company", dtype="U")
    feeder: Names = column("feeder", dtype="U")
    name: Names = column("name of the unit", dtype="U")
    made_mw: Real = column("power", unit="MW")
    sold_mw: Real = column("of that, sold in the wholesale market", unit="MW")
    wholesale_per_mwh: Real = column("price there", unit=PRICE)
    local_per_mwh: Real = column("what the feeder's own market pays it", unit=PRICE)
    wholesale: Real = column("paid by the wholesale market", unit=MONEY)
    local: Real = column("paid by the company in the feeder's own market", unit=MONEY)
    fee: Real = column("paid to the company for what was sold wholesale", unit=MONEY)
    incentive: Real = column("paid by the company", unit=MONEY)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class MarketChecks(Table):
    """The day against the ideal market, and the dispatch against an AC load flow of the joined grid."""

    kind: ClassVar[str] = "market_checks"
    period: Index = column("period, from 1", dtype="i8")
    solved: Index = column("1: the joined grid has a load flow at this dispatch", dtype="i8")
    voltage_error_pu: Real = column("largest difference of voltage below the roots of feeders, market's model against AC", unit="pu")
    loss_mw: Real = column("active losses of the AC load flow, which the market leaves out", unit="MW")
    slack_mw: Real = column("what the reference unit adds to its schedule", unit="MW")
    v_low_pu: Real = column("lowest voltage of the AC load flow", unit="pu")
    v_low_bus: Names = column("where that is", dtype="U")
    limits_broken: Index = column("voltage and flow limits broken", dtype="i8")
    cone_slack: Real = column("how far the market's model with losses is from a load flow, relative to its flows; 0 without losses")
    overlap_mw2: Real = column("largest product of charging and discharging of one storage or vehicle: 0 where none does both at once", unit="MW²")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class MarketRounds(Table):
    """How a run came to its end, round by round."""

    kind: ClassVar[str] = "market_rounds"
    round: Index = column("from 1", dtype="i8")
    gap: Real = column("what the scheme ends by; its own measure")
    lower: Real = column("no market costs less; NaN where the scheme has no bounds", unit=MONEY, finite=False)
    upper: Real = column("least cost found so far; NaN where the scheme has no bounds", unit=MONEY, finite=False)
