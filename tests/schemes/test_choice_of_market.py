"""Choice of market: the common optimum whatever is sold where, unless a switch says otherwise; incentives and books."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.case import Case
from gridtandem.coordinate import End
from gridtandem.errors import InvalidCase, UnknownName
from gridtandem.markets.choice import Supply, made_whole, own_prices, settled, shared
from gridtandem.schemes.choice_of_market import ChoiceOfMarket
from gridtandem.schemes.cmo_cuts import CmoCuts
from gridtandem.schemes.conventional_1 import Conventional1
from gridtandem.study.market.books import books, kept, surplus
from gridtandem.study.market.choice import sales, unit_sales
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.study import MarketStudy
from gridtandem.study.registry import scheme_named
from tests.markets.bids import drawn
from tests.tolerances import BOOKS_MONEY, SURPLUS_LEFT, WELFARE, WHOLE


def cleared(case: Case, scheme: Any) -> MarketResult:
    return run_market(MarketStudy(case=case, scheme=scheme, rounds=300, benchmark="joint"))


def tight(seed: int, slope: float) -> Case:
    """A case whose feeder lines bind, so that prices inside differ from those at the interface."""
    return drawn(seed, slope=slope, rating=0.9)


@given(seed=st.integers(0, 10**6), slope=st.sampled_from([0.0, 1.0]), share=st.sampled_from([-1.0, 0.0, 0.4, 1.0]))
@settings(max_examples=4, deadline=None)
def test_without_fee_and_gate_it_is_coordinated_operation_for_any_share(seed: int, slope: float, share: float) -> None:
    case = tight(seed, slope)
    found = cleared(case, ChoiceOfMarket(share=share))
    assert found.outcome.end is End.AGREED
    state = found.outcome.state
    assert state is not None
    assert state.cost == pytest.approx(cleared(case, CmoCuts()).cost, rel=WELFARE)
    assert found.cost == pytest.approx(state.cost, rel=WELFARE)
    assert (state.sold <= state.offers.mw).all()


SWITCHES = {
    "bid": ChoiceOfMarket(local="bid"), "average": ChoiceOfMarket(local="average"), "fee": ChoiceOfMarket(fee=6.0),
    "gate": ChoiceOfMarket(least_mw=0.8), "blocks": ChoiceOfMarket(blocks=1),
    "forecast": ChoiceOfMarket(passes=1, forecast_error=8.0), "saving": ChoiceOfMarket(forecast_error=8.0, saving=0.5),
}  # fmt: skip
MONEY_ONLY = ("bid", "average")


@cache
def switched(name: str, seed: int) -> MarketResult:
    """Whole blocks need stepped costs of stations."""
    return cleared(tight(seed, 0.0 if name == "blocks" else 1.0), SWITCHES[name])


@cache
def plain(seed: int) -> MarketResult:
    return cleared(tight(seed, 1.0), ChoiceOfMarket())


@pytest.mark.parametrize("name", ["fee", "gate", "blocks", "forecast"])
def test_switches_cost_welfare_and_never_earn_any(name: str) -> None:
    costs = []
    for seed in (1, 2, 3):
        found = switched(name, seed)
        assert found.outcome.state is not None
        assert found.cost == pytest.approx(found.outcome.state.cost, rel=WELFARE)  # the plans keep to what was sold and let in
        costs.append(found.cost / found.ideal)
    assert min(costs) >= 1 - WELFARE
    assert max(costs) > 1 + WELFARE


def test_one_pass_with_a_good_forecast_is_coordinated_operation() -> None:
    """Without congestion one number mends the forecast of all interfaces."""
    case = tight(2, 1.0)
    right, forecast = cleared(case, CmoCuts(tol=1e-9)).bargain, cleared(case, Conventional1()).bargain
    assert right is not None
    assert forecast is not None
    error = float((right.price - forecast.price)[0, 0, 0])
    good = cleared(case, ChoiceOfMarket(passes=1, forecast_error=error))
    bad = cleared(case, ChoiceOfMarket(passes=1, forecast_error=error + 8.0))
    assert good.cost == pytest.approx(good.ideal, rel=WELFARE)
    assert bad.cost > bad.ideal * (1 + WELFARE)


@pytest.mark.parametrize("name", MONEY_ONLY)
def test_payment_by_offer_or_mean_moves_money_only(name: str) -> None:
    moved = 0.0
    for seed in (1, 2):
        one, other = switched(name, seed), plain(seed)
        assert one.cost == other.cost
        assert (one.outcome.state.sold == other.outcome.state.sold).all()  # type: ignore[union-attr]
        for a, b in zip(one.feeders, other.feeders, strict=True):
            assert (a.dispatch.p == b.dispatch.p).all()
        moved += float(np.abs(surplus(one).kept - surplus(other).kept).max())
    assert moved > BOOKS_MONEY


@pytest.mark.parametrize("name", MONEY_ONLY)
def test_with_another_payment_units_choose_otherwise(name: str) -> None:
    """Where each goes to whom it thinks pays more; without fee and gate the dispatch is none the worse."""
    choices = []
    for local in ("marginal", name):
        found = cleared(tight(2, 1.0), ChoiceOfMarket(share=-1.0, local=local))
        assert found.cost == pytest.approx(found.ideal, rel=WELFARE)
        choices.append(found.outcome.state.offers.kept)  # type: ignore[union-attr]
    assert (choices[0] != choices[1]).any()


@pytest.mark.parametrize("name", SWITCHES)
def test_incentives_are_none_or_more_and_every_payment_is_received(name: str) -> None:
    found = switched(name, 2)
    for plan in found.feeders:
        s = sales(found, plan, 0)
        for incentive in (made_whole(s), shared(s.sold, 100.0, 0.3), shared(s.sold, -100.0, 0.3)):
            money = settled(s, incentive)
            assert (incentive >= 0).all()
            paid_out = money.wholesale.sum() - money.fee.sum() + money.local.sum() + money.incentive.sum() + money.left
            wholesale_gets = money.bought - money.wholesale.sum()  # z at the interface's price goes to stations
            assert wholesale_gets == pytest.approx(s.wholesale_price * s.exchange * s.hours, abs=BOOKS_MONEY)
            assert money.demand == pytest.approx(paid_out + wholesale_gets, abs=BOOKS_MONEY)
            assert money.deficit == pytest.approx(max(0.0, -money.left), abs=BOOKS_MONEY)
        got = (s.wholesale_price - s.fee) * s.sold + made_whole(s) / s.hours
        assert (got >= s.price * s.sold - BOOKS_MONEY).all()


@pytest.mark.parametrize("name", SWITCHES)
def test_books_of_the_day_close_with_sales_and_incentives(name: str) -> None:
    """What the tables tell of sales is what the books hold, and everybody's lines add up to the net surplus."""
    found = switched(name, 2)
    lines, kept_by, told = books(found), surplus(found), unit_sales(found)
    parties = np.unique(np.concatenate([lines.payer, lines.payee]))
    assert abs(sum(kept(lines, who) for who in parties)) <= BOOKS_MONEY
    for item, column in (("sold wholesale", told.wholesale), ("fee", told.fee), ("incentive", told.incentive)):
        assert lines.amount[lines.item == item].sum() == pytest.approx(column.sum(), abs=BOOKS_MONEY)
    for k, who in enumerate(kept_by.company.tolist()):
        mine = [c for c in parties.tolist() if c == who.split("/")[0]]
        assert kept(lines, mine[0]) == pytest.approx(kept_by.kept[k], abs=BOOKS_MONEY)
    units = sum(kept(lines, f"{f}/{n}") for f, n in zip(told.feeder.tolist(), told.name.tolist(), strict=True))
    assert units == pytest.approx((told.wholesale + told.local - told.fee + told.incentive).sum(), abs=BOOKS_MONEY)
    assert np.abs(kept_by.left).max() <= SURPLUS_LEFT
    assert abs(kept_by.exchange.sum()) <= BOOKS_MONEY
    assert (kept_by.profit - kept_by.demand + kept_by.kept).sum() == pytest.approx((kept_by.worth - kept_by.cost).sum(), abs=BOOKS_MONEY)
    assert (kept_by.worth - kept_by.cost).sum() == pytest.approx(-found.cost, abs=SURPLUS_LEFT)


def test_a_share_of_the_saving_goes_by_power_sold() -> None:
    sold = np.array([1.0, 3.0, 0.0])
    assert shared(sold, 200.0, 0.5).tolist() == [25.0, 75.0, 0.0]
    assert shared(np.zeros(3), 200.0, 0.5).tolist() == [0.0, 0.0, 0.0]
    found = switched("saving", 1)
    state = found.outcome.state
    assert state is not None
    assert state.before > state.cost
    assert unit_sales(found).incentive.sum() == pytest.approx(0.5 * (state.before - state.cost), rel=WELFARE)


def test_prices_of_an_own_market_by_hand() -> None:
    """4 MW at 20 and 6 MW bought at 30 cost 26 in the mean; sold power is no supply."""
    marginal, offered = np.array([31.0, 29.0]), np.array([20.0, 25.0])
    supply = Supply(power=4.0, cost=80.0, bought=6.0, price=30.0)
    assert own_prices("marginal", marginal, offered, supply).tolist() == [31.0, 29.0]
    assert own_prices("bid", marginal, offered, supply).tolist() == [20.0, 25.0]
    assert own_prices("average", marginal, offered, supply).tolist() == [26.0, 26.0]
    assert replace(supply, bought=-2.0).mean == 20.0
    assert Supply(power=0.0, cost=0.0, bought=-2.0, price=30.0).mean == 30.0


def test_blocks_are_accepted_whole_or_not_at_all() -> None:
    found = switched("blocks", 1)
    state = found.outcome.state
    assert state is not None
    part = state.sold / np.where(state.offers.mw > 0, state.offers.mw, 1.0)
    assert (np.abs(part - np.rint(part)) <= WHOLE).all()
    assert ((part > 0.5) & (state.offers.mw > 0)).any()
    assert found.outcome.end is End.AGREED


def test_switches_that_mean_nothing_are_refused() -> None:
    wrong = ChoiceOfMarket(local="median", fee=-1.0, blocks=1, saving=2.0, share=1.5)
    with pytest.raises(InvalidCase) as caught:
        cleared(tight(1, 1.0), wrong)
    columns = [f.column for f in caught.value.faults]
    assert columns == ["local", "fee", "share", "saving", "blocks"]
    with pytest.raises(UnknownName, match="median"):
        scheme_named("choice-of-market", {"local": "median"})
