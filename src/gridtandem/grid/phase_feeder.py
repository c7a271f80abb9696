"""A three-phase feeder with devices that follow prices, and the spots where they hang.

Devices stand in the same tables as those of balanced feeders, with the same units; only their buses are **spots**: a bus and the coils there that
share the power evenly. A spot is written as a name:

* ``675.a`` one phase to ground, ``675.ab`` and ``675.abc`` two or three of them, ``675`` all phases of the bus;
* ``675.a-b`` between two phases, ``675.a-b-c`` the three coils of a delta.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.devices import FOLLOWERS
from gridtandem.grid.network import Network
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.tables import Flag, Table

GROUND = 0
LOADS = FOLLOWERS.index("loads")
FORMS = "write BUS, BUS.a, BUS.abc, BUS.a-b or BUS.a-b-c"
WITHOUT = ("lines", "transformers", "ties", "shunts")  # of the device tables: the network has its own
Coil = tuple[int, int]  # 1, 2, 3 are phases a, b, c and 0 is ground


@final
@dataclass(frozen=True, slots=True)
class Spot:
    """A bus and the coils there among which power is shared evenly."""

    bus: int
    coils: tuple[Coil, ...]

    @property
    def connection(self) -> int:
        """Wye where a coil ends at ground."""
        return pe.WYE if self.coils[0][1] == GROUND else pe.DELTA

    @property
    def terminals(self) -> tuple[int, int, int]:
        """Phases on which it ends, as the tables of a network write them."""
        ends = [a for a, _ in self.coils] if self.connection == pe.WYE or len(self.coils) > 1 else list(self.coils[0])
        return tuple([*ends, 0, 0][:3])  # type: ignore[return-value]

    def name(self, net: ThreePhaseNetwork) -> str:
        """As it is told: the bus, a dot, the phases."""
        ends = [pe.NODES[t] for t in self.terminals if t]
        return f"{net.buses.name[self.bus]}.{('' if self.connection == pe.WYE else '-').join(ends)}"


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PhaseFeeder:
    """The network, and tables of devices whose buses are names of spots. Voltage limits stand in the network's bus table."""

    network: ThreePhaseNetwork
    devices: Network

    @property
    def name(self) -> str:
        """That of the network."""
        return self.network.name

    def spots(self) -> tuple[Spot, ...]:
        """Of every bus of the devices; `InvalidCase` names all that are none."""
        if found := [f.at(self.name) for f in self._spot_faults()]:
            raise InvalidCase(found)
        return tuple(spot for spot in self._found() if isinstance(spot, Spot))

    @property
    def of_network(self) -> Flag:
        """Which lines of the table of followers name a load of the network."""
        f = self.devices.follows
        return np.asarray((f.what == LOADS) & np.isin(f.row, self.network.loads.name))

    def check(self) -> PhaseFeeder:
        """The feeder itself, or `InvalidCase` with all its faults."""
        if found := [f.at(self.name) for f in self.faults()]:
            raise InvalidCase(found)
        return self

    def faults(self) -> Iterator[Fault]:
        """Everything wrong with network, devices and spots."""
        broken = [*self.network.faults()]
        yield from broken
        yield from replace(self.devices, follows=self.devices.follows.take(~self.of_network)).faults()
        for name in WITHOUT:
            table: Table = getattr(self.devices, name)
            if len(table):
                yield Fault(name, f"have {len(table)} rows beside the devices of a three-phase feeder", "state them in its network", "phase-001")
        if not broken:
            yield from self._spot_faults()

    def _found(self) -> list[Spot | str]:
        rows = {name: k for k, name in enumerate(self.network.buses.name.tolist())}
        return [spot_named(self.network, rows, name) for name in self.devices.buses.name.tolist()]

    def _spot_faults(self) -> Iterator[Fault]:
        buses = self.devices.buses
        seen: dict[Spot, str] = {}
        for k, (name, found) in enumerate(zip(buses.name.tolist(), self._found(), strict=True)):
            if isinstance(found, str):
                yield buses.fault(k, "name", found, FORMS, "phase-002")
            elif (first := seen.setdefault(found, name)) != name:
                yield buses.fault(k, "name", f"is the same spot as {first!r}", "keep one of the two", "phase-002")
        for column, none in (("v_low_pu", 0.0), ("v_high_pu", np.inf)):
            for k in np.flatnonzero(getattr(buses, column) != none).tolist():
                yield buses.fault(k, column, "limits a voltage at a spot", "give the limit to the bus, in the network", "phase-003")


def rising(coil: Coil) -> Coil:
    """Between phases, the lower one first: which end is named first means nothing for power."""
    return (min(coil), max(coil)) if coil[1] else coil


def spot_named(net: ThreePhaseNetwork, rows: Mapping[str, int], name: str) -> Spot | str:
    """The spot of that name, or why there is none; ``rows`` of the buses by name."""
    bus, _, told = (name, "", "") if name in rows else name.rpartition(".")
    if bus not in rows:
        return "names no bus of the network"
    row = rows[bus]
    there = [p + 1 for p in range(3) if net.buses.phases[row, p]]
    delta = "-" in told
    words = told.split("-") if delta else list(told)
    ends = [pe.PHASES.index(w) + 1 for w in words if w in pe.PHASES] if told else there
    if len(ends) < len(words) or len(set(ends)) < len(ends) or not ends or (delta and len(ends) < 2):
        return f"has {told!r} after its bus, which makes no coil"
    if not set(ends) <= set(there):
        return f"names a phase that bus {bus!r} lacks"
    ends = sorted(ends)
    return Spot(row, tuple(pe.coils(pe.DELTA if delta else pe.WYE, np.array(ends))))


def within(net: ThreePhaseNetwork, low: float, high: float) -> ThreePhaseNetwork:
    """The network with these voltage limits wherever a bus has none of its own, but for the bus of the source."""
    b = net.buses
    inner = ~np.isin(np.arange(len(b)), net.sources.bus)
    band = {
        "v_low_pu": np.where(inner & (b.v_low_pu == 0), low, b.v_low_pu), "v_high_pu": np.where(inner & np.isinf(b.v_high_pu), high, b.v_high_pu),
    }  # fmt: skip
    return replace(net, buses=replace(b, **band))
