"""Looking at a run or a case from outside: what there is, and any of its tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gridtandem.cases.named import case as named
from gridtandem.errors import UnknownName, Unreadable
from gridtandem.report.cases import case_document, case_in_words, contents, table_in_words
from gridtandem.report.documents import as_text, summary_of, table_document, tables_of
from gridtandem.report.kinds import door_of
from gridtandem.report.tables import as_csv, plain
from gridtandem.tables import Table

if TYPE_CHECKING:
    from gridtandem.report.documents import Shown

WRITTEN = (".csv", ".json")
Look = tuple[Callable[[], dict[str, object]], Callable[[], str]]  # the document, and the words


def look_at_run(run: Shown, table: str | None, rows: int) -> Look:
    """The summary of a run or batch, or one of its tables."""
    if table is None:
        return lambda: summary_of(run), lambda: f"{run!r}\n  tables    {', '.join(f'{name} {len(t)}' for name, t in tables_of(run).items())}"
    found = _of_run(run, table)
    return lambda: table_document(found), lambda: plain(found, rows=rows)


def look_at_case(word: str, table: str | None, rows: int) -> Look:
    """A case's description, or one of its tables."""
    case = named(word)
    found = contents(case)
    if table is None:
        return lambda: case_document(case), lambda: f"{case_in_words(case)}\n\ntables: {', '.join(f'{name} {len(t)}' for name, t in found.items())}"
    one = _picked(found, "table of this case", table)
    return lambda: table_document(one), lambda: table_in_words(case, table, rows)


def write_run_table(run: Shown, table: str, path: Path) -> Path:
    """One table of a run as .csv or .json, every digit."""
    return _write(_of_run(run, table), path)


def write_case_table(word: str, table: str, path: Path) -> Path:
    """One table of a case as .csv or .json, every digit."""
    return _write(_picked(contents(named(word)), "table of this case", table), path)


def _of_run(run: Shown, name: str) -> Table:
    from gridtandem.report.run import Run

    hint = door_of(run).fields.elsewhere.get(name, "") if isinstance(run, Run) else ""
    return _picked(tables_of(run), "table of a run", name, hint=hint)


def _picked(tables: Mapping[str, Table], what: str, name: str, hint: str = "") -> Table:
    if name not in tables:
        raise UnknownName(what, name, list(tables), hint=hint)
    return tables[name]


def _write(table: Table, path: Path) -> Path:
    if path.suffix.lower() not in WRITTEN:
        raise Unreadable(f"a table is written to a file that ends in {' or '.join(WRITTEN)}; {str(path)!r} does not")
    text = as_csv(table) if path.suffix.lower() == ".csv" else as_text(table_document(table)) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path
