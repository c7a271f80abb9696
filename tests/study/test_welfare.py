"""Net surplus by level of demand: what is multiplied, whose parts add up, and that no scheme beats the market that sees everything."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from gridtandem.cases.named import case
from gridtandem.errors import UnknownName
from gridtandem.report.market.welfare import WelfareCurves, picture, welfare_document, welfare_in_words
from gridtandem.schemes.choice_of_market import ChoiceOfMarket
from gridtandem.schemes.conventional_4 import Conventional4
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market.study import MarketStudy
from gridtandem.study.market.welfare import WHOLE, Welfare, loaded, welfare
from tests.markets.bids import drawn
from tests.tolerances import WELFARE, ZERO_SUM

LEVELS = (80.0, 100.0, 500.0)  # at the last nobody can be served
STUDY = MarketStudy(case=drawn(2, slope=0.0, rating=0.9), scheme=None, rounds=300)


@cache
def found() -> Welfare:
    return welfare(STUDY, (Conventional4(), ChoiceOfMarket(), ChoiceOfMarket(fee=6.0), Ideal()), LEVELS)


def test_a_level_multiplies_all_demand_and_nothing_else() -> None:
    more = loaded(STUDY.case, 1.2)
    for net, before in zip((more.transmission, *more.models), (STUDY.case.transmission, *STUDY.case.models), strict=True):
        assert (net.loads.p_mw == 1.2 * before.loads.p_mw).all()
        assert (net.loads.q_mvar == 1.2 * before.loads.q_mvar).all()
        assert (net.flexible.p_high_mw == 1.2 * before.flexible.p_high_mw).all()
        assert net.generators == before.generators
        assert net.lines == before.lines


def test_no_scheme_beats_ideal_and_open_markets_reach_it() -> None:
    table = found()
    whole = table.take((table.party == WHOLE) & (table.load_percent < max(LEVELS)))
    scale = np.abs(whole.net_surplus)
    assert (whole.lost >= -WELFARE * scale).all()
    per_level = whole.lost.reshape(-1, 4)
    assert (np.abs(per_level[:, [1, 3]]) <= WELFARE * scale.max()).all()
    assert (per_level[:, 2] > WELFARE * scale.max()).any()  # a fee costs something


def test_own_markets_alone_lose_where_forecast_prices_mislead() -> None:
    table = welfare(MarketStudy(case=case("ieee14-3x17"), scheme=None, first=19, hours=1), (Conventional4(), ChoiceOfMarket()), (80.0,))
    alone, allowed = table.take(table.party == WHOLE).lost
    assert alone > WELFARE * abs(table.net_surplus[0])
    assert abs(allowed) <= WELFARE * abs(table.net_surplus[0])


def test_parts_of_the_parties_add_up() -> None:
    table = found()
    for k in np.flatnonzero((table.party == WHOLE) & table.answered).tolist():
        parts = table.take(np.arange(k + 1, k + 4))
        assert parts.party.tolist()[0] == "tso"
        for name in ("worth", "cost", "exchange", "net_surplus", "lost"):
            assert getattr(parts, name).sum() == pytest.approx(getattr(table, name)[k], abs=ZERO_SUM)


def test_what_cannot_be_served_is_told_and_has_no_numbers() -> None:
    table = found()
    last = table.take(table.load_percent == max(LEVELS))
    assert not last.answered.any()
    assert (last.party == WHOLE).all()
    assert np.isnan(last.net_surplus).all()
    with pytest.raises(UnknownName, match="dso-nobody"):
        WelfareCurves(STUDY, table, party="dso-nobody")
    curves = WelfareCurves(STUDY, table, (("fee", 6.0),))
    assert "fee = 6.0" in curves.conditions
    assert "held fixed" in welfare_in_words(curves)
    assert welfare_document(curves)["welfare"][-1]["net_surplus"] is None  # type: ignore[index]
    assert len(picture(curves).axes) == 2


def test_levels_change_what_is_cleared() -> None:
    table = welfare(STUDY, (DsoOffer(least_mw=0.0, steps=10**6),), (60.0, 90.0))
    whole = table.take(table.party == WHOLE)
    assert whole.cost[0] < whole.cost[1]
