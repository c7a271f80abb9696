"""The words of Australia, Great Britain, Europe, the United States and Japan for the same functions, and words that mean different things there."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import final

from gridtandem.errors import UnknownName

REGIONS = ("AU", "UK", "EU", "US", "JP")


@final
@dataclass(frozen=True, slots=True)
class Trap:
    """One word, two meanings."""

    term: str
    regions: tuple[str, ...]
    here: str
    elsewhere: str


@final
@dataclass(frozen=True, slots=True)
class Words:
    """Roles and the functions they take their words from, functions by region, traps, and a glossary."""

    roles: Mapping[str, str]
    functions: Mapping[str, Mapping[str, tuple[str, ...]]]
    traps: tuple[Trap, ...]
    glossary: Mapping[str, str]

    def of(self, role: str, region: str) -> str:
        """What a role is called in a region; a role that is called alike everywhere keeps its name."""
        if region not in REGIONS:
            raise UnknownName("region", region, REGIONS)
        return "/".join(self.functions[self.roles[role]][region]) if role in self.roles else role

    def traps_of(self, region: str) -> tuple[Trap, ...]:
        """Words that somebody from elsewhere reads wrongly in that region."""
        return tuple(trap for trap in self.traps if region in trap.regions)


@cache
def words() -> Words:
    """The words themselves."""
    said = tomllib.loads((files(__package__) / "words.toml").read_text(encoding="utf-8"))
    functions = {name: {region: tuple(each[region]) for region in REGIONS} for name, each in said["functions"].items()}
    traps = tuple(Trap(each["term"], tuple(each["regions"]), each["here"], each["elsewhere"]) for each in said["traps"])
    return Words(said["roles"], functions, traps, said["glossary"])
