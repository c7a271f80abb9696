"""The positive sequence of a three-phase network, where that is all there is to know; whatever differs between phases is refused by name.

Exact for lines of equal phases (transposed), three-phase transformer units and equal power on all phases of a bus. Two things of the
three-phase tables have no balanced counterpart and are left out: the guards of transformers against floating (a millionth of their
rating) and the voltage limits beyond which OpenDSS turns loads and generators into impedances. The source becomes a bus of its own
behind the short-circuit impedance, the reference of the network.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TypeVar

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid import elements as el
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.graph import breadth_first
from gridtandem.grid.network import Network
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.tables import Flag, Real

ALIKE = 1e-9  # relative; what rounding in a file may leave between phases that are meant to be equal
ROOT3 = np.sqrt(3.0)
Hung = TypeVar("Hung", pe.PhaseLoads, pe.Capacitors, pe.PhaseGenerators)
CYCLE = np.array([1, 2, 3])
SPLIT = "p_mw", "q_mvar", "q_low_mvar", "q_high_mvar", "rating_mva"  # columns that add up over the coils


def balanced(network: ThreePhaseNetwork) -> Network:
    """The network in positive sequence, or `InvalidCase` naming everything that is not balanced."""
    network.check()
    faults = list(_uneven(network))
    loads, capacitors, generators = _gathered(network.loads, faults), _gathered(network.capacitors, faults), _gathered(network.generators, faults)
    if faults:
        raise InvalidCase(f.at(network.name) for f in faults)
    transformers = _transformers(network)
    return Network(
        name=network.name, buses=_buses(network, transformers), lines=_lines(network, len(network.buses)), transformers=transformers,
        loads=_loads(network, loads), generators=_units(network, generators), shunts=_shunts(network, capacitors),
        frequency_hz=network.frequency_hz, notes=network.notes,
    ).check()  # fmt: skip


def source_bus(network: ThreePhaseNetwork) -> str:
    """Name of the bus behind the short-circuit impedance in the balanced network."""
    return f"{network.sources.name[0]} behind impedance"


def _uneven(net: ThreePhaseNetwork) -> Iterator[Fault]:
    mend = "study it phase by phase, or make it equal in all phases"
    ln, t = net.lines, net.transformers
    for k in range(len(ln)):
        if (ln.to_phase[k] != CYCLE).any():
            yield ln.fault(k, "to_phase", "does not lead a, b, c to a, b, c", mend, "case-076")
        elif uneven := [name for name in ("r_ohm", "x_ohm", "b_us") if not _transposed(getattr(ln, name)[k])]:
            yield ln.fault(k, uneven[0], "differs between phases", mend, "case-076")
    for k in range(len(t)):
        if (t.terminals_from[k] != CYCLE).any() or (t.terminals_to[k] != CYCLE).any():
            yield t.fault(k, "terminals_from", "is no three-phase unit from a, b, c to a, b, c", mend, "case-076")
    for k in range(len(net.regulators)):
        yield net.regulators.fault(
            k, "transformer", "is stepped by a control with line-drop compensation", "fix the tap, remove the control", "case-077"
        )
    for k in range(1, len(net.sources)):
        yield net.sources.fault(k, "name", "is a second source", "keep one", "case-077")
    for row in np.flatnonzero(net.loads.v_cut_pu > 0):
        yield net.loads.fault(int(row), "v_cut_pu", "switches the load off at low voltage", "set it to 0", "case-077")
    for row in np.flatnonzero(net.generators.control == 1):
        yield net.generators.fault(int(row), "control", "is an impedance", "state it as a load of negative power", "case-077")


def _transposed(matrix: Real) -> bool:
    own, beside = matrix.diagonal(), matrix[~np.eye(3, dtype=bool)]
    return bool(max(np.ptp(own), np.ptp(beside)) <= ALIKE * abs(own).max())


def _sequence(matrix: Real) -> Real:
    r"""Positive sequence of each of many transposed matrices, :math:`m_1 = m_{self} - m_{mutual}`."""
    return np.asarray(matrix[:, 0, 0] - matrix[:, 0, 1], np.float64)


def _gathered(table: Hung, faults: list[Fault]) -> Hung:
    """Three-phase rows as they are; single coils that together fill all phases of a bus as one three-phase row, called "a+b+c"."""
    whole: list[int] = []
    single: dict[tuple[object, ...], dict[frozenset[int], list[int]]] = defaultdict(lambda: defaultdict(list))
    alike = [c for c in table.columns() if c not in ("name", "terminals")]
    for k, ends in enumerate(table.terminals):
        pairs = pe.coils(int(table.connection[k]), ends)
        if len(pairs) == 3:
            whole.append(k)
        elif len(pairs) == 1:
            single[tuple(getattr(table, c)[k].item() for c in alike)][frozenset(pairs[0])].append(k)
        else:
            faults.append(_lopsided(table, k))
    sets: list[list[int]] = []
    for found in single.values():
        counts = [len(rows) for rows in found.values()]
        if len(found) == 3 and min(counts) == max(counts):
            sets += (list(three) for three in zip(*found.values(), strict=True))
        else:
            faults += [_lopsided(table, k) for rows in found.values() for k in rows]
    picked = [[k] for k in whole] + sets
    return _united(table, sorted(picked))


def _lopsided(table: pe.PhaseLoads | pe.Capacitors | pe.PhaseGenerators, k: int) -> Fault:
    what = "has no equals on the other phases of its bus"
    return table.fault(k, "terminals", what, "study it phase by phase, or put the same on every phase", "case-076")


def _united(table: Hung, sets: list[list[int]]) -> Hung:
    """One row per set; what adds up is added, and rated voltages become line to line."""
    first = np.array([rows[0] for rows in sets], np.int64)
    columns = {name: getattr(table, name)[first] for name in table.columns()}
    three: Flag = np.array([len(rows) == 3 for rows in sets], bool)
    for name in SPLIT:
        if name in columns:
            columns[name] = np.where(three, 3 * columns[name], columns[name])
    columns["name"] = np.array(["+".join(table.label(k) for k in rows) for rows in sets], dtype=str)
    columns["nominal_kv"] = np.where(three & (columns["connection"] == pe.WYE), ROOT3 * columns["nominal_kv"], columns["nominal_kv"])
    columns["terminals"] = np.where(three[:, None], CYCLE, columns["terminals"])
    return type(table)(**columns)


def _buses(net: ThreePhaseNetwork, transformers: el.Transformers) -> el.Buses:
    """Buses, and behind them that of the source; angles start where the shifts of transformers put them."""
    root, angle = int(net.sources.bus[0]), float(net.sources.angle_deg[0])
    a, b = np.concatenate([net.lines.from_bus, transformers.from_bus]), np.concatenate([net.lines.to_bus, transformers.to_bus])
    back = np.concatenate([np.zeros(len(net.lines)), transformers.shift_deg])  # from the first end to the second
    shift = {(i, j): s for i, j, s in zip([*a, *b], [*b, *a], [*back, *-back], strict=True)}
    size = len(net.buses)
    order, before = breadth_first(size, a, b, root)
    start = np.full(size + 1, angle)
    for k in order[1:]:
        start[k] = start[before[k]] - shift[before[k], k]
    return el.Buses(
        name=np.append(net.buses.name, source_bus(net)), nominal_kv=np.append(net.buses.nominal_kv, net.buses.nominal_kv[root]),
        v_low_pu=np.append(net.buses.v_low_pu, 0.0), v_high_pu=np.append(net.buses.v_high_pu, np.inf), angle_start_deg=start,
    )  # fmt: skip


def _lines(net: ThreePhaseNetwork, virtual: int) -> el.Lines:
    """Lines, and behind them the short-circuit impedance."""
    ln, s = net.lines, net.sources
    mva = ROOT3 * net.buses.nominal_kv[ln.from_bus] / 1e3  # per ampere
    return el.Lines(
        name=np.append(ln.name, f"{s.name[0]} impedance"), from_bus=np.append(ln.from_bus, virtual), to_bus=np.append(ln.to_bus, s.bus[0]),
        r_ohm=np.append(_sequence(ln.r_ohm), s.r_positive_ohm[0]), x_ohm=np.append(_sequence(ln.x_ohm), s.x_positive_ohm[0]),
        b_us=np.append(_sequence(ln.b_us), 0.0), rating_mva=np.append(ln.rating_a * mva, el.INF),
        rating_emergency_mva=np.append(ln.rating_emergency_a * mva, el.INF), closed=np.append(ln.closed, True),
    )  # fmt: skip


def _transformers(net: ThreePhaseNetwork) -> el.Transformers:
    r"""Both taps in one ratio at the from side; the impedance seen from the to side.

    .. math:: t = \frac{v_{from}\,tap_{from} / V_{from}}{v_{to}\,tap_{to} / V_{to}}, \qquad z = (r_{from} + r_{to} + jx) (v_{to}\,tap_{to} / V_{to})^2

    with rated voltages v and nominal voltages V of the buses. A wye-delta turns the lower voltage back by 30°, or ahead where it leads.
    """
    t, kv = net.transformers, net.buses.nominal_kv
    first, second = t.nominal_from_kv * t.tap_from_pu / kv[t.from_bus], t.nominal_to_kv * t.tap_to_pu / kv[t.to_bus]
    ahead = np.where((t.nominal_from_kv >= t.nominal_to_kv) == (t.low_side == 0), 30.0, -30.0)
    return el.Transformers(
        name=t.name, from_bus=t.from_bus, to_bus=t.to_bus, base_mva=t.base_mva, r_pu=(t.r_from_pu + t.r_to_pu) * second**2, x_pu=t.x_pu * second**2,
        ratio=first / second, shift_deg=np.where(t.connection_from == t.connection_to, 0.0, ahead), rating_mva=t.rating_mva,
        rating_emergency_mva=t.rating_emergency_mva, closed=t.closed,
    )  # fmt: skip


def _loads(net: ThreePhaseNetwork, ld: pe.PhaseLoads) -> el.Loads:
    shared = ("name", "bus", "p_mw", "q_mvar", "p_exponent", "q_exponent", "p_z_share", "p_i_share", "q_z_share", "q_i_share")
    return el.Loads(**{c: getattr(ld, c) for c in shared}, v_calibration_pu=ld.nominal_kv / net.buses.nominal_kv[ld.bus])


def _units(net: ThreePhaseNetwork, g: pe.PhaseGenerators) -> el.Generators:
    """Generators, and behind them the source as the reference."""
    s, kv = net.sources, net.buses.nominal_kv
    voltage = g.control == 2
    return el.Generators(
        name=np.append(g.name, s.name[0]), bus=np.append(g.bus, len(net.buses)), p_mw=np.append(g.p_mw, 0.0), q_mvar=np.append(g.q_mvar, 0.0),
        control=np.append(np.where(voltage, el.VOLTAGE, el.PQ), el.REFERENCE),
        v_set_pu=np.append(g.v_set_pu * g.nominal_kv / kv[g.bus], s.v_pu[0] * s.nominal_kv[0] / kv[s.bus[0]]),
        q_low_mvar=np.append(np.where(voltage, g.q_low_mvar, -el.INF), -el.INF),
        q_high_mvar=np.append(np.where(voltage, g.q_high_mvar, el.INF), el.INF), s_high_mva=np.append(g.rating_mva, el.INF),
    )  # fmt: skip


def _shunts(net: ThreePhaseNetwork, c: pe.Capacitors) -> el.Shunts:
    """Capacitors, and what transformers draw without load; both follow the square of voltage."""
    t, kv = net.transformers, net.buses.nominal_kv
    drawing = np.flatnonzero((t.no_load_loss_pu > 0) | (t.magnetizing_pu > 0))
    t = t.take(drawing)
    own = t.base_mva * (kv[t.to_bus] / t.nominal_to_kv / t.tap_to_pu) ** 2
    switched = c.q_mvar * c.steps_closed / c.steps * (kv[c.bus] / c.nominal_kv) ** 2
    return el.Shunts(
        name=np.append(c.name, np.array([f"{n} without load" for n in t.name.tolist()], dtype=str)), bus=np.append(c.bus, t.to_bus),
        g_mw=np.append(np.zeros(len(c)), t.no_load_loss_pu * own), b_mvar=np.append(switched, -t.magnetizing_pu * own),
    )  # fmt: skip
