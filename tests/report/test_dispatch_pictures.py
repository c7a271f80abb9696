"""Pictures of dispatches show what the tables say."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from matplotlib.axes import Axes

import gridtandem as gt
from gridtandem.report import style
from gridtandem.report.kinds.dispatch import DOOR
from gridtandem.report.run import Comparison
from gridtandem.report.style import svg
from gridtandem.study.kinds import DISPATCH
from tests.tolerances import DISPATCH_PRICE
from tools.dispatch_counts import CASES

SCHEMES = ["central", "copf", "hgd", "hgd-plain", "independent"]


@cache
def swinging() -> Comparison:
    """Where hgd finds no plan and the independent one breaks limits."""
    found = gt.compare(CASES["overvoltage"].case(), SCHEMES)
    assert isinstance(found, Comparison)
    return found


def titled(axes: list[Axes], title: str) -> Axes:
    return next(a for a in axes if a.get_title(loc="left") == title or a.get_title() == title)


@pytest.mark.parametrize("kind", DOOR.words.comparison_pictures)
def test_a_picture_of_a_comparison_is_the_same_bytes_twice(kind: str) -> None:
    assert svg(swinging().plot(kind)) == svg(swinging().plot(kind))


@pytest.mark.parametrize("kind", DOOR.words.run_pictures)
def test_every_run_is_drawn_even_without_a_plan(kind: str) -> None:
    for run in swinging().runs:
        if len(run.exchanges) or kind == "convergence":
            assert run.plot(kind).axes


def test_the_overview_shows_costs_convergence_exchange_and_prices() -> None:
    found = swinging()
    axes = found.plot().axes
    assert len(axes) == 4
    cost = titled(axes, "What is promised, and what it costs")
    bars = np.array([b.get_height() for b in cost.patches])
    there = np.isfinite(found.table.promised)
    best = found.runs[0].result.tables.central
    assert bars == pytest.approx(np.concatenate([found.table.promised[there], found.table.realised[there]]) - best)
    said = " ".join(t.get_text() for t in cost.texts)
    assert "no plan: hgd" in said
    assert f"{int(found.table.limits_broken[-1])} limits" in said
    gaps = titled(axes, "How the gap closes")
    assert [line.get_label() for line in gaps.get_lines()[:-1]] == ["copf", "hgd", "hgd-plain"]
    power = titled(axes, "What passes")
    drawn = {line.get_label(): line.get_ydata() for line in power.get_lines()}
    for run in found.runs:
        if len(run.exchanges):
            assert drawn[run.scheme] == pytest.approx(run.exchanges.p_mw)


def test_schemes_of_dispatch_look_different() -> None:
    looks = [style.series_look(name, 0)[:2] for name in DISPATCH.schemes() if name in style.SCHEME_LOOKS]
    assert len(set(looks)) == len(looks) >= 7


def test_both_sides_of_the_boundary_are_joined_in_the_picture_of_prices() -> None:
    run = swinging().runs[1]
    above, _ = run.plot("prices").axes
    rings = [line.get_ydata() for line in above.get_lines() if line.get_linestyle() == ":"]
    assert len(rings) == len(run.exchanges)
    for (tso, dso), price in zip(rings, run.exchanges.price_per_mwh, strict=True):
        assert tso == pytest.approx(dso, rel=DISPATCH_PRICE)
        assert tso == pytest.approx(price, rel=DISPATCH_PRICE)
