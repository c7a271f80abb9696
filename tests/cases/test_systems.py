"""Joined systems by name, the generator, and the starter folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridtandem.cases.case import Case
from gridtandem.cases.folder.write import read_case, write_case
from gridtandem.cases.generate import bus_load, feeder_load, joined, with_exponents, with_parallel
from gridtandem.cases.join import joined as merged
from gridtandem.cases.library import network
from gridtandem.cases.named import case
from gridtandem.cases.new import new_case
from gridtandem.cases.systems import SYSTEMS
from gridtandem.errors import AlreadyThere, InvalidCase, UnknownName, Unreadable
from gridtandem.flow.newton import Newton
from gridtandem.grid import elements as el
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import stacked
from tests.tolerances import LOAD_SUM, SAME_VOLTAGES

HANGS = {
    "14A": [("10", "case16am-at-10", 1), ("13", "case33bw", 1)],
    "14B": [("7", "case33bw", 1), ("9", "case141-at-9", 2)],
    "30A": [("15", "case33bw", 2), ("19", "case33bw-at-19", 3)],
    "30B": [("15", "case33bw", 2), ("19", "case33bw-at-19", 3), ("24", "case33bw", 2), ("30", "case33bw-at-30", 3)],
    "T14D2": [("10", "case33bw", 2), ("12", "case33bw", 2)],
    "T14R2": [("10", "case33bw-closed", 4), ("12", "case33bw-closed", 4)],
    "T30D2": [("15", "case33bw", 2), ("19", "case33bw", 2)],
    "T118Dn4": [("39", "case33bw", 7), ("50", "case33bw", 5), ("67", "case33bw", 8), ("98", "case33bw", 9)],
}
HANGS["ieee118-4bb"] = HANGS["T118Dn4"]
ADDED_MW = {"14B": 3.715}  # bus 7 has no load of its own
REPLACED_MW = {"T14D2": 4 * 3.715 - 15.1, "T14R2": 4 * 3.715 - 15.1, "T30D2": 4 * 3.715 - 17.7, "T118Dn4": 29 * 3.715 - 106.0}
REPLACED_MW["ieee118-4bb"] = REPLACED_MW["T118Dn4"]


def total_mw(it: Case) -> float:
    each = np.array([feeder_load(m).real for m in it.models])[it.interfaces.model]
    return float(bus_load(it.transmission).sum().real + it.interfaces.count * it.interfaces.scale / it.ports @ each)


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_is_what_its_notes_say(name: str, tmp_path: Path) -> None:
    it = case(name).check()
    table, what = it.interfaces, SYSTEMS[name]
    buses = it.transmission.buses.name
    assert [(str(buses[b]), it.models[m].name, int(k)) for b, m, k in zip(table.bus, table.model, table.count, strict=True)] == HANGS[name]
    change = ADDED_MW.get(name, 0.0) + REPLACED_MW.get(name, 0.0)
    assert abs(total_mw(it) - float(network(what.transmission).loads.p_mw.sum()) - change) <= LOAD_SUM
    for model in it.models:
        assert set(model.loads.p_exponent.tolist()) == {what.exponents[0]}
        assert set(model.loads.q_exponent.tolist()) == {what.exponents[1]}
        injected = model.generators.p_mw[model.generators.control == el.PQ].tolist()
        assert injected == ([what.dg_mw] if what.dg_mw else [])
    assert len(it.notes) == len(what.hangs) + 2 + bool(what.rated)
    assert read_case(write_case(it, tmp_path / name)).digest() == it.digest()
    assert Newton.of(Nodal.of(merged(it).network)).solve().converged


def test_the_generator_keeps_the_load_and_repeats_itself() -> None:
    make = {"how_many": 40, "spread": 0.2, "dg_share": 0.3, "p_exponent": 1.0, "q_exponent": 2.0}
    one, two, other = (joined(network("ieee118"), [network("case33bw"), network("case69")], **make, seed=s).check() for s in (5, 5, 6))
    assert one.digest() == two.digest() != other.digest()
    assert abs(total_mw(one) - 4242.0) <= LOAD_SUM
    assert len(one.interfaces) == 40
    assert len(one.companies) == 40
    held = network("ieee118").generators.bus
    assert not set(one.interfaces.bus.tolist()) & set(held.tolist())
    for model in one.models:
        dg = model.generators.p_mw[model.generators.control == el.PQ]
        assert dg.sum() == pytest.approx(0.3 * feeder_load(model).real, abs=LOAD_SUM)


def test_networks_by_name_and_one_bus_by_name() -> None:
    """The word "10" is one bus, not the buses "1" and "0"."""
    by_name = joined("ieee14", ["case33bw"], where="10", count=1)
    assert by_name.digest() == joined(network("ieee14"), network("case33bw"), where=["10"], count=1).digest()
    assert joined("case14", "case33bw", where="10", count=1).digest() == by_name.digest()
    assert by_name.interfaces.name.tolist() == ["I10"]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "half a feeder": ({"count": 1.5}, "count is a whole number of 1 or more; 1.5 is not"),
    "no feeder": ({"count": 0}, "count is a whole number of 1 or more; 0 is not"),
    "a word": ({"count": "2"}, "count is a whole number of 1 or more; '2' is not"),
    "no interface": ({"how_many": 0}, "how_many is a whole number of 1 or more; 0 is not"),
    "no model": ({"feeders": []}, "feeders is empty; give one feeder or more"),
    "no bus": ({"where": []}, "where is empty; name one bus or more, or leave it out"),
    "a spread to zero": ({"spread": 1.0}, "spread is at least 0 and below 1; 1.0 is not"),
    "a share below zero": ({"dg_share": -0.1}, "dg_share is at least 0; -0.1 is not"),
    "an exponent that is none": ({"p_exponent": np.nan}, "p_exponent is a finite number; nan is not"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_joined(name: str) -> None:
    changed, said = WRONG[name]
    with pytest.raises(Unreadable) as caught:
        joined(**{"transmission": network("ieee14"), "feeders": network("case33bw"), **changed})
    assert str(caught.value) == said


def test_a_network_of_no_kind() -> None:
    with pytest.raises(TypeError, match="a network, or the name of one in the library, is wanted; this is of type int"):
        joined("ieee14", [14])  # type: ignore[list-item]
    with pytest.raises(UnknownName, match="no bus of 'ieee14' named '99'"):
        joined("ieee14", "case33bw", where="99")


@pytest.mark.parametrize("counts", [1.5, "2", True, [1, 1.5], np.nan])
def test_parallel_feeders_are_whole(counts: Any) -> None:
    with pytest.raises(Unreadable) as caught:
        with_parallel(case("14A"), counts)
    assert str(caught.value) == f"numbers of parallel feeders are whole; {counts!r} is not"
    assert with_parallel(case("14A"), 2.0).digest() == with_parallel(case("14A"), [2, 2]).digest()  # type: ignore[arg-type]


def test_no_feeder_takes_more_than_the_bus_has() -> None:
    it = joined(network("ieee14"), network("case141"), where=["10", "14"], count=1)
    assert it.interfaces.scale.tolist() == [9.0 / feeder_load(it.models[0]).real, 1.0]
    assert bus_load(it.transmission)[9] == pytest.approx(1j * (5.8 - 9.0 * feeder_load(it.models[0]).imag / feeder_load(it.models[0]).real))
    assert bus_load(it.transmission)[13].real == pytest.approx(14.9 - 11.944625, abs=LOAD_SUM)


def test_thousands_of_interfaces_have_names_of_their_own() -> None:
    it = joined(network("ieee118"), network("case33bw"), how_many=3000).check()
    assert len(set(it.interfaces.feeder.tolist())) == 3000
    assert abs(total_mw(it) - 4242.0) <= LOAD_SUM


def test_the_generator_names_what_it_does_not_know() -> None:
    with pytest.raises(UnknownName, match="no bus of 'ieee14' named '41'; known: 1, 2, 3"):
        joined(network("ieee14"), network("case33bw"), where=["41"])


def test_exponents_and_parallel_feeders_are_exchanged() -> None:
    it = case("T14D2")
    soft = with_exponents(it, 0.9, 1.3)
    assert set(soft.models[0].loads.p_exponent.tolist()) == {0.9}
    assert np.array_equal(soft.models[0].loads.p_mw, it.models[0].loads.p_mw)
    assert with_parallel(it, 3).interfaces.count.tolist() == [3, 3]
    assert with_parallel(it, [1, 4]).interfaces.count.tolist() == [1, 4]
    assert it.interfaces.count.tolist() == [2, 2]
    with pytest.raises(Unreadable, match="ieee14 has no feeders that could stand in parallel"):
        with_parallel(case("case14"), 3)


def test_without_feeders_exponents_are_those_of_all_loads() -> None:
    """Loads of exponent 2 draw what shunts of their power at 1 pu draw."""
    net = case("case14").transmission
    ld = net.loads
    more = el.Shunts.of({"name": np.char.add("load ", ld.name), "bus": ld.bus, "g_mw": ld.p_mw, "b_mvar": -ld.q_mvar})
    held = replace(net, loads=ld.take(np.zeros(len(ld), bool)), shunts=stacked(el.Shunts, [net.shunts, more]))
    soft = with_exponents(case("case14"), 2.0, 2.0).transmission
    np.testing.assert_allclose(Newton.of(Nodal.of(soft)).solve().v, Newton.of(Nodal.of(held)).solve().v, atol=SAME_VOLTAGES)


def test_a_starter_folder(tmp_path: Path) -> None:
    made = new_case(tmp_path / "my-case", transmission="case14", feeder="case33bw", at=["7", "10"], count=2)
    back = read_case(tmp_path / "my-case")
    assert back.digest() == made.digest()
    assert (back.name, back.title, back.companies) == ("my-case", "case33bw on ieee14", ("dso-7", "dso-10"))
    assert [str(back.models[0].buses.name[r]) for r in back.interfaces.root] == ["1", "1"]
    with pytest.raises(AlreadyThere):
        new_case(tmp_path / "my-case", transmission="case14", feeder="case33bw", at=["7"])
    with pytest.raises(UnknownName, match="no bus of 'ieee14' named '17'"):
        new_case(tmp_path / "other", transmission="case14", feeder="case33bw", at=["17"])


def test_a_feeder_without_a_reference_has_no_root(tmp_path: Path) -> None:
    feeder = replace(network("case33bw"), generators=el.Generators.empty(), costs=el.Costs.empty())
    with pytest.raises(InvalidCase) as caught:
        new_case(tmp_path / "x", transmission="case14", feeder=feeder, at=["7"])
    assert [str(f) for f in caught.value.faults] == [
        "case33bw: generators holds 0 references (slacks), so the root is not known; "
        "set control = reference at the bus that meets transmission (case-049)"
    ]
