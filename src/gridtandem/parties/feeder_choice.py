r"""A distribution company's desk for units that choose between its own market and the wholesale market.

Of unit i, κ_i is kept for the wholesale market, which accepts w_i of it; the own market has the rest. With c all costs,

.. math:: \Phi(z, w) = \min_x \Big\{ c(x) - \sum_i \beta_i w_i :\;
          w_i \le x_i \le w_i + \overline x_i - \kappa_i,\ \text{exchange } z,\ \text{limits} \Big\}

convex in both. Where limits cannot be kept so, units are curtailed below w or called beyond it at a penalty above every price: planes there are the
operating envelope.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from scipy import sparse

from gridtandem.boundary.choice_letters import Forward, ResidualAt, UnitCut, UnitOffers
from gridtandem.boundary.letters import Worth
from gridtandem.markets.choice import Supply, own_prices
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.feeder_value import BEYOND, SHORT
from gridtandem.parties.feeder_value import FeederValues
from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Columns, Rows
from gridtandem.program.solve import Holding, hold
from gridtandem.resources.steps import UNIT
from gridtandem.tables import Index, Real

TYPE_1 = "DG1"  # how names of units begin that may choose, where a feeder tells them from others


@final
@dataclass(frozen=True, slots=True, eq=False)
class FeederChoice:
    """Beside the desk for questions about cost. Feeders whose periods hang together have no such market."""

    values: FeederValues
    _held: dict[tuple[int, int], Holding]

    @staticmethod
    def of(values: FeederValues) -> FeederChoice:
        """Nothing is solved yet."""
        return FeederChoice(values, {})

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {Forward: self.forward, ResidualAt: self.residual_at}

    def forward(self, ask: Forward) -> UnitOffers:
        """By share, or each unit where the forecast pays it more: the price at the interface less the fee, or what the own market pays it."""
        shape = (*self.values.shape, ask.units)
        mw, held, price, planned = (np.zeros(shape) for _ in range(4))
        exchange, worth = np.full(self.values.shape, np.nan), np.full(self.values.shape, Worth.REFUSED, np.int8)
        for f, hours in enumerate(self.values.hourly):
            for t, problem in enumerate(hours):
                rows, steps = type_1(problem), problem.owned.steps
                for i in np.flatnonzero(self.values.kind == f).tolist() if len(rows) <= ask.units else []:
                    local, made, exchange[0, t, i] = _forecast(problem, float(ask.price[0, t, i]), ask.local)
                    share = np.full(len(rows), ask.share) if ask.share >= 0 else (ask.price[0, t, i] - ask.fee > local[rows]).astype(float)
                    offered = np.minimum(share * steps.high[0, rows], steps.high[0, rows] - steps.low[0, rows])
                    mw[0, t, i, : len(rows)] = np.where(offered >= ask.least_mw, offered, 0.0)
                    held[0, t, i, : len(rows)] = offered
                    planned[0, t, i, : len(rows)] = np.minimum(mw[0, t, i, : len(rows)], made[rows])
                    price[0, t, i, : len(rows)], worth[0, t, i] = steps.price[rows], Worth.EXACT
        return UnitOffers(mw, held, price, exchange, planned, worth)

    def residual_at(self, ask: ResidualAt) -> UnitCut:
        """Cost of the own market, and planes below it."""
        shape = self.values.shape
        (value, price, paid), saving = np.full((3, *shape), np.nan), np.zeros(ask.mw.shape)
        worth = np.full(shape, Worth.REFUSED, np.int8)
        for f, hours in enumerate(self.values.hourly):
            for t, problem in enumerate(hours):
                rows, steps, length = type_1(problem), problem.owned.steps, problem.window.hours
                for i in np.flatnonzero(self.values.kind == f).tolist():
                    sold, z = ask.mw[0, t, i, : len(rows)], ask.z[0, t, [i]]
                    own = np.maximum(steps.high[0, rows] - ask.kept[0, t, i, : len(rows)], 0.0)
                    given, shown = {"given": (z, z), "sold": (sold[None], sold[None])}, {"own": (0.0 * own[None], own[None])}
                    found = self._of(f, t).solve(right=given, bounds=shown)
                    if found.status is not Status.SOLVED:
                        continue
                    paid[0, t, i] = float(steps.price[rows] @ sold) * length
                    value[0, t, i] = found.cost - paid[0, t, i]
                    price[0, t, i] = -float(found.price["given"][0]) / length
                    saving[0, t, i, : len(rows)] = steps.price[rows] - found.price["sold"][0] / length
                    short = max(float(found.x[name].max(initial=0.0)) for name in ("short", "beyond", "curtailed", "called"))
                    worth[0, t, i] = Worth.BOUND if short > SHORT else Worth.EXACT
        return UnitCut(ask.z, ask.mw, value, paid, price, saving, worth)

    def _of(self, feeder: int, period: int) -> Holding:
        if (feeder, period) not in self._held:
            self._held[feeder, period] = _own_market(self.values.hourly[feeder][period])
        return self._held[feeder, period]


def type_1(problem: FeederProblem) -> Index:
    """Steps of units that may go to the wholesale market: those that cost something and offer in one step, and of them those named DG1, where units
    are named so; the others are local.
    """
    steps, net = problem.owned.steps, problem.network
    unit, count = np.unique(steps.row[steps.source == UNIT], return_counts=True)
    rows = np.flatnonzero((steps.source == UNIT) & (steps.price > 0) & np.isin(steps.row, unit[count == 1]))
    named = np.char.startswith(net.generators.name[steps.row[rows]].astype(str), TYPE_1)
    return rows[named] if named.any() else rows


def planned(problem: FeederProblem, z: Real, price: Real, sold: Real, kept: Real) -> tuple[Answer, Answer]:
    """The owner's door, as `gridtandem.parties.feeder_market.FeederMarket.plan`, for an own market that has what was not kept (period, unit) for
    the wholesale market, and what that accepted, ``sold``. ``z`` and ``price`` are by period.
    """
    held, rows = _own_market(problem), type_1(problem)
    own = np.maximum(problem.owned.steps.high[:, rows] - kept, 0.0)
    bounds, right = {"own": (0.0 * own, own)}, {"sold": (sold, sold)}
    free = {**bounds, "short": (0.0 * z, 0.0 * z), "beyond": (0.0 * z, 0.0 * z)}
    nowhere = np.full(z.shape, np.inf)
    return (
        held.solve(right={**right, "given": (z, z)}, bounds=bounds),
        held.solve(right={**right, "given": (-nowhere, nowhere)}, bounds=free, cost={"z": price * problem.window.hours}),
    )


def _own_market(problem: FeederProblem) -> Holding:
    """With rows ``given`` (period) and ``sold`` (period, unit): what a unit makes is what it sold, changed by what limits enforce, and its own
    market's part.
    """
    program, hours, rows = problem.program, problem.window.hours, type_1(problem)
    periods, steps = problem.owned.steps.high.shape
    shape = periods, len(rows)
    one, eye = sparse.eye_array(periods), sparse.eye_array(periods * len(rows))
    pick = sparse.csr_array((np.ones(len(rows)), (np.arange(len(rows)), rows)), shape=(len(rows), steps))
    sizes = {"short": (periods,), "beyond": (periods,), "curtailed": shape, "called": shape}
    gap = {name: Columns.of(size, 0.0, np.inf, cost=BEYOND * hours) for name, size in sizes.items()}
    gap["own"] = Columns.of(shape, 0.0, problem.owned.steps.high[:, rows])
    more = {
        "given": Rows.of((periods,), 0.0, 0.0, {"z": one, "short": one, "beyond": -one}),
        "sold": Rows.of(shape, 0.0, 0.0, {"x": sparse.kron(one, pick, format="csr"), "curtailed": eye, "called": -eye, "own": -eye}),
    }  # fmt: skip
    return hold(replace(program, columns={**program.columns, **gap}, rows={**program.rows, **more}))


def _forecast(problem: FeederProblem, price: float, rule: str) -> tuple[Real, Real, float]:
    """What the own market pays each step, its power, and the exchange, where the whole feeder answers a price at the interface."""
    steps = problem.owned.steps
    answer = hold(problem.program).solve(cost={"z": np.array([price * problem.window.hours])})
    found, x = problem.state(answer), answer.x["x"][0]
    marginal = found.price[0, problem.nodal.node[steps.bus]]
    sells = steps.sign > 0
    paid = float((steps.price * x + 0.5 * steps.slope * x**2)[sells].sum())
    supply = Supply(power=float(x[sells].sum()), cost=paid, bought=float(found.z[0]), price=price)
    return own_prices(rule, marginal, steps.price + 0.5 * steps.slope * x, supply), x, float(found.z[0])
