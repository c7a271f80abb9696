"""Transmission's desk for a wholesale market in which units of feeders sell for themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from scipy import sparse

from gridtandem.boundary.choice_letters import PlanUnits, UnitPlan
from gridtandem.boundary.letters import Worth
from gridtandem.markets.energy import cleared
from gridtandem.parties.wholesale import Wholesale, taken
from gridtandem.program.answer import Status
from gridtandem.program.arrays import Columns, Rows


@final
@dataclass(frozen=True, slots=True, eq=False)
class WholesaleChoice:
    """Beside the market desk."""

    market: Wholesale

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {PlanUnits: self.plan_units}

    def plan_units(self, ask: PlanUnits) -> UnitPlan:
        """Units' power is part of the exchange, so they inject nothing of their own; what they save is in the planes."""
        w, shape, offers = self.market, ask.reach.low.shape, ask.offers
        hours, size = w.window.hours, ask.reach.low[0].size
        columns = {
            "z": Columns.of(shape[1:], ask.reach.low[0], ask.reach.high[0]), "eta": Columns.of(shape[1:], cost=1.0),
            "sold": Columns.of(offers.mw.shape[1:], 0.0, offers.mw[0], cost=(offers.price[0] + ask.fee) * hours),
        }  # fmt: skip
        units, rows = offers.mw.shape[-1], dict[str, Rows]()
        if ask.blocks:
            columns["taken"] = Columns.of(offers.mw.shape[1:], 0.0, ask.blocks, integer=True)
            each, one = sparse.diags_array(-offers.mw.ravel() / ask.blocks), sparse.eye_array(offers.mw.size)
            rows["block"] = Rows.of(offers.mw.shape[1:], 0.0, 0.0, {"sold": sparse.csr_array(one), "taken": sparse.csr_array(each)})
        for k, cut in enumerate(ask.cuts):
            price, saving = cut.price[0].ravel() * hours, cut.saving[0].reshape(size, units) * hours
            right = cut.value[0].ravel() + price * cut.at[0].ravel() + (saving * cut.mw[0].reshape(size, units)).sum(-1)
            by_unit = sparse.csr_array((saving.ravel(), (np.repeat(np.arange(size), units), np.arange(size * units))), shape=(size, size * units))
            rows[f"plane{k}"] = Rows.of((size,), right, np.inf, {"eta": sparse.eye_array(size), "z": sparse.diags_array(price), "sold": by_unit})
        found = cleared(w.orders, w.fixed, w.wires(len(w.orders.node), columns, {"z": taken(w)}, rows), hours=hours)
        if found.answer.status is not Status.SOLVED:
            nowhere = np.full(shape, np.nan)
            return UnitPlan(nowhere, nowhere, np.full(offers.mw.shape, np.nan), np.full(shape, Worth.REFUSED, np.int8), *[np.nan] * 3)
        x, cost = found.answer.x, found.cost + w.constant
        sold = np.clip(x["sold"], 0.0, offers.mw[0])[None]
        paid, fees = float((offers.price * sold).sum()) * hours, ask.fee * float(sold.sum()) * hours
        own = cost - float(x["eta"].sum()) - paid - fees
        return UnitPlan(x["z"][None], found.price[:, w.at][None], sold, np.full(shape, Worth.EXACT, np.int8), cost, own, fees)
