r"""Fast decoupled load flow after outages: two constant matrices, factored once, and a small correction for what each outage took away.

.. math::
    B' \Delta\theta = \Delta P / |V|, \qquad \left(B'' + \frac{1}{|V|}\frac{\partial Q^L}{\partial |V|}\right) \Delta|V| = \Delta Q / |V|

B' has :math:`1/x` alone (no resistance, charging, shunts or ratios), B'' is :math:`-\operatorname{Im} Y` without phase shifts, and what loads and
feeders draw is linear in the voltage at the state the outages begin with. Few steps are taken, so the answer is a screening, not a load flow:
reactive limits, tap changers and a shared slack stand still. Sources: B. Stott and O. Alsac, "Fast decoupled load flow", IEEE Trans. PAS-93
(1974) 859; matrices as the variant XB of MATPOWER (R. D. Zimmerman, C. E. Murillo-Sánchez, User's Manual, §4.2); outages by the inverse of a
matrix with a small change (M. A. Woodbury, 1950), see `gridtandem.flow.kernels_decoupled`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.flow.draw import Draw
from gridtandem.flow.jacobian import Wiring
from gridtandem.flow.newton import Newton
from gridtandem.flow.shift_factors import Factors, factored
from gridtandem.flow.sums import gathered, summed
from gridtandem.flow.sweep import processors, shared_out
from gridtandem.grid.nodal import Nodal
from gridtandem.kernels import kernel
from gridtandem.tables import Complex, Index, Real

if TYPE_CHECKING:
    from scipy import sparse

AT_ONCE = 64  # outages that a thread takes in one go

Solver = tuple[Factors, Factors, Index, Index]  # lower and upper factors; row and column of each node, their number where it is given


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Decoupled:
    """A network at a solved state, ready for outages. [per unit]"""

    nodal: Nodal  # with the ratios of the state
    v: Complex  # (node) the state
    first: Solver  # B'
    second: Solver  # B''
    grid: tuple[Index, Index, Real, Real]
    plan: Real  # (node, 2) power drawn less injected at the state's voltage
    slope: Real  # (node, 3) by the voltage; and that voltage
    node: Index  # of interfaces

    @staticmethod
    def of(newton: Newton, v: Complex, *, draw: Draw, loads: float = 1.0, units: float = 1.0, ratio: Complex | None = None) -> Decoupled:
        """At voltages ``v`` with ``draw`` in the feeders' place; ``ratio`` where transformers moved.

        Whatever is missing of the balance at nodes that hold their voltage is what they injected in the state.
        """
        nodal = newton.nodal if ratio is None else _with_ratio(newton.nodal, ratio)
        wiring, size, n = newton.wiring, np.abs(v), nodal.nodes
        law = nodal.loads
        s, ds = law.at(size[law.node])
        feeders, more = draw(size)
        drawn = loads * gathered(law.node, s, n) + feeders
        slope = loads * gathered(law.node, ds, n) + more
        plan = drawn - units * summed(nodal.units.node, nodal.units.s.real, n) - 1j * newton.problem.scheduled.imag
        y = wiring.admittance(nodal, nodal.branches.ratio)
        held = ~np.isnan(newton.problem.target) | newton.roles.given
        given = np.flatnonzero(newton.roles.given)
        return Decoupled(
            nodal=nodal, v=v, first=_solver(_first(nodal), given, n, nodal.name),
            second=_solver(_second(nodal, wiring, slope.imag / size), np.flatnonzero(held), n, nodal.name),
            grid=(np.searchsorted(wiring.row, np.arange(n + 1)), wiring.col, np.ascontiguousarray(y.real), np.ascontiguousarray(y.imag)),
            plan=np.stack([plan.real, plan.imag], -1), slope=np.stack([slope.real, slope.imag, size], -1), node=draw.node,
        )  # fmt: skip

    def after(self, opened: Sequence[Index], *, pairs: int, start: Complex | None = None, extra: Complex | None = None) -> Complex:
        """Voltages (row, node) some pairs of half steps after the branches of each row are gone; NaN where that islands something.

        Begins at ``start`` (row, node), else at the state; ``extra`` (row, interface) is drawn on top of what is linear. A row's answer does
        not depend on other rows.
        """
        out = np.repeat(self.v[None], len(opened), axis=0) if start is None else start.copy()
        size = np.array([len(group) for group in opened], np.int64)
        more = np.zeros((len(opened), len(self.node)), np.complex128) if extra is None else extra
        parts = []
        for many in np.unique(size).tolist():  # rows of as many branches go together
            rows = np.flatnonzero(size == many)
            parts += [rows[k : k + AT_ONCE] for k in range(0, len(rows), AT_ONCE)]

        def work(rows: Index) -> None:
            v = out[rows]
            gone = _gone(self.nodal, np.array([opened[r] for r in rows.tolist()], np.int64).reshape(len(rows), -1))
            half_steps = kernel("flow.kernels_decoupled", "half_steps")
            half_steps(pairs, self.grid, self.plan, self.slope, gone, self.first, self.second, self.node, more[rows], v)
            out[rows] = v

        shared_out(parts, work, processors())
        return out


def _with_ratio(nodal: Nodal, ratio: Complex) -> Nodal:
    from dataclasses import replace

    return replace(nodal, branches=replace(nodal.branches, ratio=ratio))


def _first(nodal: Nodal) -> sparse.csc_array:
    """B'."""
    from scipy import sparse

    br = nodal.branches
    b = 1 / br.z.imag
    rows, cols = np.concatenate([br.start, br.end, br.start, br.end]), np.concatenate([br.start, br.end, br.end, br.start])
    return sparse.coo_array((np.concatenate([b, b, -b, -b]), (rows, cols)), shape=(nodal.nodes, nodal.nodes)).tocsc()


def _second(nodal: Nodal, wiring: Wiring, loads: Real) -> sparse.csc_array:
    """B'' with what loads add to its diagonal."""
    from scipy import sparse

    b = -wiring.admittance(nodal, np.abs(nodal.branches.ratio).astype(np.complex128)).imag
    b[wiring.diagonal] += loads
    return sparse.coo_array((b, (wiring.row, wiring.col)), shape=(nodal.nodes, nodal.nodes)).tocsc()


def _solver(matrix: sparse.csc_array, given: Index, nodes: int, name: str) -> Solver:
    free = np.setdiff1d(np.arange(nodes), given)
    row, column = np.full((2, nodes), len(free))
    if not len(free):
        nothing = np.zeros(1, np.int64), np.empty(0, np.int64), np.empty(0)
        return nothing, nothing, row, column
    found = factored(matrix[free][:, free].tocsc())
    if found is None:
        mend = "take screen = full, which needs no decoupling"
        raise InvalidCase([Fault("branches", "have reactances that cancel each other when decoupled", mend, "outage-007", place=name)])
    row[free], column[free] = found.row, found.column
    return found.lower, found.upper, row, column


def _gone(nodal: Nodal, branch: Index) -> tuple[Index, Real, Real, Real]:
    """Ends (row, 2 k), admittances (row, k, 8) and what B' and B'' lose (row, 2 k, 2 k) with the branches (row, k)."""
    br, (rows, wide) = nodal.branches, branch.shape
    y, half, ratio = 1 / br.z[branch], 0.5j * br.b[branch], br.ratio[branch]
    ends = np.stack([br.start[branch], br.end[branch]], -1).reshape(rows, 2 * wide)
    own = np.stack([(y + half) / abs(ratio) ** 2, -y / ratio.conj(), -y / ratio, y + half], -1)
    straight = np.stack([own[..., 0], -y / abs(ratio), -y / abs(ratio), own[..., 3]], -1).imag.reshape(rows, wide, 2, 2)
    series = (1 / br.z.imag[branch])[..., None, None] * np.array([[-1.0, 1.0], [1.0, -1.0]])
    return ends, np.stack([own.real, own.imag], -1).reshape(rows, wide, 8), _diagonal(series), _diagonal(straight)


def _diagonal(blocks: Real) -> Real:
    """Blocks (row, k, 2, 2) along the diagonals of matrices (row, 2 k, 2 k)."""
    rows, wide = blocks.shape[:2]
    out = np.zeros((rows, wide, 2, wide, 2))
    out[:, np.arange(wide), :, np.arange(wide), :] = np.moveaxis(blocks, 1, 0)
    return out.reshape(rows, 2 * wide, 2 * wide)
