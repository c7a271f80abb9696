"""Letters of AC optimal power flow. The exchange y is active and reactive power into the feeder and the voltage magnitude where they pass.

A price belongs to each of the three: what one more of it costs transmission, d cost / d y. A feeder minimises its own cost plus price · y,
transmission its own cost minus price · y; where both choose the same y at the same price, the dispatch is that of one owner of everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.boundary.layout import Ask, common, dense
from gridtandem.tables import Code, Index, Real

EXCHANGE = "active and reactive power into the feeder and voltage magnitude (…, 3)"
UNITS = "MW, Mvar, pu"
PRICE = "what one more of each costs transmission (…, 3)"
PRICES = "currency/MWh, currency/Mvarh, currency/pu/h"
PAIRS = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 1, 2, 1, 2, 2])  # entries of a symmetric matrix as letters carry them: PP, PQ, PV, QQ, QV, VV

# ── replies ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@final
@dataclass(frozen=True, slots=True, eq=False)
class Dispatch:
    """What transmission would do."""

    y: Real = dense(EXCHANGE, UNITS)
    price: Real = dense(PRICE, PRICES)
    worth: Code = dense("worth of the row", dtype="i1")
    cost: Real = common("cost of transmission's own units (scenario, period)", "currency/h")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Bus:
    """Voltage and prices at the boundary buses."""

    v: Real = dense("voltage magnitude", "pu")
    price: Real = dense("price of active and reactive power (…, 2)", "currency/MWh, currency/Mvarh")
    worth: Code = dense("worth of the row", dtype="i1")
    cost: Real = common("cost of transmission's own units (scenario, period)", "currency/h")


@final
@dataclass(frozen=True, slots=True, eq=False)
class SteepBus:
    """The same, and how prices rise with what is drawn."""

    v: Real = dense("voltage magnitude", "pu")
    price: Real = dense("price of active and reactive power (…, 2)", "currency/MWh, currency/Mvarh")
    rise: Real = dense("rise of both prices by both powers: PP, PQ, QQ (…, 3)", "currency/h/MW²")
    worth: Code = dense("worth of the row", dtype="i1")
    cost: Real = common("cost of transmission's own units (scenario, period)", "currency/h")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """What feeders would take."""

    y: Real = dense(EXCHANGE, UNITS)
    cost: Real = dense("cost of their own units", "currency/h")
    worth: Code = dense("worth of the row", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What feeders would draw at a voltage, and what one more pu of it would cost them."""

    s: Real = dense("active and reactive power drawn (…, 2)", "MW, Mvar")
    kappa: Real = dense("d (their cost and what they pay) / d voltage magnitude", "currency/pu/h")
    cost: Real = dense("cost of their own units", "currency/h")
    worth: Code = dense("worth of the row", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Condensed:
    """What feeders would take, the price at which they would take just that, and how they yield to prices around it."""

    y: Real = dense(EXCHANGE, UNITS)
    price: Real = dense("price at which this exchange is what they want (…, 3)", PRICES)
    give: Real = dense("−d y / d price of this answer, a symmetric matrix: PP, PQ, PV, QQ, QV, VV (…, 6)", "product of units of y, by currency/h")
    cost: Real = dense("cost of their own units", "currency/h")
    worth: Code = dense("worth of the row", dtype="i1")


# ── questions to distribution ────────────────────────────────────────────────────────────────────────────────────────────────


@final
@dataclass(frozen=True, slots=True, eq=False)
class DrawnAt(Ask[Drawn]):
    """What do you draw at this voltage and these prices?"""

    v: Real = dense("voltage magnitude", "pu")
    price: Real = dense("price of active and reactive power (…, 2)", "currency/MWh, currency/Mvarh")


@final
@dataclass(frozen=True, slots=True, eq=False)
class DrawnOn(Ask[Drawn]):
    """The same, where prices rise with what you draw."""

    v: Real = dense("voltage magnitude", "pu")
    price: Real = dense("price of active and reactive power (…, 2)", "currency/MWh, currency/Mvarh")
    s: Real = dense("draw at which it holds (…, 2)", "MW, Mvar")
    rise: Real = dense("rise of both prices by both powers: PP, PQ, QQ (…, 3)", "currency/h/MW²")


@final
@dataclass(frozen=True, slots=True, eq=False)
class TakenNear(Ask[Taken]):
    """What do you take at these prices, where distance from a wish costs ½ weight · distance²?"""

    wish: Real = dense(EXCHANGE, UNITS)
    price: Real = dense(PRICE, PRICES)
    weight: Real = dense("of distance in each (…, 3)", "currency/h by unit of y squared")


@final
@dataclass(frozen=True, slots=True, eq=False)
class CondensedNear(Ask[Condensed]):
    """The same, and how would you yield to prices there?"""

    wish: Real = dense(EXCHANGE, UNITS)
    price: Real = dense(PRICE, PRICES)
    weight: Real = dense("of distance in each (…, 3)", "currency/h by unit of y squared")


# ── questions to transmission ────────────────────────────────────────────────────────────────────────────────────────────────


@final
@dataclass(frozen=True, slots=True, eq=False)
class DispatchAlone(Ask[Dispatch]):
    """What would you do with your own forecast of the feeders?"""


@final
@dataclass(frozen=True, slots=True, eq=False)
class DispatchNear(Ask[Dispatch]):
    """What exchange would you choose at these prices, where distance from a wish costs ½ weight · distance²?"""

    wish: Real = dense(EXCHANGE, UNITS)
    price: Real = dense(PRICE, PRICES)
    weight: Real = dense("of distance in each (…, 3)", "currency/h by unit of y squared")


@final
@dataclass(frozen=True, slots=True, eq=False)
class DispatchOver(Ask[Dispatch]):
    """What exchange would you choose if feeders cost −price · (y − at) + ½ (y − at)' bend (y − at)? The price in the reply is theirs there."""

    at: Real = dense(EXCHANGE, UNITS)
    price: Real = dense(PRICE, PRICES)
    bend: Real = dense("second derivative of their cost, a symmetric matrix: PP, PQ, PV, QQ, QV, VV (…, 6)", "currency/h by units of y")


@final
@dataclass(frozen=True, slots=True, eq=False)
class BusUnder(Ask[Bus]):
    """Which voltages and prices follow if feeders draw this, and one more pu of voltage costs them ``kappa``?"""

    s: Real = dense("active and reactive power drawn (…, 2)", "MW, Mvar")
    kappa: Real = dense("cost of voltage magnitude", "currency/pu/h")


@final
@dataclass(frozen=True, slots=True, eq=False)
class SteepBusUnder(Ask[SteepBus]):
    """The same; and how would prices rise with what each feeder draws?"""

    s: Real = dense("active and reactive power drawn (…, 2)", "MW, Mvar")
    kappa: Real = dense("cost of voltage magnitude", "currency/pu/h")


@final
@dataclass(frozen=True, slots=True, eq=False)
class DispatchWhole(Ask[Dispatch]):
    """What would the owner of everything do?"""


# ── letters of a bound: squared voltage in place of voltage, and what no dispatch can undercut ──────────────────────────────────────────

SQUARED = "active and reactive power into the feeder and squared voltage (…, 3)"
PRICES_SQUARED = "currency/MWh, currency/Mvarh, currency/pu²/h"


@final
@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """Between which squared voltages transmission keeps the boundary buses, and which interfaces have one bus in common."""

    low: Real = dense("least squared voltage", "pu²")
    high: Real = dense("most squared voltage", "pu²")
    bus: Index = dense("number of the bus", dtype="i8")
    worth: Code = dense("worth of the row", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """Outside of what feeders can never draw, whatever they decide."""

    low: Real = dense("least active and reactive power (…, 2)", "MW, Mvar")
    high: Real = dense("most of both (…, 2)", "MW, Mvar")
    worth: Code = dense("worth of the row", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """What feeders would take if their networks were cones, and what no dispatch of theirs costs less than."""

    y: Real = dense(SQUARED, "MW, Mvar, pu²")
    least: Real = dense("bound from below on their cost with what they pay", "currency/h")
    worth: Code = dense("worth of the row", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class RelaxedAbove:
    """What transmission would choose if its network were cones, and what no dispatch of its own costs less than."""

    y: Real = dense(SQUARED, "MW, Mvar, pu²")
    worth: Code = dense("worth of the row", dtype="i1")
    least: Real = common("bound from below on its cost less what it earns (scenario, period)", "currency/h")


@final
@dataclass(frozen=True, slots=True, eq=False)
class LimitsOfVoltage(Ask[Limits]):
    """Between which limits do you keep voltages where feeders begin?"""


@final
@dataclass(frozen=True, slots=True, eq=False)
class RoomWithin(Ask[Room]):
    """Between which limits does what you draw lie, at any voltage between these? Wide limits will do."""

    low: Real = dense("least squared voltage", "pu²")
    high: Real = dense("most squared voltage", "pu²")


@final
@dataclass(frozen=True, slots=True, eq=False)
class RelaxedAt(Ask[Relaxed]):
    """What is the least that you could cost at these prices, at any voltage between these?"""

    price: Real = dense(PRICE, PRICES_SQUARED)
    low: Real = dense("least squared voltage", "pu²")
    high: Real = dense("most squared voltage", "pu²")


@final
@dataclass(frozen=True, slots=True, eq=False)
class RelaxedUnder(Ask[RelaxedAbove]):
    """What is the least that you could cost if feeders paid these prices for whatever they take within limits? Prices of power are one at a bus."""

    price: Real = dense(PRICE, PRICES_SQUARED)
    low: Real = dense("least active and reactive power that they draw (…, 2)", "MW, Mvar")
    high: Real = dense("most of both (…, 2)", "MW, Mvar")


def square(entries: Real) -> Real:
    """The symmetric matrices (…, 3, 3) that six entries (…, 6) stand for."""
    out = np.empty((*entries.shape[:-1], 3, 3))
    out[..., PAIRS[0], PAIRS[1]] = out[..., PAIRS[1], PAIRS[0]] = entries
    return out


def entries(matrix: Real) -> Real:
    """The six entries (…, 6) of symmetric matrices (…, 3, 3)."""
    out: Real = matrix[..., PAIRS[0], PAIRS[1]]
    return out
