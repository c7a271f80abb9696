"""pandapower's files in and out: its own voltages from our load flow, and ours from its; every refusal by name."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gridtandem.cases.matpower.read import read_matpower
from gridtandem.cases.pandapower.read import read_pandapower
from gridtandem.cases.pandapower.write import write_pandapower
from gridtandem.errors import InvalidCase
from gridtandem.flow.newton import Newton
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Complex
from tests import tolerances as t
from tests.cases.texts import SMALL, matpower_case

DATA = Path(__file__).parents[1] / "data" / "pandapower"
ALL = DATA / "all_elements.json"


def voltages(network: Network) -> Complex:
    """Of every bus; NaN where it is out of service."""
    nodal = Nodal.of(network)
    solution = Newton.of(nodal).solve()
    assert solution.converged, solution.trouble
    return np.append(solution.v, np.nan)[nodal.node]


def differ(a: Complex, b: Complex) -> float:
    assert (np.isnan(a) == np.isnan(b)).all()
    return float(np.nanmax(abs(a - b)))


@pytest.mark.parametrize("name", ["all_elements", "case14", "cigre_mv_der"])
def test_the_load_flow_of_a_file_is_pandapowers(name: str) -> None:
    found = json.loads((DATA / f"{name}.voltages.json").read_text()).values()
    theirs = np.array([np.nan if v is None else v[0] * np.exp(1j * np.radians(v[1])) for v in found])
    assert differ(voltages(read_pandapower(DATA / f"{name}.json"))[: len(theirs)], theirs) < t.SAME_AS_PEER


def test_every_element_becomes_the_row_it_should() -> None:
    net = read_pandapower(ALL)
    assert net.name == "all elements"
    assert (net.base_mva, net.frequency_hz) == (10.0, 50.0)
    assert net.buses.name.tolist() == [*"ABCDEFGH", "lost", "L4 open at E"]
    assert net.buses.live.tolist() == [True] * 8 + [False, True]
    assert net.lines.closed.tolist() == [True, True, True, True, False]
    assert net.lines.rating_mva[[0, 3]] == pytest.approx(np.sqrt(3) * 20 * 0.36 * np.array([2, 0.8]), rel=t.IDENTITY)
    assert net.ties.name.tolist() == ["switch 4", "L4 open at E"]
    assert net.ties.closed.tolist() == [True, False]
    assert net.transformers.name.tolist() == ["trafo 0", "trafo 1", "trafo 2", "impedance 0"]
    assert net.transformers.shift_deg[2] == pytest.approx(1.5, rel=t.IDENTITY)
    assert net.transformers.steps.tolist() == [18, 4, 32, 32]
    assert net.generators.control.tolist() == [el.REFERENCE, el.VOLTAGE, el.PQ]
    assert net.generators.p_mw == pytest.approx([0, 1.2, 1.35], rel=t.IDENTITY)
    assert net.loads.p_z_share.tolist() == [0.3, 0, 0, 0, 0]
    assert net.loads.live.tolist() == [True, True, False, True, True]
    assert net.shunts.b_mvar[0] == pytest.approx(1.4 * (20 / 19) ** 2, rel=t.IDENTITY)
    assert sorted(zip(net.costs.generator.tolist(), net.costs.order.tolist(), net.costs.coefficient.tolist(), strict=True)) == [
        (0, 1, 30.0), (1, 0, 1.0), (1, 1, 20.0), (1, 2, 0.1),
    ]  # fmt: skip
    assert net.notes == (
        "1 closed switches at the ends of a line are not kept; they change no load flow", "out of service, no path to a source: buses lost",
    )  # fmt: skip


def test_zones_keep_their_numbers_and_lose_their_names() -> None:
    numbers = read_pandapower(changed(*(("bus", "zone", k, z) for k, z in enumerate((2, 3.0, "4")))))
    assert numbers.buses.zone.tolist()[:4] == [2, 3, 4, 1]
    names = read_pandapower(changed(("bus", "zone", 0, "north")))
    assert set(names.buses.zone.tolist()) == {1}
    assert "zones with names are not kept: north" in names.notes


def changed(*changes: tuple[str, str, int, object], drop: str = "") -> str:
    """The file with cells changed: (table, column, row, value)."""
    content = json.loads(ALL.read_text())
    for kind, column, row, value in changes:
        table = json.loads(content["_object"][kind]["_object"])
        if column not in table["columns"]:
            table["columns"].append(column)
            table["data"] = [[*cells, None] for cells in table["data"]]
        table["data"][row][table["columns"].index(column)] = value
        content["_object"][kind]["_object"] = json.dumps(table)
    content["_object"].pop(drop, None)
    return json.dumps(content)


def faults(text: str | Path) -> list[str]:
    with pytest.raises(InvalidCase) as caught:
        read_pandapower(text)
    return [str(f) for f in caught.value.faults]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("line", "to_bus", 1, 31), "line[1].to_bus is 31, which is no bus of this file; did you mean 3? (case-143)"),
        (("load", "bus", 0, None), "load[0].bus is None, which is no bus of this file; give the number of a bus (case-143)"),
        (("line", "length_km", 0, None), "line[0].length_km is missing; give a number (case-142)"),
        (("line", "length_km", 0, "long"), "line[0].length_km is 'long'; give a number (case-142)"),
        (("line", "parallel", 0, 0), "line[0].parallel is 0; give 1 or more (case-142)"),
        (("bus", "in_service", 0, "yes"), "bus[0].in_service is 'yes'; give true or false (case-142)"),
        (("switch", "z_ohm", 4, 0.1), "switch[4].z_ohm is above 0, so the switch has an impedance; "
         "replace it by a line, or set z_ohm = 0 (case-146)"),
        (("switch", "bus", 1, 5), "switch[1].bus is no end of line 0; name one of its buses (case-143)"),
        (("trafo", "tap_dependency_table", 0, True), "trafo[0].tap_dependency_table makes impedance and ratio depend on a table; "
         "set it to false with fixed values (case-146)"),
        (("trafo", "tap_changer_type", 0, "Tabular"), "trafo[0].tap_changer_type is 'Tabular'; use Ratio, Symmetrical or Ideal (case-146)"),
        (("impedance", "rtf_pu", 0, 0.2), "impedance[0].rtf_pu differs between the two directions; give one impedance for both (case-146)"),
        (("poly_cost", "cq1_eur_per_mvar", 0, 2.0), "poly_cost[0].cq1_eur_per_mvar is a cost of reactive power, which no table here can hold; "
         "delete it (case-146)"),
        (("poly_cost", "et", 0, "load"), "poly_cost[0].et is 'load', whose cost no table here can hold; "
         "costs belong to ext_grid, gen, sgen (case-146)"),
        (("ext_grid", "in_service", 0, False), "ext_grid has no external grid and no slack generator in service; "
         "add an ext_grid, or set slack at a generator (case-145)"),
        (("bus", "vn_kv", 3, -1.0), "buses[D].nominal_kv must be above 0.0 (is -1 kV); correct the value (case-012)"),
    ],
)  # fmt: skip
def test_a_fault_is_named_exactly(change: tuple[str, str, int, object], expected: str) -> None:
    assert "text: " + expected in faults(changed(change))


def test_elements_without_a_table_here_are_refused_together() -> None:
    content = json.loads(ALL.read_text())
    frame = {"columns": ["name", "in_service"], "index": [0, 7], "data": [["x", True], ["y", False]]}
    for kind in ("trafo3w", "dcline", "motor"):
        content["_object"][kind] = {"_class": "DataFrame", "_object": json.dumps(frame)}
    assert faults(json.dumps(content)) == [
        f"text: {kind} has 1 in service, which no table here can hold: x; replace or delete them before saving the file (case-146)"
        for kind in ("dcline", "motor", "trafo3w")
    ]


def test_files_that_are_none(tmp_path: Path) -> None:
    good = "give a file that pandapower 3 wrote with to_json"
    old = "pandapower 2 and 3 mean different things by the same columns; load the file with pandapower 3 and save it again (case-144)"
    for content, expected in (
        ('{"a": 1}', f"file is JSON, but no pandapower network; {good} (case-140)"),
        ('{"_class": "pandapowerNet", "_object": 3}', f"file holds no tables; {good} (case-140)"),
        ('{"a": ', f"file is no JSON: Expecting value: line 1 column 7 (char 6); it looks cut off or damaged; {good} (case-140)"),
        ("{" + '"a": {' * 100_000, f"file is no JSON: nested too deeply; it looks cut off or damaged; {good} (case-140)"),
        (changed(drop="bus"), f"bus is missing; {good} (case-141)"),
        (changed(drop="format_version"), f"format_version is missing; {old}"),
    ):
        file = tmp_path / "a.json"
        file.write_text(content)
        assert faults(file) == [f"a.json: {expected}"]


@pytest.mark.parametrize(
    "table",
    [
        3,
        "nothing",
        {"columns": ["name"], "index": [0]},
        {"columns": ["name"], "index": [0], "data": [["a", "b"]]},
        {"columns": ["name"], "index": [0, 1], "data": [["a"]]},
        {"columns": ["name", "name"], "index": [0], "data": [["a", "b"]]},
        {"columns": ["name"], "index": ["x"], "data": [["a"]]},
        {"columns": ["name"], "index": [4, 4], "data": [["a"], ["b"]]},
    ],
)
def test_a_damaged_table_is_named(table: object) -> None:
    content = json.loads(ALL.read_text())
    content["_object"]["load"]["_object"] = table if table == "nothing" else json.dumps(table)
    expected = "text: load is no table of columns, index and data; give a file that pandapower 3 wrote with to_json (case-141)"
    assert faults(json.dumps(content)) == [expected]


def test_settings_must_be_positive_numbers() -> None:
    content = json.loads(ALL.read_text())
    content["_object"] |= {"f_hz": "fifty", "sn_mva": -1}
    assert faults(json.dumps(content)) == [
        "text: f_hz is 'fifty'; give a positive number (case-142)", "text: sn_mva is -1; give a positive number (case-142)",
    ]  # fmt: skip


def nets() -> dict[str, Network]:
    small = read_matpower(SMALL)
    cut = replace(small.transformers, closed=[True, True], b_pu=[0.01, 0.02])
    return {"small": replace(small, transformers=cut, cost_points=el.CostPoints.empty()), "all_elements": read_pandapower(ALL)}


@pytest.mark.parametrize("name", ["small", "all_elements"])
def test_a_written_file_reads_as_the_same_network(name: str, tmp_path: Path) -> None:
    net = nets()[name]
    write_pandapower(net, tmp_path / "out.json")
    again = read_pandapower(tmp_path / "out.json")
    assert again.buses.name.tolist() == net.buses.name.tolist()
    assert differ(voltages(again), voltages(net)) < t.SAME_FLOW
    for table in ("loads", "ties", "costs"):
        assert len(getattr(again, table)) == len(getattr(net, table))


def test_load_laws_are_restated_at_one_per_unit(tmp_path: Path) -> None:
    net = nets()["small"]
    law = replace(net.loads, p_exponent=[2.0, 0.0], q_exponent=[1.0, 0.0], v_calibration_pu=[0.9, 1.0], p_i_share=[0.25, 0.0])
    net = replace(net, loads=law)
    write_pandapower(net, tmp_path / "out.json")
    assert differ(voltages(read_pandapower(tmp_path / "out.json")), voltages(net)) < t.SAME_FLOW


def test_what_pandapower_cannot_hold_is_refused_by_name(tmp_path: Path) -> None:
    small = read_matpower(SMALL)
    bad = replace(small, loads=replace(small.loads, bus=[1, 1], p_exponent=[1.3, 2.0]), costs=el.Costs(generator=[0], order=[3], coefficient=[1.0]))
    with pytest.raises(InvalidCase) as caught:
        write_pandapower(bad, tmp_path / "out.json")
    mixed = "depends on voltage and shares its bus with another load or static generator; pandapower would mix their laws"
    assert [str(f).removeprefix("small: ") for f in caught.value.faults] == [
        "loads[the miller's].p_exponent has an exponent other than 0, 1 and 2, which pandapower does not know; "
        "state it by shares of impedance, current and power (case-150)",
        f"loads[north [5%]].bus {mixed}; give it a bus of its own behind a closed tie (case-150)",
        "costs[1].order is 3; pandapower knows 0, 1 and 2; fit a square polynomial (case-152)",
        "generators[north [5%]] has a piecewise-linear cost, whose height pandapower does not keep; write another format (case-152)",
    ]


@pytest.mark.peer
@pytest.mark.parametrize("name", ["small", "all_elements", "case9", "case14", "case33bw", "case118", "case300"])
@pytest.mark.filterwarnings("ignore")
def test_pandapower_finds_our_voltages_from_our_file(name: str, tmp_path: Path) -> None:
    pp = pytest.importorskip("pandapower")
    net = nets()[name] if name in nets() else read_matpower(matpower_case(name), equivalents=True, numbered=True)
    write_pandapower(net, tmp_path / "out.json")
    theirs = pp.from_json(str(tmp_path / "out.json"))
    pp.runpp(theirs, tolerance_mva=t.PEER_MISMATCH_MVA, max_iteration=40, numba=False, calculate_voltage_angles=True, init="dc")
    v = theirs.res_bus.vm_pu.to_numpy() * np.exp(1j * np.radians(theirs.res_bus.va_degree.to_numpy()))
    assert differ(voltages(net), v) < t.SAME_AS_PEER


@pytest.mark.peer
@pytest.mark.parametrize(
    "name", ["case14", "case33bw", "case57", "case118", "case300", "mv_oberrhein", "create_cigre_network_mv", "create_cigre_network_hv", "iceland"]
)
@pytest.mark.filterwarnings("ignore")
def test_pandapowers_own_networks_give_its_voltages(name: str, tmp_path: Path) -> None:
    pp = pytest.importorskip("pandapower")
    from pandapower import networks

    theirs = getattr(networks, name)()
    pp.to_json(theirs, str(tmp_path / "net.json"))
    pp.runpp(theirs, tolerance_mva=t.PEER_MISMATCH_MVA, max_iteration=40, numba=False, calculate_voltage_angles=True, init="dc")
    v = theirs.res_bus.vm_pu.to_numpy() * np.exp(1j * np.radians(theirs.res_bus.va_degree.to_numpy()))
    ours = voltages(read_pandapower(tmp_path / "net.json", equivalents=True))
    assert differ(ours[: len(v)], v) < t.SAME_AS_PEER
