"""A band study from beginning to end: both curves of a company, what it does at their points, and what draws say of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.errors import Fault, InvalidCase, Unsolved
from gridtandem.opf.leader import of_group
from gridtandem.program.bilevel import BilevelAnswer
from gridtandem.resources.steps import FLEXIBLE, UNIT
from gridtandem.study.igdt.band import Band
from gridtandem.study.igdt.evidence import crossings
from gridtandem.study.igdt.results import Radii
from gridtandem.study.igdt.search import Method, Radius, radius
from gridtandem.study.igdt.uncertain import SIDES, Uncertain
from gridtandem.study.market.study import MarketStudy
from gridtandem.tables import Real

WORSE = 1e-6  # relative: a cost at the other end of demand above that of the end of the band by less is rounding
ENERGIES = ("import_mwh", "free_mwh", "unit_mwh", "response_mwh", "store_mwh")
Watch = Callable[[str], None]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BandStudy:
    """Both curves, and the cost that budgets are relative to."""

    study: MarketStudy
    band: Band
    cost: float  # at the forecast [currency]
    table: Radii


def run_band(
    study: MarketStudy,
    percent: Sequence[float],
    *,
    band: Band | None = None,
    sides: Sequence[str] = SIDES,
    most: float = 2.0,
    method: Method = "direct",
    samples: int = 0,
    seed: int = 1,
    watch: Watch = lambda _: None,
) -> BandStudy:
    """α for every budget, given in percent of the cost at the forecast, and both sides unless one is named."""
    if faults := [*_faults(percent, sides, samples)]:
        raise InvalidCase(faults)
    band = Band() if band is None else band
    uncertain = Uncertain.of(study, band, most)
    cost = uncertain.best(0, 0.0).total
    rows = []
    for name in sides:
        side = SIDES.index(name)
        for p in percent:
            budget = cost + (1 - 2 * side) * p / 100 * abs(cost)
            rows.append({"side": name, "budget_percent": p, "budget": budget, **_point(uncertain, side, budget, method=method)})
            if samples and np.isfinite(rows[-1]["alpha"]):
                rng = np.random.default_rng((seed, side, len(rows)))
                inside, outside = crossings(uncertain, rows[-1]["alpha"], budget, samples=samples, rng=rng)
                rows[-1] |= {"samples": samples, "inside": inside, "outside": outside}
            watch(f"{name} at {p:g} %: {rows[-1]['alpha']:.4g}")
    filled = [{"samples": 0, "inside": 0, "outside": 0, **row} for row in rows]
    return BandStudy(study=study, band=band, cost=cost, table=Radii.of({name: [row[name] for row in filled] for name in Radii.columns()}))
