"""Several schemes of markets side by side: the table in words, for machines and as pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from gridtandem.report.drawing import drawn
from gridtandem.report.market import MarketRun
from gridtandem.report.tables import plain
from gridtandem.study.kinds import MARKET
from gridtandem.study.market.compare import MarketComparison as MarketComparisonTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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

    door: ClassVar[str] = MARKET.door
    table: MarketComparisonTable
    runs: tuple[MarketRun, ...]

    def plot(self, kind: str = "overview") -> Figure:
        """A picture; ``kind`` is one of `PICTURES`."""
        return drawn(PICTURES, kind, self)

    def __repr__(self) -> str:
        return "\n".join(_lines(self))


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
