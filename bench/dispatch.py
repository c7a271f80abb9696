"""Dispatch under AC physics: boundary-SQP between companies, and one owner's optimal power flow of everything, from the same models.

Feeders of 33 buses, each with two units at its ends, hang on load buses of the 118-bus system. Seating — reading models, finding the pattern of all
derivatives, and every party's answer at home — is not timed on either side. `bench.dispatch_growth` shows how both grow with the feeders.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from gridtandem.boundary.opf_letters import CondensedNear, DispatchAlone, DispatchOver, DispatchWhole, entries
from gridtandem.boundary.opf_models import stiffness
from gridtandem.cases.case import Case
from gridtandem.cases.generate import joined
from gridtandem.cases.library import network
from gridtandem.cases.named import case
from gridtandem.coordinate import Outcome, coordinate
from gridtandem.schemes.copf import Copf
from gridtandem.study.dispatch.day import schedule_of
from gridtandem.study.dispatch.study import DispatchSeats, DispatchStudy, seated
from gridtandem.tables import Real
from tools.dispatch_counts import with_units
from tools.dispatch_days import DAYS, HOURS, hot, one_by_one

Work = Callable[[], Real]
Prepare = Callable[[], Work]
SIZES = (4, 8, 16, 32, 64)
ENDS = (17, 32)  # buses of case33bw


def hung(feeders: int) -> Case:
    """118 buses with so many feeders, one at each of as many buses."""
    model = with_units(network("case33bw"), ENDS, 1.0, (30.0, 38.0), bend=2.0)
    return joined("ieee118", model, how_many=feeders, count=1, name=f"118+{feeders}")


@cache
def sat(name: str | int) -> DispatchSeats:
    """The parties of a named case, or of one with so many feeders."""
    return seated(DispatchStudy(case=hung(name) if isinstance(name, int) else case(name), scheme=Copf()))


def boundary(name: str | int) -> Prepare:
    """Boundary-SQP; what passes at interfaces [MW, Mvar]."""

    def prepare() -> Work:
        seats, scheme = sat(name), Copf()
        return lambda: np.asarray(scheme.schedule(coordinate(seats.mailbox(scheme), scheme).require().state).y[0, 0, :, :2])  # type: ignore[arg-type]

    return prepare


def owner(name: str | int) -> Prepare:
    """One owner of everything."""

    def prepare() -> Work:
        desk = sat(name).owner
        return lambda: np.asarray(desk.dispatch(DispatchWhole()).y[0, 0, :, :2])

    return prepare


def letter(name: str | int) -> Prepare:
    """What the first feeder answers when transmission first asks: its dispatch, and how it yields."""

    def prepare() -> Work:
        seats, scheme = sat(name), Copf()
        own, desk = seats.mailbox(scheme).ask_tso(DispatchAlone()), seats.fleets[0][0]
        weight = np.broadcast_to(scheme.weight / np.array([scheme.base_mva, scheme.base_mva, 1.0]) ** 2, (1, 1, 1, 3))
        ask = CondensedNear(own.y[:, :, :1], own.price[:, :, :1], weight)
        return lambda: np.asarray(desk.condensed_near(ask).y[0, 0])

    return prepare


def day(name: str) -> dict[str, Prepare]:
    """Boundary-SQP over 24 hours, each begun where the hour before agreed, and each by itself."""

    @cache
    def sitting() -> tuple[DispatchSeats, DispatchStudy]:
        study = DispatchStudy(case=DAYS[name](), scheme=Copf(), hours=HOURS)
        return seated(study), study

    def carried(by: Callable[[DispatchSeats, DispatchStudy], Outcome[Any]]) -> Prepare:
        def prepare() -> Work:
            seats, study = sitting()
            return lambda: np.asarray(schedule_of(study, by(seats, study).state).y[0, :, :, :2])

        return prepare

    return {"from the hour before": carried(hot), "each by itself": carried(one_by_one)}


def over(name: str | int) -> Prepare:
    """What transmission answers in the first round: its dispatch over the models of all feeders."""

    def prepare() -> Work:
        seats, scheme = sat(name), Copf()
        mail = seats.mailbox(scheme)
        own, pu = mail.ask_tso(DispatchAlone()), np.array([1 / scheme.base_mva, 1 / scheme.base_mva, 1.0])
        feeder = mail.ask_dsos(CondensedNear(own.y, own.price, np.broadcast_to(scheme.weight * pu**2, own.y.shape)))
        ask = DispatchOver(feeder.y, feeder.price, entries(stiffness(feeder, pu, scheme.weight)))
        return lambda: np.asarray(seats.transmission.over(ask).y[0, 0])

    return prepare


def contenders(name: str | int) -> dict[str, Prepare]:
    """Both sides."""
    return {"boundary-SQP": boundary(name), "one owner": owner(name)}
