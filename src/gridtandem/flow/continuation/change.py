"""What happens at a limit: which equations hold from there on.

Written rules. A node whose units meet a reactive limit stays there and lets its voltage go, until that is back where it was held. A unit that
meets an active limit stays there. Where the unit that balances the network has limits that are kept and meets one, another takes the balance over
and gives the angle, from where it stands: among those that hold a voltage and are at no limit, the one with most active room where active limits
are kept, else that of the first bus. A transformer that meets an end of its ratio stays there along the curve; stepped ones stand where the base
case left them. Limits of buses and branches are noted and change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.flow.continuation.direction import Direction
from gridtandem.flow.continuation.path import predicted, tangent
from gridtandem.flow.continuation.stage import Place, Stage, Tangent
from gridtandem.flow.continuation.watch import Sign, holding, unit_p
from gridtandem.flow.control import Held
from gridtandem.flow.newton import Newton
from gridtandem.grid.elements import REFERENCE, VOLTAGE
from gridtandem.tables import Index, Real

NEAR = 1e-6  # along the curve, over which a tendency is read


@final
@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """The next stage with the row that orients it, or why there is none."""

    stage: Stage | None
    row: Tangent | None
    stopped: Index  # units at an active limit
    why: str = ""


def changed(stage: Stage, place: Place, along: Tangent, sign: Sign, stopped: Index, *, room: Real) -> Change:
    """What holds after a limit that is met at ``place``; ``room`` orders the units that could take the balance over."""
    if sign.kind == "q_back":
        limit = stage.held.limit.copy()
        limit[sign.element] = 0
        return _held(stage, place, along, replace(stage.held, limit=limit), stopped)
    if sign.kind == "q":
        return _let_go(stage, place, along, sign, stopped=stopped, room=room)
    if sign.kind == "p":
        return _full(stage, place, along, sign, stopped=stopped, room=room)
    tap = stage.held.tap.copy()
    tap[sign.element] = sign.side
    return _held(stage, place, along, replace(stage.held, tap=tap, ratio=place.ratio), stopped)


def _held(stage: Stage, place: Place, along: Tangent, held: Held, stopped: Index) -> Change:
    after = Stage.of(stage.newton, replace(held, ratio=place.ratio), stage.p, stage.direction)
    return Change(after, carried(stage, after, along), stopped)


def _let_go(stage: Stage, place: Place, along: Tangent, sign: Sign, *, stopped: Index, room: Real) -> Change:
    """A node at a reactive limit: beyond it the voltage falls below what was held (upper limit) or rises above it (lower)."""
    node = sign.element
    if stage.newton.roles.given[node]:
        handed = _handed(stage, place, stopped, room)
        if isinstance(handed, str):
            return Change(None, None, stopped, handed)
        onwards = carried(stage, handed, along)
        stage = handed
        if _draws_back(stage, place, onwards, sign):
            return Change(stage, onwards, stopped)
    limit = stage.held.limit.copy()
    limit[node] = sign.side
    after = Stage.of(stage.newton, replace(stage.held, limit=limit, ratio=place.ratio), stage.p, stage.direction)
    row = np.zeros(after.pattern.shape[1])
    row[len(after.pattern.turn) + np.searchsorted(after.pattern.lift, node)] = -sign.side
    return Change(after, Tangent(x=row, growth=0.0), stopped)


def _draws_back(stage: Stage, place: Place, row: Tangent, sign: Sign) -> bool:
    """Without the balance to keep, does the reactive power of these units come back from the limit?"""
    along = tangent(stage, place, row)
    if along is None:
        return False
    node, by = sign.element, NEAR
    there, here = (stage.needed(p).imag[node] for p in (predicted(stage, place, along, by), place))
    return bool(sign.side * (there - here) <= 0)


def _full(stage: Stage, place: Place, along: Tangent, sign: Sign, *, stopped: Index, room: Real) -> Change:
    """A unit at an active limit."""
    stopped = np.union1d(stopped, [sign.element])
    if sign.element in stage.newton.roles.balance:
        handed = _handed(stage, place, stopped, room)
        return Change(None, None, stopped, handed) if isinstance(handed, str) else Change(handed, carried(stage, handed, along), stopped)
    p, grow = stage.p.copy(), stage.direction.units.copy()
    p[sign.element], grow[sign.element] = stage.units(place.growth)[sign.element], 0.0
    after = Stage.of(stage.newton, stage.held, p, Direction(loads=stage.direction.loads, units=grow))
    return Change(after, carried(stage, after, along), stopped)


def _handed(stage: Stage, place: Place, stopped: Index, room: Real) -> Stage | str:
    """The same curve with another unit that balances; or why there is none."""
    newton = stage.newton
    u, roles = newton.nodal.units, newton.roles
    able = np.setdiff1d(holding(stage), stopped)
    able = able[~np.isin(u.node[able], u.node[stopped])]
    if not len(able):
        return "no unit is left that could take the balance"
    heir = int(able[np.lexsort((u.node[able], -room[able]))[0]])
    p, grow = stage.p.copy(), stage.direction.units.copy()
    p[roles.balance], grow[roles.balance] = unit_p(stage, place, stage.needed(place))[roles.balance], 0.0
    control = np.where(u.control == REFERENCE, VOLTAGE, u.control).astype(np.int8)
    control[heir] = REFERENCE
    after = Newton.of(replace(newton.nodal, units=replace(u, control=control), start=place.v), options=newton.options)
    return Stage.of(after, replace(stage.held, ratio=place.ratio), p, Direction(loads=stage.direction.loads, units=grow))


def carried(before: Stage, after: Stage, along: Tangent) -> Tangent:
    """A row in the unknowns of one stage, in those of another; what the other does not have is left out."""
    n = before.newton.nodal.nodes
    wide = np.zeros(2 * n)
    b, a = before.pattern, after.pattern
    wide[b.turn], wide[n + b.lift] = along.x[: len(b.turn)], along.x[len(b.turn) : len(b.turn) + len(b.lift)]
    row: Real = np.zeros(a.shape[1])
    row[: len(a.turn)], row[len(a.turn) : len(a.turn) + len(a.lift)] = wide[a.turn], wide[n + a.lift]
    return Tangent(x=row, growth=along.growth)
