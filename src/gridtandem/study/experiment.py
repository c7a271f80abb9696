"""What scripted experiments of every kind share: how far one has come, and rows that become a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar, final

from gridtandem.tables import Table

T = TypeVar("T", bound=Table)
S = TypeVar("S")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an experiment has come."""

    done: int
    size: int
    refused: int
    before: int = 0


Watch = Callable[[Progress], None]


def watched(trials: Iterable[S], watch: Watch | None) -> Iterator[S]:
    """Each of them; ``watch`` hears when one is over."""
    every = tuple(trials)
    for k, trial in enumerate(every):
        yield trial
        if watch is not None:
            watch(Progress(done=k + 1, size=len(every), refused=0))


def of_rows(kind: type[T], rows: Sequence[Sequence[object]]) -> T:
    """Rows as a table, columns in the order of their declaration."""
    columns = zip(*rows, strict=True) if rows else [()] * len(kind.columns())
    return kind.of(dict(zip(kind.columns(), columns, strict=True)))
