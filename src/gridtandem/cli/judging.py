"""The commands that judge architectures: architecture judge, architecture mend."""

from __future__ import annotations

import click

from gridtandem.cli.out import Out, speaks
from gridtandem.cli.words import Name


def _known() -> tuple[str, ...]:
    from gridtandem.architecture.catalogue import names

    return names()


ARCHITECTURE = Name("architecture", _known, files=True)


@click.command("judge", short_help="Nine verdicts, the paths that cause them, how sure they are.")
@click.argument("which", type=ARCHITECTURE, metavar="ID|FILE|all")
@click.option("--draws", type=click.IntRange(0, 100_000), default=300, metavar="N", help="Draws over the confidence of lines.  [300]")
@click.option("--seed", type=click.IntRange(0), default=0, metavar="N", help="Of the draws.  [0]")
@speaks
@click.pass_obj
def judge_command(out: Out, *, which: str, draws: int, seed: int) -> None:
    """$ tandem architecture judge UK2

    Who instructs whom past whom: tier bypass, layered decomposition, hidden coupling, latency cascading, cyber exposure, observability, scalability,
    races, gaps. Several levels stand where an edge or a platform is unknown. all: a matrix beside published verdicts.
    """
    from gridtandem.report import architecture_verdicts as told

    found = told.judged(which, draws=draws, seed=seed)
    out.data(lambda: told.document(found), lambda: told.in_words(which, found))


@click.command("mend", short_help="The smallest change that brings a verdict to a target.")
@click.argument("which", type=ARCHITECTURE, metavar="ID|FILE")
@click.option("--target", required=True, metavar="PRINCIPLE=LEVEL", help="Such as hidden_coupling=few.")
@click.option("--changes", type=click.IntRange(1, 4), default=3, metavar="N", help="At most so many.  [3]")
@speaks
@click.pass_obj
def mend_command(out: Out, *, which: str, target: str, changes: int) -> None:
    """$ tandem architecture mend CA1 --target hidden_coupling=few

    Agreements and envelopes to add (+), links to leave out (-). No smaller set does it. Every operator keeps the DERs that it reaches.
    """
    from gridtandem.report import architecture_verdicts as told

    graph, found = told.mended(which, target, most=changes)
    out.data(lambda: told.mended_document(graph, found), lambda: told.mended_in_words(graph, found))
