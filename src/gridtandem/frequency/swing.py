r"""Frequency after a loss in time: reserve that grows as promised, in closed form, and governors that act on what they see, step by step.

*As promised* (`fall`): each service is there by its ramp, whatever frequency does, and no load helps (D = 0). Then
:math:`x(t) = (P_L t - \sum R_j e_j(t))/(2h)` with :math:`e_j(t) = \mathrm{clip}(t - t_d, 0, T_r)^2/(2T_r) + \max(t - t_d - T_r, 0)`, and the nadir is
where reserve first equals the loss. After it reserve that never stops would lift frequency without end, so nothing is told beyond.

*As seen* (`replay`): a governor asks for :math:`u = \min(\max(x - b, 0)\, S/(f_0 R),\, r)`, with droop R on its rating S, deadband b, award r;
:math:`T_1 \dot v = u - v`, :math:`T_3 \dot w = v - w`, and it gives :math:`\min(w + T_2 (v - w)/T_3,\, r)`. Fast services start when the
deviation passes their trigger. Steps by Heun's method, of second order; all rows advance together.

Sources: TGOV1 of IEEE PES TR1 "Dynamic models for turbine-governors in power system studies", 2013; parameters of the defaults as in
github.com/abcde12739/frequency-secure-dispatch-data (R 0.05, T1 0.05 s, T2 1 s, T3 2.1 s).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.frequency.security import HALVINGS, ROUNDING, Inertia, Limits, Security, Service
from gridtandem.tables import Flag, Real

STEP_S = 0.005  # of a replay; a test holds it against a tenth of it
CANDIDATES, REFINED = 9, 4  # awards that a qualification tries at once, and how often
NUMERICAL = 1e-6  # relative; what a step leaves of a nadir


@final
@dataclass(frozen=True, slots=True, eq=False)
class Fall:
    """The lowest point of each row; infinite, at no time, where reserve never equals the loss."""

    nadir_hz: Real  # below nominal
    at_s: Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class Governors:
    """Turbines with governors, each number one per unit, or (row, unit) where rows differ."""

    rated_mva: Real
    award_mw: Real
    droop: Real
    deadband_hz: Real
    t1_s: Real
    t2_s: Real
    t3_s: Real

    @staticmethod
    def of(
        rated_mva: ArrayLike,
        award_mw: ArrayLike,
        *,
        droop: ArrayLike = 0.05,
        deadband_hz: ArrayLike = 0.0,
        t1_s: ArrayLike = 0.05,
        t2_s: ArrayLike = 1.0,
        t3_s: ArrayLike = 2.1,
    ) -> Governors:
        """Steam turbines as TGOV1 has them; a slow reheat one has ``t2_s=2.1, t3_s=7``."""
        return Governors(*(np.asarray(x, np.float64) for x in (rated_mva, award_mw, droop, deadband_hz, t1_s, t2_s, t3_s)))

    def asked(self, deviation_hz: Real, f0_hz: float) -> Real:
        """What governors ask for at a deviation (row, 1)."""
        return np.minimum(np.maximum(deviation_hz - self.deadband_hz, 0.0) / f0_hz * self.rated_mva / self.droop, self.award_mw)

    def given(self, valve: Real, steam: Real) -> Real:
        """What turbines give."""
        return np.minimum(steam + self.t2_s * (valve - steam) / self.t3_s, self.award_mw)

    def step(self, most_s: float) -> float:
        """A step that the fastest valve bears."""
        return min(most_s, float(np.min(self.t1_s, initial=np.inf)) / 4)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """Frequency in time; rows by times."""

    time_s: Real
    deviation_hz: Real  # below nominal
    turbines_mw: Real
    fast_mw: Real

    @property
    def fall(self) -> Fall:
        """The lowest points of what was replayed."""
        k = self.deviation_hz.argmax(1)
        return Fall(np.take_along_axis(self.deviation_hz, k[:, None], 1)[:, 0], self.time_s[k])


def fall(security: Security, inertia: Inertia, primary_mw: Real, fast_mw: Real) -> Fall:
    """The nadir of every row if services come as promised, exactly; ``fast_mw`` is (row, fast service)."""
    services = (security.primary, *security.fast)
    times = np.unique([0.0, *(t for s in services for t in (s.delay_s, s.full_s))])
    awards = np.column_stack([primary_mw, np.reshape(fast_mw, (len(inertia), len(security.fast)))])
    short = inertia.loss_mw[:, None] - awards @ np.array([s.share(times) for s in services])
    energy = np.concatenate([np.zeros((len(inertia), 1)), np.cumsum((short[:, 1:] + short[:, :-1]) / 2 * np.diff(times), axis=1)], axis=1)
    met = short <= ROUNDING * inertia.loss_mw[:, None]
    k = np.maximum(met.argmax(1), 1)
    rows = np.arange(len(inertia))
    before, after = short[rows, k - 1], np.minimum(short[rows, k], 0.0)
    span = (times[k] - times[k - 1]) * before / np.where(before > after, before - after, 1.0)
    found = (energy[rows, k - 1] + before * span / 2) / (2 * inertia.inertia_mws / security.limits.f0_hz)
    stopped = met.any(1)
    return Fall(np.where(stopped, found, np.inf), np.where(stopped, times[k - 1] + span, np.nan))


def promised(security: Security, inertia: Inertia, primary_mw: Real, fast_mw: Real, time_s: Real) -> Real:
    """The deviation (row, time) if services come as promised; at most until the nadir, which then stays."""
    services = (security.primary, *security.fast)
    awards = np.column_stack([primary_mw, np.reshape(fast_mw, (len(inertia), len(security.fast)))])
    lowest = fall(security, inertia, primary_mw, fast_mw)
    until = np.minimum(time_s, np.where(np.isnan(lowest.at_s), np.inf, lowest.at_s)[:, None])
    brought = sum(awards[:, [j]] * _brought(s, until) for j, s in enumerate(services))
    return (inertia.loss_mw[:, None] * until - brought) / (2 * inertia.inertia_mws / security.limits.f0_hz)[:, None]


def replay(
    limits: Limits,
    inertia: Inertia,
    *,
    governors: Governors,
    services: tuple[Service, ...] = (),
    service_mw: ArrayLike = 0.0,
    trigger_hz: float = 0.0,
    seconds: float = 20.0,
    step_s: float = STEP_S,
) -> Replay:
    """Frequency of every row with governors on what they see; ``services`` (row, service) come by their ramps once the trigger is passed."""
    come = _Come(services, np.broadcast_to(np.asarray(service_mw, np.float64), (len(inertia), len(services))), trigger_hz)
    told = [np.column_stack(now) for now in _steps(limits, inertia, governors, come, seconds=seconds, step_s=step_s)]
    history = np.array(told, np.float64)
    time = np.asarray(np.arange(len(told)) * governors.step(step_s), np.float64)
    return Replay(time, history[:, :, 0].T, history[:, :, 1].T, history[:, :, 2].T)


def rest(limits: Limits, inertia: Inertia, governors: Governors, service_mw: Real) -> Real:
    """Where frequency comes to rest below nominal (row), all of ``service_mw`` (row) there; infinite where all reserve is less than the loss. [Hz]"""
    left, rows = (inertia.loss_mw - service_mw)[:, None], len(inertia)

    def met(x: Real) -> Flag:
        given = np.broadcast_to(governors.asked(x, limits.f0_hz), (rows, np.broadcast(governors.rated_mva, governors.award_mw).shape[-1]))
        found: Flag = given.sum(1, keepdims=True) + limits.damping_mw_per_hz * x >= left * (1 - ROUNDING)
        return found

    low, high = np.zeros((rows, 1)), np.full((rows, 1), limits.f0_hz)
    ever = met(high)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = np.where(met(middle), low, middle), np.where(met(middle), middle, high)
    found: Real = np.where(left <= 0, 0.0, np.where(ever, high, np.inf))[:, 0]
    return found


def qualified(security: Security, inertia: Inertia, governors: Governors, *, fast_mw: Real) -> Real:
    """The most of each unit's award (row, unit) at which turbines of its kind alone hold the nadir with what `Security.needed` asks for.

    So many of them in each row, with fast services as promised; a smaller award of the same rating acts sooner. No more than what the droop asks for
    at the limit of the nadir. Found on a grid refined three times,
    from below: the answer is at most 1/4096 of the award short.
    """
    need = security.needed(inertia.inertia_mws, inertia.loss_mw, fast_mw)
    fleet = np.broadcast(governors.rated_mva, governors.award_mw)
    rows, units = len(inertia), fleet.shape[-1]
    parameters = ("rated_mva", "award_mw", "droop", "deadband_hz", "t1_s", "t2_s", "t3_s")
    of = {name: np.broadcast_to(getattr(governors, name), (rows, units)) for name in parameters}
    row = np.repeat(np.arange(rows), units * CANDIDATES)
    flat = {name: np.repeat(of[name].ravel(), CANDIDATES)[:, None] for name in parameters}
    come = _Come(security.fast, np.reshape(fast_mw, (rows, len(security.fast)))[row], 0.0)
    low, width = np.zeros((rows, units, 1)), 1.0
    for _ in range(REFINED):
        share = np.clip(low + width * np.linspace(0.0, 1.0, CANDIDATES), 0.0, 1.0)
        award = share.reshape(-1, 1) * flat["award_mw"]
        copies = need[row, None] / np.maximum(award, ROUNDING * (1 + need[row, None]))
        kind = Governors(flat["rated_mva"] * copies, need[row, None], *(flat[name] for name in parameters[2:]))
        lowest = np.zeros((len(row), 1))
        for x, _, _ in _steps(security.limits, inertia.take(row), kind, come, seconds=2 * security.primary.full_s, step_s=STEP_S):
            lowest = np.maximum(lowest, x)
        enough = (lowest <= security.limits.nadir_hz * (1 + NUMERICAL)).reshape(share.shape)
        best = np.where(enough.all(-1), CANDIDATES, enough.argmin(-1)) - 1  # the last before the first that fails
        low, width = np.take_along_axis(share, np.maximum(best, 0)[..., None], -1), width / (CANDIDATES - 1)
        if (low == 1.0).all():
            break
    there = np.maximum(security.limits.nadir_hz - of["deadband_hz"], 0.0) / security.limits.f0_hz * of["rated_mva"] / of["droop"]
    found: Real = np.minimum(of["award_mw"] * low[..., 0], there)
    return found


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Come:
    """Services that come by themselves once the trigger is passed, (row, service)."""

    services: tuple[Service, ...]
    award_mw: Real
    trigger_hz: float

    def given(self, t: Real) -> Real:
        """What they give at times (row, 1) since then."""
        return sum((self.award_mw[:, [j]] * s.share(t) for j, s in enumerate(self.services)), np.zeros(t.shape))


def _steps(
    limits: Limits, inertia: Inertia, governors: Governors, come: _Come, *, seconds: float, step_s: float
) -> Iterator[tuple[Real, Real, Real]]:
    """Deviation, turbines and services (row, 1) at every step, by Heun's method."""
    dt, rows = governors.step(step_s), len(inertia)
    units = np.broadcast(governors.rated_mva, governors.award_mw).shape[-1]
    double, loss = (2 * inertia.inertia_mws / limits.f0_hz)[:, None], inertia.loss_mw[:, None]
    x, valve, steam = np.zeros((rows, 1)), np.zeros((rows, units)), np.zeros((rows, units))
    since = np.full((rows, 1), 0.0 if come.trigger_hz <= 0 else np.inf)

    def slopes(t: float, x: Real, valve: Real, steam: Real) -> tuple[Real, Real, Real, Real, Real]:
        turbines, fast = governors.given(valve, steam).sum(1, keepdims=True), come.given(t - since)
        rate = (loss - limits.damping_mw_per_hz * x - turbines - fast) / double
        return rate, (governors.asked(x, limits.f0_hz) - valve) / governors.t1_s, (valve - steam) / governors.t3_s, turbines, fast

    for k in range(int(np.ceil(seconds / dt)) + 1):
        a = slopes(k * dt, x, valve, steam)
        yield x, a[3], a[4]
        b = slopes((k + 1) * dt, x + dt * a[0], valve + dt * a[1], steam + dt * a[2])
        after = x + dt * (a[0] + b[0]) / 2
        valve, steam = valve + dt * (a[1] + b[1]) / 2, steam + dt * (a[2] + b[2]) / 2
        passed = np.isinf(since) & (after >= come.trigger_hz)
        if passed.any():
            since = np.where(passed, k * dt + dt * (come.trigger_hz - x) / np.where(passed, after - x, 1.0), since)
        x = after


def _brought(service: Service, t: Real) -> Real:
    """Energy of 1 MW of a service by a time [s]."""
    gone = t - service.delay_s
    return np.clip(gone, 0.0, service.ramp_s) ** 2 / (2 * service.ramp_s) + np.maximum(gone - service.ramp_s, 0.0)
