"""Kinds of arguments: names that complete in the shell, numbers in lists, options of schemes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, final

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from gridtandem.study.rules import Rule


MANY_LEVELS = 200  # more than any picture shows
MANY = 1_000_000_000  # what no count of anything here reaches


@final
class Name(click.ParamType[str]):
    """A word that some list knows; the list is asked only while completing."""

    def __init__(self, name: str, known: Callable[[], Iterable[str]], files: bool = False) -> None:
        self.name, self.known, self.files = name, known, files

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Any word but none; who looks it up says whether it is known."""
        if not str(value).strip():
            self.fail("give a name; this one is empty.", param, ctx)
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002 - click's interface
        """Everything that begins so; else files, where they are welcome."""
        found = [CompletionItem(n) for n in self.known() if n.startswith(incomplete)]
        return found if found or not self.files else [CompletionItem(incomplete, type="file")]


@final
class Numbers(click.ParamType[tuple[float, ...]]):
    """Numbers between commas; whole ones and above zero if so told."""

    name = "numbers"

    def __init__(self, whole: bool = False) -> None:
        self.read: Callable[[str], float] = int if whole else float
        self.whole = whole
        self.kind = "a whole number" if whole else "a number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """Text into numbers, or a usage error."""
        try:
            found = tuple(self.read(word) for word in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is not {self.kind}, nor several between commas.", param, ctx)
        if self.whole and not all(abs(x) < MANY for x in found):
            self.fail(f"{value!r} is too large.", param, ctx)
        if not all(map(isfinite, found)):
            self.fail(f"{value!r} is not finite; give numbers such as 0.9 or 1.", param, ctx)
        return found


def times(ctx: click.Context, option: click.Parameter, given: tuple[float, ...] | None) -> tuple[float, float] | None:
    """Seconds of delivery and of the delay before it."""
    if given is not None and len(given) > 2:
        raise click.BadParameter("give seconds of delivery and, if any, of delay.", ctx, option)
    return None if given is None else (given[0], given[1] if len(given) > 1 else 0.0)


@final
class Levels(click.ParamType[tuple[float, ...]]):
    """Percentages ``first:last:step``, the last included where a step meets it; or several between commas."""

    name = "levels"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """Text into numbers above 0, or a usage error."""
        try:
            if ":" in str(value):
                first, last, step = (float(word) for word in str(value).split(":"))
                count = int((last - first) / step + 1e-9) + 1
                found = tuple(first + k * step for k in range(min(count, MANY_LEVELS + 1)))
            else:
                found = tuple(float(word) for word in str(value).split(","))
        except (ValueError, ZeroDivisionError, OverflowError):
            self.fail(f"{value!r} is no range such as 50:120:10, nor numbers between commas.", param, ctx)
        if not found or not all(isfinite(x) and x > 0 for x in found):
            self.fail(f"{value!r}: give percentages above 0, the first below the last.", param, ctx)
        if len(found) > MANY_LEVELS:
            self.fail(f"{value!r} has more than {MANY_LEVELS} levels.", param, ctx)
        return found


@final
class Stretch(click.ParamType[tuple[float, ...]]):
    """Numbers from ``first:last``, ten even steps, or ``first:last:step``; or several between commas."""

    name = "numbers"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """Text into numbers of 0 or more, or a usage error."""
        if ":" not in str(value):
            found = Numbers().convert(value, param, ctx)
        else:
            try:
                first, last, *step = (float(word) for word in str(value).split(":"))
                count = round((last - first) / step[0] + 1e-9) if step else 10
                found = tuple(first + k * (step[0] if step else (last - first) / count) for k in range(min(count, MANY_LEVELS) + 1))
            except (ValueError, ZeroDivisionError, OverflowError):
                self.fail(f"{value!r} is no range such as 7850:8350 or 0:12:2.", param, ctx)
            found = tuple(x for x in found if x <= last * (1 + 1e-9))
        if not found or len(found) > MANY_LEVELS or not all(isfinite(x) and x >= 0 for x in found):
            self.fail(f"{value!r}: give 1 to {MANY_LEVELS} numbers of 0 or more, the first below the last.", param, ctx)
        return found


@final
class Percents(click.ParamType[tuple[float, ...]]):
    """Percentages between commas, the sign after each or after the last, as shares; 0.6 alone could be meant as 60 % or as 0.6 %."""

    name = "percentages"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """Text into shares from 0 to 1, rising, or a usage error."""
        words = str(value).split(",")
        if not words[-1].endswith("%"):
            self.fail(f"{value!r} has no % at its end; write 60% for a share of 0.6, or several as 0,20,40%.", param, ctx)
        found = tuple(x / 100 for x in Numbers().convert(",".join(word.removesuffix("%") for word in words), param, ctx))
        if not all(a < b for a, b in zip((-1.0, *found), found, strict=False)) or not 0 <= found[0] <= found[-1] <= 1:
            self.fail(f"{value!r}: give percentages from 0 to 100, each above the one before it, such as 60% or 0,20,40%.", param, ctx)
        return found


@final
class Span(click.ParamType[tuple[int, int]]):
    """Hours ``A:B``, both included; one hour alone stands for itself."""

    name = "hours"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Text into first and last hour, or a usage error."""
        first, sign, last = str(value).partition(":")
        try:
            found = int(first), int(last if sign else first)
        except ValueError:
            self.fail(f"{value!r} is no hour, nor hours such as 1:24.", param, ctx)
        if not 1 <= found[0] <= found[1] < MANY:
            self.fail(f"{value!r}: hours count from 1, and the last is not before the first.", param, ctx)
        return found


@final
class Column(click.ParamType["tuple[float, ...] | Path"]):
    """Numbers between commas, or a CSV file."""

    name = "numbers or file"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...] | Path:
        """A word that ends in .csv is a file."""
        return Path(str(value)) if str(value).lower().endswith(".csv") else Numbers().convert(value, param, ctx)


@final
class Several(click.ParamType["tuple[tuple[str, ...], ...] | str | Path"]):
    """Outages: ``n-1``, branches between commas with + between those that go out together, or a CSV file."""

    name = "outages"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[tuple[str, ...], ...] | str | Path:
        """Names that hold a comma or a plus are for the file."""
        if isinstance(value, tuple):
            return value
        word = str(value)
        if word.lower().endswith(".csv"):
            return Path(word)
        if word.lower() == "n-1":
            return word
        found = tuple(tuple(name.strip() for name in group.split("+")) for group in word.split(","))
        if not all(name for group in found for name in group):
            self.fail(f"{value!r} has an empty name; write e.g. L1,L2+L3.", param, ctx)
        return found


@final
class Setting(click.ParamType["tuple[str, float | str]"]):
    """``name=number``, or ``name=word`` where an option is one of several words; the scheme knows which."""

    name = "name=number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float | str]:
        """Text into name and number or word, or a usage error."""
        name, sign, said = str(value).partition("=")
        if not sign or not said.strip():
            what = "there is nothing after '='" if sign else "there is no '='"
            self.fail(f"{value!r}: {what}; write e.g. tol=1e-10.", param, ctx)
        try:
            read = float(said)
        except ValueError:
            return name.strip(), said.strip()
        if not isfinite(read):
            self.fail(f"{value!r} is not finite.", param, ctx)
        return name.strip(), read


@final
class Ruling(click.ParamType["Rule"]):
    """A rule such as ``voltage-error>1e-8``, read before anything runs."""

    name = "rule"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Rule:  # noqa: ARG002 - click's interface
        """Text into a rule; what is none is an error of usage."""
        from gridtandem.study.rules import Rule

        return Rule.read(str(value))


def _cases() -> Iterable[str]:
    from gridtandem.cases.named import catalogue

    return (str(name) for name in catalogue().name)


def _runs() -> Iterable[str]:
    from gridtandem.study.shelf import names_in

    return names_in()


def _schemes() -> Iterable[str]:
    from gridtandem.study.kinds import all_schemes
    from gridtandem.study.setting import AUTO

    return (*all_schemes(), AUTO)


CASE = Name("case", _cases, files=True)
RUN = Name("run", _runs, files=True)
RUN_OR_CASE = Name("run or case", lambda: (*_runs(), *_cases()), files=True)
SCHEME = Name("scheme", _schemes)
