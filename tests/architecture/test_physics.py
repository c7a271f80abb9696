"""The AC judge of a dispatched day: beside load flows of the joined grid by name, beside the check of markets, and where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from time import process_time

import numpy as np
import pytest

from gridtandem.architecture.simulation.day import Day
from gridtandem.architecture.simulation.physics import Area, Judge, Powers, Tolerances
from gridtandem.cases.golden import golden
from gridtandem.cases.join import bundle, each_its_own, joined
from gridtandem.cases.named import case
from gridtandem.flow.results import FlowResults, load_flow
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.parties.wholesale import spread
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market.check import checked
from gridtandem.study.market.run import run_market
from gridtandem.study.market.study import MarketStudy
from gridtandem.study.market.tables import devices_of
from gridtandem.tables import Real, stacked
from tests.tolerances import HIDDEN_SHARE, JUDGED_DAY_MS, JUDGED_LOSS_MW, JUDGED_POWER, JUDGED_VOLTAGE

STRICT = Tolerances(rating=1e-6, voltage_pu=1e-6)
SEVERE = 1.6  # times the forecast load: breaks ratings and voltages


@cache
def study() -> MarketStudy:
    c = golden()  # with reactive schedules, which units that may choose do not keep
    nets = [replace(n, generators=replace(n.generators, q_mvar=n.generators.q_mvar + 0.3)) for n in (c.transmission, *c.models)]
    return MarketStudy(case=replace(c, transmission=nets[0], models=tuple(nets[1:])), scheme=Ideal(), flow="apparent")


def networks() -> tuple[Network, ...]:
    c = study().case
    return (c.transmission, *(bundle(m) for m in c.models))


def some_powers(seed: int = 3) -> Powers:
    chance, shape = np.random.default_rng(seed), study().window.periods

    def rows(count: int, most: float) -> Real:
        return chance.uniform(0, most, (shape, count))

    nets = networks()
    return Powers(
        units=tuple(rows(len(n.generators), 8.0) for n in nets), flexible=tuple(rows(len(n.flexible), 1.0) for n in nets),
        loads=tuple(SEVERE * (0.9 + rows(len(n.loads), 0.2)) for n in nets),
    )  # fmt: skip


def by_name(powers: Powers, t: int) -> FlowResults:
    """One period by tables, every number written into its network."""
    nets = []
    for k, net in enumerate(networks()):
        g, d, factor = net.generators, net.loads, net.factors("loads", study().window.end)[t]
        free = (k > 0) & np.isfinite(g.q_low_mvar) & np.isfinite(g.q_high_mvar)
        q = np.where(free, np.clip(0, g.q_low_mvar, g.q_high_mvar), g.q_mvar)
        more = el.Generators.of({"name": np.char.add("more ", net.flexible.name), "bus": net.flexible.bus, "p_mw": powers.flexible[k][t],
                                 "q_mvar": net.flexible.q_share * powers.flexible[k][t]})  # fmt: skip
        units = stacked(el.Generators, [replace(g, p_mw=powers.units[k][t], q_mvar=q), more])
        by = factor * powers.loads[k][t]
        nets.append(replace(net, generators=units, loads=replace(d, p_mw=d.p_mw * by, q_mvar=d.q_mvar * by)))
    return load_flow(joined(each_its_own(study().case, nets)).network)


def rows_of(names: Sequence[str], k: int) -> list[int]:
    return [row for row, name in enumerate(names) if name.startswith("AB"[k - 1] + "/")] if k else [r for r, n in enumerate(names) if "/" not in n]


def test_every_measure_is_that_of_a_load_flow_by_name() -> None:
    powers = some_powers()
    found = Judge.of(study(), tolerances=STRICT).judge(powers)
    assert found.solved.all()
    assert found.feeders.elements.sum() > 0
    assert found.feeders.buses.sum() > 0
    parts = networks()
    for t in range(study().window.periods):
        told = by_name(powers, t)
        b, names = told.branches, told.branches.name.tolist()
        through = np.maximum(np.hypot(b.p_from_mw, b.q_from_mvar), np.hypot(b.p_to_mw, b.q_to_mvar))
        bus = dict(zip(told.buses.bus.tolist(), told.buses.v_pu.tolist(), strict=True))
        assert found.loss_mw[t] == pytest.approx(told.loss_mw, abs=JUDGED_LOSS_MW)
        for k, net in enumerate(parts):
            area = found.transmission if k == 0 else found.feeders
            here, at = rows_of(names, k), (t, max(k - 1, 0))
            over = np.maximum(through[here] - b.rating_mva[here], 0)
            own = [x for x, name in enumerate(net.buses.name.tolist()) if k == 0 or x != study().case.interfaces.root[k - 1]]
            v = np.array([bus[("AB"[k - 1] + "/" if k else "") + str(net.buses.name[x])] for x in own])
            out = np.maximum(np.maximum(v - net.buses.v_high_pu[own], net.buses.v_low_pu[own] - v), 0)
            assert area.thermal_mva[at] == pytest.approx(over.sum(), abs=JUDGED_POWER)
            assert area.elements[at] == np.count_nonzero(over > 0)
            assert area.loading[at] == pytest.approx(b.loading_percent[here].max() / 100, abs=JUDGED_POWER)
            assert area.voltage_pu[at] == pytest.approx(out.sum(), abs=JUDGED_VOLTAGE)
            assert area.buses[at] == np.count_nonzero(out > 0)
            assert area.v_low_pu[at] == pytest.approx(v.min(), abs=JUDGED_VOLTAGE)
            assert area.v_high_pu[at] == pytest.approx(v.max(), abs=JUDGED_VOLTAGE)
            assert area.loss_mw[at] == pytest.approx(b.loss_mw[here].sum(), abs=JUDGED_LOSS_MW)


@cache
def market_day(hours: int, name: str = "market-A") -> tuple[MarketStudy, Powers, Real]:
    """A cleared day of a published case, its dispatch, and what the market's own check finds: slack, losses and lowest voltage."""
    asked = MarketStudy(case=case(name), scheme=Ideal(), hours=hours)
    result = run_market(asked)
    checks, _ = checked(result)
    parts = [(asked.case.transmission, devices_of(result, None)), *((p.problem.network, devices_of(result, p)) for p in result.feeders)]
    units, flexible = [], []
    for net, devices in parts:
        units.append(np.broadcast_to(net.generators.p_mw, (hours, len(net.generators))).copy())
        flexible.append(np.zeros((hours, len(net.flexible))))
        for d in devices:
            if d.kind in ("generators", "flexible"):
                (units if d.kind == "generators" else flexible)[-1][:, d.row] = d.p
    ones = tuple(np.ones((hours, len(net.loads))) for net, _ in parts)
    return asked, Powers(units=tuple(units), flexible=tuple(flexible), loads=ones), np.stack([checks.slack_mw, checks.loss_mw, checks.v_low_pu])


def test_it_agrees_with_the_check_of_a_market() -> None:
    asked, powers, told = market_day(2)
    found = Judge.of(asked).judge(powers)
    low = np.minimum(found.feeders.v_low_pu.min(1), found.transmission.v_low_pu.min(1))
    assert np.abs(np.stack([found.slack_mw, found.loss_mw, low]) - told).max() < JUDGED_LOSS_MW


def test_a_period_without_a_load_flow_has_no_numbers_and_is_broken() -> None:
    powers = some_powers()
    loads = [x.copy() for x in powers.loads]
    for x in loads:
        x[1] = 100.0
    found, other = Judge.of(study()).judge(replace(powers, loads=tuple(loads))), Judge.of(study()).judge(powers)
    assert found.solved.tolist() == [True, False, True, True]
    assert found.trouble[0].startswith("period 2: ")
    for area, before in ((found.feeders, other.feeders), (found.transmission, other.transmission)):
        assert area.broken[1].all()
        for name in Area.__slots__:
            x, y = getattr(area, name), getattr(before, name)
            assert np.isnan(x[1]).all()
            assert np.array_equal(np.delete(x, 1, 0), np.delete(y, 1, 0))
    assert np.isnan([found.loss_mw[1], found.slack_mw[1]]).all()


def test_a_limit_passed_by_less_than_its_tolerance_holds_and_by_more_counts_in_full() -> None:
    powers = some_powers()
    strict = Judge.of(study(), tolerances=STRICT).judge(powers).feeders
    t, k = (int(x) for x in np.unravel_index(np.argmax(strict.voltage_pu), strict.voltage_pu.shape))
    worst = max(float(strict.v_high_pu[t, k]) - (1.02, 1.05)[k], (0.95, 0.975)[k] - float(strict.v_low_pu[t, k]))
    all_of_it, nothing = (Judge.of(study(), tolerances=Tolerances(voltage_pu=by * worst)).judge(powers).feeders for by in (0.999, 1.001))
    assert all_of_it.voltage_pu[t, k] >= worst - JUDGED_VOLTAGE
    assert all_of_it.buses[t, k] >= 1
    assert nothing.voltage_pu[t, k] == nothing.buses[t, k] == 0
    most = float(strict.loading.max()) - 1
    assert most > 0
    t, k = (int(x) for x in np.unravel_index(np.argmax(strict.loading), strict.loading.shape))
    full, none = (Judge.of(study(), tolerances=Tolerances(rating=by * most)).judge(powers).feeders for by in (0.999, 1.001))
    assert full.elements[t, k] == 1
    assert full.thermal_mva[t, k] > 0
    assert none.elements[t, k] == none.thermal_mva[t, k] == 0


def test_ratings_may_limit_active_power_alone() -> None:
    powers = some_powers()
    apparent, active = (Judge.of(replace(study(), flow=flow)).judge(powers) for flow in ("apparent", "active"))
    assert (active.feeders.loading <= apparent.feeders.loading).all()
    assert active.feeders.loading.max() < apparent.feeders.loading.max()
    assert np.array_equal(active.transmission.loading, apparent.transmission.loading)


def test_a_feeder_in_place_of_another_stands_behind_its_interface_alone() -> None:
    model = study().case.models[1]
    longer = replace(model, lines=replace(model.lines, r_ohm=2 * model.lines.r_ohm))
    powers = some_powers()
    before, after = Judge.of(study()).judge(powers).feeders, Judge.of(study(), instead={1: longer}).judge(powers).feeders
    assert (after.loss_mw[:, 1] > 1.5 * before.loss_mw[:, 1]).all()
    assert np.abs(after.loss_mw[:, 0] / before.loss_mw[:, 0] - 1).max() < 0.5
    assert (after.v_low_pu[:, 1] != before.v_low_pu[:, 1]).all()


@pytest.fixture(scope="module")
def day() -> Day:
    return Day.of(study())


def cleared_for(day: Day, draw: Real) -> Real:
    """Injections of transmission's steps that meet what feeders take (period, step)."""
    w = day.wholesale
    found = w.clear(w.orders, w.fixed + spread(-draw, w.at, w.nodal.nodes))
    return np.asarray(found.accepted.reshape(day.periods, -1))


def test_what_a_lossless_market_balances_lacks_the_losses_alone(day: Day) -> None:
    bulk = cleared_for(day, day.draw(day.idle))
    found = Judge.of(study()).judge(Powers.of(day, bulk, day.idle))
    assert np.abs(found.slack_mw - found.loss_mw).max() < JUDGED_LOSS_MW
    busy = tuple(np.asarray(0.5 * (f.steps.least + f.steps.most)) for f in day.feeders)
    found = Judge.of(study()).judge(Powers.of(day, cleared_for(day, day.draw(busy)), busy))
    assert np.abs(found.slack_mw - found.loss_mw).max() < JUDGED_LOSS_MW


def test_load_that_is_cut_or_was_not_forecast_changes_what_the_reference_gives(day: Day) -> None:
    bulk, judge = cleared_for(day, day.draw(day.idle)), Judge.of(study())
    shed = tuple(np.asarray(0.25 * f.sheddable) for f in day.feeders)
    found = judge.judge(Powers.of(day, bulk, day.idle, shed=shed))
    cut = np.sum([x.sum(1) for x in shed], axis=0)
    assert np.abs(found.slack_mw - found.loss_mw + cut).max() < JUDGED_LOSS_MW
    factor = np.ones((day.periods, 1 + len(day.feeders)))
    factor[:, 2] = 1.1
    found = judge.judge(Powers.of(day, bulk, day.idle, loads=factor))
    more = 0.1 * day.feeders[1].problem.owned.p_load.sum(1)
    assert np.abs(found.slack_mw - found.loss_mw - more).max() < JUDGED_LOSS_MW


def test_powers_of_another_grid_are_refused() -> None:
    powers = some_powers()
    with pytest.raises(ValueError, match="units"):
        Judge.of(study()).judge(replace(powers, units=powers.units[:-1]))


def test_the_same_day_has_the_same_bits() -> None:
    powers, judge = some_powers(), Judge.of(study())
    one, two = judge.judge(powers), judge.judge(powers)
    assert all(np.array_equal(getattr(one.feeders, n), getattr(two.feeders, n)) for n in Area.__slots__)


@pytest.mark.parametrize("name", ["market-A", "four-feeders"])
def test_a_plan_at_its_limits_is_within_the_tolerances_and_a_day_takes_milliseconds(name: str) -> None:
    """What LinDistFlow neglects on published feeders breaks limits by less than the tolerances, and by more than nothing."""
    asked, powers, _ = market_day(24, name)
    strict, judge = Judge.of(asked, tolerances=STRICT).judge(powers).feeders, Judge.of(asked)
    start = process_time()
    told = judge.judge(powers).feeders
    assert 1000 * (process_time() - start) < JUDGED_DAY_MS
    assert strict.buses.sum() > 0
    assert told.buses.sum() == told.elements.sum() == 0


def test_tolerances_hide_little_of_what_breaks_limits() -> None:
    """All sun of a day in which feeders cannot take it: of thermal and voltage excess nearly all counts."""
    day = Day.of(MarketStudy(case=case("four-feeders"), scheme=Ideal()))
    y = tuple(np.where(f.steps.price == 0, f.steps.most, f.steps.idle) for f in day.feeders)
    powers = Powers.of(day, cleared_for(day, day.draw(y)), y)
    every, told = (Judge.of(day.study, tolerances=t).judge(powers).feeders for t in (STRICT, None))
    for all_of_it, counted in ((every.thermal_mva, told.thermal_mva), (every.voltage_pu, told.voltage_pu)):
        assert all_of_it.sum() > 0
        assert counted.sum() > (1 - HIDDEN_SHARE) * all_of_it.sum()
