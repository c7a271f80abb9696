"""Cases of PowerModelsITD: what their files mean, and the feeder's voltages beside the engine's."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridtandem.cases.itd import itd_case, read_itd
from gridtandem.cases.join import joined
from gridtandem.errors import InvalidCase, UnknownName
from gridtandem.flow.newton import Newton
from gridtandem.grid.nodal import Nodal
from gridtandem.schemes.admm import Admm
from gridtandem.schemes.central import Central
from gridtandem.schemes.copf import Copf
from gridtandem.schemes.hgd import Hgd
from gridtandem.study.dispatch.run import dispatch
from gridtandem.study.dispatch.study import DispatchStudy
from tests.cases.dss_engine import boundary_of, decided_mw, engine_at
from tests.tolerances import ENGINE_MVA, ENGINE_PU, ITD_KV, PUBLISHED_ITD, ROUND_TRIP

opendssdirect = pytest.importorskip("opendssdirect")
pytestmark = pytest.mark.peer

HOME = Path(str(files("gridtandem.cases") / "itd_data"))


def test_conventions() -> None:
    case = itd_case("case5_case3_bal")
    feeder, grid = case.models[0], case.transmission
    assert "5" not in grid.buses.name[grid.loads.bus].tolist()
    assert grid.loads.p_mw.sum() == pytest.approx(990.0)
    root = int(case.interfaces.root[0])
    assert feeder.buses.label(root) == "source behind impedance"
    assert grid.buses.label(int(case.interfaces.bus[0])) == "5"
    own = feeder.lines.take(np.array([len(feeder.lines) - 1]))
    # MVAsc3 = 200 000 with X1/R1 = 4: |z| = 230² / 200 000 ohm
    z = 230.0**2 / 200_000
    np.testing.assert_allclose([own.r_ohm[0], own.x_ohm[0]], [z / np.sqrt(17), 4 * z / np.sqrt(17)], rtol=ROUND_TRIP)
    assert feeder.loads.p_mw.tolist() == [pytest.approx(9.0)]
    unit = feeder.generators
    assert (unit.p_low_mw[0], unit.p_high_mw[0], unit.q_low_mvar[0], unit.q_high_mvar[0]) == (0.0, 2.0, 0.0, 0.0)
    assert (feeder.costs.order.tolist(), feeder.costs.coefficient.tolist()) == ([1], [1.0])
    assert case.licence.startswith("BSD")


@pytest.mark.parametrize("name", ["case5_case3_bal", "case5_case3_bal_nogen"])
def test_feeder_voltages_are_the_engines(name: str) -> None:
    """Load flow of the joined grid; the engine gets the voltage found at the boundary, and the unit as constant power."""
    case = itd_case(name)
    whole = joined(case)
    solved = Newton.of(nodal := Nodal.of(whole.network)).solve()
    assert solved.converged
    feeder = case.models[0]
    at = nodal.node[whole.first_bus[0] + np.arange(len(feeder.buses))]
    kv = abs(solved.v[at]) * feeder.buses.nominal_kv
    engine = opendssdirect.dss.NewContext()
    dss = "case3_balanced.dss" if name.endswith("bal") else "case3_balanced_withoutgen.dss"
    commands = [f'compile "{HOME / dss}"', "batchedit load..* vminpu=0.5 vmaxpu=1.5", "set tolerance=1e-12 maxiterations=500"]
    commands += ["batchedit generator..* kv=13.8 model=1 vminpu=0.5 vmaxpu=1.5"] if name.endswith("bal") else []
    for command in [*commands, f"Vsource.source.pu={float(abs(solved.v[at[int(case.interfaces.root[0])]]))!r}", "solve"]:
        engine.Text.Command(command)
    for k, bus in enumerate(feeder.buses.name.tolist()[:-1]):
        engine.Circuit.SetActiveBus(bus)
        volts = np.array(engine.Bus.VMagAngle())[::2] / 1e3 * np.sqrt(3)
        np.testing.assert_allclose(volts, kv[k], atol=ITD_KV, err_msg=bus)


@pytest.mark.parametrize(("name", "dss", "units"), [
    ("case5_case3_unbal", "case3_unbalanced.dss", ("gen1",)), ("case5_case3_bal", "case3_balanced.dss", ("gen1",)),
    ("case5_case3_bal_nogen", "case3_balanced_withoutgen.dss", ()),
])  # fmt: skip
def test_the_dispatch_is_the_engines_load_flow(name: str, dss: str, units: tuple[str, ...]) -> None:
    """Boundary power and all voltages of the feeder at the optimum, phase by phase where it is not balanced."""
    case = itd_case(name)
    found = dispatch(DispatchStudy(case=case, scheme=Central())).require()
    e, p = found.tables.exchanges, found.tables.prices
    engine = engine_at(HOME / dss, float(e.v_pu[0]), {unit: (13.8, decided_mw(found, unit)) for unit in units})
    s = boundary_of(engine, float(e.v_pu[0]))
    assert (e.p_mw[0], e.q_mvar[0]) == pytest.approx((s.real, s.imag), abs=ENGINE_MVA)
    v = dict(zip(p.bus[p.feeder != ""].tolist(), p.v_pu[p.feeder != ""].tolist(), strict=True))
    for bus, nominal in (("sourcebus", 230.0), ("substation", 13.8), ("primary", 13.8), ("loadbus", 13.8)):
        engine.Circuit.SetActiveBus(bus)
        volts = np.array(engine.Bus.VMagAngle())[::2] / 1e3 * np.sqrt(3) / nominal
        ours = [v[f"{bus}.{phase}"] for phase in "abc"] if name.endswith("unbal") else [v[bus]] * 3
        np.testing.assert_allclose(volts, ours, atol=ENGINE_PU, err_msg=bus)


def test_the_unbalanced_feeder_is_dispatched_phase_by_phase() -> None:
    case = itd_case("case5_case3_unbal")
    feeder = case.models[0]
    assert feeder.buses.name[feeder.generators.bus].tolist() == ["loadbus.a", "loadbus.b", "loadbus.c", "source behind impedance"]
    np.testing.assert_allclose(feeder.generators.p_high_mw[:3], 2.0 / 3.0, rtol=ROUND_TRIP)
    assert (feeder.generators.q_low_mvar[:3].tolist(), feeder.generators.q_high_mvar[:3].tolist()) == ([0.0] * 3, [0.0] * 3)
    assert np.isinf(feeder.lines.rating_mva).all()  # the 400 A of the engine are nobody's


@pytest.mark.parametrize("scheme", [Copf(), Hgd(), Admm()])
def test_every_scheme_reaches_the_published_objective(scheme: Any) -> None:
    found = dispatch(DispatchStudy(case=itd_case("case5_case3_unbal"), scheme=scheme)).require()
    assert found.promised == pytest.approx(17953.7465, abs=PUBLISHED_ITD)
    assert found.realised == pytest.approx(found.promised, abs=PUBLISHED_ITD)
    assert not len(found.tables.violations)


def test_unknown_names() -> None:
    with pytest.raises(UnknownName, match="did you mean 'case5_case3_bal'"):
        itd_case("case5_case3_ball")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "cannot be read"),
        ("[]", "do not name a source"),
        ('[{"transmission_boundary": "5", "distribution_boundary": "3bus_bal_nogen.load.l1"}]', "do not name a source"),
        ('[{"transmission_boundary": "7", "distribution_boundary": "3bus_bal_nogen.voltage_source.source"}]', "names bus '7'"),
        ('[{"transmission_boundary": "5", "distribution_boundary": "other.voltage_source.source"}]', "names circuit 'other'"),
        ('[{"transmission_boundary": "5", "distribution_boundary": "3bus_bal_nogen.voltage_source.two"}]', "names source 'two'"),
    ],
)
def test_boundaries_that_lead_nowhere(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "boundary.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidCase, match=words):
        read_itd(path, transmission=HOME / "case5_withload.m", distribution=[HOME / "case3_balanced_withoutgen.dss"])


def test_one_feeder_file_may_hang_at_two_buses(tmp_path: Path) -> None:
    entry = '{{"transmission_boundary": "{}", "distribution_boundary": "3bus_bal_nogen.voltage_source.source"}}'
    path = tmp_path / "boundary.json"
    path.write_text(f"[{entry.format(5)}, {entry.format(2)}]", encoding="utf-8")
    case = read_itd(path, transmission=HOME / "case5_withload.m", distribution=[HOME / "case3_balanced_withoutgen.dss"])
    assert case.interfaces.model.tolist() == [0, 0]
    assert case.size() == (6, 8)
    assert replace(case, notes=()).check().companies == ("dso-5", "dso-2")
