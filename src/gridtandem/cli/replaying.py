"""The command that replays a plan of energy and reserve in time: frequency replay."""

from __future__ import annotations

from pathlib import Path

import click

from gridtandem.cli.exits import EXIT_CONTRADICTED, EXIT_NOT_AGREED
from gridtandem.cli.finding import found as named
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.words import RUN_OR_CASE

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("replay", short_help="Frequency in time after each loss of a plan.")
@click.argument("run", type=RUN_OR_CASE, metavar="RUN|CASE")
@click.option("--hour", type=int, metavar="H", help="In time, for each loss of this hour.  [the worst of all hours]")
@click.option("--open-loop", is_flag=True, help="Reserve comes as promised; no governors.")
@click.option("--governors", type=click.Choice(("tgov1", "reheat")), metavar="KIND", help="tgov1, or reheat, which is slow.  [tgov1]")
@click.option("--droop", type=float, metavar="R", help="Of governors.  [0.05]")
@click.option("--deadband", type=float, metavar="HZ", help="Of governors.  [0]")
@click.option("--trigger", type=float, metavar="HZ", help="Fast reserve starts this far down.  [0]")
@click.option("--seconds", type=float, default=30.0, metavar="S", help="How long, at most 600.  [30]")
@click.option("--plot", "picture", type=FILE, metavar="FILE", help="Draw it, or the margins: .svg, .pdf or .png.")
@click.option("--csv", "target", type=FILE, metavar="FILE", help="All of it in time, or all losses.")
@speaks
@click.pass_obj
def replay_command(
    out: Out, *, run: str, hour: int | None, open_loop: bool, governors: str | None, droop: float | None, deadband: float | None,
    trigger: float | None, seconds: float, picture: Path | None, target: Path | None,
) -> int:  # fmt: skip
    """$ tandem frequency replay rts24-ffr-joint-reserve --hour 4 --plot hour4.svg

    What frequency does after each loss that a plan must bear, with reserve as promised and with governors. A case is scheduled first.
    """
    from gridtandem.report.reserve import replay as told
    from gridtandem.study.shelf import is_run

    for name, given in {"--governors": governors, "--droop": droop, "--deadband": deadband, "--trigger": trigger}.items():
        if open_loop and given is not None:
            raise click.UsageError(f"Give --open-loop or {name}, not both: reserve as promised sees no frequency.")
    found = told.frequency_replay(
        named(out, run) if is_run(run) else run, hour=hour, governors=None if open_loop else governors or "tgov1",
        droop=0.05 if droop is None else droop, deadband_hz=deadband or 0.0, trigger_hz=trigger or 0.0, seconds=seconds,
    )  # fmt: skip
    out.data(lambda: told.replay_document(found, hour), lambda: told.replay_in_words(found, hour))
    out.beside(lambda: told.replay_table(found, hour), target, lambda: told.picture(found, hour), picture)
    return 0 if found.held else EXIT_CONTRADICTED if found.broken else EXIT_NOT_AGREED
