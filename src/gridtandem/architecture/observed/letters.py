"""What a letter tells: the words of an architecture that its question and its reply stand for."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import final

COMPANY, TRANSMISSION, OWNER = "company", "transmission", "owner"


@final
@dataclass(frozen=True, slots=True)
class Meaning:
    """One kind of letter."""

    asks: str = ""  # word and item of what comes with the question; empty: nothing of the other side
    answers: str = ""  # the same of the reply
    decides: str = ""  # who disposes of customers' resources by it; empty: nobody
    wish: bool = False  # yes: the answer lies near what the other side wishes
    whole: bool = False  # yes: whoever answers holds the models of all


@cache
def meanings() -> Mapping[str, Meaning]:
    """All kinds of letters by name."""
    said = tomllib.loads((files(__package__) / "letters.toml").read_text(encoding="utf-8"))
    return {name: Meaning(**each) for name, each in said.items()}
