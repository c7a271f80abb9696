"""Frequency in time: promises in closed form, governors step by step, and which awards a governor can keep."""

from __future__ import annotations

import numpy as np
import pytest

from gridtandem.frequency.security import Inertia, Limits, Security, Service
from gridtandem.frequency.swing import Fall, Governors, fall, promised, qualified, replay, rest
from tests.tolerances import EXACT_NADIR, MORE, OTHER_STEPS, PRINTED_NADIR, PRINTED_SLOW, SIMULATED, STEPPED_NADIR  # fmt: skip

USUAL = Security()
REDUCED = Inertia(hour=[1, 2], inertia_mws=[8350.0, 7850.0], loss_mw=[100.0, 100.0])
NONE = np.zeros((2, 1))
NEED = USUAL.needed(REDUCED.inertia_mws, REDUCED.loss_mw, NONE)
DROOP_LIMIT = 500.0 / 60 / 0.05  # MW at 1 Hz
NO_UNITS = Governors.of([], np.zeros((2, 0)))


def closed_loop(governors: Governors, limits: Limits | None = None) -> Fall:
    return replay(limits or USUAL.limits, REDUCED, governors=governors).fall


def turbines(mva: float, deadband_hz: float = 0.0) -> Governors:
    return Governors.of([mva], NEED[:, None], deadband_hz=deadband_hz)


def slow(mva: float) -> Governors:
    return Governors.of([mva], NEED[:, None], t2_s=2.1, t3_s=7.0)


def test_binding_hours_touch_the_limit_as_promised() -> None:
    found = fall(USUAL, REDUCED, NEED, NONE)
    assert found.nadir_hz == pytest.approx([1.0, 1.0], abs=EXACT_NADIR)
    assert found.at_s == pytest.approx(100.0 * 10.0 / NEED, abs=EXACT_NADIR)
    fast = np.array([[20.0], [35.0]])
    primary = USUAL.needed(REDUCED.inertia_mws, REDUCED.loss_mw, fast)
    assert fall(USUAL, REDUCED, primary, fast).nadir_hz == pytest.approx([1.0, 1.0], abs=EXACT_NADIR)


def test_promises_step_by_step() -> None:
    """The same by steps, for services with delays, and along the whole way down."""
    security = Security(primary=Service(ramp_s=8.0, delay_s=0.4), fast=(Service(ramp_s=0.4, delay_s=0.1), Service(ramp_s=3.0, delay_s=0.5)))
    fast = np.array([[5.0, 10.0], [0.0, 30.0]])
    primary = security.needed(REDUCED.inertia_mws, REDUCED.loss_mw, fast)
    stepped = replay(
        security.limits, REDUCED, governors=NO_UNITS, services=(security.primary, *security.fast), service_mw=np.column_stack([primary, fast]),
        seconds=8.0,
    )  # fmt: skip
    lowest = fall(security, REDUCED, primary, fast)
    assert stepped.fall.nadir_hz == pytest.approx(lowest.nadir_hz, abs=STEPPED_NADIR)
    told = promised(security, REDUCED, primary, fast, stepped.time_s[None, :])
    before = stepped.time_s[None, :] <= lowest.at_s[:, None]
    assert stepped.deviation_hz[before] == pytest.approx(told[before], abs=STEPPED_NADIR)
    assert told[:, -1] == pytest.approx(lowest.nadir_hz, abs=EXACT_NADIR)


def test_a_loss_that_nothing_meets_has_no_nadir() -> None:
    found = fall(USUAL, REDUCED, np.array([99.0, 150.0]), NONE)
    assert np.isinf(found.nadir_hz[0])
    assert np.isnan(found.at_s[0])
    assert found.nadir_hz[1] > 1.0
    none = fall(USUAL, Inertia(hour=[1], inertia_mws=[5000.0], loss_mw=[0.0]), np.zeros(1), np.zeros((1, 1)))
    assert (none.nadir_hz[0], none.at_s[0]) == (0.0, 0.0)
    at_once = Inertia(hour=[1], inertia_mws=[5000.0], loss_mw=[50.0])
    assert fall(USUAL, at_once, np.zeros(1), np.array([[50.0]])).at_s == pytest.approx([1.0], abs=MORE)


@pytest.mark.parametrize(("mva", "lowest"), [(500.0, 59.32), (1000.0, 59.61), (1670.0, 59.74)])
def test_usual_governors_stay_above_the_limit(mva: float, lowest: float) -> None:
    found = 60.0 - closed_loop(turbines(mva)).nadir_hz
    assert found[0] == pytest.approx(lowest, abs=PRINTED_NADIR)
    assert found.min() > 59.0


def test_a_deadband_costs_itself() -> None:
    cost = closed_loop(turbines(1000.0, 0.036)).nadir_hz - closed_loop(turbines(1000.0)).nadir_hz
    assert cost == pytest.approx([0.036, 0.036], abs=STEPPED_NADIR)


def test_slow_reheat_may_fall_below() -> None:
    found = 60.0 - closed_loop(slow(500.0)).nadir_hz
    assert found == pytest.approx([59.011, 58.995], abs=PRINTED_SLOW)
    assert found[1] < 59.0


def test_loads_that_fall_with_frequency_only_help() -> None:
    helped = Limits(damping_mw_per_hz=20.0)
    found = replay(helped, REDUCED, governors=NO_UNITS, services=(USUAL.primary,), service_mw=NEED[:, None], seconds=10.0).fall
    assert 60.0 - found.nadir_hz == pytest.approx([59.21, 59.21], abs=PRINTED_NADIR)
    assert (closed_loop(turbines(500.0), helped).nadir_hz < closed_loop(turbines(500.0)).nadir_hz).all()


def test_less_at_the_end_is_enough_with_such_loads() -> None:
    """Reserve below the loss, as the end allows it with damping: frequency never falls below either limit."""
    security = Security(limits=Limits(damping_mw_per_hz=60.0), fast=())
    table = Inertia(hour=[1, 2], inertia_mws=[30_000.0, 16_000.0], loss_mw=[100.0, 100.0])
    primary = security.needed(table.inertia_mws, table.loss_mw, np.empty((2, 0)))
    assert primary[0] == pytest.approx(70.0, abs=MORE)
    found = replay(security.limits, table, governors=NO_UNITS, services=(security.primary,), service_mw=primary[:, None], seconds=120.0)
    assert found.fall.nadir_hz.max() <= security.limits.nadir_hz
    assert found.deviation_hz[:, -1].max() <= security.limits.steady_hz * (1 + OTHER_STEPS)


def test_smaller_steps_find_the_same() -> None:
    fast = {"services": (Service(ramp_s=0.4, delay_s=0.1),), "service_mw": [[10.0], [20.0]], "trigger_hz": 0.2, "seconds": 8.0}
    usual, small = (replay(USUAL.limits, REDUCED, governors=turbines(500.0, 0.036), **fast, step_s=s) for s in (0.005, 0.0005))  # type: ignore[arg-type]
    assert usual.fall.nadir_hz == pytest.approx(small.fall.nadir_hz, abs=OTHER_STEPS)


def test_fast_reserve_waits_for_its_trigger() -> None:
    fast = Service(ramp_s=0.4, delay_s=0.1)
    found = replay(USUAL.limits, REDUCED, governors=turbines(500.0), services=(fast,), service_mw=20.0, trigger_hz=0.2)
    passed = found.time_s[(found.deviation_hz >= 0.2).argmax(1)]
    begun = found.time_s[(found.fast_mw > 0).argmax(1)]
    assert ((begun - passed >= fast.delay_s - 0.01) & (begun - passed <= fast.delay_s + 0.01)).all()
    assert found.fast_mw[:, -1] == pytest.approx([20.0, 20.0], abs=MORE)
    assert (found.fall.nadir_hz < closed_loop(turbines(500.0)).nadir_hz).all()
    assert (replay(USUAL.limits, REDUCED, governors=turbines(500.0), services=(fast,), service_mw=20.0, trigger_hz=5.0).fast_mw == 0).all()


def test_hours_do_not_see_each_other() -> None:
    both = replay(USUAL.limits, REDUCED, governors=turbines(500.0))
    alone = replay(USUAL.limits, REDUCED.take(np.array([1])), governors=Governors.of([500.0], NEED[1:, None]))
    assert (both.deviation_hz[1] == alone.deviation_hz[0]).all()


def test_awards_that_a_governor_cannot_keep_are_cut_back() -> None:
    """What qualifies holds the limit; a thousandth more, of what its speed and not its droop cut, does not."""
    table = REDUCED.take(np.array([1]))
    lazy = {"t2_s": 2.1, "t3_s": 12.0}
    kept = float(qualified(USUAL, table, Governors.of([500.0], NEED[1:, None], **lazy), fast_mw=NONE[1:])[0, 0])
    assert 0 < kept < DROOP_LIMIT

    def lowest(award: float) -> float:
        fleet = Governors.of([500.0 * NEED[1] / award], NEED[1:, None], **lazy)
        return float(replay(USUAL.limits, table, governors=fleet).fall.nadir_hz[0])

    assert lowest(kept) <= USUAL.limits.nadir_hz + STEPPED_NADIR
    assert lowest(kept * 1.001) > USUAL.limits.nadir_hz


def test_an_award_beyond_what_the_droop_gives_at_the_limit_is_none() -> None:
    both = qualified(USUAL, REDUCED, Governors.of([500.0, 1670.0], NEED[:, None], t2_s=[2.1, 1.0], t3_s=[7.0, 2.1]), fast_mw=NONE)
    assert both[:, 0] == pytest.approx([DROOP_LIMIT, DROOP_LIMIT], rel=MORE)
    assert both[:, 1] == pytest.approx(NEED, rel=MORE)


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
def test_another_simulator_sees_the_same() -> None:
    """ANDES: a machine with its TGOV1 governor, on a line of almost no length a load that grows by the loss at once."""
    andes = pytest.importorskip("andes")
    andes.config_logger(stream_level=40)
    system = andes.System(no_output=True, default_config=True)
    limits = {"pmax": 99.0, "pmin": -99.0, "qmax": 99.0, "qmin": -99.0}
    for bus in (1, 2):
        system.add("Bus", {"idx": bus, "name": str(bus), "Vn": 110.0})
    system.add("Line", {"idx": "L", "bus1": 1, "bus2": 2, "r": 0.0, "x": 1e-4, "b": 0.0, "Vn1": 110.0, "Vn2": 110.0})
    system.add("Slack", {"idx": "S", "bus": 1, "Vn": 110.0, "Sn": 500.0, "p0": 1.0, **limits})
    system.add("PQ", {"idx": "D", "bus": 2, "Vn": 110.0, "p0": 1.0, "q0": 0.0})
    system.add("GENCLS", {"idx": "G", "bus": 1, "gen": "S", "Sn": 500.0, "Vn": 110.0, "M": 2 * 8350.0 / 500.0, "D": 0.0, "fn": 60.0, "xd1": 0.01})
    system.add("TGOV1", {"idx": "T", "syn": "G", "Tn": 500.0, "R": 0.05, "VMAX": 99.0, "VMIN": -99.0, "T1": 0.05, "T2": 1.0, "T3": 2.1, "Dt": 0.0})
    system.setup()
    system.PQ.config.p2p, system.PQ.config.p2z, system.PQ.config.q2q, system.PQ.config.q2z = 1.0, 0.0, 1.0, 0.0
    system.PFlow.run()
    steps = system.TDS.config
    steps.tf, steps.fixt, steps.tstep, steps.no_tqdm = 10.0, 1, 0.005, 1
    system.TDS.init()
    system.PQ.set("Ppf", "D", 2.0, base="device")  # 100 MW more
    system.TDS.run()
    theirs = 60.0 * (1.0 - system.dae.ts.x[:, system.GENCLS.omega.a[0]].min())
    assert theirs == pytest.approx(closed_loop(turbines(500.0)).nadir_hz[0], abs=SIMULATED)


def test_where_frequency_rests_is_where_a_long_replay_ends() -> None:
    governors = Governors.of([400.0, 300.0], np.array([[30.0, 80.0], [60.0, 80.0]]), deadband_hz=0.02)
    limits = Limits(damping_mw_per_hz=5.0)
    told = rest(limits, REDUCED, governors, np.array([10.0, 20.0]))
    long = replay(limits, REDUCED, governors=governors, services=(Service(ramp_s=1.0),), service_mw=[[10.0], [20.0]], seconds=60.0)
    assert told == pytest.approx(long.deviation_hz[:, -1], abs=STEPPED_NADIR)
    assert np.isinf(rest(Limits(), REDUCED, governors, np.zeros(2))).tolist() == [False, False]
    assert np.isinf(rest(Limits(), REDUCED, Governors.of([400.0], NEED[:, None] / 2), np.zeros(2))).all()
    assert rest(Limits(), REDUCED, NO_UNITS, np.array([100.0, 120.0])).tolist() == [0.0, 0.0]
