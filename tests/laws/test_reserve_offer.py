"""Laws of separable offers of energy and regulation: they can be delivered, they lie nowhere below the cost, and their loss is bounded as told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from gridtandem.boundary.reserve_letters import ReserveCurves, ReserveOffers
from gridtandem.cases.case import Case
from gridtandem.cases.named import case
from gridtandem.opf.offers import Asked
from gridtandem.opf.regulated_offer import AskedRegulated, AskedSeparable
from gridtandem.opf.separable_offer import separable
from gridtandem.orders.rules import Rules, shaped
from gridtandem.parties.feeder_reserve import FeederReserve
from gridtandem.parties.pool import Pool
from gridtandem.program.arrays import Rows
from gridtandem.schemes.dso_reserve_offer import DsoReserveOffer
from gridtandem.schemes.dso_vector_offer import DsoVectorOffer
from gridtandem.study.market.books import books, kept, surplus
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.study import MarketStudy, seated
from tests.laws.random_regulation import regulated
from tests.tolerances import ALIKE, CURVE_MONEY, RESERVED, ZERO_SUM

UP_DOWN = np.array([True, True, False, False])
NARROW = DsoReserveOffer(floor=15.0, ceiling=70.0)  # rules that cut the ends of the curve, where capacity is dear
POINTS = 30


def cleared(it: Case, scheme: DsoReserveOffer) -> MarketResult:
    return run_market(MarketStudy(case=it.check(), scheme=scheme, benchmark="joint")).require()


@pytest.mark.parametrize("scheme", [DsoReserveOffer(), NARROW, DsoReserveOffer(steps=3)])
@pytest.mark.parametrize("seed", range(5))
def test_cost_lies_between_ideal_and_bound(seed: int, scheme: DsoReserveOffer) -> None:
    result = cleared(regulated(seed), scheme)
    small = ALIKE * abs(result.ideal)
    loss = result.outcome.state.loss  # type: ignore[union-attr]
    assert result.cost >= result.ideal - small
    best = within_limits(result, offers_of(result, scheme))
    assert best - small <= result.cost <= best + float(loss.sum()) + small
    told, table = books(result), surplus(result)
    assert np.abs(table.left).max() <= ZERO_SUM
    assert abs(table.exchange.sum()) <= ZERO_SUM
    assert abs(sum(kept(told, who) for who in sorted({*told.payer.tolist(), *told.payee.tolist()}))) <= ZERO_SUM


def offers_of(result: MarketResult, scheme: DsoReserveOffer) -> list[ReserveCurves]:
    reserve = result.seats.wholesale.reserve
    assert reserve is not None
    return [FeederReserve(desk).separate(ReserveOffers(reserve.names, scheme.rules)) for desk, _ in result.seats.fleets]


def within_limits(result: MarketResult, offers: list[ReserveCurves]) -> float:
    """The joint optimum with every feeder held to the limits of its offer."""
    held = []
    for feeder, offer in zip(result.seats.pool.regulated, offers, strict=True):
        begin = -float(offer.energy.start[0, 0, 0])
        end = begin + float(offer.energy.mw.sum())
        way = np.eye(2, 4) * [[1.0], [-1.0]]
        joint = Rows.of(2, [-np.inf, begin], [end, np.inf], {"z": sparse.csr_array(-np.ones((2, 1))), "reserve": way})
        most = Rows.of(2, 0.0, offer.most[0, 0, 0], {"reserve": np.eye(2, 4)})
        held.append(replace(feeder, program=replace(feeder.program, rows={**feeder.program.rows, "joint": joint, "most": most})))
    pool = Pool(wholesale=result.seats.wholesale, feeders=result.seats.pool.feeders, regulated=tuple(held))
    return pool.solve().require().cost


@pytest.mark.parametrize("seed", range(4))
def test_an_offer_can_be_delivered_and_lies_nowhere_below_the_cost(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for feeder in pooled(seed).regulated:
        asked, curve = AskedSeparable(AskedRegulated.of(feeder)), Asked.of(feeder.feeder).curve()
        assert curve is not None
        found = separable(asked, shaped(curve.offer, Rules(6, 10.0, 80.0, 0.0)))
        energy, gap = found.energy, 0.0
        for _ in range(POINTS):
            r = found.most * rng.uniform(0.0, 1.0, 2)
            x = rng.uniform(energy.x[0] + r[1], energy.x[-1] - r[0])
            truth = asked.at_capacity(x, r)
            told = float(energy.at(np.array(x))) + float(found.price @ r)
            assert told >= truth - CURVE_MONEY * max(1.0, abs(truth))
            gap = max(gap, told - truth)
        assert gap <= found.loss + CURVE_MONEY


def pooled(seed: int) -> Pool:
    return seated(MarketStudy(case=regulated(seed).check(), scheme=DsoReserveOffer())).pool


def test_narrow_ends_make_capacity_cheap_and_the_golden_case_gains() -> None:
    """Each MW of capacity is priced for the worst place within the offer, so that a shorter curve sells more."""
    it = case("golden-3bus-regulation")
    whole, short = (
        run_market(MarketStudy(case=it, scheme=s, flow="active")).require() for s in (DsoReserveOffer(), DsoReserveOffer(floor=20, ceiling=45))
    )
    exact = run_market(MarketStudy(case=it, scheme=DsoVectorOffer(), flow="active")).require()
    assert whole.cost > short.cost > exact.cost
    sold = [float(r.bargain.reserve.sum()) for r in (whole, short)]  # type: ignore[union-attr]
    assert sold[1] > sold[0] > RESERVED


def test_mileage_follows_capacity() -> None:
    result = cleared(regulated(1, ("up", "mileage_up")), NARROW)
    sold = result.bargain.reserve  # type: ignore[union-attr]
    assert sold is not None
    assert np.abs(sold[..., 0] - sold[..., 2]).max() <= RESERVED
