"""A certificate where models may not be joined: the cone bound, asked of the parties after a dispatch, from its prices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridtandem.boundary.mailbox import Company, Mailbox
from gridtandem.boundary.opf_letters import RelaxedUnder
from gridtandem.boundary.taken_home import Schedule
from gridtandem.coordinate import End, Outcome, coordinate
from gridtandem.parties.ac_cone_feeder import AcConeFeeders
from gridtandem.parties.ac_cone_transmission import AcConeTransmission
from gridtandem.schemes.cone_bound import ConeBound, ConeState
from gridtandem.study.dispatch.results import Bounds
from gridtandem.study.dispatch.study import DispatchSeats

ROUNDS = 12  # most; the bound holds after each


def bounded(seats: DispatchSeats, schedule: Schedule) -> Outcome[ConeState]:
    """Ask the parties, each with its own network relaxed. They begin at the prices of a schedule, or at transmission's own where it has none."""
    desk = seats.transmission
    tso = Company("tso", (desk, AcConeTransmission.of(desk)))
    dsos = tuple((Company(name, (AcConeFeeders.of(own),)), rows) for name, (own, rows) in zip(seats.companies, seats.fleets, strict=True))
    if not dsos:  # one network alone, which has nobody to agree on prices with
        nothing = ConeState.at(np.empty((1, len(seats.cases), 0, 3)), np.empty((1, len(seats.cases), 0)))
        bound = tso.ask(RelaxedUnder(nothing.price, nothing.price[..., :2], nothing.price[..., :2])).least
        return Outcome(End.ALONE, replace(nothing, bound=bound, bounds=(bound,)), (0.0,))
    mail = Mailbox(tso, dsos, axes=(1, len(seats.cases)))
    known = schedule.price.shape == (*mail.shape, 3) and bool(np.isfinite(schedule.price[..., :2]).all())
    start = Outcome(End.STOPPED, ConeState.at(schedule.price, schedule.y[..., 2])) if known else None
    return coordinate(mail, ConeBound(), rounds=ROUNDS, resume=start)


def bounds_table(outcome: Outcome[ConeState], first: int) -> Bounds:
    """What was found round by round, periods counted from ``first``."""
    found = () if outcome.state is None else outcome.state.bounds
    each = [np.where(np.isfinite(b[0]), b[0], np.nan) for b in found]
    if not each:
        return Bounds.empty()
    hours = len(each[0])
    return Bounds(
        round=np.repeat(np.arange(1, len(each) + 1), hours), period=np.tile(first + np.arange(hours), len(each)), bound_per_h=np.concatenate(each)
    )


def missing(outcome: Outcome[ConeState], first: int) -> tuple[str, ...]:
    """Who had no bound at all in a period, counted from ``first``, in a sentence for each."""
    found = np.empty(0) if outcome.state is None else outcome.state.bound[0]
    lost = [(r.by, t) for r in outcome.refused for t in sorted({row[1] for row in r.rows}) if t >= len(found) or not np.isfinite(found[t])]
    why = "its relaxation has no answer, or none with an end (coupled phases, or units without reactive limits where a feeder begins)"
    return tuple(f"{by} has no cone bound in period {first + t}: {why}" for by, t in lost)
