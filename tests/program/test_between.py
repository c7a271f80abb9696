"""Programs between two programs: the family with its place fixed is the program at that place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.between import SHARE, at, family
from gridtandem.program.solve import solve
from tests.tolerances import BEST

numbers = st.floats(0.0, 2.0, allow_nan=False)


def program(supply: list[float], load: float, limit: float) -> Program:
    """Three units serve a load; the two dearer ones share a limit."""
    columns = {"x": Columns.of((3,), 0.0, supply, cost=[1.0, 2.0, 5.0]), "short": Columns.of((1,), 0.0, np.inf, cost=100.0)}
    rows = {
        "load": Rows.of((1,), load, load, {"x": np.ones((1, 3)), "short": np.ones((1, 1))}),
        "limit": Rows.of((1,), -np.inf, limit, {"x": np.array([[0.0, 1.0, 1.0]])}),
    }
    return Program(columns, rows, constant=3.0)


@given(ends=st.lists(st.tuples(st.lists(numbers, min_size=3, max_size=3), numbers, numbers), min_size=2, max_size=2), share=st.floats(0.0, 1.0))
@settings(max_examples=40, deadline=None)
def test_the_family_at_a_share_is_the_program_there(ends: list[tuple[list[float], float, float]], share: float) -> None:
    first, last = (program(*end) for end in ends)
    whole = family(first, last)
    fixed = {**whole.columns, SHARE: replace(whole.columns[SHARE], low=np.array([share]), high=np.array([share]))}
    one, other = solve(replace(whole, columns=fixed)).require().cost, solve(at(first, last, share)).require().cost
    assert abs(one - other) <= BEST * max(1.0, abs(other))


def test_shares_may_differ_by_block_and_lie_beyond_the_ends() -> None:
    first, last = program([1.0, 1.0, 1.0], 1.0, 1.0), program([1.0, 0.5, 1.0], 2.0, 1.0)
    here = at(first, last, {"x": np.array([0.0, -1.0, 0.0]), "load": 2.0})
    assert here.columns["x"].high.tolist() == [1.0, 1.5, 1.0]
    assert here.rows["load"].low.tolist() == [3.0]
    assert here.rows["limit"].high.tolist() == [1.0]


def test_sides_that_move_apart_are_no_family() -> None:
    def ranged(high: float) -> Program:
        return Program({"x": Columns.of((1,), 0.0, 1.0)}, {"r": Rows.of((1,), 0.0, high, {"x": np.ones((1, 1))})})

    with pytest.raises(ValueError, match="move apart"):
        family(ranged(1.0), ranged(2.0))
