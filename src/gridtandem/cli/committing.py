"""The command that commits plants and writes the inertia of each hour: frequency inertia."""

from __future__ import annotations

from pathlib import Path

import click

from gridtandem.cli.exits import EXIT_NO_SOLUTION
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.words import CASE

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("inertia", short_help="Inertia and largest loss by hour, from a unit commitment.")
@click.argument("case", type=CASE)
@click.option("--plants", type=FILE, metavar="FILE", help="CSV name,energy_mws[,units,least_mw,up_h,…].  [the RTS's own]")
@click.option("--loss", type=float, metavar="MW", help="Power that is lost.  [that of the largest unit]")
@click.option("--hours", type=int, default=24, metavar="N", help="How many.  [24]")
@click.option("--first-hour", type=int, default=1, metavar="H", help="The first of them.  [1]")
@click.option("--out", "target", type=FILE, metavar="FILE", help="CSV hour,inertia_mws,loss_mw,lost for --inertia and --hours.")
@speaks
@click.pass_obj
def inertia_command(
    out: Out, *, case: str, plants: Path | None, loss: float | None, hours: int, first_hour: int, target: Path | None
) -> int:  # fmt: skip
    """$ tandem frequency inertia rts24-market --out inertia.csv

    Commit plants at least cost. What is left when the largest unit goes out, and whether any reserve there is could bear it.
    """
    from gridtandem.report.reserve.inertia import inertia_document, inertia_in_words
    from gridtandem.study.reserve.inertia import committed_inertia

    found = committed_inertia(case, plants=plants, loss_mw=loss, hours=hours, first_hour=first_hour)
    out.data(lambda: inertia_document(found), lambda: inertia_in_words(found))
    out.table(lambda: found.table, target if len(found.table) else None)
    return 0 if len(found.table) else EXIT_NO_SOLUTION
