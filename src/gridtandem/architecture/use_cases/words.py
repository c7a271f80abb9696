"""Words by which roles, relations and items are guessed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import final


@final
@dataclass(frozen=True, slots=True)
class Meaning:
    """What phrases stand for."""

    what: str
    words: tuple[str, ...]
    tier: int = 0

    def found(self, text: str) -> str:
        """What stands in a folded text for the first of its phrases that does; empty if none does."""
        return next((match.group() for w in self.words if (match := _pattern(w).search(text))), "")


@final
@dataclass(frozen=True, slots=True)
class Words:
    """All of them, each list in the order in which it is asked."""

    tools: Meaning
    markets: Meaning
    roles: tuple[Meaning, ...]
    topics: tuple[Meaning, ...]
    items: tuple[Meaning, ...]


@cache
def words() -> Words:
    """The words themselves."""
    said = tomllib.loads((files(__package__) / "words.toml").read_text(encoding="utf-8"))
    roles, topics, items = (
        tuple(Meaning(each[key], tuple(each["words"]), each.get("tier", 0)) for each in said[f"{key}s"]) for key in ("role", "topic", "item")
    )
    return Words(Meaning("tool", tuple(said["tools"])), Meaning("market", tuple(said["markets"])), roles, topics, items)


def first(text: str, meanings: Sequence[Meaning]) -> tuple[Meaning, str] | None:
    """The first meaning of which a phrase stands in a text, and that phrase."""
    return next(((m, word) for m in meanings if (word := m.found(text))), None)


def folded(text: str) -> str:
    """For comparing: small letters and digits, one blank between words, no plurals, nothing in brackets."""
    bare = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", " ", text).casefold()
    return " ".join(_singular(word) for word in re.findall(r"[^\W_]+", bare))


@cache
def _pattern(phrase: str) -> re.Pattern[str]:
    alike = " ".join(word if "*" in word else _singular(word) for word in phrase.split())
    return re.compile(r"\b" + r"\w*".join(map(re.escape, alike.split("*"))) + r"\b")


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
