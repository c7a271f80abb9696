r"""Demand that follows the voltage, by squared voltage w and between straight lines.

A load :math:`a\,u^n`, :math:`u = v / v_0`, is :math:`a\,v_0^{-n} w^{n/2}`: constant for n = 0, linear for n = 2. All others of a node are gathered
into a convex and a concave sum for each power. A convex sum lies above its tangents and below its chord between the limits of w, a concave one the
other way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.grid.nodal import Nodal
from gridtandem.program.arrays import Rows
from gridtandem.tables import Index, Real

TANGENTS = 5  # lines for each sum, from limit to limit


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Demand:
    """Of all loads of a network. [per unit]"""

    constant: Real  # (power, node)
    linear: Real  # (power, node) by w
    node: Index  # (sum)
    power: Index  # (sum) 0 active, 1 reactive
    bent: Real  # (sum) +1 convex, −1 concave
    low: Real  # (sum) least and most between the limits of w
    high: Real
    slope: Real  # (sum, [chord, tangents]) of lines
    level: Real

    @staticmethod
    def of(nodal: Nodal, w_low: Real, w_high: Real) -> Demand:
        """Between limits of w (node)."""
        node, power, size, order = _terms(nodal)
        constant, linear = np.zeros((2, nodal.nodes)), np.zeros((2, nodal.nodes))
        flat, straight = order == 0, order == 1
        np.add.at(constant, (power[flat], node[flat]), size[flat])
        np.add.at(linear, (power[straight], node[straight]), size[straight])
        rest = np.flatnonzero(~flat & ~straight & (size != 0))
        node, power, size, order = node[rest], power[rest], size[rest], order[rest]
        sign = np.sign(size * order * (order - 1))
        kinds, kind = np.unique(np.stack([node, power, sign.astype(np.int64)], -1), axis=0, return_inverse=True)
        at, kind = kinds[:, 0], kind.ravel()

        def summed(values: Real) -> Real:
            out = np.zeros(len(kinds))
            np.add.at(out, kind, values)
            return out

        def lines(w: Real) -> tuple[Real, Real]:
            """Value and slope of every sum at a point (sum)."""
            return summed(size * w[kind] ** order), summed(size * order * w[kind] ** (order - 1))

        low, high = w_low[at], w_high[at]
        ends = size * low[kind] ** order, size * high[kind] ** order
        (below, steep), (above, _) = lines(low), lines(high)
        chord = np.where(high > low, (above - below) / np.where(high > low, high - low, 1.0), steep)
        slope, level = [chord], [below - chord * low]
        for share in np.linspace(0.0, 1.0, TANGENTS):
            w = low + share * (high - low)
            value, steep = lines(w)
            slope.append(steep)
            level.append(value - steep * w)
        return Demand(
            constant=constant, linear=linear, node=at, power=kinds[:, 1], bent=kinds[:, 2].astype(float), low=summed(np.minimum(*ends)),
            high=summed(np.maximum(*ends)), slope=np.stack(slope, -1), level=np.stack(level, -1),
        )  # fmt: skip

    def rows(self, nodes: int) -> Rows:
        """Of every sum the chord on one side, tangents on the other (sum, line)."""
        side = self.bent[:, None] * np.concatenate([[-1.0], np.ones(TANGENTS)])  # +1: demand is at least the line
        row, mine = np.arange(side.size), np.repeat(np.arange(len(self.node)), side.shape[1])
        return Rows.of(side.shape, side * self.level, np.inf, {
            "demand": sparse.csr_array((side.ravel(), (row, mine)), shape=(side.size, len(self.node))),
            "w": sparse.csr_array(((-side * self.slope).ravel(), (row, self.node[mine])), shape=(side.size, nodes)),
        })  # fmt: skip


def _terms(nodal: Nodal) -> tuple[Index, Index, Real, Real]:
    """Node, power, factor and order of w of every term of every load."""
    law = nodal.loads
    share = np.stack([law.z_share, law.i_share, 1 - law.z_share - law.i_share], -1)  # (load, power, term)
    exponent = np.stack([np.full_like(law.exponent, 2.0), np.full_like(law.exponent, 1.0), law.exponent], -1)
    size = np.stack([law.s.real, law.s.imag], -1)[:, :, None] * share * law.v0[:, None, None] ** -exponent
    node, power, _ = np.meshgrid(law.node, np.arange(2), np.arange(3), indexing="ij")
    return node.ravel(), power.ravel(), size.ravel(), exponent.ravel() / 2
