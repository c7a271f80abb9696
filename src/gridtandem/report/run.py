"""What people hold in their hands: `run` and `compare` with plain arguments, and the objects they return.

Everything here is a short way to say a `Study`; the study does the work, and the same study gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal, final

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.cases.case import Case
from gridtandem.cases.named import case as named
from gridtandem.coordinate import Outcome
from gridtandem.errors import UnknownName
from gridtandem.report import telling
from gridtandem.study import compare as comparing
from gridtandem.study import diagnose as diagnosing
from gridtandem.study import run as running
from gridtandem.study.compare import Comparison as ComparisonTable
from gridtandem.study.diagnose import Diagnosis
from gridtandem.study.judge import Verdict
from gridtandem.study.registry import name_of, scheme_of
from gridtandem.study.results import BranchResults, BusResults, Checks, InterfaceResults, Letters, Rounds, UnitResults, Violations
from gridtandem.study.run import Result
from gridtandem.study.study import Study
from gridtandem.tables import Real

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMES = ("independent", "load-flow", "response", "merged")  # what a comparison shows unless told otherwise
MOST_DIAGNOSED = 300  # interfaces up to which a comparison also predicts the plain exchange: its matrix grows with their square

RUN_PICTURES = {
    "overview": "gridtandem.report.overview:of_run",
    "network": "gridtandem.report.network:network",
    "voltages": "gridtandem.report.voltages:of_run",
    "convergence": "gridtandem.report.convergence:of_run",
    "exchange": "gridtandem.report.exchange:of_run",
}
COMPARISON_PICTURES = {
    "overview": "gridtandem.report.overview:of_comparison",
    "voltages": "gridtandem.report.voltages:of_comparison",
    "convergence": "gridtandem.report.convergence:of_comparison",
    "exchange": "gridtandem.report.exchange:of_comparison",
    "same": "gridtandem.report.same:of_comparison",
}
NOTHING = Verdict(
    checks=Checks.empty(), violations=Violations.empty(), buses=BusResults.empty(), branches=BranchResults.empty(),
    interfaces=InterfaceResults.empty(), units=UnitResults.empty(),
)  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Run:
    """One case under one scheme. The tables are empty where the run found no answer; ``trouble`` then says why."""

    result: Result
    buses: BusResults
    interfaces: InterfaceResults
    branches: BranchResults
    units: UnitResults
    letters: Letters
    rounds: Rounds
    checks: Checks
    violations: Violations

    @staticmethod
    def of(result: Result) -> Run:
        """The friendly face of a result."""
        found = NOTHING if result.verdict is None else result.verdict
        return Run(
            result=result, buses=found.buses, interfaces=found.interfaces, branches=found.branches, units=found.units, letters=result.letters,
            rounds=result.rounds, checks=found.checks, violations=found.violations,
        )  # fmt: skip

    @property
    def scheme(self) -> str:
        """Name of the scheme."""
        return name_of(self.result.study.scheme)

    @property
    def outcome(self) -> Outcome[object]:
        """How the scheme ended: state, gaps, ledger."""
        return self.result.outcome

    @property
    def end(self) -> str:
        """The end as a sentence."""
        if apart := self.result.contradicted:
            return f"the parties agree, but the AC check CONTRADICTS their plans by {apart:.2g} pu: do not use them"
        return self.result.outcome.end.value

    @property
    def trouble(self) -> tuple[str, ...]:
        """Why there is no answer, or not everywhere."""
        return self.result.trouble

    @property
    def path(self) -> Path | None:
        """The run file, if there is one."""
        return self.result.path

    def require(self) -> Run:
        """The run itself, or `NotAgreed`."""
        self.result.require()
        return self

    def save(self, path: str | Path) -> Run:
        """Write the run file; the run that knows where it lies is returned."""
        return replace(self, result=running.saved(self.result, Path(path)))

    def plot(self, kind: str = "overview") -> Figure:
        """A picture; ``kind`` is one of `RUN_PICTURES`."""
        return _drawn(RUN_PICTURES, kind, self)

    def __repr__(self) -> str:
        return telling.run_in_words(self)

    def _repr_html_(self) -> str:
        from gridtandem.report.html import run_as_html

        return run_as_html(self)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Comparison:
    """One case under several schemes, every one held against the same AC check."""

    table: ComparisonTable
    runs: tuple[Run, ...]
    diagnosis: Diagnosis | None = None  # what was to be expected of the plain exchange

    def plot(self, kind: str = "overview") -> Figure:
        """A picture; ``kind`` is one of `COMPARISON_PICTURES`."""
        return _drawn(COMPARISON_PICTURES, kind, self)

    def __repr__(self) -> str:
        return telling.comparison_in_words(self)

    def _repr_html_(self) -> str:
        from gridtandem.report.html import comparison_as_html

        return comparison_as_html(self)


def run(
    case: Case | str | Path,
    *,
    scheme: object = "response",
    options: Mapping[str, object] | None = None,
    loading: ArrayLike = 1.0,
    rounds: int = 100,
    feeder_solver: Literal["auto", "sweep", "newton"] = "auto",
    q_rule: Literal["ignore", "switch"] = "ignore",
    slack: Literal["reference", "shared"] = "reference",
    taps: Literal["hold", "move"] = "move",
    save: str | Path | None = None,
    watch: Callable[[Outcome[object]], None] | None = None,
) -> Run:
    """Coordinate a case.

    ``case`` is a `Case`, the name of a published one, or a folder. ``scheme`` is a scheme object or a name with ``options``; "auto" takes
    what `diagnose` recommends. ``loading`` multiplies loads and transmission's schedule; an array is (scenario, period). With ``save`` a run
    file grows round by round; ``watch`` sees the outcome so far after every round.
    """
    study = Study(
        case=opened_case(case), scheme=None, loading=loading_of(loading), rounds=rounds, feeder_solver=feeder_solver, q_rule=q_rule, slack=slack,
        taps=taps,
    )  # fmt: skip
    study = replace(study, scheme=_chosen(study, scheme, options))
    return Run.of(running.run(study, save=None if save is None else Path(save), watch=watch))


def compare(
    case: Case | str | Path,
    schemes: Sequence[object] = SCHEMES,
    *,
    loading: ArrayLike = 1.0,
    rounds: int = 100,
    feeder_solver: Literal["auto", "sweep", "newton"] = "auto",
    q_rule: Literal["ignore", "switch"] = "ignore",
    slack: Literal["reference", "shared"] = "reference",
    taps: Literal["hold", "move"] = "move",
    save: Callable[[str], Path] | None = None,
    watch: Callable[[str, Outcome[object]], None] | None = None,
) -> Comparison:
    """Run a case under several schemes; arguments as for `run`. ``save`` names the run file of a scheme, ``watch`` hears its name too."""
    study = Study(
        case=opened_case(case), scheme=None, loading=loading_of(loading), rounds=rounds, feeder_solver=feeder_solver, q_rule=q_rule, slack=slack,
        taps=taps,
    )  # fmt: skip
    found = comparing.compare(study, [_chosen(study, s, None) for s in schemes], save=save, watch=watch)
    forecast = diagnosing.diagnose(study) if len(study.case.interfaces) <= MOST_DIAGNOSED else None
    return Comparison(table=found.table, runs=tuple(map(Run.of, found.results)), diagnosis=forecast)


def diagnose(case: Case | str | Path, *, loading: ArrayLike = 1.0) -> Diagnosis:
    """How fast the plain exchange will converge on a case, and which scheme to take."""
    return diagnosing.diagnose(Study(case=opened_case(case), scheme=None, loading=loading_of(loading)))


def resume(path: str | Path, *, rounds: int | None = None, watch: Callable[[Outcome[object]], None] | None = None) -> Run:
    """Go on with the run in a file, to the bit as if it had never stopped."""
    return Run.of(running.resume(Path(path), rounds=rounds, watch=watch))


def opened(path: str | Path) -> Run:
    """The run in a file, read without computing anything."""
    return Run.of(running.reopened(Path(path)))


def opened_case(case: Case | str | Path) -> Case:
    """A case by itself, by name or by folder."""
    if isinstance(case, Case):
        return case
    return named(case)


def loading_of(factor: ArrayLike) -> Real:
    """A factor for everything, or (scenario, period) as it is."""
    given = np.asarray(factor, np.float64)
    if given.ndim not in (0, 2):
        raise ValueError(f"loading is one number or an array (scenario, period); this has {given.ndim} axis")
    return given.reshape(1, 1) if given.ndim == 0 else given


def _chosen(study: Study, scheme: object, options: Mapping[str, object] | None) -> object:
    """The word "auto" is whatever the diagnosis recommends."""
    return scheme_of(diagnosing.diagnose(study).recommend if scheme == "auto" else scheme, options)


def _drawn(pictures: Mapping[str, str], kind: str, what: Run | Comparison) -> Figure:
    if kind not in pictures:
        raise UnknownName("picture", kind, list(pictures))
    module, _, name = pictures[kind].partition(":")
    figure: Figure = getattr(import_module(module), name)(what)
    return figure
