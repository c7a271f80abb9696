r"""DC network: angles carry active power, nothing is lost.

.. math:: \sum_k p_k - p^{load} = A^\top b\,(A\theta - \phi), \qquad |b\,(A\theta - \phi)| \le \overline f

with branch-node incidence A, susceptances b and phase shifts φ; see `gridtandem.grid.susceptance`. The price of the balance at a node is the
locational marginal price; what it differs from that of the reference is congestion, :math:`H^\top \mu` with the transfer factors H.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.nodal import Nodal
from gridtandem.grid.susceptance import susceptance
from gridtandem.program.arrays import Columns, Matrix, Rows
from gridtandem.tables import Index, Real
from gridtandem.units import MVA


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Dc:
    """A network over some periods, as blocks of a program."""

    nodal: Nodal
    periods: int
    branch: Index  # branches with a limit
    columns: Mapping[str, Columns]  # ``theta`` (period, node)
    balance: Mapping[str, Matrix]  # what enters each (period, node) from the network [MW]
    fixed: Real  # (node) what enters in any case: phase shifts, and shunts at 1 pu [MW]
    rows: Mapping[str, Rows]  # ``flow`` (period, branch with a limit) [MW]
    flow_by_theta: Matrix
    shift: Real  # (branch) flow that a phase shift takes off [MW]
    reference: Index

    @staticmethod
    def of(nodal: Nodal, periods: int) -> Dc:
        """Angles at the reference are 0."""
        br, n = nodal.branches, nodal.nodes
        b, m = susceptance(nodal) * MVA, len(nodal.branches.start)
        one = np.ones(m)
        ends = np.concatenate([br.start, br.end])
        incidence = sparse.csr_array((np.concatenate([one, -one]), (np.tile(np.arange(m), 2), ends)), shape=(m, n))
        flow = sparse.csr_array(sparse.diags_array(b) @ incidence)
        shift = b * np.angle(br.ratio)
        rating = _ratings(nodal)
        limited = np.flatnonzero(np.isfinite(rating))
        reference = np.unique(nodal.units.node[nodal.units.control == REFERENCE])
        bound = np.full(n, np.inf)
        bound[reference] = 0.0
        day = sparse.eye_array(periods)
        rows = Rows.of(
            (periods, len(limited)), shift[limited] - rating[limited], shift[limited] + rating[limited],
            {"theta": sparse.kron(day, flow[limited], format="csr")},
        )  # fmt: skip
        return Dc(
            nodal=nodal, periods=periods, branch=limited, columns={"theta": Columns.of((periods, n), -bound, bound)},
            balance={"theta": sparse.csr_array(-sparse.kron(day, incidence.T @ flow, format="csr"))},
            fixed=incidence.T @ shift - nodal.shunt.real * MVA, rows={"flow": rows}, flow_by_theta=flow, shift=shift, reference=reference,
        )  # fmt: skip

    def flow(self, theta: Real) -> Real:
        """Flow of every branch (period, branch). [MW]"""
        return (self.flow_by_theta @ theta.T).T - self.shift

    def label(self, row: int) -> str:
        """A limited branch as people call it."""
        br, net = self.nodal.branches, self.nodal.network
        k = int(self.branch[row])
        return (net.lines if br.kind[k] == 0 else net.transformers).label(int(br.row[k]))


def _ratings(nodal: Nodal) -> Real:
    """Limit of each branch; DC flows have no reactive part, so apparent power is active. [MW]"""
    net, br = nodal.network, nodal.branches
    out = np.full(len(br.start), np.inf)
    for kind, table in ((0, net.lines), (1, net.transformers)):
        mine = br.kind == kind
        out[mine] = table.rating_mva[br.row[mine]]
    return out
