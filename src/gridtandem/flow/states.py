"""Solved feeders as arrays, all of them one after another, and one by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.grid.copies import copied
from gridtandem.grid.forest import slices
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Code, Complex, Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class State:
    """Solved feeders, per unit; voltages are NaN where there is no solution."""

    v: Complex  # (node)
    ratio: Complex  # (branch) after control
    unit_s: Complex  # (unit) injection
    at_limit: Code  # (unit) −1 at its lower reactive limit, 1 at its upper, 0 within

    @staticmethod
    def of(parts: Sequence[State]) -> State:
        """All of them one after another."""
        return State(
            v=np.concatenate([p.v for p in parts]), ratio=np.concatenate([p.ratio for p in parts]),
            unit_s=np.concatenate([p.unit_s for p in parts]), at_limit=np.concatenate([p.at_limit for p in parts]),
        )  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class States:
    """Solved feeders one after another; one by number."""

    all: State
    first: tuple[Index, Index, Index]  # (feeder + 1) where the nodes, the branches and the units of each begin
    s: Complex  # (feeder) power drawn

    @staticmethod
    def unsolved(nodals: Sequence[Nodal], model: Index, scale: Real) -> States:
        """Feeders with their units on schedule, before their voltages are known."""
        nodes, _ = copied([{"v": np.full(n.nodes, np.nan, np.complex128)} for n in nodals], model)
        branches, _ = copied([{"ratio": n.branches.ratio} for n in nodals], model)
        units, unit = copied([{"s": n.units.s} for n in nodals], model)
        sizes = [(n.nodes, len(n.branches.ratio), len(n.units.s)) for n in nodals]
        state = State(
            v=nodes["v"], ratio=branches["ratio"], unit_s=units["s"] * scale[unit].astype(np.complex128), at_limit=np.zeros(len(unit), np.int8)
        )
        return States(all=state, first=_begins(np.array(sizes, np.int64)[model]), s=np.full(len(model), np.nan, np.complex128))

    @staticmethod
    def of(parts: Sequence[States]) -> States:
        """All of them one after another."""
        sizes = [np.stack([np.diff(first) for first in p.first], -1) for p in parts]
        return States(all=State.of([p.all for p in parts]), first=_begins(np.concatenate(sizes)), s=np.concatenate([p.s for p in parts]))

    def take(self, feeders: Index) -> States:
        """These only, in this order."""
        rows = [slices(first[feeders], np.diff(first)[feeders]) for first in self.first]
        state = State(v=self.all.v[rows[0]], ratio=self.all.ratio[rows[1]], unit_s=self.all.unit_s[rows[2]], at_limit=self.all.at_limit[rows[2]])
        return States(all=state, first=_begins(np.stack([np.diff(first)[feeders] for first in self.first], -1)), s=self.s[feeders])

    def __len__(self) -> int:
        return len(self.s)

    def __getitem__(self, feeder: int) -> State:
        node, branch, unit = (slice(first[feeder], first[feeder + 1]) for first in self.first)
        return State(v=self.all.v[node], ratio=self.all.ratio[branch], unit_s=self.all.unit_s[unit], at_limit=self.all.at_limit[unit])


def _begins(sizes: Index) -> tuple[Index, Index, Index]:
    """Where the parts of each feeder begin, from how many it has of each (feeder, kind)."""
    node, branch, unit = np.concatenate([np.zeros((1, 3), np.int64), np.cumsum(sizes, axis=0)]).T
    return node, branch, unit
