"""The day of energy and two reserves as people ask for it: what it tells, what it refuses, and that its feeders deliver."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gridtandem as gt
from gridtandem.cases.rts24 import LOAD_MW
from gridtandem.cases.rts24_ffr import inertia_of_day
from gridtandem.errors import InvalidCase
from gridtandem.frequency.security import Inertia, Limits, Service
from gridtandem.frequency.swing import Governors, replay
from gridtandem.frequency.transmission import SecureTransmission
from gridtandem.opf.fast_reserve import UP
from gridtandem.resources.part import Window
from gridtandem.study.reserve.day import joint_reserve
from gridtandem.study.reserve.study import read_inertia
from tests.tolerances import BROKEN_PU, DELIVERED_MW, LOWEST_HZ, RELAXED


def test_a_day_of_feeders_delivers_what_it_sells() -> None:
    found = joint_reserve("rts24-ffr", hours=3, first_hour=17)
    assert found.trouble == ()
    assert found.awards.beyond_pu.max() <= BROKEN_PU
    assert (found.awards.felt_mw >= found.awards.award_mw - DELIVERED_MW).all()
    assert np.nanmax(found.plan.slack) <= RELAXED
    assert (found.hours.primary_mw + found.hours.fast_mw < found.hours.without_mw).all()
    np.testing.assert_allclose(found.hours.lowest_hz, 59.0, atol=LOWEST_HZ)
    assert 0 <= found.cost - found.bound <= 1e-3 * found.cost
    assert "fast" in repr(found)


@pytest.mark.parametrize("turbine", [{}, {"deadband_hz": 0.036}, {"t2_s": 2.1, "t3_s": 7.0}])
def test_stations_with_governors_hold_the_limit_too(turbine: dict[str, float]) -> None:
    """TGOV1, with a deadband, and slow reheat; all of each station's power has a governor, and gives no more than its award."""
    found = joint_reserve("rts24-ffr", hours=2, first_hour=4)
    made = SecureTransmission.of(found.case.transmission, found.case.interfaces.bus, Window(first=3, periods=2)).regulators
    governors = Governors.of(found.case.transmission.generators.p_high_mw[made.row], found.plan.answer.x[f"tso.{UP}"], **turbine)
    day = Inertia.of(inertia_of_day(LOAD_MW)).take(np.array([3, 4]))
    told = replay(Limits(), day, governors=governors, services=(Service(ramp_s=1.0),), service_mw=found.hours.fast_mw[:, None])
    assert (told.fall.nadir_hz < Limits().nadir_hz).all()


def test_feeders_without_their_network_sell_more_and_it_shows_what_would_break() -> None:
    full, none = (joint_reserve("noh-reduced", hours=1, first_hour=4, feeders=model) for model in ("full", "none"))
    assert none.hours.fast_mw[0] > full.hours.fast_mw[0] + DELIVERED_MW
    assert full.trouble == ()
    assert "more than the least of this model" in repr(full), "a polygon stands for the circle of inverters"
    assert any("less than was sold" in word for word in none.trouble)
    assert any("beyond their limits" in word for word in none.trouble)


def test_hours_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "inertia.csv"
    path.write_text("hour,inertia_mws,loss_mw\n1,8350,100\n2,7850,100\n")
    assert joint_reserve("noh-reduced", inertia=path, hours=2, feeders="none").hours.without_mw == pytest.approx([1_500_000 / 8350, 1_500_000 / 7850])
    path.write_text("hour,inertia_mws\n1,much\n")
    with pytest.raises(InvalidCase) as found:
        read_inertia(path)
    assert {f.column for f in found.value.faults} >= {"inertia_mws", "loss_mw"}
    with pytest.raises(InvalidCase, match="case-100"):
        read_inertia(tmp_path / "none.csv")


def test_hours_may_be_a_data_frame_and_what_is_none_is_refused_by_name() -> None:
    frame = pd.DataFrame({"hour": [1, 2], "inertia_mws": [8350.0, 7850.0], "loss_mw": 100.0})
    run = gt.run("noh-reduced", scheme="joint-reserve", inertia=frame, hours=2, feeders="none")
    assert run.hours.without_mw == pytest.approx([1_500_000 / 8350, 1_500_000 / 7850])
    for wrong, code in ((frame.drop(columns="loss_mw"), "case-"), ({"hour": [1]}, "frequency-090"), (7850.0, "frequency-090")):
        with pytest.raises(InvalidCase, match=code):
            gt.run("noh-reduced", scheme="joint-reserve", inertia=wrong, hours=2)


def test_bad_questions_are_refused_in_words() -> None:
    for given, code in (({"feeders": "all"}, "frequency-044"), ({"hours": 0}, "frequency-045"), ({"hours": 25}, "case-097")):
        with pytest.raises(InvalidCase) as found:
            joint_reserve("noh-reduced", **given)  # type: ignore[arg-type]
        assert code in {f.code for f in found.value.faults}
    with pytest.raises(InvalidCase, match="frequency-043"):
        joint_reserve("golden-3bus")


def test_what_a_lost_unit_keeps_does_not_count_in_time_either(tmp_path: Path) -> None:
    path = tmp_path / "inertia.csv"
    path.write_text("hour,inertia_mws,loss_mw,lost\n1,8350,90,\n1,8100,100,station-4\n")
    found = joint_reserve("noh-reduced", inertia=path, hours=1)
    assert found.trouble == ()
    np.testing.assert_allclose(found.hours.lowest_hz, 59.0, atol=LOWEST_HZ)
