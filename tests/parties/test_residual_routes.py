"""What crosses is enough: a company told steps of the price, and one told the market whole, find the same best strategy on hours of the RTS."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

import numpy as np
import pytest

from gridtandem.boundary.strategic_letters import Disclose, ResidualCurve
from gridtandem.cases.rts24 import Rts24
from gridtandem.cases.rts24_disco import Rts24Disco
from gridtandem.parties.disclosed import followers_of
from gridtandem.parties.wholesale_residual import WholesaleResidual
from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.bilevel import Bilevel, BilevelAnswer, best_against, solve
from gridtandem.program.cells import Cells
from gridtandem.program.certify import certify
from gridtandem.program.solve import solve as solve_program
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.study.market.study import MarketStudy, seated
from tests.tolerances import PLACE, SAME_ROUTE

LOW, HIGH = -40.0, 90.0
NEED_MW, UNITS = 60.0, ((12.0, 12.5), (10.0, 13.5), (16.0, 16.0), (14.0, 21.0))  # what the company must have, and may make itself [MW, USD/MWh]


def desk(hour: int) -> WholesaleResidual:
    return seated(MarketStudy(case=Rts24Disco(bus="3").case("rts24"), scheme=DsoOffer(), first=hour, hours=1)).residual


def company() -> Program:
    """It needs power, and makes some itself or buys it."""
    most, price = np.array(UNITS).T
    parts = {"theta": np.ones((1, 1)), "unit": np.ones((1, len(UNITS)))}
    columns = {"theta": Columns.of((1, 1), LOW, HIGH), "unit": Columns.of((1, len(UNITS)), 0.0, most[None], cost=price[None])}
    return Program(columns, {"need": Rows.of((1,), NEED_MW, NEED_MW, parts)})


def one(value: float) -> np.ndarray:
    return np.full((1, 1, 1), value)


@cache
def by_curve(hour: int) -> BilevelAnswer:
    curve = desk(hour).residual_curve(ResidualCurve(one(LOW), one(HIGH), one(0.0)))
    steps = Cells.steps(np.append(curve.from_mw, curve.to_mw[-1]), curve.price)
    return best_against(company(), "theta", (steps,))


@pytest.mark.parametrize("hour", [1, 5, 18, 23])
@pytest.mark.parametrize("route", ["kkt-bigm", "kkt-sos1"])
def test_told_by_steps_or_whole_the_best_strategy_is_one(hour: int, route: str) -> None:
    if route == "kkt-sos1" and find_spec("pyscipopt") is None:
        pytest.skip("SCIP is not installed")
    told = desk(hour).disclose(Disclose(one(LOW), one(HIGH)))
    problem = Bilevel(company(), "theta", followers_of(told))
    curve, whole = by_curve(hour), solve(problem, method=route)  # type: ignore[arg-type]
    assert abs(curve.total - whole.total) <= SAME_ROUTE * abs(whole.total)
    assert certify(problem, whole).holds
    assert certify(problem, curve).holds


def test_hours_that_hang_together_have_one_answer_by_cells_and_by_conditions() -> None:
    """A station's ramp from hour 6 to 7 binds: what the company takes in one hour moves the price of the other."""
    coupled, plain = (Rts24Disco(bus="3", market=Rts24(blocks=1, ramps=ramps)).case("rts24") for ramps in (True, False))
    box = (np.full((1, 2, 1), LOW), np.full((1, 2, 1), HIGH))
    one_program, two = (
        followers_of(seated(MarketStudy(case=what, scheme=DsoOffer(), first=6, hours=2)).residual.disclose(Disclose(*box)))
        for what in (coupled, plain)
    )
    assert (len(one_program), len(two)) == (1, 2)
    most, price = np.array(UNITS).T
    units = Columns.of((2, len(UNITS)), 0.0, np.tile(most, (2, 1)), cost=np.tile(price, (2, 1)))
    need = Rows.of((2,), NEED_MW, NEED_MW, {"theta": np.eye(2), "unit": np.kron(np.eye(2), np.ones((1, len(UNITS))))})
    problem = Bilevel(Program({"theta": Columns.of((1, 2), LOW, HIGH), "unit": units}, {"need": need}), "theta", one_program)
    cells, pairs = solve(problem), solve(problem, method="kkt-bigm")
    assert abs(cells.total - pairs.total) <= SAME_ROUTE * abs(pairs.total)
    assert certify(problem, pairs).holds
    assert certify(problem, cells).holds
    at = np.full(2, NEED_MW)
    assert sum(solve_program(f.at(at[[t]])).cost for t, f in enumerate(two)) < solve_program(one_program[0].at(at)).cost - SAME_ROUTE


def test_in_some_hour_it_pays_to_hold_back() -> None:
    """Units dearer than the price run, so that the next step is not reached; otherwise the routes would agree on what a price taker does."""
    dear = np.array([price for _, price in UNITS])
    answers = [by_curve(hour) for hour in (1, 5, 18, 23)]
    assert any(a.x["unit"][0, dear > a.price[0, 0]].max(initial=0.0) > PLACE for a in answers)
