r"""What lies between the nodes of a three-phase tree, per unit on 100 MVA of all phases together.

One phase has a third of the base, so that impedances have the base of balanced networks, :math:`v_{kV}^2 / 100`. A branch is one of two:

* series, a line or the source: :math:`V_c = P V_p - Z J` and :math:`J_p = P^T J`, where P says which conductor arrives at which phase;
* nodal, transformers and all parallel elements: :math:`I_p = Y_{pp} V_p + Y_{pc} V_c`, :math:`-J = Y_{cp} V_p + Y_{cc} V_c`,
  with the child's voltages in a basis Q, of which one vector is what phases that no coil ties to ground have in common.

In that basis what floats is apart from what does not, to the last bit; between phases the one (a guard of :math:`10^{-8}`) would drown in
rounding of the other (windings of :math:`10^2`).

Sources: W. H. Kersting, "Distribution system modeling and analysis", CRC Press, 2002, chapters 6 and 8; for coils by incidence
T.-H. Chen, M.-S. Chen, T. Inoue, P. Kotas and E. A. Chebli, "Three-phase cogenerator and transformer models for distribution system
analysis", IEEE Trans. Power Del. 6(4), 1991.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.grid.phase_admittance import EACH, capacitor_admittance, line_admittances, line_matrices, live_coils, transformer_admittance
from gridtandem.grid.phase_tree import LINE, TRANSFORMER, PhaseTree
from gridtandem.tables import Complex, Flag, Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PhaseBranches:
    """Branches above the nodes of a tree, and what each node has to ground."""

    z: Complex  # (node, 3, 3) series impedance between the phases of the node; 0 where the branch is nodal
    shunt: Complex  # (node, 3, 3) charging and capacitors at the node
    block: Index  # (node) row of its block; −1: series, with every conductor on its own phase
    nodal: Flag  # (block) else series
    common: Index  # (block) which vector of Q is the voltage that floating phases have in common; −1: none floats
    blocks: Complex  # (block, 4, 3, 3) nodal: Ypp, Qᵀ Ycp, Qᵀ Ycc Q, Q; series: P, 0, 0, 0


def phase_branches(tree: PhaseTree, tap_from: Real, tap_to: Real) -> PhaseBranches:
    """The branches at these taps of all transformers."""
    n = len(tree.parent)
    z, shunt, block = np.zeros((n, 3, 3), complex), np.zeros((n, 3, 3), complex), np.full(n, -1)
    element = tree.first[:-1]
    alone = np.diff(tree.first) == 1
    alone[alone] = tree.kind[element[alone]] != TRANSFORMER
    nodes = np.flatnonzero(alone)
    z[nodes], here, above, p = _series(tree, nodes)
    shunt[nodes] += here
    np.add.at(shunt, tree.parent[nodes], above)
    turned = np.flatnonzero((p != np.eye(3)).any(axis=(1, 2)))
    block[nodes[turned]] = np.arange(len(turned))
    blocks, common = [np.stack([p[k], *np.zeros((3, 3, 3))]) for k in turned.tolist()], [-1] * len(turned)
    nodal = np.flatnonzero(~alone[1:]) + 1
    for k in nodal.tolist():
        block[k] = len(blocks)
        q, floating = child_basis(tree, k)
        common.append(floating)
        blocks.append(nodal_block(tree, k, q, tap_from, tap_to))
    _capacitors(tree, shunt)
    return PhaseBranches(
        z=z, shunt=shunt, block=block, nodal=np.arange(len(blocks)) >= len(blocks) - len(nodal), common=np.array(common, np.int64),
        blocks=np.array(blocks, complex).reshape(-1, 4, 3, 3),
    )  # fmt: skip


def child_basis(tree: PhaseTree, k: int) -> tuple[Real, int]:
    """Orthonormal Q for the voltages of node k, and which of its vectors floats: phases that coils tie to each other but not to ground."""
    group = [0, 1, 2, 3]  # ground, a, b, c; joined ones carry the least number
    for e in range(int(tree.first[k]), int(tree.first[k + 1])):
        if tree.kind[e] != TRANSFORMER:
            return np.eye(3), -1
        for a, b in live_coils(tree, int(tree.row[e]))[1 if tree.down[e] else 0]:
            low, high = sorted((group[a], group[b]))
            group = [low if g == high else g for g in group]
    phases = [p for p in range(3) if group[p + 1] > 0 and group.count(group[p + 1]) > 1]
    if not phases:
        return np.eye(3), -1
    if len(phases) == 3:
        return np.array([[1, 1, 1], [1, -1, 1], [1, 0, -2]]) / np.sqrt([3.0, 2.0, 6.0]), 0
    i, j = phases
    q = np.eye(3)
    q[i, i] = q[i, j] = q[j, i] = np.sqrt(0.5)
    q[j, j] = -np.sqrt(0.5)
    return q, i


def retapped(tree: PhaseTree, branches: PhaseBranches, moved: Index, tap_from: Real, tap_to: Real) -> PhaseBranches:
    """The branches once these transformers stand at other taps."""
    blocks = branches.blocks.copy()
    above = np.searchsorted(tree.first, np.flatnonzero((tree.kind == TRANSFORMER) & np.isin(tree.row, moved)), "right") - 1
    for k in np.unique(above).tolist():
        at = int(branches.block[k])
        blocks[at] = nodal_block(tree, k, blocks[at, 3].real, tap_from, tap_to)
    return replace(branches, blocks=blocks)


def reaches_ground(tree: PhaseTree, k: int) -> bool:
    """Whether current to ground at node k flows through its parent: lines and wye windings carry it, deltas do not."""
    for e in range(int(tree.first[k]), int(tree.first[k + 1])):
        if tree.kind[e] != TRANSFORMER or any(b == 0 for _, b in live_coils(tree, int(tree.row[e]))[0 if tree.down[e] else 1]):
            return True
    return False


def _series(tree: PhaseTree, nodes: Index) -> tuple[Complex, Complex, Complex, Complex]:
    """Of nodes below a line or the source: Z, half the charging at the node and at its parent, and P. [per unit]"""
    element = tree.first[nodes]
    down, is_line = tree.down[element][:, None, None], tree.kind[element] == LINE
    matrix, half, p = (np.zeros((len(nodes), 3, 3), np.complex128) for _ in range(3))
    matrix[is_line], half[is_line], p[is_line] = line_matrices(tree, tree.row[element[is_line]])
    matrix[~is_line], p[~is_line] = tree.network.sources.matrix()[0], np.eye(3)
    base, back = (tree.v_base[nodes] ** 2 / EACH)[:, None, None], p.swapaxes(1, 2)
    z = np.where(down, p @ matrix @ back, matrix) / base
    far, near = p @ half @ back * base, half * base
    turn = np.where(down, p, back)
    missing = ~turn.any(axis=2)
    turn[missing] = np.broadcast_to(np.eye(3), p.shape)[missing]  # a phase that is not there follows its neighbour above and draws nothing
    here, above = np.where(down, far, near), np.where(down, near, far)
    return np.asarray(z, np.complex128), np.asarray(here, np.complex128), np.asarray(above, np.complex128), turn


def nodal_block(tree: PhaseTree, k: int, q: Real, tap_from: Real, tap_to: Real) -> Complex:
    """Ypp, QᵀYcp, QᵀYccQ of all elements above node k, and Q. [per unit]"""
    total, one = np.zeros((6, 6), complex), np.eye(3)
    for e in range(int(tree.first[k]), int(tree.first[k + 1])):
        row, down = int(tree.row[e]), bool(tree.down[e])
        if tree.kind[e] == TRANSFORMER:
            y = transformer_admittance(tree, row, (tap_from[row], tap_to[row]), (one, q) if down else (q, one))
        else:
            y = line_admittances(tree, np.array([row]))[0]
        total += y if down else np.roll(y, (3, 3), (0, 1))
    base = np.repeat(tree.v_base[[tree.parent[k], k]], 3)
    total *= np.outer(base, base) / EACH
    return np.stack([total[:3, :3], total[3:, :3], total[3:, 3:], q])


def _capacitors(tree: PhaseTree, shunt: Complex) -> None:
    c = tree.network.capacitors
    for k in np.flatnonzero(tree.node[c.bus] >= 0).tolist():
        node = tree.node[c.bus[k]]
        shunt[node] += capacitor_admittance(tree, k) * tree.v_base[node] ** 2 / EACH
