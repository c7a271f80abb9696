"""The commands about frequency: what a loss asks of reserve."""

from __future__ import annotations

from pathlib import Path

import click

from gridtandem.cli.committing import inertia_command
from gridtandem.cli.exits import EXIT_NO_SOLUTION
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.replaying import replay_command
from gridtandem.cli.words import Numbers, Stretch, times

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("frequency")
def frequency_command() -> None:
    """$ tandem frequency requirement --inertia 7850:8350 --loss 100

    What the loss of a unit asks of reserve, so that frequency falls neither too far nor too fast.
    """


frequency_command.add_command(replay_command)
frequency_command.add_command(inertia_command)


@frequency_command.command("requirement", short_help="Primary reserve by inertia and by fast reserve.")
@click.option("--inertia", type=Stretch(), metavar="A:B[:STEP]", help="Energy of turning masses [MW·s]; or N,N…")
@click.option("--loss", type=float, metavar="MW", help="Power that is lost.")
@click.option("--hours", "path", type=FILE, metavar="FILE", help="Instead: CSV hour,inertia_mws,loss_mw[,lost].")
@click.option("--fast", type=Stretch(), metavar="A:B[:STEP]", help="Fast reserve [MW]; or N,N…  [0]")
@click.option("--primary-time", type=Numbers(), default="10", callback=times, metavar="S[,DELAY]", help="Delivery of primary reserve.  [10,0]")
@click.option("--fast-time", type=Numbers(), default="1", callback=times, metavar="S[,DELAY]", help="Delivery of fast reserve.  [1,0]")
@click.option("--f0", type=float, default=60.0, metavar="HZ", help="Nominal frequency.  [60]")
@click.option("--nadir", type=float, default=1.0, metavar="HZ", help="Deepest fall.  [1]")
@click.option("--rocof", type=float, default=1.0, metavar="HZ/S", help="Fastest fall.  [1]")
@click.option("--damping", type=float, default=0.0, metavar="MW/HZ", help="What loads draw less.  [0]")
@click.option("--plot", "picture", type=FILE, metavar="FILE", help="Draw it: .svg, .pdf or .png.")
@click.option("--csv", "target", type=FILE, metavar="FILE", help="The table, every digit.")
@speaks
@click.pass_obj
def requirement_command(
    out: Out,
    *,
    inertia: tuple[float, ...] | None,
    loss: float | None,
    path: Path | None,
    fast: tuple[float, ...] | None,
    primary_time: tuple[float, float],
    fast_time: tuple[float, float],
    f0: float,
    nadir: float,
    rocof: float,
    damping: float,
    picture: Path | None,
    target: Path | None,
) -> int:
    """$ tandem frequency requirement --inertia 7850:8350 --loss 100 --fast 0,4

    Primary reserve that keeps frequency within its limits after a loss, and what fast reserve replaces.
    """
    from gridtandem.report.reserve.requirement import frequency_requirement, requirement_document

    if (path is None) == (inertia is None) or (inertia is None) != (loss is None):
        raise click.UsageError("Give --inertia and --loss, or --hours.")
    found = frequency_requirement(
        path or inertia or (), loss, fast_mw=fast or (0.0,), f0_hz=f0, nadir_hz=nadir, rocof_hz_per_s=rocof, steady_hz=min(0.5, nadir),
        damping_mw_per_hz=damping, primary_s=primary_time[0], primary_delay_s=primary_time[1], fast_s=fast_time[0], fast_delay_s=fast_time[1],
    )  # fmt: skip
    out.data(lambda: requirement_document(found), lambda: repr(found))
    out.beside(lambda: found.table, target, found.plot, picture)
    return 0 if found.met else EXIT_NO_SOLUTION
