"""One SQLite file per run: inputs, settings, every round, every letter's size, the state to resume from, and the results.

The file is written after each round, so that an interrupted run can be read and resumed. It holds the case itself, needs nothing
else to be understood, and opens in any SQLite browser. Same study, same rows; it holds no clock time.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, final

import numpy as np

from gridtandem.boundary.mailbox import Entry, Refusal
from gridtandem.boundary.wire import read, text
from gridtandem.cases.case import Case
from gridtandem.cases.folder.write import read_case, write_case
from gridtandem.coordinate import End, Outcome
from gridtandem.errors import Fault, InvalidCase
from gridtandem.study.provenance import provenance
from gridtandem.study.registry import name_of, records_of, scheme_kind
from gridtandem.study.study import Study
from gridtandem.tables import Table

T = TypeVar("T", bound=Table)

APPLICATION = 0x67544D31  # "gTM1"
VERSION = 1
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE case_files (path TEXT PRIMARY KEY, content TEXT NOT NULL);
CREATE TABLE rounds (round INTEGER PRIMARY KEY, gap REAL);
CREATE TABLE letters (number INTEGER PRIMARY KEY, round INTEGER, recipient TEXT, question TEXT, interfaces INTEGER,
                      numbers_down INTEGER, numbers_up INTEGER, bytes INTEGER);
CREATE TABLE refusals (party TEXT, question TEXT, scenario INTEGER, period INTEGER, interface INTEGER);
"""


@final
@dataclass(frozen=True, slots=True)
class RunFile:
    """A run on disk."""

    path: Path

    @staticmethod
    def create(path: Path, study: Study) -> RunFile:
        """A new file with the study in it; an older file of the same name is replaced."""
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            old.unlink(missing_ok=True)
        settings = {name: text(value) for name, value in study.settings().items()}
        facts = {"scheme_name": name_of(study.scheme), "study_digest": study.digest(), "case_digest": study.case.digest(), "case": study.case.name}
        with closing(sqlite3.connect(path)) as db, db:
            db.executescript(f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};{SCHEMA}")
            db.executemany(
                "INSERT INTO meta VALUES (?, ?)", [*provenance().items(), *facts.items(), *((f"setting.{k}", v) for k, v in settings.items())]
            )
            db.executemany("INSERT INTO case_files VALUES (?, ?)", sorted(_files(study.case).items()))
        return RunFile(path)

    @staticmethod
    def open(path: Path) -> RunFile:
        """An existing file, checked to be one of ours."""
        if not path.is_file():
            raise InvalidCase([Fault("run file", "does not exist", "see `tandem runs` for the runs here", "run-001", place=str(path))])
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
                mark, version = db.execute("PRAGMA application_id").fetchone()[0], db.execute("PRAGMA user_version").fetchone()[0]
        except sqlite3.DatabaseError as e:
            raise InvalidCase(
                [Fault("run file", f"is not readable ({e})", "was it cut short or is it another kind of file?", "run-002", place=str(path))]
            ) from e
        if mark != APPLICATION:
            raise InvalidCase([Fault("run file", "is a database of another program", "name a .tandem file", "run-003", place=str(path))])
        if version > VERSION:
            raise InvalidCase([Fault("run file", f"has schema {version}, newer than {VERSION}", "update gridtandem", "run-004", place=str(path))])
        return RunFile(path)

    def save(self, outcome: Outcome[Any]) -> None:
        """Bring the file up to this outcome: new rounds and letters are added, the state replaced."""
        with closing(sqlite3.connect(self.path)) as db, db:
            have = db.execute("SELECT count(*) FROM rounds").fetchone()[0]
            db.executemany("INSERT INTO rounds VALUES (?, ?)", [(k + 1, _sql(g)) for k, g in enumerate(outcome.gaps) if k >= have])
            sent = db.execute("SELECT count(*) FROM letters").fetchone()[0]
            new = outcome.ledger[sent:]
            rows = [(sent + k, e.round, e.to, e.question, e.interfaces, e.numbers_down, e.numbers_up, e.bytes) for k, e in enumerate(new)]
            db.executemany("INSERT INTO letters VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            db.execute("DELETE FROM refusals")
            db.executemany("INSERT INTO refusals VALUES (?, ?, ?, ?, ?)", [(r.by, r.question, *row) for r in outcome.refused for row in r.rows])
            facts = {"end": outcome.end.name, "goal": text(outcome.goal), "state": text(outcome.state)}
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", facts.items())

    def put(self, tables: Mapping[str, Table], facts: Mapping[str, str]) -> None:
        """Write result tables as ordinary SQL tables, and facts about them."""
        with closing(sqlite3.connect(self.path)) as db, db:
            for name, table in tables.items():
                columns = ", ".join(f'"{c}" {_affinity(s.dtype)}' for c, s in table.columns().items())
                db.execute(f'DROP TABLE IF EXISTS "{name}"')
                db.execute(f'CREATE TABLE "{name}" ({columns})')
                rows = zip(*(map(_sql, getattr(table, c).tolist()) for c in table.columns()), strict=True)
                db.executemany(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(table.columns()))})', rows)
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", [(k, v) for k, v in facts.items()])

    def get(self, name: str, kind: type[T]) -> T:
        """Read a result table back, bit for bit."""
        with closing(sqlite3.connect(self.path)) as db:
            rows = db.execute(f'SELECT {", ".join(f"{c!r}".replace(chr(39), chr(34)) for c in kind.columns())} FROM "{name}"').fetchall()
        if not rows:
            return kind.empty()
        columns = zip(*rows, strict=True)
        return kind.of({c: [np.nan if x is None else x for x in values] for c, values in zip(kind.columns(), columns, strict=True)})

    def facts(self) -> dict[str, str]:
        """All facts: versions, digests, settings, end."""
        with closing(sqlite3.connect(self.path)) as db:
            return dict(db.execute("SELECT key, value FROM meta ORDER BY key").fetchall())

    def study(self) -> Study:
        """The study again."""
        facts = self.facts()
        kind = scheme_kind(facts["scheme_name"])
        settings = {k.removeprefix("setting."): read(v, [kind]) for k, v in facts.items() if k.startswith("setting.")}
        return Study(case=self._case(), **settings)

    def outcome(self) -> Outcome[Any]:
        """How far the run came."""
        facts = self.facts()
        known = records_of(self.study().scheme).values()
        with closing(sqlite3.connect(self.path)) as db:
            gaps = tuple(np.nan if g is None else g for (g,) in db.execute("SELECT gap FROM rounds ORDER BY round"))
            ledger = tuple(
                Entry(*row)
                for row in db.execute("SELECT round, recipient, question, interfaces, numbers_down, numbers_up, bytes FROM letters ORDER BY number")
            )
            refused = db.execute("SELECT party, question, scenario, period, interface FROM refusals ORDER BY rowid").fetchall()
        who = tuple(dict.fromkeys((p, q) for p, q, *_ in refused))
        refusals = tuple(Refusal(p, q, tuple((s, t, i) for a, b, s, t, i in refused if (a, b) == (p, q))) for p, q in who)
        state = read(facts["state"], known) if "state" in facts else None
        end = End[facts["end"]] if "end" in facts else End.STOPPED
        return Outcome(end, state, gaps, read(facts.get("goal", "null")) or np.nan, ledger, refusals)

    def _case(self) -> Case:
        with closing(sqlite3.connect(self.path)) as db, tempfile.TemporaryDirectory() as folder:
            for name, content in db.execute("SELECT path, content FROM case_files"):
                place = Path(folder, "case", name)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(content, encoding="utf-8", newline="")
            return read_case(Path(folder, "case"))


def _files(case: Case) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "case")
        write_case(case, root)
        return {p.relative_to(root).as_posix(): p.read_text(encoding="utf-8") for p in root.rglob("*") if p.is_file()}


def _sql(x: Any) -> Any:
    return None if isinstance(x, float) and x != x else x


def _affinity(dtype: str) -> str:
    return {"f8": "REAL", "U": "TEXT"}.get(dtype, "INTEGER")
