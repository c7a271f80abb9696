"""Scripted experiments by name: which there are, and carrying one out. What people then hold in their hands lies beside, one file for each kind.

A kind of experiments is an entry of `KINDS`: the names it knows, the case that each is usually carried out on, and how that is done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, final

from gridtandem.cases.case import Case
from gridtandem.cases.named import case as named
from gridtandem.errors import UnknownName
from gridtandem.report.experiment import flow_change
from gridtandem.report.experiment.flow_change import FlowChangeRun
from gridtandem.report.experiment.margin import ExperimentRun
from gridtandem.report.experiment.reserve import ReserveExperimentRun
from gridtandem.study.experiment import Watch
from gridtandem.study.flow_change import flow_changes
from gridtandem.study.margin.experiment import carried_out
from gridtandem.study.margin.experiments import FILES, experiment_named
from gridtandem.study.reserve.experiment import carried_out as reserve_carried_out
from gridtandem.study.reserve.experiments import FILES as RESERVE_FILES
from gridtandem.study.reserve.experiments import experiment_named as reserve_experiment
from gridtandem.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

USUAL_CASE = "T14D2"


class Told(Protocol):
    """Any experiment, carried out. Its words are its ``repr``."""

    @property
    def trials(self) -> Table: ...
    @property
    def found(self) -> bool: ...
    def plot(self) -> Figure: ...
    def document(self) -> dict[str, object]: ...


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Kind:
    """Experiments of one kind."""

    lines: Mapping[str, str]  # name: one line about it
    usual: Callable[[str], str]  # the case for it where none is named
    carried: Callable[[str, Case, Watch | None], Told]


KINDS = (
    Kind(
        lines={name: line for name, (_, line) in FILES.items()}, usual=lambda _: USUAL_CASE,
        carried=lambda name, case, watch: ExperimentRun(carried_out(experiment_named(name), case, watch=watch)),
    ),
    Kind(
        lines={flow_change.NAME: flow_change.LINE}, usual=lambda _: USUAL_CASE,
        carried=lambda _, case, watch: FlowChangeRun(flow_changes(case, watch=watch)),
    ),
    Kind(
        lines={name: line for name, (_, line) in RESERVE_FILES.items()}, usual=lambda name: reserve_experiment(name).usual,
        carried=lambda name, case, watch: ReserveExperimentRun(reserve_carried_out(reserve_experiment(name), case, watch=watch)),
    ),
)  # fmt: skip


def experiment(name: str, case: str | Path | Case | None = None, *, watch: Watch | None = None) -> Told:
    """Carry out a scripted experiment on a case with feeders: the twin of ``tandem experiment``.

    Margins: load-exponents, line-ratio, unit-place, renewables, tap-changer, transformer. Flows by DC and by AC: flow-changes. Energy and reserve:
    reserve-inertia, fast-reserve-value and others. ``case`` may be left out: T14D2, for those of reserve what the experiment says.
    """
    kind = next((kind for kind in KINDS if name in kind.lines), None)
    if kind is None:
        raise UnknownName("experiment", name, list(known_experiments()))
    given = kind.usual(name) if case is None else case
    return kind.carried(name, given if isinstance(given, Case) else named(given), watch)


def known_experiments() -> dict[str, str]:
    """All of them, each with a line."""
    return {name: line for kind in KINDS for name, line in kind.lines.items()}


def experiments_in_words() -> str:
    """Names of all experiments."""
    return "\n".join(f"{name:<22}{line}" for name, line in known_experiments().items())
