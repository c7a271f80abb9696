"""The commands that have architectures act: architecture procedure."""

from __future__ import annotations

import click

from gridtandem.cli.judging import ANY
from gridtandem.cli.out import Out, speaks


@click.command("procedure", short_help="What it would do: who dispatches whom, knowing what.")
@click.argument("which", type=ANY, metavar="ID|FILE|all")
@click.option("--arb", type=float, metavar="SHARE", help="How far platforms settle between buyers.  [the middle of what is known]")
@click.option("--unsure", is_flag=True, help="With all statements of unknown presence.  [without]")
@speaks
@click.pass_obj
def procedure_command(out: Out, *, which: str, arb: float | None, unsure: bool) -> int:
    """$ tandem architecture procedure CA1

    The procedure that follows from edges: how each class of customers is dispatched, along whom, who knows the limits of distribution, on which
    links it depends, and the statements that decide it. all: a table of all published architectures.
    """
    from gridtandem.report.architecture.procedures import document, in_words, procedures

    found = procedures(which, arb=arb, unsure=unsure)
    out.data(lambda: document(found), lambda: in_words(found))
    return 0
