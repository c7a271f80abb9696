"""A contingency analysis in its run file: what each block of each step found, in one transaction, as ordinary SQL rows in table ``findings``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import final

from gridtandem.boundary.wire import read, text
from gridtandem.coordinate import End
from gridtandem.security.outages import Outages
from gridtandem.study.contingency.results import Findings
from gridtandem.study.contingency.study import Contingency
from gridtandem.study.store import RunFile, declared, of_kind, reading, writing

KIND = "contingency"


@final
@dataclass(frozen=True, slots=True)
class ContingencyFile:
    """An analysis on disk."""

    file: RunFile

    @staticmethod
    def create(path: Path, of: Contingency) -> ContingencyFile:
        """A new file without any finding; it replaces an older file of the same analysis, and nothing else."""
        settings = {f"contingency.{name}": text(value) for name, value in of.settings().items()}
        file = RunFile.create(path, of.study, kind=KIND, digest=of.digest(), more={**settings, "end": End.STOPPED.name})
        with writing(path) as db:
            db.execute(f"CREATE TABLE findings ({declared(Findings)})")
        return ContingencyFile(file)

    @staticmethod
    def open(path: Path) -> ContingencyFile:
        """An existing file, checked to hold an analysis."""
        return ContingencyFile(of_kind(path, KIND))

    def contingency(self) -> Contingency:
        """The analysis again."""
        study, facts = self.file.study(), self.file.facts()
        with reading(self.file.path):
            own = {k.removeprefix("contingency."): read(v) for k, v in facts.items() if k.startswith("contingency.")}
            found = Contingency(study=study, outages=Outages.taken(own), **own)
            if found.digest() != facts["study_digest"]:
                raise ValueError("its settings are not those that the analysis began with")
            return found

    def findings(self) -> Findings:
        """All rows that are there."""
        return self.file.get("findings", Findings)

    def add(self, found: Findings, end: End = End.STOPPED) -> None:
        """More rows, whole or not at all."""
        marks = ", ".join("?" * len(found.columns()))
        rows = zip(*(getattr(found, c).tolist() for c in found.columns()), strict=True)
        with writing(self.file.path) as db:
            db.executemany(f"INSERT INTO findings VALUES ({marks})", rows)
            db.execute("INSERT OR REPLACE INTO meta VALUES ('end', ?)", [end.name])
