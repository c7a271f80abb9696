"""A graph as the definitions read it: one relation per line of the source, however many edges that line stands for, and the paths they make.

A dispatch relation is an instruction down with information and a bid up. It is known or unknown as a whole, so presence and confidence belong to the
relation. A `World` is one answer to what is unknown: which relations are there, and how far each platform arbitrates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import final

from gridtandem.architecture import graph as drawn
from gridtandem.architecture.graph import BULK, CUSTOMER, DISTRIBUTION, Graph

Chain = tuple[int, ...]  # positions of nodes, in the order in which something passes them

INSTRUCTING = frozenset({"disp", "ctl", "order"})  # set-points; a limit is no set-point
BOUNDING = frozenset({"lim", "veto"})  # instructions that bound what others instruct
REPORTING = frozenset({"disp", "ctl"})  # the instructed tells what it does
OPERATIONAL = INSTRUCTING | BOUNDING | {"bid", "price", "info"}  # settlement and agreements carry no operation
AGREEMENTS = ("advisory", "limits", "joint")
OWN = frozenset({"TSO", "DSO", "DO", "TO", "RET", "LSE"})  # roles that pursue something of their own


@final
@dataclass(frozen=True, slots=True)
class Node:
    """Who it is."""

    name: str
    role: str
    tier: int
    org: str
    share: float = 0.0  # of all flexible power; at customers
    own: bool = False
    sees_distribution: bool = False  # optimises with distribution constraints
    arb: tuple[float, float] | None = None  # how far a platform arbitrates between its buyers
    trusted: bool = False
    agent_of: int = -1  # for whom it acts; −1: for itself


@final
@dataclass(frozen=True, slots=True, order=True)
class Relation:
    """One line: ``word`` from ``a`` to ``b``."""

    word: str
    a: int
    b: int
    item: str = ""
    strength: str = ""
    confidence: float = 1.0
    unsure: bool = False


@final
@dataclass(frozen=True, slots=True)
class Skeleton:
    """Nodes and relations of an architecture."""

    nodes: tuple[Node, ...]
    relations: tuple[Relation, ...]

    def tier(self, *tiers: int) -> tuple[int, ...]:
        """Nodes of these tiers."""
        return tuple(k for k, n in enumerate(self.nodes) if n.tier in tiers)

    def house(self, k: int) -> int:
        """For whom a node acts in the end; itself, if for nobody else."""
        seen: set[int] = set()
        while self.nodes[k].agent_of >= 0 and k not in seen:
            seen.add(k)
            k = self.nodes[k].agent_of
        return k

    def kin(self, p: int, q: int) -> bool:
        """Whether two nodes belong to one organisation, or one acts for it."""
        return self.nodes[self.house(p)].org == self.nodes[self.house(q)].org

    def platforms(self) -> tuple[int, ...]:
        """Nodes that arbitrate between buyers."""
        return tuple(k for k, n in enumerate(self.nodes) if n.arb is not None)

    def said(self, chain: Chain) -> str:
        """A chain in names."""
        return " > ".join(self.nodes[k].name for k in chain)


def skeleton_of(graph: Graph) -> Skeleton:
    """A graph in relations, one per statement; a node is a platform if it may settle between buyers at all."""
    n, e = graph.nodes, graph.edges
    nodes = tuple(
        Node(
            name=str(n.name[k]), role=str(n.role[k]), tier=int(n.tier[k]), org=str(n.org[k]), share=float(n.share[k]), own=bool(n.own[k]),
            sees_distribution=bool(n.network_aware[k]), arb=(float(n.arb_low[k]), float(n.arb_high[k])) if n.arb_high[k] > 0 else None,
            trusted=bool(n.trusted[k]), agent_of=int(n.agent_of[k]),
        )
        for k in range(len(n))
    )  # fmt: skip
    first = {int(number): row for row, number in reversed(list(enumerate(e.statement.tolist())))}
    relations = tuple(
        Relation(
            word=str(e.word[k]), a=int(e.from_node[k]), b=int(e.to_node[k]), item=str(e.item[k]),
            strength=drawn.STRENGTHS[e.strength[k]], confidence=float(e.confidence[k]), unsure=bool(e.unsure[k]),
        )
        for k in sorted(first.values())
    )  # fmt: skip
    return Skeleton(nodes, relations)


@final
@dataclass(frozen=True, slots=True)
class World:
    """A skeleton in which everything is known."""

    skeleton: Skeleton
    relations: tuple[Relation, ...]
    arb: Mapping[int, float]
    paths: Mapping[int, tuple[Chain, ...]]  # of each asset, all simple paths of instructions and joint decisions that end there
    agreed: Mapping[frozenset[int], str]  # the strongest agreement of two houses
    dispatched: frozenset[tuple[int, int]]  # (superior, subordinate), of houses too

    @classmethod
    def of(cls, skeleton: Skeleton, relations: Iterable[Relation] | None = None, arb: Mapping[int, float] | None = None) -> World:
        """The world of these relations; without any, of all, with platforms that arbitrate as little as they may."""
        there = skeleton.relations if relations is None else tuple(relations)
        known = {k: low for k in skeleton.platforms() for low, _ in (skeleton.nodes[k].arb or (0.0, 0.0),)} | dict(arb or {})
        agreed: dict[frozenset[int], str] = {}
        dispatched = set()
        above: dict[int, set[int]] = {k: set() for k in range(len(skeleton.nodes))}
        for r in there:
            if r.word == "coord":
                pair = frozenset((skeleton.house(r.a), skeleton.house(r.b)))
                agreed[pair] = max(agreed.get(pair, AGREEMENTS[0]), r.strength, key=AGREEMENTS.index)
                for t, d in ((r.a, r.b), (r.b, r.a)):
                    if r.strength == "joint" and skeleton.nodes[t].tier == BULK and skeleton.nodes[d].tier == DISTRIBUTION:
                        above[d].add(t)
            if r.word in INSTRUCTING:
                above[r.b].add(r.a)
            if r.word == "disp":
                dispatched |= {(r.a, r.b), (skeleton.house(r.a), skeleton.house(r.b))}
        ordered = {k: tuple(sorted(up)) for k, up in above.items()}
        paths = {a: tuple(sorted(ending(ordered, (a,)))) for a in skeleton.tier(CUSTOMER)}
        return cls(skeleton, there, known, paths, agreed, frozenset(dispatched))

    def from_(self, source: int, asset: int) -> tuple[Chain, ...]:
        """Paths P(source, asset)."""
        return tuple(p for p in self.paths[asset] if p[0] == source)

    def limited(self, by: Sequence[int]) -> frozenset[int]:
        """Nodes whose operation one of these nodes bounds, by a limit or a veto."""
        return frozenset(r.b for r in self.relations if r.word in BOUNDING and r.a in by)

    def agreement(self, p: int, q: int) -> str:
        """The strongest agreement between two nodes or those for whom they act; empty if there is none."""
        return self.agreed.get(frozenset((self.skeleton.house(p), self.skeleton.house(q))), "")

    def dispatches(self, p: int, q: int) -> bool:
        """Whether one dispatches the other, as it is or as the agent of somebody."""
        p_, q_ = self.skeleton.house(p), self.skeleton.house(q)
        return not self.dispatched.isdisjoint({(p, q), (q, p), (p_, q_), (q_, p_)})


def ending(above: Mapping[int, tuple[int, ...]], tail: Chain) -> Iterator[Chain]:
    """All simple paths that end so, the longer ones by going up."""
    for up in above[tail[0]]:
        if up not in tail:
            yield (up, *tail)
            yield from ending(above, (up, *tail))


def whole(paths: Iterable[Chain]) -> tuple[Chain, ...]:
    """Those paths that are not merely the end of another."""
    every = tuple(paths)
    return tuple(p for p in every if not any(len(q) > len(p) and q[-len(p) :] == p for q in every))


@cache
def upward(world_relations: tuple[Relation, ...], tiers: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """What goes up: reports and bids of the instructed, information and bids to a lower tier, agreements both ways."""
    found: set[tuple[int, int]] = set()
    for r in world_relations:
        if r.word in INSTRUCTING:
            found.add((r.b, r.a))
        elif r.word == "coord":
            found |= {(r.a, r.b), (r.b, r.a)}
        elif r.word in ("info", "bid") and tiers[r.a] > tiers[r.b]:
            found.add((r.a, r.b))
    return tuple(sorted(found))
