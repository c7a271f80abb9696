"""Runs and comparisons in plain words: a dozen lines that fit a terminal, a unit on every number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.report.tables import plain, spelled

if TYPE_CHECKING:
    from gridtandem.report.run import Comparison, Run

SHOWN_INTERFACES = 3
SHOWN_TROUBLES = 2


def run_in_words(run: Run) -> str:
    """At most twelve lines: how it ended, what crossed, what the AC check says."""
    return "\n".join(_run_lines(run))


def _run_lines(run: Run) -> Iterator[str]:
    outcome, books = run.outcome, run.outcome.books()
    yield f"{run.result.study.case.name} under {run.scheme}: {run.end}{_how_many(run)}{_told_of(run)}"
    last = outcome.gaps[-1] if outcome.gaps else np.nan
    count = "1 round" if outcome.rounds == 1 else f"{outcome.rounds} rounds"
    letters = f"{len(outcome.ledger)} letter{'s' * (len(outcome.ledger) != 1)}, {books['numbers']:,} numbers, {books['bytes']:,} B"
    yield f"  scheme    {count}, last gap {spelled(last)} (goal {spelled(outcome.goal)}); {letters}"
    if remark := getattr(outcome.state, "remark", ""):  # what a scheme has to say of its own
        yield f"  inside    {remark}"
    for line in run.trouble[:SHOWN_TROUBLES]:
        yield f"  trouble   {line}"
    if len(run.interfaces):
        yield from _exchange_lines(run)
    if len(run.checks):
        yield from _check_lines(run)
    if run.path is not None:
        yield f"  run file  {run.path}"


def _how_many(run: Run) -> str:
    """Where several scenarios or periods were asked for: in how many the sentence holds, and how many have no answer."""
    (scenarios, periods), answered = run.result.study.loading.shape, len(_answered(run))
    asked = scenarios * periods
    if asked == 1 or answered == 0 or run.result.contradicted:
        return ""
    what = "scenarios" if periods == 1 else "periods" if scenarios == 1 else "pairs of scenario and period"
    none = f"; {asked - answered} {'has' if asked - answered == 1 else 'have'} no answer" if answered < asked else ""
    return f", in {f'all {asked}' if answered == asked else f'{answered} of {asked}'} {what}{none}"


def _answered(run: Run) -> list[int]:
    """Rows of the checks, which have one per scenario and period, that no party refused."""
    refused = {row[:2] for refusal in run.outcome.refused for row in refusal.rows}
    return [k for k, st in enumerate(zip(run.checks.scenario.tolist(), run.checks.period.tolist(), strict=True)) if st not in refused]


def _told_row(run: Run) -> int:
    """The row of the checks that the summary tells of: the first with an answer that the joined grid has too."""
    answered = _answered(run)
    return next((k for k in answered if run.checks.solved[k]), next(iter(answered), 0))


def _told_of(run: Run) -> str:
    """The one scenario and period that numbers below are of, where there could be others."""
    loading, k = run.result.study.loading, _told_row(run)
    if loading.size == 1 or not len(run.checks):
        return ""
    s, t = int(run.checks.scenario[k]), int(run.checks.period[k])
    return f"; below: scenario {s}, period {t}, loading {loading[s, t]:g}"


def _exchange_lines(run: Run) -> Iterator[str]:
    table, told = run.interfaces, _told_row(run)
    table = table.take((table.scenario == run.checks.scenario[told]) & (table.period == run.checks.period[told]))
    for k in range(min(len(table), SHOWN_INTERFACES)):
        power = f"{spelled(table.p_mw[k], 'MW')}, {spelled(table.q_mvar[k], 'Mvar')}"
        feeders = "1 feeder" if table.count[k] == 1 else f"{table.count[k]} feeders"
        head = "exchange" if k == 0 else "        "
        yield f"  {head}  {table.name[k]} at bus {table.bus[k]} → {feeders}: {power} at {spelled(table.v_pu[k], 'pu')}"
    if (more := len(table) - SHOWN_INTERFACES) > 0:
        total = f"{spelled(table.p_mw.sum(), 'MW')}, {spelled(table.q_mvar.sum(), 'Mvar')}"
        yield f"            … {more} more; all together {total}"


def _check_lines(run: Run) -> Iterator[str]:
    c, k, solved = run.checks, _told_row(run), run.checks.solved
    none = f"the joined grid has no load flow in {int((~solved).sum())} of {len(c)} scenarios and periods" if not solved.all() else ""
    if not solved[k]:
        yield f"  AC check  {none}"
        return
    apart = f"{spelled(c.voltage_error_pu[solved].max(), 'pu')} and {spelled(c.exchange_error_mva[solved].max(), 'MVA')}"
    over = f" in any of {int(solved.sum())}" if solved.sum() > 1 else ""
    yield f"  AC check  plans are off by at most {apart}{over} (table checks){f'; {none}' if none else ''}"
    loss = f"{spelled(c.transmission_loss_mw[k], 'MW')} transmission, {spelled(c.distribution_loss_mw[k], 'MW')} feeders"
    yield f"            losses {loss}"
    broken = int(c.limits_broken[k])
    look = "table violations" if run.path is None else f"tandem show {run.path} --table violations"
    limits = "no limit broken" if broken == 0 else f"{broken} limit{'s' * (broken != 1)} broken ({look})"
    yield f"            lowest voltage {spelled(c.v_low_pu[k], 'pu')} at {c.v_low_bus[k]}; {limits}"


def lacks(run: Run) -> str:
    """What a run ended with and why, where it has no answer, or not everywhere; empty otherwise."""
    if run.outcome.answered and len(_answered(run)) == run.result.study.loading.size and not run.result.contradicted:
        return ""
    return "; ".join((run.end + _how_many(run), *run.trouble))


COMPARED = ("scheme", "agreed", "rounds", "numbers", "voltage_error_pu", "exchange_error_mva", "exchange_mw", "feeder_loss_mw", "v_low_pu")


def comparison_in_words(comparison: Comparison) -> str:
    """The table, and one sentence for every scheme that found no agreement, or not everywhere."""
    name = comparison.runs[0].result.study.case.name if comparison.runs else "nothing"
    lines = [f"{name} under {len(comparison.runs)} schemes, each against the AC check of the joined grid"]
    lines += plain(comparison.table, columns=COMPARED).split("\n")
    lines += [f"  {run.scheme}: {why}" for run in comparison.runs if (why := lacks(run))]
    return "\n".join(lines)
