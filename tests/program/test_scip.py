"""SCIP beside HiGHS and Clarabel: the same optimum, the same words, and pairs of which one is zero."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from gridtandem.errors import InvalidCase, MissingPackage
from gridtandem.program import solve as room
from gridtandem.program.answer import Status
from gridtandem.program.arrays import Columns, Cones, Program, Rows
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.program.solvers.highs import Highs
from gridtandem.program.solvers.scip import Scip
from tests.program.making import SEEDS, asked, random_program, random_question, stated
from tests.tolerances import CONIC_LEADER, OPTIMUM, SCIP_OPTIMUM

pytestmark = pytest.mark.peer
pytest.importorskip("pyscipopt")


def close(a: float, b: float, within: float = OPTIMUM) -> bool:
    return abs(a - b) <= within * max(1.0, abs(b))


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_optima_are_those_of_other_solvers(seed: int) -> None:
    linear, bent = random_program(seed), random_program(seed, quadratic=True, cones=True)
    whole = replace(linear, columns={k: replace(c, integer=k == "p") for k, c in linear.columns.items()})
    assert close(Scip().solve(linear).require().cost, Highs().solve(linear).require().cost, SCIP_OPTIMUM)
    assert close(Scip().solve(bent).require().cost, Clarabel().solve(bent).require().cost, CONIC_LEADER)
    theirs, ours = Scip().solve(whole), Highs().solve(whole)
    assert theirs.status is ours.status
    if ours.status is Status.SOLVED:
        assert close(theirs.cost, ours.cost, SCIP_OPTIMUM)
        assert close(theirs.bound, ours.cost, SCIP_OPTIMUM)


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_a_held_program_takes_new_numbers(seed: int) -> None:
    program = random_program(seed)
    question = random_question(program, seed)
    theirs, ours = asked(Scip().hold(program), question), Highs().solve(stated(program, question))
    assert theirs.status is ours.status
    if ours.status is Status.SOLVED:
        assert close(theirs.cost, ours.cost, SCIP_OPTIMUM)


def test_whole_numbers_beside_cones_and_squares_go_to_it() -> None:
    """Two whole numbers on a disc of radius 2.9, as far along (1, 1) as can be; and the whole number next to 1.4."""
    disc = Cones.of((1, 3), {"x": [[0, 0], [-1, 0], [0, -1]]}, [[2.9, 0, 0]])
    program = Program({"x": Columns.of(2, -5, 5, cost=[-1.0, -1.01], integer=True)}, {}, {"disc": disc})
    assert room.solver_for(program) == Scip()
    answer = room.solve(program).require()
    assert np.rint(answer.x["x"]).tolist() == [2.0, 2.0]
    assert np.isnan(answer.price["disc"]).all()
    bent = Program({"x": Columns.of(1, -5, 5, cost=-1.4, quadratic=1.0, integer=True)}, {}, constant=0.5)
    assert close(room.solve(bent).require().cost, -0.4, SCIP_OPTIMUM)


def test_of_a_pair_one_is_zero() -> None:
    program = Program({"a": Columns.of(2, 0, [1.0, 3.0], cost=-1.0), "b": Columns.of(2, 0, 2.0, cost=-1.0)}, {})
    answer = Scip().solve(program, (("a", "b"),)).require()
    np.testing.assert_allclose([answer.x["a"], answer.x["b"]], [[0.0, 3.0], [2.0, 0.0]], atol=SCIP_OPTIMUM)
    with pytest.raises(InvalidCase, match=r"'a', 'c'.*program-025"):
        Scip().solve(program, (("a", "c"),))


def test_no_point_and_no_end() -> None:
    x = Columns.of(1, 0.0, cost=-1.0)
    assert Scip().solve(Program({"x": x}, {})).status is Status.UNBOUNDED
    assert Scip().solve(Program({"x": x}, {"r": Rows.of(1, -np.inf, -1.0, {"x": [[1.0]]})})).status is Status.INFEASIBLE
    with pytest.raises(InvalidCase, match="program-026"):
        Scip().solve(Program({"x": x}, {"r": Rows.of(1, 1.0, 2.0, {"x": [[0.0]]})}))
    assert Scip(seconds=10.0).solve(Program({"x": replace(x, high=np.ones(1))}, {})).status is Status.SOLVED


def test_without_its_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> Any:
        if name == "pyscipopt":
            raise ModuleNotFoundError(name)
        return import_module(name)

    monkeypatch.setattr("gridtandem.errors.import_module", gone)
    with pytest.raises(MissingPackage, match=r"gridtandem\[scip\]"):
        Scip().solve(Program({"x": Columns.of(1, 0, 1)}, {}))


def test_a_search_that_breaks_down_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    pyscipopt = import_module("pyscipopt")

    class Broken(pyscipopt.Model):  # type: ignore[name-defined, misc]
        def optimize(self) -> None:
            raise Exception("error in LP solver")

    monkeypatch.setattr("gridtandem.program.solvers.scip.need", lambda *_, **__: SimpleNamespace(Model=Broken, quicksum=pyscipopt.quicksum))
    answer = Scip().solve(Program({"x": Columns.of(1, 0, 1)}, {}))
    assert (answer.status, answer.said) == (Status.FAILED, "error in LP solver")
