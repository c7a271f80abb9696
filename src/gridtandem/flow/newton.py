"""Newton load flow in polar coordinates, for any network: meshed, with units that hold voltages, with moving transformer ratios.

One inner iteration solves the equations for a fixed set of active limits; an outer one, after each solution, lets units meet or leave their
reactive limits and transformers move (`gridtandem.flow.control`). What depends on the topology alone is found once, in `Newton.of`. The inner
iteration is compiled (`gridtandem.flow.blocks`); where its pivots fail the general one serves, and `Solution.exchanged` says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.flow.blocks import Blocks
from gridtandem.flow.border import Border
from gridtandem.flow.control import Held, adjusted
from gridtandem.flow.draw import Draw
from gridtandem.flow.iteration import Problem, Trial, iterate
from gridtandem.flow.jacobian import Pattern, Wiring
from gridtandem.flow.options import Options
from gridtandem.flow.roles import Roles
from gridtandem.flow.start import following
from gridtandem.flow.sums import summed
from gridtandem.flow.telling import explained, told
from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.nodal import Nodal
from gridtandem.grid.topology import reached
from gridtandem.tables import Code, Complex, Index, Real

__all__ = ["Draw", "Newton", "Options", "Solution"]

Factor = float | Real  # one for all units, or one each


CURRENT = 1e-3  # of the currents that meet at a node, what may be left over at low voltages; at a voltage of nothing it is all of them
LOW = 0.4  # pu; the nose of the published feeders lies at 0.404, and no network is run below


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Solution:
    """Voltages and what follows from them; NaN where none were found. [per unit]"""

    v: Complex  # (node)
    iterations: int  # all Newton steps together
    converged: bool
    damped: bool  # shortened steps were needed
    mismatch: float  # largest remaining mismatch of power
    unit_s: Complex  # (unit) injection
    at_limit: Code  # (unit) −1 at its lower reactive limit, 1 at its upper, 0 within
    switches: Index  # (unit) how often its node met or left a limit
    ratio: Complex  # (branch) after control
    fixed_s: Complex  # (fixed node) power that enters there from outside, or from the reference unit
    slack: float  # active power beyond schedule of the units that take the imbalance
    trouble: str  # a sentence for a person; empty where all is well
    loads: float  # the factors it was solved for
    units: Factor
    held: Held  # what was at a limit at the end
    exchanged: str  # why the factorisation that exchanges rows was needed; empty where the compiled one served

    @property
    def pivoting(self) -> bool:
        """Rows were exchanged as numbers asked for it."""
        return bool(self.exchanged)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Newton:
    """A network made ready for many load flows."""

    nodal: Nodal
    options: Options
    roles: Roles
    wiring: Wiring
    lost: Index  # nodes without a path to a given voltage
    blocks: Blocks | None  # the compiled iteration; None where a node is lost
    held: Held  # nothing at a limit, continuous transformers free
    home: Border | None  # what couples beyond neighbours then
    begin: Complex  # where an iteration begins unless told otherwise
    flat: Complex  # (node) held magnitudes, else 1; angles that follow phase shifts
    problem: Problem  # nothing at a limit, all factors 1

    @staticmethod
    def of(nodal: Nodal, fixed: Index | None = None, options: Options | None = None) -> Newton:
        """Symbolic work. ``fixed`` = nodes whose complex voltage is given; without it, the node of the reference unit(s)."""
        options = Options() if options is None else options
        roles, wiring = Roles.of(nodal, fixed, shared=options.slack == "shared"), Wiring.of(nodal)
        held, lost = Held.begin(nodal, options.taps), np.flatnonzero(~reached(nodal, roles.fixed))
        blocks = None if len(lost) else Blocks.of(nodal, wiring, roles)
        return Newton(
            nodal=nodal, options=options, roles=roles, wiring=wiring, lost=lost, blocks=blocks, held=held,
            home=None if blocks is None else Border.of(nodal, blocks, wiring, held, roles),
            begin=following(nodal, roles.begin(nodal, None, None), roles.fixed), flat=following(nodal, _flat(nodal, roles), roles.fixed),
            problem=problem_of(nodal, wiring, roles, held, options),
        )  # fmt: skip

    @property
    def fixed(self) -> Index:
        """Nodes whose complex voltage is given."""
        return self.roles.fixed

    def solve(
        self, *, start: Complex | None = None, fixed_v: Complex | None = None, draw: Draw | None = None, loads: float = 1.0, units: Factor = 1.0
    ) -> Solution:
        """Load flow with all loads times ``loads`` and the scheduled active power of all units (or of each) times ``units``.

        Begins at ``start``, else at the network's own start. If full Newton steps fail, shortened ones are tried from there, then from
        a flat profile; a network whose free transformers cannot be solved for is first solved with their ratios held. The equations have
        more than one root: where a voltage is below `LOW`, the flat profile is tried too, and the root of higher voltage is taken. A voltage of
        nothing is no root: it meets the balance of power of loads that are impedances, and not that of currents.
        """
        factors = (loads, units)
        found = self._solve(start, fixed_v, draw, factors)
        if not found.converged or float(np.abs(found.v).min(initial=1.0)) >= LOW:
            return found
        both = [_grounded(self, each, draw) for each in (found, self._solve(self.flat, fixed_v, draw, factors))]
        lowest = [float(np.abs(each.v).min()) if each.converged else -1.0 for each in both]
        found = both[int(np.argmax(lowest))]
        if not found.converged or max(lowest) >= LOW:
            return found
        where = self.nodal.named(np.array([int(np.argmin(np.abs(found.v)))]))
        low = f"{max(lowest):.3g} pu at {where}: no network is run there; this may be a root of low voltage"
        return replace(found, trouble="; ".join(filter(None, (low, found.trouble))))

    def _solve(self, start: Complex | None, fixed_v: Complex | None, draw: Draw | None, factors: tuple[float, Factor]) -> Solution:
        if len(self.lost):
            return _failed(self, f"{self.nodal.named(self.lost)}: no path to a bus whose voltage is given", 0, np.inf, factors)
        begin = self.begin if start is None and fixed_v is None else self.roles.begin(self.nodal, start, fixed_v)
        trial, problem, held = self._first(begin, draw, factors)
        steps, damped, exchanged = trial.iterations, trial.damped, trial.exchanged
        while not trial.why:  # ends: every change uses up one of the switches its unit or transformer has
            after = adjusted(self.roles, problem, trial, held, self.options)
            if after is None:
                return self._solved(replace(trial, exchanged=exchanged, damped=damped, iterations=steps), held, problem)
            held, problem = after, self.asked(after, draw, factors)
            trial = self._attempt(problem, held, trial.v)
            steps, damped, exchanged = steps + trial.iterations, damped or trial.damped, exchanged or trial.exchanged
        return _failed(self, explained(self.nodal, trial), steps, trial.mismatch, factors)

    def pattern(self, held: Held) -> Pattern:
        """Equations for what is at a limit."""
        return held.pattern(self.nodal, self.wiring, self.roles)

    def border(self, held: Held) -> Border | None:
        """What couples beyond neighbours then; None where a node is lost."""
        return self.home if held is self.held or self.blocks is None else Border.of(self.nodal, self.blocks, self.wiring, held, self.roles)

    def back(self, solution: Solution, pattern: Pattern, draw: Draw | None) -> Callable[[Real], Real] | None:
        """Compiled solution with the Jacobian at ``solution``, unchecked; None where it did not serve there either."""
        border = self.border(solution.held)
        if self.blocks is None or border is None or solution.exchanged or (draw is not None and draw.ports is not None):
            return None
        problem = self.asked(solution.held, draw, (solution.loads, solution.units))
        return self.blocks.back(problem, border, pattern, solution.v, solution.ratio)

    def _first(self, v: Complex, draw: Draw | None, factors: tuple[float, Factor]) -> tuple[Trial, Problem, Held]:
        """The ladder of attempts on the first set of active limits."""
        held, problem = self.held, self.asked(self.held, draw, factors)
        trial = self._attempt(problem, held, v, flat=True)
        if trial.why and len(held.free(self.nodal, self.roles)):
            held = held.stopped()
            problem = self.asked(held, draw, factors)
            trial = self._attempt(problem, held, v, flat=True)
        return trial, problem, held

    def _attempt(self, problem: Problem, held: Held, v: Complex, *, flat: bool = False) -> Trial:
        """Full steps from ``v``, then shortened ones from there and, if ``flat`` is a choice, from a flat profile; all iterations are counted."""
        tried = _ways(self, problem, held)
        trial = tried(v, damped=False)
        if not trial.why:
            return trial
        turn = np.exp(1j * (np.angle(v[self.fixed[0]]) - np.angle(self.flat[self.fixed[0]])))
        steps = trial.iterations
        for begin in (v, np.where(self.roles.given, v, self.flat * turn))[: 1 + flat]:
            trial = tried(begin, damped=True)
            steps += trial.iterations
            if not trial.why:
                break
        return replace(trial, iterations=steps)

    def asked(self, held: Held, draw: Draw | None, factors: tuple[float, Factor]) -> Problem:
        loads, units = factors
        if held is self.held and isinstance(units, float):
            if units == 1.0:
                return self.problem if draw is None and loads == 1.0 else replace(self.problem, draw=draw, loads=loads)
            same = _units(self.nodal, self.roles, held, units)
            return replace(self.problem, draw=draw, loads=loads, units=units, scheduled=same[0], inside=same[1], planned=same[2])
        made = problem_of(self.nodal, self.wiring, self.roles, held, self.options, units=units)
        return replace(made, draw=draw, loads=loads)

    def tol(self, ratio: Complex) -> float:
        r"""Mismatch asked for: never below :math:`20\,\epsilon\,\|Y\|_\infty`, the noise of the residual itself."""
        return _tol(self.nodal, self.wiring, ratio, self.options.tol)

    def _solved(self, trial: Trial, held: Held, problem: Problem) -> Solution:
        roles, node, unmoved = self.roles, self.nodal.units.node, held is self.held
        outside = trial.needed[roles.fixed] - problem.inside
        if roles.shared:
            outside = trial.needed[roles.fixed] - roles.inside_power(self.nodal.units, problem.units, trial.slack)
        return Solution(
            v=trial.v, iterations=trial.iterations, converged=True, damped=trial.damped, mismatch=trial.mismatch,
            unit_s=roles.unit_power(self.nodal, trial.needed, problem.units, trial.slack),
            at_limit=np.zeros(len(node), np.int8) if unmoved else np.where(roles.steered, held.limit[node], 0).astype(np.int8),
            switches=np.zeros(len(node), np.int64) if unmoved else np.where(roles.steered, held.unit_moves[node], 0),
            ratio=trial.ratio, fixed_s=outside, slack=trial.slack if roles.shared else float(outside.real.sum() - problem.planned),
            loads=problem.loads, units=problem.units, held=held, exchanged=trial.exchanged,
            trouble=told(self.nodal, roles, self.options, None if unmoved and self.options.switches else held, trial),
        )  # fmt: skip


def _ways(newton: Newton, problem: Problem, held: Held) -> Callable[..., Trial]:
    """The iteration, compiled where that serves and its pivots hold; it does not where interfaces answer to each other."""
    coupled = problem.draw is not None and problem.draw.ports is not None
    border = None if coupled else newton.border(held)

    def tried(begin: Complex, *, damped: bool) -> Trial:
        trial: Trial | str = (
            "" if newton.blocks is None or border is None else newton.blocks.iterate(problem, border, begin, held.ratio, damped=damped)
        )
        if isinstance(trial, Trial):
            return trial
        return replace(iterate(problem, newton.pattern(held), begin, held.ratio, damped=damped), exchanged=trial)

    return tried


def _grounded(newton: Newton, found: Solution, draw: Draw | None) -> Solution:
    """The same, or a failure where currents do not balance at a node of low voltage though powers do, both being nothing."""
    if not found.converged:
        return found
    problem, wiring, n = newton.asked(found.held, draw, (found.loads, found.units)), newton.wiring, newton.nodal.nodes
    shared = newton.roles.shared_slack(newton.nodal.units, n) * found.slack if newton.roles.shared else 0.0
    size, open_ = np.abs(found.v), np.isnan(problem.target) & ~newton.roles.given
    left = abs(problem.needed(found.v, found.ratio) - problem.scheduled - shared)
    around = summed(wiring.row, np.asarray(abs(wiring.admittance(newton.nodal, found.ratio)) * size[wiring.col], np.float64), n)
    dead = np.flatnonzero(open_ & (size < LOW) & (left > CURRENT * size * around))
    if not len(dead):
        return found
    why = f"no load flow found: the voltage at {newton.nodal.named(dead)} fell to nothing, where powers balance and currents do not"
    return _failed(newton, why, found.iterations, found.mismatch, (found.loads, found.units))


def _failed(newton: Newton, trouble: str, steps: int, mismatch: float, factors: tuple[float, Factor]) -> Solution:
    nowhere, u, n = complex(np.nan, np.nan), len(newton.nodal.units.node), newton.nodal.nodes
    return Solution(
        v=np.full(n, nowhere), iterations=steps, converged=False, damped=True, mismatch=mismatch, unit_s=np.full(u, nowhere),
        at_limit=np.zeros(u, np.int8), switches=np.zeros(u, np.int64), ratio=np.full(len(newton.nodal.branches.ratio), nowhere),
        fixed_s=np.full(len(newton.fixed), nowhere), slack=np.nan, trouble=trouble, loads=factors[0], units=factors[1], held=newton.held,
        exchanged="",
    )  # fmt: skip


def _flat(nodal: Nodal, roles: Roles) -> Complex:
    """Held magnitudes, else 1, at the angle of the first given node."""
    return np.where(roles.given, roles.begin(nodal, None, None), roles.v_set * np.exp(1j * np.angle(roles.own_v[0] if len(roles.own_v) else 1.0)))


def _units(nodal: Nodal, roles: Roles, held: Held, units: Factor) -> tuple[Complex, Complex, float]:
    """What units inject at each node, what of it at given nodes does not follow from a balance, and what is planned for those that balance."""
    u = nodal.units
    planned = float((u.s.real * units)[(u.control == REFERENCE) & roles.given[u.node]].sum())
    return roles.scheduled(u, held.limit, units), roles.inside_power(u, units, 0.0), planned


def problem_of(nodal: Nodal, wiring: Wiring, roles: Roles, held: Held, options: Options, *, units: Factor = 1.0) -> Problem:
    """Equations with these things held."""
    scheduled, inside, planned = _units(nodal, roles, held, units)
    return Problem(
        nodal=nodal, wiring=wiring, scheduled=scheduled, inside=inside, planned=planned, target=held.target(nodal, roles), draw=None, loads=1.0,
        units=units, tol=_tol(nodal, wiring, held.ratio, options.tol), iterations=options.iterations, factors=options.factors,
    )  # fmt: skip


def noise(newton: Newton) -> float:
    """What a mismatch may be by rounding alone."""
    return _tol(newton.nodal, newton.wiring, newton.held.ratio, 0.0)


def _tol(nodal: Nodal, wiring: Wiring, ratio: Complex, wish: float) -> float:
    y = abs(wiring.admittance(nodal, ratio))
    return max(wish, 20 * float(np.finfo(float).eps * np.bincount(wiring.row, y).max(initial=0.0)))
