"""A number below every point's cost: for any multipliers at all, and the least cost itself for those of a solver."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.floor import floor, unpaid
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.tables import Real
from tests.program.making import SEEDS, random_program
from tests.tolerances import FLOOR_MEETS, FLOOR_ROUNDS


def prices(program: Program, seed: int) -> dict[str, Real]:
    """Multipliers that no solver would find."""
    rng = np.random.default_rng(seed)
    return {name: 3 * rng.standard_normal(block.shape) for name, block in (*program.rows.items(), *program.cones.items())}


@settings(max_examples=60, deadline=None)
@given(SEEDS, SEEDS, st.booleans(), st.booleans())
def test_no_multipliers_make_it_more_than_the_least_cost(seed: int, other: int, quadratic: bool, cones: bool) -> None:
    program = random_program(seed, quadratic=quadratic, cones=cones)
    best = Clarabel().solve(program).require()
    size = 1 + abs(best.cost)
    assert floor(program, prices(program, other), {}) <= best.cost + FLOOR_MEETS * size
    at_best = floor(program, best.price, {})
    assert at_best == pytest.approx(best.cost, abs=FLOOR_MEETS * size)
    shaken = {k: v * (1 + 1e-3 * np.random.default_rng(other).standard_normal(v.shape)) for k, v in best.price.items()}
    assert floor(program, shaken, {}) <= best.cost + FLOOR_ROUNDS * size + max(0.0, at_best - best.cost)


def test_what_is_not_paid_for_counts_at_the_worse_end() -> None:
    program = Program({"x": Columns.of(2, [-1.0, 0.0], [2.0, 5.0], cost=[3.0, 1.0])}, {"sum": Rows.of(1, 1.0, np.inf, {"x": [[1.0, 1.0]]})})
    assert floor(program, {"sum": np.array([0.0])}, {}) == -3.0
    assert floor(program, {"sum": np.array([1.0])}, {}) == 1.0 - 2.0  # y b, and 2 · −1 for the first
    assert floor(program, {"sum": np.array([-1.0])}, {}) == -3.0  # a multiplier of a side that is not there
    assert floor(program, {"sum": np.array([2.0])}, {"x": (np.array([-1.0, 0.0]), np.array([2.0, 4.0]))}) == 2.0 - 1.0 - 4.0
    assert unpaid(program, {"sum": np.array([2.0])})["x"].tolist() == [1.0, -1.0]


def test_without_an_end_it_says_nothing_unless_all_is_paid() -> None:
    program = Program({"x": Columns.of(1, cost=3.0)}, {"row": Rows.of(1, 1.0, 2.0, {"x": [[1.0]]})})
    assert floor(program, {"row": np.array([1.0])}, {}) == -np.inf
    assert floor(program, {"row": np.array([3.0])}, {}) == 3.0
    bowl = replace(program, columns={"x": Columns.of(1, cost=3.0, quadratic=2.0)})
    assert floor(bowl, {"row": np.array([1.0])}, {}) == 1.0 - 1.0  # at x = −1
