r"""All networks in transmission's equations: its own bordered system with what feeders leave in it.

Feeders whose local row gives u safely have it eliminated; the others, whose interior is nearly singular at a fixed root voltage, keep it as an
unknown in the border, beside λ and transmission's own opening.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.boundary.growth_letters import Eliminated
from gridtandem.flow.continuation.bordered import opened
from gridtandem.flow.continuation.kept import held_by, marks
from gridtandem.flow.continuation.stage import Place, Stage
from gridtandem.flow.control import Held
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

    held: Held  # what is at a limit
    place: Place
    step: Real  # in all unknowns, then λ
    turn: Real
    arc: Real

    def packed(self) -> Real:
        """As numbers."""
        p = self.place
        return np.concatenate([marks(self.held), p.vm, p.angle, np.abs(p.ratio), [p.growth], self.step, self.turn, self.arc])

    @staticmethod
    def of(memo: Real, newton: Newton) -> Memory:
        """Back from numbers."""
        n, m, home, taps = newton.nodal.nodes, len(newton.held.ratio), newton.held.ratio, len(newton.held.tap)
        size = (len(memo) - 3 * n - taps - m - 1) // 3
        told, vm, angle, ratio, growth, step, turn, arc = np.split(memo, np.cumsum([n + taps, n, n, m, 1, size, size]))
        place = Place(vm=vm, angle=angle, ratio=ratio * home / np.abs(home), growth=float(growth[0]))
        return Memory(held=held_by(newton, told, ratio), place=place, step=step, turn=turn, arc=arc)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class System:
    """Transmission's equations for what is at a limit, and where feeders enter them."""

    stage: Stage
    at: Index  # (interface) node

    def solved(self, place: Place, arc: Real, borders: Borders, f: Real) -> tuple[tuple[Real, Real], tuple[Real, Real]]:
        """(unknowns and λ; u of every interface) of the step and of the tangent."""
        stage, rows, kept = self.stage, borders.rows, borders.kept
        found = opened(stage, place, arc[:-1], beside=(self.at, rows[:, 0, 1] + 1j * rows[:, 1, 1]))
        b = stage.by_growth(place) + self.entering(rows[:, 0, 2] + 1j * rows[:, 1, 2])
        swings = [self.entering(np.where(np.arange(len(self.at)) == a, rows[:, 0, 3] + 1j * rows[:, 1, 3], 0.0)) for a in kept.tolist()]
        y = found.back(np.concatenate([np.stack([-f, -b], -1), found.opening, -np.stack([0 * f, *swings], -1)[:, 1:]], axis=1))
        wide, own = y.shape[1] - 1, len(found.unknown)
        v, local, share = self.lifted(y), rows[kept, 2], rows[:, 3]
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
        dv = self.lifted(np.stack([step, turn], -1))
        kept_u = u[1 + own :]
        s = borders.swings(1.0, dv[:, 0], u[0, 0], kept_u[:, 0]), borders.swings(0.0, dv[:, 1], u[0, 1], kept_u[:, 1])
        length = float(np.sqrt(turn @ turn + u[0, 1] ** 2 + s[1] @ s[1]))
        return (np.append(step, u[0, 0]), s[0]), (np.append(turn, u[0, 1]) / length, s[1] / length)

    def entering(self, s: Complex) -> Real:
        """Powers drawn at the interfaces, in transmission's equations."""
        drawn = self.drawn(s)
        p = self.stage.pattern
        return np.concatenate([drawn.real[p.p_rows], drawn.imag[p.q_rows]])

    def lifted(self, x: Real) -> Real:
        """(interface, …) Steps of voltages out of steps of unknowns."""
        p = self.stage.pattern
        out = np.zeros((self.stage.newton.nodal.nodes, x.shape[1]))
        out[p.lift] = x[len(p.turn) : len(p.turn) + len(p.lift)]
        return out[self.at]

    def drawn(self, s: Complex) -> Complex:
        """(node) Powers drawn at the interfaces."""
        out = np.zeros(self.stage.newton.nodal.nodes, np.complex128)
        np.add.at(out, self.at, s)
        return out
