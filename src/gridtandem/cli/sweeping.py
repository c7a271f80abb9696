"""The commands that say where architectures stop working: architecture sweep, architecture critical."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from gridtandem.cli.exits import EXIT_INTERRUPTED, EXIT_NO_SOLUTION
from gridtandem.cli.judging import ANY, ARCHITECTURE
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.patience import patience
from gridtandem.cli.words import CASE, Numbers

FILE = click.Path(path_type=Path, dir_okay=False)
DAY = (
    click.option("--case", type=CASE, default="four-feeders", metavar="CASE", help="The grid.  [four-feeders]"),
    click.option("--scenario", default="nominal", metavar="NAME", help="What else goes wrong.  [nominal]"),
    click.option("--first", type=click.IntRange(1), default=1, metavar="N", help="Period of the day to begin with.  [1]"),
    click.option("--hours", type=click.IntRange(1), metavar="N", help="So many periods.  [all]"),
    click.option("--flow", type=click.Choice(("apparent", "active")), default="apparent", metavar="KIND", help="What ratings limit.  [apparent]"),
    click.option("--seed", type=click.IntRange(0), default=0, metavar="N", help="Of draws.  [0]"),
    click.option("--csv", "target", type=FILE, metavar="FILE", help="The table with every digit."),
)


def _of_a_day(command: click.decorators.FC) -> click.decorators.FC:
    """Options that say which day, and where its table goes."""
    for option in reversed(DAY):
        command = option(command)
    return command


@click.command("sweep", short_help="Where the ranking changes as one thing is varied.")
@click.argument("which", type=ANY, nargs=-1, required=True, metavar="ID|FILE|all…")
@click.option("--vary", required=True, metavar="WHAT", help="penetration congestion latency bypass stale count")
@click.option("--levels", type=Numbers(), metavar="A,B,…", help="Of it.  [usual ones]")
@_of_a_day
@click.option("--plot", "picture", type=FILE, metavar="FILE", help="Draw it: .svg, .pdf or .png.")
@speaks
@click.pass_obj
def sweep_command(
    out: Out, *, which: tuple[str, ...], vary: str, levels: tuple[float, ...] | None, case: str, scenario: str, first: int, hours: int | None,
    flow: Literal["apparent", "active"], seed: int, target: Path | None, picture: Path | None,
) -> int:  # fmt: skip
    """$ tandem architecture sweep R1 R3 AU4 --vary penetration --levels 0.5,1,2

    One thing varied, each design simulated at every level: who overtakes whom where, and how far each works. Levels are multiples of DERs' size
    (penetration), of delays (latency), of how tight limits are (congestion); a share past distribution (bypass); intervals (stale); parts (count).
    """
    from gridtandem.report.architecture.sweep import sweep

    with patience(out, step="day") as watch:
        run = sweep(
            case, which, vary=vary, levels=levels or (), scenario=scenario, first_hour=first, hours=hours or 0, flow=flow, seed=seed,
            watch=watch.counted,
        )  # fmt: skip
    out.data(run.document, lambda: repr(run))
    out.beside(lambda: run.swept, target, run.plot, picture)
    return _code(out, run.end.name, bool(run.trouble))


@click.command("critical", short_help="What each link of coordination is worth.")
@click.argument("which", type=ARCHITECTURE, metavar="ID|FILE")
@_of_a_day
@speaks
@click.pass_obj
def critical_command(
    out: Out, *, which: str, case: str, scenario: str, first: int, hours: int | None, flow: Literal["apparent", "active"], seed: int,
    target: Path | None,
) -> int:  # fmt: skip
    """$ tandem architecture critical R1

    The same day without each link of coordination: agreements, limits, vetoes, and all that tiers 1 and 2 tell each other. What the procedure
    becomes, and how cost, broken limits and messages change.
    """
    from gridtandem.report.architecture.critical import critical

    with patience(out, step="day") as watch:
        run = critical(case, which, scenario=scenario, first_hour=first, hours=hours or 0, flow=flow, seed=seed, watch=watch.counted)
    out.data(run.document, lambda: repr(run))
    out.table(lambda: run.table, target)
    return _code(out, run.end.name, troubled=False)


def _code(out: Out, end: str, troubled: bool) -> int:
    """What a script learns."""
    if end == "STOPPED":
        out.say("stopped; what was done is told")
        return EXIT_INTERRUPTED
    return EXIT_NO_SOLUTION if troubled else 0
