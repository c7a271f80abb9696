r"""Who pays whom, and what stays with the operators.

Demand at node n pays :math:`\pi_n d_n`, a resource receives :math:`\pi_n p_n`, a distribution company pays the wholesale market :math:`\lambda_b z`.
With λ the price at its root, the feeder's balance :math:`z = \sum_n (d_n - p_n)` says that a company keeps

.. math:: \sum_n (\pi_n - \lambda_b)(d_n - p_n) = \sum_r \mu_r (c_r - b_r) - \sum_n \rho_n (d^q_n - q_n) + (\lambda - \lambda_b) z

the rent of its limits r (price μ times the way from the unloaded value c to the limit b) less the worth of reactive power, for which nobody is paid,
and a last term that is 0 where the exchange answers its price. Where essential demand binds, :math:`\lambda_b - \lambda \ge 0` is the multiplier of
:math:`z \ge \underline z` and the term its rent. Where feeders have losses, see
`gridtandem.opf.forms.branch_flow_prices`. Transmission keeps the price of its line limits times their flow. All lines together close to zero
because each has a payer and a payee. Where units chose their market, who pays them what is in `gridtandem.markets.choice`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from gridtandem.grid.devices import TAKES
from gridtandem.grid.network import Network
from gridtandem.opf.feeder_value import SHORT
from gridtandem.opf.limits import KINDS
from gridtandem.resources.dispatch import Dispatch
from gridtandem.study.market.choice import Settlement, settlement
from gridtandem.study.market.regulation import regulation_lines, surplus_above, surplus_inside
from gridtandem.study.market.results import Books, Surplus
from gridtandem.study.market.run import FeederPlan, MarketResult
from gridtandem.study.market.tables import devices_of, feeder_of
from gridtandem.tables import Real, stacked

Line = tuple[str, str, str, float]


def books(result: MarketResult) -> Books:
    """Every payment of the day."""
    lines = list(_lines(result)) if result.transmission is not None else []
    payer, payee, item, amount = (list(c) for c in zip(*lines, strict=True)) if lines else ([], [], [], [])
    return Books.of({"payer": payer, "payee": payee, "item": item, "amount": amount})


def surplus(result: MarketResult) -> Surplus:
    """Who has what of the net surplus, and what each operator keeps, and why."""
    if result.transmission is None:
        return Surplus.empty()
    each = [_transmission_surplus(result), *(_feeder_surplus(result, p) for p in result.feeders)]
    return stacked(Surplus, each)


def _lines(result: MarketResult) -> Iterator[Line]:
    hours, w, above = result.study.window.hours, result.seats.wholesale, result.transmission
    assert above is not None
    yield "demand of tso", "tso", "energy", float((above.price * w.owned.p_load).sum()) * hours
    for d in devices_of(result, None):
        price = above.price[:, w.nodal.node[d.bus]]
        for k, name in enumerate(getattr(w.network, d.kind).name[d.row].tolist()):
            yield "tso", name, "energy", float((price * d.p)[:, k].sum()) * hours
    for plan in result.feeders:
        yield from _feeder_lines(result, plan)
    yield from regulation_lines(result)


def _feeder_lines(result: MarketResult, plan: FeederPlan) -> Iterator[Line]:
    feeder, done, devices, net = feeder_of(result, plan), settlement(result, plan), devices_of(result, plan), plan.problem.network
    if done.settled:
        yield plan.company, "tso", f"energy for the own market of {feeder}", sum(s.bought for s in done.settled)
        names = net.generators.name[devices[0].row[done.sellers]].tolist()
        for k, name in enumerate(names):
            unit = f"{feeder}/{name}"
            yield "tso", unit, "sold wholesale", float(done.of_sellers("wholesale")[k])
            yield unit, plan.company, "fee", float(done.of_sellers("fee")[k])
            yield plan.company, unit, "incentive", float(done.of_sellers("incentive")[k])
    else:
        yield plan.company, "tso", f"exchange of {feeder}", _exchange(result, plan)
    yield f"demand of {feeder}", plan.company, "energy", float(done.demand.sum())
    for d, paid in zip(devices, done.own, strict=True):
        for k, name in enumerate(getattr(net, d.kind).name[d.row].tolist()):
            yield plan.company, f"{feeder}/{name}", "energy", float(paid[:, k].sum())


def kept(table: Books, who: str) -> float:
    """Received less paid."""
    return float(table.amount[table.payee == who].sum() - table.amount[table.payer == who].sum())


def _exchange(result: MarketResult, plan: FeederPlan) -> float:
    """What the exchange of a feeder costs at the interface's price."""
    bargain = result.bargain
    assert bargain is not None
    return float((bargain.price[0, :, plan.interface] * bargain.z[0, :, plan.interface]).sum()) * result.study.window.hours


def _feeder_surplus(result: MarketResult, plan: FeederPlan) -> Surplus:
    hours, problem, found, done = result.study.window.hours, plan.problem, plan.prices, settlement(result, plan)
    devices, exchange = devices_of(result, plan), _exchange(result, plan)
    own, demand, more = sum(float(p.sum()) for p in done.own), float(done.demand.sum()), _more(done)
    at_bus = sum(float((found.price[:, problem.nodal.node[d.bus]] * d.p).sum()) for d in devices) * hours
    at_bus_demand = float((found.price * problem.owned.p_load).sum()) * hours
    by_kind = (problem.rents(found, plan.dispatch).sum(0) * hours).tolist()
    rent = {f"{kind}_rent": value for kind, value in zip((*KINDS, "loss"), by_kind, strict=True)}
    essential, off = _apart(result, plan)
    keeps = demand - own - more - exchange
    return _row(plan.company + "/" + feeder_of(result, plan), (problem.network, devices), {
        **rent, "exchange": exchange, "received": own + more, "demand": demand, "kept": keeps, "essential_rent": essential, "off_price": off,
        "choice": at_bus_demand - at_bus - exchange - keeps if done.settled or done.by_rule else 0.0,
        "reactive": -float((found.price_q * plan.dispatch.q).sum()) * hours, "regret": plan.regret,
        "missed": plan.regret if found is plan.priced else 0.0, "fixed": float((found.price * problem.form.p_shunt).sum()) * hours,
    }, surplus_inside(result, plan))  # fmt: skip


def _more(done: Settlement) -> float:
    """What sellers get beyond their own market's payments. What they sold wholesale the company bought, and its exchange is what is left of that."""
    sold, fee, incentive = (float(done.of_sellers(what).sum()) for what in ("wholesale", "fee", "incentive"))
    return sold - fee + incentive


def _apart(result: MarketResult, plan: FeederPlan) -> tuple[float, float]:
    """Worth inside less cost of the exchange: where essential demand enforces it, and elsewhere."""
    bargain = result.bargain
    assert bargain is not None
    z, price = bargain.z[0, :, plan.interface], bargain.price[0, :, plan.interface]
    worth = (plan.prices.energy - price) * z * result.study.window.hours
    enforced = (z <= plan.problem.program.columns["z"].low + SHORT) & (plan.prices.energy <= price)
    return float(worth[enforced].sum()), float(worth[~enforced].sum())


def _transmission_surplus(result: MarketResult) -> Surplus:
    hours, w, above, bargain = result.study.window.hours, result.seats.wholesale, result.transmission, result.bargain
    assert above is not None
    assert bargain is not None
    devices = devices_of(result, None)
    demand = float((above.price * w.owned.p_load).sum()) * hours
    sold, worth = (float((price * bargain.z[0]).sum()) * hours for price in (bargain.price[0], above.price[:, w.at]))
    paid = sum(float((above.price[:, w.nodal.node[d.bus]] * d.p).sum()) for d in devices) * hours
    flow = w.form.flow(above.dispatch.answer.x["theta"])[:, w.form.branch] + w.form.shift[w.form.branch]
    return _row("tso", (w.network, devices), {
        "flow_rent": -float((above.flow_price * flow).sum()) * hours, "voltage_rent": 0.0, "exchange": -sold, "received": paid, "demand": demand,
        "kept": demand + sold - paid, "essential_rent": 0.0, "off_price": sold - worth, "choice": 0.0, "reactive": 0.0,
        "loss_rent": 0.0, "regret": 0.0, "missed": 0.0,
        "fixed": float((above.price * w.form.fixed).sum()) * hours,
    }, surplus_above(result))  # fmt: skip


def _row(company: str, has: tuple[Network, tuple[Dispatch, ...]], energy: Mapping[str, float], regulation: Mapping[str, float]) -> Surplus:
    """``received`` is what resources are paid, ``fixed`` the worth of what shunts and phase shifts inject, for which nobody is paid; ``regulation``
    is what it adds, ``missed`` the regret behind prices that are those of an answer to the price, and not of the award.
    """
    (net, devices), found = has, {name: value + regulation.get(name, 0.0) for name, value in energy.items()}
    whole, worth = regulation.get("cost", 0.0), 0.0
    for d in devices:
        buys: Real = d.cost[:, net.flexible.does[d.row] == TAKES] if d.kind == "flexible" else d.cost[:, :0]
        whole, worth = whole + float(d.cost.sum()), worth - float(buys.sum())
    rents = sum(found[name] for name in ("flow_rent", "voltage_rent", "loss_rent", "essential_rent", "off_price"))
    left = found["kept"] + found["choice"] + found["reactive"] + found["missed"] - rents - found["fixed"]
    columns = {**found, "worth": worth, "cost": whole + worth, "profit": found["received"] - whole, "left": left, "company": company}
    return Surplus.of({name: np.array([columns[name]]) for name in Surplus.columns()})
