r"""A market that answers a leader: the least cost of a linear program as a function of a few numbers in its right-hand sides.

.. math:: V(\theta) = \min_y\; c^\top y + k \quad\text{s.t.}\quad \underline b + B\theta \le A y \le \overline b + B\theta,\quad
          \underline y \le y \le \overline y

V is convex and piecewise linear. What the leader is charged per unit of :math:`\theta` is the price :math:`\pi = \partial V / \partial \theta =
B^\top u` with u the prices of the rows; at a kink of V every value between the slopes on its sides is a price.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.errors import Fault, InvalidCase
from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Columns, Matrix, Program, Rows
from gridtandem.program.solvers.highs import Highs
from gridtandem.program.why import why
from gridtandem.tables import Real

BESIDE = 1e-6  # of max(1, |θ|): a step to see whether the price changes
THETA = "theta"  # the block of θ where it is decided beside y


@final
@dataclass(frozen=True, slots=True, eq=False)
class Follower:
    """The program at θ = 0, and how θ enters: both sides of each block of rows in ``into`` move by matrix @ θ."""

    program: Program
    into: Mapping[str, Matrix]  # by block of rows: (its rows, numbers of θ)
    penalties: tuple[str, ...] = ()  # blocks of columns that let a row give way at a price, such as load shed

    @property
    def size(self) -> int:
        """How many numbers θ has."""
        return next((matrix.shape[1] for matrix in self.into.values()), 0)

    def right(self, theta: Real) -> dict[str, tuple[Real, Real]]:
        """Sides of the rows that θ moves."""
        out = {}
        for name, matrix in self.into.items():
            rows = self.program.rows[name]
            shift = np.asarray(matrix @ theta).reshape(rows.shape)
            out[name] = (rows.low + shift, rows.high + shift)
        return out

    def at(self, theta: Real) -> Program:
        """The program at θ."""
        moved = {name: replace(self.program.rows[name], low=low, high=high) for name, (low, high) in self.right(theta).items()}
        return replace(self.program, rows={**self.program.rows, **moved})

    def joint(self, low: Real, high: Real, price: Real) -> Program:
        """The program in y and θ together, θ within a box and earning a price."""
        theta = Columns.of(self.size, low, high, cost=-np.asarray(price))
        rows = {k: Rows(r.low, r.high, {**r.parts, THETA: -self.into[k]}) if k in self.into else r for k, r in self.program.rows.items()}
        return replace(self.program, columns={**self.program.columns, THETA: theta}, rows=rows)

    def faults(self) -> Iterator[Fault]:
        """Every promise that the arrays break."""
        program = self.program
        yield from program.faults()
        if program.cones or program.integer or program.quadratic:
            mend = "write its costs in steps and its limits as rows"
            yield Fault("follower", "is no linear program", mend, "bilevel-001")
        if not self.size:
            yield Fault("follower", "has no row that the leader moves", "give one matrix at least, with a column for each number", "bilevel-002")
        for name, matrix in self.into.items():
            if name not in program.rows:
                yield Fault(
                    "follower", "is no block of rows that could be moved", f"there are: {', '.join(program.rows)}", "bilevel-003", column=name
                )
            elif matrix.shape != (program.rows[name].low.size, self.size):
                mend = f"it is {(program.rows[name].low.size, self.size)}: rows by numbers"
                yield Fault("follower", f"is moved by a matrix of shape {matrix.shape}", mend, "bilevel-004", column=name)
        for name in self.penalties:
            if name not in program.columns:
                yield Fault("follower", "is no block of penalties", f"there are: {', '.join(program.columns)}", "bilevel-005", column=name)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """V and one of its slopes."""

    theta: Real
    value: float
    price: Real


@final
class Market:
    """A follower in the hands of HiGHS, asked for one θ after the other, each question starting where the last one ended.

    One is made for each search and none outlives it, so that what a search finds depends on its follower and its box alone.
    """

    __slots__ = ("_back", "_held", "asked", "follower")

    def __init__(self, follower: Follower, home: Real) -> None:
        self.follower, self.asked = follower, 0
        self._back = {name: sparse.csr_array(matrix.T) for name, matrix in follower.into.items()}
        self._held = Highs().hold(follower.at(home), chain=True)

    def answer(self, theta: Real) -> Answer:
        """What the market does at θ."""
        self.asked += 1
        found = self._held.solve(right=self.follower.right(theta))
        if found.status is not Status.SOLVED:
            raise InvalidCase([unanswered(self.follower, theta, found)])
        return found

    def point(self, theta: Real) -> Point:
        """V and a price at θ."""
        found = self.answer(theta)
        return Point(theta, found.cost, self.priced(found))

    def priced(self, answer: Answer) -> Real:
        """π = Bᵀu."""
        price = np.zeros(self.follower.size)
        for name, back in self._back.items():
            price += np.asarray(back @ answer.price[name].ravel())
        return price


def prices_beside(follower: Follower, theta: Real) -> tuple[Real, Real]:
    """Prices of each number of θ a little before and a little after: what lies between is a price at θ. Infinite beyond the end of the market."""
    market, before, after = Market(follower, theta), np.full(len(theta), -np.inf), np.full(len(theta), np.inf)
    for k, step in enumerate(BESIDE * np.diag(np.maximum(1.0, np.abs(theta)))):
        with suppress(InvalidCase):
            before[k] = market.point(theta - step).price[k]
        with suppress(InvalidCase):
            after[k] = market.point(theta + step).price[k]
    return before, after


def unanswered(follower: Follower, theta: Real, answer: Answer) -> Fault:
    """Why there is no market at θ, by name."""
    where = ", ".join(f"{x:.6g}" for x in theta.tolist())
    if answer.status is Status.INFEASIBLE:
        mend = "let every row that may run short give way at a price (load shed, spill, more than a line's limit), or narrow the box of θ"
        return Fault("follower", f"has no answer at θ = ({where}): {why(follower.at(theta))}", mend, "bilevel-006")
    return Fault(
        "follower", f"has no answer at θ = ({where}): {answer.status.value} {answer.said}".rstrip(), "see its costs and bounds", "bilevel-007"
    )
