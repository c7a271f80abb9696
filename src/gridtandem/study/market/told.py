"""What a cleared day tells: its tables, what it costs, and what one market that sees every network would cost. Needs no party and no solver."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar, final

from gridtandem.study.market.books import books, surplus
from gridtandem.study.market.certificate import Certificates, certificates
from gridtandem.study.market.check import checked
from gridtandem.study.market.choice import unit_sales
from gridtandem.study.market.paid import devices
from gridtandem.study.market.profit import Profit, profit
from gridtandem.study.market.regulation import regulation, reserves
from gridtandem.study.market.results import Awards, Books, DeviceResults, MarketChecks, NodePrices, RegulationResults, Reserves, Surplus, UnitSales
from gridtandem.study.market.run import MarketResult
from gridtandem.study.market.strategy import BidCurve, Companies, bid_curve, companies
from gridtandem.study.market.tables import awards, prices
from gridtandem.study.results import Violations
from gridtandem.tables import Table

T = TypeVar("T", bound=Table)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MarketTables:
    """Everything a cleared day tells. Tables are empty where nothing was cleared."""

    awards: Awards
    prices: NodePrices
    devices: DeviceResults
    books: Books
    surplus: Surplus
    sales: UnitSales
    checks: MarketChecks
    violations: Violations
    reserves: Reserves
    regulation: RegulationResults
    companies: Companies
    profit: Profit
    bid_curve: BidCurve
    certificates: Certificates
    cost: float  # of transmission's and all feeders' plans together; NaN where there is none [currency]
    ideal: float  # least cost with everything in one market [currency]

    @staticmethod
    def of(result: MarketResult) -> MarketTables:
        """From plans; the AC check is made here."""
        checks, violations = checked(result)
        return MarketTables(
            awards=_plain(awards(result)), prices=_plain(prices(result)), devices=_plain(devices(result)), books=_plain(books(result)),
            surplus=_plain(surplus(result)), sales=_plain(unit_sales(result)), checks=_plain(checks), violations=_plain(violations),
            reserves=_plain(reserves(result)), regulation=_plain(regulation(result)), companies=_plain(companies(result)),
            profit=_plain(profit(result)), bid_curve=_plain(bid_curve(result)), certificates=_plain(certificates(result)), cost=result.cost,
            ideal=result.ideal,
        )  # fmt: skip

    @property
    def gap(self) -> float:
        """What the day costs more than the ideal market, relative to it."""
        return (self.cost - self.ideal) / max(1.0, abs(self.ideal))

    def contradicts(self, goal: float) -> float:  # noqa: ARG002 — asked alike of every kind
        """Nothing: a linear market is off by some voltage in any case; `checks` says by how much."""
        return 0.0


def _plain(table: T) -> T:
    """Without negative zeros, which say nothing and which a run file would not keep."""
    whole = {name: getattr(table, name) + 0.0 for name, spec in table.columns().items() if spec.dtype == "f8"}
    return replace(table, **whole)
