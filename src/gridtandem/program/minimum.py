r"""Whether a point where slopes vanish is a minimum, and the way out of one that is not.

At an answer the matrix of the Newton equations has as many eigenvalues below 0 as it has rows where H bends up along all ways that keep the rows,
and more at a saddle; its factors show how many there are. With the diagonal raised until that is mended, inverse iteration
:math:`d \leftarrow (H + \delta)^{-1} d` along the rows turns to where H bends down most.

Source: J. Nocedal, S. J. Wright, "Numerical Optimization", 2nd ed., Springer 2006, ch. 16.1 (inertia), ch. 3.4 (raised diagonals).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.kernels import kernel
from gridtandem.program.interior import RAISE, Look, by_row
from gridtandem.program.newton_system import STEPS

if TYPE_CHECKING:
    from gridtandem.program.interior import Point, Task
    from gridtandem.program.newton_system import Factors
    from gridtandem.tables import Real

LEVEL = 1e-5  # curvature of the scaled cost, per squared length, that may be rounding
STIFF = 1e6  # Σ of what binds; more would drown the rest
TURNS = 12  # of inverse iteration
AWAY = 1e-2  # largest change of an unknown


def beside(task: Task, point: Point) -> tuple[Point, ...]:
    """Points next to a saddle, on both ways down; none where the point is a minimum, as far as curvature tells."""
    look, n = Look.at(task, point.t), task.system.size
    near, far = task.distances(point.t)
    sigma = np.minimum(point.low / near + point.high / far, STIFF)
    hessian = task.functions.curvature(point.t[:n], task.scale, by_row(task, point.y))
    raised = LEVEL
    while True:
        factors = task.system.factored(hessian, look.jacobian, sigma[:n] + raised, sigma[n:], task.fixed)
        if factors is None or raised > RAISE[1] or not factors.saddle():
            break
        raised *= 10
    if factors is None or raised == LEVEL or raised > RAISE[1]:
        return ()
    d, bent = _downward(factors, task, sigma)
    if not np.isfinite(d).all() or bent >= (raised - LEVEL) * float(d[:n] @ d[:n]):
        return ()  # rounding, not curvature, is what the factors showed
    return replace(point, t=point.t + _away(task, d, near, far)), replace(point, t=point.t + _away(task, -d, near, far))


def _away(task: Task, d: Real, near: Real, far: Real) -> Real:
    """So much of a way that unknowns stay well within their bounds."""
    down, up = np.where(task.has_low, -d, 0.0) / near, np.where(task.has_high, d, 0.0) / far
    steepest = max(float(np.abs(d[: task.system.size]).max()) / AWAY, 2 * float(np.maximum(down, up).max(initial=0.0)))
    return d / steepest


def _downward(factors: Factors, task: Task, sigma: Real) -> tuple[Real, float]:
    """The way of unknowns and slacks, and the curvature along it, raised as the diagonal is."""
    s, many = factors.system, len(task.low)
    right = np.zeros(s.size + len(s.equations) + len(s.ranges))
    right[: s.size] = np.random.default_rng(0).standard_normal(s.size)  # any way, always the same
    right[: s.size][task.fixed] = 0.0
    for _ in range(TURNS):
        found, _miss = factors.solved(right)
        right[: s.size] = found[: s.size] / np.linalg.norm(found[: s.size])
    d = np.empty(many)
    missing = np.zeros(len(s.equations) + len(s.ranges))
    bent = kernel(STEPS, "directed")(
        s.hessian.row, s.hessian.column, factors.hessian, factors.diagonal, s.row_of, s.column_of, factors.jacobian, missing, right, sigma, d
    )
    return d, float(bent)
