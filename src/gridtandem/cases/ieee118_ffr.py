"""The 118-bus system as a market of energy and two reserves, with the feeders of `gridtandem.cases.rts24_ffr`, as many as wanted.

It is there to see how a schedule grows with its transmission. Energy in ten equal steps along MATPOWER's polynomial costs. Every station keeps
primary reserve, as much as a droop of 5 % gives at the lowest frequency, at prices of ours that rise from the first station to the last as far as
those of the RTS. Load, kinetic energy and largest loss of each hour are those of the RTS case: an island with little inertia, not this system's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.library import network
from gridtandem.cases.market_parts import limited, stepped, with_day
from gridtandem.cases.rts24 import PROFILES, SYSTEM_LOAD
from gridtandem.cases.rts24_ffr import DROOP, LOWEST_HZ, NOMINAL_HZ, Rts24Ffr, in_place_of_load
from gridtandem.grid import devices as dv
from gridtandem.grid.network import Network

LEAST_PER_MW, MOST_PER_MW = 7.0, 17.0  # primary reserve of the first station and of the last
FEEDERS = (("59", 2), ("90", 2), ("80", 2), ("54", 2))  # at four of its largest loads
NOTES = (
    "Stations offer ten equal steps along MATPOWER's polynomial cost; primary reserve as a droop of 5 % allows, at prices of ours.",
    "Hourly load: that of the RTS. Kinetic energy and largest loss of each hour: those of rts24-ffr, not this system's own.",
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ieee118Ffr:
    """Options of the case."""

    feeders: Sequence[tuple[str, int]] = FEEDERS  # bus, how many in parallel
    limits: Mapping[str, float] = field(default_factory=dict)  # ratings of lines [MVA]; others have none

    def network(self) -> Network:
        """Transmission with its offers and its day."""
        net = limited(stepped(network("ieee118")), self.limits)
        units = net.generators
        most, price = units.p_high_mw * LOWEST_HZ / (NOMINAL_HZ * DROOP), np.linspace(LEAST_PER_MW, MOST_PER_MW, len(units))
        offers = dv.Regulation.of({
            "what": [dv.REGULATORS.index("generators")] * len(units), "row": units.name.tolist(), "up_high_mw": most,
            "down_high_mw": np.zeros(len(units)), "up_per_mw": price,
        })  # fmt: skip
        return replace(with_day(replace(net, regulation=offers), {"loads": [("", SYSTEM_LOAD)]}, PROFILES), name="ieee118")

    def case(self, name: str, *, title: str = "", source: str = "", licence: str = "") -> Case:
        """Transmission and its feeders, one interface for each bus."""
        model = Rts24Ffr().feeder()
        above, table = in_place_of_load(self.network(), model, self.feeders)
        return Case(
            name=name, title=title, transmission=above, models=(model,), interfaces=table, currency="USD", source=source, licence=licence,
            notes=NOTES,
        )  # fmt: skip
