"""Programs as arrays: what they refuse, how they lie side by side, how they are written down."""

from __future__ import annotations

from pathlib import Path

import highspy
import numpy as np
import pytest
from hypothesis import given, settings
from scipy import sparse

from gridtandem.errors import InvalidCase
from gridtandem.program.answer import Status
from gridtandem.program.arrays import Columns, Cones, Program, Rows
from gridtandem.program.solve import solve
from gridtandem.program.solvers.highs import Highs
from tests.program.making import SEEDS, random_program
from tests.tolerances import OPTIMUM


def codes(program: Program) -> list[str]:
    return sorted(f.code for f in program.faults())


def test_a_sound_program_has_no_fault() -> None:
    assert codes(random_program(1, quadratic=True, cones=True)) == []


BROKEN = [
    (Program({}, {}, constant=np.nan), "program-001"),
    (Program({"a": Columns.of(1)}, {"a": Rows.of(1, 0, 0, {})}), "program-002"),
    (Program({"a": Columns.of(2, [0, 2], 1)}, {}), "program-003"),
    (Program({"a": Columns.of(2, np.nan, 1)}, {}), "program-003"),
    (Program({"a": Columns.of(2, np.inf, np.inf)}, {}), "program-003"),
    (Program({"a": Columns.of(2, cost=np.inf)}, {}), "program-004"),
    (Program({}, {"r": Rows.of(1, 1, 0, {})}), "program-005"),
    (Program({"a": Columns.of(2, quadratic=-1)}, {}), "program-006"),
    (Program({}, {}, {"c": Cones.of((1, 2), {}, np.nan)}), "program-007"),
    (Program({}, {}, {"c": Cones(np.ones(3), {})}), "program-008"),
    (Program({"a": Columns.of(1)}, {"r": Rows.of(1, 0, 0, {"b": np.ones((1, 1))})}), "program-009"),
    (Program({"a": Columns.of(2)}, {"r": Rows.of(1, 0, 0, {"a": np.ones((2, 2))})}), "program-011"),
    (Program({"a": Columns.of(1)}, {"r": Rows.of(1, 0, 0, {"a": [[np.nan]]})}), "program-012"),
]


@pytest.mark.parametrize(("program", "code"), BROKEN, ids=[f"{k}-{code}" for k, (_, code) in enumerate(BROKEN)])
def test_a_broken_promise_is_found(program: Program, code: str) -> None:
    assert codes(program) == [code]
    with pytest.raises(InvalidCase, match=code):
        solve(program)


def test_faults_name_the_elements() -> None:
    program = Program({"p": Columns.of((2, 3), [[0, 9, 9], [9, 9, 0]], 1)}, {})
    assert str(next(program.faults())) == (
        "program.p has bounds that are no interval at p[0,1], p[0,2], p[1,0] and 1 more; let low be at most high, both numbers (program-003)"
    )


def test_a_number_that_does_not_fit_its_block_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="broadcast"):
        Columns.of((2, 3), low=np.zeros(2))


def test_arrays_are_copied_and_read_only() -> None:
    given_low = np.zeros(2)
    columns = Columns.of(2, given_low)
    given_low[0] = 5.0
    assert columns.low[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        columns.low[0] = 1.0


def test_the_matrix_lies_in_blocks() -> None:
    columns = {"a": Columns.of((2, 2)), "b": Columns.of(())}
    dense = np.arange(8.0).reshape(2, 4)
    rows = {"r": Rows.of(2, 0, 1, {"b": [[7.0], [8.0]], "a": dense}), "s": Rows.of((1, 1), 0, 1, {"a": sparse.csc_matrix([[0, 0, 0, 3.0]])})}
    assert Program(columns, rows).matrix().toarray().tolist() == [[0, 1, 2, 3, 7], [4, 5, 6, 7, 8], [0, 0, 0, 3, 0]]


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_programs_side_by_side_cost_the_sum_unless_linked(seed: int) -> None:
    parts = {"T": random_program(seed), "D1": random_program(seed + 1), "D2": random_program(seed + 2)}
    alone = {name: Highs().solve(p).require() for name, p in parts.items()}
    together = Highs().solve(Program.beside(parts)).require()
    cost = sum(a.cost for a in alone.values())
    assert abs(together.cost - cost) <= OPTIMUM * max(1.0, abs(cost))
    assert together.x["D1.p"].shape == parts["D1"].columns["p"].shape
    link = {"equal": Rows.of(1, 0.0, 0.0, {"D1.q": first(parts["D1"]), "D2.q": -first(parts["D2"])})}
    linked = Highs().solve(Program.beside(parts, link))
    assert linked.status in (Status.SOLVED, Status.INFEASIBLE)
    if linked.status is Status.SOLVED:
        assert linked.cost >= cost - OPTIMUM * max(1.0, abs(cost))
        assert abs(linked.x["D1.q"][0] - linked.x["D2.q"][0]) <= OPTIMUM


def first(program: Program) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.eye(program.columns["q"].low.size)[:1]


def read_back(program: Program, folder: Path) -> highspy.Highs:
    path = folder / "program.lp"
    path.write_text(program.written(), encoding="utf-8")
    reader = highspy.Highs()
    reader.setOptionValue("output_flag", False)
    assert reader.readModel(str(path)) == highspy.HighsStatus.kOk, program.written()
    reader.run()
    return reader


@pytest.mark.parametrize("quadratic", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_what_is_written_is_the_same_program(seed: int, quadratic: bool, tmp_path: Path) -> None:
    program = random_program(seed, quadratic=quadratic)
    wanted = solve(program).require().cost
    assert abs(read_back(program, tmp_path).getObjectiveValue() - wanted) <= OPTIMUM * max(1.0, abs(wanted))


def test_names_are_written_so_that_any_reader_takes_them(tmp_path: Path) -> None:
    names = ["free", "e5", "p mw", "p-mw", "Ünit", "7", "D1.p", "inf"]
    columns = {name: Columns.of((1, 2) if k % 2 else (), 0.0, k + 1.0, cost=-1.0, integer=k == 3) for k, name in enumerate(names)}
    rows = {"sum of all": Rows.of((), -5.0, 20.5, {name: np.ones((1, c.low.size)) for name, c in columns.items()}), "none": Rows.of(1, -1, 1, {})}
    program = Program(columns, rows, constant=-2.5)
    reader = read_back(program, tmp_path)
    assert abs(reader.getObjectiveValue() - solve(program).require().cost) <= OPTIMUM
    lp = reader.getLp()
    assert len(set(lp.col_names_)) == lp.num_col_ == 12


def test_a_small_program_as_people_read_it() -> None:
    ball = Cones.of((1, 3), {"p": [[0, 0], [-1, 0], [0, -1]]}, [[2, 0, 0]])
    columns = {"p": Columns.of((1, 2), [[-np.inf, 1]], [[4, 1]], cost=[[1.5, 0]], quadratic=[[0, 3]]), "on": Columns.of((), 0, 1)}
    program = Program(
        columns, {"balance": Rows.of(1, 1, 2, {"p": [[1, -1]], "on": [[2]]}), "fix": Rows.of(1, 3, 3, {"on": [[1]]})}, {"ball": ball}, 7
    )
    assert program.written().splitlines() == [
        r"\ written by gridtandem; minimise", "Minimize", " cost: + 1.5 p(0,0) + [ + 3 p(0,1) ^2 ] / 2 + 7", "Subject To",
        " balance(0)_low: + 1 p(0,0) - 1 p(0,1) + 2 on() >= 1", " balance(0)_high: + 1 p(0,0) - 1 p(0,1) + 2 on() <= 2", " fix(0): + 1 on() = 3",
        " def_ball(0,0): 0 p(0,0) + ball(0,0) = 2", " def_ball(0,1): - 1 p(0,0) + ball(0,1) = 0", " def_ball(0,2): - 1 p(0,1) + ball(0,2) = 0",
        " ball(0): [ - ball(0,0) ^2 + ball(0,1) ^2 + ball(0,2) ^2 ] <= 0",
        "Bounds", " -inf <= p(0,0) <= 4", " p(0,1) = 1", " 0 <= on() <= 1", " ball(0,0) >= 0", " ball(0,1) free", " ball(0,2) free", "End",
    ]  # fmt: skip
