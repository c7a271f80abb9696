"""The command that ranks outages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from gridtandem.cli.exits import batch_exit_code
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.patience import patience
from gridtandem.cli.wishes import Wishes, wishing
from gridtandem.cli.words import CASE, SCHEME, Percents, Several

if TYPE_CHECKING:
    from gridtandem.report.contingency.run import ContingencyRun
    from gridtandem.study.contingency.study import Contingency

Wanted = tuple[tuple[str, ...], ...]
OWN = ("exponents", "parallel", "rounds", "feeder_solver", "q_rule", "slack", "taps", "folder")
PICTURE = click.Path(path_type=Path)


@click.command("contingency", short_help="Outages by severity, with feeders as they are.")
@click.argument("case", type=CASE)
@click.option("--re", "shares", type=Percents(), metavar="X[,X…]%", help="Renewables: 0 to 100% of feeder load; or several.")
@click.option("--outages", type=Several(), default="n-1", metavar="n-1|A,B+C|FILE", help="Branches; .csv: columns outage, branch.")
@click.option(
    "--screen", type=click.Choice(["dc", "decoupled", "full"]), default="decoupled", metavar="HOW", help="dc, decoupled, full.  [decoupled]"
)
@click.option("--top", type=click.IntRange(1), default=20, metavar="M", help="Solved in full, of each order.  [20]")
@click.option("--ratings", type=click.Choice(["case", "base"]), default="case", metavar="RULE", help="case, or base where it has none.")
@click.option("--power", type=click.IntRange(1, 2), default=1, metavar="N", help="n of the performance index.  [1]")
@click.option("--loading", type=float, default=1.0, metavar="X", help="Factor on loads and schedules.  [1]")
@click.option("--plot", "picture", type=PICTURE, metavar="FILE", help="Ranks, or index by share: .svg .pdf .png.")
@click.option("--scheme", type=SCHEME, help="`tandem help schemes`.  [response]")
@wishing(*OWN)
@speaks
@click.pass_obj
def contingency_command(
    out: Out, *, case: str, shares: tuple[float, ...] | None, outages: Wanted | str | Path, screen: Literal["dc", "decoupled", "full"], top: int,
    ratings: Literal["case", "base"], power: int, loading: float, picture: Path | None, scheme: str | None, wishes: Wishes,
) -> int:  # fmt: skip
    """$ tandem contingency ieee118-4bb --re 60%

    Rank outages of CASE by severity, and say what distribution changes.
    """
    from gridtandem.cases.renewables import with_renewables
    from gridtandem.report.contingency.run import wanted_outages
    from gridtandem.study.contingency.study import Contingency, with_outages

    study = replace(wishes, loading=(loading,)).flow_study(case, scheme)
    draft = Contingency(study=study, screen=screen, top=top, ratings=ratings, power=power)

    def asked(share: float | None) -> Contingency:
        served = study.case if share is None else with_renewables(study.case, share)
        return with_outages(replace(draft, study=replace(study, case=served)), wanted_outages(outages))

    if shares is None or len(shares) == 1:
        return told(out, carried(out, asked(None if shares is None else shares[0]), wishes), picture)
    return told_shares(out, [(share, asked(share)) for share in shares], wishes, picture)


def carried(out: Out, of: Contingency, wishes: Wishes) -> ContingencyRun:
    """The analysis, in its own run file."""
    from gridtandem.report.contingency.run import ContingencyRun
    from gridtandem.study.contingency.run import run_contingency
    from gridtandem.study.shelf import place_of_contingency

    path = place_of_contingency(of, wishes.folder)
    with patience(out, path.stem, "block") as watch:
        return ContingencyRun(result=run_contingency(of, save=path, watch=watch.counted))


def told(out: Out, run: ContingencyRun, picture: Path | None = None) -> int:
    """The answer, and its exit code."""
    from gridtandem.report.contingency.words import contingency_document
    from gridtandem.report.style import save

    out.data(lambda: contingency_document(run), lambda: repr(run))
    if picture is not None:
        out.say(f"picture   {save(run.plot(), picture)}")
    if run.end.name == "STOPPED":
        out.say(f"go on with  tandem resume {run.path}")
    return batch_exit_code(run)


def told_shares(out: Out, asked: list[tuple[float, Contingency]], wishes: Wishes, picture: Path | None) -> int:
    """The same at several shares of renewables; the worst exit code."""
    from gridtandem.report.contingency.shares import by_share, shares_document
    from gridtandem.report.style import save

    known = dict(asked)
    sweep = by_share(list(known), lambda share: carried(out, known[share], wishes))
    out.data(lambda: shares_document(sweep), lambda: repr(sweep))
    if picture is not None:
        out.say(f"picture   {save(sweep.plot(), picture)}")
    return max(batch_exit_code(run) for run in sweep.runs)
