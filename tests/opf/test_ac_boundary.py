"""A network as the function of what passes at its ports: prices, yields and rises are differences of optima, and the toll bends as it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.cases.join import bundle
from gridtandem.cases.named import case
from gridtandem.grid.nodal import Nodal
from gridtandem.opf.ac import cost_of
from gridtandem.opf.ac_boundary import AcBoundary, Asked, decided, solved
from gridtandem.opf.ac_functions import Toll
from gridtandem.program.answer import Answer
from tests.tolerances import AC_TWIN, BENT_BY_DIFFERENCE, OWN_COST, SLOPE_OF_OPTIMUM, STEP, UNIT_KEPT
from tools.dispatch_counts import CASES

PU = 1e-4  # step of differences of exchanges; a hundredth MW
MONEY = 0.1  # step of differences of prices, currency/h by pu; prices are of size 4000


@pytest.fixture(scope="module")
def feeder() -> AcBoundary:
    """The 33-bus feeder twice, with two units that are at no limit."""
    what = CASES["feeder ends, quadratic"].case()
    return AcBoundary.of(bundle(what.models[0], count=2, scale=1.0), np.array([0]), 1.0)


@pytest.fixture(scope="module")
def above() -> AcBoundary:
    """The 14-bus system with two ports."""
    what = case("T14D2")
    return AcBoundary.of(what.transmission, what.interfaces.bus, -1.0)


def toll(at: AcBoundary, seed: int = 1) -> Toll:
    """Prices about those of transmission, and a bend that mixes all three."""
    rng, column = np.random.default_rng(seed), at.free().column
    a = rng.normal(size=(len(column), 3, 3))
    bend = 1e3 * (np.eye(3) + 0.1 * (a + a.transpose(0, 2, 1)))
    wish = np.tile([0.06, 0.03, 1.02], (len(column), 1))
    return Toll(column=column, slope=at.sign * np.tile([3300.0, 20.0, 5.0], (len(column), 1)), at=wish, bend=bend)


def steeper(asked: Asked, way: tuple[int, int], by: float) -> Asked:
    slope = np.array(asked.toll.slope)
    slope[way] += by
    return replace(asked, toll=replace(asked.toll, slope=slope))


def found(at: AcBoundary, asked: Asked) -> Answer:
    answer = at.least(asked)
    assert solved(answer)
    return answer


def test_the_price_of_a_fixed_voltage_is_the_slope_of_the_least_cost(feeder: AcBoundary) -> None:
    """κ: what the feeder's own cost and its bill rise by with one more pu."""
    paid = replace(toll(feeder), bend=np.zeros((1, 3, 3)))
    for v in (0.97, 1.0, 1.04):
        asked = [Asked(toll=paid, fixed={2: np.array([v + h])}) for h in (-PU, 0.0, PU)]
        low, at, high = (found(feeder, a) for a in asked)
        assert feeder.price(at)[0, 2] == pytest.approx((high.cost - low.cost) / (2 * PU), rel=SLOPE_OF_OPTIMUM)
        assert np.abs(feeder.price(at)[0, :2]).max() <= SLOPE_OF_OPTIMUM  # of what is free


def test_prices_of_fixed_draws_are_slopes_of_the_least_cost(above: AcBoundary) -> None:
    draw = {0: np.array([0.09, 0.06]), 1: np.array([0.05, -0.02])}
    kappa = replace(above.free(), slope=np.array([[0.0, 0.0, 200.0], [0.0, 0.0, -100.0]]))
    price = above.price(found(above, Asked(toll=kappa, fixed=draw)))
    for k in (0, 1):
        for i in (0, 1):
            costs = []
            for h in (-PU, PU):
                moved = {key: np.array(value) for key, value in draw.items()}
                moved[k][i] += h
                costs.append(found(above, Asked(toll=kappa, fixed=moved)).cost)
            assert price[i, k] == pytest.approx((costs[1] - costs[0]) / (2 * PU), rel=SLOPE_OF_OPTIMUM, abs=SLOPE_OF_OPTIMUM)


@pytest.mark.parametrize("which", ["feeder", "above"])
def test_yields_are_differences_of_exchanges(which: str, request: pytest.FixtureRequest) -> None:
    at: AcBoundary = request.getfixturevalue(which)
    asked = Asked(toll=toll(at), fixed={})
    give = at.yields(asked, found(at, asked))
    for i in range(len(give)):
        for k in range(3):
            low, high = (at.exchange(found(at, steeper(asked, (i, k), h))) for h in (-MONEY, MONEY))
            assert give[i, :, k] == pytest.approx((low - high)[i] / (2 * MONEY), rel=SLOPE_OF_OPTIMUM, abs=SLOPE_OF_OPTIMUM * np.abs(give[i]).max())
        assert np.array_equal(give[i], give[i].T)
        assert np.linalg.eigvalsh(give[i]).min() > 0


def test_rises_are_differences_of_prices(above: AcBoundary) -> None:
    draw = {0: np.array([0.09, 0.06]), 1: np.array([0.05, 0.02])}
    asked = Asked(toll=above.free(), fixed=draw)
    rise = above.rises(asked, found(above, asked))
    for column in range(4):
        prices = []
        for h in (-PU, PU):
            moved = {key: np.array(value) for key, value in draw.items()}
            moved[column // 2][column % 2] += h
            prices.append(above.price(found(above, Asked(toll=above.free(), fixed=moved)))[:, :2].T.ravel())
        assert rise[:, column] == pytest.approx((prices[1] - prices[0]) / (2 * PU), rel=SLOPE_OF_OPTIMUM, abs=SLOPE_OF_OPTIMUM * np.abs(rise).max())
    assert np.array_equal(rise, rise.T)


def test_own_cost_is_that_of_the_units(feeder: AcBoundary) -> None:
    asked = Asked(toll=toll(feeder), fixed={})
    answer = found(feeder, asked)
    assert feeder.own_cost(asked, answer) == pytest.approx(cost_of(feeder.problem.form.nodal, answer.x["p"]).sum(), rel=OWN_COST)


def test_an_answer_is_a_function_of_the_question(feeder: AcBoundary) -> None:
    asked, other = Asked(toll=toll(feeder), fixed={}), Asked(toll=toll(feeder, 2), fixed={2: np.array([0.98])})
    first = found(feeder, asked)
    found(feeder, other)
    again = found(feeder, asked)
    assert all(np.array_equal(first.x[name], again.x[name]) for name in first.x)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_toll_and_its_derivatives(above: AcBoundary, seed: int) -> None:
    """Its cost as written out, its gradient and its bend by central differences, beside those of the network."""
    functions = replace(above.functions, toll=toll(above, seed))
    x = above.problem.program.start + STEP * np.random.default_rng(seed).standard_normal(len(above.problem.program.start))
    own, t = above.functions, functions.toll
    y = x[t.column]
    told = sum(float(t.slope[i] @ y[i] + 0.5 * (y[i] - t.at[i]) @ t.bend[i] @ (y[i] - t.at[i])) for i in range(len(y)))
    assert functions.values(x)[0] - own.values(x)[0] == pytest.approx(told, rel=AC_TWIN * abs(functions.values(x)[0]))
    steep = functions.slopes(x)[0]
    for column in t.column.ravel():
        e = np.zeros(len(x))
        e[column] = STEP
        low, high = (functions.values(x + s * e)[0] for s in (-1, 1))
        assert steep[column] == pytest.approx((high - low) / (2 * STEP), rel=BENT_BY_DIFFERENCE, abs=BENT_BY_DIFFERENCE * np.abs(steep).max())
    nothing = np.zeros(len(functions.values(x)[1]))
    bent = functions.curvature(x, 0.5, nothing) - own.curvature(x, 0.5, nothing)
    entries, whole = functions.hessian, np.zeros((len(x), len(x)))
    whole[entries.row, entries.column] = whole[entries.column, entries.row] = bent
    for i, column in enumerate(t.column):
        assert whole[np.ix_(column, column)] == pytest.approx(0.5 * t.bend[i], rel=BENT_BY_DIFFERENCE)
    whole[np.ix_(t.column.ravel(), t.column.ravel())] = 0.0
    assert not whole.any()


def test_a_network_with_its_decisions_holds_them(feeder: AcBoundary) -> None:
    answer = found(feeder, Asked(toll=toll(feeder), fixed={}))
    units = Nodal.of(decided(feeder, answer)).units
    assert units.s.real == pytest.approx(answer.x["p"], abs=UNIT_KEPT)
    assert units.s.imag == pytest.approx(answer.x["q"], abs=UNIT_KEPT)


def test_limits_of_voltage_at_a_port_are_those_of_whom_power_leaves(feeder: AcBoundary, above: AcBoundary) -> None:
    assert np.isinf(feeder.problem.form.v_high[feeder.port]).all()
    assert np.isfinite(above.problem.form.v_high[above.port]).all()
