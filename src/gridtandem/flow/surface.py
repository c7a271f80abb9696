r"""What smooth feeders draw over a range of voltages and a range of loadings at once: every loading in it gives a curve without a load flow.

A product of two Chebyshev series, interpolated at the product of their nodes,

.. math:: S(|V|, \lambda) = \sum_k \sum_l c_{kl} \, T_k(u) \, T_l(w)

with u and w from −1 to 1 over the two ranges. Its error is at most that of the series in λ, and that of the series in |V| as often as interpolation
in λ enlarges it: by the Lebesgue constant :math:`1 + \tfrac{2}{\pi} \ln N` of N nodes. Source: L. N. Trefethen, "Approximation Theory and
Approximation Practice", SIAM, 2013, chapters 4 and 15. Loading multiplies loads, not units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.flow import chebyshev
from gridtandem.flow.draw import Draw
from gridtandem.flow.feeders import Feeders
from gridtandem.tables import Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Surface:
    """One product of series per interface; NaN where a feeder has no load flow somewhere in it, or has controls that switch. [per unit]"""

    v: tuple[float, float]  # range of root voltages
    loading: tuple[float, float]  # range of loadings
    c: Real  # (interface, [p, q], degree in voltage + 1, degree in loading + 1)
    error: Real  # (interface) to be reckoned with anywhere: a promise, as in `gridtandem.flow.chebyshev.promised`

    @staticmethod
    def of(feeders: Feeders, *, v: tuple[float, float], loading: tuple[float, float], degree: tuple[int, int] = (7, 7)) -> Surface:
        """All feeders in one sweep; ``degree`` in voltage and in loading."""
        x, y = (_over(reach, np.concatenate([chebyshev.nodes(d), chebyshev.checks(d)])) for reach, d in ((v, degree[0]), (loading, degree[1])))
        wide = len(feeders.single)
        asked = np.where(feeders.controlled, np.nan, np.broadcast_to(x[:, None, None], (len(x), len(y), wide)))
        found = feeders.draw(asked, y[:, None], slope=False)
        s = np.where(found.ok, found.s, np.nan)
        f = np.stack([s.real, s.imag], -1)  # (voltage, loading, interface, part)
        n, m = degree[0] + 1, degree[1] + 1
        by_v, by_loading = chebyshev.coefficients(f[:n, :m]), chebyshev.coefficients(f[:n, :m].swapaxes(0, 1))
        off_v = chebyshev.promised(by_v, f[n:, :m]).max(0)
        off_loading = chebyshev.promised(by_loading, f[:n, m:].swapaxes(0, 1)).max(0)
        error = off_loading + (1 + 2 / np.pi * np.log(m)) * off_v
        error[np.isnan(f).any((0, 1, 3))] = np.nan
        return Surface(v=v, loading=loading, c=chebyshev.coefficients(by_v), error=error)

    def at(self, node: Index, loading: Real | float) -> Draw:
        """Curves of |V| at a loading, one for all interfaces or one each; NaN where that lies outside the range."""
        low, high = self.loading
        w = (2 * np.broadcast_to(np.asarray(loading, np.float64), len(self.c)) - low - high) / (high - low)
        c = chebyshev.value(self.c, np.where(np.abs(w) <= 1, w, np.nan)[:, None, None])
        edges = (np.full(len(c), edge) for edge in self.v)
        return Draw(node=node, low=next(edges), high=next(edges), c=c[:, 0] + 1j * c[:, 1])


def _over(reach: tuple[float, float], u: Real) -> Real:
    return (reach[0] + reach[1]) / 2 + u * (reach[1] - reach[0]) / 2
