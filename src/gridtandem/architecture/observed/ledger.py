"""The ledger of messages of a simulation as an architecture: the same nodes, and only those lines along which something went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from gridtandem.architecture.graph import COORD, INFO, INSTR, KINDS, NOEDGE, Graph
from gridtandem.architecture.statements import Description, Entry, Value, leading, node_entries, statement_entries
from gridtandem.tables import Names

GUESSED = "advisory"  # strength of an agreement that nobody declared
Line: TypeAlias = tuple[str, str, str, str]  # word, from, to, item


class Messages(Protocol):
    """As much of a ledger as says who told whom what: a row for each sender, receiver, word and item."""

    @property
    def sender(self) -> Names: ...
    @property
    def receiver(self) -> Names: ...
    @property
    def word(self) -> Names: ...
    @property
    def item(self) -> Names: ...


def observed(graph: Graph, messages: Messages) -> Graph:
    """The declared graph with only what was used, and what was used without being declared.

    A statement was used if something went along its leading edge, with its item where it names one. Reports and bids belong to a dispatch that was
    used; those of one that never was stand for themselves. A link that its source denies stays denied where nothing went. What was used is certain.
    """
    columns = (messages.word, messages.sender, messages.receiver, messages.item)
    lines: list[Line] = list(dict.fromkeys(zip(*(map(str, column.tolist()) for column in columns), strict=True)))
    met = {frozenset(line[1:3]) for line in lines}
    names, edges = graph.nodes.name.tolist(), graph.edges
    kept, there = list[dict[str, Value]](), set[int]()
    for row, said in zip(leading(edges), statement_entries(graph), strict=True):
        denied = edges.what[row] == NOEDGE and {said["from"], said["to"]} not in met
        if denied or any(_goes(graph, names, row, line) for line in lines):
            kept.append({key: value for key, value in said.items() if key != "unsure"} | {"confidence": 1.0})
            there.add(int(edges.statement[row]))
    held = [row for row, statement in enumerate(edges.statement.tolist()) if statement in there]
    new = dict.fromkeys(_stated(line) for line in lines if not any(_goes(graph, names, row, line) for row in held))
    kept += [
        {"word": w, "from": a, "to": b, **({"strength": GUESSED} if w == "coord" else {"item": i} if i else {}), "source": "ledger"}
        for w, a, b, i in new
    ]  # fmt: skip
    head = f"{graph.id}-observed", f"{graph.name}, as observed", f"ledger of a simulation of {graph.id}", graph.family
    return Description(*head, tuple(map(Entry, node_entries(graph))), tuple(map(Entry, kept))).graph()


def _goes(graph: Graph, names: Sequence[str], row: int, line: Line) -> bool:
    """Whether a line of the ledger went along an edge. An edge that names no item may carry any; agreements carry information too."""
    word, a, b, item = line
    edges, what = graph.edges, int(graph.edges.what[row])
    ends = names[edges.from_node[row]], names[edges.to_node[row]]
    if what == COORD:
        return word in ("coord", "info") and (a, b) in (ends, ends[::-1])
    if (a, b) != ends or what == NOEDGE:
        return False
    if what == INSTR:
        return bool(word == edges.word[row])
    told = str(edges.item[row]) if edges.word[row] == "info" else ""
    return word == KINDS[what] and (what != INFO or told in ("", item))


def _stated(line: Line) -> Line:
    """A statement for what nobody declared; an agreement holds both ways, so its ends stand in alphabetical order."""
    word, a, b, item = line
    if word == "coord":
        return word, *sorted((a, b)), ""  # type: ignore[return-value]  # two ends
    return word, a, b, item if word == "info" and item != "info" else ""
