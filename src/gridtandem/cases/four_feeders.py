"""IEEE 14 with four 33-bus feeders in which it matters who knows the feeders' limits: the grid on which architectures are compared.

Two feeders have more sun at midday than their voltages or lines let out, one has grown until its voltage needs its own units in the evening, and one
never reaches a limit. Each has eleven resources without reactive power, and its hours do not hang together. All of it is ours but the networks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.cases.library import network
from gridtandem.cases.market_parts import Block, UnitRow, giving, limited, renewables, with_day, with_units, within
from gridtandem.grid.network import Network
from gridtandem.tables import Real

NAME, TITLE = "four-feeders", "IEEE 14-bus with four 33-bus feeders whose limits matter, 24 h"
SOURCE = "networks: IEEE 14-bus and the 33-node feeder of M. E. Baran and F. F. Wu; resources, prices, growth of load and line limits are ours"
BAND = (0.9, 1.1)  # of transmission voltages [pu]
CONDUCTORS_MVA = (0.8, 1.25, 2.0, 3.15, 5.0, 6.3)
SWITCHED_MVA, SWITCHED_OVER = 2.0, ("2-19", "19-20", "20-21", "21-22")  # take over the end of the main when that is switched
FILLED = 0.85  # of a conductor by the peak load of the feeder as published


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is ours of a feeder."""

    growth: float  # of its load
    voltage: tuple[float, float]
    least_mva: float  # its smallest conductor
    units: Sequence[tuple[str, str, Sequence[Block]]]  # kind, bus, blocks
    gives: Sequence[tuple[str, float, float]]  # demand that gives way: bus, most, price


FEEDERS: Mapping[str, Told] = {
    "9": Told(  # too much sun along the main: voltage
        growth=1.0, voltage=(0.90, 1.03), least_mva=2.0,
        units=(
            ("PV", "12", [(0.8, 0.0)]), ("PV", "16", [(0.9, 0.0)]), ("PV", "18", [(0.7, 0.0)]), ("PV", "22", [(0.4, 0.0)]),
            ("CHP", "8", [(0.4, 34.0)]), ("CHP", "25", [(0.5, 31.5), (0.3, 40.0)]), ("diesel", "14", [(0.4, 62.0)]), ("diesel", "33", [(0.5, 57.0)]),
            ("battery", "17", [(-0.4, 29.0), (0.4, 40.5)]),
        ),
        gives=(("24", 0.15, 75.0), ("30", 0.08, 85.0)),
    ),
    "10": Told(  # never at a limit
        growth=0.8, voltage=(0.90, 1.05), least_mva=0.8,
        units=(
            ("PV", "6", [(0.3, 0.0)]), ("PV", "24", [(0.3, 0.0)]), ("wind", "3", [(0.4, 0.0)]), ("wind", "20", [(0.2, 0.0)]),
            ("CHP", "7", [(0.3, 33.0)]), ("CHP", "26", [(0.3, 36.5)]), ("CHP", "22", [(0.25, 40.1)]), ("diesel", "4", [(0.4, 60.0)]),
            ("battery", "5", [(-0.3, 30.2), (0.3, 40.2)]),
        ),
        gives=(("25", 0.12, 70.0), ("32", 0.06, 80.0)),
    ),
    "13": Told(  # too much power on laterals: current
        growth=1.0, voltage=(0.90, 1.05), least_mva=0.8,
        units=(
            ("PV", "25", [(1.6, 0.0)]), ("PV", "33", [(1.0, 0.0)]), ("PV", "31", [(0.9, 0.0)]), ("PV", "20", [(0.4, 0.0)]),
            ("CHP", "24", [(0.6, 32.5)]), ("CHP", "32", [(0.5, 30.0), (0.3, 39.0)]), ("diesel", "11", [(0.4, 58.0)]), ("diesel", "18", [(0.3, 64.0)]),
            ("battery", "29", [(-0.4, 28.0), (0.4, 41.0)]),
        ),
        gives=(("8", 0.08, 78.0), ("14", 0.05, 90.0)),
    ),
    "14": Told(  # load has grown: voltage falls in the evening
        growth=1.2, voltage=(0.92, 1.05), least_mva=0.8,
        units=(
            ("PV", "14", [(0.4, 0.0)]), ("PV", "30", [(0.4, 0.0)]), ("wind", "22", [(0.3, 0.0)]),
            ("CHP", "25", [(0.4, 35.0)]), ("CHP", "6", [(0.3, 40.3)]), ("diesel", "18", [(0.6, 54.0)]), ("diesel", "13", [(0.5, 66.0)]),
            ("diesel", "32", [(0.6, 59.0)]), ("battery", "16", [(-0.3, 29.5), (0.3, 42.0)]),
        ),
        gives=(("8", 0.15, 72.0), ("24", 0.2, 88.0), ("31", 0.1, 82.0)),
    ),
}  # fmt: skip
NOTES = (
    "At buses 9 and 13 is more sun at midday than voltages and lines let out. At bus 14 the load is 1.2 times the published one, and its voltage "
    "needs its own units in the evening. At bus 10, with 0.8 times the load, nothing ever binds.",
    "Each feeder has eleven or twelve resources without reactive power, all ours; batteries bid hour by hour, so that hours do not hang together.",
    "Ratings of feeder lines are ours: the smallest of 0.8, 1.25, 2, 3.15, 5 and 6.3 MVA that the published peak load fills to 85 % at most; "
    "2 MVA or more of lines to which load can be switched over, and at bus 9 of all lines.",
    "Transmission voltages may be 0.9 to 1.1 pu, because the published set-points, up to 1.09, lie beyond the published limit of 1.06.",
    "Markets leave out losses, which load lines of transmission by up to 5.9 % more and lower voltages of feeders by up to 0.003 pu; "
    "gridtandem.cases.variants.planned narrows limits by as much.",
)


def feeder(bus: str) -> Network:
    """The feeder at this bus of transmission."""
    told, net = FEEDERS[bus], network("case33bw")
    row = {name: k for k, name in enumerate(net.buses.name.tolist())}
    rows: list[UnitRow] = [(f"{kind}-{at}", row[at], list(blocks), 0.0) for kind, at, blocks in told.units]
    net = limited(within(net, *told.voltage), dict(zip(net.lines.name.tolist(), conductors(net, told.least_mva).tolist(), strict=True)))
    loads = replace(net.loads, p_mw=net.loads.p_mw * told.growth, q_mvar=net.loads.q_mvar * told.growth)
    net = giving(with_units(replace(net, loads=loads), rows), [(f"DR-{at}", row[at], most, price) for at, most, price in told.gives])
    follows = {"loads": [("", "load")], "flexible": [("", "load")], "generators": renewables(net.generators.name)}
    return with_day(replace(net, name=f"case33bw-at-{bus}"), follows)


def conductors(net: Network, least_mva: float) -> Real:
    """Of each line the smallest conductor that the load fed through it fills to `FILLED` at most, and not below the least. [MVA]"""
    sizes, names = np.array(CONDUCTORS_MVA), net.lines.name
    least = np.where(np.isin(names, SWITCHED_OVER) | ~net.lines.closed, max(least_mva, SWITCHED_MVA), least_mva)
    return np.asarray(np.maximum(sizes[np.searchsorted(sizes, load_through(net) / FILLED)], least))


def load_through(net: Network) -> Real:
    """Apparent power of all loads behind each line, which points away from the root as in the published table; of open lines 0. [MVA]"""
    lines = net.lines
    above = {b: k for k, (b, closed) in enumerate(zip(lines.to_bus.tolist(), lines.closed.tolist(), strict=True)) if closed}
    through = np.zeros(len(lines), complex)
    for bus, s in zip(net.loads.bus.tolist(), (net.loads.p_mw + 1j * net.loads.q_mvar).tolist(), strict=True):
        at = bus
        while at in above:
            through[above[at]] += s
            at = int(lines.from_bus[above[at]])
    return np.asarray(np.abs(through))
