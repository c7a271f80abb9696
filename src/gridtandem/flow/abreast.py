"""Radial feeders that keep their voltages between calls, eight of a kind side by side: the distribution half of ``flow/fused.py``.

A kind is a feeder model with a root. What its feeders share (parents, impedances, demand at factor 1) is there once; a feeder's own are its factor
and its voltages. Groups share nothing that is written, so bits do not depend on who sweeps which group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np

from gridtandem.flow.kernels_shared import OWN, workspace
from gridtandem.flow.sweep import LANES, Ready
from gridtandem.grid.forest import plant, slices
from gridtandem.grid.nodal import Nodal
from gridtandem.kernels import kernel
from gridtandem.tables import Code, Complex, Index, Real

AT_ONCE = 100_000  # nodes handed to a thread at a time: a tenth of a millisecond of work or more


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Abreast:
    """Feeders made ready. [per unit]"""

    kinds: Ready  # each kind once, at factor 1
    inner: Index  # (node of a kind) its number in the nodal model
    way: Code  # (node of a kind) where its current goes, see ``kernels_fused``
    kind: Index  # (feeder)
    scale: Real  # (feeder) factor on demand and units
    groups: Index  # (group, 8) feeders of one kind, those whose demand bends last; −1: none
    begin: Index  # (group + 1) first row of its voltages
    parts: tuple[slice, ...]  # of groups, for threads: all bend or none does

    @staticmethod
    def of(nodals: Sequence[Nodal], *, model: Index, root: Index, scale: Real) -> Abreast:
        """Feeder k has the nodal model ``model[k]`` and hangs on its node ``root[k]``."""
        pairs, kind = np.unique(np.stack([model, root], -1), axis=0, return_inverse=True)
        forest = plant(nodals, pairs[:, 1], pairs[:, 0], np.ones(len(pairs)))
        kinds, kind = Ready.of(forest), kind.ravel()
        count = np.bincount(kind, minlength=len(pairs))
        many = -(-count // LANES)
        groups = np.full((int(many.sum()), LANES), -1, np.int64)
        groups.ravel()[slices((np.cumsum(many) - many) * LANES, count)] = np.argsort(kind, kind="stable")
        of = np.repeat(np.arange(len(pairs)), many)
        order = np.argsort(kinds.bends[of], kind="stable")
        groups, sizes, bends = groups[order], np.diff(forest.start)[of[order]], kinds.bends[of[order]]
        cuts = np.flatnonzero((np.diff(np.cumsum(sizes * LANES) // AT_ONCE) > 0) | (bends[1:] != bends[:-1])) + 1
        ends = [0, *cuts.tolist(), len(groups)]
        return Abreast(
            kinds=kinds, inner=forest.node, way=_ways(kinds), kind=kind, scale=np.asarray(scale, np.float64), groups=groups,
            begin=np.concatenate([[0], np.cumsum(2 * sizes)]), parts=tuple(slice(a, b) for a, b in pairwise(ends)),
        )  # fmt: skip

    @property
    def nodes(self) -> Index:
        """Of each feeder."""
        count: Index = np.diff(self.kinds.start)[self.kind]
        return count

    def voltages(self, kept: Kept, root: Complex) -> Complex:
        """Of every node, feeder after feeder in the order of their nodal models, at complex root voltages."""
        count, kinds = self.nodes, self.kinds
        place, out = np.cumsum(count) - count, np.empty(int(count.sum()), np.complex128)
        turn = root / np.abs(root)
        for k, (a, b) in enumerate(zip(kinds.start[:-1].tolist(), kinds.start[1:].tolist(), strict=True)):
            mine = np.flatnonzero(self.kind[self.groups[:, 0]] == k)
            lanes = kept.state[self.begin[mine[0]] : self.begin[mine[-1] + 1]].reshape(len(mine), b - a, 2, LANES)
            feeder = self.groups[mine].ravel()
            some = feeder >= 0
            u = lanes.transpose(0, 3, 1, 2).reshape(-1, b - a, 2)[some]
            above = kinds.turn[a:b, 0] + 1j * kinds.turn[a:b, 1]
            out[place[feeder[some]][:, None] + self.inner[a:b]] = (u[..., 0] + 1j * u[..., 1]) * above * turn[feeder[some]][:, None]
        return out


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Kept:
    """Voltages of all feeders on the way through one solution, and what they report. [per unit]"""

    of: Abreast
    law: Real  # (node of a kind, 6) demand at this loading: constant, and by voltage to the power of 1 and 2
    total: Real  # (kind, 2) constant demand
    factor: Real  # of terms
    state: Real
    before: Real  # (feeder) root voltage of the last sweep
    drawn: Real  # (feeder, 4) active and reactive power: demand and losses; entering at the root
    slope: Real  # (feeder, 2) of the first by the logarithm of the root voltage
    far: Real  # (feeder) how far a voltage of its group moved in the last sweep; not a number where it has no voltages
    sweeps: Index  # (feeder)

    @staticmethod
    def begun(model: Abreast, loading: float) -> Kept:
        """No voltages yet."""
        kinds, m = model.kinds, len(model.kind)
        law = np.concatenate([loading * kinds.demand[:, 2:] - kinds.demand[:, :2], loading * kinds.curved], axis=1)
        return Kept(
            of=model, law=law, total=np.add.reduceat(law[:, :2], kinds.start[:-1]), factor=loading * kinds.factor,
            state=workspace(int(model.begin[-1])), before=np.ones(m), drawn=np.zeros((m, 4)), slope=np.zeros((m, 2)), far=np.full(m, np.nan),
            sweeps=np.zeros(m, np.int64),
        )  # fmt: skip

    def sweep(self, root: Real, goal: float, most: int, pool: tuple[ThreadPoolExecutor, int] | None, beside: Callable[[], None]) -> float:
        """Until no voltage of a group moves by more than ``goal``, at most ``most`` times, ``beside`` other work; the farthest move."""
        parts = iter(self.of.parts)
        if pool is None:
            beside()
            self._some(parts, root, goal, most)
        else:
            others = [pool[0].submit(self._some, parts, root, goal, most) for _ in range(pool[1])]
            beside()
            self._some(parts, root, goal, most)
            for other in others:
                other.result()
        self.before[:] = root
        return float(self.far.max(initial=0.0))  # not a number where one is none

    def _some(self, parts: Iterator[slice], root: Real, goal: float, most: int) -> None:
        """Parts as long as there are any: threads take them from the same hand."""
        feeders = kernel("flow.kernels_fused", "feeders")
        of, kinds = self.of, self.of.kinds
        flow, own = workspace(2 * int(np.diff(kinds.start).max())), workspace(OWN)
        for part in parts:
            total = None if kinds.bends[of.kind[of.groups[part.start, 0]]] else self.total
            feeders(
                of.groups[part], of.begin[part], of.kind, kinds.start, kinds.parent, of.way, kinds.line, self.law, total,
                kinds.first_term, kinds.part, self.factor, kinds.exponent, of.scale, self.before, root, goal, most, self.state, flow, own,
                self.drawn, self.slope, self.far, self.sweeps,
            )  # fmt: skip


def _ways(kinds: Ready) -> Code:
    """The last child of a node to come on the walk to the root is the node after it; the first of the others is the last in order."""
    parent, size = kinds.parent, np.diff(kinds.start)
    own = np.arange(len(parent)) - np.repeat(kinds.start[:-1], size)
    away = np.flatnonzero(parent != own - 1)
    up = (away - own[away]) + parent[away]  # counted over all kinds
    way = np.zeros(len(parent), np.int8)
    way[away] = 2
    fork, last = np.unique(up[::-1], return_index=True)
    way[away[::-1][last]] = 1
    way[fork] += 4
    return way
