"""Names of actors: different spellings made one, cells that hold several taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations
from typing import final

from gridtandem.architecture.use_cases.guesses import LIKELY, TOLD, Guess
from gridtandem.architecture.use_cases.steps import UseCase
from gridtandem.architecture.use_cases.words import folded, tells

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
    """Who is who. What the actors table lists counts as it stands there; another spelling that comes close to one before it is that one."""
    listed = {folded(a.name): a.name for a in case.actors}
    short = {folded(within): folded(a.name) for a in case.actors for within in re.findall(r"\(([^()]+)\)", a.name)}
    short |= {_initials(key): key for key in listed if len(_initials(key)) > 2}
    known = frozenset({*listed, *short, *map(folded, given)})
    used: dict[str, str] = {}
    for written in (p for s in case.steps for cell in (s.sender, s.receiver) for p in parts(cell, known)):
        used.setdefault(folded(written), written)
    label: dict[str, str] = {}
    same: dict[str, str] = {}
    guesses: list[Guess] = []
    for key, written in sorted(used.items(), key=lambda each: each[0] not in listed and not tells(each[0])):  # slips of the pen last
        close = (k for k in (*listed, *label) if _alike(k, key) or _initials(k) == key)
        other = "" if key in listed else short.get(key) or next(close, "")
        name = listed.get(other or key, label.get(other, written))
        label.setdefault(other or key, re.sub(r"\s*\([^()]*\)", "", name))
        if other:
            same[key] = other
            guesses.append(("name", written, label[other], "spelled almost so, or its initials", LIKELY))
    guesses += [("name", label[b], f"another than {label[a]}", "spelled almost so", LIKELY) for a, b in combinations(label, 2) if _alike(a, b)]
    guesses += [("actor", name, "left out", "takes part in no step", TOLD) for key, name in listed.items() if key not in label]
    return Names(label, same, known, tuple(guesses))


def parts(cell: str, known: frozenset[str]) -> list[str]:
    """Actors of a cell that may hold several. A slash or an "and" may belong to a name, so it parts only what a table lists or words tell."""
    if folded(cell) in known:
        return [cell]
    out: list[str] = []
    for part in (p.strip() for p in re.split(r"[,;\n]", cell) if folded(p)):
        several = [p.strip() for p in re.split(r"/|&|\band\b", part) if folded(p)]
        apart = folded(part) not in known and all(folded(p) in known or tells(folded(p)) for p in several)
        out += several if apart else [part]
    return out


def _initials(key: str) -> str:
    return "".join(word[0] for word in key.split()) if len(key.split()) > 2 else ""


def _alike(a: str, b: str) -> bool:
    short = [{word for word in key.split() if len(word) <= SHORT} for key in (a, b)]
    return a != b and short[0] == short[1] and SequenceMatcher(None, a, b).ratio() >= ALIKE
