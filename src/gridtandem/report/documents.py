"""What machines read: one JSON document per command, with the name and version of its schema. NaN is null, ±inf a word."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gridtandem.report.kinds import Shown, door_of
from gridtandem.report.tables import as_records
from gridtandem.tables import Table

if TYPE_CHECKING:
    from gridtandem.report.batch import BatchRun

RUN, COMPARE, TABLE = "tandem/run-summary/1", "tandem/compare/1", "tandem/table/1"
BATCH_TABLES = ("cases", "exchange", "branches", "buses", "islanding")


def table_document(table: Table) -> dict[str, object]:
    """Any table with the meaning and unit of its columns."""
    columns = {name: {"meaning": spec.meaning, "unit": spec.unit} for name, spec in table.columns().items()}
    return {"schema": TABLE, "table": table.kind, "columns": columns, "rows": as_records(table)}


def tables_of(run: Shown | BatchRun) -> dict[str, Table]:
    """All tables of a run or batch by name."""
    from gridtandem.report.batch import BatchRun

    return {name: getattr(run, name) for name in BATCH_TABLES} if isinstance(run, BatchRun) else door_of(run).tables(run)


def summary_of(run: Shown | BatchRun) -> dict[str, object]:
    """The summary of a run of any kind; of a batch its extremes."""
    from gridtandem.report.batch import BatchRun

    if isinstance(run, BatchRun):
        from gridtandem.report.batch_words import batch_document

        return batch_document(run)
    return door_of(run).summary(run)


def number(x: float) -> float | None:
    """A number as JSON may hold it."""
    return x if math.isfinite(x) else None


def as_text(document: Mapping[str, object]) -> str:
    """The document as indented JSON."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
