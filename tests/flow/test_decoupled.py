"""Decoupled steps after outages: their factors against those of the network without the branches, one step by hand, and where they come to rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.library import network
from gridtandem.errors import InvalidCase
from gridtandem.flow.decoupled import Decoupled
from gridtandem.flow.draw import Draw
from gridtandem.flow.newton import Newton
from gridtandem.flow.outages import solve_outages
from gridtandem.flow.variants import cut_off, without
from gridtandem.grid import elements as el
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Complex, Index
from tests.flow.networks import meshed, two_buses
from tests.tolerances import SETTLED, TWIN, WOODBURY, scaled

NOBODY = Draw(node=np.empty(0, np.int64), low=np.empty(0), high=np.empty(0), c=np.empty((0, 1), complex))
PAIRS = 60


def refactored(newton: Newton, v: Complex, draw: Draw, opened: Index, pairs: int) -> Complex:
    """The same half steps, readable: both matrices of the network without the branches, made and solved anew."""
    nodal = without(newton, opened).nodal
    br, n, size = nodal.branches, nodal.nodes, np.abs(v)
    kept = np.isfinite(br.z)
    b = np.where(kept, 1 / np.where(kept, newton.nodal.branches.z.imag, 1.0), 0.0)
    first = np.zeros((n, n))
    for f, t, x in zip(br.start.tolist(), br.end.tolist(), b.tolist(), strict=True):
        first[np.ix_([f, t], [f, t])] += x * np.array([[1.0, -1.0], [-1.0, 1.0]])
    straight = replace(nodal, branches=replace(br, ratio=np.abs(br.ratio).astype(complex)))
    y, y_straight = nodal.admittance().toarray(), straight.admittance().toarray()
    law = nodal.loads
    s, ds = law.at(size[law.node])
    drawn, slope = draw(size)
    np.add.at(drawn, law.node, s)
    np.add.at(slope, law.node, ds)
    second = -y_straight.imag + np.diag(slope.imag / size)
    injected = np.zeros(n, complex)
    np.add.at(injected, nodal.units.node, nodal.units.s.real)
    injected += 1j * newton.problem.scheduled.imag
    turn, lift = np.flatnonzero(~newton.roles.given), np.flatnonzero(np.isnan(newton.problem.target) & ~newton.roles.given)
    for _ in range(pairs):
        for free, matrix, part in ((turn, first, np.real), (lift, second, np.imag)):
            missing = injected - drawn - slope * (np.abs(v) - size) - v * (y @ v).conj()
            step = np.zeros(n)
            step[free] = np.linalg.solve(matrix[np.ix_(free, free)], part(missing)[free] / np.abs(v)[free])
            v = v * ((1 + 0.5j * step) / (1 - 0.5j * step) if part is np.real else 1 + step / np.abs(v))
    return v


def tangents(nodal: Nodal, v: Complex, seed: int) -> Draw:
    """Feeders at three nodes, on their tangents."""
    rng = np.random.default_rng(seed)
    node = np.sort(rng.choice(nodal.nodes, 3, replace=False))
    at, c = np.abs(v[node]), 0.05 * (rng.normal(size=(3, 2)) + 1j * rng.normal(size=(3, 2)))
    return Draw(node=node, low=at - 1, high=at + 1, c=c)


@given(st.integers(0, 10**6), st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_steps_with_corrected_factors_are_those_with_factors_made_anew(seed: int, many: int) -> None:
    newton = Newton.of(Nodal.of(meshed(seed, 12)))
    v = newton.solve().v
    draw, rng = tangents(newton.nodal, v, seed), np.random.default_rng(seed)
    decoupled = Decoupled.of(newton, v, draw=draw)
    groups = [np.sort(rng.choice(len(newton.nodal.branches.z), many, replace=False)) for _ in range(3)]
    for group, found in zip(groups, decoupled.after(groups, pairs=2), strict=True):
        if len(cut_off(newton.nodal, newton.fixed, group)):
            assert np.isnan(found).any()
        else:
            np.testing.assert_allclose(found, refactored(newton, v, draw, group, 2), rtol=0, atol=scaled(WOODBURY, found))


@pytest.mark.parametrize("name", ["case14", "case118"])
def test_steps_come_to_rest_at_the_load_flow(name: str) -> None:
    """Where they rest nothing is approximate: turns, factors and tangents of constant loads are then exact."""
    newton = Newton.of(Nodal.of(network(name)))
    v, branches = newton.solve().v, np.arange(0, len(newton.nodal.branches.z), 3)
    opened = [np.array([k]) for k in branches.tolist() if not len(cut_off(newton.nodal, newton.fixed, np.array([k])))]
    one = np.ones(len(opened))
    full = solve_outages(newton, opened=opened, loads=one, units=one, start=np.repeat(v[None], len(opened), axis=0))
    assert full.converged.all()
    found = Decoupled.of(newton, v, draw=NOBODY).after(opened, pairs=PAIRS)
    np.testing.assert_allclose(found, full.v, rtol=0, atol=SETTLED)


def test_what_is_drawn_on_top_counts_and_loads_follow_their_factor() -> None:
    newton = Newton.of(Nodal.of(network("case14")))
    v = newton.solve(loads=0.9, units=0.9).v
    node = np.array([9])
    draw = Draw(node=node, low=np.zeros(1), high=2 * np.ones(1), c=np.zeros((1, 1), complex))
    decoupled = Decoupled.of(newton, v, draw=draw, loads=0.9, units=0.9)
    none = [np.empty(0, np.int64)]
    np.testing.assert_allclose(decoupled.after(none, pairs=3)[0], v, rtol=0, atol=SETTLED)  # a solved state stays
    more = np.array([[0.05 + 0.02j]])
    found = decoupled.after(none, pairs=PAIRS, extra=more)[0]
    truth = newton.solve(loads=0.9, units=0.9, draw=replace(draw, c=more[:, None][0])).v
    np.testing.assert_allclose(found, truth, rtol=0, atol=SETTLED)


def test_a_row_is_the_same_bits_whatever_goes_with_it_and_goes_on_where_it_stopped() -> None:
    newton = Newton.of(Nodal.of(network("case118")))
    v = newton.solve().v
    decoupled = Decoupled.of(newton, v, draw=tangents(newton.nodal, v, 1))
    opened = [np.array([k]) for k in range(0, 60, 2)] + [np.array([1, 5]), np.array([3, 9])]
    whole = decoupled.after(opened, pairs=2)
    for rows in ([0], [3, 31, 7], list(range(1, 32, 3))):
        assert decoupled.after([opened[r] for r in rows], pairs=2).tobytes() == whole[rows].tobytes()
    later = decoupled.after(opened, pairs=1, start=decoupled.after(opened, pairs=1))
    np.testing.assert_allclose(later, whole, rtol=TWIN, atol=TWIN)


def test_reactances_that_cancel_are_a_fault() -> None:
    ends = {"from_bus": [0, 0], "to_bus": [1, 1], "r_ohm": [1.0, 0.5], "x_ohm": [10.0, -10.0], "equivalent": [True, True]}
    newton = Newton.of(Nodal.of(replace(two_buses(p_mw=1.0, q_mvar=0.0), lines=el.Lines(name=["a", "b"], **ends))))
    with pytest.raises(InvalidCase, match="outage-007"):
        Decoupled.of(newton, newton.nodal.start, draw=NOBODY)
