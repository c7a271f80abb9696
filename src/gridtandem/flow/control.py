"""The outer iteration: units meet and leave their reactive limits, transformers move, each a bounded number of times.

Written rules. Units go first; transformers move once no unit wants to. A unit lets go of its voltage when its node's units need more than
their limits together allow (by more than the hysteresis), and takes it up again when the voltage has passed its set point on the other
side (by more than the hysteresis). Transformers that hold the same node move together, by equal changes of ratio, until they meet their
ends. A continuous one holds its target between its ends and stays at an end until its target asks it back. A stepped one moves when the
voltage misses its target by more than one step would change it, then to the nearest position; of several nodes the one that misses by most
steps goes first (the first row among equals), since neighbours that move at once overshoot. A transformer whose node is held by a unit, or
given, does not move, nor does one that has no effect there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np

from gridtandem.flow.iteration import Problem, Trial
from gridtandem.flow.jacobian import Pattern, Point, Wiring, jacobian, solver
from gridtandem.flow.options import Options
from gridtandem.flow.roles import Roles
from gridtandem.flow.sums import summed
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Code, Complex, Flag, Index, Real

FREE, STOPPED = 0, 2  # a transformer follows its target; or it stands, for this round; −1 and 1: it stands at an end

NOBODY: Index = np.empty(0, np.int64)
MOVED = 1e-9  # less is rounding, not another position


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Held:
    """What is at a limit."""

    limit: Code  # (node) −1, 1: its units sit at their lower, upper reactive limit
    unit_moves: Index  # (node) how often
    tap: Code  # (transformer) FREE, STOPPED, −1 or 1
    tap_moves: Index
    ratio: Complex  # (branch)

    @staticmethod
    def begin(nodal: Nodal, taps: Literal["hold", "move"]) -> Held:
        """Nothing at a limit; ratios within their ends, stepped ones on the nearest position."""
        t, n = nodal.taps, nodal.nodes
        state = np.where(t.steps > 0, STOPPED, FREE) if taps == "move" else np.full(len(t.branch), STOPPED)
        held = Held(
            limit=np.zeros(n, np.int8), unit_moves=np.zeros(n, np.int64), tap=state.astype(np.int8),
            tap_moves=np.zeros(len(t.branch), np.int64), ratio=nodal.branches.ratio,
        )  # fmt: skip
        return held if taps == "hold" else held.at(nodal, _position(nodal, np.asarray(np.clip(np.abs(held.ratio[t.branch]), t.low, t.high))))

    def at(self, nodal: Nodal, size: Real) -> Held:
        """The same with these ratio magnitudes of the controlled transformers."""
        if not len(size):
            return self
        ratio = self.ratio.copy()
        ratio[nodal.taps.branch] *= size / abs(ratio[nodal.taps.branch])
        return replace(self, ratio=ratio)

    def stopped(self) -> Held:
        """The same with every free transformer standing where it is."""
        return replace(self, tap=np.where(self.tap == FREE, STOPPED, self.tap).astype(np.int8))

    def free(self, nodal: Nodal, roles: Roles) -> Index:
        """Transformers that follow their target."""
        if not len(self.tap):
            return NOBODY
        return np.flatnonzero((self.tap == FREE) & ~self.blocked(nodal, roles))

    def blocked(self, nodal: Nodal, roles: Roles) -> Flag:
        """Transformers whose node is held by somebody else."""
        node = nodal.taps.node
        return np.asarray(roles.given[node] | (roles.holds & (self.limit == 0))[node])

    def mark(self, nodal: Nodal) -> bytes:
        """Equal where the same equations hold: what is at which limit, and where stepped transformers stand."""
        t = nodal.taps
        stands: Real = np.round(np.abs(self.ratio[t.branch[t.steps > 0]]) / MOVED)
        return self.limit.tobytes() + self.tap.tobytes() + stands.tobytes()

    def target(self, nodal: Nodal, roles: Roles) -> Real:
        """Magnitude that units or free transformers hold at each node, NaN elsewhere; of several targets the first row's counts."""
        out, free = np.where(roles.holds & (self.limit == 0), roles.v_set, np.nan), self.free(nodal, roles)[::-1]
        out[nodal.taps.node[free]] = nodal.taps.v_set[free]
        return out

    def pattern(self, nodal: Nodal, wiring: Wiring, roles: Roles) -> Pattern:
        """Equations and unknowns for what is at a limit."""
        share, free = roles.shared_slack(nodal.units, nodal.nodes), self.free(nodal, roles)
        open_q = ~roles.given & ~(roles.holds & (self.limit == 0))
        regulated = np.zeros(nodal.nodes, bool)
        regulated[nodal.taps.node[free]] = True
        rows = np.flatnonzero(~roles.given | (len(share) > 0)), np.flatnonzero(open_q)
        _, group = np.unique(nodal.taps.node[free], return_inverse=True)
        columns = np.flatnonzero(~roles.given), np.flatnonzero(open_q & ~regulated)
        return Pattern.of(nodal, wiring, rows, columns, tap=nodal.taps.branch[free], group=group, share=share)


def _position(nodal: Nodal, size: Real) -> Real:
    """Ratios with stepped ones on their nearest position (the lower of two equally near)."""
    t = nodal.taps
    step = (t.high - t.low) / np.maximum(t.steps, 1)
    count = np.ceil(np.divide(size - t.low, step, out=np.zeros_like(step), where=step > 0) - 0.5)
    return np.where(t.steps > 0, t.low + step * np.clip(count, 0, t.steps), size)


def adjusted(roles: Roles, problem: Problem, trial: Trial, held: Held, options: Options) -> Held | None:
    """The next active limits, or None where everybody is content."""
    if trial.ratio is not held.ratio:
        held = replace(held, ratio=trial.ratio)
    if options.q_rule == "switch" and (after := _units(roles, trial, held, options)) is not None:
        return after
    if options.taps == "move" and len(problem.nodal.taps.branch):
        return _taps(roles, problem, trial, held, options)
    return None


def _units(roles: Roles, trial: Trial, held: Held, options: Options) -> Held | None:
    q = trial.needed.imag - roles.own_q
    may = roles.holds & (held.unit_moves < options.switches)
    inside, over = may & (held.limit == 0), abs(trial.v) - roles.v_set
    limit = np.where(inside & (q > roles.q_high + options.hysteresis), 1, held.limit)
    limit = np.where(inside & (q < roles.q_low - options.hysteresis), -1, limit)
    limit = np.where(may & (held.limit * over > options.hysteresis), 0, limit)
    changed = limit != held.limit
    return replace(held, limit=limit.astype(np.int8), unit_moves=held.unit_moves + changed) if changed.any() else None


def _taps(roles: Roles, problem: Problem, trial: Trial, held: Held, options: Options) -> Held | None:
    nodal = problem.nodal
    t = nodal.taps
    size, blocked, stepped = abs(trial.ratio[t.branch]), held.blocked(nodal, roles), t.steps > 0
    free = (held.tap == FREE) & ~blocked
    beyond = (size > t.high).astype(np.int8) - (size < t.low)
    state, moved = np.where(free & (beyond != 0), beyond, held.tap), np.where(free, np.clip(size, t.low, t.high), size)
    miss = t.v_set - abs(trial.v[t.node])
    if (asked := (held.tap_moves < options.switches) & ~blocked & ~free & (abs(miss) > options.hysteresis)).any():
        by_ratio = _ratio_slopes(problem, held.pattern(nodal, problem.wiring, roles), trial, np.flatnonzero(asked))
        slope = summed(t.node[asked], by_ratio, nodal.nodes)[t.node]
        move = np.divide(miss, slope, out=np.zeros_like(miss), where=asked & (slope != 0))
        step = (t.high - t.low) / np.maximum(t.steps, 1)
        goal: Real = np.clip(size + move, t.low, t.high)
        position = _position(nodal, goal)
        missed = np.where(asked & stepped & (abs(position - size) > MOVED), abs(move) / np.where(step > 0, step, 1.0), 0.0)
        moved = np.where((missed > 1) & (t.node == t.node[np.argmax(missed)]), position, moved)
        standing = asked & ~stepped & (held.tap == STOPPED) & (slope != 0)
        state = np.where(standing, np.where(size + move > t.high, 1, np.where(size + move < t.low, -1, FREE)), state)
        moved = np.where(standing, goal, moved)
        state = np.where(asked & ~stepped & ~standing & (held.tap * move < 0), FREE, state)
    changed = (state != held.tap) | (stepped & (abs(moved - size) > MOVED))
    return replace(held, tap=state.astype(np.int8), tap_moves=held.tap_moves + changed).at(nodal, moved) if changed.any() else None


def _ratio_slopes(problem: Problem, pattern: Pattern, trial: Trial, taps: Index) -> Real:
    """Derivative of the voltage each of these transformers holds by its ratio, all else following. [per unit]"""
    nodal, n = problem.nodal, problem.nodal.nodes
    point, slope = Point.of(nodal, problem.wiring, trial.v, trial.ratio), problem.drawn(np.abs(trial.v))[1]
    rows, _ = pattern.inside(n)
    wide = pattern.everything(nodal, problem.wiring, nodal.taps.branch[taps])
    by_ratio = jacobian(nodal, problem.wiring, wide, point, slope)[:, 2 * n : 2 * n + len(taps)].toarray()[rows]
    answer = -solver(jacobian(nodal, problem.wiring, pattern, point, slope))(by_ratio)
    place = np.full(n, -1)
    place[pattern.lift] = len(pattern.turn) + np.arange(len(pattern.lift))
    at = place[nodal.taps.node[taps]]
    return np.where(at >= 0, answer[at, np.arange(len(taps))], 0.0)
