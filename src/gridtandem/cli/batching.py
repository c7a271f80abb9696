"""Commands for many scenarios: batch, and resume for whatever was stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

from gridtandem.cli.exits import EXIT_NO_SOLUTION, batch_exit_code
from gridtandem.cli.finding import found
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.patience import patience
from gridtandem.cli.running import resumed, told
from gridtandem.cli.wishes import Wishes, wishing
from gridtandem.cli.words import CASE, RUN, SCHEME, Column, Several

if TYPE_CHECKING:
    from gridtandem.report.batch.run import BatchRun

Wanted: TypeAlias = "tuple[tuple[str, ...], ...]"
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
BLOCK = click.option("--block", type=click.IntRange(1), metavar="N", help="Cases solved at once; changes no number.")
OWN = ("options", "rounds", "parallel", "feeder_solver", "q_rule", "slack", "taps", "folder", "picture")


@click.command("batch", short_help="Many scenarios, also under outages.")
@click.argument("case", type=CASE)
@click.option("--scheme", type=SCHEME, help="`tandem help schemes`, or auto.  [response]")
@click.option("--loading", type=Column(), default="1.0", metavar="X[,X…]|FILE", help="A factor per scenario; .csv: column loading.")
@click.option("--feeder-loading", type=FILE, metavar="FILE", help=".csv: a column for each interface.")
@click.option("--outages", type=Several(), default=(), metavar="n-1|A,B+C|FILE", help="Branches; .csv: columns outage, branch.")
@click.option("--hours", type=click.FloatRange(0, min_open=True), default=float("nan"), metavar="H", help="That a scenario lasts, for energy.")
@click.option("--keep", type=click.Choice(["voltages"]), multiple=True, metavar="WHAT", help="voltages: of every node in every case.")
@BLOCK
@wishing(*OWN)
@speaks
@click.pass_obj
def batch_command(
    out: Out, *, case: str, scheme: str | None, loading: tuple[float, ...] | Path, feeder_loading: Path | None, outages: Wanted | str | Path,
    hours: float, keep: tuple[str, ...], block: int | None, wishes: Wishes,
) -> int:  # fmt: skip
    """$ tandem batch T118Dn4 --loading year.csv --outages n-1

    Solve CASE in every scenario, each also under outages, into a run file.
    """
    from gridtandem.report.batch.run import BatchRun, loadings_of, outages_for
    from gridtandem.study.batch.run import run_batch
    from gridtandem.study.batch.study import Batch
    from gridtandem.study.shelf import place_of_batch

    study = wishes.flow_study(case, scheme)
    factors, of_feeders = loadings_of(study.case, loading, feeder_loading)
    study = replace(study, loading=factors, feeder_loading=of_feeders)
    batch = Batch(study=study, outages=outages_for(study.case, outages), hours=hours, keep=keep)
    path = place_of_batch(batch, wishes.folder)
    with patience(out, path.stem, "block") as watch:
        return shown(out, BatchRun.of(run_batch(batch, save=path, block=block, watch=watch.counted)), wishes)


@click.command("resume", short_help="Go on with what was stopped.")
@click.argument("run", type=RUN)
@BLOCK
@wishing("rounds", "rules", "folder", "picture")
@speaks
@click.pass_obj
def resume_command(out: Out, *, run: str, block: int | None, wishes: Wishes) -> int:
    """$ tandem resume T14D2-response-batch

    Go on with a run or a batch that was stopped, to the same bits as if it had not been.
    """
    from gridtandem.report.batch.run import BatchRun
    from gridtandem.study.shelf import is_batch, is_contingency, is_margin

    path = runs_of(found(out, run, wishes.folder))
    if is_margin(path) or is_contingency(path):
        return margin_again(out, path) if is_margin(path) else ranked_on(out, path, block)
    if not is_batch(path):
        if block is not None:
            raise click.UsageError("--block goes with a batch; this is a run.")
        return told(out, resumed(out, wishes, str(path)), wishes)
    if wishes.rounds is not None or wishes.rules:
        raise click.UsageError("a batch takes its study from the run file; only --block, --picture and --out go with it.")
    with patience(out, path.stem, "block") as watch:
        return shown(out, BatchRun.resume(path, block=block, watch=watch.counted), wishes)


def runs_of(path: Path) -> Path:
    """The same file, unless it goes on by another command."""
    from gridtandem.study.shelf import is_architectures

    if is_architectures(path):
        raise click.UsageError(f"This holds simulated architectures; go on with `tandem architecture simulate … --out {path} --resume`.")
    return path


def margin_again(out: Out, path: Path) -> int:
    """Margins are kept when all of them are there, so that nothing is left to do."""
    from gridtandem.report.margin.run import MarginRun, margin_document

    run = MarginRun.opened(path)
    out.data(lambda: margin_document(run), lambda: repr(run))
    return 0 if run.found else EXIT_NO_SOLUTION


def ranked_on(out: Out, path: Path, block: int | None) -> int:
    """Go on with a contingency analysis."""
    from gridtandem.cli.contingencies import told as told_contingency
    from gridtandem.report.contingency.run import ContingencyRun

    with patience(out, path.stem, "block") as watch:
        return told_contingency(out, ContingencyRun.resume(path, block=block, watch=watch.counted))


def shown(out: Out, run: BatchRun, wishes: Wishes) -> int:
    """The answer of a batch, and its exit code."""
    from gridtandem.report.batch.words import batch_document
    from gridtandem.report.style import save

    out.data(lambda: batch_document(run), lambda: repr(run))
    path = run.result.path
    if wishes.picture and path is not None:
        out.say(f"picture   {save(run.plot(), path.with_suffix('.svg'))}")
    if run.end.name == "STOPPED":
        out.say(f"go on with  tandem resume {path}")
    return batch_exit_code(run)
