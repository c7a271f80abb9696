"""Random markets of energy and regulation: those of `random_markets`, with offers of regulation and a requirement that stations alone could meet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.grid import devices as dv
from gridtandem.grid.network import Network
from tests.laws.random_markets import Rng, market

PRODUCTS = ("up", "down", "mileage_up", "mileage_down")


def regulated(seed: int, products: tuple[str, ...] = ("up", "down"), hours: int = 1, many: int = 2) -> Case:
    """One market; ``products`` are bought in every hour, in amounts that differ; ``many`` devices of a feeder regulate."""
    case, rng = market(seed), np.random.default_rng([seed, 1])
    need = {f"{name}_mw": rng.uniform(1.0, 4.0, hours) for name in PRODUCTS if name in products}
    wanted = dv.Requirements.of({"period": np.arange(1, hours + 1), **need})
    above = replace(case.transmission, regulation=_stations(rng, case.transmission), requirements=wanted)
    models = tuple(replace(m, regulation=_inside(rng, m, many)) for m in case.models)
    if hours > 1:
        factor = np.random.default_rng([seed, 2]).uniform(0.8, 1.0, hours)
        day = {"profiles": dv.Profiles.of({"profile": ["day"] * hours, "period": np.arange(1, hours + 1), "factor": factor}),
               "follows": dv.Follows.of({"what": [dv.FOLLOWERS.index("loads")], "profile": ["day"]})}  # fmt: skip
        above, models = replace(above, **day), tuple(replace(m, **day) for m in models)
    return replace(case, transmission=above, models=models)


def _stations(rng: Rng, net: Network) -> dv.Regulation:
    names = [n for n in net.generators.name.tolist() if n.startswith(("station", "last0"))]
    dear = np.array([20.0 if n == "last0" else 5.0 for n in names])
    return _offers(rng, [0] * len(names), names, ramp=(0.4, 1.0), more=dear)


def _inside(rng: Rng, net: Network, many: int) -> dv.Regulation:
    """Some of a feeder's stations, its battery and the first load that gives way."""
    names = [n for n in net.generators.name.tolist() if n.startswith(("DDG", "ES"))]
    what = [*((0, n) for n in names), (1, "early1")]
    some = [what[k] for k in sorted(rng.permutation(len(what))[:many].tolist())]
    return _offers(rng, [k for k, _ in some], [n for _, n in some], ramp=(0.02, 0.1), more=np.zeros(len(some)))


def _offers(rng: Rng, what: list[int], names: list[str], *, ramp: tuple[float, float], more: np.ndarray) -> dv.Regulation:
    n = len(names)
    return dv.Regulation.of({
        "what": what, "row": names, "ramp_mw_per_min": rng.uniform(*ramp, n), "up_per_mw": more + rng.uniform(1.0, 8.0, n),
        "down_per_mw": more + rng.uniform(1.0, 8.0, n), "mileage_up_per_mw": rng.uniform(0.1, 1.0, n),
        "mileage_down_per_mw": rng.uniform(0.1, 1.0, n), "mileage_up_most": rng.uniform(1.5, 4.0, n), "mileage_down_most": rng.uniform(1.5, 4.0, n),
    })  # fmt: skip
