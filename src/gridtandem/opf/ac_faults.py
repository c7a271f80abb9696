"""What keeps a network from an AC optimal power flow: everything wrong with it, buses that no unit can supply, and costs that bend the wrong way."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gridtandem.errors import Fault
from gridtandem.grid.network import Network, wired
from gridtandem.grid.topology import NOBODY, lost_faults
from gridtandem.tables import Flag, Index

CONVEX = 1e-9  # relative; by how much a slope of a piecewise-linear cost may fall, for the digits of a file


def ac_faults(network: Network, supplied: Index = NOBODY) -> Iterator[Fault]:
    """All faults at once. Buses ``supplied`` are fed from outside. What is connected to what is looked at even where numbers are wrong."""
    found = list(network.faults())
    yield from found
    if wired(found):
        yield from lost_faults(network, supplied)
        yield from bent_faults(network)


def bent_faults(network: Network) -> Iterator[Fault]:
    """Units in service whose piecewise-linear cost rises ever less."""
    points, units, buses = network.cost_points, network.generators, network.buses
    for g in np.unique(points.generator[_live(network)[points.generator]]).tolist():
        here = points.generator == g
        with np.errstate(all="ignore"):
            steep = np.diff(points.cost_per_h[here]) / np.diff(points.p_mw[here])
        if (np.diff(steep) < -CONVEX * np.abs(steep[:-1]) - CONVEX).any():
            what = f"at bus {buses.label(int(units.bus[g]))!r} has a cost whose slope falls, which no line below it can follow"
            yield units.fault(g, "name", what, "give points of rising slope, or a polynomial", "case-098")


def _live(network: Network) -> Flag:
    """Units in service at buses in service."""
    g = network.generators
    return np.asarray(g.live & network.buses.live[g.bus])
