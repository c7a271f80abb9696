"""What committing the stations of the RTS market takes: least power, least times on and off, starts, how they stood before, and kinetic energy.

Commitment: C. Ordoudis et al. (2016), see `gridtandem.cases.rts24`. Kinetic energy at nominal speed is inertia constant times rating of the units
that a station is made of, both of RTS-GMLC (github.com/GridMod/RTS-GMLC, gen.csv, columns Inertia MJ/MW and Base MVA): 2 of 76 MW at stations 1
and 2, 5 of 12 MW at 5, one of 155 MW at 6 and 7, one of 400 MW at 8 and 9, 6 of 50 MW (hydro) at 10, 2 of 155 MW at 11 and one of 350 MW at 12.
Stations 3 and 4 have no such twin: ours are 2.8 s on their power at a power factor of 0.85, in 3 units each, as many as there were in 1979.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gridtandem.cases.rts24 import STATIONS

LEAST_MW = (30.4, 30.4, 75.0, 206.85, 12.0, 54.25, 54.25, 100.0, 100.0, 300.0, 108.5, 140.0)
UP_H = (8, 8, 8, 12, 4, 8, 8, 1, 1, 0, 8, 8)
DOWN_H = (4, 4, 8, 10, 2, 8, 8, 1, 1, 0, 8, 8)
START_COST = (1430.4, 1430.4, 1725.0, 3056.7, 437.0, 312.0, 312.0, 0.0, 0.0, 0.0, 624.0, 2298.0)
BEFORE_H = (22, 22, -2, -1, -1, -2, 10, 50, 16, 24, 10, 50)  # on so long; off where below 0
UNITS: Sequence[tuple[int, float, float]] = (  # of each station: how many, inertia constant [s], rating [MVA]
    (2, 3.0, 89.0), (2, 3.0, 89.0), (3, 2.8, 350 / 0.85 / 3), (3, 2.8, 591 / 0.85 / 3), (5, 2.8, 14.0), (1, 3.0, 182.0), (1, 3.0, 182.0),
    (1, 5.0, 471.0), (1, 5.0, 471.0), (6, 3.5, 53.0), (2, 3.0, 182.0), (1, 3.0, 412.0),
)  # fmt: skip


def station_units() -> Mapping[str, Sequence[str] | Sequence[float]]:
    """Columns of `gridtandem.frequency.commitment.Plants`."""
    return {
        "name": [f"station-{k + 1}" for k in range(len(STATIONS))], "units": [n for n, _, _ in UNITS], "least_mw": LEAST_MW, "up_h": UP_H,
        "down_h": DOWN_H, "start_cost": START_COST, "before_h": BEFORE_H, "energy_mws": [n * h * s for n, h, s in UNITS],
    }  # fmt: skip
