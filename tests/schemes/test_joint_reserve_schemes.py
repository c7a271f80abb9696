"""Companies that lead together and companies that believe they move nothing: two buses with congestion, and what is refused by name."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.secure_letters import BestSecure, ClearSecure, KeepAt, ResidualSecure, SecureReach
from gridtandem.cases.case import Case
from gridtandem.cases.named import case
from gridtandem.cases.rts24 import Rts24
from gridtandem.cases.rts24_ffr import Rts24Ffr
from gridtandem.coordinate import End
from gridtandem.frequency.security import Security
from gridtandem.schemes.joint_reserve import JointReserve
from gridtandem.schemes.joint_reserve_price_taker import JointReservePriceTaker
from gridtandem.schemes.joint_reserve_strategic import JointReserveStrategic
from gridtandem.study.reserve.certificate import certificates
from gridtandem.study.reserve.run import ReserveDay, keep
from gridtandem.study.reserve.study import ReserveSeats, ReserveStudy, own_inertia, seated
from tests.tolerances import EXACT_PRICE, FITS, RESERVE_COST, SEARCHED


def asked(scheme: Any) -> ReserveStudy:
    """Hour 17 of two buses between which lines bind."""
    return ReserveStudy(case=two_buses(), scheme=scheme, first=17, hours=1, inertia=own_inertia(case("rts24-ffr")))


@cache
def two_buses() -> Case:
    return Rts24Ffr(feeders=(("14", 4), ("15", 4))).case("two-buses")


@cache
def evening(scheme: type) -> ReserveDay:
    return keep(asked(scheme()))


@cache
def seats() -> ReserveSeats:
    return seated(asked(JointReserveStrategic()))


def test_who_leads_earns_more_and_society_pays_for_it() -> None:
    owner, taker, leader = (evening(s).require().tables for s in (JointReserve, JointReservePriceTaker, JointReserveStrategic))
    assert leader.companies <= taker.companies + SEARCHED * abs(taker.companies)
    assert leader.companies < owner.companies
    assert leader.cost >= owner.cost * (1 - RESERVE_COST)
    assert leader.hours.fast_mw[0] < owner.hours.fast_mw[0]
    assert leader.hours.fast_per_mw[0] > owner.hours.fast_per_mw[0]
    assert evening(JointReservePriceTaker).outcome.end is End.ALONE


def test_what_leaders_gain_by_chords_is_told_apart() -> None:
    """One MW more replaces −g′(F) of primary reserve by the cone; a chord that ends there, a little more."""
    leader, owner = (evening(s).tables for s in (JointReserveStrategic, JointReserve))
    hours, mine = leader.hours, seats().schedule.inertia
    slope = Security().replaced(mine.inertia_mws, mine.loss_mw, hours.fast_mw[:, None]).max()
    np.testing.assert_allclose(hours.fast_exact_per_mw, slope * hours.primary_per_mw, rtol=EXACT_PRICE)
    assert hours.fast_per_mw[0] > hours.fast_exact_per_mw[0] * (1 + EXACT_PRICE)
    more = float(((hours.fast_per_mw - hours.fast_exact_per_mw) * hours.fast_mw).sum())
    np.testing.assert_allclose(leader.companies_exact - leader.companies, more, rtol=EXACT_PRICE)
    assert leader.companies < leader.companies_exact < owner.companies, "most of the gain is no matter of chords"
    assert (owner.hours.fast_exact_per_mw == owner.hours.fast_per_mw).all()
    assert owner.companies_exact == owner.companies


def test_what_is_told_of_the_market_is_the_market() -> None:
    """Of what a leader expects, the operator says the same."""
    road = seats().mailbox(JointReserveStrategic())
    span = road.ask_dsos(SecureReach())
    best = road.ask_dsos(BestSecure(road.ask_tso(ResidualSecure(span.low, span.high, span.award))))
    inside = np.array([-1.0, 1.0]) * FITS * 10  # of a kink, the price lies between those on both sides
    around = [seats().market.clear(ClearSecure(best.z, best.award + by / best.award.size)) for by in inside]
    np.testing.assert_allclose(best.price, around[0].price, rtol=FITS)
    assert (around[1].fast_price * (1 - FITS) <= best.fast_price).all()
    assert (best.fast_price <= around[0].fast_price * (1 + FITS)).all()
    assert (span.low <= best.z).all()
    assert (best.z <= span.high).all()
    assert (best.award <= span.award).all()


def test_a_price_taker_gives_what_its_marginal_costs_allow() -> None:
    """Inverters at 12 to 21, reserve at 1 to 5: nothing at nothing, everything at a hundred."""
    road = seats().mailbox(JointReservePriceTaker())
    shape = road.shape
    none = road.ask_dsos(KeepAt(np.zeros(shape) + 1.0, np.zeros(shape)))
    much = road.ask_dsos(KeepAt(np.full(shape, 1.0), np.full(shape, 100.0)))
    assert none.award.max() <= SEARCHED
    assert (much.award > none.award + 1.0).all()
    assert none.value.max() <= SEARCHED


def test_more_is_sold_than_was_lost_is_refused() -> None:
    shape = (1, 1, 2)
    told = seats().market.clear(ClearSecure(np.zeros(shape), np.full(shape, 60.0)))
    assert (told.worth == Worth.REFUSED).all()
    assert np.isnan(told.price).all()


def test_hours_that_hang_together_by_ramps_are_refused_by_name() -> None:
    made = Rts24Ffr(feeders=(("14", 1),), market=Rts24(lines="nominal", ramps=True)).case("ramped")
    study = ReserveStudy(case=made, scheme=JointReserveStrategic(), first=4, hours=2, inertia=own_inertia(case("noh-reduced")))
    done = keep(study)
    assert done.outcome.end is End.REFUSED
    assert any("'ramp'" in word for word in done.trouble)


def test_every_price_that_leaders_were_told_is_held_against_the_market_again() -> None:
    found = evening(JointReserveStrategic)
    assert found.tables.certificates.holds.all()
    assert found.tables.search <= SEARCHED
    assert not len(evening(JointReserve).tables.certificates)
    scheme = JointReserveStrategic()
    assert found.outcome.state is not None
    kept = scheme.keeping(found.outcome.state)
    for wrong in (replace(kept, price=kept.price + 1.0), replace(kept, fast_price=1.1 * kept.fast_price), replace(kept, award=kept.award + 3.0)):
        assert not certificates(seats(), scheme, wrong).holds.any()
