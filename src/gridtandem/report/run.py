"""What people hold in their hands: `run` and `compare` with plain arguments, and the objects they return.

Everything here is a short way to say a `Study`; the study does the work, and the same study gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, final

from numpy.typing import ArrayLike

from gridtandem.cases.case import Case
from gridtandem.cases.named import alone
from gridtandem.cases.named import case as named
from gridtandem.coordinate import Outcome
from gridtandem.grid.network import Network
from gridtandem.report import telling
from gridtandem.report.drawing import drawn
from gridtandem.study import compare as comparing
from gridtandem.study import diagnose as diagnosing
from gridtandem.study import run as running
from gridtandem.study.compare import Comparison as ComparisonTable
from gridtandem.study.diagnose import Diagnosis
from gridtandem.study.judge import Verdict
from gridtandem.study.registry import name_of, scheme_of
from gridtandem.study.results import BranchResults, BusResults, Checks, InterfaceResults, Letters, Rounds, UnitResults, Violations
from gridtandem.study.run import Result
from gridtandem.study.setting import loading_of, usual, usually_compared
from gridtandem.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
        return drawn(RUN_PICTURES, kind, self)

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
        return drawn(COMPARISON_PICTURES, kind, self)

    def __repr__(self) -> str:
        return telling.comparison_in_words(self)

    def _repr_html_(self) -> str:
        from gridtandem.report.html import comparison_as_html

        return comparison_as_html(self)


def run(
    case: Case | Network | str | Path,
    *,
    scheme: object = None,
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

    ``case`` is a `Case`, a `Network`, the name of a published one, or a folder. ``scheme`` is a scheme object or a name with ``options``;
    "auto" takes what `diagnose` recommends, and none given is "response", or "merged" where there are no feeders. ``loading`` multiplies loads
    and transmission's schedule; several numbers are scenarios, an array is (scenario, period). With ``save`` a run file grows round by round;
    ``watch`` sees the outcome so far after every round.
    """
    study = Study(
        case=opened_case(case), scheme=None, loading=loading_of(loading), rounds=rounds, feeder_solver=feeder_solver, q_rule=q_rule, slack=slack,
        taps=taps,
    )  # fmt: skip
    study = replace(study, scheme=chosen(study, usual(study.case) if scheme is None else scheme, options))
    return Run.of(running.run(study, save=None if save is None else Path(save), watch=watch))


def compare(
    case: Case | Network | str | Path,
    schemes: Sequence[object] | None = None,
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
    """Run a case under several schemes, by default a few that serve it; arguments as for `run`. ``save`` names the run file of a scheme,
    ``watch`` hears its name too.
    """
    study = Study(
        case=opened_case(case), scheme=None, loading=loading_of(loading), rounds=rounds, feeder_solver=feeder_solver, q_rule=q_rule, slack=slack,
        taps=taps,
    )  # fmt: skip
    wanted = usually_compared(study.case) if schemes is None else schemes
    found = comparing.compare(study, [chosen(study, s, None) for s in wanted], save=save, watch=watch)
    forecast = diagnosing.diagnose(study) if len(study.case.interfaces) <= MOST_DIAGNOSED else None
    return Comparison(table=found.table, runs=tuple(map(Run.of, found.results)), diagnosis=forecast)


def diagnose(case: Case | Network | str | Path, *, loading: ArrayLike = 1.0) -> Diagnosis:
    """How fast the plain exchange will converge on a case, and which scheme to take."""
    return diagnosing.diagnose(Study(case=opened_case(case), scheme=None, loading=loading_of(loading)))


def resume(path: str | Path, *, rounds: int | None = None, watch: Callable[[Outcome[object]], None] | None = None) -> Run:
    """Go on with the run in a file, to the bit as if it had never stopped."""
    return Run.of(running.resume(Path(path), rounds=rounds, watch=watch))


def opened(path: str | Path) -> Run:
    """The run in a file, read without computing anything."""
    return Run.of(running.reopened(Path(path)))


def opened_case(case: Case | Network | str | Path) -> Case:
    """A case by itself, by name or by folder; a network alone becomes a case without feeders."""
    if isinstance(case, Case):
        return case
    if isinstance(case, Network):
        return alone(case)
    if not isinstance(case, str | Path):
        raise TypeError(f"a Case, a Network, the name of a published one, or a folder or file is wanted; this is of type {type(case).__name__}")
    return named(case)


def chosen(study: Study, scheme: object, options: Mapping[str, object] | None) -> object:
    """The word "auto" is whatever the diagnosis recommends."""
    return scheme_of(diagnosing.diagnose(study).recommend if isinstance(scheme, str) and scheme == "auto" else scheme, options)
