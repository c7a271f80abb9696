"""Carry out a batch block by block into its run file; go on with one that was interrupted; read one again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import final
from weakref import finalize

import numpy as np

from gridtandem.coordinate import End
from gridtandem.errors import Unreadable
from gridtandem.study.batch.block import Desk, solved
from gridtandem.study.batch.file import BatchFile, names
from gridtandem.study.batch.study import Batch


@final
@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch has come."""

    done: int  # cases that are there
    before: int  # of these, those that were there when it began or went on
    size: int
    refused: int  # without an answer, of those done since


@final
class Room:
    """A folder that is gone with this object."""

    def __init__(self) -> None:
        self.path = Path(mkdtemp(prefix="gridtandem-"))
        finalize(self, rmtree, self.path, ignore_errors=True)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BatchResult:
    """A batch and the file its tables are read from, whenever they are asked for."""

    batch: Batch
    file: BatchFile
    end: End
    room: Room | None = None  # of a file that nobody wanted to keep

    @property
    def path(self) -> Path | None:
        """Its run file, unless it is a passing one."""
        return None if self.room else self.file.file.path


def run_batch(batch: Batch, *, save: Path | None = None, block: int | None = None, watch: Callable[[Progress], None] | None = None) -> BatchResult:
    """Solve all cases, ``block`` at a time, and after each block write it down. ``watch`` may raise `KeyboardInterrupt` to stop there."""
    desk = Desk.of(batch)
    if save is not None:
        return _carried(desk, BatchFile.create(save, batch), block, watch, None)
    room = Room()
    return _carried(desk, BatchFile.create(room.path / "batch.tandem", batch), block, watch, room)


def resume_batch(path: Path, *, block: int | None = None, watch: Callable[[Progress], None] | None = None) -> BatchResult:
    """Go on with the batch in a file at the first case that is not there: the same bits as if it had never stopped."""
    file = BatchFile.open(path)
    return _carried(Desk.of(file.batch()), file, block, watch, None)


def reopened_batch(path: Path) -> BatchResult:
    """The batch in a file, read without computing anything."""
    file = BatchFile.open(path)
    return BatchResult(batch=file.batch(), file=file, end=file.file.end())


def _carried(desk: Desk, file: BatchFile, block: int | None, watch: Callable[[Progress], None] | None, room: Room | None) -> BatchResult:
    if block is not None and block < 1:
        raise Unreadable(f"a block has 1 case or more; {block!r} is none")
    batch, called, extremes = desk.batch, names(desk.layout), file.extremes(desk.layout)
    done, refused, step = file.done(), 0, block or desk.block
    before = done
    try:
        while done < batch.size:
            found = solved(desk, np.arange(done, min(done + step, batch.size)), extremes)
            file.add(batch, found, extremes, called)
            done += len(found.number)
            refused += int((~found.answers.ok).sum())
            if watch is not None:
                watch(Progress(done, before, batch.size, refused))
    except KeyboardInterrupt:
        pass
    return BatchResult(batch=batch, file=file, end=file.file.end(), room=room)
