"""Limits of buses and branches that transmission and feeders meet along their curve together: noted where they lie, they change nothing.

Each company looks at its own network, between one place of the curve and the next (`gridtandem.flow.continuation.standing`); nothing of it crosses.
λ is that of a cubic between places, not of a place of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.boundary.growth_points import Place, Tracked
from gridtandem.coordinate import Outcome
from gridtandem.flow.continuation.kept import key_of
from gridtandem.flow.continuation.stage import Place as Within
from gridtandem.flow.continuation.stage import Stage, Tangent
from gridtandem.flow.continuation.standing import Standing, Stretch
from gridtandem.flow.continuation.trace import AGAIN, Met
from gridtandem.flow.continuation.watch import Limits, Sign, Watch, consumed
from gridtandem.study.margin.single import element
from gridtandem.tables import Flag, Real
from gridtandem.units import MVA

if TYPE_CHECKING:
    from gridtandem.study.margin.coordinated import GrowthSeats

EXACT = 1e-12  # of the way between two places
ALONG = Tangent(x=np.empty(0), growth=0.0)  # limits of buses and branches do not ask where the curve goes


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something met on a curve."""

    at: float  # number of the place; between two of them a fraction
    growth: float
    load_mw: float
    sign: Sign
    element: str
    from_start: bool = False


@final
@dataclass(slots=True, eq=False, kw_only=True)
class Lookout:
    """Sees every new place of the curve, and keeps what was met on the way there."""

    seats: GrowthSeats
    events: list[Event] = field(default_factory=list)
    watches: dict[tuple[int, bytes], Watch] = field(default_factory=dict)  # by network, and what is at a limit there
    base: Place | None = None
    here: list[Standing] = field(default_factory=list)
    passed: list[Flag] = field(default_factory=list)  # (network) limits of it
    voltages: dict[int, list[Real]] = field(default_factory=dict)  # by place of the curve, where everybody stands: of each network's nodes

    def __call__(self, outcome: Outcome[object]) -> None:
        """Look at the outcome so far."""
        state = outcome.state
        if not isinstance(state, Tracked) or state.points.first is None:
            return
        if self.base is None:
            self._begin(state)
        if state.base is self.base:
            return
        there = self._standing(state.base)
        if there and self.here and state.base.growth.flat[0] != self._growth:
            self._walk(there, state)
        self._stood(state.base, there, len(state.points.growth) - 1)

    @property
    def _growth(self) -> float:
        return self.here[0].place.growth

    def _begin(self, state: Tracked) -> None:
        first = state.points.first
        assert first is not None
        self._stood(first, self._standing(first), 0)
        for k, network in enumerate(self.here):
            values, signs = self._values(k, network.stage, network.place)
            self.passed.append(values > -AGAIN)
            self.events += [
                Event(at=0.0, growth=network.place.growth, load_mw=first.load, sign=signs[n], element=named(self.seats, k, signs[n]), from_start=True)
                for n in np.flatnonzero(values > 0).tolist()
            ]  # fmt: skip

    def _stood(self, base: Place, here: list[Standing], number: int) -> None:
        self.base, self.here = base, here
        if here:
            self.voltages[number] = [network.place.vm for network in here]

    def _walk(self, there: list[Standing], state: Tracked) -> None:
        """What is met between the last place and this one, in order."""
        way, far = Stretch.of(self.here, there), len(state.points.growth) - 1
        met = list[Event]()
        for k, network in enumerate(there):
            values, signs = self._values(k, self.here[k].stage, network.place)
            for n in np.flatnonzero((values > 0) & ~self.passed[k]).tolist():
                part = self._part(way, k, n)
                place = way.place(0, part)
                load = MVA * sum(consumed(n.stage, way.place(m, part)) for m, n in enumerate(self.here))
                met.append(Event(at=far - 1 + part, growth=place.growth, load_mw=load, sign=signs[n], element=named(self.seats, k, signs[n])))
            self.passed[k] = np.where(values < -AGAIN, False, self.passed[k] | (values > 0))
        self.events += sorted(met, key=lambda e: e.at)

    def _part(self, way: Stretch, network: int, sign: int) -> float:
        """How far between both places a limit is met."""
        from scipy.optimize import brentq

        stage = way.here[network].stage

        def over(part: float) -> float:
            return float(self._values(network, stage, way.place(network, part))[0][sign])

        return 0.0 if over(0.0) >= 0 else float(brentq(over, 0.0, 1.0, xtol=EXACT))

    def _values(self, network: int, stage: Stage, place: Within) -> tuple[Real, list[Sign]]:
        """By how much limits are passed, and what they are."""
        key = network, key_of(stage.held)
        if key not in self.watches:
            respected, none = frozenset(("v", "flow")), np.empty(0, np.int64)
            self.watches[key] = replace(Watch.of(stage, Limits.of(stage), respected, none, np.inf), peak=False)
        watch = self.watches[key]
        own = [n for n, sign in enumerate(watch.signs) if sign.kind in ("v", "flow") and not self._root(network, sign)]
        return watch.values(place, ALONG)[own], [watch.signs[n] for n in own]

    def _standing(self, base: Place) -> list[Standing]:
        """Where everybody stands there; nothing where a feeder does not stand anywhere."""
        found = [s for s in self.seats.standing(base) if s is not None]
        return found if len(found) == 1 + len(self.seats.feeders) else []

    def _root(self, network: int, sign: Sign) -> bool:
        """Is it the voltage of a feeder's root, which is transmission's?"""
        return network > 0 and sign.kind == "v" and sign.element == self.seats.feeders[network - 1].root


def named(seats: GrowthSeats, network: int, sign: Sign) -> str:
    """Of transmission (0) or the feeder of an interface (from 1): which bus, unit or branch."""
    met = Met(sign=sign, knot=0)
    if network == 0:
        return element(seats.transmission.newton.nodal, met)
    return f"{seats.case.interfaces.feeder[network - 1]}/{element(seats.feeders[network - 1].newton.nodal, met)}"
