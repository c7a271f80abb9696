"""AC optimal power flow: what a dispatch says of itself."""

from __future__ import annotations

from gridtandem.report.dispatch import words
from gridtandem.report.kinds import Door, Fields, Words, plainly
from gridtandem.report.run import Run
from gridtandem.report.tables import number
from gridtandem.study.dispatch.day import rounds_by_period
from gridtandem.study.dispatch.run import CRAFT, DispatchResult
from gridtandem.study.dispatch.study import DispatchStudy
from gridtandem.study.kinds import DISPATCH


def _figures(run: Run) -> dict[str, object]:
    result: DispatchResult = run.result
    told = result.tables
    return {
        "promised": number(told.promised), "realised": number(told.realised), "central": number(told.central), "gap_to_central": number(told.gap),
        "rounds_by_period": list(rounds_by_period(run.outcome.state)),
        "certificate": result.study.certificate, "bound": number(told.bound), "gap_to_bound": number(told.gap_to_bound),
        "bound_letters": {"count": len(told.bound_letters), "numbers": int((told.bound_letters.numbers_down + told.bound_letters.numbers_up).sum())},
    }  # fmt: skip


DOOR = Door(
    craft=CRAFT,
    asked=plainly(DISPATCH, DispatchStudy),
    words=Words(
        run=words.run_in_words, comparison=words.comparison_in_words,
        run_pictures={
            "overview": "gridtandem.report.dispatch.pictures:overview",
            "prices": "gridtandem.report.dispatch.pictures:prices",
            "convergence": "gridtandem.report.dispatch.pictures:of_run",
        },
        comparison_pictures={
            "overview": "gridtandem.report.dispatch.pictures:compared",
            "costs": "gridtandem.report.dispatch.pictures:costs",
            "exchange": "gridtandem.report.dispatch.pictures:exchange",
            "convergence": "gridtandem.report.dispatch.pictures:convergence",
        },
    ),
    fields=Fields(
        schemas=("tandem/dispatch-summary/1", "tandem/dispatch-compare/1"), figures=_figures, shown=("exchanges", "checks"),
        elsewhere={"buses": "voltages of buses are in table 'prices', beside the prices", "units": "what units do is in table 'decisions'"},
        about=lambda study: {"currency": study.case.currency, "certificate": study.certificate},
    ),
)  # fmt: skip
