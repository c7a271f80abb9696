"""Margins in a run file: the question, the case, and what every tool found, as ordinary SQL tables; opened again without computing anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.wire import read, text
from gridtandem.cases.case import Case
from gridtandem.coordinate import End
from gridtandem.errors import UnknownName
from gridtandem.study.kinds import FLOW, Kind
from gridtandem.study.margin.ask import Growth
from gridtandem.study.margin.single import Row, Tool, curves_table, events_table, nodes_table, tools_table
from gridtandem.study.margin.tables import CurveResults, EventResults, NodeResults, ToolResults
from gridtandem.study.provenance import digest_of
from gridtandem.study.store import RunFile, of_kind, reading
from gridtandem.tables import Table

KIND = "margin"
TABLES: Mapping[str, type[Table]] = {"tools": ToolResults, "events": EventResults, "nodes": NodeResults, "curves": CurveResults}


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Question:
    """A margin as it was asked for."""

    kind: ClassVar[Kind] = FLOW  # what it is made of
    case: Case
    growth: Growth
    tools: tuple[str, ...]
    buses: tuple[str, ...]

    @property
    def scheme(self) -> None:
        """Several tools answer, and not all of them are schemes."""
        return

    def settings(self) -> dict[str, object]:
        """The question without its case, as plain words and numbers."""
        growth = {f.name: getattr(self.growth, f.name) for f in fields(self.growth)}
        return {**growth, "target": repr(self.growth.target), "tools": self.tools, "buses": self.buses}

    def digest(self) -> str:
        """SHA-256 of case and settings; equal digests give equal results."""
        return digest_of("margin", self.case.digest(), settings=self.settings())


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Kept:
    """What a tool found, out of a file."""

    tool: str
    trouble: str
    lost: bool
    tables: Mapping[str, Table]

    def found(self) -> bool:
        """Is there a margin?"""
        return not self.lost

    def rows(self, table: str, buses: Sequence[str]) -> list[Row]:
        """Of tools, events, nodes or curves; curves of buses that the file has."""
        whole = self.tables[table]
        own = whole.take(np.flatnonzero(getattr(whole, "tool") == self.tool))  # noqa: B009 — all four have it
        if isinstance(own, CurveResults) and buses:
            known = dict.fromkeys(getattr(whole, "bus").tolist())  # noqa: B009 — of all tools; some have no feeders
            for bus in buses:
                if known and bus not in known:
                    raise UnknownName("bus in this file", bus, list(known))
            own = own.take(np.concatenate([np.flatnonzero(own.bus == bus) for bus in buses]))
        return list(zip(*(getattr(own, name).tolist() for name in own.columns()), strict=True))


def kept(path: Path, asked: Question, found: Sequence[Tool]) -> Path:
    """Write what the tools found; it replaces an older file of the same question, and nothing else."""
    ended = End.AGREED if all(tool.found() for tool in found) else End.REFUSED
    told = {
        "scheme_name": ",".join(asked.tools), "end": ended.name, "trouble": text([t.trouble for t in found]),
        "lost": text([not t.found() for t in found]),
    }  # fmt: skip
    file = RunFile.create(path, asked, kind=KIND, digest=asked.digest(), more=told)
    tables = {"tools": tools_table(found), "events": events_table(found), "nodes": nodes_table(found), "curves": curves_table(found, asked.buses)}
    file.put(tables, {})
    return path


def reopened(path: Path) -> tuple[str, Growth, tuple[Kept, ...], tuple[str, ...]]:
    """Name of the case, the question, what each tool found, and whose curves are shown."""
    file = of_kind(path, KIND)
    facts, tables = file.facts(), {name: file.get(name, kind) for name, kind in TABLES.items()}
    with reading(path):
        own = {f.name: read(facts[f"setting.{f.name}"]) for f in fields(Growth)}
        growth = Growth(**{**own, "keep": tuple(own["keep"]), "target": float(own["target"])})
        each = zip(read(facts["setting.tools"]), read(facts["trouble"]), read(facts["lost"]), strict=True)
        made = tuple(Kept(tool=name, trouble=trouble, lost=lost, tables=tables) for name, trouble, lost in each)
        return facts["case"], growth, made, tuple(read(facts["setting.buses"]))


def places(path: Path) -> int:
    """Places computed on all curves together."""
    return int(of_kind(path, KIND).get("tools", ToolResults).places.sum())
