"""What lies between the phase nodes of a feeder, element by element; the formulas stand at `gridtandem.grid.phase_nodes`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.grid import elements as el
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.phase_admittance import capacitor_admittance, incidence, line_matrices, live_coils, rated_kv
from gridtandem.grid.phase_tree import LINE, TRANSFORMER, PhaseTree
from gridtandem.tables import Complex, Index, Names, Real
from gridtandem.units import MVA

NOISE = 1e-13  # relative; what is less between two nodes of an element is rounding, and goes to ground
SPLIT = 0.02  # share of an impedance that stands by itself
WINDING = 0.25  # share of a transformer's impedance on a side between two phases; with less of it angles 120° apart would be tied too stiffly
TIE = 0.1  # drop across an isolating coil at the power there, which the leg behind it gives back
STIFF = 1e-6  # pu on 100 MVA; stands for a source impedance of nothing
HOLD = 1e-5  # pu on 100 MVA; ties the mean of phases that float to ground
COIL = np.outer([1.0, -1.0, -1.0], [1.0, -1.0, -1.0])  # between phases a, b and the bus of the coil a-b
AHEAD = (0.0, 120.0, -120.0)  # deg; the root of a, b, c
Between = tuple[int, int, int, float]  # bus of a coil between two phases, buses of these phases, power [per unit]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Wires:
    """What lies between the buses of the network. After the buses given come ``inner`` ones."""

    inner: Names
    inner_kv: Real
    ties: el.Ties
    lines: el.Lines
    transformers: el.Transformers
    shunts: el.Shunts


@final
@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """An element, or a part of it, as a symmetric admittance between buses. [S]"""

    name: str
    at: Index
    y: Complex


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Leg:
    """An element, or a part of it, between two buses: ideal ratio at the first, then an impedance on 100 MVA."""

    name: str
    start: int
    end: int
    z: complex = 0.0  # none at all: a tie
    ratio: float = 1.0
    shift_deg: float = 0.0
    rating_mva: float = np.inf
    rating_emergency_mva: float = np.inf


@final
@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """An element as blocks, legs, and buses of its own with their nominal voltages."""

    blocks: tuple[Block, ...] = ()
    legs: tuple[Leg, ...] = ()
    inner: tuple[tuple[str, float], ...] = ()


def wires(tree: PhaseTree, node: Index, floats: Index, buses: tuple[list[str], list[float]], between: Sequence[Between]) -> Wires:
    """Everything between buses of these names and nominal voltages: ``node`` (bus, phase) are phases, the last one is the root."""
    names, kv = buses
    parts = [_source(tree, node, len(names))]
    first = len(names) + len(parts[0].inner)
    for element, row in zip(tree.kind.tolist(), tree.row.tolist(), strict=True):
        if element in (LINE, TRANSFORMER):
            parts.append(_line(tree, row, node, first) if element == LINE else _transformer(tree, row, node, first))
            first += len(parts[-1].inner)
    c = tree.network.capacitors
    for k in np.flatnonzero(tree.node[c.bus] >= 0).tolist():
        parts.append(Part((_block(f"capacitor {c.name[k]}", node[c.bus[k]], capacitor_admittance(tree, k)),)))
    for i, a, b, s in between:
        parts.append(_isolated((i, a, b), s, first, (f"coil {names[i]}", kv[i])))
        first += 1
    parts += [Part((block,)) for block in _held(tree, node, floats)]
    inner = [bus for part in parts for bus in part.inner]
    every, volts = [*names, *(name for name, _ in inner)], np.array([*kv, *(x for _, x in inner)])
    blocks = [block for part in parts for block in part.blocks]
    edges = [edge for block in blocks for edge in _edges(block, every, volts)]
    ties, lines, transformers = _branches([*edges, *(leg for part in parts for leg in part.legs)], volts)
    return Wires(
        inner=np.array(every[len(names) :], dtype="U"), inner_kv=volts[len(names) :], ties=ties, lines=lines, transformers=transformers,
        shunts=_shunts(blocks, edges, every, volts),
    )  # fmt: skip


def _block(name: str, at: Index, y: Complex) -> Block:
    """Of the ends that have supply."""
    on = at >= 0
    return Block(name, at[on], y[on][:, on])


def _source(tree: PhaseTree, node: Index, first: int) -> Part:
    """A share of the positive-sequence impedance in every phase, with its shift; then the rest, coupled."""
    s, at = tree.network.sources, node[tree.network.sources.bus[0]]
    kv, name = float(s.nominal_kv[0]), f"source {s.name[0]}"
    bus_kv = float(tree.network.buses.nominal_kv[s.bus[0]]) / np.sqrt(3.0)
    least = STIFF * kv**2 / MVA * 1j
    z_1, z_0 = (complex(r[0], x[0]) or least for r, x in ((s.r_positive_ohm, s.x_positive_ohm), (s.r_zero_ohm, s.x_zero_ohm)))
    own, inner = SPLIT * z_1, first + np.arange(3)
    y = np.linalg.inv(np.full((3, 3), (z_0 - z_1) / 3) + (z_1 - own) * np.eye(3))
    legs = [
        Leg(name=f"{name}.{p}", start=first - 1, end=int(i), z=own * MVA / bus_kv**2, shift_deg=a)
        for p, i, a in zip(pe.PHASES, inner, AHEAD, strict=True)
    ]
    whole = Block(name, np.concatenate([inner, at]), np.block([[y, -y], [-y, y]]))
    return Part((whole,), tuple(legs), tuple((leg.name, bus_kv) for leg in legs))


def _line(tree: PhaseTree, row: int, node: Index, first: int) -> Part:
    """A line between its live conductors; where it is rated, a share of each conductor's own impedance bears the rating."""
    ln = tree.network.lines
    z, half, _ = (m[0] for m in line_matrices(tree, np.array([row])))
    here = np.flatnonzero((ln.to_phase[row] > 0) & (node[ln.from_bus[row]] >= 0))
    start, end = node[ln.from_bus[row], here], node[ln.to_bus[row], ln.to_phase[row, here] - 1]
    z, half, none = z[here][:, here], half[here][:, here], np.zeros((len(here), len(here)))
    name, each = f"line {ln.name[row]}", [f"line {ln.name[row]}.{pe.PHASES[p]}" for p in here.tolist()]
    if not np.isfinite(ln.rating_a[row]):
        if ln.switch[row]:
            return Part((), tuple(Leg(name=n, start=a, end=b) for n, a, b in zip(each, start.tolist(), end.tolist(), strict=True)))
        y = np.linalg.inv(z)
        return Part((Block(name, np.concatenate([start, end]), np.block([[y + half, -y], [-y, y + half]])),))
    own, inner, kv = SPLIT * z.diagonal(), first + np.arange(len(here)), float(tree.network.buses.nominal_kv[ln.from_bus[row]]) / np.sqrt(3.0)
    y = np.linalg.inv(z - np.diag(own))
    whole = np.block([[half, none, none], [none, y, -y], [none, -y, y + half]])
    rating, emergency = float(ln.rating_a[row]) * kv / 1e3, float(ln.rating_emergency_a[row]) * kv / 1e3
    legs = tuple(
        Leg(name=n, start=a, end=b, z=part * MVA / kv**2, rating_mva=rating, rating_emergency_mva=emergency)
        for n, a, b, part in zip(each, start.tolist(), inner.tolist(), own.tolist(), strict=True)
    )
    return Part((Block(name, np.concatenate([start, inner, end]), whole),), legs, tuple((n, kv) for n in each))


def _isolated(at: tuple[int, int, int], s: float, inner: int, bus: tuple[str, float]) -> Part:
    """A bus that stands between two phases: an isolating coil, and a leg that takes its reactance back."""
    (i, a, b), z, (name, kv) = at, 1j * TIE / s, bus
    y = np.asarray(COIL * MVA / (z * kv**2), np.complex128)
    return Part((Block(name, np.array([a, b, inner]), y),), (Leg(name=name, start=inner, end=i, z=-z),), (bus,))


def _transformer(tree: PhaseTree, row: int, node: Index, first: int) -> Part:
    """Coil by coil: a winding between two phases gets a bus of its own behind a share of the impedance, all of it reactance."""
    t, net = tree.network.transformers, tree.network
    coils, count, rated = list(zip(*live_coils(tree, row), strict=True)), len(tree.coils(row)[0]), rated_kv(tree, row)
    each, name, buses = float(t.base_mva[row]) / count, f"transformer {t.name[row]}", (t.from_bus[row], t.to_bus[row])
    base = rated[0] * float(t.tap_from_pu[row]), rated[1] * float(t.tap_to_pu[row])  # voltage across a coil at 1 pu [kV]
    z, blocks, legs, inner = complex(t.r_from_pu[row] + t.r_to_pu[row], t.x_pu[row]), list[Block](), list[Leg](), list[tuple[str, float]]()
    for k, pair in enumerate(coils):
        ends, ratio, left = list[int](), list[float](), z
        for side, (p, q) in enumerate(pair):
            at, kv = node[buses[side]], float(net.buses.nominal_kv[buses[side]])
            ratio.append(base[side] / (kv if q else kv / np.sqrt(3.0)))
            ends.append(first + len(inner) if q else int(at[p - 1]))
            if q:
                left -= 1j * WINDING * abs(z)
                y = each / (1j * WINDING * abs(z) * base[side] ** 2)
                blocks.append(Block(f"{name}.{k + 1}", np.array([at[p - 1], at[q - 1], ends[side]]), COIL * y))
                inner.append((f"{name}.{k + 1} {'to' if side else 'from'}", kv))
        legs.append(Leg(
            name=f"{name}.{k + 1}", start=ends[0], end=ends[1], z=left * ratio[1] ** 2 * MVA / each, ratio=ratio[0] / ratio[1],
            rating_mva=float(t.rating_mva[row]) / count, rating_emergency_mva=float(t.rating_emergency_mva[row]) / count,
        ))  # fmt: skip
    return Part((*blocks, *_beside(tree, row, node, (base[1], *rated))), tuple(legs), tuple(inner))


def _beside(tree: PhaseTree, row: int, node: Index, kv: tuple[float, float, float]) -> Iterator[Block]:
    """What a transformer draws without load, on its to side, and its guard on both."""
    t, sides = tree.network.transformers, live_coils(tree, row)
    each = float(t.base_mva[row]) / len(tree.coils(row)[0])
    for side, (bus, coils) in enumerate(zip((t.from_bus[row], t.to_bus[row]), sides, strict=True)):
        n = incidence(coils)
        y = np.diag(-0.5e-6j * t.guard_ppm[row] * each * abs(n).sum(0) / kv[1 + side] ** 2)
        if side:
            y = y + n.T @ n * complex(t.no_load_loss_pu[row], -t.magnetizing_pu[row]) * each / kv[0] ** 2
        yield _block(f"transformer {t.name[row]}", node[bus], np.asarray(y, np.complex128))


def _held(tree: PhaseTree, node: Index, floats: Index) -> Iterator[Block]:
    """Of each set of phases that float, what holds the mean of those at its first bus."""
    for one in np.unique(floats[floats >= 0]).tolist():
        k = int(np.flatnonzero((floats == one).any(axis=1))[0])
        bus, loose = int(tree.bus[k]), np.flatnonzero(floats[k] == one)
        mean = np.full((len(loose), len(loose)), 1.0 / len(loose) ** 2)
        yield Block(f"hold {tree.network.buses.name[bus]}", node[bus, loose], -1j * HOLD * MVA / float(tree.v_base[k]) ** 2 * mean)


def _edges(block: Block, names: Sequence[str], kv: Real) -> Iterator[Leg]:
    """The branches that a block is."""
    y = block.y * np.outer(kv[block.at], kv[block.at]) / MVA
    i, j = np.nonzero(np.triu(abs(y) > NOISE * abs(y).max(initial=0.0), 1))
    for a, b, part in zip(block.at[i].tolist(), block.at[j].tolist(), y[i, j].tolist(), strict=True):
        yield Leg(name=f"{block.name}: {names[a]} to {names[b]}", start=a, end=b, z=-1 / part)


def _branches(legs: Sequence[Leg], kv: Real) -> tuple[el.Ties, el.Lines, el.Transformers]:
    """Ties where there is no impedance, lines where there is neither ratio nor shift."""
    plain = [bool(leg.ratio == 1.0 and leg.shift_deg == 0.0 and kv[leg.start] == kv[leg.end]) for leg in legs]
    ties, lines, rest = ([leg for leg, p in zip(legs, plain, strict=True) if (p + (p and leg.z == 0)) == kind] for kind in (2, 1, 0))
    ohm = np.array([leg.z * kv[leg.start] ** 2 / MVA for leg in lines], np.complex128)
    z = np.array([leg.z for leg in rest], np.complex128)
    return (
        el.Ties.of(_ends(ties)),
        el.Lines.of({**_ends(lines), **_rated(lines), "r_ohm": ohm.real, "x_ohm": ohm.imag, "equivalent": (ohm.real < 0) | (ohm.imag < 0)}),
        el.Transformers.of({
            **_ends(rest), **_rated(rest), "r_pu": z.real, "x_pu": z.imag, "equivalent": (z.real < 0) | (z.imag < 0),
            "ratio": [leg.ratio for leg in rest], "shift_deg": [leg.shift_deg for leg in rest],
        }),
    )  # fmt: skip


def _ends(legs: Sequence[Leg]) -> dict[str, Names | Index]:
    """Columns that all of them have."""
    from_bus, to_bus = (np.array([getattr(leg, end) for leg in legs], np.int64) for end in ("start", "end"))
    return {"name": np.array([leg.name for leg in legs], dtype="U"), "from_bus": from_bus, "to_bus": to_bus}


def _rated(legs: Sequence[Leg]) -> dict[str, Real]:
    """Columns that lines and transformers have."""
    return {name: np.array([getattr(leg, name) for leg in legs], np.float64) for name in ("rating_mva", "rating_emergency_mva")}


def _shunts(blocks: Iterable[Block], edges: Sequence[Leg], names: Sequence[str], kv: Real) -> el.Shunts:
    """What is left to ground of all blocks; less than rounding is nothing."""
    ground, size = np.zeros(len(names), np.complex128), np.zeros(len(names))
    for block in blocks:
        own = block.y.diagonal() * kv[block.at] ** 2 / MVA
        np.add.at(ground, block.at, own)
        np.add.at(size, block.at, abs(own))
    for edge in edges:
        ground[[edge.start, edge.end]] -= 1 / edge.z
        size[[edge.start, edge.end]] += abs(1 / edge.z)
    g, b = (np.where(abs(part) > NOISE * size, MVA * part, 0.0) for part in (ground.real, ground.imag))
    some = np.flatnonzero((g != 0) | (b != 0))
    return el.Shunts.of({"name": np.array(names)[some], "bus": some, "g_mw": g[some], "b_mvar": b[some]})
