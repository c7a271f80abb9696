"""Several schemes of markets side by side: the table in words, for machines and as pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

from gridtandem.coordinate import Outcome
from gridtandem.report.drawing import drawn
from gridtandem.report.market import MarketRun
from gridtandem.report.tables import as_records, plain
from gridtandem.study.market import compare as comparing
from gridtandem.study.market.compare import MarketComparison as MarketComparisonTable
from gridtandem.study.market.study import MarketStudy
from gridtandem.study.provenance import provenance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COMPARE = "tandem/market-compare/1"
SHOWN = ("scheme", "cost", "gap_to_ideal", "rounds", "numbers", "price_error_per_mwh", "voltage_error_pu", "limits_broken", "seconds")
PICTURES = {
    "overview": "gridtandem.report.market_pictures:payoffs",
    "convergence": "gridtandem.report.market_pictures:convergence",
    "payoffs": "gridtandem.report.market_pictures:payoffs",
}


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MarketComparison:
    """One case under several schemes of markets."""

    table: MarketComparisonTable
    runs: tuple[MarketRun, ...]

    def plot(self, kind: str = "overview") -> Figure:
        """A picture; ``kind`` is one of `PICTURES`."""
        return drawn(PICTURES, kind, self)

    def __repr__(self) -> str:
        return "\n".join(_lines(self))


def compared(
    study: MarketStudy,
    schemes: Sequence[object],
    *,
    save: Callable[[str], Path] | None = None,
    watch: Callable[[str, Outcome[object]], None] | None = None,
) -> MarketComparison:
    """Carry out the study under every scheme."""
    found = comparing.compare(study, schemes, save=save, watch=watch)
    return MarketComparison(table=found.table, runs=tuple(map(MarketRun.of, found.days)))


def market_comparison_document(comparison: MarketComparison) -> dict[str, object]:
    """One entry per scheme."""
    troubles = {run.scheme: list(run.trouble) for run in comparison.runs if run.trouble}
    study = comparison.runs[0].result.study if comparison.runs else None
    return {
        "schema": COMPARE, "case": None if study is None else study.case.name, "currency": None if study is None else study.case.currency,
        "schemes": as_records(comparison.table), "trouble": troubles, "made_with": provenance(),
    }  # fmt: skip


def _lines(comparison: MarketComparison) -> Iterator[str]:
    study = comparison.runs[0].result.study
    window = study.window
    yield f"{study.case.name}, {window.periods} period{'s' * (window.periods != 1)} of {window.hours:g} h; money in {study.case.currency}"
    yield plain(comparison.table, columns=SHOWN)
    for run in comparison.runs:
        if not run.outcome.agreed:
            yield f"{run.scheme}: {run.end}"
        for line in run.trouble:
            yield f"{run.scheme}: {line}"
