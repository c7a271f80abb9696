"""One SQLite file per run: inputs, settings, every round, every letter's size, the state to resume from, and the results.

The file is written after each round, so that an interrupted run can be read and resumed. It holds the case itself, needs nothing
else to be understood, and opens in any SQLite browser. Same study, same rows; it holds no clock time.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, final

import numpy as np

from gridtandem.boundary.mailbox import Entry, Refusal
from gridtandem.boundary.wire import read, text
from gridtandem.cases.case import Case
from gridtandem.cases.folder.home import InMemory
from gridtandem.cases.folder.read import case_in
from gridtandem.cases.folder.write import case_texts
from gridtandem.coordinate import End, Outcome
from gridtandem.errors import AlreadyThere, Fault, InvalidCase, TandemError, Unavailable
from gridtandem.study.kinds import KINDS, Stored
from gridtandem.study.provenance import provenance
from gridtandem.study.registry import name_of, records_of, scheme_kind
from gridtandem.study.study import Study
from gridtandem.tables import Table

T = TypeVar("T", bound=Table)
S = TypeVar("S", bound=Stored)

APPLICATION = 0x67544D31  # "gTM1"
AFFINITY = {"f8": "REAL", "U": "TEXT"}  # of columns, by what they hold; SQLite keeps NaN as NULL
VERSION = 1
PATIENCE = 5.0  # seconds to wait for another process that is writing
BROKEN = (sqlite3.Error, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)  # what reading a damaged file may end in
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
    def create(path: Path, study: Stored, *, kind: str = "", digest: str = "", more: Mapping[str, str] | None = None) -> RunFile:
        """A new file with the study in it, or with what is made of it: its kind, digest and ``more`` facts.

        It replaces an older run of the same study, and nothing else.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = digest or study.digest()
        _make_way(path, digest)
        settings = {f"setting.{name}": text(value) for name, value in study.settings().items()}
        files = case_texts(study.case)
        facts = {
            "scheme_name": name_of(study.scheme), "study_digest": digest, "case_digest": study.case.digest(), "case": study.case.name,
            "inputs_digest": _inputs_digest(settings, files), "kind": kind or study.kind.name, **(more or {}),
        }  # fmt: skip
        with writing(path, mode="rwc") as db:
            for statement in (f"PRAGMA application_id = {APPLICATION}", f"PRAGMA user_version = {VERSION}", *SCHEMA.split(";")):
                db.execute(statement)
            db.executemany("INSERT INTO meta VALUES (?, ?)", [*provenance().items(), *facts.items(), *settings.items()])
            db.executemany("INSERT INTO case_files VALUES (?, ?)", sorted(files.items()))
        return RunFile(path)

    @staticmethod
    def open(path: Path) -> RunFile:
        """An existing file, checked to be one of ours."""
        if not path.is_file():
            raise InvalidCase([Fault("run file", "does not exist", "see `tandem runs` for the runs here", "run-001", place=str(path))])
        with reading(path) as db:
            mark, version = db.execute("PRAGMA application_id").fetchone()[0], db.execute("PRAGMA user_version").fetchone()[0]
        if mark != APPLICATION:
            raise InvalidCase([Fault("run file", "is a database of another program", "name a .tandem file", "run-003", place=str(path))])
        if version > VERSION:
            raise InvalidCase([Fault("run file", f"has schema {version}, newer than {VERSION}", "update gridtandem", "run-004", place=str(path))])
        return RunFile(path)

    def kind(self) -> str:
        """What it holds: a run, a batch of many scenarios, or the run of a market."""
        return self.facts().get("kind", "run")

    def save(self, outcome: Outcome[Any]) -> None:
        """Bring the file up to this outcome: new rounds and letters are added, the state replaced."""
        with writing(self.path) as db:
            have = db.execute("SELECT count(*) FROM rounds").fetchone()[0]
            db.executemany("INSERT INTO rounds VALUES (?, ?)", [(k + 1, g) for k, g in enumerate(outcome.gaps) if k >= have])
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
        with writing(self.path) as db:
            for name, table in tables.items():
                db.execute(f'DROP TABLE IF EXISTS "{name}"')
                db.execute(f'CREATE TABLE "{name}" ({declared(type(table))})')
                rows = zip(*(getattr(table, c).tolist() for c in table.columns()), strict=True)  # SQLite keeps NaN as NULL
                db.executemany(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(table.columns()))})', rows)
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", [(k, v) for k, v in facts.items()])

    def get(self, name: str, kind: type[T]) -> T:
        """Read a result table back, bit for bit."""
        with reading(self.path) as db:
            names = ", ".join(f'"{c}"' for c in kind.columns())
            rows = db.execute(f'SELECT {names} FROM "{name}"').fetchall()
            if not rows:
                return kind.empty()
            return kind.of(dict(zip(kind.columns(), zip(*rows, strict=True), strict=True)))

    def facts(self) -> dict[str, str]:
        """All facts: versions, digests, settings, end."""
        with reading(self.path) as db:
            found = dict(db.execute("SELECT key, value FROM meta ORDER BY key").fetchall())
            if not all(isinstance(word, str) for word in (*found, *found.values())):
                raise ValueError("meta holds what is no text")
            return found

    def rounds(self) -> int:
        """Rounds so far."""
        with reading(self.path) as db:
            return int(db.execute("SELECT count(*) FROM rounds").fetchone()[0])

    def end(self) -> End:
        """How the run ended."""
        with reading(self.path):
            return End[self.facts().get("end", "STOPPED")]

    def study(self) -> Study:
        """The study of load flow that a batch is made of."""
        return _study(self, Study)

    def study_of(self, record: type[S]) -> S:
        """The study of a run again, as the record that studies of its kind are."""
        if self.kind() != record.kind.name:
            raise _other(self)
        return _study(self, record)

    def outcome(self, study: Stored) -> Outcome[Any]:
        """How far the run of its ``study`` came."""
        known = [*records_of(study.scheme).values(), *getattr(study, "records", ())]
        with reading(self.path) as db:
            facts, end = self.facts(), self.end()
            gaps = tuple(np.nan if g is None else float(g) for (g,) in db.execute("SELECT gap FROM rounds ORDER BY round"))
            letters = db.execute("SELECT round, recipient, question, interfaces, numbers_down, numbers_up, bytes FROM letters ORDER BY number")
            ledger = tuple(Entry(int(k), str(to), str(question), *map(int, size)) for k, to, question, *size in letters)
            refused = db.execute("SELECT party, question, scenario, period, interface FROM refusals ORDER BY rowid").fetchall()
            who = tuple(dict.fromkeys((p, q) for p, q, *_ in refused))
            refusals = tuple(Refusal(p, q, tuple((s, t, i) for a, b, s, t, i in refused if (a, b) == (p, q))) for p, q in who)
            begun = bool(gaps) or "end" in facts
            state = read(facts["state"], known) if begun else None
            return Outcome(end, state, gaps, (read(facts["goal"]) if begun else None) or np.nan, ledger, refusals)


def of_kind(path: Path, kind: str) -> RunFile:
    """An existing file, checked to hold this kind."""
    file = RunFile.open(path)
    if (found := file.kind()) != kind:
        raise InvalidCase([Fault("run file", f"holds a {found}, not a {kind}", "open it with gridtandem.opened", "run-005", place=str(path))])
    return file


def followed(file: RunFile | None, watch: Callable[[Outcome[Any]], None] | None) -> Callable[[Outcome[Any]], None]:
    """A watch that brings the file up to every outcome, and then lets the other one see it."""

    def seen(outcome: Outcome[Any]) -> None:
        if file is not None:
            file.save(outcome)
        if watch is not None:
            watch(outcome)

    return seen


def _other(file: RunFile) -> InvalidCase:
    kind = file.kind()
    own = {"contingency": "ContingencyRun.opened", "margin": "MarginRun.opened"}.get(kind, "BatchRun.opened")
    door, holds = ("opened", kind) if kind in {k.name for k in KINDS} else (own, f"{kind}, not a run")
    mend = f"open it with gridtandem.{door}, or look with `tandem show`"
    return InvalidCase([Fault("run file", f"holds a {holds}", mend, "run-005", place=str(file.path))])


def _study(file: RunFile, record: type[S]) -> S:
    with reading(file.path) as db:
        facts, files = file.facts(), dict(db.execute("SELECT path, content FROM case_files").fetchall())
        kind, known = scheme_kind(facts["scheme_name"]), getattr(record, "records", ())
        settings = {k: v for k, v in facts.items() if k.startswith("setting.")}
        if facts.get("inputs_digest", digest := _inputs_digest(settings, files)) != digest:
            raise ValueError("case or settings are not those that the run began with")
        make: Any = record  # studies of all kinds are made alike
        made: S = make(case=_case(files), **{k.removeprefix("setting."): read(v, [kind, *known]) for k, v in settings.items()})
        return made


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection for reading. Whatever breaks on the way is a fault of the file, told once, with its place."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=PATIENCE)) as db:
            yield db
    except BROKEN as e:
        if isinstance(e, InvalidCase) and e.faults[0].table == "run file":
            raise
        if isinstance(e, sqlite3.OperationalError) and "locked" in str(e):
            raise Unavailable(f"run file {path} is being written by another process; wait until it is done") from e
        said = e.faults[0] if isinstance(e, InvalidCase) else e if isinstance(e, TandemError | sqlite3.Error) else f"{type(e).__name__}: {e}"
        mend = "was it cut short or is it another kind of file?"
        raise InvalidCase([Fault("run file", f"is not readable ({said})", mend, "run-002", place=str(path))]) from e


@contextmanager
def writing(path: Path, mode: str = "rw") -> Iterator[sqlite3.Connection]:
    """One transaction that nobody else's comes between."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=PATIENCE)) as db, db:
            db.execute("BEGIN IMMEDIATE")
            yield db
    except sqlite3.Error as e:
        what = f"run file {path} is being written by another process, or cannot be written ({e})"
        raise Unavailable(f"{what}; wait, or give another place with --out") from e


def _make_way(path: Path, digest: str) -> None:
    """Remove an older run of the same study; an empty file holds nothing."""
    if path.exists() and (path.is_dir() or path.stat().st_size):
        try:
            facts = RunFile.open(path).facts()
        except InvalidCase as e:
            raise AlreadyThere(f"{path} is there already and is no run file that can be read; choose another name, or remove it first") from e
        if facts.get("study_digest") != digest:
            held = f"{facts.get('case')} under {facts.get('scheme_name')} with other data or settings"
            raise AlreadyThere(f"{path} is there already and holds another study: {held}; choose another name, or remove it first")
    for old in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        old.unlink(missing_ok=True)


def _inputs_digest(settings: Mapping[str, str], files: Mapping[str, str]) -> str:
    """SHA-256 of the inputs as they lie in the file."""
    return hashlib.sha256(text([sorted(settings.items()), sorted(files.items())]).encode()).hexdigest()


def _case(files: Mapping[str, str]) -> Case:
    for name in files:
        if name.startswith("/") or ".." in name.split("/"):
            raise ValueError(f"{name!r} is no place within a case")
    return case_in(InMemory.of(files), "case")


def declared(table: type[Table]) -> str:
    """Its columns as SQL declares them."""
    return ", ".join(f'"{c}" {AFFINITY.get(s.dtype, "INTEGER")}' for c, s in table.columns().items())
