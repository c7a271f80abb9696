"""Commands of markets between companies: offer, clear, award. Each runs on one company's data; only the files they write are exchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from gridtandem.cli.exits import EXIT_NO_SOLUTION
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.words import CASE, Setting, Span

RULES = click.option("--set", "options", type=Setting(), multiple=True, metavar="NAME=X", help="Rule of the market: steps floor ceiling least_mw …")
DSO = click.option("--dso", default="", metavar="NAME", help="Feeder, interface, or company (all its feeders); not of a three-phase feeder.")
MARGIN = click.option("--margin", type=float, default=0.0, metavar="V", help="Tighten lower voltage limits of a three-phase feeder [pu].  [0]")
FLOW = click.option("--flow", type=click.Choice(["apparent", "active"]), default="apparent", help="What ratings limit; or --form branch-flow.")
FORM = click.option("--form", type=click.Choice(["lindist", "branch-flow"]), default="lindist", hidden=True, help="Network equations.")
ROWS = click.option("--rows", type=click.IntRange(1), default=40, metavar="N", help="Most rows shown.  [40]")
FILES = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("offer")
@click.argument("case", type=CASE)
@DSO
@click.option("--hour", "--hours", "hours", type=Span(), default="1", metavar="H|A:B", help="Hour, or from the first to the last.  [1]")
@RULES
@FLOW
@FORM
@MARGIN
@click.option("--bus", default="", metavar="NAME", help="Transmission bus of a three-phase feeder.  [as its folder says]")
@click.option("--out", "target", type=click.Path(path_type=Path), metavar="FILE", help="Write the offer as it is sent (JSON).")
@click.option("--plot", "picture", type=click.Path(path_type=Path), metavar="FILE", help="Draw the first hour: .svg, .pdf or .png.")
@ROWS
@speaks
@click.pass_obj
def offer_command(
    out: Out,
    *,
    case: str,
    dso: str,
    hours: tuple[int, int],
    options: tuple[tuple[str, float | str], ...],
    flow: Literal["apparent", "active"],
    form: Literal["lindist", "branch-flow"],
    margin: float,
    bus: str,
    target: Path | None,
    picture: Path | None,
    rows: int,
) -> int:
    """$ tandem offer golden-3bus --dso A --hour 1 --flow active

    What a company offers to the wholesale market: steps, who moves along each, and which network limit set its price. With --out the file that is
    sent; nothing else leaves the company. A three-phase feeder (a .dss file, a folder with feeder.toml, feeder33x3, ieee13-ders, ieee123-ders) is
    checked by the exact load flow of its phases.
    """
    from gridtandem.report.market.offer import offer_explained, offer_in_words, offer_picture, write_new
    from gridtandem.report.style import save
    from gridtandem.study.market.setting import offering

    found = offering(case, dso, hours, dict(options), flow=flow, form=form, margin_pu=margin, bus=bus)
    out.data(lambda: offer_explained(found), lambda: offer_in_words(found, rows))
    if target is not None and not found.trouble:
        from gridtandem.study.market.exchange import offer_document

        out.say("\n".join(f"wrote {p}" for p in write_new({target: offer_document(found)})))
    if picture is not None and len(found.steps):
        out.say(f"picture   {save(offer_picture(found), picture)}")
    return EXIT_NO_SOLUTION if found.trouble else 0


@click.command("clear")
@click.argument("transmission", type=CASE, metavar="TRANSMISSION")
@click.argument("offers", type=FILES, nargs=-1, required=True)
@click.option("--out-dir", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Write one award for each offer file.")
@RULES
@ROWS
@speaks
@click.pass_obj
def clear_command(
    out: Out, *, transmission: str, offers: tuple[Path, ...], folder: Path | None, options: tuple[tuple[str, float | str], ...], rows: int
) -> int:
    """$ tandem clear my-case/tso a.json b.json --out-dir awards

    Clear the wholesale market with the offers it was sent, and write the awards. Reads the transmission network and these files, nothing else.
    """
    from gridtandem.report.market.offer import side_document, side_in_words, write_new
    from gridtandem.study.market.exchange import award_document, new_places
    from gridtandem.study.market.setting import clearing

    read, side = clearing(transmission, offers, dict(options))
    out.data(lambda: side_document(side), lambda: side_in_words(side, rows))
    if folder is not None and not side.trouble:
        answers = {place: award_document(o, side.award(), side.used) for place, o in zip(new_places(folder, read), read, strict=True)}
        out.say("\n".join(f"wrote {p}" for p in write_new(answers)))
    return EXIT_NO_SOLUTION if side.trouble else 0


@click.command("award")
@click.argument("case", type=CASE)
@click.argument("award", type=FILES)
@DSO
@FLOW
@FORM
@MARGIN
@ROWS
@speaks
@click.pass_obj
def award_command(
    out: Out,
    *,
    case: str,
    award: Path,
    dso: str,
    flow: Literal["apparent", "active"],
    form: Literal["lindist", "branch-flow"],
    margin: float,
    rows: int,
) -> int:
    """$ tandem award my-case --dso A awards/a.json

    Share an award out among a company's resources: what each does, and the price at every bus. Reads the company's own networks and the award.
    """
    from gridtandem.report.market.offer import side_document, side_in_words
    from gridtandem.study.market.setting import sharing

    side = sharing(case, dso, award, flow=flow, form=form, margin_pu=margin)
    out.data(lambda: side_document(side), lambda: side_in_words(side, rows))
    return EXIT_NO_SOLUTION if side.trouble else 0
