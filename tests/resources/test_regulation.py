"""Offers of regulation: what is refused, what a file keeps, what a device may keep ready, and what storage must hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gridtandem.cases.folder.write import read_case, write_case
from gridtandem.cases.join import bundle
from gridtandem.cases.named import case
from gridtandem.grid import devices as dv
from gridtandem.grid.network import Network
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.regulated import RegulatedFeeder
from gridtandem.program.answer import Answer
from gridtandem.program.solve import solve
from gridtandem.resources.part import Window
from tests.opf.feeders import feeder, units
from tests.tolerances import RESERVED

ALL = np.ones(4, bool)


def offers(**given: object) -> dv.Regulation:
    return dv.Regulation.of({"what": [0], "row": ["g0"], **given})  # type: ignore[dict-item]


def most(net: Network, product: int, bought: np.ndarray = ALL, z: float | None = None) -> tuple[Answer, RegulatedFeeder]:
    """The answer with as much of one product as can be had, and nothing else asked for."""
    made = RegulatedFeeder.of(FeederProblem.of(net, 0, Window()), bought)
    paid = np.zeros((1, 4))
    paid[0, product] = -1e3
    program = made.program
    columns = {**program.columns, "reserve": replace(program.columns["reserve"], cost=paid)}
    if z is not None:
        columns["z"] = replace(columns["z"], low=np.array([z]), high=np.array([z]))
    return solve(replace(program, columns=columns)).require(), made


def test_all_faults_at_once() -> None:
    net = feeder([0], **units((1, 2.0, 30.0, 0.0)))
    wrong = dv.Regulation.of({
        "what": [0, 0, 0, 1], "row": ["g0", "g0", "nobody", "g0"], "up_per_mw": [1.0, 1.0, 1.0, -1.0], "mileage_up_most": [1.0, 1.0, 0.5, 1.0],
    })  # fmt: skip
    twice = dv.Requirements.of({"period": [1, 1], "up_mw": [1.0, 2.0]})
    found = [f.code for f in replace(net, regulation=wrong, requirements=twice).faults()]
    assert sorted(found) == sorted(["case-013", "case-013", "case-068", "case-068", "case-069", "case-085"])


def test_a_case_folder_keeps_every_bit(tmp_path: Path) -> None:
    it = case("golden-3bus-regulation")
    assert read_case(write_case(it, tmp_path / "case")).digest() == it.digest()


def test_a_bundle_of_feeders_regulates_as_many_times() -> None:
    net = feeder([0], **units((1, 2.0, 30.0, 0.0)), regulation=offers(ramp_mw_per_min=[0.1], up_high_mw=[0.4]))
    many = bundle(net, count=3, scale=2.0)
    assert many.regulation.ramp_mw_per_min[0] == pytest.approx(0.6)
    assert many.regulation.up_high_mw[0] == pytest.approx(2.4)
    assert np.isinf(many.regulation.down_high_mw[0])


def test_capacity_has_room_within_the_device_and_its_ramp() -> None:
    base = feeder([0], **units((1, 2.0, 30.0, 0.0)))
    for ramp, z, up, down in ((9.0, -0.7, 1.0, 1.0), (9.0, -1.4, 0.3, 1.7), (0.1, -0.7, 0.5, 0.5), (0.1, -1.5, 0.2, 0.5)):
        net = replace(base, regulation=offers(ramp_mw_per_min=[ramp]))
        for product, expected in ((0, up), (1, down)):
            answer, _ = most(net, product, z=z)
            assert abs(answer.x["reserve"][0, product] - expected) <= RESERVED


def test_mileage_lies_between_capacity_and_what_the_offer_says() -> None:
    net = replace(feeder([0], **units((1, 2.0, 30.0, 0.0))), regulation=offers(up_high_mw=[0.5], mileage_up_most=[3.0]))
    assert abs(most(net, 2)[0].x["reserve"][0, 2] - 1.5) <= RESERVED
    alone = most(net, 0, np.array([True, False, False, False]))[0]
    assert abs(alone.x["mileage_up"][0, 0] - alone.x["up"][0, 0]) <= RESERVED


def test_a_deployment_that_the_network_cannot_carry_is_not_sold() -> None:
    """1.2 MW may flow; 0.8 MW do, so 0.4 MW of capacity up is all, however much the unit has."""
    net = feeder([0], rating=1.2, load=(0.0, 0.0), **units((1, 3.0, 30.0, 0.0)), regulation=offers())
    assert abs(most(net, 0, z=-0.8)[0].x["reserve"][0, 0] - 0.4) <= 0.4 * 0.02  # a polygon stands for the circle
    wide = replace(net, lines=replace(net.lines, rating_mva=np.array([np.inf])))
    assert abs(most(wide, 0, z=-0.8)[0].x["reserve"][0, 0] - 2.2) <= RESERVED


def test_demand_that_gives_way_regulates_with_its_reactive_part() -> None:
    flexible = dv.Flexible.of({"name": ["d"], "bus": [1], "p_high_mw": [0.3], "price_per_mwh": [50.0], "q_share": [0.3]})
    net = feeder([0], flexible=flexible, regulation=dv.Regulation.of({"what": [1], "row": ["d"]}))
    answer, made = most(net, 0)
    state = made.state(answer)
    assert abs(answer.x["reserve"][0, 0] - 0.3) <= RESERVED
    assert np.abs(state.called[0, 1] - 0.3 * state.called[0, 0]).max() <= RESERVED


def test_storage_keeps_energy_for_its_capacity() -> None:
    """0.2 MWh inside, of which 0.15 may go: held for 15 min at an efficiency of 0.8 that is 0.48 MW; room for 0.1 MWh is 0.5 MW."""
    store = dv.Storages.of({
        "name": ["s"], "bus": [1], "charge_high_mw": [1.0], "discharge_high_mw": [1.0], "energy_high_mwh": [0.3], "energy_low_mwh": [0.05],
        "energy_start_mwh": [0.2], "efficiency_in": [0.8], "efficiency_out": [0.8], "cost_per_mwh": [1.0],
    })  # fmt: skip
    net = feeder([0], storages=store, regulation=dv.Regulation.of({"what": [2], "row": ["s"]}))
    for product, expected in ((0, 0.48), (1, 0.5)):
        assert abs(most(net, product)[0].x["reserve"][0, product] - expected) <= RESERVED
