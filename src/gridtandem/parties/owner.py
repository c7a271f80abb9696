"""The owner of every model: solves all networks as one. Exists only in study mode; it is the reference and the judge's grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Boundary, Together, Worth
from gridtandem.cases.case import Case
from gridtandem.cases.join import Joined, bundle, joined
from gridtandem.flow.loadability import carried, largest_loading
from gridtandem.flow.newton import Newton, Options, Solution
from gridtandem.flow.results import branch_flows
from gridtandem.flow.variants import loaded, without
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Complex, Index, Real
from gridtandem.units import MVA

NONE: Index = np.empty(0, np.int64)


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
    at_feeders: Real | None  # (scenario, period, interface): factor on feeders' loads, where it is not ``loading``
    load_of: Index  # (joined load) interface behind which it lies; −1: transmission's
    own_branch: Index  # joined branch of each branch of transmission
    own_units: Real  # per unit: 1 where transmission's, whose schedule follows the loading
    opened: tuple[Index, ...] = ()  # (scenario) joined branches out of service; empty: none in any

    @staticmethod
    def of(case: Case, loading: Real, options: Options, at_feeders: Real | None = None) -> Owner:
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
            at_feeders=at_feeders, load_of=_load_of(case, whole, nodal),
            own_branch=_branches(nodal, Nodal.of(case.transmission), np.zeros(2, np.int64)),
        )  # fmt: skip

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {Together: self.together}

    def solve(self, st: tuple[int, ...], start: Complex | None = None) -> Solution:
        """Merged load flow of one scenario and period."""
        k, (newton, loads) = float(self.loading[st]), self.grid(st)
        return newton.solve(start=start, loads=loads, units=1 + (k - 1) * self.own_units)

    def under(self, loading: Real, at_feeders: Real | None = None, opened: tuple[Index, ...] = ()) -> Owner:
        """The same grid in other scenarios; ``opened``: branches of transmission out of service in each."""
        return replace(self, loading=loading, at_feeders=at_feeders, opened=tuple(self.own_branch[b] for b in opened))

    def grid(self, st: tuple[int, ...]) -> tuple[Newton, float]:
        """The joined grid with the outages and loads of one scenario and period, and the factor on all loads."""
        newton, k = without(self.newton, self.opened[st[0]] if self.opened else NONE), float(self.loading[st])
        if self.at_feeders is None:
            return newton, k
        return loaded(newton, np.append(self.at_feeders[st], k)[self.load_of]), 1.0

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
        factor = np.broadcast_to(self.loading[st], len(self.ports)) if self.at_feeders is None else self.at_feeders[st]
        return np.array([p.drawn(found.v, found.ratio, k) for p, k in zip(self.ports, factor.tolist(), strict=True)], np.complex128)

    def explain(self, st: tuple[int, ...]) -> str:
        """Why one scenario and period has no merged load flow."""
        found = self.solve(st)
        if found.converged:
            return (
                "all networks as one do have a load flow, so the exchange failed, not the system; try scheme response, "
                "or with start_pu=0 a start at transmission's forecast"
            )
        k, (newton, ceiling) = float(self.loading[st]), self.grid(st)
        part = k / ceiling if ceiling else 1.0  # of transmission's schedule in the factor that grows
        most = largest_loading(newton, ceiling=ceiling, units=lambda loading: 1 + (part * loading - 1) * self.own_units)
        return f"all networks as one: no load flow ({found.trouble}); {carried('the whole system', most, ceiling)}"


def _load_of(case: Case, whole: Joined, nodal: Nodal) -> Index:
    """Interface behind which each load of the joined grid lies; −1 at transmission."""
    feeder_of = {int(f): k for k, f in enumerate(whole.interface_feeder)}
    sizes = [len(case.transmission.loads), *(len(case.models[int(case.interfaces.model[feeder_of[f]])].loads) for f in range(len(feeder_of)))]
    table = whole.network.loads
    rows = np.repeat(np.array([-1, *(feeder_of[f] for f in range(len(feeder_of)))], np.int64), sizes)
    return np.asarray(rows[table.live & (nodal.node[table.bus] >= 0)], np.int64)


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
