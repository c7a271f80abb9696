"""What people hold in their hands of a dispatch: tables, words, pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from gridtandem.coordinate import Outcome
from gridtandem.report.drawing import drawn
from gridtandem.report.tables import plain, spelled
from gridtandem.study.dispatch import run as running
from gridtandem.study.dispatch.compare import DispatchComparison as DispatchComparisonTable
from gridtandem.study.dispatch.results import BusPrices, Decisions, DispatchChecks, Exchanges
from gridtandem.study.dispatch.run import DispatchResult
from gridtandem.study.kinds import DISPATCH
from gridtandem.study.registry import name_of
from gridtandem.study.results import Letters, Rounds, Violations

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 6  # interfaces that a summary tells of
RUN_PICTURES = {
    "overview": "gridtandem.report.dispatch_pictures:overview",
    "prices": "gridtandem.report.dispatch_pictures:prices",
    "convergence": "gridtandem.report.dispatch_pictures:of_run",
}
COMPARISON_PICTURES = {
    "overview": "gridtandem.report.dispatch_pictures:compared",
    "costs": "gridtandem.report.dispatch_pictures:costs",
    "convergence": "gridtandem.report.dispatch_pictures:convergence",
    "exchange": "gridtandem.report.dispatch_pictures:exchange",
}
COLUMNS = (
    "scheme", "agreed", "promised", "gap_to_central", "realised", "limits_broken", "rounds", "numbers", "price_error_per_mwh", "v_high_pu", "seconds",
)  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DispatchRun:
    """One case under one scheme of AC dispatch. The tables are empty where nothing was agreed; ``trouble`` then says why."""

    door: ClassVar[str] = DISPATCH.door
    result: DispatchResult
    exchanges: Exchanges
    decisions: Decisions
    prices: BusPrices
    checks: DispatchChecks
    violations: Violations
    letters: Letters
    rounds: Rounds

    @staticmethod
    def of(result: DispatchResult) -> DispatchRun:
        """The friendly face of a result."""
        tables = {f.name: getattr(result.tables, f.name) for f in fields(result.tables)}
        return DispatchRun(result=result, letters=result.letters, rounds=result.rounds, **tables)

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
        if apart := self.result.contradicted:
            return f"the parties agree, but the AC check CONTRADICTS their plans by {apart:.2g} pu: do not use them"
        return self.result.outcome.end.value

    @property
    def trouble(self) -> tuple[str, ...]:
        """Why there is no answer, or not in every period."""
        return self.result.trouble

    @property
    def path(self) -> Path | None:
        """The run file, if there is one."""
        return self.result.path

    def require(self) -> DispatchRun:
        """The run itself, or `NotAgreed`."""
        self.result.require()
        return self

    def save(self, path: str | Path) -> DispatchRun:
        """Write the run file; the run that knows where it lies is returned."""
        return replace(self, result=running.saved(self.result, Path(path)))

    def plot(self, kind: str = "overview") -> Figure:
        """A picture; ``kind`` is one of `RUN_PICTURES`."""
        return drawn(RUN_PICTURES, kind, self)

    def __repr__(self) -> str:
        return "\n".join(_lines(self))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DispatchComparison:
    """One case under several schemes of AC dispatch."""

    door: ClassVar[str] = DISPATCH.door
    table: DispatchComparisonTable
    runs: tuple[DispatchRun, ...]

    def plot(self, kind: str = "overview") -> Figure:
        """A picture; ``kind`` is one of `COMPARISON_PICTURES`."""
        return drawn(COMPARISON_PICTURES, kind, self)

    def __repr__(self) -> str:
        return "\n".join(_compared(self))


def _lines(run: DispatchRun) -> Iterator[str]:
    result, outcome, money = run.result, run.outcome, run.result.study.case.currency
    hours = f"{result.study.hours} period{'s' * (result.study.hours != 1)}"
    yield f"{result.study.case.name} under {run.scheme}, {hours}: {run.end}"
    count = "1 round" if outcome.rounds == 1 else f"{outcome.rounds} rounds"
    yield f"  scheme    {count}; {len(outcome.ledger)} letters, {outcome.books()['numbers']:,} numbers, {outcome.books()['bytes']:,} B"
    for line in run.trouble:
        yield f"  trouble   {line}"
    if len(run.checks):
        yield f"  cost      {result.promised:,.2f} {money} promised, {_beside(result.gap)} the dispatch of one owner ({result.central:,.2f})"
        left = spelled(float(run.checks.slack_mw.sum()), "MW")
        yield f"            {result.realised:,.2f} {money} in the AC check, which leaves {left} to the reference unit"
        yield from _interfaces(run, money)
        yield from _check(run)
        yield from _unlimited(run)
    if run.path is not None:
        yield f"  run file  {run.path}"


def _beside(gap: float) -> str:
    if not np.isfinite(gap):
        return "beside"
    return "the same as" if abs(gap) <= 1e-6 else f"{abs(100 * gap):.3g} % {'more' if gap > 0 else 'less'} than"


def _interfaces(run: DispatchRun, money: str) -> Iterator[str]:
    table = run.exchanges
    for k, name in enumerate(dict.fromkeys(table.interface.tolist())):
        if k == SHOWN:
            yield f"            … {len(set(table.interface.tolist())) - SHOWN} more (table exchanges)"
            return
        mine = table.take(table.interface == name)
        low, high = mine.p_mw.min(), mine.p_mw.max()
        power = spelled(low, "MW") if low == high else f"{spelled(low, 'MW')} to {spelled(high, 'MW')}"
        yield (
            f"  {'passes' if k == 0 else '      '}    {name} at bus {mine.bus[0]}: {power} at {mine.price_per_mwh.mean():,.2f} {money}/MWh and "
            f"{mine.price_per_mvarh.mean():,.2f} {money}/Mvarh, {mine.v_pu.mean():.4f} pu"
        )


def _check(run: DispatchRun) -> Iterator[str]:
    c = run.checks
    if not c.solved.all():
        yield f"  AC check  the joined grid has no load flow in {int((~c.solved).sum())} of {len(c)} periods"
        return
    low, high, broken = int(np.argmin(c.v_low_pu)), int(np.argmax(c.v_high_pu)), int(c.limits_broken.sum())
    limits = "no limit broken" if broken == 0 else f"{broken} limit{'s' * (broken != 1)} broken (table violations)"
    yield f"  AC check  voltages {c.v_low_pu[low]:.4f} pu at {c.v_low_bus[low]} to {c.v_high_pu[high]:.4f} pu at {c.v_high_bus[high]}; {limits}"
    yield f"            plans off by at most {spelled(float(c.voltage_error_pu.max()), 'pu')}, losses {spelled(float(c.loss_mw.sum()), 'MW')}"


def _unlimited(run: DispatchRun) -> Iterator[str]:
    """Branches whose flow nothing limits."""
    case = run.result.study.case
    rating = np.concatenate([t.rating_mva for net in (case.transmission, *case.models) for t in (net.lines, net.transformers)])
    if free := int(np.isinf(rating).sum()):
        yield f"  ratings   {free} of {len(rating)} branches have none and are not limited (some of them: tandem check)"


def _compared(comparison: DispatchComparison) -> Iterator[str]:
    study = comparison.runs[0].result.study
    yield f"{study.case.name}, {study.hours} period{'s' * (study.hours != 1)}; money in {study.case.currency}"
    yield plain(comparison.table, columns=COLUMNS)
    for run in comparison.runs:
        if not run.outcome.agreed:
            yield f"{run.scheme}: {run.end}"
        for line in run.trouble:
            yield f"{run.scheme}: {line}"
