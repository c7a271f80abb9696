"""The command of scripted experiments."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from gridtandem.cli.exits import EXIT_NO_SOLUTION
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.patience import patience
from gridtandem.cli.words import CASE, Name


def _names() -> Iterable[str]:
    from gridtandem.report.experiment.run import known_experiments

    return known_experiments()


@click.command("experiment")
@click.argument("name", type=Name("experiment", _names))
@click.argument("case", type=CASE, required=False)
@click.option("--plot", "picture", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Draw it: .svg, .pdf or .png.")
@click.option("--csv", "target", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="The table with every digit.")
@speaks
@click.pass_obj
def experiment_command(out: Out, *, name: str, case: str | None, picture: Path | None, target: Path | None) -> int:
    """$ tandem experiment line-ratio T14D2 --plot line-ratio.svg

    CASE altered again and again, with what is held fixed said. Names, and each one's usual CASE, are on `tandem help experiments`.
    """
    from gridtandem.report.experiment.run import experiment

    with patience(out) as watch:
        run = experiment(name, case, watch=watch.counted)
    out.data(run.document, lambda: repr(run))
    out.beside(lambda: run.trials, target, run.plot, picture)
    return 0 if run.found else EXIT_NO_SOLUTION
