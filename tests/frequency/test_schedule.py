"""The joint day: requirements to the printed digit, prices as derivatives, feeders that would do the same at its prices, losses of units by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gridtandem.cases.case import Case
from gridtandem.cases.named import case
from gridtandem.errors import InvalidCase
from gridtandem.frequency.schedule import Hung, JointPlan, JointSchedule, joint_schedule
from gridtandem.frequency.security import Inertia, Security
from gridtandem.frequency.transmission import SecureTransmission
from gridtandem.opf.fast_reserve import UP, FastFeeder, Model
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.leader import of_group
from gridtandem.program.answer import Status
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.resources.part import Window
from tests.tolerances import CLOSE, MARGINAL, NESTED, REQUIRED_MW, SUPPORTED

EVENING = Window(first=17)
NONE = np.zeros(0, np.int64)


@cache
def reduced() -> Case:
    return case("noh-reduced")


def hours(energy: Sequence[float], window: Window, loss: float = 100.0) -> Inertia:
    return Inertia.of({"hour": np.arange(window.first, window.end) + 1, "inertia_mws": energy, "loss_mw": np.full(window.periods, loss)})


def schedule(inertia: Inertia, window: Window = EVENING, *, model: Model | None = "full", security: Security | None = None) -> JointSchedule:
    """Of the reduced case; without its feeder where no model is given."""
    bus = reduced().interfaces.bus
    hung = []
    if model is not None:
        hung = [Hung(feeder=FastFeeder.of(FeederProblem.of(reduced().models[0], int(reduced().interfaces.root[0]), window), model))]
    return JointSchedule.of(SecureTransmission.of(reduced().transmission, bus if hung else NONE, window), hung, inertia, security)


@cache
def evening() -> tuple[JointSchedule, JointPlan]:
    made = schedule(hours([8350.0], EVENING))
    plan = made.solve()
    now = replace(made, feeders=plan.feeders)
    return now, plan


def test_without_fast_reserve_primary_reserve_is_what_is_printed() -> None:
    """179.64 and 191.08 MW: calibrated, see the case."""
    plan = schedule(hours([8350.0, 7850.0], Window(first=17, periods=2)), Window(first=17, periods=2), model=None).solve()
    np.testing.assert_allclose(plan.primary, [1_500_000 / 8350, 1_500_000 / 7850], atol=REQUIRED_MW)
    np.testing.assert_allclose(plan.fast, 0.0, atol=REQUIRED_MW)


def test_with_fast_reserve_primary_reserve_is_the_closed_form_of_it() -> None:
    _, plan = evening()
    assert plan.tight
    assert plan.fast[0] > 1.0
    np.testing.assert_allclose(plan.primary, Security().needed(8350.0, 100.0, plan.fast[:, None]), atol=REQUIRED_MW)
    assert plan.short.max() <= REQUIRED_MW
    assert plan.bound <= plan.cost


def test_fast_reserve_costs_what_it_replaces_of_primary_reserve() -> None:
    _, plan = evening()
    replaced = Security().replaced(8350.0, 100.0, plan.fast[:, None])[:, 0]
    np.testing.assert_allclose(plan.fast_price, replaced * plan.primary_price, rtol=MARGINAL)


def test_the_cost_is_that_of_the_decisions_without_penalties() -> None:
    now, plan = evening()
    assert plan.penalty.max() > 0
    x, own = plan.answer.x, of_group(plan.answer.x, 0)
    programs = ((now.transmission.program, {k: x[f"tso.{k}"] for k in now.transmission.program.columns}), (plan.feeders[0].feeder.program, own))
    paid = sum(
        program.constant + sum(float((c.cost * at[k] + c.quadratic * at[k] ** 2 / 2).sum()) for k, c in program.columns.items() if "ell" not in k)
        for program, at in programs
    )
    assert plan.cost == pytest.approx(paid, rel=NESTED)
    assert plan.bound <= plan.cost <= plan.bound * (1 + CLOSE)


def test_a_station_keeps_reserve_where_it_makes_no_energy() -> None:
    """All stations are needed at a loss of 160 MW; what they give and keep together is no more than they have."""
    made = schedule(hours([8350.0], EVENING, loss=160.0), model=None)
    plan = made.solve()
    t, net = made.transmission, reduced().transmission
    power = t.owned.steps.power(plan.answer.x["tso.x"], len(net.generators))[0, t.regulators.row]
    most = net.generators.p_high_mw[t.regulators.row]
    both = power + plan.answer.x[f"tso.{UP}"][0]
    assert (both <= most * (1 + NESTED)).all()
    assert (np.abs(both - most) <= REQUIRED_MW).any()


@pytest.mark.parametrize("name", ["sold", "tso.kept"])
def test_prices_of_reserve_are_derivatives_of_the_cost(name: str) -> None:
    """One MW that somebody brings is one MW less on the right."""
    now, plan = evening()
    program, step = now.program(), 0.05
    rows = program.rows[name]
    costs = []
    for sign in (-1.0, 1.0):
        moved = replace(program, rows={**program.rows, name: replace(rows, low=rows.low + sign * step)})
        costs.append(Clarabel(tolerance=1e-10).solve(moved).require().cost)
    price = plan.fast_price if name == "sold" else plan.primary_price
    np.testing.assert_allclose((costs[1] - costs[0]) / (2 * step), price[0], rtol=MARGINAL)


def test_a_feeder_alone_would_do_the_same_at_the_prices_of_the_plan() -> None:
    now, plan = evening()
    made = plan.feeders[0].feeder
    energy = plan.energy[:, now.transmission.at[0]]
    columns = dict(made.program.columns)
    for name, price in (("z", energy), ("award", -plan.fast_price)):
        columns[name] = replace(columns[name], cost=price)
    program = replace(made.program, columns=columns)
    alone = Clarabel(tolerance=1e-10).solve(program).require()
    own = of_group(plan.answer.x, 0)
    paid = program.constant + sum(float((c.cost * own[k] + c.quadratic * own[k] ** 2 / 2).sum()) for k, c in columns.items())
    assert alone.cost == pytest.approx(paid, rel=SUPPORTED)


def test_the_more_of_the_network_is_seen_the_more_a_day_costs() -> None:
    costs = [schedule(hours([8350.0], EVENING), model=model).solve().cost for model in ("full", "base-only")]
    nothing = schedule(hours([8350.0], EVENING), model=None)
    assert costs[0] >= costs[1] * (1 - NESTED)
    assert nothing.solve().answer.status is Status.SOLVED


def test_reserve_of_the_unit_that_goes_out_does_not_count() -> None:
    two = Inertia.of({"hour": [18, 18], "inertia_mws": [8350.0, 8350.0], "loss_mw": [100.0, 100.0], "lost": ["", "station-4"]})
    plan, plain = (schedule(table, model=None).solve() for table in (two, hours([8350.0], EVENING)))
    station = plan.answer.x[f"tso.{UP}"][0, [k for k, name in enumerate(kept()) if name == "station-4"]]
    need = 1_500_000 / 8350
    assert plan.primary[0] - station.sum() >= need - REQUIRED_MW
    assert plan.cost > plain.cost


def kept() -> list[str]:
    made = SecureTransmission.of(reduced().transmission, NONE, EVENING).regulators
    return reduced().transmission.generators.name[made.row].tolist()


def test_a_price_that_nobody_bids_tells_of_reserve_that_is_missing() -> None:
    """A loss of 160 MW asks for 460 MW, and stations give half of their 510."""
    made = schedule(hours([8350.0], EVENING, loss=160.0), model=None)
    program = made.transmission.program
    half = replace(program.columns[UP], high=0.5 * program.columns[UP].high)
    tight = replace(made.transmission, program=replace(program, columns={**program.columns, UP: half}))
    plan = replace(made, transmission=tight).solve()
    assert plan.short[0] > 1.0
    assert plan.primary_price[0] == pytest.approx(200.0, rel=MARGINAL)


def test_all_that_no_day_could_mend_is_said_at_once_with_its_hour() -> None:
    window = Window(first=16, periods=4)
    table = Inertia.of({
        "hour": [17, 18, 19], "inertia_mws": [0.0, 8350.0, 2000.0], "loss_mw": [100.0, 900.0, 100.0], "lost": ["", "", "station-99"],
    })  # fmt: skip
    with pytest.raises(InvalidCase) as found:
        joint_schedule(SecureTransmission.of(reduced().transmission, NONE, window), [], table)
    said = str(found.value)
    assert {f.code for f in found.value.faults} >= {"frequency-006", "frequency-008", "frequency-009", "frequency-041", "frequency-042"}
    assert all(f"hour {h}" in said for h in (17, 18, 19, 20))
