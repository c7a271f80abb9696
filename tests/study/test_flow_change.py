"""Changes of flows when feeders draw something else: shift factors against AC, and what each change is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.cases.altered import one_feeder
from gridtandem.cases.renewables import served
from gridtandem.errors import InvalidCase, Unreadable
from gridtandem.flow.dc import dc_flow, scheduled_injection
from gridtandem.grid.nodal import Nodal
from gridtandem.study.flow_change import SHARE, Changed, FlowChanges, changes, flow_changes
from gridtandem.study.margin.experiment import Progress
from tests.tolerances import EXPECTED_APART, PTDF_MW, SAME_CHECK, scaled


@cache
def carried(name: str = "T14D2") -> Changed:
    return flow_changes(gt.case(name))


def flows(name: str, on: str = "T14D2") -> FlowChanges:
    table = carried(on).flows
    return table.take(table.change == name)


@pytest.mark.parametrize("name", ["T14D2", "T30D2"])
def test_without_an_outage_shift_factors_are_close_to_ac(name: str) -> None:
    table = carried(name).changes
    assert carried(name).found
    assert not any(table.why.tolist())
    still = ~np.char.endswith(table.change, "out")
    assert still.sum() == 5
    assert table.apart_percent[still].max() < EXPECTED_APART
    assert (np.abs(table.apart_mw[still]) < 0.15 * np.abs(table.largest_mw[still])).all()


def test_after_an_outage_they_are_further_off_and_it_is_told() -> None:
    table = carried().changes
    assert table.change[-1] == "sun on all, 1-2 out"
    assert table.apart_percent[-1] > EXPECTED_APART
    last = flows("sun on all, 1-2 out")
    (k,) = np.flatnonzero(last.branch == "1-2").tolist()
    assert last.ac_mw[k] == -last.before_mw[k]
    assert last.dc_mw[k] == pytest.approx(-last.before_mw[k], abs=SAME_CHECK)


def test_what_factors_say_is_a_dc_flow_solved_anew() -> None:
    case, change = gt.case("T14D2"), "sun on all feeders"
    nodal = Nodal.of(case.transmission)
    b = carried().boundary
    own = b.take(b.change == change)
    p = scheduled_injection(nodal)
    more = p.copy()
    np.add.at(more, nodal.node[case.interfaces.bus], -(own.p_after_mw - own.p_before_mw) / 100)
    difference = 100 * (dc_flow(nodal, injection=more).flow - dc_flow(nodal, injection=p).flow)
    np.testing.assert_allclose(flows(change).dc_mw, difference, rtol=0, atol=scaled(PTDF_MW, difference))


def test_the_sun_takes_as_much_from_the_boundary_as_it_gives_and_losses_more() -> None:
    table, load = carried().changes, 3.715  # MW of one feeder; two at each bus
    one, two = (float(table.exchange_mw[table.change == name][0]) for name in ("sun on one feeder", "sun on all feeders"))
    assert -1.1 * 2 * SHARE * load < one < -2 * SHARE * load
    assert abs(two - 2 * one) < 0.01 * abs(one)
    falling = [float(x) for x in table.exchange_mw[np.char.find(table.change, "exponents") >= 0]]
    assert two < falling[0] < falling[1]  # voltages rise, and loads with them
    own = carried().boundary
    still = own.take((own.change == "sun on one feeder") & (own.interface == "I12"))
    assert still.p_after_mw[0] == pytest.approx(still.p_before_mw[0], abs=SAME_CHECK)


def test_one_feeder_gets_a_model_of_its_own() -> None:
    case = gt.case("T14D2")
    altered = one_feeder(case, 1, lambda feeder: served(feeder, SHARE))
    assert not list(altered.faults())
    assert len({m.name for m in altered.models}) == len(altered.models)
    assert len(altered.models[altered.interfaces.model[1]].generators) > len(altered.models[altered.interfaces.model[0]].generators)
    ring = one_feeder(gt.case("T14R2"), 0, lambda feeder: served(feeder, SHARE))
    assert not list(ring.faults())


def test_a_change_without_load_flow_loses_no_other_and_all_are_heard() -> None:
    heard: list[Progress] = []
    case = gt.case("T14D2")
    heavy = replace(case, interfaces=replace(case.interfaces, scale=np.array([5.0, 1.0])))  # too much for constant power
    found = flow_changes(heavy, watch=heard.append)
    none = np.isnan(found.changes.apart_mw)
    assert not found.found
    assert none.any()
    assert not none.all()
    assert all(why for why, gone in zip(found.changes.why.tolist(), none.tolist(), strict=True) if gone)
    assert [p.done for p in heard] == list(range(1, 7))


def test_what_has_no_feeders_is_refused() -> None:
    with pytest.raises(Unreadable, match="has no feeders"):
        flow_changes(gt.case("case14"))
    torn = gt.case("T14D2")
    with pytest.raises(InvalidCase, match="case-04"):
        flow_changes(replace(torn, interfaces=replace(torn.interfaces, model=np.array([0, 5]))))
    assert len(list(changes(torn))) == 5
