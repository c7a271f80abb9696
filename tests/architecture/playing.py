"""Architectures to play with: published ones, the same with a statement more or less, and small ones in lines."""

from __future__ import annotations

from functools import cache

from gridtandem.architecture.catalogue import architecture
from gridtandem.architecture.graph import Graph
from gridtandem.architecture.lines import read_lines
from gridtandem.architecture.simulation.derived import derived
from gridtandem.architecture.simulation.play import Play, Way
from gridtandem.architecture.statements import Description, Entry, Value, node_entries, statement_entries

HEAD = 'ARCH X "made up" src=test family=Hybrid\n'
FOUR = "N T role=TSO tier=1 org=T\nN D role=DSO tier=2 org=D\nN A role=AGG tier=3 org=A\nN x role=DER tier=4 org=C cap=1\n"
PLATFORM = FOUR + "N P role=FMP tier=1 org=P {}\norder T P\norder D P\ndisp P A\ndisp A x\n"


@cache
def play(name: str) -> Play:
    return derived(architecture(name))


def of_lines(text: str) -> Play:
    return derived(read_lines(HEAD + text, "test.txt")[0])


def changed(graph: Graph, without: str = "", *added: str) -> Graph:
    """The same architecture without one statement and with some, each as ``word A B [key=value]``."""
    kept: list[dict[str, Value]] = [s for s in statement_entries(graph) if f"{s['word']} {s['from']} {s['to']}" != without]
    for text in added:
        word, a, b, *more = text.split()
        kept.append({"word": word, "from": a, "to": b, **dict(pair.split("=") for pair in more)})
    nodes = tuple(Entry(n) for n in node_entries(graph))
    return Description(graph.id, graph.name, graph.source, graph.family, nodes, tuple(map(Entry, kept))).graph()


def ways(found: Play) -> dict[str, tuple[Way, str]]:
    return {str(found.graph.nodes.name[c.customer]): (c.way, c.letter) for c in found.classes}
