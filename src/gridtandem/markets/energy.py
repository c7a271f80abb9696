r"""Clearing of energy: the cheapest orders that serve every node within what the network carries.

.. math:: \min \sum_k \left( c_k x_k + \tfrac12 s_k x_k^2 \right) \Delta \quad\text{s.t.}\quad
          \text{fixed}_n + \sum_{k \text{ at } n} x_k + (\text{network})_n = 0, \quad \underline x_k \le x_k \le \overline x_k

An order is a step of a station's offer, of a feeder's offer or of demand with a price (a step that injects −x at the price of minus its worth): they
are rows of one table, and one function clears them. The price at a node is d cost / d demand there, per MWh.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.markets.sifted import sifted
from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Columns, Matrix, Program, Rows
from gridtandem.program.solve import solve
from gridtandem.tables import Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Orders:
    """Steps of all offers, one row each; injection into the node is positive."""

    period: Index
    node: Index
    low: Real  # [MW]
    high: Real
    price: Real  # [currency/MWh]
    slope: Real  # [currency/MWh/MW]

    @staticmethod
    def beside(many: list[Orders]) -> Orders:
        """Several tables as one."""
        return Orders(**{name: np.concatenate([getattr(o, name) for o in many]) for name in Orders.__slots__})

    def columns(self, hours: float) -> Columns:
        """As unknowns."""
        return Columns.of(self.low.shape, self.low, self.high, cost=self.price * hours, quadratic=self.slope * hours)

    def at_nodes(self, periods: int, nodes: int) -> Matrix:
        """What they inject at (period, node)."""
        size = len(self.node)
        return sparse.csr_array((np.ones(size), (self.period * nodes + self.node, np.arange(size))), shape=(periods * nodes, size))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Wires:
    """What a network, and what else couples nodes and periods (storage, ramps), brings into a clearing."""

    periods: int
    nodes: int
    columns: Mapping[str, Columns] = field(default_factory=dict)
    balance: Mapping[str, Matrix] = field(default_factory=dict)  # what each block brings to (period, node) [MW]
    rows: Mapping[str, Rows] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Cleared:
    """The outcome; NaN where the market does not clear."""

    accepted: Real  # (order) [MW]
    price: Real  # (period, node) [currency/MWh]
    cost: float  # of all accepted orders [currency]
    answer: Answer


def market(orders: Orders, fixed: Real, wires: Wires, *, hours: float) -> Program:
    """The clearing as a program: block ``order``, rows ``balance`` (period, node). ``fixed`` (period, node) is injected in any case. [MW]"""
    parts = {"order": orders.at_nodes(wires.periods, wires.nodes), **wires.balance}
    balance = Rows.of((wires.periods, wires.nodes), -fixed, -fixed, parts)
    return Program({"order": orders.columns(hours), **wires.columns}, {"balance": balance, **wires.rows})


def cleared(orders: Orders, fixed: Real, wires: Wires, *, hours: float) -> Cleared:
    """Clear the market. Where something is accepted whole or not at all, prices are those of the rest."""
    program = market(orders, fixed, wires, hours=hours)
    answer = sifted(program, orders.period * wires.nodes + orders.node) or solve(program)
    if program.integer and answer.status is Status.SOLVED:
        answer = solve(program.fixed(answer.x))
    return Cleared(accepted=answer.x["order"], price=answer.price["balance"] / hours, cost=answer.cost, answer=answer)
