r"""What a three-phase feeder does around no load: its voltages, and how they follow small injections, exactly to first order.

With admittances eliminated as in `gridtandem.flow.phases`, :math:`V_c = A_c V_p - Z_c J_c` and :math:`J_p = I_p + \sum_c A_c^T J_c`. Without demand
:math:`V^0_c = A_c V^0_p`; a current into the ends N of a coil at node j changes node i by

.. math:: \mathrm{d}V_i = - Z^{bus}_{ij} N^T I, \qquad Z^{bus}_c = A_c Z^{bus}_p + Z_c G_c, \quad G_c = E_c + \sum_m A_m^T G_m

where m are the children of c, and E picks a node. The current is that of the injection at the voltage without load, so that one MW, and one Mvar, are

.. math:: I = - \overline{1 / (N V^0)} \quad\text{and}\quad I = j\,\overline{1 / (N V^0)}

and squared voltages across any coil M change by :math:`2\,\mathrm{Re}\,\overline{M V^0} M \mathrm{d}V`. Along lines behind a balanced source
that is LinDist3Flow: voltages of phases are then equal and 120° apart.

Source: L. Gan and S. H. Low, "Convex relaxations and linear approximation for optimal power flow in multiphase radial networks", PSCC 2014.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.flow.phase_branches import phase_branches
from gridtandem.flow.phases import eliminated
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.phase_admittance import EACH, line_matrices, live_coils, rated_kv
from gridtandem.grid.phase_admittance import incidence as incidence_of
from gridtandem.grid.phase_tree import LINE, SOURCE, PhaseTree
from gridtandem.tables import Complex, Flag, Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NodeCoils:
    """Coils at nodes of a tree: where injections act, or between what voltages are looked at."""

    node: Index  # (coil)
    ends: Real  # (coil, 3) 1 at the first phase, −1 at the second

    @staticmethod
    def of(node: list[int], coils: list[tuple[int, int]]) -> NodeCoils:
        """Coils as (start, end), ground being 0."""
        return NodeCoils(node=np.array(node, np.int64), ends=incidence_of(coils) if coils else np.zeros((0, 3)))

    def across(self, v: Complex) -> Complex:
        """Voltages across them from those of nodes (node, phase, …)."""
        return np.asarray(np.einsum("cp,cp...->c...", self.ends, v[self.node]), np.complex128)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PhaseResponse:
    """Voltages without load, and their change by injections at coils. [per unit of one phase, a third of 100 MVA, and MW, Mvar]"""

    tree: PhaseTree
    v: Complex  # (node, phase) without load
    floats: Flag  # (node) voltages to ground have no meaning there
    by_p: Complex  # (node, phase, coil) change of voltage by MW injected; by Mvar it is −j times that
    no_load: complex  # power that the source delivers without load [MW + j Mvar]

    @staticmethod
    def of(tree: PhaseTree, coils: NodeCoils, v_root: float) -> PhaseResponse:
        """At the taps of the network. ``v_root`` is the voltage behind the source's impedance, per unit of its bus."""
        t, n = tree.network.transformers, len(tree.parent)
        turns, a, z, y_root, floats = eliminated(tree, phase_branches(tree, t.tap_from_pu, t.tap_to_pu))
        a[~turns] = np.eye(3)
        v = np.zeros((n, 3), np.complex128)
        v[0] = v_root * tree.source / np.abs(tree.source)
        for k in range(1, n):
            v[k] = a[k] @ v[tree.parent[k]]
        return PhaseResponse(
            tree=tree, v=v, floats=floats, by_p=_changes(tree, a, z, coils) * -_per_mw(coils, v),
            no_load=complex(EACH * (v[0] * (y_root @ v[0]).conj()).sum()),
        )  # fmt: skip

    def squared(self, coils: NodeCoils, scale: Real) -> tuple[Real, Real, Real]:
        """Squared voltages (coil) over ``scale`` squared: without load, by MW and by Mvar at the coils of the response."""
        v, d = coils.across(self.v) / scale, coils.across(self.by_p) / scale[:, None]
        turned = 2 * v.conj()[:, None] * d
        return np.abs(v) ** 2, np.asarray(turned.real), np.asarray(turned.imag)

    def currents(self, elements: Index) -> Currents:
        """Of all conductors and coils of these elements of the tree."""
        found = [_through(self.tree, e) for e in elements.tolist()]
        count = [len(one.phase) for one in found]
        element = np.repeat(elements, count)
        weight, seen = (np.concatenate([np.zeros((0, *shape)), *parts]) for shape, parts in
                        (((2, 3), [one.weight for one in found]), ((3,), [one.seen for one in found])))  # fmt: skip
        ends = np.array([_ends(self.tree, e) for e in element.tolist()], np.int64).reshape(-1, 2)
        here, by_p = np.einsum("csp,csp->c", weight, self.v[ends]), np.einsum("csp,cspk->ck", weight, self.by_p[ends])
        at = np.einsum("cp,cp->c", seen, self.v[ends[:, 0]])
        turn = (at / np.abs(at)).conj()
        return Currents(
            s=(here * turn).conj(), by_p=by_p * turn[:, None], element=element, phase=np.array([p for one in found for p in one.phase], np.int64)
        )


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Currents:
    """Currents times nominal voltage, in phase with the voltage at the from end of the conductor or coil, as active and reactive power."""

    s: Complex  # (conductor) without load [MVA]
    by_p: Complex  # (conductor, coil) P changes by its real part per MW and by its imaginary part per Mvar; Q by minus the latter, and the former
    element: Index  # (conductor) of the tree
    phase: Index  # (conductor) at the from end; of a coil the first


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Through:
    weight: Complex  # (conductor, side, phase) current times nominal voltage, by the voltages at both ends
    seen: Real  # (conductor, phase) the voltage at the from end that drives it
    phase: list[int]


def floating(tree: PhaseTree) -> Flag:
    """Nodes whose phases no path ties to ground."""
    t = tree.network.transformers
    return eliminated(tree, phase_branches(tree, t.tap_from_pu, t.tap_to_pu))[4]


def _per_mw(coils: NodeCoils, v: Complex) -> Complex:
    """Current drawn by one MW of demand. [per unit]"""
    return np.asarray((1 / coils.across(v)).conj() / EACH, np.complex128)


def _changes(tree: PhaseTree, a: Complex, z: Complex, coils: NodeCoils) -> Complex:
    """Change of voltages (node, phase, coil) by one per unit of current drawn at each coil."""
    n, many = len(tree.parent), len(coils.node)
    drawn = np.zeros((n, 3, many), np.complex128)
    drawn[coils.node, :, np.arange(many)] = coils.ends
    for k in range(n - 1, 0, -1):
        drawn[tree.parent[k]] += a[k].T @ drawn[k]
    out = np.zeros_like(drawn)
    for k in range(1, n):
        out[k] = a[k] @ out[tree.parent[k]] - z[k] @ drawn[k]
    return out


def _ends(tree: PhaseTree, element: int) -> tuple[int, int]:
    """Nodes at the from and to end."""
    table = tree.network.lines if tree.kind[element] == LINE else tree.network.transformers
    row = int(tree.row[element])
    return int(tree.node[table.from_bus[row]]), int(tree.node[table.to_bus[row]])


def _through(tree: PhaseTree, element: int) -> _Through:
    """Of a line per conductor, its charging left aside; of a transformer per coil of the first winding, at rated voltage."""
    row = int(tree.row[element])
    base = np.repeat(tree.v_base[list(_ends(tree, element))], 3)
    if tree.kind[element] == LINE:
        z, _, p = (m[0] for m in line_matrices(tree, np.array([row])))
        there = np.flatnonzero(tree.network.lines.to_phase[row] > 0)
        y = np.linalg.inv(z[np.ix_(there, there)])
        weight = np.concatenate([y @ np.eye(3)[there], -y @ p.T[there]], axis=1) * base[0] * base
        return _Through(weight=weight.reshape(-1, 2, 3), seen=np.eye(3)[there], phase=there.tolist())
    t, (first, second), (kv_1, kv_2) = tree.network.transformers, live_coils(tree, row), rated_kv(tree, row)
    n_1, n_2 = incidence_of(first), incidence_of(second)
    each = t.base_mva[row] / len(tree.coils(row)[0]) / (t.r_from_pu[row] + t.r_to_pu[row] + 1j * t.x_pu[row])
    weight = np.hstack([n_1 / (kv_1 * t.tap_from_pu[row]), -n_2 / (kv_2 * t.tap_to_pu[row])]) * each * base
    return _Through(weight=weight.reshape(-1, 2, 3), seen=n_1, phase=[a - 1 for a, _ in first])


def rated_elements(tree: PhaseTree) -> tuple[Index, Real]:
    """Elements of the tree with a rating, and what each conductor or coil may carry. [MVA]"""
    net = tree.network
    own = np.full(len(tree.kind), np.inf)
    line, unit = np.flatnonzero(tree.kind == LINE), np.flatnonzero((tree.kind != LINE) & (tree.kind != SOURCE))
    rows, t = tree.row[line], net.transformers
    own[line] = net.lines.rating_a[rows] * 1e-3 * net.buses.nominal_kv[net.lines.from_bus[rows]] / np.sqrt(3.0)
    own[unit] = [t.rating_mva[k] / len(pe.winding_coils(t, k)[0]) for k in tree.row[unit].tolist()]
    found = np.flatnonzero(np.isfinite(own))
    return found, own[found]
