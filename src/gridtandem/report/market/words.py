"""A cleared day in words, and several schemes of markets side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.report.tables import spelled
from gridtandem.report.words import beside_in_words, in_words
from gridtandem.resources.steps import starts_left_out
from gridtandem.resources.storage import OVERLAP
from gridtandem.study.market.certificate import equal_offers
from gridtandem.study.market.day import MarketDay
from gridtandem.study.market.results import Awards
from gridtandem.study.market.study import MarketStudy

if TYPE_CHECKING:
    from gridtandem.cases.case import Case
    from gridtandem.report.run import Comparison, Run

SAME = 1e-9  # relative; costs that differ by less are the same
MISSED = 1e-6  # relative to the cost; a regret below it is a tolerance
LEAST = {  # by how resources inside are paid
    "pay-as-bid": "no other exchange costs it less", "posted": "no other exchange lets it pay less",
    "nodal": "no other exchange costs it less; what it pays at the prices of its buses is not what it minimised",
}  # fmt: skip
SHOWN = 6  # interfaces that a summary tells of
PARTIAL = ("strategic", "price-taker")  # schemes whose companies look at their own cost alone
COLUMNS = ("scheme", "cost", "gap_to_ideal", "rounds", "numbers", "price_error_per_mwh", "voltage_error_pu", "limits_broken", "seconds")


def day_in_words(run: Run) -> str:
    """How it ended, what it costs, awards, reserves, who keeps what, and what the AC check says."""
    return in_words(run, _hours(run.result.study), _lines(run))


def comparison_in_words(comparison: Comparison) -> str:
    """The table, and why a scheme has no answer."""
    own = any(run.scheme in PARTIAL for run in comparison.runs)
    shown = [name for one in COLUMNS for name in ((one, "companies_cost") if own and one == "cost" else (one,))]
    return beside_in_words(comparison, _hours(comparison.runs[0].result.study), shown)


def _hours(study: MarketStudy) -> str:
    window = study.window
    return f"{window.periods} period{'s' * (window.periods != 1)} of {window.hours:g} h"


def _lines(run: Run) -> Iterator[str]:
    day: MarketDay = run.result
    result, money = day.tables, day.study.case.currency
    if np.isnan(result.cost):
        return
    share = f"{abs(100 * result.gap):.3g} % {'more' if result.gap > 0 else 'less'} than"
    beside = "the same as" if abs(result.gap) <= SAME else share
    yield f"  cost      {result.cost:,.2f} {money}, {beside} the ideal market, which sees every network"
    yield from _interface_lines(run, money)
    yield from _reserve_lines(run, money)
    for k in range(len(run.surplus)):
        s = run.surplus
        head = "kept" if k == 0 else "    "
        rents = f"rent of flows {s.flow_rent[k]:,.2f}, of voltages {s.voltage_rent[k]:,.2f}"
        rents += f", of losses {s.loss_rent[k]:,.2f}; regret {s.regret[k]:,.4f}" if run.result.study.form != "lindist" else ""
        yield f"  {head}      {s.company[k]}: {round(float(s.kept[k]), 2) + 0.0:,.2f} {money}; {rents}"
        if s.regret[k] > MISSED * max(1.0, abs(result.cost)):
            more = f"{s.regret[k]:,.2f} {money} more at these prices by another exchange: its offers leave that out, or its scheme does"
            yield f"            {s.company[k]} would have {more}"
    yield from _choice_lines(run, money)
    yield from _company_lines(run, money)
    yield from _check_lines(run)
    yield from starts_in_words(day.study.case)


def starts_in_words(case: Case) -> Iterator[str]:
    """Costs of starts that no market counts."""
    for place, net in (("tso", case.transmission), *((model.name, model) for model in case.models)):
        if line := starts_left_out(net):
            yield f"  note      {place}: {line}"


def _interface_lines(run: Run, money: str) -> Iterator[str]:
    table = run.awards
    for k, name in enumerate(dict.fromkeys(table.interface.tolist())):
        if k == SHOWN:
            yield f"            … {len(set(table.interface.tolist())) - SHOWN} more (table awards)"
            return
        mine = table.take(table.interface == name)
        z, price = mine.exchange_mw, mine.price_per_mwh
        head = "awards" if k == 0 else "      "
        yield (
            f"  {head}    {name} at bus {mine.bus[0]}: {spelled(z.min(), 'MW')} to {spelled(z.max(), 'MW')} "
            f"at {price.min():,.2f} to {price.max():,.2f} {money}/MWh; {mine.company[0]} pays {mine.payment.sum():,.2f} {money}{_promise(mine)}"
        )


def _promise(mine: Awards) -> str:
    """The tier of offers of hours that hang together."""
    said = [word for word in dict.fromkeys(mine.tier.tolist()) if word not in ("", "hourly")]
    return f"; offer {', '.join(said)}" if said else ""


def _reserve_lines(run: Run, money: str) -> Iterator[str]:
    table = run.reserves
    for k, product in enumerate(dict.fromkeys(table.product.tolist())):
        mine = table.take(table.product == product)
        inside, head = mine.seller != "tso", "reserves " if k == 0 else "         "
        share = mine.mw[inside].sum() / max(mine.mw.sum(), 1e-12)
        yield (
            f"  {head} {product.replace('_', ' ')}: {spelled(mine.required_mw.min(), 'MW')} to {spelled(mine.required_mw.max(), 'MW')} at "
            f"{mine.price_per_mw.min():,.2f} to {mine.price_per_mw.max():,.2f} {money}/MW; {100 * share:.3g} % of it from feeders"
        )


def _choice_lines(run: Run, money: str) -> Iterator[str]:
    """Where units could choose their market: what they sold, and what incentives take beyond what the company would else keep."""
    hours = run.result.study.window.hours
    for k, feeder in enumerate(dict.fromkeys(run.sales.feeder.tolist()) if len(run.sales) else []):
        mine = run.sales.take(run.sales.feeder == feeder)
        kept = float(run.surplus.kept[run.surplus.company == f"{mine.company[0]}/{feeder}"].sum())
        incentive = float(mine.incentive.sum())
        short = f", {min(incentive, -kept):,.2f} of them not covered" if kept < 0 < incentive else ""
        head = "choice" if k == 0 else "      "
        yield (
            f"  {head}    {feeder}: of {mine.made_mw.sum() * hours:,.2f} MWh units sold {mine.sold_mw.sum() * hours:,.2f} wholesale for "
            f"{mine.wholesale.sum():,.2f} {money}; incentives {incentive:,.2f} {money}{short}"
        )


def _company_lines(run: Run, money: str) -> Iterator[str]:
    """Where companies look at their own cost alone: what it is, and what they took it for."""
    if run.scheme not in PARTIAL:
        return
    table, best = run.companies, getattr(run.outcome.state, "best", None)
    for k, name in enumerate(table.company.tolist()):
        mine = np.unique(run.awards.interface[run.awards.company == name])
        parts = f"exchange {table.exchange[k]:,.2f}, resources {table.resource_cost[k]:,.2f}"
        parts += f", tariff forgone {table.forgone[k]:,.2f}" if table.forgone[k] else ""
        paid = table.exchange[k] + table.resources[k] + table.forgone[k]
        told = "" if abs(paid - table.cost[k]) <= SAME * abs(paid) else f"; paid {paid:,.2f}, resources {table.resources[k]:,.2f} of it"
        yield f"  company   {name}: cost {table.cost[k]:,.2f} {money} ({parts}){told}"
        if any(len(net.tariffs) for net in run.result.study.case.models):
            yield f"            profit {table.kept[k]:,.2f} {money} (table profit): retail {table.retail[k]:,.2f} by its tariff"
        if np.isfinite(table.believed[k]):
            yield f"            it took it for {table.believed[k]:,.2f} {money}, at prices before its trade moved them"
        if best is not None:
            rows = np.isin(run.result.study.case.interfaces.name, mine)
            proved = LEAST[run.result.study.scheme.local] if (best.worth[0][:, rows] == Worth.EXACT).all() else "not proved to be least"
            proved += " as long as like feeders are made equal offers" if equal_offers(run.result.study, np.flatnonzero(rows)) else ""
            kinks = int((best.kink[0][:, rows] == 1).any(1).sum())
            others, settled = (" while the others stay", "that of their common clearing") if len(table) > 1 else ("", "its better one")
            on = f"; between two prices in {kinks} of {len(best.kink[0])} periods, settled at {settled}" if kinks else ""
            yield f"            {proved}{others}{on}"
    yield from _certificate_lines(run)


def _certificate_lines(run: Run) -> Iterator[str]:
    """What the market says when it is solved again, and where it looked for something cheaper."""
    table = run.certificates
    if len(table) and table.holds.all():
        yield "            certificate: the market solved again makes these prices, no penalty among them (table certificates)"
        yield from (f"            {looked}" for looked in dict.fromkeys(table.looked.tolist()))
    for fault in dict.fromkeys(table.said[~table.holds].tolist()):
        yield f"            certificate: {fault}"


def _check_lines(run: Run) -> Iterator[str]:
    c = run.checks
    if not len(c):
        return
    solved, hours = c.solved == 1, run.result.study.window.hours
    if not solved.all():
        yield f"  AC check  the joined grid has no load flow in {int((~solved).sum())} of {len(c)} periods"
    if solved.any():
        low = int(np.nanargmin(c.v_low_pu))
        model, lost = ("linear model", "losses that the market left out") if run.result.study.form == "lindist" else ("model with losses", "losses")
        apart = f"voltages of the {model} are off by at most {spelled(float(np.nanmax(c.voltage_error_pu)), 'pu')} in feeders\n            "
        yield f"  AC check  {apart if len(run.awards) else ''}{lost}: {spelled(float(np.nansum(c.loss_mw)) * hours, 'MWh')} over all periods"
        broken = int(c.limits_broken.sum())
        limits = "no limit broken" if broken == 0 else f"{broken} limit{'s' * (broken != 1)} broken (table violations)"
        yield f"            lowest voltage {spelled(float(c.v_low_pu[low]), 'pu')} at {c.v_low_bus[low]}; {limits}"
    if both := int((c.overlap_mw2 > OVERLAP).sum()):
        yield f"            storage charges and discharges at once in {both} of {len(c)} periods, which no storage can (table checks, overlap_mw2)"
