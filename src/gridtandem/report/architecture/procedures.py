"""What architectures would do, in words and for machines: one with the way of each class and its reasons, many as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias, final

from gridtandem.architecture.simulation.derived import derived, knowing, plays
from gridtandem.architecture.simulation.play import PROCEDURES, Play, Reached
from gridtandem.report.architecture.verdicts import asked
from gridtandem.report.tables import as_records, plain
from gridtandem.study.provenance import provenance
from gridtandem.tables import Names, Real, Table, column

SCHEMA = "tandem/architecture-procedures/1"
ALL = 10_000  # rows: all of them
SORTS = ("bulk", "network", "through", "control", "own", "priced")
Told: TypeAlias = tuple[Play, tuple[Play, ...]]  # as it is taken, and over everything that is unknown


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Ways(Table):
    """One class of customers a row."""

    kind: ClassVar[str] = "ways"
    customers: Names = column("class of customers", dtype="U", unique=True)
    share: Real = column("part of all flexible power")
    procedure: Names = column("letter of the procedure", dtype="U")
    way: Names = column("how the class comes to a set-point", dtype="U")
    chains: Names = column("along whom", dtype="U")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Procedures(Table):
    """One architecture a row."""

    kind: ClassVar[str] = "procedures"
    id: Names = column("short name", dtype="U")
    procedure: Names = column("letter of most flexible power", dtype="U")
    unknown: Names = column("letters over everything that is unknown, where they are several", dtype="U")
    clears: Names = column("who clears the bulk market or the platform", dtype="U")
    limits_known_to: Names = column("who decides with limits of distribution before him", dtype="U")
    links: Names = column("links between tiers 1 and 2 on which it depends", dtype="U")
    ways: Names = column("how classes come to a set-point", dtype="U")


def procedures(which: str, *, arb: float | None = None, unsure: bool = False) -> tuple[Told, ...]:
    """What one architecture, those of a file, or ``all`` published ones would do: the twin of ``tandem architecture procedure``."""
    return tuple((derived(graph, arb=arb, unsure=unsure), plays(graph)) for graph in asked(which))


def in_words(found: Sequence[Told]) -> str:
    """One architecture with its reasons, or several as a table."""
    return "\n".join(_one(*found[0])) if len(found) == 1 else _many(found)


def ways(play: Play) -> Ways:
    """The table of one architecture."""
    return Ways.of(
        {
            "customers": [_name(play, c.customer) for c in play.classes], "share": [c.share for c in play.classes],
            "procedure": [c.letter for c in play.classes], "way": [_way(c) for c in play.classes],
            "chains": ["; ".join(_chain(play, p) for p in c.taken) for c in play.classes],
        }
    )  # fmt: skip


def table(found: Sequence[Told]) -> Procedures:
    """Many architectures."""
    every = [play for play, _ in found]
    return Procedures.of(
        {
            "id": [p.graph.id for p in every], "procedure": [p.procedure for p in every], "unknown": [_letters(others) for _, others in found],
            "clears": [_name(p, p.bulk) for p in every], "limits_known_to": [_names(p, knowing(p)) or "nobody" for p in every],
            "links": [_links(p) or "none" for p in every], "ways": [", ".join(dict.fromkeys(_way(c) for c in p.classes)) for p in every],
        }
    )  # fmt: skip


def _one(play: Play, others: tuple[Play, ...]) -> Iterator[str]:
    yield f"{play.graph.id}  {play.graph.name}"
    yield f"{play.procedure}  {PROCEDURES[play.procedure]}\n"
    yield plain(ways(play), rows=ALL)
    yield ""
    yield from (f"{_way(c)}: {c.way.value}" for c in {c.way: c for c in play.classes}.values())
    yield "\nbecause"
    yield from (f"  {_name(play, c.customer)}  {c.reason}" for c in play.classes)
    yield f"\nclears            {_name(play, play.bulk)}"
    yield f"distribution      {_names(play, play.networks) or 'takes no part'}"
    yield f"limits known to   {_names(play, knowing(play)) or 'nobody'}" + (f", along {_chain(play, play.models)}" if play.models else "")
    yield f"depends on links  {_links(play) or 'none'}"
    boxed = dict.fromkeys(_name(play, c.boxed_at) for c in play.classes if c.boxed_at >= 0)
    yield from ([f"envelopes reach   {', '.join(boxed)}"] if boxed else [])
    yield from ([f"also buying       {_names(play, play.buyers)}"] if play.buyers else [])
    if len(others) > 1:
        yield "\nover everything that is unknown"
        yield from (f"  {p.procedure}  " + "; ".join(p.reasons) for p in others)


def _many(found: Sequence[Told]) -> str:
    used = dict.fromkeys(letter for letter in PROCEDURES if any(letter == c.letter for _, others in found for p in others for c in p.classes))
    legend = [f"{letter:<4} {PROCEDURES[letter]}" for letter in used]
    return "\n".join([plain(table(found), rows=ALL), "", *legend])


def document(found: Sequence[Told]) -> dict[str, object]:
    """Everything for machines: all chains, and the other plays over what is unknown."""
    told = [_record(play) | {"unknown": [_record(p) for p in others] if len(others) > 1 else []} for play, others in found]
    return {"schema": SCHEMA, "architectures": told, "procedures": dict(PROCEDURES), "made_with": provenance()}


def _record(play: Play) -> dict[str, object]:
    return {
        "id": play.graph.id, "name": play.graph.name, "procedure": play.procedure, "clears": _name(play, play.bulk),
        "networks": [_name(play, k) for k in play.networks], "limits_known_to": [_name(play, k) for k in knowing(play)],
        "models": None if play.models is None else [_name(play, k) for k in play.models],
        "links": [[_name(play, k) for k in link] for link in play.links], "buyers": [_name(play, k) for k in play.buyers], "arb": play.arb,
        "classes": [row | _of_class(play, c) for row, c in zip(as_records(ways(play)), play.classes, strict=True)], "reasons": list(play.reasons),
    }  # fmt: skip


def _of_class(play: Play, c: Reached) -> dict[str, object]:
    every = {sort: [[_name(play, k) for k in chain] for chain in getattr(c, sort)] for sort in SORTS}
    return {"chains": every, "envelope_at": _name(play, c.boxed_at) if c.boxed_at >= 0 else None, "reason": c.reason}


def _way(c: Reached) -> str:
    return c.way.name.lower()


def _name(play: Play, node: int) -> str:
    return str(play.graph.nodes.name[node])


def _names(play: Play, nodes: Sequence[int]) -> str:
    return ", ".join(_name(play, k) for k in nodes)


def _chain(play: Play, chain: Sequence[int]) -> str:
    return " > ".join(_name(play, k) for k in chain)


def _links(play: Play) -> str:
    return ", ".join(_chain(play, link) for link in play.links)


def _letters(others: Sequence[Play]) -> str:
    found = dict.fromkeys(p.procedure for p in others)
    return " ".join(found) if len(found) > 1 else ""
