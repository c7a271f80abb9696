"""Random markets for the laws: small meshed networks, radial feeders with limits that bind, resources of every kind that bids hour by hour.

Powers and prices are drawn from continua, so ties have probability zero. Every bus of transmission has dear stations and every load of a feeder may
be shed dearly, reactive part and all, so every market has an answer.
"""

from __future__ import annotations

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.market_parts import UnitRow, stacked, with_units
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.network import Network

KV, FEEDER_KV = 110.0, 20.0
SHED = 400.0  # dearest thing in a feeder
DEAR = 600.0  # dearest thing in transmission
Rng = np.random.Generator


def market(seed: int) -> Case:
    """One market of one hour."""
    rng = np.random.default_rng(seed)
    buses, feeders = int(rng.integers(3, 7)), int(rng.integers(1, 4))
    models = tuple(feeder(rng, f"F{k}") for k in range(feeders))
    where = {
        "name": [f"I{k}" for k in range(feeders)], "company": [f"D{k}" for k in range(feeders)], "feeder": [f"F{k}" for k in range(feeders)],
        "model": range(feeders), "root": [0] * feeders, "bus": rng.integers(0, buses, feeders),
    }  # fmt: skip
    return Case(name=f"random{seed}", transmission=transmission(rng, buses), models=models, interfaces=Interfaces.of(where))


def transmission(rng: Rng, buses: int) -> Network:
    """A ring and a chord or two, every line with a rating; two stations somewhere and a dear one everywhere."""
    ends = [(k, (k + 1) % buses) for k in range(buses)] + [(k, (k + 2) % buses) for k in range(max(0, buses - 3))]
    start, end = (list(c) for c in zip(*ends, strict=True))
    m, load = len(ends), rng.uniform(2.0, 30.0, buses)
    net = Network(
        name="T", buses=el.Buses.of({"name": [f"b{k}" for k in range(buses)], "nominal_kv": [KV] * buses}),
        lines=el.Lines.of({"name": [f"{a}-{b}" for a, b in ends], "from_bus": start, "to_bus": end, "r_ohm": [0.0] * m,
                           "x_ohm": rng.uniform(5.0, 30.0, m), "rating_mva": rng.uniform(4.0, 30.0, m)}),
        loads=el.Loads.of({"name": [f"d{k}" for k in range(buses)], "bus": range(buses), "p_mw": load}),
    )  # fmt: skip
    rows: list[UnitRow] = [(f"last{k}", k, [(500.0, DEAR + rng.uniform(0, 50))], 0.0) for k in range(buses)]
    for k in range(3):
        price = np.sort(rng.uniform(10.0, 60.0, 3))
        rows.append((f"station{k}", int(rng.integers(0, buses)), [(float(rng.uniform(5, 30)), float(c)) for c in price], 0.0))
    made = with_units(net, rows)
    control = np.full(len(rows), el.PQ)
    control[0] = el.REFERENCE
    units = {c: getattr(made.generators, c) for c in made.generators.columns()} | {"control": control}
    return Network(
        name="T", buses=net.buses, lines=net.lines, loads=net.loads, generators=el.Generators(**units), cost_points=made.cost_points
    )  # fmt: skip


def feeder(rng: Rng, name: str) -> Network:
    """A tree of 3 to 8 nodes whose voltage band and ratings are near what its load makes of them."""
    n = int(rng.integers(2, 8))
    parents = [int(rng.integers(max(0, k - 2), k + 1)) for k in range(n)]
    load = rng.uniform(0.3, 1.5, n)
    q = load * rng.uniform(0.2, 0.5, n)
    r, x = rng.uniform(0.3, 1.5, n), rng.uniform(0.3, 1.5, n)
    below = _below(parents)
    drop = _drop(parents, r, x, below @ load, below @ q)
    low, high = 1.0 - rng.uniform(0.4, 1.3) * drop, 1.0 + rng.uniform(0.2, 1.3) * drop
    net = Network(
        name=name,
        buses=el.Buses.of({"name": [f"n{k}" for k in range(n + 1)], "nominal_kv": [FEEDER_KV] * (n + 1), "v_low_pu": [0.0] + [low] * n,
                           "v_high_pu": [np.inf] + [high] * n}),
        lines=el.Lines.of({"name": [f"l{k + 1}" for k in range(n)], "from_bus": parents, "to_bus": range(1, n + 1), "r_ohm": r, "x_ohm": x,
                           "rating_mva": (below @ load) * rng.uniform(0.5, 2.0, n) + 0.3}),
        loads=el.Loads.of({"name": [f"d{k + 1}" for k in range(n)], "bus": range(1, n + 1), "p_mw": load, "q_mvar": q}),
        flexible=_giving(rng, load, q),
    )  # fmt: skip
    return with_units(net, _units(rng, n))


def _giving(rng: Rng, load: np.ndarray, q: np.ndarray) -> dv.Flexible:
    """Every load in two parts that give way, one early and one last; and some demand that buys."""
    n, early = len(load), rng.uniform(0.05, 0.3, len(load))
    parts = [
        dv.Flexible.of({"name": [f"{word}{k + 1}" for k in range(n)], "bus": range(1, n + 1), "p_high_mw": share * load,
                        "price_per_mwh": price, "q_share": q / load})
        for word, share, price in (("early", early, rng.uniform(25, 120, n)), ("shed", 1 - early, SHED + rng.uniform(0, 50, n)))
    ]  # fmt: skip
    buys = dv.Flexible.of({"name": ["buys"], "bus": [int(rng.integers(1, n + 1))], "does": [dv.TAKES], "p_high_mw": [rng.uniform(0.1, 0.6)],
                           "price_per_mwh": [rng.uniform(15, 60)]})  # fmt: skip
    return stacked(stacked(parts[0], parts[1]), buys)


def _units(rng: Rng, n: int) -> list[UnitRow]:
    """Stations in steps, sun, and a battery that bids for taking and for giving."""
    rows: list[UnitRow] = []
    for k in range(int(rng.integers(1, 4))):
        price = np.sort(rng.uniform(15.0, 60.0, 2))
        rows.append((f"DDG{k}", int(rng.integers(1, n + 1)), [(float(rng.uniform(0.3, 1.5)), float(c)) for c in price], float(rng.uniform(0, 0.4))))
    rows.append(("PV", int(rng.integers(1, n + 1)), [(float(rng.uniform(0.5, 4.0)), float(rng.uniform(-5.0, 1.0)))], 0.0))
    size, price = float(rng.uniform(0.2, 1.0)), float(rng.uniform(18.0, 40.0))
    rows.append(("ES", int(rng.integers(1, n + 1)), [(-size, price - 8.0), (size, price + 6.0)], 0.0))
    return rows


def _below(parents: list[int]) -> np.ndarray:
    """1 where a node (column) is fed through a line (row)."""
    n = len(parents)
    out = np.eye(n)
    for k in range(n - 1, -1, -1):
        if parents[k]:
            out[parents[k] - 1] += out[k]
    return out


def _drop(parents: list[int], r: np.ndarray, x: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    """Largest linear voltage drop. [pu]"""
    drop = np.zeros(len(parents) + 1)
    for k, parent in enumerate(parents):
        drop[k + 1] = drop[parent] + (r[k] * p[k] + x[k] * q[k]) / FEEDER_KV**2
    return float(drop.max())
