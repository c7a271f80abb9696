"""Transmission's desk for bounds: what it costs at least if feeders pay prices for whatever they take, its network relaxed to cones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.opf_letters import Limits, LimitsOfVoltage, RelaxedAbove, RelaxedUnder
from gridtandem.opf.cone import ConeOpf
from gridtandem.parties.ac_transmission import AcTransmission
from gridtandem.parties.ac_units import BASE, priced
from gridtandem.tables import Index, Real
from gridtandem.units import MVA


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AcConeTransmission:
    """One relaxation for each period, with one port for each boundary bus."""

    held: tuple[ConeOpf, ...]  # (period)
    port: Index  # (interface) which of the boundary buses
    many: Real  # (interface) interfaces at its bus

    @staticmethod
    def of(desk: AcTransmission) -> AcConeTransmission:
        """Of the network that it dispatches."""
        node, port = np.unique(desk.held[0].port, return_inverse=True)
        nets = [at.problem.form.nodal for at in desk.held]
        held = tuple(ConeOpf.of(nodal.network, nodal.bus[node], -1.0) for nodal in nets)
        return AcConeTransmission(held=held, port=np.asarray(port.ravel(), np.int64), many=np.bincount(port.ravel())[port.ravel()].astype(float))

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {LimitsOfVoltage: self.limits, RelaxedUnder: self.relaxed_under}

    def limits(self, ask: LimitsOfVoltage) -> Limits:  # noqa: ARG002 — the letter has no content
        """Of its own buses."""
        low, high = (np.stack([getattr(at.form, name)[at.port[self.port]] for at in self.held])[None] for name in ("w_low", "w_high"))
        bus = np.broadcast_to(self.port, low.shape).copy()
        return Limits(low, high, bus, np.full(low.shape, Worth.EXACT, np.int8))

    def relaxed_under(self, ask: RelaxedUnder) -> RelaxedAbove:
        """A bound at prices. Feeders of one bus share what passes there equally; where they pay different prices of power there is no bound."""
        y, least = np.full(ask.price.shape, np.nan), np.full(ask.price.shape[:2], np.nan)
        for s, t in np.ndindex(*least.shape):
            price, at = priced(ask.price[s, t]), np.zeros((len(self.held[t].port), 3))
            at[self.port, :2] = price[:, :2]
            np.add.at(at[:, 2], self.port, price[:, 2])
            room = tuple(self._summed(x[s, t]) / MVA for x in (ask.low, ask.high))
            found = self.held[t].under(at, room=(room[0], room[1]))
            if np.isfinite(found.least) and np.array_equal(at[self.port, :2], price[:, :2]):
                least[s, t], y[s, t] = found.least, found.y[self.port] * BASE
                y[s, t, :, :2] /= self.many[:, None]
        return RelaxedAbove(y, np.where(np.isfinite(y[..., 0]), Worth.BOUND, Worth.REFUSED).astype(np.int8), least)

    def _summed(self, limit: Real) -> Real:
        """Limits of interfaces (interface, 2) together at each bus."""
        out = np.zeros((len(self.held[0].port), 2))
        np.add.at(out, self.port, limit)
        return out
