"""Branches and shunts between the phase nodes of a feeder, element by element; the formulas stand at `gridtandem.grid.phase_nodes`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.grid import elements as el
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.phase_admittance import capacitor_admittance, element_admittance, line_matrices
from gridtandem.grid.phase_tree import LINE, TRANSFORMER, PhaseTree
from gridtandem.tables import Complex, Index, Names, Real, stacked
from gridtandem.units import MVA

NOISE = 1e-13  # relative; what is less between two nodes of an element is rounding, and goes to ground
SPLIT = 0.02  # share of a conductor's own impedance that carries its rating
TIE = 1e-7  # drop across an isolating transformer at the power there: a thousandth of what rounding of 1e-16 would leave of that power
STIFF = 1e-6  # pu on 100 MVA; stands for a source impedance of nothing
COIL = np.outer([1.0, -1.0, -1.0], [1.0, -1.0, -1.0])  # between phases a, b and the bus of the coil a-b
AHEAD = np.array([0.0, 120.0, -120.0])  # deg; the root of a, b, c
Between = tuple[int, int, int, float]  # bus of a coil between two phases, buses of these phases, power [per unit]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Wires:
    """What lies between the buses of the network. After the buses given come ``inner`` ends of rated conductors."""

    inner: Names
    inner_kv: Real
    lines: el.Lines
    transformers: el.Transformers
    shunts: el.Shunts


@final
@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """An element as a symmetric admittance between buses. [S]"""

    name: str
    at: Index
    y: Complex


@final
@dataclass(frozen=True, slots=True, eq=False)
class Rated:
    """A conductor that has a rating: from a bus to its inner end. [ohm]"""

    name: str
    start: int
    end: int
    z: complex
    row: int  # of its line


def wires(tree: PhaseTree, node: Index, names: Sequence[str], kv: Sequence[float], between: Sequence[Between]) -> Wires:
    """Everything between buses of these names and nominal voltages: ``node`` (bus, phase) are phases, the last one is the root."""
    rated, blocks = list[Rated](), [_source(tree, node)]
    for element, row in zip(tree.kind.tolist(), tree.row.tolist(), strict=True):
        if element == LINE:
            block, conductors = _line(tree, row, node, len(names) + len(rated))
            blocks.append(block)
            rated += conductors
        elif element == TRANSFORMER:
            t = tree.network.transformers
            ends = np.concatenate([node[t.from_bus[row]], node[t.to_bus[row]]])
            blocks.append(_block(f"transformer {t.name[row]}", ends, element_admittance(tree, row, np.array([t.tap_from_pu[row], t.tap_to_pu[row]]))))
    c = tree.network.capacitors
    blocks += [
        _block(f"capacitor {c.name[k]}", node[c.bus[k]], capacitor_admittance(tree, k)) for k in np.flatnonzero(tree.node[c.bus] >= 0).tolist()
    ]
    blocks += [Block(f"coil {names[i]}", np.array([a, b, i]), COIL * (-1j * s * MVA / TIE / kv[i] ** 2)) for i, a, b, s in between]
    every, volts = [*names, *(r.name for r in rated)], np.array([*kv, *(kv[r.start] for r in rated)])
    lines, transformers, shunts = _branches(blocks, every, volts)
    return Wires(
        inner=np.array([r.name for r in rated], dtype="U"), inner_kv=volts[len(names) :], shunts=shunts,
        lines=stacked(el.Lines, [lines, _conductors(tree, rated, volts)]), transformers=_rooted(tree, transformers, node, names, volts),
    )  # fmt: skip


def _block(name: str, at: Index, y: Complex) -> Block:
    """Of the ends that have supply."""
    on = at >= 0
    return Block(name, at[on], y[on][:, on])


def _line(tree: PhaseTree, row: int, node: Index, first: int) -> tuple[Block, list[Rated]]:
    """A line between its live conductors; where it is rated, their inner ends are buses from ``first`` on."""
    ln = tree.network.lines
    z, half, _ = (m[0] for m in line_matrices(tree, np.array([row])))
    here = np.flatnonzero((ln.to_phase[row] > 0) & (node[ln.from_bus[row]] >= 0))
    start, end = node[ln.from_bus[row], here], node[ln.to_bus[row], ln.to_phase[row, here] - 1]
    z, half, none, name = z[here][:, here], half[here][:, here], np.zeros((len(here), len(here))), f"line {ln.name[row]}"
    if not np.isfinite([ln.rating_a[row], ln.rating_emergency_a[row]]).any():
        y = np.linalg.inv(z)
        return Block(name, np.concatenate([start, end]), np.block([[y + half, -y], [-y, y + half]])), []
    own, inner = SPLIT * z.diagonal(), first + np.arange(len(here))
    y = np.linalg.inv(z - np.diag(own))
    conductors = [
        Rated(f"{name}.{pe.PHASES[p]}", a, b, part, row)
        for p, a, b, part in zip(here.tolist(), start.tolist(), inner.tolist(), own.tolist(), strict=True)
    ]
    whole = np.block([[half, none, none], [none, y, -y], [none, -y, y + half]])
    return Block(name, np.concatenate([start, inner, end]), whole), conductors


def _sequences(tree: PhaseTree) -> tuple[complex, complex]:
    """Positive- and zero-sequence admittance of the source. [S]"""
    s = tree.network.sources
    least = 1j * STIFF * float(s.nominal_kv[0]) ** 2 / MVA
    return 1 / (complex(s.r_positive_ohm[0], s.x_positive_ohm[0]) or least), 1 / (complex(s.r_zero_ohm[0], s.x_zero_ohm[0]) or least)


def _source(tree: PhaseTree, node: Index) -> Block:
    """The source without its branches from the root."""
    y_1, y_0 = _sequences(tree)
    return Block(f"source {tree.network.sources.name[0]}", node[tree.network.sources.bus[0]], np.full((3, 3), (y_0 - y_1) / 3, np.complex128))


def _branches(blocks: list[Block], names: list[str], kv: Real) -> tuple[el.Lines, el.Transformers, el.Shunts]:
    """Lines where nominal voltages are equal, else transformers; and what is left to ground."""
    own, found = kv**2 / MVA, [edge for block in blocks for edge in _edges(block, kv)]
    a, b, y = (np.array([edge[k] for edge in found], kind) for k, kind in ((1, np.int64), (2, np.int64), (3, np.complex128)))
    name = np.array([f"{edge[0]}: {names[edge[1]]} to {names[edge[2]]}" for edge in found], dtype="U")
    ground = np.zeros(len(names), np.complex128)
    for block in blocks:
        np.add.at(ground, block.at, block.y.diagonal() * own[block.at])
    np.subtract.at(ground, np.concatenate([a, b]), np.concatenate([y, y]))
    alike, some = kv[a] == kv[b], np.flatnonzero(ground)
    z, far = own[a[alike]] / y[alike], 1 / y[~alike]
    return (
        el.Lines.of({"name": name[alike], "from_bus": a[alike], "to_bus": b[alike], "r_ohm": z.real, "x_ohm": z.imag, "equivalent": alike[alike]}),
        el.Transformers.of({
            "name": name[~alike], "from_bus": a[~alike], "to_bus": b[~alike], "r_pu": far.real, "x_pu": far.imag, "equivalent": ~alike[~alike],
        }),
        el.Shunts.of({"name": np.array(names)[some], "bus": some, "g_mw": MVA * ground[some].real, "b_mvar": MVA * ground[some].imag}),
    )  # fmt: skip


def _edges(block: Block, kv: Real) -> Iterator[tuple[str, int, int, complex]]:
    """Element, ends and admittance of the branches of an element. [per unit]"""
    y = block.y * np.outer(kv[block.at], kv[block.at]) / MVA
    i, j = np.nonzero(np.triu(abs(y) > NOISE * abs(y).max(initial=0.0), 1))
    for a, b, part in zip(block.at[i].tolist(), block.at[j].tolist(), y[i, j].tolist(), strict=True):
        yield block.name, a, b, -part


def _conductors(tree: PhaseTree, rated: list[Rated], kv: Real) -> el.Lines:
    """Of rated lines, what carries the rating."""
    ln, row = tree.network.lines, np.array([r.row for r in rated], np.int64)
    start, z = np.array([r.start for r in rated], np.int64), np.array([r.z for r in rated], np.complex128)
    return el.Lines.of({
        "name": [f"{r.name} conductor" for r in rated], "from_bus": start, "to_bus": [r.end for r in rated], "r_ohm": z.real, "x_ohm": z.imag,
        "rating_mva": ln.rating_a[row] * kv[start] / 1e3, "rating_emergency_mva": ln.rating_emergency_a[row] * kv[start] / 1e3,
        "equivalent": (z.real < 0) | (z.imag < 0),
    })  # fmt: skip


def _rooted(tree: PhaseTree, inside: el.Transformers, node: Index, names: Sequence[str], kv: Real) -> el.Transformers:
    """Transformers of the feeder, and behind them the branches from the root."""
    at, root = node[tree.network.sources.bus[0]], len(names) - 1
    z = MVA / _sequences(tree)[0] / kv[at] ** 2
    source = el.Transformers.of({
        "name": [f"source {tree.network.sources.name[0]}: {names[root]} to {names[k]}" for k in at.tolist()], "from_bus": np.full(3, root),
        "to_bus": at, "r_pu": z.real, "x_pu": z.imag, "shift_deg": AHEAD,
    })  # fmt: skip
    return stacked(el.Transformers, [inside, source])
