"""Small feeders with something of everything, for tests of markets."""

from __future__ import annotations

from typing import Any

import numpy as np

from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network

KV = 12.66


def feeder(
    parents: list[int], *, load: tuple[float, float] = (0.3, 0.1), low: float = 0.9, high: float = 1.1, rating: float = np.inf, **tables: Any
) -> Network:
    """A tree: node k + 1 hangs on ``parents[k]``; the same load everywhere; ``tables`` are added as they are."""
    n = len(parents)
    return Network(
        name="feeder",
        buses=el.Buses.of({"name": [f"n{k}" for k in range(n + 1)], "nominal_kv": [KV] * (n + 1), "v_low_pu": [low] * (n + 1),
                           "v_high_pu": [high] * (n + 1)}),
        lines=el.Lines.of({"name": [f"l{k + 1}" for k in range(n)], "from_bus": parents, "to_bus": range(1, n + 1), "r_ohm": [1.0] * n,
                           "x_ohm": [0.8] * n, "rating_mva": [rating] * n}),
        loads=el.Loads.of({"name": [f"d{k + 1}" for k in range(n)], "bus": range(1, n + 1), "p_mw": [load[0]] * n, "q_mvar": [load[1]] * n}),
        **tables,
    ).check()  # fmt: skip


def units(*rows: tuple[int, float, float, float], q: float = 0.0) -> dict[str, Any]:
    """Units (bus, most MW, price, slope) with polynomial costs."""
    bus, most, price, slope = (list(c) for c in zip(*rows, strict=True))
    n = len(rows)
    return {
        "generators": el.Generators.of({"name": [f"g{k}" for k in range(n)], "bus": bus, "p_low_mw": [0.0] * n, "p_high_mw": most,
                                        "q_low_mvar": [-q] * n, "q_high_mvar": [q] * n}),
        "costs": el.Costs.of({"generator": [*range(n), *range(n)], "order": [1] * n + [2] * n, "coefficient": [*price, *(s / 2 for s in slope)]}),
    }  # fmt: skip


def battery(bus: int, power: float, energy: float, **more: Any) -> dv.Storages:
    """One storage, half full at both ends."""
    given = {"name": ["battery"], "bus": [bus], "charge_high_mw": [power], "discharge_high_mw": [power], "energy_high_mwh": [energy],
             "energy_start_mwh": [energy / 2], "efficiency_in": [0.95], "efficiency_out": [0.95]}  # fmt: skip
    return dv.Storages.of(given | more)


def profile(factors: list[float], what: str, name: str = "day") -> dict[str, Any]:
    """All rows of a kind follow one profile."""
    periods = range(1, len(factors) + 1)
    return {
        "profiles": dv.Profiles.of({"profile": [name] * len(factors), "period": periods, "factor": factors}),
        "follows": dv.Follows.of({"what": [dv.FOLLOWERS.index(what)], "profile": [name]}),
    }
