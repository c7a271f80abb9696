"""Plays carried out: the toy to the euro, laws of ways, and the ledger."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.architecture.catalogue import architecture, published
from gridtandem.architecture.graph import COORD, INFO
from gridtandem.architecture.observed.compare import declared_against_observed
from gridtandem.architecture.observed.ledger import observed
from gridtandem.architecture.simulation.acting import acted
from gridtandem.architecture.simulation.clearing import cleared_bulk, shown_of
from gridtandem.architecture.simulation.conduct import Choices, Planned, conducted
from gridtandem.architecture.simulation.derived import derived
from gridtandem.architecture.simulation.fleet import Fleet
from gridtandem.architecture.simulation.ledger import Ledger
from gridtandem.architecture.simulation.play import Play, Reached, Way
from gridtandem.architecture.simulation.run import One, judge_of, simulated
from gridtandem.architecture.simulation.scenarios import SCENARIOS, Setting, scene_of
from gridtandem.architecture.simulation.scene import Scene
from gridtandem.cases.market_parts import with_units
from gridtandem.errors import InvalidCase
from gridtandem.grid.network import Network
from tests.tolerances import DAY_COST, TOY

TSO, DO, DER = 0, 1, 3  # nodes of R1


@cache
def toy() -> Scene:
    return scene_of(Setting(case=gt.case("toy-two-feeders"), flow="active"), "nominal")


@cache
def day(scenario: str, hours: int = 24) -> Scene:
    return scene_of(Setting(case=gt.case("four-feeders"), hours=hours), scenario)


def play(way: Way) -> Play:
    """One class that goes this way; the distribution operator can reach it."""
    reached = Reached(DER, 1.0, way, bulk=((TSO, DER),), network=((DO, DER),))
    return Play(architecture("R1"), "M0", TSO, (DO,), (reached,), None, ())


def planned(way: Way, scene: Scene, choices: Choices | None = None) -> Planned:
    return conducted(Fleet.of(play(way), scene.actual), scene, choices or Choices())


def units(found: Planned, scene: Scene) -> dict[str, float]:
    return {n: float(p) for f, y in zip(scene.actual.feeders, found.y, strict=True) for n, p in zip(f.steps.name, f.steps.by_unit(y)[0], strict=True)}


@pytest.mark.parametrize(
    ("way", "cost", "broken", "dispatch"),
    [
        (Way.BLIND, 1678.0, 11.0, {"a": 10, "e": 6, "b": 0, "c": 2, "d": 0}),
        (Way.SEEN, 1725.0, 0.0, {"a": 9, "e": 0, "b": 0, "c": 6, "d": 3}),
        (Way.JOINT, 1725.0, 0.0, {"a": 9, "e": 0, "b": 0, "c": 6, "d": 3}),
        (Way.CURVE, 1725.0, 0.0, {"a": 9, "e": 0, "b": 0, "c": 6, "d": 3}),
        (Way.FILTERED, 1725.0, 0.0, {"a": 9, "e": 0, "b": 0, "c": 6, "d": 3}),
        (Way.REST, 1725.0, 0.0, {"a": 9, "e": 0, "b": 0, "c": 6, "d": 3}),
        (Way.LEFTOVER, 1686.0, 3.0, {"a": 10, "e": 2, "b": 0, "c": 6, "d": 0}),
        (Way.BOXED, 1738.5, 0.0, {"a": 4.5, "e": 4.5, "b": 0, "c": 6, "d": 3}),
    ],
)
def test_toy(way: Way, cost: float, broken: float, dispatch: dict[str, float]) -> None:
    found = planned(way, toy())
    assert found.paper == pytest.approx(cost, abs=TOY)
    assert toy().actual.beyond(found.y).sum() == pytest.approx(broken, abs=TOY)
    assert units(found, toy()) == pytest.approx(dispatch, abs=TOY)


def test_toy_both_buy_at_once() -> None:
    """5 MW are sold twice, for 135 EUR, and 7 MW are too much."""
    found, scene = planned(Way.TWICE, toy()), toy()
    assert sum(d.sum() for d in found.double) == pytest.approx(5, abs=TOY)
    assert sum((d * a).sum() for d, a in zip(found.double, scene.asked, strict=True)) == pytest.approx(135, abs=TOY)
    assert scene.actual.beyond(found.y).sum() == pytest.approx(7, abs=TOY)


@pytest.mark.parametrize(("price", "cost"), [(0.0, 1995.0), (20.0, 1995.0), (32.0, 1785.0), (39.99, 1785.0), (40.01, 1905.0), (60.0, 2005.0)])
def test_toy_exchange_price(price: float, cost: float) -> None:
    assert planned(Way.LOCAL, toy(), Choices(price=price)).paper == pytest.approx(cost, abs=TOY)


def test_toy_after_red() -> None:
    """Blind, then the distribution operator: a and e cut to 9, c raised to 6, 3 MW more of GB."""
    fleet, scene = Fleet.of(play(Way.BLIND), toy().actual), toy()
    done = acted(fleet, scene, conducted(fleet, scene, Choices()))
    cost = done.bulk.cost + scene.actual.constant + scene.actual.cost(done.after)
    assert cost == pytest.approx(1785, abs=TOY)
    assert done.red == pytest.approx(11, abs=TOY)


def test_one_shot_offer_is_the_common_market() -> None:
    """Curves that are shared out cost what one market that sees everything costs, in the engine and in the market study itself."""
    scene = day("nominal")
    common, layered = planned(Way.JOINT, scene), planned(Way.CURVE, scene)
    assert layered.paper == pytest.approx(common.paper, rel=DAY_COST)
    study = gt.run(scene.actual.study.case, scheme="dso-offer")
    assert layered.paper == pytest.approx(study.result.cost, rel=DAY_COST)


def test_who_sees_nothing_breaks_limits_and_envelopes_never_do() -> None:
    for scenario in ("nominal", "stale-model", "lost-link", "strategic", "reconfigured"):
        scene = day(scenario)
        assert scene.actual.beyond(planned(Way.BLIND, scene).y).sum() > 1.0, scenario
        for rule in ("equal", "auctioned"):
            boxed = planned(Way.BOXED, scene, Choices(envelope=rule))
            assert scene.actual.beyond(boxed.y).max() <= TOY, (scenario, rule)


def test_any_point_of_the_envelopes_keeps_limits() -> None:
    scene, draws = day("nominal"), np.random.default_rng(3)
    found = planned(Way.BOXED, scene)
    for _ in range(50):
        y = tuple(low + draws.integers(0, 2, low.shape) * (high - low) for low, high in found.boxes)
        assert scene.actual.beyond(y).max() <= TOY


def test_order_of_costs() -> None:
    """Common market = layered ≤ filtered ≤ envelopes, and repair of a blind market costs more than the common one where distribution binds."""
    scene = day("nominal")
    paper = {way: planned(way, scene).paper for way in (Way.JOINT, Way.CURVE, Way.REST, Way.FILTERED, Way.BOXED)}
    assert paper[Way.JOINT] <= paper[Way.REST] * (1 + DAY_COST)
    assert paper[Way.REST] <= paper[Way.BOXED]
    fleet = Fleet.of(play(Way.BLIND), scene.actual)
    done = acted(fleet, scene, conducted(fleet, scene, Choices()))
    after = done.bulk.cost + scene.actual.constant + scene.actual.cost(done.after)
    assert after > paper[Way.JOINT] * (1 + DAY_COST)


def unlimited(net: Network) -> Network:
    """The same feeder without limits."""
    free = [np.full(len(t), np.inf) for t in (net.lines, net.transformers, net.buses)]
    return replace(
        net, lines=replace(net.lines, rating_mva=free[0]), transformers=replace(net.transformers, rating_mva=free[1]),
        buses=replace(net.buses, v_low_pu=np.zeros(len(net.buses)), v_high_pu=free[2]),
    )  # fmt: skip


def test_blind_is_ideal_where_no_limit_binds() -> None:
    """Without limits of distribution nothing is lost by not seeing them."""
    case = gt.case("four-feeders")
    loose = tuple(unlimited(m) for m in case.models)
    scene = scene_of(Setting(case=replace(case, models=loose), hours=4), "nominal")
    assert planned(Way.BLIND, scene).paper == pytest.approx(scene.ideal, rel=DAY_COST)


@cache
def one(name: str, scenario: str) -> One:
    scene = day(scenario)
    return simulated(derived(architecture(name)), scene, judge_of(scene))


@pytest.mark.parametrize("graph", published(), ids=lambda g: g.id)
def test_every_published_architecture_runs(graph: object) -> None:
    scene = toy()
    found = simulated(derived(graph), scene, judge_of(scene))  # type: ignore[arg-type]
    assert found.result.cost[0] >= scene.ideal - TOY
    assert found.result.linear_after_mwh[0] <= TOY
    assert found.before.solved.all()
    assert found.after.solved.all()
    assert found.result.messages[0] > 0


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_runs(scenario: str) -> None:
    scene = scene_of(Setting(case=gt.case("four-feeders"), hours=2, first=12), scenario)
    for name in ("R1", "R3", "AU5"):
        found = simulated(derived(architecture(name)), scene, judge_of(scene))
        assert np.isfinite(found.result.cost[0])
        assert found.result.cost[0] >= scene.ideal * (1 - DAY_COST)


def test_same_input_same_bits() -> None:
    again = simulated(derived(architecture("NY1")), day("slow-aggregator"), judge_of(day("slow-aggregator")))
    for name in again.result.columns():
        a, b = getattr(again.result, name), getattr(one("NY1", "slow-aggregator").result, name)
        assert a.tobytes() == b.tobytes(), name


def test_models_that_are_late_break_limits_only_where_they_are_used() -> None:
    assert one("R1", "stale-model").result.linear_before_mwh[0] > one("R1", "nominal").result.linear_before_mwh[0] + TOY
    assert one("R3", "stale-model").result.linear_before_mwh[0] <= TOY


def test_a_limit_that_the_device_keeps_holds_an_intruder() -> None:
    """AU4 tells the envelope to the aggregator, who is the intruder; AU5 to the DER."""
    assert one("AU4", "compromised").result.linear_before_mwh[0] > 1.0
    assert one("AU5", "compromised").result.linear_before_mwh[0] <= TOY


def test_nothing_travels_without_an_edge() -> None:
    for name in ("R1", "AU5", "CA1", "UK3", "PT1"):
        found = one(name, "nominal")
        e = found.play.graph.edges
        edges = set(zip(e.from_node.tolist(), e.to_node.tolist(), e.what.tolist(), strict=True))
        both = {(a, b) for a, b, kind in edges if kind == COORD} | {(b, a) for a, b, kind in edges if kind == COORD}
        for (a, b, kind, _), line in found.ledger.lines.items():
            declared = (a, b, kind) in edges or ((a, b) in both and kind in (COORD, INFO))
            assert declared or not line.declared, (name, a, b, kind)
    ledger = Ledger(architecture("R3"), one("R3", "nominal").ledger.fleet)
    with pytest.raises(AssertionError, match="no edge"):
        ledger.between(0, 3, INFO, "der_state", np.zeros(1), messages=1)


def test_more_parts_mean_more_messages_only_where_somebody_hears_each() -> None:
    few, many = (scene_of(Setting(case=gt.case("four-feeders"), hours=1, first=12), s) for s in ("nominal", "der-x10"))
    fan = {n: [simulated(derived(architecture(n)), s, judge_of(s)).result.fan_in[0] for s in (few, many)] for n in ("R1", "NY1")}
    assert all(b > 5 * a for a, b in fan.values())


def test_cases_that_cannot_be_simulated_are_refused_at_once() -> None:
    with pytest.raises(InvalidCase) as refused:
        Setting(case=gt.case("ieee118-2dso-storage")).day()
    assert {f.code for f in refused.value.faults} == {"arch-105"}
    with pytest.raises(InvalidCase, match="arch-102"):
        Setting(case=gt.case("market-A")).day()
    with pytest.raises(InvalidCase, match="arch-104"):
        Setting(case=gt.case("rts24-market")).day()


def test_the_ideal_is_one_market_that_sees_everything() -> None:
    scene = day("nominal")
    found = cleared_bulk(scene.actual, shown_of(scene.actual, limits=True))
    assert found.cost + scene.actual.constant + scene.actual.cost(found.y) == pytest.approx(scene.ideal, rel=DAY_COST)
    study = gt.run(scene.actual.study.case, scheme="ideal")
    assert study.result.cost == pytest.approx(scene.ideal, rel=DAY_COST)


def test_an_architecture_is_observed_as_it_is_stated_where_all_of_it_is_used() -> None:
    """From the ledger back to the graph; what stays unused is told, and so are switches that nobody declared."""
    for name in ("R3", "SND", "AU5", "NY1"):
        found = one(name, "nominal")
        compared = declared_against_observed(found.play.graph, observed(found.play.graph, found.links))
        assert not compared.unused, name
        assert not compared.undeclared, name
        assert compared.as_observed.levels() == compared.as_declared.levels(), name
    blind = one("AU0", "nominal")
    compared = declared_against_observed(blind.play.graph, observed(blind.play.graph, blind.links))
    assert any(said.startswith("ctl DNSP") for said in compared.undeclared)


def test_amber_saves_red() -> None:
    """With amber less is commanded than with green and red alone, on the same day, and what it bought is told upwards."""
    scene = day("nominal")
    graph = architecture("EU0")
    two, three = (simulated(derived(graph), scene, judge_of(scene), choices) for choices in (Choices(lights="two"), Choices(lights="three")))
    red, amber = two.result, three.result
    assert amber.red_mwh[0] <= TOY < 1.0 < red.red_mwh[0]
    assert amber.cost[0] < red.cost[0]
    assert amber.imbalance_mwh[0] <= TOY < red.imbalance_mwh[0]
    assert sum(lit.measures.amber_mwh for lit in three.lights) > 1.0


def test_lights_stay_green_and_change_nothing_without_limits() -> None:
    case = gt.case("four-feeders")
    scene = scene_of(Setting(case=replace(case, models=tuple(unlimited(m) for m in case.models)), hours=4), "nominal")
    plain, lit = (simulated(derived(architecture("EU0")), scene, judge_of(scene), choices) for choices in (Choices(), Choices(lights="three")))
    assert all((each.colour == 0).all() for each in lit.lights)
    for a, b in zip(plain.planned.y, lit.planned.y, strict=True):
        assert np.abs(a - b).max() <= TOY


def test_payments_sum_to_nothing() -> None:
    for name, scenario in (
        ("R1", "nominal"),
        ("NY1", "nominal"),
        ("R3", "nominal"),
        ("AU0", "nominal"),
        ("CA1", "stale-model"),
        ("AU4", "forecast-error"),
    ):
        paid = one(name, scenario).payments
        assert abs(paid.total.sum()) <= DAY_COST * np.abs(paid.total).sum(), name
        assert paid.total == pytest.approx(paid.energy + paid.purchases + paid.red + paid.double)


def test_payments_of_the_toy() -> None:
    """Both buy at once: 135 EUR are paid a second time, by distribution; in the common market nobody pays beyond the price of 40."""
    scene = toy()
    twice = simulated(play(Way.TWICE), scene, judge_of(scene)).payments
    said = dict(zip(twice.actor.tolist(), twice.double.tolist(), strict=True))
    assert said["DER"] == pytest.approx(135, abs=TOY)
    assert said["distribution operators"] == pytest.approx(-135, abs=TOY)
    common = simulated(play(Way.JOINT), scene, judge_of(scene)).payments
    assert not common.purchases.any()
    assert dict(zip(common.actor.tolist(), common.total.tolist(), strict=True))["customers"] == pytest.approx(-28 * 40, abs=TOY)


def test_amber_is_paid_by_who_lights_it() -> None:
    scene = day("nominal")
    found = simulated(derived(architecture("EU0")), scene, judge_of(scene), Choices(lights="three"))
    paid = dict(zip(found.payments.actor.tolist(), found.payments.purchases.tolist(), strict=True))
    assert paid["distribution operators"] < -1.0
    assert paid["DER"] == pytest.approx(-paid["distribution operators"])


def battery(price: float) -> Scene:
    """The toy with a unit that may take 4 MW at a price, and give none."""
    case = gt.case("toy-two-feeders")
    first, second = case.models
    charged = with_units(second, [("bat", 2, [(-4.0, price)], 0.0)])
    return scene_of(Setting(case=replace(case, models=(first, charged)), flow="active"), "nominal")


def test_a_battery_that_nobody_asks_rests() -> None:
    scene = battery(40.0)
    (feeder,) = (f for f in scene.actual.feeders if "bat" in f.steps.name)
    unit = feeder.steps.name.tolist().index("bat")
    assert feeder.steps.by_unit(feeder.steps.idle)[0, unit] + feeder.steps.base[unit] == pytest.approx(0, abs=TOY)
    assert scene.actual.draw(scene.actual.idle)[0] == pytest.approx([14, 14], abs=TOY)
    assert planned(Way.BOXED, scene).paper == pytest.approx(1738.5, abs=TOY)
    assert planned(Way.CURVE, scene).paper == pytest.approx(1725, abs=TOY)


def test_red_switches_a_battery_off_before_it_cuts_load() -> None:
    """A battery that pays 100 EUR/MWh charges with 4 MW where nobody sees the line; opening its switch is enough."""
    scene = battery(100.0)
    found = simulated(derived(architecture("CA0")), scene, judge_of(scene))
    assert found.result.unserved_mwh[0] <= TOY
    assert found.result.cost[0] == pytest.approx(1785, abs=TOY)
    charged = [f.steps.by_unit(y)[0] + f.steps.base for f, y in zip(scene.actual.feeders, found.acted.after, strict=True)]
    assert charged[1][scene.actual.feeders[1].steps.name.tolist().index("bat")] == pytest.approx(0, abs=TOY)


def test_every_unit_bids_once_where_a_platform_clears() -> None:
    found = one("UK5", "nominal").links
    rows = (found.sender == "DER") & (found.item == "bid")
    assert found.messages[rows].sum() == len(one("UK5", "nominal").ledger.fleet.node) * 24
