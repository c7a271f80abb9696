r"""Transmission that follows a curve of growing load together with its feeders, which say of themselves what `Eliminated` holds.

Feeders whose local row gives u safely have it eliminated; the others, whose interior is nearly singular at a fixed root voltage, keep it as an
unknown in the border, beside λ and transmission's own opening.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.growth_letters import Eliminated, JointStep, Stepped
from gridtandem.boundary.letters import Worth
from gridtandem.flow.continuation.bordered import opened
from gridtandem.flow.continuation.direction import Direction
from gridtandem.flow.continuation.stage import Place, Stage, Tangent
from gridtandem.flow.continuation.watch import by_arc, consumed
from gridtandem.flow.newton import Newton
from gridtandem.parties.growing import plain
from gridtandem.tables import Complex, Flag, Index, Real
from gridtandem.units import MVA

SAFE = 0.05  # of a local row's last entry, 1 far from a singular interior, from which on u is eliminated by it


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Borders:
    """What feeders leave in transmission's equations. [per unit]"""

    kept: Index  # interfaces whose u stays an unknown
    rows: Real  # (interface, 5, 4); eliminated u: nothing in the last column
    whole: Real  # (interface, 4) local rows as they were told

    @staticmethod
    def of(feeders: Eliminated) -> Borders:
        """Eliminate what can be eliminated."""
        rows = feeders.rows[0, 0] / np.array([MVA, MVA, 1.0, 1.0, MVA])[:, None]
        safe: Flag = np.abs(rows[:, 2, 3]) >= SAFE
        own = rows[:, 2].copy()
        rows[safe] = plain(rows[safe])
        return Borders(kept=np.flatnonzero(~safe), rows=rows, whole=own)

    def swings(self, now: float, v: Real, growth: float, u: Real) -> Real:
        """U of every interface from the joint step."""
        with np.errstate(divide="ignore", invalid="ignore"):
            out: Real = -(self.whole[:, 0] * now + self.whole[:, 1] * v + self.whole[:, 2] * growth) / self.whole[:, 3]
        out[self.kept] = u
        return out


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Memory:
    """What is carried from letter to letter."""

    place: Place
    step: Real  # in all unknowns, then λ
    turn: Real
    arc: Real

    def packed(self) -> Real:
        """As numbers."""
        p = self.place
        return np.concatenate([p.vm, p.angle, np.abs(p.ratio), [p.growth], self.step, self.turn, self.arc])

    @staticmethod
    def of(memo: Real, stage: Stage) -> Memory:
        """Back from numbers."""
        n, m, size = stage.newton.nodal.nodes, len(stage.held.ratio), stage.pattern.shape[1] + 1
        vm, angle, ratio, growth, step, turn, arc = np.split(memo, np.cumsum([n, n, m, 1, size, size]))
        place = Place(vm=vm, angle=angle, ratio=ratio * stage.held.ratio / np.abs(stage.held.ratio), growth=float(growth[0]))
        return Memory(place=place, step=step, turn=turn, arc=arc)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GrowingTransmission:
    """Holds the interfaces' voltages and λ; one scenario, one period."""

    stage: Stage
    at: Index  # (interface) node
    home: Place  # where the first letter begins: the load flow with its own forecast

    @staticmethod
    def of(newton: Newton, direction: Direction, at: Index, home: Complex) -> GrowingTransmission:
        """``newton`` without the feeders."""
        stage = Stage.of(newton, newton.held, newton.nodal.units.s.real.copy(), direction)
        place = Place(vm=np.abs(home), angle=np.angle(home), ratio=newton.held.ratio, growth=0.0)
        given = stage.problem.target
        place = Place(vm=np.where(np.isnan(given), place.vm, given), angle=place.angle, ratio=place.ratio, growth=0.0)
        return GrowingTransmission(stage=stage, at=at, home=place)

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {JointStep: self.joint_step}

    def joint_step(self, ask: JointStep) -> Stepped:
        """Newton's step of all networks together, and the tangent."""
        stage, size = self.stage, self.stage.pattern.shape[1]
        if len(ask.memo):
            was = Memory.of(ask.memo, stage)
            move = ask.by[0] * was.step + ask.by[1] * was.turn
            place, arc = stage.moved(was.place, move[:-1], float(move[-1])), was.turn if ask.turn else was.arc
        else:
            place, arc = self.home, np.eye(1, size + 1, size)[0]
        if not (np.isfinite(ask.feeders.left).all() and (place.vm > 0).all()):
            return self._refused()
        borders = Borders.of(ask.feeders)
        with np.errstate(all="ignore"):
            f = stage.mismatch(place) + self._entering(borders.rows[:, 0, 0] + 1j * borders.rows[:, 1, 0])
            step, turn = self._solved(place, arc, borders, f)
        if not (np.isfinite(step[0]).all() and np.isfinite(turn[0]).all()):
            return self._refused()
        left = float(np.abs(f).max(initial=0.0))
        memory = Memory(place=place, step=step[0], turn=turn[0], arc=arc)
        return self._told(memory, borders, (step[1], turn[1]), 0.0 if left <= stage.problem.tol else left * MVA)

    def state(self, memo: Real) -> tuple[Place, Real]:
        """The owner's door: the place, and how voltages (node) move along the tangent."""
        was, p = Memory.of(memo, self.stage), self.stage.pattern
        moves = np.zeros(len(was.place.vm))
        moves[p.lift] = was.turn[len(p.turn) : len(p.turn) + len(p.lift)]
        return was.place, moves

    def _solved(self, place: Place, arc: Real, borders: Borders, f: Real) -> tuple[tuple[Real, Real], tuple[Real, Real]]:
        """(unknowns and λ; u of every interface) of the step and of the tangent."""
        stage, rows, kept = self.stage, borders.rows, borders.kept
        found = opened(stage, place, arc[:-1], beside=(self.at, rows[:, 0, 1] + 1j * rows[:, 1, 1]))
        b = stage.by_growth(place) + self._entering(rows[:, 0, 2] + 1j * rows[:, 1, 2])
        swings = [self._entering(np.where(np.arange(len(self.at)) == a, rows[:, 0, 3] + 1j * rows[:, 1, 3], 0.0)) for a in kept.tolist()]
        y = found.back(np.concatenate([np.stack([-f, -b], -1), found.opening, -np.stack([0 * f, *swings], -1)[:, 1:]], axis=1))
        wide, own = y.shape[1] - 1, len(found.unknown)
        v, local, share = self._lifted(y), rows[kept, 2], rows[:, 3]
        small, rest = np.zeros((wide, wide)), np.zeros((wide, 2))
        small[:own], rest[:own, 0] = y[found.unknown, 1:], -y[found.unknown, 0]
        small[np.arange(own), 1 + np.arange(own)] -= 1.0
        of_feeder = own + np.arange(len(kept))
        small[of_feeder] = local[:, 1:2] * v[kept, 1:]
        small[of_feeder, 0] += local[:, 2]
        small[of_feeder, 1 + of_feeder] += local[:, 3]
        rest[of_feeder, 0] = -(local[:, 0] + local[:, 1] * v[kept, 0])
        small[-1] = arc[:-1] @ y[:, 1:] + share[:, 1] @ v[:, 1:]
        small[-1, 0] += arc[-1] + share[:, 2].sum()
        small[-1, 1 + of_feeder] += share[kept, 3]
        rest[-1] = -(arc[:-1] @ y[:, 0] + share[:, 1] @ v[:, 0] + share[:, 0].sum()), 1.0
        u = np.linalg.solve(small, rest)
        step, turn = y[:, 0] + y[:, 1:] @ u[:, 0], y[:, 1:] @ u[:, 1]
        dv = self._lifted(np.stack([step, turn], -1))
        kept_u = u[1 + own :]
        s = borders.swings(1.0, dv[:, 0], u[0, 0], kept_u[:, 0]), borders.swings(0.0, dv[:, 1], u[0, 1], kept_u[:, 1])
        length = float(np.sqrt(turn @ turn + u[0, 1] ** 2 + s[1] @ s[1]))
        return (np.append(step, u[0, 0]), s[0]), (np.append(turn, u[0, 1]) / length, s[1] / length)

    def _entering(self, s: Complex) -> Real:
        """Powers drawn at the interfaces, in transmission's equations."""
        drawn = np.zeros(self.stage.newton.nodal.nodes, np.complex128)
        np.add.at(drawn, self.at, s)
        p = self.stage.pattern
        return np.concatenate([drawn.real[p.p_rows], drawn.imag[p.q_rows]])

    def _lifted(self, x: Real) -> Real:
        """(interface, …) Steps of voltages out of steps of unknowns."""
        p = self.stage.pattern
        out = np.zeros((self.stage.newton.nodal.nodes, x.shape[1]))
        out[p.lift] = x[len(p.turn) : len(p.turn) + len(p.lift)]
        return out[self.at]

    def _told(self, memory: Memory, borders: Borders, swings: tuple[Real, Real], left: float) -> Stepped:
        stage, place, p = self.stage, memory.place, self.stage.pattern
        dv = self._lifted(np.stack([memory.step[:-1], memory.turn[:-1]], -1))
        step, turn = (
            np.stack([np.full(len(self.at), now), dv[:, k], np.full(len(self.at), x[-1]), swings[k]], -1)
            for k, (now, x) in enumerate(((1.0, memory.step), (0.0, memory.turn)))
        )
        along = Tangent(x=memory.turn[:-1], growth=float(memory.turn[-1]))
        load = consumed(stage, place) + borders.rows[:, 4, 0].sum()
        rise = by_arc(stage, place, along) + (borders.rows[:, 4, 1:3] * turn[:, 1:3]).sum() + borders.rows[borders.kept, 4, 3] @ turn[borders.kept, 3]
        x, turned = np.abs(memory.turn), len(p.turn)
        parts = (x[:turned].max(initial=0.0) / 5, x[turned:-1].max(initial=0.0), x[-1] / 10, np.abs(turn[:, 3]).max(initial=0.0))
        worth = np.full((1, 1, len(self.at)), Worth.ESTIMATE if left else Worth.EXACT, np.int8)
        return Stepped(
            step[None, None], turn[None, None], place.vm[self.at][None, None], place.growth, left, float(load) * MVA, float(rise) * MVA,
            float(max(parts)), memory.packed(), worth,
        )  # fmt: skip

    def _refused(self) -> Stepped:
        none = np.zeros((1, 1, len(self.at), 4))
        worth = np.full((1, 1, len(self.at)), Worth.ESTIMATE, np.int8)
        return Stepped(none, none, none[..., 0], np.nan, np.inf, 0.0, 0.0, 1.0, np.empty(0), worth)
