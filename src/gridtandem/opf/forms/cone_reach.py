r"""How large currents of branches can be that lead to an end of a network: no more than what hangs behind them can draw or give.

Node n, behind which nothing else is open, takes at most :math:`\overline S_n`, the sum of sizes of its demand, units, shunts and charging, over the
branch before it, and so that branch carries and sends

.. math:: \ell \le \overline S_n^2 / \underline w_n, \qquad \overline S_m \mathrel{+}= \overline S_n + |z| \ell .

True of every load flow within the limits of voltage; the relaxation alone does not know it, and burns power in branches where power has no worth.
"""

from __future__ import annotations

import numpy as np

from gridtandem.grid.nodal import Nodal
from gridtandem.opf.forms.cone_demand import Demand
from gridtandem.tables import Index, Real
from gridtandem.units import MVA


def currents(nodal: Nodal, demand: Demand, pair: Index, w: tuple[Real, Real], ports: Index) -> tuple[Real, Real]:
    """Largest squared current through each pair as a whole, behind the ratio, and its impedance; inf where nothing is known. [per unit]"""
    br, (low, high) = nodal.branches, w
    first = np.unique(pair, return_index=True)[1]
    alike = np.ones(len(first), bool)
    np.logical_and.at(alike, pair, (br.start == br.start[first][pair]) & (br.ratio == br.ratio[first][pair]))
    admittance = np.zeros(len(first), complex)
    np.add.at(admittance, pair, 1 / br.z)
    z, tau, most = 1 / np.abs(admittance), np.abs(br.ratio[first]), np.full(len(first), np.inf)
    size = _sizes(nodal, demand, high)
    size[ports] = np.inf
    ends, used = np.stack([br.start[first], br.end[first]], -1), np.zeros(len(first), bool)
    beside: list[list[int]] = [[] for _ in range(nodal.nodes)]
    for k, (i, j) in enumerate(ends.tolist()):
        beside[i].append(k)
        beside[j].append(k)
    left, fixed = np.array([len(b) for b in beside]), set(ports.tolist())
    tips = [n for n in range(nodal.nodes) if left[n] == 1 and n not in fixed]
    while tips:
        n = tips.pop()
        k = next((k for k in beside[n] if not used[k]), -1)
        if k < 0:
            continue
        used[k] = True
        m = int(ends[k].sum()) - n
        if alike[k] and np.isfinite(size[n]):
            most[k] = size[n] ** 2 / low[n] * (tau[k] ** 2 if n == ends[k, 0] else 1.0)
        size[m] += size[n] + z[k] * most[k]
        left[m] -= 1
        if left[m] == 1 and m not in fixed:
            tips.append(m)
    return most, z


def takes(nodal: Nodal, demand: Demand, w: tuple[Real, Real], lost: Real) -> tuple[Real, Real]:
    """Least and most that all of the network draws through its ports, active and reactive. [per unit]

    What branches lose is their admittance times ``lost`` (branch), the largest squared voltage across each; all else lies between its own limits.
    """
    g, u, br = nodal.network.generators, nodal.units, nodal.branches
    low, high = np.zeros(2), np.zeros(2)
    charging = np.stack([np.zeros_like(br.b), -br.b / 2])
    admittance = np.stack([(1 / br.z).real, -(1 / br.z).imag])
    for k, (p_low, p_high) in enumerate(((g.p_low_mw, g.p_high_mw), (g.q_low_mvar, g.q_high_mvar))):
        cap = g.s_high_mva[u.row]
        unit = np.maximum(p_low[u.row], -cap).sum() / MVA, np.minimum(p_high[u.row], cap).sum() / MVA
        at_w = demand.linear[k] + (nodal.shunt.real, -nodal.shunt.imag)[k]
        np.add.at(at_w, br.start, charging[k] / np.abs(br.ratio) ** 2)
        np.add.at(at_w, br.end, charging[k])
        mine = demand.power == k
        with np.errstate(invalid="ignore"):
            loss = np.nan_to_num(admittance[k] * lost, nan=0.0, posinf=np.inf, neginf=-np.inf)
        low[k] = demand.constant[k].sum() + demand.low[mine].sum() + np.minimum(at_w * w[0], at_w * w[1]).sum() + np.minimum(loss, 0).sum() - unit[1]
        high[k] = (
            demand.constant[k].sum() + demand.high[mine].sum() + np.maximum(at_w * w[0], at_w * w[1]).sum() + np.maximum(loss, 0).sum() - unit[0]
        )
    return low, high


def _sizes(nodal: Nodal, demand: Demand, high: Real) -> Real:
    """Most that hangs on each node by itself, apparent power (node)."""
    g, u, br = nodal.network.generators, nodal.units, nodal.branches
    drawn = np.abs(demand.constant) + np.abs(demand.linear) * high
    np.add.at(drawn, (demand.power, demand.node), np.maximum(np.abs(demand.low), np.abs(demand.high)))
    out = np.hypot(*drawn) + np.abs(nodal.shunt) * high
    p, q = (np.maximum(np.abs(a[u.row]), np.abs(b[u.row])) for a, b in ((g.p_low_mw, g.p_high_mw), (g.q_low_mvar, g.q_high_mvar)))
    np.add.at(out, u.node, np.minimum(np.hypot(p, q), g.s_high_mva[u.row]) / MVA)
    for node, charging in ((br.start, br.b / np.abs(br.ratio) ** 2), (br.end, br.b)):
        np.add.at(out, node, np.abs(charging) / 2 * high[node])
    return np.asarray(out)
