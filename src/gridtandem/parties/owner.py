"""The owner of every model: solves all networks as one. Exists only in study mode; it is the reference and the judge's grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Boundary, Together, Worth
from gridtandem.cases.case import Case
from gridtandem.cases.join import Joined, joined
from gridtandem.flow.loadability import carried, largest_loading
from gridtandem.flow.newton import Newton, Options, Solution
from gridtandem.flow.results import flows
from gridtandem.flow.sums import gathered
from gridtandem.flow.variants import loaded, without
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.nodal import Branches, LoadLaw, Nodal
from gridtandem.tables import Complex, Flag, Index, Real
from gridtandem.units import MVA, power

NONE: Index = np.empty(0, np.int64)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ports:
    """What feeders have at the joined nodes where they meet transmission: all that enters a feeder goes into these. [per unit]"""

    at: Index  # (interface) joined node
    branch: Index  # joined branches of feeders that begin or end there
    branches: Branches  # the same
    start: Index  # interface at their from end; −1: none
    end: Index  # interface at their to end
    loads: LoadLaw
    load: Index  # interface of each load
    fixed: Complex  # (interface) scheduled draw of units
    shunt: Complex  # (interface)

    @staticmethod
    def of(whole: Joined, nodal: Nodal, bus: Index) -> Ports:
        """Find them at the transmission ``bus`` of each interface."""
        net, part, u, at = whole.network, whole.part, nodal.units, nodal.node[bus]
        port = _finder(1 + whole.interface_feeder, at, nodal.nodes)
        lying = _feeder_part(whole, nodal)
        start, end = port(lying, nodal.branches.start), port(lying, nodal.branches.end)
        branch = np.flatnonzero((start >= 0) | (end >= 0))
        load, shunt = (np.flatnonzero(t.live & (nodal.node[t.bus] >= 0)) for t in (net.loads, net.shunts))
        loads, units = port(part["loads"][load], nodal.loads.node), port(part["generators"][u.row], u.node)
        shunts, sh = port(part["shunts"][shunt], nodal.node[net.shunts.bus[shunt]]), net.shunts.take(shunt)
        there = np.flatnonzero(loads >= 0)
        return Ports(
            at=at, branch=branch, branches=nodal.branches.take(branch), start=start[branch], end=end[branch], loads=nodal.loads.take(there),
            load=loads[there], fixed=_placed(units, -u.s, len(at)), shunt=_placed(shunts, power(sh.g_mw, sh.b_mvar), len(at)),
        )  # fmt: skip

    def drawn(self, v: Complex, ratio: Complex, loading: Real) -> Complex:
        """Power that enters each feeder from transmission, at joined voltages and ratios. [per unit]"""
        many, (s_from, s_to) = len(self.at), flows(self.branches, v, ratio[self.branch])
        demand, _ = self.loads.at(np.abs(v[self.loads.node]))
        through = _placed(self.start, s_from, many) + _placed(self.end, s_to, many)
        out: Complex = through + np.abs(v[self.at]) ** 2 * np.conj(self.shunt) + loading * _placed(self.load, demand, many) + self.fixed
        return out


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Owner:
    """The joined grid under the same loadings as the parties."""

    joined: Joined
    interfaces: Interfaces
    inner: Flag  # (joined branch) a feeder's
    newton: Newton
    ports: Ports
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
        nodal = Nodal.of(whole.network)
        mine = (nodal.units.row < len(case.transmission.generators)).astype(float)
        return Owner(
            joined=whole, interfaces=case.interfaces, inner=_feeder_part(whole, nodal) > 0, newton=Newton.of(nodal, options=options),
            ports=Ports.of(whole, nodal, case.interfaces.bus), loading=loading, own_units=mine,
            at_feeders=at_feeders, load_of=_load_of(whole, nodal), own_branch=np.flatnonzero(_feeder_part(whole, nodal) == 0),
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
        v = np.full((*self.loading.shape, len(self.ports.at)), np.nan, complex)
        s = v.copy()
        for st in np.ndindex(self.loading.shape):
            found = self.solve(st)
            if found.converged:
                v[st], s[st] = found.v[self.ports.at], self.exchange(found, st)
        worth = np.where(np.isnan(v.real), Worth.REFUSED, Worth.EXACT).astype(np.int8)
        return Boundary(np.abs(v), np.angle(v), np.stack([s.real, s.imag], -1) * MVA, worth)

    def exchange(self, found: Solution, st: tuple[int, ...]) -> Complex:
        """Power into each feeder in a merged load flow. [per unit]"""
        return self.ports.drawn(found.v, found.ratio, self.loading[st] if self.at_feeders is None else self.at_feeders[st])

    def explain(self, st: tuple[int, ...]) -> str:
        """Why one scenario and period has no merged load flow."""
        found = self.solve(st)
        if found.converged:
            several = len(self.interfaces) > len(self.joined.feeders)
            other = "start_pu=1 a flat start" if several else "start_pu=0 a start at transmission's forecast"
            return (
                "all networks as one do have a load flow, so the exchange failed, not the system; "
                f"try scheme {'boundary-newton' if several else 'response'}, or with {other}"
            )
        k, (newton, ceiling) = float(self.loading[st]), self.grid(st)
        part = k / ceiling if ceiling else 1.0  # of transmission's schedule in the factor that grows
        most = largest_loading(newton, ceiling=ceiling, units=lambda loading: 1 + (part * loading - 1) * self.own_units)
        return f"all networks as one: no load flow ({found.trouble}); {carried('the whole system', most, ceiling)}"


def _load_of(whole: Joined, nodal: Nodal) -> Index:
    """Interface behind which each load of the joined grid lies; −1 at transmission."""
    interface = np.full(1 + len(whole.feeders), -1)
    interface[1 + whole.interface_feeder] = np.arange(len(whole.interface_feeder))
    table = whole.network.loads
    return np.asarray(interface[whole.part["loads"]][table.live & (nodal.node[table.bus] >= 0)], np.int64)


def _feeder_part(whole: Joined, nodal: Nodal) -> Index:
    """Part of the joined grid (0 transmission, 1 + feeder) in which each branch lies."""
    br = nodal.branches
    return np.concatenate([whole.part["lines"][br.row[br.kind == 0]], whole.part["transformers"][br.row[br.kind == 1]]])


def _finder(part: Index, node: Index, nodes: int) -> Callable[[Index, Index], Index]:
    """From part and node of many things to the interface they lie at, which has the same; −1 where there is none."""
    own = part * nodes + node
    order = np.argsort(own)

    def port(part: Index, node: Index) -> Index:
        if not len(own):
            return np.full(len(part), -1)
        key = part * nodes + node
        found = order[np.minimum(np.searchsorted(own, key, sorter=order), len(own) - 1)]
        return np.where(own[found] == key, found, -1)

    return port


def _placed(place: Index, s: Complex, size: int) -> Complex:
    """Values added up by place; those at −1 are nowhere."""
    here = place >= 0
    return gathered(place[here], s[here], size)
