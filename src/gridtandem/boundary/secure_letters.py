"""Letters about energy and reserve that keeps frequency. The exchange z is positive into the feeder; an award is what transmission feels of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from gridtandem.boundary.layout import Ask, common, dense
from gridtandem.tables import Code, Real

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


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@final
@dataclass(frozen=True, slots=True, eq=False)
class SecureWhole(Ask[SecurePlan]):
    """What would the owner of everything do?"""
