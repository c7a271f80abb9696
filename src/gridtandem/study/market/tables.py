"""From a market result to its tables: awards, prices, devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from gridtandem.boundary.market_letters import tier_word
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.opf.limits import KINDS
from gridtandem.parties.wholesale import Wholesale
from gridtandem.resources.dispatch import Dispatch, dispatched
from gridtandem.resources.part import Window
from gridtandem.study.market.results import Awards, DeviceResults, NodePrices
from gridtandem.study.market.run import FeederPlan, MarketResult, TransmissionPlan
from gridtandem.tables import Index, Names, Real, Table, stacked

T = TypeVar("T", bound=Table)


def awards(result: MarketResult) -> Awards:
    """What crosses each interface."""
    found = result.bargain
    if found is None:
        return Awards.empty()
    table, window, case = result.study.case.interfaces, result.study.window, result.study.case
    z, price = found.z[0], found.price[0]
    shape = z.shape
    cost = np.array([sum((d.cost.sum(-1) for d in devices_of(result, p)), _regulation_cost(p)) for p in result.feeders]).reshape(shape[::-1]).T
    return Awards(
        period=_periods(window, shape[1]), interface=np.tile(table.name, shape[0]), company=np.tile(table.company, shape[0]),
        bus=np.tile(case.transmission.buses.name[table.bus], shape[0]), exchange_mw=z.ravel(), price_per_mwh=price.ravel(),
        payment=(z * price).ravel() * window.hours, feeder_cost=cost.ravel(), tier=_tiers(result, shape), ideal_mw=result.ideal_z.ravel(),
        ideal_price_per_mwh=result.ideal_price.ravel(),
    )  # fmt: skip


def _tiers(result: MarketResult, shape: tuple[int, ...]) -> Names:
    told = getattr(result.outcome.state, "tier", None)
    return np.full(shape[0] * shape[1], "") if told is None else np.array([tier_word(tier) for tier in told[0].ravel().tolist()], str)


def prices(result: MarketResult) -> NodePrices:
    """Price of demand at every bus in service."""
    if result.transmission is None:
        return NodePrices.empty()
    inside = [feeder_prices(p, feeder_of(result, p)) for p in result.feeders]
    return stacked(NodePrices, [transmission_prices(result.seats.wholesale, result.transmission), *inside])


def devices_of(result: MarketResult, plan: FeederPlan | None) -> tuple[Dispatch, ...]:
    """Resources of one feeder as it was awarded; of transmission where no plan is given."""
    if plan is not None:
        return _inside(plan)
    return () if result.transmission is None else _above(result.seats.wholesale, result.transmission)


def feeder_of(result: MarketResult, plan: FeederPlan) -> str:
    """Name of the feeder behind a plan."""
    return str(result.study.case.interfaces.feeder[plan.interface])


def transmission_devices(w: Wholesale, above: TransmissionPlan) -> DeviceResults:
    """Resources in transmission."""
    each = [_told(w.window, ("tso", ""), d, w.network, above.price[:, w.nodal.node[d.bus]]) for d in _above(w, above)]
    return stacked(DeviceResults, each)


def feeder_devices(plan: FeederPlan, feeder: str, paid: Sequence[Real | None] = ()) -> DeviceResults:
    """Resources in a feeder; ``paid`` by kind (period, resource), the price at their bus where nothing is given."""
    problem, mine = plan.problem, _inside(plan)
    price, who = plan.prices.price[:, problem.nodal.node], (plan.company, feeder)
    each = zip(mine, paid or (None,) * len(mine), strict=True)
    return stacked(DeviceResults, [_told(problem.window, who, d, problem.network, price[:, d.bus], own=own) for d, own in each])


def transmission_prices(w: Wholesale, above: TransmissionPlan) -> NodePrices:
    """Prices in transmission: energy at the reference, and congestion."""
    reference = above.price[:, w.form.reference[:1]]
    return _prices(w.window, ("tso", ""), w.nodal, above.price, {"energy_per_mwh": reference, "congestion_per_mwh": above.price - reference})


def feeder_prices(plan: FeederPlan, feeder: str) -> NodePrices:
    """Prices in a feeder, with the shares of its limits, and the voltages of its model."""
    found = plan.prices
    shares = {
        "energy_per_mwh": found.energy[:, None], "congestion_per_mwh": found.split[:, KINDS.index("flow")],
        "voltage_per_mwh": found.split[:, KINDS.index("voltage")], "loss_per_mwh": found.loss, "price_per_mvarh": found.price_q,
        "v_pu": plan.dispatch.v,
    }  # fmt: skip
    return _prices(plan.problem.window, (plan.company, feeder), plan.problem.nodal, found.price, shares)


def _regulation_cost(plan: FeederPlan) -> Real:
    """Cost of regulation (period); nothing where none is sold. [currency]"""
    if plan.regulation is None:
        return np.zeros(plan.problem.window.periods)
    return np.asarray(plan.regulation.problem.regulators.cost(plan.decisions).sum(-1) * plan.problem.window.hours)


def _inside(plan: FeederPlan) -> tuple[Dispatch, ...]:
    return tuple(dispatched(plan.problem.network, plan.problem.owned.steps, plan.decisions, plan.problem.window, source=False))


def _above(w: Wholesale, above: TransmissionPlan) -> tuple[Dispatch, ...]:
    steps = w.owned.steps
    power = above.dispatch.accepted.reshape(steps.low.shape) * steps.sign
    return tuple(dispatched(w.network, steps, {**above.dispatch.answer.x, "x": power}, w.window, source=True))


def _told(window: Window, who: tuple[str, str], d: Dispatch, net: Network, price: Real, *, own: Real | None = None) -> DeviceResults:
    periods, size = d.p.shape
    paid = price * d.p * window.hours if own is None else own
    return DeviceResults(
        period=_periods(window, size), company=_same(who[0], d.p.size), feeder=_same(who[1], d.p.size), what=_same(d.kind, d.p.size),
        name=np.tile(getattr(net, d.kind).name[d.row], periods), bus=np.tile(net.buses.name[d.bus], periods), p_mw=d.p.ravel(), q_mvar=d.q.ravel(),
        price_per_mwh=price.ravel(), payment=paid.ravel(), cost=d.cost.ravel(), profit=(paid - d.cost).ravel(),
    )  # fmt: skip


def _prices(window: Window, who: tuple[str, str], nodal: Nodal, price: Real, shares: dict[str, Real]) -> NodePrices:
    live = np.flatnonzero(nodal.node >= 0)
    node, periods = nodal.node[live], len(price)
    count = periods * len(live)
    rest = {"energy_per_mwh": 0.0, "congestion_per_mwh": 0.0, "voltage_per_mwh": 0.0, "loss_per_mwh": 0.0, "price_per_mvarh": 0.0, "v_pu": 1.0}
    whole = {k: np.broadcast_to(shares.get(k, np.float64(x)), price.shape) for k, x in rest.items()}
    ready: dict[str, Any] = {k: x[:, node].ravel() for k, x in whole.items()}
    return NodePrices(
        period=_periods(window, len(live)), company=_same(who[0], count), feeder=_same(who[1], count),
        bus=np.tile(nodal.network.buses.name[live], periods), price_per_mwh=price[:, node].ravel(),
        **ready,
    )  # fmt: skip


def _periods(window: Window, each: int) -> Index:
    """Period of every row, from 1, for so many rows in each."""
    return np.repeat(np.arange(window.first, window.end) + 1, each)


def _same(word: str, size: int) -> Any:
    return np.full(size, word)
