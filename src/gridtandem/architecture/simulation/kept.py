"""Simulated pairs of architecture and scenario in a run file: each with its design, in one transaction, as ordinary SQL rows.

The file belongs to one case and one setting of it. A pair is found again while its design is to the letter what it was; a design that has changed is
simulated anew, and takes the place of what it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
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
from gridtandem.errors import AlreadyThere
from gridtandem.study.kinds import MARKET, Kind
from gridtandem.study.shelf import ARCHITECTURES
from gridtandem.study.store import RunFile, declared, of_kind, reading, writing
from gridtandem.tables import Table

KIND = ARCHITECTURES
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
        """A new file without any pair; it replaces an older file of the same setting, and nothing else."""
        more = {"scheme_name": KIND, "end": End.STOPPED.name}
        file = RunFile.create(path, Asked(setting), kind=KIND, digest=setting.digest(), more=more)
        with writing(path) as db:
            db.execute("CREATE TABLE pairs (architecture TEXT, scenario TEXT, digest TEXT, design TEXT, PRIMARY KEY (architecture, scenario))")
            for name, table in TABLES.items():
                db.execute(f"CREATE TABLE {name} ({declared(table)})")
        return CampaignFile(file)

    @staticmethod
    def open(path: Path) -> CampaignFile:
        """An existing file, checked to hold simulated architectures."""
        return CampaignFile(of_kind(path, KIND))

    @staticmethod
    def of(path: Path, setting: Setting) -> CampaignFile:
        """An existing file, checked to be of this setting."""
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

    def add(self, graph: Graph, scenario: str, tables: Sequence[Table]) -> None:
        """One pair with all its rows, whole or not at all, in place of an older one."""
        pair = (graph.id, scenario)
        with writing(self.file.path) as db:
            for name, table in zip(TABLES, tables, strict=True):
                db.execute(f"DELETE FROM {name} WHERE architecture = ? AND scenario = ?", pair)
                rows = zip(*(getattr(table, c).tolist() for c in table.columns()), strict=True)
                db.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(table.columns()))})", rows)
            db.execute("DELETE FROM pairs WHERE architecture = ? AND scenario = ?", pair)
            db.execute("INSERT INTO pairs VALUES (?, ?, ?, ?)", (*pair, digest(graph), write_toml(graph)))
            db.execute("INSERT OR IGNORE INTO rounds SELECT count(*), NULL FROM pairs")

    def ends(self, end: End) -> None:
        """Whether something of what was asked is missing."""
        self.file.put({}, {"end": end.name})

    def tables(self, pairs: Sequence[Pair]) -> tuple[Results, Links, Deciders, Payments, LightHours]:
        """Rows of these pairs, in their order; pairs that are not there are left out."""
        get = self.file.get
        return (
            _of(get("results", Results), pairs), _of(get("links", Links), pairs), _of(get("deciders", Deciders), pairs),
            _of(get("payments", Payments), pairs), _of(get("lights", LightHours), pairs),
        )  # fmt: skip


def _of(whole: T, pairs: Sequence[Pair]) -> T:
    """Rows of these pairs, in their order."""
    of = list(zip(whole.architecture.tolist(), whole.scenario.tolist(), strict=True))
    at: dict[Pair, list[int]] = {}
    for row, pair in enumerate(of):
        at.setdefault(pair, []).append(row)
    return whole.take(np.array([row for pair in pairs for row in at.get(pair, ())], np.int64))
