"""Declared against observed: what was stated and never used, what was used and never stated, and both judged by the same definitions.

Nodes are the same by name. An observed node of another name stands for the declared one of its role and tier, else of its tier, where there is one:
a catalogue speaks of classes, a run of companies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias, final

import numpy as np

from gridtandem.architecture.graph import COORD, INFO, NOEDGE, Graph
from gridtandem.architecture.statements import leading
from gridtandem.architecture.verdicts.judged import Judged, judge

Link: TypeAlias = tuple[int, str, str, int, str]  # kind, from, to, authority, item


@final
@dataclass(frozen=True, slots=True)
class Compared:
    """Two architectures, as stated and as it was."""

    declared: Graph
    observed: Graph
    stands_for: Mapping[str, str]  # declared nodes, by observed ones of another name
    unused: tuple[str, ...]  # statements of the declared
    undeclared: tuple[str, ...]  # statements of the observed, in its own names
    as_declared: Judged
    as_observed: Judged


def declared_against_observed(declared: Graph, observed: Graph) -> Compared:
    """What differs between the two, and their verdicts. A dispatch holds reports and bids back, so these are declared where it is."""
    same = standing_for(declared, observed)
    ours, theirs = _links(declared, {}), _links(observed, same)
    stated, done = set(chain.from_iterable(ours)), set(chain.from_iterable(theirs))
    first = [k for k in leading(declared.edges) if declared.edges.what[k] != NOEDGE]
    unused = [_told(declared, k) for k in first if not any(_means(link, other) for link in ours[k] for other in done)]
    new = list[str]()
    for k in leading(observed.edges):
        held = chain.from_iterable(theirs[row] for row in np.flatnonzero(observed.edges.statement == observed.edges.statement[k]).tolist())
        if not all(any(_means(link, other) for link in stated) for other in held):
            new.append(_told(observed, k))
    return Compared(declared, observed, same, tuple(unused), tuple(new), judge(declared), judge(observed))


def standing_for(declared: Graph, observed: Graph) -> dict[str, str]:
    """The declared node for each observed one that bears another name."""
    known = list(zip(declared.nodes.name.tolist(), declared.nodes.role.tolist(), declared.nodes.tier.tolist(), strict=True))
    out: dict[str, str] = {}
    for name, role, tier in zip(observed.nodes.name.tolist(), observed.nodes.role.tolist(), observed.nodes.tier.tolist(), strict=True):
        near = ([n for n, r, t in known if (r, t) == (role, tier)], [n for n, _, t in known if t == tier])
        one = next((found[0] for found in near if len(found) == 1), "")
        if one and name not in declared.nodes.name:
            out[name] = one
    return out


def _links(graph: Graph, same: Mapping[str, str]) -> list[tuple[Link, ...]]:
    """What each edge links; an agreement links both ways."""
    edges, out = graph.edges, list[tuple[Link, ...]]()
    names = [same.get(name, name) for name in graph.nodes.name.tolist()]
    for row, (what, a, b) in enumerate(zip(edges.what.tolist(), edges.from_node.tolist(), edges.to_node.tolist(), strict=True)):
        item, authority = str(edges.item[row]) if what == INFO else "", int(edges.authority[row])
        ways = ((a, b), (b, a)) if what == COORD else ((a, b),)
        out.append(tuple((what, names[p], names[q], authority, item) for p, q in ways))
    return out


def _told(graph: Graph, edge: int) -> str:
    return " ".join(filter(None, (graph.tell(edge), str(graph.edges.item[edge]))))


def _means(declared: Link, used: Link) -> bool:
    """Whether one covers the other: what is stated of nothing in particular may tell anything."""
    return declared[:-1] == used[:-1] and declared[-1] in ("", used[-1])
