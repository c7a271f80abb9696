"""The compiled Newton beside its readable twin `gridtandem.flow.iteration.iterate`, and where it hands over to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.library import network
from gridtandem.flow import kernels_equations as kernels
from gridtandem.flow import kernels_newton
from gridtandem.flow.blocks import PIVOTS
from gridtandem.flow.draw import Draw
from gridtandem.flow.iteration import Trial, drawn, iterate
from gridtandem.flow.jacobian import Point, jacobian, solver
from gridtandem.flow.kernels_block import backward
from gridtandem.flow.newton import Newton, Options
from gridtandem.flow.sensitivity import voltage_slope
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from tests.flow.making import tree
from tests.flow.networks import meshed
from tests.tolerances import FLOW_TOL, IDENTITY, KEPT, PIVOT_NEAR, SAME_ROUNDING, TWIN

seeds = st.integers(0, 10_000)


def curves(seed: int, nodes: np.ndarray) -> Draw:
    """Interfaces some of whose ranges end before the voltages do, two of them at one node."""
    rng = np.random.default_rng(seed)
    at = rng.choice(nodes, 3)
    c = 0.05 * rng.normal(size=(4, 5)) + 0.02j * rng.normal(size=(4, 5))
    return Draw(node=np.append(at, at[0]), low=np.full(4, 0.99), high=np.array([1.0, 1.01, 1.05, 1.1]), c=c * 0.3 ** np.arange(5))


@settings(deadline=None)
@given(seeds, st.booleans(), st.floats(0.2, 1.4), st.booleans(), st.booleans())
def test_an_iteration_is_the_twin_s(seed: int, ring: bool, loads: float, damped: bool, drawing: bool) -> None:
    """Same steps, same voltages, same powers, whatever the network, its loads and its interfaces."""
    newton = Newton.of(Nodal.of(meshed(seed) if ring else tree(seed, 25)), None if ring else np.array([0]))
    draw = curves(seed, np.arange(newton.nodal.nodes)) if drawing else None
    problem = replace(newton.problem, loads=loads, draw=draw, iterations=12)
    ratio = newton.nodal.branches.ratio
    assert newton.blocks is not None
    assert newton.home is not None
    ours = newton.blocks.iterate(problem, newton.home, newton.begin, ratio, damped=damped)
    twin = iterate(problem, newton.pattern(newton.held), newton.begin, ratio, damped=damped)
    assert isinstance(ours, Trial)
    assert ours.why == twin.why
    if not ours.why:
        assert abs(ours.iterations - twin.iterations) <= 1  # where a mismatch is met to rounding
        np.testing.assert_allclose(ours.v, twin.v, rtol=0, atol=TWIN)
        np.testing.assert_allclose(ours.needed, twin.needed, rtol=0, atol=SAME_ROUNDING)


@settings(deadline=None)
@given(seeds)
def test_loads_are_the_twin_s(seed: int) -> None:
    nodal = Nodal.of(meshed(seed))
    law, n = nodal.loads, nodal.nodes
    v = np.random.default_rng(seed).uniform(0.5, 1.2, (n, 2))
    size = np.hypot(*v.T)
    extra, slope = np.zeros((n, 2)), np.zeros((n, 2))
    columns = np.column_stack([law.s.real, law.s.imag, law.exponent, law.z_share, law.i_share, law.v0])
    kernels.laws(v, 0.7, law.node, columns, extra, slope)
    s, by = law.at(size[law.node])
    for found, each in ((extra, 0.7 * s), (slope, 0.7 * by * size[law.node])):
        twin = np.zeros(n, complex)
        np.add.at(twin, law.node, each)
        np.testing.assert_allclose(found @ [1, 1j], twin, rtol=0, atol=IDENTITY)


@settings(deadline=None)
@given(seeds, st.integers(1, 9))
def test_curves_are_the_twin_s(seed: int, degree: int) -> None:
    """Within their range and along their tangents beyond it."""
    rng = np.random.default_rng(seed)
    v, node = rng.uniform(0.4, 1.0, (6, 2)), rng.integers(0, 6, 8)
    draw = Draw(
        node=node, low=rng.uniform(0.5, 0.9, 8), high=rng.uniform(1.0, 1.3, 8), c=rng.normal(size=(8, degree)) + 1j * rng.normal(size=(8, degree))
    )
    extra, slope = np.zeros((6, 2)), np.zeros((6, 2))
    kernels.curves(v, draw.node, np.column_stack([draw.low, draw.high]), draw.c, extra, slope)
    size = np.hypot(*v.T)
    s, by = draw(size)
    np.testing.assert_allclose(extra @ [1, 1j], s, rtol=0, atol=TWIN)
    np.testing.assert_allclose(slope @ [1, 1j], by * size, rtol=0, atol=TWIN)


@settings(deadline=None)
@given(st.floats(-3, 3), st.floats(-0.5, 0.5), st.floats(0.01, 1.0))
def test_a_step_turns_and_lifts(turn: float, lift: float, part: float) -> None:
    out, x = np.empty((1, 2)), np.array([[turn, lift]])
    assert kernels.moved(np.array([[0.6, -0.7]]), x, part, out)
    assert abs(out[0] @ [1, 1j] - (0.6 - 0.7j) * (1 + part * lift) * np.exp(1j * part * turn)) <= IDENTITY
    assert not kernels.moved(np.array([[0.6, -0.7]]), np.array([[0.0, -1.0]]), 1.0, out)


def leaf(excess: float) -> Network:
    """At the end of a reactance of 0.1 pu a load of 5 pu reactive power, with the capacitor that feeds it."""
    return Network(
        name="leaf", buses=el.Buses(name=["a", "b", "c"], nominal_kv=[100.0] * 3), shunts=el.Shunts(name=["c"], bus=[2], b_mvar=[500 * (1 + excess)]),
        lines=el.Lines(name=["ab", "bc"], from_bus=[0, 1], to_bus=[1, 2], r_ohm=[0.0, 0.0], x_ohm=[2.0, 10.0]),
        generators=el.Generators(name=["source"], bus=[0], control=[2]),
        loads=el.Loads(name=["b", "c"], bus=[1, 2], p_mw=[10.0, 5.0], q_mvar=[1.0, 500.0]),
    )  # fmt: skip


@pytest.mark.parametrize("excess", [0.0, PIVOT_NEAR, -1e3 * PIVOT_NEAR, 1e6 * PIVOT_NEAR])
def test_a_pivot_that_fails_is_noticed_and_said(excess: float) -> None:
    """At the leaf dQ/dln|V| = 1/x - 2b is nothing, or next to nothing, while the matrix as a whole is regular."""
    newton = Newton.of(Nodal.of(leaf(excess)))
    found = newton.solve()
    twin = iterate(newton.problem, newton.pattern(newton.held), newton.begin, newton.nodal.branches.ratio, damped=False)
    assert found.converged
    assert found.exchanged == PIVOTS or excess
    np.testing.assert_allclose(found.v, twin.v, rtol=0, atol=TWIN)


@settings(deadline=None)
@given(seeds)
def test_the_check_of_a_step_is_the_twin_s(seed: int) -> None:
    """Norm of J x + f, and of f alone, for any x; the right x leaves nothing."""
    newton = Newton.of(Nodal.of(meshed(seed)))
    nodal, problem, b = newton.nodal, newton.problem, newton.blocks
    assert b is not None
    n, m = nodal.nodes, len(b.factors[1])
    v, plan, kind = kernels_newton.begun(newton.begin, problem.scheduled, b.drawn, 1.0, problem.target, b.order, None, m)
    extra, slope, e, s, f = np.zeros((n, 2)), np.zeros((n, 2)), np.empty((len(b.entry), 2)), np.empty((n, 2)), np.empty((m, 2))
    at, column, slot = b.lines
    kernels.laws(v, 1.0, *b.law, extra, slope)
    kernels.flows(0, m, v, at, column, *b.values, e, s)
    kernels.missing(s, plan, extra, kind, None, 0.0, f)
    x = np.random.default_rng(seed).uniform(-1, 1, (m, 2))
    x[kind != 0, 1] = 0
    pattern, volts = newton.pattern(newton.held), np.empty(n, complex)
    volts[b.order] = v @ [1, 1j]
    angle, lift = np.zeros((2, n))
    angle[b.order[:m]], lift[b.order[:m]] = x.T
    there = Point.of(nodal, newton.wiring, volts, nodal.branches.ratio)
    matrix = jacobian(nodal, newton.wiring, pattern, there, problem.drawn(abs(volts))[1])
    miss = there.flows(newton.wiring)[1] + problem.drawn(abs(volts))[0] - problem.scheduled
    right = np.concatenate([miss.real[pattern.p_rows], miss.imag[pattern.q_rows]])
    left = matrix @ np.concatenate([angle[pattern.turn], (lift * abs(volts))[pattern.lift]]) + right
    args = v, b.values[1], at, column, e, s, slope, kind, f
    assert abs(kernels.residual(*args, x) - np.linalg.norm(left)) <= TWIN * np.linalg.norm(left)
    start, diagonal, places, tape = b.factors
    a = np.empty((len(places), 4))
    kernels.factor(v, b.values[1], at, e, s, slope, kind, slot, f, start, diagonal, places, tape, None, None, a, x)
    backward(start, diagonal, places, a, x)
    assert kernels.residual(*args, x) <= TWIN * np.linalg.norm(right)
    x[0, 0] = np.nan
    assert np.isnan(kernels.residual(*args, x))


@settings(deadline=None)
@given(seeds, st.integers(1, 5))
def test_many_right_hand_sides_are_the_twin_s(seed: int, sides: int) -> None:
    newton = Newton.of(Nodal.of(meshed(seed)), options=Options(q_rule="switch"))
    draw = curves(seed, np.arange(newton.nodal.nodes))
    found = newton.solve(draw=draw, loads=0.5)
    assert found.converged
    pattern = newton.pattern(found.held)
    back = newton.back(found, pattern, draw)
    assert back is not None
    there = Point.of(newton.nodal, newton.wiring, found.v, found.ratio)
    matrix = jacobian(newton.nodal, newton.wiring, pattern, there, drawn(newton.nodal, abs(found.v), 0.5, draw)[1])
    b = np.random.default_rng(seed).uniform(-1, 1, (matrix.shape[0], sides))
    np.testing.assert_allclose(back(b), solver(matrix)(b), rtol=0, atol=TWIN)
    np.testing.assert_allclose(back(b[:, 0]), back(b)[:, 0], rtol=0, atol=TWIN)


def test_sensitivities_survive_a_pivot_that_fails() -> None:
    newton = Newton.of(Nodal.of(leaf(0.0)))
    solved = replace(newton.solve(), exchanged="")  # so that the compiled way is tried
    np.testing.assert_allclose(voltage_slope(newton, solved, np.array([1, 2])), voltage_slope(newton, newton.solve(), np.array([1, 2])), rtol=TWIN)


@pytest.mark.parametrize("name", ["case14", "case118", "case300", "case141"])
def test_kept_factors_lead_to_the_same_place(name: str) -> None:
    nodal = Nodal.of(network(name))
    fresh, kept = (Newton.of(nodal, options=Options(factors=f)).solve() for f in ("fresh", "kept"))
    assert kept.converged
    assert kept.iterations >= fresh.iterations
    assert kept.mismatch <= max(FLOW_TOL, Newton.of(nodal).tol(nodal.branches.ratio))
    np.testing.assert_allclose(kept.v, fresh.v, rtol=0, atol=KEPT)


def test_same_input_same_bits_also_from_threads() -> None:
    newton = Newton.of(Nodal.of(network("case300")))
    once = newton.solve(loads=0.9).v
    with ThreadPoolExecutor(4) as pool:
        for v in pool.map(lambda _: newton.solve(loads=0.9).v, range(16)):
            assert v.tobytes() == once.tobytes()
