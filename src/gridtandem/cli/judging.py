"""The commands that judge architectures: architecture judge, architecture mend, architecture observe."""

from __future__ import annotations

from pathlib import Path

import click

from gridtandem.cli.exits import EXIT_NO_SOLUTION
from gridtandem.cli.finding import found as run_file
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.reading import IN
from gridtandem.cli.words import RUN, Name


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


@click.command("observe", short_help="What a run's architecture was, by its letters.")
@click.argument("run", type=RUN)
@click.option("--against", "declared", type=ARCHITECTURE, metavar="ID|FILE", help="Beside what was declared: what was never used, what is new.")
@click.option("--toml", "as_toml", is_flag=True, help="As a file, for judge, mend and diff.")
@click.option("--plot", "picture", type=FILE, metavar="FILE", help="Draw it: .svg, .pdf or .png.")
@IN
@speaks
@click.pass_obj
def observe_command(out: Out, *, run: str, declared: str | None, as_toml: bool, picture: Path | None, folder: Path) -> int:
    """$ tandem architecture observe golden-3bus-dso-offer --against R3

    Read the ledger of a run as an architecture: who told whom what, judged as any other. What a company does with its customers no letter tells; it
    follows from what the letters ask of it.
    """
    from gridtandem.architecture.files import write_toml
    from gridtandem.report.architecture import observing as told
    from gridtandem.report.architecture.picture import skeleton
    from gridtandem.report.front import opened
    from gridtandem.report.style import save

    graph = told.observed_run(opened(run_file(out, run, folder)))
    beside = told.against(graph, declared)
    words = (lambda: write_toml(graph).rstrip("\n")) if as_toml else (lambda: told.observed_in_words(graph, beside))
    out.data(lambda: told.observed_document(graph, beside), words)
    if picture is not None:
        out.say(f"picture   {save(skeleton(graph), picture)}")
    return 0
