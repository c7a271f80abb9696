r"""A leader and its followers' conditions of optimality as one program with pairs of numbers of which one is zero.

With all rows and bounds of a follower written as :math:`b \le K y - B\theta` (sides that are finite, with their sign) and equations, multipliers
:math:`u \ge 0` (of equations free):

.. math:: K^\top u = c, \qquad s = K y - B\theta - b \ge 0, \qquad 0 = s_i u_i

and by strong duality what the leader pays is linear, :math:`\pi^\top\theta = (B^\top u)^\top \theta = c^\top y - b^\top u`: the whole
payment, not its parts. At the root, each :math:`\pi_k\theta_k` lies in the envelope of McCormick over a box of θ and prices, which the relaxation
does not know by itself: T. Kleinert, M. Labbé, F. Plein, M. Schmidt, "Closing the gap in linear bilevel optimization", Optimization Letters 15, 2021.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.program.arrays import Columns, Matrix, Places, Program, Rows, flat, label
from gridtandem.program.follower import Follower
from gridtandem.tables import Flag, Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class Stacked:
    """Rows of a follower, then bounds of its columns, as one list of sides."""

    follower: Follower
    matrix: Matrix  # K (side, column)
    shift: Matrix  # B (side, number of θ)
    low: Real
    high: Real
    cost: Real

    @staticmethod
    def of(follower: Follower) -> Stacked:
        """Its arrays."""
        program = follower.program
        rows, width = Places.of(program.rows), flat(program.columns, "cost").size
        nothing = {name: sparse.csr_array((b.low.size, follower.size)) for name, b in program.rows.items()}
        shift = sparse.vstack([*({**nothing, **follower.into}[name] for name in rows.shapes), sparse.csr_array((width, follower.size))], format="csr")
        sides = [np.concatenate([flat(program.rows, what), flat(program.columns, what)]) for what in ("low", "high")]
        matrix = sparse.vstack([program.matrix(), sparse.eye_array(width)], format="csr")
        return Stacked(follower, sparse.csr_array(matrix), sparse.csr_array(shift), sides[0], sides[1], flat(program.columns, "cost"))

    @property
    def equal(self) -> Index:
        """Sides that are equations."""
        return np.flatnonzero(self.low == self.high)

    @property
    def lower(self) -> Index:
        """Sides that hold from below."""
        return np.flatnonzero((self.low < self.high) & np.isfinite(self.low))

    @property
    def upper(self) -> Index:
        """Sides that hold from above."""
        return np.flatnonzero((self.low < self.high) & np.isfinite(self.high))

    @property
    def single(self) -> tuple[Matrix, Matrix, Real]:
        """K, B and b of all sides that are no equations, lower ones first, each so that K y − Bθ ≥ b."""
        lower, upper = self.lower, self.upper
        matrix = sparse.vstack([self.matrix[lower], -self.matrix[upper]], format="csr")
        shift = sparse.vstack([self.shift[lower], -self.shift[upper]], format="csr")
        return sparse.csr_array(matrix), sparse.csr_array(shift), np.concatenate([self.low[lower], -self.high[upper]])

    def names(self) -> list[str]:
        """What people call each side."""
        blocks = [*Places.of(self.follower.program.rows).shapes.items(), *Places.of(self.follower.program.columns).shapes.items()]
        return [label(name, place) for name, shape in blocks for place in np.ndindex(*shape)]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """The program, and which of its blocks exclude each other element by element: (slack, multiplier) of each follower."""

    program: Program
    pairs: tuple[tuple[str, str], ...]
    stacked: tuple[Stacked, ...]

    def price(self, x: Mapping[str, Real]) -> Real:
        """π (period, number) = Bᵀu."""
        out = []
        for t, s in enumerate(self.stacked):
            shift = s.single[1]
            out.append(s.shift[s.equal].T @ x[f"market {t}.equal"] + shift.T @ x[f"market {t}.price"])
        return np.array(out)

    def closed(self, held: Sequence[Flag]) -> Program:
        """The program with one of each pair at zero: the slack where a side is held, else the multiplier."""
        columns = dict(self.program.columns)
        for (slack, price), at in zip(self.pairs, held, strict=True):
            columns[slack] = replace(columns[slack], high=np.where(at, 0.0, np.inf))
            columns[price] = replace(columns[price], high=np.where(at, np.inf, 0.0))
        return replace(self.program, columns=columns)

    def with_large_numbers(self, slack: Sequence[Real], price: Sequence[Real]) -> Program:
        """The program with a whole number z for each pair: s ≤ S (1 − z), u ≤ U z."""
        columns, rows = dict(self.program.columns), dict(self.program.rows)
        for t, ((s, u), most, dearest) in enumerate(zip(self.pairs, slack, price, strict=True)):
            one = sparse.eye_array(len(most))
            columns[f"market {t}.held"] = Columns.of(len(most), 0.0, 1.0, integer=True)
            rows[f"market {t}.free"] = Rows.of(len(most), -np.inf, most, {s: one, f"market {t}.held": sparse.diags_array(most)})
            rows[f"market {t}.binding"] = Rows.of(len(most), -np.inf, 0.0, {u: one, f"market {t}.held": sparse.diags_array(-dearest)})
            columns[s], columns[u] = replace(columns[s], high=most), replace(columns[u], high=dearest)
        return replace(self.program, columns=columns, rows=rows)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """Where θ and prices (period, number) can lie; prices without end are not known."""

    low: Real
    high: Real
    cheapest: Real
    dearest: Real


def conditions(leader: Program, theta: str, followers: Sequence[Follower], box: Box) -> Conditions:
    """Leader and followers as one."""
    columns, rows = dict(leader.columns), dict(leader.rows)
    stacked = tuple(Stacked.of(follower) for follower in followers)
    for t, s in enumerate(stacked):
        more, also = _market(s, f"market {t}", theta, (t, len(stacked)))
        columns |= more
        rows |= also
        if np.isfinite([box.cheapest[t], box.dearest[t]]).all():
            more, also = _envelope(s, f"market {t}", theta, t, box)
            columns |= more
            rows |= also
    pairs = tuple((f"market {t}.slack", f"market {t}.price") for t in range(len(stacked)))
    return Conditions(replace(leader, columns=columns, rows=rows), pairs, stacked)


def _market(s: Stacked, name: str, theta: str, at: tuple[int, int]) -> tuple[dict[str, Columns], dict[str, Rows]]:
    """Point, slacks and multipliers of one follower, and their conditions; costs are the payment c y − b u."""
    matrix, shift, right = s.single
    equal, count = s.equal, len(right)
    width, low, high = len(s.cost), s.low[-len(s.cost) :], s.high[-len(s.cost) :]
    y, free, slack, price = (f"{name}.{what}" for what in ("y", "equal", "slack", "price"))
    columns = {
        y: Columns.of(width, low, high, cost=s.cost), free: Columns.of(len(equal), cost=-s.low[equal]),
        slack: Columns.of(count, 0.0), price: Columns.of(count, 0.0, cost=-right),
    }  # fmt: skip
    rows = {
        f"{name}.equations": Rows.of(len(equal), s.low[equal], s.low[equal], {y: s.matrix[equal], theta: _of_period(-s.shift[equal], at)}),
        f"{name}.sides": Rows.of(count, right, right, {y: matrix, slack: -sparse.eye_array(count), theta: _of_period(-shift, at)}),
        f"{name}.stationary": Rows.of(width, s.cost, s.cost, {free: s.matrix[equal].T, price: matrix.T}),
    }
    return columns, rows


def _envelope(s: Stacked, name: str, theta: str, t: int, box: Box) -> tuple[dict[str, Columns], dict[str, Rows]]:
    r"""Parts of the payment w_k = π_k θ_k between their four planes (McCormick 1976), adding up to it."""
    _, shift, right = s.single
    equal, d, periods = s.equal, s.follower.size, len(box.low)
    low, high, cheap, dear = box.low[t], box.high[t], box.cheapest[t], box.dearest[t]
    y, free, price, paid = (f"{name}.{what}" for what in ("y", "equal", "price", "paid"))
    rows = {f"{name}.payment": Rows.of(1, 0.0, 0.0, {paid: np.ones((1, d)), y: -s.cost[None], free: s.low[equal][None], price: right[None]})}
    for k, (at, cost, below) in enumerate(((low, cheap, True), (high, dear, True), (low, dear, False), (high, cheap, False))):
        scale = sparse.diags_array(-at)
        parts = {
            paid: sparse.eye_array(d), free: scale @ s.shift[equal].T, price: scale @ shift.T,
            theta: _of_period(sparse.csr_array(sparse.diags_array(-cost)), (t, periods)),
        }  # fmt: skip
        rows[f"{name}.plane {k}"] = Rows.of(d, -at * cost if below else -np.inf, np.inf if below else -at * cost, parts)
    return {paid: Columns.of(d)}, rows


def _of_period(part: Matrix, at: tuple[int, int]) -> Matrix:
    """A part for θ of one period as one for θ of all."""
    t, periods = at
    coo = part.tocoo()
    return sparse.csr_array((coo.data, (coo.row, coo.col + t * part.shape[1])), shape=(part.shape[0], periods * part.shape[1]))
