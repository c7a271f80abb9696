"""The command that says how much load a system can still take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from gridtandem.cli.exits import EXIT_NO_SOLUTION
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.reading import ROWS
from gridtandem.cli.wishes import OPTIONS
from gridtandem.cli.words import CASE

if TYPE_CHECKING:
    from gridtandem.cases.case import Case

TABLE = "tools events nodes curves"


@click.command("margin", short_help="How much load a system can still take.")
@click.argument("case", type=CASE)
@click.option(
    "--generation", type=click.Choice(["grows", "stays", "shared"]), default="grows", metavar="HOW", help="grows, stays or shared.  [grows]"
)
@click.option("--keep", metavar="LIMITS", default="", help="Of units: q, p, reference.  [none]  Also: --hold-taps.")
@click.option("--hold-taps", is_flag=True, hidden=True, help="Transformers keep their ratios.")
@click.option("--until", type=click.Choice(["nose", "past", "whole"]), default="past", metavar="WHERE", help="nose, past (a tenth) or whole.  [past]")
@click.option("--target", type=float, default=float("inf"), metavar="L", help="End at this growth λ.")
@click.option("--growth", "loads", type=float, default=1.0, metavar="K", help="Loads are P0 (1 + λ K).  [1]")
@click.option("--buses", default="", metavar="NAMES", help="Buses whose curves are told and drawn, between commas.  [the weakest]")
@click.option("--tools", default="", metavar="NAMES", help="Of cases with feeders, between commas.  [ccpf,tcpf,tcpf-lm]")
@OPTIONS["exponents"]
@click.option("--table", type=click.Choice(TABLE.split()), metavar="NAME", help=TABLE)
@click.option("--plot", "picture", type=click.Path(path_type=Path), metavar="FILE", help="Curves as .svg, .pdf or .png.")
@click.option(
    "--over", type=click.Choice(["growth", "power", "bus", "tool"]), default="growth", metavar="X", help="growth (λ), power, bus or tool.  [growth]"
)
@ROWS
@OPTIONS["folder"]
@speaks
@click.pass_obj
def margin_command(
    out: Out, *, case: str, generation: Literal["grows", "stays", "shared"], keep: str, hold_taps: bool,
    until: Literal["nose", "past", "whole"], target: float, loads: float, buses: str, tools: str, exponents: tuple[float, ...] | None,
    table: str | None, picture: Path | None, over: str, rows: int, folder: Path,
) -> int:  # fmt: skip
    """$ tandem margin case118 --keep q --plot margin.svg

    How far loads P0 (1 + λ K) of CASE can grow, and what is met on the way.
    """
    from gridtandem.report.margin.run import margin_document, margin_in_words, margin_of_case, question
    from gridtandem.report.style import save
    from gridtandem.study.margin.ask import Growth
    from gridtandem.study.shelf import place_of_margin

    taps: Literal["hold", "move"] = "hold" if hold_taps else "move"
    growth = Growth(loads=loads, generation=generation, keep=listed(keep), taps=taps, until=until, target=target)
    asked = question(bent(case, exponents), growth, listed(buses), listed(tools))
    run = margin_of_case(asked, place_of_margin(asked, folder))
    out.data(lambda: margin_document(run), lambda: margin_in_words(run, table, rows))
    if picture is not None:
        out.say(f"picture   {save(run.plot(over), picture)}")
    return 0 if run.found else EXIT_NO_SOLUTION


def bent(case: str, exponents: tuple[float, ...] | None) -> str | Case:
    """The case, with other exponents of feeder loads if asked for."""
    from gridtandem.cases.generate import with_exponents
    from gridtandem.cases.named import case as named

    return case if exponents is None else with_exponents(named(case), *exponents)


def listed(words: str) -> tuple[str, ...]:
    """Names between commas."""
    return tuple(word.strip() for word in words.split(",") if word.strip())
