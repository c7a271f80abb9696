"""The small market case of the documentation: three transmission buses, two feeders, four hours of load, every number checked by hand-sized programs.

The numbers are our own; nothing of it is published elsewhere. Feeder A has solar power behind a voltage limit, feeder B a low voltage that its own
units must lift. Transmission loads of the four hours lead from no congestion to a congested line and scarcity.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.market_parts import UnitRow, units_of
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.network import Network

NAME, TITLE, SOURCE = "golden-3bus", "three buses, two feeders with DERs, four hours", "gridtandem: our own numbers"
KV, FEEDER_KV, FEEDER_MVA = 110.0, 12.66, 10.0
LOADS = ((10.0, 20.0, 40.0), (20.0, 30.0, 90.0), (25.0, 40.0, 105.0), (25.0, 62.0, 112.0))  # (hour, bus) [MW]


def golden() -> Case:
    """The case."""
    a = _feeder(
        "A", (0.95, 1.02), [(0, 1, 0.01, 0.02, 12.0), (1, 2, 0.02, 0.03, 8.0), (2, 3, 0.03, 0.04, 6.0)], [(2.0, 0.6), (1.5, 0.4), (1.0, 0.3)],
        [("A-DDG1", 1, [(2.0, 24.0), (2.0, 31.0)], 0.0), ("A-PV3", 3, [(6.0, 0.0)], 0.0), ("A-DR2", 2, [(0.8, 55.0)], 0.0),
         ("A-ES3", 3, [(-2.0, 18.0), (2.0, 42.0)], 0.0)],
    )  # fmt: skip
    b = _feeder(
        "B", (0.975, 1.05), [(0, 1, 0.01, 0.015, 10.0), (1, 2, 0.03, 0.035, 5.0), (1, 3, 0.02, 0.025, 5.0)], [(3.0, 1.0), (4.0, 1.2), (1.0, 0.3)],
        [("B-DDG2", 2, [(1.5, 33.0), (1.0, 48.0)], 0.5), ("B-DDG3", 3, [(4.0, 29.0)], 0.0), ("B-DR1", 1, [(0.6, 70.0)], 0.0)],
    )  # fmt: skip
    where: dict[str, Any] = {
        "name": ["A", "B"], "company": ["dso-a", "dso-b"], "feeder": ["A", "B"], "model": [0, 1], "root": [0, 0], "bus": [2, 1],
    }  # fmt: skip
    return Case(
        name=NAME, transmission=_transmission(), models=(a, b), interfaces=Interfaces.of(where), currency="USD",
        title=TITLE, source=SOURCE, licence="MIT",
        notes=("ratings of feeder lines limit active power: study it with flow = active",),
    )  # fmt: skip


def _transmission() -> Network:
    ohm = KV**2 / 100.0
    units: list[UnitRow] = [
        ("G1", 0, [(60.0, 20.0), (60.0, 26.0)], 0.0), ("G2", 1, [(30.0, 27.5), (40.0, 34.0)], 0.0), ("G3", 2, [(20.0, 45.0), (20.0, 80.0)], 0.0),
    ]  # fmt: skip
    generators, points = units_of(units, 0)
    control, none = np.array([el.REFERENCE, el.PQ, el.PQ]), np.full(3, np.inf)
    generators = el.Generators.of({**_given(generators), "control": control, "q_low_mvar": -none, "q_high_mvar": none})
    load = np.array(LOADS)
    hours = np.tile(np.arange(1, len(load) + 1), 3)
    return Network(
        name="T", buses=el.Buses.of({"name": ["bus1", "bus2", "bus3"], "nominal_kv": [KV] * 3}),
        lines=el.Lines.of({"name": ["1-2", "1-3", "2-3"], "from_bus": [0, 0, 1], "to_bus": [1, 2, 2], "r_ohm": [0.0] * 3, "x_ohm": [0.1 * ohm] * 3,
                           "rating_mva": [60.0] * 3}),
        loads=el.Loads.of({"name": ["load1", "load2", "load3"], "bus": [0, 1, 2], "p_mw": [1.0] * 3}),
        generators=generators, cost_points=points,
        profiles=dv.Profiles.of({"profile": np.repeat(["bus1", "bus2", "bus3"], len(load)), "period": hours, "factor": load.T.ravel()}),
        follows=dv.Follows.of({"what": [0, 0, 0], "row": ["load1", "load2", "load3"], "profile": ["bus1", "bus2", "bus3"]}),
    )  # fmt: skip


def _feeder(
    name: str,
    voltage: tuple[float, float],
    lines: Sequence[tuple[int, int, float, float, float]],
    loads: Sequence[tuple[float, float]],
    units: Sequence[UnitRow],
) -> Network:
    ohm = FEEDER_KV**2 / FEEDER_MVA
    start, end, r, x, rating = (list(c) for c in zip(*lines, strict=True))
    p, q = (list(c) for c in zip(*loads, strict=True))
    generators, points = units_of(units, 1)
    table = _given(generators)
    source: dict[str, list[Any]] = {"name": ["source"], "bus": [0], "control": [el.REFERENCE], "p_low_mw": [-np.inf], "p_high_mw": [np.inf],
              "q_low_mvar": [-np.inf], "q_high_mvar": [np.inf]}  # fmt: skip
    return Network(
        name=name,
        buses=el.Buses.of({"name": ["root", *(f"n{k}" for k in range(1, len(lines) + 1))], "nominal_kv": [FEEDER_KV] * (len(lines) + 1),
                           "v_low_pu": [voltage[0]] * (len(lines) + 1), "v_high_pu": [voltage[1]] * (len(lines) + 1)}),
        lines=el.Lines.of({"name": [f"line{k}" for k in end], "from_bus": start, "to_bus": end, "r_ohm": np.array(r) * ohm,
                           "x_ohm": np.array(x) * ohm, "rating_mva": rating}),
        loads=el.Loads.of({"name": [f"load{k}" for k in range(1, len(loads) + 1)], "bus": range(1, len(loads) + 1), "p_mw": p, "q_mvar": q}),
        generators=el.Generators.of({k: [*source[k], *v.tolist()] for k, v in table.items()}), cost_points=points,
    )  # fmt: skip


def _given(units: el.Generators) -> dict[str, Any]:
    return {k: getattr(units, k) for k in ("name", "bus", "control", "p_low_mw", "p_high_mw", "q_low_mvar", "q_high_mvar")}
