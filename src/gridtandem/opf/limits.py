r"""Limits that are linear in what is injected at the nodes, and what they do to prices.

.. math:: \underline b \le c + M_p (p - p^{load}) + M_q (q - q^{load}) \le \overline b

A form of the network equations in which power is not lost is such a list and one balance. With μ the prices of these rows (d cost / d right-hand
side) and λ that of the balance, one more MW of demand at a node costs

.. math:: \pi = \lambda + M_p^\top \mu, \qquad \rho = M_q^\top \mu

so that a price comes with its split: energy λ, and a share for every kind of limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.program.arrays import Columns, Matrix, Rows
from gridtandem.resources.part import Part, repeated
from gridtandem.tables import Code, Flag, Index, Real

KINDS = ("voltage", "flow")  # of limits
SLACK = 1e-9  # by which a limit must be out of reach before it is left out, in its own unit


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Limits:
    """One period's rows over nodes; every period has the same."""

    kind: Code  # (row) see `KINDS`
    element: Index  # (row) node or branch
    p: Matrix  # (row, node) by MW injected
    q: Matrix  # by Mvar injected
    base: Real  # (row) with nothing injected anywhere
    low: Real
    high: Real

    def take(self, rows: Index | Flag) -> Limits:
        """Some of them."""
        return Limits(
            kind=self.kind[rows], element=self.element[rows], p=self.p[rows], q=self.q[rows], base=self.base[rows],
            low=self.low[rows], high=self.high[rows],
        )  # fmt: skip

    def fixed(self, p: Real, q: Real) -> Real:
        """Values (period, row) under injections (period, node)."""
        out: Real = self.base + (self.p @ p.T).T + (self.q @ q.T).T
        return out

    def parts(self, part: Part, periods: int) -> dict[str, Matrix]:
        """What a part's unknowns do to every row (period, row)."""
        wide_p, wide_q = repeated(self.p, periods), repeated(self.q, periods)
        parts: dict[str, Matrix] = {}
        for wide, blocks in ((wide_p, part.p), (wide_q, part.q)):
            for name, m in blocks.items():
                parts[name] = parts[name] + wide @ m if name in parts else wide @ m
        return parts

    def rows(self, parts: Mapping[str, Matrix], p: Real, q: Real) -> Rows:
        """Rows (period, row) over the blocks of a part, with injections p and q (period, node) already there."""
        there = self.fixed(p, q)
        return Rows(self.low - there, self.high - there, parts)

    def within_reach(self, part: Part, sides: Mapping[str, tuple[Matrix, Matrix]], p: Real, q: Real) -> Flag:
        """Rows that the blocks of a part can drive to a limit at all, in some period; the others may be left out. ``sides`` are `signed` parts."""
        there = self.fixed(p, q)
        least, most = np.zeros(there.size), np.zeros(there.size)
        for name, (up, down) in sides.items():
            low, high = part.columns[name].low.ravel(), part.columns[name].high.ravel()
            most += _times(up, high) + _times(down, low)
            least += _times(up, low) + _times(down, high)
        near = (most > (self.high - there).ravel() - SLACK) | (least < (self.low - there).ravel() + SLACK)
        return np.asarray(near.reshape(there.shape).any(0))

    def priced(self, price: Real) -> tuple[Real, Real]:
        """What limits add to the price of demand (period, kind, node), active and reactive, for prices of their rows (period, row)."""
        shape = (len(price), len(KINDS), self.p.shape[1])
        out = np.zeros((2, *shape))
        for k in range(len(KINDS)):
            mine = price * (self.kind == k)
            for part, m in zip(out, (self.p, self.q), strict=True):
                part[:, k] = (m.T @ mine.T).T
        return out[0], out[1]


def signed(parts: Mapping[str, Matrix]) -> dict[str, tuple[Matrix, Matrix]]:
    """Positive and negative entries of each."""
    return {name: (m.maximum(0), m.minimum(0)) for name, m in parts.items()}


def stacked(limits: list[Limits]) -> Limits:
    """Several lists as one."""
    return Limits(
        kind=np.concatenate([m.kind for m in limits]), element=np.concatenate([m.element for m in limits]),
        p=sparse.csr_array(sparse.vstack([m.p for m in limits])), q=sparse.csr_array(sparse.vstack([m.q for m in limits])),
        base=np.concatenate([m.base for m in limits]), low=np.concatenate([m.low for m in limits]), high=np.concatenate([m.high for m in limits]),
    )  # fmt: skip


def bounded(part: Part) -> bool:
    """Whether every unknown of a part is bounded both ways."""
    return all(bool(np.isfinite(c.low).all() and np.isfinite(c.high).all()) for c in part.columns.values())


def free(shape: tuple[int, ...]) -> Columns:
    """Unknowns without bounds."""
    return Columns.of(shape)


def _times(m: Matrix, x: Real) -> Real:
    """Matrix times bounds; nothing times infinity is nothing."""
    finite = np.isfinite(x)
    if finite.all():
        return np.asarray(m @ x)
    out: Real = m @ np.where(finite, x, 0.0)
    endless = abs(m) @ (~finite).astype(float)
    sign = m @ np.where(finite, 0.0, np.sign(np.where(finite, 0.0, x)))
    return np.where(endless > 0, np.copysign(np.inf, sign), out)
