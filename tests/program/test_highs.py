"""What is HiGHS's own: whole numbers, chains of questions, the ladder, limits."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.named import case
from gridtandem.errors import InvalidCase
from gridtandem.program import kkt
from gridtandem.program.answer import Status
from gridtandem.program.arrays import Columns, Cones, Program, Rows
from gridtandem.program.solvers import highs
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.program.solvers.highs import Held, Highs
from gridtandem.schemes.strategic import Strategic
from gridtandem.study.market.run import run_market
from gridtandem.study.market.study import MarketStudy
from tests.program.making import SEEDS, asked, random_program, random_question, same_bits
from tests.tolerances import OPTIMUM, VERTEX


def knapsack(seed: int, items: int = 6) -> Program:
    rng = np.random.default_rng(seed)
    weight, worth = rng.integers(1, 9, (2, items)).astype(float)
    rows = {"load": Rows.of((), -np.inf, weight.sum() / 2, {"take": weight, "buy": [[-1.0]]})}
    return Program({"take": Columns.of(items, 0.0, 1.0, cost=-worth, integer=True), "buy": Columns.of((), 0.0, 1.5, cost=0.9)}, rows)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_whole_numbers_are_the_best_of_all(seed: int) -> None:
    program = knapsack(seed)
    weight, most = program.rows["load"].parts["take"].toarray()[0], float(program.rows["load"].high)
    best = 0.0
    for take in product((0.0, 1.0), repeat=6):
        bought = max(0.0, float(weight @ take) - most)
        if bought <= 1.5:
            best = min(best, float(program.columns["take"].cost @ take) + 0.9 * bought)
    answer = Highs().solve(program).require()
    assert abs(answer.cost - best) <= OPTIMUM * max(1.0, abs(best))
    assert answer.bound <= answer.cost + OPTIMUM * max(1.0, abs(best))
    assert np.isnan(answer.price["load"])
    assert np.isnan(answer.reduced["take"]).all()


def test_a_wide_gap_shows_in_the_bound() -> None:
    best = Highs().solve(knapsack(0, items=40)).require()
    early = Highs(gap=0.5).solve(knapsack(0, items=40)).require()
    assert early.bound < best.cost - OPTIMUM < best.bound + 2 * OPTIMUM * abs(best.cost)
    assert early.bound < early.cost


def test_prices_beside_whole_numbers_are_those_of_the_rest() -> None:
    """A unit of 3 that must run as a whole, and a dear one that follows demand: demand is worth what the dear one costs."""
    columns = {"on": Columns.of((), 0.0, 1.0, cost=10.0, integer=True), "p": Columns.of(2, 0.0, [3.0, 9.0], cost=[1.0, 7.0])}
    rows = {"demand": Rows.of((), 5.0, 5.0, {"p": np.ones(2)}), "runs": Rows.of((), -np.inf, 0.0, {"p": [1.0, 0.0], "on": [[-3.0]]})}
    program = Program(columns, rows)
    found = Highs().solve(program).require()
    priced = Highs().solve(program.fixed(found.x)).require()
    assert abs(found.cost - 27.0) <= VERTEX
    assert abs(priced.cost - found.cost) <= VERTEX
    assert abs(priced.price["demand"] - 7.0) <= VERTEX


@given(SEEDS, st.lists(st.integers(0, 5), min_size=1, max_size=8))
@settings(max_examples=25, deadline=None)
def test_a_chain_goes_on_and_restarts_at_home(seed: int, order: list[int]) -> None:
    program = random_program(seed)
    questions = [random_question(program, seed + k) for k in range(6)]
    chain, home = Highs().hold(program, chain=True), Highs().hold(program)
    first = [asked(chain, questions[k]) for k in order]
    chain.restart()
    again = [asked(chain, questions[k]) for k in order]
    assert all(same_bits(a, b) for a, b in zip(first, again, strict=True))
    assert same_bits(again[0], asked(home, questions[order[0]]))
    for k, answer in zip(order, again, strict=True):
        cost = asked(home, questions[k]).require().cost
        assert abs(answer.require().cost - cost) <= OPTIMUM * max(1.0, abs(cost))


def staircase(steps: int = 40) -> Program:
    """Merit order of many units whose optimum lies far from home."""
    price = np.arange(steps, dtype=float)
    rows = {
        "demand": Rows.of((), 0.5, 0.5, {"p": np.ones(steps)}),
        "pairs": Rows.of(steps - 1, -np.inf, 1.5, {"p": np.eye(steps)[1:] + np.eye(steps)[:-1]}),
    }
    return Program({"p": Columns.of(steps, 0.0, 1.0, cost=price)}, rows)


def test_the_ladder_is_climbed_where_a_start_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    question = {"demand": (20.0, 20.0)}
    warm = Highs().hold(staircase()).solve(right=question).require()
    assert warm.ladder == 0
    monkeypatch.setattr(highs, "STEPS_LEAST", 0)
    monkeypatch.setattr(highs, "STEPS_EACH", 0)
    cold = Highs().hold(staircase()).solve(right=question).require()
    assert cold.ladder == 1
    monkeypatch.setattr(highs, "COLD", {"simplex_iteration_limit": 0})
    monkeypatch.delitem(highs.STATUS, "kIterationLimit")
    inner = Highs().hold(staircase()).solve(right=question).require()
    assert inner.ladder == 2
    assert max(abs(cold.cost - warm.cost), abs(inner.cost - warm.cost)) <= OPTIMUM * warm.cost


def test_after_the_ladder_the_next_question_is_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    held = Highs().hold(staircase())
    before = held.solve()
    with monkeypatch.context() as failing:
        failing.setattr(highs, "OPTIMAL", -1)
        failing.setitem(highs.STATUS, "kOptimal", Status.FAILED)
        assert held.solve(right={"demand": (20.0, 20.0)}).status is Status.FAILED
    assert same_bits(held.solve(), before)


def test_an_infeasible_verdict_is_confirmed_from_nothing() -> None:
    answer = Highs().hold(staircase()).solve(right={"demand": (41.0, 41.0)})
    assert (answer.status, answer.ladder) == (Status.INFEASIBLE, 1)


def test_questions_start_at_home() -> None:
    held = Highs().hold(staircase())
    held.solve()
    assert held._highs.getInfo().simplex_iteration_count == 0
    assert held.solve(right={"demand": (41.0, 41.0)}).ladder == 1
    held.solve()
    assert held._highs.getInfo().simplex_iteration_count == 0
    assert held._highs.getOptionValue("dual_simplex_cost_perturbation_multiplier")[1] == 0.0


def test_what_presolve_loses_is_found_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conditions of a market and a company, hour 19 of the RTS-24: HiGHS 1.15.1 calls 1237.187497 optimal after its presolve, and 1237.187114 is."""
    held: list[Program] = []

    def hold(program: Program) -> Held:
        held.append(program)
        return Highs().hold(program)

    monkeypatch.setattr(kkt, "hold", hold)
    run_market(MarketStudy(case=case("rts24-disco33"), scheme=Strategic(route="kkt-bigm"), first=18, hours=1))
    costs = [solver(held[0]).require().cost for solver in (Highs().solve, lambda program: Highs().hold(program).solve())]
    assert abs(costs[0] - costs[1]) <= OPTIMUM * costs[1]


def test_a_point_that_misses_its_bound_is_solved_again_without_presolve() -> None:
    """Six whole numbers and three others: HiGHS 1.15.1 calls -22.6129 optimal after its presolve, with a bound of -22.7947, which a point reaches."""
    program = random_program(812)
    whole = replace(program, columns={name: replace(c, integer=name == "p") for name, c in program.columns.items()})
    found = Highs().solve(whole).require()
    assert abs(found.cost - found.bound) <= OPTIMUM * abs(found.bound)
    best = [[2.0, -1.0], [1.0, -1.0], [3.0, 1.0]]
    held = Highs().hold(program).solve(bounds={"p": (np.array(best), np.array(best))}).require()
    assert found.cost <= held.cost + OPTIMUM * abs(held.cost)


def test_an_answer_after_presolve_whose_prices_miss_the_costs_is_solved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def missing(held: Held, _program: Program) -> bool:
        asked.append(held._presolve)
        return False

    whole = Highs().solve(staircase()).require()
    monkeypatch.setattr(Held, "_stationary", missing)
    again = Highs().solve(staircase()).require()
    assert asked == ["choose"]
    assert abs(again.cost - whole.cost) <= OPTIMUM
    monkeypatch.undo()
    doctored = Held(staircase(), options=Highs(), presolve=True)
    doctored.solve().require()
    assert doctored._stationary(staircase())
    doctored._highs.changeColsCost(1, np.zeros(1, np.int32), np.ones(1))
    assert not doctored._stationary(staircase())


def test_time_is_counted_per_question() -> None:
    held = Highs(seconds=1.0).hold(staircase())
    held.solve().require()
    spent = held._highs.getRunTime()
    held.solve().require()
    assert held._highs.getOptionValue("time_limit")[1] == 1.0 + spent
    stopped = Highs(seconds=1e-9).hold(knapsack(1, items=30)).solve()
    assert stopped.status is Status.STOPPED
    assert "time" in stopped.said.lower()


def test_what_highs_cannot_take_is_refused_by_name() -> None:
    ball = Program({"x": Columns.of(2)}, {}, {"ball": Cones.of((1, 2), {"x": np.eye(2)})})
    with pytest.raises(InvalidCase, match=r"program\.ball has cones.*Clarabel"):
        Highs().solve(ball)
    with pytest.raises(InvalidCase, match=r"has quadratic costs.*Clarabel"):
        Highs().solve(Program({"x": Columns.of(2, 0, 1, quadratic=1.0)}, {}))
    with pytest.raises(InvalidCase, match=r"program\.x has whole numbers.*HiGHS"):
        Clarabel().solve(Program({"x": Columns.of(2, 0, 1, integer=True)}, {}))


def test_entries_that_highs_cannot_hold_are_refused() -> None:
    rows = {"r": Rows.of((), 0.0, 1.0, {"x": [[1.0, 1e16]]})}
    with pytest.raises(InvalidCase, match="program-024"):
        Highs().solve(Program({"x": Columns.of(2, 0, 1)}, rows))
    with pytest.raises(InvalidCase, match="program-024"):
        Highs().hold(Program({"x": Columns.of(2, 0, 1)}, {})).solve(more=rows)


def test_small_entries_count() -> None:
    rows = {"r": Rows.of((), 1e-3, 1.0, {"x": [[1e-11]]})}
    answer = Highs().solve(Program({"x": Columns.of(1, 0.0, 1e9, cost=1.0)}, rows)).require()
    assert abs(answer.cost - 1e8) <= OPTIMUM * 1e8


def test_clarabel_says_that_it_was_stopped() -> None:
    answer = Clarabel(steps=2).solve(staircase())
    assert (answer.status, answer.said) == (Status.STOPPED, "MaxIterations")
    assert np.isnan(answer.x["p"]).all()
