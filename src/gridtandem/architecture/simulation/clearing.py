r"""Clearings of a simulated day: the bulk market with whatever it is shown of feeders, and a feeder by itself.

Whoever clears believes something of each feeder: what it draws, what its steps may do and ask, and perhaps its limits. Limits that cannot be held are
broken at a price above all others, so that a clearing always answers; what is short or too much in the bulk system likewise. Prices are
d cost / d demand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.architecture.simulation.day import Day, Dispatch, Steps, Wires
from gridtandem.boundary.market_letters import Curves
from gridtandem.markets.energy import Orders, cleared
from gridtandem.markets.energy import Wires as Network
from gridtandem.parties.wholesale import Wholesale, cost_of, spread
from gridtandem.program.arrays import Columns, Matrix, Program, Rows
from gridtandem.program.solve import solve
from gridtandem.tables import Real

SHORT = 3_000.0  # price of load that is not served, and of power that nobody takes [currency/MWh]
BROKEN = 10_000.0  # price of a broken limit [currency/MWh]; above what is saved by breaking it, below what strains a solver
SLIGHT = 1e-3  # currency/MWh by which doing nothing is preferred where limits ask for nothing


@final
@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What a clearing is shown of one feeder."""

    least: Real  # (period, step) [MW]
    most: Real
    price: Real  # (period, step) as asked [currency/MWh]
    draw: Real  # (period) believed, with nothing dispatched [MW]
    wires: Wires | None = None  # as far as they are known


@final
@dataclass(frozen=True, slots=True, eq=False)
class BulkPlan:
    """What a bulk market decided."""

    y: Dispatch  # of steps it took itself
    z: Real  # (period, feeder) exchange it reckons with [MW]
    price: Real  # (period, feeder) [currency/MWh]
    unit_p: Real  # (period, bulk order) [MW]
    cost: float  # of bulk orders over the day [currency]
    asked: float  # of steps and curves, as asked
    short: Real  # (period) demand not served [MW]
    spilled: Real  # (period) power that nobody took [MW]
    variables: int
    rows: int


def cleared_bulk(day: Day, shown: Sequence[Shown], curves: Curves | None = None) -> BulkPlan:
    """Bulk orders, steps of feeders at their nodes, limits as far as shown, and curves of companies beside."""
    market, hours = day.wholesale, day.hours
    own, steps = market.orders, [_as_orders(day, k, s) for k, s in enumerate(shown)]
    relief = _relief(market)
    offered = _curves(market, curves)
    every = Orders.beside([own, relief, *steps, *([offered] if offered is not None else [])])
    ends = np.cumsum([0, *(len(o.node) for o in (own, relief, *steps))])
    columns, rows = _limits(day, shown, ends[2:], len(every.node))
    start = np.zeros_like(spread_draw(day, shown)) if curves is None else np.where(np.isfinite(curves.start[0]), curves.start[0], 0.0)
    draw = spread_draw(day, shown) + start
    fixed = market.fixed + spread(-draw, market.at, market.nodal.nodes)
    wires: Network = market.wires(len(every.node), columns, {}, rows)
    found = cleared(every, fixed, wires, hours=hours)
    x = found.answer.require().x["order"]
    y = tuple(x[a:b].reshape(s.least.shape) for a, b, s in zip(ends[2:-1], ends[3:], shown, strict=True))
    z = draw - np.stack([each.sum(1) for each in y], -1)
    if offered is not None and curves is not None:
        np.subtract.at(z, (curves.period, curves.interface), x[ends[-1] :])
    missing = x[ends[1] : ends[2]].reshape(2, day.periods, -1)
    program = _size(every, wires)
    return BulkPlan(
        y=y, z=z, price=found.price[:, market.at], unit_p=x[: ends[1]].reshape(day.periods, -1), cost=cost_of(own, x[: ends[1]], hours, 0),
        asked=cost_of(every, x, hours, int(ends[2])), short=missing[0].sum(1), spilled=-missing[1].sum(1), variables=program[0], rows=program[1],
    )  # fmt: skip


def followed(day: Day, z: Real) -> BulkPlan:
    """The bulk system alone, for a given exchange (period, feeder): what it does in the end."""
    nothing = np.zeros((day.periods, 0))
    return cleared_bulk(day, [Shown(nothing, nothing, nothing, z[:, k]) for k in range(z.shape[1])])


def spread_draw(day: Day, shown: Sequence[Shown]) -> Real:
    """Believed draws (period, feeder). [MW]"""
    return np.stack([s.draw for s in shown], -1) if shown else np.zeros((day.periods, 0))


@final
@dataclass(frozen=True, slots=True, eq=False)
class FeederPlan:
    """What one feeder decided by itself."""

    y: Real  # (period, step) [MW]
    z: Real  # (period) [MW]
    price: Real  # (period) of the exchange, as d cost / d demand; NaN where the exchange is given and nothing could move
    missed: Real  # (period) of a given exchange that could not be kept [MW]
    variables: int
    rows: int


def cleared_feeder(day: Day, shown: Shown, *, price: Real | None = None, exchange: Real | None = None) -> FeederPlan:
    """A feeder's steps under its limits: at least cost; against a price of power from above (period); for a given exchange (period)."""
    periods, width = shown.least.shape
    hours = day.hours
    worth = np.zeros(periods) if price is None else price
    columns = {
        "y": Columns.of((periods, width), shown.least, shown.most, cost=(shown.price - worth[:, None]) * hours),
        "off": Columns.of((2, periods), 0.0, np.inf if exchange is not None else 0.0, cost=SHORT * hours),
    }
    sums = sparse.kron(sparse.eye_array(periods), np.ones((1, width)), format="csr")
    each = sparse.eye_array(periods)
    rows = {}
    if exchange is not None:
        rows["exchange"] = Rows.of((periods,), shown.draw - exchange, shown.draw - exchange, {"y": sums, "off": sparse.hstack([each, -each])})
    if shown.wires is not None:
        more, limit = _elastic("y", "beyond", shown.wires, _repeated(shown.wires.h, periods), hours=hours)
        columns |= more
        rows |= limit
    program = Program(columns, rows)
    found = solve(program).require()
    y, off = found.x["y"], found.x["off"]
    told = found.price["exchange"] / hours if exchange is not None else worth
    count = sum(int(np.prod(c.shape)) for c in columns.values())
    return FeederPlan(
        y=y, z=shown.draw - y.sum(1), price=told, missed=off[0] - off[1], variables=count, rows=sum(int(np.prod(r.shape)) for r in rows.values())
    )


def shown_of(day: Day, *, limits: bool, draw: Real | None = None) -> list[Shown]:
    """Every feeder as it is; ``draw`` (period, feeder) as it is believed."""
    return [
        Shown(
            f.steps.least, f.steps.most, np.broadcast_to(f.steps.price, f.steps.least.shape), f.draw if draw is None else draw[:, k],
            f.wires if limits else None,
        )
        for k, f in enumerate(day.feeders)
    ]  # fmt: skip


def only(shown: Shown, mine: Real, others: Real) -> Shown:
    """Some steps alone (``mine`` is 1 there); where others are is given (period, step)."""
    there = mine > 0
    return replace(shown, least=np.where(there, shown.least, others), most=np.where(there, shown.most, others))


def effort(steps: Steps, asked: Real, energy: float) -> Real:
    """What it costs to move steps off where they rest (period, step): up, what they ask; down, what they forgo; at least a little."""
    rests_high = steps.idle > (steps.least + steps.most) / 2
    return np.where(rests_high, np.minimum(asked - energy, -SLIGHT), np.maximum(asked, SLIGHT))


def _as_orders(day: Day, feeder: int, shown: Shown) -> Orders:
    periods, width = shown.least.shape
    return Orders(
        period=np.repeat(np.arange(periods), width), node=np.full(periods * width, day.feeders[feeder].node), low=shown.least.ravel(),
        high=shown.most.ravel(), price=np.ascontiguousarray(shown.price).ravel(), slope=np.zeros(periods * width),
    )  # fmt: skip


def _relief(market: Wholesale) -> Orders:
    """Load that may go unserved and power that may be spilled, at every bulk node."""
    periods, nodes = market.window.periods, market.nodal.nodes
    period, node = np.tile(np.repeat(np.arange(periods), nodes), 2), np.tile(np.arange(nodes), 2 * periods)
    sign = np.repeat([1.0, -1.0], periods * nodes)
    return Orders(
        period=period, node=node, low=np.where(sign > 0, 0.0, -np.inf), high=np.where(sign > 0, np.inf, 0.0), price=sign * SHORT,
        slope=np.zeros(len(node)),
    )  # fmt: skip


def _curves(market: Wholesale, curves: Curves | None) -> Orders | None:
    if curves is None:
        return None
    size = len(curves.mw)
    width = np.where(curves.mw > 0, curves.mw, 1.0)
    return Orders(
        period=curves.period, node=market.at[curves.interface], low=np.zeros(size), high=curves.mw, price=curves.price, slope=curves.rise / width
    )


def _limits(day: Day, shown: Sequence[Shown], first: Real, size: int) -> tuple[dict[str, Columns], dict[str, Rows]]:
    columns: dict[str, Columns] = {}
    rows: dict[str, Rows] = {}
    for k, s in enumerate(shown):
        if s.wires is None or not s.wires.h.size:
            continue
        wide = _repeated(s.wires.h, day.periods)
        placed = sparse.csr_array((wide.data, wide.indices + int(first[k]), wide.indptr), shape=(wide.shape[0], size))
        more, limit = _elastic("order", f"beyond{k}", s.wires, placed, hours=day.hours)
        columns |= more
        rows |= limit
    return columns, rows


def _elastic(name: str, slack: str, wires: Wires, part: Matrix, *, hours: float) -> tuple[dict[str, Columns], dict[str, Rows]]:
    """Rows of a feeder's limits over a block, which may be broken at a price."""
    shape = wires.there.shape
    each = sparse.eye_array(int(np.prod(shape)))
    rows = Rows.of(shape, wires.low - wires.there, wires.high - wires.there, {name: part, slack: sparse.hstack([each, -each])})
    return {slack: Columns.of((2, *shape), 0.0, cost=BROKEN * hours)}, {f"{slack}.limit": rows}


def _repeated(h: Real, periods: int) -> Matrix:
    return sparse.csr_array(sparse.kron(sparse.eye_array(periods), sparse.csr_array(h), format="csr"))


def _size(orders: Orders, wires: Network) -> tuple[int, int]:
    """Unknowns and rows."""
    variables = len(orders.node) + sum(int(np.prod(c.shape)) for c in wires.columns.values())
    return variables, wires.periods * wires.nodes + sum(int(np.prod(r.shape)) for r in wires.rows.values())
