"""An experiment of voltage security as people hold it in their hands: its table, what was varied and held, its picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

from gridtandem.cases.case import Case
from gridtandem.cases.named import case as named
from gridtandem.errors import UnknownName
from gridtandem.report import flow_change
from gridtandem.report.flow_change import FlowChangeRun
from gridtandem.report.tables import as_records, plain
from gridtandem.study.flow_change import flow_changes
from gridtandem.study.margin.experiment import Carried, Progress, TrialCurves, TrialResults, carried_out
from gridtandem.study.margin.experiments import FILES, experiment_named
from gridtandem.study.provenance import provenance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXPERIMENT_DOCUMENT = "tandem/experiment/1"
USUAL_CASE = "T14D2"
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
        from gridtandem.report.experiment_picture import drawn

        return drawn(self.carried)

    def __repr__(self) -> str:
        return experiment_in_words(self)


def experiment(
    name: str, case: str | Path | Case = USUAL_CASE, *, watch: Callable[[Progress], None] | None = None
) -> ExperimentRun | FlowChangeRun:  # fmt: skip
    """Carry out a scripted experiment on a case with feeders: the twin of ``tandem experiment``.

    Names: load-exponents, line-ratio, unit-place, renewables, tap-changer, transformer (margins); flow-changes (flows by DC and by AC).
    """
    on = case if isinstance(case, Case) else named(case)
    if name == flow_change.NAME:
        return FlowChangeRun(flow_changes(on, watch=watch))
    if name not in FILES:
        raise UnknownName("experiment", name, list(known_experiments()))
    return ExperimentRun(carried_out(experiment_named(name), on, watch=watch))


def known_experiments() -> dict[str, str]:
    """All of them, each with a line."""
    return {**{name: line for name, (_, line) in FILES.items()}, flow_change.NAME: flow_change.LINE}


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


def experiments_in_words() -> str:
    """Names of all experiments."""
    return "\n".join(f"{name:<16}{line}" for name, line in known_experiments().items())


def experiment_document(run: ExperimentRun | FlowChangeRun) -> dict[str, object]:
    """Everything, for machines."""
    if isinstance(run, FlowChangeRun):
        return run.document()
    what = run.carried.experiment
    return {
        "schema": EXPERIMENT_DOCUMENT, "name": what.name, "case": run.carried.case.name, "varied": what.varied, "held": what.held, "found": run.found,
        "tables": {"trials": as_records(run.trials), "curves": as_records(run.curves)}, "made_with": provenance(),
    }  # fmt: skip
