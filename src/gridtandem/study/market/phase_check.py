"""The dispatch of a three-phase feeder placed into its network, and the exact load flow there, phase by phase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.flow.phase_results import ThreePhaseResults, phase_results
from gridtandem.flow.phases import ReadyPhases
from gridtandem.flow.regulators import Regulated, unsolved
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.phase_feeder import Spot
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.opf.feeder import FeederProblem, FeederState
from gridtandem.opf.forms.lindist3 import limited_buses
from gridtandem.opf.phase_feeder import PhaseMarket
from gridtandem.resources.dispatch import dispatched
from gridtandem.tables import Complex, Index, Names, Real, Table, column, stacked

WORDS = ("v_low_at", "v_high_at", "limits_broken")  # columns that have no NaN
EDGE = 1e-6  # relative; as far beyond a limit is on it


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PhaseChecks(Table):
    """Dispatch of a three-phase feeder against the exact load flow of its phases, taps as the market has them."""

    kind: ClassVar[str] = "phase_checks"
    period: Index = column("period, from 1", dtype="i8")
    export_mw: Real = column("export of the market's model", unit="MW")
    solved: Index = column("1: the feeder has a load flow at this dispatch", dtype="i8")
    export_exact_mw: Real = column("export of the load flow", unit="MW")
    loss_mw: Real = column("active power lost in lines and transformers, which the market leaves out", unit="MW")
    too_high_pu: Real = column("by how much the market's model tells a voltage too high at most", unit="pu")
    too_low_pu: Real = column("by how much it tells one too low at most", unit="pu")
    v_low_pu: Real = column("lowest voltage of the load flow", unit="pu")
    v_low_at: Names = column("where that is", dtype="U")
    v_high_pu: Real = column("highest voltage of the load flow", unit="pu")
    v_high_at: Names = column("where that is", dtype="U")
    limits_broken: Index = column("voltage and current limits broken", dtype="i8")
    beyond_pu: Real = column("by how much a voltage limit is broken at most", unit="pu")


def phase_checked(market: PhaseMarket, problem: FeederProblem, x: Mapping[str, Real], state: FeederState) -> PhaseChecks:
    """Every period of a dispatch."""
    each = (load_flow(market, placed(market, problem, x, t)) for t in range(problem.window.periods))
    return stacked(PhaseChecks, [_row(market, problem, state, t, found) for t, found in enumerate(each)])


def load_flow(market: PhaseMarket, net: ThreePhaseNetwork) -> ThreePhaseResults:
    """Of the feeder with other loads and generators: its tree and its branches stay as they are."""
    tree, t = replace(market.tree, network=net), net.transformers
    root = float(net.sources.v_pu[0])
    swept = ReadyPhases.at([tree], [market.branches]).sweep(np.array([abs(complex(tree.source[0]))]), np.ones(1), slope=False)
    unseen = np.full(len(net.regulators), np.nan)
    found = Regulated(tap_from=t.tap_from_pu, tap_to=t.tap_to_pu, control_v=unseen, swept=swept, rounds=0, trouble=unsolved(swept))
    return phase_results(tree, found, root, 1.0)


def placed(market: PhaseMarket, problem: FeederProblem, x: Mapping[str, Real], t: int) -> ThreePhaseNetwork:
    """The network with its loads, and what its devices do, in the t-th period of the problem."""
    net, window = market.feeder.network, problem.window
    own = problem.network.loads
    factor = problem.network.factors("loads", window.end)[window.first + t]
    by_load = {str(name).rpartition(".")[0]: f for name, f in zip(own.name.tolist(), factor.tolist(), strict=True)}
    times = np.array([by_load.get(name, 1.0) for name in net.loads.name.tolist()])
    rows: list[tuple[str, Spot, float, float]] = []
    for d in dispatched(problem.network, problem.owned.steps, x, window, source=False):
        names = getattr(problem.network, d.kind).name[d.row].tolist()
        rows += [(f"{d.kind}: {n}", market.form.spots[b - 1], p, q) for n, b, p, q in zip(names, d.bus.tolist(), d.p[t], d.q[t], strict=True)]
    for k in range(len(own) - len(market.feeder.devices.loads), len(own)):
        rows.append((f"load: {own.name[k]}", market.form.spots[own.bus[k] - 1], -factor[k] * own.p_mw[k], -factor[k] * own.q_mvar[k]))
    loads = replace(net.loads, p_mw=net.loads.p_mw * times, q_mvar=net.loads.q_mvar * times)
    return replace(net, loads=loads, generators=_beside(net, rows))


def _beside(net: ThreePhaseNetwork, rows: Sequence[tuple[str, Spot, float, float]]) -> pe.PhaseGenerators:
    if not rows:
        return net.generators
    more = pe.PhaseGenerators.of({
        "name": [r[0] for r in rows], "bus": [r[1].bus for r in rows], "connection": [r[1].connection for r in rows],
        "terminals": [r[1].terminals for r in rows], "nominal_kv": net.buses.nominal_kv[[r[1].bus for r in rows]], "p_mw": [r[2] for r in rows],
        "q_mvar": [r[3] for r in rows],
    })  # fmt: skip
    return stacked(pe.PhaseGenerators, [net.generators, more])


def _row(market: PhaseMarket, problem: FeederProblem, state: FeederState, t: int, found: ThreePhaseResults) -> PhaseChecks:
    told: dict[str, ArrayLike] = {"period": [problem.window.first + t + 1], "export_mw": [-float(state.z[t])], "solved": [int(found.converged)]}
    if not found.converged:
        nothing: dict[str, ArrayLike] = {name: [np.nan] for name in PhaseChecks.columns() if name not in (*told, *WORDS)}
        return PhaseChecks.of({**told, **nothing, "v_low_at": [""], "v_high_at": [""], "limits_broken": [0]})
    v, looked = _exact(market, found), [k for k, s in enumerate(market.form.spots) if len(s.coils) == 1]
    error = (state.v[t, 1:] - v)[looked]
    low, high = (looked[int(pick(v[looked]))] for pick in (np.argmin, np.argmax))
    names = problem.network.buses.name
    beyond = _beyond(market, v)
    return PhaseChecks.of({
        **told, "export_exact_mw": [-found.totals.p_mw[-1]], "loss_mw": [found.loss_mw], "too_high_pu": [max(0.0, float(error.max()))],
        "too_low_pu": [max(0.0, float(-error.min()))], "v_low_pu": [v[low]], "v_low_at": [names[low + 1]], "v_high_pu": [v[high]],
        "v_high_at": [names[high + 1]], "limits_broken": [int((beyond > EDGE).sum()) + _overloaded(market.feeder.network, found)],
        "beyond_pu": [float(beyond.max(initial=0.0))],
    })  # fmt: skip


def _exact(market: PhaseMarket, found: ThreePhaseResults) -> Real:
    """Voltage across the first coil of every spot, over nominal voltage. [pu]"""
    net = market.feeder.network
    row = {name: k for k, name in enumerate(net.buses.name.tolist())}
    v: Complex = np.full((len(row), 4), np.nan + 0j)
    v[:, 0] = 0.0
    at = [row[b] for b in found.nodes.bus.tolist()]
    v[at, found.nodes.phase + 1] = found.nodes.v_pu * np.exp(1j * np.radians(found.nodes.angle_deg))
    return np.array([abs(v[s.bus, a] - v[s.bus, b]) / (np.sqrt(3.0) if b else 1.0) for s in market.form.spots for a, b in s.coils[:1]])


def _beyond(market: PhaseMarket, v: Real) -> Real:
    """By how much each voltage that has limits lies outside. [pu]"""
    buses, floats, node = market.feeder.network.buses, market.form.response.floats, market.tree.node
    out, limited = np.zeros(len(v)), limited_buses(market.feeder.network)
    for k, s in enumerate(market.form.spots):
        if limited[s.bus] and len(s.coils) == 1 and (s.connection == pe.DELTA) == bool(floats[node[s.bus]]):
            out[k] = max(0.0, buses.v_low_pu[s.bus] - v[k], v[k] - buses.v_high_pu[s.bus])
    return out


def _overloaded(net: ThreePhaseNetwork, found: ThreePhaseResults) -> int:
    """Conductors above the rating of their line, transformers above theirs."""
    c = found.conductors
    rating = dict(zip(net.lines.name.tolist(), net.lines.rating_a.tolist(), strict=True))
    units = dict(zip(net.transformers.name.tolist(), net.transformers.rating_mva.tolist(), strict=True))
    line = c.kind_of_branch == 0
    amps = np.maximum(c.i_from_a, c.i_to_a)[line]
    count = int((amps > (1 + EDGE) * np.array([rating[n] for n in c.name[line].tolist()])).sum())
    for name, limit in units.items():
        mine = ~line & (c.name == name)
        count += bool(np.hypot(c.p_from_mw[mine].sum(), c.q_from_mvar[mine].sum()) > (1 + EDGE) * limit)
    return count
