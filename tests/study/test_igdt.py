"""Bands of forecast errors: one program and bisection find the same radius, draws inside never cross a budget, and what means nothing is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.cases.case import Case
from gridtandem.cases.golden import golden
from gridtandem.cases.rts24 import Rts24
from gridtandem.cases.rts24_disco import Rts24Disco
from gridtandem.errors import InvalidCase, Unsolved
from gridtandem.schemes.strategic import Strategic
from gridtandem.study.igdt.band import Band, counted, free_units, technologies
from gridtandem.study.igdt.evidence import crossings
from gridtandem.study.igdt.run import BEYOND, CERTAIN, CROOKED, SATURATED, BandStudy, run_band
from gridtandem.study.igdt.search import radius
from gridtandem.study.igdt.uncertain import LOWEST, Uncertain
from gridtandem.study.market.run import run_market
from gridtandem.study.market.strategy import companies
from gridtandem.study.market.study import MarketStudy
from tests.tolerances import BEST, BUDGET_HIT, RADIUS

HOURS, BUDGETS = {"first": 11, "hours": 4}, (0.0, 2.0, 5.0, 10.0)


@cache
def case() -> Case:
    return Rts24Disco(bus="14").case("disco")


def study(of: Case | None = None, *, first: int = HOURS["first"], hours: int = HOURS["hours"]) -> MarketStudy:
    return MarketStudy(case=case() if of is None else of, scheme=Strategic(), first=first, hours=hours)


@cache
def curves() -> BandStudy:
    return run_band(study(), BUDGETS)


@cache
def uncertain(load: float = 0.0) -> Uncertain:
    return Uncertain.of(study(), Band(load=load), 1.0)


def test_the_cost_at_the_forecast_is_that_of_the_strategic_company() -> None:
    own = float(companies(run_market(study())).cost.sum())
    assert abs(curves().cost - own) <= BEST * abs(own)


@pytest.mark.parametrize("side", ["robustness", "opportunity"])
def test_alpha_begins_at_nothing_and_grows_with_the_budget(side: str) -> None:
    mine = curves().table.take(curves().table.side == side)
    assert mine.alpha[0] == 0
    assert (np.diff(mine.alpha) > 0).all()
    assert (np.abs(mine.cost - mine.budget) <= BUDGET_HIT * np.abs(mine.budget)).all()


def test_errors_are_made_up_for_by_imports_and_units() -> None:
    worse = curves().table.take(curves().table.side == "robustness")
    assert (np.diff(worse.free_mwh) < 0).all()
    assert (np.diff(worse.import_mwh + worse.unit_mwh + worse.response_mwh) > 0).all()


@pytest.mark.parametrize("load", [0.0, 0.2])
@pytest.mark.parametrize("side", [0, 1])
def test_one_program_and_bisection_find_the_same_radius(side: int, load: float) -> None:
    made = uncertain(load)
    forecast = made.best(0, 0.0).total
    budget = forecast + (1 - 2 * side) * 0.05 * abs(forecast)
    direct, halved = (radius(made, side, budget, method) for method in ("direct", "bisection"))  # type: ignore[arg-type]
    assert abs(direct.alpha - halved.alpha) <= RADIUS


def test_no_draw_inside_crosses_and_some_outside_do() -> None:
    made, rng = uncertain(), np.random.default_rng(7)
    for row, side in ((2, 0), (6, 1)):
        table = curves().table
        inside, outside = crossings(made, side, (float(table.alpha[row]), float(table.budget[row])), samples=25, rng=rng)
        assert inside == 0
        assert outside > 0


def test_the_program_at_an_end_is_that_of_a_case_with_that_forecast() -> None:
    """The family of programs against a case whose free units are smaller, built and cleared from the start."""
    (model,) = case().models
    free = free_units(model)
    less = model.generators.p_high_mw.copy()
    less[free] *= 0.6
    smaller = replace(case(), models=(replace(model, generators=replace(model.generators, p_high_mw=less)),))
    own = float(companies(run_market(study(smaller))).cost.sum())
    assert abs(uncertain().best(0, 0.4).total - own) <= BEST * abs(own)


def test_a_technology_that_is_certain_leaves_more_room_for_the_other() -> None:
    assert set(technologies(case().models[0]).tolist()) == {"sun", "wind"}
    both, one = (run_band(study(), (5.0,), band=Band(weights=w), sides=("robustness",)).table.alpha[0] for w in ({}, {"sun": 0.0}))
    assert one > both


def test_what_ends_for_want_of_free_power_or_of_luck_says_so() -> None:
    found = run_band(study(), (500.0,), most=0.5).table
    assert found.note.tolist() == [SATURATED, BEYOND]
    assert found.alpha[0] == LOWEST
    assert np.isnan(found.alpha[1])


def test_without_free_power_alpha_means_nothing() -> None:
    (model,) = case().models
    high = model.generators.p_high_mw.copy()
    high[free_units(model)] = 0.0
    none = replace(case(), models=(replace(model, generators=replace(model.generators, p_high_mw=high)),))
    found = run_band(study(none), (5.0,)).table
    assert found.note.tolist() == [CERTAIN, CERTAIN]
    assert np.isnan(found.alpha).all()


def test_units_that_must_be_taken_are_refused_with_everything_else_that_is_wrong() -> None:
    (model,) = case().models
    low = model.generators.p_low_mw.copy()
    low[free_units(model)[0]] = 0.1
    must = replace(case(), models=(replace(model, generators=replace(model.generators, p_low_mw=low)),))
    with pytest.raises(InvalidCase) as told:
        run_band(study(must), (5.0,), band=Band(weights={"tide": 1.0, "sun": 2.0}, load=-1.0))
    assert {f.code for f in told.value.faults} == {"igdt-001", "igdt-002", "igdt-003"}


def test_costs_of_squares_are_halved_and_not_put_below_a_budget() -> None:
    (model,) = case().models
    bent = replace(case(), models=(replace(model, flexible=replace(model.flexible, slope=np.full(len(model.flexible), 1.0))),))
    pytest.importorskip("pyscipopt")
    with pytest.raises(InvalidCase, match="igdt-010"):
        run_band(study(bent, first=18, hours=1), (5.0,))


def test_demand_that_helps_where_free_power_is_bottled_up_leaves_no_radius() -> None:
    """A feeder whose demand stands beside its sun, and draws the reactive power that keeps voltage down there: less of it lets less sun out."""
    whole = golden()
    sunny, there = whole.models[0], whole.models[0].loads.bus == 3
    loads = replace(sunny.loads, p_mw=np.where(there, 0.3, 0.0), q_mvar=np.where(there, 0.6, 0.0))
    alone = replace(whole, models=(replace(sunny, loads=loads),), interfaces=whole.interfaces.take(np.array([0])))
    day = MarketStudy(case=alone, scheme=Strategic(), first=1, hours=1, flow="active")
    made = Uncertain.of(day, Band(weights={"other": 0.0}, load=1.0), 1.0)
    assert made.best(0, 0.5).total < made.best(0, 0.0).total < made.best(1, 0.5).total
    found = run_band(day, (1.0,), band=Band(weights={"other": 0.0}, load=1.0), sides=("robustness",)).table
    assert found.note.tolist() == [CROOKED]
    assert np.isnan(found.alpha).all()


def test_a_market_whose_hours_hang_together_tells_no_curve_and_says_so() -> None:
    coupled = Rts24Disco(market=Rts24(ramps=True)).case("disco")
    with pytest.raises(Unsolved, match="ramps"):
        run_band(study(coupled), (5.0,))


def test_feeders_that_cannot_be_served_somewhere_in_the_band_are_told() -> None:
    (model,) = case().models
    weak = replace(model, lines=replace(model.lines, rating_mva=model.lines.rating_mva / 20))
    with pytest.raises(Unsolved, match="cannot be served"):
        run_band(study(replace(case(), models=(weak,))), (5.0,))


def test_demand_below_nothing_and_essential_demand_are_no_part_of_a_band() -> None:
    with pytest.raises(InvalidCase) as told:
        run_band(replace(study(), essential=0.5), (5.0,), band=Band(load=1.0), most=2.0)
    assert {f.code for f in told.value.faults} == {"igdt-004", "igdt-006"}


def test_bisection_says_the_same_of_budgets_that_nothing_reaches() -> None:
    made = uncertain()
    cost = made.best(0, 0.0).total
    assert radius(made, 0, 10 * cost, "bisection").at_end
    assert radius(made, 1, cost, "bisection").alpha == 0
    assert np.isnan(radius(made, 1, -cost, "bisection").alpha)
    assert np.isnan(radius(made, 0, 0.5 * cost, "bisection").alpha)


def test_several_companies_have_no_common_band() -> None:
    with pytest.raises(InvalidCase, match="igdt-005"):
        run_band(study(golden(), first=1), (5.0,))


def test_budgets_sides_and_draws_that_mean_nothing_are_refused_at_once() -> None:
    with pytest.raises(InvalidCase) as told:
        run_band(study(), (-1.0,), sides=("luck",), samples=-1)
    assert {f.code for f in told.value.faults} == {"igdt-007", "igdt-008", "igdt-009"}


def test_the_same_from_python_with_a_picture() -> None:
    found = gt.igdt(case(), [0.0, 5.0], hours=HOURS["hours"], first_hour=HOURS["first"], samples=1)
    assert found.cost == curves().cost
    assert found.table.alpha[1] == curves().table.alpha[2]
    assert "crossed the budget" in repr(found)
    assert len(found.plot().axes) == 1


@pytest.mark.parametrize("budget", ["5", 5, [], ["5"], [[5.0]]])
def test_what_is_no_list_of_budgets_is_said(budget: object) -> None:
    with pytest.raises(InvalidCase, match="igdt-007"):
        gt.igdt(case(), budget, hours=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("door", [gt.igdt, lambda case, hours: gt.run(case, scheme="strategic", hours=hours)])
def test_no_hours_are_not_all_hours(door: Callable[..., object]) -> None:
    with pytest.raises(InvalidCase, match="study-037"):
        door(case(), hours=0)


def test_a_unit_with_a_price_is_said_to_be_certain() -> None:
    net = case().models[0]
    unit = int(np.flatnonzero(net.generators.name == "PV-18")[0])
    points = replace(net.cost_points, cost_per_h=np.where(net.cost_points.generator == unit, 0.5 * net.cost_points.p_mw, net.cost_points.cost_per_h))
    assert counted(net) == (["PV-18", "wind-33"], [])
    assert counted(replace(net, cost_points=points)) == (["wind-33"], ["PV-18"])
