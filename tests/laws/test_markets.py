"""Laws of one-shot offers on two hundred random markets: the dispatch, prices and payments of the market that sees everything, from one letter up.

Every seed is one market, taken through all laws; see `random_markets`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pytest

from gridtandem.opf.feeder import FeederState
from gridtandem.opf.offers import Asked
from gridtandem.orders.rules import Rules, shaped
from gridtandem.program.answer import Answer
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market.books import books, kept, surplus
from gridtandem.study.market.paid import devices
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.study import MarketStudy, seated
from gridtandem.study.market.tables import prices
from tests.laws.random_markets import market
from tests.tolerances import ALIKE, BRACKET, CURVE_MONEY, PAID, PLACE, PRICE_BY_DIFFERENCE, PRICE_STEP, PRICED, REGRETS, ZERO_SUM

SEEDS = range(200)
POINTS = 50  # at which a curve is held against the program it stands for
SHORT = Rules(steps=3, floor=-1e6, ceiling=1e6, least_mw=0.0)


@dataclass(frozen=True)
class Both:
    """One market cleared by offers, and the joint optimum."""

    result: MarketResult
    best: Answer

    @cached_property
    def ideal(self) -> list[FeederState]:
        """Feeders in the joint optimum."""
        pool = self.result.seats.pool
        return [f.state(pool.part(self.best, i)) for i, f in enumerate(pool.feeders)]

    @cached_property
    def asked(self) -> list[Asked]:
        """Feeders, to be asked once more."""
        return [Asked.of(f) for f in self.result.seats.pool.feeders]


def cleared(seed: int) -> Both:
    """Apparent and active ratings in turn."""
    result = run_market(MarketStudy(case=market(seed).check(), scheme=DsoOffer(), flow=("apparent", "active")[seed % 2], benchmark="joint"))
    return Both(result.require(), result.seats.pool.solve().require())


@pytest.mark.parametrize("seed", SEEDS)
def test_laws(seed: int) -> None:
    both = cleared(seed)
    the_cost_is_that_of_the_ideal_market(both)
    dispatch_and_prices_are_those_of_the_ideal_market(both)
    resources_do_and_earn_the_same(both)
    awards_answer_their_price(both)
    curves_are_the_cost(both, np.random.default_rng(seed))
    one_letter_up_and_one_down(both)
    money_closes(both)
    nobody_loses(both)


def the_cost_is_that_of_the_ideal_market(both: Both) -> None:
    """A1."""
    assert abs(both.result.cost - both.best.cost) <= ALIKE * abs(both.best.cost)


def dispatch_and_prices_are_those_of_the_ideal_market(both: Both) -> None:
    """A2: ties have probability zero, so the optimum is one."""
    above, bargain = both.result.transmission, both.result.bargain
    assert above is not None
    assert bargain is not None
    flow = both.result.seats.wholesale.form.flow
    for ours, theirs, margin in (
        (bargain.z[0], both.best.x["tso.z"], PLACE),
        (above.dispatch.accepted, both.best.x["tso.order"], PLACE),
        (flow(above.dispatch.answer.x["theta"]), flow(both.best.x["tso.theta"]), PLACE),
        (above.price, both.best.price["tso.balance"], PRICED),
        (bargain.price[0], both.best.price["tso.balance"][:, both.result.seats.wholesale.at], PRICED),
    ):
        assert np.abs(ours - theirs).max() <= margin


def resources_do_and_earn_the_same(both: Both) -> None:
    """A3: power in steps, prices inside the feeder, payments."""
    for i, (plan, ideal) in enumerate(zip(both.result.feeders, both.ideal, strict=True)):
        there = both.result.seats.pool.part(both.best, i)
        assert np.abs(plan.decisions["x"] - there.x["x"]).max() <= PAID
        assert np.abs(plan.prices.price - ideal.price).max() <= PAID
        assert np.abs(plan.prices.price_q - ideal.price_q).max() <= PAID
        bus = plan.problem.nodal.node[plan.problem.owned.steps.bus]
        sign = plan.problem.owned.steps.sign
        ours = (sign * plan.decisions["x"] * plan.prices.price[:, bus]).sum(0)
        assert np.abs(ours - (sign * there.x["x"] * ideal.price[:, bus]).sum(0)).max() <= PAID


def awards_answer_their_price(both: Both) -> None:
    """A4: nothing would be gained by answering the price with the exchange free."""
    for plan in both.result.feeders:
        assert -REGRETS <= plan.regret <= REGRETS


def curves_are_the_cost(both: Both, rng: np.random.Generator) -> None:
    """A7 and A8: convex, right at random points and at both ends, bracketing the price of the award, in 2K + 3 programs."""
    bargain = both.result.bargain
    assert bargain is not None
    for i, asked in enumerate(both.asked):
        found = asked.curve()
        assert found is not None
        offer = found.offer
        assert (np.diff(offer.price) > 0).all()
        for x in rng.uniform(offer.x[0], offer.x[-1], POINTS):
            assert abs(asked.at_exchange(-x).cost - np.interp(x, offer.x, offer.cost)) <= CURVE_MONEY
        for k, middle in enumerate((offer.x[:-1] + offer.x[1:]) / 2):  # away from kinks the price of the balance is the slope
            assert abs(asked.at_exchange(-middle).price["balance"][0] - offer.price[k]) <= PRICED * max(1.0, abs(offer.price[k]))
        for found_end, end in zip(asked.reach(), (offer.x[-1], offer.x[0]), strict=True):
            assert abs(-found_end.x["z"][0] - end) <= PLACE
        award, price = -bargain.z[0, 0, i], bargain.price[0, 0, i]
        below, above = offer.price[offer.x[:-1] < award - PLACE], offer.price[offer.x[1:] > award + PLACE]
        assert np.max(below, initial=-np.inf) - BRACKET <= price <= np.min(above, initial=np.inf) + BRACKET
        assert found.asked == 2 * len(offer.price) + 3


def one_letter_up_and_one_down(both: Both) -> None:
    """C11: an offer and an award for each company, and nothing else to it."""
    count = len(both.result.feeders)
    letters = {k: n for k, n in both.result.outcome.books().items() if k not in ("numbers", "bytes")}
    assert letters == {"Offers": count, "ClearWith": 1, "Award": count}


def money_closes(both: Both) -> None:
    """A9: what a company keeps is the rent of its limits, and never below nothing; what transmission keeps is its congestion; all sums to nothing."""
    result = both.result
    table, told, bargain = surplus(result), books(result), result.bargain
    assert bargain is not None
    assert np.abs(table.left).max() <= ZERO_SUM
    everyone = {*told.payer.tolist(), *told.payee.tolist()}
    assert abs(sum(kept(told, who) for who in sorted(everyone))) <= ZERO_SUM
    assert abs(kept(told, "tso") - table.kept[0]) <= ZERO_SUM
    assert table.kept[0] >= -ZERO_SUM
    for i, plan in enumerate(result.feeders):
        state = plan.prices
        identity = -bargain.price[0, 0, i] * bargain.z[0, 0, i] - (state.price * plan.dispatch.p).sum() - (state.price_q * plan.dispatch.q).sum()
        assert abs(identity - (table.kept + table.reactive)[i + 1]) <= ZERO_SUM
        assert identity >= -ZERO_SUM  # the unloaded feeder keeps every limit
        assert abs(kept(told, plan.company) - table.kept[i + 1]) <= ZERO_SUM


def nobody_loses(both: Both) -> None:
    """A10: with its reactive power no resource earns less than its cost; at the prices it sees every step wants what it was given."""
    table, at = devices(both.result), prices(both.result)
    reactive = dict(zip(zip(at.feeder.tolist(), at.bus.tolist(), strict=True), at.price_per_mvarh.tolist(), strict=True))
    worth_q = np.array([reactive[place] for place in zip(table.feeder.tolist(), table.bus.tolist(), strict=True)]) * table.q_mvar
    assert (table.profit + worth_q).min() >= -PAID
    for plan in both.result.feeders:
        steps, state = plan.problem.owned.steps, plan.prices
        bus = plan.problem.nodal.node[steps.bus]
        worth = steps.sign * state.price[:, bus] + steps.q_share * state.price_q[:, bus] - steps.price
        best = np.where(worth > 0, steps.high, steps.low)
        assert (worth * (best - plan.decisions["x"])).max() <= PAID


@pytest.mark.parametrize("seed", SEEDS[:25])
def test_short_offers_cost_at_most_what_they_say(seed: int) -> None:
    """T6: leaving points out costs no more than the largest gap of each offer, and what the market believes lies above what comes true."""
    scheme = DsoOffer(steps=SHORT.steps)
    result = run_market(MarketStudy(case=market(seed), scheme=scheme, flow=("apparent", "active")[seed % 2], benchmark="joint")).require()
    offers = []
    for problem in result.seats.pool.feeders:
        curve = Asked.of(problem).curve()
        assert curve is not None
        offers.append(shaped(curve.offer, SHORT))
    plan = result.outcome.require().state.plan
    believed = plan.cost + sum(float(o.cost[0]) for o in offers)
    margin = ALIKE * abs(result.ideal)
    assert result.ideal - margin <= result.cost <= believed + margin
    assert believed <= result.ideal + sum(o.loss for o in offers) + margin


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_prices_are_differences_of_cost(seed: int) -> None:
    """Of the ideal market's, by demand at every bus of transmission and one node of every feeder, active and reactive."""
    study = MarketStudy(case=market(seed), scheme=Ideal(), flow=("apparent", "active")[seed % 2])
    result, case = run_market(study).require(), study.case
    assert result.transmission is not None
    pairs = []
    for bus in range(len(case.transmission.buses)):
        more = [replace(case, transmission=_with_load(case.transmission, bus, p=sign * PRICE_STEP)) for sign in (-1, 1)]
        pairs.append((float(result.transmission.price[0, bus]), more))
    for i, plan in enumerate(result.feeders):
        node, net = len(case.models[i].buses) - 1, case.models[i]
        for name, price in (("p", plan.prices.price[0, node]), ("q", plan.prices.price_q[0, node])):
            models = [_with_load(net, node, **{name: sign * PRICE_STEP}) for sign in (-1, 1)]
            pairs.append((float(price), [replace(case, models=(*case.models[:i], m, *case.models[i + 1 :])) for m in models]))
    for price, changed in pairs:
        low, high = (seated(replace(study, case=c)).pool.solve().require().cost for c in changed)
        assert abs((high - low) / (2 * PRICE_STEP) - price) <= PRICE_BY_DIFFERENCE * max(1.0, abs(price))


def _with_load(net, bus: int, *, p: float = 0.0, q: float = 0.0):
    at = np.flatnonzero(net.loads.bus == bus)[0]
    ld = net.loads
    unit = np.arange(len(ld)) == at
    return replace(net, loads=replace(ld, p_mw=ld.p_mw + p * unit, q_mvar=ld.q_mvar + q * unit))
