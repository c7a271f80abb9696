"""A feeder's own problem: prices are derivatives of cost, limits hold, and the linear form is what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.offers import Asked
from gridtandem.program.answer import Answer, Status
from gridtandem.program.solve import hold
from gridtandem.resources.part import Window
from gridtandem.resources.storage import overlap
from tests.opf.feeders import battery, feeder, profile, units
from tests.tolerances import CARRIED, MONEY, PRICE_BY_DIFFERENCE

TREE = [0, 1, 2, 1, 4]


def solved(net: Network, z: float) -> tuple[FeederProblem, Answer]:
    problem = FeederProblem.of(net, 0, Window())
    given = np.atleast_1d(np.asarray(z, float))
    return problem, hold(problem.program).solve(bounds={"z": (given, given)}).require()


def more_load(net: Network, bus: int, p: float, q: float) -> Network:
    d = net.loads
    there = np.where(d.bus == bus, 1.0, 0.0)
    return replace(net, loads=replace(d, p_mw=d.p_mw + p * there, q_mvar=d.q_mvar + q * there))


@pytest.mark.parametrize(("low", "rating"), [(0.9, np.inf), (0.99, np.inf), (0.9, 0.5)])
def test_prices_are_what_one_more_mw_costs(low: float, rating: float) -> None:
    """Also where a voltage or a flow limit binds: by central differences at every node."""
    net = feeder(TREE, low=low, rating=rating, **units((3, 2.0, 20.0, 8.0), (5, 2.0, 30.0, 5.0), (1, 3.0, 25.0, 6.0), q=0.02))
    problem, answer = solved(net, 0.2)
    state, h = problem.state(answer), 1e-4
    assert bool(problem.binding(answer, 0)) == (low > 0.9 or rating < 1)
    for bus in range(1, 6):
        for p, q, price in ((h, 0.0, state.price[0, bus]), (0.0, h, state.price_q[0, bus])):
            up, down = (solved(more_load(net, bus, sign * p, sign * q), 0.2)[1].cost for sign in (1, -1))
            assert (up - down) / (2 * h) == pytest.approx(price, abs=PRICE_BY_DIFFERENCE)
    assert state.price[0] == pytest.approx(state.energy[0] + state.split[0].sum(0), abs=MONEY)


def test_limits_hold_and_powers_balance() -> None:
    net = feeder(TREE, low=0.992, rating=1.2, **units((3, 2.0, 20.0, 1.0), (5, 2.0, 30.0, 1.0), q=0.3))
    problem, answer = solved(net, 0.4)
    state = problem.state(answer)
    assert state.z + state.p.sum(-1) == pytest.approx(0.0, abs=CARRIED)
    assert state.v.min() >= 0.992 - CARRIED
    p, q = problem.form.flow(state.p, state.q)
    assert np.hypot(p, q)[0, 1:].max() <= 1.2 + CARRIED


def test_limits_out_of_reach_are_left_out() -> None:
    problem = FeederProblem.of(feeder(TREE, low=0.9, **units((3, 0.1, 20.0, 0.0))), 0, Window())
    assert len(problem.limits.kind) == 0
    assert len(problem.form.limits.kind) == 5


def test_a_battery_carries_energy_from_cheap_to_dear_hours() -> None:
    net = feeder(TREE, storages=battery(3, 1.0, 2.0), **units((1, 9.0, 20.0, 0.0)), **profile([1.0, 3.0, 1.0, 2.0], "loads"))
    problem = FeederProblem.of(net, 0, Window(periods=4))
    assert problem.owned.coupled
    price = np.array([5.0, 90.0, 10.0, 60.0])
    answer = hold(problem.program).solve(cost={"z": price}).require()
    x = answer.x
    assert overlap(x["discharge"], x["charge"]) <= CARRIED
    inside = 1.0 + np.cumsum(0.95 * x["charge"] - x["discharge"] / 0.95, axis=0)
    assert inside == pytest.approx(x["energy"], abs=CARRIED)
    assert x["energy"][-1, 0] == pytest.approx(1.0, abs=CARRIED)
    assert x["charge"][0, 0] > 0.5
    assert x["discharge"][1, 0] > 0.5


def test_vehicles_leave_with_what_they_are_owed() -> None:
    cars = dv.Vehicles.of({"name": ["cars"], "bus": [2], "charge_high_mw": [1.0], "arrives": [2], "leaves": [4], "energy_need_mwh": [1.5],
                           "efficiency_in": [0.9]})  # fmt: skip
    net = feeder(TREE, vehicles=cars, **profile([1.0] * 5, "loads"))
    problem = FeederProblem.of(net, 0, Window(periods=5))
    answer = hold(problem.program).solve(cost={"z": np.array([1.0, 50.0, 20.0, 30.0, 1.0])}).require()
    assert answer.x["plug"].ravel() == pytest.approx([0.0, 0.0, 1.0, 1.5 / 0.9 - 1.0, 0.0], abs=CARRIED)


def test_demand_with_a_price() -> None:
    """Demand that buys stops where its worth falls to the price; demand that gives way starts where its price is reached."""
    flexible = dv.Flexible.of({"name": ["buys", "gives"], "bus": [1, 2], "does": [1, 0], "p_high_mw": [2.0, 0.5], "price_per_mwh": [50.0, 30.0],
                               "slope": [20.0, 40.0]})  # fmt: skip
    problem = FeederProblem.of(feeder(TREE, flexible=flexible), 0, Window())
    answer = hold(problem.program).solve(cost={"z": np.array([40.0])}).require()
    assert answer.x["x"].ravel() == pytest.approx([0.5, 0.25], abs=CARRIED)
    assert answer.x["z"][0] == pytest.approx(5 * 0.3 + 0.5 - 0.25, abs=CARRIED)


def test_cost_points_and_a_polynomial_tell_the_same_linear_cost() -> None:
    by_points = {"generators": units((3, 2.0, 20.0, 0.0))["generators"],
                 "cost_points": el.CostPoints.of({"generator": [0, 0, 0], "p_mw": [0.0, 1.5, 2.0], "cost_per_h": [0.0, 30.0, 40.0]})}  # fmt: skip
    costs = [Asked.of(FeederProblem.of(feeder(TREE, **tables), 0, Window())).curve() for tables in (units((3, 2.0, 20.0, 0.0)), by_points)]
    assert costs[0] is not None
    assert costs[1] is not None
    assert costs[0].offer.x == pytest.approx(costs[1].offer.x, abs=CARRIED)
    assert costs[0].offer.cost == pytest.approx(costs[1].offer.cost, abs=MONEY)


def test_a_feeder_that_cannot_be_served_has_no_curve() -> None:
    problem = FeederProblem.of(feeder(TREE, low=0.999), 0, Window())
    asked = Asked.of(problem)
    assert asked.curve() is None
    assert asked.at_price(10.0).status is Status.INFEASIBLE
