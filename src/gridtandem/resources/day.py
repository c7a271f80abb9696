"""Everything a network owns, as one part of a program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.errors import Fault
from gridtandem.grid.devices import unpriced
from gridtandem.grid.network import Network
from gridtandem.resources.part import Part, Window, joined
from gridtandem.resources.reactive import reactive
from gridtandem.resources.steps import PricedSteps, cost_faults, ramp_rows
from gridtandem.resources.storage import storage, store_faults, vehicles
from gridtandem.tables import Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Owned:
    """Resources and fixed demand of one network over a window."""

    part: Part
    steps: PricedSteps
    p_load: Real  # (period, node) [MW]
    q_load: Real  # (period, node) [Mvar]

    @property
    def coupled(self) -> bool:
        """Whether periods hang together."""
        return bool({"store", "owed", "ramp"} & self.part.rows.keys())


def owned(net: Network, node: Index, nodes: int, window: Window, *, source: bool) -> Owned:
    """``node`` is the node of each bus; ``source`` False leaves out the reference unit (a feeder's own), and reactive power counts."""
    steps = PricedSteps.of(net, window, source=source)
    parts = [steps.part(nodes, node, net.generators.bus, window.hours)]
    if not source:
        parts.append(reactive(net, nodes, node, steps))
    parts += [p for p in (storage(net, nodes, node, window), vehicles(net, nodes, node, window)) if p is not None]
    if rows := ramp_rows(net, steps, window.hours):
        parts.append(Part(columns={}, p={}, rows=rows))
    p, q = loads(net, node, nodes, window)
    return Owned(part=joined(parts), steps=steps, p_load=p, q_load=q)


def loads(net: Network, node: Index, nodes: int, window: Window) -> tuple[Real, Real]:
    """Fixed demand (period, node) at 1 pu. [MW, Mvar]"""
    d = net.loads
    live = np.flatnonzero(d.live & net.buses.live[d.bus])
    factor = window.of(net.factors("loads", window.end))[:, live]
    out = np.zeros((2, nodes, window.periods))
    for k, power in enumerate((d.p_mw, d.q_mvar)):
        np.add.at(out[k], node[d.bus[live]], (factor * power[live]).T)
    return out[0].T, out[1].T


def faults(net: Network, periods: int, *, source: bool) -> Iterator[Fault]:
    """Everything that keeps this network from a market over so many periods."""
    yield from cost_faults(net, source=source)
    yield from store_faults(net, periods)
    for k in range(0 if source else len(net.requirements)):
        mend = "write it into transmission's folder; feeders only offer"
        yield net.requirements.fault(k, "period", "asks for regulation in a feeder, which only transmission buys", mend, "case-086")
    for k in range(len(net.tariffs) if source else 0):
        mend = "write it into the folders of a company's feeders; demand in transmission pays the price of its bus"
        yield net.tariffs.fault(k, "price_per_mwh", "is a tariff in transmission, which sells to no final customer", mend, "case-107")
    if periods > max(net.periods, net.tariffs.period.max(initial=0)):
        yield from unpriced(net.tariffs, periods)
    if net.periods and net.periods < periods:
        yield Fault("profiles", f"reach to period {net.periods} of {periods}", "give every period a factor, or ask for fewer hours", "case-097")
