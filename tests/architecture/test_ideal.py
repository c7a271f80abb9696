"""What every simulated day is held against: the ideal that cuts load where it must, exchanges that all reckon alike, power that nobody takes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.architecture.catalogue import architecture
from gridtandem.architecture.simulation.clearing import followed
from gridtandem.architecture.simulation.derived import derived
from gridtandem.architecture.simulation.run import One, judge_of, simulated
from gridtandem.architecture.simulation.scenarios import Setting, scene_of
from gridtandem.architecture.simulation.scene import Scene
from gridtandem.cases.case import Case
from gridtandem.cases.variants import pressed, resized
from tests.tolerances import DAY_COST, TOY


def scene(case: Case, hours: int = 2) -> Scene:
    return scene_of(Setting(case=case, first=11, hours=hours), "nominal")


@cache
def usual() -> Scene:
    return scene(gt.case("four-feeders"))


def one(name: str, day: Scene) -> One:
    return simulated(derived(architecture(name)), day, judge_of(day))


def test_the_ideal_cuts_load_where_limits_cannot_be_held_otherwise() -> None:
    """Without any DER nobody can do anything but cut load, the owner of all models neither."""
    case = gt.case("four-feeders")
    day = scene(replace(case, models=tuple(resized(m, 0.0) for m in case.models)))
    for name in ("R1", "R3", "AU4"):
        found = one(name, day).result
        assert found.unserved_mwh[0] > TOY
        assert found.cost[0] == pytest.approx(day.ideal, rel=DAY_COST)


def test_nobody_is_cheaper_than_the_ideal_under_tight_limits() -> None:
    case = gt.case("four-feeders")
    day = scene(replace(case, models=tuple(pressed(m, 2.0) for m in case.models)))
    for name in ("R1", "R3", "AU4", "NY1"):
        assert one(name, day).result.cost[0] >= day.ideal * (1 - DAY_COST)


@pytest.mark.parametrize("share", [0.2, 0.9, 1.0])
def test_a_feeder_in_no_curve_is_drawn_for_once(share: float) -> None:
    """Where all units of a feeder are reached past distribution, the bulk market reckons with its load once."""
    graph = architecture("NY2")
    shares = np.array([{"DER": 1 - share, "DERL": share}.get(name, 0.0) for name in graph.nodes.name.tolist()])
    found = simulated(derived(replace(graph, nodes=replace(graph.nodes, share=shares))), usual(), judge_of(usual()))
    assert found.planned.plan.z == pytest.approx(usual().actual.draw(found.planned.y), abs=TOY)


def test_power_that_nobody_takes_costs() -> None:
    """Feeders that give more than all loads take: it is spilled, and no demand goes short for it."""
    day = usual().actual
    plan = followed(day, np.full((day.periods, len(day.feeders)), -1e4))
    assert (plan.spilled > 1e4).all()
    assert plan.short == pytest.approx(np.zeros(day.periods), abs=TOY)


def test_who_hears_from_fewer_is_less_busy() -> None:
    """One operator hears every DER; of four distribution operators each hears its own."""
    assert one("R1", usual()).result.fan_in[0] > 2 * one("R3", usual()).result.fan_in[0]
