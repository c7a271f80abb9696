"""Commands that help: help, completion, doctor."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from gridtandem.cli.exits import EXIT_INTERNAL
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.topics import TOPICS, page
from gridtandem.cli.words import Name
from gridtandem.errors import UnknownName

SHELLS = ("bash", "zsh", "fish")
HOW = {
    "bash": "# keep it: tandem completion bash > ~/.local/share/bash-completion/completions/tandem",
    "zsh": "# keep it: tandem completion zsh > a file _tandem in a folder of $fpath",
    "fish": "# keep it: tandem completion fish > ~/.config/fish/completions/tandem.fish",
}


@click.command("help")
@click.argument("topic", type=Name("topic", lambda: TOPICS), required=False)
@speaks
@click.pass_obj
def help_command(out: Out, *, topic: str | None) -> int:
    """$ tandem help schemes

    Pages on schemes, experiments, reserve, files, exit-codes, privacy and faults; of a command the same as --help.
    """
    from gridtandem.cli.app import COMMANDS, tandem

    if topic in COMMANDS and topic is not None:
        tandem.main([topic, "--help"], prog_name="tandem", standalone_mode=False)
    elif topic is not None and topic not in TOPICS:
        raise UnknownName("topic or command", topic, [*TOPICS, *COMMANDS])
    else:
        text = page(topic) if topic else "\n".join(f"tandem help {name:<12} {line}" for name, line in TOPICS.items())
        out.data(lambda: {"schema": "tandem/help/1", "topic": topic, "text": text}, lambda: text)
    return 0


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def completion_command(shell: str) -> int:
    """$ eval "$(tandem completion bash)"

    A script for bash, zsh or fish that completes commands, options, and names of cases, runs and schemes.
    """
    from gridtandem.cli.app import tandem

    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(tandem, {}, "tandem", "_TANDEM_COMPLETE")
    click.echo(f"{HOW[shell]}\n{script.source_template % script.source_vars()}")
    return 0


@click.command("doctor")
@speaks
@click.pass_obj
def doctor_command(out: Out) -> int:
    """$ tandem doctor

    Try everything that a run needs: packages, schemes, a small run, writing here.
    """
    from gridtandem.report.advice import examination_document, examination_in_words
    from gridtandem.study.doctor import examined, sound

    found = examined()
    out.data(lambda: examination_document(found), lambda: examination_in_words(found))
    return 0 if sound(found) else EXIT_INTERNAL
