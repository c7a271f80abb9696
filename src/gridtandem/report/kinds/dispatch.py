"""AC optimal power flow, behind the door that all kinds of study share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gridtandem.cases.case import Case
from gridtandem.coordinate import Outcome
from gridtandem.report.dispatch import DispatchComparison, DispatchRun
from gridtandem.report.documents import number
from gridtandem.report.tables import as_records
from gridtandem.study.dispatch import compare as comparing
from gridtandem.study.dispatch import run as running
from gridtandem.study.dispatch.study import DispatchStudy
from gridtandem.study.kinds import DISPATCH
from gridtandem.study.provenance import provenance
from gridtandem.study.registry import scheme_of
from gridtandem.study.setting import options_for
from gridtandem.tables import Table

SUMMARY, COMPARE = "tandem/dispatch-summary/1", "tandem/dispatch-compare/1"
FIELDS = {"first_hour": "first"}  # where the study calls it otherwise


def studied(case: Case, given: Mapping[str, Any], rounds: int) -> DispatchStudy:
    """The study of a case, still without a scheme."""
    return DispatchStudy(case=case, scheme=None, rounds=rounds, **{FIELDS.get(name, name): value for name, value in given.items()})


def chosen(study: DispatchStudy, scheme: object, options: Mapping[str, object] | None) -> object:  # noqa: ARG001 — asked alike of every kind
    """The scheme by name or as it is."""
    return scheme_of(scheme, options)


def several(study: DispatchStudy, schemes: Sequence[object] | None, options: Mapping[str, float] | None) -> tuple[object, ...]:
    """Schemes by name or as they are."""
    wanted = able(study) if schemes is None else [DISPATCH.alias.get(s, s) if isinstance(s, str) else s for s in schemes]
    return options_for([str(s) for s in wanted], options) if all(isinstance(s, str) for s in wanted) else tuple(map(scheme_of, wanted))


def able(study: DispatchStudy) -> tuple[str, ...]:  # noqa: ARG001 — asked alike of every kind
    """All schemes."""
    return DISPATCH.schemes()


def carried(study: DispatchStudy, *, save: Path | None = None, watch: Callable[[Outcome[object]], None] | None = None) -> DispatchRun:
    """Dispatch."""
    return DispatchRun.of(running.dispatch(study, save=save, watch=watch))


def compared(
    study: DispatchStudy,
    schemes: Sequence[object],
    *,
    save: Callable[[str], Path] | None = None,
    watch: Callable[[str, Outcome[object]], None] | None = None,
) -> DispatchComparison:
    """Dispatch under every scheme."""
    found = comparing.compare(study, schemes, save=save, watch=watch)
    return DispatchComparison(table=found.table, runs=tuple(map(DispatchRun.of, found.results)))


def resumed(path: Path, *, rounds: int | None = None, watch: Callable[[Outcome[object]], None] | None = None) -> DispatchRun:
    """Go on with the run in a file."""
    return DispatchRun.of(running.resume(path, rounds=rounds, watch=watch))


def reopened(path: Path) -> DispatchRun:
    """The run in a file."""
    return DispatchRun.of(running.reopened(path))


def summary(run: DispatchRun) -> dict[str, object]:
    """The summary for machines."""
    result, outcome = run.result, run.outcome
    return {
        "schema": SUMMARY, "case": result.study.case.name, "scheme": run.scheme, "study_digest": result.study.digest(),
        "agreed": outcome.agreed, "end": outcome.end.name.lower().replace("_", "-"), "sentence": run.end, "trouble": list(run.trouble),
        "rounds": outcome.rounds, "currency": result.study.case.currency, "promised": number(result.promised),
        "realised": number(result.realised), "central": number(result.central), "gap_to_central": number(result.gap),
        "certificate": result.study.certificate, "bound": number(result.bound), "gap_to_bound": number(result.gap_to_bound),
        "bound_letters": {"count": len(run.bound_letters), "numbers": int((run.bound_letters.numbers_down + run.bound_letters.numbers_up).sum())},
        "letters": {"count": len(outcome.ledger), **outcome.books()}, "exchanges": as_records(run.exchanges), "checks": as_records(run.checks),
        "violations": len(run.violations), "run_file": None if run.path is None else str(run.path), "made_with": provenance(),
    }  # fmt: skip


def document(comparison: DispatchComparison) -> dict[str, object]:
    """One entry per scheme."""
    troubles = {run.scheme: list(run.trouble) for run in comparison.runs if run.trouble}
    study = comparison.runs[0].result.study if comparison.runs else None
    return {
        "schema": COMPARE, "case": None if study is None else study.case.name, "currency": None if study is None else study.case.currency,
        "certificate": None if study is None else study.certificate,
        "schemes": as_records(comparison.table), "trouble": troubles, "made_with": provenance(),
    }  # fmt: skip


def tables(run: DispatchRun) -> dict[str, Table]:
    """All tables of a run by name."""
    return {name: getattr(run, name) for name in (*running.TABLES, "letters", "rounds")}


def row(run: DispatchRun) -> Table:
    """A run as a comparison of one, which is what rules are held against."""
    return comparing.tabled([run.result], [0.0])
