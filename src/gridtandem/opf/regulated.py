r"""A feeder that sells energy and regulation: its problem with the network three times, as it stands, with all capacity up called, with all down.

.. math:: V(z, R) = \min_x c(x) \quad \text{s.t.}\quad \text{the feeder's problem at } p,\ \text{its limits at } p + r^u \text{ and at } p - r^d,\quad
          \sum_k r_k = R

With prices μ, μᵘ, μᵈ of the limits in the three, one more MW of demand at a node moves all of them, one more MW of regulation there only one:

.. math:: \pi = \lambda + M_p^\top (\mu + \mu^u + \mu^d), \qquad \pi^u = \rho^u + M_p^\top \mu^u, \qquad \pi^d = \rho^d - M_p^\top \mu^d

so that devices paid π for energy and πᵘ, πᵈ for capacity cover their cost, and what the company keeps is the rent of limits in all three.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.opf.feeder import FeederProblem, FeederState
from gridtandem.orders.products import MILEAGE_DOWN, MILEAGE_UP, PRODUCTS
from gridtandem.program.answer import Answer
from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.resources.regulation import FOLLOWS, WAYS, Regulators
from gridtandem.tables import Flag, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RegulatedState:
    """What an answer means: energy as in `FeederState`, with the limits of all deployments in its prices, and regulation."""

    feeder: FeederState
    reserve: Real  # (period, product) sold [MW]
    reserve_price: Real  # (period, product) at the root
    price_up: Real  # (period, node) of capacity
    price_down: Real
    rent: Real  # (way, period, limit) price of each limit when all of it is called
    called: Real  # (way, active and reactive, period, node) what is injected more when all of it is called [MW, Mvar]

    @property
    def product_price(self) -> Real:
        """(product, period, node)"""
        mileage = [np.broadcast_to(self.reserve_price[:, k : k + 1], self.price_up.shape) for k in (MILEAGE_UP, MILEAGE_DOWN)]
        return np.stack([self.price_up, self.price_down, *mileage])


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RegulatedFeeder:
    """The program of a `FeederProblem` with regulation: block ``reserve`` (period, product) of what is sold at the root."""

    feeder: FeederProblem
    regulators: Regulators
    bought: Flag  # (product)
    reach: Mapping[str, Flag]  # by way: limits that some regulator moves
    program: Program

    @staticmethod
    def of(feeder: FeederProblem, bought: Flag) -> RegulatedFeeder:
        """``bought`` (product) says what the market asks for; of the rest nothing is sold."""
        periods, base = feeder.window.periods, feeder.program
        made = Regulators.of(feeder.network, feeder.owned.steps, feeder.window, bought)
        rows, reach = dict(base.rows) | dict(made.rows), dict[str, Flag]()
        for way, sign in WAYS:
            for name in FOLLOWS:
                if name in base.rows:
                    whole = made.deployed(base.rows[name], way, sign)
                    kept = _moved(whole, way)
                    rows[f"{name}_{way}"] = _some(whole, kept)
                    if name == "limit":
                        reach[way] = kept
        supply = made.supplied(periods, bought)
        free = np.where(bought, np.inf, 0.0)  # no bound may keep a price from those who supply
        columns = {**base.columns, **made.columns, "reserve": Columns.of((periods, len(PRODUCTS)), -free, free)}
        sold = sparse.diags_array(-np.tile(bought.astype(float), periods))
        rows["sold"] = Rows.of((periods, len(PRODUCTS)), 0.0, 0.0, {**supply, "reserve": sold})
        return RegulatedFeeder(feeder=feeder, regulators=made, bought=bought, reach=reach, program=replace(base, columns=columns, rows=rows))

    def state(self, answer: Answer) -> RegulatedState:
        """Powers, voltages and prices of an answer."""
        shape, hours = (self.feeder.window.periods, len(self.feeder.limits.kind)), self.feeder.window.hours
        rent = np.zeros((len(WAYS), *shape))
        for k, (way, _) in enumerate(WAYS):
            rent[k][:, self.reach[way]] = answer.price[f"limit_{way}"].reshape(shape[0], -1) / hours
        together = answer.price["limit"].reshape(shape) + rent.sum(0) * hours
        root = answer.price["sold"] / hours
        by_node = [self.feeder.limits.priced(r)[0].sum(1) for r in rent]
        return RegulatedState(
            feeder=self.feeder.state(replace(answer, price={**answer.price, "limit": together})), reserve=answer.x["reserve"], reserve_price=root,
            price_up=root[:, :1] + by_node[0], price_down=root[:, 1:2] - by_node[1], rent=rent, called=self._called(answer),
        )  # fmt: skip

    def _called(self, answer: Answer) -> Real:
        node, regulators = self.feeder.nodal.node[self.regulators.bus], self.regulators
        out = np.zeros((len(WAYS), 2, *self.feeder.p_there.shape))
        for k, (way, sign) in enumerate(WAYS):
            for part, factor in zip(out[k], (np.ones(len(node)), regulators.q_share), strict=True):
                np.add.at(part.T, node, (sign * factor * answer.x[way]).T)
        return out


def _moved(rows: Rows, way: str) -> Flag:
    """Rows of a period, the same in all, that some regulator moves."""
    if way not in rows.parts:
        return np.zeros(rows.shape[1:], bool)
    return np.asarray((abs(rows.parts[way]).sum(1) > 0).reshape(rows.shape).any(0))


def _some(rows: Rows, kept: Flag) -> Rows:
    """These of each period; rows (period, …) come out as (period, row)."""
    periods = rows.shape[0]
    flat = kept.ravel()
    at = np.flatnonzero(np.tile(flat, periods))
    low, high = (side.reshape(periods, -1)[:, flat] for side in (rows.low, rows.high))
    return Rows(low, high, {name: m[at] for name, m in rows.parts.items()})
