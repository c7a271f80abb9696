"""The inner Newton iteration: fixed active limits, a start, and out comes a solution or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, final

import numpy as np

from gridtandem.flow.draw import Draw
from gridtandem.flow.jacobian import Pattern, Point, Wiring, jacobian, solver
from gridtandem.flow.sums import gathered
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Complex, Real

if TYPE_CHECKING:
    from scipy import sparse

SHORTEST = 1 / 1024  # of a full step
DESCENT = 1e-4  # part of the promised decrease of the mismatch that a shortened step must bring (Armijo's rule)
FAR = 1e8  # per unit; a mismatch beyond it is divergence
DIVERGES, STUCK, SINGULAR = "the iteration diverges", "no step makes the mismatch smaller", "the equations are singular here"


def drawn(nodal: Nodal, vm: Real, factor: float, draw: Draw | None) -> tuple[Complex, Complex]:
    """Power drawn at each node by all loads times ``factor`` and by interfaces, and its derivative by |V|. [per unit]"""
    law, n = nodal.loads, nodal.nodes
    s, slope = law.at(vm[law.node])
    total, by_vm = factor * gathered(law.node, s, n), factor * gathered(law.node, slope, n)
    if draw is None:
        return total, by_vm
    more, by_more = draw(vm)
    return total + more, by_vm + by_more


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Problem:
    """Equations with their numbers. [per unit]"""

    nodal: Nodal
    wiring: Wiring
    scheduled: Complex  # (node) injected by units
    inside: Complex  # (given node) of it, what does not follow from a voltage or a balance
    planned: float  # active power that reference units at given nodes are scheduled for
    target: Real  # (node) magnitude held by units or free transformers, NaN elsewhere
    draw: Draw | None
    loads: float
    units: float | Real
    tol: float
    iterations: int
    factors: Literal["fresh", "kept"] = "fresh"  # compiled iteration only

    def drawn(self, vm: Real) -> tuple[Complex, Complex]:
        """Power drawn at each node by loads and interfaces, and its derivative by |V|."""
        return drawn(self.nodal, vm, self.loads, self.draw)

    def coupled(self, v: Complex) -> Complex | float:
        """Power drawn at each node on top, where it answers to voltages of several nodes."""
        return 0.0 if self.draw is None or self.draw.ports is None else self.draw.ports(v)

    def slopes(self, pattern: Pattern, point: Point, slope: Complex) -> sparse.csc_array:
        """Derivatives of the mismatch by the unknowns."""
        own = jacobian(self.nodal, self.wiring, pattern, point, slope)
        if self.draw is None or self.draw.ports is None:
            return own
        from scipy import sparse

        rows, columns = pattern.inside(self.nodal.nodes)
        further = pattern.shape[1] - len(pattern.turn) - len(pattern.lift)
        return sparse.csc_array(own + self.draw.ports.slopes(self.nodal.nodes, further)[rows][:, columns])

    def needed(self, v: Complex, ratio: Complex) -> Complex:
        """Power that units and the outside inject at each node: what flows into the network plus what is drawn."""
        return Point.of(self.nodal, self.wiring, v, ratio).flows(self.wiring)[1] + self.drawn(np.abs(v))[0] + self.coupled(v)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Trial:
    """Where an iteration ended. [per unit]"""

    v: Complex
    ratio: Complex
    slack: float  # shared slack
    iterations: int
    damped: bool
    mismatch: float
    worst: int  # node with the largest mismatch
    why: str  # empty: solved; else what went wrong
    needed: Complex  # (node) what units and the outside inject, see `Problem.needed`; empty where not solved
    exchanged: str = "asked for"  # why rows were exchanged as numbers asked for it; empty: they were not


def slow(steps: int) -> str:
    """What went wrong where nothing else did."""
    return f"the mismatch is still too large after {steps} iterations"


@final
@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """Unknowns, and the mismatch they leave."""

    vm: Real
    angle: Real
    ratio: Complex
    slack: float
    point: Point
    f: Real
    slope: Complex
    size: float  # largest mismatch; inf where it is not a number or a magnitude is not positive


def iterate(problem: Problem, pattern: Pattern, v: Complex, ratio: Complex, *, damped: bool) -> Trial:
    """Newton's method on the equations of ``pattern`` from ``v`` and ``ratio``; rows are exchanged in the factorisation as numbers ask for it.

    Damped: a step is halved until the norm of the mismatch falls as a Newton step of that length promises (Armijo). Undamped: full
    steps, which is faster wherever it works.
    """
    vm = np.where(np.isnan(problem.target), abs(v), problem.target)
    with np.errstate(all="ignore"):  # a run-away iteration is recognised by its mismatch
        state = _evaluated(problem, pattern, vm, np.angle(v), ratio, slack=0.0)
        for k in range(problem.iterations + 1):
            if state.size <= problem.tol:
                return _trial(problem, pattern, state, k, damped, why="")
            if not state.size < FAR:
                return _trial(problem, pattern, state, k, damped, why=DIVERGES)
            if k == problem.iterations:
                break
            try:
                step = solver(problem.slopes(pattern, state.point, state.slope))(state.f)
            except ArithmeticError:
                return _trial(problem, pattern, state, k, damped, why=SINGULAR)
            after = _stepped(problem, pattern, state, step, 1.0)
            part = 1.0
            while damped and not np.linalg.norm(after.f) <= (1 - DESCENT * part) * np.linalg.norm(state.f):
                part /= 2
                if part < SHORTEST:
                    return _trial(problem, pattern, state, k, damped, why=STUCK)
                after = _stepped(problem, pattern, state, step, part)
            state = after
    return _trial(problem, pattern, state, problem.iterations, damped, why=slow(problem.iterations))


def _stepped(problem: Problem, p: Pattern, state: _State, step: Real, part: float) -> _State:
    angle, vm, ratio, d = state.angle.copy(), state.vm.copy(), state.ratio, -part * step
    turned, lifted = len(p.turn), len(p.turn) + len(p.lift)
    angle[p.turn] += d[:turned]
    vm[p.lift] += d[turned:lifted]
    if p.groups:
        ratio = ratio.copy()
        size = abs(ratio[p.tap])
        ratio[p.tap] *= (size + d[lifted + p.group]) / size
    slack = state.slack + (float(d[-1]) if len(p.share) else 0.0)
    return _evaluated(problem, p, vm, angle, ratio, slack=slack)


def _evaluated(problem: Problem, p: Pattern, vm: Real, angle: Real, ratio: Complex, *, slack: float) -> _State:
    point = Point.of(problem.nodal, problem.wiring, vm * np.exp(1j * angle), ratio)
    drawn, slope = problem.drawn(vm)
    miss = point.flows(problem.wiring)[1] + drawn - problem.scheduled + problem.coupled(point.v)
    if len(p.share):
        miss = miss - p.share * slack
    f = np.concatenate([miss.real[p.p_rows], miss.imag[p.q_rows]])
    size = float(abs(f).max(initial=0.0)) if (vm > 0).all() and np.isfinite(f).all() else np.inf
    f = f if np.isfinite(size) else np.full_like(f, np.nan)
    return _State(vm, angle, ratio, slack, point, f, slope, size)


def _trial(problem: Problem, p: Pattern, state: _State, iterations: int, damped: bool, *, why: str) -> Trial:
    rows = np.concatenate([p.p_rows, p.q_rows])
    worst = int(rows[np.argmax(abs(state.f))]) if len(rows) and np.isfinite(state.size) else -1
    return Trial(
        v=state.point.v, ratio=state.ratio, slack=state.slack, iterations=iterations, damped=damped, mismatch=state.size, worst=worst, why=why,
        needed=np.empty(0, np.complex128) if why else problem.needed(state.point.v, state.ratio),
    )  # fmt: skip
