"""Laws of markets of energy and regulation, on random markets: one vector offer up gives the dispatch of the market that sees everything, prices are
derivatives, and the books close.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.cases.case import Case
from gridtandem.grid import devices as dv
from gridtandem.orders.products import PRODUCTS
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.schemes.dso_vector_offer import DsoVectorOffer
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market.books import books, kept, surplus
from gridtandem.study.market.paid import devices
from gridtandem.study.market.regulation import regulation, reserves
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.study import MarketStudy, seated
from tests.laws.random_regulation import regulated
from tests.tolerances import ALIKE, PAID, PRICE_STEP, REGRETS, RESERVE_PRICE, RESERVED, ZERO_SUM

SEEDS = range(16)


def cleared(case: Case, scheme: object, flow: str = "apparent") -> MarketResult:
    return run_market(MarketStudy(case=case.check(), scheme=scheme, flow=flow, benchmark="joint")).require()  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", SEEDS)
def test_laws_of_one_hour(seed: int) -> None:
    """Capacity up and down, apparent and active ratings in turn."""
    result = cleared(regulated(seed), DsoVectorOffer(), ("apparent", "active")[seed % 2])
    the_cost_is_that_of_the_ideal_market(result)
    prices_and_pay_are_those_of_the_ideal_market(result)
    what_is_required_is_there(result)
    every_deployment_keeps_the_limits(result)
    money_closes(result)
    nobody_loses(result)


def the_cost_is_that_of_the_ideal_market(result: MarketResult) -> None:
    assert abs(result.cost - result.ideal) <= ALIKE * abs(result.ideal)
    assert all(abs(p.regret) <= REGRETS * max(1.0, abs(p.dispatch.cost)) for p in result.feeders)


def prices_and_pay_are_those_of_the_ideal_market(result: MarketResult) -> None:
    """Of capacity and energy at the interface, and what each device is paid for both together."""
    best = run_market(replace(result.study, scheme=Ideal())).require()
    assert result.bargain is not None
    assert best.bargain is not None
    for name in ("z", "price", "reserve", "reserve_price"):
        assert np.abs(getattr(result.bargain, name) - getattr(best.bargain, name)).max() <= PAID, name
    for told in (devices, regulation):
        assert np.abs(told(result).payment - told(best).payment).max() <= PAID


def what_is_required_is_there(result: MarketResult) -> None:
    """Sellers together meet the requirement; what a feeder sells is what its devices keep ready; products that need a price are not oversupplied."""
    table = reserves(result)
    for name in dict.fromkeys(table.product.tolist()):
        mine = table.take(table.product == name)
        total = mine.mw.sum()
        assert total >= mine.required_mw[0] - RESERVED
        assert mine.price_per_mw[0] * (total - mine.required_mw[0]) <= PAID
        devices = regulation(result)
        assert abs(getattr(devices, f"{name}_mw").sum() - total) <= RESERVED
    own = regulation(result)
    assert (np.stack([own.up_mw, own.down_mw]) >= -RESERVED).all()


def every_deployment_keeps_the_limits(result: MarketResult) -> None:
    """Voltages and flows of the linear model hold as dispatched, with all capacity up called, and with all down."""
    for plan in result.feeders:
        limits, found = plan.problem.limits, plan.regulation
        assert found is not None
        for p, q in ((0.0, 0.0), *found.dispatch.called):
            value = limits.fixed(plan.dispatch.p + p, plan.dispatch.q + q)
            assert (value <= limits.high + RESERVED).all()
            assert (value >= limits.low - RESERVED).all()


def money_closes(result: MarketResult) -> None:
    """What operators keep is rent of limits in all three deployments; every payment has two ends."""
    table, told = surplus(result), books(result)
    assert np.abs(table.left).max() <= ZERO_SUM
    assert np.abs(table.worth - table.cost - table.exchange - (table.profit - table.demand + table.kept)).max() <= ZERO_SUM
    assert abs(table.exchange.sum()) <= ZERO_SUM
    assert abs(table.cost.sum() - table.worth.sum() - result.cost) <= ZERO_SUM * abs(result.cost)
    everyone = sorted({*told.payer.tolist(), *told.payee.tolist()})
    assert abs(sum(kept(told, who) for who in everyone)) <= ZERO_SUM
    assert abs(kept(told, "tso") - table.kept[0]) <= ZERO_SUM
    for k, plan in enumerate(result.feeders, start=1):
        assert abs(kept(told, plan.company) - table.kept[k]) <= ZERO_SUM


def nobody_loses(result: MarketResult) -> None:
    """Energy and regulation together pay every device that regulates at least its cost, but for reactive power that nobody pays."""
    energy, more = devices(result), regulation(result)
    for k in range(len(more)):
        if more.what[k] == "generators":
            same = (
                (energy.feeder == more.feeder[k]) & (energy.name == more.name[k]) & (energy.what == more.what[k]) & (energy.period == more.period[k])
            )
            assert energy.profit[same][0] + more.profit[k] >= -PAID


@pytest.mark.parametrize("products", [("up",), ("down",), ("mileage_up",), ("up", "mileage_up"), ("up", "down", "mileage_up", "mileage_down")])
def test_any_set_of_products_is_bought_together_with_energy(products: tuple[str, ...]) -> None:
    for seed in (1, 3):
        result = cleared(regulated(seed, products, many=1 if len(products) > 2 else 2), DsoVectorOffer())
        the_cost_is_that_of_the_ideal_market(result)
        what_is_required_is_there(result)
        money_closes(result)
        assert tuple(dict.fromkeys(reserves(result).product.tolist())) == tuple(p for p in PRODUCTS if p in products)


@pytest.mark.parametrize("seed", range(6))
def test_prices_are_derivatives_of_the_cost(seed: int) -> None:
    """Central differences of the ideal cost by each requirement."""
    case = regulated(seed, PRODUCTS)
    result = cleared(case, Ideal())
    assert result.transmission is not None
    for k, name in enumerate(PRODUCTS):
        cost = []
        for way in (1, -1):
            wanted = case.transmission.requirements
            moved = replace(wanted, **{f"{name}_mw": getattr(wanted, f"{name}_mw") + way * PRICE_STEP})
            pool = seated(MarketStudy(case=replace(case, transmission=replace(case.transmission, requirements=moved)), scheme=Ideal())).pool
            cost.append(pool.solve().require().cost)
        slope = (cost[0] - cost[1]) / (2 * PRICE_STEP)
        assert abs(slope - result.transmission.reserve_price[0, k]) <= RESERVE_PRICE


@pytest.mark.parametrize("seed", range(3))
def test_hours_that_do_not_hang_together_are_cleared_together(seed: int) -> None:
    result = cleared(regulated(seed, hours=3), DsoVectorOffer())
    the_cost_is_that_of_the_ideal_market(result)
    money_closes(result)
    every_deployment_keeps_the_limits(result)


def test_energy_alone_from_feeders_costs_more_where_their_regulation_is_worth_something() -> None:
    apart = [cleared(regulated(seed), DsoOffer()) for seed in range(6)]
    assert all(r.cost >= r.ideal * (1 - ALIKE) for r in apart)
    assert max(r.gap for r in apart) > ALIKE
    for r in apart:
        money_closes(r)
        assert set(reserves(r).seller[reserves(r).mw > RESERVED].tolist()) == {"tso"}


def test_one_letter_up_and_one_down() -> None:
    result = cleared(regulated(1), DsoVectorOffer())
    count = len(result.feeders)
    letters = {k: n for k, n in result.outcome.books().items() if k not in ("numbers", "bytes")}
    assert letters == {"Wants": 1, "VectorOffers": count, "ClearVectors": 1, "ReserveAward": count}


def test_without_a_requirement_the_vector_offer_is_the_energy_offer() -> None:
    case = regulated(2)
    plain = replace(case, transmission=replace(case.transmission, requirements=dv.Requirements.empty()))
    one, other = (cleared(plain, scheme) for scheme in (DsoVectorOffer(), DsoOffer()))
    assert abs(one.cost - other.cost) <= ALIKE * abs(one.cost)
    assert not len(reserves(one))
    assert not len(regulation(one))


def test_an_offer_of_too_many_planes_is_refused() -> None:
    result = run_market(MarketStudy(case=regulated(1).check(), scheme=DsoVectorOffer(planes=2)))
    assert not result.outcome.agreed
    assert "planes" in result.trouble[0]


def test_a_requirement_that_nobody_can_meet_is_named() -> None:
    case = regulated(1)
    much = replace(case.transmission, requirements=dv.Requirements.of({"period": [1], "up_mw": [1e4]}))
    result = run_market(MarketStudy(case=replace(case, transmission=much).check(), scheme=DsoVectorOffer()))
    assert not result.outcome.agreed
    assert any("regulation up required in period 1" in line for line in result.trouble)
