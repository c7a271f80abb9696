"""What a feeder would offer of energy and regulation in one period: its problem in a solver's hands, asked by price, place and direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.opf.regulated import RegulatedFeeder
from gridtandem.opf.vector_offer import VectorCost, vector_cost
from gridtandem.orders.products import PRODUCTS
from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Rows
from gridtandem.program.solvers.highs import Held, Highs
from gridtandem.tables import Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class AskedRegulated:
    """θ is the exchange, then capacity and mileage sold, product by product of what is bought; money is by the hour."""

    problem: RegulatedFeeder
    held: Held
    product: Index  # of each coordinate after the first

    @staticmethod
    def of(problem: RegulatedFeeder) -> AskedRegulated:
        """Hand it over once. Costs must be linear."""
        return AskedRegulated(problem, Highs().hold(problem.program, chain=True), np.flatnonzero(problem.bought))

    @property
    def served(self) -> bool:
        """Whether anything serves the feeder at all."""
        return self.held.solve().status is Status.SOLVED

    def cost(self, *, most: int) -> VectorCost | None:
        """The exact cost; None where it takes more than ``most`` planes."""
        self.held.restart()
        return vector_cost(self, 1 + len(self.product), most=most)

    def farthest(self, direction: Real) -> Real:
        """See `gridtandem.opf.vector_offer.Oracle`."""
        return self._theta(self.held.solve(cost={**dict.fromkeys(self.problem.program.columns, 0.0), **self._paid(direction)}))

    def at_price(self, price: Real) -> tuple[Real, float]:
        """See `gridtandem.opf.vector_offer.Oracle`."""
        hours = self.problem.feeder.window.hours
        answer = self.held.solve(cost=self._paid(price * hours))
        theta = self._theta(answer)
        return theta, answer.cost / hours + float(price @ theta)

    def at(self, theta: Real) -> float:
        """See `gridtandem.opf.vector_offer.Oracle`."""
        z, sold = theta[:1], np.zeros((1, len(PRODUCTS)))
        sold[0, self.product] = theta[1:]
        return self.held.solve(bounds={"z": (z, z), "reserve": (sold, sold)}).cost / self.problem.feeder.window.hours

    def _theta(self, answer: Answer) -> Real:
        return np.append(answer.x["z"], answer.x["reserve"][0, self.product])

    def _paid(self, price: Real) -> dict[str, Real]:
        sold = np.zeros((1, len(PRODUCTS)))
        sold[0, self.product] = -price[1:]
        return {"z": -price[:1], "reserve": sold}


@final
@dataclass(frozen=True, slots=True, eq=False)
class AskedSeparable:
    """The same feeder asked for what a separable offer needs to know; mileage that is bought follows capacity one to one."""

    asked: AskedRegulated

    def most(self) -> Real:
        """See `gridtandem.opf.separable_offer.Feeder`"""
        way = [self._sold(np.eye(2)[k]) for k in range(2)]
        none = dict.fromkeys(self.asked.problem.program.columns, 0.0)
        found = [self.asked.held.solve(cost={**none, "reserve": -w}, more=self._even()) for w in way]
        return np.array([float((w * a.x["reserve"]).sum()) if w.any() else 0.0 for w, a in zip(way, found, strict=True)])

    def at_capacity(self, export: float, capacity: Real) -> float:
        """See `gridtandem.opf.separable_offer.Feeder`."""
        z, sold = np.array([-export]), self._sold(capacity, mileage=True)
        return self.asked.held.solve(bounds={"z": (z, z), "reserve": (sold, sold)}).cost / self.asked.problem.feeder.window.hours

    def below(self, slope: Real, ends: tuple[float, float], most: Real) -> float:
        """See `gridtandem.opf.separable_offer.Feeder`."""
        hours = self.asked.problem.feeder.window.hours
        cost = {"z": np.array([slope[0]]) * hours, "reserve": -self._sold(slope[1:]) * hours}
        high = np.where(self.asked.problem.bought, np.inf, 0.0)[None]
        high[0, :2] = np.minimum(high[0, :2], most)
        joint = Rows.of(2, [-np.inf, ends[0]], [ends[1], np.inf], {"z": [[-1.0], [-1.0]], "reserve": np.eye(2, len(PRODUCTS)) * [[1.0], [-1.0]]})
        return self.asked.held.solve(cost=cost, bounds={"reserve": (np.zeros(high.shape), high)}, more={"joint": joint, **self._even()}).cost / hours

    def _even(self) -> dict[str, Rows]:
        """Mileage that is bought is as much as the capacity."""
        rows = [k for k in range(2) if self.asked.problem.bought[k + 2]]
        tie = np.eye(2, len(PRODUCTS)) - np.eye(2, len(PRODUCTS), k=2)
        return {"even": Rows.of(len(rows), 0.0, 0.0, {"reserve": tie[rows]})} if rows else {}

    def _sold(self, capacity: Real, *, mileage: bool = False) -> Real:
        """Capacity up and down as products that are bought."""
        out = np.zeros((1, len(PRODUCTS)))
        out[0] = np.concatenate([capacity, capacity * mileage])
        return out * self.asked.problem.bought
