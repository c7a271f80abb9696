"""One door: the content chooses the reader, and what has none is told where to go."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridtandem.cases.doors import KINDS, read_network
from gridtandem.cases.folder.write import write_network_folder
from gridtandem.cases.matpower.read import read_matpower
from gridtandem.cases.new import new_case
from gridtandem.errors import InvalidCase
from tests.cases.test_pandapower import ALL
from tests.cases.texts import CODE, SMALL

NUMBERS = read_matpower(SMALL, numbered=True).buses.name.tolist()


def refused(path: Path) -> str:
    with pytest.raises(InvalidCase) as caught:
        read_network(path)
    return str(caught.value.faults[0])


def test_every_kind_finds_its_reader(tmp_path: Path) -> None:
    small = read_matpower(SMALL, numbered=True)
    for name in ("a.m", "a.txt", "b"):
        (tmp_path / name).write_text(SMALL)
        assert read_network(tmp_path / name).digest() == small.digest()
    write_network_folder(small, tmp_path / "folder")
    assert read_network(tmp_path / "folder").digest() == small.digest()
    assert read_network(str(ALL)).name == "all elements"
    (tmp_path / "c.m").write_text(ALL.read_text())
    assert read_network(tmp_path / "c.m").name == "all elements"


def test_buses_of_matpower_files_are_called_by_number(tmp_path: Path) -> None:
    """As they are in its publications and on our command line; names are told in a note."""
    (tmp_path / "a.m").write_text(SMALL.replace("'feeding point'", "'feeding point   '"))
    read = read_network(tmp_path / "a.m")
    assert read.buses.name.tolist() == NUMBERS
    assert "buses are called by number; the names in mpc.bus_name are left aside" in read.notes
    (tmp_path / "b.m").write_text(SMALL.partition("mpc.bus_name")[0] + CODE)
    assert read_network(tmp_path / "b.m").digest() == read.digest()
    assert read_network(tmp_path / "b.m").notes == read_matpower(SMALL).notes
    made = new_case(tmp_path / "new", transmission="ieee14", feeder=read, at=["7"])
    assert made.models[0].buses.name.tolist() == NUMBERS


def test_equivalents_are_passed_on(tmp_path: Path) -> None:
    (tmp_path / "a.m").write_text(SMALL.replace("0.0922\t0.0470", "0.0922\t-0.0470"))
    assert "read the file with equivalents=True" in refused(tmp_path / "a.m")
    assert read_network(tmp_path / "a.m", equivalents=True).lines.equivalent[0]


def test_what_has_no_reader_is_told_where_to_go(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello\n")
    assert refused(tmp_path / "a.txt") == f"a.txt: file is of no kind known here; give {KINDS} (case-101)"
    (tmp_path / "b.bin").write_bytes(bytes(range(256)))
    assert refused(tmp_path / "b.bin") == f"b.bin: file is binary, not text; give {KINDS} (case-101)"
    dss = "file is of a kind this door does not read (.dss); solve it by phases with "
    dss += "`tandem phases FILE.dss` or gt.three_phase, offer it with `tandem offer`, or hang it with `tandem new --from` (case-100)"
    assert refused(tmp_path / "IEEE13.dss") == f"IEEE13.dss: {dss}"
    gone = tmp_path / "gone.m"
    assert refused(gone) == f"{gone}: file cannot be read: No such file or directory; give the path of {KINDS} (case-100)"
