"""Small markets: a triangle of stations and small feeders with bids."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.generate import interfaces
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from tests.opf.feeders import feeder, units

KV = 110.0


def triangle(price: list[float], slope: list[float], *, most: float = 40.0, load: float = 20.0, rating: float = np.inf) -> Network:
    """Three buses, a station and a load at each; the first station is the reference."""
    count = range(3)
    costs = {"generator": [*count, *count], "order": [1] * 3 + [2] * 3, "coefficient": [*price, *(s / 2 for s in slope)]}
    return Network(
        name="T", buses=el.Buses.of({"name": ["b0", "b1", "b2"], "nominal_kv": [KV] * 3}),
        lines=el.Lines.of({"name": ["a", "b", "c"], "from_bus": [0, 0, 1], "to_bus": [1, 2, 2], "r_ohm": [0.0] * 3, "x_ohm": [12.1] * 3,
                           "rating_mva": [rating] * 3}),
        loads=el.Loads.of({"name": ["l0", "l1", "l2"], "bus": list(count), "p_mw": [load] * 3}),
        generators=el.Generators.of({"name": ["s0", "s1", "s2"], "bus": list(count), "control": [el.REFERENCE, el.PQ, el.PQ],
                                     "p_low_mw": [0.0] * 3, "p_high_mw": [most] * 3}),
        costs=el.Costs.of(costs),
    )  # fmt: skip


def market(models: list[Network], above: Network) -> Case:
    """Feeder k hangs on bus 1 + k."""
    many = len(models)
    at = [str(above.buses.name[1 + k]) for k in range(many)]
    table = interfaces(at, np.arange(many), [0] * many, 1 + np.arange(many), count=np.ones(many, np.int64), scale=np.ones(many))
    named = tuple(_named(m, f"f{k}") for k, m in enumerate(models))
    return Case(name="bids", transmission=above, models=named, interfaces=table, source="tests", licence="MIT")


def _named(net: Network, name: str) -> Network:
    return replace(net, name=name)


def drawn(seed: int, *, slope: float, rating: float = np.inf, flow: float = np.inf) -> Case:
    """Two feeders with three units and a demand each, prices by chance around those of the stations."""
    rng = np.random.default_rng(seed)

    def one() -> Network:
        rows = [
            (int(rng.integers(1, 5)), float(rng.uniform(0.3, 1.5)), float(rng.uniform(24, 40)), slope * float(rng.uniform(0.5, 2))) for _ in range(3)
        ]
        takes: dict[str, Any] = {"name": ["d"], "bus": [4], "does": [dv.TAKES], "p_high_mw": [1.0], "price_per_mwh": [45.0], "slope": [8 * slope]}
        return feeder([0, 1, 1, 3], rating=rating, flexible=dv.Flexible.of(takes), **units(*rows))

    above = triangle([28.0, 30.0, 33.0], [slope / 4] * 3, most=30.0, load=15.0, rating=flow)
    return market([one(), one()], above)
