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
    yield f"{run.result.study.case.name} under {run.scheme}: {run.end}"
    last = outcome.gaps[-1] if outcome.gaps else np.nan
    count = "1 round" if outcome.rounds == 1 else f"{outcome.rounds} rounds"
    letters = f"{len(outcome.ledger)} letter{'s' * (len(outcome.ledger) != 1)}, {books['numbers']:,} numbers, {books['bytes']:,} B"
    yield f"  scheme    {count}, last gap {spelled(last)} (goal {spelled(outcome.goal)}); {letters}"
    for line in run.trouble[:SHOWN_TROUBLES]:
        yield f"  trouble   {line}"
    if len(run.interfaces):
        yield from _exchange_lines(run)
    if len(run.checks):
        yield from _check_lines(run)
    if run.path is not None:
        yield f"  run file  {run.path}"


def _exchange_lines(run: Run) -> Iterator[str]:
    table, many = run.interfaces, len(run.checks)
    table = table.take((table.scenario == table.scenario[0]) & (table.period == table.period[0]))
    if many > 1:
        yield f"  exchange  in scenario {table.scenario[0]}, period {table.period[0]}, the first of {many}"
    for k in range(min(len(table), SHOWN_INTERFACES)):
        power = f"{spelled(table.p_mw[k], 'MW')}, {spelled(table.q_mvar[k], 'Mvar')}"
        feeders = "1 feeder" if table.count[k] == 1 else f"{table.count[k]} feeders"
        head = "exchange" if many == 1 and k == 0 else "        "
        yield f"  {head}  {table.name[k]} at bus {table.bus[k]} → {feeders}: {power} at {spelled(table.v_pu[k], 'pu')}"
    if (more := len(table) - SHOWN_INTERFACES) > 0:
        total = f"{spelled(table.p_mw.sum(), 'MW')}, {spelled(table.q_mvar.sum(), 'Mvar')}"
        yield f"            … {more} more; all together {total}"


def _check_lines(run: Run) -> Iterator[str]:
    c = run.checks
    if not c.solved.all():
        yield f"  AC check  the joined grid has no load flow in {int((~c.solved).sum())} of {len(c)} scenarios and periods"
        return
    low = int(np.argmin(c.v_low_pu))
    apart = f"{spelled(c.voltage_error_pu.max(), 'pu')} and {spelled(c.exchange_error_mva.max(), 'MVA')}"
    yield f"  AC check  plans are off by at most {apart}"
    loss = f"{spelled(c.transmission_loss_mw.max(), 'MW')} transmission, {spelled(c.distribution_loss_mw.max(), 'MW')} feeders"
    yield f"            losses {loss}"
    broken = int(c.limits_broken.sum())
    limits = "no limit broken" if broken == 0 else "1 limit broken" if broken == 1 else f"{broken} limits broken"
    yield f"            lowest voltage {spelled(c.v_low_pu[low], 'pu')} at {c.v_low_bus[low]}; {limits}"


COMPARED = ("scheme", "agreed", "rounds", "numbers", "voltage_error_pu", "exchange_error_mva", "exchange_mw", "feeder_loss_mw", "v_low_pu")


def comparison_in_words(comparison: Comparison) -> str:
    """The table, and one sentence for every scheme that found no agreement."""
    name = comparison.runs[0].result.study.case.name if comparison.runs else "nothing"
    lines = [f"{name} under {len(comparison.runs)} schemes, each against the AC check of the joined grid"]
    lines += plain(comparison.table, columns=COMPARED).split("\n")
    lines += [f"  {run.scheme}: {'; '.join((run.end, *run.trouble))}" for run in comparison.runs if not run.outcome.answered]
    return "\n".join(lines)
