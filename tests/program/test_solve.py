"""Which solver for which program."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from gridtandem.errors import UnknownName
from gridtandem.program import solve as room
from gridtandem.program.arrays import Columns, Cones, Program
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.program.solvers.highs import Highs
from gridtandem.program.solvers.scip import Scip

BALL = {"ball": Cones.of((1, 2), {"x": [[0, 0], [1, 1]]}, [[1, 0]])}
LINEAR = Program({"x": Columns.of(2, 0, 1, cost=-1)}, {})
WHOLE = Program({"x": Columns.of(2, 0, 1, cost=-1, integer=True)}, {})
QUADRATIC = Program({"x": Columns.of(2, 0, 1, cost=-1, quadratic=1)}, {})
CONIC = Program({"x": Columns.of(2, 0, 1, cost=-1)}, {}, BALL)
INSTALLED = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"][room.GROUP]


@pytest.mark.parametrize(("program", "solver"), [(LINEAR, Highs()), (WHOLE, Highs()), (QUADRATIC, Clarabel()), (CONIC, Clarabel())])
def test_the_rule(program: Program, solver: room.Solver) -> None:
    assert room.solver_for(program) == solver
    assert room.solve(program).require().solver.lower().startswith(type(solver).__name__.lower())
    assert room.hold(program).solve().require().x["x"].shape == (2,)


def test_a_solver_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = [EntryPoint(name, value, room.GROUP) for name, value in INSTALLED.items()]
    monkeypatch.setattr(room, "entry_points", lambda group: [e for e in installed if e.group == group])
    assert {name: room.solver_named(name) for name in INSTALLED} == {"highs": Highs(), "clarabel": Clarabel(), "scip": Scip()}
    with pytest.raises(UnknownName, match="no solver named 'higs'; did you mean 'highs'"):
        room.solver_named("higs")


def test_the_page_says_what_happens(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/solve-a-program.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    names: dict[str, Any] = {}
    exec(code, names)  # the page is ours
    said = dict(re.findall(r"^((?:answer|least|strategy|residual)\.\S+) +# (array\(.*?\))(?::.*)?$", code, re.MULTILINE))
    assert len(said) == 8
    for expression, shown in said.items():
        assert " ".join(repr(eval(expression, names)).split()) == shown
    assert capsys.readouterr().out == re.findall(r"^# (cannot .*\n)", code, re.MULTILINE)[0]
