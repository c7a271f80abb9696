r"""A three-phase feeder as a plain network of its phase nodes, so that all that serves plain networks serves it too.

Any symmetric admittance matrix between nodes is a graph of two-terminal branches,

.. math:: y_{ij} = -Y_{ij} \quad\text{between i and j}, \qquad y_i = \sum_j Y_{ij} \quad\text{from i to ground},

some with negative resistance or reactance (rows ``equivalent``). A bus here is one phase of a bus there, ``675.a``, whose nominal voltage is the one
from phase to ground: powers are then true MW of that phase on the same base of 100 MVA, and rows of loads and units say what they do elsewhere.

* **Root.** Behind the short-circuit impedance the phases are :math:`V \tau`, :math:`\tau = (1, e^{-j 2\pi/3}, e^{+j 2\pi/3})`: one unknown,
  hence one bus, by its nominal line-to-line voltage. From it a branch with the shift of each phase bears ``SPLIT`` of the positive-sequence
  impedance :math:`z_1`; the rest, Z less that share of :math:`z_1` in its diagonal, couples the phases behind. What passes at the root is the
  sum of the three phases' powers, which is what a transmission grid in positive sequence gives.
* **Between phases.** A coil between phases a, b is an isolating transformer of one to one from them to a bus of its own:
  :math:`Y = y\, n n^\top` on (a, b, that bus) with :math:`n = (1, -1, -1)` in kV, so that its voltage is :math:`v_a - v_b - i / y`. Of a winding,
  1/y is part of the transformer's impedance. For loads, units and limits a branch :math:`-1/y` leads from there to the bus ``675.a-b``, whose
  voltage then is :math:`v_a - v_b`. Both are exact for any y; it is chosen near the size of what hangs there.
* **Conductors.** A rating holds for the current of a conductor. Where a line has one, ``SPLIT`` of its own impedance stands apart as a line
  of its own, rated at nominal voltage: :math:`Z = D + (Z - D)` with diagonal D, which changes nothing else. Charging flows outside of it.
  A transformer is rated coil by coil, each for its share. Switches without a rating are ties.
* **Phases that float.** Where no winding ties a set of phases to ground, only a guard and charging of cables do: the voltage that its phases have
  in common is then lost in rounding. At the first bus of the set ``HOLD`` ties their mean to ground; between phases nothing changes but by what
  charging would have pushed through ground.

Only what wye windings draw without load dissipates in a shunt, so that losses of branches add up to losses.

Left out: the voltages beyond which OpenDSS turns loads into impedances, and those below which it cuts them off. Taps stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid import elements as el
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.balanced import source_bus
from gridtandem.grid.graph import components
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.grid.phase_admittance import live_coils
from gridtandem.grid.phase_edges import Wires, wires
from gridtandem.grid.phase_feeder import rising
from gridtandem.grid.phase_tree import LINE, TRANSFORMER, PhaseTree, phase_tree, unfed
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.tables import Flag, Index, Names, Real
from gridtandem.units import MVA

ROOT3 = np.sqrt(3.0)
LEAST = 0.1  # MVA; the least power for which a coil between phases is sized
ALIKE = 1e-9  # relative; by how much a matrix may differ from its transpose, for the digits of a file
Coil = tuple[int, int]  # 1, 2, 3 are phases a, b, c and 0 is ground
Spots = Mapping[tuple[int, Coil], float]  # bus, and coil there between two phases, the lower one first → power there [MVA]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PhaseNodes:
    """Where the parts of a feeder went."""

    tree: PhaseTree
    node: Index  # (bus, phase) bus of the network; −1: without supply
    between: Mapping[tuple[int, Coil], int]  # bus, and coil there between two phases → bus of the network

    @property
    def root(self) -> int:
        """The bus behind the short-circuit impedance."""
        return int(self.node.max()) + len(self.between) + 1

    def place(self, bus: int, coil: Coil) -> int:
        """Bus of the network where a coil hangs; −1: without supply."""
        return self.between.get((bus, rising(coil)), -1) if coil[1] else int(self.node[bus, coil[0] - 1])


def phase_nodes(network: ThreePhaseNetwork, more: Spots | None = None) -> tuple[Network, PhaseNodes]:
    """The feeder as a network of phase nodes; or `InvalidCase` with all that a tree of phases cannot serve.

    ``more`` names coils between phases that need a bus of their own, beside those of loads, generators and limits. Generators keep their power.
    """
    tree = phase_tree(network)
    floats = floating(tree)
    if faults := [*_stray(tree, floats), *_unsaid(network)]:
        raise InvalidCase(f.at(network.name) for f in faults)
    there = network.buses.phases & (tree.node >= 0)[:, None] & tree.live[tree.node]
    node, spots = np.where(there, np.cumsum(there).reshape(there.shape) - 1, -1), _spots(tree, there, floats, more or {})
    at = PhaseNodes(tree=tree, node=node, between={spot: int(there.sum()) + k for k, spot in enumerate(spots)})
    given = _names(at)
    between = [(at.between[s], int(node[s[0], s[1][0] - 1]), int(node[s[0], s[1][1] - 1]), mva / MVA) for s, mva in spots.items()]
    made = wires(tree, node, floats, given, between)
    net = Network(
        name=network.name, buses=_buses(at, floats, given, made), ties=made.ties, lines=made.lines, transformers=made.transformers,
        shunts=made.shunts, loads=_loads(at), generators=_units(at), frequency_hz=network.frequency_hz, notes=(*network.notes, *_notes(tree)),
    ).check()  # fmt: skip
    return replace(net, buses=_started(net, at.root)), at


def floating(tree: PhaseTree) -> Index:
    """(tree node, phase) to which set it belongs of phases tied to each other and by no winding, line or source to ground; −1: to none."""
    net, n = tree.network, len(tree.parent)
    ends = list[tuple[int, int]]()
    for element, row in zip(tree.kind.tolist(), tree.row.tolist(), strict=True):
        if element == TRANSFORMER:
            for bus, coils in zip((net.transformers.from_bus[row], net.transformers.to_bus[row]), live_coils(tree, row), strict=True):
                at = 3 * int(tree.node[bus]) - 1
                ends += [(at + p, at + q if q else 3 * n) for p, q in coils]
        elif element == LINE:
            a, b = 3 * int(tree.node[net.lines.from_bus[row]]), 3 * int(tree.node[net.lines.to_bus[row]])
            ends += [(a + p, b + q - 1) for p, q in enumerate(net.lines.to_phase[row].tolist()) if q]
        else:
            ends += [(3 * k + p, 3 * n) for k in (0, int(tree.node[net.sources.bus[0]])) for p in range(3)]
    a, b = np.array(ends, np.int64).T
    group = components(3 * n + 1, a, b)
    return np.where((group[:-1] != group[-1]).reshape(n, 3) & tree.live, group[:-1].reshape(n, 3), -1)


def _stray(tree: PhaseTree, floats: Index) -> Iterator[Fault]:
    """Loads and generators to ground where phases float."""
    for table in (tree.network.loads, tree.network.generators):
        for k, (bus, coil) in enumerate(zip(table.bus.tolist(), table.connection.tolist(), strict=True)):
            if coil == pe.WYE and tree.node[bus] >= 0 and floats[tree.node[bus], table.terminals[k, table.terminals[k] > 0] - 1].max() >= 0:
                what = "hangs between a phase and ground where a delta winding leaves phases without a way to ground"
                yield table.fault(k, "connection", what, "connect it as delta, or ground the transformer", "case-084")


def _unsaid(net: ThreePhaseNetwork) -> Iterator[Fault]:
    """What rows of a plain network cannot say."""
    for name in ("r_ohm", "x_ohm", "b_us"):
        matrix: Real = getattr(net.lines, name)
        apart = abs(matrix - matrix.swapaxes(1, 2)).max(axis=(1, 2), initial=0.0)
        for k in np.flatnonzero(net.lines.closed & (apart > ALIKE * abs(matrix).max(axis=(1, 2), initial=0.0))).tolist():
            yield net.lines.fault(k, name, "is not symmetric", "give equal numbers to ab and ba, to ac and ca, to bc and cb", "phase-013")
    for k in np.flatnonzero(net.generators.control == 1).tolist():
        yield net.generators.fault(k, "control", "is an impedance, which no dispatch sets", "state it as a load of negative power", "phase-014")


def _spots(tree: PhaseTree, there: Flag, floats: Index, more: Spots) -> dict[tuple[int, Coil], float]:
    """Coils between two phases that need a bus, and the power for which they are sized. [MVA]"""
    out: dict[tuple[int, Coil], float] = {}
    for table in (tree.network.loads, tree.network.generators):
        row, coils = coils_of(table)
        size = np.hypot(table.p_mw, table.q_mvar) / np.bincount(row, minlength=len(table))
        for k, (a, b) in zip(row.tolist(), coils, strict=True):
            if b and there[table.bus[k], [a - 1, b - 1]].all():
                spot = (int(table.bus[k]), rising((a, b)))
                out[spot] = max(out.get(spot, 0.0) + float(size[k]), LEAST)
    for spot, mva in more.items():
        if there[spot[0], [p - 1 for p in spot[1]]].all():
            out[spot] = max(out.get(spot, 0.0) + mva, LEAST)
    buses = tree.network.buses
    for k in np.flatnonzero((tree.node >= 0) & ((buses.v_low_pu > 0) | np.isfinite(buses.v_high_pu))).tolist():
        loose = (np.flatnonzero(floats[tree.node[k]] >= 0) + 1).tolist()
        out.update({(k, pair): LEAST for pair in combinations(loose, 2) if (k, pair) not in out})
    return dict(sorted(out.items()))


def _names(at: PhaseNodes) -> tuple[list[str], list[float]]:
    """Names and nominal voltages of phases, of coils between them, and of the root."""
    b, net = at.tree.network.buses, at.tree.network
    rows, phases = np.nonzero(at.node >= 0)
    names = [f"{b.name[k]}.{pe.PHASES[p]}" for k, p in zip(rows.tolist(), phases.tolist(), strict=True)]
    names += [f"{b.name[k]}.{pe.NODES[p]}-{pe.NODES[q]}" for k, (p, q) in at.between]
    kv = np.concatenate([b.nominal_kv[rows] / ROOT3, b.nominal_kv[[k for k, _ in at.between]], b.nominal_kv[net.sources.bus[:1]]])
    return [*names, source_bus(net)], kv.tolist()


def _buses(at: PhaseNodes, floats: Index, given: tuple[list[str], list[float]], made: Wires) -> el.Buses:
    """Limits hold for phases to ground, and between those that float."""
    b, tree, (names, kv) = at.tree.network.buses, at.tree, given
    size = len(names) + len(made.inner)
    low, high = np.zeros(size), np.full(size, np.inf)
    rows, phases = np.nonzero(at.node >= 0)
    tied = floats[tree.node[rows], phases] < 0
    low[: len(rows)], high[: len(rows)] = np.where(tied, b.v_low_pu[rows], 0.0), np.where(tied, b.v_high_pu[rows], np.inf)
    for (bus, (p, q)), k in at.between.items():
        if floats[tree.node[bus], [p - 1, q - 1]].min() >= 0:
            low[k], high[k] = b.v_low_pu[bus], b.v_high_pu[bus]
    return el.Buses.of({
        "name": [*names, *made.inner.tolist()], "nominal_kv": [*kv, *made.inner_kv.tolist()], "v_low_pu": low, "v_high_pu": high,
        "v_start_pu": np.full(size, abs(tree.source[0])), "angle_start_deg": np.full(size, np.degrees(np.angle(tree.source[0]))),
    })  # fmt: skip


def coils_of(table: pe.PhaseLoads | pe.PhaseGenerators) -> tuple[Index, list[Coil]]:
    """Row and ends of every coil of a table."""
    found = [(k, coil) for k in range(len(table)) for coil in pe.coils(int(table.connection[k]), table.terminals[k])]
    return np.array([k for k, _ in found], np.int64), [coil for _, coil in found]


def _coils(at: PhaseNodes, table: pe.PhaseLoads | pe.PhaseGenerators) -> tuple[Index, Index, Names, Real, Real]:
    """Of the coils of a table that have supply: row, bus, name, share of the row's power, rated voltage over the nominal one of the bus."""
    row, coils = coils_of(table)
    bus = np.array([at.place(int(table.bus[k]), coil) for k, coil in zip(row.tolist(), coils, strict=True)], np.int64)
    count = np.bincount(row, minlength=len(table))[row]
    tail = [f".{pe.NODES[a]}" + (f"-{pe.NODES[b]}" if b else "") if n > 1 else "" for (a, b), n in zip(coils, count.tolist(), strict=True)]
    name: Names = np.char.add(table.name[row].astype("U"), np.array(tail, dtype="U"))
    across = np.array([b > 0 for _, b in coils], bool)
    nominal = at.tree.network.buses.nominal_kv[table.bus[row]] / np.where(across, 1.0, ROOT3)
    kv, on = pe.coil_kv(table.connection, table.terminals, table.nominal_kv)[row], bus >= 0
    return row[on], bus[on], name[on], (1.0 / count)[on], (kv / nominal)[on]


def _loads(at: PhaseNodes) -> el.Loads:
    ld = at.tree.network.loads
    row, bus, name, share, rated = _coils(at, ld)
    law = {c: getattr(ld, c)[row] for c in ("p_exponent", "q_exponent", "p_z_share", "p_i_share", "q_z_share", "q_i_share")}
    return el.Loads(name=name, bus=bus, p_mw=ld.p_mw[row] * share, q_mvar=ld.q_mvar[row] * share, v_calibration_pu=rated, **law)


def _units(at: PhaseNodes) -> el.Generators:
    """Generators at the power they have, and behind them the source as the reference."""
    g, s = at.tree.network.generators, at.tree.network.sources
    row, bus, name, share, _ = _coils(at, g)
    p, q = g.p_mw[row] * share, g.q_mvar[row] * share
    return el.Generators(
        name=np.append(name, s.name[0]), bus=np.append(bus, at.root), p_mw=np.append(p, 0.0), q_mvar=np.append(q, 0.0),
        control=np.append(np.full(len(row), el.PQ), el.REFERENCE), v_set_pu=np.append(np.ones(len(row)), abs(at.tree.source[0])),
        p_low_mw=np.append(p, -el.INF), p_high_mw=np.append(p, el.INF), q_low_mvar=np.append(q, -el.INF), q_high_mvar=np.append(q, el.INF),
        s_high_mva=np.append(g.rating_mva[row] * share, el.INF),
    )  # fmt: skip


def unit_shares(at: PhaseNodes) -> tuple[Index, Real]:
    """Of the generators of the network, but for the source: row in the feeder's table, and share of it."""
    row, _, _, share, _ = _coils(at, at.tree.network.generators)
    return row, share


def _started(net: Network, root: int) -> el.Buses:
    """Voltages to start from: those without any load, so that every phase stands where it belongs."""
    from scipy.sparse.linalg import spsolve

    nodal = Nodal.of(net)
    y, root = nodal.admittance().tocsc(), int(nodal.node[root])
    rest = np.flatnonzero(np.arange(nodal.nodes) != root)
    v = np.full(nodal.nodes, nodal.start[root])
    v[rest] = spsolve(y[rest][:, rest], -y[rest][:, [root]].toarray().ravel() * v[root])
    return replace(net.buses, v_start_pu=abs(v[nodal.node]), angle_start_deg=np.degrees(np.angle(v[nodal.node])))


def _notes(tree: PhaseTree) -> tuple[str, ...]:
    notes = ["phase by phase: bus 675.a is phase a of 675, and 675.a-b lies between its phases a and b"]
    if count := len(tree.network.regulators):
        notes.append(f"{count} tap controls hold the taps that the file leaves")
    return (*notes, *unfed(tree))
