"""A band study from beginning to end: both curves of a company, what it does at their points, and what draws say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from gridtandem.coordinate import End
from gridtandem.errors import Fault, InvalidCase, Unsolved
from gridtandem.opf.leader import THETA, of_group
from gridtandem.opf.retail import full_retail
from gridtandem.program.between import at
from gridtandem.program.bilevel import BilevelAnswer, best_against
from gridtandem.resources.steps import UNIT
from gridtandem.schemes.strategic import Strategic
from gridtandem.study.igdt.band import Band
from gridtandem.study.igdt.evidence import crossings
from gridtandem.study.igdt.results import Radii
from gridtandem.study.igdt.search import METHODS, Method, radius
from gridtandem.study.igdt.uncertain import SIDES, Uncertain
from gridtandem.study.market.study import MarketStudy

MOST = 2.0  # α of opportunity at most, where none is given
LOOKED = (-1.0, -0.5, 0.0, 0.5)  # errors of demand beside that at the end of the band, in its unit
WORSE = 1e-6  # relative: costs that differ by less are the same
ENERGIES = ("import_mwh", "free_mwh", "unit_mwh", "response_mwh", "store_mwh")
SATURATED, BEYOND, CERTAIN, CROOKED = "saturated", "beyond reach", "nothing is uncertain", "demand errs worse the other way"
SCARCE, DOUBTED = "scarce", "not certified"


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BandStudy:
    """Both curves, and the cost that budgets are relative to."""

    study: MarketStudy
    band: Band
    cost: float  # at the forecast [currency]
    retail: float  # what all demand would pay by the tariff, of which the cost counts what is forgone; 0 without one [currency]
    table: Radii

    @property
    def end(self) -> End:
        """Refused where a point has no certified answer."""
        return End.REFUSED if np.isin(self.table.note, (SCARCE, DOUBTED)).any() else End.AGREED


def run_band(
    study: MarketStudy,
    percent: Sequence[float],
    *,
    band: Band | None = None,
    sides: Sequence[str] = SIDES,
    most: float | None = None,
    method: Method = "direct",
    samples: int = 0,
    seed: int = 1,
    watch: Callable[[str], None] = lambda _: None,
) -> BandStudy:
    """α for every budget, given in percent of the cost at the forecast. ``most`` is the largest α of opportunity (2, or where demand
    falls to 0), ``samples`` how many draws.
    """
    if faults := [*_faults(percent, sides, samples, method)]:
        raise InvalidCase(faults)
    study, band = replace(study, scheme=Strategic()), Band() if band is None else band
    uncertain = Uncertain.of(study, band, min(MOST, 1 / max(band.load, 1 / MOST)) if most is None else most)
    cost = _forecast(uncertain)
    rows: list[dict[str, Any]] = []
    for name in sides:
        side = SIDES.index(name)
        for p in percent:
            budget = cost + (1 - 2 * side) * p / 100 * abs(cost)
            row = {"side": name, "budget_percent": p, "budget": budget, **_point(uncertain, side, budget, method)}
            if samples and np.isfinite(row["alpha"]):
                rng = np.random.default_rng((seed, side, len(rows)))
                inside, outside = crossings(uncertain, side, (row["alpha"], budget), samples=samples, rng=rng)
                row |= {"samples": samples, "inside": inside, "outside": outside}
            rows.append(row)
            watch(f"{name} at {p:g} %: α = {row['alpha']:.4g}")
    paid = sum(count * float(full_retail(f).sum()) for f, count in zip(uncertain.feeders, uncertain.counts, strict=True))
    return BandStudy(study=study, band=band, cost=cost, retail=paid, table=_table(rows))


def _forecast(uncertain: Uncertain) -> float:
    """What budgets are relative to."""
    best = uncertain.best(0, 0.0)
    if doubt := uncertain.doubt(0, 0.0, best):
        raise Unsolved(f"at the forecast the company has no answer that holds: {doubt.said}")
    return best.total


def _table(rows: Sequence[Mapping[str, Any]]) -> Radii:
    return Radii.of({name: [row.get(name, "" if name == "doubt" else 0) for row in rows] for name in Radii.columns()})


def _faults(percent: Sequence[float], sides: Sequence[str], samples: int, method: str) -> Iterator[Fault]:
    given = np.asarray(percent)
    if given.ndim != 1 or given.dtype.kind not in "fiu" or not len(given) or not (np.isfinite(given) & (given >= 0)).all():
        yield Fault("budget", f"is {percent!r}", "give a list of shares of the cost in percent, 0 or more, e.g. [0, 5]", "igdt-007")
    for name in sides:
        if name not in SIDES:
            yield Fault("side", f"is {name!r}", f"give {' or '.join(SIDES)}", "igdt-008")
    if method not in METHODS:
        yield Fault("method", f"is {method!r}", f"give {' or '.join(METHODS)}", "igdt-008")
    if samples < 0:
        yield Fault("samples", f"is {samples}", "give 0 or more", "igdt-009")


def _point(uncertain: Uncertain, side: int, budget: float, method: Method) -> dict[str, Any]:
    """A row of the table."""
    nothing = {"alpha": np.nan, "cost": np.nan, **dict.fromkeys(ENERGIES, np.nan)}
    if not uncertain.band.moves(uncertain.study.case):
        return {**nothing, "note": CERTAIN}
    found = radius(uncertain, side, budget, method)
    if np.isnan(found.alpha):
        return {**nothing, "note": BEYOND}
    best = uncertain.best(side, found.alpha)
    if doubt := uncertain.doubt(side, found.alpha, best):
        return {**nothing, "note": SCARCE if doubt.scarce else DOUBTED, "doubt": doubt.said}
    if uncertain.band.load and _crooked(uncertain, side, found.alpha, best.total):
        return {**nothing, "note": CROOKED}
    return {"alpha": found.alpha, "cost": best.total, **_energies(uncertain, best), "note": SATURATED if found.at_end else ""}


def _crooked(uncertain: Uncertain, side: int, alpha: float, end: float) -> bool:
    """Whether, with free power as far off as it may be, some other error of demand costs more than the end of the band, or on side 1 less.

    Looked at is the other end and three points on the way.
    """
    share = alpha / uncertain.reach(side)
    blocks = [f"feeder{g}.{rows}" for g in range(len(uncertain.feeders)) for rows in ("balance", "limit")]
    same = dict.fromkeys(uncertain.forecast.columns, share)
    costs = [
        best_against(at(uncertain.forecast, uncertain.ends[side], {**same, **dict.fromkeys(blocks, turn * share)}), THETA, uncertain.cells).total
        for turn in LOOKED
    ]
    return bool(((1 - 2 * side) * (np.array(costs) - end) > WORSE * max(1.0, abs(end))).any())


def _energies(uncertain: Uncertain, best: BilevelAnswer) -> dict[str, float]:
    """Of all feeders over the day. [MWh]"""
    hours = uncertain.study.window.hours
    out = dict.fromkeys(ENERGIES, 0.0)
    out["import_mwh"] = float(best.theta.sum()) * hours
    for g, (feeder, count) in enumerate(zip(uncertain.feeders, uncertain.counts, strict=True)):
        mine, steps = of_group(best.x, g), feeder.owned.steps
        gives, unit = steps.sign > 0, steps.source == UNIT
        free = gives & unit & (steps.price == 0) & (steps.slope == 0)
        for name, which in (("free_mwh", free), ("unit_mwh", gives & unit & ~free), ("response_mwh", gives & ~unit)):
            out[name] += count * float(mine["x"][:, which].sum()) * hours
        if "discharge" in mine:
            out["store_mwh"] += count * float(mine["discharge"].sum()) * hours
    return out
