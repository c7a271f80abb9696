"""What machines read: one JSON document per command, with the name and version of its schema. NaN is null, ±inf a word."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from gridtandem.report.kinds import door_of
from gridtandem.report.tables import as_records
from gridtandem.study.provenance import provenance
from gridtandem.tables import Table

if TYPE_CHECKING:
    from gridtandem.report.architecture.simulated import SimulationRun
    from gridtandem.report.batch.run import BatchRun
    from gridtandem.report.contingency.run import ContingencyRun
    from gridtandem.report.margin.run import MarginRun
    from gridtandem.report.run import Comparison, Run

Shown: TypeAlias = "Run | BatchRun | ContingencyRun | MarginRun | SimulationRun"  # whatever a run file holds
TABLE = "tandem/table/1"
CONTINGENCY_TABLES = ("ranking", "findings", "islanding")
MARGIN_TABLES = ("tools", "events", "nodes", "curves")
BATCH_TABLES = ("cases", "exchange", "branches", "buses", "islanding")


def table_document(table: Table) -> dict[str, object]:
    """Any table with the meaning and unit of its columns."""
    columns = {name: {"meaning": spec.meaning, "unit": spec.unit} for name, spec in table.columns().items()}
    return {"schema": TABLE, "table": table.kind, "columns": columns, "rows": as_records(table)}


def tables_of(run: Shown) -> Mapping[str, Table]:
    """All tables of whatever a run file holds by name."""
    from gridtandem.report.batch.run import BatchRun
    from gridtandem.report.contingency.run import ContingencyRun
    from gridtandem.report.margin.run import MarginRun

    if isinstance(run, MarginRun):
        return {name: getattr(run, name) for name in MARGIN_TABLES}
    if isinstance(run, ContingencyRun):
        return {name: getattr(run, name) for name in CONTINGENCY_TABLES}
    return {name: getattr(run, name) for name in BATCH_TABLES} if isinstance(run, BatchRun) else run.tables


def summary_of(run: Shown) -> dict[str, object]:
    """How a run ended, what crossed, and what its kind has to say; of a batch its extremes, of outages their order."""
    from gridtandem.report.batch.run import BatchRun
    from gridtandem.report.contingency.run import ContingencyRun
    from gridtandem.report.margin.run import MarginRun
    from gridtandem.report.run import Run

    if isinstance(run, MarginRun):
        from gridtandem.report.margin.run import margin_document

        return margin_document(run)
    if isinstance(run, ContingencyRun):
        from gridtandem.report.contingency.words import contingency_document

        return contingency_document(run)
    if isinstance(run, BatchRun):
        from gridtandem.report.batch.words import batch_document

        return batch_document(run)
    if not isinstance(run, Run):
        return run.document()
    fields, study, outcome = door_of(run).fields, run.result.study, run.outcome
    return {
        "schema": fields.schemas[0], "case": study.case.name, "scheme": run.scheme, "study_digest": study.digest(), "agreed": outcome.agreed,
        "end": outcome.end.name.lower().replace("_", "-"), "sentence": run.end, "trouble": list(run.trouble), "rounds": outcome.rounds,
        **fields.about(study), **fields.figures(run), "letters": {"count": len(outcome.ledger), **outcome.books()},
        **{name: as_records(run.tables[name]) for name in fields.shown}, "violations": len(run.tables["violations"]),
        "run_file": None if run.path is None else str(run.path), "made_with": provenance(),
    }  # fmt: skip


def comparison_document(comparison: Comparison) -> dict[str, object]:
    """One entry per scheme."""
    fields, study = door_of(comparison).fields, comparison.runs[0].result.study if comparison.runs else None
    return {
        "schema": fields.schemas[1], "case": None if study is None else study.case.name, **({} if study is None else fields.about(study)),
        "schemes": as_records(comparison.table), "trouble": {run.scheme: list(run.trouble) for run in comparison.runs if run.trouble},
        "made_with": provenance(),
    }  # fmt: skip


def as_text(document: Mapping[str, object]) -> str:
    """The document as indented JSON."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
