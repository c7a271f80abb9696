r"""Feeders that follow a curve of growing load together with transmission: each eliminates its interior at every joint iterate.

With interior unknowns x, equations F(x, V, λ) = 0 for a root voltage V, and :math:`\tilde J = J + \alpha e_Q e_w^\top` opened at the weakest node w
(`gridtandem.flow.continuation.bordered`), an iterate leaves

.. math:: \Delta x = Y_1 + Y_V \Delta V + Y_\lambda \Delta\lambda + Y_u u, \qquad
    \tilde J\,(Y_1, Y_V, Y_\lambda, Y_u) = (-F, -F_V, -F_\lambda, \alpha e_Q), \qquad 0 = e_w \Delta x - u .

What the feeder draws, its share of the arc and what its loads draw follow by their derivatives times Δx. Angles are counted from the root's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np

from gridtandem.boundary.growth_letters import NOBODY, NOTHING, Eliminate, Eliminated, RespondAt
from gridtandem.boundary.letters import Worth
from gridtandem.flow.continuation.bordered import opened
from gridtandem.flow.continuation.direction import Direction
from gridtandem.flow.continuation.kept import behind, held_by, key_of, marks, passed
from gridtandem.flow.continuation.stage import Place, Stage, Tangent
from gridtandem.flow.continuation.standing import Standing
from gridtandem.flow.continuation.watch import Sign
from gridtandem.flow.control import Held
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

    newton: Newton
    direction: Direction
    root: int  # node
    grown: float  # k of its loads
    respected: frozenset[str]  # limits of units that hold
    known: dict[bytes, tuple[Stage, Pattern]] = field(default_factory=dict)  # equations by what is at a limit, and every power by every unknown
    diary: list[tuple[float, Sign]] = field(default_factory=list)  # the owner's: λ, and what gave way

    @staticmethod
    def of(nodal: Nodal, root: int, grown: float, options: Options) -> Growing:
        """Loads grow by ``grown`` for each unit of λ; its units keep their schedule."""
        newton = Newton.of(nodal, np.array([root]), options)
        respected = frozenset(["q"] if options.q_rule == "switch" else [])
        return Growing(newton=newton, direction=Direction.of(nodal, loads=grown, units=0.0), root=root, grown=grown, respected=respected)

    def equations(self, held: Held) -> tuple[Stage, Pattern]:
        """For what is at a limit."""
        key = key_of(held)
        if key not in self.known:
            stage = Stage.of(self.newton, held, self.newton.nodal.units.s.real.copy(), self.direction)
            self.known[key] = stage, stage.pattern.everything(self.newton.nodal, self.newton.wiring)
        return self.known[key]

    def begin(self, v: float, growth: float) -> Iterate | None:
        """The load flow at a root voltage; None where there is none."""
        if not np.isfinite(v) or v <= 0:
            return None
        found = self.newton.solve(fixed_v=np.array([v], np.complex128), loads=1 + self.grown * growth)
        if not found.converged:
            return None
        held = held_by(self.newton, marks(found.held), np.abs(found.ratio))
        size = self.equations(held)[0].pattern.shape[1]
        place = Place(vm=np.abs(found.v), angle=np.angle(found.v), ratio=found.ratio, growth=growth)
        return Iterate(held=held, place=place, y=np.zeros((size, 4)), arc=np.zeros(size))

    def eliminated(self, here: Iterate) -> tuple[Real, Real]:
        """Rows (5, 4) of `Eliminated` in per unit, and the columns Y (unknown, 4)."""
        (stage, wide), place, arc = self.equations(here.held), here.place, here.arc
        n, root = stage.newton.nodal.nodes, self.root
        drawn, slope = stage.drawn(place)
        whole = jacobian(stage.newton.nodal, stage.newton.wiring, wide, stage.point(place), slope)
        rows, columns = stage.pattern.inside(n)
        by_v = whole[:, [n + root]].toarray().ravel()
        own = whole.tocsr()[[root, n + root]].toarray()
        found = opened(stage, place, arc)
        opening = found.opening if len(found.unknown) else np.zeros((len(arc), 1))
        y = found.back(np.concatenate([np.stack([-stage.mismatch(place), -by_v[rows], -stage.by_growth(place)], -1), opening], axis=1))
        out = np.zeros((5, 4))
        enters = stage.needed(place)[root] - complex(stage.units(place.growth)[stage.newton.nodal.units.node == root].sum(), stage.q[root])
        out[:2] = own[:, columns] @ y
        out[:2, 0] += enters.real, enters.imag
        out[:2, 1] += own[:, n + root]
        more = stage.grown(place)[root]
        out[:2, 2] += more.real, more.imag
        out[2] = y[found.unknown[0]] - [0, 0, 0, 1] if len(found.unknown) else [0, 0, 0, 1]
        out[3] = arc @ y
        lift = stage.pattern.lift
        out[4] = slope.real[lift] @ y[len(stage.pattern.turn) : len(stage.pattern.turn) + len(lift)]
        out[4, :3] += drawn.real.sum(), slope.real[root], stage.grown(place).real.sum()
        return out, y

    def reminded(self, memo: Real, growth: float) -> Iterate:
        """Out of a memo."""
        newton, home = self.newton, self.newton.held
        n, m, taps = newton.nodal.nodes, len(home.ratio), len(home.tap)
        size = (len(memo) - 3 * n - taps - m) // 5
        told, vm, angle, ratio, y, arc = np.split(memo, np.cumsum([n + taps, n, n, m, 4 * size]))
        place = Place(vm=vm, angle=angle, ratio=ratio * home.ratio / np.abs(home.ratio), growth=growth)
        return Iterate(held=held_by(newton, told, ratio), place=place, y=y.reshape(size, 4), arc=arc)

    def moved(self, was: Iterate, v: float, by: Real, turn: Real) -> Iterate:
        """By weights of its columns, to a root voltage."""
        place = self.equations(was.held)[0].moved(was.place, was.y @ by, 0.0)
        place.vm[self.root] = v
        return Iterate(held=was.held, place=place, y=was.y, arc=was.y @ turn if turn.any() else was.arc)

    def given(self, was: Iterate) -> Iterate:
        """The same place with what holds behind the limit that is passed by most; transmission orients what follows."""
        stage = self.equations(was.held)[0]
        sign = passed(stage, was.place, respected=self.respected).worst
        self.diary.append((was.place.growth, sign))
        there = behind(stage, was.place, sign)
        held = held_by(self.newton, marks(there), np.abs(there.ratio))
        size = self.equations(held)[0].pattern.shape[1]
        return Iterate(held=held, place=replace(was.place, ratio=there.ratio), y=np.zeros((size, 4)), arc=np.zeros(size))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Iterate:
    """Where a feeder stands inside."""

    held: Held
    place: Place
    y: Real  # (unknown, 4) columns by which it moves
    arc: Real  # direction of the arc inside

    def remembered(self, y: Real) -> Real:
        """A memo, with these columns."""
        p = self.place
        return np.concatenate([marks(self.held), p.vm, p.angle, np.abs(p.ratio), y.ravel(), self.arc])


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
        told = Blank.of(len(self.feeders))
        for i, feeder in enumerate(self.feeders):
            memo, v, growth = ask.memo[ask.interface == i], float(ask.v[0, 0, i]), float(ask.growth[0, 0, i])
            if len(memo):
                here: Iterate | None = feeder.moved(feeder.reminded(memo, growth), v, ask.by[0, 0, i], ask.turn[0, 0, i])
            else:
                here = feeder.begin(v, growth)
            if here is not None and ask.give[0, 0, i]:
                here = feeder.given(here)
            if here is not None and (here.place.vm > 0).all():
                stage, found = feeder.equations(here.held)[0], feeder.eliminated(here)
                if np.isfinite(found[0]).all():
                    over = passed(stage, here.place, respected=feeder.respected).most
                    told.put(i, found[0], left=_left(stage, here.place), low=here.place.vm.min(), over=over, memo=here.remembered(found[1]))
        return told.reply()

    def respond_at(self, ask: RespondAt) -> Eliminated:
        """Each feeder's load flow, without its interior; the swing taken out."""
        told = Blank.of(len(self.feeders))
        for i, feeder in enumerate(self.feeders):
            here = feeder.begin(float(ask.v[0, 0, i]), float(ask.growth[0, 0, i]))
            if here is not None:
                rows, _ = feeder.eliminated(here)
                told.put(i, plain(rows), left=0.0, low=here.place.vm.min(), over=-np.inf, memo=NOTHING)
        return told.reply()

    def states(self, at: Real, growth: float, turn: Real, memos: tuple[Index, Real]) -> list[Standing | None]:
        """The owner's door: where each feeder stands, and how it moves along the tangent with weights ``turn`` (interface, 4).

        Feeders without a memo at their load flow at voltages ``at`` and λ, their swing taken from their own local row; None without one.
        """
        out = list[Standing | None]()
        for i, feeder in enumerate(self.feeders):
            memo, weights = memos[1][memos[0] == i], turn[i].copy()
            here = feeder.reminded(memo, growth) if len(memo) else feeder.begin(float(at[i]), growth)
            if here is None:
                out.append(None)
                continue
            y = here.y
            if not len(memo):
                rows, y = feeder.eliminated(here)
                weights[3] = -(rows[2, 1:3] @ weights[1:3]) / rows[2, 3]
            found = Standing.of(feeder.equations(here.held)[0], here.place, Tangent(x=y @ weights, growth=float(weights[2])))
            found.moving.vm[feeder.root] = weights[1]
            out.append(found)
        return out


def plain(rows: Real) -> Real:
    """Rows (…, 5, 4) with u eliminated by the local row, which still says what u is."""
    local = rows[..., 2:3, :]
    out: Real = rows - rows[..., 3:4] * local / local[..., 3:4]
    out[..., 2, :] = (local / local[..., 3:4])[..., 0, :]
    return out


def _left(stage: Stage, place: Place) -> float:
    size = float(np.abs(stage.mismatch(place)).max(initial=0.0))
    return 0.0 if size <= stage.problem.tol else size * MVA


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Blank:
    """A reply while it is written; a feeder of which nothing is put has no iterate."""

    rows: Real
    numbers: Real  # (left, low, over; interface)
    memos: list[Real]

    @staticmethod
    def of(many: int) -> Blank:
        """Nothing of anybody."""
        return Blank(rows=np.tile(NOWHERE, (many, 1, 1)), numbers=np.repeat([[np.inf], [np.nan], [-np.inf]], many, 1), memos=[NOTHING] * many)

    def put(self, i: int, rows: Real, *, left: float, low: float, over: float, memo: Real) -> None:
        """What one feeder says."""
        self.rows[i], self.numbers[:, i], self.memos[i] = rows, (left, low, over), memo

    def reply(self) -> Eliminated:
        """The letter."""
        interface = np.repeat(np.arange(len(self.memos)), [len(m) for m in self.memos]) if self.memos else NOBODY
        left, low, over = (x[None, None] for x in self.numbers)
        worth = np.where(left == 0, Worth.EXACT, Worth.ESTIMATE).astype(np.int8)
        scaled = self.rows * np.array([MVA, MVA, 1.0, 1.0, MVA])[:, None]
        return Eliminated(scaled[None, None], left, low, over, interface, np.concatenate([NOTHING, *self.memos]), worth)


def fleet_of(nodals: tuple[Nodal, ...], roots: Index, grown: float, options: Options) -> GrowingFleet:
    """Feeders (interface) with parallel ones counted in."""
    return GrowingFleet(feeders=tuple(Growing.of(n, int(r), grown, options) for n, r in zip(nodals, roots, strict=True)))
