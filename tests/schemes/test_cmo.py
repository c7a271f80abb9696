"""Coordinated market operation: every variant that agrees stands at the ideal market, at prices that support it; one that cycles says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.boundary.cycles import cycling
from gridtandem.boundary.market_letters import DrawAt, ValueAt
from gridtandem.cases.case import Case
from gridtandem.cases.golden import golden
from gridtandem.coordinate import End
from gridtandem.errors import InvalidCase, NotAgreed
from gridtandem.schemes.cmo_admm import CmoAdmm
from gridtandem.schemes.cmo_curvature import CmoCurvature
from gridtandem.schemes.cmo_curve import CmoCurve
from gridtandem.schemes.cmo_cuts import CmoCuts
from gridtandem.schemes.cmo_level import CmoLevel
from gridtandem.schemes.cmo_price import CmoPrice
from gridtandem.schemes.cmo_slope import CmoSlope
from gridtandem.study.market.rounds import rounds
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.study import MarketStudy
from tests.markets.bids import drawn, market, triangle
from tests.opf.feeders import battery, feeder, profile, units
from tests.tolerances import BOUND_KEPT, SLACK_MW, WELFARE
from tools.round_counts import SLOPES
from tools.round_counts import market as bids

SURE = [CmoCuts(), CmoLevel(), CmoCurvature(), CmoCurve(), CmoCurve(steps=2), CmoAdmm()]
TO_AND_FRO = [CmoPrice(), CmoPrice(relaxation=0.5), CmoSlope(), CmoSlope(others=0.0)]


def cleared(case: Case, scheme: Any, **rules: Any) -> MarketResult:
    return run_market(MarketStudy(case=case, scheme=scheme, rounds=400, benchmark="joint", **rules))


def stands_at_the_optimum(found: MarketResult) -> None:
    """Welfare; and nobody, on either side, would rather have another exchange at these prices."""
    assert found.outcome.end is End.AGREED
    assert found.cost == pytest.approx(found.ideal, rel=WELFARE)
    room, bargain, seats = WELFARE * abs(found.ideal), found.bargain, found.seats
    assert bargain is not None
    mail = seats.mailbox(found.study.scheme, found.study.window.periods)
    here, best = mail.ask_dsos(ValueAt(bargain.z)), mail.ask_dsos(DrawAt(bargain.price))
    regret = here.value - best.value + bargain.price * (bargain.z - best.z)
    assert regret.sum() <= room
    done, told = seats.wholesale.plan(bargain.z[0], bargain.price[0])
    assert done.cost - float((bargain.price * bargain.z).sum()) - told.cost <= room


@pytest.mark.parametrize("scheme", SURE, ids=repr)
def test_the_golden_day(scheme: Any) -> None:
    stands_at_the_optimum(cleared(golden(), scheme, flow="active"))


@pytest.mark.parametrize("scheme", TO_AND_FRO, ids=repr)
def test_bids_in_steps_make_prices_cycle_and_the_run_says_between_which(scheme: Any) -> None:
    found = cleared(golden(), scheme, flow="active")
    assert found.outcome.end is End.CYCLES
    assert "take cmo-cuts" in found.outcome.trouble
    assert found.bargain is None
    assert np.isnan(found.cost)
    with pytest.raises(NotAgreed, match=r"prices .* between [23].* and"):
        found.outcome.require()


@pytest.mark.parametrize("bid", SLOPES)
@pytest.mark.parametrize("scheme", [CmoCuts(), CmoCurvature(), CmoCurve(), CmoPrice(), CmoSlope()], ids=repr)
def test_ieee14_with_three_feeders(bid: str, scheme: Any) -> None:
    found = cleared(bids(SLOPES[bid]), scheme)
    if isinstance(scheme, CmoPrice) and "nearly" in bid.replace("very", "nearly"):
        assert found.outcome.end is End.CYCLES
    else:
        stands_at_the_optimum(found)


@given(seed=st.integers(0, 10**6), slope=st.sampled_from([0.0, 0.3, 3.0]), tight=st.booleans())
@settings(max_examples=4, deadline=None)
def test_any_small_market(seed: int, slope: float, tight: bool) -> None:
    """With or without a feeder line that binds; what does not agree has said that it cycles."""
    case = drawn(seed, slope=slope, rating=1.2 if tight else np.inf)
    for scheme in (CmoCuts(), CmoLevel(), CmoCurvature(), *([] if slope else [CmoCurve()])):  # curves of smooth costs take long
        stands_at_the_optimum(cleared(case, scheme))
    for scheme in (CmoPrice(), CmoSlope()):
        found = cleared(case, scheme)
        if found.outcome.end is not End.CYCLES:
            stands_at_the_optimum(found)


@pytest.mark.parametrize("scheme", [CmoCuts(), CmoLevel(), CmoCurvature(), CmoCurve(), CmoPrice()], ids=repr)
def test_bounds_enclose_the_ideal_market_and_close(scheme: Any) -> None:
    found = cleared(drawn(3, slope=1.0), scheme)
    state, room = found.outcome.state, BOUND_KEPT * abs(found.ideal)
    assert state is not None
    if not isinstance(scheme, CmoPrice):
        assert len(state.lower) == len(state.upper) == found.outcome.rounds
        assert (np.array(state.lower) <= found.ideal + room).all()
        assert (np.array(state.upper) >= found.ideal - room).all()
        assert (np.diff(state.lower) >= 0).all()
        assert (np.diff(state.upper) <= 0).all()
    table = rounds(found.outcome)
    assert table.round.tolist() == list(range(1, found.outcome.rounds + 1))
    assert table.gap.tolist() == list(found.outcome.gaps)
    assert np.isnan(table.lower).all() == isinstance(scheme, CmoPrice)


def coupled() -> Case:
    """A battery behind one interface, hourly units behind the other; three hours."""
    store = feeder([0, 1, 1], storages=battery(2, 0.8, 1.6, cost_per_mwh=[0.5]), **units((1, 0.6, 31.0, 0.0)), **profile([0.6, 1.0, 1.6], "loads"))
    plain = feeder([0, 1], **units((1, 0.5, 29.0, 0.0), (2, 0.4, 35.0, 0.0)), **profile([0.6, 1.0, 1.6], "loads"))
    above = triangle([28.0, 30.0, 33.0], [0.6, 0.6, 0.6], most=30.0, load=15.0)
    return market([store, plain], replace(above, **profile([0.8, 1.0, 1.3], "loads")))


@pytest.mark.parametrize("scheme", [CmoCuts(), CmoLevel(), CmoCurvature(), CmoAdmm()], ids=repr)
def test_hours_that_hang_together_are_planes_over_the_day(scheme: Any) -> None:
    found = cleared(coupled(), scheme)
    stands_at_the_optimum(found)
    if hasattr(found.outcome.state, "cuts"):
        assert found.outcome.state.cuts[0].whole[0, 0].tolist() == [1, 0]


def test_essential_demand_binds_costs_and_is_the_same_market_for_all() -> None:
    free, bound = (cleared(golden(), CmoCuts(), flow="active", essential=share) for share in (0.0, 0.9))
    assert bound.ideal > free.ideal
    stands_at_the_optimum(bound)
    assert bound.bargain is not None
    assert bound.bargain.z[0, :, 1].min() >= 0.9 * 8.0 - SLACK_MW  # feeder B: 8 MW, no free power
    assert bound.bargain.z[0, :, 0].min() < 0  # feeder A has more free power than load: nothing essential is left


def test_a_share_beyond_one_is_refused() -> None:
    with pytest.raises(InvalidCase, match="share from 0 to 1"):
        cleared(golden(), CmoCuts(), essential=1.5)


def test_trouble_knows_a_cycle_from_slow_progress() -> None:
    shrinking = tuple(np.full((1, 1, 1), 30 + (-0.9) ** k) for k in range(12))
    assert cycling(shrinking, tuple(0.9**k for k in range(12)), 1e-5) == ""
    round_and_round = tuple(np.full((1, 1, 1), float(30 + k % 3)) for k in range(12))
    assert "every 3 rounds between 30 and 32" in cycling(round_and_round, (1.0,) * 12, 1e-5)
