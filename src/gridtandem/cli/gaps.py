"""The command for forecasts that may be wrong: igdt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from gridtandem.cli.exits import batch_exit_code
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.wishes import MARKETS, Wishes, wishing
from gridtandem.cli.words import CASE, Percents, Setting

if TYPE_CHECKING:
    from gridtandem.study.igdt.run import BandStudy

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("igdt")
@click.argument("case", type=CASE)
@click.option("--budget", type=Percents(), default="0,2,5,10,15,20%", metavar="X[,X…]%", help="Of the cost.  [0,2,5,10,15,20%]")
@click.option("--side", type=click.Choice(["both", "robustness", "opportunity"]), default="both", metavar="SIDE", help="robustness or opportunity.")
@click.option("--weight", "weights", type=Setting(), multiple=True, metavar="NAME=W", help="Of sun, wind, … in α; load=W: demand too.")
@click.option("--most", type=float, metavar="A", help="Largest α of opportunity.  [2]")
@click.option("--method", type=click.Choice(["direct", "bisection"]), default="direct", metavar="HOW", help="direct or bisection.")
@click.option("--samples", type=int, default=0, metavar="N", help="Draws inside every band, and as many outside.  [0]")
@click.option("--seed", type=int, default=1, metavar="N", help="Of the draws.  [1]")
@click.option("--plot", "picture", type=FILE, metavar="FILE", help="Draw it: .svg, .pdf or .png.")
@click.option("--csv", "target", type=FILE, metavar="FILE", help="The table, every digit.")
@wishing(*MARKETS)
@speaks
@click.pass_obj
def igdt_command(
    out: Out, *, case: str, budget: tuple[float, ...], side: str, weights: tuple[tuple[str, float | str], ...], most: float | None,
    method: Literal["direct", "bisection"], samples: int, seed: int, picture: Path | None, target: Path | None, wishes: Wishes,
) -> int:  # fmt: skip
    """$ tandem igdt rts24-disco33 --budget 0,2,5,10,15,20%

    How far forecasts of sun and wind may be off before the strategic company of CASE pays that much more than it expects, and how far they must be
    for it to pay that much less.
    """
    from gridtandem.report.market.band import band_document, band_in_words
    from gridtandem.report.market.band import picture as drawn

    found = searched(out, wishes, case, budget, side=side, weights=dict(weights), most=most, method=method, samples=samples, seed=seed)
    out.data(lambda: band_document(found), lambda: band_in_words(found))
    out.beside(lambda: found.table, target, lambda: drawn(found), picture)
    return batch_exit_code(found)


def searched(
    out: Out, wishes: Wishes, case: str, budget: tuple[float, ...], *, side: str, weights: dict[str, float | str], most: float | None,
    method: Literal["direct", "bisection"], samples: int, seed: int,
) -> BandStudy:  # fmt: skip
    """Both curves of a case, or one."""
    from gridtandem.study.igdt.band import Band
    from gridtandem.study.igdt.run import run_band
    from gridtandem.study.igdt.uncertain import SIDES

    _, study = wishes.study(case, ["strategic"])
    return run_band(
        study, [100 * x for x in budget], band=Band.read(weights), sides=SIDES if side == "both" else (side,), most=most, method=method,
        samples=samples, seed=seed, watch=out.detail,
    )  # fmt: skip
