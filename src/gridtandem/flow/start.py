"""Where an iteration begins: angles that follow phase shifts, since a start half a turn away leads to another root of the equations."""

from __future__ import annotations

import numpy as np

from gridtandem.grid.graph import breadth_first
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Complex, Index, Real

PHASES = np.radians(60.0)  # more than branches that carry power have between their ends
SHIFT = np.radians(20.0)  # smaller shifts are left to the iteration


def from_flat(nodal: Nodal, roots: Index, high: Real) -> Complex:
    """Voltages of 1 pu with the angle of the first root, made to follow shifts, none above ``high`` (node).

    Where the network states angles that differ across a branch by more than `PHASES` beyond its shift, its buses are phases and nothing flat is
    near a solution. Then the voltages are those that it states, all of them lowered together until none is too high: those without load have
    the same shape at any voltage of the root.
    """
    br, at = nodal.branches, nodal.start
    apart = np.angle(at[br.start] * at[br.end].conj() * np.abs(br.ratio) / br.ratio)
    if (np.abs(apart) > PHASES).any():
        return at * min(1.0, float(np.min(high / np.abs(at), initial=1.0)))
    v = following(nodal, np.full(nodal.nodes, np.exp(1j * np.angle(at[roots[0]]))), roots)
    return np.asarray(v * np.minimum(1.0, high), np.complex128)


def following(nodal: Nodal, v: Complex, roots: Index) -> Complex:
    r"""``v`` with its angles made to follow the shifts on the way from the first root, branch by branch of a spanning tree.

    Across a branch, :math:`\theta_{from} - \theta_{to} \approx` its shift. Angles across a shift that lie nearer to it than to nothing, as
    those of a solved case do, stay as they are.
    """
    shift = np.angle(nodal.branches.ratio)
    if not len(roots) or not (np.abs(shift) > SHIFT).any():
        return v
    br, angle = nodal.branches, np.angle(v)
    across: dict[tuple[int, int], float] = {}
    for a, b, s in zip(br.start.tolist(), br.end.tolist(), shift.tolist(), strict=True):
        across.setdefault((a, b), -s)
        across.setdefault((b, a), s)
    out = angle.copy()
    order, before = breadth_first(nodal.nodes, br.start, br.end, int(roots[0]))
    for k in order[1:].tolist():
        up = int(before[k])
        told, expected = _wrapped(float(angle[k] - angle[up])), across[up, k]
        ignored = abs(expected) > SHIFT and abs(_wrapped(told - expected)) > abs(_wrapped(told))
        out[k] = out[up] + (expected if ignored else told)
    return np.asarray(np.abs(v) * np.exp(1j * out), np.complex128)


def _wrapped(angle: float) -> float:
    return (angle + np.pi) % (2 * np.pi) - np.pi
