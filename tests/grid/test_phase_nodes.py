"""Feeders as networks of phase nodes: the same load flow as their three phases, limits that hold, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.errors import InvalidCase
from gridtandem.flow.newton import Newton, Solution
from gridtandem.flow.results import branch_flows
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.grid.phase_devices import dispatchable
from gridtandem.grid.phase_feeder import PhaseFeeder
from gridtandem.grid.phase_nodes import PhaseNodes, phase_nodes
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.opf.ac import optimal_power_flow
from gridtandem.tables import Complex
from gridtandem.units import MVA
from tests.grid.phase_networks import village
from tests.grid.phase_twin import system, voltages
from tests.tolerances import HELD_PU, IDENTITY, LOSSES_ADD_UP, PHASES_PU

GUARD = 1e-3  # ppm; enough for the twin to invert its matrix where a delta floats, too little to be seen
PAIRS = ((0, 1), (1, 2), (2, 0))


def guarded(net: ThreePhaseNetwork) -> ThreePhaseNetwork:
    return replace(net, transformers=replace(net.transformers, guard_ppm=[GUARD]))


def solved(net: Network, at: PhaseNodes) -> tuple[Complex, Nodal, Solution]:
    """Voltages (bus, phase); NaN where there is no phase."""
    nodal = Nodal.of(net)
    found = Newton.of(nodal).solve()
    assert found.converged
    return np.where(at.node >= 0, found.v[nodal.node[at.node]], np.nan), nodal, found


@settings(max_examples=30, deadline=None)
@given(
    high=st.sampled_from([pe.WYE, pe.DELTA]), low=st.sampled_from([pe.WYE, pe.DELTA]), leads=st.sampled_from([0, 1]),
    angle=st.floats(-180, 180), load=st.floats(0.1, 1.5), zero=st.floats(0.1, 3.0), rated=st.booleans(),
)  # fmt: skip
def test_law_phase_nodes_are_the_three_phases(high: int, low: int, leads: int, angle: float, load: float, zero: float, rated: bool) -> None:
    """With a load between two phases, whatever the transformer, the source, and ratings that do not bind."""
    net = guarded(village(high, low, leads, angle))
    lines = replace(net.lines, rating_a=[200.0, 300.0] if rated else [np.inf, np.inf])
    case = replace(
        net, lines=lines, loads=replace(net.loads, p_mw=net.loads.p_mw * load), sources=replace(net.sources, x_zero_ohm=[zero], r_zero_ohm=[0.3])
    )
    twin = voltages(case) / (case.buses.nominal_kv[:, None] / np.sqrt(3))
    v, nodal, found = solved(*phase_nodes(case))
    for p, q in PAIRS:  # phases that float lie where they will against ground
        np.testing.assert_allclose(v[:, p] - v[:, q], twin[:, p] - twin[:, q], atol=PHASES_PU)
    drawn = sum(branch_flows(nodal, found.v, found.ratio)).sum().real * MVA  # type: ignore[union-attr]
    kv = twin * case.buses.nominal_kv[:, None] / np.sqrt(3)
    t, i = case.transformers, system(case) @ kv.ravel()
    idle = float((abs(kv[3]) ** 2).sum() * t.no_load_loss_pu[0] * t.base_mva[0] / 3 / (coil_kv(case) * t.tap_to_pu[0]) ** 2) * (low == pe.WYE)
    dissipated = float((kv.ravel() * i.conj()).sum().real) - source_part(case, kv) - idle
    assert drawn == pytest.approx(dissipated, abs=LOSSES_ADD_UP)


def coil_kv(net: ThreePhaseNetwork) -> float:
    t = net.transformers
    return float(pe.coil_kv(t.connection_to, t.terminals_to, t.nominal_to_kv)[0])


def source_part(net: ThreePhaseNetwork, kv: Complex) -> float:
    """What the twin's matrix counts for the source, which stands in it as an admittance to ground, less what the source dissipates."""
    s, root = net.sources, int(net.sources.bus[0])
    y = np.linalg.inv(s.matrix()[0])
    behind = s.v_pu[0] * s.nominal_kv[0] / np.sqrt(3) * np.exp(1j * (np.radians(s.angle_deg[0]) - 2 * np.pi / 3 * np.arange(3)))
    drop = behind - kv[root]
    return float((kv[root] * (y @ kv[root]).conj()).sum().real - (drop * (y @ drop).conj()).sum().real)


# ── what a network of phase nodes holds ──────────────────────────────────────────────────────────────────────────────────────


def fed(net: Network, low_mw: float = -10.0) -> Network:
    """With a source that costs 30 per MWh and holds 1.03 pu."""
    g = net.generators
    source = g.control == el.REFERENCE
    k = np.flatnonzero(source)
    costs = el.Costs(
        generator=np.append(net.costs.generator, k), order=np.append(net.costs.order, 1), coefficient=np.append(net.costs.coefficient, 30.0)
    )
    units = replace(g, p_low_mw=np.where(source, low_mw, g.p_low_mw), p_high_mw=np.where(source, 10.0, g.p_high_mw))
    low, high = net.buses.v_low_pu.copy(), net.buses.v_high_pu.copy()
    low[g.bus[k]] = high[g.bus[k]] = 1.03
    return replace(net, generators=units, costs=costs, buses=replace(net.buses, v_low_pu=low, v_high_pu=high))


def with_unit(spot: str, most_mw: float, **more: Any) -> PhaseFeeder:
    """The village, and a unit at a spot that costs 10 per MWh."""
    devices = Network(
        name="village", buses=el.Buses.of({"name": [spot], "nominal_kv": [11.0]}),
        generators=el.Generators.of({
            "name": ["unit"], "bus": [0], "p_low_mw": [0.0], "p_high_mw": [most_mw], "q_low_mvar": [0.0], "q_high_mvar": [0.0],
        }),
        costs=el.Costs.of({"generator": [0, 0], "order": [1, 2], "coefficient": [10.0, 2.0]}),
    )  # fmt: skip
    return PhaseFeeder(network=replace(guarded(village()), **more), devices=devices)


def test_a_rating_holds_for_the_current_of_a_conductor() -> None:
    """The cheap unit on phase b would send more through conductor b than its rating allows."""
    feeder = with_unit("square.b", 3.0)
    lines = feeder.network.lines
    free = optimal_power_flow(fed(dispatchable(with_unit("square.b", 3.0, lines=replace(lines, rating_a=[np.inf, np.inf]))))).require()
    tight = optimal_power_flow(fed(dispatchable(with_unit("square.b", 3.0, lines=replace(lines, rating_a=[np.inf, 100.0]))))).require()
    assert free.units.p_mw[-1] == pytest.approx(3.0, abs=HELD_PU)
    at = tight.branches.name.tolist().index("line second.b")
    most = 100.0 * 11.0 / np.sqrt(3.0) / 1e3
    assert tight.branches.rating_mva[at] == pytest.approx(most, rel=IDENTITY)
    through = (
        np.hypot(tight.branches.p_from_mw[at], tight.branches.q_from_mvar[at]),
        np.hypot(tight.branches.p_to_mw[at], tight.branches.q_to_mvar[at]),
    )
    assert max(through) == pytest.approx(most, abs=HELD_PU)
    assert tight.branches.rating_price[at] < 0
    assert tight.branches.name[np.isfinite(tight.branches.rating_mva)].tolist() == ["line second.a", "line second.b", "line second.c"]


def test_limits_hold_to_ground_and_between_phases_that_float() -> None:
    """Below a delta winding the band is one between phases, and the unit that would lift them gives way."""
    net = guarded(village(pe.WYE, pe.DELTA))
    banded = replace(net, buses=replace(net.buses, v_high_pu=[np.inf, np.inf, np.inf, 1.07]))
    feeder = PhaseFeeder(network=banded, devices=with_unit("inn.a-b", 3.0).devices)
    flat, at = phase_nodes(banded)
    inn = [flat.buses.name.tolist().index(name) for name in ("inn.a-b", "inn.a-c", "inn.b-c")]
    assert flat.buses.v_high_pu[inn].tolist() == [1.07] * 3
    assert np.isinf(flat.buses.v_high_pu[at.node[3]]).all()
    found = optimal_power_flow(fed(dispatchable(feeder))).require()
    v = dict(zip(found.buses.bus.tolist(), found.buses.v_pu.tolist(), strict=True))
    assert max(v[name] for name in ("inn.a-b", "inn.a-c", "inn.b-c")) <= 1.07 + HELD_PU
    assert found.units.p_mw[-1] < 3.0
    grounded = phase_nodes(replace(guarded(village(pe.DELTA, pe.WYE)), buses=banded.buses))
    assert grounded[0].buses.v_high_pu[grounded[1].node[3]].tolist() == [1.07] * 3


def test_switches_without_rating_are_ties_and_taps_are_told() -> None:
    net = guarded(village())
    closed = replace(net, lines=replace(net.lines, switch=[True, True]))
    flat, at = phase_nodes(closed)
    assert flat.ties.name.tolist() == ["line second.a", "line second.b", "line second.c"]  # the first has a rating
    assert flat.buses.name[at.root] == "grid behind impedance"
    regulator = pe.Regulators.of({
        "name": ["r"], "transformer": [0], "v_target_v": [120.0], "band_v": [2.0], "pt_ratio": [2.0], "ct_primary_a": [100.0],
    })  # fmt: skip
    assert "1 tap controls hold the taps that the file leaves" in phase_nodes(replace(net, regulators=regulator))[0].notes


def test_phases_that_float_need_no_guard() -> None:
    """What holds their mean to ground is enough; between phases it is as with a guard."""
    v, *_ = solved(*phase_nodes(village(pe.WYE, pe.DELTA)))
    guard, *_ = solved(*phase_nodes(guarded(village(pe.WYE, pe.DELTA))))
    for p, q in PAIRS:
        np.testing.assert_allclose(v[:, p] - v[:, q], guard[:, p] - guard[:, q], atol=PHASES_PU)
    assert abs(v[3].sum()) <= HELD_PU


# ── devices ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_unit_on_three_phases_is_three_of_a_third() -> None:
    net = dispatchable(with_unit("square", 3.0))
    own = net.generators.take(np.char.startswith(net.generators.name, "unit"))
    assert own.name.tolist() == ["unit.a", "unit.b", "unit.c"]
    assert net.buses.name[own.bus].tolist() == ["square.a", "square.b", "square.c"]
    assert own.p_high_mw.tolist() == [1.0] * 3
    rows = net.costs
    assert rows.order.tolist() == [1, 2] * 3
    np.testing.assert_allclose(rows.coefficient, [10.0, 6.0] * 3, rtol=IDENTITY)  # 3 (10 p/3 + 6 (p/3)²) = 10 p + 2 p²
    assert net.generators.name[rows.generator].tolist() == ["unit.a"] * 2 + ["unit.b"] * 2 + ["unit.c"] * 2
    between = dispatchable(with_unit("square.a-b", 3.0))
    assert between.buses.name[between.generators.bus[-1]] == "square.a-b"
    assert between.generators.p_high_mw[-1] == pytest.approx(3.0)


def test_followers_go_on_following_coil_by_coil() -> None:
    feeder = with_unit("square", 3.0)
    d = replace(
        feeder.devices, profiles=dv.Profiles.of({"profile": ["day", "day"], "period": [1, 2], "factor": [1.0, 0.5]}),
        flexible=dv.Flexible.of({"name": ["dr"], "bus": [0], "p_high_mw": [0.3], "price_per_mwh": [50.0], "slope": [4.0]}),
        storages=dv.Storages.of({
            "name": ["es"], "bus": [0], "charge_high_mw": [0.6], "discharge_high_mw": [0.3], "energy_high_mwh": [1.2],
        }),
        follows=dv.Follows.of({
            "what": [dv.FOLLOWERS.index(w) for w in ("generators", "loads", "loads")], "row": ["unit", "delta", "coil"], "profile": ["day"] * 3,
        }),
    )  # fmt: skip
    net = dispatchable(replace(feeder, devices=d))
    assert net.follows.row.tolist() == ["unit.a", "unit.b", "unit.c", "delta.a-b", "delta.b-c", "delta.c-a", "coil"]
    assert net.factors("loads", 2)[1].tolist() == [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5]
    np.testing.assert_allclose(net.flexible.p_high_mw, [0.1] * 3, rtol=IDENTITY)
    np.testing.assert_allclose(net.flexible.slope, [12.0] * 3, rtol=IDENTITY)
    np.testing.assert_allclose(net.storages.energy_high_mwh, [0.4] * 3, rtol=IDENTITY)


# ── refused ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_it_cannot_say_is_refused_at_once() -> None:
    net = village(pe.WYE, pe.DELTA)
    lines = replace(net.lines, x_ohm=net.lines.x_ohm + 0.1 * np.triu(np.ones((3, 3)), 1))
    loads = replace(net.loads, bus=[1, 3, 3], connection=[0, 1, 0], terminals=[[1, 2, 3], [1, 2, 3], [2, 0, 0]])
    units = pe.PhaseGenerators.of({
        "name": ["g"], "bus": [1], "connection": [0], "terminals": [[1, 2, 3]], "nominal_kv": [11.0], "control": [1],
    })  # fmt: skip
    with pytest.raises(InvalidCase) as caught:
        phase_nodes(replace(net, lines=lines, loads=loads, generators=units))
    assert [(f.table, f.label, f.code) for f in caught.value.faults] == [
        ("loads", "coil", "case-084"), ("lines", "first", "phase-013"), ("lines", "second", "phase-013"), ("generators", "g", "phase-014"),
    ]  # fmt: skip
