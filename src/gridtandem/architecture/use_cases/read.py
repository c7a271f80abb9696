"""A use-case of IEC 62559-2 read into an architecture, with all that had to be guessed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

from gridtandem.architecture.graph import Graph
from gridtandem.architecture.statements import Description, Entry
from gridtandem.architecture.use_cases.actors import Given, cast
from gridtandem.architecture.use_cases.guesses import LIKELY, Guesses, table
from gridtandem.architecture.use_cases.pages import ENDINGS
from gridtandem.architecture.use_cases.steps import use_case
from gridtandem.architecture.use_cases.tellings import family, statements
from gridtandem.errors import Fault, InvalidCase

KEYS = ("role", "tier", "org", "share", "own", "network_aware", "arb", "trusted", "instances", "agent_of", "part_of", "leave_out")


@final
@dataclass(frozen=True, slots=True)
class Imported:
    """The architecture of a use-case, and what was guessed."""

    graph: Graph
    guesses: Guesses


def is_use_case(path: Path) -> bool:
    """Whether a file is a page with tables, by its ending."""
    return path.suffix.lower() in ENDINGS


def read_use_case(text: str, file: str, *, roles: Given | None = None) -> Imported:
    """The architecture of a page's step tables.

    Names of actors may be spelled in several ways; roles, tiers, shares and kinds of relation are guessed from words, unless ``roles`` says who
    somebody is. Every guess is told, and lowers the confidence of its statement. One refusal names all actors that no word explains.
    """
    case = use_case(text, file)
    actors = cast(case, roles or {})
    entries, edges = statements(case, actors)
    sort = family(entries, actors)
    rows = [*actors.guesses, *edges, ("family", case.id, sort, "who acts, or prices, below the operators", LIKELY)]
    source = f"step tables of {Path(file).name}"
    made = Description(case.id, case.name, source, sort, tuple(Entry(n) for n in actors.nodes), tuple(entries), file)
    return Imported(made.graph(), table(rows))


def read_roles(text: str, file: str) -> Given:
    """Who is who, as TOML: ``"Actor" = "AGG"``, or a table with role, tier, org, share, …, ``part_of`` or ``leave_out``."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise InvalidCase([Fault("roles", f"are no TOML: {e}", "correct it there", "arch-064", place=file)]) from e
    out: dict[str, Mapping[str, object]] = {}
    faults = []
    for name, value in said.items():
        told = {"role": value} if isinstance(value, str) else value
        out[name] = told if isinstance(told, dict) else {}
        strange = [key for key in out[name] if key not in KEYS] or ([] if isinstance(told, dict) else [str(value)])
        if strange or not ({"role", "part_of", "leave_out"} & out[name].keys()):
            what = f"says {', '.join(strange)}" if strange else "says no role"
            faults.append(Fault("roles", what, f"give a role in quotes, or keys {', '.join(KEYS)}", "arch-065", label=name, place=file))
    if faults:
        raise InvalidCase(faults)
    return out
