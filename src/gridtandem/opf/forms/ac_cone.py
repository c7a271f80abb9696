r"""The network equations relaxed to second-order cones: every alternating-current dispatch is in it, and some points that are none.

For each pair (i, j) of neighbours, seen through the ratio :math:`\tau e^{j\varphi}` of the first branch between them, with voltages V,
:math:`w = |V|^2`, :math:`u_i = w_i / \tau^2` and :math:`\tilde c + j \tilde s = V_i V_j^* / (\tau e^{j\varphi})`, the unknowns are w and, on a
scale σ of the pair,

.. math:: a = (u_i - \tilde c) / \sigma, \qquad b = \tilde s / \sigma, \qquad e = (u_i + w_j - 2 \tilde c) / \sigma^2 .

a and b are what the branch carries at its first end as seen by its impedance, e is the square of its current. The four powers of a branch
(`gridtandem.opf.kernels_ac`), balances, shunts and limits of angles are linear in them, and so is the voltage at the other end,
:math:`w_j = u_i - 2 \sigma a + \sigma^2 e`. What ties the unknowns is relaxed:

.. math:: a^2 + b^2 \le u_i\, e, \qquad P^2 + Q^2 \le \overline S^2 \text{ at both ends}.

The first is :math:`\tilde c^2 + \tilde s^2 \le u_i w_j` written without differences of numbers that are nearly equal. Demand :math:`w^{n/2}` stays
between its chord over the limits of w and its tangents (`gridtandem.opf.forms.cone_demand`), currents of branches that lead to an end below what can
hang there (`gridtandem.opf.forms.cone_reach`). A bus without an upper limit of voltage is taken to stay below `HIGHEST`. Per unit on 100 MVA.

Sources: R. A. Jabr, "Radial distribution load flow using conic programming", IEEE Trans. Power Syst. 21(3), 2006; M. Farivar, S. H. Low, "Branch flow
model: relaxations and convexification", IEEE Trans. Power Syst. 28(3), 2013.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.grid.nodal import Nodal
from gridtandem.opf.forms.ac_polar import NOBODY, AcPolar
from gridtandem.opf.forms.cone_demand import Demand
from gridtandem.opf.forms.cone_reach import currents
from gridtandem.program.arrays import Columns, Cones, Matrix, Rows
from gridtandem.tables import Index, Real

HIGHEST = 2.0  # pu; a bus without an upper limit of voltage stays below this
FLOWS = ("w", "a", "b", "e")  # columns that carry power
LEAST = 1e-3  # of a scale of power
HALF = np.pi * (1 + 1e-12)  # angles farther apart than this say nothing about c and s


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AcCone:
    """A network's relaxation. [per unit]"""

    polar: AcPolar
    demand: Demand
    ends: Index  # (pair, 2) nodes of its first branch, from and to
    pair: Index  # (branch)
    turn: Real  # (branch) −1 where it begins at the second node of its pair
    tau: Real  # (pair)
    phi: Real  # (pair)
    sigma: Real  # (pair)
    w_low: Real  # (node)
    w_high: Real
    e_high: Real  # (pair)

    @staticmethod
    def of(nodal: Nodal, ports: Index = NOBODY, supplied: Index = NOBODY) -> AcCone:
        """Of a network that something else hangs on at nodes ``ports``; those of them ``supplied`` from outside need no unit."""
        polar, br = AcPolar.of(nodal, supplied), nodal.branches
        _, first, pair = np.unique(np.minimum(br.start, br.end) * nodal.nodes + np.maximum(br.start, br.end), return_index=True, return_inverse=True)
        low, high = polar.v_low**2, np.minimum(polar.v_high, HIGHEST) ** 2
        demand, sigma = Demand.of(nodal, low, high), np.abs(br.z[first]) * _carried(nodal)
        current, z = currents(nodal, demand, pair.ravel(), (low, high), ports)
        return AcCone(
            polar=polar, demand=demand, ends=np.stack([br.start[first], br.end[first]], -1), pair=pair.ravel(),
            turn=np.where(br.start == br.start[first][pair.ravel()], 1.0, -1.0), tau=np.abs(br.ratio[first]), phi=polar.shift[first],
            sigma=sigma, w_low=low, w_high=high, e_high=current * (z / sigma) ** 2,
        )  # fmt: skip

    def columns(self) -> dict[str, Columns]:
        """Squared voltages, what pairs carry, demand that bends with voltage."""
        d, pairs = self.demand, len(self.ends)
        return {
            "w": Columns.of(len(self.w_low), self.w_low, self.w_high), "a": Columns.of(pairs), "b": Columns.of(pairs),
            "e": Columns.of(pairs, 0.0, self.e_high), "demand": Columns.of(len(d.node), d.low, d.high),
        }  # fmt: skip

    def box(self) -> dict[str, tuple[Real, Real]]:
        """What pairs keep because squared voltages do."""
        u, w = np.sqrt(self.w_high[self.ends[:, 0]]) / self.tau, np.sqrt(self.w_high[self.ends[:, 1]])
        e = np.minimum(((u + w) / self.sigma) ** 2, self.e_high)
        most = u * np.sqrt(e)
        return {"a": (-most, most), "b": (-most, most), "e": (0 * e, e)}

    def balances(self) -> tuple[dict[str, Matrix], dict[str, Matrix], Real]:
        """What the network takes out of each node, active and reactive: parts by columns, and constants (2, node)."""
        nodal, d = self.polar.nodal, self.demand
        br, n = nodal.branches, nodal.nodes
        at = [places(node, n).T for node in (br.start, br.end)]
        flow, out = self.flows(), list[dict[str, Matrix]]()
        for power, shunt in enumerate((nodal.shunt.real, -nodal.shunt.imag)):
            parts = {name: sparse.csr_array(at[0] @ flow[power][name] + at[1] @ flow[2 + power][name]) for name in FLOWS}
            parts["w"] = sparse.csr_array(parts["w"] + sparse.diags_array(shunt + d.linear[power]))
            mine = np.flatnonzero(d.power == power)
            parts["demand"] = sparse.csr_array((np.ones(len(mine)), (d.node[mine], mine)), shape=(n, len(d.node)))
            out.append(parts)
        return out[0], out[1], d.constant

    def flows(self) -> tuple[dict[str, Matrix], ...]:
        r"""The four powers of every branch: active and reactive at the from end, the same at the to end.

        With :math:`F = K w_{own} + X \tilde c + Y \tilde s`, and the other end's w put in terms of its own, as the module says.
        """
        polar, br, one = self.polar, self.polar.nodal.branches, places(self.pair, len(self.ends))
        tau, phi, sigma = self.tau[self.pair], self.phi[self.pair], self.sigma[self.pair]
        angle, out = self.turn * phi - polar.shift, list[dict[str, Matrix]]()  # of the pair's own ratio against the branch's
        for power in range(4):
            k, c, d = polar.pi[:, power].T
            x, y = tau * (c * np.cos(angle) + d * np.sin(angle)), tau * self.turn * (d * np.cos(angle) - c * np.sin(angle))
            first = (self.turn > 0) == (power < 2)  # at the first end of the pair
            own = places(br.start if power < 2 else br.end, len(self.w_low))
            out.append({
                "w": _times(k + np.where(first, x / tau**2, x), own), "a": _times(np.where(first, -x, x) * sigma, one),
                "b": _times(y * sigma, one), "e": _times(np.where(first, 0.0, -x * sigma**2), one),
            })  # fmt: skip
        return tuple(out)

    def rows(self) -> dict[str, Rows]:
        """Voltages along branches, angle limits, lifted cuts and the envelope of demand."""
        first, second = (places(self.ends[:, k], len(self.w_low)) for k in (0, 1))
        drop = Rows.of(len(self.ends), 0.0, 0.0, {
            "w": _times(1 / (self.sigma * self.tau**2), first) - _times(1 / self.sigma, second),
            "a": -2 * sparse.eye_array(len(self.ends)), "e": sparse.diags_array(self.sigma),
        })  # fmt: skip
        return {"drop": drop, **self._angles(), "envelope": self.demand.rows(len(self.w_low))}

    def cones(self) -> dict[str, Cones]:
        """Products, and flows at both ends of rated branches."""
        one, u = sparse.eye_array(len(self.ends)), _times(1 / self.tau**2, places(self.ends[:, 0], len(self.w_low)))
        out = {"product": Cones.of((len(self.ends), 4), {
            "w": -sparse.kron(u, _entry(4, 0) + _entry(4, 3)), "e": -sparse.kron(one, _entry(4, 0) - _entry(4, 3)),
            "a": -2 * sparse.kron(one, _entry(4, 1)), "b": -2 * sparse.kron(one, _entry(4, 2)),
        })}  # fmt: skip
        rated, flow = self.polar.rated, self.flows()
        right = np.zeros((len(rated), 3))
        right[:, 0] = self.polar.rating
        for end, name in enumerate(("flow_from", "flow_to")):
            p, q = flow[2 * end], flow[2 * end + 1]
            parts = {k: -(sparse.kron(p[k][rated], _entry(3, 1)) + sparse.kron(q[k][rated], _entry(3, 2))) for k in FLOWS}
            out[name] = Cones.of(right.shape, parts, right)
        return out

    def _product(self, x: Real, y: Real, pair: Index) -> dict[str, Matrix]:
        """Sums x · c + y · s of some pairs, for the products c = |V_i||V_j| cos, s = … sin of the angle from the first node to the second."""
        tau, phi, sigma = self.tau[pair], self.phi[pair], self.sigma[pair]
        seen, across = tau * (x * np.cos(phi) + y * np.sin(phi)), tau * (y * np.cos(phi) - x * np.sin(phi))
        one, first = places(pair, len(self.ends)), places(self.ends[pair, 0], len(self.w_low))
        return {"w": _times(seen / tau**2, first), "a": _times(-seen * sigma, one), "b": _times(across * sigma, one)}

    def _angles(self) -> dict[str, Rows]:
        """Sectors that branches stay in; those wider than half a turn are none."""
        polar = self.polar
        kept = np.flatnonzero(polar.angle_high - polar.angle_low <= HALF)
        branch, low, high = polar.angled[kept], polar.angle_low[kept], polar.angle_high[kept]
        pair, turn = self.pair[branch], self.turn[branch]
        return {
            "angle_low": Rows.of(len(kept), 0.0, np.inf, self._product(-np.sin(low), turn * np.cos(low), pair)),
            "angle_high": Rows.of(len(kept), 0.0, np.inf, self._product(np.sin(high), -turn * np.cos(high), pair)),
        }


def _carried(nodal: Nodal) -> float:
    """A power that branches of this network carry, for scale: all demand at 1 pu, or what units have to give."""
    demand = np.abs(nodal.loads.s).sum()
    return float(min(max(demand, LEAST), 1.0))


def places(at: Index, size: int) -> Matrix:
    """Which of ``size`` elements each row means."""
    return sparse.csr_array((np.ones(len(at)), (np.arange(len(at)), at)), shape=(len(at), size))


def _times(factor: Real, rows: Matrix) -> Matrix:
    """Each row times its factor."""
    return sparse.csr_array(sparse.diags_array(factor) @ rows)


def _entry(size: int, k: int) -> Matrix:
    """The k-th entry of a cone, as a column."""
    return sparse.csr_array(np.eye(size)[:, k : k + 1])
