"""The 33-node feeder with any number of regulating units up to sixteen, and a day of energy and regulation on IEEE 14 with one of them. Units,
prices and requirements are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.cases.library import network
from gridtandem.cases.market_parts import Block, UnitRow, limited, with_units, within
from gridtandem.errors import UnknownName
from gridtandem.grid import devices as dv
from gridtandem.grid.network import Network

# bus, blocks (MW, price), ramp [MW/min], prices of capacity up and down, each spread over the feeder's four branches
UNITS: tuple[tuple[str, tuple[Block, Block], float, float, float], ...] = (
    ("18", ((0.30, 33.5), (0.30, 47.0)), 0.040, 3.2, 2.1), ("25", ((0.40, 31.0), (0.40, 39.5)), 0.060, 4.1, 2.6),
    ("33", ((0.35, 37.0), (0.35, 58.0)), 0.050, 2.7, 3.3), ("22", ((0.50, 32.2), (0.20, 44.0)), 0.060, 5.0, 2.9),
    ("14", ((0.25, 29.4), (0.25, 41.3)), 0.030, 3.7, 1.8), ("30", ((0.30, 34.8), (0.20, 52.1)), 0.050, 2.2, 2.4),
    ("8", ((0.40, 30.3), (0.30, 42.6)), 0.070, 4.6, 3.1), ("6", ((0.20, 35.9), (0.20, 45.2)), 0.040, 3.0, 2.7),
    ("31", ((0.25, 28.6), (0.15, 49.7)), 0.030, 5.4, 1.5), ("11", ((0.30, 36.4), (0.25, 55.0)), 0.050, 3.5, 3.6),
    ("16", ((0.20, 38.2), (0.20, 43.1)), 0.040, 2.5, 2.0), ("28", ((0.35, 27.9), (0.30, 40.4)), 0.060, 4.3, 3.9),
    ("20", ((0.25, 32.9), (0.20, 46.3)), 0.030, 3.9, 2.2), ("24", ((0.30, 34.1), (0.25, 51.2)), 0.050, 2.9, 3.0),
    ("4", ((0.40, 30.9), (0.30, 38.7)), 0.070, 4.9, 2.5), ("13", ((0.20, 33.0), (0.20, 48.4)), 0.040, 3.3, 3.4),
)  # fmt: skip


def feeder33(units: int, blocks: int = 2) -> Network:
    """The feeder with the first so many units, each bidding its energy in one block or two."""
    if not (1 <= units <= len(UNITS) and blocks in (1, 2)):
        raise UnknownName("number of units or blocks", f"{units}, {blocks}", [f"1 to {len(UNITS)} units", "1 or 2 blocks"])
    net = limited(within(network("case33bw"), 0.915, 1.015), {"2-19": 1.0, "3-23": 1.5, "6-26": 1.5, "1-2": 6.0})
    place = {name: k for k, name in enumerate(net.buses.name.tolist())}
    rows: list[UnitRow] = [(f"DDG-{bus}", place[bus], list(bid[:blocks]), 0.2) for bus, bid, *_ in UNITS[:units]]
    _, _, ramp, up, down = (list(c) for c in zip(*UNITS[:units], strict=True))
    table: Mapping[str, ArrayLike] = {"what": [0] * units, "row": [r[0] for r in rows], "ramp_mw_per_min": ramp, "up_per_mw": up, "down_per_mw": down}
    return replace(with_units(net, rows), name=f"feeder33-{units}", regulation=dv.Regulation.of(table))


def regulating(net: Network, hours: int) -> Network:
    """Transmission with stations that regulate, dearer than units of feeders, and a requirement that is largest morning and evening."""
    g = net.generators
    names = [n for n, most in zip(g.name.tolist(), g.p_high_mw.tolist(), strict=True) if most > 0]
    count, hour = len(names), np.arange(1, hours + 1)
    dear = np.round(6.0 + 1.3 * np.arange(count), 1)
    offers: Mapping[str, ArrayLike] = {
        "what": [0] * count,
        "row": names,
        "ramp_mw_per_min": np.full(count, 2.0),
        "up_per_mw": dear,
        "down_per_mw": dear - 2.0,
    }
    peak = np.isin(hour, (7, 8, 9, 18, 19, 20, 21))
    wanted: Mapping[str, ArrayLike] = {"period": hour, "up_mw": np.where(peak, 6.0, 4.0), "down_mw": np.where(peak, 4.0, 3.0)}
    return replace(net, regulation=dv.Regulation.of(offers), requirements=dv.Requirements.of(wanted))
