"""Limits that hold along a curve, for parties that carry what is at a limit from letter to letter: what is passed, and what holds behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.flow.continuation.stage import Place, Stage
from gridtandem.flow.continuation.watch import Sign
from gridtandem.flow.control import FREE, Held
from gridtandem.flow.newton import Newton
from gridtandem.tables import Code, Complex, Real

HELD = 5e-8  # pu; a limit passed by this much is met, so that what has just given way, at 0, is not


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Passed:
    """By how much limits are passed; below 0: not yet. [pu]"""

    by: Real
    signs: tuple[Sign, ...]

    @property
    def most(self) -> float:
        """Of all."""
        return float(self.by.max(initial=-np.inf))

    @property
    def worst(self) -> Sign:
        """Which that is; the first of equals."""
        return self.signs[int(np.argmax(self.by))]


def passed(stage: Stage, place: Place, drawn: Complex | float = 0.0, *, respected: frozenset[str]) -> Passed:
    """Ends of ratios, and reactive limits of units where ``respected`` has q; ``drawn``: power drawn at each node beside the network's own."""
    roles, limit, taps = stage.newton.roles, stage.held.limit, stage.newton.nodal.taps
    signs: list[Sign] = []
    parts: list[Real] = [np.empty(0)]
    if "q" in respected:
        q = (stage.needed(place) + drawn).imag - roles.own_q
        inside, back = np.flatnonzero(roles.holds & (limit == 0)), np.flatnonzero(roles.holds & (limit != 0))
        parts += [(q - roles.q_high)[inside], (roles.q_low - q)[inside], (limit * (place.vm - roles.v_set))[back]]
        signs += [Sign(kind, k, side) for kind, where, side in (("q", inside, 1), ("q", inside, -1), ("q_back", back, 0)) for k in where.tolist()]  # type: ignore[arg-type]
    free = stage.held.free(stage.newton.nodal, roles)
    size = np.abs(place.ratio[taps.branch[free]])
    parts += [size - taps.high[free], taps.low[free] - size]
    signs += [Sign("tap", k, side) for side in (1, -1) for k in free.tolist()]
    return Passed(by=np.concatenate(parts) - HELD, signs=tuple(signs))


def behind(stage: Stage, place: Place, sign: Sign) -> Held:
    """What is at a limit behind it, with all ratios as they stand; one that meets its end stands there."""
    limit, tap, ratio, taps = stage.held.limit.copy(), stage.held.tap.copy(), place.ratio.copy(), stage.newton.nodal.taps
    if sign.kind == "tap":
        tap[sign.element] = sign.side
        branch, end = taps.branch[sign.element], (taps.high if sign.side > 0 else taps.low)[sign.element]
        ratio[branch] *= end / np.abs(ratio[branch])
    else:
        limit[sign.element] = sign.side
    return replace(stage.held, limit=limit, tap=tap, ratio=ratio)


def marks(held: Held) -> Real:
    """What is at a limit, as numbers for a memo."""
    return np.concatenate([held.limit, held.tap]).astype(float)


def held_by(newton: Newton, told: Real, size: Real) -> Held:
    """Back from these numbers and the sizes of all ratios; those that follow a voltage stand where they stood at home, for equations do not ask."""
    n, home = newton.nodal.nodes, newton.held
    limit, tap = told[:n].astype(np.int8), told[n:].astype(np.int8)
    ratio = size * home.ratio / np.abs(home.ratio)
    follow = newton.nodal.taps.branch[tap == FREE]
    ratio[follow] = home.ratio[follow]
    return replace(home, limit=limit, tap=tap, ratio=ratio)


def key_of(held: Held) -> bytes:
    """Equal where the same equations hold."""
    code: Code = held.limit
    return code.tobytes() + held.tap.tobytes() + held.ratio.tobytes()
