"""What touches tier 1 as DERs grow in number: cyber exposure of the bulk system, blast radius, scalability."""

from __future__ import annotations

from gridtandem.architecture.graph import BULK, CUSTOMER, DISTRIBUTION, EDGE
from gridtandem.architecture.relations import INSTRUCTING, OPERATIONAL, World
from gridtandem.architecture.verdicts.findings import Finding, Strengths

MASS = 0.5  # share of flexible power from which DERs are many


def cyber_exposure(world: World, _: Strengths) -> Finding:
    """Share of DERs of low trust with an operational edge to a bulk controller.

    A bulk controller is a node of tier 1, or of tier 2 in an organisation that also has one of tier 1: no border lies between. High from a share of
    0.5; moderate if any node of tier 3 or 4 touches one; else low.
    """
    nodes = world.skeleton.nodes
    bulk = {nodes[k].org for k in world.skeleton.tier(BULK)}
    controllers = {k for k, n in enumerate(nodes) if n.tier == BULK or (n.tier == DISTRIBUTION and n.org in bulk)}
    low = {k for k, n in enumerate(nodes) if n.tier >= EDGE and not n.trusted}
    touching = [(x, c) for r in world.relations if r.word in OPERATIONAL for x, c in ((r.a, r.b), (r.b, r.a)) if x in low and c in controllers]
    score = sum(nodes[x].share for x in {x for x, _ in touching} if nodes[x].tier == CUSTOMER)
    return Finding(score, 3 if score >= MASS else 2 if touching else 1, tuple(dict.fromkeys(touching)))


def blast_radius(world: World) -> dict[int, float]:
    """Share of flexible power whose set-point the holder of each node can move, alone, by its instructions; at a DER, its own.

    What an envelope bounds still moves, within the envelope; the share is counted in full.
    """
    nodes = world.skeleton.nodes
    moved = {k: sum(nodes[a].share for a, paths in world.paths.items() if a == k or any(p[0] == k for p in paths)) for k in range(len(nodes))}
    return {k: share for k, share in moved.items() if share > 0}


def scalability(world: World, _: Strengths) -> Finding:
    """What tier 1 instructs directly: the mass of DERs, all power through tier 3, part of it, or distribution operators only.

    At least limited where transmission and distribution are one organisation or a node of tier 1 optimises with distribution constraints: one program
    holds all. The score is the share of flexible power that tier 1 reaches in one step, or in two through tier 3.
    """
    skeleton, nodes = world.skeleton, world.skeleton.nodes
    direct = [(r.a, r.b) for r in world.relations if r.word in INSTRUCTING and nodes[r.a].tier == BULK and nodes[r.b].tier >= EDGE]
    ders = {b for _, b in direct if nodes[b].tier == CUSTOMER}
    agents = {b for _, b in direct if nodes[b].tier == EDGE}
    through = {a for a, paths in world.paths.items() if any(p[0] in agents for p in paths)}
    alone, gathered = sum(nodes[a].share for a in ders), sum(nodes[a].share for a in through)
    score = sum(nodes[a].share for a in ders | through)
    level = 3 if alone >= MASS else 2 if gathered >= 1 - 1e-9 else 1 if direct else 0
    bulk = {nodes[k].org for k in skeleton.tier(BULK)}
    one = any(nodes[k].org in bulk for k in skeleton.tier(DISTRIBUTION)) or any(nodes[k].sees_distribution for k in skeleton.tier(BULK))
    return Finding(score, max(level, 2) if one else level, tuple(dict.fromkeys(direct)))


def growth(world: World) -> str:
    """How the number of those whom tier 1 instructs grows."""
    tiers = {world.skeleton.nodes[r.b].tier for r in world.relations if r.word in INSTRUCTING and world.skeleton.nodes[r.a].tier == BULK}
    return "O(DER)" if CUSTOMER in tiers else "O(aggregators)" if EDGE in tiers else "O(DSO)"
