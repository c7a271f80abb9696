"""The command for networks that only carry."""

from __future__ import annotations

import click

from gridtandem.cli.out import Out, speaks
from gridtandem.cli.reading import ROWS
from gridtandem.cli.words import CASE


@click.command("transport")
@click.argument("case", type=CASE)
@ROWS
@speaks
@click.pass_obj
def transport_command(out: Out, *, case: str, rows: int) -> int:
    """$ tandem transport case5_case3_bal_nogen

    Least cost if networks only carried: no losses, voltages or reactive power. What AC physics adds: tandem run CASE --scheme central.
    """
    from gridtandem.report.dispatch.transport import transport_document, transport_in_words
    from gridtandem.study.transport import transport

    found = transport(case)
    out.data(lambda: transport_document(found), lambda: transport_in_words(found, rows))
    return 0
