"""What runs and comparisons of several kinds say alike: how it ended, what crossed, what went wrong, where it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gridtandem.report.tables import plain
from gridtandem.study.side_by_side import pooled

if TYPE_CHECKING:
    from gridtandem.report.run import Comparison, Run


def in_words(run: Run, hours: str, lines: Iterable[str]) -> str:
    """Which periods it is about, and between trouble and run file what its kind has to say."""
    outcome, books = run.outcome, run.outcome.books()
    models = f"; {shared:,} numbers of feeder models pooled" if (shared := pooled(run.result)) else ""
    count = "1 round" if outcome.rounds == 1 else f"{outcome.rounds} rounds"
    letters = "1 letter" if len(outcome.ledger) == 1 else f"{len(outcome.ledger)} letters"
    return "\n".join((
        f"{run.result.study.case.name} under {run.scheme}, {hours}: {run.end}",
        f"  scheme    {count}; {letters}, {books['numbers']:,} numbers, {books['bytes']:,} B{models}",
        *(f"  trouble   {line}" for line in run.trouble), *lines, *([] if run.path is None else [f"  run file  {run.path}"]),
    ))  # fmt: skip


def beside_in_words(comparison: Comparison, hours: str, columns: Sequence[str]) -> str:
    """The table, and for every scheme without an agreement how it ended and why."""
    case = comparison.runs[0].result.study.case
    said = [f"{case.name}, {hours}; money in {case.currency}", plain(comparison.table, columns=columns)]
    for run in comparison.runs:
        said += [f"{run.scheme}: {line}" for line in (*(() if run.outcome.agreed else (run.end,)), *run.trouble)]
    return "\n".join(said)
