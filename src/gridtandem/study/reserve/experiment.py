"""Scripted experiments of energy and reserve: days or hours of one case scheduled again and again, with what is held fixed said beside them.

An experiment is a file of `gridtandem.study.reserve.experiments`: what is varied and held, how it is carried out, and what its picture shows.
Every number comes from `gridtandem.study.reserve.day.joint_reserve`, its load flows and the frequency in time, or is said to come from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, final

import numpy as np

from gridtandem.cases.altered import each_feeder, with_offered_share
from gridtandem.cases.case import Case
from gridtandem.cases.rts24_ffr import LOSS_MW
from gridtandem.errors import InvalidCase, Unreadable
from gridtandem.frequency.security import Inertia, Security
from gridtandem.opf.fast_reserve import Model
from gridtandem.study.experiment import Watch
from gridtandem.study.reserve.day import JointReserve, joint_reserve
from gridtandem.study.reserve.tables import FELT
from gridtandem.tables import Table

HOUR = 4  # of the least load, in experiments about one hour
LEAST_MWS, MOST_MWS = 7850.0, 8350.0  # energies for which two amounts of primary reserve are published
ONE_HOUR = f"hour {HOUR} by itself"
ASKED = f"a loss of {LOSS_MW:g} MW, 60 Hz, nadir 59 Hz, primary reserve within 10 s"
INERTIA_MWS, PER_MW = "energy of turning masses [MW·s]", "price [currency/MW in an hour]"  # labels of axes

Form = Literal["lines", "bars", "histogram"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One part of the picture: columns of the table, one line for each word of ``by``."""

    title: str
    x: str
    y: tuple[str, ...]
    x_label: str
    y_label: str
    by: str = ""
    names: tuple[str, ...] = ()  # of the columns of ``y``, where there are several
    form: Form = "lines"
    level: float = np.nan  # a line across, such as a limit
    logarithmic: bool = False


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Findings:
    """The table, and what it comes to in sentences. ``found`` is whether every trial has an answer."""

    table: Table
    words: tuple[str, ...] = ()
    found: bool = True


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReserveExperiment:
    """What is varied, what is held, and how it is carried out."""

    name: str
    title: str
    varied: str
    held: str
    charts: tuple[Chart, ...]
    usual: str = "noh-reduced"  # the case that it is carried out on where none is named
    run: Callable[[Case, Watch | None], Findings]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReserveCarried:
    """An experiment on a case, carried out."""

    experiment: ReserveExperiment
    case: Case
    findings: Findings = field(repr=False)


def carried_out(experiment: ReserveExperiment, case: Case, *, watch: Watch | None = None) -> ReserveCarried:
    """All trials of an experiment; ``watch`` hears of each."""
    if not any(len(model.regulation) for model in case.models):
        raise Unreadable(f"{case.name} has no feeder that offers reserve; take a case that has some, e.g. {experiment.usual}")
    if faults := list(case.faults()):
        raise InvalidCase(faults)
    return ReserveCarried(experiment=experiment, case=case, findings=experiment.run(case, watch))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Hour:
    """One hour of a case by itself; NaN where it has no plan."""

    plan: JointReserve

    def told(self, name: str) -> float:
        """A column of `gridtandem.study.reserve.day.ReserveHours`."""
        return float(getattr(self.plan.hours, name)[0]) if len(self.plan.hours) else float("nan")

    def beware(self, setting: str) -> list[str]:
        """What is wrong with the plan of this setting."""
        return [f"{setting}: {word}" for word in self.plan.trouble]

    @property
    def fast_per_mw(self) -> float:
        """Price of fast reserve; NaN where none is sold: nobody could bring one MW more, whatever it is worth."""
        return self.told("fast_per_mw") if self.told("fast_mw") > FELT else float("nan")


def one_hour(
    case: Case, inertia_mws: float, *, hour: int = HOUR, loss_mw: float = LOSS_MW, feeders: Model = "full", security: Security | None = None
) -> Hour:  # fmt: skip
    """The hour under a loss with this much energy in turning masses."""
    table = Inertia.of({"hour": [hour], "inertia_mws": [inertia_mws], "loss_mw": [loss_mw]})
    return Hour(plan=joint_reserve(case, inertia=table, hours=1, first_hour=hour, feeders=feeders, security=security))


def offering(case: Case, share: float) -> Case:
    """The case whose feeders offer this share of their fast reserve."""
    return each_feeder(case, lambda feeder: with_offered_share(feeder, share))
