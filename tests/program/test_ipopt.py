"""Ipopt beside our own method: the same optimum, the same prices, the same words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gridtandem.cases.matpower.read import read_matpower
from gridtandem.errors import MissingPackage
from gridtandem.opf.ac import optimal_power_flow
from gridtandem.program.answer import Status
from gridtandem.program.smooth import Smooth
from gridtandem.program.solvers.interior import Interior
from gridtandem.program.solvers.ipopt import Ipopt
from tests.program.smooth_examples import apart, problem_6, problem_14, problem_71
from tests.tolerances import SAME_AS_IPOPT, SMOOTH_OPTIMUM, SMOOTH_PRICE

DATA = Path(__file__).parents[1] / "data" / "pglib"


@pytest.mark.peer
@pytest.mark.parametrize("program", [problem_71(), problem_6(), problem_14()], ids=["71", "6", "14"])
def test_answers_and_prices_are_ours(program: Smooth) -> None:
    pytest.importorskip("casadi")
    theirs, ours = Ipopt().solve(program).require(), Interior().solve(program).require()
    assert theirs.cost == pytest.approx(ours.cost, abs=SMOOTH_OPTIMUM)
    np.testing.assert_allclose(theirs.price["g"], ours.price["g"], atol=SMOOTH_PRICE)
    np.testing.assert_allclose(theirs.reduced["x"], ours.reduced["x"], atol=SMOOTH_PRICE)
    assert Ipopt().solve(program, ours).require().cost == pytest.approx(ours.cost, abs=SMOOTH_OPTIMUM)


@pytest.mark.peer
def test_what_cannot_be_kept_is_said() -> None:
    pytest.importorskip("casadi")
    assert Ipopt().solve(apart()).status is Status.NEARBY


@pytest.mark.peer
@pytest.mark.parametrize("name", ["5_pjm", "30_ieee", "118_ieee", "500_goc"])
def test_power_flows_cost_the_same(name: str) -> None:
    pytest.importorskip("casadi")
    net = read_matpower(DATA / f"pglib_opf_case{name}.m", equivalents=True)
    ours, theirs = optimal_power_flow(net).require(), optimal_power_flow(net, solver=Ipopt()).require()
    assert ours.cost_per_h == pytest.approx(theirs.cost_per_h, rel=SAME_AS_IPOPT)


def test_the_package_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "casadi", None)
    with pytest.raises(MissingPackage, match=r"Solving with Ipopt needs 'casadi': pip install 'gridtandem\[ipopt\]'"):
        Ipopt().solve(problem_14())
