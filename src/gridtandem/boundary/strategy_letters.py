"""Letters to a company that knows what its own trade does to the price: the curve of its market goes down, what it makes of it comes up.

What it must know of the market to answer is in the question, so that the ledger counts it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from gridtandem.boundary.layout import Ask, common, dense
from gridtandem.boundary.strategic_letters import Disclosed, Residual
from gridtandem.tables import Code, Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class Strategy:
    """The exchange that is best for the company, and the price it expects to make by it."""

    z: Real = dense("exchange", "MW")
    price: Real = dense("price at the interface that this exchange makes", "currency/MWh")
    value: Real = dense("cost of the feeder's own resources there, without what is paid for the exchange", "currency")
    kink: Code = dense("1 where the exchange lies between two prices, of which the company's better one is told", dtype="i1")
    worth: Code = dense("worth of the row; ESTIMATE: a search ended before it was proved that nothing is better", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class BestAgainst(Ask[Strategy]):
    """What do you take if your own trade moves the price along these curves?"""

    curve: Residual = common("price at each exchange")
    local: str = common("how resources inside are paid: pay-as-bid, posted or nodal", default="pay-as-bid")


@final
@dataclass(frozen=True, slots=True, eq=False)
class BestWithin(Ask[Strategy]):
    """The same of somebody who is told the market whole."""

    market: Disclosed = common("its program")
    route: str = common("how to solve it: kkt-sos1 or kkt-bigm")
    local: str = common("how resources inside are paid: pay-as-bid, posted or nodal", default="pay-as-bid")
