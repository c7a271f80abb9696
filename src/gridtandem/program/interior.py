r"""A primal-dual interior-point method for smooth programs: points and steps.

Ranges get slacks, :math:`g(x) - s = 0`, so that only unknowns t = (x, s) are bounded; the perturbed conditions

.. math:: \nabla f + J^\top y - z_l + z_u = 0, \quad -y_I - z_{l,s} + z_{u,s} = 0, \quad g_E = b, \quad g_I = s, \quad
          z_l (t - \underline t) = \mu, \quad z_u (\overline t - t) = \mu

are followed to :math:`\mu \to 0` by Newton steps that keep t strictly within its bounds and z positive. Slacks and their multipliers are
eliminated; what remains is `gridtandem.program.newton_system`. Where the curvature along a step is not positive, the diagonal is raised, that
the way may lead to a minimum; whether it did, `gridtandem.program.minimum` sees.

What tells the rungs of the written ladder apart are rules, `gridtandem.program.rules`.

Sources: A. Wächter, L. T. Biegler, "On the implementation of an interior-point filter line-search algorithm for large-scale nonlinear
programming", Math. Program. 106, 2006 (scaled errors, pushes, fraction to the boundary); N.-Y. Chiang, V. M. Zavala, "An inertia-free filter
line-search algorithm for large-scale nonlinear programming", Comput. Optim. Appl. 64, 2016 (the test of curvature).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias, final

import numpy as np

from gridtandem.kernels import kernel
from gridtandem.program.newton_system import ROUGH, STEPS, NewtonSystem
from gridtandem.program.smooth import Functions
from gridtandem.tables import Flag, Index, Real

if TYPE_CHECKING:
    from gridtandem.program.newton_system import Factors

    # gradient, rows and columns and numbers of the Jacobian, y, low, high, near, far, has_low, has_high, fixed, missed
    Stand: TypeAlias = tuple[Real, Index, Index, Real, Real, Real, Real, Real, Real, Flag, Flag, Flag, Real]
    Aim: TypeAlias = tuple[Real, Real]  # products of multipliers and distances: low, high

STEEPEST = 100.0  # largest slope of the cost at the start, after scaling; errors are scaled down by multipliers larger than this
NEARLY = 0.99995  # of the way to a bound
FIRST = 0.1  # μ, where it is lowered step by step
RAISE, FLAT = (1e-4, 1e8), 1e-11  # diagonal added where curvature along the step, per squared length, is not above FLAT
BINDS = 1e3  # Σ of a range that binds, or of an unknown that can hardly move
TOUCH = 1e-20  # the least distance: rounding may put a point on its bound
STILL, NOISY = 6, 100.0  # steps after which an error that no longer halves is rounding, if it is not above so many times the tolerance
LOST = 1e10  # an error or a mean product as large as this does not come back


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Point:
    """Where an iteration stands."""

    t: Real  # unknowns, then slacks of ranges
    y: Real  # (row)
    low: Real  # multipliers of lower bounds (t)
    high: Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Task:
    """One question in the form the iteration works on."""

    functions: Functions
    system: NewtonSystem
    low: Real  # (t); 0 where there is none
    high: Real
    has_low: Flag  # (t)
    has_high: Flag
    fixed: Flag  # (unknown)
    rows: int  # of the program
    right: Real  # (equation)
    scale: float  # of the cost

    def distances(self, t: Real) -> tuple[Real, Real]:
        """To the bounds; 1 where there is none."""
        near, far = np.empty(len(t)), np.empty(len(t))
        kernel(STEPS, "distances")(t, self.low, self.high, self.has_low, self.has_high, TOUCH, near, far)
        return near, far

    def transposed(self, look: Look, y: Real) -> Real:
        """Jacobian transposed times multipliers of equations and ranges."""
        out = np.zeros(self.system.size)
        kernel(STEPS, "across")(self.system.row_of, self.system.column_of, look.jacobian, y, out)
        return out

    def merit(self, t: Real, mu: float, weight: float) -> float:
        """Cost, barrier and weighted miss of rows."""
        near, far = self.distances(t)
        cost, rows = self.functions.values(t[: self.system.size])
        barrier = np.log(near).sum() + np.log(far).sum()
        return self.scale * cost - mu * float(barrier) + weight * float(np.abs(_missed(self, t, rows)).sum())


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Look:
    """The program at a point: cost unscaled, gradient scaled."""

    cost: float
    gradient: Real
    jacobian: Real
    missed: Real  # equations, then ranges

    @staticmethod
    def at(task: Task, t: Real) -> Look:
        """All that a step needs but curvature."""
        x = t[: task.system.size]
        cost, rows = task.functions.values(x)
        gradient, jacobian = task.functions.slopes(x)
        return Look(cost=cost, gradient=task.scale * gradient, jacobian=jacobian, missed=_missed(task, t, rows))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Step:
    """A Newton step, and how far it may go."""

    to: Point  # the changes
    curvature: float  # dᵀ H d of the barrier problem along it
    slope: float  # of cost and barrier along it
    part: float  # of the step of t, at most
    part_of_multipliers: float
    bends: bool  # curvature along it is positive
    rough: bool  # the linear equations were not solved well


class Rule(Protocol):
    """What tells the rungs of the ladder apart."""

    def barrier(self, at: Stand, mu: float) -> float:
        """The next μ."""
        ...

    def first(self, task: Task, mu: float) -> Aim:
        """Products of multipliers and distances (low, high) that a step aims at."""
        ...

    def second(self, at: Stand, step: Step, mu: float) -> Aim | None:
        """What to aim at instead, now that this step is known; None: go it."""
        ...

    def leads(self, factors: Factors, step: Step) -> bool:
        """Whether a step leads to a minimum, as far as this way looks."""
        ...

    def part(self, task: Task, point: Point, look: Look, step: Step, mu: float) -> float:
        """How much of the step to go; 0: stuck."""
        ...


def climbed(task: Task, point: Point, rule: Rule, *, tolerance: float, steps: int) -> tuple[Point, int, float]:
    """Where the iteration ends, after how many steps, and its error there; the best point where rounding is all that moves it any more."""
    mu, best, least, still = FIRST, point, np.inf, 0
    for k in range(steps):
        look = Look.at(task, point.t)
        at = _stand(task, point, look)
        wrong = error(at, 0.0)
        still = 0 if wrong < least / 2 else still + 1
        if wrong < least:
            best, least = point, wrong
        if wrong <= tolerance or not wrong < LOST or (still > STILL and least <= NOISY * tolerance):
            return best if least <= NOISY * tolerance else point, k, min(wrong, least)
        mu = rule.barrier(at, mu)
        task, step = _ventured(task, point, at, mu, rule) if mu < LOST else (task, None)
        part = 0.0 if step is None else rule.part(task, point, look, step, mu)
        if step is None or part == 0.0:
            return point, k, wrong
        d, of = step.to, step.part_of_multipliers
        point = Point(t=point.t + part * d.t, y=point.y + of * d.y, low=point.low + of * d.low, high=point.high + of * d.high)
    return point, steps, np.inf


def error(at: Stand, mu: float) -> float:
    """Largest miss of the perturbed conditions, multipliers scaled down where they are large."""
    found: float = kernel(STEPS, "wrong")(*at, STEEPEST, mu)
    return found


def _ventured(task: Task, point: Point, at: Stand, mu: float, rule: Rule) -> tuple[Task, Step | None]:
    """A step, where needed with ranges kept that bind, then with a search for pivots; and the task that it is a step of."""
    step = _step(task, point, at, mu, rule)
    if step is None or step.rough:
        hard = point.low / at[7] + point.high / at[8] > BINDS
        task = replace(task, system=task.system.keeping(hard[task.system.size :], hard[: task.system.size]))
        step = _step(task, point, at, mu, rule)
    if (step is None or step.rough) and task.system.groups is not None:
        task = replace(task, system=task.system.searching())
        step = _step(task, point, at, mu, rule)
    return task, step


def _step(task: Task, point: Point, at: Stand, mu: float, rule: Rule) -> Step | None:
    """The Newton step towards what the rule aims at, the diagonal raised until a step leads to a minimum."""
    n, raised = task.system.size, 0.0
    hessian = task.functions.curvature(point.t[:n], task.scale, by_row(task, point.y))
    first, sigma = rule.first(task, mu), point.low / at[7] + point.high / at[8]
    while True:
        factors = task.system.factored(hessian, at[3], sigma[:n] + raised, sigma[n:], task.fixed)
        step = None if factors is None else _towards(at, factors, first, hessian)
        if (step is not None and factors is not None and rule.leads(factors, step)) or raised > RAISE[1]:
            break
        raised = RAISE[0] if raised == 0.0 else 10 * raised
    second = None if step is None else rule.second(at, step, mu)
    return step if second is None or factors is None else _towards(at, factors, second, hessian)


def _towards(at: Stand, factors: Factors, aim: Aim, hessian: Real) -> Step | None:
    """The step towards these products of multipliers and distances; nothing where there is none."""
    s, many = factors.system, len(at[5])
    sigma, downhill, right = np.empty(many), np.empty(many), np.empty(s.size + len(at[4]))
    kernel(STEPS, "pushed")(*at, *aim, sigma, downhill, right)
    found, miss = factors.solved(right)
    if not np.isfinite(found).all():
        return None
    d, low, high = np.empty(many), np.empty(many), np.empty(many)
    bent = kernel(STEPS, "directed")(s.hessian.row, s.hessian.column, hessian, factors.diagonal, *at[1:4], at[12], found, sigma, d)
    part, of, slope = kernel(STEPS, "reach")(d, *at[5:11], downhill, *aim, NEARLY, low, high)
    to = Point(t=d, y=found[s.size :], low=low, high=high)
    up = bent > FLAT * float(d[: s.size] @ d[: s.size])
    return Step(to=to, curvature=bent, slope=slope, part=part, part_of_multipliers=of, bends=bool(up), rough=miss > ROUGH)


def _stand(task: Task, point: Point, look: Look) -> Stand:
    """Everything about a point, as kernels take it."""
    near, far = task.distances(point.t)
    return (
        look.gradient, task.system.row_of, task.system.column_of, look.jacobian, point.y, point.low, point.high, near, far, task.has_low,
        task.has_high, task.fixed, look.missed,
    )  # fmt: skip


def by_row(task: Task, y: Real) -> Real:
    """Multipliers of all rows of the program."""
    out = np.zeros(task.rows)
    out[task.system.equations], out[task.system.ranges] = y[: len(task.system.equations)], y[len(task.system.equations) :]
    return out


def _missed(task: Task, t: Real, rows: Real) -> Real:
    s = task.system
    return np.concatenate([rows[s.equations] - task.right, rows[s.ranges] - t[s.size :]])
