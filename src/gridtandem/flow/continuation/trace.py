"""The curve from the base case on: steps as long as corrections stay easy, what is met on the way found as roots along the curve."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.flow.continuation.change import Change, changed
from gridtandem.flow.continuation.direction import Direction
from gridtandem.flow.continuation.options import Tracing
from gridtandem.flow.continuation.path import ahead, corrected, predicted, tangent
from gridtandem.flow.continuation.stage import Place, Stage, Tangent
from gridtandem.flow.continuation.watch import Limits, Sign, Watch, consumed, unit_p
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
    highest: float = 0.0


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
    trouble = _walked(walk)
    return Curve(knots=tuple(walk.knots), met=tuple(walk.met), trouble=trouble, corrections=walk.corrections, base=base)


def _begun(options: Tracing, stage: Stage, place: Place, along: Tangent) -> _Walk:
    limits = Limits.of(stage)
    watch = Watch.of(stage, limits, frozenset((*options.keep, *options.note)), np.empty(0, np.int64), options.target)
    values = watch.values(place, along)
    passed = values > -AGAIN
    met = [Met(sign=watch.signs[k], knot=0, from_start=True) for k in np.flatnonzero(values > AGAIN).tolist() if watch.signs[k].kind in ("v", "flow")]
    return _Walk(
        options=options, limits=limits, stage=stage, watch=watch, place=place, along=along, values=values, passed=passed,
        knots=[Knot(place, along, stage)], met=met, stopped=np.empty(0, np.int64), step=options.longest / 4,
    )  # fmt: skip


def _walked(w: _Walk) -> str:
    """Step by step to the end; why it ended, where it is not the end that was asked for."""
    for _ in range(w.options.steps):
        length = w.step / _speed(w)
        ways = (False,) if w.failures < STUBBORN else (False, True)  # a step that fails is too long in most cases
        found = corrected(w.stage, predicted(w.stage, w.place, w.along, length), w.along, ways=ways)
        along = None if found is None else tangent(w.stage, found.place, w.along)
        if found is None or along is None or _leapt(w.along, along):
            w.step *= SHORTER
            w.failures += 1
            if w.step < SHORTEST * w.options.longest:
                return "the curve ends here: no step however short can be corrected"
            continue
        w.corrections, w.failures = w.corrections + found.steps, 0
        values = w.watch.values(found.place, along)
        news = np.flatnonzero((values > 0) & ~w.passed)
        if len(news):
            end = _meet(w, length, news, values)
            if end is not None:
                return end
            continue
        _taken(w, found.place, along, values)
        w.step = min(w.step * (LONGER if found.steps <= EASY else SHORTER if found.steps > HARD else 1.0), w.options.longest)
        if _finished(w):
            return ""
    return f"not at its end after {w.options.steps} steps"


def _speed(w: _Walk) -> float:
    """What moves most along the tangent, in the measure of `Tracing.longest`."""
    p, x = w.stage.pattern, np.abs(w.along.x)
    turned, lifted = len(p.turn), len(p.turn) + len(p.lift)
    fastest = max(x[:turned].max(initial=0.0) / 5, x[turned:lifted].max(initial=0.0), abs(w.along.growth) / 10)
    return float(max(fastest, x[lifted:].max(initial=0.0)))


def _leapt(before: Tangent, after: Tangent) -> bool:
    """A step that turns by more than 60 degrees may have landed elsewhere."""
    return float(before.x @ after.x + before.growth * after.growth) < 0.5


def _taken(w: _Walk, place: Place, along: Tangent, values: Real) -> None:
    w.place, w.along, w.values = place, along, values
    w.passed = np.where(values < -AGAIN, False, w.passed | (values > 0))
    w.highest = max(w.highest, place.growth)
    w.knots.append(Knot(place, along, w.stage))


def _finished(w: _Walk) -> bool:
    """Is the place the end that was asked for?"""
    until, growth = w.options.until, w.place.growth
    turned = any(m.sign.kind == "nose" or m.induced for m in w.met)
    if not turned and any(m.sign.kind == "peak" for m in w.met):
        return consumed(w.stage, w.place) <= HALF * max(power(w.knots[m.knot]) for m in w.met if m.sign.kind == "peak")
    return turned and ((until == "past" and growth <= BACK * w.highest) or growth <= 0.0)


def _meet(w: _Walk, length: float, news: Index, far: Real) -> str | None:
    """Go to the first of the signs that a step has passed, and do what it asks for; why the curve ends there, None where it goes on."""
    place, along, values = _located(w, length, news, far)
    here = int(news[np.argmax(values[news])])
    sign = w.watch.signs[here]
    _taken(w, place, along, values)
    w.passed[here] = True
    w.met.append(Met(sign=sign, knot=len(w.knots) - 1))
    if sign.kind == "target" or (sign.kind == "nose" and w.options.until == "nose"):
        return ""
    if sign.kind in ("q", "q_back", "p", "tap"):
        return _turned(w, sign)
    return None


def _turned(w: _Walk, sign: Sign) -> str | None:
    """Equations change; the curve may turn back here."""
    room = w.limits.p[1] - unit_p(w.stage, w.place, w.stage.needed(w.place)) if "p" in w.options.keep else np.zeros(len(w.stage.p))
    change: Change = changed(w.stage, w.place, w.along, sign, w.stopped, room=room)
    if change.stage is None or change.row is None:
        return change.why
    rising = w.along.growth > 0
    along = tangent(change.stage, w.place, change.row)
    if along is None:
        return "no way on from here"
    w.stage, w.along, w.stopped = change.stage, along, change.stopped
    w.watch = Watch.of(w.stage, w.limits, frozenset((*w.options.keep, *w.options.note)), w.stopped, w.options.target)
    w.values = w.watch.values(w.place, along)
    w.passed = w.values > -AGAIN
    w.knots[-1] = Knot(w.place, along, w.stage)
    w.step = min(w.step, w.options.longest / 4)
    if rising and along.growth < 0:
        w.met[-1] = replace(w.met[-1], induced=True)
        if w.options.until == "nose":
            return ""
    return None


def _located(w: _Walk, length: float, news: Index, far: Real) -> tuple[Place, Tangent, Real]:
    """The first place within a step at which one of ``news`` is met: a root of the largest of them (regula falsi, Illinois)."""
    turning = any(w.watch.signs[k].kind in ("nose", "peak") for k in news.tolist())
    low, high, side = 0.0, length, 0
    f_low, f_high = float(w.values[news].max()), float(far[news].max())
    at, place = high, w.place
    for _ in range(HALVINGS):
        f_low = min(f_low, -ROOT)
        at = high - f_high * (high - low) / (f_high - f_low)
        found = corrected(w.stage, predicted(w.stage, w.place, w.along, at), w.along)
        along = tangent(w.stage, found.place, w.along) if found is not None and turning else w.along
        if found is None or along is None:
            break
        w.corrections, place = w.corrections + found.steps, found.place
        f = float(w.watch.values(place, along)[news].max())
        if abs(f) <= ROOT or high - low <= ROOT * length:
            break
        if f > 0:
            f_low = f_low / 2 if side == 1 else f_low
            high, f_high, side = at, f, 1
        else:
            f_high = f_high / 2 if side == -1 else f_high
            low, f_low, side = at, f, -1
    along = tangent(w.stage, place, w.along) or w.along
    return place, along, w.watch.values(place, along)


def power(knot: Knot) -> float:
    """Active power that all loads draw there. [per unit]"""
    return consumed(knot.stage, knot.place)
