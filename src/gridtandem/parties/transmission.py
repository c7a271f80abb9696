"""The transmission company's load-flow desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Alone, Boundary, PowerCurve, Sensitivity, SensitivityUnder, Voltage, VoltageUnder, Worth
from gridtandem.flow.loadability import carried, largest_loading
from gridtandem.flow.newton import Draw, Newton, Options, Solution
from gridtandem.flow.sensitivity import voltage_slope
from gridtandem.flow.variants import loaded, without
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import LoadLaw, Nodal
from gridtandem.tables import Code, Complex, Index, Real
from gridtandem.units import MVA

NONE: Index = np.empty(0, np.int64)


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
    at_feeders: Real | None = None  # (scenario, period, interface): factor on the forecast, where it is not ``loading``
    opened: tuple[Index, ...] = ()  # (scenario) branches out of service; empty: none in any

    @staticmethod
    def of(network: Network, forecast: LoadLaw, loading: Real, options: Options, at_feeders: Real | None = None) -> Transmission:
        """``forecast.node`` holds the transmission bus (not node) of each interface."""
        nodal = Nodal.of(network)
        here = replace(forecast, node=nodal.node[forecast.node])
        alone = Newton.of(replace(nodal, loads=_appended(nodal.loads, here)), options=options)
        party = Transmission(network=network, newton=Newton.of(nodal, options=options), forecast=here, alone=alone, home=(), loading=loading)
        return party.under(loading, at_feeders)

    def under(self, loading: Real, at_feeders: Real | None = None, opened: tuple[Index, ...] = ()) -> Transmission:
        """The same company in other scenarios. Home is the whole network's load flow: an outage begins where the network was before it."""
        party = replace(self, loading=loading, at_feeders=at_feeders, opened=opened)
        known: dict[bytes, Solution] = {}

        def home(st: tuple[int, int]) -> Solution:
            key = loading[st].tobytes() + (b"" if at_feeders is None else at_feeders[st].tobytes())
            if key not in known:
                alone, loads = party.forecasting(st)
                known[key] = alone.solve(loads=loads, units=float(loading[st]))
            return known[key]

        return replace(party, home=tuple(tuple(home((s, t)) for t in range(loading.shape[1])) for s in range(loading.shape[0])))

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {VoltageUnder: self.voltage_under, SensitivityUnder: self.sensitivity_under, Alone: self.by_itself}

    def voltage_under(self, ask: VoltageUnder) -> Voltage:
        """Joint solve at the boundary; one mute feeder leaves its scenario unsolved."""
        v = np.full(ask.draw.low.shape, np.nan, complex)
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
                dv[st] = voltage_slope(without(self.newton, _open(self, st)), found, self.forecast.node, draw=self.drawn(ask.draw, st)) / MVA
        return Sensitivity(dv, _worth(dv.sum((-1, -2))))

    def by_itself(self, ask: Alone) -> Boundary:  # noqa: ARG002 — the letter has no content
        """The own forecast's load flow."""
        shape = (*self.loading.shape, len(self.forecast.node))
        v, s = np.full(shape, np.nan, complex), np.full(shape, np.nan, complex)
        for st in np.ndindex(self.loading.shape):
            found = self._by_forecast(st)
            if found.converged:
                v[st] = found.v[self.forecast.node]
                s[st] = self.expected(np.abs(v[st]), st)
        return Boundary(np.abs(v), np.angle(v), np.stack([s.real, s.imag], -1) * MVA, _worth(v.real))

    def solve(self, curve: PowerCurve | None, st: tuple[int, ...]) -> Solution | None:
        """Load flow of one scenario and period; without a curve the own forecast's; None where a feeder gave no curve."""
        home = self.home[st[0]][st[1]]
        if curve is None:
            return self._by_forecast(st)
        if not (curve.worth[st] > Worth.REFUSED).all():
            return None
        k = float(self.loading[st])
        start = home.v if home.converged else None
        return without(self.newton, _open(self, st)).solve(start=start, draw=self.drawn(curve, st), loads=k, units=k)

    def expected(self, v: Real, st: tuple[int, ...]) -> Complex:
        """Power that transmission expects at each interface, at its voltage there. [per unit]"""
        factor = self.loading[st] if self.at_feeders is None else self.at_feeders[st]
        return np.asarray(self.forecast.at(v)[0] * factor, np.complex128)

    def forecasting(self, st: tuple[int, ...]) -> tuple[Newton, float]:
        """The whole network with the forecast in the feeders' place, and the factor on all its loads."""
        k = float(self.loading[st])
        if self.at_feeders is None:
            return self.alone, k
        own = len(self.alone.nodal.loads.node) - len(self.forecast.node)
        return loaded(self.alone, np.concatenate([np.full(own, k), self.at_feeders[st]])), 1.0

    def _by_forecast(self, st: tuple[int, ...]) -> Solution:
        home = self.home[st[0]][st[1]]
        if not len(_open(self, st)):
            return home
        alone, loads = self.forecasting(st)
        return without(alone, _open(self, st)).solve(start=home.v if home.converged else None, loads=loads, units=float(self.loading[st]))

    def drawn(self, curve: PowerCurve, st: tuple[int, ...]) -> Draw:
        """A letter's curve in per unit."""
        c = (curve.c[st][:, 0] + 1j * curve.c[st][:, 1]) / MVA
        return Draw(node=self.forecast.node, low=curve.low[st], high=curve.high[st], c=c)

    def explain(self, curve: PowerCurve | None, st: tuple[int, ...]) -> str:
        """Why one scenario and period has no answer, for the owner of this grid."""
        who = self.network.name
        if curve is not None and not (curve.worth[st] > Worth.REFUSED).all():
            return f"{who}: a feeder gave no answer, so transmission could not solve"
        found = self.solve(curve, st)
        if found is None or found.converged:
            return f"{who}: solved"
        if curve is None:
            (alone, ceiling), k = self.forecasting(st), float(self.loading[st])
            part = k / ceiling if ceiling else 1.0  # of the schedule in the factor that grows
            most = largest_loading(without(alone, _open(self, st)), ceiling=ceiling, units=lambda loading: part * loading)
            return f"{who}: no load flow with its own forecast ({found.trouble}); {carried('it', most, ceiling)}"
        return f"{who}: no load flow with these draws at its interfaces ({found.trouble})"


def _open(party: Transmission, st: tuple[int, ...]) -> Index:
    """Branches out of service."""
    return party.opened[st[0]] if party.opened else NONE


def _appended(loads: LoadLaw, more: LoadLaw) -> LoadLaw:
    both: dict[str, Any] = {name: np.concatenate([getattr(loads, name), getattr(more, name)]) for name in LoadLaw.__slots__}
    return LoadLaw(**both)


def _worth(x: Real) -> Code:
    return np.where(np.isnan(x), Worth.REFUSED, Worth.EXACT).astype(np.int8)


def boundary_bus(forecast_bus: Index, s: Complex, exponent: Real) -> LoadLaw:
    """A forecast: one exponential load per interface, at its transmission bus. [per unit]"""
    none = np.zeros((len(s), 2))
    return LoadLaw(node=forecast_bus, s=s, exponent=exponent, z_share=none, i_share=none, v0=np.ones(len(s)))
