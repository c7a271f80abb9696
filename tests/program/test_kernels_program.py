"""Compiled steps of interior-point methods, beside the formulas as one would write them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from gridtandem.program import kernels_blocks as blocks
from gridtandem.program import kernels_steps as steps
from gridtandem.program.blocks import Blocks
from tests.program.making import SEEDS
from tests.tolerances import IDENTITY, STEP_SOLVED

N, E, R = 6, 2, 3
T = N + R
LARGE = 1e3  # numbers of these sizes are added


def entries(rng: np.random.Generator):
    """A Jacobian (equations, then ranges) and a Hessian, dense and as entries; one more row of the program says nothing."""
    j = rng.standard_normal((E + R, N)) * (rng.random((E + R, N)) < 0.7)
    row, column = np.nonzero(np.vstack([j, np.ones(N)]))
    row[row == E + R] = -1
    h = np.tril(rng.standard_normal((N, N)))
    return j, (row, column, np.append(j, np.ones((1, N)), 0)[row, column]), h + np.tril(h, -1).T, np.tril_indices(N), h[np.tril_indices(N)]


def stood(rng: np.random.Generator):
    """Numbers of a point: gradient, y, low, high, near, far, has_low, has_high, fixed, missing."""
    has_low, has_high = rng.random(T) < 0.8, rng.random(T) < 0.6
    has_low[N:] |= ~has_high[N:]
    near, far = np.where(has_low, rng.uniform(0.1, 2, T), 1.0), np.where(has_high, rng.uniform(0.1, 2, T), 1.0)
    low, high = has_low * rng.uniform(0.1, 300, T), has_high * rng.uniform(0.1, 300, T)
    return (
        rng.standard_normal(N),
        rng.standard_normal(E + R),
        low,
        high,
        near,
        far,
        has_low,
        has_high,
        rng.random(N) < 0.3,
        rng.standard_normal(E + R),
    )


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_errors_and_right_hand_sides_are_those_of_the_conditions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    j, (row, column, values), *_ = entries(rng)
    stand = gradient, y, low, high, near, far, has_low, has_high, fixed, missing = stood(rng)
    mu, steepest = 0.1, 100.0
    dual = np.concatenate([gradient + j.T @ y, -y[E:]]) - low + high
    dual[:N][fixed] = 0.0
    count = has_low.sum() + has_high.sum() + len(y)
    large = max(steepest, (np.abs(y).sum() + low.sum() + high.sum()) / count) / steepest
    product = max(np.abs(low * near - mu)[has_low].max(initial=0.0), np.abs(high * far - mu)[has_high].max(initial=0.0))
    expected = max(np.abs(dual).max() / large, product / large, np.abs(missing).max())
    given_ = gradient, row, column, values, *stand[1:]
    assert steps.wrong(*given_, steepest, mu) == pytest.approx(expected, rel=IDENTITY)
    lost = np.where(np.arange(E + R) == 0, np.nan, missing)
    assert np.isnan(steps.wrong(*given_[:-1], lost, steepest, mu))
    sigma, downhill, right = np.empty(T), np.empty(T), np.empty(N + E + R)
    aim_low, aim_high = rng.random(T), rng.random(T)
    steps.pushed(*given_, aim_low, aim_high, sigma, downhill, right)
    pull = -aim_low * has_low / near + aim_high * has_high / far
    np.testing.assert_allclose(sigma, low / near + high / far, rtol=IDENTITY)
    np.testing.assert_allclose(downhill, np.append(gradient, np.zeros(R)) + pull, rtol=IDENTITY, atol=IDENTITY)
    unknowns = -(downhill[:N] + j.T @ y) * ~fixed
    slacks = -missing[E:] - (pull[N:] - y[E:]) / sigma[N:]
    np.testing.assert_allclose(right, np.concatenate([unknowns, -missing[:E], slacks]), rtol=IDENTITY, atol=IDENTITY * np.abs(right).max())


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_steps_keep_within_bounds_and_bend_as_the_barrier_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    j, jacobian, whole, (row, column), lower = entries(rng)
    _, _, low, high, near, far, has_low, has_high, _, _ = stood(rng)
    d, downhill, aim_low, aim_high = 5 * rng.standard_normal(T), rng.standard_normal(T), rng.random(T), rng.random(T)
    by_low, by_high = np.empty(T), np.empty(T)
    part, of, slope = steps.reach(d, low, high, near, far, has_low, has_high, downhill, aim_low, aim_high, 0.99, by_low, by_high)
    np.testing.assert_allclose(by_low, (aim_low / near - low - low / near * d) * has_low, rtol=IDENTITY, atol=IDENTITY * LARGE)
    np.testing.assert_allclose(by_high, (aim_high / far - high + high / far * d) * has_high, rtol=IDENTITY, atol=IDENTITY * LARGE)
    assert slope == pytest.approx(downhill @ d)
    ratios = np.concatenate([(near / -d)[has_low & (d < 0)], (far / d)[has_high & (d > 0)]])
    assert part == pytest.approx(min(1.0, 0.99 * ratios.min(initial=np.inf)))
    ratios = np.concatenate([low[by_low < 0] / -by_low[by_low < 0], high[by_high < 0] / -by_high[by_high < 0]])
    assert of == pytest.approx(min(1.0, 0.99 * ratios.min(initial=np.inf)))
    sigma, found, missing, step = rng.random(T), rng.standard_normal(N + E + R), rng.standard_normal(E + R), np.empty(T)
    own, dx, along = sigma[:N] + 0.5, found[:N], (j @ found[:N])[E:]
    bent = steps.directed(row, column, lower, own, *jacobian, missing, found, sigma, step)
    assert bent == pytest.approx(dx @ whole @ dx + own @ dx**2 + sigma[N:] @ along**2)
    np.testing.assert_allclose(step, np.concatenate([dx, along + missing[E:]]), atol=IDENTITY * LARGE)
    total, count = steps.products(d, by_low, by_high, low, high, near, far, has_low, has_high, 0.3, 0.4)
    both = (low + 0.4 * by_low) * (near + 0.3 * d) * has_low + (high + 0.4 * by_high) * (far - 0.3 * d) * has_high
    assert total == pytest.approx(both.sum())
    assert count == has_low.sum() + has_high.sum()
    t, near, far = rng.standard_normal(T), np.empty(T), np.empty(T)
    steps.distances(t, t - low, t + high, has_low, has_high, 0.2, near, far)
    np.testing.assert_allclose(near, np.where(has_low, np.maximum(low, 0.2), 1.0), atol=IDENTITY * LARGE)
    np.testing.assert_allclose(far, np.where(has_high, np.maximum(high, 0.2), 1.0), atol=IDENTITY * LARGE)


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_what_is_left_of_the_equations(seed: int) -> None:
    rng = np.random.default_rng(seed)
    j, (row, column, values), whole, (h_row, h_column), lower = entries(rng)
    own, bent, found, right, left = rng.random(N), rng.random(R) + 0.1, rng.standard_normal(T + E), rng.standard_normal(T + E), np.empty(T + E)
    corner = np.diag(np.concatenate([np.zeros(E), -1 / bent]))
    matrix = np.block([[whole + np.diag(own), j.T], [j, corner]])
    most = steps.missed(h_row, h_column, lower, own, row, column, values, bent, found, right, left)
    np.testing.assert_allclose(left, right - matrix @ found, atol=IDENTITY * LARGE)
    assert most == np.abs(left).max()
    out = np.zeros(N)
    steps.across(row, column, values, found[N:], out)
    np.testing.assert_allclose(out, j.T @ found[N:], atol=IDENTITY * LARGE)
    kept = np.array([1])
    gone = np.concatenate([np.zeros(E), bent * (np.arange(R) != 1)])
    core = np.empty(N + E + 1)
    steps.gathered(row, column, values, gone, kept, right, core)
    np.testing.assert_allclose(
        core, np.concatenate([right[:N] + j.T @ (gone * right[N:]), right[N : N + E], right[[N + E + 1]]]), atol=IDENTITY * LARGE
    )
    again, rest, given_ = found.copy(), left.copy(), rng.standard_normal(N + E + 1)
    steps.improved(h_row, h_column, lower, own, row, column, values, bent, gone, kept, given_, right, again, rest)
    there = gone * (j @ given_[:N] - left[N:])
    there[:E], there[E + 1] = given_[N : N + E], given_[-1]
    np.testing.assert_allclose(again, found + np.concatenate([given_[:N], there]), atol=IDENTITY * LARGE)
    np.testing.assert_allclose(rest, right - matrix @ again, atol=IDENTITY * LARGE)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_factors_by_blocks_answer_like_a_dense_solver(seed: int) -> None:
    """Random groups of one to five unknowns, random neighbours, in a random order; no pivot of a group is bad."""
    rng = np.random.default_rng(seed)
    many = int(rng.integers(1, 9))
    size = rng.choice([1, 2, 4, 4, 5], many)
    group = rng.permutation(np.repeat(np.arange(many), size))
    near = rng.random((many, many)) < 0.4
    a = rng.standard_normal((len(group),) * 2) * (near | near.T | np.eye(many, dtype=bool))[np.ix_(group, group)]
    a = a + a.T + np.diag(rng.choice([-30.0, 30.0], len(group)))
    row, column = np.nonzero(a)
    matrix = Blocks.of(row, column, group, rng.permutation(many))
    solve, right = matrix.factored(np.bincount(matrix.place, a[row, column], matrix.length)), rng.standard_normal(len(group))
    assert solve is not None
    np.testing.assert_allclose(a @ solve(right), right, atol=STEP_SOLVED)


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_a_block_is_inverted_with_rows_exchanged(n: int) -> None:
    a = np.random.default_rng(n).standard_normal((n, n))
    a[0, 0] = 0.0 if n > 1 else 3.0
    flat = a.ravel().copy()
    assert blocks.inverted(flat, n, np.empty(n, np.int64))
    np.testing.assert_allclose(flat.reshape(n, n), np.linalg.inv(a), atol=STEP_SOLVED)
    assert not blocks.inverted(np.zeros(n * n), n, np.empty(n, np.int64))
