"""An architecture as a graph: companies and devices are nodes, and what one may tell another is an edge.

A *statement* is one line of a description: ``disp A B`` is a dispatch relation of three edges (an instruction down, information and
a bid up). Edges of one statement are present or absent together, so confidence and doubt belong to the statement. A ``coord`` is one
edge and holds both ways; a ``noedge`` says that its source denies any link, which is more than silence.

Tiers are physical: 1 bulk system, 2 distribution, 3 edge and commercial (no wires of its own), 4 customers and their devices.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.tables import Code, Flag, Index, Names, Real, Table, column

ROLES = ("TSO", "TO", "MO", "FMP", "DSO", "DO", "AGG", "RET", "SUP", "LSE", "DER")
FAMILIES = ("TotalTSO", "Hybrid", "TotalDSO", "Merged", "Market")

KINDS = ("info", "instr", "bid", "price", "settle", "coord", "noedge")
INFO, INSTR, BID, PRICE, SETTLE, COORD, NOEDGE = range(len(KINDS))
AUTHORITIES = ("", "setpoint", "limit", "veto", "order")
NO_AUTHORITY, SETPOINT, LIMIT, VETO, ORDER = range(len(AUTHORITIES))
STRENGTHS = ("", "joint", "limits", "advisory")
NO_STRENGTH, JOINT, LIMITS, ADVISORY = range(len(STRENGTHS))
DESIGNED = ("", "der_state", "sched", "dgrid", "prequal", "rest")  # what a design says is told, or left
IN_LEDGERS = ("bound", "exchange", "market", "need", "power", "price", "range", "response", "voltage")  # what is told besides in runs
ITEMS = (*DESIGNED, *IN_LEDGERS)

BULK, DISTRIBUTION, EDGE, CUSTOMER = 1, 2, 3, 4  # tiers
SUM_OF_SHARES = 1e-9  # what adding a few decimal fractions loses


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Nodes(Table):
    """Who takes part."""

    kind: ClassVar[str] = "nodes"
    name: Names = column("name of the node", dtype="U", unique=True)
    role: Names = column("what it does: " + ", ".join(ROLES), dtype="U")
    tier: Index = column("1 bulk, 2 distribution, 3 edge and commercial, 4 customer", dtype="i8", at_least=1)
    org: Names = column("who owns it; nodes of one owner have an internal boundary only", dtype="U")
    share: Real = column("part of all flexible power; tier 4 alone, summing to 1", default=0.0, at_least=0.0, at_most=1.0)
    own: Flag = column("yes: it pursues an objective of its own", dtype="?", default=False)
    network_aware: Flag = column("yes: it decides with the limits of distribution before it", dtype="?", default=False)
    arb_low: Real = column("how far a platform settles between buyers, at least", default=0.0, at_least=0.0, at_most=1.0)
    arb_high: Real = column("the same, at most", default=0.0, at_least=0.0, at_most=1.0)
    trusted: Flag = column("yes: as hard to break into as a control centre", dtype="?", default=False)
    instances: Index = column("how many of its kind there are; for sizes alone", dtype="i8", default=1, at_least=1)
    agent_of: Index = column("for whom it acts; −1: for itself", dtype="i8", default=-1, at_least=-1, refers="nodes")
    line: Index = column("line of its file; 0: none", dtype="i8", default=0, at_least=0)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Edges(Table):
    """What one tells another, from left to right; a coord holds both ways."""

    kind: ClassVar[str] = "edges"
    what: Code = column("kind of edge", dtype="i8", choices=KINDS)
    from_node: Index = column("who tells", dtype="i8", at_least=0, refers="nodes")
    to_node: Index = column("who is told", dtype="i8", at_least=0, refers="nodes")
    authority: Code = column("what an instruction may do", dtype="i8", default=0, choices=AUTHORITIES)
    strength: Code = column("how binding an agreement is", dtype="i8", default=0, choices=STRENGTHS)
    item: Names = column("what is told: " + ", ".join(filter(None, ITEMS)), dtype="U", default="")
    latency_s: Real = column("typical delay", unit="s", default=0.0, at_least=0.0)
    confidence: Real = column("how sure the source is of the statement", default=1.0, at_least=0.0, at_most=1.0)
    unsure: Flag = column("yes: presence unknown, judge with and without", dtype="?", default=False)
    word: Names = column("word of its statement: disp, ctl, lim, coord, …", dtype="U")
    statement: Index = column("number of its statement; edges of one come and go together", dtype="i8", at_least=0)
    source: Names = column("where it is found", dtype="U", default="")
    line: Index = column("line of its file; 0: none", dtype="i8", default=0, at_least=0)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Graph:
    """One architecture."""

    id: str
    name: str
    source: str
    family: str
    nodes: Nodes
    edges: Edges
    file: str = ""  # for messages

    def faults(self) -> list[Fault]:
        """Every promise that is broken, each with file and line where it came from one."""
        found = [*self.nodes.faults(), *_by_statement(self.edges), *_of_nodes(self.nodes), *_shares(self.nodes)]
        if self.family not in FAMILIES:
            found.append(Fault("architecture", f"has family {self.family!r}", f"take one of {', '.join(FAMILIES)}", "arch-001", label=self.id))
        if not re.fullmatch(r"[\w.-]*\w", self.id):
            found.append(Fault("architecture", f"is called {self.id!r}", "take letters, digits, dots and dashes", "arch-013", column="id"))
        nowhere = list(_nowhere(self.nodes, self.edges))
        found += nowhere or [*_contradictions(self.nodes, self.edges), *_cycles(self.nodes, self.edges)]
        return [self._placed(fault) for fault in found]

    def checked(self) -> Graph:
        """The same graph, or one refusal that tells all faults."""
        if found := self.faults():
            raise InvalidCase(found)
        return self

    def tell(self, edge: int) -> str:
        """An edge in words: ``disp NYISO > DER``."""
        ends = self.edges.from_node[edge], self.edges.to_node[edge]
        return f"{self.edges.word[edge]} {self.nodes.name[ends[0]]} > {self.nodes.name[ends[1]]}"

    def _placed(self, fault: Fault) -> Fault:
        tables: dict[str, Nodes | Edges] = {"nodes": self.nodes, "edges": self.edges}
        line = int(tables[fault.table].line[fault.row]) if fault.table in tables and fault.row >= 0 else 0
        place = ":".join(filter(None, (self.file or self.id, str(line) if line else "")))
        return fault.at(place)


def _by_statement(edges: Edges) -> Iterator[Fault]:
    """Faults of edges, told once of all edges that stand for one statement."""
    told = set[tuple[int, str, str]]()
    for fault in edges.faults():
        one = (int(edges.statement[fault.row]), fault.column, fault.what)
        if one not in told:
            yield fault
        told.add(one)


def _of_nodes(nodes: Nodes) -> Iterator[Fault]:
    for row, (name, role, tier) in enumerate(zip(nodes.name.tolist(), nodes.role.tolist(), nodes.tier.tolist(), strict=True)):
        if role not in ROLES:
            yield nodes.fault(row, "role", f"is {role!r}", f"take one of {', '.join(ROLES)}", "arch-002")
        if tier > CUSTOMER:
            yield nodes.fault(row, "tier", f"is {tier}", "tiers are 1 bulk, 2 distribution, 3 edge, 4 customer", "arch-003")
        if nodes.arb_low[row] > nodes.arb_high[row]:
            yield nodes.fault(row, "arb_low", "is above arb_high", "give the lower end first", "arch-004")
        if nodes.agent_of[row] >= len(nodes) or nodes.agent_of[row] == row:
            yield nodes.fault(row, "agent_of", f"of {name} is no other node", "name another node, or leave it out", "arch-005")


def _shares(nodes: Nodes) -> Iterator[Fault]:
    customers = nodes.tier == CUSTOMER
    for above in np.flatnonzero(~customers & (nodes.share != 0.0)):
        yield nodes.fault(int(above), "share", "stands at a node above tier 4", "give shares to tier 4 alone", "arch-006")
    total = float(nodes.share[customers].sum())
    if not abs(total - 1.0) <= SUM_OF_SHARES:
        row = int(np.flatnonzero(customers)[-1]) if customers.any() else -1
        what, mend = f"of tier 4 sum to {total:g}", "let the shares of tier 4 sum to 1"
        yield Fault(nodes.kind, what, mend, "arch-007", column="share", row=row)


def _nowhere(nodes: Nodes, edges: Edges) -> Iterator[Fault]:
    for name in ("from_node", "to_node"):
        for row in np.flatnonzero(getattr(edges, name) >= len(nodes)):
            yield edges.fault(int(row), name, "is no node", "name a node of this architecture", "arch-008")
    for row in np.flatnonzero(edges.from_node < 0):
        yield edges.fault(int(row), "from_node", "is no node", "name a node of this architecture", "arch-008")
    for row in np.flatnonzero((edges.from_node == edges.to_node) & (edges.from_node >= 0)):
        yield edges.fault(int(row), "to_node", "is where it comes from", "let an edge lead to another node", "arch-009")


def _contradictions(nodes: Nodes, edges: Edges) -> Iterator[Fault]:
    """Statements made twice, and links that are denied and stated."""
    seen: dict[tuple[str, int, int, str], int] = {}
    linked = {frozenset((a, b)) for w, a, b in _ends(edges) if w != NOEDGE}
    for row, (what, a, b) in enumerate(_ends(edges)):
        statement = int(edges.statement[row])
        first = seen.setdefault((str(edges.word[row]), a, b, str(edges.item[row])), statement) if _leads(edges, row) else statement
        pair = f"{nodes.name[a]} and {nodes.name[b]}"
        if first != statement:
            yield edges.fault(row, "word", f"says {edges.word[row]} of {pair} a second time", "say it once", "arch-010")
        if what == NOEDGE and frozenset((a, b)) in linked:
            yield edges.fault(row, "what", f"denies a link of {pair} that is stated elsewhere", "take one of the two away", "arch-011")


def _leads(edges: Edges, row: int) -> bool:
    """Is it the first edge of its statement? That one points as the statement does."""
    return row == 0 or edges.statement[row - 1] != edges.statement[row]


def _ends(edges: Edges) -> list[tuple[int, int, int]]:
    return list(zip(edges.what.tolist(), edges.from_node.tolist(), edges.to_node.tolist(), strict=True))


def _cycles(nodes: Nodes, edges: Edges) -> Iterator[Fault]:
    """Circles of instructions, limits apart: nobody in them decides. Nodes without superiors are taken away, then a circle, until none is left."""
    rows = [k for k in np.flatnonzero(edges.what == INSTR).tolist() if edges.authority[k] not in (LIMIT, VETO)]
    rest = set(range(len(nodes)))
    while rest:
        inside = [k for k in rows if int(edges.from_node[k]) in rest and int(edges.to_node[k]) in rest]
        above = {int(edges.to_node[k]): k for k in reversed(inside)}
        if free := rest - set(above):
            rest -= free
            continue
        here, walked = min(rest), list[int]()
        while here not in walked:
            walked.append(here)
            here = int(edges.from_node[above[here]])
        circle = [here, *reversed(walked[walked.index(here) :])]
        names = " > ".join(str(nodes.name[k]) for k in circle)
        yield edges.fault(above[here], "to_node", f"closes a cycle of instructions {names}", "take one of them away", "arch-012")
        rest -= set(circle)
