"""Laws of the weather and expectations of curves: identities of moments, and quadrature as the readable twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gamma
from scipy.stats import weibull_min

from gridtandem.resources.expectation import Beta, Curve, Weibull, weibull_shape
from tests.tolerances import EXPECTED, MOMENT, SHAPE

MEANS, SPREADS = st.floats(0.02, 0.98), st.floats(0.02, 0.98)  # the second: of the greatest spread that a mean allows
ORDERS = np.arange(3.0)


def moments(law: Beta | Weibull, end: float) -> tuple[float, float, float]:
    """Total probability, mean, variance."""
    one, mean, square = law.below(ORDERS, np.array([end]))[:, 0]
    return one, mean, square - mean**2


@given(MEANS, SPREADS)
def test_a_beta_law_has_the_mean_and_the_variance_that_were_asked_for(mean: float, share: float) -> None:
    sigma = share * np.sqrt(mean * (1 - mean))
    one, found, variance = moments(Beta.of(mean, sigma), 1.0)
    assert (one, found) == (pytest.approx(1, rel=MOMENT), pytest.approx(mean, rel=MOMENT))
    assert variance == pytest.approx(sigma**2, abs=MOMENT)


@given(MEANS, SPREADS)
def test_the_misprint_keeps_the_mean_and_loses_variance(mean: float, share: float) -> None:
    sigma = share * np.sqrt(mean * (1 - mean))
    one, found, variance = moments(Beta.of(mean, sigma, "legacy"), 1.0)
    assert (one, found) == (pytest.approx(1, rel=MOMENT), pytest.approx(mean, rel=MOMENT))
    assert variance == pytest.approx(sigma**2 * (1 - mean) / (1 + mean), abs=MOMENT)


@pytest.mark.parametrize(("mean", "sigma"), [(0.5, 0.2), (0.3, 0.4), (0.9, 0.05)])
def test_the_density_of_a_beta_law_by_quadrature(mean: float, sigma: float) -> None:
    law = Beta.of(mean, sigma)
    scale = gamma(law.alpha + law.beta) / gamma(law.alpha) / gamma(law.beta)
    for order, wanted in enumerate((1.0, mean, sigma**2 + mean**2)):  # ∫ s^k f(s) ds with f ∝ s^(α − 1) (1 − s)^(β − 1)
        found = quad(lambda s, k=order: s**k, 0, 1, weight="alg", wvar=(law.alpha - 1, law.beta - 1), epsabs=1e-12)[0]
        assert scale * found == pytest.approx(wanted, abs=EXPECTED)


@given(st.floats(0.5, 30.0), st.floats(1.0, 20.0))
def test_a_weibull_law_has_its_closed_moments(mean: float, shape: float) -> None:
    law = Weibull.of(mean, shape)
    one, found, _ = moments(law, np.inf)
    assert (one, found) == (pytest.approx(1, rel=MOMENT), pytest.approx(mean, rel=MOMENT))
    cube = law.below(np.array([3.0]), np.array([np.inf]))[0, 0]
    assert cube == pytest.approx(law.scale**3 * gamma(1 + 3 / shape), rel=MOMENT)


def test_rayleigh_is_a_weibull_law() -> None:
    law = Weibull.of(7.0, 2.0)
    assert law.scale == pytest.approx(2 / np.sqrt(np.pi) * 7.0, rel=MOMENT)
    assert law.below(np.array([3.0]), np.array([np.inf]))[0, 0] == pytest.approx(6 / np.pi * 7.0**3, rel=MOMENT)  # E[v³] = 6/π of the cube
    assert weibull_shape(7.0, 7.0 * np.sqrt(4 / np.pi - 1)) == pytest.approx(2.0, rel=SHAPE)


@given(st.floats(0.5, 40.0), st.floats(1e-3, 3.0))
def test_a_shape_gives_the_spread_that_was_asked_for(mean: float, share: float) -> None:
    law = Weibull.of(mean, weibull_shape(mean, share * mean))
    spread = mean * np.sqrt(np.expm1(_log_square(law.shape)))
    assert spread == pytest.approx(share * mean, rel=SHAPE)


def _log_square(shape: float) -> float:
    """ln(E[v²]/E[v]²)."""
    from scipy.special import gammaln

    return float(gammaln(1 + 2 / shape) - 2 * gammaln(1 + 1 / shape))


PIECES = st.lists(st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4), min_size=2, max_size=2)


@settings(deadline=None, max_examples=30)
@given(PIECES, st.floats(0.1, 1.5), st.floats(2.0, 9.0), st.floats(1.5, 6.0))
def test_expected_power_of_any_curve_is_its_integral(terms: list[list[float]], high: float, mean: float, shape: float) -> None:
    law = Weibull.of(mean / 5, shape)
    curve = Curve(np.array([0.2, 1.0, 2.5]), np.array(terms)).capped(high)
    density = weibull_min(shape, scale=law.scale).pdf
    found = [sum(_integral(curve, density, a, b, power) for a, b in zip(curve.edges, curve.edges[1:], strict=False)) for power in (1, 2)]
    p, sigma = curve.expected(law)
    assert p == pytest.approx(found[0], abs=EXPECTED)
    assert sigma**2 == pytest.approx(found[1] - found[0] ** 2, abs=EXPECTED)


def _integral(curve: Curve, density, low: float, high: float, power: int) -> float:
    return float(quad(lambda x: float(curve.at(np.array([x]))[0]) ** power * density(x), low, high, epsabs=1e-13, epsrel=1e-13, limit=200)[0])


@given(PIECES, st.floats(0.05, 3.0))
def test_a_limit_is_the_smaller_of_both_everywhere(terms: list[list[float]], high: float) -> None:
    free = Curve(np.array([0.0, 1.0, 2.0]), np.array(terms))
    x = np.linspace(0, 2.2, 221)
    assert free.capped(high).at(x) == pytest.approx(np.minimum(free.at(x), high), abs=EXPECTED)
