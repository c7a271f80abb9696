"""Regions of exchange of a case: awards of runs, periods, several voltages, and everything that is refused, at once."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.cases.case import Case
from gridtandem.errors import InvalidCase, UnknownName, Unreadable, Unsolved
from gridtandem.report.dispatch.reach import EDGE, Reach
from gridtandem.report.run import Run, carried
from gridtandem.schemes.copf import Copf
from gridtandem.study.dispatch.study import DispatchStudy
from gridtandem.study.reach import ReachStudy, reached
from tests.tolerances import REACH_ANALYTIC
from tools.dispatch_counts import CASES

FEW = 8  # directions, where the outline does not matter


def system() -> Case:
    return CASES["overvoltage"].case()


@cache
def dispatched() -> Run:
    return carried(DispatchStudy(case=system(), scheme=Copf()))


@cache
def found() -> Reach:
    return gt.reach(None, "I10", run=dispatched(), physics=("branch-flow", "ac"))


def test_the_award_of_a_run_lies_in_the_region_at_its_voltage() -> None:
    award, row = found().award, dispatched().exchanges.take(dispatched().exchanges.interface == "I10")
    assert award is not None
    assert (award.p_mw, award.q_mvar, award.v_pu) == (row.p_mw[0], row.q_mvar[0], row.v_pu[0])
    regions = found().regions
    assert regions.physics.tolist() == ["ac", "branch-flow"]  # in the order of the forms
    assert np.array_equal(regions.voltage_pu, [award.v_pu, award.v_pu])
    ac = found().result.regions[0]
    assert abs(found().result.room(ac)) <= EDGE  # cheap units are used up to a limit
    assert "on the outline" in repr(found())


def test_tables_say_what_the_outlines_are() -> None:
    regions, points = found().regions, found().points
    ac, relaxed = (points.take(points.physics == name) for name in ("ac", "branch-flow"))
    for mine, k in ((ac, 0), (relaxed, 1)):
        assert mine.p_mw.min() == regions.p_low_mw[k]
        assert mine.q_mvar.max() == regions.q_high_mvar[k]
        x, y = mine.p_mw, mine.q_mvar
        assert 0.5 * (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() == pytest.approx(regions.area[k], abs=REACH_ANALYTIC)
    assert (regions.area + regions.area_dents <= regions.area_outer + REACH_ANALYTIC).all()
    assert ac.real.all()
    assert relaxed.real.any()
    assert not relaxed.real.all()
    assert (ac.stops != "").all()
    assert (relaxed.stops[~relaxed.real] == "").all()  # what no network can do is stopped by no limit of one
    least = ac.take(ac.p_mw == ac.p_mw.min())
    assert "highest P of unit-2" in least.stops[0]
    assert (regions.cuts[0] > 0, regions.cuts[1]) == (True, 0)
    assert set(ac.direction_deg[ac.found == 1]) <= {0.0, 90.0, 180.0, 270.0}


def test_the_feeder_of_a_period_is_that_period_s() -> None:
    """Loads and what the sun gives follow the profiles, by every form alike."""
    name = str(gt.case("ieee14-regulation").interfaces.name[0])
    first, noon = (gt.reach("ieee14-regulation", name, hour=h, directions=FEW, physics=("ac", "lindist")).regions for h in (1, 12))
    assert abs(first.p_low_mw - noon.p_low_mw).min() > 0.1
    for r in (first, noon):
        assert abs(r.p_high_mw[0] - r.p_high_mw[1]) < 0.5  # losses


def test_a_family_has_a_region_for_each_voltage() -> None:
    family = gt.reach(system(), "I10", voltage=(1.05, 0.95, 1.05), directions=FEW)
    assert family.regions.voltage_pu.tolist() == [1.05, 0.95]
    assert not family.trouble
    assert family.require() is family


def test_a_voltage_without_a_state_says_which_limits_stand_against_it() -> None:
    family = gt.reach("14A", "I10", voltage=(1.0, 0.6), directions=FEW)
    assert len(family.trouble) == 1
    assert family.trouble[0].startswith("at 0.6 pu, ac: To have a solution nearby it would need: bus 1 0.30")
    assert np.isnan(family.regions.area[1])
    assert "no choice  9.001 MW, 1.894 Mvar" in repr(family)
    with pytest.raises(Unsolved, match=r"at 0\.6 pu"):
        family.require()


def test_all_faults_at_once() -> None:
    case = gt.case("14A")
    with pytest.raises(InvalidCase) as e:
        gt.reach(case, "i10", voltage=(0.2, np.nan), directions=4, physics=("ac", "dc"), hour=0)
    assert [f.code for f in e.value.faults] == ["study-028", "study-029", "study-029", "study-030", "study-001", "study-031"]
    assert "no row named 'i10'; did you mean 'I10'?" in str(e.value)
    with pytest.raises(InvalidCase, match="study-029"):
        gt.reach(case, "I10", voltage=())
    with pytest.raises(InvalidCase, match="study-001"):
        gt.reach(case, "I10", physics=())


def test_a_unit_without_reactive_limits_is_refused() -> None:
    what = system()
    g = what.models[0].generators
    endless = replace(what.models[0], generators=replace(g, q_high_mvar=np.where(g.name == "unit-1", np.inf, g.q_high_mvar)))
    with pytest.raises(InvalidCase, match=r"generators\[unit-1\]\.q_high_mvar is infinite .*study-032"):
        gt.reach(replace(what, models=(endless, *what.models[1:])), "I10")
    capped = replace(endless, generators=replace(endless.generators, s_high_mva=np.where(g.name == "unit-1", 3.0, np.inf)))
    assert gt.reach(replace(what, models=(capped, *what.models[1:])), "I10", directions=FEW).regions.unanswered[0] == 0


def test_what_dispatch_does_not_know_is_refused_in_this_feeder_alone() -> None:
    with pytest.raises(InvalidCase, match="study-026"):
        gt.reach("ieee118-2dso", "I50")
    with pytest.raises(InvalidCase, match="study-022"):
        gt.reach("T14R2", str(gt.case("T14R2").interfaces.name[0]))


def test_a_run_and_its_case() -> None:
    with pytest.raises(InvalidCase, match="study-033"):
        gt.reach("14A", "I10", run=dispatched())
    with pytest.raises(UnknownName, match="did you mean 'I10'"):
        gt.reach(None, "i10", run=dispatched())
    with pytest.raises(Unreadable, match="no exchange at I10 in period 7; it has periods 1 to 1"):
        gt.reach(None, "I10", run=dispatched(), hour=7)
    with pytest.raises(Unreadable, match="a run brings its voltage"):
        gt.reach(None, "I10", run=dispatched(), voltage=1.0)
    with pytest.raises(Unreadable, match="give a case, or a run"):
        gt.reach(None, "I10")
    with pytest.raises(Unreadable, match="a run under response is one of load flow; take one of optimal power flow, or give a voltage"):
        gt.reach(None, "I10", run=gt.run("14A"))
    cut_off = carried(DispatchStudy(case=system(), scheme=Copf(), rounds=1))
    assert not len(cut_off.exchanges)
    with pytest.raises(Unreadable, match="the run has no exchanges to draw: "):
        gt.reach(None, "I10", run=cut_off)


def test_a_study_is_a_function_of_its_record() -> None:
    study = ReachStudy(case=system(), interface="I10", voltages=(1.0,), directions=FEW)
    assert reached(study).points.digest() == reached(study).points.digest()
