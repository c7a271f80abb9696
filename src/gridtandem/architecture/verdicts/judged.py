"""An architecture judged: nine verdicts over everything that is unknown, how probable they are, and which single edge would change one.

Unknown edges (present or not) and platforms (arbitrating little or much) make several worlds; every verdict is an interval over all of them. Apart
from that, each line of a source has a confidence: draws leave lines out with one minus it and count verdicts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import final

import numpy as np

from gridtandem.architecture.graph import Graph
from gridtandem.architecture.relations import Relation, Skeleton, World, skeleton_of
from gridtandem.architecture.verdicts.coupling import coupled, hidden_coupling, principals
from gridtandem.architecture.verdicts.exchanging import coordination_gap, latency_cascading, race_condition
from gridtandem.architecture.verdicts.exposing import blast_radius, cyber_exposure, growth, scalability
from gridtandem.architecture.verdicts.findings import ASSUMED, DIGITS, PRINCIPLES, Finding, Strengths
from gridtandem.architecture.verdicts.layering import layered_decomposition, observability_gap, tier_bypass
from gridtandem.errors import Fault, InvalidCase

DEFINITIONS: dict[str, Callable[[World, Strengths], Finding]] = {
    "TB": tier_bypass, "HC": hidden_coupling, "LD": layered_decomposition, "LC": latency_cascading, "CY": cyber_exposure, "SC": scalability,
    "OB": observability_gap, "RC": race_condition, "CG": coordination_gap,
}  # fmt: skip
UNKNOWN_MOST = 12  # of edges and platforms; every one doubles the worlds
Presence = tuple[bool, ...]
Level = tuple[int, int]  # lowest and highest


@final
@dataclass(frozen=True, slots=True)
class Verdict:
    """One principle over all worlds."""

    principle: str
    level: Level
    score: tuple[float, float]
    worst: Finding  # of the first world in which the level is highest
    probability: Mapping[int, float]  # of each level among draws; empty without draws

    @property
    def held(self) -> float:
        """Share of draws within the interval."""
        low, high = self.level
        return sum(p for level, p in self.probability.items() if low <= level <= high) if self.probability else float("nan")


@final
@dataclass(frozen=True, slots=True)
class Critical:
    """One line without which a verdict is another."""

    principle: str
    relation: Relation
    present: Level
    absent: Level


@final
@dataclass(frozen=True, slots=True)
class Judged:
    """All verdicts of one architecture."""

    name: str
    skeleton: Skeleton
    verdicts: Mapping[str, Verdict]
    critical: tuple[Critical, ...]
    coupled: int  # pairs that act on one DER, agreed or not
    growth: str
    blast: Mapping[int, float]  # share of flexible power by node
    draws: int
    seed: int

    def levels(self) -> dict[str, Level]:
        """The interval of each principle."""
        return {short: v.level for short, v in self.verdicts.items()}


@final
@dataclass(frozen=True, slots=True)
class Worlds:
    """The worlds of a skeleton, each judged once."""

    skeleton: Skeleton
    strengths: Strengths = ASSUMED
    known: dict[tuple[Presence, tuple[float, ...]], tuple[Finding, ...]] = field(default_factory=dict)

    def findings(self, present: Presence, arb: tuple[float, ...]) -> tuple[Finding, ...]:
        """All nine of one world."""
        key = (present, arb)
        if key not in self.known:
            world = self.world(present, arb)
            self.known[key] = tuple(definition(world, self.strengths) for definition in DEFINITIONS.values())
        return self.known[key]

    def world(self, present: Presence, arb: tuple[float, ...]) -> World:
        """Those relations and platforms."""
        there = (r for r, p in zip(self.skeleton.relations, present, strict=True) if p)
        return World.of(self.skeleton, there, dict(zip(self.skeleton.platforms(), arb, strict=True)))

    def corners(self, *, without: int = -1, sure: int = -1) -> Iterator[tuple[Presence, tuple[float, ...]]]:
        """Every choice of what is unknown; without one relation, or with one made sure."""
        relations = self.skeleton.relations
        ends = [sorted(set(self.skeleton.nodes[k].arb or ())) for k in self.skeleton.platforms()]
        choices = [(False,) if k == without else (False, True) if r.unsure and k != sure else (True,) for k, r in enumerate(relations)]
        for present in product(*choices):
            for arb in product(*ends):
                yield present, arb

    def levels(self, *, without: int = -1, sure: int = -1) -> list[Level]:
        """Intervals of all nine over the corners."""
        found = [[f.level for f in self.findings(*c)] for c in self.corners(without=without, sure=sure)]
        return [(min(column), max(column)) for column in zip(*found, strict=True)]


def judge(graph: Graph, *, draws: int = 0, seed: int = 0) -> Judged:
    """Nine verdicts of an architecture, their probabilities over ``draws`` seeded draws, and the edges on which they hang."""
    return judge_skeleton(graph.id, skeleton_of(graph), draws=draws, seed=seed)


def judge_skeleton(name: str, skeleton: Skeleton, *, draws: int = 0, seed: int = 0, strengths: Strengths = ASSUMED) -> Judged:
    """Nine interval verdicts, their probabilities over ``draws`` seeded draws, and critical edges.

    ``InvalidCase`` if more is unknown than can be tried in full.
    """
    worlds = worlds_of(name, skeleton, strengths=strengths)
    every = [worlds.findings(*corner) for corner in worlds.corners()]
    drawn = _drawn(worlds, draws, seed)
    verdicts = {}
    for k, p in enumerate(PRINCIPLES):
        column = [findings[k] for findings in every]
        level = (min(f.level for f in column), max(f.level for f in column))
        score = (min(f.score for f in column), max(f.score for f in column))
        worst = next(f for f in column if f.level == level[1])
        verdicts[p.short] = Verdict(p.short, level, (round(score[0], DIGITS), round(score[1], DIGITS)), worst, drawn[k])
    full = World.of(skeleton)
    actors = principals(full)
    pairs = {pair for a in full.paths for pair in coupled(full, a, actors)}
    return Judged(name, skeleton, verdicts, tuple(_critical(worlds)), len(pairs), growth(full), blast_radius(full), draws, seed)


def worlds_of(name: str, skeleton: Skeleton, *, strengths: Strengths = ASSUMED) -> Worlds:
    """The worlds of a skeleton; ``InvalidCase`` if they are too many."""
    unknown = sum(r.unsure for r in skeleton.relations) + len(skeleton.platforms())
    if unknown > UNKNOWN_MOST:
        what, mend = f"has {unknown} unknown edges and platforms, at most {UNKNOWN_MOST} can be tried in full", "decide some"
        raise InvalidCase([Fault("architecture", what, mend, "arch-050", label=name)])
    return Worlds(skeleton, strengths)


def _drawn(worlds: Worlds, draws: int, seed: int) -> list[dict[int, float]]:
    """Share of draws at each level, for each principle. Each line is there with its confidence, each platform arbitrates uniformly in its range."""
    skeleton, chance = worlds.skeleton, np.random.default_rng(seed)
    confidence = np.array([r.confidence for r in skeleton.relations])
    ends = np.array([skeleton.nodes[k].arb or (0.0, 0.0) for k in skeleton.platforms()]).reshape(-1, 2)
    present = chance.random((draws, len(confidence))) < confidence
    arb = ends[:, 0] + (ends[:, 1] - ends[:, 0]) * chance.random((draws, len(ends)))
    counts: list[Counter[int]] = [Counter() for _ in PRINCIPLES]
    for there, far in zip(present.tolist(), arb.tolist(), strict=True):
        for count, finding in zip(counts, worlds.findings(tuple(there), tuple(far)), strict=True):
            count[finding.level] += 1
    return [{level: count[level] / draws for level in sorted(count)} for count in counts]


def _critical(worlds: Worlds) -> Iterator[Critical]:
    for k, relation in enumerate(worlds.skeleton.relations):
        present, absent = worlds.levels(sure=k), worlds.levels(without=k)
        for p, there, gone in zip(PRINCIPLES, present, absent, strict=True):
            if there != gone:
                yield Critical(p.short, relation, there, gone)
