"""Storage that charges and discharges at once is no storage: every cleared day says whether some does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.cases.case import Case
from gridtandem.cases.golden import golden
from gridtandem.report.run import Run
from gridtandem.resources.storage import OVERLAP
from gridtandem.study.kinds import MARKET
from gridtandem.study.market.day import clear
from gridtandem.study.market.study import MarketStudy
from gridtandem.study.registry import scheme_named
from tests.opf.feeders import battery
from tests.tolerances import CARRIED


def stored(price: float) -> Case:
    """The golden case with a battery that loses much and wears little, and power at bus 2 of transmission for sale at ``price``."""
    case = golden()
    a, b = case.models
    lossy = {"cost_per_mwh": [0.01], "efficiency_in": [0.7], "efficiency_out": [0.7]}
    a, b = (replace(m, storages=battery(bus, 1.5, 4.0, **lossy)) for m, bus in ((a, 3), (b, 2)))
    points = case.transmission.cost_points
    first = points.generator == 0
    slope = np.where(first, points.p_mw * price, points.cost_per_h)
    if price < 0:  # no limit keeps storage from taking all it can
        endless = np.full(4, np.inf)
        a, b = (
            replace(m, lines=replace(m.lines, rating_mva=endless[1:]), buses=replace(m.buses, v_low_pu=np.zeros(4), v_high_pu=endless))
            for m in (a, b)
        )
    net, share = case.transmission, 1.0 if price > 0 else 0.2  # little load: the first station serves all of it
    net = replace(net, cost_points=replace(points, cost_per_h=slope), loads=replace(net.loads, p_mw=share * net.loads.p_mw))
    return replace(case, models=(a, b), transmission=net)


def checked(scheme: str, price: float, **options: float) -> Run:
    return Run.of(clear(MarketStudy(case=stored(price), scheme=scheme_named(scheme, options), flow="active", hours=2)))


@pytest.mark.parametrize("scheme", [name for name in MARKET.schemes() if name != "choice-of-market"])
def test_no_scheme_charges_and_discharges_at_once_at_prices_above_nothing(scheme: str) -> None:
    run = checked(scheme, 20.0)
    if run.outcome.answered and len(run.checks):
        assert run.checks.overlap_mw2.max() <= CARRIED
        assert "charges and discharges" not in repr(run)


@pytest.mark.parametrize(("scheme", "options"), [("ideal", {}), ("dso-offer", {"tier": 2})])
def test_power_that_is_paid_for_being_taken_is_burnt_and_the_check_says_so(scheme: str, options: dict[str, float]) -> None:
    run = checked(scheme, -40.0, **options)
    assert run.checks.overlap_mw2.max() > OVERLAP
    assert "storage charges and discharges at once" in repr(run)
