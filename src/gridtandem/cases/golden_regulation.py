"""The small market case with regulation: the three buses and two feeders of `gridtandem.cases.golden`, whose units offer regulation beside energy.

Offers and requirements are our own. Station G1 is the cheapest to regulate and has the room, as long as its energy is not worth more; the feeders'
units stand behind a voltage limit, so that what they can sell of regulation depends on what they export.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.golden import golden
from gridtandem.grid import devices as dv
from gridtandem.grid.network import Network

NAME, TITLE = "golden-3bus-regulation", "three buses, two feeders, four hours of energy and regulation"
# name, ramp [MW/min], prices of capacity up and down and of mileage up and down
Offer = tuple[str, float, float, float, float, float]
T: Sequence[Offer] = (("G1", 0.6, 4.0, 3.0, 0.2, 0.2), ("G2", 0.5, 6.5, 5.0, 0.3, 0.3), ("G3", 0.4, 5.0, 6.0, 0.25, 0.25))
A: Sequence[Offer] = (("A-DDG1", 0.2, 2.5, 2.0, 0.1, 0.1), ("A-ES3", 0.3, 1.0, 1.0, 0.4, 0.4))
B: Sequence[Offer] = (("B-DDG2", 0.15, 3.0, 2.5, 0.15, 0.15), ("B-DDG3", 0.3, 3.5, 2.2, 0.1, 0.1))
WANTED = {"up_mw": (4.0, 5.0, 6.0, 6.0), "down_mw": (3.0, 4.0, 4.0, 5.0)}  # by hour


def golden_regulation() -> Case:
    """The case."""
    base = golden()
    hours = np.arange(1, len(WANTED["up_mw"]) + 1)
    above = replace(_offering(base.transmission, T), requirements=dv.Requirements.of({"period": hours, **WANTED}))
    models = tuple(_offering(m, rows) for m, rows in zip(base.models, (A, B), strict=True))
    return replace(base, name=NAME, title=TITLE, transmission=above, models=models)


def _offering(net: Network, rows: Sequence[Offer]) -> Network:
    name, ramp, up, down, way_up, way_down = (list(c) for c in zip(*rows, strict=True))
    table = dv.Regulation.of({
        "what": [0] * len(rows), "row": name, "ramp_mw_per_min": ramp, "up_per_mw": up, "down_per_mw": down, "mileage_up_per_mw": way_up,
        "mileage_down_per_mw": way_down, "mileage_up_most": [4.0] * len(rows), "mileage_down_most": [4.0] * len(rows),
    })  # fmt: skip
    return replace(net, regulation=table)
