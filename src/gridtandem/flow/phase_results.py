r"""A three-phase load flow as tables: kV, MW, Mvar, A and degrees, rows named as in the network and told phase by phase.

Voltages are from phase to ground, and 1 pu is the nominal voltage over √3. A phase without supply does not appear. Powers of a phase are
:math:`V_{phase} \overline{I_{conductor}}`: behind a delta their split between phases depends on where ground is, their sum does not.
A load flow without solution has empty tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.flow.phase_coils import GROUND, across_coils, coil_power, coils_of
from gridtandem.flow.regulators import Regulated, ranges
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.phase_admittance import EACH, element_admittance, line_admittances
from gridtandem.grid.phase_tree import LINE, SOURCE, PhaseTree, unfed
from gridtandem.tables import Code, Complex, Index, Names, Real, Table, column

A = np.exp(2j * np.pi / 3)
AT_END = 1e-9  # per unit; how near to its last position a tap is there


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class NodeResults(Table):
    """Voltages to ground, one row per bus and phase."""

    kind: ClassVar[str] = "node_results"
    bus: Names = column("name of the bus", dtype="U")
    phase: Code = column("phase", dtype="i8", choices=pe.PHASES)
    depth: Index = column("branches between the bus and the source", dtype="i8")
    v_ground_kv: Real = column("voltage magnitude, phase to ground", unit="kV")
    v_pu: Real = column("voltage magnitude over nominal voltage / √3", unit="pu")
    angle_deg: Real = column("voltage angle", unit="deg")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class UnbalanceResults(Table):
    """Sequence voltages of buses with three phases."""

    kind: ClassVar[str] = "unbalance_results"
    bus: Names = column("name of the bus", dtype="U")
    v_positive_pu: Real = column("positive-sequence voltage", unit="pu")
    unbalance_percent: Real = column("negative- over positive-sequence voltage, V2/V1", unit="%")
    zero_percent: Real = column("zero- over positive-sequence voltage, V0/V1", unit="%")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ConductorResults(Table):
    """Flows through lines and transformers, one row per element and phase; both ends count into the element."""

    kind: ClassVar[str] = "conductor_results"
    kind_of_branch: Code = column("what it is", dtype="i8", choices=("line", "transformer"))
    name: Names = column("name of the element", dtype="U")
    from_bus: Names = column("bus at the from end", dtype="U")
    to_bus: Names = column("bus at the to end", dtype="U")
    phase: Code = column("phase, the same at both ends", dtype="i8", choices=pe.PHASES)
    i_from_a: Real = column("current at the from end", unit="A")
    i_to_a: Real = column("current at the to end", unit="A")
    p_from_mw: Real = column("active power into it at the from end", unit="MW")
    q_from_mvar: Real = column("reactive power into it at the from end", unit="Mvar")
    p_to_mw: Real = column("active power into it at the to end", unit="MW")
    q_to_mvar: Real = column("reactive power into it at the to end", unit="Mvar")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class RegulatorResults(Table):
    """Taps of regulators."""

    kind: ClassVar[str] = "regulator_results"
    name: Names = column("name of the control", dtype="U")
    transformer: Names = column("transformer whose tap it moves", dtype="U")
    tap_pu: Real = column("tap of its winding", unit="pu")
    position: Real = column("steps from 1 pu; whole where 1 pu is a position")
    v_control_v: Real = column("compensated voltage that it sees", unit="V")
    v_target_v: Real = column("voltage that it holds", unit="V")
    band_v: Real = column("width of the band", unit="V")
    state: Code = column("where it stands", dtype="i8", choices=("in its band", "at its least tap", "at its most tap", "outside its band"))


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PhaseTotals(Table):
    """Powers of the feeder, a row per phase and one for their sum: what the source delivers is load − generation + losses − capacitors."""

    kind: ClassVar[str] = "phase_totals"
    phase: Code = column("phase", dtype="i8", choices=(*pe.PHASES, "all"))
    p_mw: Real = column("active power that the source delivers at its bus", unit="MW")
    q_mvar: Real = column("reactive power that the source delivers at its bus", unit="Mvar")
    load_p_mw: Real = column("active demand at the voltages found", unit="MW")
    load_q_mvar: Real = column("reactive demand at the voltages found", unit="Mvar")
    generation_p_mw: Real = column("active injection of generators", unit="MW")
    generation_q_mvar: Real = column("reactive injection of generators", unit="Mvar")
    loss_mw: Real = column("active power lost in lines and transformers", unit="MW")
    loss_mvar: Real = column("reactive power lost in lines and transformers, less their charging", unit="Mvar")
    capacitor_mvar: Real = column("reactive injection of capacitors", unit="Mvar")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ThreePhaseResults:
    """All tables of one three-phase load flow."""

    name: str
    root_pu: float
    loading: float
    nodes: NodeResults
    unbalance: UnbalanceResults
    conductors: ConductorResults
    regulators: RegulatorResults
    totals: PhaseTotals
    converged: bool
    trouble: str
    sweeps: int
    tap_rounds: int
    notes: tuple[str, ...]

    @property
    def loss_mw(self) -> float:
        """Active power lost in lines and transformers; NaN where there is no solution."""
        return float(self.totals.loss_mw[-1]) if self.converged else np.nan


def phase_results(tree: PhaseTree, found: Regulated, root_pu: float, loading: float) -> ThreePhaseResults:
    """The tables of a sweep at the taps of ``found``."""
    solved, v, taps = not found.trouble, found.swept.v, np.stack([found.tap_from, found.tap_to])
    flows = conductor_flows(tree, v, taps) if solved else None
    return ThreePhaseResults(
        name=tree.network.name, root_pu=root_pu, loading=loading,
        nodes=node_results(tree, v) if solved else NodeResults.empty(),
        unbalance=unbalance_results(tree, v) if solved else UnbalanceResults.empty(),
        conductors=conductor_results(tree, flows) if flows else ConductorResults.empty(),
        regulators=regulator_results(tree, found) if solved else RegulatorResults.empty(),
        totals=phase_totals(tree, found, flows, loading) if flows else PhaseTotals.empty(),
        converged=solved, trouble=found.trouble, sweeps=int(found.swept.sweeps[0]), tap_rounds=found.rounds,
        notes=(*tree.network.notes, *unfed(tree)),
    )  # fmt: skip


def node_results(tree: PhaseTree, v: Complex) -> NodeResults:
    """In the order of the buses."""
    buses = tree.network.buses
    bus, phase = np.nonzero(_there(tree))
    here = v[tree.node[bus], phase]
    depth = [0] * len(tree.parent)
    for k, p in enumerate(tree.parent.tolist()[1:], 1):
        depth[k] = depth[p] + 1
    return NodeResults(
        bus=buses.name[bus], phase=phase.astype(np.int8), depth=np.array(depth)[tree.node[bus]] - 1, v_pu=np.abs(here),
        v_ground_kv=np.abs(here) * buses.nominal_kv[bus] / np.sqrt(3.0), angle_deg=np.degrees(np.angle(here)),
    )  # fmt: skip


def _there(tree: PhaseTree) -> np.ndarray:
    """(bus, phase) has supply."""
    return np.asarray((tree.node >= 0)[:, None] & tree.live[tree.node])


def unbalance_results(tree: PhaseTree, v: Complex) -> UnbalanceResults:
    """C. L. Fortescue, Trans. AIEE 37(2), 1918: (V0, V1, V2) = ⅓ [1 1 1; 1 a a²; 1 a² a] (Va, Vb, Vc)."""
    bus = np.flatnonzero(_there(tree).all(axis=1))
    zero, positive, negative = np.abs(v[tree.node[bus]] @ np.array([[1, 1, 1], [1, A, A**2], [1, A**2, A]]).T / 3).T
    return UnbalanceResults(
        bus=tree.network.buses.name[bus], v_positive_pu=positive, unbalance_percent=100 * negative / positive, zero_percent=100 * zero / positive
    )


Flows = tuple[Index, Complex, Complex]


def conductor_flows(tree: PhaseTree, v: Complex, taps: Real) -> Flows:
    """Elements in the order of their tables, with voltages [kV] and currents into them [kA] at both ends, (element, side, phase)."""
    element = np.flatnonzero(tree.kind != SOURCE)
    element = element[np.lexsort((tree.row[element], tree.kind[element]))]
    kv = np.where(tree.live, v * tree.v_base[:, None], 0.0)
    nodes = tree.node[_ends(tree, element)]
    volts = kv[nodes]
    row, lines = tree.row[element], int((tree.kind[element] == LINE).sum())
    y = [line_admittances(tree, row[:lines]), *(element_admittance(tree, r, taps[:, r])[None] for r in row[lines:].tolist())]
    amps = (np.concatenate(y) @ volts.reshape(-1, 6, 1)).reshape(-1, 2, 3)
    return element, volts, amps


def _ends(tree: PhaseTree, element: Index) -> Index:
    """(element, side) bus."""
    net, row, line = tree.network, tree.row[element], tree.kind[element] == LINE
    out = np.empty((len(element), 2), np.int64)
    for side, name in enumerate(("from_bus", "to_bus")):
        out[line, side], out[~line, side] = getattr(net.lines, name)[row[line]], getattr(net.transformers, name)[row[~line]]
    return out


def conductor_results(tree: PhaseTree, flows: Flows) -> ConductorResults:
    """Lines first, then transformers; phases in which it has a conductor at its from end, or carries current at either."""
    element, volts, amps = flows
    net, row, kind = tree.network, tree.row[element], tree.kind[element]
    there = np.asarray((amps != 0).any(axis=1))
    there[kind == LINE] |= net.lines.to_phase[row[kind == LINE]] > 0
    k, phase = np.nonzero(there)
    s, ends = (volts * amps.conj())[k, :, phase], net.buses.name[_ends(tree, element)[k]]
    names = np.concatenate([net.lines.name[row[kind == LINE]], net.transformers.name[row[kind != LINE]]])
    return ConductorResults(
        kind_of_branch=kind[k], name=names[k], from_bus=ends[:, 0], to_bus=ends[:, 1], phase=phase.astype(np.int8),
        i_from_a=1e3 * np.abs(amps[k, 0, phase]), i_to_a=1e3 * np.abs(amps[k, 1, phase]),
        p_from_mw=s[:, 0].real, q_from_mvar=s[:, 0].imag, p_to_mw=s[:, 1].real, q_to_mvar=s[:, 1].imag,
    )  # fmt: skip


def regulator_results(tree: PhaseTree, found: Regulated) -> RegulatorResults:
    """In the order of the controls; one whose transformer has no supply sees nothing."""
    reg, t = tree.network.regulators, tree.network.transformers
    side, row = reg.side.astype(np.int64), reg.transformer
    tap, (low, high, step) = np.stack([found.tap_from, found.tap_to])[side, row], (x[side, row] for x in ranges(t))
    short = reg.v_target_v - found.control_v
    outside = ~(np.abs(short) <= reg.band_v / 2)
    state = np.where(outside & (tap <= low + AT_END) & (short < 0), 1, np.where(outside & (tap >= high - AT_END) & (short > 0), 2, 3 * outside))
    return RegulatorResults(
        name=reg.name, transformer=t.name[row], tap_pu=tap, position=np.round((tap - 1.0) / step, 6) + 0.0, v_control_v=found.control_v,
        v_target_v=reg.v_target_v, band_v=reg.band_v, state=state,
    )  # fmt: skip


def phase_totals(tree: PhaseTree, found: Regulated, flows: Flows, loading: float) -> PhaseTotals:
    """What the source delivers, demand, injection, losses of elements, and what is left: capacitors."""
    v, (_, volts, amps) = found.swept.v, flows
    source, lost = EACH * v[1] * (found.swept.s[0] / v[0]), (volts * amps.conj()).sum((0, 1))
    coils = coils_of(tree, np.zeros(len(tree.parent), bool))
    current = (coil_power(coils, v, loading) / across_coils(coils, v)).conj()
    drawn = np.zeros((2, 3), complex)
    for end, sign in ((0, 1.0), (1, -1.0)):
        at = np.flatnonzero(coils.ends[:, end] != GROUND)
        phase = coils.ends[at, end]
        np.add.at(drawn, ((coils.owner[at] < 0).astype(int), phase), sign * EACH * v[coils.node[at], phase] * current[at].conj())
    load, made = drawn[0], 0.0 - drawn[1]
    rows = [np.append(s, s.sum()) for s in (source, load, made, lost, load - made + lost - source)]
    (p, q), (lp, lq), (gp, gq), (p_lost, q_lost), (_, q_made) = ((s.real, s.imag) for s in rows)
    return PhaseTotals(
        phase=np.arange(4, dtype=np.int8), p_mw=p, q_mvar=q, load_p_mw=lp, load_q_mvar=lq, generation_p_mw=gp, generation_q_mvar=gq, loss_mw=p_lost,
        loss_mvar=q_lost, capacitor_mvar=q_made,
    )  # fmt: skip
