"""What decisions mean for every resource: its power, its reactive power, its cost, period by period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.network import Network
from gridtandem.resources.part import Window
from gridtandem.resources.reactive import free_units
from gridtandem.resources.steps import FLEXIBLE, UNIT, PricedSteps, unit_constants
from gridtandem.tables import Index, Real

KINDS = ("generators", "flexible", "storages", "vehicles")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Dispatch:
    """Resources of one kind, (period, resource); injection is positive."""

    kind: str  # one of `KINDS`
    row: Index  # of its table
    bus: Index
    p: Real  # [MW]
    q: Real  # [Mvar]
    cost: Real  # [currency in the period]


def dispatched(net: Network, steps: PricedSteps, x: Mapping[str, Real], window: Window, *, source: bool) -> Iterator[Dispatch]:
    """Every resource in service. ``x`` are decisions in blocks as `gridtandem.resources.day` names them; a missing block stands for none."""
    yield _units(net, steps, x, window, source=source)
    mine = np.flatnonzero(steps.source == FLEXIBLE)
    if len(mine):
        power = x["x"][:, mine]
        cost = (steps.price[mine] * power + 0.5 * steps.slope[mine] * power**2) * window.hours
        yield Dispatch(
            kind="flexible", row=steps.row[mine], bus=steps.bus[mine], p=steps.sign[mine] * power, q=steps.q_share[mine] * power, cost=cost
        )
    s, v = net.storages, net.vehicles
    if "charge" in x:
        live = np.flatnonzero(s.live & net.buses.live[s.bus])
        cost = s.cost_per_mwh[live] * (x["charge"] + x["discharge"]) * window.hours
        give = x["discharge"] - x["charge"]
        yield Dispatch(kind="storages", row=live, bus=s.bus[live], p=give, q=x.get("q_storage", np.zeros_like(give)), cost=cost)
    if "plug" in x:
        live = np.flatnonzero(v.live & net.buses.live[v.bus])
        give = x["back"] - x["plug"]
        yield Dispatch(
            kind="vehicles", row=live, bus=v.bus[live], p=give, q=np.zeros_like(give), cost=v.cost_per_mwh[live] * x["back"] * window.hours
        )


def _units(net: Network, steps: PricedSteps, x: Mapping[str, Real], window: Window, *, source: bool) -> Dispatch:
    g = net.generators
    live = np.flatnonzero(g.live & net.buses.live[g.bus] & (source | (g.control != REFERENCE)))
    periods = window.periods
    p = steps.power(x["x"], len(g))
    q, cost = np.broadcast_to(g.q_mvar, p.shape).copy(), np.zeros(p.shape)
    if "q" in x:
        q[:, free_units(net)] = x["q"]
    mine = np.flatnonzero(steps.source == UNIT)
    paid = steps.price[mine] * x["x"][:, mine] + 0.5 * steps.slope[mine] * x["x"][:, mine] ** 2
    np.add.at(cost.T, steps.row[mine], paid.T)
    cost = (cost + np.broadcast_to(unit_constants(net, source=source), (periods, len(g)))) * window.hours
    return Dispatch(kind="generators", row=live, bus=g.bus[live], p=p[:, live], q=q[:, live], cost=cost[:, live])
