"""From an agreement to plans: every party solves its own grid for what it took home, through the owner's door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.boundary.taken_home import Agreement
from gridtandem.flow.states import State
from gridtandem.parties.transmission import reckoned
from gridtandem.study.roster import Roster
from gridtandem.study.study import Seats
from gridtandem.tables import Complex


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Plans:
    """All companies' own load flows of one scenario and period; of parallel feeders that of one."""

    st: tuple[int, int]
    roster: Roster
    state: State  # of everybody's grid, in the order of the roster; NaN where there is no load flow
    above: Complex  # (interface) voltage transmission reckons with
    s: Complex  # (interface) draw transmission reckons with [per unit]
    v: Complex  # (interface) voltage the feeder reckons with
    drawn: Complex  # (interface) draw of all parallel feeders at their voltage [per unit]


def plans_of(seats: Seats, agreement: Agreement, st: tuple[int, int]) -> Plans:
    """Ask every party for its plan."""
    t, draw = seats.transmission, agreement.draw
    found = t.solve(draw, st)
    if found is None:
        raise ValueError("an agreement has a curve for every interface")
    above = found.v[t.forecast.node]
    v = agreement.v[st] * np.exp(1j * agreement.angle[st])
    feeders, drawn = _feeder_plans(seats, v, st)
    own = State(v=found.v, ratio=found.ratio, unit_s=found.unit_s, at_limit=found.at_limit)
    return Plans(st=st, roster=seats.roster, state=State.of([own, *feeders]), above=above, s=reckoned(t, draw, above, st), v=v, drawn=drawn)


def _feeder_plans(seats: Seats, v: Complex, st: tuple[int, int]) -> tuple[list[State], Complex]:
    """All feeders one after another, and what the parallel ones of each interface draw together."""
    if not len(v):
        return [], v
    found = seats.everybody.plan(v, st)
    return [found.take(seats.roster.first).all], found.s * seats.owner.interfaces.count
