"""Costs held against a cone bound: every situation, every scheme, several periods, run files; and plans that nobody can carry out."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.coordinate import End
from gridtandem.errors import InvalidCase
from gridtandem.schemes.central import Central
from gridtandem.schemes.copf import Copf
from gridtandem.schemes.hgd import Hgd
from gridtandem.schemes.independent_opf import IndependentOpf
from gridtandem.study.dispatch.compare import highest
from gridtandem.study.dispatch.run import DispatchResult, compare, dispatch, reopened
from gridtandem.study.dispatch.study import DispatchStudy
from tests.tolerances import BOUND_FALLS, CONE_BELOW
from tools.dispatch_counts import CASES


@cache
def result(name: str, scheme: Any = None, certificate: Any = "cones") -> DispatchResult:
    what = CASES[name].case() if name in CASES else gt.case(name)
    return dispatch(DispatchStudy(case=what, scheme=Copf() if scheme is None else scheme, certificate=certificate))


@pytest.mark.parametrize("name", CASES)
def test_the_bound_is_below_one_owner_and_near(name: str) -> None:
    found, best = result(name), result(name, certificate="owner")
    assert found.bound <= best.central * (1 + CONE_BELOW)
    assert -CONE_BELOW <= found.gap_to_bound <= BOUND_FALLS
    assert found.promised == best.promised  # what is found does not hang on what it is held against
    assert np.isnan(found.central)
    assert np.isnan(found.tables.exchanges.price_central_per_mwh).all()
    assert np.isnan(best.bound)
    assert not len(best.tables.bounds)
    assert not len(best.tables.bound_letters)
    assert not found.trouble


def test_the_ledger_counts_what_the_bound_took() -> None:
    found = result("14A")
    letters = found.tables.bound_letters
    assert set(letters.question) == {"LimitsOfVoltage", "RoomWithin", "RelaxedUnder", "RelaxedAt"}
    assert set(letters.recipient) == {"tso", "dso-10", "dso-13"}
    rounds = int(found.tables.bounds.round.max())
    assert len(letters) == 1 + 2 + 3 * rounds
    assert (np.diff(found.tables.bounds.bound_per_h) >= 0).all()
    assert len(found.outcome.ledger) == len(result("14A", certificate="owner").outcome.ledger)


def test_one_owner_is_never_asked() -> None:
    seen = result("14A", Hgd())
    assert seen.outcome.agreed
    assert np.isnan(seen.tables.checks.central_per_h).all()
    cycled = result("next to root, 0.03", Hgd())
    assert cycled.outcome.end is End.CYCLES
    assert not any("all networks as one" in line for line in cycled.trouble)


def test_what_promises_less_than_the_bound_cannot_be_carried_out() -> None:
    found = result("next to root, 0.01", IndependentOpf())
    assert found.gap_to_bound < 0
    assert found.realised > found.bound or len(found.tables.violations)


def test_periods_are_bounded_each_by_itself() -> None:
    study = DispatchStudy(case=gt.case("14A"), scheme=Copf(), first=2, hours=2, certificate="cones")
    both = dispatch(study)
    assert both.tables.bounds.period[:2].tolist() == [2, 3]
    each = [dispatch(replace(study, first=first, hours=1)).bound for first in (2, 3)]
    assert both.tables.checks.bound_per_h == pytest.approx(each, rel=CONE_BELOW)
    assert both.bound == pytest.approx(sum(each), rel=CONE_BELOW)


def test_a_run_file_keeps_it(tmp_path: Path) -> None:
    study = DispatchStudy(case=gt.case("14A"), scheme=Copf(), certificate="cones")
    first = dispatch(study, save=tmp_path / "a.tandem")
    again = reopened(tmp_path / "a.tandem")
    assert again.study.certificate == "cones"
    assert again.bound == first.bound
    assert again.tables.bounds.digest() == first.tables.bounds.digest()
    assert again.tables.bound_letters.digest() == first.tables.bound_letters.digest()


def test_schemes_side_by_side() -> None:
    table = compare(DispatchStudy(case=gt.case("14A"), scheme=None, certificate="cones"), [Central(), Copf(), IndependentOpf()]).table
    assert np.isnan(table.gap_to_central).all()
    assert table.gap_to_bound[0] == pytest.approx(table.gap_to_bound[1], abs=BOUND_FALLS)
    assert (table.gap_to_bound[:2] > 0).all()
    assert len(set(table.bound.tolist())) == 1  # one bound for all
    assert np.array_equal(table.gap_to_bound, (table.promised - table.bound) / table.bound)


def test_the_highest_bound_is_the_one_that_counts() -> None:
    assert highest([3.0, np.nan, 5.0, 4.0, -np.inf]) == 5.0
    assert np.isnan(highest([np.nan, np.nan]))


def test_a_plain_network_has_a_bound_too() -> None:
    found = dispatch(DispatchStudy(case=gt.case("ieee14"), scheme=Central(), certificate="cones"))
    assert 0 < found.gap_to_bound <= BOUND_FALLS
    assert found.bound == pytest.approx(gt.cone_bound("ieee14").bound_per_h, rel=CONE_BELOW)


def test_a_certificate_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidCase, match="study-034"):
        dispatch(DispatchStudy(case=gt.case("14A"), scheme=Copf(), certificate="oracle"))  # type: ignore[arg-type]
