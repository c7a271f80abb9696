"""The last resort: loose cones become load flows, awards what is felt, and transmission clears again around them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.secure_letters import SecureWhole
from gridtandem.cases.named import case
from gridtandem.cases.rts24_ffr import Rts24Ffr
from gridtandem.frequency import repair, schedule
from gridtandem.frequency.schedule import JointPlan, JointSchedule
from gridtandem.grid import elements as el
from gridtandem.opf.fast_repair import repaired
from gridtandem.opf.fast_replay import replayed
from gridtandem.opf.fast_reserve import CALLED, MOVES, UP, FastFeeder
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.leader import of_group
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.resources.part import Window
from gridtandem.schemes.joint_reserve import JointReserve
from gridtandem.study.reserve.books import TSO, balances, books
from gridtandem.study.reserve.certificate import ReserveCertificates
from gridtandem.study.reserve.study import ReserveStudy, seated
from gridtandem.study.reserve.tables import told
from tests.tolerances import BROKEN_PU, DELIVERED_MW, LOWEST_HZ, NESTED, RELAXED, REPAIRED_MW, RESERVE_BOOKS

NIGHT = Window(first=3)


@cache
def asked() -> JointSchedule:
    return seated(ReserveStudy(case=case("rts24-ffr"), scheme=JointReserve(), first=4, hours=2)).schedule


def as_it_is(_: JointSchedule, plan: JointPlan, *__: float) -> JointPlan:
    return plan


@cache
def plans() -> tuple[JointPlan, JointPlan]:
    """Without any penalty: as the relaxation has it, and repaired."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule, "ROUNDS", 0)
        patch.setattr(schedule, "mended", as_it_is)
        loose = asked().solve()
        patch.setattr(schedule, "mended", repair.mended)
        return loose, asked().solve()


def test_what_stays_loose_is_repaired_and_says_so() -> None:
    loose, plan = plans()
    assert not loose.tight
    assert loose.slack.max() > 1.0
    assert plan.tight
    assert plan.slack.max() <= RELAXED
    tables, trouble = told(case("rts24-ffr"), asked(), plan, plan, ReserveCertificates.empty())
    assert [word.split(":")[0] for word in trouble] == ["repaired"]
    assert "hours 4, 5," in trouble[0]
    assert plan.cut is not None
    np.testing.assert_allclose(plan.award, loose.award - plan.cut)
    assert plan.cut.min() > DELIVERED_MW
    assert (tables.awards.felt_mw >= tables.awards.award_mw - REPAIRED_MW).all()
    assert tables.awards.beyond_pu.max() <= BROKEN_PU
    np.testing.assert_allclose(tables.hours.lowest_hz, 59.0, atol=LOWEST_HZ)


def test_its_cost_is_that_of_its_decisions_and_above_the_relaxation() -> None:
    loose, plan = plans()
    x = plan.answer.x
    parts = [(1, asked().transmission.program, {k.removeprefix("tso."): v for k, v in x.items()})]
    parts += [(h.count, h.feeder.program, of_group(x, k)) for k, h in enumerate(asked().feeders)]
    paid = 0.0
    for count, program, own in parts:
        each = (float((c.cost * own[k] + 0.5 * c.quadratic * own[k] ** 2).sum()) for k, c in program.columns.items() if "ell" not in k)
        paid += count * (program.constant + sum(each))
    assert plan.cost == pytest.approx(paid, rel=NESTED)
    assert plan.cost > loose.cost
    assert plan.bound == loose.bound <= loose.cost * (1 + NESTED)
    assert plan.cost <= asked().solve().cost * (1 + NESTED)


def test_books_of_a_repaired_plan_close() -> None:
    _, plan = plans()
    table = books(case("rts24-ffr"), asked(), plan)
    kept, turnover = balances(table), np.abs(table.amount).sum()
    assert abs(kept[TSO]) <= RESERVE_BOOKS * turnover
    assert abs(sum(kept.values())) <= RESERVE_BOOKS * turnover
    assert (plan.fast_price > plan.primary_price).all()


def test_the_owner_calls_it_an_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "ROUNDS", 0)
    owner = seated(ReserveStudy(case=case("rts24-ffr"), scheme=JointReserve(), first=4, hours=1)).owner
    assert set(owner.whole(SecureWhole()).worth.ravel().tolist()) == {int(Worth.ESTIMATE)}


def test_awards_are_cut_to_what_limits_allow() -> None:
    """A plan that never looked at the called state, of devices twice as large behind a limit of 1.02 pu."""
    net = Rts24Ffr(size=2.0, v_high_pu=1.02).feeder()
    root = int(net.generators.bus[net.generators.control == el.REFERENCE][0])
    base, full = (FastFeeder.of(FeederProblem.of(net, root, NIGHT), model) for model in ("base-only", "full"))
    columns = dict(base.program.columns)
    columns["award"], columns["z"] = replace(columns["award"], cost=np.full(1, -20.0)), replace(columns["z"], cost=np.full(1, 12.0))
    sold = Clarabel(tolerance=1e-10).solve(replace(base.dearer(20.0), program=replace(base.program, columns=columns)).program).require()
    answer = replace(sold, x={**sold.x, **{name + CALLED: sold.x[name] for name in MOVES if name in sold.x}})
    assert replayed(full, answer).beyond_pu[1] > BROKEN_PU
    found = repaired(full, answer, np.array([True]))
    assert found is not None
    after = replayed(full, found)
    assert after.beyond_pu[1] <= RELAXED
    share = found.x[UP].sum() / answer.x[UP].sum()
    assert 0.0 < share < 1.0
    assert 0.0 < found.x["award"][0] < answer.x["award"][0]
    assert after.felt_mw[1] >= found.x["award"][0] - REPAIRED_MW
    more = replace(found, x={**found.x, UP: 1.01 * found.x[UP]})
    assert replayed(full, more).beyond_pu[1] > after.beyond_pu[1]
    same = repaired(full, answer, np.array([False]))
    assert same is not None
    assert same.x["award"][0] == answer.x["award"][0]
    assert same.x[UP].sum() == answer.x[UP].sum()
