"""Who holds what, and what crosses borders: blast radius in MW, data that leave organisations, market places a DER bids to, links without which a
day is run again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.architecture.graph import BULK, COORD, CUSTOMER, DISTRIBUTION, LIMIT, NOEDGE, VETO, Graph
from gridtandem.architecture.relations import Chain
from gridtandem.architecture.simulation.results import Links
from gridtandem.tables import Real

MARKETS = ("MO", "FMP")  # roles that clear bids without being an operator


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Limited:
    """A limit on every unit of a class of customers."""

    by: int  # node that sets it
    at: int  # node that is told, and keeps it
    low: Real  # (period, unit) [MW]
    high: Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Movable:
    """A class of customers as those see it who can instruct it."""

    customer: int  # node
    chains: tuple[Chain, ...]  # from whoever instructs it to it
    low: Real  # (period, unit) [MW]
    high: Real
    limit: Limited | None = None


def blast_radius(classes: Sequence[Movable]) -> dict[int, Real]:
    r"""Power that whoever holds a node can move within one interval (period), for every node that instructs a DER or is one. [MW]

    .. math:: B_x = \sum_a \max_{\text{chains of } a \text{ through } x} \sum_{i \in a} (h_i - l_i)

    with l and h the ends of a unit's range, narrowed by a limit where the node that keeps it comes after x on the chain. A limit that x itself
    keeps, or sets, does not bind x.
    """
    out: dict[int, Real] = {}
    for each in classes:
        free, bound = _width(each.low, each.high), None
        if each.limit is not None:
            low, high = np.maximum(each.low, each.limit.low), np.minimum(each.high, each.limit.high)
            bound = _width(low, high)
        chains = (*each.chains, (each.customer,))
        for x in sorted({node for chain in chains for node in chain}):
            loose = any(not _keeps(each.limit, x, chain[chain.index(x) + 1 :]) for chain in chains if x in chain)
            out[x] = out.get(x, np.zeros(len(free))) + (free if loose or bound is None else bound)
    return dict(sorted(out.items()))


def _width(low: Real, high: Real) -> Real:
    return np.asarray(np.maximum(high - low, 0.0).sum(1))


def _keeps(limit: Limited | None, holder: int, after: Chain) -> bool:
    """Whether somebody who comes after the holder of a node keeps a limit that the holder did not set."""
    return limit is not None and limit.by != holder and limit.at in after


def crossing_items(links: Links, graph: Graph, ders: int) -> float:
    """Numbers told across a border of organisations, for each DER. [1]"""
    org = dict(zip(graph.nodes.name.tolist(), graph.nodes.org.tolist(), strict=True))
    ends = zip(links.sender.tolist(), links.receiver.tolist(), strict=True)
    across = np.array([org[a] != org[b] for a, b in ends], bool)
    return float(links.numbers[across].sum()) / ders if ders else float("nan")


def platforms_per_der(links: Links, graph: Graph) -> float:
    """Market places that a DER's bids reach: first operators or platforms on their way, through who has neither; mean by flexible power. [1]"""
    nodes = graph.nodes
    bids: dict[str, set[str]] = {}
    for sender, receiver, word in zip(links.sender.tolist(), links.receiver.tolist(), links.word.tolist(), strict=True):
        if word == "bid":
            bids.setdefault(sender, set()).add(receiver)
    clears = {str(n) for n, role, tier in zip(nodes.name, nodes.role, nodes.tier, strict=True) if tier <= DISTRIBUTION or role in MARKETS}
    customers = np.flatnonzero(nodes.tier == CUSTOMER)
    if not len(customers):
        return float("nan")
    return float(sum(nodes.share[k] * len(_reached(bids, clears, str(nodes.name[k]))) for k in customers))


def _reached(bids: dict[str, set[str]], clears: set[str], name: str) -> set[str]:
    found, seen, at = set[str](), {name}, [name]
    while at:
        fresh = bids.get(at.pop(), set()) - seen
        seen |= fresh
        found |= fresh & clears
        at += sorted(fresh - clears)
    return found


def without_each(graph: Graph) -> Iterator[tuple[str, Graph]]:
    """The graph without each of its links of coordination, one by one, with the link in words.

    Links of coordination are agreements, limits and vetoes, and all that transmission and distribution tell each other.
    """
    e, tier = graph.edges, graph.nodes.tier
    ends = np.sort(np.stack([tier[e.from_node], tier[e.to_node]]), axis=0)
    between = (ends[0] == BULK) & (ends[1] == DISTRIBUTION)
    told = (between | (e.what == COORD) | np.isin(e.authority, (LIMIT, VETO))) & (e.what != NOEDGE)
    for statement in np.unique(e.statement[told]).tolist():
        row = int(np.flatnonzero(e.statement == statement)[0])
        yield graph.tell(row), replace(graph, edges=e.take(e.statement != statement))
