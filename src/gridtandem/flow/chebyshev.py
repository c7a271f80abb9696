r"""A smooth function on an interval as a Chebyshev series, and how far the series may be off.

With nodes of the first kind :math:`u_i = \cos\frac{(2i+1)\pi}{2N}`, N = degree + 1, interpolation is a sum:

.. math:: c_k = \frac{2 - \delta_{k0}}{N} \sum_i f(u_i) \, T_k(u_i)

Source: L. N. Trefethen, "Approximation Theory and Approximation Practice", SIAM, 2013, chapters 3, 7 and 8.

All sums run in a written order over whole arrays, so a row's bits do not depend on how many rows there are.
"""

from __future__ import annotations

import numpy as np

from gridtandem.tables import Real

SAFETY = 4.0  # a kink between checks is seen at a third of its height or more
SLOWEST = 0.99  # decay of coefficients from which on their tail is no longer summed


def nodes(degree: int) -> Real:
    """Where a function is taken: zeros of the next polynomial, T_N."""
    n = degree + 1
    return np.cos(np.pi * (2 * np.arange(n) + 1) / (2 * n))


def checks(degree: int) -> Real:
    """Where it is checked: extremes of T_N, both ends among them, for there the first neglected term is largest."""
    n = degree + 1
    return np.cos(np.pi * np.arange(n + 1) / n)


def coefficients(f: Real) -> Real:
    """Coefficients (…, degree + 1) of the series through values (node, …)."""
    n = len(f)
    weight = np.cos(np.pi * np.arange(n)[:, None] * (2 * np.arange(n) + 1) / (2 * n)) * 2 / n
    weight[0] /= 2
    c = np.zeros((*f.shape[1:], n))
    for k in range(n):
        for i in range(n):
            c[..., k] += weight[k, i] * f[i]
    return c


def value(c: Real, u: Real) -> Real:
    """The series (…, degree + 1) at u, which broadcasts with the leading axes."""
    before, now = np.ones_like(u), u
    out = c[..., 0] * before
    for k in range(1, c.shape[-1]):
        out = out + c[..., k] * now
        before, now = now, 2 * u * now - before
    return out


def promised(c: Real, at_checks: Real) -> Real:
    r"""Largest error to be reckoned with on the whole interval, of series (…, part, degree + 1) with values (check, …, part) beside them.

    The larger of what is seen and what is to be expected, times `SAFETY`: the largest deviation at the checks, and the coefficients left out if
    they go on decaying as the last ones do,

    .. math:: \varepsilon = 4 \max\left(\max_j |p(u_j) - f(u_j)|, \; \frac{a q}{1 - q}\right), \qquad
              a = \max_{d-w < k \le d} |c_k|, \quad q^w = \frac{a}{\max_{d-2w < k \le d-w} |c_k|}, \quad w = \max(2, \tfrac{d+1}{4})

    A smooth function's coefficients decay geometrically and ε falls to rounding; behind a kink or a jump they decay as a power of the degree,
    q approaches 1 and ε stays large, wherever the kink lies. Parts (active and reactive) are taken together as the length of their vector.
    """
    degree = c.shape[-1] - 1
    off = np.zeros(c.shape[:-2])
    for u, f in zip(checks(degree), at_checks, strict=True):
        off = np.fmax(off, _length(value(c, np.full(c.shape[:-1], u)) - f))
    size = _length(np.moveaxis(c, -1, 0))
    w = max(2, (degree + 1) // 4)
    tail = last = size[-w:].max(0)
    if degree >= 2 * w:
        older = size[-2 * w : -w].max(0)
        q = np.minimum((last / np.where(older > 0, older, np.inf)) ** (1 / w), SLOWEST)
        tail = last * q / (1 - q)
    return np.asarray(SAFETY * np.maximum(off, tail), np.float64)


def _length(x: Real) -> Real:
    """Of the vector along the last axis."""
    return np.sqrt(x[..., 0] ** 2 + x[..., 1] ** 2)
