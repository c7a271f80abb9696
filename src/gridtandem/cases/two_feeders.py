"""A toy on which every way to coordinate can be reckoned by hand: one line between cheap and dear power, and behind it two feeders of one limit each.

The numbers are our own. Feeder F1 has cheap units behind a line of 3 MW; F2 needs its units, because its line to the substation carries no more than
8 MW. Impedances are next to nothing and nobody has reactive power: voltages stay at 1 pu, and a load flow moves what markets of active power say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.cases.case import Case
from gridtandem.cases.generate import interfaces
from gridtandem.cases.market_parts import UnitRow, units_of, with_units
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network

NAME, TITLE, SOURCE, CURRENCY = (
    "toy-two-feeders",
    "cheap and dear power, one line, two feeders with five units, one hour",
    "gridtandem: our own numbers",
    "EUR",
)
KV, FEEDER_KV, X_OHM = 110.0, 20.0, 1e-4
BULK_MW = 1000.0  # of each station: more than anybody can use
UNLIMITED = np.inf
NOTES = (
    "Ratings limit active power: study it with flow = active.",
    "One market that sees everything: GA 60 MW, a 9, c 6, d 3, 1,725 EUR. One that does not see feeders: GA 60, a 10, e 6, c 2, 1,678 EUR, with 7 MW "
    "too much on n1-n2 of F1 and 4 MW on substation-n1 of F2.",
)


def two_feeders() -> Case:
    """The case."""
    first = _feeder(
        "F1",
        loads=(8.0, 6.0),
        ratings=(UNLIMITED, 3.0),
        units=[("a", 2, [(10.0, 25.0)], 0.0), ("e", 2, [(6.0, 28.0)], 0.0), ("b", 1, [(4.0, 45.0)], 0.0)],
    )
    second = _feeder("F2", loads=(5.0, 9.0), ratings=(8.0, UNLIMITED), units=[("c", 2, [(6.0, 30.0)], 0.0), ("d", 1, [(12.0, 40.0)], 0.0)])
    table = interfaces(["1", "2"], np.array([0, 1]), [0, 0], np.array([1, 1]), count=np.array([1, 1]), scale=np.ones(2))
    return Case(
        name=NAME, title=TITLE, transmission=_transmission(), models=(first, second), interfaces=table, currency=CURRENCY, source=SOURCE,
        licence="MIT", notes=NOTES,
    )  # fmt: skip


def _transmission() -> Network:
    stations: list[UnitRow] = [("GA", 0, [(BULK_MW, 20.0)], 0.0), ("GB", 1, [(BULK_MW, 60.0)], 0.0)]
    units, points = units_of(stations, 0)
    table: Mapping[str, ArrayLike] = {
        **{k: getattr(units, k) for k in ("name", "bus", "p_low_mw", "p_high_mw")}, "control": [el.REFERENCE, el.PQ],
        "q_low_mvar": [-UNLIMITED, 0.0], "q_high_mvar": [UNLIMITED, 0.0],
    }  # fmt: skip
    return Network(
        name="T", buses=el.Buses.of({"name": ["A", "B"], "nominal_kv": [KV, KV]}),
        lines=el.Lines.of({"name": ["A-B"], "from_bus": [0], "to_bus": [1], "r_ohm": [0.0], "x_ohm": [X_OHM], "rating_mva": [60.0]}),
        loads=el.Loads.of({"name": ["B"], "bus": [1], "p_mw": [50.0]}), generators=el.Generators.of(table), cost_points=points,
    )  # fmt: skip


def _feeder(name: str, *, loads: Sequence[float], ratings: Sequence[float], units: Sequence[UnitRow]) -> Network:
    """Substation, n1 and n2 in a row."""
    source = el.Generators.of({"name": ["source"], "bus": [0], "control": [el.REFERENCE]})
    net = Network(
        name=name,
        buses=el.Buses.of({
            "name": ["substation", "n1", "n2"], "nominal_kv": [FEEDER_KV] * 3, "v_low_pu": [0.95] * 3, "v_high_pu": [1.05] * 3,
        }),
        lines=el.Lines.of({
            "name": ["substation-n1", "n1-n2"], "from_bus": [0, 1], "to_bus": [1, 2], "r_ohm": [0.0, 0.0], "x_ohm": [X_OHM] * 2,
            "rating_mva": ratings,
        }),
        loads=el.Loads.of({"name": ["n1", "n2"], "bus": [1, 2], "p_mw": loads}), generators=source,
    )  # fmt: skip
    return with_units(net, units)
