r"""Feeders that follow a curve of growing load together with transmission: each eliminates its interior at every joint iterate.

With interior unknowns x, equations F(x, V, λ) = 0 for a root voltage V, and :math:`\tilde J = J + \alpha e_Q e_w^\top` opened at the weakest node w
(`gridtandem.flow.continuation.bordered`), an iterate leaves

.. math:: \Delta x = Y_1 + Y_V \Delta V + Y_\lambda \Delta\lambda + Y_u u, \qquad
    \tilde J\,(Y_1, Y_V, Y_\lambda, Y_u) = (-F, -F_V, -F_\lambda, \alpha e_Q), \qquad 0 = e_w \Delta x - u .

What the feeder draws, its share of the arc and what its loads draw follow by their derivatives times Δx. Angles are counted from the root's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.growth_letters import NOBODY, NOTHING, Eliminate, Eliminated, RespondAt
from gridtandem.boundary.letters import Worth
from gridtandem.flow.continuation.bordered import opened
from gridtandem.flow.continuation.direction import Direction
from gridtandem.flow.continuation.stage import Place, Stage
from gridtandem.flow.jacobian import Pattern, jacobian
from gridtandem.flow.newton import Newton, Options
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Index, Real
from gridtandem.units import MVA

NOWHERE = np.outer(np.arange(5) == 2, np.arange(4) == 3).astype(float)  # rows of a feeder that has no iterate: nothing but u = 0


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Growing:
    """One feeder, parallel ones as one, with its root voltage given."""

    stage: Stage
    root: int  # node
    wide: Pattern  # every power by every unknown
    grown: float  # k of its loads

    @staticmethod
    def of(nodal: Nodal, root: int, grown: float, options: Options) -> Growing:
        """Loads grow by ``grown`` for each unit of λ; its units keep their schedule."""
        newton = Newton.of(nodal, np.array([root]), options)
        direction = Direction.of(nodal, loads=grown, units=0.0)
        stage = Stage.of(newton, newton.held, nodal.units.s.real.copy(), direction)
        return Growing(stage=stage, root=root, wide=stage.pattern.everything(nodal, newton.wiring), grown=grown)

    def begin(self, v: float, growth: float) -> Place | None:
        """The load flow at a root voltage; None where there is none."""
        if not np.isfinite(v) or v <= 0:
            return None
        found = self.stage.newton.solve(fixed_v=np.array([v], np.complex128), loads=1 + self.grown * growth)
        return Place(vm=np.abs(found.v), angle=np.angle(found.v), ratio=found.ratio, growth=growth) if found.converged else None

    def eliminated(self, place: Place, arc: Real) -> tuple[Real, Real]:
        """Rows (5, 4) of `Eliminated` in per unit, and the columns Y (unknown, 4); ``arc`` = the direction of the arc inside."""
        stage, n, root = self.stage, self.stage.newton.nodal.nodes, self.root
        drawn, slope = stage.drawn(place)
        whole = jacobian(stage.newton.nodal, stage.newton.wiring, self.wide, stage.point(place), slope)
        rows, columns = stage.pattern.inside(n)
        by_v = whole[:, [n + root]].toarray().ravel()
        own = whole.tocsr()[[root, n + root]].toarray()
        found = opened(stage, place, arc)
        opening = found.opening if len(found.unknown) else np.zeros((len(arc), 1))
        y = found.back(np.concatenate([np.stack([-stage.mismatch(place), -by_v[rows], -stage.by_growth(place)], -1), opening], axis=1))
        out = np.zeros((5, 4))
        here = stage.needed(place)[root] - complex(stage.units(place.growth)[stage.newton.nodal.units.node == root].sum(), stage.q[root])
        out[:2] = own[:, columns] @ y
        out[:2, 0] += here.real, here.imag
        out[:2, 1] += own[:, n + root]
        out[:2, 2] += self._root_growth(place)
        out[2] = y[found.unknown[0]] - [0, 0, 0, 1] if len(found.unknown) else [0, 0, 0, 1]
        out[3] = arc @ y
        lift = stage.pattern.lift
        out[4] = slope.real[lift] @ y[len(stage.pattern.turn) : len(stage.pattern.turn) + len(lift)]
        out[4, :3] += drawn.real.sum(), slope.real[root], stage.grown(place).real.sum()
        return out, y

    def _root_growth(self, place: Place) -> tuple[float, float]:
        more = self.stage.grown(place)[self.root]
        return float(more.real), float(more.imag)

    def reminded(self, memo: Real, growth: float) -> tuple[Place, Real, Real]:
        """Place, columns and direction of the arc out of a memo."""
        n, m, size = self.stage.newton.nodal.nodes, len(self.stage.held.ratio), self.stage.pattern.shape[1]
        vm, angle, ratio, y, arc = np.split(memo, np.cumsum([n, n, m, 4 * size]))
        turned = self.stage.held.ratio / np.abs(self.stage.held.ratio)
        return Place(vm=vm, angle=angle, ratio=ratio * turned, growth=growth), y.reshape(size, 4), arc


def remembered(place: Place, y: Real, arc: Real) -> Real:
    """A memo."""
    return np.concatenate([place.vm, place.angle, np.abs(place.ratio), y.ravel(), arc])


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GrowingFleet:
    """A company's feeders, one behind each interface; one scenario, one period."""

    feeders: tuple[Growing, ...]

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {Eliminate: self.eliminate, RespondAt: self.respond_at}

    def eliminate(self, ask: Eliminate) -> Eliminated:
        """Each feeder's next iterate, without its interior."""
        rows, left, low = self._blank()
        memos: list[Real] = []
        for i, feeder in enumerate(self.feeders):
            memo, v, growth = ask.memo[ask.interface == i], float(ask.v[0, 0, i]), float(ask.growth[0, 0, i])
            place, arc = self._moved(feeder, memo, v, growth, (ask.by[0, 0, i], ask.turn[0, 0, i]))
            memos.append(NOTHING)
            if place is not None and (place.vm > 0).all() and np.isfinite((found := feeder.eliminated(place, arc))[0]).all():
                rows[0, 0, i], y = found
                left[0, 0, i], low[0, 0, i], memos[-1] = _left(feeder.stage, place), place.vm.min(), remembered(place, y, arc)
        return _told(rows, left, low, memos)

    def _moved(self, feeder: Growing, memo: Real, v: float, growth: float, ask: tuple[Real, Real]) -> tuple[Place | None, Real]:
        if not len(memo):
            return feeder.begin(v, growth), np.zeros(feeder.stage.pattern.shape[1])
        by, turn = ask
        place, y, arc = feeder.reminded(memo, growth)
        place = feeder.stage.moved(place, y @ by, 0.0)
        place.vm[feeder.root] = v
        return place, y @ turn if turn.any() else arc

    def respond_at(self, ask: RespondAt) -> Eliminated:
        """Each feeder's load flow, without its interior; the swing taken out."""
        rows, left, low = self._blank()
        for i, feeder in enumerate(self.feeders):
            place = feeder.begin(float(ask.v[0, 0, i]), float(ask.growth[0, 0, i]))
            if place is not None:
                found, _ = feeder.eliminated(place, np.zeros(feeder.stage.pattern.shape[1]))
                rows[0, 0, i] = plain(found)
                left[0, 0, i], low[0, 0, i] = 0.0, place.vm.min()
        return _told(rows, left, low, [NOTHING] * len(self.feeders))

    def states(self, at: Real, growth: float, turn: Real, memos: tuple[Index, Real]) -> list[tuple[Real, Real]]:
        """The owner's door: of each feeder voltages (node), and how they move along the tangent with weights ``turn`` (interface, 4).

        Of feeders without a memo those of their load flow at voltages ``at`` and λ, their swing taken from their own local row.
        """
        out = []
        for i, feeder in enumerate(self.feeders):
            memo, weights, place = memos[1][memos[0] == i], turn[i].copy(), None
            if len(memo):
                place, y, _ = feeder.reminded(memo, growth)
            elif (place := feeder.begin(float(at[i]), growth)) is not None:
                rows, y = feeder.eliminated(place, np.zeros(feeder.stage.pattern.shape[1]))
                weights[3] = -(rows[2, 1:3] @ weights[1:3]) / rows[2, 3]
            p, moves = feeder.stage.pattern, np.zeros(feeder.stage.newton.nodal.nodes)
            if place is not None:
                moves[p.lift] = (y @ weights)[len(p.turn) : len(p.turn) + len(p.lift)]
            out.append((moves * np.nan if place is None else place.vm, moves))
        return out

    def _blank(self) -> tuple[Real, Real, Real]:
        many = len(self.feeders)
        return np.tile(NOWHERE, (1, 1, many, 1, 1)), np.full((1, 1, many), np.inf), np.full((1, 1, many), np.nan)


def plain(rows: Real) -> Real:
    """Rows (…, 5, 4) with u eliminated by the local row."""
    local = rows[..., 2:3, :]
    out: Real = rows - rows[..., 3:4] * local / local[..., 3:4]
    out[..., 2, :] = [0, 0, 0, 1]
    return out


def _left(stage: Stage, place: Place) -> float:
    size = float(np.abs(stage.mismatch(place)).max(initial=0.0))
    return 0.0 if size <= stage.problem.tol else size * MVA


def _told(rows: Real, left: Real, low: Real, memos: list[Real]) -> Eliminated:
    interface = np.repeat(np.arange(len(memos)), [len(m) for m in memos]) if memos else NOBODY
    worth = np.where(left == 0, Worth.EXACT, Worth.ESTIMATE).astype(np.int8)
    scaled = rows * np.array([MVA, MVA, 1.0, 1.0, MVA])[:, None]
    return Eliminated(scaled, left, low, interface, np.concatenate([NOTHING, *memos]), worth)


def fleet_of(nodals: tuple[Nodal, ...], roots: Index, grown: float, options: Options) -> GrowingFleet:
    """Feeders (interface) with parallel ones counted in."""
    return GrowingFleet(feeders=tuple(Growing.of(n, int(r), grown, options) for n, r in zip(nodals, roots, strict=True)))
