"""The curve from the base case on: steps as long as corrections stay easy, what is met on the way found as roots along the curve.

No limit that is kept is exceeded at any place. Where several are met at one place, they give way one after the other, until the way on from there
leaves none of them: the same as if one had been met a little before the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.flow.continuation.change import NEAR, Change, changed
from gridtandem.flow.continuation.direction import Direction
from gridtandem.flow.continuation.options import Tracing
from gridtandem.flow.continuation.path import ahead, corrected, measure, predicted, strayed, tangent
from gridtandem.flow.continuation.stage import Place, Stage, Tangent
from gridtandem.flow.continuation.watch import KEPT, Limits, Sign, Watch, consumed, unit_p
from gridtandem.flow.newton import Newton, Solution
from gridtandem.tables import Flag, Index, Real

BACK = 0.9  # of λ at the nose, to which the lower branch is followed where only a piece of it is asked for
EASY, HARD = 3, 6  # corrections
LONGER, SHORTER = 1.5, 0.5
SHORTEST = 1e-9  # of the longest step
STUBBORN = 4  # failures after which pivots are suspected too
AGAIN = 1e-7  # how far a sign must be back before it can come again
HALVINGS = 60
ROOT = 1e-9  # to which a sign is found: per unit; for noses and peaks, of what λ and power change along the curve
OVER = 1e-8  # per unit; a limit that is kept is passed where it is exceeded by more
TIED = 2e-9  # per unit; a limit so near is met too
LEANING = 1e-7  # by which a limit at hand must be approached along the curve to be met
HALF = 0.5  # of the most that was drawn; where the loads draw less than that and λ still grows, it has no end


@final
@dataclass(frozen=True, slots=True, eq=False)
class Knot:
    """A place on the curve, with its tangent onwards and the equations that hold there."""

    place: Place
    along: Tangent
    stage: Stage


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Met:
    """Something met on the way."""

    sign: Sign
    knot: int  # where, among the places of the curve
    induced: bool = False  # λ falls from here on, because of this limit
    from_start: bool = False  # it was passed before anything grew


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Curve:
    """Places in order along the curve, and what was met. Without any place, ``trouble`` says why."""

    knots: tuple[Knot, ...]
    met: tuple[Met, ...]
    trouble: str
    corrections: int  # Newton steps of all places together
    base: Solution


@final
@dataclass(slots=True, eq=False, kw_only=True)
class _Walk:
    """The state of a trace."""

    options: Tracing
    limits: Limits
    stage: Stage
    watch: Watch
    place: Place
    along: Tangent
    values: Real
    passed: Flag
    knots: list[Knot]
    met: list[Met]
    stopped: Index
    step: float
    corrections: int = 0
    failures: int = 0  # one after the other
    turn: float = np.inf  # λ where it turned first


def trace(newton: Newton, direction: Direction, options: Tracing | None = None) -> Curve:
    """The curve of ``newton`` from its load flow on. Reactive limits that are kept hold from the base case on."""
    options = Tracing() if options is None else options
    newton = replace(newton, options=replace(newton.options, q_rule="switch" if "q" in options.keep else "ignore"))
    base = newton.solve()
    if not base.converged:
        return Curve(knots=(), met=(), trouble=f"nothing to start from: {base.trouble}", corrections=base.iterations, base=base)
    u = newton.nodal.units
    stage = Stage.of(newton, replace(base.held, ratio=base.ratio), u.s.real.copy(), direction)
    first = Place(vm=np.abs(base.v), angle=np.angle(base.v), ratio=base.ratio, growth=0.0)
    found = corrected(stage, first, ahead(stage))
    along = None if found is None else tangent(stage, found.place, ahead(stage))
    if found is None or along is None:
        return Curve(knots=(), met=(), trouble="the base case lies at its limit: nothing can grow", corrections=base.iterations, base=base)
    walk = _begun(options, stage, found.place, along)
    why = _gave_way(walk, _urgent(walk), from_start=True)
    trouble = _walked(walk) if why is None else why
    return Curve(knots=tuple(walk.knots), met=tuple(walk.met), trouble=trouble, corrections=walk.corrections, base=base)


def _begun(options: Tracing, stage: Stage, place: Place, along: Tangent) -> _Walk:
    limits = Limits.of(stage)
    watch = Watch.of(stage, limits, frozenset((*options.keep, *options.note)), np.empty(0, np.int64), options.target)
    values = watch.values(place, along)
    passed = np.where(watch.kept(), values > OVER, values > -AGAIN)
    met = [Met(sign=watch.signs[k], knot=0, from_start=True) for k in np.flatnonzero(values > AGAIN).tolist() if watch.signs[k].kind in ("v", "flow")]
    return _Walk(
        options=options, limits=limits, stage=stage, watch=watch, place=place, along=along, values=values, passed=passed,
        knots=[Knot(place, along, stage)], met=met, stopped=np.empty(0, np.int64), step=options.longest / 4,
    )  # fmt: skip


def _walked(w: _Walk) -> str:
    """Step by step to the end; why it ended, where it is not the end that was asked for."""
    for _ in range(w.options.steps):
        length = w.step / measure(w.stage, w.along)
        ways = (False,) if w.failures < STUBBORN else (False, True)  # a step that fails is too long in most cases
        found = corrected(w.stage, predicted(w.stage, w.place, w.along, length), w.along, ways=ways)
        along = None if found is None else tangent(w.stage, found.place, w.along)
        if found is None or along is None or strayed(w.stage, (w.place, w.along), (found.place, along), w.options.longest):
            if (why := _shorter(w)) is not None:
                return why
            continue
        w.corrections += found.steps
        values = w.watch.values(found.place, along)
        news = np.flatnonzero(~w.passed & (values > np.where(w.watch.kept(), OVER, 0.0)))
        if len(news):
            met = _located(w, length, news, values)
            end = _shorter(w) if met is None else _meet(w, news, met)
            if end is not None:
                return end
            continue
        w.failures = 0
        _taken(w, found.place, along, values)
        w.step = min(w.step * (LONGER if found.steps <= EASY else SHORTER if found.steps > HARD else 1.0), w.options.longest)
        if _finished(w):
            return ""
    return f"not at its end after {w.options.steps} steps"


def _shorter(w: _Walk) -> str | None:
    """After a step that led nowhere; why there is no other."""
    w.step *= SHORTER
    w.failures += 1
    return "the curve ends here: no step however short can be corrected" if w.step < SHORTEST * w.options.longest else None


def _taken(w: _Walk, place: Place, along: Tangent, values: Real) -> None:
    w.place, w.along, w.values = place, along, values
    w.passed = np.where(values < -AGAIN, False, w.passed | ~w.watch.kept() & (values > 0))
    w.knots.append(Knot(place, along, w.stage))


def _finished(w: _Walk) -> bool:
    """Is the place the end that was asked for? Behind the turn the curve is left where λ comes back to it: that is another state of the network."""
    growth = w.place.growth
    if np.isfinite(w.turn):
        return growth <= (BACK * w.turn if w.options.until == "past" else 0.0) or growth > w.turn + AGAIN
    if any(m.sign.kind == "peak" for m in w.met):
        return consumed(w.stage, w.place) <= HALF * max(power(w.knots[m.knot]) for m in w.met if m.sign.kind == "peak")
    return False


def _meet(w: _Walk, news: Index, at: tuple[Place, Tangent, Real]) -> str | None:
    """Do what the first of the signs that a step has passed asks for; why the curve ends there, None where it goes on."""
    here = int(news[np.argmax(at[2][news])])
    sign = w.watch.signs[here]
    _taken(w, *at)
    w.failures = 0
    if sign.kind in KEPT:
        return _gave_way(w, sign)
    w.passed[here] = True
    w.met.append(Met(sign=sign, knot=len(w.knots) - 1))
    if sign.kind == "nose":
        w.turn = min(w.turn, w.place.growth)
    return "" if sign.kind == "target" or (sign.kind == "nose" and w.options.until == "nose") else None


def _gave_way(w: _Walk, sign: Sign | None, *, from_start: bool = False) -> str | None:
    """A limit that is met gives way; after it whatever else the way on would pass from here; why there is none. λ may turn back by that."""
    rising, seen = w.along.growth > 0, {_equations(w)}
    while sign is not None:
        w.met.append(Met(sign=sign, knot=len(w.knots) - 1, from_start=from_start))
        if (why := _turned(w, sign)) is not None:
            return why
        if (equations := _equations(w)) in seen:
            return "limits that are met together leave no way on"
        seen.add(equations)
        sign = _urgent(w)
        if sign is None and rising and w.along.growth < 0:
            w.met[-1] = replace(w.met[-1], induced=True)
            w.turn = min(w.turn, w.place.growth)
            return "" if w.options.until == "nose" else None
    return None


def _equations(w: _Walk) -> tuple[bytes, ...]:
    """Equal where the same equations hold."""
    return w.stage.held.limit.tobytes(), w.stage.held.tap.tobytes(), w.stopped.tobytes(), w.stage.newton.roles.balance.tobytes()


def _urgent(w: _Walk) -> Sign | None:
    """Of the limits that are kept and met here, or passed, the one that the way on leaves behind the fastest."""
    at = np.flatnonzero(w.watch.kept() & (w.values > -TIED))
    if not len(at):
        return None
    there = w.watch.values(predicted(w.stage, w.place, w.along, NEAR), w.along)[at]
    leaning = (there - w.values[at]) / NEAR
    return w.watch.signs[at[np.argmax(leaning)]] if leaning.max() > LEANING else None


def _turned(w: _Walk, sign: Sign) -> str | None:
    """Equations change."""
    room = w.limits.p[1] - unit_p(w.stage, w.place, w.stage.needed(w.place)) if "p" in w.options.keep else np.zeros(len(w.stage.p))
    change: Change = changed(w.stage, w.place, w.along, sign, w.stopped, room=room)
    if change.stage is None or change.row is None:
        return change.why
    w.place = _held(change.stage, w.place) if len(w.knots) == 1 else w.place
    along = tangent(change.stage, w.place, change.row)
    if along is None:
        return "no way on from here"
    before = {s: passed for s, passed in zip(w.watch.signs, w.passed.tolist(), strict=True) if s.kind not in ("nose", "peak")}
    w.stage, w.along, w.stopped = change.stage, along, change.stopped
    w.watch = Watch.of(w.stage, w.limits, frozenset((*w.options.keep, *w.options.note)), w.stopped, w.options.target)
    w.values = w.watch.values(w.place, along)
    news = np.where(w.watch.kept(), False, w.values > -AGAIN)
    w.passed = np.array([before.get(s, new) for s, new in zip(w.watch.signs, news.tolist(), strict=True)])
    w.knots[-1] = Knot(w.place, along, w.stage)
    w.step = min(w.step, w.options.longest / 4)
    return None


def _held(stage: Stage, place: Place) -> Place:
    """Before anything grows: exactly on the new equations, for a load flow lets limits be passed by its hysteresis."""
    target = stage.held.target(stage.newton.nodal, stage.newton.roles)
    found = corrected(stage, replace(place, vm=np.where(np.isnan(target), place.vm, target)), ahead(stage))
    return place if found is None else found.place


def _located(w: _Walk, length: float, news: Index, far: Real) -> tuple[Place, Tangent, Real] | None:
    """The first place within a step at which one of ``news`` is met: a root of the largest of them (regula falsi, Illinois); None: not found."""
    turning = any(w.watch.signs[k].kind in ("nose", "peak") for k in news.tolist())
    low, high, side = 0.0, length, 0
    f_low, f_high = min(float(w.values[news].max()), -ROOT), float(far[news].max())
    for _ in range(HALVINGS):
        at = high - f_high * (high - low) / (f_high - f_low)
        found = corrected(w.stage, predicted(w.stage, w.place, w.along, at), w.along)
        along = tangent(w.stage, found.place, w.along) if found is not None and turning else w.along
        if found is None or along is None:
            return None
        w.corrections += found.steps
        f = float(w.watch.values(found.place, along)[news].max())
        if abs(f) <= ROOT or high - low <= ROOT * length:
            along = tangent(w.stage, found.place, w.along) or along
            return found.place, along, w.watch.values(found.place, along)
        if f > 0:
            f_low = f_low / 2 if side == 1 else f_low
            high, f_high, side = at, f, 1
        else:
            f_high = f_high / 2 if side == -1 else f_high
            low, f_low, side = at, f, -1
    return None


def power(knot: Knot) -> float:
    """Active power that all loads draw there. [per unit]"""
    return consumed(knot.stage, knot.place)
