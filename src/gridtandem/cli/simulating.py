"""The commands that follow architectures over a day and over years: architecture simulate, architecture path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from gridtandem.cli.exits import EXIT_INTERRUPTED, EXIT_NO_SOLUTION
from gridtandem.cli.judging import ANY, ARCHITECTURE
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.patience import patience
from gridtandem.cli.words import CASE

if TYPE_CHECKING:
    from gridtandem.report.architecture.simulated import SimulationRun

FILE = click.Path(path_type=Path, dir_okay=False)
TABLES = ("results", "links", "deciders", "payments", "lights", "places", "correlations")


@click.command("simulate", short_help="The same grid and day under each: cost, limits, messages, ranks.")
@click.argument("which", type=ANY, nargs=-1, required=True, metavar="ID|FILE|all…")
@click.option("--case", type=CASE, default="four-feeders", metavar="CASE", help="The grid.  [four-feeders]")
@click.option("--scenarios", default="nominal,stale-model,lost-link,compromised,der-x10", metavar="A,B,…", help="Or all.  [the usual five]")
@click.option("--first", type=click.IntRange(1), default=1, metavar="N", help="Period of the day to begin with.  [1]")
@click.option("--hours", type=click.IntRange(1), metavar="N", help="So many periods.  [all]")
@click.option("--envelope", type=click.Choice(("equal", "auctioned")), default="equal", metavar="RULE", help="equal or auctioned shares.  [equal]")
@click.option("--lights", type=click.Choice(("none", "two", "three")), default="none", metavar="N", help="Traffic lights at feeders: two or three.")
@click.option("--joint", type=click.Choice(("shared", "iterative")), default="shared", metavar="HOW", help="Joint decisions: shared or iterative.")
@click.option("--price", type=float, metavar="X", help="Of an agreed exchange (M7).  [the market's without DERs]")
@click.option("--flow", type=click.Choice(("apparent", "active")), default="apparent", metavar="KIND", help="What ratings limit.  [apparent]")
@click.option("--arb", type=click.Choice(("low", "high", "middle")), default="middle", metavar="HOW", help="Platforms settle low, high, middle.")
@click.option("--seed", type=click.IntRange(0), default=0, metavar="N", help="Of draws.  [0]")
@click.option("--out", "target", type=FILE, metavar="FILE", help="Run file.  [in tandem-runs]")
@click.option("--resume", is_flag=True, help="Take what the run file has.")
@click.option("--table", type=click.Choice(TABLES), metavar="NAME", help="One whole: results, links, payments, places, …")
@click.option("--plot", "picture", type=FILE, metavar="FILE", help="Draw places from nominal to degraded: .svg, .pdf or .png.")
@click.option("--draw", "kind", type=click.Choice(("ranking", "scores")), default="ranking", metavar="KIND", help="Or scores against measures.")
@speaks
@click.pass_obj
def simulate_command(
    out: Out, *, which: tuple[str, ...], case: str, scenarios: str, first: int, hours: int | None, envelope: Literal["equal", "auctioned"],
    lights: Literal["none", "two", "three"], joint: Literal["shared", "iterative"], price: float | None, flow: Literal["apparent", "active"],
    arb: Literal["low", "high", "middle"], seed: int, target: Path | None, resume: bool, table: str | None, picture: Path | None, kind: str,
) -> int:  # fmt: skip
    """$ tandem architecture simulate R1 R3 UK2 --scenarios nominal,lost-link

    Each design carried out as its statements say, judged by AC load flow.
    """
    from gridtandem.errors import Unreadable
    from gridtandem.report.architecture.ranking import TWO_SCENARIOS
    from gridtandem.report.architecture.simulated import place, simulate

    wanted = "all" if scenarios == "all" else tuple(filter(None, scenarios.split(",")))
    if picture is not None and kind == "ranking" and len(wanted) == 1:
        raise Unreadable(TWO_SCENARIOS)  # before the days, not after them
    with patience(out, step="pair") as watch:
        run = simulate(
            case, which, wanted, first_hour=first, hours=hours or 0, envelope=envelope, lights=lights, joint=joint, price=price,
            flow=flow, arb=arb, seed=seed, save=target or place, resume=resume, watch=watch.counted,
        )  # fmt: skip
    return told(out, run, table, (picture, kind))


def told(out: Out, run: SimulationRun, table: str | None, drawn: tuple[Path | None, str]) -> int:
    """The answer, its picture, and its exit code."""
    from gridtandem.report.documents import table_document
    from gridtandem.report.style import save
    from gridtandem.report.tables import plain

    picture, kind = drawn
    shown = None if table is None else run.tables[table]
    out.data(
        lambda: run.document() if shown is None else table_document(shown), lambda: repr(run) if shown is None else plain(shown, rows=len(shown))
    )
    if picture is not None:
        out.say(f"picture   {save(run.plot(kind), picture)}")
    if run.end.name == "STOPPED":
        out.say("stopped; the same words and --resume go on")
        return EXIT_INTERRUPTED
    return EXIT_NO_SOLUTION if run.trouble else 0


@click.command("path", short_help="From one design to another: verdicts at each step, and what changes.")
@click.argument("which", type=ARCHITECTURE, nargs=-1, required=True, metavar="ID|FILE…")
@click.option("--plot", "picture", type=FILE, metavar="FILE", help="Draw it: .svg, .pdf or .png.")
@speaks
@click.pass_obj
def path_command(out: Out, *, which: tuple[str, ...], picture: Path | None) -> int:
    """$ tandem architecture path UK0 UK2 UK1 --plot path.svg

    Where a system stands, what it passes through, where it leads: nine verdicts and the procedure at each step, what comes, goes and changes between.
    """
    from gridtandem.report.architecture.evolution import document, drawn, evolution, in_words
    from gridtandem.report.style import save

    found = evolution(which)
    out.data(lambda: document(found), lambda: in_words(found))
    if picture is not None:
        out.say(f"picture   {save(drawn(found), picture)}")
    return 0
