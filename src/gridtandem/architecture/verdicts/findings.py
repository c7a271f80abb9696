"""What a definition finds, in numbers and words, and the numbers that definitions share.

Levels, words and bounds are those of the structural study this room follows (De Martini, Kristov and Taft 2019, in its own scale); how strong an
agreement is, is an inference, so all strengths stand in one record that a sensitivity study scales.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import final

from gridtandem.architecture.relations import Chain
from gridtandem.errors import UnknownName

DIGITS = 9  # to which scores are held against bounds: 1 − 0.4 is 0.6


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """A score, its level, and what causes it."""

    score: float
    level: int
    chains: tuple[Chain, ...] = ()  # offending paths; two nodes stand for an edge, or for one that is missing


@final
@dataclass(frozen=True, slots=True)
class Principle:
    """One definition: its short and long name, the words of its levels."""

    short: str
    name: str
    words: tuple[str, ...]  # from level 0; empty where no architecture has that level
    asks: str

    def word(self, level: int) -> str:
        """The level in words; a count where words end."""
        return self.words[level] if level < len(self.words) else str(level)

    def level(self, word: str) -> int:
        """The level that a word means."""
        if word and word in self.words:
            return self.words.index(word)
        if word.isdigit():
            return int(word)
        raise UnknownName(f"level of {self.name}", word, [w for w in self.words if w])


PRINCIPLES = (
    Principle("TB", "tier_bypass", ("none", "few", "some", "extensive"), "Who instructs DERs past distribution?"),
    Principle("HC", "hidden_coupling", ("none", "few", "some", "extensive"), "Who acts on the same DER or feeder without agreement?"),
    Principle("LD", "layered_decomposition", ("good", "mostly", "partial", "not_used"), "Do superiors act through subordinates?"),
    Principle("LC", "latency_cascading", ("none", "limited", "issue"), "How many hand a message on?"),
    Principle("CY", "cyber_exposure", ("", "low", "moderate", "high"), "What of low trust touches a bulk controller?"),
    Principle("SC", "scalability", ("good", "good_overall", "limited", "problematic"), "What grows with the number of DERs?"),
    Principle("OB", "observability_gap", ("none", "small", "some", "extensive"), "Which dispatches does distribution not see?"),
    Principle("RC", "race_condition", ("none", "unlikely", "possible"), "Do two controllers see the same DER by different ways?"),
    Principle("CG", "coordination_gap", ("none",), "Which operators have no link?"),
)
SHORT = {p.short: p for p in PRINCIPLES}
DECIDING = frozenset({"TB", "HC", "LD", "OB"})  # scores that decide the level by themselves; LD where domains are nested
SCALES = {  # what the others count, and what their level looks at
    "LC": "tier-3 nodes that hand a message on, and a tenth of the borders between organisations: issue from 2 nodes, limited from 3 borders",
    "CY": "share of DERs of low trust that touch a bulk controller: high from 0.5; moderate if such a DER, or a node of tier 3, does at all",
    "SC": "share of power that tier 1 reaches in a step, or in two by tier 3; the level asks whom it instructs, and if one program holds all",
    "RC": "the level itself",
    "CG": "links that are missing",
}


def principle(name: str) -> Principle:
    """A principle by its short or long name."""
    for p in PRINCIPLES:
        if name.lower().replace("-", "_") in (p.short.lower(), p.name):
            return p
    raise UnknownName("principle", name, [p.name for p in PRINCIPLES])


def banded(score: float, bounds: tuple[float, float]) -> int:
    """0 at zero, 1 up to the first bound, 2 up to the second, else 3."""
    held = round(score, DIGITS)
    return 0 if held <= 0 else 1 if held <= bounds[0] else 2 if held <= bounds[1] else 3


@final
@dataclass(frozen=True, slots=True)
class Strengths:
    """How far what is agreed or drawn relieves a structure, from 0 (not) to 1 (fully). None is measured; all are inferences.

    The first group is s(p, q) of hidden coupling and observability, the second the relief m(a) of tier bypass.
    """

    joint: float = 1.0
    limits: float = 0.6
    advisory: float = 0.3
    dispatch: float = 0.4
    same_org: float = 0.8
    envelope: float = 0.6
    seen: float = 0.3  # distribution has some edge to a node of the path
    relief_joint: float = 0.7
    relief_limits: float = 0.6
    relief_advisory: float = 0.3
    relief_dispatch: float = 0.3
    relief_same_org: float = 0.6
    relief_envelope: float = 0.6
    relief_sees: float = 0.5  # optimises with distribution constraints
    relief_platform: float = 0.7  # times how far it arbitrates

    def scaled(self, by: float) -> Strengths:
        """All times a factor, none above 1."""
        return replace(self, **{f.name: min(1.0, by * getattr(self, f.name)) for f in fields(self)})


ASSUMED = Strengths()
