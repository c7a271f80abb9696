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
from gridtandem.boundary.reserve_letters import ClearReserves, ClearVectors, ReserveCurves, VectorCosts, Wanted, Wants
from gridtandem.markets.energy import Cleared, cleared
from gridtandem.orders.products import DOWN, PRODUCTS, UP
from gridtandem.parties.wholesale import Wholesale, cost_of, spread, taken
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
        return {Wants: self.wants, ClearVectors: self.clear_vectors, ClearReserves: self.clear_reserves}

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
        return planned(w, found, found.answer.x["z"], float(found.answer.x["eta"].sum()) * w.window.hours)

    def clear_reserves(self, ask: ClearReserves) -> Plan:
        """Feeders' curves are orders like any other, with capacity within them."""
        w, offers, curves = self.market, ask.offers, ask.offers.energy
        shape = curves.start.shape
        if (offers.worth == Worth.REFUSED).any() or (curves.worth == Worth.REFUSED).any():
            return nothing(shape)
        orders = w.offered(curves)
        columns, rows = within(offers, self.bought, (len(w.orders.node), len(orders.node)), w.window.hours)
        given = w.fixed + spread(-curves.start[0], w.at, w.nodal.nodes)
        found = cleared(orders, given, w.wires(len(orders.node), columns, {}, rows), hours=w.window.hours)
        z = curves.start[0].copy()
        np.subtract.at(z, (curves.period, curves.interface), found.accepted[len(w.orders.node) :])
        theirs = cost_of(orders, found.accepted, w.window.hours, len(w.orders.node))
        return planned(w, found, z, theirs + float((columns["reserve"].cost * found.answer.x["reserve"]).sum()))

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


def within(offers: ReserveCurves, bought: Flag, orders: tuple[int, int], hours: float) -> tuple[dict[str, Columns], dict[str, Rows]]:
    """Unknown ``reserve`` (period, interface, product) and its room within the curves; ``orders`` counts those of stations, and all."""
    curves, shape = offers.energy, offers.energy.start.shape[1:]
    size, first, many = shape[0] * shape[1], orders[0], len(PRODUCTS)
    most = np.where(bought, np.concatenate([offers.most[0], np.full((*shape, 2), np.inf)], -1), 0.0)
    price = np.concatenate([offers.price[0], np.zeros((*shape, 2))], -1)
    place = curves.period * shape[1] + curves.interface
    whole = np.zeros(size)
    np.add.at(whole, place, curves.mw)
    taken_up = sparse.csr_array((np.ones(len(place)), (place, first + np.arange(len(place)))), shape=(size, orders[1]))
    one, each = np.eye(many), sparse.eye_array(size)
    rows = {
        f"joint_{way}": Rows.of(size, low, high, {"order": taken_up, "reserve": sparse.kron(each, sign * one[[k]])})
        for k, way, sign, low, high in ((UP, "up", 1.0, -np.inf, whole), (DOWN, "down", -1.0, 0.0, np.inf))
    } | {
        f"even_{way}": Rows.of(size, 0.0, 0.0, {"reserve": sparse.kron(each, one[[k]] - one[[k + 2]])})
        for k, way in ((UP, "up"), (DOWN, "down")) if bought[k + 2]
    }  # fmt: skip
    return {"reserve": Columns.of((*shape, many), 0.0, most, cost=price * hours)}, rows


def planned(w: Wholesale, found: Cleared, z: Real, theirs: float) -> Plan:
    """A clearing with an unknown ``reserve`` as it is told; ``theirs`` is what feeders were believed to cost."""
    x = found.answer.x
    if found.answer.status is not Status.SOLVED:
        return nothing((1, *z.shape))
    cost, exact = found.cost + w.constant, np.full((1, *z.shape), Worth.EXACT, np.int8)
    price = found.price[:, w.at][None]
    if w.reserve is None:
        return Plan(z[None], price, exact, cost, cost - theirs)
    sold = x["reserve"][None]
    paid = np.broadcast_to(w.reserve.price(found.answer)[None, :, None], sold.shape).copy()
    return Plan(z[None], price, exact, cost, cost - theirs, sold, paid)


def nothing(shape: tuple[int, ...]) -> Plan:
    """No clearing."""
    nowhere = np.full(shape, np.nan)
    return Plan(nowhere, nowhere, np.full(shape, Worth.REFUSED, np.int8), np.nan, np.nan)
