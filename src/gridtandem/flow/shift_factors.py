r"""How active power shifts in a DC network: by injections (PTDF), and by outages (LODF).

.. math::
    H = B_f B^{-1}, \qquad h_k = H (e_{f_k} - e_{t_k}), \qquad
    \ell_{ik} = \frac{h_{ik}}{1 - h_{kk}}, \qquad f^{(K)} = f + H_K (I - H_{KK})^{-1} f_K

with columns of H zero where angles are given, :math:`b = 1/(x\,m)`, and :math:`H_w = H (I - w 1^\top)` where an imbalance is shared by weights w.
Outages of several branches K follow from the same matrix. Nothing of the size branch × branch is ever kept. Source: R. D. Zimmerman,
C. E. Murillo-Sánchez, MATPOWER User's Manual, eqs. 4.35 to 4.39; several branches: our derivation, `docs/explanation/contingencies.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.flow.kernels_shared import workspace
from gridtandem.flow.sweep import processors, shared_out
from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.nodal import Nodal
from gridtandem.grid.susceptance import susceptance
from gridtandem.grid.topology import reached
from gridtandem.kernels import kernel
from gridtandem.tables import Index, Real

if TYPE_CHECKING:
    from scipy import sparse

PIVOT = 0.1  # of the largest entry of a column, what its diagonal must have to be taken
ISLANDS = 1e-8  # of 1 − h; rounding leaves 1e-12 where an outage islands something
AT_ONCE = 64  # outages that a thread takes in one go
BLOCK = 2_000_000  # flows that are held at once, unless told otherwise

Factors = tuple[Index, Index, Real]  # by columns: where each begins, rows, values


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Factored:
    """A matrix as the product of two triangles, its rows and columns in another order."""

    lower: Factors  # without its diagonal, which is ones
    upper: Factors
    row: Index  # of each unknown, in the equations
    column: Index  # of each unknown, in their solution
    solve: Callable[[Real], Real]  # of right-hand sides (unknown, …)


def factored(matrix: sparse.csc_array) -> Factored | None:
    """Factors of a matrix of symmetric pattern; None where it is singular."""
    from scipy.sparse.linalg import splu

    try:
        lu = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=PIVOT, options={"SymmetricMode": True})
    except RuntimeError:
        return None
    return Factored(
        lower=_strict(lu.L), upper=_columns(lu.U), row=lu.perm_r.astype(np.int64), column=lu.perm_c.astype(np.int64),
        solve=lambda right: np.asarray(lu.solve(right), np.float64),
    )  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ShiftFactors:
    """A network's DC equations, factored once. [per unit]"""

    nodal: Nodal
    b: Real  # (branch)
    given: Index  # nodes whose angle is given
    lower: Factors
    upper: Factors
    row: Index  # (node) in the equations; their number where the angle is given
    column: Index  # (node) in their solution
    solve: Callable[[Real], Real]  # of right-hand sides (free node, …)

    @staticmethod
    def of(nodal: Nodal) -> ShiftFactors:
        """Angles at the nodes of reference units are given; `InvalidCase` where the equations have no solution."""
        from scipy import sparse

        br, n, b = nodal.branches, nodal.nodes, susceptance(nodal)
        given = np.unique(nodal.units.node[nodal.units.control == REFERENCE])
        if len(lost := np.flatnonzero(~reached(nodal, given))):
            what, mend = f"has {nodal.named(lost)} without a path to a reference", "close a line to them, or set live = no"
            raise InvalidCase([Fault("buses", what, mend, "outage-015", place=nodal.name)])
        rows, cols = np.concatenate([br.start, br.end, br.start, br.end]), np.concatenate([br.start, br.end, br.end, br.start])
        laplacian = sparse.coo_array((np.concatenate([b, b, -b, -b]), (rows, cols)), shape=(n, n)).tocsc()
        free = np.setdiff1d(np.arange(n), given)
        found = factored(laplacian[free][:, free].tocsc())
        if found is None:
            what, mend = "have reactances that cancel each other in the DC equations", "take an AC screening"
            raise InvalidCase([Fault("branches", what, mend, "outage-006", place=nodal.name)])
        row, column = np.full((2, n), len(free))
        row[free], column[free] = found.row, found.column
        return ShiftFactors(
            nodal=nodal, b=b, given=given, lower=found.lower, upper=found.upper, row=row, column=column, solve=found.solve
        )  # fmt: skip

    def ptdf(self, node: Index, weights: Real | None = None) -> Real:
        """Flows (branch, column) that one unit injected at each ``node`` drives to the given angles, or to all nodes by ``weights`` of sum 1."""
        flow = self._flows(np.eye(self.nodal.nodes)[:, node])
        return flow if weights is None else flow - self._flows(weights[:, None])

    def lodf(self, branch: Index) -> Real:
        """What the other branches (branch, outage) take over of the flow of each outage; its own entry is −1. NaN where it islands something."""
        return self._after(np.zeros(len(self.b)), branch, share=True).T

    def after(self, flow: Real, opened: Sequence[Index]) -> Real:
        """Flows (outage, branch) after the branches of each row are gone. NaN where that islands something."""
        out = np.empty((len(opened), len(flow)))
        single = np.array([k for k, group in enumerate(opened) if len(group) == 1], np.int64)
        if len(single):
            out[single] = self._after(flow, np.concatenate([opened[k] for k in single]), share=False)
        for k in np.setdiff1d(np.arange(len(opened)), single).tolist():
            out[k] = self._after_several(flow, opened[k])
        return out

    def blocks(self, flow: Real, opened: Sequence[Index], size: int = 0) -> Iterator[tuple[slice, Real]]:
        """The same a few outages at a time, so that memory does not grow with their number."""
        step = size or max(1, BLOCK // max(1, len(flow)))
        for first in range(0, len(opened), step):
            rows = slice(first, min(first + step, len(opened)))
            yield rows, self.after(flow, opened[rows])

    def _flows(self, injection: Real) -> Real:
        """Flows (branch, column) of injections (node, column)."""
        theta, free = np.zeros_like(injection), np.flatnonzero(self.row < len(self.row) - len(self.given))
        theta[free] = self.solve(injection[free])
        br = self.nodal.branches
        return self.b[:, None] * (theta[br.start] - theta[br.end])

    def _after(self, flow: Real, branch: Index, *, share: bool) -> Real:
        br, out = self.nodal.branches, np.empty((len(branch), len(flow)))
        ends = np.stack([br.start, br.end], -1)
        into, out_of = self.row[ends], self.column[ends]

        def work(part: slice) -> None:
            room = workspace(len(self.lower[0]))
            kernel("flow.kernels_shift", "after_outages")(
                branch[part], self.lower, self.upper, into, out_of, self.b, flow, share, ISLANDS, room, out[part]
            )

        shared_out([slice(k, k + AT_ONCE) for k in range(0, len(branch), AT_ONCE)], work, processors())
        return out

    def _after_several(self, flow: Real, branches: Index) -> Real:
        br, several = self.nodal.branches, np.unique(branches)
        transfer = np.zeros((self.nodal.nodes, len(several)))
        np.add.at(transfer, (br.start[several], np.arange(len(several))), 1.0)
        np.add.at(transfer, (br.end[several], np.arange(len(several))), -1.0)
        h = self._flows(transfer)
        left = np.eye(len(several)) - h[several]
        if len(several) and np.linalg.svd(left, compute_uv=False)[-1] < ISLANDS:
            return np.full(len(flow), np.nan)
        out: Real = flow + h @ np.linalg.solve(left, flow[several])
        out[several] = 0.0
        return out


def _columns(matrix: sparse.csc_array) -> Factors:
    """Rows of each column in ascending order."""
    matrix.sort_indices()
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data


def _strict(matrix: sparse.csc_array) -> Factors:
    """Without the diagonal, which is ones."""
    from scipy import sparse

    return _columns(sparse.tril(matrix, -1, format="csc"))
