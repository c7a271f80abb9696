"""The owner of every model: solves all networks as one. Exists only in study mode; it is the reference and the judge's grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Boundary, Together, Worth
from gridtandem.cases.case import Case
from gridtandem.cases.join import Joined, bundle, joined
from gridtandem.flow.loadability import largest_loading
from gridtandem.flow.newton import Newton, Options, Solution
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Complex, Index, Real
from gridtandem.units import MVA


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Port:
    """One interface in the joined grid: the feeder's own equations over its part of the joined voltages."""

    feeder: Nodal
    root: int  # its node that is the transmission bus
    place: Index  # joined node of each of its nodes

    def drawn(self, v: Complex) -> complex:
        """Power that enters the feeder from transmission. [per unit]"""
        own, f = v[self.place], self.feeder
        current: Complex = np.asarray(f.admittance() @ own, np.complex128)
        flow = own[self.root] * np.conj(current[self.root])
        here = f.loads.node == self.root
        demand, _ = f.loads.at(np.abs(own[f.loads.node]))
        return complex(flow + demand[here].sum() - f.units.s[f.units.node == self.root].sum())


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Owner:
    """The joined grid under the same loadings as the parties."""

    joined: Joined
    interfaces: Interfaces
    first_feeder_branch: tuple[int, int]  # rows of lines and of transformers where feeders begin
    newton: Newton
    at: Index  # joined node of each interface
    ports: tuple[Port, ...]
    loading: Real  # (scenario, period)
    own_units: Real  # per unit: 1 where transmission's, whose schedule follows the loading

    @staticmethod
    def of(case: Case, loading: Real, options: Options) -> Owner:
        """Join the case's networks."""
        whole = joined(case)
        nodal, table = Nodal.of(whole.network), case.interfaces
        ports = []
        for k in range(len(table)):
            model = case.models[int(table.model[k])]
            feeder = Nodal.of(bundle(model, str(table.feeder[k]), count=int(table.count[k]), scale=float(table.scale[k])))
            place = nodal.node[whole.first_bus[whole.interface_feeder[k]] + feeder.bus]
            ports.append(Port(feeder=feeder, root=int(feeder.node[table.root[k]]), place=place))
        mine = (nodal.units.row < len(case.transmission.generators)).astype(float)
        return Owner(
            joined=whole, interfaces=table, first_feeder_branch=(len(case.transmission.lines), len(case.transmission.transformers)),
            newton=Newton.of(nodal, options=options), at=nodal.node[table.bus], ports=tuple(ports), loading=loading, own_units=mine,
        )  # fmt: skip

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {Together: self.together}

    def solve(self, st: tuple[int, ...], start: Complex | None = None) -> Solution:
        """Merged load flow of one scenario and period."""
        k = float(self.loading[st])
        return self.newton.solve(start=start, loads=k, units=1 + (k - 1) * self.own_units)

    def together(self, ask: Together) -> Boundary:  # noqa: ARG002 — the letter has no content
        """Voltages and exchanges of the merged load flow."""
        v = np.full((*self.loading.shape, len(self.at)), np.nan, complex)
        s = v.copy()
        for st in np.ndindex(self.loading.shape):
            found = self.solve(st)
            if found.converged:
                v[st], s[st] = found.v[self.at], self.exchange(found.v, st)
        worth = np.where(np.isnan(v.real), Worth.REFUSED, Worth.EXACT).astype(np.int8)
        return Boundary(np.abs(v), np.angle(v), np.stack([s.real, s.imag], -1) * MVA, worth)

    def exchange(self, v: Complex, st: tuple[int, ...]) -> Complex:
        """Power into each feeder at joined voltages ``v``. [per unit]"""
        k = float(self.loading[st])
        if k == 1.0:
            return np.array([p.drawn(v) for p in self.ports], complex)
        out = np.empty(len(self.ports), complex)
        for n, p in enumerate(self.ports):
            here = p.feeder.loads.node == p.root
            demand, _ = p.feeder.loads.at(np.abs(v[p.place][p.feeder.loads.node]))
            out[n] = p.drawn(v) + (k - 1) * demand[here].sum()
        return out

    def explain(self, st: tuple[int, ...]) -> str:
        """Why one scenario and period has no merged load flow."""
        found = self.solve(st)
        if found.converged:
            return "all networks as one do have a load flow, so the exchange failed, not the system; try scheme response"
        k = float(self.loading[st])
        share = largest_loading(self.newton, ceiling=k) / k
        return f"all networks as one: no load flow ({found.trouble}); the whole system carries at most λ = {share:.4f} of this loading"
