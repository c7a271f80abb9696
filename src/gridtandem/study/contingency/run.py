"""Carry out a contingency analysis block by block; go on with one that was interrupted; read one again.

First outages without distribution (where there are feeders), then their screening, then in full those that come first in either order. An outage
that one step has no answer for goes to the next; in the end it is a row with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from gridtandem.coordinate import End
from gridtandem.errors import Unreadable
from gridtandem.study.batch.run import Progress
from gridtandem.study.contingency.file import ContingencyFile
from gridtandem.study.contingency.results import ALONE, BASE, CURVES, FULL, SCREENED, Findings, index_of, together
from gridtandem.study.contingency.screens import ByDecoupledSteps, ByShiftFactors
from gridtandem.study.contingency.steps import ByCurves, Ground, alone
from gridtandem.study.contingency.study import Contingency
from gridtandem.tables import Index

Watch = Callable[[Progress], None]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ContingencyResult:
    """An analysis and what it found."""

    of: Contingency
    findings: Findings
    end: End  # STOPPED while some outages are to come; REFUSED where one that was solved in full has no answer
    path: Path | None = None


def run_contingency(of: Contingency, *, save: Path | None = None, block: int | None = None, watch: Watch | None = None) -> ContingencyResult:
    """All steps, ``block`` outages at a time. ``watch`` may raise `KeyboardInterrupt` to stop there."""
    ground = Ground.of_state(of)
    return _carried(ground, None if save is None else ContingencyFile.create(save, of), Findings.empty(), block, watch)


def resume_contingency(path: Path, *, block: int | None = None, watch: Watch | None = None) -> ContingencyResult:
    """Go on with the analysis in a file at the first outage that is not there: the same bits as if it had never stopped."""
    file = ContingencyFile.open(path)
    return _carried(Ground.of_state(file.contingency()), file, file.findings(), block, watch)


def reopened_contingency(path: Path) -> ContingencyResult:
    """The analysis in a file, read without computing anything."""
    file = ContingencyFile.open(path)
    return ContingencyResult(of=file.contingency(), findings=file.findings(), end=file.file.end(), path=path)


def chosen(of: Contingency, findings: Findings) -> Index:
    """Outages to solve in full, ascending: the first of both orders, and whatever one of them has no answer for."""
    size = len(of.outages)
    if of.screen == "full":
        return np.arange(size)
    both = [index_of(findings, step, size, of.power) for step in ((ALONE, SCREENED) if of.feeds else (SCREENED,))]
    first = [np.lexsort((np.arange(size), np.where(np.isnan(pi), -np.inf, -pi)))[: of.top + int(np.isnan(pi).sum())] for pi in both]
    return np.unique(np.concatenate(first))


def _carried(ground: Ground, file: ContingencyFile | None, found: Findings, block: int | None, watch: Watch | None) -> ContingencyResult:
    of, step = ground.of, block or ground.block
    if block is not None and block < 1:
        raise Unreadable(f"a block has 1 outage or more; {block!r} is none")
    orders = 2 if of.feeds else 1
    size, before, refused = orders * len(of.outages) + min(len(of.outages), orders * of.top), len(found), 0
    if before and len(found.take(found.step == FULL)) == len(chosen(of, found)) and file is not None and file.file.end() is not End.STOPPED:
        return ContingencyResult(of=of, findings=found, end=file.file.end(), path=file.file.path)
    end = End.STOPPED
    try:
        for more, last in _steps(ground, found, step):
            found = together(found, more)
            end = _end(found) if last else End.STOPPED
            if file is not None:
                file.add(more, end)
            refused += int((~more.ok & (more.step == FULL)).sum())
            if watch is not None:
                watch(Progress(len(found) if not last else size, before, size, refused))
    except KeyboardInterrupt:
        pass
    return ContingencyResult(of=of, findings=found, end=end, path=None if file is None else file.file.path)


def _steps(ground: Ground, found: Findings, size: int) -> Iterator[tuple[Findings, bool]]:
    """Findings block by block, and whether they are the last; those that are there already are left out."""
    of, every = ground.of, np.arange(len(ground.of.outages))
    if not (found.step == BASE).any():
        found = together(found, ground.base)
        yield ground.base, False
    full = ByCurves.of(ground)
    if not (found.step == CURVES).any():
        found = together(found, full.findings())
        yield full.findings(), False
    screened = ByShiftFactors.of(ground) if of.screen == "dc" else ByDecoupledSteps.of(ground)
    ways: dict[str, Callable[[Index], Findings]] = {ALONE: lambda rows: alone(ground, rows)} if of.feeds else {}
    for step, way in (ways | {SCREENED: screened, FULL: full}).items():
        wanted = chosen(of, found) if step == FULL else every
        rest = np.setdiff1d(wanted, found.number[found.step == step])
        for first in range(0, len(rest), size):
            rows = rest[first : first + size]
            more = way(rows)
            found = together(found, more)
            yield more, step == FULL and first + size >= len(rest)


def _end(found: Findings) -> End:
    return End.AGREED if found.ok[found.step == FULL].all() else End.REFUSED
