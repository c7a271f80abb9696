r"""How a solved load flow answers small changes, by back-substitution with one factorisation.

With unknowns x, equations F(x, u) = 0 and power S(x, u) at the nodes whose voltage u is given,

.. math:: \frac{dx}{du} = -J^{-1} F_u, \qquad \frac{dS}{du} = S_u - S_x J^{-1} F_u .

Active limits stay as they are: a unit at its reactive limit remains there, a free transformer goes on holding its voltage, a stepped one
stands. All in per unit and radians.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.flow.draw import Draw
from gridtandem.flow.iteration import drawn
from gridtandem.flow.jacobian import Pattern, Point, jacobian, solver
from gridtandem.flow.newton import Newton, Solution
from gridtandem.flow.sums import gathered
from gridtandem.tables import Complex, Index, Real

if TYPE_CHECKING:
    from scipy import sparse

SIDES = 32  # right-hand sides at once: wide enough for whole machine vectors, narrow enough for the cache
ACCURATE = 1e-10  # of a linear solution: what it leaves over, relative to the right-hand side


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Linear:
    """A solved load flow made linear: derivatives of the power needed at every node by every unknown and given voltage."""

    pattern: Pattern  # active equations
    rows: Index  # equations among (P of every node, Q of every node)
    fixed: Index
    entering: Complex  # (fixed node, unknown) derivative of the power entering there
    by_given: Real  # (equation, given angle then given |V|)
    own: Complex  # (fixed node, given angle then given |V|) the same, unknowns held
    back: Callable[[Real], Real]  # solves with the Jacobian

    @staticmethod
    def of(newton: Newton, solution: Solution, draw: Draw | None = None) -> Linear:
        """Factorise at the solution; ``draw`` = the curves it was solved with."""
        _converged(solution)
        nodal, wiring, n, fixed = newton.nodal, newton.wiring, newton.nodal.nodes, newton.fixed
        pattern = newton.pattern(solution.held)
        point = Point.of(nodal, wiring, solution.v, solution.ratio)
        slope = drawn(nodal, np.abs(solution.v), solution.loads, draw)[1]
        everything = pattern.everything(nodal, wiring)
        whole = jacobian(nodal, wiring, everything, point, slope)
        if draw is not None and draw.ports is not None:
            whole = (whole + draw.ports.slopes(n, everything.shape[1] - 2 * n)).tocsc()
        rows, columns = pattern.inside(n)
        given = np.concatenate([fixed, n + fixed])
        by_row = whole.tocsr()
        entering = by_row[fixed].toarray() + 1j * by_row[n + fixed].toarray()
        return Linear(
            pattern=pattern, rows=rows, fixed=fixed, entering=entering[:, columns], by_given=whole[:, given].toarray()[rows],
            own=entering[:, given], back=_back(by_row[rows][:, columns], newton.back(solution, pattern, draw)),
        )  # fmt: skip


def _back(matrix: sparse.csr_array, quick: Callable[[Real], Real] | None) -> Callable[[Real], Real]:
    """The compiled solution where it leaves next to nothing over, else one that exchanges rows."""

    def checked(b: Real) -> Real:
        if quick is not None and np.linalg.norm(matrix @ (x := quick(b)) - b) <= ACCURATE * np.linalg.norm(b):
            return x
        return solver(matrix.tocsc())(b)

    return checked


def _converged(solution: Solution) -> None:
    if not solution.converged:
        raise ValueError(f"a load flow without solution has no derivatives: {solution.trouble}")


def voltage_slope(newton: Newton, solution: Solution, at: Index, draw: Draw | None = None) -> Real:
    """d|V_i| / d(P_j, Q_j) for power drawn at j, all of i, j in ``at``: shape (k, k, 2). [per unit]

    Zero where a magnitude is held or given. With ``draw``, interfaces answer along their curves; without, loads alone answer to voltage.
    """
    linear, n, at, k = Linear.of(newton, solution, draw), newton.nodal.nodes, np.asarray(at), len(at)
    pattern = linear.pattern
    p, q, lifted = (_places(n, members)[at] for members in (pattern.p_rows, pattern.q_rows, pattern.lift))
    row, out = np.concatenate([p, np.where(q >= 0, len(pattern.p_rows) + q, -1)]), np.zeros((k, 2 * k))
    there, seen = np.flatnonzero(row >= 0), np.flatnonzero(lifted >= 0)
    for first in range(0, len(there), SIDES):
        some = there[first : first + SIDES]
        more = np.zeros((pattern.shape[0], len(some)))
        more[row[some], np.arange(len(some))] = 1.0
        out[np.ix_(seen, some)] = -linear.back(more)[len(pattern.turn) + lifted[seen]]
    return np.stack([out[:, :k], out[:, k:]], axis=-1)


def power_slope(newton: Newton, solution: Solution, draw: Draw | None = None) -> tuple[Complex, Complex]:
    """(dS/d|V|, dS/dθ): power entering at fixed node i by the given voltage at fixed node j, both (m, m). [per unit]"""
    linear = Linear.of(newton, solution, draw)
    answer = linear.own - linear.entering @ linear.back(linear.by_given)
    m = len(linear.fixed)
    return answer[:, m:], answer[:, :m]


def loading_slope(newton: Newton, solution: Solution, draw: Draw | None = None) -> Complex:
    """Power entering at each fixed node by the factor on all loads of the network, interfaces not included. [per unit]"""
    linear, law, n = Linear.of(newton, solution, draw), newton.nodal.loads, newton.nodal.nodes
    more = gathered(law.node, law.at(np.abs(solution.v)[law.node])[0], n)
    by_loads = np.concatenate([more.real, more.imag])[linear.rows]
    answer: Complex = more[linear.fixed] - linear.entering @ linear.back(by_loads)
    return answer


def _places(size: int, members: Index) -> Index:
    out = np.full(size, -1, np.int64)
    out[members] = np.arange(len(members))
    return out
