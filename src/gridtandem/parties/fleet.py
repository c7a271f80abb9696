"""A distribution company's load-flow desk: any number of feeders behind any number of interfaces, answered in one sweep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import (
    Alone,
    Bends,
    Boundary,
    FeederCurve,
    PortResponse,
    PortResponseAt,
    Power,
    PowerAt,
    PowerOver,
    Response,
    ResponseAt,
    Worth,
)  # fmt: skip
from gridtandem.flow import chebyshev
from gridtandem.flow.feeders import Feeders
from gridtandem.flow.knots import Piece, pieces
from gridtandem.flow.multiport import MultiPort, PortsDrawn
from gridtandem.flow.states import States
from gridtandem.tables import Code, Complex, Index, Names, Real
from gridtandem.units import MVA

EXACT = 1e-6  # MVA; curves this good are worth as much as a load flow of usual tolerance
NOWHERE = complex(np.nan, np.nan)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fleet:
    """Feeders of one company; ``count`` identical ones lie in parallel behind each interface.

    Letters without angles are answered for feeders with one port; other rows are refused.
    """

    interface: Names  # names, for explanations
    alone: Index  # interfaces that are the only port of their feeder
    feeders: Feeders  # behind those
    port: Index  # the other interfaces, those of one feeder one after another
    several: MultiPort  # feeders behind those
    count: Index
    loading: Real  # (scenario, period, interface): factor on the loads

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {
            PowerAt: self.power_at, ResponseAt: self.response_at, PowerOver: self.power_over, PortResponseAt: self.port_response_at,
            Alone: self.by_itself,
        }  # fmt: skip

    def power_at(self, ask: PowerAt) -> Power:
        """Draw at a voltage."""
        s, _ = self.draw(ask.v, slope=False)
        return Power(_pair(s), _worth(s))

    def response_at(self, ask: ResponseAt) -> Response:
        """Draw at a voltage, and its slope."""
        s, ds = self.draw(ask.v, slope=True)
        return Response(ask.v, _pair(s), _pair(ds), _worth(s + ds))

    def port_response_at(self, ask: PortResponseAt) -> PortResponse:
        """Draw at every port, and its slopes by the voltages of all ports of the same feeder."""
        s, ds = self.draw(ask.v, slope=True)
        found, (row, column) = self._at_ports(_complex(ask.v, ask.angle), slope=True), self.several.pairs
        s[..., self.port], ds[..., self.port] = found.s, 0.0
        own = np.moveaxis(ds[..., self.alone], -1, 0)
        dv, dangle = (_pair(np.concatenate(parts)) for parts in ((own, found.by_v), (np.zeros_like(own), found.by_angle)))
        interface, other = (np.concatenate([self.alone, self.port[port]]) for port in (row, column))
        order = np.lexsort((other, interface))
        return PortResponse(
            v=ask.v, angle=ask.angle, s=_pair(s), interface=interface[order], other=other[order], dv=dv[order], dangle=dangle[order],
            worth=_worth(s + ds),
        )  # fmt: skip

    def power_over(self, ask: PowerOver) -> FeederCurve:
        """Draw over a range of voltages, in pieces where taps or reactive limits bend it; refused where it has no load flow somewhere in it."""
        u = np.concatenate([chebyshev.nodes(ask.degree), chebyshev.checks(ask.degree)])[:, None, None, None]
        v = (ask.low + ask.high) / 2 + u * (ask.high - ask.low) / 2
        v[..., self.alone[self.feeders.controlled]] = np.nan  # those are asked one by one
        s, _ = self._drawn(v, np.broadcast_to(self.loading, v.shape), slope=False)
        at, beside = np.split(_pair(s), [ask.degree + 1])
        c = chebyshev.coefficients(at)
        error = chebyshev.promised(c, beside)
        error[np.isnan(s).any(0)] = np.nan
        c[np.isnan(error)] = np.nan
        bends = self._bends(ask, c, error)
        worth = np.where(error <= EXACT, Worth.EXACT, Worth.ESTIMATE)
        return FeederCurve(c, error, np.where(np.isnan(error), Worth.REFUSED, worth).astype(np.int8), bends)

    def _bends(self, ask: PowerOver, c: Real, error: Real) -> Bends:
        """Fill in first pieces and errors of controlled feeders; the pieces that follow. Equal feeders are solved once."""
        known: dict[tuple[float, ...], tuple[Piece, ...]] = {}
        rows, more = [], []
        for at in np.flatnonzero(self.feeders.controlled).tolist():
            i = int(self.alone[at])
            for s, t in np.ndindex(self.loading.shape[:2]):
                loading, low, high, factor = (float(x) for x in (self.loading[s, t, i], ask.low[s, t, i], ask.high[s, t, i], self.count[i] * MVA))
                key = (float(self.feeders.single[at]), loading, low, high)
                if key not in known:
                    known[key] = pieces(self.feeders.answer(at, loading), low, high, ask.degree)
                if found := known[key]:
                    c[s, t, i], error[s, t, i] = factor * found[0].c, factor * max(p.error for p in found)
                rows += [(s, t, i, p.low) for p in found[1:]]
                more += [factor * p.c for p in found[1:]]
        if not rows:
            return Bends.none(ask.degree + 1)
        scenario, period, interface, knot = (np.array(x) for x in zip(*rows, strict=True))
        return Bends(scenario, period, interface, knot, np.stack(more))

    def by_itself(self, ask: Alone) -> Boundary:  # noqa: ARG002 — the letter has no content
        """The draw at nominal voltage, the same at all ports of a feeder."""
        v = np.ones(self.loading.shape)
        s, _ = self.draw(v, slope=False)
        s[..., self.port] = self._at_ports(_complex(v, 0.0 * v), slope=False).s
        return Boundary(v, np.zeros_like(v), _pair(s), _worth(s))

    def draw(self, v: Real, *, slope: bool) -> tuple[Complex, Complex]:
        """Power and slope of all parallel feeders together, MVA, for voltages (scenario, period, interface); NaN where there is no solution,
        and where it takes more than this voltage to say.
        """
        return self._drawn(v, np.broadcast_to(self.loading, v.shape), slope=slope)

    def _drawn(self, v: Real, loading: Real, *, slope: bool) -> tuple[Complex, Complex]:
        at, mute = self.alone, np.isnan(v[..., self.alone])
        found = self.feeders.draw(np.where(mute, 1.0, v[..., at]), loading[..., at], slope=slope)
        gone, factor = mute | ~found.ok, self.count[at] * MVA
        s, ds = np.full((2, *v.shape), NOWHERE)
        s[..., at] = np.where(gone, NOWHERE, found.s * factor)
        ds[..., at] = np.where(gone, NOWHERE, found.ds * factor) if slope else s[..., at]
        return s, ds

    def _at_ports(self, v: Complex, *, slope: bool) -> PortsDrawn:
        """The same for the ports of feeders with several, at complex voltages (scenario, period, interface). [MVA]"""
        found, factor = self.several.draw(v[..., self.port], self.loading[..., self.port], slope=slope), self.count[self.port] * MVA
        by_row = factor[self.several.pairs[0]][:, None, None] if slope else 1.0
        return PortsDrawn(s=found.s * factor, by_v=found.by_v * by_row, by_angle=found.by_angle * by_row)

    def plan(self, v: Complex, st: tuple[int, ...]) -> States:
        """The solved state of one feeder behind each interface, for voltages ``v`` (interface); ports of one feeder share its state."""
        k = self.loading[st]
        own = self.feeders.states(v[self.alone], k[self.alone])
        if not len(self.port):
            return own.take(np.argsort(self.alone))
        return States.of([own, self.several.states(v[self.port], k[self.port])]).take(np.argsort(np.concatenate([self.alone, self.port])))

    def explain(self, k: int, v: Complex, st: tuple[int, ...]) -> str:
        """Why the feeder behind interface ``k`` has no answer at the voltages ``v`` of all interfaces, for its owner."""
        loading = float(self.loading[st][k])
        if k in self.port:
            return _explained_ports(self, int(np.flatnonzero(self.port == k)[0]), v[self.port], loading)
        return _explained_single(self, int(np.flatnonzero(self.alone == k)[0]), float(np.abs(v[k])), loading)


def _explained_single(fleet: Fleet, at: int, v: float, loading: float) -> str:
    name, share = fleet.interface[fleet.alone[at]], fleet.feeders.loadable(v, at, loading)
    if share >= 1.0:
        return f"interface {name}: solvable at {v:.4f} pu"
    floor = fleet.feeders.lowest_voltage(at, loading)
    below = f"; it is infeasible below {floor:.4f} pu" if np.isfinite(floor) else "; no root voltage up to 2 pu serves it"
    return f"interface {name}: the feeder has no load flow at {v:.4f} pu; {_most(share)}{below}"


def _explained_ports(fleet: Fleet, at: int, v: Complex, loading: float) -> str:
    feeder = int(np.searchsorted(fleet.several.start, at, side="right")) - 1
    mine = slice(*fleet.several.start[feeder : feeder + 2])
    names, share = ", ".join(fleet.interface[fleet.port[mine]].tolist()), fleet.several.loadable(v, feeder, loading)
    where = ", ".join(f"{size:.4f} pu at {angle:.2f}°" for size, angle in zip(np.abs(v[mine]), np.degrees(np.angle(v[mine])), strict=True))
    return f"interfaces {names}: " + (f"solvable at {where}" if share >= 1.0 else f"the feeder has no load flow at {where}; {_most(share)}")


def _most(share: float) -> str:
    return f"the largest solvable loading there is λ = {share:#.4g}" if share > 0 else "not even without load: look at the schedule of its units"


def _complex(v: Real, angle: Real) -> Complex:
    out: Complex = v * np.exp(1j * angle)
    return out


def _pair(s: Complex) -> Real:
    return np.stack([s.real, s.imag], -1)


def _worth(s: Complex) -> Code:
    return np.where(np.isnan(s), Worth.REFUSED, Worth.EXACT).astype(np.int8)
