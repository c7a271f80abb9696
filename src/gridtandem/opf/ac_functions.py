r"""Cost and rows of an AC optimal power flow with all derivatives, as a smooth program asks for them.

.. math:: f(x) = \sum_j c_j(x_j) + \sum_i \bigl( s_i \cdot y_i + \tfrac12 (y_i - a_i)' B_i (y_i - a_i) \bigr), \qquad
          g(x) = L x + \sum_{s} x_s^2 + \text{network}(\theta, v)

with polynomials c of single unknowns, what passing power and voltage at interfaces y costs beside them, a constant matrix L, squares of single
unknowns (apparent power of units) and the network of `gridtandem.opf.forms.ac_polar`. The places of all derivatives are found once; a call fills
numbers in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.kernels import kernel
from gridtandem.opf.forms.ac_polar import AcPolar
from gridtandem.program.arrays import Matrix, Places
from gridtandem.program.smooth import Entries, Span
from gridtandem.tables import Index, Real

PAIRS = np.tril_indices(3)
KERNELS = "opf.kernels_ac"


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Polynomials:
    """Cost of single unknowns: Σ coefficient · x^order."""

    column: Index
    coefficient: Real  # (column, order)

    def at(self, x: Real, derivative: int = 0) -> Real:
        """Values, or derivatives, one for each column."""
        c = self.coefficient
        for _ in range(derivative):
            c = c[:, 1:] * np.arange(1, c.shape[1]) if c.shape[1] > 1 else np.zeros((len(c), 1))
        out = np.zeros(len(c))
        for k in range(c.shape[1] - 1, -1, -1):
            out = out * x[self.column] + c[:, k]
        return out


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Toll:
    """What the exchange y at each interface costs: slope · y + ½ (y − at)' bend (y − at). [currency/h, per unit]"""

    column: Index  # (interface, 3) unknowns that are active and reactive power and voltage magnitude
    slope: Real  # (interface, 3)
    at: Real  # (interface, 3)
    bend: Real  # (interface, 3, 3), symmetric

    @staticmethod
    def none(column: Index) -> Toll:
        """Nothing."""
        return Toll(column=column, slope=np.zeros(column.shape), at=np.zeros(column.shape), bend=np.zeros((*column.shape, 3)))

    def steep(self, x: Real) -> Real:
        """Its gradient by y (interface, 3)."""
        out: Real = self.slope + np.einsum("ijk,ik->ij", self.bend, x[self.column] - self.at)
        return out

    def cost(self, x: Real) -> float:
        """Itself."""
        off = x[self.column] - self.at
        return float((self.slope * x[self.column]).sum() + 0.5 * np.einsum("ij,ijk,ik->", off, self.bend, off))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AcFunctions:
    """See the module; implements `gridtandem.program.smooth.Functions`."""

    form: AcPolar
    theta: slice
    v: slice
    limit: slice  # rows of flow_from and flow_to together
    linear: Matrix
    squares: Entries
    cost: Polynomials
    toll: Toll
    jacobian: Entries
    hessian: Entries
    fixed: Real  # entries of the Jacobian that never change
    places: Mapping[str, Index]  # where each part writes
    demand: tuple[Index, Real, Real, Real, Real, Real]  # node, s, exponent, z, i, v0 of loads
    network: tuple[int, int, Index, Index, Real, Real, Real]  # where angles and magnitudes begin; start, end, shift, pi of branches; shunts

    @staticmethod
    def of(
        form: AcPolar, columns: Mapping[str, Span], rows: Mapping[str, Span], *, linear: Matrix, squares: Entries, cost: Polynomials, toll: Toll
    ) -> AcFunctions:
        """With the blocks of the whole program: those of the form, which come first, and those of the problem."""
        c, r = Places.of(columns), Places.of(rows)
        theta, v = c.slices["theta"], c.slices["v"]
        nodal, ends = form.nodal, _unknowns(form, theta.start, v.start)
        br, n = nodal.branches, nodal.nodes
        p, q = r.slices["balance"].start, r.slices["balance_q"].start
        own = np.stack([p + br.start, q + br.start, p + br.end, q + br.end], 1)  # (branch, power)
        limit = np.stack([r.slices[name].start + np.arange(len(form.rated)) for name in ("flow_from", "flow_to")], 1)
        node = np.arange(n)
        constant = linear.tocoo()
        parts = {
            "branch": _pair(own[:, :, None], ends[:, None, :]), "limit": _pair(limit[:, :, None], ends[form.rated][:, None, :]),
            "node": _pair(np.stack([p + node, q + node], 1), (v.start + node)[:, None]),
            "square": (squares.row, squares.column), "constant": (constant.row.astype(np.int64), constant.col.astype(np.int64)),
        }  # fmt: skip
        jacobian, at = _gathered(parts, c.size)
        low, high = np.tril_indices(4)
        pair = ends[:, low], ends[:, high]
        both = toll.column[:, PAIRS[0]], toll.column[:, PAIRS[1]]
        hessian, hat = _gathered({
            "h_branch": (np.maximum(*pair), np.minimum(*pair)), "h_node": (v.start + node, v.start + node),
            "h_square": (squares.column, squares.column), "h_cost": (cost.column, cost.column),
            "h_toll": (np.maximum(*both), np.minimum(*both)),
        }, c.size)  # fmt: skip
        fixed = np.zeros(len(jacobian.row))
        np.add.at(fixed, at.pop("constant"), constant.data)
        everywhere = np.full((len(br.start), 2, 4), -1)
        everywhere[form.rated] = at["limit"]
        law = nodal.loads
        return AcFunctions(
            form=form, theta=theta, v=v, limit=slice(r.slices["flow_from"].start, r.slices["flow_to"].stop), linear=linear, squares=squares,
            cost=cost, toll=toll, jacobian=jacobian, hessian=hessian, fixed=fixed, places={**at, **hat, "limit": everywhere},
            demand=(law.node, np.stack([law.s.real, law.s.imag], -1), law.exponent, law.z_share, law.i_share, law.v0),
            network=(theta.start, v.start, br.start, br.end, form.shift, form.pi, _shunts(form)),
        )  # fmt: skip

    def values(self, x: Real) -> tuple[float, Real]:
        """Cost and rows."""
        drawn, rows, linear = np.zeros((self.form.nodal.nodes, 2)), np.empty(self.linear.shape[0]), self.linear
        kernel(KERNELS, "demands")(x[self.v], *self.demand, drawn)
        cost = kernel(KERNELS, "cost_and_rows")(
            x, *self.network, self.form.rated, self.limit.start, linear.indptr, linear.indices, linear.data, self.squares.row, self.squares.column,
            *self._priced(), drawn, rows,
        )  # fmt: skip
        return cost, rows

    def slopes(self, x: Real) -> tuple[Real, Real]:
        """Gradient of the cost, and the Jacobian."""
        steep, gradient, out, at = np.zeros((self.form.nodal.nodes, 2)), np.zeros(len(x)), self.fixed.copy(), self.places
        kernel(KERNELS, "demand_slopes")(x[self.v], *self.demand, steep)
        kernel(KERNELS, "gradient_and_rows")(
            x, *self.network, self.squares.column, *self._priced(), at["branch"], at["limit"], at["node"], at["square"], steep, gradient, out
        )
        return gradient, out

    def curvature(self, x: Real, weight: float, multiplier: Real) -> Real:
        """Second derivatives of ``weight · cost + multiplier · rows``."""
        n, bent, out, at = self.form.nodal.nodes, np.zeros(self.form.nodal.nodes), np.zeros(len(self.hessian.row)), self.places
        price = np.ascontiguousarray(-multiplier[: 2 * n].reshape(2, n).T)
        kernel(KERNELS, "demand_curvature")(x[self.v], *self.demand, price, bent)
        kernel(KERNELS, "lagrangian_curvature")(
            x, *self.network, self.form.rated, self.limit.start, weight, multiplier, self.squares.row, self.cost.column, self.cost.coefficient,
            self.toll.bend, at["h_branch"], at["h_node"], at["h_square"], at["h_cost"], at["h_toll"], bent, out,
        )  # fmt: skip
        return out

    def _priced(self) -> tuple[Real | Index, ...]:
        """What the cost is made of."""
        cost, toll = self.cost, self.toll
        return cost.column, cost.coefficient, toll.column, toll.slope, toll.at, toll.bend


def _unknowns(form: AcPolar, theta: int, v: int) -> Index:
    """Columns of the four unknowns of each branch."""
    br = form.nodal.branches
    return np.stack([theta + br.start, theta + br.end, v + br.start, v + br.end], 1)


def _shunts(form: AcPolar) -> Real:
    """What shunts draw at 1 pu (node, [p, q])."""
    shunt = form.nodal.shunt
    return np.stack([shunt.real, -shunt.imag], 1)


def _pair(row: Index, column: Index) -> tuple[Index, Index]:
    return tuple(np.broadcast_arrays(row, column))  # type: ignore[return-value]


def _gathered(parts: Mapping[str, tuple[Index, Index]], size: int) -> tuple[Entries, dict[str, Index]]:
    """All places once, and where the entries of each part are among them."""
    keys = {name: row * size + column for name, (row, column) in parts.items()}
    every, where = np.unique(np.concatenate([k.ravel() for k in keys.values()]), return_inverse=True)
    cut = np.cumsum([0, *(k.size for k in keys.values())])
    return Entries(every // size, every % size), {
        name: np.ascontiguousarray(where[a:b].reshape(k.shape)) for (name, k), a, b in zip(keys.items(), cut[:-1], cut[1:], strict=True)
    }
