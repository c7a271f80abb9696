"""Carry out a dispatch: seat the parties, let the scheme coordinate, take the plans, hold them against the AC check and one owner's dispatch."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from gridtandem.coordinate import End, Outcome, coordinate
from gridtandem.opf.ac_boundary import Asked, solved
from gridtandem.schemes.central import Central, CentralState
from gridtandem.schemes.copf import CopfState
from gridtandem.study.craft import Craft, Watch
from gridtandem.study.dispatch.compare import tabled
from gridtandem.study.dispatch.day import hour_by_hour
from gridtandem.study.dispatch.study import PREVIOUS, DayState, DispatchSeats, DispatchStudy, seated
from gridtandem.study.dispatch.tables import Told, told
from gridtandem.study.result import Result
from gridtandem.units import MVA

PASSES = "P by {:.3g} MW", "Q by {:.3g} Mvar", "V by {:.3g} pu"
SHOWN, SEEN = 3, 1e-6  # components that are named at most, and how far apart they must be [pu]
DispatchResult: TypeAlias = Result[DispatchStudy, Told]


def _carried(study: DispatchStudy, seats: DispatchSeats, before: Outcome[Any] | None, watch: Watch) -> DispatchResult:
    outcome = _coordinated(study, seats, before, watch)
    tables, missing = told(seats, study, outcome)
    planned = frozenset((tables.exchanges.period - study.first).tolist())
    return Result(study=study, outcome=outcome, tables=tables, trouble=(*explained(seats, outcome, study.certificate, planned), *missing))


def _coordinated(study: DispatchStudy, seats: DispatchSeats, before: Outcome[Any] | None, watch: Watch) -> Outcome[Any]:
    if study.start == PREVIOUS and not isinstance(study.scheme, Central):  # who has every model needs no agreement to go on from
        return hour_by_hour(seats, study, before, watch)
    return coordinate(seats.mailbox(study.scheme), study.scheme, rounds=study.rounds, resume=before, watch=watch)


CRAFT = Craft(study=DispatchStudy, tables=Told, seated=seated, carried=_carried, tabled=tabled)
dispatch, resume, reopened, compare = CRAFT.run, CRAFT.resume, CRAFT.reopened, CRAFT.compare


def explained(seats: DispatchSeats, outcome: Outcome[Any], certificate: str = "owner", planned: frozenset[int] = frozenset()) -> tuple[str, ...]:
    """Why there is no answer, asked at the owners' doors: which limits would have to give way. Periods that have plans need no words."""
    said = [words + _apart(seats, outcome.state)] if (words := getattr(outcome.state, "trouble", "")) else []
    for refusal in outcome.refused:
        _, t, i = refusal.rows[0]
        if t in planned:  # the scheme went another way
            continue
        hour = f"in period {t + 1}: " if len(seats.cases) > 1 else ""
        if refusal.by == "owner":
            said.append(_impossible(seats, t))
        elif refusal.by == "tso":
            said.append(f"tso, {hour}{seats.transmission.explained(t)}")
        else:
            desk, rows = next((desk, rows) for desk, rows in seats.fleets if i in rows)
            said.append(f"{refusal.by}, {hour}{desk.explained((0, t, int(np.flatnonzero(rows == i)[0])))}")
    if (
        outcome.end in (End.CYCLES, End.OUT_OF_ROUNDS) and certificate == "owner"
    ):  # of what nobody could agree on, he knows whether it can be had at all
        said += [_impossible(seats, t) for t, answer in enumerate(seats.owner.solve()) if not solved(answer)]
    if isinstance(outcome.state, CentralState) and outcome.state.plan is not None:  # without feeders nobody is asked by row, so nobody refused
        said += [_impossible(seats, t) for t in np.flatnonzero(np.isnan(outcome.state.plan.cost[0])).tolist()]
    return tuple(dict.fromkeys(said))


def _apart(seats: DispatchSeats, state: Any) -> str:
    """Where both sides of a boundary-SQP stay apart most, in words; nothing of other schemes."""
    last = state.periods[-1] if isinstance(state, DayState) else state
    if not isinstance(last, CopfState):
        return ""
    apart = np.abs(last.search.near.y - last.search.taken)
    size = np.where(np.isfinite(apart), apart / [MVA, MVA, 1.0], 0.0)
    worst = np.argsort(-size, axis=None, kind="stable")[:SHOWN].tolist()
    named = []
    for place in worst:
        at = tuple(int(k) for k in np.unravel_index(place, size.shape))
        if size[at] > SEEN:
            named.append(f"{seats.cases[0].interfaces.name[at[2]]} {PASSES[at[3]].format(apart[at])}")
    return f"; most apart: {', '.join(named)}" if named else ""


def _impossible(seats: DispatchSeats, t: int) -> str:
    """Why all networks as one have no dispatch."""
    at, hour = seats.owner.held[t], f"in period {t + 1}: " if len(seats.cases) > 1 else ""
    return f"all networks as one, {hour}{at.explained(Asked(toll=at.free(), fixed={}))}"
