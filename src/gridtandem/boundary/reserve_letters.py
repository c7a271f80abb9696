"""Letters about energy and regulation together. Products are those of `gridtandem.orders.products`, in that order; z is positive into the feeder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from gridtandem.boundary.layout import Ask, common, dense, long
from gridtandem.boundary.market_letters import Curves, Offers, Plan, Receipt
from gridtandem.tables import Code, Index, Real

# ── replies ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@final
@dataclass(frozen=True, slots=True, eq=False)
class VectorCosts:
    """What feeders cost by exchange and regulation together: planes below the cost, and walls around what they can do.

    A plane: cost in an hour ≥ right + by_z · z + by_product · R; a wall: by_z · z + by_product · R ≤ right.
    """

    tier: Code = dense("what the offer promises", dtype="i1")
    worth: Code = dense("worth of the row", dtype="i1")
    scenario: Index = long("of the plane or wall", dtype="i8")
    period: Index = long("of the plane or wall", dtype="i8")
    interface: Index = long("of the plane or wall", dtype="i8")
    wall: Code = long("0: a plane, 1: a wall", dtype="i1")
    right: Real = long("constant of a plane, bound of a wall", "currency")
    by_z: Real = long("by exchange", "currency/MWh")
    by_product: Real = long("by capacity and mileage sold, product by product", "currency/MW")


@final
@dataclass(frozen=True, slots=True, eq=False)
class ReserveCurves:
    """Offers as markets of today take them: a curve of energy, and capacity up and down within it. Mileage follows capacity one to one.

    Export and capacity up together stay below the end of the curve, export less capacity down above its beginning.
    """

    energy: Curves = common("offers of energy")
    most: Real = dense("most capacity up and down", "MW")
    price: Real = dense("its price", "currency/MW")
    loss: Real = dense("most by which the offer lies above the feeder's cost, in an hour", "currency")
    worth: Code = dense("worth of the row", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """What the operator of transmission buys beside energy."""

    products: tuple[str, ...] = common("names of products")


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@final
@dataclass(frozen=True, slots=True, eq=False)
class VectorOffers(Ask[VectorCosts]):
    """What do you cost, by exchange and these products together?"""

    products: tuple[str, ...] = common("what the market buys beside energy")
    most: int = common("most planes for one feeder and hour; what takes more is refused")


@final
@dataclass(frozen=True, slots=True, eq=False)
class ReserveOffers(Ask[ReserveCurves]):
    """What do you offer of energy and of these products, as markets of today take it?"""

    products: tuple[str, ...] = common("what the market buys beside energy")
    rules: Offers = common("rules for the curve of energy")


@final
@dataclass(frozen=True, slots=True, eq=False)
class ClearReserves(Ask[Plan]):
    """Clear energy and regulation together with these offers of feeders beside those of stations."""

    offers: ReserveCurves = common("offers of all interfaces")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Wants(Ask[Wanted]):
    """What do you buy beside energy?"""


@final
@dataclass(frozen=True, slots=True, eq=False)
class ClearVectors(Ask[Plan]):
    """Clear energy and regulation together with these costs of feeders beside the offers of stations."""

    costs: VectorCosts = common("costs of all interfaces")


@final
@dataclass(frozen=True, slots=True, eq=False)
class ReserveAward(Ask[Receipt]):
    """So much energy and regulation is yours, at these prices."""

    products: tuple[str, ...] = common("what the market buys beside energy")
    z: Real = dense("exchange", "MW")
    price: Real = dense("price at the interface", "currency/MWh")
    reserve: Real = dense("regulation sold, by product", "MW")
    reserve_price: Real = dense("its price", "currency/MW")
