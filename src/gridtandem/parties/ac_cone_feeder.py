"""A distribution company's desk for bounds: what each feeder costs at least under prices, its network relaxed to cones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.opf_letters import Relaxed, RelaxedAt, Room, RoomWithin
from gridtandem.opf.cone import ConeOpf
from gridtandem.parties.ac_feeder import AcFeeders
from gridtandem.parties.ac_units import BASE, priced
from gridtandem.tables import Index
from gridtandem.units import MVA


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AcConeFeeders:
    """One relaxation for each different feeder and period."""

    kind: Index  # (interface) which of the feeders
    held: tuple[tuple[ConeOpf, ...], ...]  # (feeder)(period)

    @staticmethod
    def of(desk: AcFeeders) -> AcConeFeeders:
        """Of the feeders that a company dispatches."""
        nodal = [[at.problem.form.nodal for at in day] for day in desk.held]
        held = tuple(
            tuple(ConeOpf.of(net.network, net.bus[at.port], 1.0) for net, at in zip(nets, day, strict=True))
            for nets, day in zip(nodal, desk.held, strict=True)
        )
        return AcConeFeeders(kind=desk.kind, held=held)

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {RoomWithin: self.room_within, RelaxedAt: self.relaxed_at}

    def room_within(self, ask: RoomWithin) -> Room:
        """From limits of loads and units, and from what branches can lose."""
        low, high = np.empty((*ask.low.shape, 2)), np.empty((*ask.low.shape, 2))
        for s, t, i in np.ndindex(*ask.low.shape):
            k = s, t, i
            low[k], high[k] = (x[0] * MVA for x in self.held[int(self.kind[i])][t].room((ask.low[k][None], ask.high[k][None])))
        return Room(low, high, np.full(ask.low.shape, Worth.EXACT, np.int8))

    def relaxed_at(self, ask: RelaxedAt) -> Relaxed:
        """A bound at prices and between limits of voltage."""
        y, least = np.full(ask.price.shape, np.nan), np.full(ask.low.shape, np.nan)
        for s, t, i in np.ndindex(*ask.low.shape):
            k = s, t, i
            found = self.held[int(self.kind[i])][t].under(-priced(ask.price[k])[None], w=(ask.low[k][None], ask.high[k][None]))
            if np.isfinite(found.least):
                y[k], least[k] = found.y[0] * BASE, found.least
        return Relaxed(y, least, np.where(np.isfinite(least), Worth.BOUND, Worth.REFUSED).astype(np.int8))
