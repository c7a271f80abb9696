"""The bound between parties: below every dispatch whatever the prices, the same bits by any road, and no more crosses than is declared."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.boundary.ascent import Turn, uphill
from gridtandem.boundary.mailbox import Company, Mailbox
from gridtandem.boundary.opf_letters import LimitsOfVoltage, RelaxedAt, RelaxedUnder, RoomWithin
from gridtandem.boundary.wire import text
from gridtandem.cases.case import Case
from gridtandem.cases.named import case
from gridtandem.coordinate import End, Outcome, coordinate
from gridtandem.opf.cone import cone_bound
from gridtandem.parties.ac_cone_feeder import AcConeFeeders
from gridtandem.parties.ac_cone_transmission import AcConeTransmission
from gridtandem.schemes.cone_bound import ConeBound, ConeState
from gridtandem.schemes.copf import Copf
from gridtandem.study.dispatch.study import DispatchSeats, DispatchStudy, seated
from tests.schemes.test_conformance import OverWire
from tests.tolerances import BOUND_FALLS, CONE_BELOW, CONE_MEETS
from tools.dispatch_counts import CASES

NAME = "overvoltage"


@cache
def seats(one: bool = False) -> DispatchSeats:
    return seated(DispatchStudy(case=together(CASES[NAME].case()) if one else CASES[NAME].case(), scheme=Copf()))


def together(what: Case) -> Case:
    """All feeders in the hands of one company."""
    return replace(what, interfaces=replace(what.interfaces, company=np.array(["all"] * len(what.interfaces))))


@cache
def relaxed(at: DispatchSeats) -> tuple[AcConeTransmission, tuple[AcConeFeeders, ...]]:
    return AcConeTransmission.of(at.transmission), tuple(AcConeFeeders.of(own) for own, _ in at.fleets)


def mailbox(at: DispatchSeats, *, wire: bool = False) -> Mailbox:
    above, below = relaxed(at)
    tso = Company("tso", (at.transmission, above))
    dsos = tuple((Company(name, (desk,)), rows) for name, desk, (_, rows) in zip(at.companies, below, at.fleets, strict=True))
    mail = Mailbox(tso, dsos, axes=(1, len(at.cases)))
    if wire:
        mail.tso, mail.dsos = OverWire(mail.tso), tuple((OverWire(d), rows) for d, rows in mail.dsos)
    return mail


def bound_at(mail: Mailbox, price: np.ndarray) -> float:
    """By three letters, written here once more."""
    limits = mail.ask_tso(LimitsOfVoltage())
    room = mail.ask_dsos(RoomWithin(limits.low, limits.high))
    above = mail.ask_tso(RelaxedUnder(price, room.low, room.high))
    below = mail.ask_dsos(RelaxedAt(price, limits.low, limits.high))
    return float(above.least.sum() + below.least.sum())


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_at_any_prices_it_is_below_the_dispatch_of_one_owner(seed: int) -> None:
    rng = np.random.default_rng(seed)
    price = rng.normal(size=(1, 1, 2, 3)) * np.array([40.0, 10.0, 500.0]) + np.array([20.0, 0.0, 0.0])
    best = seats().owner.solve()[0].cost
    assert bound_at(mailbox(seats()), price) <= best * (1 + CONE_BELOW)


def test_it_rises_to_the_bound_of_the_joined_networks() -> None:
    """Duality: prices lose nothing against a relaxation with all models joined, but for what the current of branches is known to be."""
    out = coordinate(mailbox(seats()), ConeBound(), rounds=20)
    assert out.agreed
    bounds = np.array([float(b.sum()) for b in out.state.bounds])
    assert (np.diff(bounds) >= 0).all()
    joint, best = cone_bound(CASES[NAME].case()).bound_per_h, seats().owner.solve()[0].cost
    assert bounds[-1] == pytest.approx(joint, rel=CONE_MEETS)
    assert bounds[-1] <= best * (1 + CONE_BELOW)
    assert bounds[0] < bounds[-1]


def test_same_bits_over_the_wire_for_any_split_of_companies_and_stopped_or_not() -> None:
    scheme = ConeBound()
    whole = coordinate(mailbox(seats()), scheme, rounds=6)
    assert text(coordinate(mailbox(seats()), scheme, rounds=6).state) == text(whole.state)
    assert text(coordinate(mailbox(seats(), wire=True), scheme, rounds=6).state) == text(whole.state)
    assert text(coordinate(mailbox(seats(one=True)), scheme, rounds=6).state) == text(whole.state)
    half = coordinate(mailbox(seats()), scheme, rounds=2)
    assert half.end is End.OUT_OF_ROUNDS
    rest = coordinate(mailbox(seats()), scheme, rounds=6, resume=half)
    assert text(rest.state) == text(whole.state)
    assert rest.ledger == whole.ledger


def test_only_declared_letters_cross_and_none_grows_with_the_feeder() -> None:
    def crossed(system: str) -> list[tuple[str, str, int, int, int]]:
        at = seated(DispatchStudy(case=case(system), scheme=Copf()))
        ledger = coordinate(mailbox(at), ConeBound(), rounds=1).ledger
        assert {e.question for e in ledger} == {q.__name__ for q in ConeBound.asks_tso | ConeBound.asks_dsos}
        return [(e.to[:3], e.question, e.interfaces, e.numbers_down, e.numbers_up) for e in ledger]

    assert crossed("T14D2") == crossed("14B")


def test_feeders_of_one_bus_share_a_price_and_a_bound() -> None:
    what = case("T14D2")
    bus = np.full(len(what.interfaces), what.interfaces.bus[0])
    same = replace(what, interfaces=replace(what.interfaces, bus=bus))
    at = seated(DispatchStudy(case=same, scheme=Copf()))
    out = coordinate(mailbox(at), ConeBound(), rounds=12)
    best = at.owner.solve()[0].cost
    assert best * (1 - BOUND_FALLS) <= out.state.bound.sum() <= best * (1 + CONE_BELOW)
    assert (out.state.price[0, 0, :, :2] == out.state.price[0, 0, :1, :2]).all()
    apart = out.state.price.copy() / np.array([100.0, 100.0, 1.0])
    apart[0, 0, 0, 0] += 1.0
    assert np.isnan(bound_at(mailbox(at), apart))


def test_prices_of_a_schedule_are_nearly_the_best_already() -> None:
    mail = seats().mailbox(Copf())
    schedule = Copf().schedule(coordinate(mail, Copf()).state)
    begun: Outcome[ConeState] = Outcome(End.STOPPED, ConeState.at(schedule.price, schedule.y[..., 2]))
    out = coordinate(mailbox(seats()), ConeBound(), rounds=1, resume=begun)
    alone = coordinate(mailbox(seats()), ConeBound(), rounds=1)
    best = seats().owner.solve()[0].cost
    assert best - out.state.bound.sum() < best - alone.state.bound.sum()
    assert out.state.bound.sum() >= best * (1 - BOUND_FALLS)
    swapped = replace(begun.state, price=begun.state.price * np.array([1.0, 1.0, -1.0]))
    assert coordinate(mailbox(seats()), ConeBound(), rounds=1, resume=Outcome(End.STOPPED, swapped)).state.bound.sum() < out.state.bound.sum()


def test_uphill_is_a_newton_step_where_turns_span_the_space() -> None:
    rng = np.random.default_rng(3)
    a = rng.normal(size=(3, 3))
    bend = a @ a.T + np.eye(3)
    axes = np.linalg.eigh(bend)[1].T  # conjugate directions, along which limited memory is exact
    turns = tuple(Turn(d[None, None, None], -(bend @ d)[None, None, None]) for d in axes)
    slope = rng.normal(size=3)
    np.testing.assert_allclose(uphill(slope[None, None, None], turns, 1.0)[0, 0, 0], np.linalg.solve(bend, slope))
    np.testing.assert_array_equal(uphill(slope[None, None, None], (), 2.0)[0, 0, 0], 2 * slope)
    flat = (Turn(np.ones((1, 1, 1, 3)), np.zeros((1, 1, 1, 3))),)
    np.testing.assert_array_equal(uphill(slope[None, None, None], flat, 2.0)[0, 0, 0], 2 * slope)
