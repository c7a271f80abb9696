"""What machines read: one JSON document per command, with the name and version of its schema. NaN is null, ±inf a word."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from gridtandem.report.tables import as_records
from gridtandem.study.compare import Comparison as ComparisonTable
from gridtandem.study.compare import tabled
from gridtandem.study.provenance import provenance
from gridtandem.study.run import TABLES
from gridtandem.tables import Table

if TYPE_CHECKING:
    from gridtandem.report.batch import BatchRun
    from gridtandem.report.market import MarketRun
    from gridtandem.report.market_compare import MarketComparison
    from gridtandem.report.run import Comparison, Run
    from gridtandem.study.market.compare import MarketComparison as MarketComparisonTable

RUN, COMPARE, TABLE = "tandem/run-summary/1", "tandem/compare/1", "tandem/table/1"
BATCH_TABLES = ("cases", "exchange", "branches", "buses", "islanding")


def run_summary(run: Run | BatchRun) -> dict[str, object]:
    """How a run ended, what crossed, and what the AC check says; of a batch its extremes."""
    from gridtandem.report.batch import BatchRun

    if isinstance(run, BatchRun):
        from gridtandem.report.batch_words import batch_document

        return batch_document(run)
    study, outcome = run.result.study, run.outcome
    return {
        "schema": RUN,
        "case": study.case.name,
        "scheme": run.scheme,
        "study_digest": study.digest(),
        "agreed": outcome.agreed,
        "end": outcome.end.name.lower().replace("_", "-"),
        "sentence": outcome.end.value,
        "trouble": list(run.trouble),
        "rounds": outcome.rounds,
        "gap": number(outcome.gaps[-1]) if outcome.gaps else None,
        "goal": number(outcome.goal),
        "letters": {"count": len(outcome.ledger), **outcome.books()},
        "interfaces": as_records(run.interfaces),
        "checks": as_records(run.checks),
        "violations": len(run.violations),
        "run_file": None if run.path is None else str(run.path),
        "made_with": provenance(),
    }


def comparison_document(comparison: Comparison) -> dict[str, object]:
    """One entry per scheme."""
    troubles = {run.scheme: list(run.trouble) for run in comparison.runs if run.trouble}
    case = comparison.runs[0].result.study.case.name if comparison.runs else None
    return {"schema": COMPARE, "case": case, "schemes": as_records(comparison.table), "trouble": troubles, "made_with": provenance()}


def table_document(table: Table) -> dict[str, object]:
    """Any table with the meaning and unit of its columns."""
    columns = {name: {"meaning": spec.meaning, "unit": spec.unit} for name, spec in table.columns().items()}
    return {"schema": TABLE, "table": table.kind, "columns": columns, "rows": as_records(table)}


def tables_of(run: Run | MarketRun | BatchRun) -> dict[str, Table]:
    """All tables of a run or batch by name."""
    from gridtandem.report.batch import BatchRun

    if isinstance(run, BatchRun):
        return {name: getattr(run, name) for name in BATCH_TABLES}
    if of_market(run):
        from gridtandem.study.market.day import TABLES as MARKET_TABLES

        return {name: getattr(run, name) for name in (*MARKET_TABLES, "letters", "rounds")}
    names = TABLES
    return {name: getattr(run, name) for name in (*names, "letters", "rounds")}


def summary_of(run: Run | MarketRun | BatchRun) -> dict[str, object]:
    """The summary of a run of any kind."""
    if not of_market(run):
        return run_summary(cast("Run | BatchRun", run))
    from gridtandem.report.market import market_summary

    return market_summary(cast("MarketRun", run))


def of_market(shown: object) -> bool:
    """Whether it is of markets; their modules are loaded only then, so that a load flow answers sooner."""
    return type(shown).__module__.startswith("gridtandem.report.market")


def comparison_of(comparison: Comparison | MarketComparison) -> dict[str, object]:
    """The comparison of either kind."""
    if not of_market(comparison):
        return comparison_document(cast("Comparison", comparison))
    from gridtandem.report.market_compare import market_comparison_document

    return market_comparison_document(cast("MarketComparison", comparison))


def row_of(run: Run | MarketRun) -> ComparisonTable | MarketComparisonTable:
    """A run as a comparison of one, which is what rules are held against."""
    if not of_market(run):
        return tabled([cast("Run", run).result], [0.0])
    from gridtandem.study.market.compare import tabled as market_tabled

    return market_tabled([cast("MarketRun", run).result], [0.0])


def number(x: float) -> float | None:
    """A number as JSON may hold it."""
    return x if math.isfinite(x) else None


def as_text(document: Mapping[str, object]) -> str:
    """The document as indented JSON."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
