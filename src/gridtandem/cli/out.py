"""Where words go: data to stdout, everything else to stderr; and the options that every command has."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar, final

import click

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from gridtandem.tables import Table

JSON_HELP = "One JSON document.  Also: -q -v --no-color --debug"
F = TypeVar("F", bound=Callable[..., object])


@final
@dataclass(frozen=True, slots=True)
class Out:
    """How a command speaks."""

    as_json: bool = False
    quiet: bool = False
    verbose: bool = False

    def data(self, document: Callable[[], Mapping[str, object]], words: Callable[[], str]) -> None:
        """The answer: one JSON document, or text for people; only the one that is wanted is made."""
        click.echo(json.dumps(document(), ensure_ascii=False, allow_nan=False, indent=2) if self.as_json else words())

    def say(self, words: str) -> None:
        """A message beside the answer, unless -q."""
        if not self.quiet:
            click.echo(words, err=True)

    def beside(self, table: Callable[[], Table], target: Path | None, drawn: Callable[[], Figure], picture: Path | None) -> None:
        """Table and picture as files, where they are asked for; only what is wanted is made."""
        from gridtandem.report.style import save

        self.table(table, target)
        if picture is not None:
            self.say(f"picture   {save(drawn(), picture)}")

    def table(self, table: Callable[[], Table], target: Path | None) -> None:
        """A table as a file, where it is asked for."""
        from gridtandem.report.tables import as_csv

        if target is not None:
            target.write_text(as_csv(table()), encoding="utf-8", newline="\n")
            self.say(f"wrote {target}")

    def detail(self, words: str) -> None:
        """A message for -v."""
        if self.verbose:
            click.echo(words, err=True)


def speaks(command: F) -> F:
    """Give a command the options of speech, one line in its help page; it takes `Out` as its first argument, by `click.pass_obj`."""
    for option in (
        click.option("--json", "as_json", is_flag=True, expose_value=False, callback=_take, help=JSON_HELP),
        click.option("-q", "--quiet", is_flag=True, expose_value=False, callback=_take, hidden=True),
        click.option("-v", "--verbose", is_flag=True, expose_value=False, callback=_take, hidden=True),
        click.option("--no-color", "no_color", is_flag=True, expose_value=False, callback=_colour, hidden=True),
        click.option("--debug", is_flag=True, expose_value=False, hidden=True),
    )[::-1]:
        command = option(command)
    return command


def _take(ctx: click.Context, option: click.Parameter, given: bool) -> None:
    before = ctx.obj if isinstance(ctx.obj, Out) else Out()
    ctx.obj = replace(before, **{str(option.name): given}) if given else before


def _colour(ctx: click.Context, _: click.Parameter, given: bool) -> None:
    if given or plain_terminal():
        ctx.color = False


def plain_terminal() -> bool:
    """True where the terminal, or its owner, wants neither colours nor moving lines."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
