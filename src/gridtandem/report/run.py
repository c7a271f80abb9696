"""What people hold in their hands: `run` and `compare` with plain arguments, and the objects they return.

Everything here is a short way to say a `Study`; the study does the work, and the same study gives the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, final

from numpy.typing import ArrayLike

from gridtandem.cases.case import Case
from gridtandem.cases.named import alone
from gridtandem.cases.named import case as named
from gridtandem.coordinate import Outcome
from gridtandem.grid.network import Network
from gridtandem.report import telling
from gridtandem.report.drawing import drawn
from gridtandem.study import run as running
from gridtandem.study.compare import Comparison as ComparisonTable
from gridtandem.study.judge import Verdict
from gridtandem.study.kinds import FLOW
from gridtandem.study.registry import name_of
from gridtandem.study.results import BranchResults, BusResults, Checks, InterfaceResults, Letters, Rounds, UnitResults, Violations
from gridtandem.study.run import Result
from gridtandem.study.setting import loading_of
from gridtandem.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gridtandem.study.diagnose import Diagnosis

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

    door: ClassVar[str] = FLOW.door
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

    door: ClassVar[str] = FLOW.door
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


def diagnose(case: Case | Network | str | Path, *, loading: ArrayLike = 1.0) -> Diagnosis:
    """How fast the plain exchange will converge on a case, and which scheme to take."""
    from gridtandem.study.diagnose import diagnose as predicted

    return predicted(Study(case=opened_case(case), scheme=None, loading=loading_of(loading)))


def opened_case(case: Case | Network | str | Path) -> Case:
    """A case by itself, by name or by folder; a network alone becomes a case without feeders."""
    if isinstance(case, Case):
        return case
    if isinstance(case, Network):
        return alone(case)
    if not isinstance(case, str | Path):
        raise TypeError(f"a Case, a Network, the name of a published one, or a folder or file is wanted; this is of type {type(case).__name__}")
    return named(case)
