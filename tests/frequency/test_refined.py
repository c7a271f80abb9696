"""Either of two conditions: enough, and necessary, and the same in a program with whole numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtandem.boundary.wire import read, text
from gridtandem.errors import InvalidCase
from gridtandem.frequency import refined
from gridtandem.frequency.chords import chords
from gridtandem.frequency.security import CONDITIONS, Inertia, Limits, Security, Service
from gridtandem.frequency.swing import Governors, fall, replay
from gridtandem.program.arrays import Columns, Program
from gridtandem.program.solve import solve
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.study.reserve.day import joint_reserve
from tests.tolerances import CONE_OPTIMUM, EXACT_NADIR, LESS_MW, LOWEST_HZ, MORE, MORE_COST, SCIP_OPTIMUM, SURE_NADIR

QUICK = Security(fast=(Service(ramp_s=4.0),))


def drawn(count: int) -> tuple[Inertia, np.ndarray]:
    rng = np.random.default_rng(16)
    table = Inertia(hour=np.ones(count, int), inertia_mws=rng.uniform(2e3, 2e4, count), loss_mw=rng.uniform(20.0, 300.0, count))
    return table, rng.uniform(0.0, 1.0, (count, 1)) * table.loss_mw[:, None]


def test_it_is_enough_and_nothing_less_is() -> None:
    table, fast = drawn(1000)
    primary = refined.needed(QUICK, table.inertia_mws, table.loss_mw, fast)
    assert fall(QUICK, table, primary, fast).nadir_hz.max() <= 1.0 + SURE_NADIR
    binding = primary > QUICK.settling(table.loss_mw, fast) * (1 + MORE)
    assert (fall(QUICK, table, 0.999 * primary, fast).nadir_hz[binding] > 1.0).all()
    cone = QUICK.needed(table.inertia_mws, table.loss_mw, fast)
    assert (primary <= cone).all()
    assert (primary < 0.9 * cone).sum() > 50


def test_a_program_decides_as_well() -> None:
    pytest.importorskip("pyscipopt")
    table, fast = drawn(12)
    eye = np.eye(12)
    whole, rows, cones = refined.blocks(QUICK, table, {"primary": eye}, {"fast": eye})
    columns = {"primary": Columns.of(12, 0.0, 1e5, cost=1.0), "fast": Columns.of(12, fast[:, 0], fast[:, 0]), **whole}
    answer = solve(Program(columns, rows, cones)).require()
    assert set(answer.x["late"].round()) == {0.0, 1.0}
    assert answer.x["primary"] == pytest.approx(refined.needed(QUICK, table.inertia_mws, table.loss_mw, fast), rel=SCIP_OPTIMUM, abs=SCIP_OPTIMUM)


@given(ramp=st.floats(0.2, 10.0), energy=st.floats(2e3, 2e4), loss=st.floats(20.0, 300.0), share=st.floats(0.0, 1.0))
def test_inertia_and_loss_alone_decide_which_condition_asks_for_less(ramp: float, energy: float, loss: float, share: float) -> None:
    security = Security(fast=(Service(ramp_s=ramp),))
    table, fast = Inertia.of({"hour": [1], "inertia_mws": [energy], "loss_mw": [loss]}), np.array([[share * loss]])
    growth = loss**2 * 60 / (4 * energy) - fast[0, 0] / ramp
    chosen = security.arresting(energy, loss, fast)[0] if refined.late(security, table.inertia_mws, table.loss_mw)[0] else max(10.0 * growth, 0.0)
    wanted = max(chosen, float(security.settling(loss, fast)[0]))
    assert refined.needed(security, energy, loss, fast)[0] == pytest.approx(wanted, rel=EXACT_NADIR, abs=EXACT_NADIR)


def test_a_program_without_whole_numbers_asks_for_as_much() -> None:
    table, fast = drawn(40)
    eye = np.eye(40)
    assert 5 < refined.late(QUICK, table.inertia_mws, table.loss_mw).sum() < 35
    rows, cones = refined.decided(QUICK, table, {"primary": eye}, {"fast": eye})
    columns = {"primary": Columns.of(40, 0.0, 1e5, cost=1.0), "fast": Columns.of(40, fast[:, 0], fast[:, 0])}
    answer = Clarabel(tolerance=1e-10).solve(Program(columns, rows, cones)).require()
    assert answer.x["primary"] == pytest.approx(refined.needed(QUICK, table.inertia_mws, table.loss_mw, fast), rel=CONE_OPTIMUM, abs=CONE_OPTIMUM)


@pytest.mark.parametrize(("ramp", "error"), [(1.0, 0.01), (8.0, 0.0)])
def test_chords_are_one_line_where_growth_decides(ramp: float, error: float) -> None:
    """Beside the nadir alone: with loads that draw 200 MW/Hz less the end asks for nothing."""
    security, fast = Security(fast=(Service(ramp_s=ramp),), nadir="refined"), np.linspace(0.0, 60.0, 61)
    found = chords(security, 7850.0, 100.0, most_mw=60.0)
    beyond = found.needed(fast) - refined.needed(replace(security, limits=Limits(damping_mw_per_hz=200.0)), 7850.0, 100.0, fast[:, None])
    assert (len(found.slope) == 1) == (error == 0.0)
    assert beyond.min() >= -EXACT_NADIR
    assert beyond.max() <= error + EXACT_NADIR
    assert found.error_mw <= error


@pytest.mark.parametrize(("ramp", "cheaper"), [(1.0, False), (4.0, False), (6.0, True), (8.0, True)])
def test_a_day_is_never_dearer_and_cheaper_where_the_nadir_comes_first(ramp: float, cheaper: bool) -> None:
    """As simulated, it keeps the limit; the linear condition binds where k > 1."""
    cone, finer = (
        joint_reserve("noh-reduced", hours=2, first_hour=4, feeders="none", security=Security(fast=(Service(ramp_s=ramp),), nadir=nadir))
        for nadir in CONDITIONS
    )  # fmt: skip
    assert finer.cost <= cone.cost * (1 + MORE_COST)
    assert (finer.cost < cone.cost * (1 - MORE_COST)) == cheaper
    table = finer.study.borne
    assert table is not None
    stepped = replay(
        Limits(), table.take(np.array([3, 4])), governors=Governors.of([], np.zeros((2, 0))), services=(Service(ramp_s=10.0), Service(ramp_s=ramp)),
        service_mw=np.column_stack([finer.hours.primary_mw, finer.hours.fast_mw]), seconds=10.0,
    )  # fmt: skip
    np.testing.assert_allclose(stepped.fall.nadir_hz, 1.0, atol=LOWEST_HZ)
    assert (cone.hours.primary_mw > finer.hours.primary_mw + LESS_MW).all() == cheaper


def test_what_is_asked_is_written_and_read() -> None:
    asked = Security(nadir="refined")
    assert read(text(asked), [Security, Limits, Service]) == asked
    assert {f.code for f in Security(nadir="fine").faults(Inertia.empty())} == {"frequency-080"}  # type: ignore[arg-type]
    assert {f.code for f in Security(fast=(), nadir="refined").faults(Inertia.empty())} == {"frequency-016"}


def test_what_fast_reserve_could_do_at_best_counts_before_anything_is_solved() -> None:
    """150 MW of loss, 6,000 MW·s, ramps of 10 s and 9 s: 562.5 − 60·10/9 MW, less than the cone's least."""
    table = Inertia.of({"hour": [1], "inertia_mws": [6000.0], "loss_mw": [150.0]})
    service = (Service(ramp_s=9.0),)
    least = 562.5 - 60.0 * 10 / 9
    asked = Security(limits=Limits(rocof_hz_per_s=2.0), fast=service, nadir="refined")
    assert not list(asked.faults(table, least + 1.0, 60.0))
    assert [f.code for f in asked.faults(table, least - 1.0, 60.0)] == ["frequency-010"]
    assert [f.code for f in replace(asked, nadir="cone").faults(table, least + 1.0, 60.0)] == ["frequency-010"]


@pytest.mark.parametrize("security", [Security(fast=()), Security(primary=Service(ramp_s=9.0, delay_s=0.1))])
def test_what_it_does_not_know(security: Security) -> None:
    with pytest.raises(InvalidCase, match="frequency-016"):
        refined.needed(security, 8000.0, 100.0, np.zeros((1, 1)))
