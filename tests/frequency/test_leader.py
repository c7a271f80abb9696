"""The company that moves both prices: routes agree, a grid of strategies has nothing better, its numbers fit the market, and it earns by it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import sparse

from gridtandem.cases.named import case
from gridtandem.cases.rts24 import LOAD_MW
from gridtandem.cases.rts24_ffr import inertia_of_day
from gridtandem.errors import InvalidCase
from gridtandem.frequency.follower import SecureMarket
from gridtandem.frequency.leader import FastGroup, SecureStrategy, answer_of, best, best_within, certificate, leader, reach
from gridtandem.frequency.schedule import Hung, JointPlan, JointSchedule
from gridtandem.frequency.security import Inertia, Security
from gridtandem.frequency.transmission import SecureTransmission
from gridtandem.opf.fast_replay import replayed
from gridtandem.opf.fast_reserve import FastFeeder
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.leader import of_group
from gridtandem.program.answer import Status
from gridtandem.program.apart import Part, in_two, whole
from gridtandem.program.bilevel import best_against
from gridtandem.program.follower import Follower, Market
from gridtandem.program.outer import Outer
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.resources.part import Window
from gridtandem.tables import Real
from tests.tolerances import CHORD_MW, FITS, NESTED, SEARCHED, SUPPORTED

COUNT = 10  # feeders alike: what they take and sell moves prices
NIGHT, EVENING = Window(first=3), Window(first=16, periods=2)


@cache
def market(window: Window, error_mw: float = CHORD_MW) -> SecureMarket:
    """Nominal lines, feeders at bus 14."""
    reduced = case("noh-reduced")
    table = Inertia.of(inertia_of_day(LOAD_MW))
    return SecureMarket(
        transmission=SecureTransmission.of(reduced.transmission, reduced.interfaces.bus, window),
        inertia=table.take((table.hour > window.first) & (table.hour <= window.end)), security=Security(), place=np.zeros(1, np.int64),
        error_mw=error_mw,
    )  # fmt: skip


@cache
def company(window: Window) -> tuple[FastGroup, ...]:
    reduced = case("noh-reduced")
    return (FastGroup(feeder=FastFeeder.of(FeederProblem.of(reduced.models[0], int(reduced.interfaces.root[0]), window)), count=COUNT),)


@cache
def told(window: Window) -> tuple[tuple[Follower, ...], list[tuple[Part, ...]]]:
    """Markets, and all their pieces in one list."""
    low, high = reach(company(window))
    followers = market(window).followers()
    return followers, [whole(f, *sides) for f, *sides in zip(followers, low, high, strict=True)]


@cache
def strategy(window: Window) -> SecureStrategy:
    return best(company(window), reach(company(window)), told(window)[1])


@cache
def cooperative(window: Window) -> tuple[JointSchedule, JointPlan]:
    m = market(window)
    hung = [Hung(feeder=g.feeder, count=g.count) for g in company(window)]
    made = JointSchedule.of(m.transmission, hung, m.inertia, m.security)
    return made, made.solve()


def own_cost(plan: JointPlan, group: FastGroup, *, penalties: float) -> float:
    """What feeders pay for their own decisions in a plan, and so much of what a group is told to pay for losses."""
    x, program = of_group(plan.answer.x, 0), group.feeder.program
    cost = program.constant + sum(float((c.cost * x[name]).sum()) for name, c in program.columns.items())
    return group.count * (cost - (1 - penalties) * group.feeder.paid(x))


def market_cost(window: Window, theta: Real) -> float:
    return sum(Market(f, at).answer(at).cost for f, at in zip(told(window)[0], theta, strict=True))


@pytest.mark.parametrize("window", [NIGHT, EVENING])
def test_its_numbers_fit_markets_that_are_solved_anew(window: Window) -> None:
    found = strategy(window)
    assert found.found.status is Status.SOLVED
    proof = certificate(found, told(window)[0])
    assert proof.holds, proof.faults
    assert found.found.gap <= FITS
    assert found.bound <= found.total


@pytest.mark.parametrize("window", [NIGHT, EVENING])
def test_what_it_does_is_a_load_flow_in_both_states(window: Window) -> None:
    found = strategy(window)
    assert found.tight
    shown = replayed(found.groups[0].feeder, answer_of(found.found, 0))
    called = shown.state == 1
    assert (shown.felt_mw[called] >= shown.award_mw[called] - CHORD_MW).all()
    assert shown.beyond_pu.max() <= CHORD_MW


@pytest.mark.parametrize("window", [NIGHT, EVENING])
def test_hour_by_hour_finds_what_a_search_of_all_hours_finds(window: Window) -> None:
    found = strategy(window)
    cells = [part.cells for (part,) in told(window)[1]]
    as_one = best_against(leader(found.groups, found.box), "theta", cells, search=Outer().solve)
    assert as_one.total == pytest.approx(found.found.total, rel=SEARCHED)


@pytest.mark.parametrize("window", [NIGHT, EVENING])
def test_exchange_and_reserve_apart_are_both_together(window: Window) -> None:
    """Where the market's cost falls into two parts, short lists of pieces say the same."""
    low, high = reach(company(window))
    parts = [in_two(f, *sides) for f, *sides in zip(told(window)[0], low, high, strict=True)]
    assert all(len(market) == 2 for market in parts)
    assert best(company(window), (low, high), parts).found.total == pytest.approx(strategy(window).found.total, rel=SEARCHED)


@pytest.mark.parametrize("window", [NIGHT, EVENING])
def test_the_company_gains_over_what_one_owner_would_do(window: Window) -> None:
    """At prices that its market makes there; those of one owner differ, whose requirement bends where chords have corners."""
    found, (made, plan) = strategy(window), cooperative(window)
    theta = np.column_stack([plan.given, plan.fast])
    paid = sum(float(Market(f, at).point(at).price @ at) for f, at in zip(told(window)[0], theta, strict=True))
    group = found.groups[0]
    assert found.found.total <= own_cost(plan, group, penalties=1.0) + paid + SEARCHED * abs(paid)
    energy = plan.energy[:, made.transmission.at[0]]
    joint = float((energy * plan.given[:, 0]).sum() - (plan.fast_price * plan.fast).sum())
    corners = float((np.abs(plan.fast_price - found.fast_price) * plan.fast).sum())
    assert found.total <= own_cost(plan, group, penalties=0.0) + joint + corners


@pytest.mark.parametrize("window", [NIGHT, EVENING])
def test_society_pays_no_less_than_with_one_owner(window: Window) -> None:
    found, (_, plan) = strategy(window), cooperative(window)
    assert found.own + market_cost(window, found.found.theta) >= plan.cost - SUPPORTED * abs(plan.cost)


def test_no_strategy_of_a_grid_is_better() -> None:
    """One hour: every exchange and award of a grid, at the market's own prices there."""
    found = strategy(NIGHT)
    group, (follower,) = found.groups[0], told(NIGHT)[0]
    low, high = reach((group,))
    held = Clarabel().hold(group.feeder.program)
    asked, best_seen = 0, np.inf
    for z in np.linspace(low[0, 0], high[0, 0], 13):
        for award in np.linspace(0.0, high[0, 1], 9):
            at = np.array([z, award])
            answer = held.solve(bounds={"z": (at[:1] / COUNT, at[:1] / COUNT), "award": (at[1:] / COUNT, at[1:] / COUNT)})
            if answer.status is Status.SOLVED:
                asked += 1
                best_seen = min(best_seen, COUNT * answer.cost + float(Market(follower, at).point(at).price @ at))
    assert asked > 20
    assert best_seen >= found.found.total - SEARCHED * abs(found.found.total)


def test_conditions_of_optimality_end_where_cells_do() -> None:
    """The published route, told the market whole."""
    pytest.importorskip("pyscipopt")
    found = strategy(NIGHT)
    whole = best_within(found.groups, told(NIGHT)[0], found.box, "kkt-sos1")
    assert whole.found.total == pytest.approx(found.found.total, rel=SEARCHED)
    assert certificate(whole, told(NIGHT)[0]).holds


def test_payments_are_the_cost_of_the_market_less_what_its_constants_earn() -> None:
    """The identity behind the route by conditions, at a price that the company likes best."""
    proof = certificate(strategy(NIGHT), told(NIGHT)[0])
    np.testing.assert_allclose(proof.identity, 0.0, atol=FITS)
    np.testing.assert_allclose(proof.slope, 0.0, atol=FITS)


def test_the_market_of_an_hour_costs_what_the_day_costs_there() -> None:
    """At the plan of one owner, chords in place of the cone."""
    made, plan = cooperative(NIGHT)
    theta = np.column_stack([plan.given, plan.fast])
    ours, theirs = market_cost(NIGHT, theta), plan.cost - own_cost(plan, company(NIGHT)[0], penalties=0.0)
    assert theirs - NESTED * abs(theirs) <= ours <= theirs + CHORD_MW * float(plan.primary_price.sum()) + NESTED * abs(theirs)
    assert made.transmission.window == NIGHT


def test_hours_that_hang_together_in_transmission_are_no_markets_of_their_own() -> None:
    made = market(EVENING)
    rows = made.transmission.program.rows
    tied = replace(rows["kept"], parts={**rows["kept"].parts, "short": sparse.csr_array(np.ones((2, 2)))})
    there = replace(made, transmission=replace(made.transmission, program=replace(made.transmission.program, rows={**rows, "kept": tied})))
    with pytest.raises(InvalidCase, match="'kept'"):
        there.followers()
