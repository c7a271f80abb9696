r"""LinDistFlow of a radial feeder: losses left out, squared voltages linear in flows.

.. math:: P_j = \sum_{m \in \text{below } j} (p^{load}_m - p_m), \qquad
          w_j = w_i - 2 (r_j P_j + x_j Q_j) / S_{base}, \qquad w_0 \text{ given}

Source: M. E. Baran and F. F. Wu, "Optimal capacitor placement on radial distribution systems", IEEE Trans. Power Delivery 4(1), 1989. Ratios of
transformers are taken out first: with g the product of 1/ratio from the root down, w/g² obeys the equations with impedances over g². Shunts and
charging inject what they do at 1 pu. A limit of apparent power is a polygon inside the circle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from scipy import sparse

from gridtandem.grid.forest import Forest, plant
from gridtandem.grid.nodal import Nodal, standing
from gridtandem.opf.common import content
from gridtandem.opf.limits import KINDS, Limits, stacked
from gridtandem.program.arrays import Matrix
from gridtandem.tables import Index, Real
from gridtandem.units import MVA

SIDES = 24  # of a polygon of apparent power

Flow = Literal["apparent", "active"]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Lindist:
    """A feeder's limits, and how its states follow from injections."""

    limits: Limits  # all of them
    below: Matrix  # (branch above a node, node): 1 where the node is fed through it
    node: Index  # (tree position) node; the root first
    parent: Index  # (tree position) tree position of its parent
    branch: Index  # (tree position) first branch above the node; −1 at the root
    w_by_p: Matrix  # (node, node) squared voltage by MW injected
    w_by_q: Matrix
    w_base: Real  # (node) with nothing injected
    q_shunt: Real  # (node) [Mvar]
    p_shunt: Real
    nodal: Nodal

    @staticmethod
    def of(nodal: Nodal, root: int, *, root_pu: float = 1.0, flow: Flow = "apparent") -> Lindist:
        """``flow`` says what ratings limit: apparent power, or active power alone."""
        tree = plant([standing(nodal)], np.array([root]), np.zeros(1, np.int64), np.ones(1))
        below, n = _below(tree), nodal.nodes
        g2 = np.abs(tree.turn) ** 2
        z = tree.z / g2 / MVA
        by_p, by_q = (sparse.csr_array(2 * below.T @ sparse.diags_array(part) @ below) for part in (z.real, z.imag))
        scale = sparse.diags_array(g2)
        to_node = sparse.csr_array((np.ones(n), (tree.node, np.arange(n))), shape=(n, n))  # tree order to node numbers
        w_by_p, w_by_q = (sparse.csr_array(to_node @ scale @ m @ to_node.T) for m in (by_p, by_q))
        w_base = np.zeros(n)
        w_base[tree.node] = root_pu**2 * g2
        shunt = np.zeros(n, complex)
        shunt[tree.node] = tree.shunt
        branch = branch_above(nodal, tree)
        flows = sparse.csr_array(below @ to_node.T)
        return Lindist(
            limits=stacked([_voltage(nodal, root, w_by_p, w_by_q, w_base), _flow(nodal, tree, branch, flows, flow)]), below=flows, node=tree.node,
            parent=tree.parent, branch=branch, w_by_p=w_by_p, w_by_q=w_by_q, w_base=w_base, q_shunt=shunt.imag * MVA, p_shunt=-shunt.real * MVA,
            nodal=nodal,
        )  # fmt: skip

    @staticmethod
    def likeness(nodal: Nodal, root: int, *, root_pu: float, flow: Flow) -> bytes:
        """Equal where `of` gives equal forms: everything that it reads, and that decides whether a feeder is radial."""
        br, units, taps, net = nodal.branches, nodal.units, nodal.taps, nodal.network
        bounds = voltage_bounds(nodal)
        wires = (getattr(br, name) for name in br.__slots__)
        ratings = (net.lines.rating_mva, net.transformers.rating_mva)
        held = (nodal.shunt, units.node, units.control, units.v_set, taps.branch, taps.node)
        return content(nodal.nodes, root, root_pu, flow, *bounds, *wires, *ratings, *held)

    def voltage(self, p: Real, q: Real) -> Real:
        """Voltages (period, node) under injections net of demand. [pu]"""
        w = self.w_base + (self.w_by_p @ p.T).T + (self.w_by_q @ q.T).T
        return np.sqrt(np.maximum(w, 0.0))

    def named(self, kind: int, element: int) -> str:
        """A bus, or the line or transformer that carries a flow."""
        if KINDS[kind] == "voltage":
            return f"voltage at {self.nodal.label[element]}"
        net, branches = self.nodal.network, self.nodal.branches
        return f"flow on {(net.lines if branches.kind[element] == 0 else net.transformers).label(int(branches.row[element]))}"

    def flow(self, p: Real, q: Real) -> tuple[Real, Real]:
        """Flow down into each tree position (period, position). [MW, Mvar]"""
        return np.asarray(-(self.below @ p.T).T), np.asarray(-(self.below @ q.T).T)


def _below(tree: Forest) -> Matrix:
    """Which positions are fed through the branch above each: its subtree; the root has no branch."""
    n = len(tree.parent)
    size = np.where(tree.parent < 0, 0, tree.last - np.arange(n))
    row = np.repeat(np.arange(n), size)
    column = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size) + np.repeat(np.arange(n), size)
    return sparse.csr_array((np.ones(len(row)), (row, column)), shape=(n, n))


def branch_above(nodal: Nodal, tree: Forest) -> Index:
    """First branch between each position and its parent."""
    place = np.full(nodal.nodes, -1)
    place[tree.node] = np.arange(len(tree.node))
    a, b = place[nodal.branches.start], place[nodal.branches.end]
    child = np.where(tree.parent[a] == b, a, b)
    out = np.full(len(tree.node), -1)
    out[child[::-1]] = np.arange(len(a))[::-1]
    return out


def _voltage(nodal: Nodal, root: int, w_by_p: Matrix, w_by_q: Matrix, base: Real) -> Limits:
    """Squared voltage limits of nodes below the root; of several buses at a node the tightest."""
    low, high = voltage_bounds(nodal)
    n = nodal.nodes
    rows = np.flatnonzero(((low > 0) | np.isfinite(high)) & (np.arange(n) != root))
    return Limits(
        kind=np.full(len(rows), KINDS.index("voltage"), np.int8), element=rows, p=w_by_p[rows], q=w_by_q[rows], base=base[rows],
        low=np.where(low[rows] > 0, low[rows], -np.inf), high=high[rows],
    )  # fmt: skip


def voltage_bounds(nodal: Nodal) -> tuple[Real, Real]:
    """Least and highest squared voltage (node); 0 and infinity where there is no limit. [pu²]"""
    buses, n = nodal.network.buses, nodal.nodes
    low, high = np.zeros(n), np.full(n, np.inf)
    live = nodal.node >= 0
    np.maximum.at(low, nodal.node[live], buses.v_low_pu[live])
    np.minimum.at(high, nodal.node[live], buses.v_high_pu[live])
    return low**2, high**2


def _flow(nodal: Nodal, tree: Forest, branch: Index, flows: Matrix, flow: Flow) -> Limits:
    """Ratings; parallel branches carry what the weakest allows for its share of the admittance."""
    rating = ratings(nodal, tree)
    rows = np.flatnonzero(np.isfinite(rating))
    n = nodal.nodes
    if flow == "active":
        return Limits(
            kind=np.full(len(rows), KINDS.index("flow"), np.int8), element=branch[rows], p=-flows[rows], q=sparse.csr_array((len(rows), n)),
            base=np.zeros(len(rows)), low=-rating[rows], high=rating[rows],
        )  # fmt: skip
    angle = 2 * np.pi * (np.arange(SIDES) + 0.5) / SIDES
    p, q = (sparse.csr_array(-sparse.kron(sparse.csr_array(f(angle)[:, None]), flows[rows])) for f in (np.cos, np.sin))
    count = SIDES * len(rows)
    return Limits(
        kind=np.full(count, KINDS.index("flow"), np.int8), element=np.tile(branch[rows], SIDES), p=p, q=q, base=np.zeros(count),
        low=np.full(count, -np.inf), high=np.tile(rating[rows] * np.cos(np.pi / SIDES), SIDES),
    )  # fmt: skip


def ratings(nodal: Nodal, tree: Forest) -> Real:
    """Rating of what lies above each position. [MVA]"""
    net, br = nodal.network, nodal.branches
    own = np.where(br.kind == 0, _padded(net.lines.rating_mva, br.row), _padded(net.transformers.rating_mva, br.row))
    place = np.full(nodal.nodes, -1)
    place[tree.node] = np.arange(len(tree.node))
    a, b = place[br.start], place[br.end]
    child = np.where(tree.parent[a] == b, a, b)
    admittance = np.abs(1 / br.z)
    whole = np.zeros(len(tree.node))
    np.add.at(whole, child, admittance)
    out = np.full(len(tree.node), np.inf)
    np.minimum.at(out, child, own * whole[child] / admittance)
    return out


def _padded(values: Real, rows: Index) -> Real:
    return values[np.minimum(rows, len(values) - 1)] if len(values) else np.full(len(rows), np.inf)
