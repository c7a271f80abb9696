"""A day under AC physics: every period by itself or from the one before, stopped anywhere; costs in steps with voltages at limits."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.cases.case import Case
from gridtandem.coordinate import End, Outcome
from gridtandem.errors import InvalidCase
from gridtandem.grid import devices as dv
from gridtandem.schemes.admm import Admm
from gridtandem.schemes.central import Central
from gridtandem.schemes.copf import Copf
from gridtandem.schemes.hgd import Hgd
from gridtandem.schemes.hgd_plain import HgdPlain
from gridtandem.schemes.independent_opf import IndependentOpf
from gridtandem.study.dispatch.day import rounds_by_period
from gridtandem.study.dispatch.run import DispatchResult, dispatch, reopened, resume
from gridtandem.study.dispatch.study import PREVIOUS, DispatchStudy, seated
from tests.tolerances import DISPATCH_GAP, DISPATCH_GAP_LEAST, DISPATCH_SAME, SAME_CHECK
from tools.dispatch_counts import CASES
from tools.dispatch_days import market_day, with_day

PARALLEL = 2  # feeders behind each interface of T14D2
LOAD = (0.7, 1.0, 1.2)
SLOPE = (0.7, 0.8, 0.9, 1.0)


def day() -> Case:
    """Loads of all networks by period, and the first unit of a feeder away in the last one."""
    what = CASES["feeder ends, quadratic"].case()
    profiles = dv.Profiles.of({
        "profile": ["load"] * 3 + ["unit"] * 3, "period": [1, 2, 3] * 2, "factor": [*LOAD, 1.0, 0.5, 0.0],
    })  # fmt: skip
    above = dv.Follows.of({"what": [dv.FOLLOWERS.index("loads")], "profile": ["load"]})
    below = dv.Follows.of({"what": [dv.FOLLOWERS.index(k) for k in ("loads", "generators")], "row": ["", "unit-1"], "profile": ["load", "unit"]})
    model = replace(what.models[0], profiles=profiles, follows=below)
    return replace(what, transmission=replace(what.transmission, profiles=profiles, follows=above), models=(model,))


COPF = Copf()


@cache
def rising(scheme: Any = COPF, start: str = PREVIOUS) -> DispatchResult:
    """Four hours of rising load, where units of feeders bend."""
    return dispatch(DispatchStudy(case=with_day(CASES["feeder ends, quadratic"].case(), SLOPE), scheme=scheme, hours=len(SLOPE), start=start))


def told(found: DispatchResult) -> dict[str, object]:
    """Everything a dispatch tells, to the bit."""
    tables = {f.name: getattr(found.tables, f.name).digest() for f in fields(found.tables)}
    return {**tables, "gaps": found.outcome.gaps, "end": found.outcome.end, "letters": found.letters.digest(), "trouble": found.trouble}


# ── every period by itself ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_period_is_dispatched_by_itself() -> None:
    """To the bit: what other periods still do changes nothing where the parties agree already."""
    study = DispatchStudy(case=day(), scheme=Copf(), hours=3)
    many = dispatch(study).require()
    assert many.tables.checks.period.tolist() == [1, 2, 3]
    assert abs(many.gap) <= DISPATCH_GAP
    for k in range(3):
        alone = dispatch(replace(study, first=k + 1, hours=1)).require()
        assert many.tables.checks.central_per_h[k] == alone.tables.checks.central_per_h[0]
        assert many.tables.checks.promised_per_h[k] == alone.tables.checks.promised_per_h[0]
    d = many.tables.decisions
    unit = d.take((d.unit == "unit-1") & (d.feeder == "F10"))
    assert unit.p_mw[1:] == pytest.approx([PARALLEL * 0.5, 0.0], abs=SAME_CHECK)
    assert unit.p_mw[0] > unit.p_mw[1]
    cost = many.tables.checks.central_per_h
    assert cost[0] < cost[1] < cost[2]


def test_ramps_tie_periods_together() -> None:
    what = day()
    ramps = dv.Ramps.of({"generator": [0], "up_mw_per_h": [1.0], "down_mw_per_h": [1.0]})
    what = replace(what, transmission=replace(what.transmission, ramps=ramps))
    with pytest.raises(InvalidCase) as said:
        seated(DispatchStudy(case=what, scheme=Copf(), hours=2))
    assert {f.code for f in said.value.faults} == {"study-027"}
    seated(DispatchStudy(case=what, scheme=Copf()))


# ── from the period before ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_models_of_the_hour_before_save_rounds_and_cost_nothing() -> None:
    hot, study = rising(), rising().study
    alone = [dispatch(replace(study, first=t + 1, hours=1)) for t in range(study.hours)]
    rounds = rounds_by_period(hot.outcome.state)
    assert len(rounds) == study.hours
    assert sum(rounds) == hot.outcome.rounds < sum(a.outcome.rounds for a in alone)
    assert rounds[0] == alone[0].outcome.rounds
    assert max(rounds[1:]) <= 2
    assert hot.tables.checks.promised_per_h == pytest.approx([a.promised for a in alone], rel=DISPATCH_SAME)
    assert rising(start="flat").promised == pytest.approx(hot.promised, rel=DISPATCH_SAME)
    assert rounds_by_period(rising(start="flat").outcome.state) == ()
    once = sum(e.numbers_down + e.numbers_up for e in hot.outcome.ledger if e.question == "DispatchAlone")
    assert once == study.hours * (2 * 6 + 1)  # and is counted in the round before
    over = [e for e in hot.outcome.ledger if e.question == "DispatchOver"]
    assert len(over) == hot.outcome.rounds + study.hours - 1


@pytest.mark.parametrize("scheme", [Hgd(), Admm()])
def test_other_schemes_go_on_as_well(scheme: Any) -> None:
    hot = rising(scheme)
    assert hot.outcome.agreed
    assert hot.promised == pytest.approx(rising().promised, rel=DISPATCH_GAP_LEAST)


def test_one_owner_begins_near_the_hour_before_too() -> None:
    hot, flat = rising(Central()), rising(Central(), "flat")
    assert hot.promised == pytest.approx(flat.promised, rel=DISPATCH_SAME)
    steps = [[answer.steps for answer in seated(found.study).owner.solve()] for found in (hot, flat)]
    assert steps[0][0] == steps[1][0]
    assert sum(steps[0]) < sum(steps[1])


@pytest.mark.parametrize("scheme", [Copf(), Hgd(), Admm()])
@pytest.mark.parametrize("where", [2, "a period ends", "one begun"])
def test_a_day_stopped_anywhere_goes_on_as_if_it_had_never_stopped(scheme: Any, where: Any, tmp_path: Path) -> None:
    whole = rising(scheme)
    first = rounds_by_period(whole.outcome.state)[0]
    after = {"a period ends": first, "one begun": first + 1}.get(where, where)

    def stop(outcome: Outcome[object]) -> None:
        if len(outcome.gaps) == after:
            raise KeyboardInterrupt

    begun = dispatch(whole.study, save=tmp_path / "a.tandem", watch=stop)
    assert begun.outcome.end is End.STOPPED
    assert begun.outcome.rounds == after
    assert told(resume(tmp_path / "a.tandem")) == told(whole)
    assert told(reopened(tmp_path / "a.tandem")) == told(whole)
    assert reopened(tmp_path / "a.tandem").study.digest() == whole.study.digest() != replace(whole.study, start="flat").digest()
    assert told(resume(tmp_path / "a.tandem")) == told(whole)


def test_a_day_ends_with_the_first_hour_that_does_not_agree_and_goes_on_with_more_rounds(tmp_path: Path) -> None:
    whole = rising()
    short = dispatch(replace(whole.study, rounds=2), save=tmp_path / "a.tandem")
    assert short.outcome.end is End.OUT_OF_ROUNDS
    assert rounds_by_period(short.outcome.state) == (2,)
    assert not len(short.tables.exchanges)
    assert told(resume(tmp_path / "a.tandem", rounds=100)) == told(whole)


@pytest.mark.parametrize(
    ("scheme", "start", "code"), [(Copf(), "warm", "study-035"), (HgdPlain(), PREVIOUS, "study-036"), (IndependentOpf(), PREVIOUS, "study-036")]
)
def test_a_start_that_nobody_knows_or_that_a_scheme_cannot_make_is_refused(scheme: Any, start: str, code: str) -> None:
    with pytest.raises(InvalidCase) as said:
        seated(DispatchStudy(case=gt.case("T14D2"), scheme=scheme, start=start))
    assert [f.code for f in said.value.faults] == [code]


# ── costs in steps, voltages at limits ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("hour", [2, 8, 11, 18])
def test_costs_in_steps_with_voltages_at_limits_are_split_until_models_serve(hour: int) -> None:
    """A market system without the demand that buys: feeders of units with flat costs."""
    found = dispatch(DispatchStudy(case=market_day(), scheme=Copf(), first=hour))
    assert found.outcome.agreed
    assert found.outcome.rounds <= 20
    assert abs(found.gap) <= DISPATCH_GAP
    assert found.trouble == ()
    assert found.outcome.state.search.stretch.min() > 0  # type: ignore[union-attr]
    assert found.outcome.gaps[-1] < found.outcome.gaps[-2] ** 1.5  # the end is Newton's


def test_a_feeder_at_a_step_agrees_at_no_other_price_than_its_own() -> None:
    """Its model is so stiff there that transmission would take any exchange it names."""
    found = dispatch(DispatchStudy(case=CASES["overvoltage, no Q"].case(), scheme=Copf(weight=1e3)))
    assert found.outcome.agreed
    assert abs(found.gap) <= DISPATCH_GAP


def test_costs_in_steps_with_voltages_at_limits_need_no_curvature() -> None:
    found = dispatch(DispatchStudy(case=market_day(), scheme=Admm(), first=2))
    assert found.outcome.agreed
    assert abs(found.gap) <= DISPATCH_GAP_LEAST


def test_an_hour_of_splitting_does_not_disturb_its_neighbours() -> None:
    study = DispatchStudy(case=market_day(), scheme=Copf(), first=2, hours=3)
    many = dispatch(study).require()
    for t in range(3):
        assert dispatch(replace(study, first=2 + t, hours=1)).promised == many.tables.checks.promised_per_h[t]
    hot = dispatch(replace(study, start=PREVIOUS))
    assert np.abs(hot.tables.checks.promised_per_h / many.tables.checks.promised_per_h - 1).max() <= DISPATCH_GAP
