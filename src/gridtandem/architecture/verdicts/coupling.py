r"""Who acts on the same DER, or behind the same feeder, without agreement: hidden coupling.

"Hidden" means that agreement is missing, not control: two who decide jointly are coupled and see it. How many pairs are coupled at all is counted
beside the score.
"""

from __future__ import annotations

from itertools import combinations

from gridtandem.architecture.graph import DISTRIBUTION
from gridtandem.architecture.relations import INSTRUCTING, OWN, World
from gridtandem.architecture.verdicts.findings import Finding, Strengths, banded

HIDDEN = (0.2, 0.6)
CO_FEEDER = 0.5  # weight of acting behind the same feeder against acting on the same DER


def principals(world: World) -> tuple[int, ...]:
    """Nodes that pursue something of their own: operators, owners of wires, retailers, whoever says so, and an aggregator that may choose.

    An aggregator chooses if two superiors instruct it that do not decide jointly.
    """
    chosen = []
    for k, node in enumerate(world.skeleton.nodes):
        above = sorted({r.a for r in world.relations if r.word in INSTRUCTING and r.b == k})
        free = node.role == "AGG" and any(world.agreement(p, q) != "joint" for p, q in combinations(above, 2))
        if node.own or node.role in OWN or free:
            chosen.append(k)
    return tuple(chosen)


def coupled(world: World, asset: int, actors: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Pairs of principals of an asset that are not nested: neither stands on every path of the other."""
    paths = {p: found for p in actors if (found := world.from_(p, asset))}
    nested = {(p, q) for p in paths for q in paths if p != q and all(q in path for path in paths[p])}
    return tuple((p, q) for p, q in combinations(paths, 2) if (p, q) not in nested and (q, p) not in nested)


def hidden_coupling(world: World, by: Strengths) -> Finding:
    r"""Flexible power on which two act without agreement, and half of that on which somebody acts unseen behind the same feeder.

    .. math:: HC = \max(\sum_a cap(a)\,\max_{p,q}(1 - s(p,q)),\ \tfrac12 \sum_a cap(a)\,[U(a) \not\subseteq TSO])

    over pairs p, q of principals of a that are not nested. s is the strongest of: their agreement; one organisation; dispatch between them; a
    platform that all paths of both pass, as far as it arbitrates; an envelope by one of them on all paths of the other. U(a) are principals, not of
    tier 2 and blind to distribution, with a path to a that neither passes a node which sees distribution nor bears an envelope; they count where two
    or more act.
    """
    nodes, actors = world.skeleton.nodes, principals(world)
    same, behind, chains = 0.0, 0.0, []
    acting = {p for a in world.paths for p in actors if world.from_(p, a)}
    held, others = _holding(world), {p for p in actors if nodes[p].role != "TSO"}
    for a in world.paths:
        loose = [(1 - _agreed(world, a, p, q, by), p, q) for p, q in coupled(world, a, actors)]
        same += nodes[a].share * max((h for h, _, _ in loose), default=0.0)
        chains += [path for h, p, q in loose if h > 0 for k in (p, q) for path in world.from_(k, a)]
        blind = [path for path in world.paths[a] if path[0] in others and held.isdisjoint(path)] if len(acting) > 1 else []
        behind += nodes[a].share * bool(blind)
        chains += blind
    score = max(same, CO_FEEDER * behind)
    return Finding(score, banded(score, HIDDEN), tuple(dict.fromkeys(chains)))


def _agreed(world: World, asset: int, p: int, q: int, by: Strengths) -> float:
    """s(p, q), of what concerns one asset."""
    agreed = {"": 0.0, "joint": by.joint, "limits": by.limits, "advisory": by.advisory}
    of_p, of_q = world.from_(p, asset), world.from_(q, asset)
    best = max(agreed[world.agreement(p, q)], by.same_org if world.skeleton.kin(p, q) else 0.0, by.dispatch if world.dispatches(p, q) else 0.0)
    best = max([best, *(arb for r, arb in world.arb.items() if all(r in path for path in (*of_p, *of_q)))])
    for giver, others in ((p, of_q), (q, of_p)):
        bounded = world.limited((giver,))
        if all(not bounded.isdisjoint(path) for path in others):
            best = max(best, by.envelope)
    return best


def _holding(world: World) -> frozenset[int]:
    """Nodes that see distribution, or that it bounds."""
    aware = {k for k, n in enumerate(world.skeleton.nodes) if n.tier == DISTRIBUTION or n.sees_distribution}
    return world.limited(world.skeleton.tier(DISTRIBUTION)) | aware
