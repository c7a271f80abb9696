"""Structure against physics by rank: turned the right way, nominal and degraded apart, with names of those that differ, and null results told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from gridtandem.architecture.catalogue import architecture
from gridtandem.architecture.simulation.correlations import BETTER, COUNTERPARTS, Correlations, correlations, scores_of
from gridtandem.architecture.simulation.results import Results
from gridtandem.architecture.verdicts.findings import PRINCIPLES
from gridtandem.architecture.verdicts.judged import judge
from tests.tolerances import BY_HAND, SAME_MEASURE

NAMES = ("a", "b", "c", "d", "e", "f")
RISING = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)


def results(days: Mapping[str, Mapping[str, Sequence[float]]]) -> Results:
    """Measures by scenario; all others are not numbers."""
    rows = [(scenario, k) for scenario in days for k in range(len(NAMES))]
    out: dict[str, list[str] | list[float]] = {}
    for name, spec in Results.columns().items():
        texts = {"architecture": [NAMES[k] for _, k in rows], "scenario": [s for s, _ in rows]}
        numbers = [days[s][name][k] if name in days[s] else np.nan for s, k in rows]
        out[name] = texts.get(name, [""] * len(rows)) if spec.dtype == "U" else numbers
    return Results.of(out)


def scores(by: Mapping[str, Sequence[float]]) -> dict[str, dict[str, float]]:
    return {name: {p.short: by.get(p.short, RISING)[k] for p in PRINCIPLES} for k, name in enumerate(NAMES)}


def row(table: Correlations, measure: str, condition: str) -> int:
    return int(np.flatnonzero((table.measure == measure) & (table.condition == condition))[0])


def test_every_principle_has_a_measure_of_the_results() -> None:
    assert set(COUNTERPARTS) == {p.short for p in PRINCIPLES}
    assert {m for measures in COUNTERPARTS.values() for m in measures} | BETTER - set(COUNTERPARTS) <= set(Results.columns())


def test_nominal_and_degraded_stand_apart() -> None:
    days: dict[str, dict[str, Sequence[float]]] = {"nominal": {"violation_before": RISING}, "lost-link": {"violation_before": RISING[::-1]}}
    table = correlations(results(days), scores({}))
    here, there = row(table, "violation_before", "nominal"), row(table, "violation_before", "degraded")
    assert table.principle[here] == "TB"
    assert table.rho[[here, there]] == pytest.approx([1.0, -1.0], abs=SAME_MEASURE)
    assert table.p_value[here] == pytest.approx(2 / 720, abs=SAME_MEASURE)
    assert table.told[here] == table.disagree[here] == ""
    assert table.told[there].startswith("the other way about")


def test_a_scenario_of_large_numbers_does_not_drown_another() -> None:
    # ranks 1 to 6 and 6 to 1: all the same on average, whatever the numbers are
    days: dict[str, dict[str, Sequence[float]]] = {"lost-link": {"blast_mw": RISING}, "der-x10": {"blast_mw": (5e6, 4e6, 3e6, 2e6, 1e6, 0)}}
    table = correlations(results(days), scores({}))
    k = row(table, "blast_mw", "degraded")
    assert np.isnan(table.rho[k])
    assert table.told[k] == "no answer: the measure is the same in all 6 architectures"


def test_more_seen_is_better() -> None:
    table = correlations(results({"nominal": {"observed_share": (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)}}), scores({}))
    assert table.rho[row(table, "observed_share", "nominal")] == pytest.approx(1.0, abs=SAME_MEASURE)


def test_those_that_differ_most_are_named() -> None:
    table = correlations(results({"nominal": {"skew_mw": (9.0, 0.1, 0.2, 0.3, 0.4, 0.5)}}), scores({}))
    k = row(table, "skew_mw", "nominal")
    # 1 − 6 · (25 + 5) / 210
    assert table.rho[k] == pytest.approx(1 - 180 / 210, abs=SAME_MEASURE)
    assert table.disagree[k].split("; ")[0] == "a: 1 by structure, 6 measured, of 6"
    assert len(table.disagree[k].split("; ")) == 3
    assert table.told[k].startswith("a null result")


def test_what_cannot_be_told_is_said() -> None:
    nan = float("nan")
    days = {"nominal": {"iterations": (3.0, nan, nan, nan, nan, 8.0), "missed": RISING}}
    table = correlations(results(days), scores({"LC": (1.0,) * 6}))
    few, same = row(table, "iterations", "nominal"), row(table, "missed", "nominal")
    assert table.pairs[few] == 2
    assert table.told[few] == "no answer: 2 architectures have both"
    assert table.told[same] == "no answer: the score is the same in all 6 architectures"
    assert np.isnan([table.rho[same], table.p_value[same]]).all()
    assert table.pairs[row(table, "fan_in", "degraded")] == 0


def test_two_rows_of_one_day_are_refused() -> None:
    table = results({"nominal": {"missed": RISING}})
    with pytest.raises(ValueError, match="twice"):
        correlations(table.take(np.array([0, 0])), scores({}))


def test_scores_are_turned_so_that_more_is_worse() -> None:
    known = scores_of(judge(architecture("UK1")))
    assert known["TB"] == pytest.approx(0.15 * 0.7, abs=BY_HAND)
    assert known["LD"] == pytest.approx(0.15 / 2, abs=BY_HAND)  # not layered: half of the paths to DSOF
    spread = judge(architecture("EU2")).verdicts["TB"].score
    assert scores_of(judge(architecture("EU2")))["TB"] == pytest.approx(sum(spread) / 2, abs=BY_HAND)
