"""The transmission company's load-flow desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import (
    Alone,
    Boundary,
    PortResponse,
    PowerCurve,
    Sensitivity,
    SensitivityUnder,
    Voltage,
    VoltageUnder,
    VoltageUnderPorts,
    Worth,
)
from gridtandem.flow.batch import solve_many
from gridtandem.flow.draw import Ports
from gridtandem.flow.loadability import carried, largest_loading
from gridtandem.flow.newton import Draw, Newton, Options, Solution
from gridtandem.flow.sensitivity import voltage_slope
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
        joint = self.voltage_under
        return {VoltageUnder: joint, VoltageUnderPorts: joint, SensitivityUnder: self.sensitivity_under, Alone: self.by_itself}

    def voltage_under(self, ask: VoltageUnder | VoltageUnderPorts) -> Voltage:
        """Joint solve at the boundary; one mute feeder leaves its scenario unsolved."""
        v = np.full(ask.draw.worth.shape, np.nan, complex)
        if self.loading.size >= SIDE_BY_SIDE and not isinstance(ask.draw, PortResponse):
            able = np.asarray((ask.draw.worth > Worth.REFUSED).all(-1), bool)
            k, start = self.loading[able], [self._start(st) for st in zip(*np.nonzero(able), strict=True)]
            if able.any():
                v[able] = solve_many(self.newton, loads=k, units=k, start=np.stack(start), draw=self.drawn(ask.draw, able)).v[:, self.forecast.node]
            return Voltage(np.abs(v), np.angle(v), _worth(v.real))
        for st in np.ndindex(self.loading.shape):
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
                dv[st] = voltage_slope(self.newton, found, self.forecast.node, draw=self.drawn(ask.draw, st)) / MVA
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

    def solve(self, curve: PowerCurve | PortResponse | None, st: tuple[int, ...]) -> Solution | None:
        """Load flow of one scenario and period; without a curve the own forecast's; None where a feeder gave no curve."""
        home = self.home[st[0]][st[1]]
        if curve is None:
            return home
        if not (curve.worth[st] > Worth.REFUSED).all():
            return None
        k = float(self.loading[st])
        return self.newton.solve(start=self._start(st), draw=self.drawn(curve, st), loads=k, units=k)

    def _start(self, st: tuple[int, ...]) -> Complex:
        home = self.home[st[0]][st[1]]
        return home.v if home.converged else self.newton.begin

    def drawn(self, curve: PowerCurve | PortResponse, st: tuple[int, ...] | Flag) -> Draw:
        """A letter's curve or tangent in per unit; of one scenario and period, or a curve of those marked."""
        if isinstance(curve, PortResponse):
            return _tangent(curve, self.forecast.node, st)
        c = curve.c[st]
        return Draw(node=self.forecast.node, low=curve.low[st], high=curve.high[st], c=np.asarray((c[..., 0, :] + 1j * c[..., 1, :]) / MVA))

    def power(self, curve: PowerCurve | PortResponse | None, v: Complex, st: tuple[int, int]) -> Complex:
        """What a letter, or else the own forecast, says that interfaces draw at these voltages. [per unit]"""
        if curve is None:
            return np.asarray(self.forecast.at(np.abs(v))[0] * self.loading[st], np.complex128)
        draw = self.drawn(curve, st)
        s, _ = draw.each(np.abs(v))
        return s if draw.ports is None else s + draw.ports.each(v)

    def explain(self, curve: PowerCurve | PortResponse | None, st: tuple[int, ...]) -> str:
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


def _tangent(told: PortResponse, node: Index, st: tuple[int, ...] | Flag) -> Draw:
    """Own magnitudes as a curve of degree 1, on V ± 1; the rest as `Ports`, where there is a rest. [per unit]"""
    by_v, by_angle = (np.asarray((d[..., 0] + 1j * d[..., 1]) / MVA) for d in (np.moveaxis(x, 0, 2)[st] for x in (told.dv, told.dangle)))
    own = told.interface == told.other
    s, slope = (told.s[st][:, 0] + 1j * told.s[st][:, 1]) / MVA, np.zeros(len(node), np.complex128)
    slope[told.interface[own]] = by_v[own]
    by_v[own] = 0.0
    rest = np.flatnonzero((by_v != 0) | (by_angle != 0))
    v = told.v[st] * np.exp(1j * told.angle[st])
    ports = Ports(node=node, v=v, row=told.interface[rest], column=told.other[rest], by_v=by_v[rest], by_angle=by_angle[rest])
    c = np.stack([s, slope], -1)
    return Draw(node=node, low=told.v[st] - 1, high=told.v[st] + 1, c=c, ports=ports if len(rest) else None)


def _appended(loads: LoadLaw, more: LoadLaw) -> LoadLaw:
    both: dict[str, Any] = {name: np.concatenate([getattr(loads, name), getattr(more, name)]) for name in LoadLaw.__slots__}
    return LoadLaw(**both)


def _worth(x: Real) -> Code:
    return np.where(np.isnan(x), Worth.REFUSED, Worth.EXACT).astype(np.int8)


def boundary_bus(forecast_bus: Index, s: Complex, exponent: Real) -> LoadLaw:
    """A forecast: one exponential load per interface, at its transmission bus. [per unit]"""
    none = np.zeros((len(s), 2))
    return LoadLaw(node=forecast_bus, s=s, exponent=exponent, z_share=none, i_share=none, v0=np.ones(len(s)))
