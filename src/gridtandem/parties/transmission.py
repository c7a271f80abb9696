"""The transmission company's load-flow desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from gridtandem.boundary.curves import in_force
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
from gridtandem.flow.batch import Batch, solve_many
from gridtandem.flow.draw import Pieces, Ports
from gridtandem.flow.loadability import carried, largest_loading
from gridtandem.flow.newton import Draw, Newton, Options, Solution
from gridtandem.flow.sensitivity import voltage_slope
from gridtandem.flow.switching import settled
from gridtandem.flow.variants import loaded, without
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import LoadLaw, Nodal
from gridtandem.tables import Code, Complex, Flag, Index, Real
from gridtandem.units import MVA

NONE: Index = np.empty(0, np.int64)
SIDE_BY_SIDE = 4  # scenarios and periods from which solving them in lanes costs less than one after the other; lanes come in eights


MUTE = "a feeder gave no answer"


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Flows:
    """Load flows by row; NaN where there is none. [per unit]"""

    v: Complex  # (row, node)
    slack: Real  # (row)
    ratio: tuple[Complex | None, ...]  # (row) of each branch, where transformers moved
    ok: Flag  # (row)
    trouble: tuple[str, ...]

    def take(self, row: int) -> Flows:
        """One row alone."""
        return Flows(v=self.v[[row]], slack=self.slack[[row]], ratio=(self.ratio[row],), ok=self.ok[[row]], trouble=(self.trouble[row],))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Transmission:
    """Holds the interfaces' voltages. Every answer starts from the same home, transmission's own forecast, so it depends on the letter alone."""

    network: Network
    newton: Newton  # without the feeders
    forecast: LoadLaw  # what transmission expects each interface to draw; per unit, one row per interface
    alone: Newton  # with the forecast in the feeders' place
    home: Complex  # (different loading, node) voltages with the forecast at that loading; NaN: there is no load flow
    home_of: Index  # (scenario, period) which of them
    loading: Real  # (scenario, period): factor on loads and on scheduled generation
    at_feeders: Real | None = None  # (scenario, period, interface): factor on the forecast, where it is not ``loading``
    opened: tuple[Index, ...] = ()  # (scenario) branches out of service; empty: none in any
    abreast: int = SIDE_BY_SIDE  # scenarios and periods from which many are solved together; 1: always, so that bits do not depend on how many

    @staticmethod
    def of(network: Network, forecast: LoadLaw, loading: Real, options: Options, at_feeders: Real | None = None) -> Transmission:
        """``forecast.node`` holds the transmission bus (not node) of each interface."""
        nodal = Nodal.of(network)
        here = replace(forecast, node=nodal.node[forecast.node])
        alone = Newton.of(replace(nodal, loads=_appended(nodal.loads, here)), options=options)
        party = Transmission(
            network=network, newton=Newton.of(nodal, options=options), forecast=here, alone=alone, home=np.empty((0, nodal.nodes), np.complex128),
            home_of=np.empty(loading.shape, np.int64), loading=loading,
        )  # fmt: skip
        return party.under(loading, at_feeders)

    def under(self, loading: Real, at_feeders: Real | None = None, opened: tuple[Index, ...] = (), *, abreast: int = SIDE_BY_SIDE) -> Transmission:
        """The same company in other scenarios. Home is the whole network at one loading: an outage begins where the network was before it."""
        each, home_of = np.unique(loading, return_inverse=True)
        if len(each) >= abreast:
            found = solve_many(self.alone, loads=each, units=each)
            home = np.where(found.converged[:, None], found.v, np.nan)
        else:
            home = np.stack([self.alone.solve(loads=k, units=k).v for k in each.tolist()])
        return replace(
            self, loading=loading, at_feeders=at_feeders, opened=opened, abreast=abreast, home=home, home_of=home_of.reshape(loading.shape)
        )

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        joint = self.voltage_under
        return {VoltageUnder: joint, VoltageUnderPorts: joint, SensitivityUnder: self.sensitivity_under, Alone: self.by_itself}

    def voltage_under(self, ask: VoltageUnder | VoltageUnderPorts) -> Voltage:
        """Joint solve at the boundary; one mute feeder leaves its scenario unsolved."""
        v = np.full(ask.draw.worth.shape, np.nan, complex)
        one_by_one = np.ones(self.loading.shape, bool)
        if self.loading.size >= self.abreast and not isinstance(ask.draw, PortResponse):
            one_by_one[:] = False
            one_by_one[ask.draw.bends.scenario, ask.draw.bends.period] = True  # for their curves have knots
            able = np.asarray((ask.draw.worth > Worth.REFUSED).all(-1) & ~one_by_one, bool)
            v[able] = _together(self, ask.draw, able).v[:, self.forecast.node]
        for st in zip(*np.nonzero(one_by_one), strict=True):
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
                dv[st] = voltage_slope(without(self.newton, _open(self, st)), found, self.forecast.node, draw=draw) / MVA
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

    def solve(self, curve: PowerCurve | PortResponse | None, st: tuple[int, ...]) -> Solution | None:
        """Load flow of one scenario and period; without a curve the own forecast's; None where a feeder gave no curve."""
        if curve is None:
            return self._by_forecast(st)
        if not (curve.worth[st] > Worth.REFUSED).all():
            return None
        k = float(self.loading[st])
        newton, start = without(self.newton, _open(self, st)), _start(self, st)
        if isinstance(curve, PortResponse):
            return newton.solve(start=start, draw=_tangent(curve, self.forecast.node, st), loads=k, units=k)
        return settled(newton, _pieces(self, curve, st), start, loads=k, units=k)

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
        (alone, loads), opened = self.forecasting(st), _open(self, st)
        start = _start(self, st) if len(opened) else None
        return without(alone, opened).solve(start=start, loads=loads, units=float(self.loading[st]))

    def drawn(self, curve: PowerCurve | PortResponse, st: tuple[int, ...] | Flag, v: Real) -> Draw:
        """A letter's tangent, or of each of its curves the piece in which a voltage lies; of one scenario and period, curves also of those marked."""
        if isinstance(curve, PortResponse):
            return _tangent(curve, self.forecast.node, st)
        low, high, c = curve.low, curve.high, curve.c
        if len(curve.bends.knot):
            whole = low.copy()
            whole[st] = v
            low, high, c = in_force(curve, whole)
        pairs = np.ascontiguousarray(np.swapaxes(c[st], -1, -2)).view(np.complex128)[..., 0]
        return Draw(node=self.forecast.node, low=low[st], high=high[st], c=pairs / MVA)

    def explain(self, curve: PowerCurve | PortResponse | None, st: tuple[int, ...]) -> str:
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


def reckoned(party: Transmission, curve: PowerCurve | PortResponse | None, v: Complex, st: tuple[int, int]) -> Complex:
    """What a letter, or else the own forecast, says that interfaces draw at these voltages. [per unit]"""
    if curve is None:
        return party.expected(np.abs(v), st)
    draw = party.drawn(curve, st, np.abs(v))
    s, _ = draw.each(np.abs(v))
    return s if draw.ports is None else s + draw.ports.each(v)


def flows(party: Transmission, curve: PowerCurve | PortResponse | None) -> Flows:
    """Every scenario's load flow of its one period, as `Transmission.solve` has it."""
    newton, rows = party.newton, len(party.loading)
    moving = newton.options.taps == "move" and len(newton.nodal.taps.branch) > 0
    if not isinstance(curve, PowerCurve) or len(curve.bends.knot) or moving or newton.roles.shared or party.loading.size < party.abreast:
        return _one_by_one(party, curve)
    able = np.asarray((curve.worth > Worth.REFUSED).all(-1), bool)
    v, slack, trouble = np.full((rows, newton.nodal.nodes), complex(np.nan, np.nan)), np.full(rows, np.nan), np.full(rows, MUTE, object)
    found, row = _together(party, curve, able), able[:, 0]
    v[row], slack[row] = found.v, found.fixed_s.real.sum(axis=1) - party.loading[able] * newton.problem.planned
    trouble[row] = found.trouble
    ok = row.copy()
    ok[row] = found.converged
    return Flows(v=v, slack=slack, ratio=(None,) * rows, ok=ok, trouble=tuple(trouble.tolist()))


def _one_by_one(party: Transmission, curve: PowerCurve | PortResponse | None) -> Flows:
    found = [party.solve(curve, (r, 0)) for r in range(len(party.loading))]
    nowhere = np.full(party.newton.nodal.nodes, complex(np.nan, np.nan))
    return Flows(
        v=np.array([nowhere if f is None else f.v for f in found]), slack=np.array([np.nan if f is None else f.slack for f in found]),
        ratio=tuple(None if f is None else f.ratio for f in found), ok=np.array([f is not None and f.converged for f in found], bool),
        trouble=tuple(MUTE if f is None else f.trouble for f in found),
    )  # fmt: skip


def _together(party: Transmission, curve: PowerCurve, able: Flag) -> Batch:
    """Load flows of these scenarios and periods, all of whose feeders gave a curve of one piece."""
    k, start, draw = party.loading[able], _start(party, able), party.drawn(curve, able, curve.low[able])
    if not able.any() or not party.opened:
        return solve_many(party.newton, loads=k, units=k, start=start, draw=draw)
    opened = [party.opened[s] for s in np.nonzero(able)[0].tolist()]
    from gridtandem.flow.outages import solve_outages

    return solve_outages(party.newton, opened=opened, loads=k, units=k, start=start, draw=draw)


def _pieces(party: Transmission, curve: PowerCurve, st: tuple[int, ...]) -> Pieces:
    """A letter's curves of one scenario and period, in per unit."""
    bends, wide = curve.bends, len(party.forecast.node)
    here = np.flatnonzero((bends.scenario == st[0]) & (bends.period == st[1]))
    owner, low = np.concatenate([np.arange(wide), bends.interface[here]]), np.concatenate([curve.low[st], bends.knot[here]])
    order = np.lexsort((low, owner))
    owner, low = owner[order], low[order]
    first = np.searchsorted(owner, np.arange(wide + 1))
    high = np.append(low[1:], np.nan)
    high[first[1:] - 1] = curve.high[st]
    c = np.concatenate([curve.c[st], bends.c[here]])[order] if len(here) else curve.c[st]
    return Pieces(node=party.forecast.node, first=first, low=low, high=high, c=(c[:, 0] + 1j * c[:, 1]) / MVA)


def _start(party: Transmission, st: tuple[int, ...] | Flag) -> Complex:
    """Home, or where there is none the network's own start; of one scenario and period, or of those marked."""
    v = party.home[party.home_of[st]]
    return np.where(np.isnan(v.real), party.newton.begin, v)


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
