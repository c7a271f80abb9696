r"""The network equations in polar voltages, without any simplification: an alternating-current network as rows of a smooth program.

.. math:: \sum_{u \text{ at } i} p_u - P_i(v_i) - g_i v_i^2 - \sum_{k \text{ at } i} P_k(\theta, v) = 0, \qquad
          \sum_u q_u - Q_i(v_i) + b_i v_i^2 - \sum_k Q_k(\theta, v) = 0

.. math:: P_k^2 + Q_k^2 \le \overline S_k^2 \text{ at both ends}, \qquad
          \underline\delta_k \le \theta_{from} - \theta_{to} \le \overline\delta_k, \qquad \underline v_i \le v_i \le \overline v_i

with loads that follow the voltage (`gridtandem.grid.elements.Loads`) and the branch flows of `gridtandem.opf.kernels_ac`. A balance is written such
that its right-hand side is additional demand: its price is the price of a MW (Mvar) more at the node. Ratios stay where the tables put them.
Per unit on 100 MVA; powers of a program are injections p, q of anything that hangs on the nodes, added by the problem as linear rows.

Source: R. D. Zimmerman, C. E. Murillo-Sánchez, R. J. Thomas, "MATPOWER: steady-state operations, planning, and analysis tools for power systems
research and education", IEEE Trans. Power Syst. 26(1), 2011, eqs (1)–(12), with loads that depend on voltage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.graph import components
from gridtandem.grid.nodal import Nodal
from gridtandem.program.smooth import Span
from gridtandem.tables import Index, Real
from gridtandem.units import MVA

NOBODY: Index = np.empty(0, np.int64)
LOWEST = 0.1  # pu; a bus without a lower limit stays above this, since loads have no law at a voltage of nothing
TURN = 360.0  # deg; angle limits as wide as this are none


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AcPolar:
    """What a network asks of its voltages. [per unit, radians]"""

    nodal: Nodal
    pi: Real  # (branch, power, [K, C, D]) see `gridtandem.opf.kernels_ac`
    shift: Real  # (branch)
    rated: Index  # branches with a limit
    rating: Real  # (rated)
    angled: Index  # branches with limits of their angle
    angle_low: Real  # (angled)
    angle_high: Real
    v_low: Real  # (node) the narrowest of its buses
    v_high: Real
    reference: Index  # nodes whose angle is given, one for each island

    @staticmethod
    def of(nodal: Nodal, supplied: Index = NOBODY) -> AcPolar:
        """Of a network all of whose islands have a unit (`gridtandem.opf.ac_faults`); nodes ``supplied`` from outside give theirs the angle."""
        net, br = nodal.network, nodal.branches
        lines = br.kind == 0
        rating, low, high = (_column(nodal, name) for name in ("rating_mva", "angle_low_deg", "angle_high_deg"))
        rated, angled = np.flatnonzero(np.isfinite(rating)), np.flatnonzero((low > -TURN) | (high < TURN))
        v_low, v_high = np.full(nodal.nodes, LOWEST), np.full(nodal.nodes, np.inf)
        live = np.flatnonzero(nodal.node >= 0)
        np.maximum.at(v_low, nodal.node[live], net.buses.v_low_pu[live])
        np.minimum.at(v_high, nodal.node[live], net.buses.v_high_pu[live])
        return AcPolar(
            nodal=nodal, pi=_constants(nodal), shift=np.where(lines, 0.0, np.angle(br.ratio)), rated=rated, rating=rating[rated] / MVA,
            angled=angled, angle_low=np.radians(low[angled]), angle_high=np.radians(high[angled]), v_low=v_low, v_high=v_high,
            reference=_references(nodal, supplied),
        )  # fmt: skip

    def columns(self) -> dict[str, Span]:
        """Angles and magnitudes of nodes."""
        n = self.nodal.nodes
        low, high = np.full(n, -np.inf), np.full(n, np.inf)
        low[self.reference] = high[self.reference] = np.angle(self.nodal.start[self.reference])
        return {"theta": Span(low, high), "v": Span(self.v_low, self.v_high)}

    def rows(self) -> dict[str, Span]:
        """Balances of nodes, flows at both ends of rated branches, angles across branches."""
        n = self.nodal.nodes
        flow = Span.of(len(self.rated), -np.inf, self.rating**2)
        return {
            "balance": Span.of(n, 0.0, 0.0), "balance_q": Span.of(n, 0.0, 0.0), "flow_from": flow, "flow_to": flow,
            "angle": Span(self.angle_low, self.angle_high),
        }  # fmt: skip


def _column(nodal: Nodal, name: str) -> Real:
    """A column of lines and transformers, branch by branch."""
    br, net = nodal.branches, nodal.network
    out = np.empty(len(br.row))
    for kind, table in enumerate((net.lines, net.transformers)):
        out[br.kind == kind] = getattr(table, name)[br.row[br.kind == kind]]
    return out


def _constants(nodal: Nodal) -> Real:
    """K, C and D of the four powers of each branch."""
    br = nodal.branches
    y, tau = 1 / br.z, np.abs(br.ratio)
    g, b, own = y.real, y.imag, y.imag + br.b / 2
    return np.stack([
        np.stack([g / tau**2, -g / tau, -b / tau], -1), np.stack([-own / tau**2, b / tau, -g / tau], -1),
        np.stack([g, -g / tau, b / tau], -1), np.stack([-own, b / tau, g / tau], -1),
    ], 1)  # fmt: skip


def _references(nodal: Nodal, supplied: Index) -> Index:
    """The node whose angle is given, for each island: the first that is supplied or has a reference unit, else the first with a unit."""
    islands, island = np.unique(components(nodal.nodes, nodal.branches.start, nodal.branches.end), return_inverse=True)
    units = nodal.units
    rank = np.full(nodal.nodes, 2)
    rank[units.node] = 1
    rank[units.node[units.control == REFERENCE]] = 0
    rank[supplied] = -1
    order = np.lexsort((np.arange(nodal.nodes), rank, island))
    return order[np.searchsorted(island[order], np.arange(len(islands)))]


def unit_places(nodal: Nodal) -> sparse.csr_array:
    """Which unit injects at which node (node, unit)."""
    at = nodal.units.node
    return sparse.csr_array((np.ones(len(at)), (at, np.arange(len(at)))), shape=(nodal.nodes, len(at)))
