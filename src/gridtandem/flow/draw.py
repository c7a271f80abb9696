"""Power drawn at nodes as a function of voltages: how a feeder stands in transmission's equations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.flow.sums import gathered
from gridtandem.kernels import kernel
from gridtandem.tables import Complex, Index, Real

if TYPE_CHECKING:
    from scipy import sparse


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ports:
    r"""What feeders fed from several nodes draw beyond their curves: linear in magnitudes and angles of all their nodes. [per unit, rad]

    .. math:: \Delta S_i = \sum_j \frac{\partial S_i}{\partial |V_j|} (|V_j| - |v_j|) + \frac{\partial S_i}{\partial \theta_j} \arg\frac{V_j}{v_j}
    """

    node: Index  # of each interface
    v: Complex  # (interface) where it was made linear
    row: Index  # (entry) interface that draws
    column: Index  # (entry) interface whose voltage it answers to
    by_v: Complex  # (entry)
    by_angle: Complex

    def each(self, v: Complex) -> Complex:
        """Power drawn at each interface, at the interfaces' own voltages."""
        lifted, turned = np.abs(v) - np.abs(self.v), np.angle(v / self.v)
        return gathered(self.row, self.by_v * lifted[self.column] + self.by_angle * turned[self.column], len(v))

    def __call__(self, v: Complex) -> Complex:
        """Power drawn at each node."""
        return gathered(self.node, self.each(v[self.node]), len(v))

    def slopes(self, nodes: int, further: int = 0) -> sparse.csr_array:
        """Its derivatives: (P, then Q of each node) by (angle, then magnitude of each node, then ``further`` unknowns that do nothing)."""
        from scipy import sparse

        row, column = self.node[self.row], self.node[self.column]
        rows, columns = np.concatenate([row, row + nodes] * 2), np.concatenate([column, column, column + nodes, column + nodes])
        data = np.concatenate([self.by_angle.real, self.by_angle.imag, self.by_v.real, self.by_v.imag])
        return sparse.coo_array((data, (rows, columns)), shape=(2 * nodes, 2 * nodes + further)).tocsr()


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
    ports: Ports | None = None  # drawn on top, by feeders with several interfaces

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

    def together(self, v: Complex) -> Complex:
        """Power drawn at all interfaces together, at voltages (row, node), by curves without an axis of rows."""
        out = np.empty(len(v), np.complex128)
        kernel("flow.kernels_outages", "drawn_together")(v, self.node, np.stack([self.low, self.high], -1), self.c, out)
        return out


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pieces:
    """Curves that controls bend, one `Draw` after another: the pieces of interface i are first[i] … first[i + 1] − 1. [per unit]"""

    node: Index  # of each interface
    first: Index  # (interface + 1)
    low: Real  # (piece) from which on it holds
    high: Real
    c: Complex  # (piece, degree + 1)

    def at(self, v: Real) -> Index:
        """Piece in which each interface's voltage lies; the first and the last reach beyond the range."""
        inner = np.delete(np.arange(len(self.low)), self.first[:-1])
        passed = v[self.owner[inner]] >= self.low[inner]
        return np.asarray(self.first[:-1] + np.bincount(self.owner[inner], passed, len(self.node)), np.int64)

    @property
    def owner(self) -> Index:
        """(piece) interface."""
        return np.repeat(np.arange(len(self.node)), np.diff(self.first))

    def draw(self, piece: Index) -> Draw:
        """The curves with these pieces in force, one of each interface."""
        return Draw(node=self.node, low=self.low[piece], high=self.high[piece], c=self.c[piece])
