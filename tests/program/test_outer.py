"""Whole numbers beside cones by tangents, against SCIP; and a market's cost in two parts, where it falls into such."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.program.answer import Status
from gridtandem.program.apart import in_two, whole
from gridtandem.program.arrays import Columns, Cones, Program, Rows
from gridtandem.program.by_hours import priced
from gridtandem.program.follower import Follower, Market
from gridtandem.program.hours import hourly, tied
from gridtandem.program.outer import Outer, tangents
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.program.solvers.scip import Scip
from tests.tolerances import CONIC_LEADER, FITS, TANGENT

SEEDS = range(6)


def knapsack(seed: int) -> Program:
    """Whole numbers inside of a ball with a bent cost of their distance."""
    rng = np.random.default_rng(seed)
    n = 4
    ball = Cones.of((1, n + 1), {"x": np.vstack([np.zeros(n), np.eye(n)])}, np.append(3.0 + rng.random(), rng.uniform(-0.5, 0.5, n)))
    far = Cones.of(
        (1, 3), {"x": np.vstack([np.zeros(n), rng.normal(size=(2, n))]), "far": [[-1.0], [0.0], [0.0]]}, np.array([0.0, *rng.normal(size=2)])
    )
    columns = {"x": Columns.of(n, -4, 4, cost=rng.normal(size=n), integer=True), "far": Columns.of(1, 0.0, 50.0, cost=0.3 + rng.random())}
    return Program(columns, {"some": Rows.of(1, -2.0, np.inf, {"x": np.ones((1, n))})}, {"ball": ball, "far": far}, 1.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_tangents_end_where_scip_does(seed: int) -> None:
    pytest.importorskip("pyscipopt")
    program = knapsack(seed)
    ours, theirs = Outer().solve(program).require(), Scip().solve(program).require()
    np.testing.assert_allclose(ours.cost, theirs.cost, rtol=CONIC_LEADER, atol=CONIC_LEADER)
    assert ours.bound <= ours.cost
    assert ours.cost - ours.bound <= FITS * max(1.0, abs(ours.cost))
    assert np.array_equal(ours.x["x"], np.rint(ours.x["x"])) or np.abs(ours.x["x"] - np.rint(ours.x["x"])).max() <= TANGENT


def test_of_a_pair_one_is_zero_inside_of_a_cone() -> None:
    pytest.importorskip("pyscipopt")
    cone = Cones.of((1, 3), {"a": [[0.0], [-1.0], [0.0]], "b": [[0.0], [0.0], [-1.0]]}, [2.0, 0.0, 0.0])
    program = Program({"a": Columns.of(1, 0, 9, cost=-1.0), "b": Columns.of(1, 0, 9, cost=-1.1)}, {}, {"disc": cone})
    found = Outer().solve(program, (("a", "b"),)).require()
    np.testing.assert_allclose([found.cost, found.x["a"][0], found.x["b"][0]], [-2.2, 0.0, 2.0], atol=TANGENT)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_tangent_cuts_a_point_of_a_cone(seed: int) -> None:
    program, rng = knapsack(seed), np.random.default_rng(seed)
    loose = replace(program, columns={name: replace(c, integer=False) for name, c in program.columns.items()})
    rows = tangents(program, Clarabel().solve(loose).require(), -np.inf)
    assert len(rows.high)  # at the tip of a cone there is none
    for cost in rng.normal(size=(20, 4)):
        point = Clarabel().hold(loose).solve(cost={"x": cost}).require().x
        assert (sum(part @ point[name].ravel() for name, part in rows.parts.items()) <= rows.high + TANGENT).all()


def test_no_whole_point_and_no_whole_number() -> None:
    program = knapsack(0)
    narrow = replace(program, columns={**program.columns, "x": replace(program.columns["x"], low=np.full(4, 0.2), high=np.full(4, 0.8))})
    assert Outer().solve(narrow).status is Status.INFEASIBLE
    loose = replace(program, columns={name: replace(c, integer=False) for name, c in program.columns.items()})
    assert Outer().solve(loose).cost == Clarabel().solve(loose).cost


def energy_and_reserve(*, together: float) -> Follower:
    """Two units; ``together`` [MW] of room for energy and reserve ties both, where it is little."""
    columns = {"p": Columns.of(2, 0.0, 6.0, cost=[10.0, 20.0]), "r": Columns.of(2, 0.0, 4.0, cost=[1.0, 3.0]), "shed": Columns.of(1, 0.0, cost=500.0),
               "short": Columns.of(1, 0.0, cost=90.0)}  # fmt: skip
    rows = {
        "energy": Rows.of(1, 5.0, 5.0, {"p": [[1.0, 1.0]], "shed": [[1.0]]}),
        "reserve": Rows.of(2, [5.0, 4.5], np.inf, {"r": [[1.0, 1.0], [1.0, 1.0]], "short": [[1.0], [1.0]]}),
        "room": Rows.of(2, -np.inf, together, {"p": np.eye(2), "r": np.eye(2)}),
    }
    return Follower(Program(columns, rows), {"energy": np.array([[1.0, 0.0]]), "reserve": np.array([[0.0, -1.5], [0.0, -0.5]])}, ("shed", "short"))


@pytest.mark.parametrize("together", [7.0, 40.0])
def test_a_cost_in_two_parts_is_told_only_where_it_falls_into_them(together: float) -> None:
    low, high = np.array([-2.0, 0.0]), np.array([5.0, 3.0])
    market = energy_and_reserve(together=together)
    parts, (one,) = in_two(market, low, high), whole(market, low, high)
    assert bool(parts) == (together == 40.0)
    rng = np.random.default_rng(3)
    asked = Market(market, low)
    base = asked.point(low).value - sum(float(p.cells.at(low[p.numbers])) for p in parts)
    for theta in low + (high - low) * rng.random((40, 2)):
        there = asked.point(theta).value
        np.testing.assert_allclose(one.cells.at(theta), there, rtol=FITS)
        if parts:
            np.testing.assert_allclose(base + sum(float(p.cells.at(theta[p.numbers])) for p in parts), there, rtol=FITS)


def test_a_day_without_what_ties_hours_is_its_hours() -> None:
    store = Rows.of((3,), 0.0, 1.0, {"x": np.tri(3)})
    cone = Cones.of((3, 2), {"x": np.kron(np.eye(3), [[0.0], [1.0]])}, np.tile([2.0, 0.5], (3, 1)))
    day = Program({"x": Columns.of((3,), -5.0, 5.0, cost=[1.0, -2.0, 3.0])}, {"store": store}, {"c": cone}, 6.0)
    assert tied(day, 3) == ("store",)
    apart = [Clarabel().solve(hour).require() for hour in hourly(day, 3)]
    loose = Clarabel().solve(replace(day, rows={})).require()
    np.testing.assert_allclose(sum(a.cost for a in apart), loose.cost, atol=TANGENT)
    whole = Clarabel().solve(day).require()
    assert loose.cost <= whole.cost + TANGENT
    for factor in (0.3, 1.0, 2.0):  # at any prices of what ties them hours bound the day, and at the right ones they are it
        bound = sum(Clarabel().solve(hour).require().cost for hour in hourly(priced(day, {"store": factor * whole.price["store"]}), 3))
        assert bound <= whole.cost + TANGENT
        assert factor != 1.0 or bound >= whole.cost - TANGENT
