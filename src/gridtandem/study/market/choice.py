"""What is paid inside a feeder: the price at its bus to each; what it offered, where the scheme says so; by demand its tariff, if any; or, where
units chose their market, what `gridtandem.markets.choice` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.errors import Unsolved
from gridtandem.markets.choice import Sales, Settled, Supply, made_whole, own_prices, settled, shared
from gridtandem.opf.feeder_value import SHORT
from gridtandem.opf.posted import beyond_bids
from gridtandem.opf.retail import retail
from gridtandem.parties.feeder_choice import type_1
from gridtandem.schemes.choice_of_market import ChoiceOfMarket, ChoiceOfMarketState
from gridtandem.schemes.price_taker import PriceTaker
from gridtandem.schemes.strategic import Strategic
from gridtandem.study.market.results import UnitSales
from gridtandem.study.market.run import FeederPlan, MarketResult
from gridtandem.study.market.tables import devices_of, feeder_of
from gridtandem.tables import Index, Real, stacked


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Settlement:
    """Payments of one feeder; all that is paid, is paid by or to its company. [currency]"""

    demand: Real  # (period) by fixed demand
    own: tuple[Real, ...]  # to each kind of resource (period, resource)
    sellers: Index  # places, among units in service, of those that may sell wholesale
    sales: tuple[Sales, ...] = ()  # by period; none where nobody may choose
    by_rule: bool = False  # resources are paid what they offered, or demand pays a tariff, whatever the price at their bus
    settled: tuple[Settled, ...] = ()

    def of_sellers(self, what: str) -> Real:
        """Over the day, a payment of `Settled` by seller."""
        return np.sum([getattr(s, what) for s in self.settled], axis=0) if self.settled else np.zeros(0)


def settlement(result: MarketResult, plan: FeederPlan) -> Settlement:
    """One feeder's payments."""
    if isinstance(result.outcome.state, ChoiceOfMarketState):
        return _chosen(result, plan)
    hours, price, problem, scheme = result.study.window.hours, plan.prices.price, plan.problem, result.study.scheme
    posts = isinstance(scheme, Strategic) and scheme.local == "posted"
    as_bid = posts or (isinstance(scheme, PriceTaker | Strategic) and scheme.local == "pay-as-bid")
    own = tuple(d.cost if as_bid else price[:, problem.nodal.node[d.bus]] * d.p * hours for d in devices_of(result, plan))
    if posts:
        units = devices_of(result, plan)[0]
        own = (own[0] + beyond_bids(problem, plan.decisions["x"])[:, units.row], *own[1:])
    by_tariff = len(problem.network.tariffs) > 0
    demand = retail(problem, plan.decisions) if by_tariff else (price * problem.owned.p_load).sum(-1) * hours
    return Settlement(demand=demand, own=own, sellers=np.zeros(0, np.int64), by_rule=as_bid or by_tariff)


def sales(result: MarketResult, plan: FeederPlan, period: int) -> Sales:
    """One feeder in one period, counted from 0: its units of type 1 as sellers, all else in its own market."""
    if not isinstance(result.outcome.state, ChoiceOfMarketState) or result.bargain is None:
        raise Unsolved("there is nothing to settle: the run has no clearing by the scheme choice-of-market")
    return _chosen(result, plan).sales[period]


def unit_sales(result: MarketResult) -> UnitSales:
    """Every unit that may choose its market, in every period."""
    if not isinstance(result.outcome.state, ChoiceOfMarketState):
        return UnitSales.empty()
    return stacked(UnitSales, [_told(result, plan, settlement(result, plan)) for plan in result.feeders])


def _chosen(result: MarketResult, plan: FeederPlan) -> Settlement:
    state, scheme, bargain, problem = result.outcome.state, result.study.scheme, result.bargain, plan.problem
    assert isinstance(state, ChoiceOfMarketState)
    assert isinstance(scheme, ChoiceOfMarket)
    assert bargain is not None
    hours, devices, rows = problem.window.hours, devices_of(result, plan), type_1(problem)
    marginal = np.concatenate([plan.prices.price[:, problem.nodal.node[d.bus]] for d in devices], axis=1)
    power, cost = np.concatenate([d.p for d in devices], axis=1), np.concatenate([d.cost for d in devices], axis=1) / hours
    sellers = np.searchsorted(devices[0].row, problem.owned.steps.row[rows])
    beta, accepted = problem.owned.steps.price[rows], state.sold[0, :, plan.interface, : len(rows)]
    sold, own, asked = np.minimum(accepted, power[:, sellers]), power.copy(), cost.copy()
    own[:, sellers] -= sold
    asked[:, sellers] -= beta * sold
    offered = np.where(own > SHORT, asked / np.where(own > SHORT, own, 1.0), marginal)
    offered[:, sellers] = np.where(own[:, sellers] > SHORT, offered[:, sellers], beta)
    shares = shared(state.sold, state.before - state.cost, scheme.saving)[0, :, plan.interface, : len(rows)]
    demand, paid, found = np.zeros(len(power)), np.zeros(power.shape), list[Sales]()
    for t, (z, wholesale) in enumerate(zip(bargain.z[0, :, plan.interface].tolist(), bargain.price[0, :, plan.interface].tolist(), strict=True)):
        sells = own[t] > SHORT
        supply = Supply(power=float(own[t, sells].sum()), cost=float(asked[t, sells].sum()), bought=z + float(sold[t].sum()), price=wholesale)
        at_bus = plan.prices.price[t]
        demand[t] = float(own_prices(scheme.local, at_bus, at_bus, supply) @ problem.owned.p_load[t])
        price = own_prices(scheme.local, marginal[t], offered[t], supply)
        paid[t] = price * own[t] * hours
        others = float(np.delete(paid[t], sellers).sum()) / hours
        found.append(Sales(
            made=power[t, sellers], sold=sold[t], price=price[sellers], wholesale_price=wholesale, exchange=z, demand=demand[t] - others,
            fee=scheme.fee, hours=hours,
        ))  # fmt: skip
    done = tuple(settled(s, shares[t] if scheme.saving > 0 else made_whole(s)) for t, s in enumerate(found))
    ends = np.cumsum([d.p.shape[1] for d in devices])[:-1]
    return Settlement(demand=demand * hours, own=tuple(np.split(paid, ends, axis=1)), sellers=sellers, sales=tuple(found), settled=done)


def _told(result: MarketResult, plan: FeederPlan, done: Settlement) -> UnitSales:
    window, units, many = result.study.window, devices_of(result, plan)[0], len(done.sellers)
    size = window.periods * many

    def flat(what: str) -> Real:
        return np.concatenate([np.zeros(0), *(getattr(s, what) for s in done.settled)])

    def seen(what: str) -> Real:
        return np.concatenate([np.zeros(0), *(np.broadcast_to(getattr(s, what), many) for s in done.sales)])

    return UnitSales(
        period=np.repeat(np.arange(window.first, window.end) + 1, many), company=np.full(size, plan.company),
        feeder=np.full(size, feeder_of(result, plan)), name=np.tile(plan.problem.network.generators.name[units.row[done.sellers]], window.periods),
        made_mw=seen("made"), sold_mw=seen("sold"), wholesale_per_mwh=seen("wholesale_price"), local_per_mwh=seen("price"),
        wholesale=flat("wholesale"), local=flat("local"), fee=flat("fee"), incentive=flat("incentive"),
    )  # fmt: skip
