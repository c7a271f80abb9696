"""How far a forecast may be off, in words, for machines, and as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.named import case as named
from gridtandem.coordinate import End
from gridtandem.report import style
from gridtandem.report.style import styled
from gridtandem.report.tables import as_records, number, plain
from gridtandem.study.igdt.band import Band, counted
from gridtandem.study.igdt.results import Radii
from gridtandem.study.igdt.run import BEYOND, CERTAIN, CROOKED, DOUBTED, SATURATED, SCARCE, BandStudy, run_band
from gridtandem.study.igdt.search import Method
from gridtandem.study.igdt.uncertain import SIDES
from gridtandem.study.market.study import MarketStudy
from gridtandem.study.provenance import provenance
from gridtandem.study.setting import asked_hours

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA = "tandem/igdt/1"
SHOWN = ("side", "budget_percent", "budget", "alpha", "cost", "import_mwh", "free_mwh", "unit_mwh", "response_mwh", "note")
DRAWN = ("samples", "inside", "outside")
MEANS = {
    SATURATED: "no free power is left to lose: the budget is never used up",
    BEYOND: "no luck within the band is large enough",
    CERTAIN: "these feeders have no free power, and demand is certain: α means nothing",
    SCARCE: "no offer makes the price there, so that no α is told: it would rest on a penalty",
    DOUBTED: "the certificate does not hold there, so that no α is told",
    CROOKED: "with demand off the other way the same error costs (or earns) more: the ends of the band are not its worst and best; no α is told",
}


@final
@dataclass(frozen=True, slots=True, eq=False)
class BandRun:
    """Both curves of a company as people hold them: ``table``, the cost at the forecast, a picture."""

    found: BandStudy

    @property
    def table(self) -> Radii:
        """One row for each side and budget."""
        return self.found.table

    @property
    def cost(self) -> float:
        """Of the best strategy at the forecast. [currency]"""
        return self.found.cost

    def plot(self) -> Figure:
        """The picture."""
        return picture(self.found)

    def __repr__(self) -> str:
        return band_in_words(self.found)


def igdt(
    case: str | Path | Case,
    budget_percent: Sequence[float] = (0.0, 2.0, 5.0, 10.0, 15.0, 20.0),
    *,
    weights: Mapping[str, float] | None = None,
    sides: Sequence[str] = SIDES,
    most: float | None = None,
    method: Method = "direct",
    samples: int = 0,
    seed: int = 1,
    hours: int | None = None,
    first_hour: int = 1,
) -> BandRun:
    """How far forecasts may be off, and how far they must be: the twin of ``tandem igdt``.

    Budgets are percentages of the cost at the forecast, above it for robustness, below it for opportunity. ``weights`` say how α spreads over
    technologies (profiles that units follow; 1 unless named) and, as ``load``, over demand (0 unless named). ``hours`` are all that profiles cover
    unless told otherwise.
    """
    asked_hours(hours)
    found = case if isinstance(case, Case) else named(case)
    study = MarketStudy(case=found, scheme=None, first=first_hour, hours=hours or 0)
    return BandRun(run_band(study, budget_percent, band=Band.read(weights or {}), sides=sides, most=most, method=method, samples=samples, seed=seed))


def band_in_words(found: BandStudy, rows: int = 60) -> str:
    """The table, and what its notes mean."""
    return "\n".join(_lines(found, rows))


def band_document(found: BandStudy) -> dict[str, object]:
    """All of it."""
    band = {"weights": dict(found.band.weights), "load": found.band.load}
    return {
        "schema": SCHEMA, "case": found.study.case.name, "currency": found.study.case.currency, "cost": number(found.cost),
        "retail": number(found.retail), "band": band, "radii": as_records(found.table), "made_with": provenance(),
    }  # fmt: skip


def _lines(found: BandStudy, rows: int) -> Iterator[str]:
    study, table = found.study, found.table
    window = study.window
    weights = "".join(f", {name} × {w:g}" for name, w in found.band.weights.items())
    demand = f", demand × {found.band.load:g}" if found.band.load else ""
    yield f"{study.case.name}, {window.periods} period{'s' * (window.periods != 1)} of {window.hours:g} h; money in {study.case.currency}"
    yield f"at the forecast the company's best strategy costs {found.cost:,.2f}"
    if found.retail:
        yield f"tariffs would bring {found.retail:,.2f} if no demand gave way, less cost is profit: {found.retail - found.cost:,.2f} at the forecast"
    yield f"α: every free power off by that share of its forecast{weights}{demand}"
    for net in study.case.models:
        free, priced = counted(net)
        certain = f"; certain, as it costs something: {', '.join(priced)}" if priced else ""
        yield f"free power of {net.name}: {', '.join(free) or 'none'}{certain}"
    columns = [name for name in (*SHOWN, *(DRAWN if table.samples.any() else ())) if name != "note" or (table.note != "").any()]
    yield plain(table, columns=columns, rows=rows)
    for note in dict.fromkeys(table.note.tolist()):
        if note:
            yield f"{note}: {MEANS[note]}"
    yield from (f"doubt: {doubt}" for doubt in dict.fromkeys(table.doubt.tolist()) if doubt)
    if found.end is End.AGREED:
        yield "certificate: at the forecast and at every α told the market solved again makes these prices, no penalty among them"
    if many := int(table.samples.sum()):
        yield f"of {many} draws inside their bands {int(table.inside.sum())} crossed the budget, of {many} from outside {int(table.outside.sum())}"


@styled
def picture(found: BandStudy) -> Figure:
    """Both curves on one axis: the cost that is kept, or reached, by α."""
    figure = style.new_figure(style.NARROW * 1.6, 3.2)
    axes = figure.add_subplot()
    for side, colour, mark in zip(SIDES, (style.WARN, style.OK), style.MARKS, strict=False):
        mine = found.table.take((found.table.side == side) & np.isfinite(found.table.alpha))
        axes.plot(mine.alpha, mine.budget, color=colour, marker=mark, markersize=4, label=side)
    axes.axhline(found.cost, color=style.FAINT, linewidth=1, zorder=0)
    axes.set_xlabel("α, error of every free power relative to its forecast")
    axes.set_ylabel(f"cost [{found.study.case.currency}]")
    axes.set_title("What an error may cost, what luck may earn", pad=14)
    style.caption(axes, f"{found.study.case.name}; line: cost at the forecast")
    axes.legend(fontsize=7, frameon=False)
    return figure
