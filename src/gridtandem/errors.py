"""The few errors. Each says where, what, and how to mend it. An iteration that does not converge is a result, not an error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher, get_close_matches
from importlib import import_module
from types import ModuleType
from typing import final


@final
@dataclass(frozen=True, slots=True)
class Fault:
    """One broken promise in the data."""

    table: str
    what: str
    mend: str
    code: str  # stable; explained in docs/reference/faults.md
    column: str = ""
    row: int = -1  # counted from 0; −1: the whole table
    label: str = ""  # the row's name
    place: str = ""  # company folder or file, once known

    def at(self, place: str) -> Fault:
        """The same fault, addressed to a file or folder."""
        return replace(self, place=f"{place}/{self.place}" if self.place else place)

    def __str__(self) -> str:
        cell = f"{self.table}[{self.label}]" if self.label else self.table
        cell += f".{self.column}" if self.column else ""
        return f"{self.place + ': ' if self.place else ''}{cell} {self.what}; {self.mend} ({self.code})"


class TandemError(Exception):
    """Base of all errors this package raises on purpose; ``exit_code`` is what the command line returns."""

    exit_code = 1


@final
class InvalidCase(TandemError, ValueError):
    """The data break at least one promise; ``faults`` lists every one."""

    exit_code = 3
    shown = 20

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        lines = [f"  - {f}" for f in self.faults[: self.shown]]
        if len(self.faults) > self.shown:
            lines.append(f"  … and {len(self.faults) - self.shown} more")
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__(f"{count} in the data:\n" + "\n".join(lines))


def _nearest(name: str, known: Sequence[str]) -> str:
    """The same name in other capitals, else the most similar one with two letters or more in common; empty if there is none."""
    plain = {word.lower(): word for word in reversed(known)}
    near = next(iter(get_close_matches(name.lower(), plain, n=1, cutoff=0.5)), "")
    shared = sum(block.size for block in SequenceMatcher(None, near, name.lower()).get_matching_blocks())
    return plain[near] if shared > 1 or near == name.lower() != "" else ""


@final
class UnknownName(TandemError, LookupError):
    """A name that nothing here carries."""

    exit_code = 2

    def __init__(self, what: str, name: str, known: Sequence[str], *, hint: str = "") -> None:
        self.name, self.known = name, tuple(known)
        near = _nearest(name, known)
        some = ", ".join(list(known)[:8]) + (", …" if len(known) > 8 else "")
        super().__init__(f"no {what} named {name!r}; " + (hint or f"did you mean {near!r}?" if hint or near else f"known: {some or 'none'}"))

    def __str__(self) -> str:
        return str(self.args[0])


@final
class Unreadable(TandemError, ValueError):
    """A word from a person that has no meaning where it stands."""

    exit_code = 2


@final
class AlreadyThere(TandemError, FileExistsError):
    """Something would be overwritten that may be dear to somebody."""

    exit_code = 2


@final
class Unavailable(TandemError, OSError):
    """A file that cannot be written, or that somebody else is writing."""

    exit_code = 2


@final
class CannotAnswer(TandemError, TypeError):
    """A party was asked something outside its contract."""

    exit_code = 2


@final
class NotAgreed(TandemError, RuntimeError):
    """The scheme ended without agreement, and somebody asked for its result all the same."""

    exit_code = 5


@final
class Unsolved(TandemError, RuntimeError):
    """A program that had to have an answer has none."""

    exit_code = 4


@final
class MissingPackage(TandemError, ImportError):
    """An optional package is needed for this feature."""

    exit_code = 2


def need(module: str, *, purpose: str, extra: str) -> ModuleType:
    """Import an optional package, or say which extra brings it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as e:
        raise MissingPackage(f"{purpose} needs {module!r}: pip install 'gridtandem[{extra}]'") from e
