"""Two architectures beside each other: who comes and goes, and which statements.

Nodes are the same by name; of those left over, by role and tier where there is one such on either side.
Statements are the same by word, ends and item.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

from gridtandem.architecture.graph import Graph
from gridtandem.architecture.statements import Value, node_entries, statement_entries
from gridtandem.tables import Names, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Changes(Table):
    """What differs, in words; empty where it is not there."""

    kind: ClassVar[str] = "changes"
    part: Names = column("head, node or statement", dtype="U")
    what: Names = column("which one, in the names of the second", dtype="U")
    before: Names = column("what the first says", dtype="U")
    after: Names = column("what the second says", dtype="U")


def changes(first: Graph, second: Graph) -> Changes:
    """From the first to the second; a node of another name but the same place is told as renamed."""
    same = counterparts(first, second)
    nodes = {same.get(str(e["name"]), str(e["name"])): e for e in node_entries(first)}, {str(e["name"]): e for e in node_entries(second)}
    statements = {_key(e, same): e for e in statement_entries(first)}, {_key(e, {}): e for e in statement_entries(second)}
    rows = [("head", "family", first.family, second.family)] if first.family != second.family else []
    for part, (before, after), ends in (("node", nodes, ("role", "tier")), ("statement", statements, ("confidence",))):
        for key in (*before, *(k for k in after if k not in before)):
            row = _differing(before.get(key), after.get(key), ends)
            if row is not None:
                rows.append((part, key, *row))
    columns = ("part", "what", "before", "after")
    return Changes.of({name: [row[k] for row in rows] for k, name in enumerate(columns)}) if rows else Changes.empty()


def counterparts(first: Graph, second: Graph) -> dict[str, str]:
    """Names of the first that the second calls otherwise."""
    left, right = (
        {str(n): (str(r), int(t)) for n, r, t in zip(g.nodes.name, g.nodes.role, g.nodes.tier, strict=True) if n not in other.nodes.name}
        for g, other in ((first, second), (second, first))
    )
    once = {place for place, count in Counter(left.values()).items() if count == 1}
    theirs = {place: name for name, place in right.items() if list(right.values()).count(place) == 1}
    return {name: theirs[place] for name, place in left.items() if place in once and place in theirs}


def _key(entry: Mapping[str, Value], same: Mapping[str, str]) -> str:
    a, b = (same.get(str(entry[end]), str(entry[end])) for end in ("from", "to"))
    return " ".join(filter(None, (str(entry["word"]), a, ">", b, str(entry.get("item", "")))))


def _differing(before: Mapping[str, Value] | None, after: Mapping[str, Value] | None, short: tuple[str, ...]) -> tuple[str, str] | None:
    """Both sides in words: what differs; a side that stands alone says what it is."""
    if before is None or after is None:
        told = ", ".join(f"{key} {(before or after or {})[key]}" for key in short)
        return (told, "") if before is not None else ("", told)
    ours, theirs = ({k: v for k, v in e.items() if k not in ("name", "from", "to", "source")} for e in (before, after))
    keys = [k for k in {**ours, **theirs} if ours.get(k) != theirs.get(k)]
    return (_told(ours, keys), _told(theirs, keys)) if keys else None


def _told(entry: Mapping[str, Value], keys: list[str]) -> str:
    return ", ".join(f"{key} {entry[key]}" if key in entry else f"no {key}" for key in keys)
