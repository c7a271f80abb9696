"""The command that schedules energy and reserve secure in frequency: frequency schedule."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gridtandem.cli.exits import EXIT_NO_SOLUTION
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.words import CASE, Numbers

if TYPE_CHECKING:
    from gridtandem.study.reserve.study import Model, Nadir

FILE = click.Path(path_type=Path, dir_okay=False)
MODELS = ("full", "base-only", "none")


def times(ctx: click.Context, option: click.Parameter, given: tuple[float, ...]) -> tuple[float, float]:
    """Seconds of delivery and of delay."""
    if len(given) > 2:
        raise click.BadParameter("give seconds of delivery and, if any, of delay.", ctx, option)
    return given[0], given[1] if len(given) > 1 else 0.0


@click.command("schedule", short_help="Energy and both reserves of a day, delivered by feeders.")
@click.argument("case", type=CASE)
@click.option("--inertia", type=FILE, metavar="FILE", help="CSV hour,inertia_mws,loss_mw[,lost].  [the case's own]")
@click.option("--hours", type=int, default=24, metavar="N", help="How many.  [24]")
@click.option("--first-hour", type=int, default=1, metavar="H", help="The first of them.  [1]")
@click.option("--feeders", type=click.Choice(MODELS), default="full", metavar="MODEL", help="Networks: full, base-only, none.  [full]")
@click.option("--primary-time", type=Numbers(), default="10,0", callback=times, metavar="S[,DELAY]", help="Delivery of primary reserve.  [10,0]")
@click.option("--fast-time", type=Numbers(), default="1,0", callback=times, metavar="S[,DELAY]", help="Delivery of fast reserve.  [1,0]")
@click.option("--nadir", type=float, default=1.0, metavar="HZ", help="Deepest fall.  [1]")
@click.option("--nadir-by", type=click.Choice(("cone", "refined")), default="cone", metavar="HOW", help="cone, or refined: exact.  [cone]")
@click.option("--plot", "picture", type=FILE, metavar="FILE", help="Draw it: .svg, .pdf or .png.")
@click.option("--csv", "target", type=FILE, metavar="FILE", help="Awards of feeders, every digit.")
@speaks
@click.pass_obj
def schedule_command(
    out: Out, *, case: str, inertia: Path | None, hours: int, first_hour: int, feeders: Model, primary_time: tuple[float, float],
    fast_time: tuple[float, float], nadir: float, nadir_by: Nadir, picture: Path | None, target: Path | None,
) -> int:  # fmt: skip
    """$ tandem frequency schedule rts24-ffr --feeders none

    Least cost of energy, primary and fast reserve, secure in frequency; what feeders sell is replayed by load flow with all of it called.
    """
    from gridtandem.report.joint_reserve import joint_document, joint_in_words, scheduled
    from gridtandem.report.joint_reserve import picture as drawn

    found = scheduled(
        case, inertia=inertia, hours=hours, first_hour=first_hour, feeders=feeders, nadir_hz=nadir, nadir_by=nadir_by,
        primary=primary_time, fast=fast_time,
    )  # fmt: skip
    out.data(lambda: joint_document(found), lambda: joint_in_words(found))
    out.beside(lambda: found.awards, target, lambda: drawn(found), picture)
    return 0 if len(found.hours) else EXIT_NO_SOLUTION
