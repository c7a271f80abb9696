"""One network with other numbers: branches open, loads in other proportions, other powers. Equations, order of elimination and pattern stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridtandem.flow.border import Border
from gridtandem.flow.control import STOPPED
from gridtandem.flow.newton import Newton, problem_of
from gridtandem.flow.roles import Roles
from gridtandem.grid.graph import components
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Index, Real

NONE: Index = np.empty(0, np.int64)


def without(newton: Newton, branches: Index) -> Newton:
    """The network with these branches open (rows of `gridtandem.grid.nodal.Branches`): their admittance is zero.

    Nodes that lose their path to a given voltage are named by every solve. The mismatch asked for stays that of the whole network.
    """
    if not len(branches):
        return newton
    nodal, before = _opened(newton.nodal, branches), newton.blocks
    held = newton.held
    if (idle := np.isin(nodal.taps.branch, branches)).any():  # they hold nothing
        held = replace(held, tap=np.where(idle, STOPPED, held.tap).astype(np.int8))
    lost = np.union1d(newton.lost, cut_off(newton.nodal, newton.fixed, branches))
    if before is None or len(lost):
        return replace(newton, nodal=nodal, blocks=None, home=None, lost=lost, held=held)
    blocks = replace(before, values=before.admittance(nodal, newton.wiring, before.ratio, without=NONE))
    problem = replace(newton.problem, nodal=nodal, target=held.target(nodal, newton.roles))
    home = Border.of(nodal, blocks, newton.wiring, held, newton.roles)
    return replace(newton, nodal=nodal, blocks=blocks, home=home, lost=lost, held=held, problem=problem)


def loaded(newton: Newton, factor: Real) -> Newton:
    """The network with each load (row of its `LoadLaw`) times its own factor."""
    law = newton.nodal.loads
    nodal = replace(newton.nodal, loads=replace(law, s=_times(law.s, factor)))
    blocks = None if newton.blocks is None else newton.blocks.loaded(nodal)
    return replace(newton, nodal=nodal, blocks=blocks, problem=replace(newton.problem, nodal=nodal))


def powered(newton: Newton, nodal: Nodal) -> Newton:
    """The network of `Newton.of` with powers of its loads and units as another model of the same rows has them."""
    roles = Roles.of(nodal, None, shared=newton.options.slack == "shared")
    blocks = None if newton.blocks is None else newton.blocks.loaded(nodal)
    problem = problem_of(nodal, newton.wiring, roles, newton.held, newton.options)
    return replace(newton, nodal=nodal, roles=roles, blocks=blocks, problem=problem)


def cut_off(nodal: Nodal, roots: Index, branches: Index) -> Index:
    """Nodes without a path to one of the roots while these branches are open."""
    br, n = nodal.branches, nodal.nodes
    closed = np.ones(len(br.start), bool)
    closed[branches] = False
    part = components(n, br.start[closed], br.end[closed])
    return np.flatnonzero(~np.isin(part, part[roots]))


def _opened(nodal: Nodal, branches: Index) -> Nodal:
    z, b = nodal.branches.z.copy(), nodal.branches.b.copy()
    z[branches], b[branches] = complex(np.inf, 0.0), 0.0
    return replace(nodal, branches=replace(nodal.branches, z=z, b=b))


def _times(s: np.ndarray, factor: Real) -> np.ndarray:
    out = np.empty(len(s), np.complex128)
    out.real, out.imag = s.real * factor, s.imag * factor
    return out
