"""The same case under several schemes, side by side, every one held against the same AC check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar, Protocol, final

import numpy as np

from gridtandem.boundary.letters import Alone, Interleaved, Together
from gridtandem.cases.case import Case
from gridtandem.coordinate import End, Outcome
from gridtandem.study.judge import Verdict
from gridtandem.study.registry import name_of
from gridtandem.study.results import InterfaceResults
from gridtandem.study.run import Result, run
from gridtandem.study.study import Study
from gridtandem.tables import Flag, Index, Names, Real, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Comparison(Table):
    """One row per scheme; NaN where a scheme found no answer."""

    kind: ClassVar[str] = "comparison"
    scheme: Names = column("scheme", dtype="U")
    agreed: Flag = column("did the parties agree?", dtype="?")
    end: Names = column("how it ended", dtype="U")
    rounds: Index = column("rounds", dtype="i8")
    letters: Index = column("letters, a party's report of its own result included", dtype="i8")
    numbers: Index = column("numbers that left their company: in letters, both ways, or as models to be merged", dtype="i8")
    bytes: Index = column("letters as JSON text", dtype="i8", unit="B")
    voltage_error_pu: Real = column("largest difference of voltage magnitude, plan against AC check", unit="pu")
    exchange_error_mva: Real = column("largest difference of power at an interface, transmission's view against AC check", unit="MVA")
    exchange_mw: Real = column("active power into all feeders, as transmission reckons; of the first scenario and period with an answer", unit="MW")
    feeder_loss_mw: Real = column("active losses in all feeders, as their companies see them; of the same scenario and period", unit="MW")
    v_low_pu: Real = column("lowest voltage of all scenarios and periods, as the companies see it", unit="pu")
    seconds: Real = column("wall time of this run on this machine; not reproducible", unit="s")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """The table and the results behind it."""

    table: Comparison
    results: tuple[Result, ...]


def compare(
    study: Study, schemes: Sequence[Any], *, save: Callable[[str], Path] | None = None, watch: Callable[[str, Outcome[Any]], None] | None = None
) -> Compared:
    """Run ``study`` once per scheme. ``save`` names the run file of a scheme; ``watch`` hears the scheme's name and its outcome so far."""
    results, seconds = [], []
    for scheme in schemes:
        name, begin = name_of(scheme), perf_counter()
        heard = None if watch is None else _named(watch, name)
        results.append(run(replace(study, scheme=scheme), save=None if save is None else save(name), watch=heard))
        seconds.append(perf_counter() - begin)
        if results[-1].outcome.end is End.STOPPED:  # whoever stops one run wants no other
            break
    return Compared(tabled(results, seconds), tuple(results))


class Studied(Protocol):
    """As much of a study as bookkeeping looks at."""

    @property
    def case(self) -> Case: ...


class Ended(Protocol):
    """As much of a result as bookkeeping looks at."""

    @property
    def study(self) -> Studied: ...
    @property
    def outcome(self) -> Outcome[Any]: ...


def tabled(results: Sequence[Result], seconds: Sequence[float]) -> Comparison:
    """The table of results that are there already."""
    return Comparison.of(_columns(results, seconds))


def crossed(result: Ended) -> int:
    """Numbers that had to leave their company.

    A letter `Alone` reports a party's own result to the study and crosses nothing. `Together`, `Interleaved`, `Pooled` and `DispatchWhole` are
    answered by whoever has every model: what crosses is the models of the distribution companies, once.
    """
    ledger = result.outcome.ledger
    others = {"Pooled", "DispatchWhole"}  # of markets and of dispatch, whose letters a load flow does not load
    owned = {Together.__name__, Interleaved.__name__, *others}
    letters = sum(e.numbers_down + e.numbers_up for e in ledger if e.question not in {Alone.__name__, *owned})
    return letters + (model_numbers(result.study.case) if any(e.question in owned for e in ledger) else 0)


def model_numbers(case: Case) -> int:
    """Numbers in the feeder models, each counted once for every company that uses it: rows × columns that are not all at their default."""
    used = sorted(set(zip(case.interfaces.company.tolist(), case.interfaces.model.tolist(), strict=True)))
    each = [sum(_told(table) for table in model.tables().values()) for model in case.models]
    return sum(each[model] for _, model in used)


def _first(verdict: Verdict) -> InterfaceResults:
    """The first scenario and period alone: powers of several do not add up to anything."""
    table = verdict.interfaces
    return table.take((table.scenario == table.scenario[:1]) & (table.period == table.period[:1]))


def _told(table: Table) -> int:
    numeric = {name: spec for name, spec in table.columns().items() if spec.dtype != "U"}
    return sum(getattr(table, name).size for name, spec in numeric.items() if spec.default is None or (getattr(table, name) != spec.default).any())


def _named(watch: Callable[[str, Outcome[Any]], None], name: str) -> Callable[[Outcome[Any]], None]:
    return lambda outcome: watch(name, outcome)


def _columns(results: Sequence[Result], seconds: Sequence[float]) -> dict[str, Any]:
    books = [r.outcome.books() for r in results]
    found = [r.verdict for r in results]
    return {
        "scheme": [name_of(r.study.scheme) for r in results],
        "agreed": [r.outcome.agreed for r in results],
        "end": [r.outcome.end.value for r in results],
        "rounds": [r.outcome.rounds for r in results],
        "letters": [len(r.outcome.ledger) for r in results],
        "numbers": [crossed(r) for r in results],
        "bytes": [b["bytes"] for b in books],
        "voltage_error_pu": [np.nan if v is None else v.checks.voltage_error_pu.max() for v in found],
        "exchange_error_mva": [np.nan if v is None else v.checks.exchange_error_mva.max() for v in found],
        "exchange_mw": [np.nan if v is None else _first(v).p_mw.sum() for v in found],
        "feeder_loss_mw": [np.nan if v is None else _first(v).loss_mw.sum() for v in found],
        "v_low_pu": [np.nan if v is None else v.buses.v_pu.min() for v in found],
        "seconds": list(seconds),
    }
