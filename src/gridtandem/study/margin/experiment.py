"""Scripted experiments of voltage security: margins of one case altered again and again, with what is held fixed said beside them.

An experiment is a file of `gridtandem.study.margin.experiments`: it says what is varied and what is held, and gives its trials. Here they are
carried out, each by itself: one without a load flow leaves the others as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.errors import InvalidCase, Unreadable
from gridtandem.schemes.response import Response
from gridtandem.study.experiment import Progress, of_rows
from gridtandem.study.margin.ask import Growth
from gridtandem.study.margin.shown import LUMPED, feeding
from gridtandem.study.margin.single import Tool, curves_table, tools_table
from gridtandem.study.margin.tables import first_turn
from gridtandem.study.margin.tools import USUAL, followed_by
from gridtandem.study.run import run
from gridtandem.study.study import Study
from gridtandem.tables import Names, Real, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Trial:
    """One margin study."""

    line: str  # which of the lines of the picture it belongs to
    setting: str  # what is varied, in words
    value: float  # and on the axis
    case: Case
    growth: Growth = field(default_factory=Growth)
    tools: tuple[str, ...] = USUAL


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Experiment:
    """What is varied, what is held, and the trials."""

    name: str
    title: str
    varied: str  # label of the axis
    held: str  # the caption
    shown: str = ""  # the line whose curves are drawn
    trials: Callable[[Case], Iterator[Trial]]


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class TrialResults(Table):
    """One row per trial and tool: margins, and how the case looks before anything grows."""

    kind: ClassVar[str] = "trials"
    line: Names = column("what tells trials of one setting apart", dtype="U")
    setting: Names = column("what is varied", dtype="U")
    value: Real = column("the same as a number")
    tool: Names = column("how it was found", dtype="U")
    growth: Real = column("λ*, first collapse from today; NaN: none even before anything grows", finite=False)
    most_mw: Real = column("most active power that all loads draw along the curve", unit="MW", finite=False)
    margin_mw: Real = column("by how much that is more than before anything grows", unit="MW", finite=False)
    loss_mw: Real = column("active losses in all feeders before anything grows", unit="MW", finite=False)
    weakest: Names = column("node whose voltage moves most at λ*", dtype="U")
    weakest_v_pu: Real = column("its voltage there", unit="pu", finite=False)
    boundary_v_pu: Real = column("lowest voltage at λ* of the transmission buses that feed", unit="pu", finite=False)
    end: Names = column("what ends the margin", dtype="U")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class TrialCurves(Table):
    """Curves of the transmission buses that feed, of every trial."""

    kind: ClassVar[str] = "trial_curves"
    line: Names = column("what tells trials of one setting apart", dtype="U")
    setting: Names = column("what is varied", dtype="U")
    tool: Names = column("how it was found", dtype="U")
    bus: Names = column("transmission bus", dtype="U")
    growth: Real = column("λ")
    v_pu: Real = column("voltage of the bus", unit="pu")
    p_mw: Real = column("active power drawn at the bus, feeders behind it included", unit="MW")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Carried:
    """An experiment on a case, carried out."""

    experiment: Experiment
    case: Case
    trials: TrialResults
    curves: TrialCurves

    @property
    def found(self) -> bool:
        """Has every trial a margin?"""
        return bool(np.isfinite(self.trials.growth).all())


def carried_out(experiment: Experiment, case: Case, *, watch: Callable[[Progress], None] | None = None) -> Carried:
    """All trials of an experiment; ``watch`` hears of each."""
    if not len(case.interfaces):
        raise Unreadable(f"{case.name} has no feeders, and experiments alter feeders; take a case that has some, e.g. T14D2")
    if faults := list(case.faults()):
        raise InvalidCase(faults)
    rows: list[tuple[object, ...]] = []
    curves: list[tuple[object, ...]] = []
    refused = 0
    trials = list(experiment.trials(case))
    for k, trial in enumerate(trials):
        for found in _margins(trial):
            rows.append(found.row)
            curves += found.curves
            refused += not np.isfinite(found.growth)
        if watch is not None:
            watch(Progress(done=k + 1, size=len(trials), refused=refused))
    return Carried(experiment=experiment, case=case, trials=of_rows(TrialResults, rows), curves=of_rows(TrialCurves, curves))


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    growth: float
    row: tuple[object, ...]
    curves: list[tuple[object, ...]]


def _margins(trial: Trial) -> Iterator[_Found]:
    loss = _feeder_loss(trial)
    for name in trial.tools:
        tool = _followed(trial, name)
        if isinstance(tool, str):
            row = (name, *(np.nan,) * 3, loss, "", np.nan, np.nan, tool)
            yield _Found(np.nan, (trial.line, trial.setting, trial.value, *row), [])
            continue
        t, c = tools_table([tool]), curves_table([tool], feeding(trial.case))
        top = c.v_pu[c.place == first_turn(c.growth[c.bus == c.bus[0]])] if len(c) else np.array([np.nan])
        row = (
            name, t.growth[0], t.most_mw[0], t.margin_mw[0], loss, str(t.weakest[0]), t.weakest_v_pu[0], float(top.min()),
            "; ".join(filter(None, (str(t.end[0]), tool.trouble))),
        )  # fmt: skip
        drawn = zip(c.tool.tolist(), c.bus.tolist(), c.growth.tolist(), c.v_pu.tolist(), c.p_mw.tolist(), strict=True)
        yield _Found(float(t.growth[0]), (trial.line, trial.setting, trial.value, *row), [(trial.line, trial.setting, *r) for r in drawn])


def _followed(trial: Trial, name: str) -> Tool | str:
    """Or why transmission alone has nothing to start from."""
    try:
        return followed_by(trial.case, trial.growth, (name,))[0]
    except InvalidCase as e:
        if name not in LUMPED:
            raise
        return "; ".join(map(str, e.faults))


def _feeder_loss(trial: Trial) -> float:
    """Before anything grows, of the load flow of all networks together. [MW]"""
    options = trial.growth.options
    verdict = run(Study(case=trial.case, scheme=Response(), q_rule=options.q_rule, taps=options.taps)).verdict
    return float("nan") if verdict is None else float(verdict.interfaces.loss_mw.sum())
