"""What a study of any kind leaves behind: how it ended, its tables and figures, and why there is none.

What tables and figures those are is said by one record for each kind, whose fields are tables or numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, final, get_type_hints

import numpy as np

from gridtandem.boundary.mailbox import Entry
from gridtandem.coordinate import Outcome
from gridtandem.study.kinds import Stored
from gridtandem.study.results import Letters, Rounds
from gridtandem.tables import Table


class Told(Protocol):
    """Tables and figures of a kind."""

    def contradicts(self, goal: float) -> float:
        """By how much the AC check contradicts an agreement to within ``goal`` [pu]; 0 where it confirms it."""
        ...


S = TypeVar("S", bound=Stored)
T = TypeVar("T", bound=Told)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Result(Generic[S, T]):
    """Everything a run left behind; figures and tables of its kind are attributes too. Where it found no answer, ``trouble`` says why."""

    study: S
    outcome: Outcome[Any]
    tables: T  # empty where nothing was found
    judged: bool = True  # was there anything to hold against the AC check?
    trouble: tuple[str, ...] = ()
    path: Path | None = None  # its run file

    @property
    def verdict(self) -> T | None:
        """The tables, if there was anything to judge."""
        return self.tables if self.judged else None

    def named(self) -> dict[str, Table]:
        """The tables by name."""
        return {name: getattr(self.tables, name) for name in tables_in(type(self.tables))}

    @property
    def letters(self) -> Letters:
        """The ledger."""
        return letters_table(self.outcome.ledger)

    @property
    def rounds(self) -> Rounds:
        """Gap by round."""
        return Rounds(round=np.arange(1, self.outcome.rounds + 1), gap=np.array(self.outcome.gaps))

    @property
    def contradicted(self) -> float:
        """By how much the AC check contradicts an agreement [pu]; 0 where it confirms it, or where nothing was agreed."""
        return self.tables.contradicts(self.outcome.goal) if self.judged and self.outcome.agreed else 0.0

    def require(self) -> Result[S, T]:
        """The result itself, or `NotAgreed`."""
        self.outcome.require()
        return self

    def __getattr__(self, name: str) -> Any:
        """A figure or a table of its kind."""
        if name.startswith("_") or name == "tables":
            raise AttributeError(name)
        return getattr(self.tables, name)


def letters_table(ledger: tuple[Entry, ...]) -> Letters:
    """The ledger as a table."""
    columns = {name: [getattr(e, name if name != "recipient" else "to") for e in ledger] for name in Letters.columns()}
    return Letters.of(columns) if ledger else Letters.empty()


@cache
def tables_in(record: type) -> Mapping[str, type[Table]]:
    """Tables that a record of a kind has, by name and in order."""
    return {name: kind for name, kind in get_type_hints(record).items() if isinstance(kind, type) and issubclass(kind, Table)}


@cache
def figures_in(record: type) -> tuple[str, ...]:
    """Names of the numbers that it has beside them."""
    return tuple(name for name, kind in get_type_hints(record).items() if kind is float)


def nothing(record: type[T]) -> T:
    """The record where nothing was found."""
    return record(**{name: kind.empty() for name, kind in tables_in(record).items()}, **dict.fromkeys(figures_in(record), np.nan))
