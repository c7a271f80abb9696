"""The command that varies a market's demand: welfare."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gridtandem.cli.exits import EXIT_NO_SOLUTION
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.patience import patience
from gridtandem.cli.wishes import MARKETS, Wishes, wishing
from gridtandem.cli.words import CASE, Levels

if TYPE_CHECKING:
    from gridtandem.report.market.welfare import WelfareCurves

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("welfare", short_help="Net surplus against the level of demand.")
@click.argument("case", type=CASE)
@click.option("--loads", type=Levels(), default="50:120:10", metavar="A:B:STEP", help="Percent, first to last; or X,X,…  [50:120:10]")
@click.option("--schemes", metavar="NAME,…", help="Markets.  [conventional-4,choice-of-market,ideal]")
@click.option("--party", metavar="NAME", default="all", help="Whose is shown and drawn, e.g. dso-10/F10.  [all]")
@click.option("--plot", "picture", type=FILE, metavar="FILE", help="Draw it: .svg, .pdf or .png.")
@click.option("--csv", "target", type=FILE, metavar="FILE", help="All rows, also of the parties, every digit.")
@wishing("options", "rounds", *MARKETS)
@speaks
@click.pass_obj
def welfare_command(
    out: Out, *, case: str, loads: tuple[float, ...], schemes: str | None, party: str, picture: Path | None, target: Path | None, wishes: Wishes
) -> int:
    """$ tandem welfare ieee14-3x17 --loads 50:120:10 --hours 1 --first-hour 19

    Clear CASE at several levels of demand: with feeders' units in their own markets only, with the wholesale market open to them, and in one market
    that sees every network. A level multiplies all demand; everything else stays.
    """
    from gridtandem.report.market.welfare import picture as drawn
    from gridtandem.report.market.welfare import welfare_document, welfare_in_words

    found = replace(cleared(out, wishes, case, schemes, loads), party=party)
    out.data(lambda: welfare_document(found), lambda: welfare_in_words(found))
    out.beside(lambda: found.table, target, lambda: drawn(found), picture)
    return 0 if found.table.answered.all() else EXIT_NO_SOLUTION


def cleared(out: Out, wishes: Wishes, case: str, schemes: str | None, loads: tuple[float, ...]) -> WelfareCurves:
    """The market at every level, under every scheme."""
    from gridtandem.report.market.welfare import WelfareCurves
    from gridtandem.study.kinds import MARKET, kind_of
    from gridtandem.study.market.welfare import SCHEMES, welfare

    named = SCHEMES if schemes is None else tuple(schemes.split(","))
    if not all(kind_of(name) is MARKET for name in named):
        raise click.UsageError(f"{schemes}: give schemes of markets, among {', '.join(MARKET.schemes())}.")
    way, study = wishes.study(case, named)
    chosen = way.several(study, named, dict(wishes.options))
    with patience(out) as watch:
        return WelfareCurves(study, welfare(study, chosen, loads, watch=watch.named), wishes.options)
