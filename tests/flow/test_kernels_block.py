"""Elimination of 2×2 blocks beside its readable twin: dense matrices, one block after the other."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.flow import kernels_block as kernels
from tests.tolerances import TWIN


def pattern(seed: int, n: int) -> np.ndarray:
    """A random symmetric pattern with its diagonal."""
    link = np.random.default_rng(seed).random((n, n)) < 2 / n
    return link | link.T | np.eye(n, dtype=bool)


def filled(link: np.ndarray) -> np.ndarray:
    """What elimination without any exchange of rows makes of a pattern."""
    link = link.copy()
    for k in range(len(link)):
        rest = np.arange(k + 1, len(link))
        link[np.ix_(rest, rest)] |= np.outer(link[rest, k], link[k, rest])
    return link


def symbolic(link: np.ndarray) -> tuple[np.ndarray, ...]:
    row, column = np.nonzero(link)
    pointer = np.searchsorted(row, np.arange(len(link) + 1))
    start, diagonal, column = kernels.whole(*kernels.lower(pointer, column, kernels.tree(pointer, column)))
    return start, diagonal, column, kernels.tape_of(start, diagonal, column)


def eliminated(dense: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Blocks (n, n, 2, 2) of L below the diagonal, U above it and inverted pivots on it; and L⁻¹ x."""
    a, x = dense.copy(), x.copy()
    for k in range(len(a)):
        a[k, k] = np.linalg.inv(a[k, k])
        for i in range(k + 1, len(a)):
            a[i, k] = a[i, k] @ a[k, k]
            x[i] -= a[i, k] @ x[k]
            for j in range(k + 1, len(a)):
                a[i, j] -= a[i, k] @ a[k, j]
    return a, x


@kernels.njit
def all_rows(start: np.ndarray, diagonal: np.ndarray, column: np.ndarray, tape: np.ndarray, a: np.ndarray, x: np.ndarray) -> int:
    w = 0
    for i in range(len(diagonal)):
        w = kernels.eliminate(i, w, start, diagonal, column, tape, a, x)
    return w


def blocks(seed: int, link: np.ndarray) -> np.ndarray:
    """Random blocks on a pattern, those of the diagonal heavy enough to be pivots."""
    n = len(link)
    values = np.random.default_rng(seed).uniform(-1, 1, (n, n, 2, 2)) * link[..., None, None]
    values[np.arange(n), np.arange(n)] += 2 * n * np.array([[1.0, 0.5], [-0.5, 1.0]])
    return values


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 14))
def test_the_pattern_is_that_of_the_elimination(seed: int, n: int) -> None:
    link = pattern(seed, n)
    start, diagonal, column, tape = symbolic(link)
    found = np.zeros_like(link)
    for i in range(n):
        row = column[start[i] : start[i + 1]]
        assert (np.diff(row) > 0).all()
        assert column[diagonal[i]] == i
        found[i, row] = True
    np.testing.assert_array_equal(found, filled(link))
    assert len(tape) == sum(int(found[i, k] * found[k, k + 1 :].sum()) for i in range(n) for k in range(i))


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 14))
def test_factors_and_solutions_are_the_twin_s(seed: int, n: int) -> None:
    link = pattern(seed, n)
    dense, right = blocks(seed, link), np.random.default_rng(seed + 1).uniform(-1, 1, (n, 2))
    start, diagonal, column, tape = symbolic(link)
    row = np.repeat(np.arange(n), np.diff(start))
    a, x = dense[row, column].reshape(-1, 4).copy(), right.copy()
    assert all_rows(start, diagonal, column, tape, a, x) == len(tape)
    twin, forward = eliminated(dense, right)
    np.testing.assert_allclose(a.reshape(-1, 2, 2), twin[row, column], rtol=0, atol=TWIN)
    np.testing.assert_allclose(x, forward, rtol=0, atol=TWIN)
    again = right.copy()
    kernels.forward(start, diagonal, column, a, again)
    np.testing.assert_allclose(again, forward, rtol=0, atol=TWIN)
    kernels.backward(start, diagonal, column, a, x)
    whole = dense.transpose(0, 2, 1, 3).reshape(2 * n, 2 * n)
    np.testing.assert_allclose(x.ravel(), np.linalg.solve(whole, right.ravel()), rtol=0, atol=TWIN)


def test_a_chain_of_ten_thousand_has_no_fill_and_a_star_neither() -> None:
    n = 10_000
    for row, column in ((np.arange(n - 1), np.arange(1, n)), (np.arange(n - 1), np.full(n - 1, n - 1))):
        ends = np.concatenate([row, column, np.arange(n)]), np.concatenate([column, row, np.arange(n)])
        order = np.lexsort(ends[::-1])
        pointer = np.searchsorted(ends[0][order], np.arange(n + 1))
        start, diagonal, found = kernels.whole(*kernels.lower(pointer, ends[1][order], kernels.tree(pointer, ends[1][order])))
        np.testing.assert_array_equal(found, ends[1][order])
        assert len(kernels.tape_of(start, diagonal, found)) == n - 1
