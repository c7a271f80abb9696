"""Simulated pairs of architecture and scenario in a run file: each with its design, in one transaction, as ordinary SQL rows.

The file belongs to one case and one setting of it. A pair is found again while its design is to the letter what it was; a design that has changed is
simulated anew, and takes the place of what it was.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar, TypeVar, final

import numpy as np

from gridtandem.architecture.files import read_toml, write_toml
from gridtandem.architecture.graph import Graph
from gridtandem.architecture.simulation.results import Deciders, LightHours, Links, Payments, Results
from gridtandem.architecture.simulation.scenarios import Setting
from gridtandem.boundary.wire import read
from gridtandem.cases.case import Case
from gridtandem.coordinate import End
from gridtandem.errors import AlreadyThere, Fault, InvalidCase
from gridtandem.study.kinds import MARKET, Kind
from gridtandem.study.shelf import ARCHITECTURES
from gridtandem.study.store import RunFile, declared, of_kind, reading, writing
from gridtandem.tables import Table

KIND = ARCHITECTURES
ASKED = "CREATE TABLE asked (architecture TEXT, scenario TEXT, digest TEXT, last INTEGER, PRIMARY KEY (architecture, scenario))"
PAIRS = "CREATE TABLE pairs (architecture TEXT, scenario TEXT, digest TEXT, design TEXT, PRIMARY KEY (architecture, scenario))"
SETTING = "setting."  # how names of settings begin in the file
TABLES: Mapping[str, type[Table]] = {"results": Results, "links": Links, "deciders": Deciders, "payments": Payments, "lights": LightHours}
T = TypeVar("T", Results, Links, Deciders, Payments, LightHours)
Pair = tuple[str, str]  # identifier of the architecture, name of the scenario


def digest(graph: Graph) -> str:
    """SHA-256 of a design as it is written."""
    return hashlib.sha256(write_toml(graph).encode()).hexdigest()


@final
@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A setting, as a run file keeps it."""

    kind: ClassVar[Kind] = MARKET  # what it is made of
    setting: Setting

    @property
    def case(self) -> Case:
        """The grid."""
        return self.setting.case

    @property
    def scheme(self) -> None:
        """Procedures follow from designs; none is named."""
        return

    def settings(self) -> dict[str, object]:
        """The setting without its case, as plain words and numbers."""
        s = self.setting
        own = {f.name: getattr(s.choices, f.name) for f in fields(s.choices)}
        return {"flow": s.flow, "first": s.first, "hours": s.hours, "margin_pu": s.margin_pu, "seed": s.seed, **own}

    def digest(self) -> str:
        """Equal digests give equal results."""
        return self.setting.digest()


@final
@dataclass(frozen=True, slots=True)
class CampaignFile:
    """Pairs on disk."""

    file: RunFile

    @staticmethod
    def create(path: Path, setting: Setting) -> CampaignFile:
        """A new file without any pair, where there is none."""
        more = {"scheme_name": KIND, "end": End.STOPPED.name}
        file = RunFile.create(path, Asked(setting), kind=KIND, digest=setting.digest(), more=more)
        with writing(path) as db:
            db.execute(PAIRS)
            db.execute(ASKED)
            for name, table in TABLES.items():
                db.execute(f"CREATE TABLE {name} ({declared(table)})")
        return CampaignFile(file)

    @staticmethod
    def open(path: Path) -> CampaignFile:
        """An existing file, checked to hold simulated architectures as this version writes them."""
        file = of_kind(path, KIND)
        with reading(path) as db:
            missing = list(_missing(db))
        if missing:
            what = f"was made by another version of gridtandem, {file.facts().get('gridtandem', 'unknown')}: it has no {', '.join(missing)}"
            mend = "read it with that version, or simulate again into another file (--out), or into this one once it is moved away"
            raise InvalidCase([Fault("run file", what, mend, "run-006", place=str(path))])
        return CampaignFile(file)

    @staticmethod
    def of(path: Path, setting: Setting) -> CampaignFile:
        """An existing file, checked to be of this setting."""
        try:
            kind = RunFile.open(path).kind()
        except InvalidCase as e:
            raise AlreadyThere(f"{path} is there already and is no run file that can be read; name another file, or remove it first") from e
        if kind != KIND:
            raise AlreadyThere(f"{path} is there already and holds a {kind}, no simulated architectures; name another file, or remove it first")
        found = CampaignFile.open(path)
        facts = found.file.facts()
        if facts["study_digest"] != setting.digest():
            raise AlreadyThere(f"{path} holds days of {facts['case']} with other data or options; name another file, or ask for the same")
        return found

    def setting(self) -> tuple[str, Mapping[str, object]]:
        """Name of the case, and all settings as plain words and numbers."""
        facts = self.file.facts()
        with reading(self.file.path):
            return facts["case"], {k.removeprefix(SETTING): read(v) for k, v in facts.items() if k.startswith(SETTING)}

    def known(self) -> dict[Pair, str]:
        """Pairs that are there, with digests of their designs."""
        with reading(self.file.path) as db:
            return {(str(a), str(s)): str(d) for a, s, d in db.execute("SELECT architecture, scenario, digest FROM pairs")}

    def designs(self) -> dict[Pair, Graph]:
        """Pairs that are there in the order in which they were simulated, with their designs."""
        with reading(self.file.path) as db:
            rows = db.execute("SELECT architecture, scenario, design FROM pairs ORDER BY rowid").fetchall()
            texts = {str(text): read_toml(str(text), str(self.file.path)) for text in dict.fromkeys(row[2] for row in rows)}
            return {(str(a), str(s)): texts[str(text)] for a, s, text in rows}

    def asked(self) -> tuple[dict[Pair, str], int]:
        """All pairs that were ever asked for, with digests of their designs as they were asked for last; and how many came with the last call."""
        with reading(self.file.path) as db:
            rows = db.execute("SELECT architecture, scenario, digest, last FROM asked ORDER BY rowid").fetchall()
            return {(str(a), str(s)): str(d) for a, s, d, _ in rows}, sum(int(last) for *_, last in rows)

    def asks(self, digests: Mapping[Pair, str]) -> None:
        """Keep what is asked for, before any of it is simulated."""
        with writing(self.file.path) as db:
            db.execute("UPDATE asked SET last = 0")
            rows = [(*pair, told) for pair, told in digests.items()]
            new = "INSERT INTO asked VALUES (?, ?, ?, 1) ON CONFLICT (architecture, scenario) DO UPDATE SET digest = excluded.digest, last = 1"
            db.executemany(new, rows)
            db.execute("INSERT OR REPLACE INTO meta VALUES ('end', ?)", (End.STOPPED.name,))

    def add(self, graph: Graph, scenario: str, tables: Sequence[Table]) -> None:
        """One pair with all its rows, whole or not at all, in place of an older one."""
        pair = (graph.id, scenario)
        with writing(self.file.path) as db:
            for name, table in zip(TABLES, tables, strict=True):
                db.execute(f"DELETE FROM {name} WHERE architecture = ? AND scenario = ?", pair)
                rows = zip(*(getattr(table, c).tolist() for c in table.columns()), strict=True)
                db.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(table.columns()))})", rows)
            newer = "ON CONFLICT (architecture, scenario) DO UPDATE SET digest = excluded.digest, design = excluded.design"  # it keeps its row
            db.execute(f"INSERT INTO pairs VALUES (?, ?, ?, ?) {newer}", (*pair, digest(graph), write_toml(graph)))
            db.execute("INSERT OR IGNORE INTO rounds SELECT count(*), NULL FROM pairs")

    def ends(self) -> None:
        """Keep whether something of all that was ever asked is missing."""
        known = self.known()
        done = all(known.get(pair) == told for pair, told in self.asked()[0].items())
        self.file.put({}, {"end": (End.AGREED if done else End.STOPPED).name})

    def tables(self, pairs: Sequence[Pair]) -> tuple[Results, Links, Deciders, Payments, LightHours]:
        """Rows of these pairs, in their order; pairs that are not there are left out."""
        get = self.file.get
        return (
            _of(get("results", Results), pairs), _of(get("links", Links), pairs), _of(get("deciders", Deciders), pairs),
            _of(get("payments", Payments), pairs), _of(get("lights", LightHours), pairs),
        )  # fmt: skip


def _missing(db: sqlite3.Connection) -> Iterator[str]:
    """Tables and columns that this version writes and the file does not have."""
    wanted = {"pairs": ("architecture",), "asked": ("architecture",), **{name: tuple(table.columns()) for name, table in TABLES.items()}}
    for name, columns in wanted.items():
        there = {row[1] for row in db.execute(f"PRAGMA table_info({name})")}
        if not there:
            yield f"table {name}"
        yield from (f"column {name}.{c}" for c in columns if there and c not in there)


def _of(whole: T, pairs: Sequence[Pair]) -> T:
    """Rows of these pairs, in their order."""
    of = list(zip(whole.architecture.tolist(), whole.scenario.tolist(), strict=True))
    at: dict[Pair, list[int]] = {}
    for row, pair in enumerate(of):
        at.setdefault(pair, []).append(row)
    return whole.take(np.array([row for pair in pairs for row in at.get(pair, ())], np.int64))
