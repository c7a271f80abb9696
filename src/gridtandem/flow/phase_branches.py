r"""What lies between the nodes of a three-phase tree, per unit on 100 MVA of all phases together.

One phase has a third of the base, so that impedances have the base of balanced networks, :math:`v_{kV}^2 / 100`. A branch is one of two:

* series, a line or the source: :math:`V_c = P V_p - Z J` and :math:`J_p = P^T J`, where P says which conductor arrives at which phase;
* nodal, transformers and all parallel elements: :math:`I_p = Y_{pp} V_p + Y_{pc} V_c`, :math:`-J = Y_{cp} V_p + Y_{cc} V_c`.

Sources: W. H. Kersting, "Distribution system modeling and analysis", CRC Press, 2002, chapters 6 and 8; for coils by incidence
T.-H. Chen, M.-S. Chen, T. Inoue, P. Kotas and E. A. Chebli, "Three-phase cogenerator and transformer models for distribution system
analysis", IEEE Trans. Power Del. 6(4), 1991.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.grid import phase_elements as pe
from gridtandem.grid.phase_tree import LINE, SOURCE, TRANSFORMER, Coils, PhaseTree
from gridtandem.tables import Complex, Flag, Index, Real
from gridtandem.units import MVA

EACH = MVA / 3.0  # base power of one phase [MVA]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PhaseBranches:
    """Branches above the nodes of a tree, and what each node has to ground."""

    z: Complex  # (node, 3, 3) series impedance between the phases of the node; 0 where the branch is nodal
    shunt: Complex  # (node, 3, 3) charging and capacitors at the node
    block: Index  # (node) row of its block; −1: series, with every conductor on its own phase
    nodal: Flag  # (block) else series
    blocks: Complex  # (block, 3, 3, 3) nodal: Ypp, Ycp, Ycc; series: P, 0, 0


def phase_branches(tree: PhaseTree, tap_from: Real, tap_to: Real) -> PhaseBranches:
    """The branches at these taps of all transformers."""
    n = len(tree.parent)
    z, shunt, block = np.zeros((n, 3, 3), complex), np.zeros((n, 3, 3), complex), np.full(n, -1)
    element = tree.first[:-1]
    alone = np.diff(tree.first) == 1
    alone[alone] = tree.kind[element[alone]] != TRANSFORMER
    blocks = []
    _series(tree, np.flatnonzero(alone), z, shunt, block, blocks)
    nodal = [False] * len(blocks)
    for k in np.flatnonzero(~alone[1:]) + 1:
        block[k] = len(blocks)
        blocks.append(nodal_block(tree, int(k), tap_from, tap_to))
        nodal.append(True)
    _capacitors(tree, shunt)
    return PhaseBranches(z=z, shunt=shunt, block=block, nodal=np.array(nodal, bool), blocks=np.array(blocks, complex).reshape(-1, 3, 3, 3))


def _series(tree: PhaseTree, nodes: Index, z: Complex, shunt: Complex, block: Index, blocks: list[Complex]) -> None:
    """Lines and the source, all at once; those that change phase get a block."""
    element = tree.first[nodes]
    rows, down = tree.row[element], tree.down[element]
    is_line = tree.kind[element] == LINE
    matrix, half, p = (np.zeros((len(nodes), 3, 3), complex) for _ in range(3))
    lines = rows[is_line]
    matrix[is_line], half[is_line], p[is_line] = line_matrices(tree, lines)
    matrix[~is_line], p[~is_line] = tree.network.sources.matrix()[0], np.eye(3)
    base = (tree.v_base[nodes] ** 2 / EACH)[:, None, None]
    turned = p @ matrix @ p.swapaxes(1, 2)
    z[nodes] = np.where(down[:, None, None], turned, matrix) / base
    there = p @ half @ p.swapaxes(1, 2)
    shunt[nodes] += np.where(down[:, None, None], there, half) * base
    np.add.at(shunt, tree.parent[nodes], np.where(down[:, None, None], half, there) * base)
    p = np.where(down[:, None, None], p, p.swapaxes(1, 2))
    missing = ~p.any(axis=2)
    p[missing] = np.broadcast_to(np.eye(3), p.shape)[missing]  # a phase that is not there follows its neighbour above and draws nothing
    for k in np.flatnonzero((p != np.eye(3)).any(axis=(1, 2))):
        block[nodes[k]] = len(blocks)
        blocks.append(np.stack([p[k], np.zeros((3, 3)), np.zeros((3, 3))]))


def line_matrices(tree: PhaseTree, rows: Index) -> tuple[Complex, Complex, Complex]:
    """Series impedance [ohm] and half the charging [S] between phases at the from end, and P from there to the to end."""
    ln = tree.network.lines
    to = ln.to_phase[rows]
    p = np.zeros((len(rows), 3, 3), complex)
    k, m = np.nonzero(to > 0)
    p[k, to[k, m] - 1, m] = 1.0
    return ln.r_ohm[rows] + 1j * ln.x_ohm[rows], 0.5e-6j * ln.b_us[rows], p


def nodal_block(tree: PhaseTree, k: int, tap_from: Real, tap_to: Real) -> Complex:
    """Ypp, Ycp, Ycc of all elements above node k. [per unit]"""
    total = np.zeros((6, 6), complex)
    for e in range(int(tree.first[k]), int(tree.first[k + 1])):
        row = int(tree.row[e])
        y = transformer_admittance(tree, row, tap_from[row], tap_to[row]) if tree.kind[e] == TRANSFORMER else _line_admittance(tree, row)
        total += y if tree.down[e] else np.roll(y, (3, 3), (0, 1))
    base = np.repeat(tree.v_base[[tree.parent[k], k]], 3)
    total *= np.outer(base, base) / EACH
    return np.stack([total[:3, :3], total[3:, :3], total[3:, 3:]])


def _line_admittance(tree: PhaseTree, row: int) -> Complex:
    """Between the phases of both ends, (6, 6). [S]"""
    z, half, p = (x[0] for x in line_matrices(tree, np.array([row])))
    here = np.flatnonzero(tree.network.lines.to_phase[row] > 0)
    y = np.zeros((3, 3), complex)
    y[np.ix_(here, here)] = np.linalg.inv(z[np.ix_(here, here)])
    out: Complex = np.block([[y + half, -y @ p.T], [-p @ y, p @ (y + half) @ p.T]])
    return out


def element_admittances(tree: PhaseTree, tap_from: Real, tap_to: Real) -> Complex:
    """Of every line and transformer of the tree between the phases of its from and to ends, (element, 6, 6); 0 for the source. [S]"""
    out = np.zeros((len(tree.kind), 6, 6), complex)
    for e, (kind, row) in enumerate(zip(tree.kind.tolist(), tree.row.tolist(), strict=True)):
        if kind != SOURCE:
            out[e] = _line_admittance(tree, row) if kind == LINE else transformer_admittance(tree, row, tap_from[row], tap_to[row])
    return out


def transformer_admittance(tree: PhaseTree, row: int, tap_from: float, tap_to: float) -> Complex:
    """Between the phases of both ends, (6, 6); the formula stands at `PhaseTransformers`. [S]"""
    t = tree.network.transformers
    first, second = tree.coils(row)
    each = t.base_mva[row] / len(first)
    one = slice(row, row + 1)
    kv_1 = float(pe.coil_kv(t.connection_from[one], t.terminals_from[one], t.nominal_from_kv[one])[0])
    kv_2 = float(pe.coil_kv(t.connection_to[one], t.terminals_to[one], t.nominal_to_kv[one])[0])
    n_1, n_2 = incidence(first), incidence(second)
    guard = -0.5e-6j * t.guard_ppm[row] * each * np.concatenate([abs(n_1).sum(0) / kv_1**2, abs(n_2).sum(0) / kv_2**2])
    through = np.hstack([n_1 / (kv_1 * tap_from), -n_2 / (kv_2 * tap_to)])
    y = each / (t.r_from_pu[row] + t.r_to_pu[row] + 1j * t.x_pu[row])
    out: Complex = through.T @ through * y + np.diag(guard)
    out[3:, 3:] += n_2.T @ n_2 * (t.no_load_loss_pu[row] - 1j * t.magnetizing_pu[row]) * each / (kv_2 * tap_to) ** 2
    return out


def incidence(coils: Coils) -> Real:
    """(coil, phase): voltages across coils from those of phases."""
    out = np.zeros((len(coils), 4))
    for k, (a, b) in enumerate(coils):
        out[k, a], out[k, b] = 1.0, -1.0
    return out[:, 1:]


def _capacitors(tree: PhaseTree, shunt: Complex) -> None:
    c = tree.network.capacitors
    kv = pe.coil_kv(c.connection, c.terminals, c.nominal_kv)
    for k in np.flatnonzero(tree.node[c.bus] >= 0):
        n, node = incidence(pe.coils(int(c.connection[k]), c.terminals[k])), tree.node[c.bus[k]]
        y = 1j * c.q_mvar[k] * c.steps_closed[k] / c.steps[k] / len(n) / kv[k] ** 2
        n = n[~(n[:, ~tree.live[node]] != 0).any(axis=1)]  # coils that end on a phase without supply stay dark
        shunt[node] += n.T @ n * y * tree.v_base[node] ** 2 / EACH
