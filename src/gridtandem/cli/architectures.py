"""The commands about architectures: who may tell whom what, in published designs and in yours."""

from __future__ import annotations

from pathlib import Path

import click

from gridtandem.cli.judging import judge_command, mend_command, observe_command
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.playing import procedure_command
from gridtandem.cli.simulating import path_command, simulate_command
from gridtandem.cli.sweeping import critical_command, sweep_command
from gridtandem.cli.words import Name

FILE = click.Path(path_type=Path, dir_okay=False)
REGIONS = click.Choice(("AU", "UK", "EU", "US", "JP"), case_sensitive=False)


def _published() -> tuple[str, ...]:
    from gridtandem.architecture.catalogue import names

    return names()


ARCHITECTURE = Name("architecture", _published, files=True)


@click.group("architecture")
def architecture_command() -> None:
    """$ tandem architecture show UK2

    Who may instruct, bid to, inform and agree with whom: published designs of coordination, and yours.
    """


architecture_command.add_command(judge_command)
architecture_command.add_command(mend_command)
architecture_command.add_command(simulate_command)
architecture_command.add_command(path_command)
architecture_command.add_command(sweep_command)
architecture_command.add_command(critical_command)
architecture_command.add_command(procedure_command)
architecture_command.add_command(observe_command)


@architecture_command.command("list", short_help="Published architectures.")
@click.option("--words", "region", type=REGIONS, metavar="AU|UK|EU|US|JP", help="And what roles are called there.")
@speaks
@click.pass_obj
def list_command(out: Out, *, region: str | None) -> int:
    """$ tandem architecture list --words UK

    Every published architecture by name, with its family and size.
    """
    from gridtandem.architecture.catalogue import published
    from gridtandem.report.architecture.words import listed_document, listed_in_words

    found = published()
    out.data(lambda: listed_document(found, region), lambda: listed_in_words(found, region))
    return 0


@architecture_command.command("show", short_help="One of them: nodes, statements, picture.")
@click.argument("what", type=ARCHITECTURE, metavar="ID|FILE")
@click.option("--words", "region", type=REGIONS, metavar="AU|UK|EU|US|JP", help="Roles in the words of that region.")
@click.option("--toml", "as_toml", is_flag=True, help="The file itself, to begin your own from.")
@click.option("--plot", "picture", type=FILE, metavar="FILE", help="Draw it: .svg, .pdf or .png.")
@speaks
@click.pass_obj
def show_command(out: Out, *, what: str, region: str | None, as_toml: bool, picture: Path | None) -> int:
    """$ tandem architecture show UK2 --plot uk2.svg

    Who takes part, and what they tell each other. FILE is TOML, or the line grammar (FILE:ID where it holds several).
    """
    from gridtandem.architecture.catalogue import architecture
    from gridtandem.architecture.files import write_toml
    from gridtandem.report.architecture.picture import skeleton
    from gridtandem.report.architecture.words import shown_document, shown_in_words
    from gridtandem.report.style import save

    found = architecture(what)
    told = (lambda: write_toml(found).rstrip("\n")) if as_toml else (lambda: shown_in_words(found, region))
    out.data(lambda: shown_document(found, region), told)
    if picture is not None:
        out.say(f"picture   {save(skeleton(found), picture)}")
    return 0


@architecture_command.command("diff", short_help="What two of them do differently.")
@click.argument("first", type=ARCHITECTURE, metavar="ID|FILE")
@click.argument("second", type=ARCHITECTURE, metavar="ID|FILE")
@speaks
@click.pass_obj
def diff_command(out: Out, *, first: str, second: str) -> int:
    """$ tandem architecture diff NY1 NY2

    Nodes and statements that come, go or change from the first to the second.
    """
    from gridtandem.architecture.catalogue import architecture
    from gridtandem.architecture.difference import changes
    from gridtandem.report.architecture.words import difference_document, difference_in_words

    before, after = architecture(first), architecture(second)
    found = changes(before, after)
    out.data(lambda: difference_document(before, after, found), lambda: difference_in_words(before, after, found))
    return 0


@architecture_command.command("import", short_help="Use-cases, or the line grammar, into TOML.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--into", "folder", type=click.Path(path_type=Path, file_okay=False), default=".", metavar="FOLDER", help="Where to.  [here]")
@click.option("--roles", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE", help="Who is who in a use-case, TOML.")
@speaks
@click.pass_obj
def import_command(out: Out, *, file: Path, folder: Path, roles: Path | None) -> int:
    """$ tandem architecture import uc-gr-4.md --into mine

    Read a use-case of IEC 62559-2 (step tables in .md, .html or .csv), or architectures in the line grammar, and write each as TOML. What a use-case
    leaves open is guessed and told; a line of --roles says it: "Smart box" = "DER", = { role = "AGG", share = 0.4 } or = { part_of = "DSO" }.
    """
    from gridtandem.architecture.files import save_all
    from gridtandem.report.architecture.reading import imported_document, imported_in_words, reading

    found, guesses = reading(file, roles)
    paths = save_all(found, folder)
    out.data(lambda: imported_document(found, guesses), lambda: imported_in_words(found, guesses))
    out.say(f"wrote {', '.join(map(str, paths))}")
    return 0


@architecture_command.command("words", short_help="What the same thing is called elsewhere.")
@speaks
@click.pass_obj
def words_command(out: Out) -> int:
    """$ tandem architecture words

    Functions in the words of AU, UK, EU, US and JP, words that mean something else there, and a glossary.
    """
    from gridtandem.report.architecture.words import words_document, words_in_words

    out.data(words_document, words_in_words)
    return 0
