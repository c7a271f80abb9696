"""Who acts in an architecture, and along which chains: who clears, which distribution operators act, and the ways down to each class of customers.

Everything is read off relations and what nodes are; names mean nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import final

from gridtandem.architecture.graph import BULK, DISTRIBUTION, EDGE
from gridtandem.architecture.relations import BOUNDING, INSTRUCTING, Chain, Relation, World, ending, whole

ROUNDED = 9  # digits of shares that are compared
ACTING = {
    **dict.fromkeys(INSTRUCTING, 0),
    **dict.fromkeys(BOUNDING, 1),
    "coord": 2,
    "price": 3,
}  # how a distribution operator acts, the firmest first


@final
@dataclass(frozen=True, slots=True)
class Chains:
    """All chains to one class of customers, the shortest first; empty where there are none."""

    bulk: tuple[Chain, ...]  # from who clears, past distribution
    network: tuple[Chain, ...]  # from a distribution operator, by dispatch
    through: tuple[Chain, ...]  # from tier 1 through a distribution operator
    control: tuple[Chain, ...]  # from a distribution operator, by control without bids
    own: tuple[Chain, ...]  # from somebody of tier 3 whom nobody instructs
    priced: tuple[Chain, ...]  # along prices alone

    @property
    def operated(self) -> bool:
        """Whether any operator instructs the class."""
        return bool(self.bulk or self.network or self.through or self.control)


@final
@dataclass(frozen=True, slots=True)
class Actors:
    """A world, and who acts in it."""

    world: World
    bulk: int  # who clears
    networks: tuple[int, ...]  # distribution operators that act, who decides first

    @classmethod
    def of(cls, world: World) -> Actors:
        """Who acts; ``bulk`` is −1 where nobody clears."""
        return cls(world, clearing(world), acting(world))

    @property
    def orders(self) -> tuple[Relation, ...]:
        """Orders to who clears, which make it a platform."""
        return tuple(r for r in self.world.relations if r.word == "order" and r.b == self.bulk)

    @property
    def above(self) -> tuple[int, ...]:
        """Who clears, and operators of tier 1 that buy there."""
        tier = self.world.skeleton.nodes
        return (self.bulk, *sorted({r.a for r in self.orders if tier[r.a].tier == BULK}))

    def near(self, customer: int) -> tuple[int, ...]:
        """Nodes of distribution in the area of a class: those that touch it, and those that touch no class; all of them where that is nobody."""
        below = self.world.skeleton.tier(DISTRIBUTION)
        touched = {d: self._touched(d) for d in below}
        return tuple(d for d in below if customer in touched[d] or not touched[d]) or below

    def _touched(self, d: int) -> set[int]:
        bounded = {r.b for r in self.world.relations if r.word in BOUNDING and r.a == d}
        return {
            a for a, paths in self.world.paths.items()
            if a in bounded or any(p[0] == d or not bounded.isdisjoint(p) for p in (*paths, *self.prices(a)))
        }  # fmt: skip

    def prices(self, customer: int) -> tuple[Chain, ...]:
        """All chains of prices that end at a class."""
        above: dict[int, list[int]] = {k: [] for k in range(len(self.world.skeleton.nodes))}
        for r in self.world.relations:
            if r.word == "price":
                above[r.b].append(r.a)
        return tuple(ending({k: tuple(sorted(up)) for k, up in above.items()}, (customer,)))

    def chains(self, customer: int) -> Chains:
        """All chains to a class."""
        nodes, paths, near = self.world.skeleton.nodes, self.world.paths[customer], set(self.world.skeleton.tier(DISTRIBUTION))
        free = [p for p in paths if nodes[p[0]].tier == BULK and near.isdisjoint(p)]
        below = whole(p for p in paths if p[0] in near and all(nodes[k].tier != BULK or (k == self.bulk and self.orders) for k in p))
        bids = [bool(words(self.world, p[0], p[1]) - {"ctl"}) for p in below]
        return Chains(
            bulk=shortest([p for p in free if p[0] == self.bulk] or whole(free)),
            network=shortest(p for p, market in zip(below, bids, strict=True) if market),
            through=shortest(whole(p for p in paths if nodes[p[0]].tier == BULK and not near.isdisjoint(p))),
            control=shortest(p for p, market in zip(below, bids, strict=True) if not market),
            own=shortest(p for p in whole(paths) if nodes[p[0]].tier == EDGE),
            priced=shortest(whole(self.prices(customer))),
        )

    def agreed(self, near: Collection[int], strength: str) -> tuple[Relation, ...]:
        """Agreements of a strength between who clears, or who buys there, and somebody near; or those for whom they act."""
        house = self.world.skeleton.house
        top, low = {house(k) for k in self.above}, {house(k) for k in near}
        return tuple(
            r for r in self.world.relations
            if r.word == "coord" and r.strength == strength and any(house(a) in top and house(b) in low for a, b in ((r.a, r.b), (r.b, r.a)))
        )  # fmt: skip

    def models(self, near: Collection[int]) -> tuple[Relation, ...]:
        """Along what models of distribution reach who clears."""
        house, nodes = self.world.skeleton.house, self.world.skeleton.nodes
        told = [r for r in self.world.relations if r.a in near and house(r.b) == house(self.bulk)]
        sent = tuple(r for r in told if r.word == "info" and r.item == "dgrid")
        return sent or (tuple(r for r in told if r.word in ("info", "order", "coord")) if nodes[self.bulk].sees_distribution else ())


def clearing(world: World) -> int:
    """Who clears the bulk market; −1: nobody.

    A platform to which tier 1 sends orders; else who instructs customers from tier 1 and is instructed by nobody there; else who has any link, such
    as an exchange that is told bids. Of several, who reaches most, a TSO, the first.
    """
    nodes, top = world.skeleton.nodes, world.skeleton.tier(BULK)
    reach = {k: sum(nodes[a].share for a in world.paths if world.from_(k, a)) for k in range(len(nodes))}
    reaching = {p[0] for paths in world.paths.values() for p in paths}
    ordered = {r.b for r in world.relations if r.word == "order" and nodes[r.a].tier == BULK}
    under = {r.b for r in world.relations if r.word in INSTRUCTING and nodes[r.a].tier == BULK}
    linked = {k for r in world.relations if r.word not in ("noedge", "settle") for k in (r.a, r.b)}
    levels = (
        [k for k in sorted(ordered & reaching) if nodes[k].tier == BULK or nodes[k].role == "FMP"],
        [k for k in top if k in reaching and k not in under], [k for k in top if k in linked],
    )  # fmt: skip
    found = next(filter(None, levels), [])
    return min(found, key=lambda k: (-round(reach[k], ROUNDED), nodes[k].role != "TSO", k), default=-1)


def acting(world: World) -> tuple[int, ...]:
    """Distribution operators that instruct, bound, agree or send prices, in this order, agents of another one last."""
    ranked = []
    for d in world.skeleton.tier(DISTRIBUTION):
        ranks = [ACTING[r.word] for r in world.relations if r.word in ACTING and (r.a == d or (r.word == "coord" and r.b == d))]
        below = any(r.word in INSTRUCTING and r.b == d and world.skeleton.nodes[r.a].tier == DISTRIBUTION for r in world.relations)
        if ranks:
            ranked.append((below, min(ranks), d))
    return tuple(d for _, _, d in sorted(ranked))


def words(world: World, a: int, b: int) -> frozenset[str]:
    """How one instructs another."""
    return frozenset(r.word for r in world.relations if (r.a, r.b) == (a, b) and r.word in INSTRUCTING)


def along(world: World, chain: Chain, by: Collection[str] = INSTRUCTING) -> tuple[Relation, ...]:
    """The statements of these words along a chain, one a step where there is one; a step by joint decision has no instruction."""
    steps = {(r.a, r.b): r for r in reversed(world.relations) if r.word in by}
    return tuple(steps[step] for step in pairwise(chain) if step in steps)


def shortest(chains: Iterable[Chain]) -> tuple[Chain, ...]:
    """The same, the shortest first."""
    return tuple(sorted(chains, key=lambda p: (len(p), p)))
