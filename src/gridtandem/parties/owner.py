"""The owner of every model: solves all networks as one. Exists only in study mode; it is the reference and the judge's grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Boundary, Together, Worth
from gridtandem.cases.case import Case
from gridtandem.cases.join import Joined, joined
from gridtandem.flow.loadability import carried, largest_loading
from gridtandem.flow.newton import Newton, Options, Solution
from gridtandem.flow.results import flows
from gridtandem.flow.sums import gathered
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.nodal import Branches, LoadLaw, Nodal
from gridtandem.tables import Complex, Flag, Index, Real
from gridtandem.units import MVA, power


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

    def drawn(self, v: Complex, ratio: Complex, loading: float) -> Complex:
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
    own_units: Real  # per unit: 1 where transmission's, whose schedule follows the loading

    @staticmethod
    def of(case: Case, loading: Real, options: Options) -> Owner:
        """Join the case's networks."""
        whole = joined(case)
        nodal = Nodal.of(whole.network)
        mine = (nodal.units.row < len(case.transmission.generators)).astype(float)
        return Owner(
            joined=whole, interfaces=case.interfaces, inner=_feeder_part(whole, nodal) > 0, newton=Newton.of(nodal, options=options),
            ports=Ports.of(whole, nodal, case.interfaces.bus), loading=loading, own_units=mine,
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
        return self.ports.drawn(found.v, found.ratio, float(self.loading[st]))

    def explain(self, st: tuple[int, ...]) -> str:
        """Why one scenario and period has no merged load flow."""
        found = self.solve(st)
        if found.converged:
            return (
                "all networks as one do have a load flow, so the exchange failed, not the system; try scheme response, "
                "or with start_pu=0 a start at transmission's forecast"
            )
        k = float(self.loading[st])
        most = largest_loading(self.newton, ceiling=k, units=lambda loading: 1 + (loading - 1) * self.own_units)
        return f"all networks as one: no load flow ({found.trouble}); {carried('the whole system', most, k)}"


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
