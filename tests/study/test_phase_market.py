"""Three-phase feeders as distribution companies of a market, and their dispatch against the exact load flow of their phases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.cases.golden import golden
from gridtandem.cases.phase_case import PhaseCase, phase_case, tripled, with_devices
from gridtandem.errors import InvalidCase, UnknownName
from gridtandem.flow.phases import ReadyPhases
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid.phase_tree import phase_tree
from gridtandem.opf.offers import Asked
from gridtandem.opf.phase_feeder import PhaseMarket
from gridtandem.resources.part import Window
from gridtandem.schemes.cmo_cuts import CmoCuts
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market.books import surplus
from gridtandem.study.market.offer import loss_of_rules
from gridtandem.study.market.paid import devices
from gridtandem.study.market.phase_check import phase_checked, placed
from gridtandem.study.market.phase_study import PhaseStudy, seated_with
from gridtandem.study.market.run import run_market
from gridtandem.study.market.study import MarketStudy
from gridtandem.study.market.tables import prices
from tests.opf.feeders import battery, feeder
from tests.tolerances import ALIKE, BY_PLANES, CARRIED, CURVE_MONEY, IDENTITY, MONEY_CLOSES, SWEEP_IS_TWIN

LOW = 0.955


def small(*, low: float = LOW) -> PhaseMarket:
    """Seven buses, unbalanced loads, devices on one, two and three phases."""
    plain = feeder([0, 1, 2, 1, 4, 5], load=(0.5, 0.2), low=low, high=1.03)
    net = tripled(plain, mutual=0.35, shares=np.random.default_rng(1).dirichlet([5.0, 4.0, 3.0], 6))
    rows = [("n3.a", ("sun", 0, [(0.9, 0.0)], 0.1)), ("n6.b", ("gas", 0, [(0.5, 24.0), (0.5, 33.0)], 0.2)), ("n4", ("bio", 0, [(0.8, 29.0)], 0.2)),
            ("n2.a-c", ("store", 0, [(-0.3, 18.0), (0.3, 42.0)], 0.0))]  # fmt: skip
    return PhaseMarket.of(with_devices(net, rows))


@pytest.mark.parametrize(("scheme", "tol"), [(DsoOffer(), ALIKE), (CmoCuts(), BY_PLANES), (Ideal(), ALIKE)])
def test_a_market_with_a_three_phase_feeder_finds_the_ideal(scheme: object, tol: float) -> None:
    """Beside a balanced feeder, under schemes that know nothing of phases; one offer is enough, and what is paid adds up."""
    study = MarketStudy(case=golden(), scheme=scheme, flow="active")
    market = small()
    result = run_market(study, seats=seated_with(study, {"B": market})).require()
    assert abs(result.gap) <= tol
    told = prices(result)
    mine = told.take(told.feeder == "B")
    assert len(mine) == 4 * (len(market.form.spots) + 1)
    assert np.ptp(mine.price_per_mwh[mine.period == 4]) > 1.0
    split = mine.energy_per_mwh + mine.congestion_per_mwh + mine.voltage_per_mwh
    assert mine.price_per_mwh == pytest.approx(split, abs=MONEY_CLOSES)
    if isinstance(scheme, DsoOffer):
        assert surplus(result).left == pytest.approx(0.0, abs=ALIKE * abs(result.cost))
        table = devices(result)
        assert set(table.bus[table.feeder == "B"].tolist()) == {"n3.a", "n6.b", "n4.abc", "n2.a-c"}


def test_only_interfaces_of_the_case_take_a_feeder() -> None:
    study = MarketStudy(case=golden(), scheme=DsoOffer(), flow="active")
    with pytest.raises(UnknownName, match="no interface named 'C'"):
        seated_with(study, {"C": small()})


def test_the_check_is_the_sweep_of_the_placed_dispatch() -> None:
    market = small()
    problem = market.problem(Window())
    asked = Asked.of(problem)
    answer = asked.at_price(30.0).require()
    state = problem.state(answer)
    row = phase_checked(market, problem, answer.x, state)
    tree = phase_tree(placed(market, problem, answer.x, 0))
    swept = ReadyPhases.of([tree]).sweep(np.array([abs(tree.source[0])]), np.ones(1), slope=False)
    source = float(swept.s.real.sum()) * 100 / 3
    assert row.export_exact_mw[0] == pytest.approx(-source, abs=ALIKE)
    assert row.loss_mw[0] == pytest.approx(source - float(state.z[0]), abs=ALIKE)  # no shunts: what the model leaves out is losses
    spot = {s.name(tree.network): k for k, s in enumerate(market.form.spots, 1)}
    v = {name: abs(swept.v[tree.node[s.bus], s.terminals[0] - 1]) for name, s in zip(spot, market.form.spots, strict=True) if len(s.coils) == 1
         and s.connection == 0}  # fmt: skip
    error = np.array([state.v[0, spot[name]] - there for name, there in v.items()])
    assert row.too_high_pu[0] >= error.max() - SWEEP_IS_TWIN
    assert row.v_low_pu[0] == pytest.approx(min(v.values()), abs=IDENTITY)
    low = sum(there < LOW * (1 - 1e-6) for name, there in v.items() if not name.startswith("n0"))
    high = sum(there > 1.03 * (1 + 1e-6) for name, there in v.items() if not name.startswith("n0"))
    assert row.limits_broken[0] == low + high


def test_a_dispatch_without_load_flow_has_no_numbers() -> None:
    net = small(low=0.0).feeder
    heavy = replace(net.network, loads=replace(net.network.loads, p_mw=40 * net.network.loads.p_mw))
    market = PhaseMarket.of(replace(net, network=heavy))
    problem = market.problem(Window())
    answer = Asked.of(problem).at_price(30.0).require()
    row = phase_checked(market, problem, answer.x, problem.state(answer))
    assert row.solved[0] == 0
    assert np.isnan(row.loss_mw[0])


def test_a_day_with_storage_keeps_its_energy_and_is_checked_hour_by_hour() -> None:
    """Profiles, a battery between two phases and demand that gives way: every table of balanced feeders serves at spots."""
    base = small().feeder
    buses = el.Buses.of({"name": [*base.devices.buses.name, "n5.b-c"], "nominal_kv": [12.66] * 5})
    day = [0.6, 0.8, 1.0, 0.7]
    more = replace(
        base.devices, buses=buses, storages=battery(4, 0.3, 0.6),
        loads=el.Loads.of({"name": ["shop"], "bus": [0], "p_mw": [0.05], "q_mvar": [0.03]}),
        flexible=dv.Flexible.of({"name": ["gives"], "bus": [1], "p_high_mw": [0.1], "price_per_mwh": [70.0]}),
        profiles=dv.Profiles.of({"profile": ["day"] * 4, "period": [1, 2, 3, 4], "factor": day}),
        follows=dv.Follows.of({"what": [0], "profile": ["day"]}),
    )  # fmt: skip
    phases = PhaseStudy.of(PhaseCase(name="small", feeder=replace(base, devices=more)), DsoOffer()).over(1, 4)
    desk = phases.desk()
    price = np.array([15.0, 30.0, 60.0, 25.0])
    _, answer = desk.plan(0, np.full(4, 2.0), price)
    x = answer.require().x
    inside = 0.3 + np.cumsum(0.95 * x["charge"] - x["discharge"] / 0.95, axis=0)
    assert inside == pytest.approx(x["energy"], abs=CARRIED)
    assert x["charge"][0, 0] > 0 < x["discharge"][2, 0]
    problem = desk.whole[0]
    checks = phase_checked(phases.market, problem, x, problem.state(answer))
    assert checks.period.tolist() == [1, 2, 3, 4]
    load, state = phases.market.feeder.network.loads.p_mw.sum() + 0.05, problem.state(answer)
    for t in range(4):  # what is placed is what was decided
        there = placed(phases.market, problem, x, t)
        for power, told in (("p_mw", state.p), ("q_mvar", state.q)):
            drawn = getattr(there.loads, power).sum() - getattr(there.generators, power).sum()
            assert drawn == pytest.approx(-told[t].sum(), abs=CARRIED)
    assert problem.owned.p_load.sum(1) == pytest.approx(load * np.array(day), rel=IDENTITY)
    assert checks.solved.all()


def test_the_front_door_gives_what_the_command_gives() -> None:
    found = gt.offer("feeder33x3", margin_pu=0.003)
    assert repr(found).startswith("Offer of feeder33x3: ")
    assert found.checks is not None
    assert not found.checks.limits_broken.any()
    assert loss_of_rules(found)[0] <= CURVE_MONEY  # offers are walked, the true curve is searched
    case = phase_case("feeder33x3")
    again = gt.offer(replace(case, bus="elsewhere"), margin_pu=0.003)
    assert again.steps.price_per_mwh.tolist() == found.steps.price_per_mwh.tolist()
    assert len(gt.offer("golden-3bus", dso="A", flow="active").steps) == 6
    with pytest.raises(InvalidCase, match="margin is for three-phase feeders"):
        gt.offer(golden(), dso="A", margin_pu=0.1)
