"""Choice of market: the common optimum whatever is sold where, unless a switch says otherwise; incentives and books."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.case import Case
from gridtandem.coordinate import End
from gridtandem.markets.choice import made_whole, settled, shared
from gridtandem.schemes.choice_of_market import ChoiceOfMarket
from gridtandem.schemes.cmo_cuts import CmoCuts
from gridtandem.study.market.choice import sales
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.study import MarketStudy
from tests.markets.bids import drawn
from tests.tolerances import BOOKS_MONEY, WELFARE


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


@pytest.mark.parametrize(
    "switched", [ChoiceOfMarket(fee=6.0), ChoiceOfMarket(least_mw=0.8), ChoiceOfMarket(passes=1, forecast_error=8.0)], ids=["fee", "gate", "forecast"]
)
def test_switches_cost_welfare_and_never_earn_any(switched: ChoiceOfMarket) -> None:
    costs = []
    for seed in (1, 2, 3):
        found = cleared(tight(seed, 1.0), switched)
        assert found.outcome.state is not None
        costs.append(found.outcome.state.cost / found.ideal)
    assert min(costs) >= 1 - WELFARE
    assert max(costs) > 1 + WELFARE


def test_incentives_are_none_or_more_and_every_payment_is_received() -> None:
    found = cleared(tight(2, 1.0), ChoiceOfMarket())
    earned = 0.0
    for plan in found.feeders:
        s = sales(found, plan, 0)
        for incentive in (made_whole(s), shared(s, 100.0, 0.3), shared(s, -100.0, 0.3)):
            books = settled(s, incentive)
            assert (incentive >= 0).all()
            paid_out = books.wholesale.sum() + books.local.sum() + books.incentive.sum() + books.left
            wholesale_gets = books.bought - books.wholesale.sum()  # z at the interface's price goes to stations
            assert wholesale_gets == pytest.approx(s.wholesale_price * s.exchange * s.hours, abs=BOOKS_MONEY)
            assert books.demand == pytest.approx(paid_out + wholesale_gets, abs=BOOKS_MONEY)
            assert books.deficit == pytest.approx(max(0.0, -books.left), abs=BOOKS_MONEY)
        earned += float(made_whole(s).sum())
        got = s.wholesale_price * s.sold + made_whole(s) / s.hours
        assert (got >= s.price * s.sold - BOOKS_MONEY).all()
    assert earned >= 0


def test_a_share_of_the_saving_goes_by_power_sold() -> None:
    found = cleared(tight(1, 1.0), ChoiceOfMarket())
    s = sales(found, found.feeders[0], 0)
    s = replace(s, sold=np.array([1.0, 3.0, 0.0]))
    assert shared(s, 200.0, 0.5).tolist() == [25.0, 75.0, 0.0]
    assert shared(replace(s, sold=np.zeros(3)), 200.0, 0.5).tolist() == [0.0, 0.0, 0.0]
