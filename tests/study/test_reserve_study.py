"""A day of energy and reserve as a study: what it tells fits together, its run file is the run, and what it cannot do it says at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.taken_home import Keeping
from gridtandem.boundary.wire import read, text
from gridtandem.cases.case import Case
from gridtandem.cases.named import case
from gridtandem.coordinate import End, Gap, Outcome, coordinate
from gridtandem.errors import InvalidCase
from gridtandem.frequency.schedule import JointPlan
from gridtandem.frequency.security import Inertia, Limits, Security, Service
from gridtandem.report.run import Run
from gridtandem.schemes.joint_reserve import JointReserve
from gridtandem.study.reserve.books import LINES, LOAD, TSO, balances
from gridtandem.study.reserve.run import ReserveDay, keep, reopened, resume
from gridtandem.study.reserve.study import ReserveStudy, seated
from tests.tolerances import DELIVERED_MW, HELD_PRICES, RESERVE_BOOKS, RESERVE_COST, RESERVE_SUMS_MW

HOURS = 3
DEARER = 0.01  # currency/MWh; less than from one offer to the next
MUST_RUN = 0.7  # of the power of every station, which is more than all load
LOSSES = {
    "hour": [4, 4, 5, 6],
    "inertia_mws": [7850.0, 7800.0, 7900.0, 8000.0],
    "loss_mw": [90.0, 100.0, 100.0, 95.0],
    "lost": ["", "station-4", "", ""],
}


def study(name: str = "rts24-ffr", **options: object) -> ReserveStudy:
    return ReserveStudy(case=case(name), scheme=JointReserve(), **{"first": 4, "hours": HOURS} | options)  # type: ignore[arg-type]


@cache
def day(lost: bool = False) -> ReserveDay:
    return keep(study(inertia=Inertia.of(LOSSES)) if lost else study())


def test_tables_add_up() -> None:
    told = day().tables
    assert day().outcome.agreed
    assert day().trouble == ()
    for k, hour in enumerate(told.hours.hour.tolist()):
        stations, awards = told.stations.take(told.stations.hour == hour), told.awards.take(told.awards.hour == hour)
        assert stations.primary_mw.sum() == pytest.approx(told.hours.primary_mw[k], abs=RESERVE_SUMS_MW)
        at_feeders = np.average(awards.energy_per_mwh, weights=np.abs(awards.z_mw))
        assert told.hours.feeders_energy_per_mwh[k] == pytest.approx(at_feeders, rel=RESERVE_BOOKS)
        assert awards.award_mw.sum() >= told.hours.fast_mw[k] - RESERVE_SUMS_MW
        devices = told.devices.take(told.devices.hour == hour)
        for name, count, award in zip(awards.interface, awards.feeders, awards.award_mw, strict=True):
            assert count * devices.fast_mw[devices.interface == name].sum() >= award - RESERVE_SUMS_MW
    own = told.stations.cost.sum() + sum(
        count * told.devices.cost[(told.devices.interface == name) & (told.devices.hour == hour)].sum()
        for name, hour, count in zip(told.awards.interface, told.awards.hour, told.awards.feeders, strict=True)
    )
    assert own == pytest.approx(told.cost, rel=RESERVE_BOOKS)


@pytest.mark.parametrize("lost", [False, True])
def test_books_close_and_are_those_of_the_tables(lost: bool) -> None:
    found = day(lost)
    told, has = found.tables, balances(found.tables.books)
    turnover = np.abs(told.books.amount).sum()
    assert abs(has[TSO]) <= RESERVE_BOOKS * turnover
    assert abs(sum(has.values())) <= RESERVE_BOOKS * turnover
    assert has[LINES] >= -RESERVE_BOOKS * turnover
    assert has[LOAD] < 0
    for name in set(told.stations.station.tolist()):
        assert has[name] == pytest.approx(told.stations.paid[told.stations.station == name].sum(), abs=RESERVE_BOOKS * turnover)
    fast = (told.awards.award_mw * np.repeat(told.hours.fast_per_mw[None], len(found.study.case.interfaces), 0).ravel()).sum()
    assert told.books.amount[told.books.item == "fast reserve"].sum() == pytest.approx(fast, abs=RESERVE_BOOKS * turnover)


def test_who_may_be_lost_is_paid_less_for_what_it_keeps() -> None:
    stations = day(lost=True).tables.stations
    price = {(hour, name): x for hour, name, x in zip(stations.hour.tolist(), stations.station.tolist(), stations.primary_per_mw, strict=True)}
    assert price[4, "station-4"] < price[4, "station-5"] - DELIVERED_MW
    assert price[5, "station-4"] == price[5, "station-5"]


def test_the_run_file_is_the_run(tmp_path: Path) -> None:
    asked = study(
        security=Security(limits=Limits(nadir_hz=0.9, steady_hz=0.4), fast=(Service(ramp_s=0.75, delay_s=0.25, name="fast"),)), feeders="none"
    )
    first = keep(asked, save=tmp_path / "a.tandem")
    again = reopened(tmp_path / "a.tandem")
    assert again.study.digest() == asked.digest()
    assert again.study.security == asked.security
    assert again.trouble == first.trouble
    assert again.trouble
    for name, table in first.named().items():
        assert getattr(again.tables, name).digest() == table.digest()
    assert (again.tables.cost, again.tables.bound, again.tables.companies) == (first.tables.cost, first.tables.bound, first.tables.companies)
    more = resume(tmp_path / "a.tandem")
    assert text(more.outcome.state) == text(first.outcome.state)
    assert keep(asked, save=tmp_path / "b.tandem").tables.cost == first.tables.cost


def test_hours_of_inertia_are_part_of_the_study() -> None:
    other = Inertia.of({**LOSSES, "loss_mw": [90.0, 100.0, 100.0, 95.5]})
    assert study(inertia=Inertia.of(LOSSES)).digest() != study(inertia=other).digest()
    assert study().digest() == study(inertia=study().borne).digest()
    assert study().digest() != study(feeders="none").digest()


def test_limits_are_broken_where_load_flow_says_so() -> None:
    """Of every interface, on both sides of the band, by as much as the checks tell."""
    what = case("rts24-ffr")
    narrow = replace(what.models[0], buses=replace(what.models[0].buses, v_low_pu=np.full(len(what.models[0].buses), 0.99)))
    told = keep(ReserveStudy(case=replace(what, models=(narrow,)), scheme=JointReserve(), first=12, hours=2, feeders="none")).tables
    for k, hour in enumerate(told.checks.hour.tolist()):
        voltage = told.violations.take((told.violations.period == hour) & (told.violations.unit == "pu"))
        assert np.abs(voltage.value - voltage.limit).max() == pytest.approx(told.checks.beyond_pu[k])
        assert told.checks.beyond_pu[k] == told.awards.beyond_pu[told.awards.hour == hour].max()
        assert told.checks.limits_broken[k] == (told.violations.period == hour).sum()
        assert {name.partition(".")[0] for name in voltage.name.tolist()} == set(what.interfaces.feeder.tolist())
        assert {True, False} == set((voltage.value < voltage.limit).tolist())


def test_only_the_whole_is_asked_and_the_wire_changes_nothing() -> None:
    outcome = day().outcome
    assert [e.question for e in outcome.ledger] == ["SecureWhole"]
    assert text(read(text(outcome.state.plan))) == text(outcome.state.plan)  # type: ignore[union-attr]


def test_without_feeders_stations_alone_hold_frequency() -> None:
    what: Case = case("noh-reduced")
    alone = keep(
        ReserveStudy(case=replace(what, interfaces=what.interfaces.take(np.zeros(len(what.interfaces), bool))), scheme=JointReserve(), hours=1)
    )
    told = alone.tables
    assert alone.outcome.agreed
    assert told.hours.primary_mw == pytest.approx(told.hours.without_mw, abs=DELIVERED_MW)
    assert not len(told.awards)


def test_an_hour_without_a_loss_needs_no_reserve() -> None:
    calm = keep(study("noh-reduced", hours=1, inertia=Inertia.of({"hour": [4], "inertia_mws": [8000.0], "loss_mw": [0.0]})))
    assert calm.trouble == ()
    assert calm.tables.hours.without_mw[0] == 0.0
    assert calm.tables.hours.primary_mw[0] + calm.tables.hours.fast_mw[0] <= DELIVERED_MW
    assert calm.tables.hours.lowest_hz[0] == pytest.approx(60.0)
    assert "alone" not in repr(Run.of(calm))


def test_what_has_no_plan_says_so() -> None:
    what = case("noh-reduced")
    units = what.transmission.generators
    stuck = replace(what, transmission=replace(what.transmission, generators=replace(units, p_low_mw=MUST_RUN * units.p_high_mw)))
    found = keep(ReserveStudy(case=stuck, scheme=JointReserve(), hours=1))
    assert found.outcome.end is End.REFUSED
    assert found.trouble
    assert np.isnan(found.tables.cost)
    assert not len(found.tables.hours)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    rows = Inertia.of({"hour": [4, 5, 0], "inertia_mws": [0.0, 100.0, 1.0], "loss_mw": [100.0] * 3, "lost": ["", "nobody", ""]})
    with pytest.raises(InvalidCase) as found:
        seated(study(inertia=rows, feeders="some"))
    said = str(found.value)
    assert {f.code for f in found.value.faults} >= {"frequency-044", "frequency-041", "frequency-042", "frequency-006", "frequency-008", "case-015"}
    assert "hour 4" in said
    assert "hour 6" in said
    for options, code in (({"hours": 0}, "frequency-045"), ({"rounds": 0}, "frequency-049"), ({"security": Security(fast=())}, "frequency-048")):
        with pytest.raises(InvalidCase) as found:
            seated(study(**options))
        assert code in {f.code for f in found.value.faults}


@dataclass(frozen=True)
class Agreed:
    """A scheme that knows what will be agreed."""

    known: Keeping
    asks_tso: ClassVar = frozenset[type]()
    asks_dsos: ClassVar = frozenset[type]()

    def start(self, mail: Mail) -> int:  # noqa: ARG002
        return 0

    def round(self, mail: Mail, state: int) -> int:  # noqa: ARG002
        return state + 1

    def gap(self, state: int) -> Gap:
        return Gap(0.0 if state else np.inf, 0.0)

    def keeping(self, state: int) -> Keeping:  # noqa: ARG002
        return self.known


def agreed(share: float = 1.0, name: str = "noh-reduced") -> tuple[ReserveDay, JointPlan]:
    """The owner's exchange, and a share of his awards, at his prices."""
    asked = study(name, hours=2)
    schedule = seated(asked).schedule
    best = schedule.solve()
    fast = np.repeat(best.fast_price[:, None], best.award.shape[1], 1)
    known = Keeping(best.given[None], share * best.award[None], best.energy[:, schedule.transmission.at][None], fast[None])
    return keep(replace(asked, scheme=Agreed(known))), best


def test_what_the_owner_would_do_is_carried_out_by_everybody_at_his_cost_and_prices() -> None:
    found, best = agreed()
    assert found.trouble == ()
    assert found.tables.cost == pytest.approx(best.cost, rel=RESERVE_COST)
    assert found.tables.gap == pytest.approx(0.0, abs=RESERVE_COST)
    assert found.tables.hours.primary_per_mw == pytest.approx(best.primary_price, rel=HELD_PRICES)
    assert found.tables.hours.fast_per_mw == pytest.approx(best.fast_price, rel=HELD_PRICES)
    assert found.tables.awards.award_mw == pytest.approx(best.award.ravel(), abs=DELIVERED_MW)


@given(share=st.floats(0.0, 0.95))
@settings(max_examples=4, deadline=None)
def test_less_reserve_of_feeders_costs_more_and_books_close(share: float) -> None:
    found, best = agreed(share)
    told = found.tables
    assert told.cost > best.cost
    assert told.hours.fast_mw == pytest.approx(share * best.fast, abs=DELIVERED_MW)
    assert told.hours.lowest_hz.min() >= 60.0 - Limits().nadir_hz - DELIVERED_MW
    assert abs(balances(told.books)[TSO]) <= RESERVE_BOOKS * np.abs(told.books.amount).sum()


def test_more_than_feeders_can_is_told_as_such() -> None:
    found, best = agreed(1.2)
    assert any("feeders cannot carry out" in word for word in found.trouble)
    assert (found.tables.awards.award_mw < 1.2 * best.award.ravel() - DELIVERED_MW).all()


def test_at_a_step_of_offers_the_price_is_the_one_agreed() -> None:
    """The station that makes the price gets no more power than it gives, so that any price up to that of the next is right."""
    asked = study("noh-reduced", hours=1)
    schedule = seated(asked).schedule
    best = schedule.solve()
    units, steps = asked.case.transmission.generators, schedule.transmission.owned.steps
    k = int(steps.row[np.argmin(np.abs(steps.price - best.energy[0, schedule.transmission.at[0]]))])
    high = units.p_high_mw.copy()
    high[k] = steps.power(best.answer.x["tso.x"], len(units))[0, k]
    assert DELIVERED_MW < high[k] < units.p_high_mw[k] - DELIVERED_MW
    net = replace(asked.case.transmission, generators=replace(units, p_high_mw=high))
    price = best.energy[:, schedule.transmission.at] + DEARER
    known = Keeping(best.given[None], best.award[None], price[None], np.repeat(best.fast_price[:, None], price.shape[1], 1)[None])
    found = keep(replace(asked, case=replace(asked.case, transmission=net), scheme=Agreed(known)))
    assert found.trouble == ()
    assert found.tables.awards.energy_per_mwh == pytest.approx(price.ravel(), rel=HELD_PRICES)


def test_prices_that_transmission_would_not_answer_so_are_told() -> None:
    found, best = agreed(0.0)
    assert any("would rather do otherwise" in word for word in found.trouble)
    assert (found.tables.hours.fast_per_mw > best.fast_price).all()


def test_stopped_before_the_end_and_gone_on_with() -> None:
    asked = study("noh-reduced", hours=1, feeders="none")

    def carry(resume: Outcome | None, rounds: int) -> Outcome:  # type: ignore[type-arg]
        return coordinate(seated(asked).mailbox(asked.scheme), asked.scheme, rounds=rounds, resume=resume)

    half = carry(None, 0)
    assert half.end is End.OUT_OF_ROUNDS
    assert text(carry(half, 1).state) == text(carry(None, 1).state)
