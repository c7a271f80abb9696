"""OpenDSS files through their engine: read, beside the engine, written again, refused by name."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridtandem.cases.folder.csv_text import parsed, written
from gridtandem.cases.opendss.read import read_opendss, records_in
from gridtandem.cases.opendss.write import write_opendss
from gridtandem.errors import InvalidCase, MissingPackage
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.tables import Complex
from tests.grid import phase_twin as twin
from tests.grid.phase_networks import village
from tests.tolerances import ENTRY, LOAD_POWER, PRINTED_LOAD, PUBLISHED_13, REWRITTEN, ROUND_TRIP, TWIN_IS_ENGINE

opendssdirect = pytest.importorskip("opendssdirect")
pytestmark = pytest.mark.peer

DATA = Path(__file__).parents[1] / "data"
FEEDERS = {n: DATA / "ieee_feeders" / n / f for n, f in {"13": "IEEE13Nodeckt.dss", "34": "ieee34Mod1.dss", "37": "ieee37.dss"}.items()}
FEEDERS["123"] = DATA / "ieee_feeders/123/IEEE123Master.dss"
TRAPS = DATA / "opendss/traps.dss"
FILES = [*FEEDERS.values(), TRAPS]
named = pytest.mark.parametrize("path", FILES, ids=[p.stem for p in FILES])


def solved(path: Path, controls: str) -> Any:
    """A plain engine, without our door, that has solved the file."""
    engine = opendssdirect.dss.NewContext()
    engine.Basic.AllowChangeDir(False)
    for command in (f'compile "{path}"', "set tolerance=1e-10 maxiterations=500 maxcontroliter=500", f"set controlmode={controls}", "solve"):
        engine.Text.Command(command)
    engine.Basic.AllowChangeDir(True)
    assert engine.Solution.Converged()
    return engine


def volts(engine: Any, net: ThreePhaseNetwork) -> Complex:
    """Voltages of the engine, (bus, phase), per unit of our nominal voltages."""
    row = {name: k for k, name in enumerate(net.buses.name.tolist())}
    v = np.zeros((len(row), 3), complex)
    flat = np.array(engine.Circuit.AllBusVolts())
    for name, value in zip(engine.Circuit.AllNodeNames(), flat[::2] + 1j * flat[1::2], strict=True):
        bus, node = name.rsplit(".", 1)
        v[row[bus], int(node) - 1] = value / 1e3
    return v / (net.buses.nominal_kv[:, None] / np.sqrt(3))


def admittance(engine: Any, name: str) -> Complex:
    """The engine's admittance of a two-ended element between the phases of both ends, (6, 6). [S]"""
    engine.Circuit.SetActiveElement(name)
    flat, nodes = np.array(engine.CktElement.YPrim()), np.array(engine.CktElement.NodeOrder())
    size = len(nodes)
    y = (flat[::2] + 1j * flat[1::2]).reshape(size, size).T
    to = np.zeros((size, 6))
    for k in np.flatnonzero(nodes):
        to[k, nodes[k] - 1 + (0 if k < size // 2 else 3)] = 1.0
    return to.T @ y @ to


@named
def test_admittances_are_the_engines(path: Path) -> None:
    net, engine = read_opendss(path), solved(path, "off")
    pairs = [(f"Line.{n}", twin.line(net, k)) for k, n in enumerate(net.lines.name) if net.lines.closed[k]]
    pairs += [(f"Transformer.{n}", twin.transformer(net, k)) for k, n in enumerate(net.transformers.name)]
    assert len(pairs) > 9
    for name, ours in pairs:
        theirs = admittance(engine, name)
        np.testing.assert_allclose(ours, theirs, atol=ENTRY * abs(theirs).max(), err_msg=name)


@named
def test_loads_draw_what_the_engine_lets_them_draw(path: Path) -> None:
    net, engine = read_opendss(path), solved(path, "off")
    v = volts(engine, net) * net.buses.nominal_kv[:, None] / np.sqrt(3)
    for k, (name, bus) in enumerate(zip(net.loads.name, net.loads.bus, strict=True)):
        engine.Circuit.SetActiveElement(f"Load.{name}")
        kva = np.array(engine.CktElement.Powers())
        theirs = complex(kva[::2].sum(), kva[1::2].sum()) / 1e3
        np.testing.assert_allclose(twin.load_power(net, k, v[bus]), theirs, rtol=LOAD_POWER, err_msg=name)


@named
def test_a_load_flow_from_our_tables_alone_is_the_engines(path: Path) -> None:
    net = read_opendss(path)
    ours = twin.voltages(net) / (net.buses.nominal_kv[:, None] / np.sqrt(3))
    np.testing.assert_allclose(ours, volts(solved(path, "off"), net), atol=TWIN_IS_ENGINE)


@named
def test_round_trip(path: Path, tmp_path: Path) -> None:
    net = read_opendss(path)
    again = read_opendss(write_opendss(net, tmp_path))
    for (name, table), other in zip(net.tables().items(), again.tables().values(), strict=True):
        for column, spec in table.columns().items():
            here, there = getattr(table, column), getattr(other, column)
            if name == "lines" and spec.shape == (3, 3):
                np.testing.assert_allclose(there, here, rtol=ROUND_TRIP, atol=ROUND_TRIP * abs(here).max(), err_msg=column)
            else:
                assert np.array_equal(there, here), (name, column)
    assert (again.name, again.frequency_hz) == (net.name, net.frequency_hz)


@named
@pytest.mark.parametrize("controls", ["off", "static"])
def test_the_engine_solves_the_rewritten_file_alike(path: Path, controls: str, tmp_path: Path) -> None:
    net = read_opendss(path)
    again = solved(write_opendss(net, tmp_path), controls)
    np.testing.assert_allclose(volts(again, net), volts(solved(path, controls), net), atol=REWRITTEN)


@named
def test_tables_as_csv_and_back(path: Path) -> None:
    net = read_opendss(path)
    names = {kind: getattr(table, "name") for kind, table in net.tables().items()}  # noqa: B009
    for kind, table in net.tables().items():
        text = written(table, names)
        again = parsed(type(table), text, names)
        assert not again.faults
        assert again.table.digest() == table.digest(), kind


# totals of the feeders' own documents: W. H. Kersting, "Radial distribution test feeders", IEEE PES Winter Meeting, 2001
TOTALS = {"13": (3.466, 2.102), "34": (1.769, 1.044), "37": (2.457, 1.201), "123": (3.490, 1.920)}


@pytest.mark.parametrize("feeder", TOTALS)
def test_published_load(feeder: str) -> None:
    loads = read_opendss(FEEDERS[feeder]).loads
    np.testing.assert_allclose([loads.p_mw.sum(), loads.q_mvar.sum()], TOTALS[feeder], atol=PRINTED_LOAD)


# same document: voltages of the 13-node feeder with taps at +10, +8, +11 steps
TAPS = {"reg1": 1.0625, "reg2": 1.05, "reg3": 1.06875}
TABLE_13 = {
    "632": (1.0210, 1.0420, 1.0174), "633": (1.0180, 1.0401, 1.0148), "634": (0.9940, 1.0218, 0.9960), "645": (None, 1.0329, 1.0155),
    "646": (None, 1.0311, 1.0134), "671": (0.9900, 1.0529, 0.9778), "675": (0.9835, 1.0553, 0.9758), "611": (None, None, 0.9738),
    "652": (0.9825, None, None),
}  # fmt: skip


def test_published_voltages_of_13_nodes() -> None:
    net = read_opendss(FEEDERS["13"])
    t = net.transformers
    taps = [TAPS.get(name, tap) for name, tap in zip(t.name.tolist(), t.tap_to_pu.tolist(), strict=True)]
    v = abs(twin.voltages(replace(net, transformers=replace(t, tap_to_pu=taps)))) / (net.buses.nominal_kv[:, None] / np.sqrt(3))
    for bus, printed in TABLE_13.items():
        row = net.buses.name.tolist().index(bus)
        for phase, value in enumerate(printed):
            assert v[row, phase] == (0.0 if value is None else pytest.approx(value, abs=PUBLISHED_13)), (bus, phase)


def test_what_the_traps_say() -> None:
    net = read_opendss(TRAPS)
    rows = {name: k for k, name in enumerate(net.lines.name.tolist())}
    assert net.frequency_hz == 50.0
    assert net.lines.to_phase[rows["turned"]].tolist() == [2, 3, 1]
    assert net.lines.to_phase[rows["short"]].tolist() == [1, 0, 3]
    np.testing.assert_allclose(net.lines.r_ohm[rows["short"]], [[1.2, 0, 0.2], [0, 0, 0], [0.2, 0, 1.0]], rtol=ROUND_TRIP)
    np.testing.assert_allclose(net.lines.r_ohm[rows["miles"], 0, 0], 0.4 * 1500 / 5280, rtol=ROUND_TRIP)
    assert net.lines.switch[rows["switch"]]
    assert not net.lines.closed[rows["opened"]]
    assert "away" not in rows
    by_name = dict(zip(net.loads.name.tolist(), net.loads.p_mw.tolist(), strict=True))
    assert (by_name["fixed"], by_name["zip"]) == (0.31, pytest.approx(0.8 * 0.12))
    assert dict(zip(net.buses.name.tolist(), net.buses.nominal_kv.tolist(), strict=True))["back"] == 3.3
    assert net.notes == (
        "EnergyMeter: 1 left out, they play no part in a load flow",
        "Line.away: disabled, left out",
        "Monitor: 1 left out, they play no part in a load flow",
        "powers of loads hold the file's loadmult = 0.8",
    )


REFUSED = [
    ("New PVSystem.Roof bus1=b kv=4.16", "PVSystem[roof] is of a class that has no table here"),
    ("New Storage.Box bus1=b kv=4.16", "Storage[box] is of a class"),
    ("New Reactor.Coil bus1=b kv=4.16 kvar=10", "Reactor[coil] is of a class"),
    ("New CapControl.C capacitor=own element=line.own", "CapControl[c] is of a class"),
    ("New SwtControl.S switchedobj=line.own", "SwtControl[s] is of a class"),
    ("New Fault.F bus1=b.1", "Fault[f] is of a class"),
    ("New Transformer.Three windings=3 buses=[b x y] kvs=[4.16 0.4 0.4]", "Transformer[three] has 3 windings"),
    ("New Transformer.Star windings=2 buses=[b x] kvs=[4.16 0.4] rneut=5", "impedance from star point to ground"),
    ("New Transformer.Uneven windings=2 buses=[b x] kvs=[4.16 0.4] kvas=[100 200]", "windings of different kVA"),
    ("New Line.Neutral phases=4 bus1=b.1.2.3.4 bus2=x.1.2.3.4", "ends on node 4 of bus"),
    ("New Line.Earth phases=2 bus1=b.1.0 bus2=x.1.2", "has a conductor at ground"),
    ("New Line.Twice phases=2 bus1=b.1.1 bus2=x.1.2", "has two conductors on one phase"),
    ("New Line.Half bus1=b bus2=x\nOpen Line.Half 1 2", "is open in some conductors only"),
    ("New Line.Hertz bus1=b bus2=x basefreq=50", "is stated at 50 Hz where the circuit runs at 60 Hz"),
    ("New Load.Gone bus1=b kv=4.16 kw=1\nOpen Load.Gone 1", "is disconnected"),
    ("New Load.Seven bus1=b kv=4.16 kw=1 model=7", "is of load model 7"),
    ("New Load.Open bus1=b.1.2.3 phases=2 conn=delta kv=4.16 kw=1", "is an open delta"),
    ("New Load.Sum bus1=b kv=4.16 kw=1 model=8 zipv=[1 1 1 1 0 0 0]", "ZIP shares that do not sum to 1"),
    ("New Load.Rneut bus1=b kv=4.16 kw=1 rneut=3", "impedance from star point to ground"),
    ("New Capacitor.Series bus1=b bus2=x kv=4.16 kvar=10", "lies in series"),
    ("New Capacitor.Tuned bus1=b kv=4.16 kvar=10 harm=5", "has a series resistance or reactor"),
    ("New Generator.User bus1=b kv=4.16 kw=1 model=5", "is of generator model 5"),
    ("New Vsource.Single bus1=x phases=1 basekv=4.16", "has Phases = 1; only 3 is represented"),
    ("New RegControl.Idle transformer=own winding=2\nTransformer.own.enabled=no", "controls transformer 'own', which is disabled"),
    ("Set Year=3", "Circuit[plain] stands in year 3"),
    ("New RegControl.Back transformer=own winding=2 reversible=yes", "has Reversible = True"),
]
PLAIN = """Clear
Set DefaultBaseFrequency=60
New Circuit.Plain basekv=66 bus1=a
New Transformer.Own windings=2 buses=[a b] kvs=[66 4.16]
New Line.Own bus1=b bus2=c
New Capacitor.Own bus1=c kv=4.16 kvar=10
"""


@pytest.mark.parametrize(("lines", "words"), REFUSED, ids=[lines.split("\n")[0].split()[1] for lines, _ in REFUSED])
def test_refused_by_name(lines: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "refused.dss"
    path.write_text(f"{PLAIN}{lines}\nSet VoltageBases=[66 4.16 0.4]\nCalcVoltageBases\n", encoding="utf-8")
    with pytest.raises(InvalidCase) as caught:
        read_opendss(path)
    assert words in str(caught.value)
    assert {f.code for f in caught.value.faults} == {"case-122"}


def test_all_that_is_refused_is_listed_at_once(tmp_path: Path) -> None:
    path = tmp_path / "many.dss"
    path.write_text(PLAIN + "\n".join(lines for lines, _ in REFUSED[:8]) + "\n", encoding="utf-8")
    with pytest.raises(InvalidCase) as caught:
        read_opendss(path)
    assert len(caught.value.faults) == 8


def test_voltage_bases_follow_from_ratings_where_the_file_gives_none(tmp_path: Path) -> None:
    path = tmp_path / "bare.dss"
    path.write_text(PLAIN + "New Transformer.Pot phases=1 windings=2 buses=[c.1 d.1] kvs=[2.4 0.12]\n", encoding="utf-8")
    kv = dict(zip((net := read_opendss(path)).buses.name.tolist(), net.buses.nominal_kv.tolist(), strict=True))
    assert kv == {"a": 66.0, "b": 4.16, "c": 4.16, "d": pytest.approx(0.208)}


@pytest.mark.parametrize(
    ("text", "code"), [(None, "case-120"), ("! nothing", "case-120"), ("New Circuit.X\nNew Line.A bus1=a bus2=b linecode=none", "case-121")]
)
def test_files_that_are_no_circuit(text: str | None, code: str, tmp_path: Path) -> None:
    path = tmp_path / "x.dss"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidCase) as caught:
        read_opendss(path)
    assert [f.code for f in caught.value.faults] == [code]


def test_a_bus_without_any_voltage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "island.dss"
    path.write_text(PLAIN + "New Load.Far bus1=far kv=4.16 kw=1\n", encoding="utf-8")
    with pytest.raises(InvalidCase, match="far have no voltage base"):
        read_opendss(path)


GUEST = """
import os, sys
import opendssdirect
from gridtandem.cases.opendss.read import read_opendss

own = opendssdirect.dss
own.Text.Command("New Circuit.Mine bus1=here")
own.Text.Command("New Line.Mine bus1=here bus2=there")
os.chdir(os.path.dirname(sys.argv[1]))  # since the engine was loaded
before = os.getcwd(), own.Basic.AllowChangeDir(), own.Basic.AllowEditor()
read_opendss(sys.argv[1])
assert (os.getcwd(), own.Basic.AllowChangeDir(), own.Basic.AllowEditor()) == before
assert own.Circuit.AllElementNames() == ["Vsource.source", "Line.mine"]
"""


def test_the_process_stays_as_it_was() -> None:
    """In a process of its own, whose engine no other test has had in hand."""
    said = subprocess.run([sys.executable, "-c", GUEST, str(FEEDERS["13"])], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opendssdirect", None)
    with pytest.raises(MissingPackage, match=r"gridtandem\[opendss\]"):
        read_opendss(FEEDERS["13"])


def test_sources_of_any_name_and_number_are_written(tmp_path: Path) -> None:
    net = village()
    two = net.sources.take(np.array([0, 0]))
    net = replace(net, sources=replace(two, name=["second", "source"], bus=[2, 0]))
    again = read_opendss(write_opendss(net, tmp_path))
    assert sorted(again.sources.name.tolist()) == ["second", "source"]
    assert sorted(read_opendss(write_opendss(village(), tmp_path)).sources.name.tolist()) == ["grid"]


def test_generators_places_and_open_ends_go_there_and_back(tmp_path: Path) -> None:
    net = village()
    generators = pe.PhaseGenerators(
        name=["pv", "chp", "z"], bus=[1, 2, 3], connection=[pe.WYE, pe.DELTA, pe.WYE], terminals=[[1, 2, 3], [3, 1, 0], [2, 0, 0]],
        nominal_kv=[11.0, 11.0, 0.23], p_mw=[0.3, 0.0083, 0.001], q_mvar=[0.1, -0.2, 0.0], control=[0, 2, 1], v_set_pu=[1.0, 1.02, 1.0],
        q_low_mvar=[-np.inf, -0.2, -1.0], q_high_mvar=[np.inf, 0.3, 1.0], rating_mva=[0.4, np.inf, 0.01], v_low_pu=[0.9, 0.8, 0.0],
        v_high_pu=[1.1, 1.2, np.inf],
    )  # fmt: skip
    places = {"located": [True, False, True, False], "x": [1.5, 0.0, -3.25, 0.0], "y": [0.1, 0.0, 7.0, 0.0]}
    net = replace(net, generators=generators, buses=replace(net.buses, **places), transformers=replace(net.transformers, closed=[False], bank=["b1"]))
    again = read_opendss(write_opendss(net, tmp_path))
    order = np.argsort(net.buses.name)  # the reader's order of buses
    for column in net.buses.columns():
        assert np.array_equal(getattr(again.buses, column), getattr(net.buses, column)[order]), column
    for table in ("generators", "transformers", "loads", "capacitors", "sources"):
        for column, spec in getattr(net, table).columns().items():
            here, there = getattr(getattr(net, table), column), getattr(getattr(again, table), column)
            assert np.array_equal(there, np.argsort(order)[here] if spec.refers == "buses" else here), (table, column)


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    net = village()
    with pytest.raises(InvalidCase, match="cannot be spelled"):
        write_opendss(replace(net, buses=replace(net.buses, name=["gate", "old mill", "square", "inn"])), tmp_path)
    with pytest.raises(InvalidCase, match="'old village' cannot be spelled"):
        write_opendss(replace(net, name="old village"), tmp_path)
    uneven = net.lines.x_ohm.copy()
    uneven[1, 2, 2] *= 2
    with pytest.raises(InvalidCase, match="differs between phases, which the engine cannot hold for a switch"):
        write_opendss(replace(net, lines=replace(net.lines, x_ohm=uneven, switch=[False, True])), tmp_path)


def test_what_is_no_number_in_json_is_none() -> None:
    said = '[{"Name":"c1 nan","kvar":[3.0E+002, NaN,-Inf],"kV":+INFINITY,"Repair":3.0}]'
    assert records_in(said) == [{"Name": "c1 nan", "kvar": [300.0, None, None], "kV": None, "Repair": 3.0}]
