"""The grids on which architectures are compared: the toy to the euro, and four feeders of which three have limits that matter."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import sparse

from gridtandem.cases.altered import each_feeder
from gridtandem.cases.case import Case
from gridtandem.cases.four_feeders import FILLED, load_through
from gridtandem.cases.generate import feeder_load
from gridtandem.cases.join import joined
from gridtandem.cases.library import network
from gridtandem.cases.named import case
from gridtandem.cases.variants import planned
from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.network import Network
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.forms.lindist import Flow
from gridtandem.opf.limits import KINDS
from gridtandem.parties.wholesale import spread
from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.solve import solve
from gridtandem.report.front import run
from gridtandem.resources.part import Window
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market.check import checked
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.study import MarketStudy
from gridtandem.study.results import Violations
from gridtandem.tables import Code, Real
from tests.tolerances import BEYOND, SAME_DAY, TOY

DAY = Window(first=0, periods=24)
TOY_UNITS = {"GA": 60, "GB": 0, "a": 9, "e": 0, "b": 0, "c": 6, "d": 3}


@pytest.mark.parametrize("scheme", ["ideal", "dso-offer"])
def test_the_toy_costs_1725_and_says_who_runs(scheme: str) -> None:
    done = run("toy-two-feeders", scheme=scheme, flow="active")
    assert done.result.cost == pytest.approx(1725, abs=TOY)
    assert dict(zip(done.devices.name.tolist(), done.devices.p_mw.tolist(), strict=True)) == pytest.approx(TOY_UNITS, abs=TOY)
    assert done.checks.limits_broken.tolist() == [0]
    assert done.checks.loss_mw.tolist() == pytest.approx([0.0], abs=TOY)


def test_a_toy_market_that_does_not_see_feeders_costs_1678_and_breaks_11_mw_of_limits() -> None:
    toy = case("toy-two-feeders")
    blind = run_market(MarketStudy(case=each_feeder(toy, unlimited), scheme=Ideal(), flow="active")).require()
    assert blind.cost == pytest.approx(1678, abs=TOY)
    assert [float(over[:, kind == KINDS.index("flow")].sum()) for over, kind in beyond(blind, toy, "active")] == pytest.approx([7, 4], abs=TOY)


@cache
def cleared(*, blind: bool) -> MarketResult:
    """The day in one market, which sees feeders or does not."""
    grid = case("four-feeders")
    return run_market(MarketStudy(case=each_feeder(grid, unlimited) if blind else grid, scheme=Ideal())).require()


def test_feeders_are_such_that_it_matters_who_sees_them() -> None:
    grid = case("four-feeders")
    over = dict(zip(grid.interfaces.feeder.tolist(), beyond(cleared(blind=True), grid, "apparent"), strict=True))
    hours = {
        (feeder, word): (np.flatnonzero((value[:, kind == k] > BEYOND).any(1)) + 1).tolist()
        for feeder, (value, kind) in over.items()
        for k, word in enumerate(KINDS)
    }
    assert hours["F9", "voltage"] == [10, 11, 12, 13, 14, 15]
    assert hours["F13", "flow"] == [8, 9, 10, 11, 12, 13, 14, 15, 16, 17]
    assert hours["F14", "voltage"] == [17, 18, 19, 20, 21, 22]
    assert hours["F10", "voltage"] == hours["F10", "flow"] == hours["F13", "voltage"] == []
    for value, _ in beyond(cleared(blind=False), grid, "apparent"):
        assert value.max() < BEYOND
    assert cleared(blind=True).cost < cleared(blind=False).cost - 200


def test_a_dispatch_that_does_not_see_feeders_costs_more_once_it_is_mended() -> None:
    """Mended by the least change of feeders' resources, and with stations that make up for it."""
    blind, ideal = (cleared(blind=b) for b in (True, False))
    assert mended(blind) > ideal.cost + 150
    assert mended(ideal) == pytest.approx(ideal.cost, rel=SAME_DAY)


def test_where_no_limit_binds_the_market_that_sees_feeders_changes_nothing() -> None:
    """Feeder 10: its dispatch differs only where the bulk price does."""
    blind, ideal = (cleared(blind=b) for b in (True, False))
    assert blind.bargain is not None
    assert ideal.bargain is not None
    k = case("four-feeders").interfaces.feeder.tolist().index("F10")
    same = np.abs(blind.bargain.price[0][:, k] - ideal.bargain.price[0][:, k]) < BEYOND
    assert same.sum() >= 20
    found = [ideal.feeders[k].problem.binding(ideal.feeders[k].prices.answer, t) for t in range(24)]
    assert not any(found)


def test_a_plan_within_narrower_limits_keeps_every_limit_under_ac_load_flow() -> None:
    grid = case("four-feeders")
    plan = run_market(MarketStudy(case=planned(grid), scheme=Ideal())).require()
    checks, broken = checked(plan)
    assert checks.solved.all()
    assert len(broken)
    assert not outside(broken, grid)
    _, without_margin = checked(cleared(blind=False))
    assert outside(without_margin, grid)


def test_conductors_are_filled_to_85_percent_by_the_published_load() -> None:
    published = network("case33bw")
    loading = load_through(published)
    assert loading[0] == pytest.approx(abs(feeder_load(published)), abs=BEYOND)
    for model in case("four-feeders").models:
        ratings = dict(zip(model.lines.name.tolist(), model.lines.rating_mva.tolist(), strict=True))
        assert np.isfinite(list(ratings.values())).all()
        filled = loading / np.array([ratings[name] for name in published.lines.name.tolist()])
        assert filled.max() <= FILLED


def test_hours_do_not_hang_together_and_nobody_has_reactive_power() -> None:
    grid = case("four-feeders")
    assert sorted(grid.interfaces.count.tolist()) == [1] * 4
    for model in grid.models:
        problem = FeederProblem.of(model, 0, DAY)
        units = model.generators.control != REFERENCE
        assert not problem.owned.coupled
        assert 10 <= np.count_nonzero(units) + len(model.flexible) <= 12
        assert not model.generators.q_high_mvar[units].any()
        assert not model.flexible.q_share.any()


def unlimited(net: Network) -> Network:
    """The feeder as one sees it who knows nothing of its limits."""
    buses, root = net.buses, np.isin(np.arange(len(net.buses)), net.generators.bus[net.generators.control == REFERENCE])
    free = replace(buses, v_low_pu=np.where(root, buses.v_low_pu, 0.0), v_high_pu=np.where(root, buses.v_high_pu, np.inf))
    return replace(net, buses=free, lines=replace(net.lines, rating_mva=np.full(len(net.lines), np.inf)))


def mended(result: MarketResult) -> float:
    """Cost of the day after the least change of feeders' resources that keeps the limits of the case, bulk stations cleared again around it."""
    grid, cost, exchange = case("four-feeders"), 0.0, []
    for k, plan in enumerate(result.feeders):
        program = FeederProblem.of(grid.models[k], 0, plan.problem.window).program
        mine = [name for name in program.columns if name != "z"]
        columns = {name: replace(c, cost=np.zeros(c.low.shape)) for name, c in program.columns.items()}
        rows = dict(program.rows)
        for name in mine:
            before = plan.dispatch.answer.x[name]
            same = sparse.csr_array(sparse.eye_array(before.size))
            columns |= {f"{name}.{way}": Columns.of(before.shape, 0.0, np.inf, cost=1.0) for way in ("up", "down")}
            rows[f"change of {name}"] = Rows(before.ravel(), before.ravel(), {name: same, f"{name}.up": -same, f"{name}.down": same})
        found = solve(Program(columns, rows)).require()
        cost += program.constant + sum(float((program.columns[name].cost * found.x[name]).sum()) for name in mine)
        exchange.append(found.x["z"])
    wholesale = result.seats.wholesale
    there = spread(-np.stack(exchange, -1), wholesale.at, wholesale.nodal.nodes)
    return cost + wholesale.clear(wholesale.orders, wholesale.fixed + there).answer.require().cost


def beyond(result: MarketResult, grid: Case, flow: Flow) -> list[tuple[Real, Code]]:
    """Of each feeder, how far its own limits are broken in the linear model (period, limit), and their kinds."""
    out = []
    for k, plan in enumerate(result.feeders):
        limits = FeederProblem.of(grid.models[k], int(grid.interfaces.root[k]), plan.problem.window, flow=flow).form.limits
        value = limits.fixed(plan.dispatch.p, plan.dispatch.q)
        out.append((np.maximum(value - limits.high, 0) + np.maximum(limits.low - value, 0), limits.kind))
    return out


def outside(broken: Violations, grid: Case) -> list[str]:
    """Those of the broken limits that are limits of the case itself."""
    net = joined(grid).network
    bus = {n: (a, b) for n, a, b in zip(net.buses.name.tolist(), net.buses.v_low_pu.tolist(), net.buses.v_high_pu.tolist(), strict=True)}
    rating = dict(zip(net.lines.name.tolist(), net.lines.rating_mva.tolist(), strict=True))
    rows = zip(broken.element.tolist(), broken.name.tolist(), broken.value.tolist(), strict=True)
    return [name for what, name, v in rows if (not bus[name][0] <= v <= bus[name][1] if what == "bus" else v > rating[name])]
