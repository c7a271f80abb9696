"""Letters of a market that lets feeders' units sell in the wholesale market themselves: offers by unit, and planes over exchange and units.

Fields of units have an axis more than the rest, (scenario, period, interface, unit), filled up with zeros to the length the first question names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from gridtandem.boundary.layout import Ask, common, dense
from gridtandem.boundary.market_letters import Range
from gridtandem.tables import Code, Real

# ── replies ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@final
@dataclass(frozen=True, slots=True, eq=False)
class UnitOffers:
    """What units of a feeder offer in the wholesale market."""

    mw: Real = dense("power offered and let in (…, unit)", "MW")
    kept: Real = dense("power that the feeder's own market cannot use for it (…, unit)", "MW")
    price: Real = dense("at which price (…, unit)", "currency/MWh")
    exchange: Real = dense("exchange at the forecast price", "MW")
    planned: Real = dense("of the power offered, what runs then (…, unit)", "MW")
    worth: Code = dense("worth of the row", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class UnitCut:
    """A plane below the cost of a feeder's own market: cost ≥ value − price · (z − at) − saving · (w − mw), w what its units sold wholesale."""

    at: Real = dense("exchange asked about", "MW")
    mw: Real = dense("sold wholesale there (…, unit)", "MW")
    value: Real = dense("cost there without what the units sold; what cannot be delivered at a penalty", "currency")
    sold_cost: Real = dense("cost of what the units sold, at their offers", "currency")
    price: Real = dense("what one more MW of exchange saves", "currency/MWh")
    saving: Real = dense("what one more MW sold saves (…, unit)", "currency/MWh")
    worth: Code = dense("worth of the row; BOUND: beyond what the feeder can deliver", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class UnitPlan:
    """A clearing of the wholesale market with units of feeders in it."""

    z: Real = dense("exchange", "MW")
    price: Real = dense("price at the interface: d cost / d demand there", "currency/MWh")
    mw: Real = dense("sold wholesale (…, unit)", "MW")
    worth: Code = dense("worth of the row", dtype="i1")
    cost: float = common("whole cost as transmission believes it, with fees", "currency")
    own_cost: float = common("cost of what was accepted in transmission", "currency")
    fees: float = common("what units pay for it", "currency")


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@final
@dataclass(frozen=True, slots=True, eq=False)
class Forward(Ask[UnitOffers]):
    """Which units go to the wholesale market, with how much?"""

    price: Real = dense("forecast of the price at the interface", "currency/MWh")
    share: float = common("of every unit's power that goes there; below 0: each unit goes where the forecast pays it more", "1")
    local: str = common("how your own market pays who sells: marginal, bid or average")
    fee: float = common("for every MWh sold there", "currency/MWh")
    least_mw: float = common("smallest offer that is let in", "MW")
    units: int = common("most units of a feeder")


@final
@dataclass(frozen=True, slots=True, eq=False)
class ResidualAt(Ask[UnitCut]):
    """What does your own market cost at this exchange, with so much of your units sold, and so much of them kept for it?"""

    z: Real = dense("exchange", "MW")
    mw: Real = dense("sold wholesale (…, unit)", "MW")
    kept: Real = dense("of the units' power, kept for the wholesale market (…, unit)", "MW")


@final
@dataclass(frozen=True, slots=True, eq=False)
class PlanUnits(Ask[UnitPlan]):
    """Clear the market with these units' offers, as if the rest of the feeders cost what these planes say."""

    reach: Range = common("where the exchange may lie")
    offers: UnitOffers = common("offers of units")
    fee: float = common("for every MWh that units sell", "currency/MWh")
    blocks: int = common("of equal size that make an offer, each accepted whole or not at all; 0: any amount is accepted")
    cuts: tuple[UnitCut, ...] = common("planes, in the order they were learnt")
