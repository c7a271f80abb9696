r"""A feeder's cost as a function of its exchange, over one period or several that hang together: its value, its slope, its answer to a price.

Beyond reach the exchange is short or too much at a penalty above every price, so that the function is finite everywhere, convex, and exact wherever
it was finite before. In formulas, with V from `gridtandem.opf.feeder`,

.. math:: V_\Omega(\bar z) = \min_z V(z) + \Omega \Delta \lVert z - \bar z \rVert_1, \qquad
          z(\lambda, \hat z, \rho) = \arg\min_z V(z) + \lambda \Delta z + \tfrac{\rho}{2} \Delta (z - \hat z)^2
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.opf.feeder import FeederProblem
from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.solve import Holding, hold, solve
from gridtandem.tables import Real

BEYOND = 5000.0  # currency/MWh for exchange a feeder cannot take
SHORT = 1e-6  # MW; less than this short is the solver's rounding
SIDES = ("short", "beyond")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Found:
    """A point of the function; NaN where there is no answer."""

    z: Real  # (period) [MW]
    cost: Real  # (period) [currency]
    price: Real  # (period) −∂V/∂z [currency/MWh]
    short: bool  # beyond reach


@final
@dataclass(frozen=True, slots=True, eq=False)
class FeederValue:
    """A feeder's problem held by solvers, with the exchange free and with the exchange given."""

    problem: FeederProblem
    free: Holding
    given: Holding

    @staticmethod
    def of(problem: FeederProblem) -> FeederValue:
        """Hand it over."""
        program, size, hours = problem.program, problem.window.periods, problem.window.hours
        gap = {name: Columns.of((size,), 0.0, np.inf, cost=BEYOND * hours) for name in SIDES}
        one = sparse.eye_array(size, format="csr")
        rows = {**program.rows, "given": Rows.of((size,), 0.0, 0.0, {"z": one, "short": one, "beyond": -one})}
        return FeederValue(problem, hold(program), hold(replace(program, columns={**program.columns, **gap}, rows=rows)))

    def at(self, z: Real) -> Found:
        """Value and slope at an exchange (period)."""
        answer = self.given.solve(right={"given": (z, z)})
        if answer.status is not Status.SOLVED:
            return self._nothing()
        lacking = sum((answer.x[name] for name in SIDES), np.zeros(z.shape))
        hours = self.problem.window.hours
        price = -answer.price["given"] / hours
        return Found(z=z, cost=self._costs(answer) + BEYOND * hours * lacking, price=price, short=bool((lacking > SHORT).any()))

    def at_price(self, price: Real) -> Found:
        """Cheapest answer to prices (period)."""
        return self._point(self.free.solve(cost={"z": price * self.problem.window.hours}), price)

    def near(self, price: Real, wish: Real, weight: Real) -> Found:
        """Cheapest answer to prices where distance from a wish costs too; both (period)."""
        if not weight.any():
            return self.at_price(price)
        program, hours = self.problem.program, self.problem.window.hours
        z = Columns.of(wish.shape, program.columns["z"].low, cost=(price - weight * wish) * hours, quadratic=weight * hours)
        return self._point(solve(replace(program, columns={**program.columns, "z": z})), price)

    def reach(self) -> tuple[Real, Real]:
        """Least and most exchange (period), each period for itself, whatever it costs; NaN where the feeder cannot be served at all."""
        size = self.problem.window.periods
        columns = {name: replace(c, cost=np.zeros(c.shape), quadratic=np.zeros(c.shape)) for name, c in self.problem.program.columns.items()}
        held = hold(Program(columns, self.problem.program.rows))
        ends = [[_end(held, sign * np.eye(size)[t], t) for t in range(size)] for sign in (1.0, -1.0)]
        return np.array(ends[0]), np.array(ends[1])

    def bend(self, z: Real, width: float) -> Real:
        """−∂price/∂z (period), across twice the width, or on one side where the other is beyond reach; 0 where both are."""
        left, here, right = (self.at(x) for x in (z - width, z, z + width))
        ends = [side for side in (left, right) if not side.short]
        if not ends or here.short:
            return np.zeros(z.shape)
        a, b = (ends[0], ends[-1]) if len(ends) == 2 else sorted((here, ends[0]), key=lambda found: float(found.z[0]))
        return np.asarray(np.maximum((a.price - b.price) / (b.z - a.z), 0.0))

    def _point(self, answer: Answer, price: Real) -> Found:
        if answer.status is not Status.SOLVED:
            return self._nothing()
        return Found(z=answer.x["z"], cost=self._costs(answer), price=price, short=False)

    def _costs(self, answer: Answer) -> Real:
        """Of the feeder's own decisions, by period; every block of it lies by period."""
        program, size = self.problem.program, self.problem.window.periods
        out = np.full(size, program.constant / size)
        for name, c in program.columns.items():
            if name != "z":
                x = answer.x[name]
                out = out + (c.cost * x + 0.5 * c.quadratic * x**2).reshape(size, -1).sum(-1)
        return out

    def _nothing(self) -> Found:
        nowhere = np.full(self.problem.window.periods, np.nan)
        return Found(z=nowhere, cost=nowhere, price=nowhere, short=True)


def _end(held: Holding, direction: Real, period: int) -> float:
    answer = held.solve(cost={"z": direction})
    return float(answer.x["z"][period]) if answer.status is Status.SOLVED else np.nan
