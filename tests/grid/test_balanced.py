"""Positive sequence: equal to the three phases where these are equal, refused by name where they are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.errors import InvalidCase
from gridtandem.flow.newton import Newton
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.balanced import balanced
from gridtandem.grid.nodal import Nodal
from gridtandem.grid.three_phase import ThreePhaseNetwork
from tests.grid.phase_networks import village, with_coils_on_all_phases
from tests.grid.phase_twin import voltages
from tests.tolerances import IDENTITY, ONE_SEQUENCE

GUARD = 1e-3  # ppm; enough for the twin to invert its matrix where a delta floats, too little to be seen


@settings(max_examples=20, deadline=None)
@given(
    high=st.sampled_from([pe.WYE, pe.DELTA]), low=st.sampled_from([pe.WYE, pe.DELTA]), leads=st.sampled_from([0, 1]),
    angle=st.floats(-180, 180), load=st.floats(0.1, 1.5), reverse=st.booleans(),
)  # fmt: skip
def test_law_one_sequence_is_all_three_phases(high: int, low: int, leads: int, angle: float, load: float, reverse: bool) -> None:
    net = with_coils_on_all_phases(village(high, low, leads, angle))
    guarded = replace(net, transformers=replace(net.transformers, guard_ppm=[GUARD]))
    scaled = replace(guarded, loads=replace(net.loads, p_mw=net.loads.p_mw * load, q_mvar=net.loads.q_mvar * load))
    case = backwards(scaled) if reverse else scaled
    phases = voltages(case) / (case.buses.nominal_kv[:, None] / np.sqrt(3))
    one = balanced(case)
    solved = Newton.of(Nodal.of(one)).solve()
    assert solved.converged
    v = solved.v[:-1]
    turn = np.exp(-2j * np.pi / 3 * np.arange(3))
    between = phases - np.roll(phases, -1, axis=1)  # a delta leaves open where its three phases lie against ground
    np.testing.assert_allclose(between, v[:, None] * (turn - np.roll(turn, -1)), atol=ONE_SEQUENCE)


def backwards(net: ThreePhaseNetwork) -> ThreePhaseNetwork:
    """The transformer stated from its lower side."""
    t = net.transformers
    return replace(
        net,
        transformers=replace(
            t, from_bus=t.to_bus, to_bus=t.from_bus, connection_from=t.connection_to, connection_to=t.connection_from,
            nominal_from_kv=t.nominal_to_kv, nominal_to_kv=t.nominal_from_kv, tap_from_pu=t.tap_to_pu, tap_to_pu=t.tap_from_pu,
        ),
    )  # fmt: skip


def test_single_coils_on_all_phases_become_one_load() -> None:
    one = balanced(with_coils_on_all_phases(village()))
    assert one.loads.name.tolist() == ["wye", "delta", "ab+bc+ca"]
    np.testing.assert_allclose(one.loads.p_mw, [0.4, 0.3, 0.3], rtol=IDENTITY)
    assert one.buses.name.tolist()[-1] == "grid behind impedance"
    np.testing.assert_allclose(one.lines.rating_mva[0], np.sqrt(3) * 11 * 0.2, rtol=IDENTITY)


def test_everything_uneven_is_named_at_once() -> None:
    net = village()
    ln, t = net.lines, net.transformers
    uneven = ln.r_ohm.copy()
    uneven[0, 0, 0] *= 1.01
    broken = replace(
        net,
        lines=replace(ln, r_ohm=uneven, to_phase=[[1, 2, 3], [2, 3, 1]]),
        transformers=replace(t, terminals_from=[[2, 3, 1]]),
        regulators=pe.Regulators(name=["r"], transformer=[0], v_target_v=[120.0], band_v=[2.0], pt_ratio=[20.0], ct_primary_a=[100.0]),
        sources=net.sources.take(np.array([0, 0])),
    )
    broken = replace(broken, sources=replace(broken.sources, name=["one", "two"]), loads=replace(net.loads, v_cut_pu=[0.0, 0.5, 0.0]))
    with pytest.raises(InvalidCase) as caught:
        balanced(broken)
    named = {(f.table, f.label) for f in caught.value.faults}
    lines = {("lines", "first"), ("lines", "second")}
    assert named == lines | {("transformers", "t"), ("regulators", "r"), ("sources", "two"), ("loads", "coil"), ("loads", "delta")}


def test_generators_hold_power_or_voltage_and_impedances_are_refused() -> None:
    def unit(control: int) -> ThreePhaseNetwork:
        g = pe.PhaseGenerators(
            name=["pv"], bus=[1], connection=[0], terminals=[[1, 2, 3]], nominal_kv=[11.55], p_mw=[0.2], control=[control], v_set_pu=[1.0],
            q_low_mvar=[-0.1], q_high_mvar=[0.1],
        )  # fmt: skip
        return replace(with_coils_on_all_phases(village()), generators=g)

    assert balanced(unit(0)).generators.control.tolist() == [0, 2]
    held = balanced(unit(2)).generators
    assert held.control.tolist() == [1, 2]
    np.testing.assert_allclose([held.v_set_pu[0], held.q_high_mvar[0]], [1.05, 0.1], rtol=IDENTITY)
    with pytest.raises(InvalidCase, match="state it as a load"):
        balanced(unit(1))
