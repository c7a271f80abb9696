"""Architectures as TOML, one in each file: a head, ``nodes`` and ``statements``, one entry a line. ``base`` names a published one to start from."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from gridtandem.architecture.graph import Graph
from gridtandem.architecture.statements import Description, Entry, Value, node_entries, statement_entries
from gridtandem.errors import AlreadyThere, Fault, InvalidCase

HEAD = ("id", "name", "source", "family")


def read_toml(text: str, file: str, *, base: Graph | None = None) -> Graph:
    """The architecture of a text, or one refusal that tells all its faults; ``base`` is the graph that it names, if it names one."""
    whole, faults = parsed(text, file), list[Fault]()
    for key in whole:
        if key not in (*HEAD, "base", "nodes", "statements"):
            faults.append(Fault("architecture", f"has {key!r}", f"keys are: {', '.join(HEAD)}, base, nodes, statements", "arch-040", place=file))
    for key in HEAD:
        if not isinstance(whole.get(key), str):
            faults.append(Fault("architecture", "is missing or no word", "add it, in quotes", "arch-041", column=key, place=file))
    own = {key: _entries(whole.get(key, []), text, key) for key in ("nodes", "statements")}
    for key, entries in own.items():
        if entries is None:
            faults.append(Fault("architecture", "is no list of entries", f"write {key} = [ {{…}}, … ]", "arch-042", column=key, place=file))
    before = [[Entry(e) for e in each(base)] if base else [] for each in (node_entries, statement_entries)]
    nodes, statements = (*before[0], *(own["nodes"] or ())), (*before[1], *(own["statements"] or ()))
    id_, name, source, family = (str(whole.get(key, "")) for key in HEAD)
    return Description(id_, name, source, family, nodes, statements, file, tuple(faults)).graph()


def parsed(text: str, file: str) -> dict[str, object]:
    """The TOML itself."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise InvalidCase([Fault("file", f"is no TOML: {e}", "correct it there", "arch-043", place=file)]) from e


def write_toml(graph: Graph) -> str:
    """The architecture as TOML, one node or statement a line; reading it gives the same graph."""
    head = [f"{key} = {_told(getattr(graph, key))}" for key in HEAD]
    return "\n".join([*head, "", *_list("nodes", node_entries(graph)), "", *_list("statements", statement_entries(graph)), ""])


def save_all(graphs: Sequence[Graph], folder: Path) -> list[Path]:
    """Write them into a folder under their names; what stands there is never replaced, and then nothing is written."""
    paths = [folder / f"{graph.id}.toml" for graph in graphs]
    for path in paths:
        if path.exists():
            raise AlreadyThere(f"{path} is there already; take another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for path, graph in zip(paths, graphs, strict=True):
        path.write_text(write_toml(graph), encoding="utf-8", newline="\n")
    return paths


def _entries(given: object, text: str, key: str) -> tuple[Entry, ...] | None:
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        return None
    lines = _lines(text, key)
    known = len(lines) == len(given)
    return tuple(Entry(each, lines[k] if known else 0) for k, each in enumerate(given))


def _lines(text: str, key: str) -> list[int]:
    """Lines on which entries begin: of a list, one a line, or of [[sections]]."""
    out, inside = list[int](), False
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*\[\[\s*{key}\s*\]\]", line):
            out.append(number)
        if opened := re.match(rf"\s*{key}\s*=\s*\[", line):
            inside = True
            line = line[opened.end() :]
        if inside and re.match(r"\s*\{", line):
            out.append(number)
        if inside and re.match(r"\s*\]", line):
            inside = False
    return out


def _list(key: str, entries: Iterable[Mapping[str, Value]]) -> list[str]:
    rows = ["    { " + ", ".join(f"{name} = {_told(value)}" for name, value in each.items()) + " }," for each in entries]
    return [f"{key} = [", *rows, "]"]


def _told(value: object) -> str:
    """A value as TOML writes it; JSON does the same for words, numbers, yes and no, and short lists of them."""
    return json.dumps(value, ensure_ascii=False)
