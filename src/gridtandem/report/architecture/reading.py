"""Architectures read from elsewhere, with what was guessed on the way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gridtandem.architecture.catalogue import architectures, text_of
from gridtandem.architecture.graph import Graph
from gridtandem.architecture.use_cases.guesses import Guesses
from gridtandem.architecture.use_cases.read import is_use_case, read_roles, read_use_case
from gridtandem.errors import Unreadable
from gridtandem.report.architecture.words import ALL, listed, listed_in_words
from gridtandem.report.tables import as_records, plain


def reading(file: Path, roles: Path | None = None) -> tuple[tuple[Graph, ...], Guesses]:
    """Architectures of a file in the line grammar, or that of a use-case with all that was guessed."""
    if not is_use_case(file):
        if roles is not None:
            raise Unreadable(f"--roles is for use-cases, .md, .html or .csv; {file} is none, its roles stand in it")
        return architectures(file), Guesses.empty()
    said = {} if roles is None else read_roles(text_of(roles), str(roles))
    found = read_use_case(text_of(file), str(file), roles=said)
    return (found.graph,), found.guesses


def imported_in_words(graphs: Sequence[Graph], guesses: Guesses) -> str:
    """What was read, and every guess."""
    told = ["", "Guessed, and worth a look:", plain(guesses, rows=ALL)] if len(guesses) else []
    return "\n".join([listed_in_words(graphs), *told])


def imported_document(graphs: Sequence[Graph], guesses: Guesses) -> dict[str, object]:
    """The same for machines."""
    return {"schema": "tandem/architectures/1", "architectures": as_records(listed(graphs)), "words": {}, "guesses": as_records(guesses)}
