"""What a feeder would offer of energy and regulation in one period: its problem in a solver's hands, asked by price, place and direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.opf.regulated import RegulatedFeeder
from gridtandem.opf.vector_offer import VectorCost, vector_cost
from gridtandem.orders.products import PRODUCTS
from gridtandem.program.answer import Answer, Status
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
