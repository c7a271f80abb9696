"""Exit codes: what a script learns without reading a word."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gridtandem.report.batch.run import BatchRun
    from gridtandem.report.contingency.run import ContingencyRun
    from gridtandem.report.market.strategy import StrategyStudy
    from gridtandem.report.run import Run
    from gridtandem.study.igdt.run import BandStudy

EXIT_INTERNAL, EXIT_USAGE, EXIT_INVALID, EXIT_NO_SOLUTION, EXIT_NOT_AGREED = 1, 2, 3, 4, 5
EXIT_RULE, EXIT_CONTRADICTED, EXIT_INTERRUPTED, EXIT_CLOSED = 10, 11, 130, 141

MEANING = {
    0: "all is well",
    EXIT_INTERNAL: "internal error; please report it",
    EXIT_USAGE: "usage: unknown command, option, name or file",
    EXIT_INVALID: "the case, or a run file, breaks a promise; all faults are listed",
    EXIT_NO_SOLUTION: "no load flow or no optimum exists where one was asked for, in part or as a whole",
    EXIT_NOT_AGREED: "the round limit came before the parties agreed, or their answers go in circles; or frequency still fell when its replay ended",
    EXIT_RULE: "a rule of --fail-if is broken",
    EXIT_CONTRADICTED: "the parties agree, but the AC check of the joined grid contradicts their plans, or frequency in time does",
    EXIT_INTERRUPTED: "interrupted; what was reached is saved and can be resumed",
    EXIT_CLOSED: "the reader of the output closed it",
}
ENDS = {  # the worst first
    "STOPPED": EXIT_INTERRUPTED, "REFUSED": EXIT_NO_SOLUTION, "OUT_OF_ROUNDS": EXIT_NOT_AGREED, "CYCLES": EXIT_NOT_AGREED,
    "CONTRADICTED": EXIT_CONTRADICTED,
}  # fmt: skip


def exit_code(runs: Iterable[Run]) -> int:
    """The worst end of all. A run that agreed counts as refused where a scenario has no answer or the joined grid has no load flow."""
    runs = tuple(runs)
    ends = {"REFUSED" if r.outcome.answered and (r.outcome.refused or not r.checks.solved.all()) else r.outcome.end.name for r in runs}
    ends |= {"CONTRADICTED" for r in runs if r.result.contradicted}
    return next((code for name, code in ENDS.items() if name in ends), 0)


def batch_exit_code(batch: BatchRun | ContingencyRun | BandStudy | StrategyStudy) -> int:
    """That of the worst case, or row."""
    return ENDS.get(batch.end.name, 0)
