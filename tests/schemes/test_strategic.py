"""A company that knows how it moves the price: no exchange costs it less, nobody pays for that but others, and whoever cannot answer is told why."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.boundary.cycles import cycling
from gridtandem.boundary.market_letters import ClearAt, DrawAt, Reach, ValueAt
from gridtandem.cases.case import Case
from gridtandem.cases.golden import golden
from gridtandem.cases.rts24 import Rts24
from gridtandem.cases.rts24_disco import Rts24Disco
from gridtandem.coordinate import End
from gridtandem.opf.posted import beyond_bids
from gridtandem.schemes.ideal import Ideal
from gridtandem.schemes.price_taker import PriceTaker
from gridtandem.schemes.strategic import Strategic
from gridtandem.study.market.books import books, kept, surplus
from gridtandem.study.market.certificate import certificates
from gridtandem.study.market.paid import devices
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.strategy import bid_curve, companies
from gridtandem.study.market.study import MarketStudy, seated
from gridtandem.tables import stacked
from tests.tolerances import BEST, CHEAPER, GRID_MW, ROUTES, SETTLED_LEFT, ZERO_SUM

MUCH = 50  # times as many numbers
SCHEMES = {"strategic": Strategic(), "price-taker": PriceTaker(), "ideal": Ideal()}


@cache
def case(*, feeders: int = 20, bus: str = "14", blocks: int = 3, lines: str = "reduced", ramps: bool = False) -> Case:
    return Rts24Disco(feeders=feeders, bus=bus, market=Rts24(blocks=blocks, lines=lines, ramps=ramps)).case("disco")  # type: ignore[arg-type]


@cache
def cleared(scheme: str, of: Case, first: int = 1, hours: int = 0) -> MarketResult:
    return run_market(MarketStudy(case=of, scheme=SCHEMES[scheme], first=first, hours=hours))


def cost(result: MarketResult) -> float:
    return float(companies(result).cost.sum())


@pytest.mark.parametrize("hour", [4, 11, 18])
def test_no_exchange_of_a_fine_grid_costs_less(hour: int) -> None:
    """Brute force: the feeder's cost and the market's price are asked at every exchange, without curve or whole number."""
    study = MarketStudy(case=case(), scheme=Strategic(), first=hour, hours=1)
    best = cost(run_market(study))
    mail = seated(study).mailbox(study.scheme, 1)
    reach = mail.ask_dsos(Reach())
    for share in np.linspace(0.001, 0.999, 60):
        z = reach.low + share * (reach.high - reach.low)
        paid = float((mail.ask_tso(ClearAt(z)).price * z).sum())
        assert best <= paid + float(mail.ask_dsos(ValueAt(z)).value.sum()) + BEST * abs(best)


@pytest.mark.parametrize("bus", ["3", "14"])
def test_knowing_the_curve_pays_and_others_pay_for_it(bus: str) -> None:
    strategic, taker, ideal = (cleared(name, case(bus=bus)) for name in SCHEMES)
    assert cost(strategic) <= cost(taker) * (1 + BEST)
    assert cost(strategic) <= cost(ideal) * (1 + BEST)
    assert strategic.cost >= ideal.cost * (1 - BEST)
    assert taker.cost >= ideal.cost * (1 - BEST)


def test_a_large_company_at_a_congested_bus_gains_much() -> None:
    assert cost(cleared("strategic", case())) < cost(cleared("price-taker", case())) * (1 - CHEAPER)


def test_a_price_taker_answers_the_price_it_believed_and_pays_the_one_it_made() -> None:
    found = cleared("price-taker", case(), first=8, hours=4)
    state, bargain, study = found.outcome.state, found.bargain, found.study
    assert state is not None
    assert bargain is not None
    mail = seated(study).mailbox(study.scheme, 4)
    draw = mail.ask_dsos(DrawAt(state.believed))
    told = float((draw.value + draw.z * state.believed).sum())
    assert float(companies(found).believed.sum()) == pytest.approx(told, rel=BEST)
    assert np.array_equal(bargain.price, mail.ask_tso(ClearAt(bargain.z)).price)
    assert not np.array_equal(bargain.price, state.believed)


def test_a_flat_supply_leaves_nothing_to_gain() -> None:
    """One block a station and no limits of lines: in hour 18 unit 3 is at the margin whatever one feeder does."""
    flat = case(feeders=1, blocks=1, lines="none")
    strategic, taker = (cleared(name, flat, first=18, hours=1) for name in ("strategic", "price-taker"))
    assert abs(cost(strategic) - cost(taker)) <= BEST * cost(taker)


def test_feeders_apart_at_one_bus_decide_as_one_bundle() -> None:
    """Four interfaces of one model, against one interface of four parallel feeders."""
    bundle = case(feeders=4)
    row = replace(bundle.interfaces, count=np.ones(1, np.int64))
    rows = stacked(type(row), [replace(row, name=np.array([f"I{k}"]), feeder=np.array([f"F{k}"])) for k in range(4)])
    apart = cleared("strategic", replace(bundle, interfaces=rows))
    assert abs(cost(apart) - cost(cleared("strategic", bundle))) <= BEST * cost(apart)
    assert np.ptp(apart.bargain.z, axis=2).max() == 0  # type: ignore[union-attr]


def test_it_is_told_a_curve_and_no_more() -> None:
    asked = [e.question for e in cleared("strategic", case()).outcome.ledger]
    assert asked == ["Reach", "ResidualCurve", "BestAgainst"]


def test_the_price_supports_its_exchange() -> None:
    """Transmission would not rather give more or less at the price that was agreed."""
    found = cleared("strategic", case())
    assert found.transmission is not None
    assert abs(found.transmission.regret) <= BEST * found.cost


@pytest.mark.parametrize("local", ["pay-as-bid", "nodal"])
@pytest.mark.parametrize("kind", [Strategic, PriceTaker])
def test_every_amount_has_a_payer_and_every_part_of_the_surplus_a_name(kind: type, local: str) -> None:
    found = run_market(MarketStudy(case=case(), scheme=kind(local=local), first=17, hours=3))
    table, parts = books(found), surplus(found)
    parties = {*table.payer.tolist(), *table.payee.tolist()}
    assert abs(sum(kept(table, who) for who in parties)) <= ZERO_SUM * np.abs(table.amount).sum()
    assert np.abs(parts.left).max() <= SETTLED_LEFT
    own = companies(found)
    assert np.allclose(own.kept, [kept(table, name) for name in own.company.tolist()])
    assert bool(np.isclose(own.resources, own.resource_cost)[0]) is (local == "pay-as-bid")


def test_the_curve_rises_and_the_exchange_lies_on_one_of_its_steps() -> None:
    curve = bid_curve(cleared("strategic", case()))
    for t in range(1, 25):
        mine = curve.take(curve.period == t)
        assert (np.diff(mine.price_per_mwh) > 0).all()
        assert (mine.to_mw[:-1] == mine.from_mw[1:]).all()
        assert mine.taken.sum() == 1


def test_several_companies_move_in_turn_until_nobody_gains() -> None:
    study = MarketStudy(case=golden(), scheme=Strategic(), flow="active")
    found = run_market(study)
    assert found.outcome.end is End.AGREED
    assert found.bargain is not None
    state = found.outcome.state
    assert state is not None
    assert np.abs(state.best.z - found.bargain.z).max() <= study.scheme.tol  # the best answer of each to what all do
    assert (certificates(found).holds).all()
    assert set(bid_curve(found).company.tolist()) == {"dso-a", "dso-b"}


def test_coupled_hours_of_the_market_are_refused_by_name() -> None:
    found = run_market(MarketStudy(case=case(ramps=True), scheme=Strategic(), first=17, hours=3))
    assert found.outcome.end is End.REFUSED
    assert any("ramps" in line and "kkt" in line for line in found.trouble)


def test_a_substation_below_essential_load_is_explained() -> None:
    whole = case()
    (model,) = whole.models
    weak = replace(model, lines=replace(model.lines, rating_mva=model.lines.rating_mva / 20))
    found = run_market(MarketStudy(case=replace(whole, models=(weak,)), scheme=Strategic(), first=18, hours=1))
    assert found.outcome.end is End.REFUSED
    assert any("no exchange serves feeder" in line for line in found.trouble)


@pytest.mark.parametrize("route", ["kkt-bigm", "kkt-sos1"])
@pytest.mark.parametrize("hour", [4, 18])
def test_a_company_that_is_told_the_whole_market_does_no_better(route: str, hour: int) -> None:
    if route == "kkt-sos1":
        pytest.importorskip("pyscipopt")
    told = run_market(MarketStudy(case=case(), scheme=Strategic(route=route), first=hour, hours=1))
    by_curve = cleared("strategic", case(), first=hour, hours=1)
    assert abs(cost(told) - cost(by_curve)) <= ROUTES * cost(by_curve)
    numbers = [found.outcome.books()["numbers"] for found in (told, by_curve)]
    assert numbers[0] > MUCH * numbers[1]


def test_ramps_of_the_market_couple_hours_and_only_the_whole_market_tells() -> None:
    found = run_market(MarketStudy(case=case(ramps=True, blocks=1), scheme=Strategic(route="kkt-bigm"), first=18, hours=2))
    assert found.outcome.end is End.AGREED
    assert certificates(found).holds.all()


def test_offers_that_rise_evenly_are_taken_too() -> None:
    """Squares beside whole numbers: the steeper the offers, the more the company pays."""
    pytest.importorskip("pyscipopt")
    (model,) = case().models
    found = []
    for slope in (0.0, 10.0, 20.0):
        bent = replace(case(), models=(replace(model, flexible=replace(model.flexible, slope=np.full(len(model.flexible), slope))),))
        result = run_market(MarketStudy(case=bent, scheme=Strategic(), first=18, hours=1))
        assert certificates(result).holds.all()
        found.append(cost(result))
    assert found[0] < found[1] < found[2]


@pytest.mark.parametrize("scheme", [Strategic(), Strategic(route="kkt-bigm")], ids=["cells", "kkt-bigm"])
def test_every_answer_is_certified(scheme: Strategic) -> None:
    found = run_market(MarketStudy(case=case(), scheme=scheme, first=18, hours=1))
    table = certificates(found)
    assert table.holds.all()
    assert (table.penalty <= BEST).all()


def test_a_price_that_the_market_does_not_make_is_seen() -> None:
    found = run_market(MarketStudy(case=case(), scheme=Strategic(), first=18, hours=1))
    assert found.bargain is not None
    false = replace(found, bargain=replace(found.bargain, price=found.bargain.price - 1))
    table = certificates(false)
    assert not table.holds.any()
    assert (table.slope > BEST).all()
    assert "no slope" in table.said[0]


@cache
def two_buses() -> Case:
    """Ten feeders at bus 14 and ten at bus 3, of one company."""
    whole = case(feeders=10)
    row, known = whole.interfaces, whole.transmission.buses.name.tolist()
    other = replace(row, name=np.array(["I3"]), feeder=np.array(["F3"]), bus=np.array([known.index("3")]))
    return replace(whole, interfaces=stacked(type(row), [row, other]))


def test_a_company_at_two_buses_must_be_told_the_whole_market() -> None:
    found = run_market(MarketStudy(case=two_buses(), scheme=Strategic(), first=18, hours=1))
    assert found.outcome.end is End.REFUSED
    assert any("2 buses" in line and "kkt" in line for line in found.trouble)


def test_a_company_at_two_buses_decides_for_both_at_once() -> None:
    study = MarketStudy(case=two_buses(), scheme=Strategic(route="kkt-bigm"), first=18, hours=1)
    found = run_market(study)
    assert found.outcome.rounds == 1
    assert certificates(found).holds.all()
    best = cost(found)
    assert best <= cost(run_market(replace(study, scheme=PriceTaker()))) * (1 + BEST)
    mail = seated(study).mailbox(study.scheme, 1)
    reach = mail.ask_dsos(Reach())
    for shares in np.random.default_rng(3).random((40, 2)):
        z = reach.low + shares * (reach.high - reach.low)
        paid = float((mail.ask_tso(ClearAt(z)).price * z).sum())
        assert best <= paid + float(mail.ask_dsos(ValueAt(z)).value.sum()) + ROUTES * abs(best)


def paid(result: MarketResult) -> float:
    own = companies(result)
    return float((own.exchange + own.resources).sum())


def test_posted_prices_pay_every_block_what_the_last_one_asks_and_are_bought_less() -> None:
    study = MarketStudy(case=case(), scheme=Strategic(local="posted"), first=17, hours=3)
    found, as_bid = run_market(study), run_market(replace(study, scheme=Strategic()))
    own = devices(found).take(devices(found).what == "generators")
    (model,), table = case().models, books(found)
    asked = {str(n): model.cost_points.take(model.cost_points.generator == k) for k, n in enumerate(model.generators.name.tolist())}
    due = 0.0
    for name, p in zip(own.name.tolist(), (own.p_mw / 20).tolist(), strict=True):
        if name in asked and len(asked[name]) > 1:
            points = asked[name]
            slopes = np.diff(points.cost_per_h) / np.diff(points.p_mw)
            last = slopes[np.flatnonzero(p > points.p_mw[:-1] + GRID_MW)]
            due += 20 * p * (float(last[-1]) if len(last) else 0.0)
    units = [f"F14/{name}" for name in asked]
    assert float(table.amount[np.isin(table.payee, units)].sum()) == pytest.approx(due, rel=BEST)
    extra = sum(float(beyond_bids(p.problem, p.decisions["x"]).sum()) for p in as_bid.feeders)
    assert paid(found) <= paid(as_bid) + extra * (1 + BEST)
    assert certificates(found).holds.all()
    assert np.abs(surplus(found).left).max() <= SETTLED_LEFT
    assert found.outcome.state is not None
    assert float(found.outcome.state.best.value.sum()) == pytest.approx(float(companies(found).resource_cost.sum()), rel=BEST)


def test_a_run_that_was_stopped_goes_on_to_the_bit() -> None:
    study = MarketStudy(case=golden(), scheme=Strategic(), flow="active")
    through, part = run_market(study), run_market(replace(study, rounds=2))
    assert part.outcome.end is End.OUT_OF_ROUNDS
    rest = run_market(study, resume=part.outcome)
    assert rest.outcome.gaps == through.outcome.gaps
    assert np.array_equal(rest.bargain.z, through.bargain.z)  # type: ignore[union-attr]
    assert np.array_equal(rest.bargain.price, through.bargain.price)  # type: ignore[union-attr]


def test_a_company_that_shares_its_market_cannot_be_told_it_whole() -> None:
    found = run_market(MarketStudy(case=golden(), scheme=Strategic(route="kkt-bigm"), flow="active"))
    assert found.outcome.end is End.REFUSED
    assert any("other companies" in line and "cells" in line for line in found.trouble)


def test_companies_that_go_in_circles_are_told_by_what_they_exchange() -> None:
    """Exchanges, not prices; and in rounds, as a period is an hour here."""
    seen = tuple(np.full((1, 2, 1), x) for x in (1.0, -2.0, 1.0, -2.0))
    told = cycling(seen, (3.0, 3.0, 3.0), BEST, "end", what="exchanges {}, in MW,")
    assert told == "exchanges come again every 2 rounds, in MW, between -2 and 1 in period 1 at interface 1 of 1: end"


def test_equal_offers_to_like_feeders_are_told_where_they_restrict() -> None:
    """Under posted prices twenty like feeders could be treated unequally; one alone could not, and as bid it would not matter."""
    for local, feeders, told in (("posted", 20, True), ("posted", 1, False), ("pay-as-bid", 20, False)):
        run = gt.run(case(feeders=feeders), scheme=Strategic(local=local), first_hour=17, hours=1)
        assert run.certificates.looked[0].endswith("equal offers to like feeders") is told
        assert ("no other exchange lets it pay less as long as like feeders are made equal offers" in repr(run)) is told
