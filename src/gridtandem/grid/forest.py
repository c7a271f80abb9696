r"""Many radial feeders as one structure of arrays, so that thousands of them are swept at once.

Feeders lie one after another, each in depth-first order: a subtree is one slice, a parent stands before its children. Node 0 of a feeder is its
root, whose voltage is given. Above every other node lie, from its parent downwards, an ideal transformer and an impedance:

.. math:: V_j = V_i / n_j - z_j I_j, \qquad I_i \mathrel{+}= I_j / \overline{n_j}

A ratio t at the child's end is the same with :math:`n = 1/t` and :math:`z' = |t|^2 z`; halves of the charging become shunts of both ends.
Parallel branches of one ratio are one branch of the sum of their admittances, which is exact; of different ratios they are a loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.errors import InvalidCase
from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.graph import depth_first
from gridtandem.grid.loops import radial_faults
from gridtandem.grid.nodal import Branches, LoadLaw, Nodal
from gridtandem.tables import Complex, Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Forest:
    """Radial feeders. [per unit]"""

    start: Index  # (feeder + 1) where the nodes of each feeder begin
    first_load: Index  # (feeder + 1) where its loads begin
    node: Index  # number of each node in its own `Nodal`
    parent: Index  # −1 at a root
    last: Index  # end of the subtree: its nodes are node … last − 1
    level: Index  # branches between the node and its root
    z: Complex  # impedance above; 0 at a root
    ratio: Complex  # ideal ratio above, parent over child; 1 at a root
    turn: Complex  # product of 1/ratio from the root down
    shunt: Complex  # admittance, halves of charging included
    injection: Complex  # scheduled injection of units
    loads: LoadLaw  # with node numbers of the forest

    @property
    def feeders(self) -> int:
        """How many."""
        return len(self.start) - 1

    @property
    def feeder(self) -> Index:
        """Feeder of each node."""
        return np.repeat(np.arange(self.feeders), np.diff(self.start))

    def take(self, feeders: Index, scale: Real) -> Forest:
        """These feeders in this order, repeated as often as they are named; ``scale`` multiplies loads and injections of each."""
        sizes, counts = np.diff(self.start)[feeders], np.diff(self.first_load)[feeders]
        nodes, rows = slices(self.start[feeders], sizes), slices(self.first_load[feeders], counts)
        start = np.concatenate([[0], np.cumsum(sizes)])
        shift = start[:-1] - self.start[feeders]
        moved, parent = np.repeat(shift, sizes), self.parent[nodes]
        law = _some_loads(self.loads, rows, self.loads.node[rows] + np.repeat(shift, counts), np.repeat(scale, counts))
        return Forest(
            start=start, first_load=np.concatenate([[0], np.cumsum(counts)]), node=self.node[nodes], loads=law,
            parent=np.where(parent < 0, -1, parent + moved), last=self.last[nodes] + moved, level=self.level[nodes],
            z=self.z[nodes], ratio=self.ratio[nodes], turn=self.turn[nodes], shunt=self.shunt[nodes],
            injection=self.injection[nodes] * np.repeat(scale, sizes),
        )  # fmt: skip


def plant(nodals: Sequence[Nodal], roots: Index, model_of: Index, scale: Real) -> Forest:
    """The forest of feeders of which feeder k has the nodal model ``model_of[k]``, hangs on its node ``roots[k]``, and has its loads and
    scheduled units multiplied by ``scale[k]``. Each pair (model, root) is ordered once. Feeders that are not radial raise `InvalidCase`.
    """
    kinds, which = np.unique(np.stack([model_of, roots], -1), axis=0, return_inverse=True)
    if faults := [f for m, root in kinds.tolist() for f in radial_faults(nodals[m], root)]:
        raise InvalidCase(faults)
    return _side_by_side([_tree(nodals[m], root) for m, root in kinds.tolist()]).take(which.ravel(), scale)


def slices(first: Index, count: Index) -> Index:
    """first[0], first[0] + 1, … (count[0] of them), then the same from first[1], and so on."""
    ends = np.cumsum(count)
    return np.repeat(first - ends + count, count) + np.arange(ends[-1] if len(ends) else 0)


def _tree(nodal: Nodal, root: int) -> Forest:
    """A forest of this one feeder."""
    order, before = depth_first(nodal.nodes, nodal.branches.start, nodal.branches.end, root)
    n = len(order)
    place = np.full(nodal.nodes, -1)
    place[order] = np.arange(n)
    parent = np.concatenate([[-1], place[before[order[1:]]]])
    z, ratio, shunt = _above(nodal.branches, place, parent)
    level, turn, last = _walked(parent, ratio)
    injection, units = np.zeros(n, complex), nodal.units
    mine = (place[units.node] >= 0) & (units.control != REFERENCE)  # one that holds a voltage stands at the root, where others hold it
    np.add.at(injection, place[units.node[mine]], units.s[mine])
    rows = np.flatnonzero(place[nodal.loads.node] >= 0)
    loads = _some_loads(nodal.loads, rows, place[nodal.loads.node[rows]], np.ones(len(rows)))
    return Forest(
        start=np.array([0, n]), first_load=np.array([0, len(rows)]), node=order.astype(np.int64), parent=parent, last=last, level=level,
        z=z, ratio=ratio, turn=turn, shunt=shunt + nodal.shunt[order], injection=injection, loads=loads,
    )  # fmt: skip


def _above(branches: Branches, place: Index, parent: Index) -> tuple[Complex, Complex, Complex]:
    """Impedance and ratio above each node, and charging at it, in the form at the head of this file."""
    br = branches
    a, b = place[br.start], place[br.end]
    rows = np.flatnonzero(a >= 0)
    a, b, t, half = a[rows], b[rows], br.ratio[rows], 0.5j * br.b[rows]
    down = parent[b] == a  # the ratio lies at the parent's side
    child, size = np.where(down, b, a), abs(t) ** 2
    z = np.where(down, br.z[rows], size * br.z[rows])
    n = len(parent)
    ratio, shunt, y, above = np.ones(n, complex), np.zeros(n, complex), np.zeros(n, complex), np.zeros(n, complex)
    ratio[child] = np.where(down, t, 1 / t)
    np.add.at(shunt, a, half / size)
    np.add.at(shunt, b, half)
    np.add.at(y, child, 1 / z)
    above[child] = z
    many = np.bincount(child, minlength=n) > 1
    above[many] = 1 / y[many]
    return above, ratio, shunt


def _walked(parent: Index, ratio: Complex) -> tuple[Index, Complex, Index]:
    """Level, product of 1/ratio from the root, and end of the subtree of each node in depth-first order."""
    n = len(parent)
    up, step = parent.tolist(), (1 / ratio).tolist()
    level, turn, last = [0] * n, [1.0 + 0.0j] * n, list(range(1, n + 1))
    for k in range(1, n):
        level[k], turn[k] = level[up[k]] + 1, turn[up[k]] * step[k]
    for k in range(n - 1, 0, -1):
        last[up[k]] = max(last[up[k]], last[k])
    return np.array(level), np.array(turn), np.array(last)


def _some_loads(law: LoadLaw, rows: Index, node: Index, scale: Real) -> LoadLaw:
    return LoadLaw(
        node=node, s=law.s[rows] * scale, exponent=law.exponent[rows], z_share=law.z_share[rows], i_share=law.i_share[rows], v0=law.v0[rows]
    )


def _side_by_side(trees: Sequence[Forest]) -> Forest:
    """Forests one after another."""
    at = np.cumsum([0, *(len(t.parent) for t in trees)])
    pairs = list(zip(trees, at, strict=False))
    loads = [t.loads for t in trees]
    law = LoadLaw(
        node=np.concatenate([t.loads.node + a for t, a in pairs]), s=np.concatenate([d.s for d in loads]),
        exponent=np.concatenate([d.exponent for d in loads]), z_share=np.concatenate([d.z_share for d in loads]),
        i_share=np.concatenate([d.i_share for d in loads]), v0=np.concatenate([d.v0 for d in loads]),
    )  # fmt: skip
    return Forest(
        start=np.concatenate([[0], *(t.start[1:] + a for t, a in pairs)]),
        first_load=np.cumsum([0, *(len(d.s) for d in loads)]),
        node=np.concatenate([t.node for t in trees]),
        parent=np.concatenate([np.where(t.parent < 0, -1, t.parent + a) for t, a in pairs]),
        last=np.concatenate([t.last + a for t, a in pairs]), level=np.concatenate([t.level for t in trees]),
        z=np.concatenate([t.z for t in trees]), ratio=np.concatenate([t.ratio for t in trees]), turn=np.concatenate([t.turn for t in trees]),
        shunt=np.concatenate([t.shunt for t in trees]), injection=np.concatenate([t.injection for t in trees]), loads=law,
    )  # fmt: skip
