"""The requirement in closed form, in a program and by chords; checked against the nadir in closed form on random systems."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.errors import InvalidCase
from gridtandem.frequency.chords import chords
from gridtandem.frequency.security import Inertia, Limits, Security, Service
from gridtandem.frequency.swing import fall
from gridtandem.program.arrays import Columns, Program
from gridtandem.program.solve import solve
from tests.tolerances import (
    CHORD_MW,
    CHORDS_ALIKE,
    CONE_RESERVE,
    EXACT_NADIR,
    HELD_SLOPE,
    MORE,
    PRINTED_EQUIVALENCE,
    PRINTED_PRIMARY,
    PRINTED_RESERVE,
    PRINTED_SHARE,
    SURE_NADIR,
)

USUAL = Security()


def hours(inertia_mws: Sequence[float], loss_mw: Sequence[float]) -> Inertia:
    return Inertia(hour=np.arange(len(inertia_mws)) + 1, inertia_mws=inertia_mws, loss_mw=loss_mw)


def least(security: Security, table: Inertia, most: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """The least primary reserve by a cone program, with at most so much of each fast service at a price that all is used."""
    many = len(table)
    columns = {"primary": Columns.of(many, 0.0, cost=1.0)} | {f"f{j}": Columns.of(many, 0.0, x, cost=1e-3) for j, x in enumerate(most)}
    rows, cones = security.blocks(table, {"primary": np.eye(many)}, [{f"f{j}": np.eye(many)} for j in range(len(most))])
    answer = solve(Program(columns, rows, cones)).require()
    return answer.x["primary"], np.column_stack([np.empty((many, 0)), *(answer.x[f"f{j}"] for j in range(len(most)))])


def drawn(count: int, security: Security, seed: int) -> tuple[Inertia, np.ndarray]:
    """Random hours and fast reserves for which some primary reserve would do."""
    rng = np.random.default_rng(seed)
    table = hours(rng.uniform(2e3, 2e4, count), rng.uniform(20.0, 300.0, count))
    fast = rng.dirichlet(np.ones(len(security.fast) + 1), count)[:, :-1] * table.loss_mw[:, None]
    sound = np.isfinite(security.arresting(table.inertia_mws, table.loss_mw, fast))
    return table.take(sound), fast[sound]


def test_the_two_calibrated_requirements() -> None:
    need = USUAL.needed([8350.0, 7850.0], 100.0, np.zeros((2, 1)))
    assert need == pytest.approx([179.6407, 191.0828], abs=PRINTED_RESERVE)


def test_the_cone_in_a_program_asks_for_the_same() -> None:
    alone = Security(fast=())
    table = hours([8350.0, 7850.0], [100.0, 100.0])
    assert least(alone, table, ())[0] == pytest.approx([179.64072, 191.08275], abs=CONE_RESERVE)
    three = Security(primary=Service(ramp_s=8.0, delay_s=0.3), fast=(Service(ramp_s=0.4, delay_s=0.1), Service(ramp_s=2.0, delay_s=0.5)))
    primary, fast = least(three, table, (6.0, 9.0))
    assert fast == pytest.approx(np.tile([6.0, 9.0], (2, 1)), abs=CONE_RESERVE)
    assert primary == pytest.approx(three.needed(table.inertia_mws, table.loss_mw, fast), abs=CONE_RESERVE)


def test_several_losses_in_one_hour_and_the_end() -> None:
    table = Inertia(hour=[1, 1], inertia_mws=[30_000.0, 8000.0], loss_mw=[100.0, 60.0], lost=["A", "B"])
    one = {"primary": np.ones((2, 1))}  # the same reserve for both
    rows, cones = Security(fast=()).blocks(table, one, [])
    answer = solve(Program({"primary": Columns.of(1, 0.0, cost=1.0)}, rows, cones)).require()
    nadir, end = Security(fast=()).arresting(table.inertia_mws, table.loss_mw, np.empty((2, 0))), 100.0
    assert nadir.max() < end
    assert answer.x["primary"] == pytest.approx([end], abs=CONE_RESERVE)


@pytest.mark.parametrize(
    "security",
    [
        USUAL,
        Security(fast=()),
        Security(primary=Service(ramp_s=7.0, delay_s=0.4), fast=(Service(ramp_s=0.75, delay_s=0.25), Service(ramp_s=3.0, delay_s=1.0))),
        Security(limits=Limits(f0_hz=50.0, nadir_hz=0.8), primary=Service(ramp_s=9.0), fast=(Service(ramp_s=4.0), Service(ramp_s=1.0))),
    ],
    ids=["usual", "primary alone", "delays", "50 Hz"],
)
def test_what_is_asked_for_is_enough_and_no_more_than_that_where_all_fast_reserve_is_there(security: Security) -> None:
    table, fast = drawn(2000, security, 8)
    assert len(table) > 1000
    primary = security.needed(table.inertia_mws, table.loss_mw, fast)
    found = fall(security, table, primary, fast)
    assert found.nadir_hz.max() <= security.limits.nadir_hz + SURE_NADIR
    late = found.at_s >= max((s.full_s for s in security.fast), default=0.0)
    bound = primary > security.settling(table.loss_mw, fast) * (1 + MORE)
    assert (late & bound).sum() > 100
    assert found.nadir_hz[late & bound] == pytest.approx(security.limits.nadir_hz, abs=EXACT_NADIR)
    less = fall(security, table, 0.99 * primary, fast)
    assert (less.nadir_hz[late & bound] > security.limits.nadir_hz).all()


@pytest.mark.parametrize(
    ("security", "fast", "codes"),
    [
        (Security(nadir="exact"), 0.0, ("080",)),  # type: ignore[arg-type]
        (Security(limits=Limits(damping_mw_per_hz=-1.0, nadir_hz=70.0, steady_hz=80.0)), -5.0, ("086", "002", "003", "087")),
        (Security(limits=Limits(nadir_hz=60.0)), 0.0, ("086",)),
        (USUAL, np.nan, ("087",)),
        (Security(fast=(Service(ramp_s=11.0),)), 0.0, ("005",)),
    ],
    ids=["condition", "several", "all of it", "no number", "slow"],
)
def test_limits_that_are_none_are_refused_by_whoever_asks_how_much_is_needed(security: Security, fast: float, codes: tuple[str, ...]) -> None:
    with pytest.raises(InvalidCase) as found:
        security.needed(8000.0, 100.0, [fast])
    assert [f.code for f in found.value.faults] == [f"frequency-{code}" for code in codes]


def test_a_delay_taken_for_part_of_a_ramp_from_the_start_would_not_be_enough() -> None:
    """A ramp of twice the mean time suits fast services; the slowest one would be believed to help before it comes."""
    late = Security(primary=Service(ramp_s=6.0, delay_s=2.0), fast=())
    table = hours([8350.0], [100.0])
    believed = Security(primary=Service(ramp_s=2 * late.primary.mean_s), fast=()).needed(8350.0, 100.0, np.empty((1, 0)))
    assert fall(late, table, believed, np.empty((1, 0))).nadir_hz[0] > 1.0 + CHORD_MW
    ahead = Security(fast=(Service(ramp_s=0.75, delay_s=0.25),))
    taken = Security(fast=(Service(ramp_s=1.0),)).needed(8350.0, 100.0, [[20.0]])
    assert fall(ahead, table, taken, np.array([[20.0]])).nadir_hz[0] > 1.0 + SURE_NADIR


@settings(max_examples=100, deadline=None)
@given(
    energy=st.floats(3e3, 3e4), loss=st.floats(20.0, 190.0), share=st.floats(0.0, 0.9), more=st.floats(1.0, 1.05), ramp=st.floats(0.1, 3.0)
)  # fmt: skip
def test_more_inertia_or_fast_reserve_asks_for_less_and_a_larger_loss_or_slower_reserve_for_more(
    energy: float, loss: float, share: float, more: float, ramp: float
) -> None:
    security = Security(fast=(Service(ramp_s=ramp),))
    fast = [share * loss]
    need = float(security.needed(energy, loss, fast))
    if not np.isfinite(need):
        return
    room = MORE * (1 + need)
    assert float(security.needed(more * energy, loss, fast)) <= need + room
    assert float(security.needed(energy, more * loss, fast)) >= need - room
    slower = Security(primary=Service(ramp_s=more * 10.0), fast=security.fast)
    assert float(slower.needed(energy, loss, fast)) >= need - room
    if security.rocof(energy, loss) < 2 / ramp:  # else fast reserve eats more of the inertia than it saves
        assert float(security.needed(energy, loss, [min(more * share, 1.0) * loss])) <= need + room


def test_how_much_primary_reserve_a_megawatt_replaces() -> None:
    assert float(USUAL.replaced(8350.0, 100.0, [0.0])[0]) == pytest.approx(3.270, abs=PRINTED_EQUIVALENCE)
    several = Security(primary=Service(ramp_s=9.0, delay_s=0.2), fast=(Service(ramp_s=1.0, delay_s=0.1), Service(ramp_s=4.0)))
    table, fast = drawn(50, several, 3)
    for j, step in enumerate(1e-4 * np.eye(2)):
        above, below = (several.arresting(table.inertia_mws, table.loss_mw, fast + sign * step) for sign in (1, -1))
        slopes = several.replaced(table.inertia_mws, table.loss_mw, fast)[:, j]
        smooth = np.isfinite(above) & (fast.sum(1) < table.loss_mw - 1.0)
        assert ((below - above) / 2e-4)[smooth] == pytest.approx(slopes[smooth], rel=HELD_SLOPE, abs=HELD_SLOPE)


def test_what_four_megawatts_from_feeders_are_worth() -> None:
    primary = USUAL.needed(8350.0, 100.0, [[3.96], [4.0]])
    assert primary == pytest.approx([166.88, 166.755], abs=PRINTED_PRIMARY)
    without = float(USUAL.needed(8350.0, 100.0, [0.0]))
    assert (primary + np.array([3.96, 4.0])) / without - 1 == pytest.approx([-0.049, -0.0495], abs=PRINTED_SHARE)


@settings(max_examples=25, deadline=None)
@given(energy=st.floats(3e3, 2e4), loss=st.floats(50.0, 200.0), share=st.floats(0.1, 1.0), ramp=st.sampled_from([0.3, 1.0, 2.5]))
def test_chords_never_ask_for_less_and_for_little_more(energy: float, loss: float, share: float, ramp: float) -> None:
    security = Security(fast=(Service(ramp_s=ramp),))
    most = share * loss
    if not np.isfinite(security.arresting(energy, loss, [most])):
        return
    lines = chords(security, energy, loss, most_mw=most, error_mw=CHORD_MW)
    at = np.linspace(0.0, most, 400)
    beyond = lines.needed(at) - security.arresting(energy, loss, at[:, None])
    assert beyond.min() >= -CONE_RESERVE * CHORD_MW
    assert beyond.max() <= lines.error_mw + MORE <= CHORD_MW * (1 + CONE_RESERVE)
    assert lines.needed(lines.at_mw) == pytest.approx(security.arresting(energy, loss, lines.at_mw[:, None]), abs=SURE_NADIR)
    assert np.isnan(lines.needed(np.array([-1.0, most + 1.0]))).all()


def test_few_chords_are_enough() -> None:
    found = chords(USUAL, 8350.0, 100.0, most_mw=60.0, error_mw=CHORD_MW)
    assert len(found.slope) == 36  # an earlier study found 0.015 MW for 32 equal ones
    for k in range(36):
        at = np.linspace(found.at_mw[k], found.at_mw[k + 1], 2001)
        beyond = found.needed(at) - USUAL.arresting(8350.0, 100.0, at[:, None])
        assert beyond.max() == pytest.approx(found.error_mw, rel=CHORDS_ALIKE)
    assert len(chords(Security(primary=Service(ramp_s=10.0, delay_s=0.5), fast=(Service(ramp_s=1.0),)), 8350.0, 100.0, most_mw=60.0).slope) > 1


def test_chords_that_cannot_be() -> None:
    with pytest.raises(InvalidCase) as e:
        chords(USUAL, 8350.0, 100.0, most_mw=120.0, error_mw=0.0)
    assert [f.code for f in e.value.faults] == ["frequency-013", "frequency-014"]
    with pytest.raises(InvalidCase, match="frequency-011"):
        chords(Security(fast=()), 8350.0, 100.0, most_mw=50.0)
    with pytest.raises(InvalidCase, match="frequency-012"):
        chords(Security(fast=(Service(ramp_s=9.0),)), 2000.0, 100.0, most_mw=90.0)


def test_all_that_no_schedule_could_mend_is_named_with_its_hour() -> None:
    table = Inertia(hour=[1, 2, 3, 4, 5, 6], inertia_mws=[0, 2000, 13_000, 8000, 8000, 8000], loss_mw=[100, 100, 400, 100, np.nan, 100])
    with pytest.raises(InvalidCase) as e:
        USUAL.require(table, primary_mw=[200.0, 800.0, 200.0, 180.0, 200.0, 180.0], fast_mw=[0.0, 0.0, 0.0, 0.0, 0.0, 10.0])
    found = [(f.label, f.code) for f in e.value.faults]
    assert found == [
        ("hour 1", "frequency-006"),
        ("hour 2", "frequency-008"), ("hour 3", "frequency-009"), ("hour 4", "frequency-010"), ("hour 5", "frequency-007"),
    ]  # fmt: skip
    assert "3,000 MW·s would do" in e.value.faults[1].mend
    assert "187.50 MW" in e.value.faults[3].what


def test_a_slow_fast_service_is_not_used_beyond_where_it_helps() -> None:
    """Where the requirement rises with fast reserve, the least of it is what no schedule avoids."""
    slow = Security(primary=Service(ramp_s=10.0), fast=(Service(ramp_s=9.0),), limits=Limits(rocof_hz_per_s=9.0))
    table = hours([12_000.0], [150.0])
    curve = slow.arresting(12_000.0, 150.0, np.linspace(0.0, 150.0, 10_001)[:, None])
    assert curve.argmin() not in (0, 10_000)
    assert not any(slow.faults(table, primary_mw=curve.min() + CHORD_MW, fast_mw=150.0))
    assert [f.code for f in slow.faults(table, primary_mw=curve.min() - CHORD_MW, fast_mw=150.0)] == ["frequency-010"]


def test_limits_and_services_out_of_order() -> None:
    wrong = Security(limits=Limits(f0_hz=0.0, steady_hz=2.0, damping_mw_per_hz=-1.0), fast=(Service(ramp_s=12.0, name="late"), Service(ramp_s=0.0)))
    with pytest.raises(InvalidCase) as e:
        wrong.require(hours([8000.0], [100.0]))
    assert [f.code for f in e.value.faults] == ["frequency-001", "frequency-002", "frequency-003", "frequency-005", "frequency-004"]
    assert "'" not in str(e.value)
    assert "services[late]" in str(e.value)


def test_maps_for_other_services_are_refused() -> None:
    with pytest.raises(ValueError, match="0 maps for 1 fast services"):
        USUAL.blocks(hours([8000.0], [100.0]), {"p": np.eye(1)}, [])
