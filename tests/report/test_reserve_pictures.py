"""Pictures of a day of energy and reserve show what the tables say."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.report.kinds.reserve import DOOR
from gridtandem.report.run import Comparison, Run
from gridtandem.report.style import svg
from tests.tolerances import RESERVE_SUMS_MW

MUST_RUN = 0.7  # of the power of every station, which is more than all load


@cache
def day() -> Run:
    return gt.run("noh-reduced", scheme="joint-reserve", hours=3, feeders="none")


@cache
def without() -> Run:
    what = gt.case("noh-reduced")
    units = what.transmission.generators
    stuck = replace(what, transmission=replace(what.transmission, generators=replace(units, p_low_mw=MUST_RUN * units.p_high_mw)))
    return gt.run(stuck, scheme="joint-reserve", hours=1)


def test_both_reserves_stand_on_each_other_and_the_requirement_above() -> None:
    above, below = day().plot().axes
    tops = [bar.get_y() + bar.get_height() for bar in above.patches]
    table = day().hours
    assert tops == pytest.approx(np.concatenate([table.primary_mw, table.primary_mw + table.fast_mw]))
    assert np.asarray(above.lines[0].get_ydata()) == pytest.approx(table.without_mw)
    assert [np.asarray(line.get_ydata()).tolist() for line in below.lines] == [
        getattr(table, name).tolist() for name in ("energy_per_mwh", "primary_per_mw", "fast_per_mw")
    ]
    assert "[USD]" in below.get_ylabel()


@pytest.mark.parametrize(("kind", "table", "column"), [("awards", "awards", "award_mw"), ("stations", "stations", "primary_mw")])
def test_stacks_add_up(kind: str, table: str, column: str) -> None:
    (axes,) = day().plot(kind).axes
    whole = getattr(getattr(day(), table), column).sum()
    assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(whole, abs=RESERVE_SUMS_MW)


def test_what_is_sold_and_not_felt_is_seen() -> None:
    (axes,) = day().plot("awards").axes
    felt = np.asarray(axes.lines[0].get_ydata())
    assert (felt < [bar.get_height() for bar in axes.patches]).all()


@pytest.mark.parametrize("kind", DOOR.words.comparison_pictures)
def test_a_comparison_is_drawn_the_same_twice_with_schemes_that_have_no_plan(kind: str) -> None:
    both = Comparison(kind=day().kind, table=gt.compare("noh-reduced", ["joint-reserve"], hours=1).table, runs=(day(), without()))
    drawn = svg(both.plot(kind))
    assert drawn == svg(both.plot(kind))
    assert svg(Comparison(kind=day().kind, table=both.table, runs=(without(),)).plot(kind))


@pytest.mark.parametrize("kind", DOOR.words.run_pictures)
def test_a_run_without_a_plan_is_drawn(kind: str) -> None:
    assert not len(without().hours)
    assert without().trouble
    assert without().plot(kind).axes
