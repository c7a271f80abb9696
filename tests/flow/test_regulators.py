"""Regulators that step: they end in their bands, at their ends, or say that they hunt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.grid import phase_elements as pe
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.study.phases import three_phase
from tests.grid.phase_networks import village
from tests.tolerances import IDENTITY, TURNED


def regulated(**columns: object) -> ThreePhaseNetwork:
    """The village's transformer with a control on coil 1 of its low side: 240 V to ground over 2 are 120 V."""
    net = village()
    given = {"v_target_v": [122.0], "band_v": [2.0], "pt_ratio": [2.0], "ct_primary_a": [500.0], "side": [pe.TO]} | columns
    return replace(net, regulators=pe.Regulators(name=["r"], transformer=[0], **given), transformers=replace(net.transformers, tap_to_pu=[1.0]))


def seen(net: ThreePhaseNetwork) -> float:
    """The voltage to ground on phase a of the inn over the ratio of the voltage transformer."""
    nodes = three_phase(net).nodes
    return float(nodes.v_ground_kv[(nodes.bus == "inn") & (nodes.phase == 0)][0]) * 500.0


@pytest.mark.parametrize("target", [112.0, 117.0, 122.0, 125.0])
def test_it_ends_in_its_band_on_a_whole_step(target: float) -> None:
    net = regulated(v_target_v=[target])
    found = three_phase(net, taps="move")
    r = found.regulators
    assert found.converged
    assert abs(r.v_control_v[0] - target) <= 1.0
    assert r.state[0] == 0
    assert r.position[0] == round(r.position[0]) != 0
    moved = replace(net, transformers=replace(net.transformers, tap_to_pu=r.tap_pu))
    assert seen(moved) == pytest.approx(r.v_control_v[0], rel=IDENTITY)


def test_held_taps_do_not_move_and_tell_what_they_see() -> None:
    found = three_phase(regulated(v_target_v=[130.0]))
    assert (found.regulators.tap_pu[0], found.tap_rounds, found.regulators.state[0]) == (1.0, 0, 3)


@pytest.mark.parametrize(("target", "tap", "state"), [(150.0, 1.1, 2), (90.0, 0.9, 1)])
def test_at_its_end_it_says_so(target: float, tap: float, state: int) -> None:
    r = three_phase(regulated(v_target_v=[target]), taps="move").regulators
    assert (r.tap_pu[0], r.state[0]) == (pytest.approx(tap, rel=IDENTITY), state)


def test_the_compensator_lowers_what_is_seen_by_its_share_of_the_current() -> None:
    plain, compensated = (three_phase(regulated(r_drop_v=[r], x_drop_v=[2 * r])) for r in (0.0, 3.0))
    c, n = plain.conductors, plain.nodes
    low = c.name == "t"
    here = (n.bus == "inn") & (n.phase == 0)
    v = complex(n.v_ground_kv[here][0] * np.exp(1j * np.radians(n.angle_deg[here][0])))
    into = complex(c.p_to_mw[low][0], c.q_to_mvar[low][0]) / v
    expected = abs(v * 500.0 + (3.0 + 6.0j) * into.conjugate() * 1e3 / 500.0)
    assert compensated.regulators.v_control_v[0] == pytest.approx(expected, rel=TURNED)
    assert compensated.regulators.v_control_v[0] < plain.regulators.v_control_v[0] - 0.5


def test_a_band_narrower_than_a_step_hunts_and_has_no_answer() -> None:
    """At high voltage a step is a tenth more than a control reckons with: from 0.53 short of the target it goes to 0.55 beyond, and back."""

    def high(net: ThreePhaseNetwork) -> ThreePhaseNetwork:
        return replace(net, sources=replace(net.sources, v_pu=[1.14]))

    base = three_phase(high(regulated()), taps="move").regulators
    step = 410 / np.sqrt(3.0) * 0.00625 / 2.0
    found = three_phase(high(regulated(v_target_v=[float(base.v_control_v[0]) + 0.53 * step], band_v=[0.1])), taps="move")
    assert not found.converged
    assert found.trouble.startswith("regulators of t hunt")
    assert len(found.nodes) == len(found.totals) == 0
    assert np.isnan(found.loss_mw)
