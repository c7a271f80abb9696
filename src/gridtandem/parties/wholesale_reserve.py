r"""The transmission company's market of energy and regulation, cleared together.

Feeders stand in it by their exchange z, what they sell R and a believed cost above every plane they sent,

.. math:: \eta \ge k_j + g_j^\top (z, R), \qquad a_m^\top (z, R) \le b_m

Prices of regulation are d cost / d requirement. Capacity is not tried on the lines of transmission, as no market of today does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from scipy import sparse

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.market_letters import Plan
from gridtandem.boundary.reserve_letters import ClearVectors, VectorCosts, Wanted, Wants
from gridtandem.markets.energy import Cleared, cleared
from gridtandem.orders.products import PRODUCTS
from gridtandem.parties.wholesale import Wholesale, taken
from gridtandem.program.answer import Status
from gridtandem.program.arrays import Columns, Matrix, Rows
from gridtandem.tables import Flag, Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class WholesaleReserve:
    """A desk beside `Wholesale`."""

    market: Wholesale

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {Wants: self.wants, ClearVectors: self.clear_vectors}

    def wants(self, ask: Wants) -> Wanted:  # noqa: ARG002 — the letter has no content
        """What is bought beside energy."""
        return Wanted(self.market.reserve.names if self.market.reserve is not None else ())

    def clear_vectors(self, ask: ClearVectors) -> Plan:
        """Feeders cost what their planes say, within their walls."""
        w, costs = self.market, ask.costs
        if (costs.worth == Worth.REFUSED).any():
            return nothing(costs.worth.shape)
        columns, rows = believed(costs, self.bought, w.window.hours)
        found = cleared(w.orders, w.fixed, w.wires(len(w.orders.node), columns, {"z": taken(w)}, rows), hours=w.window.hours)
        return planned(w, found, float(found.answer.x["eta"].sum()) * w.window.hours)

    @property
    def bought(self) -> Flag:
        """(product) what is wanted in some period."""
        return self.market.reserve.bought if self.market.reserve is not None else np.zeros(len(PRODUCTS), bool)


def believed(costs: VectorCosts, bought: Flag, hours: float) -> tuple[dict[str, Columns], dict[str, Rows]]:
    """Unknowns ``z``, ``eta`` (period, interface) and ``reserve`` (period, interface, product), above all planes and within all walls."""
    _, periods, wide = costs.worth.shape
    shape = (periods, wide)
    columns = {
        "z": Columns.of(shape), "eta": Columns.of(shape, cost=hours),
        "reserve": Columns.of((*shape, len(PRODUCTS)), 0.0, np.where(bought, np.inf, 0.0)),
    }  # fmt: skip
    place, count, plane = costs.period * wide + costs.interface, len(costs.right), costs.wall == 0
    row = np.arange(count)

    def at(values: Real, column: Index, size: int) -> Matrix:
        across = row if np.ndim(values) == 1 else np.repeat(row, np.shape(values)[1])
        return sparse.csr_array((np.ravel(values), (across, np.ravel(column))), shape=(count, size))

    each = place[:, None] * len(PRODUCTS) + np.arange(len(PRODUCTS))
    size = periods * wide
    parts = {
        "eta": at(np.where(plane, -1.0, 0.0), place, size), "z": at(costs.by_z, place, size),
        "reserve": at(costs.by_product, each, size * len(PRODUCTS)),
    }  # fmt: skip
    return columns, {"vector": Rows.of(count, -np.inf, np.where(plane, -costs.right, costs.right), parts)}


def planned(w: Wholesale, found: Cleared, theirs: float) -> Plan:
    """A clearing with unknowns ``z`` and ``reserve`` as it is told; ``theirs`` is what feeders were believed to cost."""
    x = found.answer.x
    if found.answer.status is not Status.SOLVED:
        return nothing((1, *x["z"].shape))
    cost, exact = found.cost + w.constant, np.full((1, *x["z"].shape), Worth.EXACT, np.int8)
    price = found.price[:, w.at][None]
    if w.reserve is None:
        return Plan(x["z"][None], price, exact, cost, cost - theirs)
    sold = x["reserve"][None]
    paid = np.broadcast_to(w.reserve.price(found.answer)[None, :, None], sold.shape).copy()
    return Plan(x["z"][None], price, exact, cost, cost - theirs, sold, paid)


def nothing(shape: tuple[int, ...]) -> Plan:
    """No clearing."""
    nowhere = np.full(shape, np.nan)
    return Plan(nowhere, nowhere, np.full(shape, Worth.REFUSED, np.int8), np.nan, np.nan)
