"""A bound from below on the cost of every dispatch, for which no model is joined: each side relaxes its own network, prices part them.

Paper    C. Lemaréchal, "Lagrangian relaxation", in Computational Combinatorial Optimization, LNCS 2241, 2001: the bound (a) at any prices, and its
         slope (b); the next prices (c) by `gridtandem.boundary.ascent`; derived in docs/explanation/coordinated-dispatch.md.
Decides  nobody: it says how much less any dispatch could cost at best.
Crosses  per round, interface and period: 3 prices and 2 limits of voltage down, an exchange of 3 and a bound up; transmission hears 3 prices and 4
         limits of what a feeder draws, and says 3 and its own bound. Once before: limits of voltage, which interfaces share a bus, and what feeders
         draw at least and at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.ascent import MEMORY, Turn, inner, uphill
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.opf_letters import DispatchAlone, Limits, LimitsOfVoltage, RelaxedAt, RelaxedUnder, Room, RoomWithin
from gridtandem.coordinate import Gap
from gridtandem.tables import Real

SHORT = 1 / 64  # shortest part of a step
RISE = 0.1  # share of what the slope promises that a step must bring
BASE_MVA = 100.0


@final
@dataclass(frozen=True, slots=True, eq=False)
class ConeState:
    """The best prices so far and the bound there, and the step from them that is asked about next. Per unit."""

    price: Real  # (scenario, period, interface, 3) [currency/h]
    bound: Real  # (scenario, period) [currency/h]; −inf before the first look
    slope: Real  # (scenario, period, interface, 3) feeders' exchange less transmission's
    step: Real
    part: Real  # (scenario, period) of the step
    promise: Real  # (scenario, period) what the whole step would bring if curvature stayed [currency/h]
    turns: tuple[Turn, ...] = ()
    limits: Limits | None = None
    room: Room | None = None
    bounds: tuple[Real, ...] = ()  # after every round

    @staticmethod
    def at(price: Real, v: Real) -> ConeState:
        """Nothing known but prices [currency/MWh, currency/Mvarh, currency/pu/h] at voltages (scenario, period, interface)."""
        known = np.nan_to_num(price) * np.array([BASE_MVA, BASE_MVA, 1.0])
        known[..., 2] /= 2 * np.where(np.isfinite(v) & (v > 0), v, 1.0)  # w = v²
        none, ones = 0 * known, np.ones(known.shape[:2])
        return ConeState(known, -np.inf * ones, none, none, ones, np.inf * ones)


@final
@dataclass(frozen=True, slots=True)
class ConeBound:
    """Ends when the next step promises less than ``tol`` of the bound."""

    weight: float = 300.0  # [currency/h/pu²] of the first step
    tol: float = 1e-6

    asks_tso: ClassVar = frozenset({DispatchAlone, LimitsOfVoltage, RelaxedUnder})
    asks_dsos: ClassVar = frozenset({RoomWithin, RelaxedAt})

    def start(self, mail: Mail) -> ConeState:
        """At the prices of transmission with its own forecast."""
        own = mail.ask_tso(DispatchAlone(), worth=Worth.ESTIMATE)
        return ConeState.at(own.price, own.y[..., 2])

    def round(self, mail: Mail, s: ConeState) -> ConeState:
        """Look at the next prices, keep them where the bound rises enough, and step on."""
        pu, limits = np.array([1 / BASE_MVA, 1 / BASE_MVA, 1.0]), s.limits or mail.ask_tso(LimitsOfVoltage(), worth=Worth.EXACT)
        room = s.room or mail.ask_dsos(RoomWithin(limits.low, limits.high), worth=Worth.BOUND)
        price = _shared(s.price + s.part[..., None, None] * s.step, limits)
        above = mail.ask_tso(RelaxedUnder(price * pu, room.low, room.high))
        below = mail.ask_dsos(RelaxedAt(price * pu, limits.low, limits.high))
        bound, slope = above.least + below.least.sum(-1), _shared((below.y - above.y) * pu, limits)  # (a), (b)
        good = bound >= s.bound + RISE * s.part * inner(s.slope, s.step)
        kept, known = good[..., None, None], (good & np.isfinite(s.bound))[..., None, None]
        turns = (*s.turns, Turn(np.where(known, price - s.price, 0.0), np.where(known, slope - s.slope, 0.0)))[-MEMORY:]
        price, slope, best = np.where(kept, price, s.price), np.where(kept, slope, s.slope), np.fmax(bound, s.bound)
        step = np.where(kept, _shared(uphill(slope, turns, self.weight), limits), s.step)  # (c)
        promise = np.where(good, inner(slope, step) / 2, np.where((s.part <= SHORT) | ~np.isfinite(s.bound), 0.0, s.promise))
        part = np.where(good, 1.0, np.maximum(s.part / 2, SHORT))
        return ConeState(price, best, slope, step, part, promise, turns, limits, room, (*s.bounds, best))

    def gap(self, s: ConeState) -> Gap:
        """What the next step promises, relative to the bound."""
        size = np.where(np.isfinite(s.bound), np.maximum(1.0, np.abs(s.bound)), 1.0)
        return Gap(float(np.max(s.promise / size, initial=0.0)), self.tol)


def _shared(x: Real, limits: Limits) -> Real:
    """Powers of one bus have one price: the mean of what its interfaces say (…, 3)."""
    out = x.copy()
    for st in np.ndindex(*x.shape[:2]):
        bus = limits.bus[st]
        for k in (0, 1):
            out[st][:, k] = (np.bincount(bus, x[st][:, k]) / np.maximum(np.bincount(bus), 1))[bus]
    return out
