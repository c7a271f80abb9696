"""Series, and the error they promise: for smooth feeders, for kinks and for jumps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.flow import chebyshev
from gridtandem.flow.draw import Draw
from gridtandem.flow.sweep import sweep
from gridtandem.grid.forest import plant
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Real
from tests.flow.making import tree
from tests.tolerances import SERIES_ROUNDS

FINE = np.linspace(-1, 1, 4001)


def series(f: object, degree: int) -> tuple[Real, float]:
    """Coefficients and promised error of a real function, taken as active power."""
    at, beside = (np.stack([f(u), 0 * u], -1) for u in (chebyshev.nodes(degree), chebyshev.checks(degree)))  # type: ignore[operator]
    c = chebyshev.coefficients(at)
    return c, float(chebyshev.promised(c, beside))


@pytest.mark.parametrize("degree", [0, 1, 2, 7, 31])
def test_a_polynomial_is_its_own_series(degree: int) -> None:
    want = np.random.default_rng(degree).normal(size=degree + 1)
    c, _ = series(lambda u: np.polynomial.chebyshev.chebval(u, want), degree)
    assert np.abs(c[0] - want).max() <= SERIES_ROUNDS
    assert np.abs(chebyshev.value(c[0], FINE) - np.polynomial.chebyshev.chebval(FINE, want)).max() <= SERIES_ROUNDS * (degree + 1)


@given(st.integers(0, 2**32 - 1), st.sampled_from([3, 5, 7, 15]), st.floats(0.02, 0.15), st.floats(0.2, 3.0))
@settings(max_examples=60, deadline=None)
def test_no_feeder_is_further_off_than_promised(seed: int, degree: int, half: float, scale: float) -> None:
    nodal = Nodal.of(tree(seed, 12))
    forest = plant([nodal], nodal.node[[0]], np.array([0]), np.array([scale]))

    def drawn(u: Real) -> Real:
        s = sweep(forest, 1 + half * u[:, None], np.ones(1), slope=False).s[:, 0]
        return np.stack([s.real, s.imag], -1)

    if np.isnan(drawn(FINE[::100])).any():
        return
    c = chebyshev.coefficients(drawn(chebyshev.nodes(degree)))
    error = chebyshev.promised(c, drawn(chebyshev.checks(degree)))
    off = np.stack([chebyshev.value(c[i], FINE[::40]) for i in range(2)], -1) - drawn(FINE[::40])
    assert np.hypot(off[:, 0], off[:, 1]).max() <= error + SERIES_ROUNDS


@given(st.floats(-0.98, 0.98), st.sampled_from([7, 15, 31, 63]))
@settings(max_examples=60, deadline=None)
def test_a_kink_or_a_jump_cannot_hide(where: float, degree: int) -> None:
    for f in (lambda u: np.abs(u - where), lambda u: np.maximum(u, where) + 0.3 * u**2):
        c, error = series(f, degree)
        assert np.abs(chebyshev.value(c[0], FINE) - f(FINE)).max() <= error
    c, error = series(lambda u: (u > where) * 1.0, degree)
    off = np.abs(chebyshev.value(c[0], FINE) - (where < FINE))
    assert np.median(off) <= error  # beside the jump no series is near
    assert error >= 1.0


def test_transmission_reads_a_series_as_it_was_meant() -> None:
    c = np.random.default_rng(1).normal(size=(3, 8)) + 1j * np.random.default_rng(2).normal(size=(3, 8))
    low, high = np.full(3, 0.9), np.full(3, 1.1)
    s, _ = Draw(node=np.arange(3), low=low, high=high, c=c).each(np.array([0.9, 1.03, 1.1]))
    u = np.array([-1.0, 0.3, 1.0])
    assert s == pytest.approx(chebyshev.value(c.real, u) + 1j * chebyshev.value(c.imag, u), rel=0, abs=SERIES_ROUNDS)


def test_a_row_has_the_same_bits_in_any_company() -> None:
    f = np.random.default_rng(3).normal(size=(8, 5, 2))
    g = np.random.default_rng(4).normal(size=(9, 5, 2))
    c = chebyshev.coefficients(f)
    error = chebyshev.promised(c, g)
    for i in range(5):
        assert chebyshev.coefficients(f[:, i]).tobytes() == c[i].tobytes()
        assert chebyshev.promised(c[i], g[:, i]).tobytes() == error[i].tobytes()
