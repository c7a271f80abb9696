"""Statements: what people write of an architecture, node by node and line by line, and the graph that follows from it.

A word stands for the edges it means:

=========  ==================================================================================
disp A B   A dispatches B by a market: set-point down, information and a bid up
ctl A B    A controls B: set-point down, information up
lim A B    A bounds B: a limit down, such as an operating envelope
veto A B   A may stop what B decided
order A B  A has the platform B activate: an order
coord A B  both plan together, bound by a joint decision, by limits, or by advice
info, bid, price, settle   one edge each
noedge     the source says that there is no link
=========  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias, final

from gridtandem.architecture import graph as g
from gridtandem.architecture.graph import ITEMS, STRENGTHS, Edges, Graph, Nodes
from gridtandem.errors import Fault, InvalidCase

Value: TypeAlias = str | int | float | bool | list[float]

WORDS: Mapping[str, tuple[tuple[int, int, bool], ...]] = {  # kind, authority, and whether it goes the way of the statement
    "disp": ((g.INSTR, g.SETPOINT, True), (g.INFO, g.NO_AUTHORITY, False), (g.BID, g.NO_AUTHORITY, False)),
    "ctl": ((g.INSTR, g.SETPOINT, True), (g.INFO, g.NO_AUTHORITY, False)),
    "lim": ((g.INSTR, g.LIMIT, True),),
    "veto": ((g.INSTR, g.VETO, True),),
    "order": ((g.INSTR, g.ORDER, True),),
    "coord": ((g.COORD, g.NO_AUTHORITY, True),),
    "info": ((g.INFO, g.NO_AUTHORITY, True),),
    "bid": ((g.BID, g.NO_AUTHORITY, True),),
    "price": ((g.PRICE, g.NO_AUTHORITY, True),),
    "settle": ((g.SETTLE, g.NO_AUTHORITY, True),),
    "noedge": ((g.NOEDGE, g.NO_AUTHORITY, True),),
}
AMONG_CONTROL_ROOMS_S, POLLED_S, CLOUD_S = 4.0, 300.0, 60.0  # a telemetry scan; a dispatch or polling cycle; an aggregator's own cloud
INSTANCES = {"TSO": 1, "TO": 1, "MO": 1, "FMP": 1, "DSO": 20, "DO": 20, "AGG": 50, "RET": 10, "SUP": 10, "LSE": 10, "DER": 1_000_000}

NODE_KEYS: Mapping[str, tuple[type, ...]] = {
    "name": (str,), "role": (str,), "tier": (int,), "org": (str,), "share": (float, int), "own": (bool,), "network_aware": (bool,), "arb": (list,),
    "trusted": (bool,), "instances": (int,), "agent_of": (str,),
}  # fmt: skip
STATEMENT_KEYS: Mapping[str, tuple[type, ...]] = {
    "word": (str,), "from": (str,), "to": (str,), "strength": (str,), "item": (str,), "latency_s": (float, int), "confidence": (float, int),
    "unsure": (bool,), "source": (str,),
}  # fmt: skip
NEEDED = {"nodes": ("name", "role", "tier", "org"), "statements": ("word", "from", "to")}


@final
@dataclass(frozen=True, slots=True)
class Entry:
    """A node or a statement as written."""

    said: Mapping[str, Value]
    line: int = 0


@final
@dataclass(frozen=True, slots=True)
class Description:
    """An architecture as written; ``base`` names another whose nodes and statements come first."""

    id: str
    name: str
    source: str
    family: str
    nodes: tuple[Entry, ...]
    statements: tuple[Entry, ...]
    file: str = ""
    faults: tuple[Fault, ...] = ()  # of reading

    def graph(self) -> Graph:
        """The graph, or one refusal that tells all faults."""
        bad_nodes = {k: found for k, e in enumerate(self.nodes) if (found := list(self._entry_faults("nodes", NODE_KEYS, e)))}
        nodes = [e for k, e in enumerate(self.nodes) if k not in bad_nodes]
        names = [str(e.said["name"]) for e in nodes]
        every = {*names, *(str(self.nodes[k].said.get("name")) for k in bad_nodes)}
        agents = [self._fault("nodes", e, "agent_of", *_stranger(str(e.said["agent_of"]), every)) for e in nodes if e.said.get("agent_of", "") not in
                  ("", *every)]  # fmt: skip
        bad = {k: found for k, e in enumerate(self.statements) if (found := list(self._statement_faults(e, every)))}
        good = [e for k, e in enumerate(self.statements) if k not in bad and {e.said["from"], e.said["to"]} <= set(names)]
        made = Graph(
            id=self.id, name=self.name, source=self.source, family=self.family, nodes=_nodes(nodes, names),
            edges=_edges(good, names, [int(str(e.said["tier"])) for e in nodes]), file=self.file,
        )  # fmt: skip
        found = [*self.faults, *(f for each in (bad_nodes, bad) for some in each.values() for f in some), *agents]
        found += [f for f in made.faults() if not (bad_nodes and f.column == "share")]
        if found:
            raise InvalidCase(found)
        return made

    def _statement_faults(self, entry: Entry, known: set[str]) -> Iterator[Fault]:
        yield from self._entry_faults("statements", STATEMENT_KEYS, entry)
        said = entry.said
        if "word" in said and said["word"] not in WORDS:
            yield self._fault("statements", entry, "word", f"is {said['word']!r}", f"words are: {', '.join(WORDS)}", "arch-020")
        for end in ("from", "to"):
            if isinstance(said.get(end), str) and said[end] not in known:
                yield self._fault("statements", entry, end, *_stranger(str(said[end]), known))
        strength = said.get("strength", "")
        if (said.get("word") == "coord") != bool(strength) or strength not in STRENGTHS:
            mend = f"give coord one of {', '.join(STRENGTHS[1:])}, and no other word any"
            yield self._fault("statements", entry, "strength", f"is {strength!r}", mend, "arch-021")
        if isinstance(item := said.get("item", ""), str) and item not in ITEMS:
            yield self._fault("statements", entry, "item", f"is {item!r}, which nothing reads", _nearest(item), "arch-026")

    def _entry_faults(self, table: str, keys: Mapping[str, tuple[type, ...]], entry: Entry) -> Iterator[Fault]:
        for key in NEEDED[table]:
            if key not in entry.said:
                yield self._fault(table, entry, key, "is missing", "add it", "arch-022")
        for key, value in entry.said.items():
            if key not in keys:
                yield self._fault(table, entry, key, "is no key", f"keys are: {', '.join(keys)}", "arch-023")
            elif not isinstance(value, keys[key]) or (isinstance(value, bool) and bool not in keys[key]):
                yield self._fault(table, entry, key, f"is {value!r}", f"give {_sort(keys[key])}", "arch-024")
            elif isinstance(value, list) and not (len(value) == 2 and all(isinstance(x, float | int) for x in value)):
                yield self._fault(table, entry, key, f"is {value!r}", "give two numbers, the lower first", "arch-024")

    def _fault(self, table: str, entry: Entry, column: str, *told: str) -> Fault:
        what, mend, code = told
        said = entry.said
        label = str(said.get("name", "")) if table == "nodes" else " ".join(str(said.get(k, "?")) for k in ("word", "from", "to"))
        place = ":".join(filter(None, (self.file or self.id, str(entry.line) if entry.line else "")))
        return Fault(table, what, mend, code, column=column, label=label, place=place)


def _stranger(name: str, known: set[str]) -> tuple[str, str, str]:
    near = get_close_matches(name, sorted(known), n=1)
    return f"{name!r} is no node", f"did you mean {near[0]!r}?" if near else f"nodes are: {', '.join(sorted(known))}", "arch-025"


def _nearest(item: str) -> str:
    near = get_close_matches(item, ITEMS, n=1)
    return (f"did you mean {near[0]!r}? " if near else "") + f"Items are: {', '.join(filter(None, ITEMS))}; or leave it out"


def _sort(kinds: tuple[type, ...]) -> str:
    return {str: "a word in quotes", int: "a whole number", float: "a number", bool: "true or false", list: "two numbers [low, high]"}[kinds[0]]


def _nodes(entries: Sequence[Entry], names: Sequence[str]) -> Nodes:
    said = [e.said for e in entries]
    arb = [pair if isinstance(pair := s.get("arb"), list) else [0.0, 0.0] for s in said]
    columns = {
        "name": names, "role": [s["role"] for s in said], "tier": [s["tier"] for s in said], "org": [s["org"] for s in said],
        "share": [s.get("share", 0.0) for s in said], "own": [s.get("own", False) for s in said],
        "network_aware": [s.get("network_aware", False) for s in said], "arb_low": [a[0] for a in arb], "arb_high": [a[1] for a in arb],
        "trusted": [s.get("trusted", False) for s in said], "instances": [s.get("instances", INSTANCES.get(str(s["role"]), 1)) for s in said],
        "agent_of": [names.index(a) if (a := str(s.get("agent_of", ""))) in names else -1 for s in said], "line": [e.line for e in entries],
    }  # fmt: skip
    return Nodes.of(columns) if entries else Nodes.empty()


def _edges(entries: Sequence[Entry], names: Sequence[str], tiers: Sequence[int]) -> Edges:
    rows: dict[str, list[Value]] = {name: [] for name in Edges.columns()}
    for k, entry in enumerate(entries):
        said = entry.said
        ends = names.index(str(said["from"])), names.index(str(said["to"]))
        delay = said.get("latency_s", _delay(tiers[ends[0]], tiers[ends[1]]))
        for what, authority, along in WORDS[str(said["word"])]:
            a, b = ends if along else ends[::-1]
            row: dict[str, Value] = {
                "what": what, "from_node": a, "to_node": b, "authority": authority, "strength": STRENGTHS.index(str(said.get("strength", ""))),
                "item": said.get("item", ""), "latency_s": delay, "confidence": said.get("confidence", 1.0), "unsure": said.get("unsure", False),
                "word": said["word"], "statement": k, "source": said.get("source", ""), "line": entry.line,
            }  # fmt: skip
            for name, value in row.items():
                rows[name].append(value)
    return Edges.of(rows) if entries else Edges.empty()


def _delay(a: int, b: int) -> float:
    """Typical delay of a link between tiers [s]: a scan between control rooms, a poll or a dispatch cycle below them, a cloud at the edge."""
    high = min(a, b)
    return AMONG_CONTROL_ROOMS_S if max(a, b) <= 2 else POLLED_S if high <= 2 else CLOUD_S


def node_entries(graph: Graph) -> list[dict[str, Value]]:
    """Nodes as people write them; what is as usual is left out."""
    nodes, out = graph.nodes, list[dict[str, Value]]()
    for k, (name, role) in enumerate(zip(nodes.name.tolist(), nodes.role.tolist(), strict=True)):
        said: dict[str, Value] = {"name": name, "role": role, "tier": int(nodes.tier[k]), "org": str(nodes.org[k])}
        more: dict[str, Value] = {
            "share": float(nodes.share[k]), "own": bool(nodes.own[k]), "network_aware": bool(nodes.network_aware[k]),
            "trusted": bool(nodes.trusted[k]),
            "agent_of": str(nodes.name[nodes.agent_of[k]]) if nodes.agent_of[k] >= 0 else "",
        }  # fmt: skip
        if nodes.arb_high[k] > 0.0:
            more["arb"] = [float(nodes.arb_low[k]), float(nodes.arb_high[k])]
        if nodes.instances[k] != INSTANCES.get(role, 1):
            more["instances"] = int(nodes.instances[k])
        out.append(said | {key: value for key, value in more.items() if value})
    return out


def statement_entries(graph: Graph) -> list[dict[str, Value]]:
    """Statements as people write them: one for all edges of a word."""
    edges, tiers, names, out = graph.edges, graph.nodes.tier.tolist(), graph.nodes.name.tolist(), list[dict[str, Value]]()
    for k in leading(edges):
        a, b = int(edges.from_node[k]), int(edges.to_node[k])
        said: dict[str, Value] = {"word": str(edges.word[k]), "from": names[a], "to": names[b]}
        more: dict[str, Value] = {
            "strength": STRENGTHS[edges.strength[k]], "item": str(edges.item[k]), "unsure": bool(edges.unsure[k]), "source": str(edges.source[k]),
        }  # fmt: skip
        if edges.latency_s[k] != _delay(tiers[a], tiers[b]):
            more["latency_s"] = float(edges.latency_s[k])
        out.append(said | {key: value for key, value in more.items() if value or key == "latency_s"} | {"confidence": float(edges.confidence[k])})
    return out


def leading(edges: Edges) -> list[int]:
    """The first edge of each statement; it points as the statement does."""
    first: dict[int, int] = {}
    for row, statement in enumerate(edges.statement.tolist()):
        first.setdefault(statement, row)
    return list(first.values())
