r"""A primal-dual interior-point method for smooth programs: points, steps, and what tells a bold climb from a careful one.

Ranges get slacks, :math:`g(x) - s = 0`, so that only unknowns t = (x, s) are bounded; the perturbed conditions

.. math:: \nabla f + J^\top y - z_l + z_u = 0, \quad -y_I - z_{l,s} + z_{u,s} = 0, \quad g_E = b, \quad g_I = s, \quad
          z_l (t - \underline t) = \mu, \quad z_u (\overline t - t) = \mu

are followed to :math:`\mu \to 0` by Newton steps that keep t strictly within its bounds and z positive. Slacks and their multipliers are
eliminated; what remains is `gridtandem.program.newton_system`. Where the curvature along a step is not positive, the diagonal is raised: the way
leads to minima, not to saddles.

The written ladder: 0, from the point given: full steps, :math:`\mu` a tenth of the mean product z·distance (as in MIPS); 1, from the program's own
start: the barrier problem of each :math:`\mu` in turn, steps shortened until the merit
:math:`f - \mu \sum \ln(\text{distance}) + \nu \lVert c \rVert_1` falls; where that gets stuck at a point that misses rows, nothing nearby keeps them.

Sources: H. Wang, C. E. Murillo-Sánchez, R. D. Zimmerman, R. J. Thomas, "On computational issues of market-based optimal power flow", IEEE Trans.
Power Syst. 22(3), 2007; A. Wächter, L. T. Biegler, "On the implementation of an interior-point filter line-search algorithm for large-scale nonlinear
programming", Math. Program. 106, 2006 (scaled errors, pushes, fraction to the boundary); N.-Y. Chiang, V. M. Zavala, "An inertia-free filter
line-search algorithm for large-scale nonlinear programming", Comput. Optim. Appl. 64, 2016 (the test of curvature).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, final

import numpy as np

from gridtandem.program.newton_system import ROUGH, NewtonSystem
from gridtandem.program.smooth import Functions
from gridtandem.tables import Flag, Real

STEEPEST = 100.0  # largest slope of the cost at the start, after scaling; errors are scaled down by multipliers larger than this
NEARLY = 0.99995  # of the way to a bound
FIRST = 0.1  # μ, where it is lowered step by step
SHRINK = 0.1  # of the mean product, aimed at next
RAISE, FLAT = (1e-4, 1e8), 1e-11  # diagonal added where curvature along the step, per squared length, is not above FLAT
BINDS = 1e3  # Σ of a range that binds
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
        near, far = np.where(self.has_low, t - self.low, 1.0), np.where(self.has_high, self.high - t, 1.0)
        return np.maximum(near, TOUCH), np.maximum(far, TOUCH)

    def transposed(self, look: Look, y: Real) -> Real:
        """Jacobian transposed times multipliers of equations and ranges."""
        s = self.system
        used = s.row_of >= 0
        return np.asarray(np.bincount(s.column_of[used], look.jacobian[used] * y[s.row_of[used]], s.size), np.float64)

    def times(self, look: Look, dx: Real) -> Real:
        """Jacobian times a step of the unknowns: equations, then ranges."""
        s = self.system
        used = s.row_of >= 0
        size = len(s.equations) + len(s.ranges)
        return np.asarray(np.bincount(s.row_of[used], look.jacobian[used] * dx[s.column_of[used]], size), np.float64)

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
    rough: bool  # the linear equations were not solved well


class Rule(Protocol):
    """What tells the rungs of the ladder apart."""

    def barrier(self, task: Task, point: Point, look: Look, mu: float) -> float:
        """The next μ."""
        ...

    def part(self, task: Task, point: Point, look: Look, step: Step, mu: float) -> float:
        """How much of the step to go; 0: stuck."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Free:
    """A tenth of the mean product, and all of the step."""

    least: float

    def barrier(self, task: Task, point: Point, look: Look, mu: float) -> float:  # noqa: ARG002
        """See the class."""
        near, far = task.distances(point.t)
        count = int(task.has_low.sum() + task.has_high.sum())
        return max(SHRINK * float(point.low @ near + point.high @ far) / max(count, 1), self.least)

    def part(self, task: Task, point: Point, look: Look, step: Step, mu: float) -> float:  # noqa: ARG002
        """See the class."""
        return step.part


@final
@dataclass(frozen=True, slots=True)
class Careful:
    """Each barrier problem to ten times its μ, steps halved until the merit falls."""

    least: float

    def barrier(self, task: Task, point: Point, look: Look, mu: float) -> float:
        """See the class."""
        while mu > self.least and error(task, point, look, mu) <= 10 * mu:
            mu = max(self.least, min(0.2 * mu, mu**1.5))
        return mu

    def part(self, task: Task, point: Point, look: Look, step: Step, mu: float) -> float:
        """The weight of missed rows is large enough that the step leads downhill (Armijo, 1e-4)."""
        short = float(np.abs(look.missed).sum())
        weight = max(1.0, (step.slope + max(step.curvature, 0.0) / 2) / (0.9 * short)) if short > self.least else 1.0
        here, down = task.merit(point.t, mu, weight), step.slope - weight * short
        noise = 1e-13 * abs(here)
        part = step.part
        while part > 1e-12:
            if task.merit(point.t + part * step.to.t, mu, weight) <= here + 1e-4 * part * min(down, 0.0) + noise:
                return part
            part /= 2
        return 0.0


def climbed(task: Task, point: Point, rule: Rule, *, tolerance: float, steps: int) -> tuple[Point, int, float]:
    """Where the iteration ends, after how many steps, and its error there; the best point where rounding is all that moves it any more."""
    mu, best, least, still = FIRST, point, np.inf, 0
    for k in range(steps):
        look = Look.at(task, point.t)
        wrong = error(task, point, look, 0.0)
        still = 0 if wrong < least / 2 else still + 1
        if wrong < least:
            best, least = point, wrong
        if wrong <= tolerance or not wrong < LOST or (still > STILL and least <= NOISY * tolerance):
            return best if least <= NOISY * tolerance else point, k, min(wrong, least)
        mu = rule.barrier(task, point, look, mu)
        step = _step(task, point, look, mu) if mu < LOST else None
        if step is not None and step.rough and (binding := _binding(task, point)).any():
            task = replace(task, system=task.system.keeping(binding))
            step = _step(task, point, look, mu)
        part = 0.0 if step is None else rule.part(task, point, look, step, mu)
        if step is None or part == 0.0:
            return point, k, wrong
        d, of = step.to, step.part_of_multipliers
        point = Point(t=point.t + part * d.t, y=point.y + of * d.y, low=point.low + of * d.low, high=point.high + of * d.high)
    return point, steps, np.inf


def error(task: Task, point: Point, look: Look, mu: float) -> float:
    """Largest miss of the perturbed conditions, multipliers scaled down where they are large."""
    near, far = task.distances(point.t)
    dual = np.concatenate([look.gradient + task.transposed(look, point.y), -point.y[len(task.system.equations) :]]) - point.low + point.high
    dual[: task.system.size][task.fixed] = 0.0
    total = float(np.abs(point.y).sum() + point.low.sum() + point.high.sum())
    large = max(STEEPEST, total / max(len(point.y) + int(task.has_low.sum() + task.has_high.sum()), 1)) / STEEPEST
    product = max(
        float(np.abs(point.low * near - mu)[task.has_low].max(initial=0.0)), float(np.abs(point.high * far - mu)[task.has_high].max(initial=0.0))
    )
    return max(float(np.abs(dual).max(initial=0.0)) / large, float(np.abs(look.missed).max(initial=0.0)), product / large)


def _step(task: Task, point: Point, look: Look, mu: float) -> Step | None:
    """The Newton step towards μ, its diagonal raised until it leads to a minimum."""
    s, n, e = task.system, task.system.size, len(task.system.equations)
    near, far = task.distances(point.t)
    sigma = point.low / near + point.high / far
    pull = -mu * task.has_low / near + mu * task.has_high / far
    downhill = np.concatenate([look.gradient, np.zeros(len(s.ranges))]) + pull
    x = point.t[:n]
    hessian = task.functions.curvature(x, task.scale, _by_row(task, point.y))
    q = pull[n:] - point.y[e:]
    right = np.concatenate([-(downhill[:n] + task.transposed(look, point.y)), -look.missed[:e], -look.missed[e:] - q / sigma[n:]])
    right[:n][task.fixed] = 0.0
    raised = 0.0
    while True:
        factors = s.factored(hessian, look.jacobian, sigma[:n] + raised, sigma[n:], task.fixed)
        found, miss = (np.full(len(right), np.nan), np.inf) if factors is None else factors.solved(right)
        dx = found[:n]
        along = task.times(look, dx)[e:]
        bent = _form(s, hessian, dx) + float((sigma[:n] + raised) @ dx**2 + sigma[n:] @ along**2)
        if bent > FLAT * float(dx @ dx) or raised > RAISE[1]:
            break
        raised = RAISE[0] if raised == 0.0 else 10 * raised
    if not np.isfinite(found).all():
        return None
    ds = along + look.missed[e:]
    d = np.concatenate([dx, ds])
    to = Point(
        t=d, y=found[n:],
        low=(mu / near - point.low - point.low / near * d) * task.has_low, high=(mu / far - point.high + point.high / far * d) * task.has_high,
    )  # fmt: skip
    part = min(_room(near, d, task.has_low), _room(far, -d, task.has_high))
    of = min(_room(point.low, to.low, task.has_low), _room(point.high, to.high, task.has_high))
    return Step(to=to, curvature=bent, slope=float(downhill @ d), part=part, part_of_multipliers=of, rough=miss > ROUGH)


def _binding(task: Task, point: Point) -> Flag:
    """Ranges that bind and are not kept as rows yet."""
    near, far = task.distances(point.t)
    out = (point.low / near + point.high / far)[task.system.size :] > BINDS
    out[task.system.kept] = False
    return np.asarray(out)


def _by_row(task: Task, y: Real) -> Real:
    """Multipliers of all rows of the program."""
    out = np.zeros(task.rows)
    out[task.system.equations], out[task.system.ranges] = y[: len(task.system.equations)], y[len(task.system.equations) :]
    return out


def _missed(task: Task, t: Real, rows: Real) -> Real:
    s = task.system
    return np.concatenate([rows[s.equations] - task.right, rows[s.ranges] - t[s.size :]])


def _form(system: NewtonSystem, hessian: Real, dx: Real) -> float:
    row, column = system.hessian.row, system.hessian.column
    return float(hessian @ (dx[row] * dx[column] * np.where(row == column, 1.0, 2.0)))


def _room(distance: Real, change: Real, bounded: Flag) -> float:
    """How much of a change leaves distances positive."""
    closing = bounded & (change < 0)
    return float(np.min(NEARLY * distance[closing] / -change[closing], initial=1.0))
