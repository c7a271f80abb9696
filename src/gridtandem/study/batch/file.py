"""A batch in its run file: each block's rows in one transaction, so that what is there is whole and the rest can follow.

Cases are ordinary SQL rows; what crossed the interfaces, and node voltages where they are kept, are float64 arrays, one row of ``blocks`` for each
block in order: ``v`` (case, interface) [pu], ``s`` (case, interface, 2) [MW, Mvar], ``voltages`` (case, node, 2) [pu, real and imaginary].
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, fields
from pathlib import Path
from typing import final

import numpy as np

from gridtandem.boundary.wire import read, text
from gridtandem.coordinate import End
from gridtandem.security.outages import Outages
from gridtandem.study.batch.block import ENDS, Block
from gridtandem.study.batch.results import Cases, Exchange, WorstBranches, WorstBuses
from gridtandem.study.batch.study import Batch
from gridtandem.study.store import RunFile, declared, of_kind, reading, writing
from gridtandem.study.survey import Extremes, Layout
from gridtandem.tables import Complex, Index, Names, Real
from gridtandem.units import MVA

KIND = "batch"


@final
@dataclass(frozen=True, slots=True)
class BatchFile:
    """A batch on disk."""

    file: RunFile

    @staticmethod
    def create(path: Path, batch: Batch) -> BatchFile:
        """A new file without any case yet; it replaces an older file of the same batch, and nothing else."""
        settings = {f"batch.{name}": text(value) for name, value in batch.settings().items()}
        file = RunFile.create(path, batch.study, kind=KIND, digest=batch.digest(), more={**settings, "end": End.STOPPED.name})
        with writing(path) as db:
            db.execute(f"CREATE TABLE cases (number INTEGER PRIMARY KEY, {declared(Cases)})")
            db.execute("CREATE TABLE blocks (first INTEGER PRIMARY KEY, v BLOB, s BLOB, voltages BLOB)")
            db.execute("CREATE TABLE extremes (name TEXT PRIMARY KEY, data BLOB)")
        return BatchFile(file)

    @staticmethod
    def open(path: Path) -> BatchFile:
        """An existing file, checked to hold a batch."""
        return BatchFile(of_kind(path, KIND))

    def batch(self) -> Batch:
        """The batch again."""
        study, facts = self.file.study(), self.file.facts()
        with reading(self.file.path):
            own = {k.removeprefix("batch."): read(v) for k, v in facts.items() if k.startswith("batch.")}
            batch = Batch(study=study, outages=Outages.taken(own), **own)
            if batch.digest() != facts["study_digest"]:
                raise ValueError("its settings are not those that the batch began with")
            return batch

    def done(self) -> int:
        """Cases that are there."""
        with reading(self.file.path) as db:
            return int(db.execute("SELECT count(*) FROM cases").fetchone()[0])

    def add(self, batch: Batch, block: Block, extremes: Extremes, buses: tuple[Names, Names]) -> None:
        """One more block, whole or not at all; ``buses``: names of nodes and of branches."""
        cases = _cases(batch, block, buses)
        marks = ", ".join("?" * (1 + len(cases.columns())))
        rows = zip(block.number.tolist(), *(getattr(cases, c).tolist() for c in cases.columns()), strict=True)
        a = block.answers
        flow = np.stack([a.s.real, a.s.imag], -1) * MVA
        with writing(self.file.path) as db:
            db.executemany(f"INSERT INTO cases VALUES ({marks})", rows)
            blobs = (int(block.number[0]), a.v.tobytes(), flow.tobytes(), block.voltages.tobytes())
            db.execute("INSERT INTO blocks VALUES (?, ?, ?, ?)", blobs)
            found = [(f.name, getattr(extremes, f.name).tobytes()) for f in fields(extremes)]
            db.executemany("INSERT OR REPLACE INTO extremes VALUES (?, ?)", found)
            if int(block.number[-1]) + 1 == batch.size:
                db.execute("INSERT OR REPLACE INTO meta VALUES ('end', ?)", [_end(db).name])

    def extremes(self, layout: Layout) -> Extremes:
        """The worst so far."""
        out = Extremes.none(layout)
        with reading(self.file.path) as db:
            for name, data in db.execute("SELECT name, data FROM extremes").fetchall():
                mine = getattr(out, name)
                mine[:] = np.frombuffer(data, mine.dtype).reshape(mine.shape)
        return out

    def cases(self) -> Cases:
        """One row per case that is there."""
        return self.file.get("cases", Cases)

    def exchange(self, batch: Batch) -> Exchange:
        """What crosses each interface in every case that is there and has an answer."""
        table = batch.study.case.interfaces
        v, s = self._array("v", (len(table),)), self._array("s", (len(table), 2))
        number = np.flatnonzero(np.isfinite(v).all(axis=1)) if len(table) else np.empty(0, np.int64)
        scenario, outage = batch.called(np.repeat(number, len(table)))
        return Exchange(
            scenario=scenario, outage=outage, interface=np.tile(table.name, len(number)), v_pu=v[number].ravel(), p_mw=s[number, :, 0].ravel(),
            q_mvar=s[number, :, 1].ravel(),
        )  # fmt: skip

    def voltages(self, layout: Layout) -> Complex:
        """Of every node (case, node), NaN where a case has no answer; no node unless they were kept. A feeder's in its own frame of angles."""
        found = self._array("voltages", (layout.nodes, 2))
        return np.ascontiguousarray(found).view(np.complex128)[..., 0]

    def _array(self, name: str, shape: tuple[int, ...]) -> Real:
        with reading(self.file.path) as db:
            parts = [np.frombuffer(data) for (data,) in db.execute(f"SELECT {name} FROM blocks ORDER BY first")]
            return np.concatenate([np.empty(0), *parts]).reshape(-1, *shape)


def worst_branches(batch: Batch, layout: Layout, extremes: Extremes) -> WorstBranches:
    """Of all branches that have a rating and a flow, the most loaded first."""
    have = np.flatnonzero(np.isfinite(layout.rating) & (extremes.worst_at >= 0))
    have = have[np.argsort(-extremes.worst[have], kind="stable")]
    company, feeder, element, name = layout.branches()
    scenario, outage = batch.called(extremes.worst_at[have])
    return WorstBranches(
        company=company[have], feeder=feeder[have], element=element[have], branch=name[have], rating_mva=layout.rating[have] * MVA,
        loading_percent=100 * extremes.worst[have], scenario=scenario, outage=outage, above=extremes.above[have],
    )  # fmt: skip


def worst_buses(batch: Batch, layout: Layout, extremes: Extremes) -> WorstBuses:
    """Of all buses, the lowest first."""
    have = np.flatnonzero(extremes.lowest_at >= 0)
    have = have[np.argsort(extremes.lowest[have], kind="stable")]
    company, feeder, name = layout.buses()
    (low, low_outage), (high, high_outage) = batch.called(extremes.lowest_at[have]), batch.called(extremes.highest_at[have])
    return WorstBuses(
        company=company[have], feeder=feeder[have], bus=name[have], v_low_pu=extremes.lowest[have], low_scenario=low, low_outage=low_outage,
        v_high_pu=extremes.highest[have], high_scenario=high, high_outage=high_outage,
    )  # fmt: skip


def names(layout: Layout) -> tuple[Names, Names]:
    """Of all nodes and branches, the feeder's before its own."""
    _, of_node, bus = layout.buses()
    _, of_branch, _, branch = layout.branches()
    return _within(of_node, bus), _within(of_branch, branch)


def _within(feeder: Names, name: Names) -> Names:
    return np.where(feeder == "", name, np.char.add(np.char.add(feeder, "/"), name))


def _cases(batch: Batch, block: Block, called: tuple[Names, Names]) -> Cases:
    a, f, at = block.answers, block.figures, block.places
    scenario, outage = batch.called(block.number)
    exchange = np.where(a.ok, MVA, np.nan)
    return Cases(
        scenario=scenario, outage=outage, ok=a.ok, end=np.array([ENDS[k].name for k in a.end]), rounds=a.rounds, transmission_load_mw=MVA * f[:, 2],
        exchange_mw=exchange * a.s.real.sum(axis=1), exchange_mvar=exchange * a.s.imag.sum(axis=1), transmission_loss_mw=MVA * f[:, 0],
        distribution_loss_mw=MVA * f[:, 1], slack_mw=MVA * a.slack, v_low_pu=f[:, 3], v_low_bus=_picked(called[0], at[:, 0]), v_high_pu=f[:, 4],
        v_high_bus=_picked(called[0], at[:, 1]), loading_percent=100 * f[:, 5], loaded_branch=_picked(called[1], at[:, 2]),
        limits_broken=np.maximum(at[:, 3], 0), exchange_error_mva=MVA * a.error, why=np.array(a.why, dtype=str),
    )  # fmt: skip


def _picked(words: Names, at: Index) -> Names:
    return np.where(at >= 0, words[at] if len(words) else "", "")


def _end(db: sqlite3.Connection) -> End:
    """The worst end of all cases."""
    there = {name for (name,) in db.execute("SELECT DISTINCT end FROM cases")}
    return next(end for end in (End.REFUSED, End.OUT_OF_ROUNDS, End.ALONE, End.AGREED) if end.name in there)
