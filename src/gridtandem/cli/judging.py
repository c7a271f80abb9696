"""The commands that judge architectures: architecture judge, architecture mend."""

from __future__ import annotations

from pathlib import Path

import click

from gridtandem.cli.exits import EXIT_NO_SOLUTION
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.words import Name


def _known() -> tuple[str, ...]:
    from gridtandem.architecture.catalogue import names

    return names()


FILE = click.Path(path_type=Path, dir_okay=False)
ARCHITECTURE = Name("architecture", _known, files=True)
ANY = Name("architecture", lambda: (*_known(), "all"), files=True)


@click.command("judge", short_help="Nine verdicts, the paths that cause them, how sure they are.")
@click.argument("which", type=ANY, metavar="ID|FILE|all")
@click.option("--draws", type=click.IntRange(0, 100_000), default=300, metavar="N", help="Draws over the confidence of lines.  [300]")
@click.option("--seed", type=click.IntRange(0), default=0, metavar="N", help="Of the draws.  [0]")
@click.option("--plot", "picture", type=FILE, metavar="FILE", help="Draw it, with what causes one verdict marked: .svg, .pdf or .png.")
@click.option("--mark", default="tier_bypass", metavar="PRINCIPLE", help="Whose causes.  [tier_bypass]")
@speaks
@click.pass_obj
def judge_command(out: Out, *, which: str, draws: int, seed: int, picture: Path | None, mark: str) -> int:
    """$ tandem architecture judge UK2

    Who instructs whom past whom: tier bypass, layered decomposition, hidden coupling, latency cascading, cyber exposure, observability, scalability,
    races, gaps. Several levels stand where an edge or a platform is unknown. all: a matrix beside published verdicts.
    """
    from gridtandem.report.architecture import verdicts as told
    from gridtandem.report.style import save

    found = told.judged(which, draws=draws, seed=seed)
    drawn = None if picture is None else told.marked(found, mark)
    out.data(lambda: told.document(found), lambda: told.in_words(found))
    if picture is not None and drawn is not None:
        out.say(f"picture   {save(drawn, picture)}")
    return 0


@click.command("mend", short_help="The smallest change that brings a verdict to a target.")
@click.argument("which", type=ARCHITECTURE, metavar="ID|FILE")
@click.option("--target", required=True, metavar="PRINCIPLE=LEVEL", help="Such as hidden_coupling=few.")
@click.option("--changes", type=click.IntRange(1, 4), default=3, metavar="N", help="At most so many.  [3]")
@speaks
@click.pass_obj
def mend_command(out: Out, *, which: str, target: str, changes: int) -> int:
    """$ tandem architecture mend CA1 --target hidden_coupling=few

    Agreements and envelopes to add (+), links to leave out (-). No smaller set does it. Every operator keeps the DERs that it reaches.
    """
    from gridtandem.report.architecture import verdicts as told

    graph, found = told.mended(which, target, most=changes)
    out.data(lambda: told.mended_document(graph, found), lambda: told.mended_in_words(graph, found))
    return 0 if found.size >= 0 else EXIT_NO_SOLUTION
