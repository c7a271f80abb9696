"""The ledger of messages of a simulation as an architecture: the same nodes, and only those lines along which something went."""

from __future__ import annotations

from typing import Protocol

from gridtandem.architecture.graph import Graph
from gridtandem.architecture.statements import Description, Entry, Value, node_entries, statement_entries
from gridtandem.tables import Names

GUESSED = "advisory"  # strength of an agreement that nobody declared
ANSWERS = {"disp": ("info", "bid"), "ctl": ("info",)}  # what goes back and belongs to it


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

    A statement was used if a message of its word went its way, with its item where it names one. Reports and bids belong to a dispatch that was used;
    those of one that never was stand for themselves. A link that its source denies stays denied where nothing went. What was used is certain.
    """
    rows = zip(*(column.tolist() for column in (messages.word, messages.sender, messages.receiver, messages.item)), strict=True)
    left: dict[tuple[str, str, str, str], None] = dict.fromkeys(map(_alike, rows))
    met = {frozenset(row[1:3]) for row in left}
    kept = list[dict[str, Value]]()
    for said in statement_entries(graph):
        word, a, b, item = _alike([str(said.get(key, "")) for key in ("word", "from", "to", "item")])
        own = [row for row in left if row[:3] == (word, a, b) and item in ("", row[3])]
        if own or (word == "noedge" and {a, b} not in met):
            kept.append({key: value for key, value in said.items() if key != "unsure"} | {"confidence": 1.0})
            left = {row: None for row in left if row not in own}
    back = {(word, str(s["to"]), str(s["from"]), "") for s in kept for word in ANSWERS.get(str(s["word"]), ())}
    for word, a, b, item in (row for row in left if (*row[:3], "") not in back):
        more: dict[str, Value] = {"strength": GUESSED} if word == "coord" else {"item": item} if item else {}
        kept.append({"word": word, "from": a, "to": b, **more, "source": "ledger"})
    head = f"{graph.id}-observed", f"{graph.name}, as observed", f"ledger of a simulation of {graph.id}", graph.family
    return Description(*head, tuple(map(Entry, node_entries(graph))), tuple(map(Entry, kept))).graph()


def _alike(row: list[str] | tuple[str, ...]) -> tuple[str, str, str, str]:
    """An agreement holds both ways, so its ends stand in alphabetical order, and it is about nothing in particular."""
    word, a, b, item = row
    return (word, *sorted((a, b)), "") if word == "coord" else (word, a, b, item)  # type: ignore[return-value]  # two ends
