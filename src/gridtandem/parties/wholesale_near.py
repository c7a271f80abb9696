r"""Transmission's desk for schemes that go to and fro: slopes of its prices, a clearing near a wish, a step to a level.

The step to a level is :math:`\min \tfrac12 \lVert z - \hat z \rVert^2` under *cost of transmission + planes ≤ level*. Quadratic costs of stations
make of that one second-order cone,
:math:`\sum_k s_k x_k^2 \le 2 S \tau \iff \lVert (\sqrt{s / S} \circ x, \tau - \tfrac12) \rVert \le \tau + \tfrac12`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from scipy import sparse

from gridtandem.boundary.cmo_letters import LevelWith, PlanNear, Proposal, Slope, SlopeAt
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.market_letters import ClearAt, Cut, Plan, PlanWith, Range
from gridtandem.markets.energy import Wires, cleared, market
from gridtandem.parties.wholesale import Wholesale, planes, taken
from gridtandem.program.answer import Status
from gridtandem.program.arrays import Columns, Cones, Matrix, Program, Rows
from gridtandem.program.solve import solve
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class WholesaleNear:
    """Beside the market desk."""

    market: Wholesale

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {SlopeAt: self.slope_at, PlanNear: self.plan_near, LevelWith: self.level_with}

    def slope_at(self, ask: SlopeAt) -> Slope:
        """By central differences of prices, over all periods at once: they hang together by storage and ramps alone."""
        z, wide = ask.z, ask.z.shape[-1]
        here = self.market.clear_at(ClearAt(z))

        def rise(step: Real) -> Real:
            up, down = (self.market.clear_at(ClearAt(z + sign * ask.width * step)).price for sign in (1.0, -1.0))
            return np.maximum((up - down) / (2 * ask.width), 0.0)

        own = np.stack([rise(np.eye(wide)[i])[..., i] for i in range(wide)], -1)
        together = rise(np.ones(wide))
        own, together = (np.where(np.isnan(x), 0.0, x) for x in (own, together))  # no market there: nothing is known of the slope
        return Slope(here.price, own, together, here.worth, here.own_cost)

    def plan_near(self, ask: PlanNear) -> Plan:
        """The distance is not part of the cost that is told."""
        wires, hours = self._wires(ask.reach, ask.cuts), self.market.window.hours
        z = wires.columns["z"]
        pulled = replace(z, cost=-hours * ask.weight[0] * ask.wish[0], quadratic=hours * ask.weight[0])
        found = cleared(self.market.orders, self.market.fixed, replace(wires, columns={**wires.columns, "z": pulled}), hours=hours)
        if found.answer.status is not Status.SOLVED:
            nowhere = np.full(ask.wish.shape, np.nan)
            return Plan(nowhere, nowhere, np.full(ask.wish.shape, Worth.REFUSED, np.int8), np.nan, np.nan)
        at = found.answer.x["z"]
        cost = found.cost + self.market.constant - float((pulled.cost * at + 0.5 * pulled.quadratic * at**2).sum())
        theirs = float(found.answer.x["eta"].sum()) if "eta" in found.answer.x else 0.0
        return Plan(at[None], found.price[:, self.market.at][None], np.full(ask.wish.shape, Worth.EXACT, np.int8), cost, cost - theirs)

    def level_with(self, ask: LevelWith) -> Proposal:
        """The nearest exchange at the level; where numbers are too close for it, the cheapest one, which is below the level: an ESTIMATE."""
        base = market(self.market.orders, self.market.fixed, self._wires(ask.reach, ask.cuts), hours=self.market.window.hours)
        answer = solve(_levelled(base, ask.wish[0], ask.level - self.market.constant))
        if answer.status is not Status.SOLVED:
            plan = self.market.plan_with(PlanWith(ask.reach, ask.cuts))
            return Proposal(plan.z, np.minimum(plan.worth, Worth.ESTIMATE).astype(np.int8))
        z = np.clip(answer.x["z"], ask.reach.low[0], ask.reach.high[0])[None]
        return Proposal(z, np.full(z.shape, Worth.EXACT, np.int8))

    def _wires(self, reach: Range, cuts: tuple[Cut, ...]) -> Wires:
        w = self.market
        columns, rows = planes(reach, cuts, w.window.hours)
        if not cuts:
            columns.pop("eta")
        return w.wires(len(w.orders.node), columns, {"z": taken(w)}, rows)


def _levelled(base: Program, wish: Real, level: float) -> Program:
    """Distance in place of cost, and cost in a row."""
    blocks = base.columns
    columns = {name: replace(c, cost=np.zeros(c.shape), quadratic=np.zeros(c.shape)) for name, c in blocks.items()}
    columns["z"] = replace(columns["z"], cost=-wish, quadratic=np.ones(wish.shape))
    cost: dict[str, Matrix] = {name: sparse.csr_array(c.cost.reshape(1, -1)) for name, c in blocks.items() if c.cost.any()}
    bent = {name: c for name, c in blocks.items() if c.quadratic.any()}
    if not bent:
        return Program(columns, {**base.rows, "level": Rows.of((1,), -np.inf, level, cost)})
    scale, size = max(1.0, abs(level)), sum(c.quadratic.size for c in bent.values())
    columns["tau"], top, parts = Columns.of((1,), 0.0), 2, dict[str, Matrix]()
    for name, c in bent.items():
        rows = np.arange(top, top + c.quadratic.size)
        parts[name] = sparse.csr_array((-np.sqrt(c.quadratic.ravel() / scale), (rows, rows - top)), shape=(size + 2, c.quadratic.size))
        top += c.quadratic.size
    ends = np.zeros((size + 2, 1))
    ends[:2, 0] = -1.0
    right = np.zeros((1, size + 2))
    right[0, :2] = 0.5, -0.5
    cones = {"bent": Cones.of((1, size + 2), {**parts, "tau": ends}, right)}
    row = Rows.of((1,), -np.inf, level / scale, {**{k: m / scale for k, m in cost.items()}, "tau": np.ones((1, 1))})
    return Program(columns, {**base.rows, "level": row}, cones)
