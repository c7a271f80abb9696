"""Load flow: the usual scheme, what the diagnosis recommends, and its documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gridtandem.cases.case import Case
from gridtandem.report.flow import words
from gridtandem.report.kinds import Asked, Door, Fields, Words
from gridtandem.report.run import Comparison, Run
from gridtandem.report.tables import number
from gridtandem.study import setting
from gridtandem.study.run import CRAFT
from gridtandem.study.study import Study

if TYPE_CHECKING:
    from gridtandem.study.diagnose import Diagnosis


def _studied(case: Case, given: Mapping[str, Any], rounds: int) -> Study:
    return Study(case=case, scheme=None, rounds=rounds, **{**given, "loading": setting.loading_of(given.get("loading", 1.0))})


def _meant(study: Study, scheme: object) -> object:
    """The word "auto" is whatever the diagnosis recommends."""
    if isinstance(scheme, str) and scheme == setting.AUTO:
        from gridtandem.study.diagnose import diagnose

        return diagnose(study).recommend
    return scheme


def _forecast(study: Study) -> Diagnosis | None:
    """What is to be expected of the plain exchange."""
    from gridtandem.study.diagnose import MOST, diagnose

    return diagnose(study) if len(study.case.interfaces) <= MOST else None


def _figures(run: Run) -> dict[str, object]:
    """Last gap and goal; the sentence is the scheme's own."""
    outcome = run.outcome
    return {"sentence": outcome.end.value, "gap": number(outcome.gaps[-1]) if outcome.gaps else None, "goal": number(outcome.goal)}


def _run_page(run: Run) -> str:
    from gridtandem.report.flow.page import run_as_html

    return run_as_html(run)


def _comparison_page(comparison: Comparison) -> str:
    from gridtandem.report.flow.page import comparison_as_html

    return comparison_as_html(comparison)


DOOR = Door(
    craft=CRAFT,
    asked=Asked(
        studied=_studied, meant=_meant, usual=lambda study: setting.usually_compared(study.case), able=lambda study: setting.able(study.case),
        default=lambda study: setting.usual(study.case), forecast=_forecast,
    ),
    words=Words(
        run=words.run_in_words, comparison=words.comparison_in_words, run_page=_run_page, comparison_page=_comparison_page,
        run_pictures={
            "overview": "gridtandem.report.flow.overview:of_run",
            "network": "gridtandem.report.flow.network:network",
            "voltages": "gridtandem.report.flow.voltages:of_run",
            "convergence": "gridtandem.report.flow.convergence:of_run",
            "exchange": "gridtandem.report.flow.exchange:of_run",
        },
        comparison_pictures={
            "overview": "gridtandem.report.flow.overview:of_comparison",
            "voltages": "gridtandem.report.flow.voltages:of_comparison",
            "convergence": "gridtandem.report.flow.convergence:of_comparison",
            "exchange": "gridtandem.report.flow.exchange:of_comparison",
            "same": "gridtandem.report.flow.same:of_comparison",
        },
    ),
    fields=Fields(schemas=("tandem/run-summary/1", "tandem/compare/1"), figures=_figures, shown=("interfaces", "checks")),
)  # fmt: skip
