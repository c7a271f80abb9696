r"""Which exchanges (P, Q) a feeder can have: the outline of a set in the plane of which only its farthest points can be asked for.

.. math:: h(d) = \max \{ d \cdot (P, Q) : (P, Q) \in \mathcal R \}

Farthest points span a polygon from within; the half-planes :math:`d \cdot (P, Q) \le h(d)` make one from without. The next direction is square to the
chord behind which most room lies between both, so that directions gather where the outline turns; of a convex set both areas close in on its own
(the sandwich algorithm: G. Rote, "The convergence rate of the sandwich algorithm for approximating convex functions", Computing 48, 1992).

A set that is not convex has dents behind its chords. `cut` looks into them: in the middle of a chord P is held (Q, where the chord is steep) and the
other goes as far out as it can, then in the middle of both halves, and so on. That shows the outline as seen from the chord: caves behind it, holes,
and turns beside the middle of what is straight there are not looked for. Powers in MW and Mvar, positive from transmission into the feeder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, final

import numpy as np

from gridtandem.program.answer import Answer
from gridtandem.tables import Real

FIRST = 8  # directions before any is chosen by what was found
CLOSE = 1e-3  # of the area: room left between both polygons, or behind chords, at which the search ends
THIN = 1e-2  # of the squared extent: a smaller area counts as this much for the rule above
SAME = 1e-6  # of the extent, or MW: points closer than this are one
NOISE = 1e-12  # of squared distances: what rounding leaves of an area
PER_DIRECTION = 2  # cuts for each direction that may be asked, at most


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Touch:
    """An exchange that the feeder can have and that lies on the outline."""

    point: Real  # (2) [MW, Mvar]
    way: Real  # (2) direction of length 1 in which it is farthest
    stops: tuple[str, ...]  # limits that stop it there, the strongest first
    answer: Answer
    real: bool  # a state of the network under AC physics
    middle: bool = False  # found by a cut


class Asks(Protocol):
    """A feeder that says how far it can go."""

    def farthest(self, way: Real, start: Touch | None, fixed: tuple[int, float] | None = None) -> Touch | None:
        """The farthest exchange in a direction, with one component (0: P, 1: Q) fixed if so told; None where no answer was found."""
        ...


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Outline:
    """What is known of the set. Areas in MW · Mvar."""

    ring: tuple[Touch, ...]  # counterclockwise; straight lines between them
    lines: tuple[Touch, ...]  # farthest points by direction
    unanswered: int  # directions that no answer was found to
    uncut: int = 0  # cuts without an answer: there the outline stays straight

    @property
    def points(self) -> Real:
        """Corners (point, 2). [MW, Mvar]"""
        return _points(self.ring)

    @property
    def area(self) -> float:
        """Inside the outline."""
        return _area(self.points)

    @property
    def dents(self) -> float:
        """Between the outline and the smallest convex set around it."""
        return _plain(_area(_hull(self.points)) - self.area, self.points)

    @property
    def outer(self) -> float:
        """Of what no direction excludes; NaN where one had no answer."""
        return np.nan if self.unanswered else _area(_corners(self.lines))


def outlined(asks: Asks, directions: int) -> Outline | None:
    """Farthest points in at most so many directions; None where there is no exchange at all."""
    ways = [_way(2 * np.pi * k / FIRST) for k in range(FIRST)]
    lines = list[Touch]()
    lost = sum(_added(asks, lines, way) for way in ways)
    if not lines:
        return None
    for way in ways[: FIRST - len(lines)]:  # asked before any point was known
        lost += _added(asks, lines, way) - 1
    while len(lines) < directions:
        room = _room(lines)
        if room.sum() <= CLOSE * _size(_corners(lines)) + SAME**2:
            break
        k = int(np.argmax(room))
        lost += _added(asks, lines, _between(lines[k], lines[(k + 1) % len(lines)]))
    return Outline(ring=_ring(lines), lines=tuple(lines), unanswered=lost)


def cut(asks: Asks, outline: Outline, directions: int) -> Outline:
    """The outline with its dents."""
    ring, lost = list(outline.ring), 0
    if len(ring) < 2:
        return outline
    views = [_view(a, b) for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)]  # every part of a chord is looked at as the chord was
    room = [float(np.square(b.point - a.point).sum()) / 4 for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)]  # more than most dents have
    for _ in range(PER_DIRECTION * directions):
        if sum(room) <= CLOSE * _size(_points(ring)):
            break
        k = int(np.argmax(room))
        a, b = ring[k], ring[(k + 1) % len(ring)]
        middle = _middle(asks, a, b, views[k])
        if middle is None:
            room[k], lost = 0.0, lost + 1
            continue
        triangle = abs(_cross(middle.point - a.point, b.point - a.point)) / 2
        room[k : k + 1] = [triangle / 8] * 2  # what a parabola leaves behind each half
        views.insert(k + 1, views[k])
        ring.insert(k + 1, middle)
    lines = tuple(_renewed(asks, t, max(ring, key=lambda one, way=t.way: float(one.point @ way))) for t in outline.lines)  # type: ignore[misc]
    return replace(outline, ring=tuple(ring), lines=lines, uncut=lost)


def inside(points: Real, at: Real) -> float:
    """Distance of a point from the outline: positive inside, negative outside. [MVA]"""
    a, b = points, np.roll(points, -1, axis=0)
    along = b - a
    share = np.clip(((at - a) * along).sum(1) / np.maximum(np.square(along).sum(1), 1e-300), 0.0, 1.0)
    distance = float(np.hypot(*(a + share[:, None] * along - at).T).min())
    above = (a[:, 1] > at[1]) != (b[:, 1] > at[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = a[:, 0] + (at[1] - a[:, 1]) * along[:, 0] / along[:, 1]
    return distance if (above & (at[0] < crossing)).sum() % 2 else -distance


def _added(asks: Asks, lines: list[Touch], way: Real) -> int:
    """One more direction, in its place; 1 where it had no answer.

    An optimum nearby may be beaten by a point that is known already, and points before it by this one: each direction keeps the best.
    """
    best = max(lines, key=lambda t: float(t.point @ way), default=None)
    found = asks.farthest(way, best)
    if found is not None:
        lines[:] = [replace(found, way=t.way) if found.point @ t.way > t.point @ t.way else t for t in lines]
        best = found if best is None or found.point @ way >= best.point @ way else best
    if best is not None:
        lines.append(replace(best, way=way))
    lines.sort(key=lambda t: float(np.arctan2(t.way[1], t.way[0])))
    return int(found is None)


def _renewed(asks: Asks, line: Touch, beyond: Touch) -> Touch:
    """A farthest point, sought again from a point that turned out to lie beyond it."""
    if beyond.point @ line.way <= line.point @ line.way + SAME:
        return line
    found = asks.farthest(line.way, beyond)
    return found if found is not None and found.point @ line.way > beyond.point @ line.way else replace(beyond, way=line.way)


def _view(a: Touch, b: Touch) -> Real:
    """Outwards from a chord, along P or Q: the one by which the chord is shorter."""
    along, way = b.point - a.point, np.zeros(2)
    axis = 0 if abs(along[0]) >= abs(along[1]) else 1
    way[1 - axis] = np.sign(-along[0] if axis == 0 else along[1])
    return way


def _middle(asks: Asks, a: Touch, b: Touch, way: Real) -> Touch | None:
    """How far the set reaches out over the middle of a chord."""
    axis, middle = int(way[0] != 0), (a.point + b.point) / 2
    found = [t for start in (a, b) if (t := asks.farthest(way, start, (axis, float(middle[axis])))) is not None]
    return replace(max(found, key=lambda t: float(t.point @ way)), middle=True) if found else None


def _way(angle: float) -> Real:
    return np.array([np.cos(angle), np.sin(angle)])


def _between(a: Touch, b: Touch) -> Real:
    """The direction square to the chord of two neighbours, which lies between theirs; where rounding leads it astray, the middle."""
    chord = b.point - a.point
    square = np.array([chord[1], -chord[0]]) / np.hypot(*chord)
    astray = _cross(a.way, square) <= 0 or _cross(square, b.way) <= 0
    half: Real = (a.way + b.way) / np.hypot(*(a.way + b.way))
    return half if astray else np.asarray(square)


def _corners(lines: Sequence[Touch]) -> Real:
    """Where neighbouring support lines meet."""
    a = np.stack([t.way for t in lines])
    h = np.array([t.point @ t.way for t in lines])
    b, g = np.roll(a, -1, axis=0), np.roll(h, -1)
    turn = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return np.stack([h * b[:, 1] - g * a[:, 1], g * a[:, 0] - h * b[:, 0]], -1) / turn[:, None]


def _room(lines: Sequence[Touch]) -> Real:
    """Area between each chord and its two support lines."""
    a = _points(lines)
    off, chord = _corners(lines) - a, np.roll(a, -1, axis=0) - a
    return np.asarray(np.abs(off[:, 0] * chord[:, 1] - off[:, 1] * chord[:, 0]) / 2)


def _ring(lines: Sequence[Touch]) -> tuple[Touch, ...]:
    """Farthest points, each once."""
    least = SAME * max(1.0, float(np.ptp(_points(lines), axis=0).max()))
    ring = list[Touch]()
    for t in lines:
        if not ring or np.hypot(*(t.point - ring[-1].point)) > least:
            ring.append(t)
    if len(ring) > 1 and np.hypot(*(ring[0].point - ring[-1].point)) <= least:
        ring.pop()
    return tuple(ring)


def _points(touches: Sequence[Touch]) -> Real:
    return np.stack([t.point for t in touches])


def _size(points: Real) -> float:
    """The area, or what counts for it where it is thin."""
    return max(_area(points), THIN * float(np.square(np.ptp(points, axis=0)).sum()))


def _area(points: Real) -> float:
    """Of a polygon, corners counterclockwise."""
    x, y = (points - points.mean(0)).T
    return _plain(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2), points)


def _plain(area: float, points: Real) -> float:
    """An area among points, or 0 where rounding made it."""
    return area if abs(area) > NOISE * float(np.square(np.ptp(points, axis=0)).sum()) else 0.0


def _hull(points: Real) -> Real:
    """Corners of the smallest convex set around points, counterclockwise: two monotone chains."""
    order, chains = points[np.lexsort(points.T[::-1])], list[Real]()
    for way in (order, order[::-1]):
        chain = list[Real]()
        for p in way:
            while len(chain) > 1 and _cross(chain[-1] - chain[-2], p - chain[-2]) <= 0:
                chain.pop()
            chain.append(p)
        chains += chain[:-1] if len(chain) > 1 else chain
    return np.stack(chains)


def _cross(a: Real, b: Real) -> float:
    return float(a[0] * b[1] - a[1] * b[0])
