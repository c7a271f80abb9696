"""Feeders fed at several nodes: their sensitivities against central differences, and what turning all ports together must not change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.library import network
from gridtandem.flow.draw import Draw, Ports
from gridtandem.flow.multiport import MultiPort
from gridtandem.flow.newton import Newton, Options
from gridtandem.flow.sensitivity import voltage_slope
from gridtandem.grid.nodal import Nodal
from tests.flow.making import tree
from tests.flow.networks import meshed
from tests.tolerances import DIFFERENCE, IDENTITY, SAME_BALANCE, STEP, TURNED

seeds = st.integers(0, 10_000)


def fed(seed: int, ports: int, count: int = 2) -> tuple[MultiPort, np.ndarray]:
    """Random feeders, a mesh with loads of every law and then trees, fed at ``ports`` nodes; and voltages for them."""
    rng = np.random.default_rng(seed)
    first = replace(meshed(seed), generators=meshed(seed).generators.take(np.array([3, 4])))
    nodals = [Nodal.of(net) for net in (first, *(tree(seed + k, 12, plain=True) for k in range(1, count)))]
    roots = [np.sort(rng.choice(n.nodes, ports, replace=False)) for n in nodals]
    wide = ports * len(nodals)
    v = rng.uniform(0.97, 1.03, wide) * np.exp(1j * rng.uniform(-0.02, 0.02, wide))
    return MultiPort.of(nodals, roots, rng.uniform(0.5, 1.0, len(nodals)), Options()), v


def drawn(feeders: MultiPort, v: np.ndarray, loading: float = 1.0) -> np.ndarray:
    return feeders.draw(v[None, None], np.full((1, 1, len(v)), loading), slope=False).s[0, 0]


@given(seeds, st.sampled_from([1, 2, 3]))
@settings(max_examples=20, deadline=None)
def test_slopes_by_difference(seed: int, ports: int) -> None:
    feeders, v = fed(seed, ports)
    found = feeders.draw(v[None, None], np.ones((1, 1, len(v))), slope=True)
    row, column = feeders.pairs
    assert np.isfinite(found.s).all()
    for k in range(len(v)):
        for slopes, factor in ((found.by_v, lambda h, k=k: 1 + h / abs(v[k])), (found.by_angle, lambda h: np.exp(1j * h))):
            up, down = (drawn(feeders, np.where(np.arange(len(v)) == k, v * factor(sign * STEP), v)) for sign in (1, -1))
            told = np.zeros(len(v), complex)
            told[row[column == k]] = slopes[column == k, 0, 0]
            difference = (up - down) / (2 * STEP)
            assert (abs(told - difference) <= DIFFERENCE * max(1.0, abs(difference).max())).all()


@given(seeds, st.sampled_from([1, 2, 3]), st.floats(-3, 3))
@settings(max_examples=20, deadline=None)
def test_turning_all_ports_together_changes_nothing(seed: int, ports: int, angle: float) -> None:
    """The rotation is a null vector of the slopes by angle, and powers do not know it."""
    feeders, v = fed(seed, ports)
    turn = np.exp(1j * angle)
    straight, turned = (feeders.draw(x[None, None], np.ones((1, 1, len(v))), slope=True) for x in (v, v * turn))
    size = max(1.0, abs(straight.by_angle).max())
    assert abs(turned.s - straight.s).max() <= TURNED * size
    sums = np.bincount(feeders.pairs[0], straight.by_angle[:, 0, 0].real) + 1j * np.bincount(feeders.pairs[0], straight.by_angle[:, 0, 0].imag)
    assert abs(sums).max() <= TURNED * size
    states = feeders.states(v, np.ones(len(v))), feeders.states(v * turn, np.ones(len(v)))
    assert all(abs(b.v - a.v * turn).max() <= TURNED for a, b in zip(*states, strict=True))


@given(seeds)
@settings(max_examples=10, deadline=None)
def test_power_in_is_demand_and_losses(seed: int) -> None:
    """Without load, unit, shunt or charging, and with equal ports, nothing flows; with different ports only losses are left over."""
    net = replace(network("case33bw"), loads=network("case33bw").loads.take(np.empty(0, np.int64)))
    net = replace(net, generators=net.generators.take(np.empty(0, np.int64)))
    roots = np.sort(np.random.default_rng(seed).choice(33, 3, replace=False))
    feeders = MultiPort.of([Nodal.of(net)], [roots], np.ones(1), Options())
    assert abs(drawn(feeders, np.full(3, 1.02 + 0j))).max() <= IDENTITY
    s = drawn(feeders, np.array([1.02, 1.01, 1.0 + 0j]))
    assert s.real.sum() > 0
    assert (s.real > 0).any()
    assert (s.real < 0).any()


def test_a_port_without_voltage_leaves_its_feeder_mute_and_no_other() -> None:
    feeders, v = fed(3, 2, count=2)
    assert len(feeders.singles) == 2
    v[0] = np.nan
    found = feeders.draw(v[None, None], np.ones((1, 1, len(v))), slope=True)
    assert np.isnan(found.s[0, 0, :2]).all()
    assert np.isfinite(found.s[0, 0, 2:]).all()
    assert np.isnan(found.by_v[:4]).all()
    assert np.isfinite(found.by_v[4:]).all()
    states = feeders.states(v, np.ones(len(v)))
    assert len(states) == 4
    assert all(np.isnan(states[k].v).all() for k in (0, 1))
    assert all(np.isfinite(states[k].v).all() for k in (2, 3))
    assert np.array_equal(states.s[2:], found.s[0, 0, 2:])


@given(seeds)
@settings(max_examples=10, deadline=None)
def test_transmission_with_coupled_draws_solves_its_equations_and_knows_its_slopes(seed: int) -> None:
    """Draws at two buses that answer to each other: the balance holds, and sensitivities are those of the whole."""
    rng = np.random.default_rng(seed)
    newton, at = Newton.of(Nodal.of(network("case14"))), np.array([9, 11, 13])
    entries = np.array([(0, 1), (1, 0), (1, 1), (0, 0)])
    by_v, by_angle = (scale * (rng.normal(size=4) + 1j * rng.normal(size=4)) for scale in (0.2, 0.2))
    ports = Ports(node=at, v=np.full(3, 1.03 * np.exp(-0.26j)), row=entries[:, 0], column=entries[:, 1], by_v=by_v, by_angle=by_angle)
    draw = Draw(node=at, low=np.full(3, 0.5), high=np.full(3, 1.5), c=np.array([[0.06 + 0.02j], [0.05 + 0.03j], [0.1]]), ports=ports)
    found = newton.solve(draw=draw)
    assert found.converged
    assert found.iterations <= newton.solve().iterations + 2  # the coupling is in the Jacobian too
    told = draw.each(abs(found.v[at]))[0] + ports.each(found.v[at])
    alone = newton.solve(draw=Draw(node=at, low=draw.low, high=draw.high, c=told[:, None]))
    assert abs(alone.v - found.v).max() <= SAME_BALANCE
    slope = voltage_slope(newton, found, at, draw)
    for j in range(3):
        for k, unit in enumerate((1.0, 1j)):
            c = [draw.c + sign * STEP * unit * (np.arange(3) == j)[:, None] for sign in (1, -1)]
            up, down = (abs(newton.solve(draw=replace(draw, c=x)).v[at]) for x in c)
            difference = (up - down) / (2 * STEP)
            assert abs(slope[:, j, k] - difference).max() <= DIFFERENCE * max(1.0, abs(difference).max())
