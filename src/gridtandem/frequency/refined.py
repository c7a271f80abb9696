r"""The nadir before fast reserve is complete: either of two conditions is enough, and which of them it is, inertia and loss alone decide.

With one fast service F of ramp :math:`T_F`, primary reserve P of ramp :math:`T_P`, no delays and D = 0, both still grow at the nadir where
:math:`F + P\,T_F/T_P \ge P_L`. Then :math:`x(t) = (P_L t - s t^2/2)/(2h)` with :math:`s = F/T_F + P/T_P`, whose top is at most Δf where

.. math:: s \ge P_L^2 / (4 \Delta f\, h)

Both are linear in F and P. Otherwise the cone of `gridtandem.frequency.security` decides, which is exact there. So one of the two is also necessary.

With :math:`k = T_F P_L / (4 \Delta f\, h)` the cone asks for no more than the linear pair, for every F, where k ≤ 1; where k ≥ 1 it is the reverse,
and of the pair the second follows from the first. docs/explanation/frequency.md has the proof. So a program needs no whole numbers (`decided`);
those of `blocks`, which leave the choice to the solver, find the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from gridtandem.errors import Fault, InvalidCase
from gridtandem.frequency.security import Inertia, Security, summed
from gridtandem.program.arrays import Columns, Cones, Rows
from gridtandem.tables import Flag, Real

if TYPE_CHECKING:
    from gridtandem.program.arrays import Part

LATE = "late"  # the block of whole numbers: 1 where the cone decides


def needed(security: Security, inertia_mws: ArrayLike, loss_mw: ArrayLike, fast_mw: ArrayLike) -> Real:
    """Primary reserve that the nadir and the end ask for, and not a bit more; ``fast_mw`` with a last axis of one, as in `Security.needed`."""
    _allowed(security)
    loss, fast = np.asarray(loss_mw, np.float64), np.asarray(fast_mw, np.float64)[..., 0]
    quick, slow = security.fast[0].ramp_s, security.primary.ramp_s
    growth = loss**2 * security.limits.f0_hz / (4 * security.limits.nadir_hz * np.asarray(inertia_mws, np.float64))
    early = slow * np.maximum(np.maximum(growth - fast / quick, (loss - fast) / quick), 0.0)
    late = security.arresting(inertia_mws, loss_mw, fast_mw)
    found: Real = np.maximum(np.minimum(early, late), security.settling(loss_mw, fast_mw))
    return found


def blocks(
    security: Security, inertia: Inertia, primary: Mapping[str, Part], fast: Mapping[str, Part]
) -> tuple[dict[str, Columns], dict[str, Rows], dict[str, Cones]]:
    """Whole numbers, rows and cones of a program that hold one of the two conditions in each row; see `Security.blocks`."""
    _allowed(security)
    many, lim, loss = len(inertia), security.limits, inertia.loss_mw
    quick, slow, w = security.fast[0].ramp_s, security.primary.ramp_s, float(security.weights[0])
    h = inertia.inertia_mws / lim.f0_hz
    rows, cones = security.blocks(inertia, primary, [fast])
    growth = loss**2 / (4 * lim.nadir_hz * h)

    def either(of_fast: float, of_primary: float, least: Real) -> Rows:
        parts = summed([(primary, np.array([[of_primary]])), (fast, np.array([[of_fast]]))])
        return Rows.of(many, least, np.inf, {**parts, LATE: sparse.diags_array(least)})

    rows |= {"growth": either(1 / quick, 1 / slow, growth), "early": either(1.0, quick / slow, loss)}
    free = loss / np.sqrt(lim.nadir_hz) + 2 * np.maximum(w * loss - h, 0.0)  # what the cone may lack at most while F ≤ P_L
    head = sparse.kron(sparse.diags_array(free), np.array([[1.0], [0.0], [0.0]]))
    cone = cones["nadir"]
    right = cone.right + free[:, None] * np.array([1.0, 0.0, 0.0])
    return (
        {LATE: Columns.of(many, 0.0, 1.0, integer=True)},
        rows,
        {"nadir": replace(cone, right=right, parts={**cone.parts, LATE: sparse.csr_array(head)})},
    )


def late(security: Security, inertia_mws: ArrayLike, loss_mw: ArrayLike) -> Flag:
    """Where the cone decides: k ≤ 1."""
    lim = security.limits
    loss, energy = np.asarray(loss_mw, np.float64), np.asarray(inertia_mws, np.float64)
    return np.asarray(security.fast[0].ramp_s * loss * lim.f0_hz <= 4 * lim.nadir_hz * energy)


def line(security: Security, inertia_mws: float, loss_mw: float) -> tuple[float, float] | None:
    """Intercept and slope of what a refined nadir asks for, P ≥ intercept − slope F, where that is a line; None where the cone decides."""
    if security.nadir == "cone" or bool(late(security, inertia_mws, loss_mw)):
        return None
    growth = loss_mw**2 * security.limits.f0_hz / (4 * security.limits.nadir_hz * inertia_mws)
    return security.primary.ramp_s * growth, security.primary.ramp_s / security.fast[0].ramp_s


def decided(security: Security, inertia: Inertia, primary: Mapping[str, Part], fast: Mapping[str, Part]) -> tuple[dict[str, Rows], dict[str, Cones]]:
    """Rows and cones of a program that hold in each row the condition which asks for less; see `Security.blocks`."""
    _allowed(security)
    rows, cones = security.blocks(inertia, primary, [fast])
    by_cone = late(security, inertia.inertia_mws, inertia.loss_mw)
    early, entry = np.flatnonzero(~by_cone), np.flatnonzero(np.repeat(by_cone, 3))
    nadir = cones["nadir"]
    kept = Cones.of((int(by_cone.sum()), 3), {k: m[entry] for k, m in nadir.parts.items()}, nadir.right[by_cone])
    growth = inertia.loss_mw**2 * security.limits.f0_hz / (4 * security.limits.nadir_hz * inertia.inertia_mws)
    each = [(primary, np.array([[1 / security.primary.ramp_s]])), (fast, np.array([[1 / security.fast[0].ramp_s]]))]
    grows = Rows.of(len(early), growth[early], np.inf, {k: m[early] for k, m in summed(each).items()})
    return {**rows, **({"growth": grows} if len(early) else {})}, {"nadir": kept} if by_cone.any() else {}


def unrefined(security: Security) -> Iterator[Fault]:
    """Services that the refinement does not take."""
    if len(security.fast) != 1 or security.primary.delay_s or security.fast[0].delay_s:
        what = f"are {len(security.fast)} fast ones" + (", with delays" if any(s.delay_s for s in (security.primary, *security.fast)) else "")
        yield Fault("services", what, "the refinement takes one, without delays; take the cone", "frequency-016")


def _allowed(security: Security) -> None:
    if found := tuple(unrefined(security)):
        raise InvalidCase(found)
