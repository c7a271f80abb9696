"""The transmission company's market desk: it clears stations' offers and feeders' offers together on the DC network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from scipy import sparse

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.market_letters import Award, ClearAt, ClearWith, Curves, Cut, Plan, PlanWith, Range, Receipt
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.markets.energy import Cleared, Orders, Wires, cleared
from gridtandem.opf.forms.dc import Dc
from gridtandem.parties.lent import LentStores
from gridtandem.parties.reserve import Reserve
from gridtandem.program.answer import Status
from gridtandem.program.arrays import Columns, Matrix, Rows
from gridtandem.resources.day import Owned, owned
from gridtandem.resources.part import Window
from gridtandem.tables import Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Wholesale:
    """One market over all periods of the window."""

    network: Network
    nodal: Nodal
    window: Window
    owned: Owned
    form: Dc
    orders: Orders  # of stations and of demand in transmission, (period, step) in C order
    fixed: Real  # (period, node) injected in any case [MW]
    at: Index  # (interface) node
    reserve: Reserve | None  # None: no regulation is bought

    @staticmethod
    def of(network: Network, bus: Index, window: Window) -> Wholesale:
        """``bus`` is the transmission bus of each interface."""
        nodal = Nodal.of(network)
        have = owned(network, nodal.node, nodal.nodes, window, source=True)
        form = Dc.of(nodal, window.periods)
        return Wholesale(
            network=network, nodal=nodal, window=window, owned=have, form=form, orders=_orders(have, nodal.node), at=nodal.node[bus],
            fixed=np.broadcast_to(have.part.p_fixed, have.p_load.shape) - have.p_load + form.fixed,
            reserve=Reserve.of(network, have.steps, window),
        )  # fmt: skip

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {ClearWith: self.clear_with, ClearAt: self.clear_at, PlanWith: self.plan_with, Award: self.noted}

    def clear_with(self, ask: ClearWith) -> Plan:
        """Feeders' offers are orders like any other."""
        curves, shape = ask.curves, ask.curves.start.shape
        if (curves.worth == Worth.REFUSED).any():
            return _nothing(shape)
        orders, mine, hours = self.offered(curves), len(self.orders.node), self.window.hours
        lent = LentStores.of(curves.stores, self.at, self.nodal.nodes, hours)
        wires = self.wires(len(orders.node), lent.columns, lent.balance, lent.rows)
        found = cleared(orders, self.fixed + spread(-curves.start[0], self.at, self.nodal.nodes), wires, hours=hours)
        z, theirs = curves.start[0].copy(), cost_of(orders, found.accepted, hours, mine)
        np.subtract.at(z, (curves.period, curves.interface), found.accepted[mine:])
        if not lent.columns or found.answer.status is not Status.SOLVED:
            return self._plan(found, z, theirs)
        use, given, wear = lent.used(dict(found.answer.x), shape[2])
        return replace(self._plan(found, z - given, theirs + wear), use=use)

    def clear_at(self, ask: ClearAt) -> Plan:
        """The exchange is given."""
        found = self.clear(self.orders, self.fixed + spread(-ask.z[0], self.at, self.nodal.nodes))
        return self._plan(found, ask.z[0], 0.0)

    def plan_with(self, ask: PlanWith) -> Plan:
        """Feeders cost what the planes say: the exchange is free within reach."""
        columns, rows = planes(ask.reach, ask.cuts, self.window.hours)
        wires = self.wires(len(self.orders.node), columns, {"z": taken(self)}, rows)
        found = cleared(self.orders, self.fixed, wires, hours=self.window.hours)
        return self._plan(found, found.answer.x["z"], float(found.answer.x["eta"].sum()))

    def plan(self, z: Real, price: Real, sold: tuple[Real, Real] | None = None) -> tuple[Cleared, Cleared]:
        """The owner's door: the dispatch for an exchange (period, interface), and the answer to prices at the interfaces with the exchange free,
        from which prices everywhere else are taken; see `FeederMarket.plan`. ``sold`` is feeders' regulation (period, interface, product), and
        its price.
        """
        hours, count = self.window.hours, len(self.orders.node)
        _, first = np.unique(np.vstack([self.at, price]), axis=1, return_index=True)  # interfaces of one node and price answer as one
        free = {"z": Columns.of((len(z), len(first)), cost=-price[:, first] * hours)}
        given: dict[str, Columns] = {}
        if sold is not None:  # a price of regulation is one everywhere
            given["reserve"] = Columns.of(sold[0].shape, sold[0], sold[0])
            free["reserve"] = Columns.of(sold[0][:, :1].shape, 0.0, cost=sold[1][:, :1] * hours)
        here = sparse.kron(sparse.eye_array(len(z)), -_at(self.at[first], self.nodal.nodes), format="csr")
        done = cleared(self.orders, self.fixed + spread(-z, self.at, self.nodal.nodes), self.wires(count, given, {}, {}), hours=hours)
        return done, cleared(self.orders, self.fixed, self.wires(count, free, {"z": here}, {}), hours=hours)

    def noted(self, ask: Award) -> Receipt:
        """Transmission keeps its own plan."""
        return Receipt(np.full(ask.z.shape, Worth.EXACT, np.int8))

    def offered(self, curves: Curves) -> Orders:
        """All orders: its own, then feeders' steps in the order of the letter."""
        width = np.where(curves.mw > 0, curves.mw, 1.0)
        steps = Orders(
            period=curves.period, node=self.at[curves.interface], low=np.zeros(len(curves.mw)), high=curves.mw, price=curves.price,
            slope=curves.rise / width,
        )  # fmt: skip
        return Orders.beside([self.orders, steps])

    def clear(self, orders: Orders, fixed: Real) -> Cleared:
        """The one clearing function of every kind of order."""
        return cleared(orders, fixed, self.wires(len(orders.node), {}, {}, {}), hours=self.window.hours)

    def wires(self, orders: int, columns: Mapping[str, Columns], balance: Mapping[str, Matrix], rows: Mapping[str, Rows]) -> Wires:
        """Network, storage, ramps and regulation of transmission, for a market of so many orders. A column ``reserve`` is what feeders sell."""
        part, form = self.owned.part, self.form
        others = {k: c for k, c in part.columns.items() if k != "x"}
        brought = {k: m for k, m in part.p.items() if k != "x"}
        own_rows = {k: Rows(r.low, r.high, _as_orders(r.parts, orders)) for k, r in part.rows.items()}
        kept, required = ({}, {}) if self.reserve is None else self.reserve.blocks(orders, columns.get("reserve"))
        return Wires(
            periods=self.window.periods, nodes=self.nodal.nodes, columns={**form.columns, **others, **kept, **columns},
            balance={**form.balance, **brought, **balance}, rows={**form.rows, **own_rows, **required, **rows},
        )  # fmt: skip

    @property
    def constant(self) -> float:
        """Cost of its own units at the bottom of their steps."""
        return self.owned.steps.constant * self.window.hours * self.window.periods

    def _plan(self, found: Cleared, z: Real, theirs: float) -> Plan:
        """``theirs`` is what feeders were believed to cost."""
        if found.answer.status is not Status.SOLVED:
            return _nothing((1, *z.shape))
        exact = np.full((1, *z.shape), Worth.EXACT, np.int8)
        return Plan(z[None], found.price[:, self.at][None], exact, found.cost + self.constant, found.cost + self.constant - theirs)


def cost_of(o: Orders, accepted: Real, hours: float, first: int) -> float:
    """Cost of the orders from the ``first`` on."""
    return float((o.price * accepted + 0.5 * o.slope * accepted**2)[first:].sum()) * hours


def _orders(have: Owned, node: Index) -> Orders:
    steps, shape = have.steps, have.steps.low.shape
    low, high = np.where(steps.sign > 0, steps.low, -steps.high), np.where(steps.sign > 0, steps.high, -steps.low)

    def spread(x: Real | Index) -> Any:
        return np.broadcast_to(x, shape).ravel()

    return Orders(
        period=np.repeat(np.arange(shape[0]), shape[1]), node=spread(node[steps.bus]), low=low.ravel(), high=high.ravel(),
        price=spread(steps.sign * steps.price), slope=spread(steps.slope),
    )  # fmt: skip


def planes(reach: Range, cuts: tuple[Cut, ...], hours: float) -> tuple[dict[str, Columns], dict[str, Rows]]:
    """Unknown exchange z and believed cost eta (period, interface) above every plane; a plane of a whole day stands over the sum of its hours."""
    periods, wide = reach.low.shape[1:]
    columns = {"z": Columns.of((periods, wide), reach.low[0], reach.high[0]), "eta": Columns.of((periods, wide), cost=1.0)}
    rows = {}
    for k, cut in enumerate(cuts):
        whole = cut.whole[0].max(0) == 1
        each = sparse.eye_array(periods * wide, format="csr")
        over = sparse.csr_array(sparse.vstack([each[np.tile(~whole, periods)], sparse.csr_array(np.tile(np.eye(wide)[whole], (1, periods)))]))
        slope = -hours * cut.price[0].ravel()
        right = over @ (cut.value[0].ravel() - slope * cut.at[0].ravel())
        rows[f"plane{k}"] = Rows.of(right.shape, right, np.inf, {"eta": over, "z": -over @ sparse.diags_array(slope)})
    return columns, rows


def taken(market: Wholesale) -> Matrix:
    """What exchange (period, interface) brings to (period, node)."""
    return sparse.csr_array(-sparse.kron(sparse.eye_array(market.window.periods), _at(market.at, market.nodal.nodes)))


def spread(injection: Real, node: Index, nodes: int) -> Real:
    """Injections (period, interface) at their nodes."""
    return np.asarray((_at(node, nodes) @ injection.T).T)


def _at(node: Index, nodes: int) -> Matrix:
    return sparse.csr_array((np.ones(len(node)), (node, np.arange(len(node)))), shape=(nodes, len(node)))


def _as_orders(parts: Mapping[str, Matrix], size: int) -> dict[str, Matrix]:
    """Rows over the own steps as rows over all orders, of which those come first."""
    return {
        ("order" if name == "x" else name): sparse.csr_array((m.data, m.indices, m.indptr), shape=(m.shape[0], size)) if name == "x" else m
        for name, m in parts.items()
    }


def _nothing(shape: tuple[int, ...]) -> Plan:
    nowhere = np.full(shape, np.nan)
    return Plan(nowhere, nowhere, np.full(shape, Worth.REFUSED, np.int8), np.nan, np.nan)
