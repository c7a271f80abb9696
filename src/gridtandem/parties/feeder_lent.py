"""Storage that a distribution company lends: the letter that offers it, and what the award's use of it means for the feeder's own problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import numpy as np

from gridtandem.boundary.storage_letters import NO_STORES, Stores
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.storage_envelope import WAYS, Lent
from gridtandem.tables import Index, Real

NEAR = 1e-8  # MW; two solvers keep energy inside its bounds to 1e-9 and less in each period

Use = tuple[Real, Real]  # taken and given (period, storage), NaN where the feeder decides [MW]


def stores_of(lent: Mapping[int, Lent], kind: Index, whole: tuple[FeederProblem, ...]) -> Stores:
    """The letter about what feeders lend; ``kind`` says which feeder stands behind each interface."""
    found = [_stores(i, lent[f], whole[f]) for i, f in enumerate(kind.tolist()) if f in lent and len(lent[f].unit)]
    if not found:
        return NO_STORES
    return Stores(**{c.name: np.concatenate([getattr(s, c.name) for s in found]) for c in fields(Stores)})


def _stores(interface: int, lent: Lent, whole: FeederProblem) -> Stores:
    """Of one interface, by period and storage."""
    periods, size = lent.charge.shape
    s, buses, energy = whole.network.storages, whole.network.buses, whole.program.columns["energy"]
    row = np.flatnonzero(s.live & buses.live[s.bus])[lent.unit]
    period = np.repeat(np.arange(periods), size)

    def each(x: Real) -> Real:
        return np.broadcast_to(x, (periods, size)).ravel().astype(float)

    return Stores(
        np.zeros_like(period), period, np.full_like(period, interface), np.tile(lent.unit, periods), lent.charge.ravel(), lent.discharge.ravel(),
        each(energy.low[:, lent.unit]), each(energy.high[:, lent.unit]), each(s.energy_start_mwh[row]), each(s.efficiency_in[row]),
        each(s.efficiency_out[row]), each(s.cost_per_mwh[row]),
    )  # fmt: skip


def kept(problem: FeederProblem, use: Use | None) -> dict[str, tuple[Real, Real]]:
    """Bounds under which storage does what the market made of it."""
    if use is None or WAYS[0] not in problem.program.columns:
        return {}
    out = {}
    for name, power in zip(WAYS, use, strict=True):
        c, told = problem.program.columns[name], ~np.isnan(power)
        low, high = (np.clip(np.where(told, power, 0.0) + way * NEAR, c.low, c.high) for way in (-1, 1))
        out[name] = (np.where(told, low, c.low), np.where(told, high, c.high))
    return out
