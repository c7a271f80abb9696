"""Power drawn at nodes as a function of their own voltage: how a feeder stands in transmission's equations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.flow.sums import gathered
from gridtandem.tables import Complex, Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Draw:
    r"""Chebyshev series of |V|, one per interface. [per unit]

    .. math:: S(|V|) = \sum_k c_k T_k(u), \qquad u = \frac{2|V| - v_{low} - v_{high}}{v_{high} - v_{low}}

    Beyond its range a curve goes on along its tangent: polynomials of high degree would run away there, and iterations pass through.
    """

    node: Index  # of each interface
    low: Real
    high: Real
    c: Complex  # (…, interface, degree + 1)

    def each(self, v: Real) -> tuple[Complex, Complex]:
        """Power drawn at each interface and its derivative, for its own voltage magnitude (…, interface)."""
        half = (self.high - self.low) / 2
        beyond = (v - self.low) / half - 1
        u = np.clip(beyond, -1.0, 1.0)
        t0, t1, d0, d1 = np.ones_like(u), u, np.zeros_like(u), np.ones_like(u)
        s, ds = self.c[..., 0] * t0, np.zeros(u.shape, complex)
        for k in range(1, self.c.shape[-1]):
            s, ds = s + self.c[..., k] * t1, ds + self.c[..., k] * d1
            t0, t1, d0, d1 = t1, 2 * u * t1 - t0, d1, 2 * t1 + 2 * u * d1 - d0
        return np.asarray(s + ds * (beyond - u), np.complex128), np.asarray(ds / half, np.complex128)

    def __call__(self, vm: Real) -> tuple[Complex, Complex]:
        """Power drawn at each node and its derivative by |V|."""
        s, slope = self.each(vm[self.node])
        return gathered(self.node, s, len(vm)), gathered(self.node, slope, len(vm))
