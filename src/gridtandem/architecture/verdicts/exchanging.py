"""How messages travel: latency cascading, race conditions, coordination gaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise, product

from gridtandem.architecture.graph import BULK, CUSTOMER, DISTRIBUTION, EDGE
from gridtandem.architecture.relations import REPORTING, Chain, World, upward
from gridtandem.architecture.verdicts.findings import Finding, Strengths

LARGE = 0.3  # share from which a class of DERs counts
HANDS = 2  # intermediaries that make an issue
BORDERS = 3  # between organisations, that make latency limited


def latency_cascading(world: World, _: Strengths) -> Finding:
    """Who hands a message on between a DER and the operators.

    On reports, bids, upward information and agreements: c is the number of intermediaries of tier 3 between a DER with a share of 0.3 or more and
    the first operator (tier 1 or 2) on its best path, H the most borders between organisations on any simple path from a DER to tier 1. An issue if
    c ≥ 2; limited if H ≥ 3. The score is c + H/10.
    """
    nodes = world.skeleton.nodes
    up: dict[int, tuple[int, ...]] = dict.fromkeys(range(len(nodes)), ())
    for a, b in upward(world.relations, tuple(n.tier for n in nodes)):
        up[a] = (*up[a], b)
    hands: list[tuple[int, Chain]] = []
    borders: list[tuple[int, Chain]] = []
    for a in world.skeleton.tier(CUSTOMER):
        chains = list(_upwards(up, (a,)))
        borders += [(sum(nodes[p].org != nodes[q].org for p, q in pairwise(c)), c) for c in chains if nodes[c[-1]].tier == BULK]
        first = [c for c in chains if nodes[c[-1]].tier <= DISTRIBUTION and all(nodes[k].tier > DISTRIBUTION for k in c[:-1])]
        if first and nodes[a].share >= LARGE:
            best = min(first, key=lambda c: (sum(nodes[k].tier == EDGE for k in c), c))
            hands.append((sum(nodes[k].tier == EDGE for k in best), best))
    c, h = max((n for n, _ in hands), default=0), max((n for n, _ in borders), default=0)
    level = 2 if c >= HANDS else 1 if h >= BORDERS else 0
    worst = [chain for n, chain in hands if n == c] if level == 2 else [chain for n, chain in borders if n == h] if level else []
    return Finding(c + h / 10, level, tuple(worst))


def _upwards(up: Mapping[int, tuple[int, ...]], head: Chain) -> Iterator[Chain]:
    for k in up[head[-1]]:
        if k not in head:
            yield (*head, k)
            yield from _upwards(up, (*head, k))


def race_condition(world: World, _: Strengths) -> Finding:
    """Whether tier 1 and tier 2 learn the same of a DER by ways of which neither is the beginning of the other.

    An item goes along the edges that name it. Who passes it on without being told it by such an edge has it from the reports of those it instructs.
    Possible if the ways differ by a node of tier 3, whose latency varies, else unlikely. The score is the level.
    """
    nodes, found = world.skeleton.nodes, []
    for item in sorted({r.item for r in world.relations if r.word == "info" and r.item and nodes[r.a].tier >= EDGE}):
        named = [(r.a, r.b) for r in world.relations if r.word == "info" and r.item == item]
        told = {b for _, b in named}
        heard = [(r.b, r.a) for r in world.relations if r.word in REPORTING and nodes[r.b].tier >= EDGE and r.a not in told]
        sends = {a for a, _ in named}
        up: dict[int, tuple[int, ...]] = dict.fromkeys(range(len(nodes)), ())
        for a, b in sorted({*named, *(edge for edge in heard if edge[1] in sends)}):
            up[a] = (*up[a], b)
        for a in world.skeleton.tier(CUSTOMER):
            ways = list(_upwards(up, (a,)))
            to_t, to_d = ([w for w in ways if nodes[w[-1]].tier == tier] for tier in (BULK, DISTRIBUTION))
            for t, d in product(to_t, to_d):
                if t[: len(d)] != d and d[: len(t)] != t:
                    differ = set(t) ^ set(d)
                    found.append((2 if any(nodes[k].tier == EDGE for k in differ) else 1, t, d))
    level = max((n for n, _, _ in found), default=0)
    return Finding(level, level, tuple(dict.fromkeys(chain for n, t, d in found if n == level for chain in (t, d))))


def coordination_gap(world: World, _: Strengths) -> Finding:
    """Pairs that the source says have no link, and pairs of a transmission and a distribution operator without any; the score counts them.

    A link of one's own organisation, or of somebody for whom one acts, is a link.
    """
    skeleton, nodes = world.skeleton, world.skeleton.nodes
    declared = [(r.a, r.b) for r in world.relations if r.word == "noedge"]
    known = {frozenset(pair) for pair in declared}
    org = [nodes[skeleton.house(k)].org for k in range(len(nodes))]
    linked = {frozenset((org[r.a], org[r.b])) for r in world.relations if r.word != "noedge"}
    pairs = product(
        (k for k in skeleton.tier(BULK) if nodes[k].role == "TSO"), (k for k in skeleton.tier(DISTRIBUTION) if nodes[k].role in ("DSO", "DO"))
    )
    missing = [p for p in pairs if org[p[0]] != org[p[1]] and frozenset((org[p[0]], org[p[1]])) not in linked and frozenset(p) not in known]
    return Finding(len(declared) + len(missing), len(declared) + len(missing), (*declared, *missing))
