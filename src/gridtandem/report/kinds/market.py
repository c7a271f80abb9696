"""Markets: what a cleared day says of itself."""

from __future__ import annotations

from gridtandem.report.kinds import Door, Fields, Words, plainly
from gridtandem.report.market import words
from gridtandem.report.run import Run
from gridtandem.report.tables import number
from gridtandem.study.kinds import MARKET
from gridtandem.study.market.day import CRAFT, MarketDay
from gridtandem.study.market.study import MarketStudy


def _figures(run: Run) -> dict[str, object]:
    day: MarketDay = run.result
    return {"cost": number(day.tables.cost), "ideal_cost": number(day.tables.ideal), "gap_to_ideal": number(day.tables.gap)}


DOOR = Door(
    craft=CRAFT,
    asked=plainly(MARKET, MarketStudy),
    words=Words(
        run=words.day_in_words, comparison=words.comparison_in_words,
        run_pictures={
            "overview": "gridtandem.report.market.pictures:overview",
            "prices": "gridtandem.report.market.pictures:prices",
            "settlement": "gridtandem.report.market.pictures:settlement",
            "resources": "gridtandem.report.market.strategy_pictures:resources",
            "voltages": "gridtandem.report.market.strategy_pictures:voltages",
            "bid-curve": "gridtandem.report.market.strategy_pictures:bid_curve",
        },
        comparison_pictures={
            "overview": "gridtandem.report.market.pictures:payoffs",
            "convergence": "gridtandem.report.market.pictures:convergence",
            "payoffs": "gridtandem.report.market.pictures:payoffs",
        },
    ),
    fields=Fields(
        schemas=("tandem/market-summary/1", "tandem/market-compare/1"), figures=_figures, shown=("awards", "surplus", "checks", "reserves"),
        about=lambda study: {"currency": study.case.currency},
    ),
)  # fmt: skip
