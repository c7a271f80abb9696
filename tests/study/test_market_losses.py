"""Markets whose feeders have losses: certified chords, the bounds they promise, prices with their split, and no price below the floor."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gridtandem.cases.case import Case
from gridtandem.cases.golden import golden
from gridtandem.coordinate import End
from gridtandem.errors import InvalidCase
from gridtandem.opf.forms.branch_flow import FLOOR, TIGHT
from gridtandem.opf.offers import Asked
from gridtandem.report.run import Run
from gridtandem.schemes.cmo_cuts import CmoCuts
from gridtandem.schemes.dso_offer import DsoOffer, DsoOfferState
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market.books import surplus
from gridtandem.study.market.day import clear
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.study import MarketStudy
from tests.laws.random_markets import market
from tests.opf.feeders import battery
from tests.tolerances import CARRIED, CONE_MONEY, CONE_PRICE, LOSS_BOOKS, LOSS_SPLIT

SEEDS = 12
WITHIN = 0.02  # currency/h
NO_LOAD_FLOW = 3  # a market whose feeder is at an upper voltage limit at every price


def study(case: Case, scheme: object = DsoOffer(within=WITHIN), **more: object) -> MarketStudy:
    return MarketStudy(case=case, scheme=scheme, form="branch-flow", **more)  # type: ignore[arg-type]


@cache
def cleared(seed: int) -> MarketResult:
    """Seed −1: the golden case."""
    return run_market(study(golden() if seed < 0 else market(seed)))


def believed(result: MarketResult) -> tuple[float, float]:
    """Cost of the day as the wholesale market believes it, with the start of every offer; and the sum of what offers may lie above the truth."""
    state, hours = result.outcome.state, result.study.window.hours
    assert isinstance(state, DsoOfferState)
    assert state.plan is not None
    assert state.error is not None
    start = 0.0
    for desk, rows in result.seats.fleets:
        offers = desk.offers(result.study.scheme.rules)
        for k in range(len(rows)):
            for t in range(result.study.window.periods):
                asked = Asked.of(desk.hourly[int(desk.kind[k])][t])
                start += asked.at_exchange(float(offers.start[0, t, k])).require().cost
    return state.plan.cost + start, float(state.error.sum()) * hours


@pytest.mark.parametrize("seed", range(-1, SEEDS))
def test_ideal_is_below_actual_is_below_believed_is_below_ideal_and_errors(seed: int) -> None:
    result = cleared(seed)
    if seed == NO_LOAD_FLOW:
        assert result.outcome.end is End.REFUSED
        assert "is a load flow at no price in period 1" in result.trouble[0]
        return
    believes, error = believed(result)
    near = CONE_MONEY * max(1.0, abs(result.ideal))
    assert error <= WITHIN * result.outcome.state.error.size  # type: ignore[union-attr]
    assert result.ideal <= result.cost + near
    assert result.cost <= believes + near
    inside = not result.trouble and all(np.isfinite(p.regret) and p.regret <= WITHIN * len(p.dispatch.z) + near for p in result.feeders)
    assert not inside or believes <= result.ideal + error + near


def test_coarse_chords_cost_more_than_fine_ones_believe() -> None:
    """The bound is not idle: offers with an error of 5 per hour lie above those of 0.02 by more than the solver's noise."""
    coarse = run_market(study(golden(), DsoOffer(within=5.0)))
    assert believed(coarse)[0] > believed(cleared(-1))[0] + 1.0
    assert believed(cleared(-1))[1] < believed(coarse)[1] <= 5.0 * 8


@pytest.mark.parametrize("seed", [-1, 0, 2])
def test_every_offered_breakpoint_is_a_load_flow(seed: int) -> None:
    result = cleared(seed)
    for desk, _ in result.seats.fleets:
        for k in range(len(desk.kind)):
            asked = Asked.of(desk.hourly[int(desk.kind[k])][0])
            curve = asked.curve(tol=WITHIN)
            assert curve is not None
            assert len(curve.points) > 2
            for point in curve.points:
                form = asked.problem.physics
                assert form is not None
                assert form.slack(asked.at_exchange(-point.x).require()).max() <= TIGHT


@pytest.mark.parametrize("seed", [-1, 0, 1, 2])
def test_prices_are_energy_and_losses_and_limits(seed: int) -> None:
    result = cleared(seed)
    losses = 0.0
    for plan in result.feeders:
        for state in (plan.dispatch, plan.priced):
            assert state.energy[:, None] + state.split.sum(1) + state.loss == pytest.approx(state.price, abs=LOSS_SPLIT)
            losses = max(losses, float(np.abs(state.loss).max()))
    assert losses > 100 * LOSS_SPLIT


def test_a_price_is_what_one_more_mw_of_demand_costs() -> None:
    """Central differences of cost and payment at a given price, by load at each bus."""
    result, step = cleared(-1), 1e-3
    plan = result.feeders[0]
    price = result.bargain.price[0, :, plan.interface]  # type: ignore[union-attr]
    bus = int(plan.problem.network.loads.bus[-1])

    def cost(more: float) -> float:
        case = result.study.case
        loads = plan.problem.network.loads
        heavier = replace(case.models[0], loads=replace(loads, p_mw=loads.p_mw + np.where(loads.bus == bus, more, 0.0)))
        seats = run_market(study(replace(case, models=(heavier, case.models[1])), hours=1)).seats
        problem = seats.fleets[0][0].whole[0]
        return Asked.of(problem).at_price(float(price[0])).require().cost

    slope = (cost(step) - cost(-step)) / (2 * step)
    node = int(plan.problem.nodal.node[bus])
    assert plan.priced.price[0, node] == pytest.approx(slope, abs=CONE_PRICE)
    assert abs(plan.priced.loss[0, node]) > CONE_PRICE


@pytest.mark.parametrize("scheme", [Ideal(), DsoOffer()])
def test_what_is_kept_is_rent_of_limits_and_of_losses_less_regret(scheme: object) -> None:
    result = run_market(study(golden(), scheme, hours=2))
    table = surplus(result)
    for k, plan in enumerate(result.feeders, start=1):
        assert table.left[k] == pytest.approx(0.0, abs=LOSS_BOOKS)
        assert table.regret[k] == plan.regret
    assert table.loss_rent[1:].min() > LOSS_BOOKS
    assert isinstance(scheme, Ideal) or table.regret.max() > LOSS_BOOKS


def test_the_ac_check_finds_less_error_and_less_slack_than_without_losses() -> None:
    told = {form: clear(MarketStudy(case=golden(), scheme=DsoOffer(), form=form)).tables.checks for form in ("lindist", "branch-flow")}  # type: ignore[arg-type]
    assert (told["branch-flow"].slack_mw < 0.1 * told["lindist"].slack_mw).all()
    assert told["branch-flow"].voltage_error_pu.max() < told["lindist"].voltage_error_pu.max()
    assert told["branch-flow"].cone_slack.max() <= TIGHT


def cheap(price: float) -> Case:
    """The golden case with little load in transmission and its first station at this price."""
    case = golden()
    net = case.transmission
    points = replace(net.cost_points, cost_per_h=np.where(net.cost_points.generator == 0, net.cost_points.p_mw * price, net.cost_points.cost_per_h))
    return replace(case, transmission=replace(net, cost_points=points, loads=replace(net.loads, p_mw=0.2 * net.loads.p_mw)))


def test_an_award_below_the_floor_is_refused_and_says_why() -> None:
    below, above = (run_market(study(cheap(price), hours=1)) for price in (0.4 * FLOOR, 1.5 * FLOOR))
    assert below.outcome.end is End.REFUSED
    assert "awards are refused" in below.trouble[0]
    assert "0.2 per MWh" in below.trouble[0]
    assert "0.5 per MWh and more" in below.trouble[1]
    assert above.outcome.agreed


def test_storage_keeps_to_a_schedule_with_losses_too() -> None:
    case = golden()
    models = (replace(case.models[0], storages=battery(3, 1.5, 4.0, cost_per_mwh=[1.0])), case.models[1])
    run = Run.of(clear(study(replace(case, models=models), forecast=(26.0, 31.0, 42.0, 45.0))))
    assert run.outcome.agreed
    assert run.checks.cone_slack.max() <= TIGHT
    assert run.checks.overlap_mw2.max() <= CARRIED
    assert "of losses" in repr(run)


@pytest.mark.parametrize(("more", "told"), [({"scheme": CmoCuts()}, "study-015"), ({"flow": "active"}, "study-016"), ({"form": "ac"}, "study-001")])
def test_what_branch_flow_cannot_do_is_refused(more: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidCase, match=told):
        run_market(replace(study(golden()), **more))  # type: ignore[arg-type]
