"""The AC form: rows, cost and every derivative equal a slow twin's, and a solution is a load flow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from gridtandem.cases.library import network
from gridtandem.errors import InvalidCase
from gridtandem.flow.newton import Newton
from gridtandem.grid import elements as el
from gridtandem.grid.nodal import Nodal
from gridtandem.opf.ac import AcOpf, optimal_power_flow
from tests.flow.networks import meshed
from tests.opf.ac_twin import cost, derivative, rows
from tests.tolerances import AC_IS_FLOW, AC_IS_FLOW_DEG, AC_TWIN, BENT_BY_DIFFERENCE, STEP

SEEDS = st.integers(0, 2**32 - 1)


def priced(seed: int, n: int = 9):
    """A meshed network with costs of all kinds, limits of all kinds."""
    net, rng = meshed(seed, n), np.random.default_rng(seed)
    g, ln = net.generators, net.lines
    g = replace(
        g, p_low_mw=np.array([-500.0, 0, 0, 5, 0]), p_high_mw=np.array([500.0, 60, 50, 30, 40]), q_low_mvar=np.full(5, -200.0),
        q_high_mvar=np.full(5, 200.0), s_high_mva=np.array([np.inf, 70, np.inf, 40, np.inf]), power_factor_low=np.array([0, 0, 0.8, 0, 0.9]),
    )  # fmt: skip
    costs = el.Costs(generator=[0, 0, 0, 1, 1, 3], order=[0, 1, 2, 1, 3, 1], coefficient=[5.0, 31.0, 0.04, 20.0, 1e-4, 25.0])
    points = el.CostPoints(generator=[2, 2, 2, 4, 4], p_mw=[0.0, 20, 50, 0, 40], cost_per_h=[10.0, 300, 1200, 0, 900])
    angle = np.where(rng.random(len(ln)) < 0.5, 20.0, 360.0)
    lines = replace(ln, angle_low_deg=-angle, angle_high_deg=angle)
    buses = replace(net.buses, v_low_pu=np.full(n, 0.9), v_high_pu=np.full(n, 1.1))
    return replace(net, generators=g, costs=costs, cost_points=points, lines=lines, buses=buses)


def point(problem: AcOpf, seed: int):
    """Somewhere off the start."""
    return problem.program.start + 0.1 * np.random.default_rng(seed).standard_normal(len(problem.program.start))


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_rows_and_cost_are_those_of_the_twin(seed: int) -> None:
    problem = AcOpf.of(priced(seed))
    x = point(problem, seed)
    ours, values = problem.program.functions.values(x)
    assert ours == pytest.approx(cost(problem, x), rel=AC_TWIN)
    np.testing.assert_allclose(values, rows(problem, x), rtol=AC_TWIN, atol=AC_TWIN)


@settings(max_examples=8, deadline=None)
@given(SEEDS)
def test_slopes_are_those_of_the_twin(seed: int) -> None:
    problem = AcOpf.of(priced(seed))
    program, x = problem.program, point(problem, seed)
    gradient, entries = program.functions.slopes(x)
    np.testing.assert_allclose(gradient, derivative(lambda z: cost(problem, z), x), rtol=AC_TWIN, atol=AC_TWIN)
    wanted = derivative(lambda z: rows(problem, z), x)
    found = sparse.coo_array((entries, (program.jacobian.row, program.jacobian.column)), shape=wanted.shape)
    assert len(np.unique(program.jacobian.row * len(x) + program.jacobian.column)) == len(entries)
    np.testing.assert_allclose(found.toarray(), wanted, rtol=AC_TWIN, atol=AC_TWIN * abs(wanted).max())


@pytest.mark.parametrize("seed", [2, 3])
def test_curvature_is_that_of_the_twin(seed: int) -> None:
    problem = AcOpf.of(priced(seed))
    program, x = problem.program, point(problem, seed)
    rng, n = np.random.default_rng(seed), len(program.start)
    multiplier = rng.standard_normal(len(rows(problem, x)))
    lower = program.functions.curvature(x, 0.7, multiplier)
    found = sparse.coo_array((lower, (program.hessian.row, program.hessian.column)), shape=(n, n)).toarray()
    assert not np.triu(found, 1).any()
    found = found + np.tril(found, -1).T

    def slope(at):
        return derivative(lambda z: 0.7 * cost(problem, z) + multiplier @ rows(problem, z), at)

    wanted = np.stack([(slope(x + STEP * e) - slope(x - STEP * e)) / (2 * STEP) for e in np.eye(n)])
    np.testing.assert_allclose(found, wanted, atol=BENT_BY_DIFFERENCE * abs(wanted).max())


@pytest.mark.parametrize("seed", [1, 4])
def test_a_solution_is_a_load_flow(seed: int) -> None:
    """Newton with the dispatch held: the same voltages, with loads of every law, taps, shifts, shunts and two units at a bus."""
    net = priced(seed)
    found = optimal_power_flow(net).require()
    g = replace(net.generators, p_mw=found.units.p_mw, q_mvar=found.units.q_mvar, control=np.array([2, 0, 0, 0, 0]),
                v_set_pu=np.full(5, found.buses.v_pu[0]), s_high_mva=np.full(5, np.inf), power_factor_low=np.zeros(5))  # fmt: skip
    flow = Newton.of(Nodal.of(replace(net, generators=g))).solve()
    assert flow.converged
    np.testing.assert_allclose(np.abs(flow.v), found.buses.v_pu, atol=AC_IS_FLOW)
    np.testing.assert_allclose(np.degrees(np.angle(flow.v)), found.buses.angle_deg, atol=AC_IS_FLOW_DEG)


def test_a_bus_that_no_unit_reaches_is_named() -> None:
    net = network("ieee14")
    cut = replace(net, lines=replace(net.lines, closed=(net.lines.from_bus != 13) & (net.lines.to_bus != 13)))
    with pytest.raises(InvalidCase, match="buses at '14' can be reached from no unit"):
        AcOpf.of(cut)


def test_a_cost_whose_slope_falls_is_named() -> None:
    net = priced(0)
    falling = el.CostPoints(generator=[2, 2, 2], p_mw=[0.0, 20, 50], cost_per_h=[0.0, 600, 900])
    with pytest.raises(InvalidCase, match=r"generators\[g2\]\.name at bus 'b2' has a cost whose slope falls"):
        AcOpf.of(replace(net, cost_points=falling))
