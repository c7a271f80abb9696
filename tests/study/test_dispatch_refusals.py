"""Bad input of a dispatch: a band upside down, an island, a unit that must give more than it can, a rating that is none. One error names them all,
with the bus, whichever door they come through."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.cases.case import Case
from gridtandem.cases.library import network
from gridtandem.cases.matpower.read import read_matpower
from gridtandem.cli.exits import EXIT_INVALID
from gridtandem.coordinate import End, Outcome
from gridtandem.errors import InvalidCase
from gridtandem.grid.network import Network
from gridtandem.report.cases import remarks
from gridtandem.schemes.copf import STUCK, Copf
from gridtandem.study.dispatch.run import explained
from gridtandem.study.dispatch.study import DispatchStudy, seated
from tests.doors.terminal import tandem

MATPOWER = """function mpc = bad
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
 1 3 0 0 0 0 1 1.02 0 110 1 1.1 0.9;
 2 2 50 10 0 0 1 1 0 110 1 0.9 1.1;
 3 1 30 5 0 0 1 1 0 110 1 1.1 0.9;
 4 1 20 5 0 0 1 1 0 110 1 1.1 0.9;
];
mpc.gen = [
 1 60 0 50 -50 1.02 100 1 200 0;
 2 40 0 50 -50 1 100 1 30 80;
];
mpc.branch = [
 1 2 0.01 0.1 0 -100 0 0 0 0 1;
 2 3 0.01 0.1 0 100 0 0 0 0 1;
 3 4 0.01 0.1 0 100 0 0 0 0 0;
];
mpc.gencost = [2 0 0 3 0 20 0; 2 0 0 3 0 30 0];
"""


def told(act: Callable[[], object]) -> list[str]:
    """All faults of what is refused."""
    with pytest.raises(InvalidCase) as caught:
        act()
    assert len({str(f) for f in caught.value.faults}) == len(caught.value.faults)
    return [str(f) for f in caught.value.faults]


def one(faults: list[str], *words: str) -> str:
    """The only fault that says all of this."""
    (found,) = [f for f in faults if all(word in f for word in words)]
    return found


def broken(net: Network, *, bus: str, unit: int, line: int, island: str) -> Network:
    """A network with all four."""
    b, g, ln = net.buses, net.generators, net.lines
    low, least, rating = np.array(b.v_low_pu), np.array(g.p_low_mw), np.array(ln.rating_mva)
    low[b.name == bus] = 1.2
    least[unit], rating[line] = 500.0, np.nan
    high = np.where(np.arange(len(g)) == unit, 140.0, g.p_high_mw)
    ends = (b.name[ln.from_bus] == island) | (b.name[ln.to_bus] == island)
    return replace(
        net, buses=replace(b, v_low_pu=low), generators=replace(g, p_low_mw=least, p_high_mw=high),
        lines=replace(ln, rating_mva=rating, closed=ln.closed & ~ends),
    )  # fmt: skip


def sides() -> Case:
    """All four in transmission, and again in a feeder."""
    what = gt.case("T14D2")
    tso, feeder = what.transmission, what.models[0]
    unit = gt.case("14B").models[0].generators  # a source and a DG
    feeder = replace(feeder, generators=type(unit).of({name: getattr(unit, name)[:2] for name in unit.columns()} | {"bus": [0, 5]}))
    return replace(
        what, transmission=broken(tso, bus="4", unit=1, line=2, island="14"), models=(broken(feeder, bus="9", unit=1, line=3, island="18"),)
    )


def assert_all_told(faults: list[str], place: str, *, band: str, unit: str, line: str, island: str) -> None:
    one(faults, place, f"buses[{band}].v_low_pu lies above v_high_pu (1.2 > ")
    one(faults, place, f"generators[{unit}].p_low_mw lies above p_high_mw (500 > 140), at bus ")
    one(faults, place, f"lines[{line}].rating_mva is not a number", "give inf for no limit")
    one(faults, place, f"{island}", "no path to the ")


def test_python_tables_of_both_sides_are_refused_at_once() -> None:
    what = sides()
    for act in (lambda: gt.run(what, scheme="copf"), lambda: gt.compare(what, ["copf", "central"]), lambda: gt.optimal_power_flow(what)):
        faults = told(act)
        assert_all_told(faults, "ieee14: ", band="4", unit="2", line="2-3", island="buses 14")
        unit = str(what.models[0].generators.name[1])
        assert_all_told(faults, "case33bw: ", band="9", unit=unit, line="4-5", island="buses 18")
        assert len(faults) == 8
    assert "at bus '6'" in one(told(lambda: gt.optimal_power_flow(what)), "case33bw", "p_low_mw")


def test_a_network_alone_is_refused_at_once() -> None:
    faults = told(lambda: gt.optimal_power_flow(broken(network("ieee14"), bus="4", unit=1, line=2, island="14")))
    assert len(faults) == 4
    one(faults, "buses at '14' can be reached from no unit", "case-099")
    one(faults, "generators[2].p_low_mw", "at bus '2'")


def with_cells(file: Path, cells: dict[tuple[str, str], str]) -> None:
    """Other words in some cells (row, column) of a CSV file; a column that was not there has no other."""
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    for (name, column), word in cells.items():
        for row in rows:
            row[column] = word if row["name"] == name else row.get(column, "")
    with file.open("w", encoding="utf-8", newline="") as text:
        out = csv.DictWriter(text, list(rows[0]))
        out.writeheader()
        out.writerows(rows)


def test_a_folder_of_both_sides_is_refused_at_once_with_file_and_row(tmp_path: Path) -> None:
    """Cells that are no numbers do not hide an island."""
    folder = tmp_path / "mine"
    gt.write_case(gt.case("14B"), folder)
    feeder = gt.case("14B").models[0]
    with_cells(folder / "tso/buses.csv", {("4", "v_low_pu"): "1.2"})
    with_cells(folder / "tso/generators.csv", {("2", "p_low_mw"): "500"})
    with_cells(folder / "tso/lines.csv", {("2-3", "rating_mva"): "forty", ("9-14", "closed"): "no", ("13-14", "closed"): "no"})
    place = next(folder.glob(f"dso-*/{feeder.name}"))
    unit = str(feeder.generators.name[-1])
    with_cells(place / "buses.csv", {("9", "v_low_pu"): "1.2"})
    with_cells(place / "generators.csv", {(unit, "p_low_mw"): "500"})
    with_cells(place / "lines.csv", {("4-5", "rating_mva"): "-1", ("17-18", "closed"): "no"})
    faults = told(lambda: gt.run(str(folder), scheme="copf"))
    one(faults, "mine/tso/lines.csv row 4: lines[2-3].rating_mva is 'forty'; write a number")
    one(faults, "mine/tso/generators.csv row 3: generators[2].p_low_mw lies above p_high_mw (500 > 140), at bus '2'")
    one(faults, "mine/tso/buses.csv row 5: buses[4].v_low_pu lies above v_high_pu (1.2 > 1.06)")
    one(faults, "mine/tso/buses.csv: buses 14: no path to the reference")
    one(faults, f"{feeder.name}/lines.csv row 5: lines[4-5].rating_mva must be above 0.0 (is -1 MVA)")
    one(faults, f"{feeder.name}/generators.csv", f"generators[{unit}].p_low_mw lies above p_high_mw", "at bus ")
    one(faults, f"{feeder.name}/buses.csv row 10: buses[9].v_low_pu lies above v_high_pu (1.2 > ")
    one(faults, f"{feeder.name}/buses.csv: buses 18: no path to the root '1'")
    assert len(faults) == 8
    said = tandem("run", str(folder), "--scheme", "copf", "--out", str(tmp_path))
    assert said.code == EXIT_INVALID
    assert all(fault in said.err for fault in faults)


def test_a_matpower_file_is_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "bad.m"
    file.write_text(MATPOWER, encoding="utf-8")
    for act in (lambda: read_matpower(file), lambda: gt.optimal_power_flow(str(file)), lambda: gt.run(str(file), scheme="central")):
        faults = told(act)
        one(faults, "buses[2].v_low_pu lies above v_high_pu (1.1 > 0.9)")
        one(faults, "generators[2].p_low_mw lies above p_high_mw (80 > 30), at bus '2'")
        one(faults, "lines[1-2].rating_mva must be above 0.0 (is -100 MVA)", "give inf for no limit")
        one(faults, "buses at '4' can be reached from no unit")
        assert len(faults) == 4


def test_limits_of_a_matpower_file_that_are_no_numbers_are_told_with_the_rest() -> None:
    faults = told(lambda: read_matpower(MATPOWER.replace("-100 0 0", "NaN 0 0").replace("0.9 1.1", "NaN 1.1"), name="bad"))
    one(faults, "lines[1-2].rating_mva is not a number", "give inf for no limit")
    one(faults, "buses[2].v_high_pu is not a number")
    one(faults, "generators[2].p_low_mw lies above p_high_mw (80 > 30), at bus '2'")
    one(faults, "buses at '4' can be reached from no unit")
    assert len(faults) == 4


def test_no_limit_is_told_and_not_silent() -> None:
    """Where a file leaves a rating open it is none by convention; who reads it is told so, branch by branch."""
    sound = MATPOWER.replace("-100 0 0", "0 0 0").replace("0.9 1.1", "1.1 0.9").replace("30 80", "80 0").replace("0 0 0 0 0;", "0 0 0 0 1;")
    net = read_matpower(sound, name="mine")
    assert np.isinf(net.lines.rating_mva).tolist() == [True, False, False]
    found = gt.optimal_power_flow(net).require()
    assert "1 of 3 branches without a rating" in repr(found)
    rated = gt.optimal_power_flow(replace(net, lines=replace(net.lines, rating_mva=np.full(3, 100.0))))
    assert "without a rating" not in repr(rated)
    assert "57 of 57 branches have none and are not limited" in repr(gt.run("T14D2", scheme="central"))


SHORT = """function mpc = short
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
 1 3 0 0 0 0 1 1 0 110 1 1.1 0.9;
 2 1 300 10 0 0 1 1 0 110 1 1.1 0.9;
];
mpc.gen = [1 60 0 90 -90 1 100 1 200 0];
mpc.branch = [1 2 0.01 0.1 0 0 0 0 0 0 1];
mpc.gencost = [2 0 0 3 0 20 0];
"""


def test_an_infeasible_network_without_feeders_has_no_answer_and_says_why(tmp_path: Path) -> None:
    """It is nobody's agreement, and the limit that is too low is named as with feeders."""
    (tmp_path / "short.m").write_text(SHORT)
    run = gt.run(str(tmp_path / "short.m"), scheme="central")
    assert run.end == End.REFUSED.value
    (said,) = run.trouble
    assert "unit 1" in said
    assert "MW above its limit" in said


def test_boundary_sqp_names_what_stays_apart() -> None:
    """Largest first by size per unit: 30 MW are more than 0.1 pu, and what agrees is left out."""
    study = DispatchStudy(case=gt.case("14A"), scheme=Copf())
    seats = seated(study)
    state = Copf().start(seats.mailbox(study.scheme))
    away = np.zeros_like(state.search.taken)
    away[0, 0, 1] = 30.0, 0.0, 0.1
    apart = replace(state, search=replace(state.search, taken=state.search.near.y + away), trouble=STUCK)
    name = seats.cases[0].interfaces.name[1]
    (said,) = explained(seats, Outcome(End.CYCLES, apart), "cones")
    assert said == f"{STUCK}; most apart: {name} P by 30 MW, {name} V by 0.1 pu"
    assert "hgd-slope" not in said


def test_the_band_of_a_root_is_told_and_looked_at() -> None:
    """A dispatch holds the band of the bus; that of the feeder's root is listed where it is broken. Equal ends are no band."""
    it = gt.case("T14D2")
    (model,), row = it.models, int(it.interfaces.root[0])

    def with_band(low: float, high: float) -> Case:
        at = np.arange(len(model.buses)) == row
        b = model.buses
        return replace(
            it, models=(replace(model, buses=replace(b, v_low_pu=np.where(at, low, b.v_low_pu), v_high_pu=np.where(at, high, b.v_high_pu))),)
        )

    seen = [gt.run(with_band(*band), scheme="central") for band in ((1.09, 1.1), (1.0, 1.0), (0.5, 1.5))]
    many = len(it.interfaces)
    assert [int(run.checks.limits_broken[0]) for run in seen] == [many, 0, 0]
    assert set(seen[0].violations.limit.tolist()) == {1.09}
    assert [f"{many} narrower in voltage than their bus" in str(run) for run in seen] == [True, False, False]
    assert len([line for line in remarks(with_band(1.09, 1.1)) if "is narrower than that of bus" in line]) == many


def test_an_island_with_a_unit_is_no_part_of_a_case() -> None:
    net = network("ieee14")
    bus = int(net.generators.bus[1])
    away = [replace(t, closed=t.closed & (t.from_bus != bus) & (t.to_bus != bus)) for t in (net.lines, net.transformers)]
    faults = told(replace(gt.case("T14D2"), transmission=replace(net, lines=away[0], transformers=away[1])).check)
    assert "units there do not help: a case is one island" in one(faults, "case-047")
