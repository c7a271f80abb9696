"""A bound from below on the cost of every dispatch, for which no model is joined: each side relaxes its own network, prices part them.

Paper    C. Lemaréchal, in Computational Combinatorial Optimization, LNCS 2241, 2001 (duality: the bound (a) at any price, its slope (b));
         J. Nocedal, Math. Comput. 35, 1980 (limited-memory BFGS: the next price (c)); derived in docs/explanation/coordinated-dispatch.md.
Decides  nobody: it says how much less any dispatch could cost at best.
Crosses  per round, interface and period: 3 prices and 2 limits of voltage down, 3 numbers (exchange) and a bound up; transmission hears 3 prices and
         says 3 and its own bound. Once before: its limits of voltage, and which interfaces share a bus.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.opf_letters import DispatchAlone, Limits, LimitsOfVoltage, RelaxedAt, RelaxedUnder
from gridtandem.coordinate import Gap
from gridtandem.tables import Real

MEMORY = 12  # steps whose curvature is remembered
SHORT = 1 / 64  # shortest part of a step
RISE = 0.1  # of what the slope promises, that a step must bring


@final
@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """A step of prices and the change of the slope along it. [per unit]"""

    step: Real  # (scenario, period, interface, 3)
    change: Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class ConeState:
    """The best prices so far and the bound there; the step asked about next, and how much of it."""

    price: Real  # (scenario, period, interface, 3) [currency/h/pu]
    bound: Real  # (scenario, period) [currency/h]; −inf before the first look
    slope: Real  # (scenario, period, interface, 3) feeders' exchange less transmission's [pu]
    step: Real
    part: Real  # (scenario, period)
    promise: Real  # (scenario, period) what the whole step would bring where curvature stays
    turns: tuple[Turn, ...] = ()
    limits: Limits | None = None
    bounds: tuple[float, ...] = ()  # the sum over scenarios and periods after every round

    @staticmethod
    def at(price: Real, v: Real, base_mva: float = 100.0) -> ConeState:
        """Nothing known but prices [currency/MWh, currency/Mvarh, currency/pu/h] at voltages (scenario, period, interface)."""
        known = np.nan_to_num(price) * np.array([base_mva, base_mva, 1.0])
        known[..., 2] /= 2 * np.where(np.isfinite(v), v, 1.0)  # w = v²
        none, ones = 0 * known, np.ones(known.shape[:2])
        return ConeState(known, -np.inf * ones, none, none, ones, np.inf * ones)


@final
@dataclass(frozen=True, slots=True)
class ConeBound:
    """Ends when the next step promises less than ``tol`` of the bound."""

    weight: float = 1e3  # [currency/h/pu²] of the first step
    tol: float = 1e-6
    base_mva: float = 100.0  # of per unit of power

    asks_tso: ClassVar = frozenset({DispatchAlone, LimitsOfVoltage, RelaxedUnder})
    asks_dsos: ClassVar = frozenset({RelaxedAt})

    def start(self, mail: Mail) -> ConeState:
        """At the prices of transmission with its own forecast."""
        own = mail.ask_tso(DispatchAlone(), worth=Worth.ESTIMATE)
        return ConeState.at(own.price, own.y[..., 2], self.base_mva)

    def round(self, mail: Mail, s: ConeState) -> ConeState:
        """Look at the next prices, keep them where the bound rises enough, and step on."""
        limits = s.limits or mail.ask_tso(LimitsOfVoltage(), worth=Worth.EXACT)
        pu = np.array([1 / self.base_mva, 1 / self.base_mva, 1.0])
        wide = s.part[..., None, None]
        price = _shared(s.price + wide * s.step, limits)
        above = mail.ask_tso(RelaxedUnder(price * pu), worth=Worth.BOUND)
        below = mail.ask_dsos(RelaxedAt(price * pu, limits.low, limits.high), worth=Worth.BOUND)
        bound = above.least + below.least.sum(-1)  # (a)
        slope = _shared(pu * (below.y - above.y), limits)  # (b)
        good = bound >= s.bound + RISE * s.part * _inner(s.slope, s.step)
        kept, old = good[..., None, None], np.isfinite(s.bound)[..., None, None]
        turns = (*s.turns, Turn(np.where(kept & old, price - s.price, 0.0), np.where(kept & old, slope - s.slope, 0.0)))[-MEMORY:]
        best = np.where(good, bound, s.bound)
        now = np.where(kept, slope, s.slope)
        step = np.where(kept, _shared(_uphill(now, turns, self.weight), limits), s.step)  # (c)
        promise = np.where(good, _inner(now, step) / 2, s.promise)
        part = np.where(good, 1.0, np.maximum(s.part / 2, SHORT))
        stuck = ~good & (s.part <= SHORT)
        return ConeState(
            np.where(kept, price, s.price), best, now, step, part, np.where(stuck, 0.0, promise), turns, limits, (*s.bounds, float(best.sum()))
        )

    def gap(self, s: ConeState) -> Gap:
        """What the next step promises, relative to the bound."""
        size = np.where(np.isfinite(s.bound), np.maximum(1.0, np.abs(s.bound)), 1.0)
        return Gap(float(np.max(s.promise / size, initial=0.0)), self.tol)


def _shared(x: Real, limits: Limits) -> Real:
    """Powers of one bus have one price: the mean of what its interfaces say (…, 3)."""
    out = x.copy()
    for s, t in np.ndindex(*x.shape[:2]):
        many = np.maximum(np.bincount(limits.bus[s, t]), 1)
        for k in (0, 1):
            out[s, t, :, k] = (np.bincount(limits.bus[s, t], x[s, t, :, k]) / many)[limits.bus[s, t]]
    return out


def _inner(a: Real, b: Real) -> Real:
    """(scenario, period)"""
    return np.asarray((a * b).sum(axis=(2, 3)))


def _uphill(slope: Real, turns: tuple[Turn, ...], weight: float) -> Real:
    """The slope times the inverse curvature that the last turns tell of; steps of which nothing is known are as long as the weight says."""
    q, shares = slope, []
    scale = np.full(slope.shape[:2], weight)
    for turn in turns[::-1]:
        bent = -_inner(turn.step, turn.change)
        share = np.where(bent > 0, _inner(turn.step, q) / np.where(bent > 0, bent, 1.0), 0.0)
        shares.append((turn, bent, share))
        q = q + share[..., None, None] * turn.change
    for turn in turns:
        bent, size = -_inner(turn.step, turn.change), _inner(turn.change, turn.change)
        scale = np.where(bent > 0, bent / np.where(size > 0, size, 1.0), scale)
    out = scale[..., None, None] * q
    for turn, bent, share in shares[::-1]:
        back = np.where(bent > 0, -_inner(turn.change, out) / np.where(bent > 0, bent, 1.0), 0.0)
        out = out + (share - back)[..., None, None] * turn.step
    return np.asarray(out)
