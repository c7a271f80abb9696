r"""Who pays whom, and what stays with the operators.

Demand at node n pays :math:`\pi_n d_n`, a resource receives :math:`\pi_n p_n`, a distribution company pays the wholesale market :math:`\lambda z`.
Since the feeder balances, :math:`z = \sum_n (d_n - p_n)`, what a company keeps is

.. math:: \sum_n (\pi_n - \lambda)(d_n - p_n) = \sum_r \mu_r (c_r - b_r) - \sum_n \rho_n (d^q_n - q_n)

the rent of its limits r (price μ times the way from the unloaded value c to the limit b) less the worth of reactive power, for which nobody is paid;
where feeders have losses, with what their prices bring in beyond them, see `gridtandem.opf.forms.branch_flow_prices`.
Transmission keeps the price of its line limits times their flow. All lines together close to zero because each has a payer and a payee.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gridtandem.opf.limits import KINDS
from gridtandem.study.market.results import Books, Surplus
from gridtandem.study.market.run import FeederPlan, MarketResult
from gridtandem.study.market.tables import devices_of, feeder_of, stacked

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
    rent = (problem.rents(found, plan.dispatch).sum(0) * hours).tolist()
    reactive = -float((found.price_q * plan.dispatch.q).sum()) * hours
    keeps = demand - paid - wholesale
    shunts = float((found.price * (problem.form.p_shunt + 0.0)).sum()) * hours
    return _row(plan.company + "/" + feeder_of(result, plan), (keeps, plan.regret), rent, reactive, shunts)


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
    return _row("tso", (demand + sold - paid, 0.0), [0.0, rent, 0.0], 0.0, fixed)


def _row(company: str, kept: tuple[float, float], rent: list[float], reactive: float, fixed: float) -> Surplus:
    """What it keeps, and its regret. ``fixed`` is the worth of what shunts and phase shifts inject, which nobody is paid for either."""
    keeps, flow, voltage, loss = kept[0], rent[KINDS.index("flow")], rent[KINDS.index("voltage")], rent[-1]
    left = keeps + reactive - flow - voltage - loss - fixed
    columns = {"company": company, "kept": keeps, "flow_rent": flow, "voltage_rent": voltage, "loss_rent": loss, "reactive": reactive, "left": left,
               "regret": kept[1]}  # fmt: skip
    return Surplus.of({name: np.array([value]) for name, value in columns.items()})
