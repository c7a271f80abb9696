"""Transmission that follows a curve of growing load together with its feeders, which say of themselves what `Eliminated` holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np

from gridtandem.boundary.growth_letters import JointStep, Stepped
from gridtandem.boundary.letters import Worth
from gridtandem.flow.continuation.direction import Direction
from gridtandem.flow.continuation.kept import behind, held_by, key_of, marks, passed
from gridtandem.flow.continuation.stage import Place, Stage, Tangent
from gridtandem.flow.continuation.standing import Standing
from gridtandem.flow.continuation.watch import Sign, by_arc, consumed
from gridtandem.flow.control import Held
from gridtandem.flow.newton import Newton
from gridtandem.parties.growing_joint import Borders, Memory, System
from gridtandem.tables import Complex, Index, Real
from gridtandem.units import MVA


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GrowingTransmission:
    """Holds the interfaces' voltages and λ; one scenario, one period."""

    newton: Newton  # without the feeders
    direction: Direction
    at: Index  # (interface) node
    home: Place  # where the first letter begins: the load flow with its own forecast
    respected: frozenset[str]  # limits of units that hold
    known: dict[bytes, System] = field(default_factory=dict)  # equations by what is at a limit, as they were asked for
    diary: list[tuple[float, Sign]] = field(default_factory=list)  # the owner's: λ, and what gave way

    @staticmethod
    def of(newton: Newton, direction: Direction, at: Index, home: Complex, *, respected: frozenset[str] = frozenset()) -> GrowingTransmission:
        """``newton`` without the feeders."""
        target = newton.held.target(newton.nodal, newton.roles)
        place = Place(vm=np.where(np.isnan(target), np.abs(home), target), angle=np.angle(home), ratio=newton.held.ratio, growth=0.0)
        return GrowingTransmission(newton=newton, direction=direction, at=at, home=place, respected=respected)

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {JointStep: self.joint_step}

    def system(self, held: Held) -> System:
        """Equations for what is at a limit."""
        key = key_of(held)
        if key not in self.known:
            self.known[key] = System(stage=Stage.of(self.newton, held, self.newton.nodal.units.s.real.copy(), self.direction), at=self.at)
        return self.known[key]

    def joint_step(self, ask: JointStep) -> Stepped:
        """Newton's step of all networks together, and the tangent."""
        system, place, arc = self._moved(ask)
        if not (np.isfinite(ask.feeders.left).all() and (place.vm > 0).all()):
            return self._refused()
        borders = Borders.of(ask.feeders)
        s = borders.rows[:, 0, 0] + 1j * borders.rows[:, 1, 0]
        if ask.give:
            system, place, arc = self._given(system, place, arc, s)
            borders.rows[:, 3] = 0.0  # new equations are oriented by transmission alone
        with np.errstate(all="ignore"):
            f = system.stage.mismatch(place) + system.entering(s)
            step, turn = system.solved(place, arc, borders, f)
        if not (np.isfinite(step[0]).all() and np.isfinite(turn[0]).all()):
            return self._refused()
        left, tol = float(np.abs(f).max(initial=0.0)), system.stage.problem.tol
        memory = Memory(held=system.stage.held, place=place, step=step[0], turn=turn[0], arc=arc)
        over = passed(system.stage, place, system.drawn(s), respected=self.respected).most
        return self._told(memory, borders, (step[1], turn[1]), left=0.0 if left <= tol else left * MVA, over=over)

    def state(self, memo: Real) -> Standing:
        """The owner's door: the place, and how everything moves along the tangent."""
        was = Memory.of(memo, self.newton)
        return Standing.of(self.system(was.held).stage, was.place, Tangent(x=was.turn[:-1], growth=float(was.turn[-1])))

    def _moved(self, ask: JointStep) -> tuple[System, Place, Real]:
        """Equations, place and direction of the arc after the move that is asked for; without a memo, home."""
        if not len(ask.memo):
            home = self.system(self.newton.held)
            size = home.stage.pattern.shape[1]
            return home, self.home, np.eye(1, size + 1, size)[0]
        was = Memory.of(ask.memo, self.newton)
        system, move = self.system(was.held), ask.by[0] * was.step + ask.by[1] * was.turn
        return system, system.stage.moved(was.place, move[:-1], float(move[-1])), was.turn if ask.turn else was.arc

    def _given(self, system: System, place: Place, arc: Real, s: Complex) -> tuple[System, Place, Real]:
        """Equations behind the limit that is passed by most, and the direction in which they go on; none before anything grows."""
        stage, n = system.stage, len(place.vm)
        sign = passed(stage, place, system.drawn(s), respected=self.respected).worst
        self.diary.append((place.growth, sign))
        there = behind(stage, place, sign)
        after = self.system(held_by(self.newton, marks(there), np.abs(there.ratio)))
        p, b = after.stage.pattern, stage.pattern
        row = np.zeros(p.shape[1] + 1)
        if sign.kind == "q" and arc[:-1].any():
            row[len(p.turn) + np.searchsorted(p.lift, sign.element)] = -sign.side
        else:
            wide = np.zeros(n)
            wide[b.lift] = arc[len(b.turn) : len(b.turn) + len(b.lift)]
            row[: len(p.turn)], row[len(p.turn) : len(p.turn) + len(p.lift)], row[-1] = arc[: len(b.turn)], wide[p.lift], arc[-1]
        return after, replace(place, ratio=there.ratio), row

    def _told(self, memory: Memory, borders: Borders, swings: tuple[Real, Real], *, left: float, over: float) -> Stepped:
        system, place = self.system(memory.held), memory.place
        stage, p = system.stage, system.stage.pattern
        dv = system.lifted(np.stack([memory.step[:-1], memory.turn[:-1]], -1))
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
            over, float(max(parts)), memory.packed(), worth,
        )  # fmt: skip

    def _refused(self) -> Stepped:
        none = np.zeros((1, 1, len(self.at), 4))
        worth = np.full((1, 1, len(self.at)), Worth.ESTIMATE, np.int8)
        return Stepped(none, none, none[..., 0], np.nan, np.inf, 0.0, 0.0, -np.inf, 1.0, np.empty(0), worth)
