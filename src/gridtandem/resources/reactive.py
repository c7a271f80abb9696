r"""Reactive power of feeder units: a box, a power factor, an apparent power.

A unit that schedules its power (control pq) without reactive limits gives what it is scheduled to; any other is free within its limits, within
:math:`|q| \le p \tan\varphi` where it has a least power factor, and within a polygon of `SIDES` sides inside :math:`p^2 + q^2 \le S^2`.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from gridtandem.grid.elements import PQ, REFERENCE
from gridtandem.grid.network import Network
from gridtandem.program.arrays import Columns, Rows
from gridtandem.resources.part import Part, at_nodes
from gridtandem.resources.steps import UNIT, PricedSteps
from gridtandem.tables import Index, Real

SIDES = 24  # of the polygon: 0.9 % of the power is given away at its corners


def reactive(net: Network, nodes: int, node: np.ndarray, steps: PricedSteps) -> Part:
    """Block ``q`` (period, unit that may choose), rows ``factor_high``, ``factor_low`` and ``capability``; fixed reactive power of the others."""
    g, periods, free = net.generators, len(steps.low), free_units(net)
    live = g.live & net.buses.live[g.bus] & (g.control != REFERENCE)
    still = np.flatnonzero(live & ~np.isin(np.arange(len(g)), free))
    fixed = np.zeros(nodes)
    np.add.at(fixed, node[g.bus[still]], g.q_mvar[still])
    if not len(free):
        return Part(columns={}, p={}, q_fixed=np.broadcast_to(fixed, (periods, nodes)))
    columns = {"q": Columns.of((periods, len(free)), g.q_low_mvar[free], g.q_high_mvar[free])}
    rows: dict[str, Rows] = {}
    if len(cap := np.flatnonzero(g.power_factor_low[free] > 0)):
        tangent = np.sqrt(1 / g.power_factor_low[free[cap]] ** 2 - 1)
        rows |= {"factor_high": _within(steps, free, cap, tangent, 1.0), "factor_low": _within(steps, free, cap, tangent, -1.0)}
    if len(cap := np.flatnonzero(np.isfinite(g.s_high_mva[free]))):
        rows["capability"] = _polygon(steps, free, cap, g.s_high_mva[free[cap]])
    return Part(
        columns=columns, rows=rows, p={}, q={"q": at_nodes(node[g.bus[free]], periods, nodes)}, q_fixed=np.broadcast_to(fixed, (periods, nodes))
    )


def free_units(net: Network) -> Index:
    """Units of a feeder that may choose their reactive power."""
    g = net.generators
    live = g.live & net.buses.live[g.bus] & (g.control != REFERENCE)
    boxed = np.isfinite(g.q_low_mvar) & np.isfinite(g.q_high_mvar)
    capped = np.isfinite(g.s_high_mva) | (g.power_factor_low > 0)
    return np.flatnonzero(live & (boxed | capped | (g.control != PQ)))


def _unit_power(steps: PricedSteps, units: np.ndarray) -> sparse.csr_array:
    """Power of units above their base, by steps."""
    return sparse.csr_array((steps.row[None, :] == units[:, None]) & (steps.source[None, :] == UNIT), dtype=float)


def _within(steps: PricedSteps, free: np.ndarray, cap: np.ndarray, tangent: Real, sign: float) -> Rows:
    """Sign · q ≤ tangent · p."""
    day = sparse.eye_array(len(steps.low))
    pick = sparse.csr_array((np.ones(len(cap)), (np.arange(len(cap)), cap)), shape=(len(cap), len(free)))
    power = sparse.diags_array(tangent) @ _unit_power(steps, free[cap])
    parts = {"q": sparse.kron(day, sign * pick), "x": -sparse.kron(day, power)}
    return Rows.of((len(steps.low), len(cap)), -np.inf, tangent * steps.base[free[cap]], parts)


def _polygon(steps: PricedSteps, free: np.ndarray, cap: np.ndarray, most: Real) -> Rows:
    """Cos a · p + sin a · q ≤ S cos(π / sides) at every corner between two touching points."""
    day, angle = sparse.eye_array(len(steps.low)), 2 * np.pi * (np.arange(SIDES) + 0.5) / SIDES
    pick = sparse.csr_array((np.ones(len(cap)), (np.arange(len(cap)), cap)), shape=(len(cap), len(free)))
    power = _unit_power(steps, free[cap])
    cos, sin = (sparse.csr_array(f(angle)[:, None]) for f in (np.cos, np.sin))
    parts = {"q": sparse.kron(day, sparse.kron(sin, pick)), "x": sparse.kron(day, sparse.kron(cos, power))}
    right = most * np.cos(np.pi / SIDES) - np.outer(np.cos(angle), steps.base[free[cap]])
    return Rows.of((len(steps.low), SIDES, len(cap)), -np.inf, right, parts)
