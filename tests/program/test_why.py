"""Why a program has no answer: amounts by hand, and the proof that its shares add up to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from gridtandem.errors import UnknownName
from gridtandem.program.answer import Status
from gridtandem.program.arrays import Columns, Cones, Program, Rows
from gridtandem.program.solve import solve
from gridtandem.program.why import why
from tests.program.making import SEEDS, random_program
from tests.tolerances import PROOF


def two_hours() -> Program:
    """Units of 2 and 1 (1 and 1 in the second hour) against demands of 1 and 3.2."""
    columns = {"p": Columns.of((2, 2), 0.0, [[2.0, 1.0], [1.0, 1.0]], cost=3.0)}
    return Program(columns, {"balance": Rows.of(2, [1.0, 3.2], [1.0, 3.2], {"p": np.kron(np.eye(2), np.ones(2))})})


def test_a_demand_that_cannot_be_served_is_named_with_what_holds() -> None:
    conflict = why(two_hours(), units={"balance": "MW"})
    assert str(conflict) == "cannot be served: balance[1] is 1.2 MW below 3.2; held by p[1,0] ≤ 1, p[1,1] ≤ 1"
    assert [(h.name, round(h.share, 9)) for h in conflict.holds] == [("balance[1] = 3.2", 3.2), ("p[1,0] ≤ 1", -1.0), ("p[1,1] ≤ 1", -1.0)]


def test_nothing_is_said_against_a_program_with_an_answer() -> None:
    conflict = why(random_program(3))
    assert (conflict.misses, conflict.holds, conflict.total) == ((), (), 0.0)
    assert str(conflict).startswith("nothing is in conflict")


def test_weights_say_who_gives_way() -> None:
    """At most 2 and at least 3: with one of them hard, the other gives way; with both soft, the cheaper."""
    program = Program({"x": Columns.of(())}, {"most": Rows.of((), -np.inf, 2.0, {"x": [[1.0]]}), "least": Rows.of((), 3.0, np.inf, {"x": [[1.0]]})})
    assert str(why(program, weights={"most": 1.0})) == "cannot be served: most is 1 above 2; held by least ≥ 3"
    assert str(why(program, weights={"least": 1.0})) == "cannot be served: least is 1 below 3; held by most ≤ 2"
    assert [m.row for m in why(program, weights={"least": 5.0, "most": 2.0}).misses] == ["most"]
    assert why(program, weights={"least": 5.0, "most": 2.0}).total == pytest.approx(2.0, rel=PROOF)


def test_where_the_hard_rows_are_in_conflict_all_give_way() -> None:
    program = two_hours()
    rows = {**program.rows, "other": Rows.of((), 0.0, 9.0, {"p": np.ones(4)})}
    assert [m.row for m in why(Program(program.columns, rows), weights={"other": 1.0}).misses] == ["balance[1]"]


def test_an_unknown_block_is_refused() -> None:
    with pytest.raises(UnknownName, match="did you mean 'balance'"):
        why(two_hours(), weights={"balanse": 1.0})


def test_whole_numbers_in_conflict() -> None:
    program = Program({"x": Columns.of(2, 0.0, 3.0, integer=True)}, {"between": Rows.of((), 2.5, 2.6, {"x": np.ones(2)})})
    assert str(why(program)) == "cannot be served: between is 0.4 above 2.6"


def test_a_cone_in_conflict() -> None:
    """x₁ + x₂ ≥ 5 where ‖x‖ ≤ 2: the least length is 5/√2."""
    ball = Cones.of((1, 3), {"x": [[0, 0], [-1, 0], [0, -1]]}, [[2, 0, 0]])
    program = Program({"x": Columns.of(2, -9.0, 9.0)}, {"r": Rows.of((), 5.0, np.inf, {"x": np.ones(2)})}, {"ball": ball})
    conflict = why(program, weights={"ball": 1.0})
    assert conflict.total == pytest.approx(5 / np.sqrt(2) - 2, rel=PROOF)
    assert str(conflict) == "cannot be served: ball[0] is 1.53553 outside its cone; held by r ≥ 5"
    assert [h.name for h in conflict.holds] == ["r ≥ 5", "ball[0] in its cone"]
    assert abs(sum(h.share for h in conflict.holds) - conflict.total) <= PROOF


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_shares_add_up_to_the_violation(seed: int) -> None:
    program = random_program(seed)
    rows = {**program.rows, "too much": Rows.of((), 40.0, 50.0, {k: np.ones((1, c.low.size)) for k, c in program.columns.items()})}
    broken = Program(program.columns, rows)
    assert solve(broken).status is Status.INFEASIBLE
    conflict = why(broken)
    assert conflict.total > 0
    assert abs(sum(h.share for h in conflict.holds) - conflict.total) <= PROOF * max(1.0, conflict.total)
    assert abs(sum(abs(m.by) for m in conflict.misses) - conflict.total) <= PROOF * max(1.0, conflict.total)
