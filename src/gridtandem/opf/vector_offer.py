r"""The exact cost of a feeder by several numbers at once, found by asking it for prices (convex hull).

The domain of θ and a convex, piecewise-linear V over it are found one after the other:

1. Domain: the hull of points known to be feasible; each facet asks for the farthest point along its normal, until none lies beyond.
2. Cost: the lower hull of points (θ, V); each lower facet with slope g asks :math:`\min_x c(x) - g^\top \theta(x)`, until no answer lies below it.

The answer to a facet's question is at once the constant of its cut, so a cut :math:`V \ge k + g^\top \theta` holds to what the solver leaves,
wherever it came from; facets of the domain run through points that are feasible, so what they enclose is. A domain that is flat (a feeder that cannot
regulate down, say) is searched within the plane in which it lies. This is the projection of the epigraph, one polyhedron asked for facet by facet:
A. Löhne and B. Weißing, "Equivalence between polyhedral projection, multiple objective linear programming and vector linear programming",
Mathematical Methods of Operations Research 84(2), 2016, arXiv 1507.00228. The number of cuts grows steeply with resources; ``most`` ends the search.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, final

import numpy as np

from gridtandem.tables import Index, Real

NEAR = 1e-9  # of the range of each coordinate: points nearer are one, facets nearer hold
FLAT = 1e-7  # of the range: a domain thinner is flat
EXACT = 1e-9  # of the range of the cost: below it a facet is the function
STEEP = 1e-7  # least share of the cost's axis in the normal of a facet that is no wall


class Oracle(Protocol):
    """A feeder that answers; NaN where it has no answer."""

    def farthest(self, direction: Real) -> Real:
        """θ that lies farthest in a direction, whatever it costs."""
        ...

    def at_price(self, price: Real) -> tuple[Real, float]:
        """θ and cost that are best when each unit of θ earns its price."""
        ...

    def at(self, theta: Real) -> float:
        """Least cost at θ."""
        ...


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class VectorCost:
    """Cost ≥ constant + slope · θ for every cut, wherever normal · θ ≤ bound for every facet."""

    slope: Real  # (cut, coordinate)
    constant: Real  # (cut)
    normal: Real  # (facet, coordinate)
    bound: Real  # (facet)
    points: Real  # (point, coordinate) at which the cost is known
    cost: Real  # (point)
    asked: int  # programs solved

    def at(self, theta: Real) -> Real:
        """Cost at θ (…, coordinate) by the cuts; infinite outside the domain."""
        inside = (theta @ self.normal.T <= self.bound + NEAR * np.maximum(1.0, np.abs(self.bound))).all(-1)
        return np.asarray(np.where(inside, (theta @ self.slope.T + self.constant).max(-1), np.inf))


@final
@dataclass(slots=True, eq=False)
class _Plane:
    """The plane in which the domain lies, by directions in units of the range: θ = origin + width · (across y)."""

    oracle: Oracle
    origin: Real
    width: Real  # (coordinate)
    along: Real  # (coordinate, direction) orthonormal
    across: Real  # (flat direction, coordinate)
    known: list[Real]  # feasible y
    asked: int

    def outward(self, direction: Real) -> Real:
        """A direction, slope or price of y as one of θ."""
        return np.asarray(direction @ self.along.T / self.width)

    def inside(self, theta: Real) -> Real:
        """θ as y."""
        return np.asarray(((theta - self.origin) / self.width) @ self.along)

    def farthest(self, direction: Real) -> Real:
        """See `Oracle`."""
        self.asked += 1
        return self.inside(self.oracle.farthest(self.outward(direction)))

    def at_price(self, price: Real) -> tuple[Real, float]:
        """See `Oracle`."""
        self.asked += 1
        theta, cost = self.oracle.at_price(self.outward(price))
        return self.inside(theta), cost

    def at(self, y: Real, centre: Real) -> tuple[Real, float]:
        """Least cost at y, or as near to it towards the centre as there is an answer: ends of a domain are known to what the solver leaves."""
        for pull in (0.0, NEAR, 1e2 * NEAR):
            place = y + pull * (centre - y)
            self.asked += 1
            cost = self.oracle.at(self.origin + self.width * (self.along @ place))
            if np.isfinite(cost):
                return place, cost
        return y, np.nan


def vector_cost(oracle: Oracle, size: int, *, most: int) -> VectorCost | None:
    """The cost of θ with ``size`` coordinates; None where it takes more than ``most`` cuts. The oracle must have an answer somewhere."""
    plane = _plane(oracle, size)
    normal, bound, corners = _domain(plane)
    centre = corners.mean(0)
    ends = [plane.at(y, centre) for y in corners]
    found = _lower(plane, np.array([y for y, _ in ends]), np.array([v for _, v in ends]), most)
    if found is None:
        return None
    slope, constant, points, cost = found
    tilt, walls = plane.outward(slope), plane.outward(normal)
    flat = plane.across / plane.width
    flat = np.concatenate([flat, -flat])
    return VectorCost(
        slope=tilt, constant=constant - tilt @ plane.origin, normal=np.concatenate([walls, flat]),
        bound=np.concatenate([bound + walls @ plane.origin, flat @ plane.origin]),
        points=plane.origin + plane.width * (points @ plane.along.T), cost=cost, asked=plane.asked,
    )  # fmt: skip


def _plane(oracle: Oracle, size: int) -> _Plane:
    """Ends of every coordinate, and of every direction in which points found so far do not differ, until those that are left are flat."""
    points = [oracle.farthest(sign * axis) for axis in np.eye(size) for sign in (1.0, -1.0)]
    asked, origin = len(points), np.mean(points, 0)
    span = np.ptp(points, 0)
    width = np.where(span > FLAT * np.maximum(1.0, np.abs(origin)), span, 1.0)
    while True:
        _, size_of, turned = np.linalg.svd((np.array(points) - origin) / width, full_matrices=True)
        rank = int((size_of > FLAT).sum())
        new = []
        for across in turned[rank:]:
            ends = [oracle.farthest(sign * across / width) for sign in (1.0, -1.0)]
            asked += 2
            if (ends[0] - ends[1]) @ (across / width) > FLAT:
                new += ends
        if not new:
            known = [np.asarray(((p - origin) / width) @ turned[:rank].T) for p in points]
            return _Plane(oracle, origin, width, turned[:rank].T, turned[rank:], known, asked)
        points += new


def _domain(plane: _Plane) -> tuple[Real, Real, Real]:
    """Facets (normal · y ≤ bound) and corners of what can be reached."""
    points, size = np.array(plane.known), plane.along.shape[1]
    if size == 0:
        return np.empty((0, 0)), np.empty(0), points[:1]
    if size == 1:
        ends = np.array([points.min(0), points.max(0)])
        return np.array([[-1.0], [1.0]]), np.array([-ends[0, 0], ends[1, 0]]), ends
    seen = set[tuple[float, ...]]()
    while True:
        equations, vertices = _hull(points)
        new = list[Real]()
        for face in _once(equations):
            if (key := _key(face)) not in seen:
                seen.add(key)
                y = plane.farthest(face[:-1])
                if face[:-1] @ y + face[-1] > NEAR:
                    new.append(y)
        if not (new := _apart(new)):
            return (faces := _once(equations))[:, :-1], -faces[:, -1], points[vertices]
        points = np.concatenate([points, new])


def _lower(plane: _Plane, points: Real, cost: Real, most: int) -> tuple[Real, Real, Real, Real] | None:
    """Cuts (slope, constant) in y, and the points that they go through."""
    size = points.shape[1]
    if size == 0:
        return np.zeros((1, 0)), cost[:1], points, cost
    cuts = dict[tuple[float, ...], tuple[Real, float, float]]()  # by facet: slope, constant, what its answer lies below it
    while True:
        base, scale = float(cost.min()), max(float(np.ptp(cost)), 1e-6 * max(1.0, float(np.abs(cost).max())))
        top = np.append(points.mean(0), 2.0)
        faces = _once(_hull(np.vstack([np.column_stack([points, (cost - base) / scale]), top]))[0])
        faces = faces[faces[:, -2] < -STEEP]
        new, now = list[Real](), list[tuple[float, ...]]()
        for face in faces:
            slope, height = -face[:-2] / face[-2] * scale, -face[-1] / face[-2] * scale + base
            key = _key(np.append(slope, height) / scale)
            now.append(key)
            if key not in cuts:
                y, v = plane.at_price(slope)
                cuts[key] = slope, v - slope @ y, height + slope @ y - v
                if cuts[key][2] > EXACT * scale:
                    new.append(np.append(y, v))
        if len(now) > most:
            return None
        if not new:
            kept = [cuts[key] for key in dict.fromkeys(now)]
            return np.array([c[0] for c in kept]), np.array([c[1] for c in kept]), points, cost
        found = np.array(_apart(new))
        points, cost = np.concatenate([points, found[:, :-1]]), np.concatenate([cost, found[:, -1]])


def _hull(points: Real) -> tuple[Real, Index]:
    """Facets (normal, minus bound) and vertices. Where many points lie in one facet Qhull may lose its way; it then moves them by a little, which
    tilts facets by as little and leaves the cuts valid, whose constants are the oracle's.
    """
    from scipy.spatial import ConvexHull, QhullError

    try:
        hull = ConvexHull(points)
    except QhullError:
        hull = ConvexHull(points, qhull_options="QJ")
    return np.asarray(hull.equations), np.asarray(hull.vertices, np.int64)


def _once(faces: Real) -> Real:
    """Faces that qhull tells in several simplices."""
    return np.asarray(faces[np.sort(np.unique(np.round(faces, 9), axis=0, return_index=True)[1])])


def _apart(points: list[Real]) -> list[Real]:
    """Each once."""
    return list({_key(p): p for p in points}.values())


def _key(numbers: Real) -> tuple[float, ...]:
    return tuple((np.round(numbers, 8) + 0.0).tolist())
