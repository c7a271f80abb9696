"""Markets at their edges: nothing crashes, nothing is dropped without a word, and what cannot be served says by which limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.market_letters import Curves, Offers, Tier
from gridtandem.cases.case import Case
from gridtandem.cases.market_parts import stacked, with_units
from gridtandem.cases.named import case
from gridtandem.coordinate import End
from gridtandem.errors import InvalidCase
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.network import Network
from gridtandem.orders.rules import Offer, Rules, same, shaped
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market.books import books, kept, surplus
from gridtandem.study.market.paid import devices
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.study import MarketStudy, seated
from gridtandem.study.market.tables import awards, prices
from tests.tolerances import ALIKE, CURVE_MONEY, PLACE, PRICED, ZERO_SUM

LOADS = (20.0, 30.0, 90.0)  # of hour 2


def golden(**changed: Any) -> Case:
    """The golden market in hour 2, or with other loads of transmission; networks by ``T``, ``A``, ``B``."""
    it = case("golden-3bus")
    loads = np.array(changed.pop("loads", LOADS))
    net = it.transmission
    net = replace(net, loads=replace(net.loads, p_mw=loads), profiles=dv.Profiles.empty(), follows=dv.Follows.empty())
    models = tuple(changed.pop(name, model) for name, model in zip("AB", it.models, strict=True))
    return replace(it, transmission=changed.pop("T", net), models=models, **changed)


def run(it: Case, scheme: Any = None, **settings: Any) -> MarketResult:
    return run_market(MarketStudy(case=it, scheme=scheme or DsoOffer(), flow="active", benchmark="joint", **settings))


def optimal(it: Case) -> MarketResult:
    """Cleared by offers at the ideal cost; every table can be made, and money closes."""
    result = run(it).require()
    assert abs(result.cost - result.ideal) <= ALIKE * max(1.0, abs(result.ideal))
    assert np.abs(surplus(result).left).max() <= ZERO_SUM
    assert len(awards(result)) == len(it.interfaces)
    return result


def bare(net: Network) -> Network:
    """Without resources."""
    return replace(net, generators=net.generators.take(net.generators.control == el.REFERENCE), cost_points=el.CostPoints.empty())


def offers_of(it: Case) -> list[Curves]:
    every = Offers(steps=10**9, floor=-1e6, ceiling=1e6, least_mw=0.0, step_mw=0.0, step_price=0.0)
    return [desk.offers(every) for desk, _ in seated(MarketStudy(case=it, scheme=DsoOffer(), flow="active")).fleets]


A, B = case("golden-3bus").models


# ── served ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_feeder_without_resources_takes_what_it_must() -> None:
    """A vertical curve: one point, no steps, an award all the same."""
    it = golden(A=bare(A))
    curves = offers_of(it)[0]
    assert (len(curves.mw), curves.start[0, 0, 0], curves.worth[0, 0, 0]) == (0, A.loads.p_mw.sum(), Worth.EXACT)
    result = optimal(it)
    assert result.bargain.z[0, 0, 0] == A.loads.p_mw.sum()
    assert np.ptp(result.feeders[0].prices.price) <= PRICED


def test_a_feeder_of_one_node_offers_its_merit_order() -> None:
    one = Network(
        name="one", buses=el.Buses.of({"name": ["root"], "nominal_kv": [12.66]}),
        generators=el.Generators.of({"name": ["source"], "bus": [0], "control": [el.REFERENCE]}),
        loads=el.Loads.of({"name": ["load"], "bus": [0], "p_mw": [3.0]}),
    )  # fmt: skip
    one = with_units(one, [("u", 0, [(1.0, 25.0), (1.0, 30.0)], 0.0), ("v", 0, [(2.0, 28.0)], 0.0)])
    curves = offers_of(golden(A=one))[0]
    assert curves.start[0, 0, 0] == 3.0
    assert np.abs(curves.mw - [1.0, 2.0, 1.0]).max() <= PLACE
    assert np.abs(curves.price - [25.0, 28.0, 30.0]).max() <= PRICED
    optimal(golden(A=one))


def test_two_companies_at_one_bus_see_one_price() -> None:
    it = golden()
    result = optimal(replace(it, interfaces=replace(it.interfaces, bus=np.array([2, 2]))))
    assert abs(np.diff(result.bargain.price[0, 0])[0]) <= PRICED


def test_negative_prices_are_prices() -> None:
    """Wind that pays for being taken: feeders take all they can and are paid for it."""
    it = golden(loads=(1.0, 1.0, 1.0))
    result = optimal(replace(it, transmission=with_units(it.transmission, [("wind", 2, [(60.0, -20.0)], 0.0)])))
    assert np.abs(result.bargain.price + 20.0).max() <= PRICED
    assert all(kept(books(result), name) >= -ZERO_SUM for name in it.companies)


def test_a_feeder_without_load_and_a_case_without_feeders() -> None:
    optimal(golden(A=replace(A, loads=el.Loads.empty())))
    alone = Case(name="alone", transmission=golden().transmission, interfaces=Interfaces.empty())
    result = run(alone, Ideal()).require()
    assert abs(result.cost - result.ideal) <= ALIKE * result.ideal
    assert len(awards(result)) == 0
    assert len(prices(result)) == len(alone.transmission.buses)


# ── cut short by rules ───────────────────────────────────────────────────────────────────────────────────────────────────────

CUT = {
    "a ceiling below a slope": DsoOffer(ceiling=30.0), "a ceiling below all": DsoOffer(ceiling=-5.0), "a floor above all": DsoOffer(floor=500.0),
    "too small a range": DsoOffer(least_mw=50.0), "round numbers": DsoOffer(step_mw=0.5, step_price=1.0), "few steps": DsoOffer(steps=1),
}  # fmt: skip


@pytest.mark.parametrize("name", CUT)
def test_offers_cut_short_cost_more_and_are_not_called_exact(name: str) -> None:
    result = run(golden(), CUT[name]).require()
    assert result.cost > result.ideal * (1 + ALIKE)
    rules = Offers(**{f: getattr(CUT[name], f) or (10**9 if f == "steps" else 0) for f in Offers.__slots__})
    told = [desk.offers(rules).worth[0, 0, 0] for desk, _ in result.seats.fleets]
    assert Worth.BOUND in told
    assert Worth.REFUSED not in told


def test_only_the_whole_truth_is_called_the_same() -> None:
    truth = Offer(np.array([0.0, 1.0, 3.0]), np.array([0.0, 20.0, 80.0]))
    assert same(shaped(truth, Rules(least_mw=0.0)), truth)
    assert not same(shaped(truth, Rules(ceiling=25.0)), truth)
    assert not same(shaped(truth, Rules(steps=1)), truth)
    small = shaped(truth, Rules(least_mw=3.5))
    assert small.x.tolist() == [1.0]  # of its points the nearest to the middle
    assert small.cost.tolist() == [20.0]
    assert not same(small, truth)


# ── not served ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scheme", [DsoOffer(), Ideal()], ids=["dso-offer", "ideal"])
def test_a_feeder_that_cannot_be_served_names_its_limit(scheme: Any) -> None:
    result = run(golden(B=bare(B)), scheme)
    assert result.outcome.end is End.REFUSED
    assert np.isnan(result.cost)
    assert np.isnan(result.ideal)
    (said,) = result.trouble
    assert "voltage at n2 of feeder 'B' in period 1 is 0.006525 pu² below" in said
    assert all(len(table(result)) == 0 for table in (awards, devices, prices, books, surplus))


@pytest.mark.parametrize("scheme", [DsoOffer(), Ideal()], ids=["dso-offer", "ideal"])
def test_load_beyond_everything_names_buses_and_stations(scheme: Any) -> None:
    (said,) = run(golden(loads=(500.0, 500.0, 500.0)), scheme).trouble
    assert "no clearing: cannot be served: balance at bus3 in period 1 is 580 MW below 500" in said
    assert "a step of G1 in period 1 ≤ 60" in said


def test_offers_that_rules_cut_too_short_to_be_carried() -> None:
    it = golden(loads=(0.1, 0.1, 0.1))
    net = it.transmission
    weak = replace(net, generators=replace(net.generators, live=np.array([True, False, False])), lines=replace(net.lines, rating_mva=np.full(3, 0.5)))
    result = run(replace(it, transmission=weak), DsoOffer(floor=500.0))
    assert result.ideal > 0
    (said,) = result.trouble
    assert said.endswith("cannot be carried, though with all they could do it can")


def test_offers_hour_by_hour_of_coupled_hours_say_that_storage_keeps_to_a_schedule() -> None:
    result = run(case("ieee118-2dso-storage"), hours=2).require()
    state = result.outcome.state
    assert state is not None
    assert (state.tier == Tier.SCHEDULED).all()
    assert result.gap >= -ALIKE


# ── refused with all faults at once ──────────────────────────────────────────────────────────────────────────────────────────


def refused(it: Case, scheme: Any = None, **settings: Any) -> list[str]:
    with pytest.raises(InvalidCase) as caught:
        run(it, scheme, **settings)
    return [f.code for f in caught.value.faults]


def test_all_faults_of_case_offers_and_settings_are_told_at_once() -> None:
    """A number that is none, a name twice, least above most, falling prices, and a day that begins before it."""
    g, points, name = A.generators, A.cost_points, A.generators.name
    bad = replace(
        A,
        generators=replace(g, p_low_mw=np.where(name == "A-DDG1", 9.0, g.p_low_mw), name=np.where(name == "A-PV3", "A-DDG1", name)),
        cost_points=replace(points, cost_per_h=np.where(np.arange(len(points)) == 1, 500.0, points.cost_per_h)),
        loads=replace(A.loads, p_mw=np.array([np.nan, 1.5, 1.0])),
    )
    assert sorted(refused(golden(A=bad), first=0, hours=-1)) == ["case-010", "case-017", "case-033", "case-091", "study-010", "study-010"]


def test_what_no_market_can_be_made_of() -> None:
    it, net = golden(), golden().transmission
    assert refused(case("golden-3bus"), hours=9) == ["case-097"]  # a missing hour
    assert refused(replace(it, transmission=replace(net, lines=net.lines.take(np.array([0]))))) == ["case-047"]  # an island
    loop = el.Lines.of({"name": ["tie"], "from_bus": [0], "to_bus": [3], "r_ohm": [1.0], "x_ohm": [1.0]})
    assert refused(golden(A=replace(A, lines=stacked(A.lines, loop)))) == ["case-060"]
    two_ports = {"model": np.array([0, 0]), "feeder": np.array(["A", "A"]), "company": np.array(["dso-a", "dso-a"]), "root": np.array([0, 3])}
    assert refused(replace(it, interfaces=replace(it.interfaces, **two_ports), models=(A,))) == ["study-022"]
    assert refused(Case(name="alone", transmission=net, interfaces=Interfaces.empty())) == ["case-058"]
    rows = replace(A.generators, bus=np.where(A.generators.name == "A-PV3", 99, A.generators.bus))
    assert refused(golden(A=replace(A, generators=rows))) == ["case-020"]


@pytest.mark.parametrize(
    "rules", [DsoOffer(steps=-1), DsoOffer(floor=50.0, ceiling=10.0), DsoOffer(ceiling=np.nan), DsoOffer(step_mw=-1.0), DsoOffer(least_mw=np.inf)]
)  # fmt: skip
def test_rules_that_mean_nothing(rules: DsoOffer) -> None:
    assert refused(golden(), rules) == ["study-012"]


# ── conservation ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_bid_is_accepted_rejected_or_reported() -> None:
    """Each unit in service, each feeder and each step has its row, and power balances to the last digit."""
    result = run(case("golden-3bus"))
    table, it = devices(result), result.study.case
    for hour in range(1, 5):
        for company, feeder, net in (("tso", "", it.transmission), ("dso-a", "A", A), ("dso-b", "B", B)):
            units = net.generators
            mine = units.name[units.live & ((company == "tso") | (units.control != el.REFERENCE))].tolist()
            here = table.name[(table.period == hour) & (table.company == company) & (table.feeder == feeder)].tolist()
            assert sorted(here) == sorted([*mine, *net.flexible.name.tolist()])
    told = awards(result)
    assert sorted(zip(told.period.tolist(), told.interface.tolist(), strict=True)) == [(h, i) for h in range(1, 5) for i in ("A", "B")]
    for plan in result.feeders:
        assert np.abs(plan.dispatch.p.sum(-1) + plan.dispatch.z).max() <= PLACE
        assert np.abs(plan.dispatch.z - result.bargain.z[0, :, plan.interface]).max() <= PLACE
    above = result.transmission.dispatch
    w = result.seats.wholesale
    made = np.bincount(w.orders.period, above.accepted, minlength=4)
    assert np.abs(made - w.owned.p_load.sum(-1) - result.bargain.z[0].sum(-1)).max() <= PLACE
    assert abs(table.cost.sum() - result.cost) <= CURVE_MONEY * result.cost
