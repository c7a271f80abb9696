"""Everything that one tells another in a simulated day, along the edge it took.

Nothing travels where the graph has no edge for it: whoever tries is told so. The one exception is said as such: in red, a distribution operator opens
a switch of its own wires, and that is kept as an instruction which nobody declared.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import pairwise
from typing import final

import numpy as np

from gridtandem.architecture.graph import COORD, CUSTOMER, INFO, INSTR, KINDS, LIMIT, VETO, Graph
from gridtandem.architecture.relations import Chain
from gridtandem.architecture.simulation.fleet import Fleet
from gridtandem.architecture.simulation.iterating import Agreed
from gridtandem.tables import Index, Real

ENVELOPE = 48  # bytes of a message besides its numbers: who, to whom, what, when
BOUNDS = "envelope"  # what a limit or a veto tells
SWITCHED = "ctl"  # what opening a switch is, where nobody stated it
Link = tuple[int, int, int, str]  # from, to, kind of edge, item


@final
@dataclass(slots=True)
class Line:
    """All messages of one kind from one node to another."""

    messages: int = 0
    numbers: int = 0
    bytes: int = 0
    declared: bool = True

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Messages, numbers, bytes."""
        return self.messages, self.numbers, self.bytes


@final
@dataclass(frozen=True, slots=True)
class Ledger:
    """What crossed, by link."""

    graph: Graph
    fleet: Fleet
    lines: dict[Link, Line] = field(default_factory=dict)

    def up(self, chain: Chain, unit: Index, kind: int, item: str, *, payload: Real) -> None:
        """From some units of a class to whoever the chain begins with; ``payload`` is (period, number), of all of them."""
        for a, b in reversed(list(pairwise(chain))):
            self._hop((b, a, kind, item), unit, payload)

    def down(self, chain: Chain, unit: Index, kind: int, item: str, *, payload: Real) -> None:
        """From the beginning of the chain to units of its class."""
        for a, b in pairwise(chain):
            self._hop((a, b, kind, item), unit, payload)

    def between(self, a: int, b: int, kind: int, item: str, payload: Real, *, messages: int) -> None:
        """One array between two nodes, in so many messages."""
        self._note((a, b, kind, item), messages, payload)

    def agreed(self, agreed: Agreed) -> None:
        """Letters of an agreement, questions one way and replies the other; bytes, which are known of both together, by their numbers."""
        down, up = sum(e.numbers_down for e in agreed.letters), sum(e.numbers_up for e in agreed.letters)
        every = sum(e.bytes for e in agreed.letters)
        first = every * down // max(down + up, 1)
        for (a, b), numbers, size in ((agreed.link, down, first), (agreed.link[::-1], up, every - first)):
            line = self._note((a, b, COORD, "letter"), len(agreed.letters), np.zeros(0))
            line.numbers, line.bytes = numbers, size

    def opened(self, a: int, customer: int, payload: Real, *, messages: int) -> None:
        """Switches opened in red, whatever the graph says."""
        line = self._note((a, customer, INSTR, "switch"), messages, payload, check=False)
        line.declared = self._has(a, customer, INSTR)

    def _hop(self, link: Link, unit: Index, payload: Real) -> None:
        if not len(unit):
            return
        pairs = len(np.unique(np.stack([self.fleet.instance(link[0], unit), self.fleet.instance(link[1], unit)], -1), axis=0))
        self._note(link, pairs * len(payload), payload)

    def _note(self, link: Link, messages: int, payload: Real, *, check: bool = True) -> Line:
        a, b, kind, item = link
        if check and not self._has(a, b, kind):
            names = self.graph.nodes.name
            raise AssertionError(f"{self.graph.id} has no edge {KINDS[kind]} from {names[a]} to {names[b]}, along which {item} would go")
        line = self.lines.setdefault(link, Line())
        line.messages += messages
        line.numbers += payload.size
        line.bytes += len(json.dumps(np.round(payload, 6).ravel().tolist())) + ENVELOPE * messages
        return line

    def _has(self, a: int, b: int, kind: int) -> bool:
        e = self.graph.edges
        straight = (e.from_node == a) & (e.to_node == b)
        back = (e.from_node == b) & (e.to_node == a)
        return bool((straight & (e.what == kind)).any() or ((straight | back) & (e.what == COORD) & (kind in (COORD, INFO))).any())

    def word(self, a: int, b: int, kind: int, item: str) -> str:
        """What an architecture calls it: an instruction by its statement (disp, ctl, lim, order, veto), all else by its kind."""
        e = self.graph.edges
        mine = np.flatnonzero((e.from_node == a) & (e.to_node == b) & (e.what == kind) & (np.isin(e.authority, (LIMIT, VETO)) == (item == BOUNDS)))
        return KINDS[kind] if kind != INSTR else str(e.word[mine[0]]) if len(mine) else SWITCHED

    def heard(self, periods: int) -> dict[int, float]:
        """Messages that reach each node above customers in an interval; where a node stands for many, each of them."""
        out: dict[int, float] = {}
        for (_, b, _, _), line in self.lines.items():
            if self.graph.nodes.tier[b] < CUSTOMER:
                out[b] = out.get(b, 0.0) + line.messages / (max(periods, 1) * max(int(self.fleet.many[b]), 1))
        return out

    def fan_in(self, periods: int) -> float:
        """Of the node that hears most."""
        return max(self.heard(periods).values(), default=0.0)
