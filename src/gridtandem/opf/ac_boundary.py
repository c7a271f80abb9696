r"""A network's AC problem as the function of what passes at its ports: least cost under prices, models and fixed exchanges, and how it bends.

The exchange y = (p, q, v) of a port is power through it and voltage magnitude at it. A question is what y costs beside the network's own cost
(`gridtandem.opf.ac_functions.Toll`), and which of its components are fixed. At an answer with Newton system K — second derivatives of the
Lagrangian with the toll in them, barrier terms :math:`\Sigma = z / \text{distance}` of everything bounded, rows that are equations — the answer
moves with linear costs θ of y and with fixed values by

.. math:: -\frac{dy}{d\theta} = J K^{-1} J^\top, \qquad \frac{d\pi}{dy_{fixed}} = \text{change of the multipliers of the balances at ports}

with J picking the unknowns y. Both are exact where no bound is about to begin or cease to bind. Per unit on 100 MVA, cost in currency per hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.grid.network import Network
from gridtandem.opf.ac import AcOpf
from gridtandem.opf.ac_functions import AcFunctions, Toll
from gridtandem.opf.ac_trouble import explained
from gridtandem.program.answer import Answer, Status
from gridtandem.program.smooth import sides
from gridtandem.program.solvers.interior import Held, Interior
from gridtandem.tables import Index, Real
from gridtandem.units import MVA

if TYPE_CHECKING:
    from gridtandem.program.blocks import Solve

POWERS = ("draw_p", "draw_q")
TIGHT = 1e-10  # of scaled conditions: what crosses is compared to 1e-6 pu, and slopes are taken of it


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Asked:
    """A question: what passing costs, and components of y that are fixed, by column of y (interface)."""

    toll: Toll
    fixed: Mapping[int, Real]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AcBoundary:
    """A network with ports, held by a solver; answers are functions of the question alone."""

    problem: AcOpf
    held: Held
    functions: AcFunctions
    port: Index  # (interface) node
    sign: float  # with which what passes enters the balance: −1 leaves the network, +1 enters it

    @staticmethod
    def of(network: Network, ports: Index, sign: float) -> AcBoundary:
        """Nothing is solved yet. Limits of voltage at a port belong to the network that power leaves."""
        problem = AcOpf.of(unlimited(network, ports) if sign > 0 else network, ports, sign)
        functions = problem.program.functions
        assert isinstance(functions, AcFunctions)
        return AcBoundary(
            problem=problem, held=Interior(tolerance=TIGHT).hold(problem.program), functions=functions, port=problem.form.nodal.node[ports], sign=sign
        )

    def free(self) -> Toll:
        """Passing costs nothing."""
        return Toll.none(self.functions.toll.column)

    def least(self, asked: Asked, start: Answer | None = None) -> Answer:
        """The cheapest answer nearby."""
        return self.held.solve(start=start, bounds=self._bounds(asked), functions=replace(self.functions, toll=asked.toll))

    def exchange(self, answer: Answer) -> Real:
        """What passes (interface, 3)."""
        return np.stack([answer.x["draw_p"], answer.x["draw_q"], answer.x["v"][self.port]], -1)

    def price(self, answer: Answer) -> Real:
        """Of fixed components, d cost / d y (interface, 3); of free ones what is left of it, 0."""
        return np.stack([answer.reduced["draw_p"], answer.reduced["draw_q"], answer.reduced["v"][self.port]], -1)

    def own_cost(self, asked: Asked, answer: Answer) -> float:
        """Cost without the toll."""
        return answer.cost - asked.toll.cost(self._flat(answer))

    def yields(self, asked: Asked, answer: Answer) -> Real:
        """−dy/dθ of each interface by itself (interface, 3, 3), all components free."""
        column, solve = asked.toll.column, self._newton(asked, answer)
        out = np.empty((*column.shape, 3))
        for i, own in enumerate(column):
            right = np.zeros((_size(self), 3))
            right[own, np.arange(3)] = 1.0
            out[i] = solve(right)[own]
        return (out + out.transpose(0, 2, 1)) / 2

    def rises(self, asked: Asked, answer: Answer) -> Real:
        """Of prices by powers drawn, where all of them are fixed: all P, then all Q of all interfaces (2 · interface, 2 · interface)."""
        n, many = self.problem.form.nodal.nodes, len(self.port)
        row = len(self.problem.program.start) + np.concatenate([self.port, n + self.port])  # balances are the first equations
        right = np.zeros((_size(self), 2 * many))
        right[row, np.arange(2 * many)] = 1.0
        out: Real = -self._newton(asked, answer)(right)[row]
        return (out + out.T) / 2

    def explained(self, asked: Asked) -> str:
        """Why there is no answer: what would have to give way."""
        spans = {name: replace(self.problem.program.columns[name], low=low, high=high) for name, (low, high) in self._bounds(asked).items()}
        program = replace(self.problem.program, columns={**self.problem.program.columns, **spans})
        return explained(replace(self.problem, program=program))[0]

    def _bounds(self, asked: Asked) -> dict[str, tuple[Real, Real]]:
        out = {name: (asked.fixed[k], asked.fixed[k]) for k, name in enumerate(POWERS) if k in asked.fixed}
        if 2 in asked.fixed:
            low, high = (np.array(x) for x in (self.problem.form.v_low, self.problem.form.v_high))
            low[self.port] = high[self.port] = asked.fixed[2]
            out["v"] = (low, high)
        return out

    def _flat(self, answer: Answer) -> Real:
        return np.concatenate([answer.x[name].ravel() for name in self.problem.program.columns])

    def _newton(self, asked: Asked, answer: Answer) -> Solve:
        """The optimality system at an answer."""
        return self.held.bent(answer, bounds=self._bounds(asked), functions=replace(self.functions, toll=asked.toll))


def _size(at: AcBoundary) -> int:
    """Unknowns and equations of its optimality system."""
    rows = at.problem.program.rows
    return len(at.problem.program.start) + int(np.equal(*sides(rows)).sum())


def decided(at: AcBoundary, answer: Answer) -> Network:
    """The network with its units where an answer puts them, and the voltages they are to hold."""
    nodal = at.problem.form.nodal
    g, u = nodal.network.generators, nodal.units
    p, q, v = g.p_mw.copy(), g.q_mvar.copy(), g.v_set_pu.copy()
    p[u.row], q[u.row], v[u.row] = answer.x["p"] * MVA, answer.x["q"] * MVA, answer.x["v"][u.node]
    return replace(nodal.network, generators=replace(g, p_mw=p, q_mvar=q, v_set_pu=v))


def unlimited(network: Network, ports: Index) -> Network:
    """Without limits of voltage at buses where somebody else's network answers for them."""
    low, high = network.buses.v_low_pu.copy(), network.buses.v_high_pu.copy()
    low[ports], high[ports] = 0.0, np.inf
    return replace(network, buses=replace(network.buses, v_low_pu=low, v_high_pu=high))


def solved(answer: Answer) -> bool:
    """Is there an answer?"""
    return answer.status is Status.SOLVED
