"""Markets, behind the door that all kinds of study share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gridtandem.cases.case import Case
from gridtandem.coordinate import Outcome
from gridtandem.report.documents import number
from gridtandem.report.market import MarketRun
from gridtandem.report.market_compare import MarketComparison
from gridtandem.report.tables import as_records
from gridtandem.study.kinds import MARKET
from gridtandem.study.market import compare as comparing
from gridtandem.study.market import day as keeping
from gridtandem.study.market.setting import market_studied
from gridtandem.study.market.study import MarketStudy
from gridtandem.study.provenance import provenance
from gridtandem.study.registry import scheme_of
from gridtandem.study.setting import options_for
from gridtandem.tables import Table

SUMMARY, COMPARE = "tandem/market-summary/1", "tandem/market-compare/1"


def studied(case: Case, given: Mapping[str, Any], rounds: int) -> MarketStudy:
    """The study of a case, still without a scheme."""
    return market_studied(case, None, given, rounds)


def chosen(study: MarketStudy, scheme: object, options: Mapping[str, object] | None) -> object:  # noqa: ARG001 — asked alike of every kind
    """The scheme by name or as it is."""
    return scheme_of(scheme, options)


def several(study: MarketStudy, schemes: Sequence[object] | None, options: Mapping[str, float | str] | None) -> tuple[object, ...]:
    """Schemes by name or as they are."""
    wanted = able(study) if schemes is None else schemes
    return options_for([str(s) for s in wanted], options) if all(isinstance(s, str) for s in wanted) else tuple(map(scheme_of, wanted))


def able(study: MarketStudy) -> tuple[str, ...]:  # noqa: ARG001 — asked alike of every kind
    """All schemes."""
    return MARKET.schemes()


def carried(study: MarketStudy, *, save: Path | None = None, watch: Callable[[Outcome[object]], None] | None = None) -> MarketRun:
    """Clear the day."""
    return MarketRun.of(keeping.clear(study, save=save, watch=watch))


def compared(
    study: MarketStudy,
    schemes: Sequence[object],
    *,
    save: Callable[[str], Path] | None = None,
    watch: Callable[[str, Outcome[object]], None] | None = None,
) -> MarketComparison:
    """Clear it under every scheme."""
    found = comparing.compare(study, schemes, save=save, watch=watch)
    return MarketComparison(table=found.table, runs=tuple(map(MarketRun.of, found.days)))


def resumed(path: Path, *, rounds: int | None = None, watch: Callable[[Outcome[object]], None] | None = None) -> MarketRun:
    """Go on with the day in a file."""
    return MarketRun.of(keeping.resume(path, rounds=rounds, watch=watch))


def reopened(path: Path) -> MarketRun:
    """The day in a file."""
    return MarketRun.of(keeping.reopened(path))


def summary(run: MarketRun) -> dict[str, object]:
    """The summary for machines."""
    result, outcome = run.result, run.outcome
    return {
        "schema": SUMMARY, "case": result.study.case.name, "scheme": run.scheme, "study_digest": result.study.digest(),
        "agreed": outcome.agreed, "end": outcome.end.name.lower().replace("_", "-"), "sentence": run.end, "trouble": list(run.trouble),
        "rounds": outcome.rounds, "currency": result.study.case.currency, "cost": number(result.cost), "ideal_cost": number(result.ideal),
        "gap_to_ideal": number(result.gap), "letters": {"count": len(outcome.ledger), **outcome.books()},
        **{name: as_records(getattr(run, name)) for name in ("awards", "surplus", "checks", "reserves")}, "violations": len(run.violations),
        "run_file": None if run.path is None else str(run.path), "made_with": provenance(),
    }  # fmt: skip


def document(comparison: MarketComparison) -> dict[str, object]:
    """One entry per scheme."""
    troubles = {run.scheme: list(run.trouble) for run in comparison.runs if run.trouble}
    study = comparison.runs[0].result.study if comparison.runs else None
    return {
        "schema": COMPARE, "case": None if study is None else study.case.name, "currency": None if study is None else study.case.currency,
        "schemes": as_records(comparison.table), "trouble": troubles, "made_with": provenance(),
    }  # fmt: skip


def tables(run: MarketRun) -> dict[str, Table]:
    """All tables of a day by name."""
    return {name: getattr(run, name) for name in (*keeping.TABLES, "letters", "rounds")}


def row(run: MarketRun) -> Table:
    """A day as a comparison of one, which is what rules are held against."""
    return comparing.tabled([run.result], [0.0])
