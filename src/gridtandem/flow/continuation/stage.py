r"""The equations of the curve for one set of active limits: F(x, λ) = 0 with one unknown more than equations.

Unknowns x as in `gridtandem.flow.jacobian.Pattern`: angles, magnitudes, moves of ratios. Their derivatives are J = ∂F/∂x and b = ∂F/∂λ; how they are
solved with one row more: `gridtandem.flow.continuation.bordered`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.flow.border import Border
from gridtandem.flow.continuation.direction import Direction
from gridtandem.flow.control import Held
from gridtandem.flow.iteration import Problem
from gridtandem.flow.jacobian import Pattern, Point, jacobian
from gridtandem.flow.newton import Newton, problem_of
from gridtandem.flow.sums import gathered, summed
from gridtandem.grid.nodal import LoadLaw
from gridtandem.tables import Complex, Real

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
    y: Complex  # (entry) admittance at the ratios that are held

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
        """B = ∂F/∂λ. [per unit]"""
        nodal = self.newton.nodal
        more = self.grown(place) - summed(nodal.units.node, self.direction.units, nodal.nodes)
        return np.concatenate([more.real[self.pattern.p_rows], more.imag[self.pattern.q_rows]])

    def grown(self, place: Place) -> Complex:
        """(node) Derivative by λ of what loads draw. [per unit]"""
        return self._at_nodes(replace(self.newton.nodal.loads, s=self.direction.loads), place.vm)[0]

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

    def matrix(self, place: Place) -> sparse.csc_array:
        """J."""
        return jacobian(self.newton.nodal, self.newton.wiring, self.pattern, self.point(place), self.drawn(place)[1])


def bordered(matrix: sparse.csc_array, column: Real, row: Real, corner: float) -> sparse.csc_array:
    """A matrix with one column and one row more."""
    from scipy import sparse

    own = sparse.coo_array(matrix)
    n, every = len(column), np.arange(len(column))
    rows, columns = np.concatenate([own.row, every, np.full(n + 1, n)]), np.concatenate([own.col, np.full(n, n), every, [n]])
    return sparse.csc_array((np.concatenate([own.data, column, row, [corner]]), (rows, columns)), shape=(n + 1, n + 1))
