r"""The equations of the curve for one set of active limits: F(x, λ) = 0 with one unknown more than equations.

Unknowns x as in `gridtandem.flow.jacobian.Pattern`: angles, magnitudes, moves of ratios. A row :math:`c^\top x + d\,\lambda` closes the system,

.. math:: \begin{pmatrix} J & b \\ c^\top & d \end{pmatrix} \begin{pmatrix} \Delta x \\ \Delta\lambda \end{pmatrix} = -\begin{pmatrix} F \\ g \end{pmatrix},
    \qquad b = \frac{\partial F}{\partial \lambda},

regular at a nose, where J is not. So J is not factorised: :math:`\tilde J = J + \alpha\,e_Q e_V^\top` is, in which the reactive power of one node, the one
that moves most, answers to its own voltage by α more. That is as good as holding its voltage, which no nose of the network can make singular. What was
added is taken back by one unknown more, u = e_V·Δx, in a border of two. The compiled factors of the load flow serve (`gridtandem.flow.blocks`); where
there are none, or their pivots fail, the bordered matrix is factorised as a whole with row exchanges.

Source of the border: W. J. F. Govaerts, "Numerical Methods for Bifurcations of Dynamical Equilibria", SIAM, 2000, ch. 3; α is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.flow.border import Border
from gridtandem.flow.continuation.direction import Direction
from gridtandem.flow.control import Held
from gridtandem.flow.draw import Draw
from gridtandem.flow.iteration import Problem
from gridtandem.flow.jacobian import Pattern, Point, jacobian, solver
from gridtandem.flow.newton import Newton, problem_of
from gridtandem.flow.sums import gathered, summed
from gridtandem.grid.nodal import LoadLaw
from gridtandem.tables import Complex, Index, Real

if TYPE_CHECKING:
    from scipy import sparse


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Place:
    """Where on the curve. [per unit, rad]"""

    vm: Real  # (node)
    angle: Real  # (node)
    ratio: Complex  # (branch)
    growth: float  # λ

    @property
    def v(self) -> Complex:
        """Voltages."""
        return np.asarray(self.vm * np.exp(1j * self.angle), np.complex128)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Tangent:
    """A direction in the unknowns and λ, of length 1."""

    x: Real
    growth: float


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Stage:
    """A network with a direction, for what is at a limit."""

    newton: Newton
    held: Held
    pattern: Pattern
    border: Border | None
    problem: Problem
    p: Real  # (unit) scheduled at λ = 0
    direction: Direction
    q: Real  # (node) reactive power of units that do not hold a voltage
    y: Complex  # (entry) admittance, where no ratio moves

    @staticmethod
    def of(newton: Newton, held: Held, p: Real, direction: Direction) -> Stage:
        """Equations for what is ``held``."""
        nodal, roles = newton.nodal, newton.roles
        return Stage(
            newton=newton, held=held, pattern=newton.pattern(held), border=newton.border(held), p=p, direction=direction,
            problem=problem_of(nodal, newton.wiring, roles, held, newton.options), q=roles.scheduled(nodal.units, held.limit, 0.0).imag,
            y=newton.wiring.admittance(nodal, held.ratio),
        )  # fmt: skip

    def loads(self, growth: float) -> LoadLaw:
        """Loads at λ."""
        law = self.newton.nodal.loads
        return replace(law, s=law.s + growth * self.direction.loads)

    def drawn(self, place: Place) -> tuple[Complex, Complex]:
        """Power drawn at each node, and its derivative by |V|. [per unit]"""
        return self._at_nodes(self.loads(place.growth), place.vm)

    def _at_nodes(self, law: LoadLaw, vm: Real) -> tuple[Complex, Complex]:
        s, slope = law.at(vm[law.node])
        n = self.newton.nodal.nodes
        return gathered(law.node, s, n), gathered(law.node, slope, n)

    def units(self, growth: float) -> Real:
        """(unit) Active power scheduled at λ. [per unit]"""
        return np.asarray(self.p + growth * self.direction.units, np.float64)

    def point(self, place: Place) -> Point:
        """The place with its admittance."""
        if self.pattern.groups:
            return Point.of(self.newton.nodal, self.newton.wiring, place.v, place.ratio)
        return Point(v=place.v, y=self.y, ratio=place.ratio)

    def needed(self, place: Place) -> Complex:
        """(node) What units inject there, or would have to. [per unit]"""
        return self.point(place).flows(self.newton.wiring)[1] + self.drawn(place)[0]

    def mismatch(self, place: Place) -> Real:
        """F at a place. [per unit]"""
        u = self.newton.nodal.units
        miss = self.needed(place) - summed(u.node, self.units(place.growth), self.newton.nodal.nodes) - 1j * self.q
        return np.concatenate([miss.real[self.pattern.p_rows], miss.imag[self.pattern.q_rows]])

    def by_growth(self, place: Place) -> Real:
        """b = ∂F/∂λ. [per unit]"""
        nodal = self.newton.nodal
        more = self._at_nodes(replace(nodal.loads, s=self.direction.loads), place.vm)[0]
        more = more - summed(nodal.units.node, self.direction.units, nodal.nodes)
        return np.concatenate([more.real[self.pattern.p_rows], more.imag[self.pattern.q_rows]])

    def moved(self, place: Place, x: Real, growth: float) -> Place:
        """A place by so much further."""
        p, (vm, angle, ratio) = self.pattern, (place.vm.copy(), place.angle.copy(), place.ratio)
        turned, lifted = len(p.turn), len(p.turn) + len(p.lift)
        angle[p.turn] += x[:turned]
        vm[p.lift] += x[turned:lifted]
        if p.groups:
            ratio = ratio.copy()
            size = np.abs(ratio[p.tap])
            ratio[p.tap] *= (size + x[lifted + p.group]) / size
        return Place(vm=vm, angle=angle, ratio=ratio, growth=place.growth + growth)

    def factored(self, place: Place, row: Tangent, *, pivoting: bool) -> Callable[[Real, Real], tuple[Real, Real]]:
        """Solves the bordered system at a place for right-hand sides (equation, side) and (side); ``row`` = (c, d)."""
        if pivoting or self.newton.blocks is None or self.border is None:
            return self._pivoted(place, row)
        return self._compiled(place, row)

    def matrix(self, place: Place) -> sparse.csc_array:
        """J."""
        return jacobian(self.newton.nodal, self.newton.wiring, self.pattern, self.point(place), self.drawn(place)[1])

    def _pivoted(self, place: Place, row: Tangent) -> Callable[[Real, Real], tuple[Real, Real]]:
        from scipy import sparse

        n = len(row.x)
        whole = sparse.block_array([[self.matrix(place), self.by_growth(place)[:, None]], [row.x[None], np.array([[row.growth]])]])
        back = solver(sparse.csc_array(whole))

        def solve(f: Real, g: Real) -> tuple[Real, Real]:
            found = back(np.concatenate([f, g[None]]))
            return found[:n], found[n]

        return solve

    def _compiled(self, place: Place, row: Tangent) -> Callable[[Real, Real], tuple[Real, Real]]:
        blocks, border, nodal = self.newton.blocks, self.border, self.newton.nodal
        assert blocks is not None and border is not None
        here = replace(nodal, loads=self.loads(place.growth))
        node, equation, unknown = self._swap(row)
        alpha = np.array([abs(self.newton.wiring.admittance(nodal, place.ratio)[self.newton.wiring.diagonal[k]]) * place.vm[k] for k in node])
        draw = Draw(node=node, low=place.vm[node] - 1, high=place.vm[node] + 1, c=np.stack([0j * alpha, 1j * alpha], -1))
        back = blocks.loaded(here).back(replace(self.problem, nodal=here, draw=draw), border, self.pattern, place.v, place.ratio)
        columns = np.zeros((len(row.x), 1 + len(node)))
        columns[:, 0] = -self.by_growth(place)
        columns[equation, 1 + np.arange(len(node))] = alpha
        beside = back(columns)
        small = np.concatenate([[row.x @ beside + np.eye(1, 1 + len(node))[0] * row.growth], beside[unknown] - np.eye(1 + len(node))[1:]])

        def solve(f: Real, g: Real) -> tuple[Real, Real]:
            alone = back(f)
            u = np.linalg.solve(small, np.concatenate([[g - row.x @ alone], -alone[unknown]]))
            return alone + beside @ u, u[0]

        return solve

    def _swap(self, row: Tangent) -> tuple[Index, Index, Index]:
        """The node that moves most along a row, with its equation and its unknown; empty where no node has both."""
        p = self.pattern
        equation = np.full(self.newton.nodal.nodes, -1, np.int64)
        equation[p.q_rows] = len(p.p_rows) + np.arange(len(p.q_rows))
        unknown = len(p.turn) + np.arange(len(p.lift))
        fit = np.flatnonzero(equation[p.lift] >= 0)
        if not len(fit):
            return fit, fit, fit
        best = fit[[np.argmax(np.abs(row.x[unknown[fit]]))]]
        return p.lift[best], equation[p.lift[best]], unknown[best]
