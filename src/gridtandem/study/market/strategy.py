"""What a day means for each distribution company, and the curve of prices along which a strategic one chose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.opf.retail import forgone
from gridtandem.schemes.price_taker import PriceTakerState
from gridtandem.schemes.strategic import StrategicState
from gridtandem.study.market.choice import settlement
from gridtandem.study.market.results import MONEY, PRICE
from gridtandem.study.market.run import FeederPlan, MarketResult
from gridtandem.study.market.tables import devices_of
from gridtandem.tables import Flag, Index, Names, Real, Table, column

KINK = 1e-6  # MW; an exchange nearer to the end of a step lies on it


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Companies(Table):
    """The day of every distribution company. kept = retail − exchange − resources."""

    kind: ClassVar[str] = "companies"
    company: Names = column("distribution company", dtype="U")
    retail: Real = column("paid by demand: by the tariff, or where there is none, by fixed demand at the price of its bus", unit=MONEY)
    exchange: Real = column("paid to the wholesale market", unit=MONEY)
    resources: Real = column("paid to resources inside, below 0 by those that buy: what they offered, or the price at their bus", unit=MONEY)
    kept: Real = column("received less paid", unit=MONEY)
    resource_cost: Real = column("cost of resources inside, as they offered it", unit=MONEY)
    forgone: Real = column("what demand that gave way would have paid by the tariff; 0 without one", unit=MONEY)
    cost: Real = column("exchange, resource_cost and forgone: what a company that pays as bid minimises", unit=MONEY)
    believed: Real = column("the same at the prices that a price taker believed; NaN under other schemes", unit=MONEY, finite=False)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class BidCurve(Table):
    """Price by exchange as a strategic company was told it, which is what it would bid: any price of the step that it chose."""

    kind: ClassVar[str] = "bid_curve"
    period: Index = column("period, from 1", dtype="i8")
    company: Names = column("distribution company", dtype="U")
    bus: Names = column("transmission bus where it moves the price", dtype="U")
    from_mw: Real = column("total exchange where the step begins", unit="MW")
    to_mw: Real = column("where it ends", unit="MW")
    price_per_mwh: Real = column("price there", unit=PRICE)
    taken: Flag = column("is the exchange that was chosen on this step?", dtype="?")
    exchange_mw: Real = column("total exchange that was chosen in the period", unit="MW")


def companies(result: MarketResult) -> Companies:
    """One row for each company."""
    if result.transmission is None:
        return Companies.empty()
    whose = np.array([p.company for p in result.feeders], dtype=str)
    names = np.array(list(dict.fromkeys(whose.tolist())), dtype=str)
    place = {name: k for k, name in enumerate(names.tolist())}
    rows = np.zeros((len(names), 6))
    np.add.at(rows, [place[name] for name in whose.tolist()], np.array([_parts(result, p) for p in result.feeders]).reshape(-1, 6))
    retail, exchange, resources, cost, lost, believed = rows.T
    return Companies.of({
        "company": names, "retail": retail, "exchange": exchange, "resources": resources, "kept": retail - exchange - resources,
        "resource_cost": cost, "forgone": lost, "cost": exchange + cost + lost, "believed": believed + cost + lost,
    })  # fmt: skip


def bid_curve(result: MarketResult) -> BidCurve:
    """Steps of every total that a strategic company was told of; none where it was told the whole market."""
    state = result.outcome.state
    if not isinstance(state, StrategicState) or state.curve is None or result.bargain is None or result.transmission is None:
        return BidCurve.empty()
    curve, case = state.curve, result.study.case
    head = curve.head[0, 0]
    z = np.array([result.bargain.z[0][:, head == one].sum(-1) for one in range(len(head))])[curve.interface, curve.period]
    at = curve.interface
    return BidCurve(
        period=result.study.window.first + curve.period + 1, company=case.interfaces.company[at],
        bus=case.transmission.buses.name[case.interfaces.bus[at]], from_mw=curve.from_mw, to_mw=curve.to_mw, price_per_mwh=curve.price,
        taken=(z >= curve.from_mw - KINK) & (z <= curve.to_mw + KINK) & _priced(result, curve.price, at, curve.period), exchange_mw=z,
    )  # fmt: skip


def _priced(result: MarketResult, price: Real, interface: Index, period: Index) -> Flag:
    """Steps whose price is the one that was agreed."""
    assert result.bargain is not None
    agreed = result.bargain.price[0][period, interface]
    return np.asarray(np.abs(price - agreed) <= KINK * np.maximum(1.0, np.abs(agreed)))


def _parts(result: MarketResult, plan: FeederPlan) -> tuple[float, ...]:
    """Retail, exchange, paid to resources, their cost, retail forgone, and the exchange at prices that were believed."""
    bargain, state, hours, i = result.bargain, result.outcome.state, result.study.window.hours, plan.interface
    assert bargain is not None
    done, z = settlement(result, plan), bargain.z[0, :, i]
    believed = state.believed if isinstance(state, PriceTakerState) else None
    told = np.nan if believed is None else float((believed[0, :, i] * z).sum()) * hours
    cost = sum(float(d.cost.sum()) for d in devices_of(result, plan))
    exchange = float((bargain.price[0, :, i] * z).sum()) * hours
    lost = float(forgone(plan.problem, plan.decisions).sum()) if done.by_rule else 0.0
    return float(done.demand.sum()), exchange, sum(float(p.sum()) for p in done.own), cost, lost, told
