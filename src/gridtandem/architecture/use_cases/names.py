"""Names of actors: different spellings made one, cells that hold several taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations
from typing import final

from gridtandem.architecture.use_cases.guesses import LIKELY, Guess
from gridtandem.architecture.use_cases.steps import UseCase
from gridtandem.architecture.use_cases.words import folded

ALIKE = 0.84  # of two spellings, such as "commercial consumer" and "commercial customer"
SHORT = 4  # letters up to which a word is a name of its own: "MO TSO" is not "MO DSO"


@final
@dataclass(frozen=True, slots=True)
class Names:
    """Actors of the steps by a key that does not depend on spelling."""

    label: Mapping[str, str]  # as they are written
    same: Mapping[str, str]  # further spellings, each with the key that it means
    known: frozenset[str]  # keys that a table lists: they are never taken apart
    guesses: tuple[Guess, ...]

    def key(self, written: str) -> str:
        """The key of one name."""
        return self.same.get(folded(written), folded(written))

    def keys(self, cell: str) -> tuple[str, ...]:
        """The keys of a cell, each once."""
        return tuple(dict.fromkeys(map(self.key, parts(cell, self.known))))


def names(case: UseCase, given: Iterable[str]) -> Names:
    """Who is who: what the actors table lists counts as it stands there; what comes close to an actor that no step names is that actor."""
    listed = {folded(a.name): a.name for a in case.actors}
    short = {folded(within): folded(a.name) for a in case.actors for within in re.findall(r"\(([^()]+)\)", a.name)}
    known = frozenset({*listed, *short, *map(folded, given)})
    used: dict[str, str] = {}
    for written in (p for s in case.steps for cell in (s.sender, s.receiver) for p in parts(cell, known)):
        used.setdefault(folded(written), written)
    free = [key for key in listed if key not in used]
    label: dict[str, str] = {}
    same: dict[str, str] = {}
    guesses: list[Guess] = []
    for key, written in used.items():
        close = (k for k in free if _alike(k, key))
        initials = (k for k in (*listed, *label) if len(key) > 2 and "".join(word[0] for word in k.split()) == key)
        other = "" if key in listed else short.get(key) or next(close, "") or next(initials, "")
        name = listed.get(other or key, label.get(other, written))
        label.setdefault(other or key, re.sub(r"\s*\([^()]*\)", "", name))
        if other:
            same[key] = other
            guesses.append(("name", written, label[other], "spelled almost so, or its initials", LIKELY))
    guesses += [("name", label[b], f"another than {label[a]}", "spelled almost so", LIKELY) for a, b in combinations(label, 2) if _alike(a, b)]
    return Names(label, same, known, tuple(guesses))


def parts(cell: str, known: frozenset[str]) -> list[str]:
    """Actors of a cell that may hold several. A slash or an "and" may belong to a name, so it parts only what a table lists."""
    if folded(cell) in known:
        return [cell]
    out: list[str] = []
    for part in (p.strip() for p in re.split(r"[,;\n]", cell) if folded(p)):
        several = [p.strip() for p in re.split(r"/|&|\band\b", part) if folded(p)]
        out += several if folded(part) not in known and {folded(p) for p in several} <= known else [part]
    return out


def _alike(a: str, b: str) -> bool:
    short = [{word for word in key.split() if len(word) <= SHORT} for key in (a, b)]
    return a != b and short[0] == short[1] and SequenceMatcher(None, a, b).ratio() >= ALIKE
