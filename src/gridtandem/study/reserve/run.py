"""Carry out a study of energy and reserve: seat the parties, let the scheme coordinate, take the plans, hold them against load flow and time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from gridtandem.boundary.secure_letters import SecureWhole
from gridtandem.coordinate import Outcome, coordinate
from gridtandem.program.answer import Status
from gridtandem.study.craft import Craft, Watch
from gridtandem.study.reserve.certificate import ReserveCertificates, certificates
from gridtandem.study.reserve.compare import tabled
from gridtandem.study.reserve.plans import planned
from gridtandem.study.reserve.study import ReserveSeats, ReserveStudy, seated
from gridtandem.study.reserve.tables import Told, told
from gridtandem.study.result import Result, nothing

ReserveDay: TypeAlias = Result[ReserveStudy, Told]


def _carried(study: ReserveStudy, seats: ReserveSeats, before: Outcome[Any] | None, watch: Watch) -> ReserveDay:
    outcome = coordinate(seats.mailbox(study.scheme), study.scheme, rounds=study.rounds, resume=before, watch=watch)
    if not outcome.answered:
        return Result(study=study, outcome=outcome, tables=nothing(Told), trouble=tuple(dict.fromkeys(_explained(seats, outcome))))
    best, said = seats.owner.solve(), tuple[str, ...]()
    plan, proof = best, ReserveCertificates.empty()
    if SecureWhole not in study.scheme.asks_tso:
        keeping = study.scheme.keeping(outcome.state)
        (plan, said), proof = planned(seats.schedule, keeping), certificates(seats, study.scheme, keeping)
    if plan.answer.status is not Status.SOLVED:
        return Result(study=study, outcome=outcome, tables=nothing(Told), judged=False, trouble=said)
    tables, wrong = told(study.case, seats.schedule, plan, best, proof)
    if len(proof) and outcome.state is not None:
        tables = replace(tables, search=outcome.state.best.gap)
    return Result(study=study, outcome=outcome, tables=tables, trouble=(*said, *wrong))


CRAFT = Craft(study=ReserveStudy, tables=Told, seated=seated, carried=_carried, tabled=tabled)
keep, resume, reopened, compare = CRAFT.run, CRAFT.resume, CRAFT.reopened, CRAFT.compare


def _explained(seats: ReserveSeats, outcome: Outcome[Any]) -> Iterator[str]:
    """Why there is no answer, asked at the owner's door."""
    if words := outcome.trouble:
        yield words
    for refusal in outcome.refused:
        if refusal.by == "owner":
            yield f"no plan of everybody together: {seats.owner.solve().answer.status.value}"
        else:
            _, t, i = refusal.rows[0]
            hour, where = t + seats.schedule.transmission.window.first + 1, seats.case.interfaces.name[i]
            yield f"{refusal.by} has no answer to {refusal.question}, first in hour {hour} at interface {where}"
            if refusal.by == "tso" and (why := seats.market.trouble):
                yield why
    if not outcome.refused and seats.owner.solve().answer.status is not Status.SOLVED:
        yield f"no plan of everybody together: {seats.owner.solve().answer.status.value}"
