"""Every single outage of transmission that islands nothing, beside lightsim2grid's contingency analysis; alone, with feeders that respond, and DC.

Of large networks every tenth outage is taken, of both alike; ``python -m bench every-outage`` takes them all, of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np

from bench.flow import TOL, Prepare
from gridtandem.cases.case import Case
from gridtandem.cases.generate import joined
from gridtandem.cases.library import network
from gridtandem.cases.named import case
from gridtandem.flow.dc import dc_flow
from gridtandem.flow.newton import Newton
from gridtandem.flow.options import Options
from gridtandem.flow.outages import solve_outages
from gridtandem.flow.shift_factors import ShiftFactors
from gridtandem.grid.elements import PQ, REFERENCE
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.schemes import Response
from gridtandem.security.outages import Outages, outages_of
from gridtandem.study.batch.block import Desk, solved
from gridtandem.study.batch.study import Batch
from gridtandem.study.contingency.steps import ByCurves, Ground
from gridtandem.study.contingency.study import Contingency
from gridtandem.study.study import Study
from gridtandem.study.survey import Extremes
from gridtandem.tables import Complex, Real

LARGE = 5000  # buses from which on some outages stand for all
STEP = 10


def some(net: Network) -> Outages:
    """All single outages that island nothing; of large networks every tenth."""
    found = outages_of(net, "n-1")
    if len(net.buses) < LARGE:
        return found
    return replace(found, name=found.name[::STEP], branch=found.branch[::STEP])


def alone(name: str) -> Prepare:
    """Ours on transmission alone, each outage from the solution without it."""

    def prepare() -> Callable[[], Complex]:
        nodal, outages = Nodal.of(network(name)), some(network(name))
        newton = Newton.of(nodal, options=Options(tol=TOL))
        one, begin = np.ones(len(outages)), newton.solve().v[None]
        return lambda: np.nan_to_num(solve_outages(newton, opened=outages.branch, loads=one, units=one, start=begin).v)

    return prepare


def contingencies(name: str) -> Prepare:
    """The peer on the same grid with the same list and the same start; where nothing is found both say 0."""

    def prepare() -> Callable[[], Complex]:
        work = _analysis(network(name))
        return work

    return prepare


def shifted(name: str) -> Prepare:
    """Ours in DC: flows of all branches after every outage, a block at a time; of each the largest."""

    def prepare() -> Callable[[], Real]:
        nodal, opened = Nodal.of(network(name)), outages_of(network(name), "n-1").branch

        def work() -> Real:
            factors, flow = ShiftFactors.of(nodal), dc_flow(nodal).flow
            return np.concatenate([np.abs(after).max(axis=1) for _, after in factors.blocks(flow, opened)])

        return work

    return prepare


def direct(name: str) -> Prepare:
    """The peer's DC analysis of the same outages, and its flows; at 1 pu, so that its numbers are not compared."""

    def prepare() -> Callable[[], None]:
        cpp, net = import_module("lightsim2grid.lightsim2grid_cpp"), network(name)
        outages, (grid, place) = outages_of(net, "n-1"), _peer(import_module("lightsim2grid.lightsim2grid_cpp"), Nodal.of(net))
        begin = Newton.of(Nodal.of(net)).solve().v

        def work() -> None:
            analysis = cpp.ContingencyAnalysisCPP(grid)
            analysis.change_algorithm(cpp.AlgorithmType.DC_KLU)
            analysis.add_multiple_n1([int(place[branch[0]]) for branch in outages.branch])
            analysis.compute(begin.copy(), 20, TOL)
            analysis.compute_power_flows()

        return work

    return prepare


def by_curves(name: str, feeder: str, how_many: int, *, every: bool = False) -> Prepare:
    """Ours with feeders on the curves that they give once, which is part of the work; and the severity of every outage."""

    def prepare() -> Callable[[], Real]:
        found = joined(network(name), network(feeder), how_many=how_many, seed=1)
        outages = outages_of(found.transmission, "n-1") if every else some(found.transmission)
        of = Contingency(study=Study(case=found, scheme=Response()), outages=outages, ratings="base")
        ground, rows = Ground.of_state(of), np.arange(len(of.outages))

        def work() -> Real:
            way = ByCurves.of(ground)
            return np.concatenate([way(rows[k : k + ground.block]).flow_1 for k in range(0, len(rows), ground.block)])

        return work

    return prepare


def bare(name: str) -> Prepare:
    """The peer on the network as it is published, without any feeder: another problem, so that its answer is not compared."""

    def prepare() -> Callable[[], None]:
        work = _analysis(network(name))

        def silent() -> None:
            work()

        return silent

    return prepare


def coordinated(name: str, how_many: int = 0) -> Prepare:
    """Ours with feeders that answer to voltage, by letters; from the agreement without outage, which is part of the work."""

    def prepare() -> Callable[[], Real]:
        found = _case(name, how_many)
        batch = Batch(study=Study(case=found, scheme=Response()), outages=outages_of(found.transmission, "n-1"))
        desk = Desk.of(batch)
        return lambda: np.abs(solved(desk, np.arange(batch.size), Extremes.none(desk.layout)).answers.tso[1:])

    return prepare


def held(name: str, how_many: int = 0) -> Prepare:
    """The peer on transmission alone, without feeders: another problem, so that its answer is not compared."""

    def prepare() -> Callable[[], None]:
        work = _analysis(_case(name, how_many).transmission)

        def silent() -> None:
            work()

        return silent

    return prepare


def _analysis(net: Network) -> Callable[[], Complex]:
    """Its contingency analysis, with Newton on KLU."""
    cpp = import_module("lightsim2grid.lightsim2grid_cpp")
    nodal, outages = Nodal.of(net), some(net)
    grid, place = _peer(cpp, nodal)
    begin = Newton.of(nodal).solve().v
    number = [int(place[branch[0]]) for branch in outages.branch]
    own = np.argsort(np.argsort(number))  # it answers in the order of its own numbers

    def work() -> Complex:
        analysis = cpp.ContingencyAnalysisCPP(grid)
        analysis.change_algorithm(cpp.AlgorithmType.NR_KLU)
        analysis.add_multiple_n1(number)
        analysis.compute(begin.copy(), 20, TOL)
        return np.array(analysis.get_voltages())[own]

    return work


def _case(name: str, how_many: int) -> Case:
    return joined(network(name), network("case33bw"), how_many=how_many, seed=1) if how_many else case(name)


def _peer(cpp: Any, nodal: Nodal) -> tuple[Any, Any]:
    """Our network in its own tables, per unit; and the number it gives to each branch: those without ratio come first."""
    br, u, loads, n = nodal.branches, nodal.units, nodal.loads, nodal.nodes
    line, trafo = np.flatnonzero(br.ratio == 1), np.flatnonzero(br.ratio != 1)
    holds, plain, shunt = u.control != PQ, u.control == PQ, np.flatnonzero(nodal.shunt)
    grid = cpp.LSGrid()
    grid.set_sn_mva(100.0)
    grid.init_bus(n, 1, np.ones(n), len(line), len(trafo))
    start, end = br.start.astype(np.int32), br.end.astype(np.int32)
    grid.init_powerlines(br.z.real[line], br.z.imag[line], 1j * br.b[line], start[line], end[line])
    shift = np.degrees(np.angle(br.ratio[trafo]))
    tapped = [True] * len(trafo)
    grid.init_trafo(br.z.real[trafo], br.z.imag[trafo], 1j * br.b[trafo], abs(br.ratio[trafo]), shift, tapped, start[trafo], end[trafo], False)
    grid.init_shunt(100 * nodal.shunt.real[shunt], -100 * nodal.shunt.imag[shunt], shunt.astype(np.int32))
    drawn, at = np.concatenate([loads.s, -u.s[plain]]), np.concatenate([loads.node, u.node[plain]]).astype(np.int32)
    grid.init_loads(100 * drawn.real, 100 * drawn.imag, at)
    wide = np.full(int(holds.sum()), 1e6)
    grid.init_generators(100 * u.s.real[holds], u.v_set[holds], -wide, wide, u.node[holds].astype(np.int32))
    for k in np.flatnonzero(u.control[holds] == REFERENCE).tolist():
        grid.add_gen_slackbus(k, 1.0)
    grid.change_algorithm(cpp.AlgorithmType.NR_KLU)
    place = np.empty(len(br.z), np.int64)
    place[np.concatenate([line, trafo])] = np.arange(len(br.z))
    return grid, place
