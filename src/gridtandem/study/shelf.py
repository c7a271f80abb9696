"""Where run files lie and what they are called: ``tandem-runs/<case>-<scheme>-<first six of the study's digest>.tandem``."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

from gridtandem.errors import InvalidCase, UnknownName
from gridtandem.study.registry import name_of
from gridtandem.study.store import RunFile
from gridtandem.study.study import Study
from gridtandem.tables import Index, Names, Table, column

FOLDER = Path("tandem-runs")
SUFFIX = ".tandem"
DIGITS = 6


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Shelf(Table):
    """Run files of a folder."""

    kind: ClassVar[str] = "runs"
    run: Names = column("name of the run: its file without the ending", dtype="U")
    case: Names = column("name of the case", dtype="U")
    scheme: Names = column("scheme", dtype="U")
    end: Names = column("how it ended; STOPPED and OUT_OF_ROUNDS can be resumed", dtype="U")
    rounds: Index = column("rounds so far", dtype="i8")


def place_of(study: Study, folder: Path = FOLDER) -> Path:
    """Where the run file of a study belongs; the same study always has the same place."""
    words = f"{study.case.name}-{name_of(study.scheme)}-{study.digest()[:DIGITS]}"
    return folder / (re.sub(r"[^\w.-]+", "-", words) + SUFFIX)


def names_in(folder: Path = FOLDER) -> list[str]:
    """Names of the runs in a folder, in alphabetical order."""
    return sorted(p.name.removesuffix(SUFFIX) for p in folder.glob(f"*{SUFFIX}"))


def find(word: str, folder: Path = FOLDER) -> Path:
    """A run file by path, by name, or by the beginning of a name that no other run shares."""
    if word.endswith(SUFFIX) and Path(word).is_file():
        return Path(word)
    names = names_in(folder)
    wanted = word.removesuffix(SUFFIX)
    begin = [wanted] if wanted in names else [n for n in names if n.startswith(wanted)]
    if len(begin) != 1:
        raise UnknownName("run" if not begin else f"single run (several begin so: {', '.join(begin)})", word, names)
    return folder / (begin[0] + SUFFIX)


def shelf(folder: Path = FOLDER) -> Shelf:
    """All run files of a folder, unreadable ones included."""
    rows = [_row(folder / (name + SUFFIX), name) for name in names_in(folder)]
    columns = dict(zip(Shelf.columns(), map(list, zip(*rows, strict=True)), strict=True))
    return Shelf.of(columns) if rows else Shelf.empty()


def _row(path: Path, name: str) -> tuple[str, str, str, str, int]:
    try:
        facts = RunFile.open(path).facts()
        with closing(sqlite3.connect(path)) as db:
            rounds = int(db.execute("SELECT count(*) FROM rounds").fetchone()[0])
        return name, facts["case"], facts["scheme_name"], facts.get("end", "STOPPED"), rounds
    except (InvalidCase, sqlite3.DatabaseError, KeyError):
        return name, "", "", "UNREADABLE", 0
