"""Curves of feeders with quadratic costs: against direct programs, in the market against the ideal one, and whether rules keep them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.case import Case
from gridtandem.cases.golden import golden
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.offers import Asked
from gridtandem.orders.rules import Rules, faults_of, shaped
from gridtandem.resources.part import Window
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.study.market.run import run_market
from gridtandem.study.market.study import MarketStudy
from tests.opf.feeders import feeder, units
from tests.tolerances import CURVE_IS_PROGRAM, FLAT_MARKET, QUADRATIC_MARKET

WIDE = Rules(steps=10**6, floor=-1e6, ceiling=1e6, least_mw=0.0)


def drawn(seed: int) -> Network:
    """A tree with units of linear and quadratic cost, tight in voltage and flow."""
    rng = np.random.default_rng(seed)
    nodes, ders = int(rng.integers(2, 12)), int(rng.integers(1, 8))
    parents = [0] + [int(rng.integers(0, k + 1)) for k in range(1, nodes)]
    bend = rng.uniform(2, 30, ders) * (rng.random(ders) > 0.4)
    bend[0] = 5.0
    rows = zip(rng.integers(1, nodes + 1, ders).tolist(), rng.uniform(0.2, 1.5, ders), rng.uniform(10, 80, ders), bend, strict=True)
    return feeder(parents, load=(0.1, 0.05), low=0.97, rating=float(rng.uniform(0.8, 3.0)), **units(*rows, q=0.2))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_curve_is_what_direct_programs_say(seed: int) -> None:
    asked = Asked.of(FeederProblem.of(drawn(seed), 0, Window(hours=0.5)))
    curve = asked.curve()
    if curve is None:
        return
    offer = curve.offer
    x = np.linspace(offer.x[0], offer.x[-1], 12)
    direct = [asked.point(asked.at_exchange(-one)).cost for one in x]
    assert offer.at(x) == pytest.approx(direct, abs=CURVE_IS_PROGRAM)
    assert list(faults_of(offer, WIDE, who="feeder")) == []


def test_a_unit_alone_costs_what_it_says() -> None:
    """Hand-sized: 1.5 MW at 20 + 8 p per MWh behind 0.3 MW of load; nothing binds. What rounding adds at both ends stays narrow."""
    curve = Asked.of(FeederProblem.of(feeder([0], **units((1, 1.5, 20.0, 8.0))), 0, Window())).curve()
    assert curve is not None
    offer = curve.offer
    p = np.linspace(0.0, 1.5, 31)
    assert offer.x[[0, -1]] == pytest.approx([-0.3, 1.2], abs=CURVE_IS_PROGRAM)
    assert offer.at(p - 0.3) == pytest.approx(20 * p + 4 * p**2, abs=CURVE_IS_PROGRAM)
    assert len(offer.price) <= 3


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.sampled_from([(0.0, 0.0), (0.1, 0.5)]), st.floats(-30.0, 30.0), st.floats(31.0, 70.0))
def test_rules_keep_sloped_offers_above_the_cost(seed: int, steps: int, rounded: tuple[float, float], floor: float, ceiling: float) -> None:
    curve = Asked.of(FeederProblem.of(drawn(seed), 0, Window())).curve()
    if curve is None:
        return
    truth, rules = curve.offer, Rules(steps, floor, ceiling, 0.0, *rounded)
    made = shaped(truth, rules)
    assert {f.code for f in faults_of(made, rules, who="feeder")} <= {"offer-005"}  # rounding up may lift a price over the ceiling
    x = np.linspace(made.x[0], made.x[-1], 60)
    gap = made.at(x) - truth.at(x)
    assert gap.min() >= -CURVE_IS_PROGRAM
    assert gap.max() <= made.loss + CURVE_IS_PROGRAM


def test_a_coarse_search_certifies_its_error() -> None:
    asked = Asked.of(FeederProblem.of(drawn(7), 0, Window()))
    fine, coarse = asked.curve(), asked.curve(tol=0.2)
    assert fine is not None
    assert coarse is not None
    x = np.linspace(fine.offer.x[0], fine.offer.x[-1], 200)
    gap = coarse.offer.at(x) - fine.offer.at(x)
    assert coarse.asked < fine.asked
    assert gap.min() >= -CURVE_IS_PROGRAM
    assert 0 < gap.max() <= coarse.error + CURVE_IS_PROGRAM <= 0.2 + CURVE_IS_PROGRAM


def bent_golden() -> Case:
    """The golden case with costs of 20 + 3 k + (2 + k) p/2 per MWh at unit k of both feeders, from none up to what it was."""
    case = golden()
    models = []
    for model in case.models:
        mine = np.arange(1, len(model.generators))
        high = model.generators.p_high_mw
        generators = replace(model.generators, p_low_mw=np.where(np.isfinite(high), 0.0, model.generators.p_low_mw))
        costs = el.Costs.of({"generator": np.tile(mine, 2), "order": np.repeat([1, 2], len(mine)),
                             "coefficient": np.concatenate([20.0 + 3.0 * mine, 1.0 + mine / 2])})  # fmt: skip
        models.append(replace(model, generators=generators, cost_points=el.CostPoints.empty(), costs=costs))
    return replace(case, models=tuple(models))


def test_one_shot_offers_meet_the_ideal_market() -> None:
    result = run_market(MarketStudy(case=bent_golden(), scheme=DsoOffer(), flow="active")).require()
    assert abs(result.gap) <= QUADRATIC_MARKET
    best = result.seats.pool.solve()
    for i, plan in enumerate(result.feeders):
        assert plan.regret <= QUADRATIC_MARKET * max(1.0, abs(result.cost))
        assert plan.dispatch.z == pytest.approx(best.x["tso.z"][:, i], abs=FLAT_MARKET)
