"""What must fail fails, what is not unique is told apart, and a feeder's offer is an offer like any other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.market_letters import ClearWith, Curves, Offers
from gridtandem.boundary.taken_home import Bargain
from gridtandem.cases.case import Case
from gridtandem.cases.market_parts import stacked, units_of
from gridtandem.cases.named import case
from gridtandem.cases.tie_break import SIZE, without_ties
from gridtandem.grid import devices as dv
from gridtandem.grid.network import Network
from gridtandem.parties import wholesale
from gridtandem.parties.wholesale import Wholesale
from gridtandem.program.answer import Answer
from gridtandem.resources.part import Window
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.study.market.paid import devices
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.study import MarketStudy, seated
from tests.tolerances import ALIKE, PAID, PLACE, PRICE_BY_DIFFERENCE, PRICE_STEP, PRICED

EVERYTHING = Offers(steps=10**9, floor=-1e6, ceiling=1e6, least_mw=0.0, step_mw=0.0, step_price=0.0)
AT = (2, 1)  # buses of the two feeders
EDGE = (10.0, 20.0, 23.690625)  # what the first step of station G1 and the offers at its price give: 60 + 1.5 − 7.809375 MW in all


def golden(loads: tuple[float, ...]) -> Case:
    """The golden market at other loads of transmission."""
    it = case("golden-3bus")
    net = it.transmission
    bare = replace(net, loads=replace(net.loads, p_mw=np.array(loads)), profiles=dv.Profiles.empty(), follows=dv.Follows.empty())
    return replace(it, transmission=bare)


def run(it: Case) -> MarketResult:
    return run_market(MarketStudy(case=it, scheme=DsoOffer(), flow="active", benchmark="joint")).require()


def test_prices_of_the_dispatch_run_are_wrong_at_a_kink() -> None:
    """A5, the negative control: hour 1 awards feeder A a kink of its cost, where the dispatch run prices an end of [24, 31] and not 26."""
    result = run_market(MarketStudy(case=case("golden-3bus"), scheme=DsoOffer(), first=1, hours=1, flow="active", benchmark="joint")).require()
    plan = result.feeders[0]
    right, naive = plan.prices.price[0, 1:], plan.dispatch.price[0, 1:]
    assert np.abs(right - 26.0).max() <= PRICED
    assert np.abs(naive - 26.0).min() > 1.0
    assert min(abs(naive[0] - end) for end in (24.0, 31.0)) <= PRICED
    ideal = result.seats.pool.feeders[0].state(result.seats.pool.part(result.seats.pool.solve(), 0)).price[0, 1:]
    assert np.abs(right - ideal).max() <= PAID
    assert np.abs(naive - ideal).max() > PAID


def test_on_a_step_edge_costs_agree_from_both_sides() -> None:
    """A6: load exactly on an edge leaves the price open from 20 to 24; both cost functions have these derivatives to the left and to the right."""
    here = run(golden(EDGE))
    assert abs(here.cost - here.ideal) <= ALIKE * here.ideal
    for sign, price in ((-1, 20.0), (1, 24.0)):
        there = run(golden((*EDGE[:2], EDGE[2] + sign * PRICE_STEP)))
        assert abs((there.cost - here.cost) / (sign * PRICE_STEP) - price) <= PRICE_BY_DIFFERENCE * price
        assert abs((there.ideal - here.ideal) / (sign * PRICE_STEP) - price) <= PRICE_BY_DIFFERENCE * price
    assert 20.0 - PRICED <= here.bargain.price[0, 0, 0] <= 24.0 + PRICED


def test_a_shared_tie_break_makes_payments_agree() -> None:
    """A6: moved by their names, the ideal market and the offers pick one of the equally good prices, the same."""
    it = golden(EDGE)
    moved = without_ties(it).check()
    assert moved.digest() == without_ties(it).digest() != it.digest()
    assert np.abs(moved.transmission.loads.p_mw / it.transmission.loads.p_mw - 1).max() <= SIZE
    result = run(moved)
    best = result.seats.pool.solve().require()
    assert np.abs(result.bargain.price[0] - best.price["tso.balance"][:, result.seats.wholesale.at]).max() <= PRICED
    assert min(abs(result.bargain.price[0, 0, 0] - end) for end in (20.0, 24.0)) <= 3 * SIZE
    assert np.abs(paid(result) - paid(taken(result, best))).max() <= PAID


def taken(result: MarketResult, best: Answer) -> MarketResult:
    """The result as if the joint optimum itself had been awarded."""
    pool = result.seats.pool
    parts = [pool.part(best, i) for i in range(len(pool.feeders))]
    states = [f.state(p) for f, p in zip(pool.feeders, parts, strict=True)]
    plans = tuple(replace(plan, dispatch=s, priced=s, decisions=p.x, regret=0.0) for plan, s, p in zip(result.feeders, states, parts, strict=True))
    price = best.price["tso.balance"][:, result.seats.wholesale.at]
    return replace(result, feeders=plans, bargain=Bargain(best.x["tso.z"][None], price[None]))


def paid(result: MarketResult) -> np.ndarray:
    """Payments of all resources of feeders."""
    table = devices(result)
    return table.payment[table.company != "tso"]


def test_an_offer_of_a_feeder_is_an_offer_of_a_station(monkeypatch: pytest.MonkeyPatch) -> None:
    """C13: put a station with the same steps in the feeder's place, and orders, clearing, awards and prices are the same; one function clears."""
    seats = seated(MarketStudy(case=case("golden-3bus"), scheme=DsoOffer(), first=2, hours=1, flow="active"))
    curves = [desk.offers(EVERYTHING) for desk, _ in seats.fleets]
    both = joined(curves)
    seen = []
    real = wholesale.cleared
    monkeypatch.setattr(wholesale, "cleared", lambda orders, *rest, **more: seen.append(orders) or real(orders, *rest, **more))
    by_offers = seats.wholesale.clear_with(ClearWith(both))
    with_stations = replace(stations_instead(seats.wholesale.network, curves), profiles=dv.Profiles.empty(), follows=dv.Follows.empty())
    nothing = Curves(np.zeros((1, 1, 2)), both.tier, np.full((1, 1, 2), Worth.EXACT, np.int8), *(x[:0] for x in steps(both)), both.error)
    by_stations = Wholesale.of(with_stations, np.array(AT), Window()).clear_with(ClearWith(nothing))
    assert abs(by_offers.cost - by_stations.cost) <= PAID
    assert np.abs(by_offers.price - by_stations.price).max() <= PRICED
    assert len(seen) == 2
    ours, theirs = (np.array([o.node, o.high, o.price])[:, np.lexsort((o.price, o.node))] for o in seen)
    assert np.abs(ours - theirs).max() <= PLACE


def stations_instead(net: Network, curves: list[Curves]) -> Network:
    """Transmission in hour 2 with a station for every offer, and its start, which is scheduled anyhow, as load."""
    load = net.factors("loads", 2)[1] * net.loads.p_mw
    for bus, curve in zip(AT, curves, strict=True):
        load[bus] += curve.start[0, 0, 0]
    rows = [
        (f"as {bus}", bus, list(zip(c.mw.tolist(), c.price.tolist(), strict=True)), 0.0) for bus, c in zip(AT, curves, strict=True)
    ]  # fmt: skip
    units, points = units_of(rows, len(net.generators))
    units, points = stacked(net.generators, units), stacked(net.cost_points, points)
    return replace(net, generators=units, cost_points=points, loads=replace(net.loads, p_mw=load))


def steps(curves: Curves) -> tuple[np.ndarray, ...]:
    return curves.scenario, curves.period, curves.interface, curves.mw, curves.price, curves.rise


def joined(curves: list[Curves]) -> Curves:
    """Letters of companies with one interface each, as one."""
    whole = [np.concatenate(c) for c in zip(*(steps(c) for c in curves), strict=True)]
    whole[2] = np.repeat(np.arange(len(curves)), [len(c.mw) for c in curves])
    start, tier, worth, error = (np.concatenate([getattr(c, name) for c in curves], -1) for name in ("start", "tier", "worth", "error"))
    return Curves(start, tier, worth, *whole, error)
