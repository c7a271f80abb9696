"""The three-phase sweep beside engines that know nothing of it: IEEE feeders in OpenDSS, a feeder of lines and wye loads in power-grid-model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridtandem.cases.opendss.read import read_opendss
from gridtandem.cases.opendss.write import write_opendss
from gridtandem.flow.phase_results import ThreePhaseResults
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.study.phases import three_phase
from tests.tolerances import PEER_MVA, PHASES_PEER_DSS, PHASES_PEER_PGM

pytestmark = pytest.mark.peer

DATA = Path(__file__).parents[1] / "data/ieee_feeders"
FEEDERS = {"13": "13/IEEE13Nodeckt.dss", "34": "34/ieee34Mod1.dss", "37": "37/ieee37.dss", "123": "123/IEEE123Master.dss"}


def wide(feeder: str) -> ThreePhaseNetwork:
    """The feeder, loads keeping their law from half to one and a half times their voltage."""
    pytest.importorskip("opendssdirect")
    net = read_opendss(DATA / FEEDERS[feeder])
    n = len(net.loads)
    return replace(net, loads=replace(net.loads, v_low_pu=np.full(n, 0.5), v_high_pu=np.full(n, 1.5)))


def solved(net: ThreePhaseNetwork, folder: Path, controls: str) -> Any:
    engine = import_module("opendssdirect").dss.NewContext()
    engine.Basic.AllowChangeDir(False)
    path = write_opendss(net, folder)
    for command in (f'compile "{path}"', "set tolerance=1e-10 maxiterations=500 maxcontroliter=500", f"set controlmode={controls}", "solve"):
        engine.Text.Command(command)
    engine.Basic.AllowChangeDir(True)
    assert engine.Solution.Converged()
    return engine


def assert_same(ours: ThreePhaseResults, engine: Any) -> None:
    """Every node, what the source delivers, and losses."""
    flat, kv = np.array(engine.Circuit.AllBusVolts()) / 1e3, dict(zip(ours.nodes.bus.tolist(), ours.nodes.v_ground_kv / ours.nodes.v_pu, strict=True))
    theirs = dict(zip(engine.Circuit.AllNodeNames(), flat[::2] + 1j * flat[1::2], strict=True))
    v = ours.nodes.v_pu * np.exp(1j * np.radians(ours.nodes.angle_deg))
    names = [f"{bus}.{phase + 1}" for bus, phase in zip(ours.nodes.bus.tolist(), ours.nodes.phase.tolist(), strict=True)]
    assert set(names) == set(theirs)
    for name, bus, value in zip(names, ours.nodes.bus.tolist(), v, strict=True):
        assert abs(value - theirs[name] / kv[bus]) <= PHASES_PEER_DSS, name
    total, loss = -np.array(engine.Circuit.TotalPower()) / 1e3, np.array(engine.Circuit.Losses()) / 1e6
    np.testing.assert_allclose([ours.totals.p_mw[3], ours.totals.q_mvar[3]], total, atol=PEER_MVA)
    np.testing.assert_allclose([ours.totals.loss_mw[3], ours.totals.loss_mvar[3]], loss, atol=PEER_MVA)


@pytest.mark.parametrize("feeder", FEEDERS)
def test_every_node_is_opendss_with_taps_held(feeder: str, tmp_path: Path) -> None:
    """The taps are those at which the engine's own controls came to rest."""
    net = wide(feeder)
    engine = solved(net, tmp_path, "static")
    taps = net.transformers.tap_to_pu.copy()
    for k, name in enumerate(net.transformers.name.tolist()):
        engine.Transformers.Name(name)
        engine.Transformers.Wdg(2)
        taps[k] = engine.Transformers.Tap()
    assert (taps != 1).sum() > 1
    assert_same(three_phase(replace(net, transformers=replace(net.transformers, tap_to_pu=taps))), engine)


@pytest.mark.parametrize("loading", [0.4, 1.15])
def test_every_node_is_opendss_at_other_loadings(loading: float, tmp_path: Path) -> None:
    net = wide("123")
    scaled = replace(net, loads=replace(net.loads, p_mw=loading * net.loads.p_mw, q_mvar=loading * net.loads.q_mvar))
    assert_same(three_phase(net, loading=loading), solved(scaled, tmp_path, "off"))


def test_every_node_is_opendss_where_sweeps_are_slow(tmp_path: Path) -> None:
    """At five times its load the 13-node feeder loses a third of its voltage, and sweeps contract by about 0.95."""
    pytest.importorskip("opendssdirect")
    net = read_opendss(DATA / FEEDERS["13"])
    scaled = replace(net, loads=replace(net.loads, p_mw=5 * net.loads.p_mw, q_mvar=5 * net.loads.q_mvar))
    assert_same(three_phase(net, loading=5), solved(scaled, tmp_path, "off"))


@pytest.mark.parametrize("limits", [(0.95, 1.05), (1.04, 1.2), (0.6, 0.97)])
def test_every_node_is_opendss_beyond_voltage_limits(limits: tuple[float, float], tmp_path: Path) -> None:
    """Most loads of the 34-node feeder are then admittances or straight lines of current."""
    net = wide("34")
    n = len(net.loads)
    net = replace(net, loads=replace(net.loads, v_low_pu=np.full(n, limits[0]), v_high_pu=np.full(n, limits[1])))
    assert_same(three_phase(net), solved(net, tmp_path, "off"))


@pytest.mark.parametrize("feeder", FEEDERS)
def test_taps_that_move_end_where_those_of_opendss_end(feeder: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Both from neutral. A table of them is recorded with the test. Every one is the same, after the same number of rounds."""
    net = wide(feeder)
    one = np.ones(len(net.transformers))
    net = replace(net, transformers=replace(net.transformers, tap_from_pu=one, tap_to_pu=one))
    ours, engine = three_phase(net, taps="move"), solved(net, tmp_path, "static")
    theirs = []
    for name in net.regulators.name.tolist():
        engine.RegControls.Name(name)
        theirs.append(engine.RegControls.TapNumber())
    rows = zip(ours.regulators.name.tolist(), ours.regulators.position.tolist(), theirs, strict=True)
    table = "\n".join(["regulator  ours  OpenDSS", *(f"{name:<9}{own:6.0f}{other:9d}" for name, own, other in rows)])
    record_property(f"taps of IEEE {feeder}", table)
    assert ours.regulators.position.tolist() == theirs, table
    assert ours.tap_rounds + 1 == engine.Solution.ControlIterations()
    assert_same(ours, engine)


@pytest.mark.parametrize(("feeder", "delays"), [("13", (30.0, 15.0, 45.0)), ("34", (15.0, 15.0, 15.0, 30.0, 30.0, 30.0))])
def test_delays_decide_the_order_as_in_opendss(feeder: str, delays: tuple[float, ...], tmp_path: Path) -> None:
    net = wide(feeder)
    one = np.ones(len(net.transformers))
    level = replace(net, transformers=replace(net.transformers, tap_to_pu=one))
    net = replace(level, regulators=replace(net.regulators, delay_s=delays))
    ours, engine, together = three_phase(net, taps="move"), solved(net, tmp_path, "static"), three_phase(level, taps="move")
    assert ours.tap_rounds > together.tap_rounds
    assert ours.tap_rounds + 1 == engine.Solution.ControlIterations()
    assert_same(ours, engine)


def test_lines_and_wye_loads_are_power_grid_model() -> None:
    phases = import_module("bench.phases")
    pytest.importorskip("power_grid_model")
    ours, theirs = (phases.sweep(300, tol=1e-12)()()(), phases.power_grid_model(300, "newton_raphson", tol=1e-12)()()())
    assert np.abs(ours).min() < 0.96
    np.testing.assert_allclose(ours, theirs, atol=PHASES_PEER_PGM)
