"""Commands that solve: run, compare, diagnose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

import click

from gridtandem.cli.exits import EXIT_INTERRUPTED, EXIT_RULE, exit_code
from gridtandem.cli.finding import found
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.patience import patience
from gridtandem.cli.wishes import DISPATCHES, KEPT, MARKETS, RESERVES, STUDIED, Wishes, wishing
from gridtandem.cli.words import CASE, RUN, SCHEME

if TYPE_CHECKING:
    from gridtandem.report.run import Comparison, Run

ALL = "all"


@click.command("run", short_help="One case under one scheme.")
@click.argument("case", type=CASE, required=False)
@click.option("--scheme", type=SCHEME, help="`tandem help schemes`, or auto.  [response]")
@click.option("--resume", "stopped", type=RUN, metavar="RUN", help="Go on with a run that was stopped.")
@wishing("options", "rounds", *STUDIED, *MARKETS, *DISPATCHES, *RESERVES, *KEPT)
@speaks
@click.pass_obj
def run_command(out: Out, *, case: str | None, scheme: str | None, stopped: str | None, wishes: Wishes) -> int:
    """$ tandem run 14A --scheme load-flow

    Coordinate CASE (a name, a folder or a file), and check it by AC load flow.
    """
    if case is None and stopped is None:
        raise click.UsageError("give a case, e.g. `tandem run 14A`, or --resume RUN.")
    if case is not None and stopped is not None:
        raise click.UsageError(f"--resume {stopped} takes the case from the run file; leave {case!r} out.")
    if stopped and not (scheme is None and wishes.resumable):
        raise click.UsageError("--resume takes the study from the run file; only --rounds, --fail-if, --picture and --out go with it.")
    done = started(out, wishes, case, scheme) if case else resumed(out, wishes, str(stopped))
    return told(out, done, wishes)


@click.command("compare", short_help="One case under several schemes.")
@click.argument("case", type=CASE)
@click.option("--schemes", help="Names between commas, or all; else a few.")
@wishing("options", "rounds", *STUDIED, *MARKETS, *DISPATCHES, *RESERVES, *KEPT)
@speaks
@click.pass_obj
def compare_command(out: Out, *, case: str, schemes: str | None, wishes: Wishes) -> int:
    """$ tandem compare 30B --schemes independent,load-flow,merged

    Run CASE under several schemes, every one held against the same AC check. With --fail-if the rules alone decide the exit code.
    """
    return told_all(out, compared(out, wishes, case, schemes), wishes)


@click.command("diagnose", short_help="Which scheme to take.")
@click.argument("case", type=CASE)
@wishing(*STUDIED)
@speaks
@click.pass_obj
def diagnose_command(out: Out, *, case: str, wishes: Wishes) -> int:
    """$ tandem diagnose 14A

    Predict from five letters how fast the plain exchange converges (its contraction ratio ρ), and recommend a scheme.
    """
    from gridtandem.report.advice import diagnosis_document, diagnosis_in_words
    from gridtandem.study.diagnose import diagnose

    _, study = wishes.study(case)
    found = diagnose(study)
    out.data(lambda: diagnosis_document(study, found), lambda: diagnosis_in_words(study, found))
    return 0


def started(out: Out, wishes: Wishes, case: str, scheme: str | None) -> Run:
    """A new run in its own run file."""
    from gridtandem.report.run import carried
    from gridtandem.study.kinds import DISPATCH
    from gridtandem.study.shelf import place_of

    way, study = wishes.study(case, [scheme] if scheme else [])
    study = replace(study, scheme=way.chosen(study, scheme, dict(wishes.options)))
    path, begin = place_of(study, wishes.folder), time()
    try:
        with patience(out, path.stem) as watch:
            run = carried(study, save=path, watch=watch)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_saved_since(path, begin)) from None
    if study.kind is DISPATCH and study.hours > 1:
        out.say(f"time      {time() - begin:.1f} s for {study.hours} periods")
    return run


def _saved_since(path: Path, begin: float) -> str:
    """How to go on with what a run that was cut off had saved; empty where that is nothing."""
    from gridtandem.study.store import RunFile

    kept = path.is_file() and path.stat().st_mtime >= begin and RunFile.open(path).rounds() > 0
    return f"go on with  tandem run --resume {path}" if kept else ""


def resumed(out: Out, wishes: Wishes, stopped: str) -> Run:
    """The rest of a run that was stopped."""
    from gridtandem.report.front import resume

    path = found(out, stopped, wishes.folder)
    with patience(out, path.stem) as watch:
        return resume(path, rounds=wishes.rounds, watch=watch)


def compared(out: Out, wishes: Wishes, case: str, schemes: str | None) -> Comparison:
    """All schemes, each in a run file of its own."""
    from gridtandem.report import run as running
    from gridtandem.study.shelf import places

    named = None if schemes is None else wishes.all_of() if schemes == ALL else tuple(schemes.split(","))
    way, study = wishes.study(case, named or [])
    chosen = way.several(study, way.asked.able(study) if schemes == ALL else named, dict(wishes.options))
    with patience(out) as watch:
        return running.compared(study, chosen, save=places(study, chosen, wishes.folder), watch=watch.named)


def told(out: Out, run: Run, wishes: Wishes) -> int:
    """The answer of one run, and its exit code."""
    from gridtandem.report.documents import summary_of
    from gridtandem.report.run import row
    from gridtandem.study.rules import broken

    out.data(lambda: summary_of(run), lambda: repr(run))
    picture(out, run, run.path, wishes)
    follow_up(out, [run])
    return exit_code([run]) or ruled(out, broken(wishes.rules, row(run)))


def told_all(out: Out, comparison: Comparison, wishes: Wishes) -> int:
    """The answer of a comparison, and its exit code."""
    from gridtandem.report.documents import comparison_document
    from gridtandem.study.rules import broken

    out.data(lambda: comparison_document(comparison), lambda: repr(comparison))
    picture(out, comparison, comparison.runs[-1].path, wishes)
    follow_up(out, comparison.runs)
    code = exit_code(comparison.runs)
    return ruled(out, broken(wishes.rules, comparison.table)) if wishes.rules and code != EXIT_INTERRUPTED else code


def picture(out: Out, shown: Run | Comparison, beside: Path | None, wishes: Wishes) -> None:
    """Draw the overview beside the run file, if wanted."""
    if wishes.picture and beside is not None:
        from gridtandem.report.style import save

        out.say(f"picture   {save(shown.plot('overview'), beside.with_suffix('.svg'))}")


def follow_up(out: Out, runs: Sequence[Run]) -> None:
    """Where it is kept, and what to do with it."""
    for run in runs:
        if run.outcome.end.name in ("STOPPED", "OUT_OF_ROUNDS") and run.path is not None:
            more = "" if run.outcome.end.name == "STOPPED" else " --rounds MORE"
            out.say(f"go on with  tandem run --resume {run.path}{more}")


def ruled(out: Out, failed: Sequence[str]) -> int:
    """Say which rules are broken."""
    for line in failed:
        click.echo(f"--fail-if: {line}", err=True)
    out.detail("all rules of --fail-if are kept" if not failed else "")
    return EXIT_RULE if failed else 0
