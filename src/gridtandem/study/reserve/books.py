r"""Who pays whom over the day.

Demand at node n pays :math:`\lambda_n d_n`, a station is paid :math:`\lambda_n p_g`, a company pays :math:`\lambda_b z`. What remains is congestion,
:math:`\sum_l (\lambda_{to} - \lambda_{from}) f_l`, the worth of lines. A station is paid for primary reserve what its own is worth,

.. math:: \pi_g = \pi^P - \sum_{c: g \text{ is lost}} v_c, \qquad \pi^P = \sum_c v_c

with :math:`v_c` the worth of reserve in the loss c: what a station keeps does not help with its own loss. Companies are paid :math:`\pi^F` for fast
reserve. Who causes the need is a question of the unit that may be lost, which hours of inertia need not name; so all demand of the hour bears what
both reserves cost, that of transmission and that behind every company, in proportion to what is served.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.frequency.schedule import JointPlan, JointSchedule
from gridtandem.opf.fast_reserve import UP
from gridtandem.opf.leader import of_group
from gridtandem.resources.dispatch import dispatched
from gridtandem.study.market.results import Books
from gridtandem.tables import Real
from gridtandem.units import MVA

TSO, LOAD, LINES = "tso", "demand of tso", "congestion"  # the house where all is cleared, and two whose accounts are no company's
Line = tuple[str, str, str, float]


def station_price(schedule: JointSchedule, plan: JointPlan) -> Real:
    """Price of primary reserve by offer (period, offer). [currency/MW in an hour]"""
    rows, cones = schedule.secure()
    out = np.broadcast_to(plan.primary_price[:, None], plan.answer.x[f"tso.{UP}"].shape).copy()
    held = {name: block.parts for name, block in rows.items()} | {name: block.parts for name, block in cones.items()}
    for name, parts in held.items():
        if (part := parts.get(f"tso.{UP}")) is not None:
            out += np.asarray(part.T @ plan.answer.price[name].ravel()).reshape(out.shape) / schedule.transmission.window.hours
    return out


def books(case: Case, schedule: JointSchedule, plan: JointPlan) -> Books:
    """Every payment of the day."""
    lines = [*_energy(case, schedule, plan), *_reserve(case, schedule, plan)]
    payer, payee, item, amount = (list(column) for column in zip(*lines, strict=True))
    return Books.of({"payer": payer, "payee": payee, "item": item, "amount": amount})


def balances(table: Books) -> dict[str, float]:
    """What everybody has in the end."""
    who = dict.fromkeys([*table.payer.tolist(), *table.payee.tolist()])
    return {name: float(table.amount[table.payee == name].sum() - table.amount[table.payer == name].sum()) for name in who}


def companies_cost(plan: JointPlan, schedule: JointSchedule) -> float:
    """What exchange and devices cost all companies, less what fast reserve earns. [currency]"""
    hours = schedule.transmission.window.hours
    paid = float((plan.energy[:, schedule.transmission.at] * plan.given).sum() - (plan.fast_price[:, None] * plan.award).sum()) * hours
    own = 0.0
    for k, hung in enumerate(plan.feeders):
        x, program = of_group(plan.answer.x, k), hung.feeder.program
        quadratic = sum(float((c.quadratic * x[name] ** 2).sum()) / 2 for name, c in program.columns.items())
        linear = sum(float((c.cost * x[name]).sum()) for name, c in program.columns.items())
        own += hung.count * (program.constant + linear + quadratic - hung.feeder.paid(x))
    return own + paid


def _energy(case: Case, schedule: JointSchedule, plan: JointPlan) -> Iterator[Line]:
    tso, price, x = schedule.transmission, plan.energy, plan.answer.x
    hours, served = tso.window.hours, tso.owned.p_load - x["tso.shed"] + tso.nodal.shunt.real * MVA
    yield LOAD, TSO, "energy", float((price * served).sum()) * hours
    own = {name.removeprefix("tso."): values for name, values in x.items() if name.startswith("tso.")}
    for d in dispatched(tso.network, tso.owned.steps, own, tso.window, source=True):
        paid = (price[:, tso.nodal.node[d.bus]] * d.p).sum(0) * hours
        yield from ((TSO, str(name), "energy", float(each)) for name, each in zip(getattr(tso.network, d.kind).name[d.row], paid, strict=True))
    for name in case.companies:
        mine = case.rows_of(name)
        yield name, TSO, "energy", float((price[:, tso.at[mine]] * plan.given[:, mine]).sum()) * hours
    br = tso.nodal.branches
    rent = ((price[:, br.end] - price[:, br.start]) * tso.form.flow(x["tso.theta"])).sum()
    yield TSO, LINES, "congestion", float(rent) * hours


def _reserve(case: Case, schedule: JointSchedule, plan: JointPlan) -> Iterator[Line]:
    tso, hours = schedule.transmission, schedule.transmission.window.hours
    each = station_price(schedule, plan) * plan.answer.x[f"tso.{UP}"] * hours
    tables = (tso.network.generators, tso.network.flexible, tso.network.storages)
    names = [str(tables[kind].name[row]) for kind, row in zip(tso.regulators.kind.tolist(), tso.regulators.row.tolist(), strict=True)]
    yield from ((TSO, name, "primary reserve", float(amount)) for name, amount in zip(names, each.sum(0), strict=True))
    fast = plan.fast_price[:, None] * plan.award * hours
    for name in case.companies:
        yield TSO, name, "fast reserve", float(fast[:, case.rows_of(name)].sum())
    due, demand = each.sum(1) + fast.sum(1), [(tso.owned.p_load - plan.answer.x["tso.shed"]).sum(1)]
    for name in case.companies:
        mine = case.rows_of(name).tolist()
        demand.append(np.sum([plan.feeders[k].count * plan.feeders[k].feeder.feeder.owned.p_load.sum(1) for k in mine], axis=0))
    served = np.array(demand)
    share = served / np.where(served.sum(0) > 0, served.sum(0), 1.0)
    for name, mine in zip((LOAD, *case.companies), share, strict=True):
        yield name, TSO, "reserve", float((mine * due).sum())
