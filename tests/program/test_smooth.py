"""Smooth programs: known answers, prices by difference, parameters, verdicts, and programs that give way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.errors import InvalidCase, UnknownName, Unsolved
from gridtandem.program.answer import Status
from gridtandem.program.elastic import elastic, misses
from gridtandem.program.smooth import Smooth, Span
from gridtandem.program.solve import smooth_solver_named
from gridtandem.program.solvers.interior import Interior
from tests.program.smooth_examples import apart, hill, problem_6, problem_14, problem_71, two_wells
from tests.tolerances import PRICE_STEP, ROUNDING, SMOOTH_OPTIMUM, SMOOTH_PRICE

SHARP = Interior(tolerance=1e-10)


@pytest.mark.parametrize(
    ("program", "cost"), [(problem_71(), 17.0140173), (problem_6(), 0.0), (problem_14(), 9 - 2.875 * np.sqrt(7))], ids=["71", "6", "14"]
)
def test_published_answers(program: Smooth, cost: float) -> None:
    answer = Interior().solve(program).require()
    assert answer.cost == pytest.approx(cost, abs=SMOOTH_OPTIMUM)
    assert answer.ladder == 0
    assert answer.bound == -np.inf


def by_difference(cost) -> float:
    return (cost(PRICE_STEP) - cost(-PRICE_STEP)) / (2 * PRICE_STEP)


def test_prices_are_slopes_of_the_least_cost() -> None:
    """Of the side of a range, the right-hand side of an equation, a bound that binds, and a parameter."""
    held = SHARP.hold(problem_71())
    answer = held.solve().require()
    low, high = np.array([25.0, 40.0]), np.array([np.inf, 40.0])
    for k in range(2):
        step = np.eye(2)[k]
        slope = by_difference(lambda h, step=step: held.solve(right={"g": (low + h * step, high + h * step)}).require().cost)
        assert answer.price["g"][k] == pytest.approx(slope, abs=SMOOTH_PRICE)
    bounds = np.ones(4), np.full(4, 5.0)
    slope = by_difference(lambda h: held.solve(bounds={"x": (bounds[0] + h * np.eye(4)[0], bounds[1])}).require().cost)
    assert answer.reduced["x"][0] == pytest.approx(slope, abs=SMOOTH_PRICE)

    def given(h: float):
        return held.solve(bounds={"x": (np.array([1, 4.5 + h, 1, 1]), np.array([5, 4.5 + h, 5, 5]))}).require()

    assert given(0.0).x["x"][1] == 4.5
    assert given(0.0).reduced["x"][1] == pytest.approx(by_difference(lambda h: given(h).cost), abs=SMOOTH_PRICE)


def test_an_answer_depends_on_the_question_alone() -> None:
    held = Interior().hold(problem_71())
    first = held.solve()
    held.solve(right={"g": (np.array([20.0, 38.0]), np.array([np.inf, 38.0]))})
    again = held.solve()
    assert first.x["x"].tobytes() == again.x["x"].tobytes()


def test_rounding_is_the_end_and_is_said() -> None:
    """A tolerance that no sum of a few products of size 10 can meet: the best point is the answer, with its error."""
    near = Interior(tolerance=ROUNDING).solve(problem_71()).require()
    assert near.cost == pytest.approx(17.0140173, abs=SMOOTH_OPTIMUM)
    assert near.said.startswith("rounding ended it at errors of")


def test_an_earlier_answer_is_a_start() -> None:
    held = Interior().hold(problem_71())
    first = held.solve()
    near = {"g": (np.array([25.01, 40.0]), np.array([np.inf, 40.0]))}
    warm, cold = held.solve(start=first, right=near), held.solve(right=near)
    assert warm.cost == pytest.approx(cold.cost, abs=SMOOTH_OPTIMUM)
    assert warm.steps < cold.steps


@pytest.mark.parametrize("start", [0.01, -0.01])
def test_the_way_leads_to_minima(start: float) -> None:
    """Newton's own way from here leads up to the maximum at 0; there are two minima, π and the lower bound."""
    found = SHARP.solve(hill(start)).require().x["x"][0]
    assert min(abs(found - np.pi), abs(found + 2.0)) < SMOOTH_PRICE


def test_what_cannot_be_kept_is_said_and_gives_way() -> None:
    answer = Interior().solve(apart())
    assert answer.status is Status.NEARBY
    assert np.isnan(answer.cost)
    assert np.isnan(answer.x["x"]).all()
    with pytest.raises(Unsolved, match="no point nearby satisfies all rows"):
        answer.require()
    relaxed = elastic(apart(), {"g": 1.0})
    found = Interior().solve(relaxed).require()
    gone = misses(relaxed, {"g": 1.0}, found.x)["g"]
    # the line is reached by 0.5 more of the squared radius, or given up by 3 − 2√2, which is less
    np.testing.assert_allclose(gone, [0.0, 2 * np.sqrt(2) - 3], atol=SMOOTH_PRICE)


def test_bounds_give_way_too_and_what_can_be_kept_is_kept() -> None:
    narrow = replace(apart(), columns={"x": Span.of(2, -10, [10, 1.0])}, rows={"g": Span(np.array([-np.inf, 3.0]), np.array([9.0, 3.0]))})
    assert Interior().solve(narrow).status is Status.SOLVED
    tight = replace(narrow, columns={"x": Span.of(2, -10, [1.5, 1.0])})
    relaxed = elastic(tight, {"x": 1.0})
    found = Interior().solve(relaxed).require()
    assert np.abs(misses(relaxed, {"x": 1.0}, found.x)["x"]).sum() == pytest.approx(0.5, abs=SMOOTH_PRICE)
    kept = Interior().solve(elastic(narrow, {"x": 1.0, "g": 1.0})).require()
    assert kept.cost == pytest.approx(0.0, abs=SMOOTH_PRICE)


def test_bad_input_is_named_at_once() -> None:
    program = replace(problem_14(), rows={"g": Span(np.array([2.0, -1.0]), np.array([1.0, -1.0]))}, start=np.array([np.nan, 0.0]))
    with pytest.raises(InvalidCase, match=r"2 faults"):
        Interior().solve(program)
    held = Interior().hold(problem_14())
    with pytest.raises(InvalidCase, match="has no block 'y' to change"):
        held.solve(bounds={"y": (0, 1)})
    with pytest.raises(InvalidCase, match="has bounds that are no interval"):
        held.solve(bounds={"x": (1, 0)})


def test_solvers_of_smooth_programs_have_names() -> None:
    with pytest.raises(UnknownName, match="no solver of smooth programs named 'simplex'"):
        smooth_solver_named("simplex")


def test_a_search_that_ends_on_a_saddle_goes_on_to_a_minimum() -> None:
    """From (1, 0, 1) no slope ever points along y; minima lie on both sides."""
    answer = Interior().solve(two_wells()).require()
    assert answer.cost == pytest.approx(-0.25, abs=SMOOTH_OPTIMUM)
    assert abs(answer.x["x"][1]) == pytest.approx(1.0, abs=SMOOTH_OPTIMUM)
    assert not answer.said
