"""A shared slack and moving ratios in the compiled Newton beside their readable twins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gridtandem.errors import InvalidCase
from gridtandem.flow import blocks, kernels_newton
from gridtandem.flow import kernels_border as kernels
from gridtandem.flow.draw import Draw
from gridtandem.flow.iteration import Trial, drawn, iterate
from gridtandem.flow.jacobian import Point, Wiring, _by_ratio, jacobian, solver
from gridtandem.flow.newton import Newton, Options
from gridtandem.flow.sensitivity import voltage_slope
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from tests.flow.making import KV
from tests.flow.networks import meshed
from tests.flow.test_kernels_newton import leaf
from tests.tolerances import INVERSE, NOISE, SAME_FLOW, SAME_ROUNDING, TWIN

seeds = st.integers(0, 10_000)
SHARED = st.sampled_from(["reference", "shared"])
HOLDS = st.tuples(*(st.sampled_from(rows) for rows in ((-1, 8, 7), ((-1, -1), (4, -1), (4, 4), (3, -1), (3, 3)), (-1, 6, 5, 7)))).map(
    lambda chosen: (chosen[0], chosen[1][0], chosen[2], chosen[1][1])
)


def moving(seed: int, holds: tuple[int, ...]) -> Nodal:
    """The random network with a fourth transformer beside its second; each holds the voltage of its end, of a bus elsewhere or (−1) none.

    What they hold is near what the network has without control, so that the ratios exist.
    """
    net, bus = meshed(seed), np.array(holds)
    net = replace(net, generators=replace(net.generators, control=[2, 1, 1, 0, 0]))
    t = net.transformers.take(np.array([0, 1, 2, 1]))
    t = replace(t, name=[f"t{k}" for k in range(4)], ratio=t.ratio * [1.0, 1.0, 1.0, 1.01], shift_deg=[0.0, 3.0, -5.0, 3.0])
    v = abs(Newton.of(Nodal.of(replace(net, transformers=t))).solve().v)
    free = {
        "control": np.where(bus >= 0, el.CONTINUOUS, 0), "regulated_bus": bus, "v_target_pu": v[bus] + 0.003,
        "ratio_low": np.full(4, 0.5), "ratio_high": np.full(4, 2.0),
    }  # fmt: skip
    return Nodal.of(replace(net, transformers=replace(t, **free)))


def drop(nodes: int) -> Draw:
    """A power drawn that falls with the voltage, so that slopes count."""
    return Draw(node=np.array([nodes - 2, 4]), low=np.full(2, 0.8), high=np.full(2, 1.2), c=np.array([[0.1 + 0.05j, 0.02 + 0.03j], [0.0, 0.05j]]))


@settings(deadline=None)
@given(seeds, HOLDS, SHARED, st.floats(0.8, 1.1), st.booleans())
def test_an_iteration_with_a_border_is_the_twin_s(seed: int, holds: tuple[int, ...], slack: str, loads: float, damped: bool) -> None:
    """Same steps, voltages, powers, ratios and slack, wherever the voltages are that ratios hold."""
    nodal = moving(seed, holds)
    newton = Newton.of(nodal, options=Options(slack=slack, tol=NOISE))
    problem = replace(newton.problem, loads=loads, iterations=12, draw=drop(nodal.nodes))
    assert newton.blocks is not None
    assert newton.home is not None
    ours = newton.blocks.iterate(problem, newton.home, newton.begin, newton.held.ratio, damped=damped)
    twin = iterate(problem, newton.pattern(newton.held), newton.begin, newton.held.ratio, damped=damped)
    assert isinstance(ours, Trial)
    assert bool(ours.why) == bool(twin.why)
    if ours.why:
        return
    assert abs(ours.iterations - twin.iterations) <= 1
    for found, expected in ((ours.v, twin.v), (ours.ratio, twin.ratio), (ours.slack, twin.slack)):
        np.testing.assert_allclose(found, expected, rtol=0, atol=TWIN)
    np.testing.assert_allclose(ours.needed, twin.needed, rtol=0, atol=SAME_ROUNDING)


@pytest.mark.parametrize("holds", [(8, 4, -1, 4), (8, -1, 5, -1), (7, 4, 6, 4), (-1, 3, 6, 3), (-1, 3, 5, -1)])
@pytest.mark.parametrize("slack", ["reference", "shared"])
def test_the_compiled_way_serves(holds: tuple[int, ...], slack: str) -> None:
    newton = Newton.of(moving(4, holds), options=Options(slack=slack))
    found = newton.solve()
    assert found.converged
    assert not found.exchanged
    free = newton.held.free(newton.nodal, newton.roles)
    assert (abs(found.ratio) != abs(newton.nodal.branches.ratio))[newton.nodal.taps.branch[free]].all()


@settings(deadline=None)
@given(seeds, HOLDS, SHARED, st.integers(1, 5))
def test_right_hand_sides_with_a_border_are_the_twin_s(seed: int, holds: tuple[int, ...], slack: str, sides: int) -> None:
    nodal = moving(seed, holds)
    newton, draw = Newton.of(nodal, options=Options(slack=slack)), drop(nodal.nodes)
    found = newton.solve(draw=draw)
    assume(found.converged)  # one in two hundred asks for a voltage out of reach
    assert not found.exchanged
    pattern = newton.pattern(found.held)
    back = newton.back(found, pattern, draw)
    assert back is not None
    there = Point.of(nodal, newton.wiring, found.v, found.ratio)
    matrix = jacobian(nodal, newton.wiring, pattern, there, drawn(nodal, abs(found.v), 1.0, draw)[1])
    b = np.random.default_rng(seed).uniform(-1, 1, (matrix.shape[0], sides))
    expected = solver(matrix)(b)
    np.testing.assert_allclose(back(b), expected, rtol=0, atol=TWIN * abs(expected).max())
    np.testing.assert_allclose(back(b[:, 0]), expected[:, 0], rtol=0, atol=TWIN * abs(expected).max())


@settings(deadline=None, max_examples=40)
@given(seeds, HOLDS, SHARED)
def test_the_check_of_a_step_with_a_border_is_the_twin_s(seed: int, holds: tuple[int, ...], slack: str) -> None:
    """Norm of J x + f for any x; the right x leaves nothing."""
    rng, newton = np.random.default_rng(seed), Newton.of(moving(seed, holds), options=Options(slack=slack))
    nodal, b, border, problem, pattern = newton.nodal, newton.blocks, newton.home, newton.problem, newton.pattern(newton.held)
    assert b is not None
    assert border is not None
    m, power = len(b.factors[1]), (*b.law, *blocks.NO_CURVES)
    v, plan, kind = kernels_newton.begun(newton.begin, problem.scheduled, b.drawn, 1.0, problem.target, b.order, border.moving[5], m)
    now = kernels_newton.state(v, b.lines, border.values, m, abs(newton.held.ratio[border.tap]), border.edge)
    now[8][0] = 0.3
    couples, work = (border.moving, border.edge), kernels_newton.room(b.factors, border.moving, border.edge)
    kernels_newton.evaluated(now, 1.0, plan, kind, np.zeros((nodal.nodes, 2)), b.lines, border.values, power, *couples)
    kernels_newton.step(now, kind, b.lines, b.factors, *couples, work, False)
    volts = np.empty(nodal.nodes, complex)
    volts[b.order] = now[0] @ [1, 1j]
    there = Point.of(nodal, newton.wiring, volts, newton.held.ratio)
    matrix = jacobian(nodal, newton.wiring, pattern, there, problem.drawn(abs(volts))[1])
    miss = problem.needed(volts, newton.held.ratio) - problem.scheduled - (0.3 * pattern.share if len(pattern.share) else 0.0)
    right = np.concatenate([miss.real[pattern.p_rows], miss.imag[pattern.q_rows]])
    assert kernels_newton.unmet(now, kind, b.lines, *couples, work) <= TWIN * np.linalg.norm(right)
    x, d = work[1], work[6]
    x[:], d[:] = rng.uniform(-1, 1, x.shape), rng.uniform(-1, 1, d.shape)
    x[kind != 0, 1] = 0.0
    unknown = np.concatenate([x[b.place[pattern.turn], 0], x[b.place[pattern.lift], 1] * abs(volts)[pattern.lift, None], d[: pattern.groups]])
    unknown = np.concatenate([unknown, d[pattern.groups :][: len(pattern.share) > 0]]).ravel()
    expected = np.linalg.norm(matrix @ unknown + right)
    assert abs(kernels_newton.unmet(now, kind, b.lines, *couples, work) - expected) <= TWIN * expected


def test_an_iteration_without_a_border_is_one_with_an_empty_border() -> None:
    """Both are compiled from the same lines, the first without those of the border: same bits."""
    newton = Newton.of(Nodal.of(meshed(3)))
    b, border, problem = newton.blocks, newton.home, newton.problem
    assert b is not None
    assert border is not None
    assert border.couples == (None, None)
    found = []
    for couples in (border.couples, (border.moving, border.edge)):
        out, needed = np.empty((2, newton.nodal.nodes), complex)
        given = newton.begin, problem.scheduled, b.drawn, 1.0, problem.target, b.order, b.lines, b.values, b.factors
        told = kernels_newton.newton(*given, (*b.law, *blocks.NO_CURVES), *couples, np.empty(0), problem.tol, 20, True, True, out, needed)
        found.append((told, out.tobytes(), needed.tobytes()))
    assert found[0] == found[1]
    assert found[0][0][0] == kernels_newton.SOLVED


def test_a_pivot_that_fails_inside_a_border_is_noticed() -> None:
    net = leaf(0.0)
    net = replace(net, generators=replace(net.generators, slack_share=[1.0]))
    newton = Newton.of(Nodal.of(net), options=Options(slack="shared"))
    found = newton.solve()
    assert found.exchanged == blocks.PIVOTS
    twin = iterate(newton.problem, newton.pattern(newton.held), newton.begin, newton.held.ratio, damped=False)
    np.testing.assert_allclose(found.v, twin.v, rtol=0, atol=TWIN)


@settings(deadline=None)
@given(seeds, st.integers(1, 9))
def test_the_small_matrix_is_inverted(seed: int, n: int) -> None:
    t = np.random.default_rng(seed).uniform(-1, 1, (n, n))
    t[0, 0] = 0.0  # rows must be exchanged
    if n == 1:
        t[0, 0] = 2.0
    expected, found = np.linalg.inv(t), t.copy()
    kernels.inverse(found)
    size = max(1.0, abs(expected).max())
    np.testing.assert_allclose(found, expected, rtol=0, atol=INVERSE * size * size)


def test_a_singular_small_matrix_is_not_finite() -> None:
    t = np.array([[1.0, 2.0], [2.0, 4.0]])
    kernels.inverse(t)
    assert not np.isfinite(t).any()


@settings(deadline=None)
@given(seeds)
def test_admittances_and_slopes_of_moving_ratios_are_the_twin_s(seed: int) -> None:
    newton, rng = Newton.of(moving(seed, (8, 4, 5, 4))), np.random.default_rng(seed)
    nodal, b, border = newton.nodal, newton.blocks, newton.home
    assert b is not None
    assert border is not None
    end, line, series, turn, *_ = border.moving
    ratio, size = newton.held.ratio.copy(), rng.uniform(0.8, 1.2, len(border.tap))
    ratio[border.tap] = size * turn
    y, own = (values.copy() for values in border.values)
    kernels.wired(end, line, series, turn, size, border.values, y, own)
    for found, expected in zip((y, own), b.admittance(nodal, newton.wiring, ratio, without=np.empty(0, np.int64)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=TWIN)
    v = rng.uniform(0.5, 1.0, nodal.nodes) + 1j * rng.uniform(-0.5, 0.5, nodal.nodes)
    slope = np.empty((len(size), 2, 2))
    kernels.by_ratio(v[b.order].view(float).reshape(-1, 2), end, series, turn, size, slope)
    twin = _by_ratio(nodal, border.tap, Point.of(nodal, Wiring.of(nodal), v, ratio)).reshape(2, -1).T
    np.testing.assert_allclose(slope @ [1, 1j], twin, rtol=0, atol=TWIN)


def test_too_wide_a_border_goes_the_general_way_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    nodal = moving(4, (7, 3, -1, -1))
    expected = Newton.of(nodal).solve()
    monkeypatch.setattr(blocks, "MOST", 1)
    newton = Newton.of(nodal)
    found = newton.solve()
    assert "2 transformers hold voltages of buses they do not end at" in found.exchanged
    np.testing.assert_allclose(found.v, expected.v, rtol=0, atol=SAME_FLOW)
    at = np.array([1, 4])
    np.testing.assert_allclose(voltage_slope(newton, found, at), voltage_slope(newton, expected, at), rtol=0, atol=SAME_FLOW)


def substations(count: int) -> Network:
    """A ring of high-voltage buses, each with a transformer that holds its low side."""
    ring, low = np.arange(count), count + np.arange(count)
    x = 121.0 * 0.02 * np.ones(count)
    return Network(
        name="substations", buses=el.Buses(name=[f"b{k}" for k in range(2 * count)], nominal_kv=np.repeat([110.0, KV], count)),
        lines=el.Lines(name=[f"l{k}" for k in ring], from_bus=ring, to_bus=(ring + 1) % count, r_ohm=x / 5, x_ohm=x),
        transformers=el.Transformers(
            name=[f"t{k}" for k in ring], from_bus=ring, to_bus=low, base_mva=np.full(count, 40.0), r_pu=np.full(count, 0.005),
            x_pu=np.full(count, 0.1), control=np.full(count, el.CONTINUOUS), regulated_bus=low, v_target_pu=np.full(count, 1.02),
            ratio_low=np.full(count, 0.8), ratio_high=np.full(count, 1.2),
        ),
        loads=el.Loads(name=[f"d{k}" for k in ring], bus=low, p_mw=1.0 + ring % 7 * 0.2, q_mvar=np.full(count, 0.3), p_exponent=np.full(count, 0.9)),
        generators=el.Generators(
            name=[f"g{k}" for k in range(0, count, 5)], bus=ring[::5], control=np.where(ring[::5] == 0, 2, 1), p_mw=np.full(len(ring[::5]), 7.0),
            slack_share=np.ones(len(ring[::5])),
        ),
    )  # fmt: skip


@pytest.mark.parametrize("slack", ["reference", "shared"])
def test_many_moving_ratios_stay_in_the_blocks(slack: str) -> None:
    """More transformers than a border may have, each in the place of the voltage it holds; all voltages as asked for."""
    newton = Newton.of(Nodal.of(substations(100)), options=Options(slack=slack))
    found = newton.solve()
    assert found.converged
    assert not found.exchanged
    np.testing.assert_allclose(abs(found.v[100:]), 1.02, rtol=0, atol=TWIN)
    twin = iterate(newton.problem, newton.pattern(newton.held), newton.begin, newton.held.ratio, damped=False)
    np.testing.assert_allclose(found.v, twin.v, rtol=0, atol=SAME_FLOW)
    np.testing.assert_allclose(found.ratio, twin.ratio, rtol=0, atol=SAME_FLOW)


def test_two_references_cannot_share_the_slack() -> None:
    net = meshed(1)
    two = replace(net, generators=replace(net.generators, control=[2, 1, 1, 0, 2]))
    with pytest.raises(InvalidCase, match="case-079"):
        Newton.of(Nodal.of(two), options=Options(slack="shared"))
    assert Newton.of(Nodal.of(two)).solve().converged
