"""Published architectures by name, one file each, and whatever a user wrote: all are found by one function."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from gridtandem.architecture.files import parsed, read_toml
from gridtandem.architecture.graph import Graph
from gridtandem.architecture.lines import read_lines
from gridtandem.architecture.use_cases.read import is_use_case
from gridtandem.errors import Fault, InvalidCase, UnknownName


def names() -> tuple[str, ...]:
    """Published architectures, in alphabetical order."""
    return tuple(sorted(each.name.removesuffix(".toml") for each in (files(__package__) / "published").iterdir() if each.name.endswith(".toml")))


def published() -> tuple[Graph, ...]:
    """All of them."""
    return tuple(map(_published, names()))


def architecture(what: str) -> Graph:
    """A published architecture, or one of a file: ``UK2``, ``mine.toml``, or ``mine.txt:A`` where a text holds several."""
    if what in names():
        return _published(what)
    path, _, wanted = what.rpartition(":") if not Path(what).exists() and ":" in what else (what, "", "")
    if not Path(path).is_file():
        raise UnknownName("architecture or file", what, names())
    found = {graph.id: graph for graph in architectures(Path(path))}
    if not wanted and len(found) == 1:
        return next(iter(found.values()))
    if wanted not in found:
        raise UnknownName(f"architecture in {path}", wanted, list(found), hint="" if wanted else f"say which: {path}:{next(iter(found))}")
    return found[wanted]


def architectures(path: Path) -> tuple[Graph, ...]:
    """All architectures of a file: one of a TOML file, any number of a text in the line grammar."""
    text = text_of(path)
    if is_use_case(path):
        mend = f"read it first: tandem architecture import {path}"
        raise InvalidCase([Fault("file", "is a page of tables, as use-cases are", mend, "arch-066", place=str(path))])
    if path.suffix != ".toml":
        return read_lines(text, str(path))
    base = parsed(text, str(path)).get("base")
    return (read_toml(text, str(path), base=None if base is None else _published(str(base))),)


def text_of(path: Path) -> str:
    """The text of a file, or one refusal if it is none."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as e:
        raise InvalidCase([Fault("file", "is no text", "save it as UTF-8", "arch-014", place=str(path))]) from e


def _published(name: str) -> Graph:
    if name not in names():
        raise UnknownName("published architecture", name, names())
    return read_toml((files(__package__) / "published" / f"{name}.toml").read_text(encoding="utf-8"), f"{name}.toml")
