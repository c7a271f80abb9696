"""Whose curves are shown: buses by name, of transmission and of feeders, and their rows along a coordinated curve.

The voltage of a bus that feeds has crossed; that of any other its owner has noted, at every place of the curve (`gridtandem.study.margin.noted`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.errors import UnknownName, Unreadable
from gridtandem.grid.network import Network
from gridtandem.study.margin.single import Row
from gridtandem.units import MVA

if TYPE_CHECKING:
    from gridtandem.study.margin.coordinated import Coordinated

LUMPED = ("tcpf", "tcpf-lm")  # tools that know no bus of a feeder


def checked(case: Case, tools: Sequence[str], buses: Sequence[str]) -> None:
    """`UnknownName` where none of these tools could show a bus."""
    if not buses:
        return
    table = case.interfaces
    own = _live(case.transmission)
    inside = [f"{feeder}/{bus}" for feeder, m in zip(table.feeder.tolist(), table.model.tolist(), strict=True) for bus in _live(case.models[m])]
    for bus in buses:
        if bus not in own and bus in inside and not set(tools) - set(LUMPED):
            raise Unreadable(f"{bus} is a bus of a feeder, which {' and '.join(tools)} do not know; take tool ccpf or merged")
        if bus not in own and bus not in inside:
            raise UnknownName("bus", bus, [*own, *inside])


def feeding(case: Case) -> tuple[str, ...]:
    """Transmission buses that feed, in the order of the interfaces."""
    return tuple(dict.fromkeys(case.transmission.buses.name[case.interfaces.bus].tolist()))


def curve_rows(c: Coordinated, buses: Sequence[str]) -> list[Row]:
    """Of these buses; places at which its owner did not stand are left out."""
    points, party = c.traced.points, c.seats.transmission
    stages = [party.system(party.newton.held).stage, *(f.equations(f.newton.held)[0] for f in c.seats.feeders)]
    rows: list[Row] = []
    for network, node, name in _places(c, buses):
        fed, stage = np.flatnonzero((party.at == node) & (network == 0)), stages[network]
        for n, growth in enumerate(points.growth.tolist()):
            if not len(fed) and n not in c.voltages:
                continue
            v = points.v[n, fed[0]] if len(fed) else c.voltages[n][network][node]
            law = stage.loads(growth)
            here = np.flatnonzero(law.node == node)
            own = float(law.take(here).at(np.full(len(here), v))[0].real.sum()) * MVA
            rows.append((c.tool, name, n, growth, points.load[n], v, own + float(points.s[n, fed, 0].sum())))
    return rows


def _places(c: Coordinated, buses: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Network (0: transmission), node and name of each bus; without any, of those that feed."""
    seats = c.seats
    own = seats.transmission.newton.nodal
    grids = [("", own), *((f"{feeder}/", nodal) for feeder, nodal in zip(seats.case.interfaces.feeder.tolist(), seats.nodals, strict=True))]
    for bus in buses or feeding(seats.case):
        for k, (before, nodal) in enumerate(grids):
            row = np.flatnonzero(nodal.network.buses.name == bus.removeprefix(before)) if bus.startswith(before) else np.empty(0, np.int64)
            if len(row) and nodal.node[row[0]] >= 0:
                yield k, int(nodal.node[row[0]]), bus
                break


def _live(network: Network) -> list[str]:
    return [str(name) for name in network.buses.name[network.buses.live]]
