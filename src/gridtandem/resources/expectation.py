r"""Expected power where weather is a random number: a curve in pieces of polynomials, under a law whose moments below any bound are known.

.. math:: \mathrm E[P^m] = \sum_{j} \sum_{k} c^{(m)}_{jk}\,\bigl(M_k(x_{j+1}) - M_k(x_j)\bigr), \qquad
          M_k(x) = \mathrm E\bigl[X^k\,\mathbf 1\{X \le x\}\bigr]

with :math:`c^{(m)}_{jk}` the coefficients of the m-th power of piece j. Both laws have closed forms of :math:`M_k`: no bins, no quadrature.

Beta on 0 to 1: :math:`M_k(x) = I_x(\alpha + k, \beta)\,\prod_{i<k} (\alpha + i)/(\alpha + \beta + i)`; Weibull of shape κ and scale c:
:math:`M_k(x) = c^k\,\Gamma(1 + k/\kappa)\,P(1 + k/\kappa, (x/c)^\kappa)`, where I and P are the regularised incomplete beta and gamma functions
(NIST DLMF §8.17 and §8.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, final

import numpy as np

from gridtandem.tables import Real

Moments: TypeAlias = Literal["true", "legacy"]
FAINT, REAL = 1e-12, 1e-9
SHAPES = (0.1, 2000.0)  # of Weibull laws, between which a shape is sought


class Law(Protocol):
    """A law of X ≥ 0."""

    def below(self, orders: Real, x: Real) -> Real:
        """E[X^k; X ≤ x] as (order, x)."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Beta:
    """On 0 to 1."""

    alpha: float
    beta: float

    @staticmethod
    def of(mean: float, sigma: float, moments: Moments = "true") -> Beta:
        r"""The law of a mean and a standard deviation.

        .. math:: \beta = (1 - \mu) \left( \frac{\mu (1 - \mu)}{\sigma^2} - 1 \right), \qquad \alpha = \frac{\mu \beta}{1 - \mu}

        ``legacy`` has μ(1 + μ) in place of μ(1 − μ), a misprint that planning literature hands on. The mean stays; the variance becomes
        σ² (1 − μ)/(1 + μ).
        """
        signed = mean if moments == "legacy" else -mean
        beta = (1 - mean) * (mean * (1 + signed) / sigma**2 - 1)
        return Beta(mean * beta / (1 - mean), beta)

    def below(self, orders: Real, x: Real) -> Real:
        """E[X^k; X ≤ x] as (order, x)."""
        from scipy.special import betainc

        steps = np.arange(max(int(orders.max()), 0))
        whole = np.concatenate([[1.0], np.cumprod((self.alpha + steps) / (self.alpha + self.beta + steps))])
        return np.asarray(whole[orders.astype(np.int64)][:, None] * betainc(self.alpha + orders[:, None], self.beta, np.clip(x, 0.0, 1.0)))


@final
@dataclass(frozen=True, slots=True)
class Weibull:
    """On 0 to infinity; shape 2 is Rayleigh's law."""

    shape: float
    scale: float

    @staticmethod
    def of(mean: float, shape: float) -> Weibull:
        """The law of a mean: scale = mean / Γ(1 + 1/shape); Rayleigh's is 2/√π = 1.128 times the mean."""
        from scipy.special import gamma

        return Weibull(shape, float(mean / gamma(1 + 1 / shape)))

    def below(self, orders: Real, x: Real) -> Real:
        """E[X^k; X ≤ x] as (order, x)."""
        from scipy.special import gamma, gammainc

        a = 1 + orders[:, None] / self.shape
        with np.errstate(over="ignore"):
            reach = (x / self.scale) ** self.shape
        return np.asarray(self.scale ** orders[:, None] * gamma(a) * gammainc(a, reach))


def weibull_shape(mean: float, sigma: float) -> float:
    """The shape k whose standard deviation is ``sigma``: Γ(1 + 2/k) / Γ(1 + 1/k)² = 1 + (sigma/mean)², solved, not approximated by a power."""
    from scipy.optimize import brentq
    from scipy.special import gammaln

    goal = np.log1p((sigma / mean) ** 2)

    def miss(log_shape: float) -> float:
        part = np.exp(-log_shape)
        return float(gammaln(1 + 2 * part) - 2 * gammaln(1 + part) - goal)

    return float(np.exp(brentq(miss, float(np.log(SHAPES[0])), float(np.log(SHAPES[1])), xtol=1e-13)))


@final
@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Power by weather, nowhere negative: on each piece, from an edge (left out) to the next (included), a polynomial; 0 outside."""

    edges: Real  # (piece + 1), rising
    terms: Real  # (piece, order): coefficients of x^k

    def at(self, x: Real) -> Real:
        """Power at x."""
        piece = np.searchsorted(self.edges, x) - 1
        inside = (piece >= 0) & (piece < len(self.terms))
        own = self.terms[np.where(inside, piece, 0)]
        return np.asarray(np.where(inside, (own * x[..., None] ** np.arange(own.shape[-1])).sum(axis=-1), 0.0))

    def expected(self, law: Law) -> tuple[float, float]:
        """Mean and standard deviation of the power."""
        squares = np.array([np.convolve(t, t) for t in self.terms])
        inside = np.diff(law.below(np.arange(squares.shape[1], dtype=np.float64), self.edges), axis=1).T
        mean = max(float((self.terms * inside[:, : self.terms.shape[1]]).sum()), 0.0)
        return mean, float(np.sqrt(max((squares * inside).sum() - mean**2, 0.0)))

    def capped(self, high: float) -> Curve:
        """The smaller of the power and a limit."""
        cuts = [self.edges[:1]]
        for start, end, terms in zip(self.edges, self.edges[1:], self.terms, strict=False):
            real = _roots(terms - high * (np.arange(len(terms)) == 0), float(end))
            cuts.append(np.concatenate([real[(start < real) & (real < end)], [end]]))
        edges = np.unique(np.concatenate(cuts))
        middle = (edges[:-1] + edges[1:]) / 2
        own = self.terms[np.searchsorted(self.edges, middle) - 1]
        flat = high * (np.arange(self.terms.shape[1]) == 0)
        return Curve(edges, np.where((self.at(middle) > high)[:, None], flat, own))


def _roots(terms: Real, end: float) -> Real:
    """Where a polynomial meets 0 between 0 and ``end``, but for terms that are less than `FAINT` of the largest there."""
    scaled = terms * end ** np.arange(len(terms))
    scaled[np.abs(scaled) < FAINT * np.abs(scaled).max()] = 0.0
    roots = np.roots(scaled[::-1])
    return np.asarray(end * roots.real[np.abs(roots.imag) <= REAL * np.abs(roots)])
