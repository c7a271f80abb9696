"""Letters about money: offers, prices, cuts, awards. Exchange z is positive from transmission into the feeder; prices are d cost / d demand there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import final

import numpy as np

from gridtandem.boundary.layout import Ask, common, dense, long
from gridtandem.boundary.storage_letters import NO_STORES, NO_USE, Stores, StoreUse
from gridtandem.tables import Code, Index, Real


class Tier(IntEnum):
    """What an offer of a feeder with coupled hours promises; told with the offer and with the result."""

    HOURLY = 1  # hours do not hang together: the curve is the whole truth
    CERTIFIED = 2  # any award can be delivered; some of what storage could earn is left
    SCHEDULED = 3  # storage keeps to a schedule made beforehand


def tier_word(tier: int) -> str:
    """As it is written in offers and results."""
    return Tier(tier).name.lower()


# ── replies ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@final
@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Offers in steps. An offer begins at ``start``, the most the feeder takes, and gives back step by step at rising prices."""

    start: Real = dense("exchange before the first step", "MW")
    tier: Code = dense("what the offer promises", dtype="i1")
    worth: Code = dense("worth of the row", dtype="i1")
    scenario: Index = long("of the step", dtype="i8")
    period: Index = long("of the step", dtype="i8")
    interface: Index = long("of the step", dtype="i8")
    mw: Real = long("width of the step", "MW")
    price: Real = long("price of its first MW, rising within an offer", "currency/MWh")
    rise: Real = long("from its first MW to its last", "currency/MWh")
    error: Real = dense("largest amount by which the steps lie above the cost they stand for", "currency/h")
    stores: Stores = common("storage lent beside the steps", default=NO_STORES)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """How much a feeder can take at all, hour by hour."""

    low: Real = dense("least exchange", "MW")
    high: Real = dense("most exchange", "MW")
    worth: Code = dense("worth of the row", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A plane below a feeder's cost: cost ≥ value − price · (z − at)."""

    at: Real = dense("exchange asked about", "MW")
    value: Real = dense("cost there; beyond reach, with the penalty of what cannot be served", "currency")
    price: Real = dense("what one more MW of exchange saves there: −d value / d z", "currency/MWh")
    whole: Code = dense("1 where the feeder's hours hang together, so that the plane holds for their sum only", dtype="i1")
    worth: Code = dense("worth of the row; BOUND: beyond reach", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """What a feeder takes at a price, or nearest to a wish."""

    z: Real = dense("exchange", "MW")
    value: Real = dense("its cost there, without what it pays for the exchange", "currency")
    worth: Code = dense("worth of the row", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A clearing of the wholesale market."""

    z: Real = dense("exchange", "MW")
    price: Real = dense("price at the interface: d cost / d demand there", "currency/MWh")
    worth: Code = dense("worth of the row", dtype="i1")
    cost: float = common("whole cost as transmission believes it", "currency")
    own_cost: float = common("cost of what was accepted in transmission", "currency")
    reserve: Real = dense("regulation that the feeder sells, by product; no product where the market buys none of feeders", "MW", default=None)
    reserve_price: Real = dense("its price: d cost / d requirement", "currency/MW", default=None)
    use: StoreUse = common("what lent storage does", default=NO_USE)

    def __post_init__(self) -> None:
        for name in ("reserve", "reserve_price"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, np.empty((*self.z.shape, 0)))


@final
@dataclass(frozen=True, slots=True, eq=False)
class Receipt:
    """An award was taken note of."""

    worth: Code = dense("worth of the row: REFUSED where the feeder cannot deliver it", dtype="i1")


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@final
@dataclass(frozen=True, slots=True, eq=False)
class Offers(Ask[Curves]):
    """What do you offer, under these rules?"""

    steps: int = common("most steps of an offer")
    floor: float = common("least price", "currency/MWh")
    ceiling: float = common("highest price", "currency/MWh")
    least_mw: float = common("smallest range of power", "MW")
    step_mw: float = common("powers are multiples of it; 0: any", "MW")
    step_price: float = common("prices are multiples of it; 0: any", "currency/MWh")
    tier: int = common("what feeders whose hours hang together shall promise, as in `Tier`", default=int(Tier.SCHEDULED))
    within: float = common("largest error of an offer that no number of steps makes exact", "currency/h", default=0.1)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Reach(Ask[Range]):
    """How much could you take at all?"""


@final
@dataclass(frozen=True, slots=True, eq=False)
class ValueAt(Ask[Cut]):
    """What does it cost you to take this exchange?"""

    z: Real = dense("exchange", "MW")


@final
@dataclass(frozen=True, slots=True, eq=False)
class DrawAt(Ask[Draw]):
    """What do you take at this price?"""

    price: Real = dense("price at the interface", "currency/MWh")


@final
@dataclass(frozen=True, slots=True, eq=False)
class DrawNear(Ask[Draw]):
    """What do you take if the exchange costs this price and distance from a wish costs ½ weight · distance²?"""

    price: Real = dense("price at the interface", "currency/MWh")
    wish: Real = dense("exchange wished for", "MW")
    weight: Real = dense("penalty of distance", "currency/MWh/MW")


@final
@dataclass(frozen=True, slots=True, eq=False)
class ClearWith(Ask[Plan]):
    """Clear the market with these offers of feeders beside those of stations."""

    curves: Curves = common("offers of all interfaces")


@final
@dataclass(frozen=True, slots=True, eq=False)
class ClearAt(Ask[Plan]):
    """Clear the market for this exchange."""

    z: Real = dense("exchange", "MW")


@final
@dataclass(frozen=True, slots=True, eq=False)
class PlanWith(Ask[Plan]):
    """Clear the market as if feeders cost what these planes say."""

    reach: Range = common("where the exchange may lie")
    cuts: tuple[Cut, ...] = common("planes, in the order they were learnt")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Award(Ask[Receipt]):
    """So much is yours, at this price; and this is what the storage does that you lent."""

    z: Real = dense("exchange, with that of lent storage", "MW")
    price: Real = dense("price at the interface", "currency/MWh")
    use: StoreUse = common("what lent storage does", default=NO_USE)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Pooled(Ask[Plan]):
    """Clear one market that sees every resource and every network. Only an owner of all models can."""
