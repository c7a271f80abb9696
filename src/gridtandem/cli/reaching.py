"""The command that shows what a feeder can exchange: reach."""

from __future__ import annotations

from pathlib import Path

import click

from gridtandem.cli.exits import EXIT_NO_SOLUTION
from gridtandem.cli.finding import found
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.words import CASE, RUN, Numbers


@click.command("reach")
@click.argument("case", type=CASE, required=False)
@click.option("--interface", required=True, metavar="NAME", help="Where the feeder hangs.")
@click.option("--voltage", type=Numbers(), metavar="V[,V…]", help="At its root [pu]; several: a family.  [1]")
@click.option("--run", "dispatched", type=RUN, metavar="RUN", help="Voltage and award of a run of dispatch instead.")
@click.option("--directions", type=int, default=32, metavar="N", help="Most directions asked, 8 or more.  [32]")
@click.option("--physics", default="ac", metavar="NAME[,…]", help="ac, lindist, branch-flow, or several.  [ac]")
@click.option("--hour", type=int, metavar="H", help="Period of the profiles.  [1, or the run's first]")
@click.option("--plot", "picture", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Draw it: .svg, .pdf or .png.")
@click.option("--csv", "target", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="The outlines, every digit.")
@speaks
@click.pass_obj
def reach_command(
    out: Out,
    *,
    case: str | None,
    interface: str,
    voltage: tuple[float, ...] | None,
    dispatched: str | None,
    directions: int,
    physics: str,
    hour: int | None,
    picture: Path | None,
    target: Path | None,
) -> int:
    """$ tandem reach 14B --interface I7 --voltage 0.95,1.0,1.05 --plot reach.svg

    Which active and reactive power the feeder behind an interface can exchange at a voltage, and which limit stops it where. With --run the voltage
    is that of a dispatch, whose award is drawn in it; CASE may then be left out.
    """
    from gridtandem.report.dispatch.reach import reach, reach_document

    run = found(out, dispatched) if dispatched else None
    words = [word.strip() for word in physics.split(",")]
    region = reach(case, interface, voltage=voltage, run=run, directions=directions, physics=words, hour=hour)
    out.data(lambda: reach_document(region), lambda: repr(region))
    out.beside(lambda: region.points, target, region.plot, picture)
    return EXIT_NO_SOLUTION if region.trouble else 0
