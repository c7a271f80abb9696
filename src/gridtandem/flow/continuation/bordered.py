r"""The curve's equations with one row more, solved: the border makes them regular where the Jacobian is not.

.. math::
    \begin{pmatrix} J & b \\ c^\top & d \end{pmatrix} \begin{pmatrix} \Delta x \\ \Delta\lambda \end{pmatrix} = \begin{pmatrix} f \\ g \end{pmatrix}

J is singular at a nose, so it is not factorised: :math:`\tilde J = J + \alpha\,e_Q e_V^\top` is, in which the reactive power of one node, the one
that moves most, answers to its own voltage by α more. That is as good as holding its voltage, which no nose of the network can make singular. What
was added is taken back by one unknown more, u = e_V·Δx, in a border of two. The compiled factors of the load flow serve
(`gridtandem.flow.blocks`); where there are none, or their pivots fail, the bordered matrix is factorised as a whole with row exchanges.

Source of the border: W. J. F. Govaerts, "Numerical Methods for Bifurcations of Dynamical Equilibria", SIAM, 2000, ch. 3; α is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.flow.continuation.stage import Place, Stage, Tangent, bordered
from gridtandem.flow.draw import Draw
from gridtandem.flow.jacobian import solver
from gridtandem.tables import Complex, Index, Real

Solve = Callable[[Real, Real], tuple[Real, Real]]


def factored(stage: Stage, place: Place, row: Tangent, *, pivoting: bool) -> Solve:
    """Solves for right-hand sides f (equation) and g; ``row`` = (c, d). ``pivoting``: the whole matrix, with row exchanges."""
    if pivoting or stage.newton.blocks is None or stage.border is None:
        return _pivoted(stage, place, row)
    return _compiled(stage, place, row)


def _pivoted(stage: Stage, place: Place, row: Tangent) -> Solve:
    n = len(row.x)
    whole = bordered(stage.matrix(place), stage.by_growth(place), row.x, row.growth)
    back = solver(whole)

    def solve(f: Real, g: Real) -> tuple[Real, Real]:
        found = back(np.concatenate([f, g[None]]))
        return found[:n], found[n]

    return solve


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Opened:
    """J̃, ready for right-hand sides, and how it differs from J."""

    back: Callable[[Real], Real]
    opening: Real  # (equation, 0 or 1) α e_Q; none where no node has both a voltage and a reactive power of its own
    unknown: Index  # of e_V


def opened(stage: Stage, place: Place, towards: Real, *, beside: tuple[Index, Complex] | None = None) -> Opened:
    """J̃ at a place, compiled, opened at the node that moves most along ``towards``; ``beside`` = nodes and what is drawn there more by |V|."""
    blocks, border, nodal = stage.newton.blocks, stage.border, stage.newton.nodal
    assert blocks is not None
    assert border is not None
    here = replace(nodal, loads=stage.loads(place.growth))
    node, equation, unknown = _swap(stage, towards)
    alpha = np.abs(stage.y[stage.newton.wiring.diagonal[node]]) * place.vm[node]
    more, slope = (np.empty(0, np.int64), np.empty(0, np.complex128)) if beside is None else beside
    at, c = np.concatenate([node, more]), np.concatenate([1j * alpha, slope])
    draw = Draw(node=at, low=place.vm[at] - 1, high=place.vm[at] + 1, c=np.stack([0 * c, c], -1))
    back = blocks.loaded(here).back(replace(stage.problem, nodal=here, draw=draw), border, stage.pattern, place.v, place.ratio)
    opening = np.zeros((stage.pattern.shape[0], len(node)))
    opening[equation, np.arange(len(node))] = alpha
    return Opened(back=back, opening=opening, unknown=unknown)


def _compiled(stage: Stage, place: Place, row: Tangent) -> Solve:
    found = opened(stage, place, row.x)
    width = 1 + len(found.unknown)
    beside = found.back(np.concatenate([-stage.by_growth(place)[:, None], found.opening], axis=1))
    small = np.concatenate([[row.x @ beside + np.eye(1, width)[0] * row.growth], beside[found.unknown] - np.eye(width)[1:]])

    def solve(f: Real, g: Real) -> tuple[Real, Real]:
        alone = found.back(f)
        u = np.linalg.solve(small, np.concatenate([[g - row.x @ alone], -alone[found.unknown]]))
        return alone + beside @ u, u[0]

    return solve


def _swap(stage: Stage, towards: Real) -> tuple[Index, Index, Index]:
    """The node that moves most, with its equation and its unknown; empty where no node has both."""
    p = stage.pattern
    equation = np.full(stage.newton.nodal.nodes, -1, np.int64)
    equation[p.q_rows] = len(p.p_rows) + np.arange(len(p.q_rows))
    unknown = len(p.turn) + np.arange(len(p.lift))
    fit = np.flatnonzero(equation[p.lift] >= 0)
    if not len(fit):
        return fit, fit, fit
    best = fit[[np.argmax(np.abs(towards[unknown[fit]]))]]
    return p.lift[best], equation[p.lift[best]], unknown[best]
