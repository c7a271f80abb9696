"""An experiment with margins as people hold it in their hands: its table, its curves, what was varied and held, its picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from gridtandem.report.tables import as_records, plain
from gridtandem.study.margin.experiment import Carried, TrialCurves, TrialResults
from gridtandem.study.provenance import provenance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXPERIMENT_DOCUMENT = "tandem/experiment/1"
TOLD = ("setting", "tool", "growth", "most_mw", "loss_mw", "weakest", "weakest_v_pu", "boundary_v_pu")
USUAL_END = "a nose: λ turns though nothing meets a limit there"
MANY = 1000  # rows; all of them


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ExperimentRun:
    """An experiment carried out on a case."""

    carried: Carried

    @property
    def trials(self) -> TrialResults:
        """One row per trial and tool."""
        return self.carried.trials

    @property
    def curves(self) -> TrialCurves:
        """Curves of the transmission buses that feed."""
        return self.carried.curves

    @property
    def found(self) -> bool:
        """Has every trial a margin?"""
        return self.carried.found

    def plot(self) -> Figure:
        """λ* over what is varied, and coordinated curves of one bus."""
        from gridtandem.report.experiment.margin_picture import drawn

        return drawn(self.carried)

    def document(self) -> dict[str, object]:
        """Everything, for machines."""
        what = self.carried.experiment
        return {
            "schema": EXPERIMENT_DOCUMENT, "name": what.name, "case": self.carried.case.name, "varied": what.varied, "held": what.held,
            "found": self.found,
            "tables": {"trials": as_records(self.trials), "curves": as_records(self.curves)}, "made_with": provenance(),
        }  # fmt: skip

    def __repr__(self) -> str:
        return experiment_in_words(self)


def experiment_in_words(run: ExperimentRun) -> str:
    """What is varied, what is held, and the table."""
    what, trials = run.carried.experiment, run.trials
    shown = (*(("line",) if any(trials.line.tolist()) else ()), *TOLD)
    lines = [f"{run.carried.case.name}, {what.name}: {what.title}", f"varied  {what.varied}", f"held    {what.held}", ""]
    lines.append(plain(trials, columns=shown, rows=MANY))
    for line, setting, tool, end in zip(trials.line.tolist(), trials.setting.tolist(), trials.tool.tolist(), trials.end.tolist(), strict=True):
        if end != USUAL_END:
            lines.append(f"note: {' '.join(filter(None, (line, setting)))}, {tool}: {end}")
    return "\n".join(lines)
