"""Loads and generators of a three-phase tree as coils, each with its law, per unit; the laws stand at `PhaseLoads`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.errors import InvalidCase
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.phase_admittance import EACH
from gridtandem.grid.phase_tree import PhaseTree
from gridtandem.tables import Complex, Flag, Index, Real

IMPEDANCE = 1  # `PhaseGenerators.control`
# columns of a law: rated voltage; P = p0 + p1 u + p2 u² + p_t uⁿ, Q alike; limits; the power m of the admittance above v_high; P and Q at
# rated voltage; share of the loading (0: a generator, which no loading scales)
RATED, P0, P1, P2, PT, PN, Q0, Q1, Q2, QT, QN, LOW, HIGH, LINEAR, CUT, POWER, PR, QR, SCALED = range(19)
WIDTH = 19
GROUND = 3  # where a coil that ends at ground has its second end


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Coils:
    """Every coil of loads and generators at nodes of a tree."""

    node: Index  # (coil)
    ends: Index  # (coil, 2) phase counted from 0 at both ends, or `GROUND`
    law: Real  # (coil, WIDTH)
    owner: Index  # (coil) row of its load, or −1 − row of its generator


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SortedCoils:
    """Coils by node, as a sweep takes them. Constant power from a phase to ground without voltage limits is added up by phase in ``wye``."""

    wye: Real  # (node, 6) P and Q of phases a, b, c
    first: Index  # (node + 1)
    ends: Index  # (coil, 2)
    law: Real  # (coil, WIDTH)

    @staticmethod
    def of(coils: Coils, nodes: int) -> SortedCoils:
        """Of one tree with so many nodes."""
        node, ends, law = coils.node, coils.ends, coils.law
        plain = (ends[:, 1] == GROUND) & (law[:, LOW] <= 0) & (law[:, HIGH] == np.inf) & (law[:, CUT] == 0) & (law[:, SCALED] == 1)
        plain &= ~(law[:, [P1, P2, PT, Q1, Q2, QT]] != 0).any(axis=1)
        wye = np.zeros((nodes, 6))
        for column, part in ((P0, 0), (Q0, 1)):
            np.add.at(wye, (node[plain], 2 * ends[plain, 0] + part), law[plain, column])
        rest = np.flatnonzero(~plain)
        rest = rest[np.argsort(node[rest], kind="stable")]
        return SortedCoils(wye=wye, first=np.searchsorted(node[rest], np.arange(nodes + 1)), ends=ends[rest], law=law[rest])

    @staticmethod
    def joined(parts: Sequence[SortedCoils]) -> SortedCoils:
        """Of feeders one after the other."""
        before = np.cumsum([0, *(len(c.law) for c in parts)])
        first = np.concatenate([[0], *(c.first[1:] + k for c, k in zip(parts, before, strict=False))])
        wye, ends, law = (np.concatenate([getattr(c, name) for c in parts]) for name in ("wye", "ends", "law"))
        return SortedCoils(wye=wye, first=first, ends=ends, law=law)


def coils_of(tree: PhaseTree, floats: Flag) -> Coils:
    """Coils of all loads and generators at nodes of the tree; those that end on a phase without supply draw nothing.

    `InvalidCase` names those between a phase and ground where phases float: nothing would carry their current back.
    """
    parts = zip(_of(tree, tree.network.loads), _of(tree, tree.network.generators), strict=True)
    node, ends, law, owner = (np.concatenate(part) for part in parts)
    faults = []
    for one in dict.fromkeys(owner[floats[node] & (ends[:, 1] == GROUND)].tolist()):
        table, row = (tree.network.loads, one) if one >= 0 else (tree.network.generators, -1 - one)
        what = "hangs between a phase and ground where a delta winding leaves phases without a way to ground"
        faults.append(table.fault(row, "connection", what, "connect it as delta, or ground the transformer", "case-084").at(tree.network.name))
    if faults:
        raise InvalidCase(faults)
    return Coils(node=node, ends=ends, law=law, owner=owner)


def _of(tree: PhaseTree, table: pe.PhaseLoads | pe.PhaseGenerators) -> tuple[Index, Index, Real, Index]:
    """Node, ends, law and owner of every coil of a table."""
    row, ends = _ends(table)
    node = tree.node[table.bus[row]]
    dead = ~np.hstack([tree.live, np.ones((len(tree.live), 1), bool)])
    on = (node >= 0) & ~(dead[node, ends[:, 0]] | dead[node, ends[:, 1]])
    share = 1.0 / np.bincount(row, minlength=len(table))[row] / EACH
    kv = pe.coil_kv(table.connection, table.terminals, table.nominal_kv)[row]
    law = (_load_law(table) if isinstance(table, pe.PhaseLoads) else _generator_law(table))[row]
    law[:, P0 : PT + 1] *= share[:, None]
    law[:, Q0 : QT + 1] *= share[:, None]
    law[:, [PR, QR]] *= share[:, None]
    law[:, RATED] = kv / tree.v_base[node]
    return node[on], ends[on], law[on], (row if isinstance(table, pe.PhaseLoads) else -1 - row)[on]


def _ends(table: pe.PhaseLoads | pe.PhaseGenerators) -> tuple[Index, Index]:
    """Row and both ends of each coil."""
    row, ends = [], []
    for k, (connection, terminals) in enumerate(zip(table.connection.tolist(), table.terminals, strict=True)):
        for a, b in pe.coils(connection, terminals):
            row.append(k)
            ends.append((a - 1, b - 1 if b else GROUND))
    return np.array(row, np.int64), np.array(ends, np.int64).reshape(-1, 2)


def _load_law(t: pe.PhaseLoads) -> Real:
    law = np.zeros((len(t), WIDTH))
    for s, first, n, z, i in ((t.p_mw, P0, t.p_exponent, t.p_z_share, t.p_i_share), (t.q_mvar, Q0, t.q_exponent, t.q_z_share, t.q_i_share)):
        rest = 1.0 - z - i
        whole: list[Flag] = [n == k for k in range(3)]
        law[:, first] = s * rest * whole[0]
        law[:, first + 1] = s * (i + rest * whole[1])
        law[:, first + 2] = s * (z + rest * whole[2])
        law[:, first + 3] = s * rest * ~(whole[0] | whole[1] | whole[2])
        law[:, first + 4] = n
    free = t.law == pe.IMPEDANCE
    law[:, LOW], law[:, HIGH] = np.where(free, -1.0, t.v_low_pu), np.where(free, np.inf, t.v_high_pu)
    law[:, LINEAR], law[:, CUT], law[:, POWER] = t.v_linear_pu, np.where(t.law == pe.ZIP, t.v_cut_pu, 0.0), np.where(t.law == pe.CURRENT, 1.0, 2.0)
    law[:, PR], law[:, QR], law[:, SCALED] = t.p_mw, t.q_mvar, 1.0
    return law


def _generator_law(t: pe.PhaseGenerators) -> Real:
    """Negative demand; an impedance has no limits, and below its limit a unit is the admittance it is there."""
    law = np.zeros((len(t), WIDTH))
    free = t.control == IMPEDANCE
    for s, first in ((-t.p_mw, P0), (-t.q_mvar, Q0)):
        law[:, first], law[:, first + 2] = np.where(free, 0.0, s), np.where(free, s, 0.0)
    law[:, LOW], law[:, HIGH], law[:, POWER] = np.where(free, -1.0, t.v_low_pu), np.where(free, np.inf, t.v_high_pu), 2.0
    law[:, PR], law[:, QR] = -t.p_mw, -t.q_mvar
    return law


def coil_power(coils: Coils, v: Complex, loading: float) -> Complex:
    """Power of each coil at node voltages (node, phase). [per unit of one phase]"""
    law = coils.law
    across = across_coils(coils, v)
    u = np.abs(across) / law[:, RATED]
    with np.errstate(divide="ignore", invalid="ignore"):
        s = sum(law[:, P0 + k] * u**k + 1j * law[:, Q0 + k] * u**k for k in range(3))
        s = s + law[:, PT] * u ** law[:, PN] + 1j * law[:, QT] * u ** law[:, QN]
        low, linear = law[:, LOW], law[:, LINEAR]
        between = linear + (low ** (1 - law[:, POWER]) - linear) * (u - linear) / (low - linear)
        below = np.where(u <= linear, u**2, between * u)
        factor = np.where(u <= low, below, u**2 / law[:, HIGH] ** law[:, POWER])
    s = np.where((u > low) & (u <= law[:, HIGH]), s, (law[:, PR] + 1j * law[:, QR]) * np.nan_to_num(factor))
    return np.asarray(np.where(u < law[:, CUT], 0.0, s) * np.where(law[:, SCALED] > 0, loading, 1.0), np.complex128)


def across_coils(coils: Coils, v: Complex) -> Complex:
    """Voltage across each coil. [per unit of its node's phase voltage]"""
    ground = np.hstack([v, np.zeros((len(v), 1))])
    return np.asarray(ground[coils.node, coils.ends[:, 0]] - ground[coils.node, coils.ends[:, 1]])
