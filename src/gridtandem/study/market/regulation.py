r"""Regulation of a cleared day: who sells how much, what every device keeps ready, and who pays whom for it.

Demand in transmission pays what is required at its price. Transmission pays its stations and, for what a feeder sells at the interface, its company;
the company pays a device at node n what regulation is worth there,

.. math:: \pi^u_n = \rho^u + M_p^\top \mu^u, \qquad \pi^d_n = \rho^d - M_p^\top \mu^d

What it keeps is the rent of its limits in the three deployments of its network, as with energy in one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.grid.devices import REGULATORS
from gridtandem.grid.network import Network
from gridtandem.opf.limits import KINDS
from gridtandem.orders.products import PRODUCTS
from gridtandem.resources.part import Window
from gridtandem.resources.regulation import Regulators
from gridtandem.study.market.results import RegulationResults, Reserves
from gridtandem.study.market.run import FeederPlan, MarketResult, sold_of
from gridtandem.study.market.tables import feeder_of
from gridtandem.tables import Real, stacked

Line = tuple[str, str, str, float]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Sold:
    """Regulation of the devices of one network."""

    company: str
    feeder: str
    net: Network
    regulators: Regulators
    mw: Real  # (product, period, device)
    price: Real  # the same [currency/MW in an hour]


def reserves(result: MarketResult) -> Reserves:
    """What each seller gives; empty where nothing is bought."""
    above, reserve, bargain = result.transmission, result.seats.wholesale.reserve, result.bargain
    if above is None or reserve is None or bargain is None:
        return Reserves.empty()
    window, names = result.study.window, ["tso", *result.study.case.interfaces.name.tolist()]
    own = np.stack([above.dispatch.answer.x[name].sum(-1) for name in PRODUCTS], -1)
    sold = np.zeros((*bargain.z[0].shape, len(PRODUCTS))) if bargain.reserve is None else bargain.reserve[0]
    rows = [
        (window.first + t + 1, product, who, float(mw[t, k]), float(above.reserve_price[t, k]), float(reserve.wanted[t, k]))
        for t in range(window.periods) for k, product in enumerate(PRODUCTS) if reserve.bought[k]
        for who, mw in zip(names, [own, *np.moveaxis(sold, 1, 0)], strict=True)
    ]  # fmt: skip
    period, what, seller, amount, price, need = (list(c) for c in zip(*rows, strict=True))
    paid = np.array(amount) * np.array(price) * window.hours
    return Reserves.of({
        "period": period, "product": what, "seller": seller, "mw": amount, "price_per_mw": price, "payment": paid, "required_mw": need,
    })  # fmt: skip


def regulation(result: MarketResult) -> RegulationResults:
    """Every device that offers regulation."""
    return stacked(RegulationResults, [_told(result.study.window, s) for s in sold(result)])


def regulation_lines(result: MarketResult) -> Iterator[Line]:
    """Payments for regulation, as (payer, payee, item, amount)."""
    hours, above, reserve = result.study.window.hours, result.transmission, result.seats.wholesale.reserve
    if above is None or reserve is None or result.bargain is None:
        return
    yield "demand of tso", "tso", "regulation", float((above.reserve_price * reserve.wanted).sum()) * hours
    for plan in result.feeders:
        if plan.regulation is not None:
            mw, price = (x[:, plan.interface] for x in sold_of(result.bargain) or ())
            yield "tso", plan.company, f"regulation of {feeder_of(result, plan)}", float((mw * price).sum()) * hours
    for s in sold(result):
        names = [getattr(s.net, REGULATORS[kind]).name[row] for kind, row in zip(s.regulators.kind, s.regulators.row, strict=True)]
        for k, name in enumerate(names):
            yield s.company, f"{s.feeder}/{name}" if s.feeder else str(name), "regulation", float((s.mw * s.price)[..., k].sum()) * hours


def surplus_inside(result: MarketResult, plan: FeederPlan) -> dict[str, float]:
    """What regulation adds to the columns of a company's `Surplus`."""
    found, bargain, hours = plan.regulation, result.bargain, result.study.window.hours
    if found is None or bargain is None or bargain.reserve is None or bargain.reserve_price is None:
        return {}
    mw, price = (x[0, :, plan.interface] for x in (bargain.reserve, bargain.reserve_price))
    paid = sum(float((s.mw * s.price).sum()) for s in _inside(result, plan))
    limits, reactive, rent = plan.problem.limits, 0.0, np.zeros(plan.prices.shadow.shape)
    for by_limit, (p, q) in zip(found.prices.rent, found.dispatch.called, strict=True):
        rent -= by_limit * (limits.fixed(p, q) - limits.base)
        reactive -= float((limits.priced(by_limit)[1].sum(1) * q).sum())
    gained = float((mw * price).sum())
    more = {
        **{f"{kind}_rent": float(rent[:, limits.kind == k].sum()) for k, kind in enumerate(KINDS)}, "exchange": -gained, "received": paid,
        "kept": gained - paid, "off_price": float(((price - found.prices.reserve_price) * mw).sum()), "reactive": reactive,
        "cost": float(found.problem.regulators.cost(plan.decisions).sum()),
    }  # fmt: skip
    return {name: value * hours for name, value in more.items()}


def surplus_above(result: MarketResult) -> dict[str, float]:
    """What regulation adds to the columns of transmission's `Surplus`."""
    above, reserve, bargain, hours = result.transmission, result.seats.wholesale.reserve, result.bargain, result.study.window.hours
    if above is None or reserve is None or bargain is None:
        return {}
    sold = sold_of(bargain) or (np.zeros((1, 1, len(PRODUCTS))),) * 2
    own = {name: above.dispatch.answer.x[name] for name in PRODUCTS}
    paid = sum(float((above.reserve_price[:, k] * own[name].sum(-1)).sum()) for k, name in enumerate(PRODUCTS))
    demand, bought = float((above.reserve_price * reserve.wanted).sum()), float((sold[0] * sold[1]).sum())
    more = {
        "demand": demand, "received": paid, "exchange": bought, "kept": demand - paid - bought,
        "off_price": float((above.reserve_price[:, None] * sold[0]).sum()) - bought, "cost": float(reserve.regulators.cost(own).sum()),
    }  # fmt: skip
    return {name: value * hours for name, value in more.items()}


def sold(result: MarketResult) -> Iterator[Sold]:
    """Devices of transmission, then of every feeder."""
    above, w = result.transmission, result.seats.wholesale
    if above is None or w.reserve is None:
        return
    mw = np.stack([above.dispatch.answer.x[name] for name in PRODUCTS])
    price = np.broadcast_to(above.reserve_price.T[:, :, None], mw.shape)
    yield Sold("tso", "", w.network, w.reserve.regulators, mw, price)
    for plan in result.feeders:
        yield from _inside(result, plan)


def _inside(result: MarketResult, plan: FeederPlan) -> Iterator[Sold]:
    if plan.regulation is None:
        return
    made, problem = plan.regulation.problem.regulators, plan.problem
    price = plan.regulation.prices.product_price[:, :, problem.nodal.node[made.bus]]
    yield Sold(plan.company, feeder_of(result, plan), problem.network, made, np.stack([plan.decisions[name] for name in PRODUCTS]), price)


def _told(window: Window, s: Sold) -> RegulationResults:
    periods, size = s.mw.shape[1:]
    names = [str(getattr(s.net, REGULATORS[kind]).name[row]) for kind, row in zip(s.regulators.kind, s.regulators.row, strict=True)]
    paid = (s.mw * s.price).sum(0) * window.hours
    cost = s.regulators.cost(dict(zip(PRODUCTS, s.mw, strict=True))) * window.hours
    amounts = {f"{name}_{unit}": x.ravel() for unit, xs in (("mw", s.mw), ("per_mw", s.price)) for name, x in zip(PRODUCTS, xs, strict=True)}
    return RegulationResults.of({
        "period": np.repeat(np.arange(window.first, window.end) + 1, size), "company": np.full(paid.size, s.company, dtype=object).astype(str),
        "feeder": np.full(paid.size, s.feeder, dtype=object).astype(str), "what": np.tile(np.array(REGULATORS)[s.regulators.kind], periods),
        "name": np.tile(np.array(names, dtype=str), periods), "bus": np.tile(s.net.buses.name[s.regulators.bus], periods), **amounts,
        "payment": paid.ravel(), "cost": cost.ravel(), "profit": (paid - cost).ravel(),
    })  # fmt: skip
