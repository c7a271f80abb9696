"""The owner of every model who keeps feeders as trees: solves them beside transmission instead of merging them into it.

Feeders that are no trees, hold a voltage, move a ratio or have several ports become part of the network that Newton's steps are taken in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, final

import numpy as np

from gridtandem.boundary.letters import Interleaved, Joint, Worth
from gridtandem.cases.case import Case
from gridtandem.cases.join import bundle
from gridtandem.flow.fused import Fused, Fusion
from gridtandem.flow.newton import Options
from gridtandem.grid.elements import VOLTAGE
from gridtandem.grid.loops import radial_faults
from gridtandem.grid.nodal import Nodal
from gridtandem.parties.owner import Owner
from gridtandem.tables import Complex, Flag, Index, Real
from gridtandem.units import MVA


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Holder:
    """Transmission and feeders under the same loadings as the parties."""

    core: Owner  # of transmission and the feeders that are not swept
    fused: Fused | None  # None: no feeder is swept
    swept: Index  # interfaces
    merged: Index  # the others
    at: Index  # (interface) node of the core
    loading: Real  # (scenario, period)

    @staticmethod
    def of(case: Case, loading: Real, options: Options, method: Literal["auto", "sweep", "newton"]) -> Holder:
        """``method`` newton: no feeder is swept."""
        table, nodals = case.interfaces, tuple(Nodal.of(bundle(m)) for m in case.models)
        root = np.array([nodals[m].node[r] for m, r in zip(table.model, table.root, strict=True)], np.int64)
        swept = _sweepable(case, nodals, root) if method != "newton" else np.zeros(len(table), bool)
        core = Owner.of(replace(case, interfaces=table.take(~swept)), loading, options)
        some, at = table.take(swept), core.newton.nodal.node[table.bus]
        fused = None if not swept.any() else Fused.of(
            core.newton, nodals, node=at[swept], model=some.model, root=root[swept], scale=some.scale, count=some.count
        )  # fmt: skip
        return Holder(core=core, fused=fused, swept=np.flatnonzero(swept), merged=np.flatnonzero(~swept), at=at, loading=loading)

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {Interleaved: self.interleaved}

    def interleaved(self, ask: Interleaved) -> Joint:  # noqa: ARG002 — the letter has no content
        """Voltages and exchanges of the fused load flow."""
        v = np.full((*self.loading.shape, len(self.at)), np.nan, np.complex128)
        s, (steps, sweeps) = v.copy(), np.zeros((2, *self.loading.shape), np.int64)
        for st in np.ndindex(self.loading.shape):
            v[st], s[st], steps[st], sweeps[st] = self.solve(st)
        worth = np.where(np.isnan(v.real), Worth.REFUSED, Worth.EXACT).astype(np.int8)
        return Joint(np.abs(v), np.angle(v), np.stack([s.real, s.imag], -1) * MVA, worth, steps, sweeps)

    def solve(self, st: tuple[int, ...]) -> tuple[Complex, Complex, int, int]:
        """Voltage and power [per unit] at every interface, steps and sweeps, of one scenario and period; not a number where there is no answer."""
        core, v = self.core, np.full(len(self.at), complex(np.nan, np.nan))
        s = v.copy()
        if self.fused is None:
            found = core.solve(st)
            if found.converged:
                v, s = found.v[self.at], core.exchange(found, st)
            return v, s, found.iterations, 0
        fused = self._side_by_side(self.fused, st)
        if fused.converged:
            v[self.swept], s[self.swept] = fused.v[self.at[self.swept]], fused.s * self.fused.count
            if len(self.merged):
                found = self.fused.transmission(fused)
                v[self.merged], s[self.merged] = found.v[self.at[self.merged]], core.exchange(found, st)
        return v, s, fused.steps, fused.sweeps

    def explain(self, st: tuple[int, ...]) -> str:
        """Why one scenario and period has no answer."""
        found = self.core.solve(st) if self.fused is None else self._side_by_side(self.fused, st)
        return f"side by side: {found.trouble or 'solved'}"

    def _side_by_side(self, fused: Fused, st: tuple[int, ...]) -> Fusion:
        loads = float(self.loading[st])
        return fused.solve(loads=loads, units=1.0 if loads == 1.0 else 1 + (loads - 1) * self.core.own_units)


def _sweepable(case: Case, nodals: tuple[Nodal, ...], root: Index) -> Flag:
    """Interfaces whose feeder is a tree with this one port, and holds no voltage even at its root."""
    table = case.interfaces
    kinds, kind = np.unique(np.stack([table.model, root], -1), axis=0, return_inverse=True)
    good = np.array([not radial_faults(nodals[m], r) and not (nodals[m].units.control == VOLTAGE).any() for m, r in kinds.tolist()], bool)
    _, feeder, ports = np.unique(table.feeder, return_inverse=True, return_counts=True)
    out: Flag = good[kind.ravel()] & (ports[feeder] == 1)
    return out
