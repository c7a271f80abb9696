"""The command that solves one feeder phase by phase."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from gridtandem.cli.exits import EXIT_NO_SOLUTION
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.reading import ROWS

TABLE = "totals regulators unbalance nodes conductors"


@click.command("phases")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.dss")
@click.option("--root-pu", type=float, metavar="V", help="Voltage behind the source's impedance.  [that of the file]")
@click.option("--loading", type=float, default=1.0, metavar="X", help="Factor on loads.  [1]")
@click.option("--taps", type=click.Choice(["hold", "move"]), default="hold", metavar="HOW", help="hold (as the file leaves them) or move.")
@click.option("--table", type=click.Choice(TABLE.split()), metavar="NAME", help=TABLE)
@click.option("--plot", "picture", type=click.Path(path_type=Path), metavar="FILE", help="Voltages as .svg, .pdf or .png.")
@ROWS
@speaks
@click.pass_obj
def phases_command(
    out: Out, *, file: Path, root_pu: float | None, loading: float, taps: Literal["hold", "move"], table: str | None, picture: Path | None, rows: int
) -> int:
    """$ tandem phases IEEE123Master.dss --taps move

    The load flow of an OpenDSS feeder phase by phase, by our own sweep: voltages, losses, taps, unbalance, power of the substation.
    """
    from gridtandem.report.flow.phases import phases_document, phases_in_words, phases_picture
    from gridtandem.report.style import save
    from gridtandem.study.phases import three_phase

    found = three_phase(file, root_pu=root_pu, loading=loading, taps=taps)
    out.data(lambda: phases_document(found), lambda: phases_in_words(found, table, rows))
    if table is not None and not found.converged:
        out.say(found.trouble)
    if picture is not None:
        out.say(f"picture   {save(phases_picture(found), picture)}")
    return 0 if found.converged else EXIT_NO_SOLUTION
