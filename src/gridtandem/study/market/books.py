r"""Who pays whom, and what stays with the operators.

Demand at node n pays :math:`\pi_n d_n`, a resource receives :math:`\pi_n p_n`, a distribution company pays the wholesale market :math:`\lambda z`.
Since the feeder balances, :math:`z = \sum_n (d_n - p_n)`, what a company keeps is

.. math:: \sum_n (\pi_n - \lambda)(d_n - p_n) = \sum_r \mu_r (c_r - b_r) - \sum_n \rho_n (d^q_n - q_n)

the rent of its limits r (price μ times the way from the unloaded value c to the limit b) less the worth of reactive power, for which nobody is paid.
Transmission keeps the price of its line limits times their flow. All lines together close to zero because each has a payer and a payee.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gridtandem.opf.limits import KINDS
from gridtandem.study.market.regulation import passed_on, received, regulation_lines
from gridtandem.study.market.results import Books, Surplus
from gridtandem.study.market.run import FeederPlan, MarketResult
from gridtandem.study.market.tables import devices_of, feeder_of, stacked
from gridtandem.tables import Real

Line = tuple[str, str, str, float]


def books(result: MarketResult) -> Books:
    """Every payment of the day."""
    lines = list(_lines(result)) if result.transmission is not None else []
    payer, payee, item, amount = (list(c) for c in zip(*lines, strict=True)) if lines else ([], [], [], [])
    return Books.of({"payer": payer, "payee": payee, "item": item, "amount": amount})


def surplus(result: MarketResult) -> Surplus:
    """What each operator keeps, and why."""
    if result.transmission is None:
        return Surplus.empty()
    each = [_transmission_surplus(result), *(_feeder_surplus(result, p) for p in result.feeders)]
    return stacked(Surplus, each)


def _lines(result: MarketResult) -> Iterator[Line]:
    yield from regulation_lines(result)
    hours, w, above = result.study.window.hours, result.seats.wholesale, result.transmission
    assert above is not None
    yield "demand of tso", "tso", "energy", float((above.price * w.owned.p_load).sum()) * hours
    for d in devices_of(result, None):
        price = above.price[:, w.nodal.node[d.bus]]
        for k, name in enumerate(getattr(w.network, d.kind).name[d.row].tolist()):
            yield "tso", name, "energy", float((price * d.p)[:, k].sum()) * hours
    bargain = result.bargain
    assert bargain is not None
    for plan in result.feeders:
        feeder, prices, problem = feeder_of(result, plan), plan.prices.price, plan.problem
        wholesale = bargain.price[0, :, plan.interface] * bargain.z[0, :, plan.interface]
        yield plan.company, "tso", f"exchange of {feeder}", float(wholesale.sum()) * hours
        yield f"demand of {feeder}", plan.company, "energy", float((prices * problem.owned.p_load).sum()) * hours
        for d in devices_of(result, plan):
            price = prices[:, problem.nodal.node[d.bus]]
            for k, name in enumerate(getattr(problem.network, d.kind).name[d.row].tolist()):
                yield plan.company, f"{feeder}/{name}", "energy", float((price * d.p)[:, k].sum()) * hours


def kept(table: Books, who: str) -> float:
    """Received less paid."""
    return float(table.amount[table.payee == who].sum() - table.amount[table.payer == who].sum())


def _feeder_surplus(result: MarketResult, plan: FeederPlan) -> Surplus:
    hours, problem, bargain = result.study.window.hours, plan.problem, result.bargain
    assert bargain is not None
    found, owned = plan.prices, problem.owned
    wholesale = float((bargain.price[0, :, plan.interface] * bargain.z[0, :, plan.interface]).sum()) * hours
    demand = float((found.price * owned.p_load).sum()) * hours
    paid = sum(float((found.price[:, problem.nodal.node[d.bus]] * d.p).sum()) for d in devices_of(result, plan)) * hours
    each, reactive = _rents(plan)
    rent = [float(each[:, problem.limits.kind == k].sum()) * hours for k in range(len(KINDS))]
    keeps = demand - paid - wholesale + received(result, plan) - passed_on(result, plan)
    shunts = float((found.price * (problem.form.p_shunt + 0.0)).sum()) * hours
    return _row(plan.company + "/" + feeder_of(result, plan), keeps, rent, reactive * hours, shunts)


def _rents(plan: FeederPlan) -> tuple[Real, float]:
    """Rent of each limit (period, limit), and the worth of reactive power that nobody is paid for; both in every deployment of regulation."""
    found, limits = plan.prices, plan.problem.limits
    rent = found.shadow * (limits.base - limits.fixed(plan.dispatch.p, plan.dispatch.q))
    reactive = -float((found.price_q * plan.dispatch.q).sum())
    if plan.regulation is not None:
        for price, (p, q) in zip(plan.regulation.prices.rent, plan.regulation.dispatch.called, strict=True):
            rent = rent - price * (limits.fixed(p, q) - limits.base)
            reactive -= float((limits.priced(price)[1].sum(1) * q).sum())
    return rent, reactive


def _transmission_surplus(result: MarketResult) -> Surplus:
    hours, w, above, bargain = result.study.window.hours, result.seats.wholesale, result.transmission, result.bargain
    assert above is not None
    assert bargain is not None
    demand = float((above.price * w.owned.p_load).sum()) * hours
    sold = float((above.price[:, w.at] * bargain.z[0]).sum()) * hours
    paid = sum(float((above.price[:, w.nodal.node[d.bus]] * d.p).sum()) for d in devices_of(result, None)) * hours
    flow = w.form.flow(above.dispatch.answer.x["theta"])[:, w.form.branch] + w.form.shift[w.form.branch]
    rent = -float((above.flow_price * flow).sum()) * hours
    fixed = float((above.price * w.form.fixed).sum()) * hours
    return _row("tso", demand + sold - paid, [0.0, rent], 0.0, fixed)


def _row(company: str, keeps: float, rent: list[float], reactive: float, fixed: float) -> Surplus:
    """``fixed`` is the worth of what shunts and phase shifts inject, which nobody is paid for either."""
    flow, voltage = rent[KINDS.index("flow")], rent[KINDS.index("voltage")]
    left = keeps + reactive - flow - voltage - fixed
    columns = {"company": company, "kept": keeps, "flow_rent": flow, "voltage_rent": voltage, "reactive": reactive, "left": left}
    return Surplus.of({name: np.array([value]) for name, value in columns.items()})
