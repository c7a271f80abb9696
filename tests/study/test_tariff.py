"""A company whose customers pay a tariff: demand that gives way costs it that too, what it keeps adds up, and nobody else minds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.cases.case import Case
from gridtandem.cases.rts24_disco import Rts24Disco
from gridtandem.errors import InvalidCase
from gridtandem.grid import devices as dv
from gridtandem.grid.network import tables_digest
from gridtandem.schemes.ideal import Ideal
from gridtandem.schemes.price_taker import PriceTaker
from gridtandem.schemes.strategic import Strategic
from gridtandem.study.igdt.band import Band
from gridtandem.study.igdt.run import run_band
from gridtandem.study.market.books import books, kept, surplus
from gridtandem.study.market.certificate import certificates
from gridtandem.study.market.profit import profit
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.strategy import companies
from gridtandem.study.market.study import MarketStudy
from gridtandem.tables import Real
from tests.tolerances import BEST, RADIUS, SETTLED_LEFT, TARIFF_MWH

FIRST, HOURS, RHO = 17, 4, 9.5


@cache
def plain() -> Case:
    return Rts24Disco(bus="14").case("disco")


def with_tariff(price: Sequence[float], period: Sequence[int] = (0,)) -> Case:
    table = dv.Tariffs.of({"period": list(period), "price_per_mwh": list(price)})
    return replace(plain(), models=tuple(replace(net, tariffs=table) for net in plain().models))


@cache
def flat(price: float = RHO) -> Case:
    return with_tariff([price])


@cache
def dearer() -> Case:
    """What gives way asks for as much more as the tariff is."""
    return replace(plain(), models=tuple(_asking(net, RHO) for net in plain().models))


def _asking(net: Any, more: float) -> Any:
    return replace(net, flexible=replace(net.flexible, price_per_mwh=net.flexible.price_per_mwh + more * (net.flexible.does != dv.TAKES)))


@cache
def day(case: Case, scheme: object) -> MarketResult:
    return run_market(MarketStudy(case=case, scheme=scheme, first=FIRST, hours=HOURS))


def gave_way(result: MarketResult) -> Real:
    """By period. [MW]"""
    (plan,) = result.feeders
    steps = plan.problem.owned.steps
    return np.asarray(plan.decisions["x"][:, (steps.source == 1) & (steps.sign > 0)].sum(1))


SCHEMES = [Strategic(), Strategic(local="nodal"), Strategic(local="posted"), PriceTaker()]


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: f"{type(s).__name__}-{s.local}")
def test_a_tariff_counts_like_a_dearer_offer_of_demand(scheme: object) -> None:
    """The same decision and the same whole cost as where demand asks for that much more."""
    minds, asks = day(flat(), scheme), day(dearer(), scheme)
    assert minds.bargain is not None
    assert asks.bargain is not None
    ours, theirs = companies(minds), companies(asks)
    assert ours.forgone[0] > 0
    assert abs(ours.cost[0] - theirs.cost[0]) <= BEST * abs(theirs.cost[0])
    assert abs(ours.exchange[0] - theirs.exchange[0]) <= BEST * abs(theirs.cost[0])


@pytest.mark.parametrize("scheme", [*SCHEMES, Ideal()], ids=lambda s: f"{type(s).__name__}-{getattr(s, 'local', '')}")
def test_what_a_company_keeps_adds_up(scheme: object) -> None:
    result = day(flat(), scheme)
    own, parts = companies(result), profit(result)
    assert abs(parts.amount.sum() - own.kept[0]) <= SETTLED_LEFT
    assert abs(kept(books(result), "disco") - own.kept[0]) <= SETTLED_LEFT
    assert np.abs(surplus(result).left).max() <= SETTLED_LEFT
    given = parts.energy_mwh[np.char.startswith(parts.name, "DR-")].sum()
    assert abs(parts.energy_mwh.sum() - given) <= SETTLED_LEFT  # a network without losses; what gave way was not taken either
    (retail,) = parts.amount[parts.part == "retail"].tolist()
    assert abs(retail - own.retail[0]) <= SETTLED_LEFT
    (served,) = -parts.energy_mwh[parts.part == "retail"]
    assert abs(retail - RHO * served) <= SETTLED_LEFT
    assert {"", "DG-18", "PV-18", "DR-14", "battery-6", "shift-8"} <= set(parts.name.tolist())


def test_who_minds_the_tariff_keeps_more_than_who_does_not() -> None:
    aware, blind = day(flat(), Strategic()), day(plain(), Strategic())
    (plan,) = blind.feeders
    demand = float(plan.problem.owned.p_load.sum())
    own = companies(blind)
    would_keep = RHO * (demand - float(gave_way(blind).sum())) - own.exchange[0] - own.resources[0]
    assert companies(aware).kept[0] > would_keep * (1 + np.sign(would_keep) * BEST)
    assert companies(aware).kept[0] >= companies(day(flat(), PriceTaker())).kept[0]


def test_no_demand_gives_way_where_the_tariff_is_above_every_price() -> None:
    hours = np.arange(1, 25)
    dear = np.where(hours == FIRST + 1, 1000.0, 0.0)
    result = day(with_tariff(dear.tolist(), hours.tolist()), Strategic())
    assert gave_way(result)[1] <= TARIFF_MWH
    assert gave_way(day(plain(), Strategic()))[1] > TARIFF_MWH
    assert gave_way(result)[[0, 2, 3]].sum() > TARIFF_MWH


def test_rows_of_a_period_count_before_that_for_all() -> None:
    table = dv.Tariffs.of({"period": [0, 3], "price_per_mwh": [50.0, 80.0]})
    assert table.over(4).tolist() == [50.0, 50.0, 80.0, 50.0]
    assert np.isnan(dv.Tariffs.empty().over(2)).all()


def test_a_tariff_of_nothing_changes_no_bit_of_the_day() -> None:
    for scheme in (Strategic(), PriceTaker()):
        with_it, without = day(flat(0.0), scheme), day(plain(), scheme)
        assert with_it.bargain is not None
        assert without.bargain is not None
        assert (with_it.bargain.z == without.bargain.z).all()
        assert with_it.cost == without.cost


def test_costs_of_all_do_not_know_tariffs() -> None:
    minds, central = day(flat(), Strategic()), day(flat(), Ideal())
    assert central.cost == day(plain(), Ideal()).cost
    assert abs(minds.ideal - central.cost) <= BEST * abs(central.cost)
    assert minds.cost > central.cost * (1 + BEST)
    (plan,) = minds.feeders
    assert abs(plan.cost - companies(minds).resource_cost[0]) <= BEST * abs(plan.cost)


def test_the_market_confirms_the_answer() -> None:
    assert certificates(day(flat(), Strategic())).holds.all()


def test_bands_of_errors_know_the_tariff() -> None:
    minds, asks = (run_band(MarketStudy(case=c, scheme=None, first=11, hours=HOURS), (0.0, 5.0)) for c in (flat(), dearer()))
    assert np.allclose(minds.table.alpha, asks.table.alpha, atol=RADIUS, rtol=0)
    (net,) = plain().models
    demand = net.factors("loads", 24)[10 : 10 + HOURS] @ net.loads.p_mw * plain().interfaces.count[0]
    assert abs(minds.retail - RHO * float(demand.sum())) <= SETTLED_LEFT
    assert asks.retail == 0
    with pytest.raises(InvalidCase, match="igdt-011"):
        run_band(MarketStudy(case=flat(), scheme=None, first=11, hours=1), (0.0,), band=Band(load=0.2))


def test_a_tariff_lies_in_the_folder_of_a_feeder(tmp_path: Path) -> None:
    case = with_tariff([55.5, 70.25], [0, 18])
    gt.write_case(case, tmp_path / "case")
    place = tmp_path / "case" / "disco" / case.models[0].name / "tariffs.csv"
    assert place.read_text().splitlines()[0] == "period,price_per_mwh"
    assert gt.case(tmp_path / "case").digest() == case.digest()
    place.write_text("period,price_per_mwh\n0,fifty\n19,60\n")
    with pytest.raises(InvalidCase, match=r"^1 faults? .*\n.*tariffs\.csv row 2"):
        gt.case(tmp_path / "case")
    place.write_text("price_per_mwh\n60\n")
    assert gt.case(tmp_path / "case").models[0].tariffs.over(2).tolist() == [60.0, 60.0]


def test_networks_without_tariffs_have_the_digest_they_had() -> None:
    (net,) = plain().models
    assert net.digest() == tables_digest({name: table for name, table in net.tables().items() if name != "tariffs"})
    assert net.digest() != flat(0.0).models[0].digest()


def test_tariffs_that_leave_something_open_are_refused() -> None:
    def codes(period: Sequence[int], price: Sequence[float]) -> list[str]:
        return sorted(fault.code for fault in with_tariff(price, period).faults())

    assert codes([0], [1.0]) == []
    assert codes([1, 2, 2], [1.0, 1.0, 2.0]) == ["case-062", "case-063"]
    assert codes([0, 25], [1.0, 1.0]) == ["case-089"]
    assert codes([0], [-1.0]) != []
    above = replace(plain(), transmission=replace(plain().transmission, tariffs=dv.Tariffs.of({"price_per_mwh": [1.0]})))
    assert [f.code for f in MarketStudy(case=above, scheme=Strategic()).faults()] == ["case-107"]
