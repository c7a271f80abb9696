"""The RTS as a market: published numbers as they stand, options that do what they say, and a market whose prices and rents agree with each other."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gridtandem.cases.folder.read import read_case
from gridtandem.cases.library import network
from gridtandem.cases.market_parts import HOURS, limited
from gridtandem.cases.named import case
from gridtandem.cases.rts24 import BRANCHES, FARM_MW, FARMS, LOAD_MW, SHARES, STATIONS, Lines, Rts24
from gridtandem.cases.rts24_disco import AGGREGATORS, Rts24Disco, feeder_with_aggregators, plain_market
from gridtandem.errors import InvalidCase, UnknownName
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid.nodal import Nodal
from gridtandem.grid.susceptance import susceptance
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market.check import checked
from gridtandem.study.market.run import MarketResult, TransmissionPlan, run_market
from gridtandem.study.market.study import MarketStudy
from tests.tolerances import ALIKE, PLACE, PRICED, ROUNDED, WIDE_LINEAR_MODEL


def ran(market: Rts24, first: int = 1, hours: int = 0) -> tuple[MarketResult, TransmissionPlan]:
    done = run_market(MarketStudy(case=plain_market("rts24", market), scheme=Ideal(), first=first, hours=hours)).require()
    assert done.transmission is not None
    return done, done.transmission


def test_the_data_add_up_as_published() -> None:
    net = Rts24(blocks=1, lines="nominal").network()
    assert sum(s[1] for s in STATIONS) == 3375.0
    assert abs(sum(SHARES.values()) - 100.0) <= ROUNDED
    load = net.factors("loads", HOURS) @ net.loads.p_mw
    assert np.abs(load - np.array(LOAD_MW)).max() <= ROUNDED * max(LOAD_MW)
    assert len(net.lines) + len(net.transformers) == len(BRANCHES) == 34


def test_a_dc_network_reads_the_published_reactances() -> None:
    """Ratios of transformers are for AC alone."""
    nodal = Nodal.of(Rts24().network())
    br = nodal.branches
    names = [(nodal.network.lines, nodal.network.transformers)[k].name[row] for k, row in zip(br.kind.tolist(), br.row.tolist(), strict=True)]
    told = np.array([BRANCHES[name][0] for name in names])
    assert np.abs(susceptance(nodal) * told - 1.0).max() <= ROUNDED


@pytest.mark.parametrize("lines", ["nominal", "reduced"])
def test_rents_are_what_load_pays_beyond_stations(lines: Lines) -> None:
    """Also: the price at a node is what one more MW there costs."""
    done, above = ran(Rts24(lines=lines))
    w = done.seats.wholesale
    net = w.fixed + np.asarray(w.orders.at_nodes(HOURS, w.nodal.nodes) @ above.dispatch.accepted).reshape(HOURS, -1)
    paid = float(-(above.price * net).sum())
    limits, shadow = w.form.rows["flow"], above.flow_price
    rent = -float(np.where(shadow < 0, shadow * limits.high, shadow * limits.low)[shadow != 0].sum())
    assert abs(paid - rent) <= ALIKE * done.cost
    assert rent > 1.0 if lines == "reduced" else abs(rent) <= ALIKE * done.cost


def test_three_blocks_around_the_price_cost_less_and_make_more_prices() -> None:
    (one, p1), (three, p3) = (ran(Rts24(blocks=b, lines="none")) for b in (1, 3))
    assert len(np.unique(np.round(p3.price, 6))) > len(np.unique(np.round(p1.price, 6)))
    assert three.cost < one.cost


def test_wind_lowers_the_cost_by_no_more_than_the_dearest_station() -> None:
    (calm, _), (windy, above) = (ran(Rts24(wind=w)) for w in (False, True))
    dearest = max(s[4] for s in STATIONS) * 1.15
    assert calm.cost - dearest * FARM_MW * len(FARMS) * HOURS < windy.cost < calm.cost
    assert np.isfinite(above.price).all()


def test_ramps_bind_and_cost() -> None:
    """From hour 6 to 7 load rises by 371 MW."""
    (free, _), (bound, above) = (ran(Rts24(blocks=1, lines="nominal", ramps=r)) for r in (False, True))
    assert bound.seats.wholesale.owned.coupled
    assert not free.seats.wholesale.owned.coupled
    price = np.abs(above.dispatch.answer.price["ramp"]).max(1)
    assert np.flatnonzero(price > PRICED).tolist() == [5]
    assert bound.cost > free.cost + ALIKE * free.cost


def test_demand_that_buys_leaves_when_it_is_dear() -> None:
    done, above = ran(Rts24(blocks=1, elastic=0.3))
    orders, accepted = done.seats.wholesale.orders, above.dispatch.accepted
    buys = orders.low < 0
    served, most, gain = -accepted[buys], -orders.low[buys], (orders.price - above.price[orders.period, orders.node])[buys]
    assert np.abs(served - most)[gain > PRICED].max() <= PLACE
    assert np.abs(served[gain < -PRICED]).max() <= PLACE


@pytest.mark.parametrize("name", ["rts24-disco33", "rts24-disco33-nominal", "rts24-disco51"])
def test_a_day_of_the_company_is_a_load_flow(name: str) -> None:
    """The company buys, its units run part of the time, and the linear model of its feeders is close to AC."""
    done = run_market(MarketStudy(case=case(name), scheme=Ideal())).require()
    checks, broken = checked(done)
    assert checks.solved.all()
    assert checks.voltage_error_pu.max() <= WIDE_LINEAR_MODEL
    assert (np.char.find(broken.name.astype(str), "/") < 0).all()  # limits of transmission alone, which DC tells of nothing but flows
    assert (done.ideal_z * done.ideal_price).sum() > 0
    made = done.feeders[0].problem.owned.steps.power(done.feeders[0].decisions["x"], len(done.feeders[0].problem.network.generators))
    assert (made.max(0) > 0).all()


def test_a_passive_company_can_be_served() -> None:
    """Nothing in the feeders is needed to keep them within their limits, so what they need not do is worth nothing."""
    whole = Rts24Disco().case("rts24")
    net = whole.models[0]
    bare = replace(
        net, generators=net.generators.take(net.generators.control == el.REFERENCE), cost_points=el.CostPoints.empty(),
        storages=dv.Storages.empty(), flexible=dv.Flexible.empty(), follows=net.follows.take(net.follows.what == dv.FOLLOWERS.index("loads")),
    )  # fmt: skip
    done = run_market(MarketStudy(case=replace(whole, models=(bare,)), scheme=Ideal())).require()
    load = net.factors("loads", HOURS).mean(1) * net.loads.p_mw.sum() * int(whole.interfaces.count[0])
    assert np.abs(done.ideal_z[:, 0] - load).max() <= PLACE


def test_what_the_bus_cannot_hold_is_refused_by_number() -> None:
    with pytest.raises(InvalidCase, match=r"are 49 in place of 180.2 MW at bus 14, each 3.715 MW; give a whole number from 1 to 48 \(case-156\)"):
        Rts24Disco(feeders=49).case("x")
    with pytest.raises(InvalidCase, match="name a bus with more load"):
        Rts24Disco(bus="11").case("x")
    with pytest.raises(UnknownName, match="no bus of 'rts24-market' named '25'"):
        Rts24Disco(bus="25").case("x")
    with pytest.raises(UnknownName, match="feeder with aggregators"):
        Rts24Disco(feeder="case85").case("x")
    with pytest.raises(UnknownName, match="kind of line capacities"):
        Rts24(lines="low").network()  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match="number of blocks"):
        Rts24(blocks=2).network()


@pytest.mark.parametrize("scheme", [Ideal(), DsoOffer()])
def test_a_substation_too_small_for_its_load_is_named(scheme: object) -> None:
    """With all they have, feeders of 3.7 MW stay above 1.5 MVA in the evening."""
    whole = case("rts24-disco33")
    small = replace(whole, models=(limited(whole.models[0], {"regulator": 1.5}),))
    done = run_market(MarketStudy(case=small, scheme=scheme))
    assert not done.outcome.agreed
    assert "flow on regulator of feeder 'case33bw' in period 19 is" in done.trouble[0]
    assert "MVA above its limit" in done.trouble[0]
    assert "reactive power of 'DG-33'" in done.trouble[0]


def test_numbers_of_feeders_change_nothing_but_their_share() -> None:
    few, many = (Rts24Disco(feeders=n).case("x") for n in (1, 40))
    assert few.models[0].digest() == many.models[0].digest()
    total = [float(c.transmission.loads.p_mw.sum()) + n * float(c.models[0].loads.p_mw.sum()) for c, n in ((few, 1), (many, 40))]
    assert abs(total[0] - total[1]) <= ROUNDED * total[0]


def test_a_feeder_of_your_own_stands_in_place_of_ours() -> None:
    """Read from tables, it is taken as it is; without forecasts it follows the system."""
    mine = network("case69")
    whole = Rts24Disco(feeder=mine, feeders=10).case("mine").check()
    (model,) = whole.models
    assert model.name == "case69"
    assert model.periods == HOURS
    assert model.loads.p_mw.sum() == mine.loads.p_mw.sum()
    assert "as given" in whole.notes[-1]
    done = run_market(MarketStudy(case=whole, scheme=Ideal(), hours=2)).require()
    assert np.abs(done.ideal_z[:, 0] - 10 * mine.loads.p_mw.sum() * np.array(LOAD_MW[:2]) / max(LOAD_MW)).max() <= PLACE
    own = Rts24Disco(feeder=feeder_with_aggregators("case33bw"), feeders=2).case("twice")
    assert own.models[0].periods == HOURS


def test_the_page_does_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/bring-your-own-case.md").read_text(encoding="utf-8")
    (block,) = (found for found in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "Rts24Disco" in found)
    monkeypatch.chdir(tmp_path)
    exec(block, {})  # the page is ours
    assert read_case(tmp_path / "my-rts").size() == (24, 690)


@pytest.mark.parametrize("name", AGGREGATORS)
def test_every_kind_of_aggregator_is_there(name: str) -> None:
    net = feeder_with_aggregators(name)
    words = {str(n).partition("-")[0] for table in (net.generators, net.storages, net.flexible) for n in table.name.tolist()}
    assert {"DG", "PV", "wind", "DR", "shift", "battery"} <= words
    assert np.isfinite(net.lines.rating_mva[net.lines.closed]).all()


@pytest.mark.parametrize("feeders", [2.5, 0, "2"])
def test_feeders_are_counted_by_whole_numbers(feeders: object) -> None:
    """2.5 would leave out the load of 2.5 and put 2 in their place."""
    with pytest.raises(InvalidCase, match="case-156"):
        Rts24Disco(feeders=feeders).case("x")  # type: ignore[arg-type]


@pytest.mark.parametrize("elastic", [-1.0, 1.5, np.nan])
def test_a_share_of_load_lies_between_none_and_all(elastic: float) -> None:
    with pytest.raises(InvalidCase, match="case-157"):
        Rts24(elastic=elastic).network()
