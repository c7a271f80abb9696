"""Commands that read run files: runs, show, messages, plot, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from gridtandem.cli.finding import found
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.wishes import SHELF
from gridtandem.cli.words import RUN, RUN_OR_CASE

if TYPE_CHECKING:
    from gridtandem.report.documents import Shown

IN = click.option("--in", "folder", type=click.Path(path_type=Path), default=SHELF, metavar="DIR", help="Folder of run files.  [tandem-runs]")
ROWS = click.option("--rows", type=click.IntRange(1), default=40, metavar="N", help="Most rows shown.  [40]")


@click.command("runs")
@IN
@speaks
@click.pass_obj
def runs_command(out: Out, *, folder: Path) -> int:
    """$ tandem runs

    Run files here, how they ended, and how far they came.
    """
    from gridtandem.report.documents import table_document
    from gridtandem.report.tables import plain
    from gridtandem.study.shelf import shelf

    runs = shelf(folder)
    out.data(lambda: table_document(runs), lambda: plain(runs, rows=len(runs)) if len(runs) else f"no run files in {folder}")
    return 0


@click.command("show")
@click.argument("what", type=RUN_OR_CASE, metavar="RUN|CASE")
@click.option(
    "--table",
    metavar="NAME",
    help="E.g. buses interfaces checks letters; of a market awards prices books; of a batch cases exchange; see `tandem show RUN`",
)
@click.option("--out", "target", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="The table as .csv or .json, every digit.")
@ROWS
@IN
@speaks
@click.pass_obj
def show_command(out: Out, *, what: str, table: str | None, target: Path | None, rows: int, folder: Path) -> int:
    """$ tandem show 14A-response --table interfaces

    Tables of a run, with units; RUN is a name, the beginning of one, or a file. Of a case: without --table what it is and which
    tables it has, e.g. tso/lines.
    """
    from gridtandem.report.look import look_at_case, look_at_run, write_case_table, write_run_table
    from gridtandem.study.shelf import is_run

    if target is not None:
        if table is None:
            raise click.UsageError("--out writes one table; say which by --table.")
        path = write_run_table(opened_any(out, what, folder), table, target) if is_run(what, folder) else write_case_table(what, table, target)
        out.data(lambda: {"schema": "tandem/show/1", "written": str(path)}, lambda: f"wrote {path}")
        return 0
    document, words = look_at_run(opened_any(out, what, folder), table, rows) if is_run(what, folder) else look_at_case(what, table, rows)
    out.data(document, words)
    return 0


@click.command("messages")
@click.argument("run", type=RUN)
@click.option("--round", "number", type=click.IntRange(0), metavar="N", help="Of one round only; 0 is the start.")
@click.option("--to", "recipient", metavar="PARTY", help="To one party only, e.g. tso.")
@ROWS
@IN
@speaks
@click.pass_obj
def messages_command(out: Out, *, run: str, number: int | None, recipient: str | None, rows: int, folder: Path) -> int:
    """$ tandem messages 14A-load-flow --round 2

    What exactly crossed the boundary, letter by letter.
    """
    from gridtandem.report.front import opened
    from gridtandem.report.letters import messages, messages_document, messages_in_words

    done = opened(found(out, run, folder))
    letters = messages(done, round=number, recipient=recipient)
    out.data(lambda: messages_document(done, letters), lambda: messages_in_words(done, letters, rows))
    return 0


@click.command("plot")
@click.argument("run", type=RUN)
@click.option(
    "--kind",
    default="overview",
    metavar="KIND",
    help="overview network voltages convergence exchange; of a market overview prices settlement resources voltages bid-curve.",
)
@click.option("--out", "target", type=click.Path(path_type=Path), metavar="FILE", help=".svg, .pdf or .png; else beside the run file.")
@IN
@speaks
@click.pass_obj
def plot_command(out: Out, *, run: str, kind: str, target: Path | None, folder: Path) -> int:
    """$ tandem plot 14A-response --kind voltages --out voltages.svg

    A picture of a run; the same run gives the same bytes.
    """
    from gridtandem.report.style import save

    path = found(out, run, folder)
    path = save(opened_file(path).plot(kind), target or path.with_suffix(f".{kind}.svg"))
    out.data(lambda: {"schema": "tandem/plot/1", "written": str(path), "kind": kind}, lambda: f"wrote {path}")
    return 0


@click.command("export")
@click.argument("run", type=RUN)
@click.option("--format", "kind", type=click.Choice(["csv", "json"]), default="csv", metavar="FORMAT", help="csv or json.  [csv]")
@click.option("--out", "target", type=click.Path(path_type=Path), required=True, metavar="DIR", help="New or empty folder.")
@IN
@speaks
@click.pass_obj
def export_command(out: Out, *, run: str, kind: Literal["csv", "json"], target: Path, folder: Path) -> int:
    """$ tandem export 14A-response --format csv --out tables

    All tables of a run as files, one per table, every digit, and a summary.
    """
    from gridtandem.report.export import export

    written = export(opened_any(out, run, folder), target, kind)
    out.data(lambda: {"schema": "tandem/export/1", "written": [str(p) for p in written]}, lambda: "\n".join(f"wrote {p}" for p in written))
    return 0


def opened_any(out: Out, word: str, folder: Path) -> Shown:
    """A run of any kind, a batch, a contingency analysis or margins, by name, by the beginning of its name, or by its file."""
    return opened_file(found(out, word, folder))


def opened_file(path: Path) -> Shown:
    """The same by its file."""
    from gridtandem.report.batch.run import BatchRun
    from gridtandem.report.contingency.run import ContingencyRun
    from gridtandem.report.front import opened
    from gridtandem.report.margin.run import MarginRun
    from gridtandem.study.shelf import is_architectures, is_batch, is_contingency, is_margin

    if is_architectures(path):
        from gridtandem.report.architecture.simulated import SimulationRun

        return SimulationRun.opened(path)
    if is_contingency(path):
        return ContingencyRun.opened(path)
    if is_margin(path):
        return MarginRun.opened(path)
    return BatchRun.opened(path) if is_batch(path) else opened(path)
