"""Measures of a simulated day: pure functions on arrays, each with its formula and unit. What has no answer is not a number."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from math import factorial
from typing import final

import numpy as np

from gridtandem.tables import Real

EXACT = 8  # pairs up to which all orders are tried: 40 320
DRAWS = 9_999  # orders tried beyond
SAME = 9  # digits of the largest number to which others are equal: what solvers leave is no rank


def gini(x: Real) -> float:
    r"""Gini coefficient of what falls to each unit, such as curtailed energy, all of it 0 or more: 0 equal shares, (n − 1)/n all to one. [1]

    .. math:: G = \frac{\sum_i \sum_j |x_i - x_j|}{2 n \sum_i x_i} = \frac{\sum_i (2 i - n - 1)\, x_{(i)}}{n \sum_i x_i}

    with :math:`x_{(i)}` in rising order. Nothing to share out has no answer.
    """
    if (x < 0).any():
        raise ValueError("what falls to a unit is 0 or more")
    total, n = float(x.sum()), len(x)
    if not total > 0:
        return float("nan")
    return float((2 * np.arange(1, n + 1) - n - 1) @ np.sort(x)) / (n * total)


def percentile(x: Real, share: float, weight: Real | float = 1.0) -> float:
    """The least number at or below which a share of the weight lies, such as a latency and how many messages had it; what never arrives is infinite.

    In the unit of ``x``.
    """
    by = np.broadcast_to(weight, x.shape)
    if not by.sum() > 0:
        return float("nan")
    order = np.argsort(x, kind="stable")
    reached = np.cumsum(by[order])
    return float(x[order][np.searchsorted(reached, share * reached[-1] * (1 - np.finfo(float).eps * len(x)))])


def growth_exponent(size: Real, x: Real) -> float:
    r"""Exponent γ of :math:`x \propto n^\gamma`: slope of the least-squares line through :math:`(\ln n_k, \ln x_k)`. [1]

    Sizes and measures are above 0, of two different sizes at least; else there is no answer.
    """
    if not ((size > 0) & (x > 0)).all() or len(np.unique(size)) < 2:
        return float("nan")
    a, b = np.log(size), np.log(x)
    a = a - a.mean()
    return float(a @ (b - b.mean()) / (a @ a))


def wrong_way(instructed: Real, needed: Real) -> Real:
    r"""Instructed change of power that goes against what is needed. [MW]

    .. math:: w = |\Delta p| \text{ where } \Delta p \cdot \Delta p^{need} < 0, \text{ else } 0
    """
    return np.asarray(np.where(instructed * needed < 0, np.abs(instructed), 0.0))


def view(profile: Real, hours: float, delay_s: float) -> Real:
    r"""What is known of a profile (interval, …) at the beginning of each interval when news takes so long.

    Between the beginnings of intervals, :math:`k h`, it is linear: :math:`\hat x_k = x(k h - \tau)`. Before the first it stood as at the first.
    """
    at = np.maximum(np.arange(len(profile)) - delay_s / (3600 * hours), 0.0)
    below = np.floor(at).astype(np.int64)
    part = (at - below).reshape(-1, *[1] * (profile.ndim - 1))
    above = np.minimum(below + 1, len(profile) - 1)
    return np.asarray((1 - part) * profile[below] + part * profile[above])


def view_skew(profile: Real, hours: float, delay_t_s: float, delay_d_s: float) -> Real:
    r"""By how much two controllers differ about one profile (interval, …): :math:`|\hat x^T_k - \hat x^D_k|`. [unit of the profile]"""
    return np.asarray(np.abs(view(profile, hours, delay_t_s) - view(profile, hours, delay_d_s)))


@final
@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """How alike two orders are."""

    rho: float  # −1 the other way about, 0 nothing, 1 the same; NaN where one side is constant
    pairs: int
    p_value: float  # share of all orders that are at least as far from 0


def rank_correlation(x: Real, y: Real, *, seed: int = 0) -> RankCorrelation:
    r"""Spearman's rank correlation of the pairs in which both are numbers.

    .. math:: \rho = \frac{\sum (r_i - \bar r)(s_i - \bar s)}{\sqrt{\sum (r_i - \bar r)^2 \sum (s_i - \bar s)^2}}

    with mean ranks where numbers are equal to `SAME` digits. The probability is that of all orders of one side (up to `EXACT` pairs), or of the given
    one and `DRAWS` seeded ones, two-sided. Source: C. Spearman, "The proof and measurement of association between two things", Am. J. Psychol. 15(1),
    1904.
    """
    there = ~(np.isnan(x) | np.isnan(y))
    r, s = (ranks(side[there]) for side in (x, y))
    n = len(r)
    r, s = r - r.mean() if n else r, s - s.mean() if n else s
    size = float(np.sqrt((r @ r) * (s @ s)))
    if not size > 0:
        return RankCorrelation(float("nan"), n, float("nan"))
    found = float(r @ s) / size
    if n <= EXACT:
        orders = s[np.array(list(permutations(range(n))))]
    else:
        drawn = np.random.default_rng(seed).permuted(np.broadcast_to(s, (DRAWS, n)), axis=1)
        orders = np.concatenate([s[None], drawn])
    far = int(np.count_nonzero(np.abs(orders @ r) >= abs(found) * size * (1 - 10.0**-SAME)))
    return RankCorrelation(found, n, far / (factorial(n) if n <= EXACT else 1 + DRAWS))


def ranks(x: Real) -> Real:
    """Ranks from 1, the mean of them where numbers are equal to `SAME` digits of the largest."""
    from scipy.stats import rankdata

    largest = float(np.abs(x).max(initial=0.0))
    return np.asarray(rankdata(np.round(x / largest, SAME) if largest > 0 else x), np.float64)
