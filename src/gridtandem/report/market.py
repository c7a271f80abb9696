"""What people hold in their hands of a cleared day: tables, words, pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from gridtandem.coordinate import Outcome
from gridtandem.report.drawing import drawn
from gridtandem.report.tables import spelled
from gridtandem.resources.storage import OVERLAP
from gridtandem.study.kinds import MARKET
from gridtandem.study.market import day as keeping
from gridtandem.study.market.day import MarketDay
from gridtandem.study.market.results import Awards, Books, DeviceResults, MarketChecks, NodePrices, RegulationResults, Reserves, Surplus, UnitSales
from gridtandem.study.registry import name_of
from gridtandem.study.results import Letters, Rounds, Violations

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SAME = 1e-9  # relative; costs that differ by less are the same
MISSED = 1e-6  # relative to the cost; a regret below it is a tolerance
SHOWN = 6  # interfaces that a summary tells of
PICTURES = {
    "overview": "gridtandem.report.market_pictures:overview",
    "prices": "gridtandem.report.market_pictures:prices",
    "settlement": "gridtandem.report.market_pictures:settlement",
}


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MarketRun:
    """One case under one scheme of markets. The tables are empty where nothing was cleared; ``trouble`` then says why."""

    door: ClassVar[str] = MARKET.door
    result: MarketDay
    awards: Awards
    prices: NodePrices
    devices: DeviceResults
    books: Books
    surplus: Surplus
    sales: UnitSales
    checks: MarketChecks
    violations: Violations
    reserves: Reserves
    regulation: RegulationResults
    letters: Letters
    rounds: Rounds

    @staticmethod
    def of(day: MarketDay) -> MarketRun:
        """The friendly face of a day."""
        tables = {f.name: getattr(day.tables, f.name) for f in fields(day.tables)}
        return MarketRun(result=day, letters=day.letters, rounds=day.rounds, **tables)

    @property
    def scheme(self) -> str:
        """Name of the scheme."""
        return name_of(self.result.study.scheme)

    @property
    def outcome(self) -> Outcome[object]:
        """How the scheme ended: state, gaps, ledger."""
        return self.result.outcome

    @property
    def end(self) -> str:
        """The end as a sentence."""
        return self.result.outcome.end.value

    @property
    def trouble(self) -> tuple[str, ...]:
        """Why there is no answer."""
        return self.result.trouble

    @property
    def path(self) -> Path | None:
        """The run file, if there is one."""
        return self.result.path

    def require(self) -> MarketRun:
        """The run itself, or `NotAgreed`."""
        self.result.require()
        return self

    def save(self, path: str | Path) -> MarketRun:
        """Write the run file; the run that knows where it lies is returned."""
        return replace(self, result=keeping.saved(self.result, Path(path)))

    def plot(self, kind: str = "overview") -> Figure:
        """A picture; ``kind`` is one of `PICTURES`."""
        return drawn(PICTURES, kind, self)

    def __repr__(self) -> str:
        return "\n".join(_lines(self))


def _lines(run: MarketRun) -> Iterator[str]:
    result, outcome, money = run.result, run.outcome, run.result.study.case.currency
    window = result.study.window
    hours = f"{window.periods} period{'s' * (window.periods != 1)} of {window.hours:g} h"
    yield f"{result.study.case.name} under {run.scheme}, {hours}: {run.end}"
    count = "1 round" if outcome.rounds == 1 else f"{outcome.rounds} rounds"
    yield f"  scheme    {count}; {len(outcome.ledger)} letters, {outcome.books()['numbers']:,} numbers, {outcome.books()['bytes']:,} B"
    for line in run.trouble:
        yield f"  trouble   {line}"
    if not len(run.awards):
        if run.path is not None:
            yield f"  run file  {run.path}"
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
        yield f"  {head}      {s.company[k]}: {s.kept[k]:,.2f} {money}; {rents}"
        if s.regret[k] > MISSED * max(1.0, abs(result.cost)):
            more = f"{s.regret[k]:,.2f} {money} more at these prices by another exchange: its offers leave that out, or its scheme does"
            yield f"            {s.company[k]} would have {more}"
    yield from _choice_lines(run, money)
    yield from _check_lines(run)
    if run.path is not None:
        yield f"  run file  {run.path}"


def _interface_lines(run: MarketRun, money: str) -> Iterator[str]:
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


def _reserve_lines(run: MarketRun, money: str) -> Iterator[str]:
    table = run.reserves
    for k, product in enumerate(dict.fromkeys(table.product.tolist())):
        mine = table.take(table.product == product)
        inside, head = mine.seller != "tso", "reserves " if k == 0 else "         "
        share = mine.mw[inside].sum() / max(mine.mw.sum(), 1e-12)
        yield (
            f"  {head} {product.replace('_', ' ')}: {spelled(mine.required_mw.min(), 'MW')} to {spelled(mine.required_mw.max(), 'MW')} at "
            f"{mine.price_per_mw.min():,.2f} to {mine.price_per_mw.max():,.2f} {money}/MW; {100 * share:.3g} % of it from feeders"
        )


def _choice_lines(run: MarketRun, money: str) -> Iterator[str]:
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


def _check_lines(run: MarketRun) -> Iterator[str]:
    c = run.checks
    if not len(c):
        return
    solved = c.solved == 1
    if not solved.all():
        yield f"  AC check  the joined grid has no load flow in {int((~solved).sum())} of {len(c)} periods"
    if solved.any():
        low = int(np.nanargmin(c.v_low_pu))
        model, lost = ("linear model", "losses that the market left out") if run.result.study.form == "lindist" else ("model with losses", "losses")
        yield f"  AC check  voltages of the {model} are off by at most {spelled(float(np.nanmax(c.voltage_error_pu)), 'pu')} in feeders"
        yield f"            {lost}: {spelled(float(np.nansum(c.loss_mw)), 'MW')} over all periods"
        broken = int(c.limits_broken.sum())
        limits = "no limit broken" if broken == 0 else f"{broken} limit{'s' * (broken != 1)} broken (table violations)"
        yield f"            lowest voltage {spelled(float(c.v_low_pu[low]), 'pu')} at {c.v_low_bus[low]}; {limits}"
    if both := int((c.overlap_mw2 > OVERLAP).sum()):
        yield f"            storage charges and discharges at once in {both} of {len(c)} periods, which no storage can (table checks, overlap_mw2)"
