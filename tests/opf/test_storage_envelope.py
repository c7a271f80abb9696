"""Storage lent to the market: whatever it awards within the envelopes can be delivered, at no more than it believes; and raw envelopes could not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from gridtandem.boundary.market_letters import Tier
from gridtandem.cases.case import Case
from gridtandem.errors import InvalidCase
from gridtandem.grid import devices as dv
from gridtandem.grid.network import Network
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.storage_envelope import SURE, WAYS, Hour, Lent, excess_of, lent, upper
from gridtandem.opf.storage_tiers import scheduled
from gridtandem.orders.rules import Offer, Rules
from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Program
from gridtandem.program.solve import hold, solve
from gridtandem.resources.part import Window
from gridtandem.resources.storage import overlap, stored
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.study import MarketStudy
from tests.opf.feeders import battery, feeder, profile, units
from tests.opf.test_storage_tiers import stored as golden_stored
from tests.tolerances import BY_PARTS, CARRIED, MONEY, SAME_CURVE

WIDE = Rules(steps=10**6, floor=-1e6, ceiling=1e6, least_mw=0.0)
CAPPED = Rules(steps=3, floor=-1e6, ceiling=1e6, least_mw=0.0)
SEEDS, AWARDS = 10, 12


def drawn(seed: int) -> Network:
    """A tree with units and batteries, tight in voltage and flow, whose load has a day."""
    rng = np.random.default_rng(seed)
    nodes, ders, many = int(rng.integers(2, 8)), int(rng.integers(2, 6)), int(rng.integers(1, 4))
    parents = [0] + [int(rng.integers(0, k + 1)) for k in range(1, nodes)]
    rows = zip(rng.integers(1, nodes + 1, ders).tolist(), rng.uniform(0.2, 1.5, ders), rng.uniform(10, 80, ders), np.zeros(ders), strict=True)
    energy = rng.uniform(0.5, 2.0, many)
    stores = {
        "name": [f"s{k}" for k in range(many)], "bus": rng.integers(1, nodes + 1, many), "charge_high_mw": rng.uniform(0.2, 1.0, many),
        "discharge_high_mw": rng.uniform(0.2, 1.0, many), "energy_high_mwh": energy, "energy_start_mwh": energy / 2,
        "efficiency_in": rng.uniform(0.85, 1.0, many), "efficiency_out": rng.uniform(0.85, 0.99, many), "cost_per_mwh": rng.uniform(0.1, 2.0, many),
    }  # fmt: skip
    gives = {
        "name": [f"shed{k}" for k in range(nodes)],
        "bus": range(1, nodes + 1),
        "p_high_mw": [0.5] * nodes,
        "price_per_mwh": [300.0 + k for k in range(nodes)],
    }
    return feeder(parents, load=(0.3, 0.1), low=0.985, high=1.015, rating=float(rng.uniform(0.8, 2.5)), storages=dv.Storages.of(stores),
                  flexible=dv.Flexible.of(gives), **units(*rows, q=0.1), **profile(rng.uniform(0.5, 1.3, 4).tolist(), "loads"))  # fmt: skip


@cache
def day(seed: int) -> tuple[FeederProblem, Lent | None]:
    whole = FeederProblem.of(drawn(seed), 0, Window(periods=4, hours=0.5))
    return whole, lent(whole, np.zeros(4), WIDE if seed % 2 else CAPPED, tol=0.0)


def awarded(whole: FeederProblem, found: Lent, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """What a market might award: exports of the rest, often at a kink, and a vertex of what storage can do; with what it believes this costs."""
    x = np.array([o.x[rng.integers(0, len(o.x))] if rng.random() < 0.7 else rng.uniform(o.x[0], o.x[-1]) for o in found.offers])
    s, hours, energy = whole.network.storages, whole.window.hours, whole.program.columns["energy"]
    lost = (s.efficiency_in, s.efficiency_out)
    power, inside = (found.charge, found.discharge), (energy.low, energy.high)
    columns, rows = stored(power, inside, s.energy_start_mwh, efficiency=lost, cost=s.cost_per_mwh, hours=hours)
    price = rng.uniform(0, 60, found.charge.shape)  # below 0 it would pay to charge and discharge at once
    asked = {"charge": replace(columns["charge"], cost=price + 1.0), "discharge": replace(columns["discharge"], cost=1.0 - price)}
    use = solve(Program({**columns, **asked}, rows)).require().x
    wear = sum(float((columns[name].cost * use[name]).sum()) for name in WAYS)
    believed = hours * sum(float(o.at(np.array([one]))[0]) for o, one in zip(found.offers, x, strict=True)) + wear
    return x, use["charge"], use["discharge"], believed


def delivered(whole: FeederProblem, x: np.ndarray, charge: np.ndarray, discharge: np.ndarray) -> Answer:
    """The feeder's own problem of the day with the award."""
    z = -(x + (discharge - charge).sum(-1))
    return hold(whole.program).solve(bounds={"z": (z, z), "charge": (charge, charge), "discharge": (discharge, discharge)})


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_award_can_be_delivered_at_no_more_than_believed(seed: int) -> None:
    whole, found = day(seed)
    if found is None:
        return
    assert found.excess.max() <= SURE
    rng = np.random.default_rng(seed)
    for _ in range(AWARDS):
        x, charge, discharge, believed = awarded(whole, found, rng)
        answer = delivered(whole, x, charge, discharge)
        assert answer.status is Status.SOLVED
        assert answer.cost <= believed + MONEY
        assert overlap(discharge, charge) <= CARRIED


def test_most_feeders_lend_something_and_limits_cut_some_of_it() -> None:
    given = [found for seed in range(SEEDS) if (found := day(seed)[1]) is not None]
    assert len(given) >= 0.8 * SEEDS
    assert sum(float(found.charge.sum() + found.discharge.sum()) > 0 for found in given) >= 0.8 * len(given)
    cut = [found.charge.min() < day(seed)[0].program.columns["charge"].high.min() for seed in range(SEEDS) if (found := day(seed)[1]) is not None]
    assert any(cut)


def test_a_raw_envelope_is_not_certified_and_awards_of_it_cannot_be_delivered() -> None:
    """Negative control: a line of 1 MVA that load, a cheap unit and a large battery could overload together."""
    net = feeder([0], load=(0.2, 0.0), rating=1.0, storages=battery(1, 0.8, 4.0, cost_per_mwh=[1.0]), **units((1, 1.1, 20.0, 0.0)),
                 **profile([1.0, 1.0], "loads"))  # fmt: skip
    whole = FeederProblem.of(net, 0, Window(periods=2))
    problems = scheduled(whole, np.zeros(2))
    assert problems is not None
    unit = np.array([0])
    hours = [Hour.of(problem, whole.program, unit, t) for t, problem in enumerate(problems)]
    rest = [hour.curves(hour.corners((0.0, 0.0)), 0.0) for hour in hours]
    raw = Lent(
        offers=tuple(r[0] for r in rest if r is not None), unit=unit, charge=np.full((2, 1), 0.8), discharge=np.full((2, 1), 0.8), excess=np.zeros(2)
    )
    assert excess_of(hours[0], raw.offers[0], (1.0, 1.0)) == np.inf
    x = np.array([raw.offers[0].x[-1], raw.offers[1].x[0]])
    full = np.array([[0.0], [0.8]]), np.array([[0.8 * 0.95**2], [0.0]])
    assert delivered(whole, x, *full).status is Status.INFEASIBLE
    found = lent(whole, np.zeros(2), WIDE, tol=0.0)
    assert found is not None
    assert 0 < found.discharge.max() < 0.8
    assert excess_of(hours[0], found.offers[0], (found.charge[0, 0] / 0.8, found.discharge[0, 0] / 0.8)) <= SURE
    x = np.array([found.offers[0].x[-1], found.offers[1].x[0]])
    give = float(found.discharge.max())
    assert delivered(whole, x, np.array([[0.0], [give / 0.95**2]]), np.array([[give], [0.0]])).status is Status.SOLVED


def test_the_largest_of_curves_is_just_that() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        curves = []
        for _ in range(3):
            x = np.concatenate([[rng.uniform(-3, -2)], np.sort(rng.uniform(-2, 2, 4)), [rng.uniform(2, 3)]])
            curves.append(Offer(x, np.concatenate([[0.0], np.cumsum(np.sort(rng.uniform(-20, 60, 5)) * np.diff(x))]) + rng.uniform(-5, 5)))
        made = upper(curves)
        at = np.linspace(made.x[0], made.x[-1], 200)
        assert made.x[[0, -1]] == pytest.approx([max(c.x[0] for c in curves), min(c.x[-1] for c in curves)], abs=SAME_CURVE)
        assert made.at(at) == pytest.approx(np.max([c.at(at) for c in curves], axis=0), abs=SAME_CURVE)
        assert (np.diff(made.price) > 0).all()


# ── in the market ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def cleared(case: Case, tier: int, **more: Any) -> MarketResult:
    return run_market(MarketStudy(case=case, scheme=DsoOffer(tier=tier), flow="active", **more)).require()


@cache
def golden(tier: int, forecast: tuple[float, ...] = ()) -> MarketResult:
    return cleared(golden_stored(), tier, forecast=forecast)


def test_the_market_clears_lent_storage_and_the_feeder_does_as_awarded() -> None:
    price = tuple(golden(3).ideal_price[:, 0].tolist())
    result = golden(2, price)
    state = result.outcome.state
    assert state is not None
    assert (state.tier == Tier.CERTIFIED).all()
    use = state.plan.use
    assert use.discharge_mw.sum() > 1.0
    for plan in result.feeders:
        mine = use.interface == plan.interface
        assert plan.decisions["charge"][:, 0] == pytest.approx(use.charge_mw[mine], abs=CARRIED)
        assert plan.decisions["discharge"][:, 0] == pytest.approx(use.discharge_mw[mine], abs=CARRIED)
        assert overlap(plan.decisions["discharge"], plan.decisions["charge"]) <= CARRIED
        assert plan.regret >= -MONEY
    assert 0 <= result.gap < 0.001


def test_lent_storage_needs_no_forecast_as_good_as_a_schedule_does() -> None:
    """Prices in reversed order: a schedule charges when it should give; what is lent is scheduled by the market."""
    price = tuple(golden(3).ideal_price[::-1, 0].tolist())
    assert 0 < golden(2, price).gap < 0.6 * golden(3, price).gap


def test_where_no_limit_binds_lending_is_the_ideal_day() -> None:
    case = golden_stored()
    models = tuple(
        replace(m, ramps=dv.Ramps.empty(), lines=replace(m.lines, rating_mva=np.full(len(m.lines), np.inf)),
                buses=replace(m.buses, v_low_pu=np.zeros(len(m.buses)), v_high_pu=np.full(len(m.buses), np.inf)))
        for m in case.models
    )  # fmt: skip
    free = replace(case, models=models)
    assert cleared(free, 2).gap == pytest.approx(0.0, abs=BY_PARTS)
    assert cleared(free, 3).gap > 100 * BY_PARTS


def test_without_storage_what_couples_hours_keeps_to_its_schedule_and_is_certified() -> None:
    case = golden_stored()
    models = tuple(replace(m, storages=dv.Storages.empty(), ramps=case.models[1].ramps if k else dv.Ramps.empty()) for k, m in enumerate(case.models))
    result = cleared(replace(case, models=models), 2)
    assert result.outcome.state.tier[0, :, 0].tolist() == [Tier.HOURLY] * 4  # type: ignore[union-attr]
    assert result.outcome.state.tier[0, :, 1].tolist() == [Tier.CERTIFIED] * 4  # type: ignore[union-attr]
    assert not len(result.outcome.state.plan.use.unit)  # type: ignore[union-attr]


def test_a_feeder_that_cannot_do_without_its_storage_keeps_to_a_schedule() -> None:
    net = feeder([0], load=(1.0, 0.0), rating=1.1, storages=battery(1, 0.5, 2.0, cost_per_mwh=[1.0]), **profile([0.5, 1.3], "loads"))
    assert lent(FeederProblem.of(net, 0, Window(periods=2)), np.zeros(2), WIDE, tol=0.0) is None


@pytest.mark.parametrize(("more", "told"), [({"scheme": DsoOffer(tier=4)}, "study-012"), ({"form": "branch-flow", "flow": "apparent"}, "study-017")])
def test_tiers_that_nobody_makes_are_refused(more: dict[str, object], told: str) -> None:
    study = MarketStudy(case=golden_stored(), scheme=DsoOffer(tier=2), flow="active")
    with pytest.raises(InvalidCase, match=told):
        run_market(replace(study, **more))  # type: ignore[arg-type]
