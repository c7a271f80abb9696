"""The owner of every model: solves all networks as one. Exists only in study mode; it is the reference and the judge's grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Boundary, Together, Worth
from gridtandem.cases.case import Case
from gridtandem.cases.join import Joined, bundle, joined
from gridtandem.flow.loadability import carried, largest_loading
from gridtandem.flow.newton import Newton, Options, Solution
from gridtandem.flow.results import branch_flows
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
    branch: Index  # joined branch of each of its branches

    def drawn(self, v: Complex, ratio: Complex, loading: float) -> complex:
        """Power that enters the feeder from transmission, at joined voltages and ratios. [per unit]"""
        own, f, br = v[self.place], self.feeder, self.feeder.branches
        s_from, s_to = branch_flows(f, own, ratio[self.branch])
        flow = s_from[br.start == self.root].sum() + s_to[br.end == self.root].sum() + np.abs(own[self.root]) ** 2 * np.conj(f.shunt[self.root])
        here = f.loads.node == self.root
        demand, _ = f.loads.at(np.abs(own[f.loads.node]))
        return complex(flow + loading * demand[here].sum() - f.units.s[f.units.node == self.root].sum())


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
        first = _first_rows(case, whole)
        for k in range(len(table)):
            model = case.models[int(table.model[k])]
            feeder = Nodal.of(bundle(model, count=int(table.count[k]), scale=float(table.scale[k])))
            place = nodal.node[whole.first_bus[whole.interface_feeder[k]] + feeder.bus]
            branch = _branches(nodal, feeder, first[whole.interface_feeder[k]])
            ports.append(Port(feeder=feeder, root=int(feeder.node[table.root[k]]), place=place, branch=branch))
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
                v[st], s[st] = found.v[self.at], self.exchange(found, st)
        worth = np.where(np.isnan(v.real), Worth.REFUSED, Worth.EXACT).astype(np.int8)
        return Boundary(np.abs(v), np.angle(v), np.stack([s.real, s.imag], -1) * MVA, worth)

    def exchange(self, found: Solution, st: tuple[int, ...]) -> Complex:
        """Power into each feeder in a merged load flow. [per unit]"""
        return np.array([p.drawn(found.v, found.ratio, float(self.loading[st])) for p in self.ports], np.complex128)

    def explain(self, st: tuple[int, ...]) -> str:
        """Why one scenario and period has no merged load flow."""
        found = self.solve(st)
        if found.converged:
            several = len(self.ports) > len(self.joined.feeders)
            other = "start_pu=1 a flat start" if several else "start_pu=0 a start at transmission's forecast"
            return (
                "all networks as one do have a load flow, so the exchange failed, not the system; "
                f"try scheme {'boundary-newton' if several else 'response'}, or with {other}"
            )
        k = float(self.loading[st])
        most = largest_loading(self.newton, ceiling=k, units=lambda loading: 1 + (loading - 1) * self.own_units)
        return f"all networks as one: no load flow ({found.trouble}); {carried('the whole system', most, k)}"


def _first_rows(case: Case, whole: Joined) -> Index:
    """Rows of the joined (lines, transformers) where each feeder's begin; one row more for the end."""
    models = {int(f): case.models[int(m)] for f, m in zip(whole.interface_feeder, case.interfaces.model, strict=True)}
    sizes = [(len(n.lines), len(n.transformers)) for n in (case.transmission, *(models[f] for f in range(len(models))))]
    return np.cumsum(np.array(sizes, np.int64), axis=0)


def _branches(joined: Nodal, feeder: Nodal, first: Index) -> Index:
    """Joined branch of each branch of a feeder whose lines and transformers begin at these rows."""
    lines = int((joined.branches.kind == 0).sum())
    rows = feeder.branches.row + np.where(feeder.branches.kind == 0, first[0], first[1])
    at_line = np.searchsorted(joined.branches.row[:lines], rows)
    at_transformer = lines + np.searchsorted(joined.branches.row[lines:], rows)
    out: Index = np.where(feeder.branches.kind == 0, at_line, at_transformer)
    return out
