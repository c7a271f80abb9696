"""The smallest change that brings a verdict to a target: agreements and envelopes added, lines left out.

All sets of changes of one size are tried before any of the next, so a set that is found is smallest. A set counts if the verdict reaches the target
in every world of what is unknown, and if every operator that could instruct a DER, itself, through others or by a joint decision, still can: taking
power away from everybody is no mending. Among sets of one size those that leave out fewer lines come first, then those with weaker agreements, then
in the order of nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import final

from gridtandem.architecture.graph import BULK, CUSTOMER, DISTRIBUTION, EDGE, Graph
from gridtandem.architecture.relations import AGREEMENTS, Relation, Skeleton, World, skeleton_of
from gridtandem.architecture.verdicts.findings import ASSUMED, Principle, Strengths
from gridtandem.architecture.verdicts.judged import DEFINITIONS, Level, Worlds
from gridtandem.errors import Fault, InvalidCase

MOST = 3  # changes
OPERATORS = ("TSO", "TO", "DSO", "DO")


@final
@dataclass(frozen=True, slots=True)
class Change:
    """One line added, or left out."""

    adds: bool
    relation: Relation

    def said(self, skeleton: Skeleton) -> str:
        """The change as a line of the grammar after + or −."""
        r = self.relation
        extra = f" s={r.strength}" if r.strength else f" item={r.item}" if r.item else ""
        return f"{'+' if self.adds else '-'} {r.word} {skeleton.nodes[r.a].name} {skeleton.nodes[r.b].name}{extra}"


@final
@dataclass(frozen=True, slots=True)
class Mending:
    """One smallest set of changes and all verdicts after it."""

    changes: tuple[Change, ...]
    levels: dict[str, Level]


@final
@dataclass(frozen=True, slots=True)
class Mended:
    """All smallest sets; none if the target holds already (``size`` 0) or cannot be reached (``size`` −1)."""

    principle: str
    target: int
    before: dict[str, Level]
    sets: tuple[Mending, ...]
    size: int


def mend(graph: Graph, principle: Principle, target: int, *, most: int = MOST) -> Mended:
    """The smallest changes to an architecture after which a principle is at level ``target`` or better."""
    return mend_skeleton(skeleton_of(graph), principle, target, most=most)


def mend_skeleton(skeleton: Skeleton, principle: Principle, target: int, *, most: int = MOST, strengths: Strengths = ASSUMED) -> Mended:
    """The smallest sets of at most ``most`` changes after which a principle is at level ``target`` or better in every world."""
    if target < 0 or most < 1:
        raise InvalidCase(
            [Fault("architecture", f"target {target}, changes {most}", "give a level of 0 or more and at least one change", "arch-051")]
        )
    before = levels(skeleton, strengths)
    if before[principle.short][1] <= target:
        return Mended(principle.short, target, before, (), 0)
    choices, reach = tuple(changes(skeleton)), _reach(skeleton)
    for size in range(1, most + 1):
        found = []
        for chosen in combinations(range(len(choices)), size):
            picked = [choices[k] for k in chosen]
            if not _apart(picked):
                continue
            changed = after(skeleton, picked)
            if _worst(changed, principle, target, strengths) <= target and reach <= _reach(changed):
                found.append((sum(not c.adds for c in picked), sum(_force(c) for c in picked), chosen))
        if found:
            best = (tuple(choices[k] for k in chosen) for _, _, chosen in sorted(found))
            sets = tuple(Mending(picked, levels(after(skeleton, picked), strengths)) for picked in best)
            return Mended(principle.short, target, before, sets, size)
    return Mended(principle.short, target, before, (), -1)


def levels(skeleton: Skeleton, strengths: Strengths = ASSUMED) -> dict[str, Level]:
    """The interval of every principle."""
    return dict(zip(DEFINITIONS, Worlds(skeleton, strengths).levels(), strict=True))


def changes(skeleton: Skeleton) -> Iterator[Change]:
    """Agreements between any two that are no customers, stronger than what there is; envelopes by distribution; each link left out."""
    agreed = {frozenset((r.a, r.b)): AGREEMENTS.index(r.strength) for r in skeleton.relations if r.word == "coord" and not r.unsure}
    for p, q in combinations(sorted(skeleton.tier(BULK, DISTRIBUTION, EDGE), key=lambda k: skeleton.nodes[k].tier), 2):
        for strength in AGREEMENTS[agreed.get(frozenset((p, q)), -1) + 1 :]:
            yield Change(True, Relation("coord", p, q, strength=strength))
    limited = {(r.a, r.b) for r in skeleton.relations if r.word == "lim" and not r.unsure}
    for d in skeleton.tier(DISTRIBUTION):
        yield from (Change(True, Relation("lim", d, k)) for k in skeleton.tier(EDGE, CUSTOMER) if (d, k) not in limited)
    yield from (Change(False, r) for r in skeleton.relations if r.word != "noedge")


def after(skeleton: Skeleton, chosen: Sequence[Change]) -> Skeleton:
    """The skeleton with changes made. An agreement takes the place of a weaker one, and of a statement that there is no link."""
    gone = {c.relation for c in chosen if not c.adds}
    new = tuple(c.relation for c in chosen if c.adds)
    replaced = {(frozenset((r.a, r.b)), word) for r in new for word in (("coord", "noedge") if r.word == "coord" else (r.word,))}
    kept = (
        r for r in skeleton.relations if r not in gone and not (r.word in ("coord", "noedge", "lim") and (frozenset((r.a, r.b)), r.word) in replaced)
    )
    return replace(skeleton, relations=(*kept, *new))


def _apart(picked: Sequence[Change]) -> bool:
    """Whether no two changes concern the same agreement."""
    pairs = [(c.relation.word, frozenset((c.relation.a, c.relation.b))) for c in picked if c.relation.word == "coord"]
    return len(set(pairs)) == len(pairs)


def _worst(skeleton: Skeleton, principle: Principle, target: int, strengths: Strengths) -> int:
    """The highest level over the worlds, or the first above the target."""
    worlds, worst = Worlds(skeleton, strengths), 0
    for corner in worlds.corners():
        worst = max(worst, DEFINITIONS[principle.short](worlds.world(*corner), strengths).level)
        if worst > target:
            break
    return worst


def _reach(skeleton: Skeleton) -> frozenset[tuple[int, int]]:
    """Which operator instructs which DER, in the world where all is there that may be."""
    world = World.of(skeleton)
    operators = {k for k, n in enumerate(skeleton.nodes) if n.role in OPERATORS}
    return frozenset((p[0], a) for a, paths in world.paths.items() for p in paths if p[0] in operators)


def _force(change: Change) -> int:
    return 1 + AGREEMENTS.index(change.relation.strength) if change.adds and change.relation.strength else 1
