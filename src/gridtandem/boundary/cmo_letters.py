"""Letters of coordinated market operation beyond those of `gridtandem.boundary.market_letters`: slopes, curvatures, nearness, plain forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from gridtandem.boundary.layout import Ask, common, dense
from gridtandem.boundary.market_letters import Curves, Cut, Draw, Plan, Range
from gridtandem.tables import Code, Real

# ── replies ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@final
@dataclass(frozen=True, slots=True, eq=False)
class Slope:
    """Prices at the interfaces, and how they rise with what is taken there."""

    price: Real = dense("price at the interface", "currency/MWh")
    own: Real = dense("rise by 1 MW more at this interface alone", "currency/MWh/MW")
    together: Real = dense("rise by 1 MW more at every interface at once", "currency/MWh/MW")
    worth: Code = dense("worth of the row", dtype="i1")
    own_cost: float = common("cost of what was accepted in transmission", "currency")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """How fast a feeder's price falls with exchange around a point: d² value / d z²."""

    rise: Real = dense("fall of its price by 1 MW more, measured across twice the width", "currency/MWh/MW")
    worth: Code = dense("worth of the row", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """An exchange to look at next. It is no clearing: nothing is priced."""

    z: Real = dense("exchange", "MW")
    worth: Code = dense("worth of the row", dtype="i1")


# ── questions to distribution ────────────────────────────────────────────────────────────────────────────────────────────────


@final
@dataclass(frozen=True, slots=True, eq=False)
class BendAt(Ask[Bend]):
    """How does your price change around this exchange?"""

    z: Real = dense("exchange", "MW")
    width: float = common("how far to look, either way", "MW")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Forecast(Ask[Draw]):
    """What do you take if nobody reacts to a price: all demand served, all free power used, nothing else?"""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Stack(Ask[Curves]):
    """What would your resources offer if you had no network?"""


# ── questions to transmission ────────────────────────────────────────────────────────────────────────────────────────────────


@final
@dataclass(frozen=True, slots=True, eq=False)
class SlopeAt(Ask[Slope]):
    """Clear the market for this exchange; and how do prices rise around it?"""

    z: Real = dense("exchange", "MW")
    width: float = common("how far to look, either way", "MW")


@final
@dataclass(frozen=True, slots=True, eq=False)
class PlanNear(Ask[Plan]):
    """Clear the market as if feeders cost what these planes say, and distance from a wish ½ weight · distance². Without planes they cost nothing."""

    reach: Range = common("where the exchange may lie")
    cuts: tuple[Cut, ...] = common("planes, in the order they were learnt")
    wish: Real = dense("exchange wished for", "MW")
    weight: Real = dense("penalty of distance", "currency/MWh/MW")


@final
@dataclass(frozen=True, slots=True, eq=False)
class LevelWith(Ask[Proposal]):
    """Which exchange nearest to a wish keeps the whole cost, with feeders as these planes say, at this level?"""

    reach: Range = common("where the exchange may lie")
    cuts: tuple[Cut, ...] = common("planes, in the order they were learnt")
    wish: Real = dense("exchange wished for", "MW")
    level: float = common("cost allowed", "currency")
