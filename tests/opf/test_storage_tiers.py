"""Days whose hours hang together: the ideal market by parts, and offers under a schedule."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gridtandem.boundary.market_letters import Tier
from gridtandem.cases.case import Case
from gridtandem.cases.golden import golden
from gridtandem.errors import InvalidCase
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.offers import Asked
from gridtandem.opf.storage_tiers import scheduled
from gridtandem.parties.decomposed import benders, dantzig_wolfe
from gridtandem.program.answer import Answer
from gridtandem.resources.part import Window
from gridtandem.resources.storage import overlap
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.study import MarketSeats, MarketStudy, seated
from tests.opf.feeders import battery, feeder, profile, units
from tests.tolerances import BY_PARTS, BY_PLANES, CARRIED, MONEY


def stored() -> Case:
    """The golden case with a battery in each feeder, and a unit of feeder B that cannot change by more than 1 MW from hour to hour."""
    case = golden()
    a, b = case.models
    a = replace(a, storages=battery(3, 1.5, 4.0, cost_per_mwh=[1.0]))
    b = replace(b, storages=battery(2, 1.0, 3.0, cost_per_mwh=[0.5]),
                ramps=dv.Ramps.of({"generator": [2], "up_mw_per_h": [1.0], "down_mw_per_h": [1.0]}))  # fmt: skip
    return replace(case, models=(a, b))


@cache
def ideal() -> tuple[MarketSeats, Answer]:
    seats = seated(MarketStudy(case=stored(), scheme=DsoOffer(), flow="active"))
    return seats, seats.pool.solve().require()


def offered(forecast: tuple[float, ...]) -> MarketResult:
    return run_market(MarketStudy(case=stored(), scheme=DsoOffer(), flow="active", forecast=forecast)).require()


def test_profiles_reach_the_ideal_day() -> None:
    seats, best = ideal()
    found = dantzig_wolfe(seats.pool)
    assert found.left <= BY_PARTS
    assert found.cost == pytest.approx(best.cost, rel=BY_PARTS)
    assert found.bound <= best.cost * (1 + BY_PARTS)


def test_planes_reach_the_ideal_day() -> None:
    seats, best = ideal()
    found = benders(seats.pool, tol=BY_PLANES)
    assert found.left <= BY_PLANES
    assert found.bound <= best.cost + MONEY
    assert best.cost - MONEY <= found.cost <= best.cost * (1 + BY_PLANES)


def test_an_early_end_still_bounds_the_ideal_day() -> None:
    seats, best = ideal()
    for found in (dantzig_wolfe(seats.pool, rounds=2), benders(seats.pool, rounds=6)):
        assert found.left > BY_PARTS
        assert found.bound <= best.cost + MONEY
        assert found.cost >= best.cost - MONEY


def test_a_schedule_at_the_prices_of_the_ideal_day_loses_little_and_a_wrong_one_more() -> None:
    """Slices through a schedule never beat the ideal day, can always be delivered, and say what they are."""
    seats, best = ideal()
    price = best.price["tso.balance"][:, seats.pool.wholesale.at[0]]
    gaps = []
    for forecast in (tuple(price.tolist()), tuple((price[::-1]).tolist())):
        result = offered(forecast)
        state = result.outcome.state
        assert state is not None
        assert (state.tier == Tier.SCHEDULED).all()
        assert result.gap >= -BY_PARTS
        assert min(plan.regret for plan in result.feeders) >= -MONEY
        for plan in result.feeders:
            assert overlap(plan.decisions["discharge"], plan.decisions["charge"]) <= CARRIED
        gaps.append(result.gap)
    assert gaps[0] < gaps[1]


def test_hours_of_a_schedule_are_the_day_cut() -> None:
    """At the schedule's own exchange the hours cost together what the day costs; elsewhere they cost no less."""
    net = feeder([0, 1, 2, 1, 4], storages=battery(3, 1.0, 2.0, cost_per_mwh=[1.0]), **units((1, 9.0, 20.0, 0.0), (5, 1.0, 35.0, 0.0)),
                 ramps=dv.Ramps.of({"generator": [1], "up_mw_per_h": [0.4], "down_mw_per_h": [0.4]}),
                 **profile([1.0, 3.0, 1.0, 2.0], "loads"))  # fmt: skip
    day = FeederProblem.of(net, 0, Window(periods=4))
    price = np.array([5.0, 90.0, 10.0, 60.0])
    hours = scheduled(day, price)
    assert hours is not None
    whole = Asked.of(day).held.solve(cost={"z": price}).require()
    parts = [Asked.of(h).at_exchange(float(whole.x["z"][t])).require().cost for t, h in enumerate(hours)]
    assert sum(parts) == pytest.approx(whole.cost - float(price @ whole.x["z"]), abs=MONEY)
    rng = np.random.default_rng(3)
    for _ in range(5):
        curves = [Asked.of(h).curve() for h in hours]
        x = np.array([rng.uniform(c.points[0].x, c.points[-1].x) for c in curves if c is not None])
        sliced = sum(float(c.offer.at(np.array([one]))[0]) for c, one in zip(curves, x, strict=True) if c is not None)
        joint = Asked.of(day).held.solve(bounds={"z": (-x, -x)}).require()
        assert joint.cost <= sliced + MONEY


def test_a_day_that_cannot_be_served_is_refused_and_a_forecast_of_wrong_length_told() -> None:
    case = stored()
    dark = replace(case.models[0], lines=replace(case.models[0].lines, rating_mva=np.full(3, 0.01)), cost_points=el.CostPoints.empty(),
                   generators=case.models[0].generators.take(np.array([0])), storages=dv.Storages.of(
                       {k: getattr(case.models[0].storages, k) for k in ("name", "bus", "energy_high_mwh", "energy_start_mwh", "efficiency_in")}
                       | {"charge_high_mw": [0.001], "discharge_high_mw": [0.001]}))  # fmt: skip
    result = run_market(MarketStudy(case=replace(case, models=(dark, case.models[1])), scheme=DsoOffer(), flow="active"))
    assert not result.outcome.answered
    assert result.trouble
    with pytest.raises(InvalidCase, match="one price for each"):
        run_market(MarketStudy(case=case, scheme=DsoOffer(), flow="active", forecast=(1.0,)))
