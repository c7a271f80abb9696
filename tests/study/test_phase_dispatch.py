"""IEEE test feeders as parties of AC dispatch, phase by phase: against one owner's dispatch and against the engine's load flow."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.cases.case import Case
from gridtandem.cases.generate import interfaces, root_of
from gridtandem.cases.library import network
from gridtandem.cases.named import case
from gridtandem.cases.phase_case import phase_case, plain_network
from gridtandem.grid.phase_feeder import within
from gridtandem.schemes.central import Central
from gridtandem.schemes.copf import Copf
from gridtandem.study.dispatch.run import DispatchResult, dispatch
from gridtandem.study.dispatch.study import DispatchStudy
from tests.cases.dss_engine import boundary_of, engine_at
from tests.tolerances import DISPATCH_GAP, ENGINE_MVA, ENGINE_PU

pytest.importorskip("opendssdirect")
pytestmark = pytest.mark.peer

HOME = Path(__file__).parents[1] / "data" / "ieee_feeders"
BANDS = {"13/IEEE13Nodeckt.dss": (0.9, 1.1), "34/ieee34Mod1.dss": (0.7, 1.1), "37/ieee37.dss": (0.9, 1.1), "123/IEEE123Master.dss": (0.9, 1.1)}


@cache
def hung(file: str) -> Case:
    """The feeder at bus 9 of the IEEE 14-bus system, its voltages within a band."""
    low, high = BANDS.get(file, (0.0, np.inf))
    given = phase_case(HOME / file if file in BANDS else file)
    held = replace(given, feeder=replace(given.feeder, network=within(given.feeder.network, low, high)))
    model, grid = plain_network(held), network("ieee14")
    bus = grid.buses.name.tolist().index("9")
    table = interfaces(["9"], np.zeros(1, np.int64), [root_of(model)], np.array([bus]), count=np.ones(1, np.int64), scale=np.ones(1))
    return Case(name="hung", transmission=grid, models=(model,), interfaces=table).check()


@cache
def found(file: str, scheme: Any) -> DispatchResult:
    return dispatch(DispatchStudy(case=hung(file), scheme=scheme))


@pytest.mark.parametrize("file", [*BANDS, "ieee13-ders", "ieee123-ders"])
def test_coordination_reaches_the_dispatch_of_one_owner(file: str) -> None:
    result = found(file, Copf()).require()
    assert abs(result.gap) <= DISPATCH_GAP
    assert not len(result.tables.violations)
    assert result.realised == pytest.approx(result.promised, rel=DISPATCH_GAP)


@pytest.mark.parametrize("file", BANDS)
def test_boundary_and_voltages_are_the_engines(file: str) -> None:
    """Delta loads of constant power, current and impedance, open deltas, single-phase laterals; taps as the file left them."""
    t = found(file, Central()).require().tables
    engine = engine_at(HOME / file, float(t.exchanges.v_pu[0]), {})
    s = boundary_of(engine, float(t.exchanges.v_pu[0]))
    assert (t.exchanges.p_mw[0], t.exchanges.q_mvar[0]) == pytest.approx((s.real, s.imag), abs=ENGINE_MVA)
    v = dict(zip(t.prices.bus.tolist(), t.prices.v_pu.tolist(), strict=True))
    feeder = phase_case(HOME / file).feeder.network
    for bus, kv in zip(feeder.buses.name.tolist(), feeder.buses.nominal_kv.tolist(), strict=True):
        engine.Circuit.SetActiveBus(bus)
        volts = dict(zip(engine.Bus.Nodes(), np.array(engine.Bus.Voltages()).view(complex) / 1e3 / kv, strict=True))
        for node, phase in enumerate("abc", start=1):
            if f"{bus}.{phase}" in v and not file.startswith("37"):  # there phases float, and only what lies between them means something
                assert v[f"{bus}.{phase}"] == pytest.approx(abs(volts[node]) * np.sqrt(3.0), abs=ENGINE_PU), bus
        for p, q in (("a", "b"), ("a", "c"), ("b", "c")):
            if f"{bus}.{p}-{q}" in v:
                ends = ["abc".index(x) + 1 for x in (p, q)]
                assert v[f"{bus}.{p}-{q}"] == pytest.approx(abs(volts[ends[0]] - volts[ends[1]]), abs=ENGINE_PU), bus


def test_the_door_writes_a_folder_that_reads_as_the_same_case(tmp_path: Path) -> None:
    """Numbers, ties, floating phases and notes on ratings survive the tables."""
    file = str(HOME / "13" / "IEEE13Nodeckt.dss")
    made = gt.new_case(tmp_path / "mine", transmission="ieee14", feeder=file, at=["9"])
    again = case(tmp_path / "mine")
    assert again.models[0].digest() == made.models[0].digest() == plain_network(phase_case(file)).digest()
    assert any("state no rating" in note for note in made.notes)
