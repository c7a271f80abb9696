"""Every single outage of transmission that islands nothing, beside lightsim2grid's contingency analysis; alone, and with feeders that respond."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from bench.flow import TOL, Prepare
from gridtandem.cases.case import Case
from gridtandem.cases.generate import joined
from gridtandem.cases.library import network
from gridtandem.cases.named import case
from gridtandem.flow.newton import Newton
from gridtandem.flow.options import Options
from gridtandem.flow.outages import solve_outages
from gridtandem.grid.elements import PQ, REFERENCE
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.schemes import Response
from gridtandem.study.batch import Batch
from gridtandem.study.block import Desk, solved
from gridtandem.study.outages import outages_of
from gridtandem.study.study import Study
from gridtandem.study.survey import Extremes
from gridtandem.tables import Complex, Real


def alone(name: str) -> Prepare:
    """Ours on transmission alone, each outage from the solution without it."""

    def prepare() -> Callable[[], Complex]:
        nodal, outages = Nodal.of(network(name)), outages_of(network(name), "n-1")
        newton = Newton.of(nodal, options=Options(tol=TOL))
        one, begin = np.ones(len(outages)), np.repeat(newton.solve().v[None], len(outages), axis=0)
        return lambda: np.nan_to_num(solve_outages(newton, opened=outages.branch, loads=one, units=one, start=begin).v)

    return prepare


def contingencies(name: str) -> Prepare:
    """The peer on the same grid with the same list and the same start; where nothing is found both say 0."""

    def prepare() -> Callable[[], Complex]:
        work = _analysis(network(name))
        return work

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
    nodal, outages = Nodal.of(net), outages_of(net, "n-1")
    grid, place = _peer(cpp, nodal)
    begin = Newton.of(nodal).solve().v

    def work() -> Complex:
        analysis = cpp.ContingencyAnalysisCPP(grid)
        analysis.change_algorithm(cpp.AlgorithmType.NR_KLU)
        analysis.add_multiple_n1([int(place[branch[0]]) for branch in outages.branch])
        analysis.compute(begin.copy(), 20, TOL)
        return np.array(analysis.get_voltages())

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
