"""Admittances of the elements of a three-phase tree between the phases at their ends, from their tables; in siemens.

Sources: as at `gridtandem.flow.phase_branches`, which makes branches of them; `gridtandem.grid.phase_nodes` makes a network of them.
"""

from __future__ import annotations

import numpy as np

from gridtandem.grid import phase_elements as pe
from gridtandem.grid.phase_tree import Coils, PhaseTree
from gridtandem.tables import Complex, Index, Real
from gridtandem.units import MVA

EACH = MVA / 3.0  # base power of one phase [MVA]


def live_coils(tree: PhaseTree, row: int) -> tuple[Coils, Coils]:
    """Coils of both windings whose ends all have supply."""
    t = tree.network.transformers
    at, to = tree.node[t.from_bus[row]], tree.node[t.to_bus[row]]
    alive = ((True, *tree.live[at]), (True, *tree.live[to]))
    both = [pair for pair in zip(*tree.coils(row), strict=True) if all(alive[s][n] for s in (0, 1) for n in pair[s])]
    return [first for first, _ in both], [second for _, second in both]


def line_matrices(tree: PhaseTree, rows: Index) -> tuple[Complex, Complex, Complex]:
    """Series impedance [ohm] and half the charging [S] between phases at the from end, and P from there to the to end."""
    ln = tree.network.lines
    to = ln.to_phase[rows]
    p = np.zeros((len(rows), 3, 3), np.complex128)
    k, m = np.nonzero(to > 0)
    p[k, to[k, m] - 1, m] = 1.0
    z, half = ln.r_ohm[rows] + 1j * ln.x_ohm[rows], 0.5e-6j * ln.b_us[rows]
    return np.asarray(z, np.complex128), np.asarray(half, np.complex128), p


def line_admittances(tree: PhaseTree, rows: Index) -> Complex:
    """Of lines between the phases of both ends, (line, 6, 6). [S]"""
    z, half, p = line_matrices(tree, rows)
    there = tree.network.lines.to_phase[rows] > 0
    z[:, range(3), range(3)] += ~there  # any number where there is no conductor, for the inverse
    y, back = np.linalg.inv(z) * (there[:, :, None] & there[:, None, :]), p.swapaxes(1, 2)
    return np.asarray(np.block([[y + half, -y @ back], [-p @ y, p @ (y + half) @ back]]), np.complex128)


def element_admittance(tree: PhaseTree, row: int, taps: Real) -> Complex:
    """Of a transformer at taps (side), between the phases of its from and to ends. [S]"""
    return transformer_admittance(tree, row, (taps[0], taps[1]), (np.eye(3), np.eye(3)))


def transformer_admittance(tree: PhaseTree, row: int, taps: tuple[float, float], basis: tuple[Real, Real]) -> Complex:
    """Between both ends, (6, 6), their voltages in these bases; the formula stands at `PhaseTransformers`. [S]"""
    t = tree.network.transformers
    first, second = live_coils(tree, row)
    each, (kv_1, kv_2) = t.base_mva[row] / len(tree.coils(row)[0]), rated_kv(tree, row)
    n_1, n_2 = incidence(first) @ basis[0], incidence(second) @ basis[1]
    through = np.hstack([n_1 / (kv_1 * taps[0]), -n_2 / (kv_2 * taps[1])])
    out: Complex = through.T @ through * (each / (t.r_from_pu[row] + t.r_to_pu[row] + 1j * t.x_pu[row]))
    out[3:, 3:] += n_2.T @ n_2 * (t.no_load_loss_pu[row] - 1j * t.magnetizing_pu[row]) * each / (kv_2 * taps[1]) ** 2
    for s, (coils, kv) in enumerate(((first, kv_1), (second, kv_2))):
        guard = -0.5e-6j * t.guard_ppm[row] * each * abs(incidence(coils)).sum(0) / kv**2
        out[3 * s : 3 * s + 3, 3 * s : 3 * s + 3] += basis[s].T @ np.diag(guard) @ basis[s]
    return out


def rated_kv(tree: PhaseTree, row: int) -> tuple[float, float]:
    """Rated voltages across the coils of both windings. [kV]"""
    t, one = tree.network.transformers, slice(row, row + 1)
    first = pe.coil_kv(t.connection_from[one], t.terminals_from[one], t.nominal_from_kv[one])
    return float(first[0]), float(pe.coil_kv(t.connection_to[one], t.terminals_to[one], t.nominal_to_kv[one])[0])


def incidence(coils: Coils) -> Real:
    """(coil, phase): voltages across coils from those of phases."""
    out = np.zeros((len(coils), 4))
    for k, (a, b) in enumerate(coils):
        out[k, a], out[k, b] = 1.0, -1.0
    return out[:, 1:]


def capacitor_admittance(tree: PhaseTree, row: int) -> Complex:
    """Of a capacitor at its closed steps, between the phases of its bus; coils that end on a phase without supply stay dark. [S]"""
    c, one = tree.network.capacitors, slice(row, row + 1)
    n = incidence(pe.coils(int(c.connection[row]), c.terminals[row]))
    y = 1j * c.q_mvar[row] * c.steps_closed[row] / c.steps[row] / len(n) / pe.coil_kv(c.connection[one], c.terminals[one], c.nominal_kv[one])[0] ** 2
    n = n[~(n[:, ~tree.live[tree.node[c.bus[row]]]] != 0).any(axis=1)]
    return np.asarray(n.T @ n * y, np.complex128)
