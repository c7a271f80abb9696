"""What comparisons of every kind of study have in common: one run after the other, and what crossed in each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol, TypeVar

import numpy as np

from gridtandem.boundary.letters import Alone, Interleaved, Together
from gridtandem.cases.case import Case
from gridtandem.coordinate import End, Outcome
from gridtandem.study.registry import name_of
from gridtandem.tables import Real, Table

# answered by whoever has every model; those of other kinds by name, as a load flow does not load their letters
OWNED = frozenset({Together.__name__, Interleaved.__name__, "Pooled", "DispatchWhole", "SecureWhole"})


class Studied(Protocol):
    """As much of a study as bookkeeping looks at."""

    @property
    def case(self) -> Case: ...
    @property
    def scheme(self) -> Any: ...


class Ended(Protocol):
    """As much of a result as bookkeeping looks at."""

    @property
    def study(self) -> Studied: ...
    @property
    def outcome(self) -> Outcome[Any]: ...


R = TypeVar("R", bound=Ended)


def under_each(
    study: Any,
    schemes: Sequence[object],
    carry: Callable[..., R],
    *,
    save: Callable[[str], Path] | None = None,
    watch: Callable[[str, Outcome[Any]], None] | None = None,
) -> tuple[list[R], list[float]]:
    """A study of any kind carried out under one scheme after the other, and the wall time of each. [s]"""
    results, seconds = [], []
    for scheme in schemes:
        name, begin = name_of(scheme), perf_counter()
        heard = None if watch is None else _named(watch, name)
        results.append(carry(replace(study, scheme=scheme), save=None if save is None else save(name), watch=heard))
        seconds.append(perf_counter() - begin)
        if results[-1].outcome.end is End.STOPPED:  # whoever stops one run wants no other
            break
    return results, seconds


def beside(results: Sequence[Ended], seconds: Sequence[float]) -> dict[str, Any]:
    """The columns that comparisons of every kind have."""
    books = [r.outcome.books() for r in results]
    return {
        "scheme": [name_of(r.study.scheme) for r in results], "agreed": [r.outcome.agreed for r in results],
        "end": [r.outcome.end.value for r in results], "rounds": [r.outcome.rounds for r in results],
        "letters": [len(r.outcome.ledger) for r in results], "numbers": [crossed(r) for r in results], "bytes": [b["bytes"] for b in books],
        "seconds": list(seconds),
    }  # fmt: skip


def worst(apart: Real) -> float:
    """Largest magnitude; NaN where there is none, or where one is missing."""
    return float(np.abs(apart).max()) if len(apart) else np.nan


def crossed(result: Ended) -> int:
    """Numbers that had to leave their company.

    A letter `Alone` reports a party's own result to the study and crosses nothing. `Together`, `Interleaved`, `Pooled`, `DispatchWhole` and
    `SecureWhole` are answered by whoever has every model: what crosses is the models of the distribution companies, once.
    """
    letters = sum(e.numbers_down + e.numbers_up for e in result.outcome.ledger if e.question not in {Alone.__name__, *OWNED})
    return letters + pooled(result)


def pooled(result: Ended) -> int:
    """Numbers of distribution companies' models, where somebody has to have them all; else 0."""
    return model_numbers(result.study.case) if any(e.question in OWNED for e in result.outcome.ledger) else 0


def model_numbers(case: Case) -> int:
    """Numbers in the feeder models, each counted once for every company that uses it: rows × columns that are not all at their default."""
    used = sorted(set(zip(case.interfaces.company.tolist(), case.interfaces.model.tolist(), strict=True)))
    each = [sum(_told(table) for table in model.tables().values()) for model in case.models]
    return sum(each[model] for _, model in used)


def _told(table: Table) -> int:
    numeric = {name: spec for name, spec in table.columns().items() if spec.dtype != "U"}
    return sum(getattr(table, name).size for name, spec in numeric.items() if spec.default is None or (getattr(table, name) != spec.default).any())


def _named(watch: Callable[[str, Outcome[Any]], None], name: str) -> Callable[[Outcome[Any]], None]:
    return lambda outcome: watch(name, outcome)
