"""From graph to play: how each class of customers is dispatched follows from edges and from what nodes are, never from names.

The first rule that holds for a class decides it; what a rule rests on are statements of the graph, which it hands over as its reason::

    an operator instructs it, and
        held      M10  who clears and distribution are one company
        joint     M2   who clears and distribution decide jointly
        twice     M3   both buy on one platform that settles less than half of what is between its buyers
        joint     M8   both buy on one platform; M2 where it settles fully, sees distribution and has no other buyers
    who clears instructs it past distribution, and
        filtered  M6   distribution bounds who clears, and is told of the bids
        seen      M1   models of distribution reach who clears, and distribution buys nothing from the class
        boxed     M4   distribution bounds a node of each chain
        leftover  M6   distribution buys from the class too, and tier 1 also dispatches distribution, which so comes first
        twice     M3   distribution buys from the class too
        blind     M0   else
    tier 1 instructs it through distribution alone, and
        rest      M6   that dispatch has the item "rest": distribution clears first, and forwards what is left
        curve     M5   else
    distribution alone instructs it
        local     M7   within an agreed exchange; where nothing is agreed, the one that is expected
    no operator instructs it, but
        own       M11  somebody of tier 3 whom nobody instructs
        priced    M11  prices do

Ways and letters are explained in docs/explanation/architectures.md. A play has the letter of most flexible power; of equal parts the one in which
tier 1 acts past distribution. M9, iteration, is another way to the joint optimum, and M12, the traffic light, another way to bound: no edge
tells them apart from M2 and M4, so no rule gives them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from gridtandem.architecture.graph import BULK, DISTRIBUTION, Graph
from gridtandem.architecture.relations import BOUNDING, Relation, World, skeleton_of
from gridtandem.architecture.simulation.actors import ROUNDED, Actors, Chains, along
from gridtandem.architecture.simulation.play import Play, Reached, Way
from gridtandem.architecture.verdicts.judged import worlds_of
from gridtandem.errors import Fault, InvalidCase

SETTLES = 0.5  # from which a platform settles between its buyers


@final
@dataclass(frozen=True, slots=True)
class _Ruled:
    """What a rule decides, and the statements on which it rests."""

    way: Way
    letter: str
    by: tuple[Relation, ...]
    why: str
    boxed_at: int = -1


@final
@dataclass(frozen=True, slots=True)
class _Class:
    """What the rules look at."""

    actors: Actors
    chains: Chains
    near: tuple[int, ...]  # distribution of its area

    @property
    def first(self) -> tuple[Relation, ...]:
        """The first instruction of the chain past distribution."""
        return along(self.actors.world, self.chains.bulk[0])[:1]

    def name(self, node: int) -> str:
        """Of a node."""
        return self.actors.world.skeleton.nodes[node].name


def derived(graph: Graph, *, arb: float | None = None, unsure: bool = False) -> Play:
    """The play of an architecture.

    A platform settles as far as ``arb`` says, or as the middle of its interval. Statements that are ``unsure`` are left out, or all taken. One
    ``InvalidCase`` tells every class that nobody reaches, and a platform that cannot settle as far as asked.
    """
    skeleton = skeleton_of(graph)
    bounds = {k: skeleton.nodes[k].arb or (0.0, 0.0) for k in skeleton.platforms()}
    outside = [k for k, (low, high) in bounds.items() if arb is not None and not low <= arb <= high]
    if outside:
        raise InvalidCase(_outside(graph, k, arb) for k in outside)
    far = {k: (low + high) / 2 if arb is None else arb for k, (low, high) in bounds.items()}
    return play_in(graph, World.of(skeleton, (r for r in skeleton.relations if unsure or not r.unsure), far))


def plays(graph: Graph) -> tuple[Play, ...]:
    """The different plays over everything unknown: each unsure statement there or not, each platform settling as little and as much as it may.

    The first is the one without unsure statements and with the least settling.
    """
    worlds = worlds_of(graph.id, skeleton_of(graph))
    found: dict[object, Play] = {}
    for corner in worlds.corners():
        play = play_in(graph, worlds.world(*corner))
        found.setdefault((play.bulk, play.networks, play.classes, play.models, play.links, play.arb), play)
    return tuple(found.values())


def play_in(graph: Graph, world: World) -> Play:
    """The play of an architecture in which everything is known."""
    actors = Actors.of(world)
    faults = (
        []
        if actors.bulk >= 0
        else [_fault(graph, "has nobody to clear", "let a node of tier 1 instruct, agree, send prices or be told bids", "arch-080")]
    )
    reached, used = list[Reached](), list[Relation]()
    for customer in world.paths:
        its = _Class(actors, actors.chains(customer), actors.near(customer))
        ruled = next(_rules(its), None)
        if ruled is None and actors.bulk < 0 and its.chains.operated:
            continue  # somebody instructs it; that nobody clears is told
        if ruled is None:
            mend = "let an operator, an aggregator or a retailer instruct it, or send it a price"
            faults.append(_fault(graph, "is instructed by nobody, and no price reaches it", mend, "arch-081", customer))
            continue
        used += ruled.by
        reached.append(_reached(world, customer, its.chains, ruled))
    if faults:
        raise InvalidCase(faults)
    return _play(graph, actors, tuple(reached), used)


def _play(graph: Graph, actors: Actors, reached: tuple[Reached, ...], used: list[Relation]) -> Play:
    world, nodes = actors.world, actors.world.skeleton.nodes
    models = actors.models(world.skeleton.tier(DISTRIBUTION))
    return Play(
        graph=graph,
        procedure=_letter(reached),
        bulk=actors.bulk,
        networks=actors.networks,
        classes=reached,
        models=(models[0].a, models[0].b) if models else None,
        links=tuple(dict.fromkeys((r.a, r.b) for r in used if _between(world, r))),
        buyers=tuple(dict.fromkeys(r.a for r in actors.orders if nodes[r.a].tier > DISTRIBUTION)),
        arb=world.arb.get(actors.bulk, 0.0) if actors.orders else 1.0,
        reasons=tuple(dict.fromkeys(r.reason for r in reached)),
    )


def _between(world: World, r: Relation) -> bool:
    """Whether a statement links tiers 1 and 2 of different companies."""
    skeleton = world.skeleton
    return {skeleton.nodes[r.a].tier, skeleton.nodes[r.b].tier} == {BULK, DISTRIBUTION} and skeleton.nodes[r.a].org != skeleton.nodes[r.b].org


def _letter(reached: tuple[Reached, ...]) -> str:
    """Of most flexible power; of equal parts the one in which tier 1 acts past distribution, then the first."""
    share: dict[str, float] = {}
    past: dict[str, bool] = {}
    for r in reached:
        share[r.letter] = share.get(r.letter, 0.0) + r.share
        past[r.letter] = past.get(r.letter, False) or bool(r.bulk)
    return min(share, key=lambda letter: (-round(share[letter], ROUNDED), not past[letter], int(letter[1:])))


def _reached(world: World, customer: int, chains: Chains, ruled: _Ruled) -> Reached:
    told = ", ".join(dict.fromkeys(said(world, r) for r in ruled.by))
    return Reached(
        customer=customer, share=world.skeleton.nodes[customer].share, way=ruled.way, bulk=chains.bulk, network=chains.network,
        through=chains.through, control=chains.control, own=chains.own, priced=chains.priced, boxed_at=ruled.boxed_at, letter=ruled.letter,
        reason=f"{told}: {ruled.why}",
    )  # fmt: skip


def said(world: World, r: Relation) -> str:
    """A statement in words: ``coord ESO > DSO (joint)``."""
    nodes, more = world.skeleton.nodes, r.strength or r.item
    return f"{r.word} {nodes[r.a].name} > {nodes[r.b].name}" + (f" ({more})" if more else "")


def _rules(its: _Class) -> Iterator[_Ruled]:
    """Every rule that holds, in order; the first decides."""
    if its.actors.bulk >= 0 and its.chains.operated:
        yield from _one_company(its)
        yield from _together(its)
        if its.chains.bulk:
            yield from _past(its)
        elif its.chains.through:
            yield from _through(its)
        yield from _alone(its)
    if its.chains.own:
        by = along(its.actors.world, its.chains.own[0])[:1]
        yield _Ruled(Way.OWN, "M11", by, f"nobody instructs {its.name(by[0].a)}")
    if its.chains.priced:
        by = along(its.actors.world, its.chains.priced[0], {"price"})
        yield _Ruled(Way.PRICED, "M11", by, f"nobody instructs {its.name(by[-1].b)}")


def _one_company(its: _Class) -> Iterator[_Ruled]:
    kin = its.actors.world.skeleton.kin
    own = [d for d in its.near if kin(its.actors.bulk, d)]
    if own:
        chains = its.chains
        chain = next(iter((*chains.bulk, *chains.through, *chains.network, *chains.control)))
        why = f"{its.name(its.actors.bulk)} and {its.name(own[0])} are one company"
        yield _Ruled(Way.HELD, "M10", along(its.actors.world, chain)[:1], why)


def _together(its: _Class) -> Iterator[_Ruled]:
    """A joint decision, or one platform on which both buy."""
    actors = its.actors
    buyers = tuple(r for r in actors.orders if r.a in its.near or r.a in actors.above)
    others = tuple(r for r in actors.orders if r not in buyers)
    shared = bool(its.chains.bulk) and {r.a in its.near for r in buyers} == {True, False}
    if joint := actors.agreed(its.near, "joint"):
        market = f"{its.name(joint[0].a)} and {its.name(joint[0].b)} decide together"
        yield _Ruled(Way.JOINT, "M8" if shared and others else "M2", joint[:1] + (buyers + others) * shared, market)
    if not shared:
        return
    name, far = its.name(actors.bulk), actors.world.arb.get(actors.bulk, 0.0)
    if far < SETTLES:
        yield _Ruled(Way.TWICE, "M3", buyers, f"each buys on {name}, which settles {far:g} of what is between them")
    aware = actors.world.skeleton.nodes[actors.bulk].sees_distribution and far >= 1
    yield _Ruled(
        Way.JOINT, "M2" if aware and not others else "M8", buyers + others, f"all buy on {name}, which settles {far:g} of what is between them"
    )


def _past(its: _Class) -> Iterator[_Ruled]:
    """Who clears instructs past distribution."""
    actors, chains = its.actors, its.chains
    name, bound = its.name(actors.bulk), _bounds(its)
    told = tuple(r for r in actors.world.relations if r.word in ("info", "bid") and r.a == actors.bulk and r.b in its.near)
    if told and (vetoes := tuple(r for r in bound if r.b == actors.bulk)):
        yield _Ruled(Way.FILTERED, "M6", vetoes + told, f"{its.name(vetoes[0].a)} sees the bids of {name}, and stops what its limits do not allow")
    known, sees = actors.models(its.near), actors.world.skeleton.nodes[actors.bulk].sees_distribution
    if (known or sees) and not chains.network:
        yield _Ruled(Way.SEEN, "M1", known or its.first, f"{name} clears with limits of distribution before it")
    if all(any(r.b in chain for r in bound) for chain in chains.bulk):
        low = max((r for r in bound if r.b in chains.bulk[0]), key=lambda r: (sum(r.b in c for c in chains.bulk), chains.bulk[0].index(r.b)))
        yield _Ruled(Way.BOXED, "M4", bound, f"{its.name(low.b)} keeps within it whatever {name} clears", low.b)
    free = f"; {its.actors.world.skeleton.said(next(c for c in chains.bulk if not any(r.b in c for r in bound)))} is not bound" if bound else ""
    if chains.network:
        bought = along(actors.world, chains.network[0])[:1]
        if first := tuple(r for c in chains.through for r in along(actors.world, c) if r.b in its.near):
            yield _Ruled(Way.LEFTOVER, "M6", (*bought, *first, *its.first), f"{its.name(bought[0].a)} buys first, {name} what is left{free}")
        yield _Ruled(Way.TWICE, "M3", (*bought, *its.first), f"two buy at once, and neither dispatches the other{free}")
    yield _Ruled(Way.BLIND, "M0", its.first, f"{name} clears past distribution, of whose limits it is told nothing{free}")


def _bounds(its: _Class) -> tuple[Relation, ...]:
    """Limits and vetoes by distribution of the area on nodes of chains past it."""
    on = {k for chain in its.chains.bulk for k in chain}
    return tuple(r for r in its.actors.world.relations if r.word in BOUNDING and r.a in its.near and r.b in on)


def _through(its: _Class) -> Iterator[_Ruled]:
    """Tier 1 instructs through distribution."""
    world, below = its.actors.world, its.actors.world.skeleton.tier(DISTRIBUTION)
    steps = tuple(r for r in along(world, its.chains.through[0]) if r.b in below and r.a not in below)
    if not steps:
        return
    name = its.name(steps[0].b)
    if any(r.item == "rest" for r in steps):
        yield _Ruled(Way.REST, "M6", steps, f"{name} clears first, and offers what is left")
    yield _Ruled(Way.CURVE, "M5", steps, f"{name} offers what lies behind it, and shares out what is taken")


def _alone(its: _Class) -> Iterator[_Ruled]:
    """Distribution instructs, and tier 1 does not."""
    world, chains = its.actors.world, its.chains
    for chain in (*chains.network, *chains.control)[:1]:
        by, held = along(world, chain)[:1], its.actors.agreed(its.near, "limits")
        exchange = "within agreed limits of the exchange" if held else "with nothing agreed on the exchange, which is as expected"
        yield _Ruled(Way.LOCAL, "M7", (*by, *held), f"{its.name(chain[0])} alone dispatches it, {exchange}")


def _fault(graph: Graph, what: str, mend: str, code: str, node: int = -1) -> Fault:
    if node < 0:
        return Fault("architecture", what, mend, code, label=graph.id, place=graph.file)
    place = ":".join(filter(None, (graph.file, str(graph.nodes.line[node]) if graph.nodes.line[node] else "")))
    return Fault(graph.nodes.kind, what, mend, code, row=node, label=str(graph.nodes.name[node]), place=place)


def _outside(graph: Graph, node: int, arb: float | None) -> Fault:
    low, high = graph.nodes.arb_low[node], graph.nodes.arb_high[node]
    return _fault(graph, f"settles between {low:g} and {high:g}, not {arb:g}", "ask for something in between", "arch-082", node)


def knowing(play: Play) -> tuple[int, ...]:
    """Nodes that know the limits of distribution when they decide: its operators, and who clears where models reach him."""
    nodes = play.graph.nodes
    seen = play.models is not None or bool(nodes.network_aware[play.bulk])
    return (*play.networks, *((play.bulk,) if seen else ()))
