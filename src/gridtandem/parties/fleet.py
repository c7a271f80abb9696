"""A distribution company's load-flow desk: any number of feeders behind any number of interfaces, answered in one sweep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Alone, Boundary, FeederCurve, Power, PowerAt, PowerOver, Response, ResponseAt, Worth
from gridtandem.flow import chebyshev
from gridtandem.flow.feeders import Feeders, States
from gridtandem.tables import Code, Complex, Index, Names, Real
from gridtandem.units import MVA

EXACT = 1e-6  # MVA; curves this good are worth as much as a load flow of usual tolerance


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fleet:
    """Feeders of one company; ``count`` identical ones lie in parallel behind each interface."""

    interface: Names  # names, for explanations
    feeders: Feeders
    count: Index
    loading: Real  # (scenario, period, interface): factor on the loads

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {PowerAt: self.power_at, ResponseAt: self.response_at, PowerOver: self.power_over, Alone: self.by_itself}

    def power_at(self, ask: PowerAt) -> Power:
        """Draw at a voltage."""
        s, _ = self.draw(ask.v, slope=False)
        return Power(_pair(s), _worth(s))

    def response_at(self, ask: ResponseAt) -> Response:
        """Draw at a voltage, and its slope."""
        s, ds = self.draw(ask.v, slope=True)
        return Response(ask.v, _pair(s), _pair(ds), _worth(s + ds))

    def power_over(self, ask: PowerOver) -> FeederCurve:
        """Draw over a range of voltages; refused where it has no load flow somewhere in it, an estimate where taps or reactive limits bend it."""
        u = np.concatenate([chebyshev.nodes(ask.degree), chebyshev.checks(ask.degree)])[:, None, None, None]
        v = (ask.low + ask.high) / 2 + u * (ask.high - ask.low) / 2
        s, _ = self._drawn(v, np.broadcast_to(self.loading, v.shape), slope=False)
        at, beside = np.split(_pair(s), [ask.degree + 1])
        c = chebyshev.coefficients(at)
        error = chebyshev.certified(c, beside)
        error[np.isnan(s).any(0)] = np.nan
        c[np.isnan(error)] = np.nan
        worth = np.where(error <= EXACT, Worth.EXACT, Worth.ESTIMATE)
        return FeederCurve(c, error, np.where(np.isnan(error), Worth.REFUSED, worth).astype(np.int8))

    def by_itself(self, ask: Alone) -> Boundary:  # noqa: ARG002 — the letter has no content
        """The draw at nominal voltage."""
        v = np.ones(self.loading.shape)
        s, _ = self.draw(v, slope=False)
        return Boundary(v, np.zeros_like(v), _pair(s), _worth(s))

    def draw(self, v: Real, *, slope: bool) -> tuple[Complex, Complex]:
        """Power and slope of all parallel feeders together, MVA, for voltages (scenario, period, interface); NaN where there is no solution."""
        return self._drawn(v, np.broadcast_to(self.loading, v.shape), slope=slope)

    def _drawn(self, v: Real, loading: Real, *, slope: bool) -> tuple[Complex, Complex]:
        mute = np.isnan(v)
        found = self.feeders.draw(np.where(mute, 1.0, v), loading, slope=slope)
        gone, factor = mute | ~found.ok, self.count * MVA
        s: Complex = np.where(gone, np.nan, found.s * factor)
        ds: Complex = np.where(gone, np.nan, found.ds * factor) if slope else s
        return s, ds

    def plan(self, v: Complex, st: tuple[int, ...]) -> States:
        """The solved state of one feeder behind each interface, for root voltages ``v`` (interface)."""
        return self.feeders.states(v, self.loading[st])

    def explain(self, k: int, v: float, st: tuple[int, ...]) -> str:
        """Why the feeder behind interface ``k`` has no answer, for its owner."""
        loading = float(self.loading[st][k])
        share = self.feeders.loadable(v, k, loading)
        if share >= 1.0:
            return f"interface {self.interface[k]}: solvable at {v:.4f} pu"
        floor = self.feeders.lowest_voltage(k, loading)
        below = f"; it is infeasible below {floor:.4f} pu" if np.isfinite(floor) else "; no root voltage up to 2 pu serves it"
        most = f"the largest solvable loading there is λ = {share:#.4g}" if share > 0 else "not even without load: look at the schedule of its units"
        return f"interface {self.interface[k]}: the feeder has no load flow at {v:.4f} pu; {most}{below}"


def _pair(s: Complex) -> Real:
    return np.stack([s.real, s.imag], -1)


def _worth(s: Complex) -> Code:
    return np.where(np.isnan(s), Worth.REFUSED, Worth.EXACT).astype(np.int8)
