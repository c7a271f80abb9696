"""Load flow, behind the door that all kinds of study share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gridtandem.cases.case import Case
from gridtandem.coordinate import Outcome
from gridtandem.report.documents import COMPARE, RUN, number
from gridtandem.report.run import Comparison, Run
from gridtandem.report.tables import as_records
from gridtandem.study import compare as comparing
from gridtandem.study import run as running
from gridtandem.study import setting
from gridtandem.study.provenance import provenance
from gridtandem.study.registry import scheme_of
from gridtandem.study.study import Study
from gridtandem.tables import Table


def studied(case: Case, given: Mapping[str, Any], rounds: int) -> Study:
    """The study of a case, still without a scheme."""
    loading = setting.loading_of(given.get("loading", 1.0))
    return Study(case=case, scheme=None, rounds=rounds, **{**given, "loading": loading})


def chosen(study: Study, scheme: object, options: Mapping[str, object] | None) -> object:
    """The scheme by name or as it is; none given is the usual one, and the word "auto" is whatever the diagnosis recommends."""
    return _named(study, setting.usual(study.case) if scheme is None else scheme, options)


def several(study: Study, schemes: Sequence[object] | None, options: Mapping[str, float | str] | None) -> tuple[object, ...]:
    """Schemes by name or as they are; none given are those that are usually compared."""
    wanted = setting.usually_compared(study.case) if schemes is None else schemes
    if all(isinstance(s, str) for s in wanted):
        return setting.schemes_for(study, [str(s) for s in wanted], options)
    return tuple(_named(study, s, None) for s in wanted)


def able(study: Study) -> tuple[str, ...]:
    """All schemes that serve its feeders."""
    return setting.able(study.case)


def carried(study: Study, *, save: Path | None = None, watch: Callable[[Outcome[object]], None] | None = None) -> Run:
    """Carry it out."""
    return Run.of(running.run(study, save=save, watch=watch))


def compared(
    study: Study, schemes: Sequence[object], *, save: Callable[[str], Path] | None = None, watch: Callable[[str, Outcome[object]], None] | None = None
) -> Comparison:
    """Carry it out under every scheme."""
    done = comparing.compare(study, schemes, save=save, watch=watch)
    return Comparison(table=done.table, runs=tuple(map(Run.of, done.results)))


def resumed(path: Path, *, rounds: int | None = None, watch: Callable[[Outcome[object]], None] | None = None) -> Run:
    """Go on with the run in a file."""
    return Run.of(running.resume(path, rounds=rounds, watch=watch))


def reopened(path: Path) -> Run:
    """The run in a file."""
    return Run.of(running.reopened(path))


def summary(run: Run) -> dict[str, object]:
    """How a run ended, what crossed, and what the AC check says."""
    study, outcome = run.result.study, run.outcome
    return {
        "schema": RUN, "case": study.case.name, "scheme": run.scheme, "study_digest": study.digest(), "agreed": outcome.agreed,
        "end": outcome.end.name.lower().replace("_", "-"), "sentence": outcome.end.value, "trouble": list(run.trouble), "rounds": outcome.rounds,
        "gap": number(outcome.gaps[-1]) if outcome.gaps else None, "goal": number(outcome.goal),
        "letters": {"count": len(outcome.ledger), **outcome.books()}, "interfaces": as_records(run.interfaces), "checks": as_records(run.checks),
        "violations": len(run.violations), "run_file": None if run.path is None else str(run.path), "made_with": provenance(),
    }  # fmt: skip


def document(comparison: Comparison) -> dict[str, object]:
    """One entry per scheme."""
    troubles = {run.scheme: list(run.trouble) for run in comparison.runs if run.trouble}
    case = comparison.runs[0].result.study.case.name if comparison.runs else None
    return {"schema": COMPARE, "case": case, "schemes": as_records(comparison.table), "trouble": troubles, "made_with": provenance()}


def tables(run: Run) -> dict[str, Table]:
    """All tables of a run by name."""
    return {name: getattr(run, name) for name in (*running.TABLES, "letters", "rounds")}


def row(run: Run) -> Table:
    """A run as a comparison of one, which is what rules are held against."""
    return comparing.tabled([run.result], [0.0])


def _named(study: Study, scheme: object, options: Mapping[str, object] | None) -> object:
    if isinstance(scheme, str) and scheme == setting.AUTO:
        from gridtandem.study.diagnose import diagnose

        scheme = diagnose(study).recommend
    return scheme_of(scheme, options)


def forecast(study: Study, comparison: Comparison) -> Comparison:
    """The comparison, beside what was to be expected of the plain exchange."""
    from gridtandem.study.diagnose import MOST, diagnose

    return replace(comparison, diagnosis=diagnose(study) if len(study.case.interfaces) <= MOST else None)
