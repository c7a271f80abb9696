r"""Along the curve: tangent, prediction, correction (pseudo-arclength).

.. math:: \begin{pmatrix} J & b \\ c^\top & d \end{pmatrix} t = \begin{pmatrix} 0 \\ 1 \end{pmatrix}, \qquad
    F(x, \lambda) = 0, \quad t_j^\top \left((x, \lambda) - (x_j, \lambda_j) - \sigma\,t_j\right) = 0

Source: H. B. Keller, "Numerical solution of bifurcation and nonlinear eigenvalue problems", in: Applications of Bifurcation Theory, Academic Press,
1977; as used in the MATPOWER User's Manual, ch. 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.flow.continuation.bordered import factored
from gridtandem.flow.continuation.stage import Place, Stage, Tangent

MOST = 12  # corrections of one place
PATIENT, SLOW = 3, 0.9  # from that correction on the mismatch must become that much smaller
FAR = 1e3  # per unit; a mismatch beyond it comes from a prediction that was too long
TURNED = 0.5  # of the cosine between tangents at both ends of a step; one that turns further may have landed elsewhere
STRAYED = 0.1  # of the longest step, by which a step may lie beside where the tangents at both its ends lead


@final
@dataclass(frozen=True, slots=True, eq=False)
class Corrected:
    """A place on the curve, and how many corrections it took."""

    place: Place
    steps: int


def ahead(stage: Stage) -> Tangent:
    """The row that holds λ."""
    return Tangent(x=np.zeros(stage.pattern.shape[1]), growth=1.0)


def tangent(stage: Stage, place: Place, row: Tangent, *, pivoting: bool = False) -> Tangent | None:
    """Direction of the curve at a place, on the side to which ``row`` points; None where there is none."""
    try:
        x, growth = factored(stage, place, row, pivoting=pivoting)(np.zeros(len(row.x)), np.array(1.0))
    except (ArithmeticError, np.linalg.LinAlgError):
        x, growth = row.x * np.nan, np.array(np.nan)
    length = float(np.sqrt(x @ x + growth**2))
    if not np.isfinite(length):
        return None if pivoting else tangent(stage, place, row, pivoting=True)
    return Tangent(x=x / length, growth=float(growth) / length)


def corrected(stage: Stage, place: Place, row: Tangent, *, ways: tuple[bool, ...] = (False, True)) -> Corrected | None:
    """The place of the curve in the hyperplane of ``row`` through a prediction; None where Newton's method does not get there.

    ``ways``: with the compiled factors (False), with row exchanges (True), one after the other.
    """
    for pivoting in ways:
        found = _newton(stage, place, row, pivoting=pivoting)
        if found is not None:
            return found
    return None


def _newton(stage: Stage, place: Place, row: Tangent, *, pivoting: bool) -> Corrected | None:
    with np.errstate(all="ignore"):  # a run-away correction is recognised by its mismatch
        before = np.inf
        for k in range(MOST + 1):
            f = stage.mismatch(place)
            size = float(np.abs(f).max(initial=0.0))
            if k >= PATIENT and not size < SLOW * before:
                return None
            before = size
            if size <= stage.problem.tol:
                return Corrected(place, k)
            if k == MOST or not size < FAR:
                return None
            try:
                x, growth = factored(stage, place, row, pivoting=pivoting)(-f, np.array(0.0))
            except (ArithmeticError, np.linalg.LinAlgError):
                return None
            place = stage.moved(place, x, float(growth))
            if not (place.vm > 0).all():
                return None
    return None


def predicted(stage: Stage, place: Place, along: Tangent, length: float) -> Place:
    """A place so far along a tangent."""
    return stage.moved(place, length * along.x, length * along.growth)


def measure(stage: Stage, step: Tangent) -> float:
    """What moves most, in the measure of `gridtandem.flow.continuation.options.Tracing.longest`."""
    x, turned = np.abs(step.x), len(stage.pattern.turn)
    return float(max(x[:turned].max(initial=0.0) / 5, x[turned:].max(initial=0.0), abs(step.growth) / 10))


def strayed(stage: Stage, here: tuple[Place, Tangent], there: tuple[Place, Tangent], longest: float) -> bool:
    r"""May a step have left its piece of the curve, or passed two noses at once?

    On a smooth piece the way is :math:`x_b - x_a = \tfrac12 (x'_a + x'_b)` to the third power of the step, with tangents x' along it, in all
    unknowns; and where λ rises at both ends, the parabola through both slopes that leads from λ at one end to that at the other stays above 0.
    """
    (a, t_a), (b, t_b) = here, there
    if t_a.x @ t_b.x + t_a.growth * t_b.growth < TURNED:
        return True
    way = _between(stage, a, b)
    size = float(way.x @ way.x) + way.growth**2
    near, far = (size / (float(way.x @ t.x) + way.growth * t.growth) for t in (t_a, t_b))
    beside = Tangent(x=way.x - (near * t_a.x + far * t_b.x) / 2, growth=way.growth - (near * t_a.growth + far * t_b.growth) / 2)
    return measure(stage, beside) > STRAYED * longest or dips(way.growth, near * t_a.growth, far * t_b.growth)


def dips(way: float, begin: float, end: float) -> bool:
    """Does a parabola that is positive at both ends of [0, 1], with this integral, fall to 0 between them?"""
    if min(begin, end) <= 0:
        return False
    bend = 3 * (begin + end) - 6 * way  # begin + (end − begin) s − bend s (1 − s)
    at = (bend - end + begin) / (2 * bend) if bend > 0 else 0.0
    return 0 < at < 1 and begin + (end - begin) * at - bend * at * (1 - at) <= 0


def _between(stage: Stage, a: Place, b: Place) -> Tangent:
    """From one place to another, in the unknowns and λ."""
    p = stage.pattern
    size = np.zeros(p.shape[1] - len(p.turn) - len(p.lift))
    size[p.group] = np.abs(b.ratio[p.tap]) - np.abs(a.ratio[p.tap])
    return Tangent(x=np.concatenate([(b.angle - a.angle)[p.turn], (b.vm - a.vm)[p.lift], size]), growth=b.growth - a.growth)
