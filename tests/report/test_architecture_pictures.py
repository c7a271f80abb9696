"""Pictures of architectures show what the tables say: who changes places, scores against measures, all verdicts, the path between designs."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from gridtandem.architecture.simulation.results import Results
from gridtandem.errors import UnknownName, Unreadable
from gridtandem.report import style
from gridtandem.report.architecture import days, evolution
from gridtandem.report.architecture.matrix import SHADES, matrix
from gridtandem.report.architecture.simulated import SimulationRun, by_scenario, places, simulate
from gridtandem.report.architecture.sweep import sweep
from gridtandem.report.architecture.sweep_picture import LABELS, alike
from gridtandem.report.architecture.verdicts import digits, judged
from gridtandem.report.style import svg

NAMES, SCENARIOS = ("R1", "NY1", "SNA", "UK5"), ("nominal", "lost-link", "stale-model")


@cache
def run() -> SimulationRun:
    return simulate("toy-two-feeders", NAMES, SCENARIOS)


def table(costs: dict[str, float]) -> Results:
    columns = {
        name: list(costs) if name == "architecture" else ["nominal"] * len(costs) if spec.dtype == "U" else [np.nan] * len(costs)
        for name, spec in Results.columns().items()
    }
    return Results.of({**columns, "cost": list(costs.values()), "ideal": [100.0] * len(costs)})


def test_equal_costs_share_a_place_and_who_has_none_comes_last() -> None:
    found = places(table({"d": np.nan, "b": 100.0 + 1e-5, "a": 100.0, "c": 101.0}))
    assert list(zip(found.architecture.tolist(), found.place.tolist(), strict=True)) == [("a", 1), ("b", 1), ("c", 3), ("d", 4)]


@pytest.mark.parametrize("kind", ["ranking", "scores"])
def test_the_same_bytes_twice(kind: str) -> None:
    assert svg(run().plot(kind)) == svg(run().plot(kind))


def test_a_panel_for_each_further_scenario_with_all_names_on_both_sides() -> None:
    axes = [a for a in run().plot().axes if a.axison]
    assert [[t.get_text() for t in a.get_xticklabels()] for a in axes] == [["nominal", s] for s in SCENARIOS[1:]]
    for a, scenario in zip(axes, SCENARIOS[1:], strict=True):
        left = [t.get_text() for t in sorted((t for t in a.texts if t.get_position()[0] < 0), key=lambda t: t.get_position()[1])]
        place = by_scenario(run().places)
        assert sorted(left, key=lambda n: (place[n]["nominal"], n)) == left
        colours = {t.get_text(): t.get_color() for t in a.texts}
        for name in NAMES:
            by = place[name][scenario] - place[name]["nominal"]
            assert colours[name] == (style.WARN if by > 0 else style.OK if by < 0 else style.MUTED)


def test_a_line_falls_where_a_place_is_lost_and_looks_say_so() -> None:
    figure = run().plot()
    (legend,) = figure.legends
    assert [t.get_text() for t in legend.get_texts()] == ["loses places", "wins places", "keeps its place", "share a place; lines end at its top"]
    place = by_scenario(run().places)
    for a, scenario in zip((a for a in figure.axes if a.axison), SCENARIOS[1:], strict=True):
        lines = [line for line in a.get_lines() if list(line.get_xdata()) == [0, 1]]  # type: ignore[arg-type]
        ends = {tuple(line.get_ydata()): line.get_color() for line in lines}  # type: ignore[arg-type]
        assert set(ends) == {(place[name]["nominal"], place[name][scenario]) for name in NAMES}
        assert all(colour == (style.WARN if y > x else style.OK if y < x else style.MUTED) for (x, y), colour in ends.items())


def test_a_sweep_gives_a_design_one_look_in_both_panels() -> None:
    found = sweep("toy-two-feeders", (*NAMES, "AU4"), vary="congestion", levels=(0.8, 1.0, 1.2))
    groups = alike(found.swept, tuple(LABELS))
    assert sorted(name for group in groups for name in group) == sorted((*NAMES, "AU4"))
    assert len(groups) > len(alike(found.swept, ("over",)))  # somebody differs in cost alone
    left, right = ([(t.get_text(), t.get_color()) for t in a.texts] for a in found.plot().axes)
    assert sorted(left) == sorted(right)
    assert len(left) == len(groups)


def test_places_need_two_scenarios_and_a_picture_a_name() -> None:
    one = simulate("toy-two-feeders", ("R1",), ("nominal",))
    with pytest.raises(Unreadable, match="two or more"):
        one.plot()
    with pytest.raises(Unreadable, match="three or more"):
        one.plot("scores")
    with pytest.raises(UnknownName):
        one.plot("beauty")


def test_scores_stand_against_measures_that_differ() -> None:
    found = run().correlations
    known = {(str(p), str(m)) for p, m, rho in zip(found.principle, found.measure, found.rho, strict=True) if np.isfinite(rho)}
    axes = [a for a in run().plot("scores").axes if a.axison]
    assert len(axes) == len(known) > 1
    for a in axes:
        for line in a.get_lines():
            assert len(line.get_xdata()) == len(NAMES)  # type: ignore[arg-type]


def test_all_verdicts_in_one_picture() -> None:
    found = judged("all")
    (axes,) = matrix(found).axes
    told = [t.get_text() for t in axes.texts]
    levels = [digits(level) for _, j in found for level in j.levels().values()]
    assert [t.rstrip("+!") for t in told] == levels
    assert sum(t.endswith("!") for t in told) == 3
    shades = {p.get_facecolor() for p in axes.patches}
    assert len(shades) == len(SHADES)


def test_a_path_names_verdicts_and_changes() -> None:
    path = evolution.evolution(["UK0", "UK2", "UK1"])
    above, below = evolution.drawn(path).axes
    assert len(above.texts) == 27
    assert [t.get_text().splitlines()[0] for t in below.texts] == ["UK0 → UK2: 3 come, 9 go, 2 change", "UK2 → UK1: 7 come, 3 go, 3 change"]
    assert {"moderate", "some 0.3"} < {t.get_text() for t in above.texts}  # a score where it decides
    assert "cyber_exposure" in evolution.in_words(path).split("But of")[1].split("UK0 > UK2")[0]
    assert "scalability" in path.moved(0)[1]  # another level with the same score
    with pytest.raises(Unreadable, match="two architectures"):
        evolution.evolution(["UK0"])


def test_families_that_overtake_are_named() -> None:
    mean = {"Hybrid": {"nominal": 3.0, "lost-link": 1.0}, "TotalTSO": {"nominal": 1.0, "lost-link": 2.0}, "Market": {"nominal": 1.0}}
    assert days.overtaking(mean, "nominal", "lost-link") == ["Hybrid overtakes TotalTSO"]
    assert days.overtaking(mean, "nominal", "nominal") == []
    assert set(days.by_family(run())["TotalTSO"]) == set(SCENARIOS)
