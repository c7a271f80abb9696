r"""DC load flow: active power and angles, voltages at 1, no losses.

.. math:: P_{ij} = b\,(\theta_i - \theta_j - \phi), \qquad b = \frac{1}{x\,m}

with reactance x, ratio m and phase shift φ of the branch, and shunt conductances drawing their power at 1 pu. Source: R. D. Zimmerman,
C. E. Murillo-Sánchez, MATPOWER User's Manual, §3.6 "DC Modeling".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.flow.jacobian import solver
from gridtandem.flow.sums import summed
from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.nodal import Nodal
from gridtandem.grid.susceptance import susceptance
from gridtandem.grid.topology import reached
from gridtandem.tables import Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DcSolution:
    """Angles and active flows. NaN where none exist. [per unit, radians]"""

    theta: Real  # (node)
    flow: Real  # (branch) from start to end; none is lost on the way
    fixed_p: Real  # (fixed node) active power that enters there beyond what is scheduled or given: the imbalance
    converged: bool
    trouble: str  # a sentence for a person; empty where all is well


def scheduled_injection(nodal: Nodal) -> Real:
    """Units minus loads (at 1 pu) minus shunt conductance at each node. [per unit]"""
    u, law, n = nodal.units, nodal.loads, nodal.nodes
    demand = law.at(np.ones(len(law.node)))[0].real
    return summed(u.node, u.s.real, n) - summed(law.node, demand, n) - nodal.shunt.real


def dc_flow(nodal: Nodal, injection: Real | None = None, fixed: Index | None = None) -> DcSolution:
    """Solve for given net injections, else for the scheduled ones.

    Angles at ``fixed`` (without it, at the reference units' nodes) are those of the network's start; these nodes take the imbalance.
    """
    from scipy import sparse

    br, n, b = nodal.branches, nodal.nodes, susceptance(nodal)
    at = np.unique(nodal.units.node[nodal.units.control == REFERENCE]) if fixed is None else np.asarray(fixed, np.int64)
    p = scheduled_injection(nodal) if injection is None else injection
    if len(lost := np.flatnonzero(~reached(nodal, at))):
        return _nothing(nodal, at, f"{nodal.named(lost)}: no path to a bus whose angle is given")
    one, m = np.ones(len(b)), len(b)
    ends = np.concatenate([br.start, br.end])
    incidence = sparse.coo_array((np.concatenate([one, -one]), (np.tile(np.arange(m), 2), ends)), shape=(m, n)).tocsc()
    laplacian = (incidence.T @ sparse.diags_array(b) @ incidence).tocsc()
    push = incidence.T @ (b * np.angle(br.ratio))  # injections that stand for the phase shifts
    theta, free = np.angle(nodal.start), np.setdiff1d(np.arange(n), at)
    try:
        rest = (p + push)[free] - laplacian[free][:, at] @ theta[at]
        theta[free] = solver(laplacian[free][:, free].tocsc())(rest)
    except ArithmeticError:
        return _nothing(nodal, at, "the DC equations are singular: negative reactances cancel positive ones")
    flow = b * (incidence @ theta - np.angle(br.ratio))
    return DcSolution(theta=theta, flow=flow, fixed_p=(incidence.T @ flow - p)[at], converged=True, trouble="")


def _nothing(nodal: Nodal, at: Index, trouble: str) -> DcSolution:
    return DcSolution(
        theta=np.full(nodal.nodes, np.nan), flow=np.full(len(nodal.branches.z), np.nan), fixed_p=np.full(len(at), np.nan),
        converged=False, trouble=trouble,
    )  # fmt: skip
