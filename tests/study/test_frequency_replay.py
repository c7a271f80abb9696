"""A plan in time: the promise of the day case, every loss of an hour, what transmission does not feel, stations whose governors are too slow."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.errors import InvalidCase, UnknownName
from gridtandem.frequency.security import Limits, Security
from gridtandem.frequency.swing import qualified
from gridtandem.report.reserve.replay import frequency_replay, replay_document
from gridtandem.study.reserve.day import JointReserve, joint_reserve
from gridtandem.study.reserve.replay import TURBINES, FrequencyReplay
from tests.tolerances import AT_REST_HZ, BETWEEN_HZ, CLOSED_MW, LOWEST_HZ, MORE

LOWEST, REST, SOON = 59.0, 59.5, 8.0  # Hz; s: after the lowest point


@cache
def day() -> JointReserve:
    return joint_reserve("rts24-ffr")


@cache
def short(model: str = "full") -> JointReserve:
    return joint_reserve("noh-reduced", hours=1, first_hour=4, feeders=model)  # type: ignore[arg-type]


@cache
def of_day() -> FrequencyReplay:
    return frequency_replay(day(), seconds=SOON)


@cache
def of_short() -> FrequencyReplay:
    return frequency_replay(short())


def test_every_hour_of_the_day_holds_with_governors_and_touches_the_limit_as_promised() -> None:
    found = of_day()
    assert len(found.hours) == 24
    assert (found.falls.closed_hz > LOWEST).all()
    np.testing.assert_allclose(found.falls.open_hz, LOWEST, atol=LOWEST_HZ)
    assert found.held
    assert found.trouble == ()
    np.testing.assert_allclose(found.falls.open_hz, day().hours.lowest_hz, atol=LOWEST_HZ)


def test_an_hour_alone_is_the_same_as_within_its_day() -> None:
    whole, alone = of_day(), frequency_replay(day(), hour=4, seconds=SOON)
    assert len(alone.falls) == 1
    assert alone.falls.closed_hz[0] == whole.falls.closed_hz[3]


def test_a_trajectory_falls_to_its_lowest_point_and_comes_to_rest() -> None:
    found = of_short()
    told = found.trajectory(4)
    assert told.frequency_hz.min() == pytest.approx(found.falls.closed_hz[0], abs=BETWEEN_HZ)
    assert np.nanmin(told.open_hz) == pytest.approx(LOWEST, abs=LOWEST_HZ)
    assert (np.isnan(told.open_hz) == (told.time_s > found.falls.open_s[0])).all()
    assert told.frequency_hz[-1] == pytest.approx(found.falls.rest_hz[0], abs=AT_REST_HZ)
    assert told.primary_mw[-1] + told.fast_mw[-1] == pytest.approx(found.falls.loss_mw[0], abs=CLOSED_MW)
    assert told.fast_mw.max() == pytest.approx(found.falls.fast_mw[0], abs=MORE)
    promised = frequency_replay(short(), governors=None).trajectory(4)
    np.testing.assert_array_equal(promised.frequency_hz, told.open_hz)
    assert np.nanmax(promised.primary_mw + promised.fast_mw) <= found.falls.loss_mw[0] + CLOSED_MW


def test_a_run_and_its_file_are_replayed_alike(tmp_path: Path) -> None:
    """As the plan of the same case, to the bit."""
    path = tmp_path / "day.tandem"
    run = gt.run("noh-reduced", scheme="joint-reserve", hours=1, first_hour=4, save=path)
    told = [frequency_replay(given, seconds=SOON).falls.closed_hz for given in (run, path, short())]
    assert told[0] == told[1] == told[2]
    flow = gt.run("14A", scheme="merged")
    with pytest.raises(InvalidCase, match="frequency-079"):
        frequency_replay(flow)


def test_all_losses_of_an_hour_stand_there_and_the_worst_is_told(tmp_path: Path) -> None:
    path = tmp_path / "inertia.csv"
    path.write_text("hour,inertia_mws,loss_mw,lost\n1,8350,60,\n1,8100,100,station-4\n")
    plan = joint_reserve("noh-reduced", inertia=path, hours=1, feeders="none")
    found = frequency_replay(plan, seconds=SOON)
    assert found.standing.award_mw[1, found.standing.station.tolist().index("station-4")] == 0.0
    assert found.falls.lost.tolist() == ["", "station-4"]
    assert found.falls.primary_mw[1] < found.falls.primary_mw[0]
    assert found.hours.lost.tolist() == [found.falls.lost[int(np.argmin(found.falls.margin_hz))]] == ["station-4"]
    told = found.trajectory(1)
    assert list(dict.fromkeys(told.lost.tolist())) == ["", "station-4"]


def test_fast_reserve_that_transmission_does_not_feel_is_missing_in_time() -> None:
    found = frequency_replay(short("none"), governors=None)
    assert found.falls.fast_mw[0] < short("none").hours.fast_mw[0]
    assert not found.held
    assert "hour 4" in found.trouble[0]
    assert "below its limit of 59 Hz" in found.trouble[0]


def test_stations_that_do_not_qualify_are_named() -> None:
    """The same number as asking for that station with its own rating and award."""
    slow = {"governors": "reheat", "deadband_hz": 0.036}
    found = frequency_replay(short(), **slow, seconds=SOON)  # type: ignore[arg-type]
    said = next(word for word in found.trouble if "qualifies" in word)
    assert said.startswith("station-5 keeps 20.00 MW in hour 4")
    standing, turbine = found.standing, found.turbine
    assert turbine is not None
    k = standing.station.tolist().index("station-5")
    own = turbine.governors(standing.rated_mva[[k]], standing.award_mw[:, [k]])
    could = qualified(standing.security, standing.inertia, own, fast_mw=standing.fast_mw[:, None])[0, 0]
    assert f"qualifies for {could:,.2f}" in said
    assert of_short().trouble == ()


def test_fast_reserve_that_waits_for_its_trigger_comes_later() -> None:
    told = [frequency_replay(short(), trigger_hz=hz, seconds=SOON).falls.closed_hz[0] for hz in (0.0, 0.2)]
    assert told[1] < told[0]


def test_a_replay_that_ends_too_soon_has_no_lowest_point() -> None:
    found = frequency_replay(short(), seconds=1.0)
    assert np.isnan([found.falls.closed_hz[0], found.falls.closed_s[0], found.falls.margin_hz[0]]).all()
    assert found.falls.end_hz[0] == found.trajectory(4).frequency_hz[-1] > LOWEST
    assert not found.held
    assert not found.broken
    assert found.trouble == (f"still falling when the replay ends after 1 s: {found.falls.end_hz[0]:.3f} Hz in hour 4; give it longer",)
    assert "lowest    not reached yet" in repr(found)
    assert of_short().falls.margin_hz[0] > 0


def test_falling_and_already_too_low_is_broken() -> None:
    found = frequency_replay(short(), governors="reheat", deadband_hz=2.0, seconds=SOON)
    assert np.isnan(found.falls.closed_hz[0])
    assert found.falls.end_hz[0] < LOWEST
    assert found.broken
    assert "below its limit of 59 Hz" in found.trouble[0]
    assert any(word.startswith("still falling") for word in found.trouble)


def test_a_limit_at_rest_stands_only_where_loads_help() -> None:
    """Without damping all that is asked is reserve for the whole loss, whatever frequency that leaves."""
    plan = short()
    far = [
        frequency_replay(replace(plan, study=replace(plan.study, security=Security(limits=Limits(damping_mw_per_hz=d)))), droop=0.5, seconds=SOON)
        for d in (0.0, 1.0)
    ]
    assert far[0].falls.rest_hz[0] < REST
    assert not any("rests at" in word for word in far[0].trouble)
    assert any("rests at" in word and "limit of 59.5 Hz" in word for word in far[1].trouble)
    assert replay_document(far[0], None)["rest_limit_hz"] is None
    assert replay_document(far[1], None)["rest_limit_hz"] == REST


def test_a_margin_of_nothing_has_no_sign() -> None:
    assert ", 0.000 Hz to its limit of 59" in repr(frequency_replay(short(), governors=None))


def test_bad_questions_are_refused_in_words() -> None:
    with pytest.raises(UnknownName, match="kind of governors"):
        frequency_replay(short(), governors="hydro")
    with pytest.raises(UnknownName, match="hour of the plan"):
        frequency_replay(short(), hour=5)
    with pytest.raises(UnknownName, match="hour of the plan"):
        of_short().trajectory(7)
    with pytest.raises(InvalidCase) as found:
        frequency_replay(short(), droop=0.0, deadband_hz=-1.0, trigger_hz=np.nan, seconds=np.inf)
    assert [f.column for f in found.value.faults] == ["droop", "seconds", "deadband_hz", "trigger_hz"]
    with pytest.raises(InvalidCase, match="600 s or less"):
        frequency_replay(short(), seconds=601.0)
    assert set(TURBINES) == {"tgov1", "reheat"}
