"""Laws of a company that knows how it moves the price, on random markets of one company; and of several that move in turn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.cases.case import Case
from gridtandem.opf.posted import beyond_bids
from gridtandem.schemes.ideal import Ideal
from gridtandem.schemes.price_taker import PriceTaker
from gridtandem.schemes.strategic import Strategic
from gridtandem.study.market.books import surplus
from gridtandem.study.market.certificate import certificates
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.strategy import companies
from gridtandem.study.market.study import MarketStudy
from tests.laws.random_markets import market
from tests.tolerances import BEST, SETTLED_LEFT

SEEDS = range(12)


def cleared(case: Case, scheme: Strategic | PriceTaker | Ideal) -> MarketResult:
    return run_market(MarketStudy(case=case, scheme=scheme, flow="active")).require()


def alone(seed: int) -> Case:
    case = market(seed).check()
    return replace(case, interfaces=case.interfaces.take(np.array([0])))


def cost(result: MarketResult) -> float:
    return float(companies(result).cost.sum())


@pytest.mark.parametrize("seed", SEEDS)
def test_laws(seed: int) -> None:
    case = alone(seed)
    strategic, taker, ideal = (cleared(case, scheme) for scheme in (Strategic(), PriceTaker(), Ideal()))
    room = BEST * max(1.0, abs(cost(strategic)))
    assert cost(strategic) <= cost(taker) + room
    assert cost(strategic) <= cost(ideal) + room
    assert strategic.cost >= ideal.cost - BEST * abs(ideal.cost)
    assert certificates(strategic).holds.all()
    assert np.abs(surplus(strategic).left).max() <= SETTLED_LEFT * max(1.0, abs(ideal.cost))


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_posted_prices_are_paid_less_than_bids_bought_at_them(seed: int) -> None:
    case = alone(seed)
    posted, as_bid = (cleared(case, Strategic(local=local)) for local in ("posted", "pay-as-bid"))
    paid = float((companies(posted).exchange + companies(posted).resources).sum())
    extra = sum(float(beyond_bids(p.problem, p.decisions["x"]).sum()) for p in as_bid.feeders)
    assert paid <= cost(as_bid) + extra + BEST * max(1.0, abs(paid))
    assert cost(as_bid) <= paid + BEST * max(1.0, abs(paid))
    assert certificates(posted).holds.all()


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_where_nobody_moves_every_answer_is_certified(seed: int) -> None:
    found = cleared(market(seed).check(), Strategic())
    assert certificates(found).holds.all()
