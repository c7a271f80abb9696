"""A synthetic feeder of 240 nodes. Only its frame is public: a radial Midwest feeder, 240 primary nodes, 23 miles, three feeders.

Frame: F. Bu, Y. Yuan, Z. Wang, K. Dehghanpour and A. Kimber, arXiv 1906.04078; node numbers of its distributed model run to 17, 60 and 162 behind
the substation, with loads at 15, 44 and 134 of them. Lines, loads, resources and prices are ours, made by the rules below without any drawing
of lots: where a number must vary it follows the fractional parts of multiples of the golden ratio.
"""

from __future__ import annotations

import numpy as np

from gridtandem.cases.market_parts import UnitRow, giving, renewables, with_day, with_units
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.tables import Index, Real

NAME = "synthetic240"
SIZES, LOADED = (17, 60, 162), (15, 44, 134)  # nodes and loads of the three feeders
KV, KM = 13.8, 37.0  # 23 miles
R, X = 0.30, 0.40  # ohm/km of a backbone; laterals have three times the resistance
BACKBONE, LATERAL = 0.4, 4  # share of nodes on the backbone; nodes of a lateral
LOAD_MW, POWER_FACTOR = 0.06, 0.95  # mean load
RATING = 9.0, 6.0  # head of the three feeders, everything below [MVA]
GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0
DDGS, SUNS, WINDS, STORES, GIVERS = 12, 10, 6, 4, 8


def spread(count: int, start: float = 0.0) -> Real:
    """Numbers from 0 to 1 that fill it evenly, however many."""
    return np.asarray((start + GOLDEN * np.arange(1, count + 1)) % 1.0)


def synthetic240(*, bids: bool = True) -> Network:
    """The feeder with 40 resources and a day of forecasts; ``bids`` False leaves out batteries that bid hour by hour."""
    parent, backbone = _tree()
    n = len(parent)
    name = ["source", *(f"{(f + 1) * 1000 + k + 1}" for f, size in enumerate(SIZES) for k in range(size))]
    km = KM * (0.5 + spread(n)) / (0.5 + spread(n)).sum()
    at = _loaded()
    p = LOAD_MW * (0.4 + 1.2 * spread(len(at), 0.5))
    q = p * np.tan(np.arccos(POWER_FACTOR))
    head = parent == 0
    net = Network(
        name=NAME,
        buses=el.Buses.of({"name": name, "nominal_kv": [KV] * (n + 1), "v_low_pu": [0.965] * (n + 1), "v_high_pu": [1.005] * (n + 1)}),
        lines=el.Lines.of({
            "name": [f"{name[a]}-{name[b]}" for a, b in zip(parent.tolist(), range(1, n + 1), strict=True)], "from_bus": parent,
            "to_bus": np.arange(1, n + 1), "r_ohm": km * np.where(backbone, R, 3 * R), "x_ohm": km * X,
            "rating_mva": np.where(head, RATING[0], RATING[1]),
        }),
        loads=el.Loads.of({"name": [name[k] for k in at], "bus": at, "p_mw": np.round(p, 4), "q_mvar": np.round(q, 4)}),
        generators=el.Generators.of({"name": ["source"], "bus": [0], "control": [el.REFERENCE]}),
        notes=("Synthetic: only size and topology follow the Iowa 240-node system; lines, loads and resources are ours.",),
    )  # fmt: skip
    net = giving(with_units(net, _units(n, name, bids=bids)), _givers(at, name))
    return with_day(net, {"loads": [("", "load")], "flexible": [("", "load")], "generators": renewables(net.generators.name)})


def _tree() -> tuple[Index, np.ndarray]:
    """Parent of each node below the substation, and whether it stands on a backbone."""
    parent, backbone, first = list[int](), list[bool](), 1
    for size in SIZES:
        trunk = round(BACKBONE * size)
        parent += [0, *range(first, first + trunk - 1)]
        where = first + np.floor(trunk * spread(size)).astype(int)
        for k in range(size - trunk):
            parent.append(int(where[k // LATERAL]) if k % LATERAL == 0 else first + trunk + k - 1)
        backbone += [True] * trunk + [False] * (size - trunk)
        first += size
    return np.array(parent), np.array(backbone)


def _loaded() -> Index:
    """Nodes with load: the last ones of each feeder, where the laterals are."""
    ends = np.cumsum(SIZES)
    return np.concatenate([np.arange(end - count + 1, end + 1) for end, count in zip(ends, LOADED, strict=True)])


def _units(n: int, name: list[str], *, bids: bool) -> list[UnitRow]:
    """Stations in two steps, sun and wind at nothing, batteries with a bid for taking and one for giving; no two prices are equal."""
    kinds = ["DDG"] * DDGS + ["PV"] * SUNS + ["wind"] * WINDS + ["ES"] * STORES
    node = 1 + np.floor(n * spread(len(kinds), 0.25)).astype(int)
    price, size = spread(len(kinds), 0.1), spread(len(kinds), 0.7)
    rows: list[UnitRow] = []
    for kind, at, cheap, big in zip(kinds, node.tolist(), price.tolist(), size.tolist(), strict=True):
        mw, base = round(0.2 + 0.4 * big, 3), round(28 + 14 * cheap, 2)
        blocks = {"DDG": [(mw, base), (mw, base + 11)], "PV": [(3 * mw, 0.0)], "wind": [(2 * mw, 0.5)], "ES": [(-mw, base - 4), (mw, base + 6)]}
        if bids or kind != "ES":
            rows.append((f"{kind}-{name[at]}", at, blocks[kind], round(0.5 * mw, 3) if kind == "DDG" else 0.0))
    return rows


def _givers(at: Index, name: list[str]) -> list[tuple[str, int, float, float]]:
    picked = at[np.floor(len(at) * spread(GIVERS, 0.4)).astype(int)].tolist()
    price = spread(GIVERS, 0.9)
    return [(f"DR-{name[k]}", k, 0.03, round(60 + 60 * float(c), 2)) for k, c in zip(picked, price, strict=True)]
