"""The command for companies that move the price: strategy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gridtandem.cli.exits import batch_exit_code
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.wishes import MARKETS, Wishes, wishing
from gridtandem.cli.words import CASE, Numbers

if TYPE_CHECKING:
    from gridtandem.report.market.strategy import StrategyStudy

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("strategy")
@click.argument("cases", type=CASE, nargs=-1, required=True, metavar="CASE…")
@click.option("--feeders", type=Numbers(whole=True), metavar="N[,N…]", help="Instead: by how many feeders the company has.")
@click.option("--plot", "picture", type=FILE, metavar="FILE", help="Draw it: .svg, .pdf or .png.")
@click.option("--csv", "target", type=FILE, metavar="FILE", help="The table, every digit.")
@wishing(*MARKETS)
@speaks
@click.pass_obj
def strategy_command(
    out: Out, *, cases: tuple[str, ...], feeders: tuple[int, ...] | None, picture: Path | None, target: Path | None, wishes: Wishes
) -> int:
    """$ tandem strategy rts24-disco33 --feeders 1,5,10,20

    What the company of CASE gains by knowing how its own trade moves the price: beside passive feeders, a price taker, one market that sees
    everything, no local market, and transmission without limits; or by its size. Several cases stand in one table.
    """
    from gridtandem.report.market.strategy import picture as drawn
    from gridtandem.report.market.strategy import strategy_document, strategy_in_words

    found = compared(out, wishes, cases, feeders)
    out.data(lambda: strategy_document(found), lambda: strategy_in_words(found))
    out.beside(lambda: found.table, target, lambda: drawn(found), picture)
    return batch_exit_code(found)


def compared(out: Out, wishes: Wishes, cases: Sequence[str], feeders: tuple[int, ...] | None) -> StrategyStudy:
    """Reference cases, or sizes."""
    from gridtandem.report.market.strategy import StrategyStudy

    return StrategyStudy.of([wishes.study(case, ["strategic"])[1] for case in cases], feeders, watch=out.detail)
