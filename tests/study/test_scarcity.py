"""A market that is short has no price of an offer: no study of a company that moves the price may tell one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gridtandem.cases.case import Case
from gridtandem.cases.rts24 import Rts24
from gridtandem.cases.rts24_disco import Rts24Disco
from gridtandem.coordinate import End
from gridtandem.errors import Unsolved
from gridtandem.report.market.band import band_in_words
from gridtandem.report.market.strategy import StrategyStudy, strategy_in_words
from gridtandem.schemes.price_taker import PriceTaker
from gridtandem.schemes.strategic import Strategic
from gridtandem.study.igdt import uncertain
from gridtandem.study.igdt.run import SCARCE, run_band
from gridtandem.study.market.day import clear
from gridtandem.study.market.reference import market_power, references
from gridtandem.study.market.run import run_market
from gridtandem.study.market.scarcity import scarcity, spans
from gridtandem.study.market.study import MarketStudy, seated
from tests.tolerances import SHORT_MW

DAY = {"first": 17, "hours": 2}


def short(factor: float) -> Case:
    """Stations with so much of their power."""
    case = Rts24Disco(bus="14", market=Rts24(lines="none")).case("disco")
    net = case.transmission
    units, points = net.generators, net.cost_points
    less = replace(points, p_mw=points.p_mw * factor, cost_per_h=points.cost_per_h * factor)
    return replace(case, transmission=replace(net, generators=replace(units, p_high_mw=units.p_high_mw * factor), cost_points=less))


def study(factor: float, scheme: object = None, **more: int) -> MarketStudy:
    return MarketStudy(case=short(factor), scheme=scheme, **{**DAY, **more})


@cache
def enough() -> float:
    """Share of their power that stations need for the strategic company in the first of these hours."""
    result = run_market(study(1.0, Strategic(), hours=1))
    assert result.transmission is not None
    return float(result.transmission.dispatch.accepted.sum()) / float(short(1.0).transmission.generators.p_high_mw.sum())


@pytest.mark.parametrize("route", ["cells", "kkt-bigm"])
def test_a_strategic_day_without_a_price_is_refused_as_a_price_takers_is(route: str) -> None:
    for scheme in (Strategic(route=route), PriceTaker()):
        day = clear(study(0.5, scheme))
        assert day.outcome.end is End.REFUSED
        assert all(len(table) == 0 for name, table in day.named().items() if name not in ("letters", "rounds"))
        assert day.trouble
    assert "in periods 17 to 18" in clear(study(0.5, Strategic(route=route))).trouble[0]


def test_what_is_lacking_is_load_less_power() -> None:
    seats = seated(study(0.5, Strategic(), hours=1))
    w = seats.wholesale
    z = np.array([[10.0]])
    lacking = float(w.owned.p_load.sum()) + z.sum() - 0.5 * float(short(1.0).transmission.generators.p_high_mw.sum())
    told = float(scarcity(w, z).split("lacks up to ")[1].split(" MW")[0])
    assert abs(told - lacking) <= SHORT_MW
    assert scarcity(seated(study(1.0, Strategic(), hours=1)).wholesale, z) == ""


def test_strategy_says_of_every_row_why_it_is_empty() -> None:
    told = references(study(0.5))
    assert np.isnan(told.companies_cost).all()
    assert (told.trouble != "").all()
    assert np.isnan(told.price_per_mwh).all()
    found = StrategyStudy((study(0.5),), told)
    assert found.end is End.REFUSED
    assert "no answer: C2 strategic" in strategy_in_words(found)
    sizes = market_power(study(0.5), [20])
    assert np.isnan(sizes.strategic).all()
    assert sizes.trouble[0].startswith("strategic: ")


def test_strategy_with_answers_is_certified() -> None:
    found = StrategyStudy((study(1.0),), references(study(1.0)))
    assert found.end is End.AGREED
    assert strategy_in_words(found).splitlines()[-1].startswith("certificate: ")


def test_a_band_around_a_forecast_without_a_price_is_refused() -> None:
    with pytest.raises(Unsolved, match="lacks up to"):
        run_band(study(0.5), [0.0])


def test_a_point_whose_price_is_a_penalty_tells_no_alpha() -> None:
    """At the forecast there is just enough; with less sun and wind the company would buy more than there is."""
    found = run_band(study(enough() * (1 + 1e-5), hours=1), [0.0, 2000.0], sides=["robustness"])
    table = found.table
    assert table.alpha[0] == 0
    assert table.note.tolist() == ["", SCARCE]
    assert np.isnan(table.alpha[1])
    assert "lacks up to" in table.doubt[1]
    assert found.end is End.REFUSED
    assert "certificate" not in band_in_words(found)


def test_an_answer_that_its_market_contradicts_tells_no_alpha(monkeypatch: pytest.MonkeyPatch) -> None:
    """A curve that is dearer than the market."""

    def dearer(*given: object) -> object:
        return tuple(replace(c, slope=c.slope + 1.0) for c in cells(*given))

    cells = uncertain.cells_in
    monkeypatch.setattr(uncertain, "cells_in", dearer)
    with pytest.raises(Unsolved, match="bilevel-041"):
        run_band(study(1.0, hours=1), [0.0])


def test_runs_of_periods() -> None:
    assert spans(np.array([17])) == "period 17"
    assert spans(np.array([1, 2, 3, 7, 9, 10])) == "periods 1 to 3, 7, 9 to 10"
