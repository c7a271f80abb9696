r"""Costs of units as a convex program takes them: bowls as they are, all others by straight lines that never lie above them.

A polynomial f of degree 3 and more, or one that bends downwards, is replaced on its box :math:`[\underline p, \overline p]` by tangents of

.. math:: f(p) - \alpha\, (\overline p - p)(p - \underline p), \qquad \alpha \ge \tfrac12 \max(0, -\min f'')

which is convex and nowhere above f (C. S. Adjiman, S. Dallwig, C. A. Floudas, A. Neumaier, "A global optimization method, αBB, for general
twice-differentiable constrained NLPs", Comput. Chem. Eng. 22(9), 1998); the least of f'' is bounded term by term. Per unit, currency per hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.polynomial import polynomial
from scipy import sparse

from gridtandem.opf.ac import Pieces
from gridtandem.program.arrays import Rows
from gridtandem.tables import Index, Real

TANGENTS = 17  # lines for a cost that is no bowl


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Bowls:
    """Cost of p: slope · p + ½ bend · p² of each unit, and columns that lie above lines."""

    slope: Real  # (unit)
    bend: Real
    constant: float  # of all
    unit: Index  # (line)
    column: Index  # (line)
    steep: Real  # (line)
    level: Real
    low: Real  # (column) between which the largest of its lines lies
    high: Real

    @staticmethod
    def of(pieces: Pieces, polynomials: Real, p_low: Real, p_high: Real) -> Bowls:
        """Of units in service, in ranges of p that are finite."""
        units = len(polynomials)
        wide = np.zeros((units, max(3, polynomials.shape[1])))
        wide[:, : polynomials.shape[1]] = polynomials
        bent = np.flatnonzero((wide[:, 2] < 0) | wide[:, 3:].any(1))
        lines = [(pieces.unit, np.searchsorted(pieces.priced, pieces.unit), pieces.slope, pieces.level)]
        for k, i in enumerate(bent.tolist()):
            steep, level = _tangents(wide[i], p_low[i], p_high[i])
            lines.append((np.full(TANGENTS, i), np.full(TANGENTS, len(pieces.priced) + k), steep, level))
        wide[bent] = 0.0
        unit, column, steep, level = (np.concatenate([line[j] for line in lines]) for j in range(4))
        low, high = np.full((2, len(pieces.priced) + len(bent)), -np.inf)
        ends = level + steep * p_low[unit], level + steep * p_high[unit]
        np.maximum.at(low, column.astype(np.int64), np.minimum(*ends))
        np.maximum.at(high, column.astype(np.int64), np.maximum(*ends))
        return Bowls(
            slope=wide[:, 1], bend=2 * wide[:, 2], constant=float(wide[:, 0].sum()), unit=unit.astype(np.int64), column=column.astype(np.int64),
            steep=steep, level=level, low=low, high=high,
        )  # fmt: skip

    def rows(self) -> Rows:
        """Every column at least its lines."""
        row = np.arange(len(self.unit))
        return Rows.of(len(row), self.level, np.inf, {
            "cost": sparse.csr_array((np.ones(len(row)), (row, self.column)), shape=(len(row), len(self.low))),
            "p": sparse.csr_array((-self.steep, (row, self.unit)), shape=(len(row), len(self.slope))),
        })  # fmt: skip


def _tangents(f: Real, low: float, high: float) -> tuple[Real, Real]:
    """Slopes and levels of lines nowhere above a polynomial between two ends."""
    second = polynomial.polyder(f, 2)
    order = np.arange(len(second))
    ends = second * np.array([[low], [high]]) ** order
    least = np.where((order % 2 == 0) & (order > 0) & (low < 0) & (high > 0), np.minimum(ends.min(0), 0.0), ends.min(0)).sum()
    alpha = max(0.0, -float(least) / 2)
    under = polynomial.polyadd(f, alpha * np.array([low * high, -(low + high), 1.0]))
    at = np.linspace(low, high, TANGENTS)
    steep = polynomial.polyval(at, polynomial.polyder(under))
    return np.asarray(steep), np.asarray(polynomial.polyval(at, under) - steep * at)
