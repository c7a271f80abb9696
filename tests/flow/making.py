"""Small networks for tests: random trees with everything a sweep serves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.tables import Flag, Index

KV = 20.0


def tree(seed: int, buses: int, *, plain: bool = False) -> Network:
    """A random feeder with root 0: lines with charging, parallel pairs, transformers either way round with ratio and shift, loads of every
    law, shunts, PQ units, a tie. ``plain`` keeps lines and constant power only. The linear drop stays below about 0.1 pu.
    """
    rng = np.random.default_rng(seed)
    child = np.arange(1, buses)
    parent = np.array([rng.integers(max(0, k - 4), k) for k in child], np.int64)
    renamed = np.concatenate([[0], 1 + rng.permutation(buses - 1)])
    up, down = renamed[parent], renamed[child]
    flip = rng.random(len(child)) < 0.5
    a, b = np.where(flip, down, up), np.where(flip, up, down)
    sort = np.zeros(len(child), int) if plain else rng.choice(3, len(child), p=[0.7, 0.2, 0.1])
    size = 4.0 / buses
    ohm = KV**2 * 0.04 / buses  # so that 4 MW at the far end drop about 0.1 pu
    loads = _loads(rng, buses, size, plain=plain)
    net = Network(name=f"tree {seed}", buses=el.Buses(name=[f"b{k}" for k in range(buses)], nominal_kv=np.full(buses, KV)), loads=loads)
    net = replace(net, lines=_lines(rng, a, b, sort != 1, ohm, charging=0.0 if plain else 100.0, double=not plain))
    if plain:
        return net
    t = np.flatnonzero(sort == 1)
    g = rng.integers(0, buses, max(1, buses // 4))
    return replace(
        net,
        transformers=el.Transformers(
            name=[f"t{k}" for k in t], from_bus=a[t], to_bus=b[t], base_mva=rng.uniform(5, 40, len(t)), r_pu=rng.uniform(0.002, 0.01, len(t)),
            x_pu=rng.uniform(0.02, 0.1, len(t)), b_pu=rng.uniform(-0.01, 0.0, len(t)), ratio=rng.uniform(0.95, 1.05, len(t)),
            shift_deg=rng.choice([-30.0, 0.0, 5.0, 30.0], len(t)),
        ),
        generators=el.Generators(
            name=[f"g{k}" for k in range(len(g))], bus=g, p_mw=rng.uniform(0, 3 * size, len(g)), q_mvar=rng.uniform(-size, size, len(g)),
        ),
        shunts=el.Shunts(name=["c"], bus=[buses - 1], g_mw=[0.01], b_mvar=[0.4]),
    )  # fmt: skip


def _loads(rng: np.random.Generator, buses: int, size: float, *, plain: bool) -> el.Loads:
    bus = rng.integers(0, buses, buses + 1)
    n = len(bus)
    given = {"name": [f"l{k}" for k in range(n)], "bus": bus, "p_mw": rng.uniform(0, size, n), "q_mvar": rng.uniform(-0.2, 0.6, n) * size}
    if plain:
        return el.Loads(**given)
    shares = {name: rng.choice([0.0, 0.3], n) for name in ("p_z_share", "p_i_share", "q_z_share", "q_i_share")}
    exponents = {name: rng.choice([0.0, 0.9, 1.0, 1.3, 2.0], n) for name in ("p_exponent", "q_exponent")}
    return el.Loads(**given, **shares, **exponents, v_calibration_pu=rng.uniform(0.97, 1.03, n))


def _lines(rng: np.random.Generator, a: Index, b: Index, kept: Flag, ohm: float, *, charging: float, double: bool) -> el.Lines:
    rows = np.flatnonzero(kept)
    if double:
        rows = np.concatenate([rows, rows[rng.random(len(rows)) < 0.2]])  # a second line beside the first
    turn = np.zeros(len(rows), bool)
    turn[int(kept.sum()) :] = True
    return el.Lines(
        name=[f"l{k}" for k in range(len(rows))], from_bus=np.where(turn, b[rows], a[rows]), to_bus=np.where(turn, a[rows], b[rows]),
        r_ohm=ohm * rng.uniform(0.3, 1.0, len(rows)), x_ohm=ohm * rng.uniform(0.3, 1.5, len(rows)), b_us=charging * rng.random(len(rows)),
    )  # fmt: skip


def two_bus(r_ohm: float, x_ohm: float, p_mw: float, q_mvar: float, *, exponent: float = 0.0) -> Network:
    """One line, one load."""
    return Network(
        name="two",
        buses=el.Buses(name=["root", "end"], nominal_kv=[KV, KV]),
        lines=el.Lines(name=["line"], from_bus=[0], to_bus=[1], r_ohm=[r_ohm], x_ohm=[x_ohm]),
        loads=el.Loads(name=["load"], bus=[1], p_mw=[p_mw], q_mvar=[q_mvar], p_exponent=[exponent], q_exponent=[exponent]),
    )
