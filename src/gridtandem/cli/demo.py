"""The command that shows the main thing: one system under four schemes, a table, a picture, run files."""

from __future__ import annotations

from dataclasses import replace

import click

from gridtandem.cli.exits import exit_code
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.running import compared, picture
from gridtandem.cli.wishes import Wishes, wishing

CASE, SCHEMES = "30B", "independent,load-flow,response,merged"


@click.command("demo")
@wishing("folder")
@speaks
@click.pass_obj
def demo_command(out: Out, *, wishes: Wishes) -> int:
    """$ tandem demo

    Ten feeders at four buses of the IEEE 30-bus network: each side alone, coordinated by letters in two ways, and as one merged load flow.
    Table on stdout, picture and run files in tandem-runs.
    """
    from gridtandem.report.documents import comparison_document

    done = compared(out, wishes, CASE, SCHEMES)
    out.data(lambda: comparison_document(done), lambda: repr(done))
    picture(out, done, wishes.folder / "demo", replace(wishes, picture=True))
    out.say("\n".join(f"run file  {run.path}" for run in done.runs))
    out.say("next      tandem messages 30B-response · tandem show 30B-response --table interfaces · tandem help schemes")
    return exit_code(done.runs)
