"""Architectures as tables and documents: the list, one of them, two beside each other, and the words of a region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.architecture.difference import Changes, counterparts
from gridtandem.architecture.graph import AUTHORITIES, INSTR, KINDS, STRENGTHS, Graph
from gridtandem.architecture.statements import leading
from gridtandem.architecture.words import REGIONS, words
from gridtandem.report.tables import as_records, plain
from gridtandem.tables import Index, Names, Real, Table, column

ALL = 10_000  # rows: all of them


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Listed(Table):
    """One architecture a row."""

    kind: ClassVar[str] = "architectures"
    id: Names = column("short name", dtype="U", unique=True)
    family: Names = column("who dispatches at large", dtype="U")
    nodes: Index = column("how many take part", dtype="i8")
    statements: Index = column("how many relations they have", dtype="i8")
    name: Names = column("what it describes", dtype="U")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Part(Table):
    """A node for readers."""

    kind: ClassVar[str] = "nodes"
    node: Names = column("name of the node", dtype="U")
    role: Names = column("what it does, in the words asked for", dtype="U")
    tier: Index = column("1 bulk, 2 distribution, 3 edge, 4 customer", dtype="i8")
    org: Names = column("its owner", dtype="U")
    share: Real = column("part of all flexible power")
    instances: Index = column("how many there are", dtype="i8")
    remarks: Names = column("what else is known", dtype="U")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Relation(Table):
    """A statement for readers."""

    kind: ClassVar[str] = "statements"
    word: Names = column("what kind of statement", dtype="U")
    from_node: Names = column("who tells", dtype="U")
    to_node: Names = column("who is told", dtype="U")
    means: Names = column("edges that follow, < against the statement", dtype="U")
    item: Names = column("what is told", dtype="U")
    latency_s: Real = column("typical delay", unit="s")
    confidence: Real = column("how sure the source is")
    remarks: Names = column("what else is known", dtype="U")


def listed(graphs: Sequence[Graph]) -> Listed:
    """The catalogue as a table."""
    return Listed.of(
        {
            "id": [g.id for g in graphs], "family": [g.family for g in graphs], "name": [g.name for g in graphs],
            "nodes": [len(g.nodes) for g in graphs], "statements": [len(leading(g.edges)) for g in graphs],
        }
    )  # fmt: skip


def parts(graph: Graph, region: str | None = None) -> Part:
    """Nodes, roles in the words of a region."""
    nodes, known = graph.nodes, words()
    remarks = []
    for k in range(len(nodes)):
        agent = f"agent of {nodes.name[nodes.agent_of[k]]}" if nodes.agent_of[k] >= 0 else ""
        arb = f"settles between buyers {nodes.arb_low[k]:g} to {nodes.arb_high[k]:g}" if nodes.arb_high[k] > 0 else ""
        flags = ((nodes.own[k], "own objective"), (nodes.network_aware[k], "sees distribution limits"), (nodes.trusted[k], "trusted"))
        remarks.append("; ".join(filter(None, (*(word for yes, word in flags if yes), arb, agent))))
    return Part.of(
        {
            "node": nodes.name, "role": [known.of(role, region) if region else role for role in nodes.role.tolist()], "tier": nodes.tier,
            "org": nodes.org, "share": nodes.share, "instances": nodes.instances, "remarks": remarks,
        }
    )  # fmt: skip


def relations(graph: Graph) -> Relation:
    """Statements, each with the edges it stands for."""
    edges, names, rows = graph.edges, graph.nodes.name, leading(graph.edges)
    remarks = [
        "; ".join(filter(None, (STRENGTHS[edges.strength[k]], "presence unknown" if edges.unsure[k] else "", str(edges.source[k])))) for k in rows
    ]
    return Relation.of(
        {
            "word": edges.word[rows], "from_node": names[edges.from_node[rows]], "to_node": names[edges.to_node[rows]],
            "means": [_means(graph, k) for k in rows], "item": edges.item[rows], "latency_s": edges.latency_s[rows],
            "confidence": edges.confidence[rows], "remarks": remarks,
        }
    ) if rows else Relation.empty()  # fmt: skip


def _means(graph: Graph, first: int) -> str:
    edges = graph.edges
    own = np.flatnonzero(edges.statement == edges.statement[first]).tolist()
    told = (AUTHORITIES[edges.authority[k]] if edges.what[k] == INSTR else KINDS[edges.what[k]] for k in own)
    return " ".join(word if edges.from_node[k] == edges.from_node[first] else f"<{word}" for k, word in zip(own, told, strict=True))


def listed_in_words(graphs: Sequence[Graph], region: str | None = None) -> str:
    """The catalogue, and with a region what roles are called there."""
    told = [plain(listed(graphs), rows=ALL)]
    if region:
        told += ["", f"In the words of {region}:", *(f"  {role:<5} {words().of(role, region)}" for role in words().roles)]
        told += [f"  beware: {trap.term} is {trap.here}; elsewhere: {trap.elsewhere}" for trap in words().traps_of(region)]
    return "\n".join(told)


def listed_document(graphs: Sequence[Graph], region: str | None = None) -> dict[str, object]:
    """The same for machines."""
    own = {role: words().of(role, region) for role in words().roles} if region else {}
    return {"schema": "tandem/architectures/1", "architectures": as_records(listed(graphs)), "words": own}


def shown_in_words(graph: Graph, region: str | None = None) -> str:
    """One architecture: where it comes from, who takes part, what they tell each other."""
    head = [f"{graph.id}  {graph.name}", f"family {graph.family}; source {graph.source}", ""]
    return "\n".join([*head, plain(parts(graph, region), rows=ALL), "", plain(relations(graph), rows=ALL)])


def shown_document(graph: Graph, region: str | None = None) -> dict[str, object]:
    """The same for machines."""
    head: dict[str, object] = {key: getattr(graph, key) for key in ("id", "name", "source", "family")}
    return {"schema": "tandem/architecture/1", **head, "nodes": as_records(parts(graph, region)), "statements": as_records(relations(graph))}


def difference_in_words(first: Graph, second: Graph, found: Changes) -> str:
    """What differs, or that nothing does; nodes of other names at the same place first."""
    renamed = [f"{a} is called {b} in {second.id}" for a, b in counterparts(first, second).items()]
    table = plain(found, rows=ALL) if len(found) else "nothing else differs" if renamed else "nothing differs"
    return "\n".join([f"from {first.id} {first.name}", f"to   {second.id} {second.name}", *renamed, "", table])


def difference_document(first: Graph, second: Graph, found: Changes) -> dict[str, object]:
    """The same for machines."""
    told = {"from": first.id, "to": second.id, "renamed": counterparts(first, second)}
    return {"schema": "tandem/architecture-difference/1", **told, "changes": as_records(found)}


def words_in_words() -> str:
    """Functions by region, words that mislead, and what the words mean."""
    known = words()
    lines = [f"{'':<24}" + "".join(f"{region:<20}" for region in REGIONS).rstrip()]
    for name, said in known.functions.items():
        lines.append(f"{name.replace('_', ' '):<24}" + "".join(f"{'/'.join(said[region]):<20}" for region in REGIONS).rstrip())
    lines += ["", *(f"beware: {trap.term} in {', '.join(trap.regions)}: {trap.here}; elsewhere: {trap.elsewhere}" for trap in known.traps), ""]
    return "\n".join([*lines, *(f"{term:<18}{meaning}" for term, meaning in known.glossary.items())])


def words_document() -> dict[str, object]:
    """The same for machines."""
    known = words()
    traps = [{"term": t.term, "regions": list(t.regions), "here": t.here, "elsewhere": t.elsewhere} for t in known.traps]
    return {"schema": "tandem/architecture-words/1", "functions": dict(known.functions), "traps": traps, "glossary": dict(known.glossary)}
