"""The own case folder: exact round trip, tolerance for spreadsheets, and all faults of all files at once."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.case import Case
from gridtandem.cases.folder.csv_text import parsed, written
from gridtandem.cases.folder.write import read_case, read_network_folder, write_case, write_network_folder
from gridtandem.errors import AlreadyThere, InvalidCase
from gridtandem.grid import elements as el
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.network import Network
from gridtandem.tables import Table


def transmission() -> Network:
    return Network(
        name="ring",
        buses=el.Buses(name=["1", "2", "14"], nominal_kv=[110.0] * 3),
        lines=el.Lines(name=["1-2", "2-14"], from_bus=[0, 1], to_bus=[1, 2], r_ohm=[0.1, 1 / 3], x_ohm=[0.2, 0.3], rating_mva=[np.inf, 80.0]),
        loads=el.Loads(name=["city"], bus=[2], p_mw=[3.0], q_mvar=[-0.0]),
        generators=el.Generators(name=["plant"], bus=[0], control=[2]),
        costs=el.Costs(generator=[0, 0], order=[1, 2], coefficient=[20.0, 1e-3]),
        notes=('says "hé"', "two\nlines"),
        frequency_hz=60.0,
    )


def feeder() -> Network:
    return Network(
        name="village",
        buses=el.Buses(name=["1", "2", "3"], nominal_kv=[12.66] * 3),
        lines=el.Lines(name=["1-2", "2-3"], from_bus=[0, 1], to_bus=[1, 2], r_ohm=[0.1, 0.2], x_ohm=[0.2, 0.3]),
        loads=el.Loads(name=["L2", "L3"], bus=[1, 2], p_mw=[0.3, 0.4]),
    )


def small_case() -> Case:
    table = Interfaces(name=["i", "j"], company=["dso-a", "dso-b"], feeder=["f", "g"], model=[0, 0], root=[0, 0], bus=[2, 1], count=[1, 3])
    return Case(name="my-case", title="Two feeders", transmission=transmission(), models=(feeder(),), interfaces=table)


def same_bits(a: Table, b: Table) -> bool:
    columns = [(getattr(a, f.name), getattr(b, f.name)) for f in fields(a)]
    return all(x.tolist() == y.tolist() if x.dtype.kind == "U" else x.dtype == y.dtype and x.tobytes() == y.tobytes() for x, y in columns)


def same_network(a: Network, b: Network) -> bool:
    rest = all(getattr(a, name) == getattr(b, name) for name in ("name", "base_mva", "frequency_hz", "notes"))
    return rest and all(same_bits(table, b.tables()[kind]) for kind, table in a.tables().items())


@pytest.fixture
def written_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_case(small_case(), Path("my-case"))


def faults_of(path: Path) -> list[str]:
    with pytest.raises(InvalidCase) as caught:
        read_case(path)
    return [str(f) for f in caught.value.faults]


def test_a_case_comes_back_bit_by_bit(written_case: Path) -> None:
    case, back = small_case(), read_case(written_case)
    assert back.digest() == case.digest()
    assert same_network(back.transmission, case.transmission)
    assert len(back.models) == 1
    assert same_network(back.models[0], case.models[0])
    assert same_bits(back.interfaces, case.interfaces)
    assert (back.name, back.title, back.currency) == ("my-case", "Two feeders", "EUR")


def test_the_files_are_short(written_case: Path) -> None:
    assert (written_case / "interfaces.csv").read_text() == (
        "name,company,feeder,model,root,bus,count\ni,dso-a,f,village,1,14,1\nj,dso-b,g,village,1,2,3\n"
    )
    assert (written_case / "tso/lines.csv").read_text() == (
        "name,from_bus,to_bus,r_ohm,x_ohm,rating_mva\n1-2,1,2,0.1,0.2,inf\n2-14,2,14,0.3333333333333333,0.3,80\n"
    )
    assert (written_case / "tso/generators.csv").read_text() == "name,bus,control\nplant,1,reference\n"
    assert sorted(p.name for p in (written_case / "dso-b/village").iterdir()) == ["buses.csv", "lines.csv", "loads.csv", "network.toml"]


def test_writing_twice_gives_the_same_bytes(written_case: Path) -> None:
    again = write_case(read_case(written_case), Path("again"))
    files = [p.relative_to(written_case) for p in sorted(written_case.rglob("*.*")) if p.is_file()]
    assert all((written_case / f).read_bytes() == (again / f).read_bytes() for f in files)


NUMBERS = st.floats(allow_nan=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=6)


@given(st.lists(st.tuples(TEXTS, NUMBERS, NUMBERS, st.booleans()), min_size=1, max_size=6, unique_by=lambda row: row[0]))
@settings(max_examples=200)
def test_any_table_comes_back_bit_by_bit(rows: list[tuple[str, float, float, bool]]) -> None:
    names, r, rating, closed = (list(c) for c in zip(*rows, strict=True))
    bus = np.arange(len(rows))
    lines = el.Lines(name=names, from_bus=bus, to_bus=bus[::-1], r_ohm=r, x_ohm=r, rating_mva=rating, closed=closed)
    back = parsed(el.Lines, written(lines, {"buses": lines.name}), {"buses": lines.name.tolist()})
    assert back.faults == ()
    assert same_bits(back.table, lines)


def test_spreadsheet_habits_are_understood(written_case: Path) -> None:
    lines = '\ufeffname;from_bus;to_bus;r_ohm;x_ohm;closed;\r\n\r\n;;;;;;\r\n"1-2";1;2; 0.1;0.2;TRUE;\r\n2-3;2;3;2e-1;0.3;;\r\n'
    (written_case / "dso-a/village/lines.csv").write_text(lines, newline="")
    back = read_case(written_case)
    assert len(back.models) == 1  # still equal to the copy of the other company
    assert back.digest() == small_case().digest()


def test_copies_that_differ_become_two_models(written_case: Path) -> None:
    (written_case / "dso-b/village/loads.csv").write_text("name,bus,p_mw\nL2,2,0.5\n")
    back = read_case(written_case)
    assert [m.name for m in back.models] == ["village", "village of dso-b"]
    assert back.interfaces.model.tolist() == [0, 1]
    assert read_case(write_case(back, "again")).digest() == back.digest()


def test_all_faults_of_all_files_at_once(written_case: Path) -> None:
    (written_case / "dso-a/village/lines.csv").write_text("name;from_bus;to_bus;r_ohm;x_ohm;clsoed\n\n1-2;1;2a;-0,08;-2;yes\n2-3;2;3;0.1;0.1;yes\n")
    (written_case / "tso/loads.csv").write_text("name,bus,p_mw\ncity,144,lots\n")
    (written_case / "interfaces.csv").write_text("name,company,feeder,model,root,bus\ni,dso-a,f,village,9,14\nj,dso-b,g,vilage,1,143\n")
    assert faults_of(written_case) == [
        "my-case/tso/loads.csv row 2: loads[city].bus names '144', which is not one of the buses; did you mean '14'? (case-020)",
        "my-case/tso/loads.csv row 2: loads[city].p_mw is 'lots'; write a number (case-003)",
        "my-case/dso-a/village/lines.csv: lines.clsoed is no column of this table; did you mean 'closed'? (case-001)",
        "my-case/dso-a/village/lines.csv row 3: lines[1-2].to_bus names '2a', which is not one of the buses; did you mean '2'? (case-020)",
        "my-case/dso-a/village/lines.csv row 3: lines[1-2].r_ohm is '-0,08'; write a decimal point: -0.08 (case-003)",
        "my-case/interfaces.csv row 3: interfaces[j].bus names '143', which is not one of the buses; did you mean '14'? (case-020)",
        "my-case/interfaces.csv row 3: interfaces[j].model names 'vilage', but there is no folder dso-b/vilage; did you mean 'village'? (case-041)",
        "my-case/interfaces.csv row 2: interfaces[i].root names '9', which is not one of the buses of 'village'; there are 1, 2, 3 (case-020)",
        "my-case/dso-a/village/lines.csv row 3: lines[1-2].x_ohm is negative (-2 ohm); use a positive value, or set equivalent = yes "
        "where the row stands for a reduced network or series capacitor (case-030)",
    ]


EDITS = {
    "missing column": ("tso/lines.csv", "name,from_bus,to_bus,r_ohm\n1-2,1,2,0.1\n2-14,2,14,1\n",
        ["my-case/tso/lines.csv: lines.x_ohm is missing; add the column: series reactance [ohm] (case-002)"]),
    "duplicate name": ("tso/buses.csv", "name,nominal_kv\n1,110\n2,110\n14,110\n2,110\n",
        ["my-case/tso/buses.csv row 5: buses[2].name '2' stands in 2 rows; names must be unique (case-017)"]),
    "ragged row": ("tso/loads.csv", "name,bus,p_mw\ncity,14\n",
        ["my-case/tso/loads.csv row 2: loads[city] has 2 cells where the header has 3; "
         "give every column one cell; quote a cell that holds the separator (case-208)"]),
    "open quote": ("tso/loads.csv", 'name,bus,p_mw\n"city,14,3\n',
        ["my-case/tso/loads.csv: loads cannot be split into cells at line 2: unexpected end of data; correct the quotes there (case-206)"]),
    "word": ("tso/generators.csv", "name,bus,control\nplant,1,slack\n",
        ["my-case/tso/generators.csv row 2: generators[plant].control is 'slack'; it must be one of pq, voltage, reference (case-015)"]),
    "not a number": ("tso/loads.csv", "name,bus,p_mw\ncity,14,nan\n",
        ["my-case/tso/loads.csv row 2: loads[city].p_mw is not a number, at bus '14'; give a number (case-010)"]),
    "too large": ("tso/loads.csv", "name,bus,p_mw\ncity,14,1e400\n",
        ["my-case/tso/loads.csv row 2: loads[city].p_mw is '1e400'; write a number that a 64-bit float can hold (case-003)"]),
    "empty cell": ("tso/loads.csv", "name,bus,p_mw\ncity,,\n",
        ["my-case/tso/loads.csv row 2: loads[city].bus names '', which is not one of the buses; there are 1, 2, 14 (case-020)",
         "my-case/tso/loads.csv row 2: loads[city].p_mw is empty; give a value: active demand at the calibration voltage (case-003)"]),
    "empty file": ("tso/loads.csv", "", ["my-case/tso/loads.csv: loads is empty; write the header row, or remove the file (case-207)"]),
    "column twice": ("tso/loads.csv", "name,bus,p_mw,p_mw\ncity,14,1,2\n",
        ["my-case/tso/loads.csv: loads.p_mw stands twice in the header; keep one of the two columns (case-209)"]),
    "wrong file": ("tso/load.csv", "name\n", ["my-case/tso: load.csv is no table of a network; did you mean 'loads.csv'? (case-211)"]),
    "broken toml": ("case.toml", "schema = \n",
        ["my-case: case.toml is not TOML: Invalid value (at line 1, column 10); correct it there (case-203)"]),
    "unknown setting": ("case.toml", 'schema = "gridtandem/case/1"\ncurency = "USD"\nnotes = "one"\n',
        ["my-case: case.toml has no setting 'curency'; did you mean 'currency'? (case-204)",
         "my-case: case.toml cannot use notes = 'one'; give a list of texts (case-205)"]),
    "other schema": ("case.toml", 'schema = "gridtandem/case/2"\n',
        ["my-case: case.toml has schema 'gridtandem/case/2'; this version reads schema = 'gridtandem/case/1' (case-210)"]),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_message(written_case: Path, edit: str) -> None:
    file, text, expected = EDITS[edit]
    (written_case / file).write_text(text)
    assert faults_of(written_case) == expected


def test_an_unreadable_bus_table_is_one_fault_not_many(written_case: Path) -> None:
    (written_case / "tso/buses.csv").write_bytes(b"\xff\xfe\x00name")
    assert faults_of(written_case) == ["my-case/tso: buses.csv is not UTF-8 text; save it as text, in a spreadsheet as 'CSV UTF-8' (case-202)"]


def test_missing_files_are_all_named(written_case: Path) -> None:
    (written_case / "case.toml").unlink()
    (written_case / "interfaces.csv").unlink()
    (written_case / "tso/network.toml").unlink()
    assert faults_of(written_case) == [
        "my-case: case.toml is missing; a case folder holds case.toml, interfaces.csv, tso/ and one folder per company (case-201)",
        "my-case/tso: network.toml is missing; every network folder holds it (case-201)",
        "my-case: interfaces.csv is missing; write one row for each place where a feeder hangs, or the header alone (case-201)",
    ]


def test_nothing_is_overwritten(written_case: Path) -> None:
    with pytest.raises(AlreadyThere, match="my-case is not an empty folder; choose a new one, or remove it first"):
        write_case(small_case(), written_case)


def test_names_cannot_leave_the_folder(tmp_path: Path) -> None:
    case = small_case()
    case = replace(case, interfaces=replace(case.interfaces, company=np.array(["../../x", "..\\y"])))
    folder = write_case(case, tmp_path / "in" / "case")
    assert sorted(p.name for p in folder.iterdir()) == ["-..-x", "-y", "case.toml", "interfaces.csv", "tso"]
    assert read_case(folder).companies == ("../../x", "..\\y")


def test_companies_may_not_share_a_folder(tmp_path: Path) -> None:
    case = small_case()
    case = replace(case, interfaces=replace(case.interfaces, company=np.array(["DSO a", "dso-A"])))
    with pytest.raises(InvalidCase) as caught:
        write_case(case, tmp_path / "case")
    assert str(caught.value.faults[0]) == (
        "my-case: interfaces[j].company 'dso-A' would share the folder 'dso-a' with 'DSO a'; give one of them another name (case-221)"
    )


def test_a_network_alone(tmp_path: Path) -> None:
    assert same_network(read_network_folder(write_network_folder(transmission(), tmp_path / "ring")), transmission())
