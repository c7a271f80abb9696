"""A three-phase feeder as a tree: its buses in depth-first order from the point behind the source's impedance, and what lies above each.

All elements between the same two buses hang together as one branch: three single-phase regulators, two transformers in open delta, lines
of one phase each. What keeps a feeder from being such a tree is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.graph import depth_first
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.tables import Code, Complex, Flag, Index, Real

LINE, TRANSFORMER, SOURCE = 0, 1, 2
HOLDS_VOLTAGE = 2  # `PhaseGenerators.control`
SHOWN = 8
Coils = list[tuple[int, int]]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PhaseTree:
    """A feeder in depth-first order. Node 0 lies behind the source's impedance and is no bus."""

    network: ThreePhaseNetwork
    bus: Index  # (node) row of its bus; of node 0 the source's
    node: Index  # (bus) −1: without a path to the source
    parent: Index  # (node) −1 at node 0
    first: Index  # (node + 1) elements above node k are first[k] to first[k + 1]
    kind: Code  # (element) line, transformer or source
    row: Index  # (element) in its table
    down: Flag  # (element) its from end is at the parent
    live: Flag  # (node, phase) has a conductor to the source

    @property
    def v_base(self) -> Real:
        """Nominal voltage from phase to ground of each node. [kV]"""
        return np.asarray(self.network.buses.nominal_kv[self.bus] / np.sqrt(3.0))

    @property
    def source(self) -> Complex:
        """Voltages a, b, c behind the source's impedance. [per unit]"""
        s = self.network.sources
        size = s.v_pu[0] * s.nominal_kv[0] / self.network.buses.nominal_kv[s.bus[0]]
        return np.asarray(size * np.exp(1j * np.radians(s.angle_deg[0])) * TURN)

    def coils(self, transformer: int) -> tuple[Coils, Coils]:
        """Coils of both windings."""
        return pe.winding_coils(self.network.transformers, transformer)


TURN = np.exp(-2j * np.pi / 3 * np.arange(3))


def phase_tree(net: ThreePhaseNetwork) -> PhaseTree:
    """The feeder as a tree, or `InvalidCase` with everything that speaks against it."""
    net.check()
    kind, row, a, b = _elements(net)
    size = len(net.buses) + 1
    order, before = depth_first(size, a, b, size - 1)
    place = np.full(size, -1)
    place[order] = np.arange(len(order))
    parent = np.concatenate([[-1], place[before[order[1:]]]])
    reached = np.flatnonzero(place[a] >= 0)
    kind, row, a, b = kind[reached], row[reached], place[a[reached]], place[b[reached]]
    down, up = parent[b] == a, parent[a] == b
    if faults := [*_forbidden(net), *_loops(net, kind, row, down | up)]:
        raise InvalidCase(f.at(net.name) for f in faults)
    child = np.where(down, b, a)
    by_node = np.argsort(child, kind="stable")
    bus = np.where(order == size - 1, net.sources.bus[0], order)
    tree = PhaseTree(
        network=net, bus=bus, node=place[:-1], parent=parent, first=np.searchsorted(child[by_node], np.arange(len(order) + 1)),
        kind=kind[by_node].astype(np.int8), row=row[by_node], down=down[by_node], live=np.zeros((len(order), 3), bool),
    )  # fmt: skip
    _enliven(tree)
    return tree


def _elements(net: ThreePhaseNetwork) -> tuple[Index, Index, Index, Index]:
    """Kind, row and both ends of all that is closed; the source goes from a node of its own."""
    lines, units = np.flatnonzero(net.lines.closed), np.flatnonzero(net.transformers.closed)
    kind = np.repeat([LINE, TRANSFORMER, SOURCE], [len(lines), len(units), 1])
    a = np.concatenate([net.lines.from_bus[lines], net.transformers.from_bus[units], [len(net.buses)]])
    b = np.concatenate([net.lines.to_bus[lines], net.transformers.to_bus[units], net.sources.bus[:1]])
    return kind, np.concatenate([lines, units, [0]]), a, b


def _forbidden(net: ThreePhaseNetwork) -> Iterator[Fault]:
    for k in range(1, len(net.sources)):
        yield net.sources.fault(k, "name", "is a second source, and a sweep goes out from one", "keep one", "case-080")
    for row in np.flatnonzero(net.generators.control == HOLDS_VOLTAGE):
        what = "holds a voltage, which a three-phase sweep does not serve"
        yield net.generators.fault(int(row), "control", what, "set control = power", "case-081")


def _loops(net: ThreePhaseNetwork, kind: Index, row: Index, kept: Flag) -> Iterator[Fault]:
    tables = {LINE: net.lines, TRANSFORMER: net.transformers}
    for k, r in zip(kind[~kept].tolist(), row[~kept].tolist(), strict=True):
        what = "closes a loop, and a three-phase sweep serves trees"
        yield tables[k].fault(r, "to_bus", what, "open it, or another element of the loop", "case-082")


def _enliven(tree: PhaseTree) -> None:
    """Carry life from node to node: along conductors, and to a coil whose partner has it at both ends."""
    to, live = tree.network.lines.to_phase.tolist(), tree.live.tolist()
    parent, first = tree.parent.tolist(), tree.first.tolist()
    kind, row, down = tree.kind.tolist(), tree.row.tolist(), tree.down.tolist()
    live[0] = [True] * 3
    for k in range(1, len(parent)):
        above, here = live[parent[k]], live[k]
        for e in range(first[k], first[k + 1]):
            if kind[e] == TRANSFORMER:
                high, low = tree.coils(row[e]) if down[e] else tree.coils(row[e])[::-1]
                for (p, q), (s, t) in zip(high, low, strict=True):
                    if all(above[n - 1] for n in (p, q) if n):
                        for n in (s, t):
                            here[n - 1] = here[n - 1] or n > 0
            else:
                for m, n in enumerate(to[row[e]] if kind[e] == LINE else (1, 2, 3)):
                    if n:
                        up, low_ = (m, n - 1) if down[e] else (n - 1, m)
                        here[low_] = here[low_] or above[up]
    tree.live[:] = live


def unfed(tree: PhaseTree) -> tuple[str, ...]:
    """What gets no supply: buses without a path to the source, and single phases of others."""
    buses = tree.network.buses
    away = [str(n) for n in buses.name[tree.node < 0]]
    there = np.flatnonzero(tree.node >= 0)
    dead = buses.phases[there] & ~tree.live[tree.node[there]]
    away += [f"{buses.name[there[k]]}.{pe.PHASES[p]}" for k, p in np.argwhere(dead).tolist()]
    more = f" and {len(away) - SHOWN} more" if len(away) > SHOWN else ""
    return (f"without supply: {', '.join(away[:SHOWN])}{more}",) if away else ()
