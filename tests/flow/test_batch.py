"""Many load flows side by side: each is that of `Newton.solve`, and of nobody's neighbours."""

from __future__ import annotations

from dataclasses import replace

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.library import network
from gridtandem.flow import kernels_lanes, kernels_newton_lanes
from gridtandem.flow.batch import LANES, solve_many
from gridtandem.flow.draw import Draw
from gridtandem.flow.newton import Newton, Options
from gridtandem.grid.nodal import Nodal
from tests.flow.making import tree
from tests.flow.networks import meshed, two_buses
from tests.flow.test_border import moving
from tests.tolerances import SAME_FLOW, SAME_ROUNDING, TURNED, TWIN

seeds = st.integers(0, 10_000)


def curves(rng: np.random.Generator, rows: int, nodes: int) -> Draw:
    """Interfaces whose ranges end before the voltages do, in every row their own, two of them at one node."""
    at, c = rng.integers(0, nodes, 3), 0.05 * rng.normal(size=(rows, 4, 5)) + 0.02j * rng.normal(size=(rows, 4, 5))
    low, high = np.full((rows, 4), 0.99), np.broadcast_to([1.0, 1.01, 1.05, 1.1], (rows, 4)) + 0.01 * rng.random((rows, 4))
    return Draw(node=np.append(at, at[0]), low=low, high=high, c=c * 0.3 ** np.arange(5))


@settings(deadline=None, max_examples=50)
@given(seeds, st.booleans(), st.integers(1, 2 * LANES + 1), st.booleans())
def test_every_row_is_that_of_a_single_load_flow(seed: int, ring: bool, rows: int, drawing: bool) -> None:
    """Whatever the network, its loads, its units and its interfaces."""
    rng, nodal = np.random.default_rng(seed), Nodal.of(meshed(seed) if ring else tree(seed, 25))
    newton = Newton.of(nodal, None if ring else np.array([0]))
    loads, units = rng.uniform(0.3, 1.3, rows), rng.uniform(0.5, 1.2, (rows, len(nodal.units.node)))
    draw = curves(rng, rows, nodal.nodes) if drawing else None
    found = solve_many(newton, loads=loads, units=units, draw=draw)
    for k in range(rows):
        one = None if draw is None else replace(draw, low=draw.low[k], high=draw.high[k], c=draw.c[k])
        twin = newton.solve(loads=float(loads[k]), units=units[k], draw=one)
        assert found.converged[k] == twin.converged
        if twin.converged:
            np.testing.assert_allclose(found.v[k], twin.v, rtol=0, atol=TWIN)
            np.testing.assert_allclose(found.fixed_s[k], twin.fixed_s, rtol=0, atol=SAME_ROUNDING)
            assert found.mismatch[k] <= newton.tol(twin.ratio)


@numba.njit
def turned(angle: np.ndarray, out: np.ndarray) -> None:
    c, r = kernels_newton_lanes._turned(kernels_lanes.take(angle, 0))
    kernels_lanes.put(out, 0, c)
    kernels_lanes.put(out, 1, r)


@settings(deadline=None)
@given(st.lists(st.floats(-4, 4), min_size=8, max_size=8))
def test_a_step_turns_by_its_angle(angle: list[float]) -> None:
    out = np.empty((2, 8))
    turned(np.array([angle]), out)
    np.testing.assert_allclose(out, [np.cos(angle), np.sin(angle)], rtol=0, atol=TURNED)


def test_most_rows_are_solved_side_by_side() -> None:
    newton = Newton.of(Nodal.of(network("case118")))
    found = solve_many(newton, loads=np.linspace(0.5, 1.5, 50), units=np.linspace(0.5, 1.5, 50))
    assert found.converged.all()
    assert not found.alone.any()


@pytest.mark.parametrize("threads", [1, 2])
def test_a_row_has_the_same_bits_in_any_company(threads: int) -> None:
    """Alone, among others, in another order, beside a row without solution, on other threads."""
    newton = Newton.of(Nodal.of(network("case118")))
    k = np.linspace(0.6, 1.4, 21)
    all_ = solve_many(newton, loads=k, units=k, threads=threads).v
    for some in ([3], [20, 3, 7], [*range(21)][::-1]):
        assert solve_many(newton, loads=k[some], units=k[some]).v.tobytes() == all_[some].tobytes()
    beside = np.array([50.0, k[5], 0.0, k[6]])
    assert solve_many(newton, loads=beside, units=beside).v[[1, 3]].tobytes() == all_[[5, 6]].tobytes()


def test_a_row_without_solution_says_so_and_leaves_no_numbers() -> None:
    found = solve_many(Newton.of(Nodal.of(two_buses())), loads=np.array([1.0, 40.0, 2.0]))
    assert found.converged.tolist() == [True, False, True]
    assert found.alone.tolist() == [False, True, False]
    assert np.isnan(found.v[1]).all()
    assert np.isnan(found.fixed_s[1]).all()
    assert "no load flow found" in found.trouble[1]
    assert found.trouble[0] == found.trouble[2] == ""


def test_rows_whose_limits_or_ratios_move_are_the_single_load_flow_s() -> None:
    k = np.linspace(0.8, 1.4, 5)
    limits = Newton.of(Nodal.of(network("case118")), options=Options(q_rule="switch"))
    for newton in (limits, Newton.of(moving(4, (8, 4, -1, 4))), Newton.of(Nodal.of(meshed(1)), options=Options(slack="shared"))):
        found = solve_many(newton, loads=k, units=k)
        for row, factor in enumerate(k.tolist()):
            np.testing.assert_allclose(found.v[row], newton.solve(loads=factor, units=factor).v, rtol=0, atol=SAME_FLOW)
        assert found.alone.any()


def test_starts_of_their_own() -> None:
    newton = Newton.of(Nodal.of(network("case14")))
    v = newton.solve().v
    found = solve_many(newton, loads=np.array([1.0, 1.1]), start=np.stack([v, newton.flat]))
    assert found.iterations[0] == 0 < found.iterations[1]


def test_shapes_that_disagree_are_refused() -> None:
    newton = Newton.of(Nodal.of(network("case14")))
    with pytest.raises(ValueError, match="broadcast"):
        solve_many(newton, loads=np.ones(3), units=np.ones(2))


def test_an_island_is_named_in_every_row() -> None:
    net = two_buses()
    newton = Newton.of(Nodal.of(replace(net, lines=replace(net.lines, closed=[False]))))
    assert solve_many(newton, loads=np.ones(2)).trouble == ("'load': no path to a bus whose voltage is given",) * 2
