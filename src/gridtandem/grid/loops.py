"""Why a feeder cannot be swept: its loops, each element by name, and whatever inside it holds a voltage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gridtandem.errors import Fault
from gridtandem.grid import elements as el
from gridtandem.grid.nodal import Nodal
from gridtandem.grid.topology import reached
from gridtandem.tables import Flag, Index

ALIKE = 1e-12  # relative difference of ratios up to which parallel branches count as one; rounding of 1/ratio is 1e-16
SHOWN = 8

Edge = tuple[int, int, str, str]  # bus, bus, table, name


def radial_faults(nodal: Nodal, root: int) -> list[Fault]:
    """Everything that keeps the backward-forward sweep from serving the feeder at this root node; empty where it serves it."""
    found = [*_loops(nodal, root), *_controls(nodal, root), *_unreached(nodal, root)]
    return [replace(f, place=nodal.name) for f in found]


def _loops(nodal: Nodal, root: int) -> Iterator[Fault]:
    """One fault for each branch beyond a spanning tree, naming all that lies on the loop it closes.

    The tree takes ties first, so a ring of ties alone, which has no impedance and thus no loop flow, is not reported.
    """
    extra = np.flatnonzero(_closing(nodal) & reached(nodal, np.array([root]))[nodal.branches.start])
    if not len(extra):
        return
    edges = _edges(nodal)
    ties = len(edges) - len(nodal.branches.start)
    near = _spanning(edges, len(nodal.node), {ties + int(k) for k in extra})
    for k in extra.tolist():
        a, b, table, name = edges[ties + k]
        loop: dict[str, list[str]] = {table: [name]}
        for kind, label in _path(near, a, b):
            loop.setdefault(kind, []).append(label)
        words = [f"{kind} {_some(loop[kind])}" for kind in ("lines", "transformers", "ties") if kind in loop]
        mend = "open one of them or choose feeder solver newton"
        yield Fault(table, f"has a loop through {', '.join(words)}", mend, "case-060", row=int(nodal.branches.row[k]), label=name)


def _closing(nodal: Nodal) -> Flag:
    """Branches that close a loop when branches are added one after another; exact parallels of an earlier one do not."""
    br, home = nodal.branches, list(range(nodal.nodes))
    ratio = np.where(br.start < br.end, br.ratio, 1 / br.ratio)
    first: dict[tuple[int, int], complex] = {}
    closing = np.zeros(len(br.start), bool)
    for k, (a, b, n) in enumerate(zip(br.start.tolist(), br.end.tolist(), ratio.tolist(), strict=True)):
        pair = (min(a, b), max(a, b))
        if pair in first and abs(n - first[pair]) <= ALIKE * abs(n):
            continue
        first.setdefault(pair, n)
        x, y = _home(home, a), _home(home, b)
        closing[k] = x == y
        home[x] = y
    return closing


def _home(home: list[int], k: int) -> int:
    while home[k] != k:
        home[k] = home[home[k]]
        k = home[k]
    return k


def _edges(nodal: Nodal) -> list[Edge]:
    """Closed ties between buses in service, then all branches of the model in its order."""
    net, br = nodal.network, nodal.branches
    tie = net.ties
    live = np.flatnonzero(tie.closed & (nodal.node[tie.from_bus] >= 0) & (nodal.node[tie.to_bus] >= 0))
    edges: list[Edge] = [(int(tie.from_bus[k]), int(tie.to_bus[k]), "ties", str(tie.name[k])) for k in live]
    for kind, row in zip(br.kind.tolist(), br.row.tolist(), strict=True):
        table: el.Lines | el.Transformers = net.transformers if kind else net.lines
        edges.append((int(table.from_bus[row]), int(table.to_bus[row]), table.kind, str(table.name[row])))
    return edges


Near = list[list[tuple[int, str, str]]]


def _spanning(edges: list[Edge], buses: int, without: set[int]) -> Near:
    """Neighbours of each bus along a spanning forest that prefers earlier edges."""
    near: Near = [[] for _ in range(buses)]
    home = list(range(buses))
    for k, (a, b, table, name) in enumerate(edges):
        x, y = _home(home, a), _home(home, b)
        if k in without or x == y:
            continue
        home[x] = y
        near[a].append((b, table, name))
        near[b].append((a, table, name))
    return near


def _path(near: Near, a: int, b: int) -> list[tuple[str, str]]:
    """Elements on the way from bus a to bus b of one tree."""
    came: dict[int, tuple[int, str, str]] = {a: (a, "", "")}
    stack = [a]
    while stack and b not in came:
        here = stack.pop()
        for there, table, name in near[here]:
            if there not in came:
                came[there] = (here, table, name)
                stack.append(there)
    way: list[tuple[str, str]] = []
    while b != a:
        b, table, name = came[b]
        way.append((table, name))
    return way[::-1]


def _controls(nodal: Nodal, root: int) -> Iterator[Fault]:
    """Units and transformers that hold a voltage. At the root transmission holds it, and units there are left out."""
    net, units, taps = nodal.network, nodal.units, nodal.taps
    mend = "choose feeder solver newton or set control = {}"
    for row in units.row[(units.control != el.PQ) & (units.node != root)].tolist():
        yield net.generators.fault(row, "control", "holds a voltage, which a sweep does not serve", mend.format("pq"), "case-061")
    for row in nodal.branches.row[taps.branch].tolist():
        yield net.transformers.fault(row, "control", "moves its ratio, which a sweep does not serve", mend.format("fixed"), "case-061")


def _unreached(nodal: Nodal, root: int) -> Iterator[Fault]:
    label = nodal.network.buses.label
    away: Index = np.flatnonzero(~reached(nodal, np.array([root])))
    if len(away):
        what = f"{_some([label(int(nodal.bus[k])) for k in away])}: no path to the root {label(int(nodal.bus[root]))!r}"
        yield Fault("buses", what, "close a line or switch, or set live = no", "case-050")


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
