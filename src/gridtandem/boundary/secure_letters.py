"""Letters about energy and reserve that keeps frequency. The exchange z is positive into the feeder; an award is what transmission feels of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from gridtandem.boundary.layout import Ask, common, dense, long
from gridtandem.tables import Code, Index, Real

BOTH, EXCHANGE, RESERVE = 0, 1, 2  # what a piece of a market's cost is about

# ── replies ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@final
@dataclass(frozen=True, slots=True, eq=False)
class SecurePlan:
    """What passes at interfaces, what feeders keep there, and what both are worth."""

    z: Real = dense("active power into all feeders there", "MW")
    award: Real = dense("fast reserve that they sell", "MW")
    price: Real = dense("price of energy at the bus", "currency/MWh")
    fast_price: Real = dense("price of fast reserve", "currency/MW in an hour")
    worth: Code = dense("worth of the row; ESTIMATE: some cone of a feeder is loose", dtype="i1")
    cost: float = common("cost of everybody, over all periods", "currency")


@final
@dataclass(frozen=True, slots=True, eq=False)
class SecureSpan:
    """How far an interface can go, each hour by itself; of an award the least is nothing."""

    low: Real = dense("least active power into all feeders there", "MW")
    high: Real = dense("most", "MW")
    award: Real = dense("most fast reserve", "MW")
    plain: Real = dense("what is taken where nobody is asked for anything", "MW")
    worth: Code = dense("worth of the row", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class SecureCells:
    """The market's cost of an hour in pieces over what is taken in total at each bus, and all fast reserve F: the largest of a part's pieces.

    Interfaces at one bus of transmission move one price, so they count as one *total*, whose numbers stand at the first of them, ``head``. A piece is
    Σ price · z − fast_price · F + value; it stands in a row for each total it is about. Parts, if several, add up.
    """

    head: Index = dense("interface at which the total stands that this one belongs to", dtype="i8")
    low: Real = dense("least total that pieces are about; at the head, else 0", "MW")
    high: Real = dense("most", "MW")
    most: Real = dense("most fast reserve of all interfaces together that pieces are about", "MW")
    worth: Code = dense("worth of the row", dtype="i1")
    scenario: Index = long("of the piece", dtype="i8")
    period: Index = long("of the piece", dtype="i8")
    interface: Index = long("head of the total; of pieces about fast reserve alone the first", dtype="i8")
    part: Code = long("0: about both, 1: about exchange, 2: about fast reserve", dtype="i1")
    piece: Index = long("its number in its period and part", dtype="i8")
    price: Real = long("of energy there", "currency/MWh")
    fast_price: Real = long("of fast reserve, the same in all rows of a piece", "currency/MW in an hour")
    value: Real = long("cost at nothing, the same in all rows of a piece", "currency")


@final
@dataclass(frozen=True, slots=True, eq=False)
class SecureChoice:
    """What is best for companies, and the prices they expect to make by it."""

    z: Real = dense("active power into all feeders there", "MW")
    award: Real = dense("fast reserve that they sell", "MW")
    price: Real = dense("price of energy at the bus", "currency/MWh")
    fast_price: Real = dense("price of fast reserve", "currency/MW in an hour")
    value: Real = dense("cost of the feeders' own resources there", "currency")
    kink: Code = dense("1 where the hour lies between two prices, of which the companies' better one is told", dtype="i1")
    worth: Code = dense("worth of the row; ESTIMATE: some cone of a feeder is loose, or it is not proved that nothing is better", dtype="i1")
    bound: float = common("no strategy costs all together less, own cost and payments, over all periods", "currency")
    gap: float = common("how far the search was from its own bound when it ended, penalties on losses counted, relative to the cost")


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@final
@dataclass(frozen=True, slots=True, eq=False)
class SecureWhole(Ask[SecurePlan]):
    """What would the owner of everything do?"""


@final
@dataclass(frozen=True, slots=True, eq=False)
class SecureReach(Ask[SecureSpan]):
    """How far could you go, and what do you take where nobody asks you for anything?"""


@final
@dataclass(frozen=True, slots=True, eq=False)
class ResidualSecure(Ask[SecureCells]):
    """What does everything else cost for every exchange between low and high, and every award up to most?"""

    low: Real = dense("least exchange", "MW")
    high: Real = dense("most exchange", "MW")
    award: Real = dense("most fast reserve", "MW")


@final
@dataclass(frozen=True, slots=True, eq=False)
class BestSecure(Ask[SecureChoice]):
    """What do all of you together take and sell if your own trade moves both prices like this?"""

    cells: SecureCells = common("the market's cost in pieces")


@final
@dataclass(frozen=True, slots=True, eq=False)
class ClearSecure(Ask[SecurePlan]):
    """What are the prices at these exchanges and awards?"""

    z: Real = dense("active power into all feeders there", "MW")
    award: Real = dense("fast reserve that they sell", "MW")


@final
@dataclass(frozen=True, slots=True, eq=False)
class KeepAt(Ask[SecureChoice]):
    """What do you take and sell at these prices, whatever you do?"""

    price: Real = dense("price of energy at the bus", "currency/MWh")
    fast_price: Real = dense("price of fast reserve", "currency/MW in an hour")
