"""Looking at a run or a case from outside: what there is, and any of its tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gridtandem.cases.named import case as named
from gridtandem.errors import UnknownName
from gridtandem.report.cases import case_document, case_in_words, contents, table_in_words
from gridtandem.report.documents import summary_of, table_document, tables_of
from gridtandem.report.tables import plain

if TYPE_CHECKING:
    from gridtandem.report.batch import BatchRun
    from gridtandem.report.market import MarketRun
    from gridtandem.report.run import Run

Look = tuple[Callable[[], dict[str, object]], Callable[[], str]]  # the document, and the words


def look_at_run(run: Run | MarketRun | BatchRun, table: str | None, rows: int) -> Look:
    """The summary of a run or batch, or one of its tables."""
    if table is None:
        return lambda: summary_of(run), lambda: f"{run!r}\n  tables    {', '.join(f'{name} {len(t)}' for name, t in tables_of(run).items())}"
    found = tables_of(run)
    if table not in found:
        raise UnknownName("table of a run", table, list(found))
    return lambda: table_document(found[table]), lambda: plain(found[table], rows=rows)


def look_at_case(word: str, table: str | None, rows: int) -> Look:
    """A case's description, or one of its tables."""
    case = named(word)
    found = contents(case)
    if table is None:
        return lambda: case_document(case), lambda: f"{case_in_words(case)}\n\ntables: {', '.join(f'{name} {len(t)}' for name, t in found.items())}"
    if table not in found:
        raise UnknownName("table of this case", table, list(found))
    return lambda: table_document(found[table]), lambda: table_in_words(case, table, rows)
