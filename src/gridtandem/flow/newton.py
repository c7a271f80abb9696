"""Newton load flow in polar coordinates, for any network: meshed, with units that hold voltages, with moving transformer ratios.

One inner iteration solves the equations for a fixed set of active limits; an outer one, after each solution, lets units meet or leave their
reactive limits and transformers move (`gridtandem.flow.control`). What depends on the topology alone is found once, in `Newton.of`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.flow.blocks import Blocks
from gridtandem.flow.control import STOPPED, Held, adjusted
from gridtandem.flow.draw import Draw
from gridtandem.flow.iteration import Problem, Trial, iterate
from gridtandem.flow.jacobian import Pattern, Wiring
from gridtandem.flow.options import Options
from gridtandem.flow.roles import Roles
from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.nodal import Nodal
from gridtandem.grid.topology import reached
from gridtandem.tables import Code, Complex, Index, Real
from gridtandem.units import MVA

__all__ = ["Draw", "Newton", "Options", "Solution"]

Factor = float | Real  # one for all units, or one each


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
    pattern: Pattern  # equations that were active at the end
    pivoting: bool  # the general factorisation was needed: unknowns couple beyond neighbours, or the pivots of the compiled one failed


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Newton:
    """A network made ready for many load flows."""

    nodal: Nodal
    options: Options
    roles: Roles
    wiring: Wiring
    home: Pattern  # nothing at a limit, continuous transformers free
    lost: Index  # nodes without a path to a given voltage
    blocks: Blocks | None  # the compiled iteration, where it may serve

    @staticmethod
    def of(nodal: Nodal, fixed: Index | None = None, options: Options | None = None) -> Newton:
        """Symbolic work. ``fixed`` = nodes whose complex voltage is given; without it, the node of the reference unit(s)."""
        options = Options() if options is None else options
        roles, wiring = Roles.of(nodal, fixed, shared=options.slack == "shared"), Wiring.of(nodal)
        home = _pattern(nodal, wiring, roles, Held.begin(nodal, options.taps))
        lost = np.flatnonzero(~reached(nodal, roles.fixed))
        blocks = None if len(lost) or roles.share.any() else Blocks.of(nodal, wiring, roles)
        return Newton(nodal=nodal, options=options, roles=roles, wiring=wiring, home=home, lost=lost, blocks=blocks)

    @property
    def fixed(self) -> Index:
        """Nodes whose complex voltage is given."""
        return self.roles.fixed

    def solve(
        self, *, start: Complex | None = None, fixed_v: Complex | None = None, draw: Draw | None = None, loads: float = 1.0, units: Factor = 1.0
    ) -> Solution:
        """Load flow with all loads times ``loads`` and the scheduled active power of all units (or of each) times ``units``.

        Begins at ``start``, else at the network's own start. If full Newton steps fail, shortened ones are tried from there, then from
        a flat profile; a network whose free transformers cannot be solved for is first solved with their ratios held.
        """
        factors = (loads, units)
        if len(self.lost):
            return self._failed(f"{self.nodal.named(self.lost)}: no path to a bus whose voltage is given", 0, np.inf, factors)
        held = Held.begin(self.nodal, self.options.taps)
        trial, problem, held = self._first(self.roles.begin(self.nodal, start, fixed_v), held, draw, factors)
        steps, damped = trial.iterations, trial.damped
        while not trial.why:  # ends: every change uses up one of the switches its unit or transformer has
            after = adjusted(self.roles, problem, trial, held, self.options)
            if after is None:
                return self._solved(trial, held, problem, steps, damped)
            held, problem = after, self._problem(_pattern(self.nodal, self.wiring, self.roles, after), after, draw, factors)
            trial = self._attempt(problem, held, (trial.v,))
            steps, damped = steps + trial.iterations, damped or trial.damped
        return self._failed(self._explain(trial), steps, trial.mismatch, factors)

    def _first(self, v: Complex, held: Held, draw: Draw | None, factors: tuple[float, Factor]) -> tuple[Trial, Problem, Held]:
        """The ladder of attempts on the first set of active limits."""
        flat = np.where(self.roles.given, v, np.exp(1j * np.angle(v[self.fixed[0]])))
        problem = self._problem(self.home, held, draw, factors)
        trial = self._attempt(problem, held, (v, flat))
        if trial.why and self.home.groups:
            held = held.stopped()
            problem = self._problem(_pattern(self.nodal, self.wiring, self.roles, held), held, draw, factors)
            trial = self._attempt(problem, held, (v, flat))
        return trial, problem, held

    def _attempt(self, problem: Problem, held: Held, starts: tuple[Complex, ...]) -> Trial:
        """Full steps from the first start, then shortened ones from each; all iterations are counted."""
        steps = 0
        for begin, damped in ((starts[0], False), *((s, True) for s in starts)):
            trial = self._tried(problem, begin, held.ratio, damped=damped)
            steps += trial.iterations
            if not trial.why:
                break
        return replace(trial, iterations=steps)

    def _tried(self, problem: Problem, begin: Complex, ratio: Complex, *, damped: bool) -> Trial:
        """Compiled where that serves and its pivots hold."""
        quick = None if self.blocks is None or problem.pattern.groups else self.blocks.iterate(problem, begin, ratio, damped=damped)
        return iterate(problem, begin, ratio, damped=damped) if quick is None else quick

    def _problem(self, pattern: Pattern, held: Held, draw: Draw | None, factors: tuple[float, Factor]) -> Problem:
        loads, units = factors
        return Problem(
            nodal=self.nodal, wiring=self.wiring, pattern=pattern, scheduled=self.roles.scheduled(self.nodal.units, held.limit, units),
            target=held.target(self.nodal, self.roles), draw=draw, loads=loads, units=units, tol=self.tol(held.ratio),
            iterations=self.options.iterations, factors=self.options.factors,
        )  # fmt: skip

    def tol(self, ratio: Complex) -> float:
        r"""Mismatch asked for: never below :math:`20\,\epsilon\,\|Y\|_\infty`, the noise of the residual itself."""
        y = abs(self.wiring.admittance(self.nodal, ratio))
        return max(self.options.tol, 20 * float(np.finfo(float).eps * np.bincount(self.wiring.row, y).max(initial=0.0)))

    def _solved(self, trial: Trial, held: Held, problem: Problem, steps: int, damped: bool) -> Solution:
        roles, u = self.roles, self.nodal.units
        outside = trial.needed - roles.inside_power(u, problem.units, trial.slack, self.nodal.nodes)
        planned = (u.s.real * problem.units)[(u.control == REFERENCE) & roles.given[u.node]].sum()
        return Solution(
            v=trial.v, iterations=steps, converged=True, damped=damped, mismatch=trial.mismatch,
            unit_s=roles.unit_power(self.nodal, trial.needed, problem.units, trial.slack),
            at_limit=np.where(roles.steered, held.limit[u.node], 0).astype(np.int8), switches=np.where(roles.steered, held.unit_moves[u.node], 0),
            ratio=trial.ratio, fixed_s=outside[roles.fixed],
            slack=trial.slack if roles.share.any() else float(outside[roles.fixed].real.sum() - planned),
            trouble=self._restless(held, trial.v), loads=problem.loads, units=problem.units, pattern=problem.pattern, pivoting=trial.pivoting,
        )  # fmt: skip

    def _failed(self, trouble: str, steps: int, mismatch: float, factors: tuple[float, Factor]) -> Solution:
        nowhere, u, n = complex(np.nan, np.nan), len(self.nodal.units.node), self.nodal.nodes
        return Solution(
            v=np.full(n, nowhere), iterations=steps, converged=False, damped=True, mismatch=mismatch, unit_s=np.full(u, nowhere),
            at_limit=np.zeros(u, np.int8), switches=np.zeros(u, np.int64), ratio=np.full(len(self.nodal.branches.ratio), nowhere),
            fixed_s=np.full(len(self.fixed), nowhere), slack=np.nan, trouble=trouble, loads=factors[0], units=factors[1], pattern=self.home,
            pivoting=False,
        )  # fmt: skip

    def _explain(self, trial: Trial) -> str:
        where = (
            f"; the largest mismatch, {trial.mismatch * MVA:.3g} MVA, is at {self.nodal.named(np.array([trial.worst]))}" if trial.worst >= 0 else ""
        )
        return f"no load flow found: {trial.why}{where}; there may be none, if loads are more than the network can carry"

    def _restless(self, held: Held, v: Complex) -> str:
        """Who switched as often as allowed and was then left as it was, and which transformers hold a voltage they do not reach."""
        most, t = self.options.switches, self.nodal.taps
        said = []
        if len(nodes := np.flatnonzero(held.unit_moves >= most)):
            said.append(f"units at {self.nodal.named(nodes)} met and left their reactive limits {most} times and then stayed")
        if len(taps := np.flatnonzero(held.tap_moves >= most)):
            said.append(f"transformers that hold {self.nodal.named(t.node[taps])} moved {most} times and then stayed")
        if self.options.taps == "move":
            idle = (held.tap == STOPPED) & (t.steps == 0) & ~held.blocked(self.nodal, self.roles)
            if len(taps := np.flatnonzero(idle & (abs(np.abs(v[t.node]) - t.v_set) > self.options.hysteresis))):
                said.append(f"transformers that should hold {self.nodal.named(t.node[taps])} have no effect there and stood still")
        return "; ".join(said)


def _pattern(nodal: Nodal, wiring: Wiring, roles: Roles, held: Held) -> Pattern:
    """Equations and unknowns for what is at a limit."""
    share, free = roles.shared_slack(nodal.units, nodal.nodes), held.free(nodal, roles)
    open_q = ~roles.given & ~(roles.holds & (held.limit == 0))
    regulated = np.zeros(nodal.nodes, bool)
    regulated[nodal.taps.node[free]] = True
    rows = np.flatnonzero(~roles.given | (len(share) > 0)), np.flatnonzero(open_q)
    _, group = np.unique(nodal.taps.node[free], return_inverse=True)
    columns = np.flatnonzero(~roles.given), np.flatnonzero(open_q & ~regulated)
    return Pattern.of(nodal, wiring, rows, columns, tap=nodal.taps.branch[free], group=group, share=share)
