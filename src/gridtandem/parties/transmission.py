"""The transmission company's load-flow desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Alone, Boundary, PowerCurve, Sensitivity, SensitivityUnder, Voltage, VoltageUnder, Worth
from gridtandem.flow.batch import solve_many
from gridtandem.flow.draw import Pieces
from gridtandem.flow.loadability import carried, largest_loading
from gridtandem.flow.newton import Draw, Newton, Options, Solution
from gridtandem.flow.sensitivity import voltage_slope
from gridtandem.flow.switching import settled
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import LoadLaw, Nodal
from gridtandem.tables import Code, Complex, Flag, Index, Real
from gridtandem.units import MVA

SIDE_BY_SIDE = 4  # scenarios and periods from which solving them in lanes costs less than one after the other; lanes come in eights


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Transmission:
    """Holds the interfaces' voltages. Every answer starts from the same home, transmission's own forecast, so it depends on the letter alone."""

    network: Network
    newton: Newton  # without the feeders
    forecast: LoadLaw  # what transmission expects each interface to draw; per unit, one row per interface
    alone: Newton  # with the forecast in the feeders' place
    home: tuple[tuple[Solution, ...], ...]  # (scenario)(period): the forecast's load flow
    loading: Real  # (scenario, period): factor on loads and on scheduled generation

    @staticmethod
    def of(network: Network, forecast: LoadLaw, loading: Real, options: Options) -> Transmission:
        """``forecast.node`` holds the transmission bus (not node) of each interface."""
        nodal = Nodal.of(network)
        here = replace(forecast, node=nodal.node[forecast.node])
        alone = Newton.of(replace(nodal, loads=_appended(nodal.loads, here)), options=options)
        home = tuple(tuple(alone.solve(loads=k, units=k) for k in row) for row in loading.tolist())
        return Transmission(network=network, newton=Newton.of(nodal, options=options), forecast=here, alone=alone, home=home, loading=loading)

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {VoltageUnder: self.voltage_under, SensitivityUnder: self.sensitivity_under, Alone: self.by_itself}

    def voltage_under(self, ask: VoltageUnder) -> Voltage:
        """Joint solve at the boundary; one mute feeder leaves its scenario unsolved."""
        v = np.full(ask.draw.low.shape, np.nan, complex)
        rows = np.ones(self.loading.shape, bool)
        if self.loading.size >= SIDE_BY_SIDE:
            rows[:] = False
            rows[ask.draw.bends.scenario, ask.draw.bends.period] = True  # whose curves have knots go one by one
            able = np.asarray((ask.draw.worth > Worth.REFUSED).all(-1) & ~rows, bool)
            k, start = self.loading[able], [self._start(st) for st in zip(*np.nonzero(able), strict=True)]
            if able.any():
                draw = self._straight(ask.draw, able)
                v[able] = solve_many(self.newton, loads=k, units=k, start=np.stack(start), draw=draw).v[:, self.forecast.node]
        for st in zip(*np.nonzero(rows), strict=True):
            found = self.solve(ask.draw, st)
            if found is not None and found.converged:
                v[st] = found.v[self.forecast.node]
        return Voltage(np.abs(v), np.angle(v), _worth(v.real))

    def sensitivity_under(self, ask: SensitivityUnder) -> Sensitivity:
        """Back-substitution at the solution."""
        wide = len(self.forecast.node)
        dv = np.full((*ask.draw.low.shape, wide, 2), np.nan)
        for st in np.ndindex(self.loading.shape):
            found = self.solve(ask.draw, st)
            if found is not None and found.converged:
                draw = self.drawn(ask.draw, st, np.abs(found.v[self.forecast.node]))
                dv[st] = voltage_slope(self.newton, found, self.forecast.node, draw=draw) / MVA
        return Sensitivity(dv, _worth(dv.sum((-1, -2))))

    def by_itself(self, ask: Alone) -> Boundary:  # noqa: ARG002 — the letter has no content
        """The own forecast's load flow."""
        shape = (*self.loading.shape, len(self.forecast.node))
        v, s = np.full(shape, np.nan, complex), np.full(shape, np.nan, complex)
        for st in np.ndindex(self.loading.shape):
            found = self.home[st[0]][st[1]]
            if found.converged:
                v[st] = found.v[self.forecast.node]
                s[st] = self.forecast.at(np.abs(v[st]))[0] * self.loading[st]
        return Boundary(np.abs(v), np.angle(v), np.stack([s.real, s.imag], -1) * MVA, _worth(v.real))

    def solve(self, curve: PowerCurve | None, st: tuple[int, ...]) -> Solution | None:
        """Load flow of one scenario and period; without a curve the own forecast's; None where a feeder gave no curve."""
        home = self.home[st[0]][st[1]]
        if curve is None:
            return home
        if not (curve.worth[st] > Worth.REFUSED).all():
            return None
        k = float(self.loading[st])
        return settled(self.newton, self.pieces(curve, st), self._start(st), loads=k, units=k)

    def _start(self, st: tuple[int, ...]) -> Complex:
        home = self.home[st[0]][st[1]]
        return home.v if home.converged else self.newton.begin

    def drawn(self, curve: PowerCurve, st: tuple[int, ...], v: Real) -> Draw:
        """A letter's curves in per unit, of each the piece in which the interface's voltage lies."""
        curves = self.pieces(curve, st)
        return curves.draw(curves.at(v))

    def _straight(self, curve: PowerCurve, rows: Flag) -> Draw:
        """A letter's curves of the scenarios and periods marked, all of one piece, in per unit."""
        c = curve.c[rows]
        return Draw(node=self.forecast.node, low=curve.low[rows], high=curve.high[rows], c=np.asarray((c[..., 0, :] + 1j * c[..., 1, :]) / MVA))

    def pieces(self, curve: PowerCurve, st: tuple[int, ...]) -> Pieces:
        """A letter's curves of one scenario and period, in per unit."""
        bends, wide = curve.bends, len(self.forecast.node)
        here = np.flatnonzero((bends.scenario == st[0]) & (bends.period == st[1]))
        owner, low = np.concatenate([np.arange(wide), bends.interface[here]]), np.concatenate([curve.low[st], bends.knot[here]])
        order = np.lexsort((low, owner))
        owner, low = owner[order], low[order]
        first = np.searchsorted(owner, np.arange(wide + 1))
        high = np.append(low[1:], np.nan)
        high[first[1:] - 1] = curve.high[st]
        c = np.concatenate([curve.c[st], bends.c[here]])[order] if len(here) else curve.c[st]
        return Pieces(node=self.forecast.node, first=first, low=low, high=high, c=(c[:, 0] + 1j * c[:, 1]) / MVA)

    def explain(self, curve: PowerCurve | None, st: tuple[int, ...]) -> str:
        """Why one scenario and period has no answer, for the owner of this grid."""
        who = self.network.name
        if curve is not None and not (curve.worth[st] > Worth.REFUSED).all():
            return f"{who}: a feeder gave no answer, so transmission could not solve"
        found = self.solve(curve, st)
        if found is None or found.converged:
            return f"{who}: solved"
        if curve is None:
            k = float(self.loading[st])
            return f"{who}: no load flow with its own forecast ({found.trouble}); {carried('it', largest_loading(self.alone, ceiling=k), k)}"
        return f"{who}: no load flow with these draws at its interfaces ({found.trouble})"


def _appended(loads: LoadLaw, more: LoadLaw) -> LoadLaw:
    both: dict[str, Any] = {name: np.concatenate([getattr(loads, name), getattr(more, name)]) for name in LoadLaw.__slots__}
    return LoadLaw(**both)


def _worth(x: Real) -> Code:
    return np.where(np.isnan(x), Worth.REFUSED, Worth.EXACT).astype(np.int8)


def boundary_bus(forecast_bus: Index, s: Complex, exponent: Real) -> LoadLaw:
    """A forecast: one exponential load per interface, at its transmission bus. [per unit]"""
    none = np.zeros((len(s), 2))
    return LoadLaw(node=forecast_bus, s=s, exponent=exponent, z_share=none, i_share=none, v0=np.ones(len(s)))
