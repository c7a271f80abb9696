"""What a company's profit is made of: what customers pay, what the wholesale market takes, and what each aggregator inside is paid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.opf.retail import giving
from gridtandem.study.market.choice import settlement
from gridtandem.study.market.results import MONEY
from gridtandem.study.market.run import FeederPlan, MarketResult
from gridtandem.study.market.tables import devices_of
from gridtandem.tables import Names, Real, Table, column

Part = tuple[tuple[str, str, str], float, float]  # company, part and name; energy, and what is received


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Profit(Table):
    """Every company's day, part by part; amounts of a company add up to what it keeps (table companies)."""

    kind: ClassVar[str] = "profit"
    company: Names = column("distribution company", dtype="U")
    part: Names = column("retail, wholesale, generators, flexible, storages or vehicles", dtype="U")
    name: Names = column("whom it pays: a resource, all of that name in its feeders together; empty for retail and wholesale", dtype="U")
    energy_mwh: Real = column("injected, or bought wholesale; of retail, what customers take, below 0, demand that gave way left out", unit="MWh")
    amount: Real = column("received; below 0 paid", unit=MONEY)


def profit(result: MarketResult) -> Profit:
    """Parts in the order in which they come, companies in that of the case."""
    if result.transmission is None:
        return Profit.empty()
    found: dict[tuple[str, str, str], list[float]] = {}
    for plan in result.feeders:
        for whose, mwh, paid in _parts(result, plan):
            total = found.setdefault(whose, [0.0, 0.0])
            total[0] += mwh
            total[1] += paid
    order = {name: k for k, name in enumerate(result.study.case.companies)}
    rows = sorted(found, key=lambda whose: order[whose[0]])
    company, part, name = (np.array([whose[k] for whose in rows], dtype=str) for k in range(3))
    energy, amount = (np.array([found[whose][k] for whose in rows]) for k in range(2))
    return Profit(company=company, part=part, name=name, energy_mwh=energy, amount=amount)


def _parts(result: MarketResult, plan: FeederPlan) -> Iterator[Part]:
    """Of one feeder."""
    bargain, hours, done, problem = result.bargain, result.study.window.hours, settlement(result, plan), plan.problem
    assert bargain is not None
    z, price = (x[0, :, plan.interface] for x in (bargain.z, bargain.price))
    taken = problem.owned.p_load.sum() - plan.decisions["x"][:, giving(problem)].sum()
    yield (plan.company, "retail", ""), -float(taken) * hours, float(done.demand.sum())
    yield (plan.company, "wholesale", ""), float(z.sum()) * hours, -float((z * price).sum()) * hours
    for d, paid in zip(devices_of(result, plan), done.own, strict=True):
        for k, name in enumerate(getattr(problem.network, d.kind).name[d.row].tolist()):
            yield (plan.company, d.kind, name), float(d.p[:, k].sum()) * hours, -float(paid[:, k].sum())
