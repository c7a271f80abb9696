"""What people hold in their hands after a contingency analysis: `contingency` with plain arguments, and the object it returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.renewables import with_renewables
from gridtandem.coordinate import End
from gridtandem.grid.network import Network
from gridtandem.report.drawing import drawn
from gridtandem.report.front import opened_case
from gridtandem.report.kinds import door
from gridtandem.security.outages import Group, Islanding
from gridtandem.study.batch.run import Progress
from gridtandem.study.contingency import run as running
from gridtandem.study.contingency.results import Agreement, Findings, Ranking, index_of, ranking
from gridtandem.study.contingency.run import ContingencyResult
from gridtandem.study.contingency.study import TAU_MVA, Contingency, with_outages
from gridtandem.study.kinds import FLOW
from gridtandem.study.profiles import outages_in
from gridtandem.study.setting import loading_of
from gridtandem.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = {
    "overview": "gridtandem.report.contingency.pictures:ranks",
    "ranks": "gridtandem.report.contingency.pictures:ranks",
    "indices": "gridtandem.report.contingency.pictures:indices",
}


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ContingencyRun:
    """Outages in the order of their severity, and what each step found."""

    result: ContingencyResult

    @staticmethod
    def opened(path: str | Path) -> ContingencyRun:
        """The analysis in a file, read without computing anything."""
        return ContingencyRun(result=running.reopened_contingency(Path(path)))

    @staticmethod
    def resume(path: str | Path, *, block: int | None = None, watch: Callable[[Progress], None] | None = None) -> ContingencyRun:
        """Go on with the analysis in a file, to the bit as if it had never stopped."""
        return ContingencyRun(result=running.resume_contingency(Path(path), block=block, watch=watch))

    @property
    def end(self) -> End:
        """AGREED, REFUSED where an outage that was to be solved in full has no answer, STOPPED while some are to come."""
        return self.result.end

    @property
    def path(self) -> Path | None:
        """Its run file."""
        return self.result.path

    @property
    def ranking(self) -> Ranking:
        """One row for each outage, the most severe first."""
        return ranking(self.result.of, self.result.findings)

    @property
    def findings(self) -> Findings:
        """What every step found for every outage."""
        return self.result.findings

    @property
    def islanding(self) -> Islanding:
        """Outages that are not solved, and why."""
        return self.result.of.outages.islanding

    @property
    def feeder_solves(self) -> dict[str, int]:
        """Answers of single feeders that each step took, by the ledger."""
        found = self.result.findings
        return {step: int(found.feeder_solves[found.step == step].sum()) for step in dict.fromkeys(found.step.tolist())}

    def agreement(
        self, step: Literal["alone", "screened"] = "screened", *, against: Literal["full", "alone"] = "full", power: int = 0, top: int = 20
    ) -> Agreement:
        """How far two orders agree, of outages that both have an answer for: a step, and the full solution or that without distribution."""
        of, found = self.result.of, self.result.findings
        size, n = len(of.outages), power or of.power
        one, whole = (index_of(found, each, size, n) for each in (step, against))
        both = np.isfinite(one) & np.isfinite(whole)
        return Agreement.of(one[both], whole[both], top)

    def plot(self, kind: str = "ranks") -> Figure:
        """A picture; ``kind`` is one of `PICTURES`."""
        return drawn(PICTURES, kind, self)

    def __repr__(self) -> str:
        from gridtandem.report.contingency.words import contingency_in_words

        return contingency_in_words(self)


def contingency(
    case: Case | Network | str | Path,
    *,
    outages: str | Path | Sequence[str | Sequence[str]] = "n-1",
    renewables: float | None = None,
    screen: Literal["dc", "decoupled", "full"] = "decoupled",
    top: int = 20,
    solve: Literal["curves", "letters"] = "curves",
    ratings: Literal["case", "base"] = "case",
    power: Literal[1, 2] = 1,
    cycles: int = 2,
    tau_mva: float = TAU_MVA,
    loading: float = 1.0,
    scheme: object = None,
    rounds: int = 100,
    feeder_solver: Literal["auto", "sweep", "newton"] = "auto",
    q_rule: Literal["ignore", "switch"] = "ignore",
    slack: Literal["reference", "shared"] = "reference",
    taps: Literal["hold", "move"] = "move",
    save: str | Path | None = None,
    block: int | None = None,
    watch: Callable[[Progress], None] | None = None,
) -> ContingencyRun:
    """Rank outages of transmission by a performance index, with feeders as they are, and say what distribution changes.

    Every outage is solved without distribution (feeders draw what they drew before), then screened, and those that come first in either order,
    ``top`` of each, are solved in full. ``outages`` as in `batch`; ``renewables``: share of the feeders' load that units inside them serve.
    ``screen``: shift factors (dc), decoupled half steps, or full, which solves all. ``solve``: on curves that feeders gave once, where those are
    exact and reach, or by letters of the scheme. ``ratings``: base gives branches without one 1.25 times their
    apparent power before any outage, at least 15 MVA. ``power`` is n of the index. The other arguments are those of `run` and `batch`.
    """
    found = opened_case(case)
    found = found if renewables is None else with_renewables(found, renewables)
    study = Study(
        case=found, scheme=None, loading=loading_of(loading), rounds=rounds, feeder_solver=feeder_solver, q_rule=q_rule, slack=slack, taps=taps
    )
    study = replace(study, scheme=door(FLOW).chosen(study, scheme, None))
    draft = Contingency(study=study, screen=screen, top=top, solve=solve, ratings=ratings, power=power, cycles=cycles, tau_mva=float(tau_mva))
    made = with_outages(draft, wanted_outages(outages))
    return ContingencyRun(result=running.run_contingency(made, save=None if save is None else Path(save), block=block, watch=watch))


def wanted_outages(outages: str | Path | Sequence[str | Sequence[str]]) -> str | Sequence[str | Sequence[str] | Group]:
    """Those of a file, or as they are."""
    return outages_in(outages) if isinstance(outages, Path) else outages
