r"""Past whom, and through whom, instructions reach DERs: tier bypass, layered decomposition, observability gap.

An asset a has share cap(a) of all flexible power. P(t, a) are its simple paths of instructions (set-points, not limits) and joint decisions from t. A
path from tier 1 without a node of tier 2 is a bypass, byp(a). What relieves several bypasses is the relief of the least relieved whole path, so that
another bypass can never help; a path that is the end of another is judged with it.
"""

from __future__ import annotations

from itertools import combinations

from gridtandem.architecture.graph import BULK, DISTRIBUTION, EDGE
from gridtandem.architecture.relations import Chain, World, whole
from gridtandem.architecture.verdicts.findings import DIGITS, Finding, Strengths, banded

BYPASS = (0.25, 0.6)
LAYERED = (0.85, 0.6, 0.2)
UNSEEN = (0.25, 0.6)
TOLD = 0.1  # for each report of a DER's state past distribution


def bypasses(world: World, asset: int) -> tuple[Chain, ...]:
    """Paths from tier 1 without a node of tier 2."""
    tiers = [n.tier for n in world.skeleton.nodes]
    return tuple(p for p in world.paths[asset] if tiers[p[0]] == BULK and all(tiers[k] != DISTRIBUTION for k in p))


def tier_bypass(world: World, by: Strengths) -> Finding:
    r"""Flexible power that tier 1 instructs past distribution, less what relieves it.

    .. math:: TB = \min(1, \sum_a cap(a)\,[byp(a) \ne \emptyset]\,(1 - m(a)) + 0.1\,k)

    with k reports of a DER's state from tier 3 or 4 straight to tier 1, and m(a) the strongest of: joint decision, agreed limits, advice, or one
    organisation of a tier-1 node on the path and a distribution operator; dispatch between them; an envelope on a node of the path; a tier-1 node on
    it that optimises with distribution constraints, or a platform, as far as it arbitrates. [share of flexible power]
    """
    nodes, score = world.skeleton.nodes, 0.0
    chains: list[Chain] = []
    for a in world.paths:
        found = whole(bypasses(world, a))
        if found:
            score += nodes[a].share * (1 - min(_relief(world, p, by) for p in found))
            chains += found
    told = [(r.a, r.b) for r in world.relations if r.word == "info" and r.item == "der_state" and nodes[r.a].tier >= EDGE and nodes[r.b].tier == BULK]
    score = min(1.0, score + TOLD * len(told))
    return Finding(score, banded(score, BYPASS), (*chains, *told))


def _relief(world: World, path: Chain, by: Strengths) -> float:
    nodes, below = world.skeleton.nodes, world.skeleton.tier(DISTRIBUTION)
    agreed = {"": 0.0, "joint": by.relief_joint, "limits": by.relief_limits, "advisory": by.relief_advisory}
    best = by.relief_envelope if not world.limited(below).isdisjoint(path) else 0.0
    for t in (k for k in path if nodes[k].tier == BULK):
        if t in world.arb:
            best = max(best, by.relief_platform * world.arb[t])
        elif nodes[t].sees_distribution:
            best = max(best, by.relief_sees)
        for d in below:
            same = by.relief_same_org if world.skeleton.kin(t, d) else 0.0
            best = max(best, agreed[world.agreement(t, d)], same, by.relief_dispatch if world.dispatches(t, d) else 0.0)
    return best


def layered_decomposition(world: World, _: Strengths) -> Finding:
    r"""Whether superiors act through subordinates, and whether domains are nested.

    .. math:: \lambda = 1 - \sum_a cap(a)\,|byp(a)| / |P(T_1, a)|

    good from 0.85, mostly from 0.6, partial from 0.2, else not used. The domains A(p) = {a: P(p, a) not empty} must be a laminar family, disjoint or
    nested; where two cross, as those of a distribution operator and of an aggregator whose fleet lies in two areas, the level is at least partial.
    """
    nodes, past = world.skeleton.nodes, 0.0
    chains: list[Chain] = []
    for a, paths in world.paths.items():
        found = bypasses(world, a)
        if found:
            past += nodes[a].share * len(found) / sum(nodes[p[0]].tier == BULK for p in paths)
            chains += whole(found)
    score = 1 - past
    level = sum(round(score, DIGITS) < bound for bound in LAYERED)
    crossing = crossing_domains(world)
    return Finding(score, max(level, 2) if crossing else level, (*chains, *crossing))


def crossing_domains(world: World) -> tuple[tuple[int, int], ...]:
    """Pairs of nodes whose domains overlap although neither holds the other."""
    domain: dict[int, set[int]] = {}
    for a, paths in world.paths.items():
        for p in paths:
            domain.setdefault(p[0], set()).add(a)
    return tuple((p, q) for p, q in combinations(sorted(domain), 2) if domain[p] & domain[q] and domain[p] - domain[q] and domain[q] - domain[p])


def observability_gap(world: World, by: Strengths) -> Finding:
    r"""Flexible power that tier 1 dispatches unseen by distribution.

    .. math:: OB = \sum_a cap(a)\,[byp(a) \ne \emptyset]\,(1 - \sigma(a))

    with σ the best of: a schedule told to distribution by a node of the path (1), the agreement of a tier-1 node of the path with it, one
    organisation, dispatch between them, or any edge between distribution and a node of the path. Of several whole paths, the least seen counts.
    """
    nodes, score = world.skeleton.nodes, 0.0
    chains: list[Chain] = []
    for a in world.paths:
        for_each = [(_seen(world, p, by), p) for p in whole(bypasses(world, a))]
        if for_each:
            score += nodes[a].share * (1 - min(s for s, _ in for_each))
            chains += [p for s, p in for_each if s < 1]
    return Finding(score, banded(score, UNSEEN), tuple(chains))


def _seen(world: World, path: Chain, by: Strengths) -> float:
    nodes, below = world.skeleton.nodes, world.skeleton.tier(DISTRIBUTION)
    if any(r.word == "info" and r.item == "sched" and r.a in path and r.b in below for r in world.relations):
        return 1.0
    agreed = {"": 0.0, "joint": by.joint, "limits": by.limits, "advisory": by.advisory}
    touched = any(r.word != "noedge" and ((r.a in below and r.b in path) or (r.b in below and r.a in path)) for r in world.relations)
    best = by.seen if touched else 0.0
    for t in (k for k in path if nodes[k].tier == BULK):
        for d in below:
            same = by.same_org if world.skeleton.kin(t, d) else 0.0
            best = max(best, agreed[world.agreement(t, d)], same, by.dispatch if world.dispatches(t, d) else 0.0)
    return best
