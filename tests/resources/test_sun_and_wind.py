"""Plants of sun and wind: what data sheets promise, limits of converters, and everything that no plant can be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtandem.errors import InvalidCase
from gridtandem.resources.expectation import Beta
from gridtandem.resources.photovoltaic import PvPlant, SunHours, SunPower, sun_power
from gridtandem.resources.renewables import reactive_high
from gridtandem.resources.wind import WindHours, WindPlant, WindPower, wind_power
from tests.tolerances import CONTINUOUS, EXPECTED, MOMENT, SAMPLED

STEP = 1e-10  # m/s


def sun(mean: float, sigma: float, air: float = 25.0) -> SunHours:
    return SunHours(period=[1], irradiance_kw_per_m2=[mean], irradiance_sigma_kw_per_m2=[sigma], temperature_c=[air])


def wind(mean: float, **law: float) -> WindHours:
    return WindHours(period=[1], wind_m_per_s=[mean], **{name: [x] for name, x in law.items()})


def codes(error: pytest.ExceptionInfo[InvalidCase]) -> list[str]:
    return [f.code for f in error.value.faults]


@given(st.floats(1.0, 1e5), st.floats(0.6, 1.0), st.floats(0.6, 1.0))
def test_under_standard_conditions_modules_give_what_their_data_sheet_says(count: float, v: float, i: float) -> None:
    module = PvPlant(v_mp_v=21.98 * v, i_mp_a=5.32 * i)
    plant = PvPlant.of_modules(count, module)
    air = 25.0 - (plant.noct_c - 20.0) / 0.8  # cells then have 25 °C in full sun
    p = sun_power(sun(1.0, 0.0, air), plant).p_mw[0]
    assert p == pytest.approx(count * plant.v_mp_v * plant.i_mp_a / 1e6, rel=MOMENT)
    assert plant.modules == pytest.approx(count, rel=MOMENT)


def test_the_formulas_of_the_module_one_by_one() -> None:
    s, air, m = 0.7, 31.0, PvPlant()
    cell = air + s * (m.noct_c - 20) / 0.8
    current = s * (m.i_sc_a + m.k_i_a_per_c * (cell - 25))
    for sense, zero in (("datasheet", 25.0), ("legacy", 0.0)):
        voltage = m.v_oc_v - m.k_v_v_per_c * (cell - zero)
        wanted = 1000 * m.fill_factor * voltage * current / 1e6
        plant = PvPlant.of_modules(1000, replace(m, voltage=sense))
        assert sun_power(sun(s, 0.0, air), plant).p_mw[0] == pytest.approx(wanted, rel=MOMENT)


def test_the_sun_agrees_with_draws() -> None:
    plant, draw = PvPlant(s_high_mva=0.6), np.random.default_rng(6)
    law = Beta.of(0.5, 0.2)
    drawn = plant.curve(30.0).at(draw.beta(law.alpha, law.beta, 40_000))
    found = sun_power(sun(0.5, 0.2, 30.0), plant)
    assert abs(drawn.mean() - found.p_mw[0]) < SAMPLED * found.sigma_mw[0] / 200
    assert drawn.max() == plant.s_high_mva


def test_night_is_dark_and_known_sun_has_no_spread() -> None:
    hours = SunHours(period=[1, 2, 3], irradiance_kw_per_m2=[0, 0.5, 1], irradiance_sigma_kw_per_m2=[0, 0, 0])
    found = sun_power(hours, PvPlant())
    assert found.p_mw[0] == 0
    assert not found.sigma_mw.any()
    assert np.isnan(found.alpha).all()
    near = sun_power(sun(0.5, 1e-6), PvPlant())
    assert near.p_mw[0] == pytest.approx(found.p_mw[1], abs=EXPECTED)


@pytest.mark.parametrize("curve", ["linear", "cubic"])
def test_the_curve_of_wind_is_continuous_but_at_cut_out(curve: str) -> None:
    plant = WindPlant(curve=curve)  # type: ignore[arg-type]
    power = plant.by_speed().at
    for speed, value in ((plant.cut_in_m_per_s, 0.0), (plant.rated_m_per_s, 1.0)):
        assert power(np.array([speed - STEP, speed, speed + STEP])) == pytest.approx(value, abs=CONTINUOUS)
    half = 0.5 if curve == "linear" else (7.5**3 - 27) / (1728 - 27)
    assert power(np.array([0.0, 7.5, 25.0, 25.0 + STEP])) == pytest.approx(np.array([0.0, half, 1.0, 0.0]), abs=MOMENT)


def test_the_wind_agrees_with_draws() -> None:
    plant, draw = WindPlant(curve="cubic", s_high_mva=0.8), np.random.default_rng(6)
    found = wind_power(wind(8.0, wind_sigma_m_per_s=3.0), plant)
    speeds = found.scale_m_per_s[0] * draw.weibull(found.shape[0], 40_000)
    assert abs(speeds.std() - 3.0) < SAMPLED * 3.0 / 200
    assert abs(plant.by_speed().at(speeds).mean() - found.p_mw[0]) < SAMPLED * found.sigma_mw[0] / 200


def test_no_spread_means_rayleigh_and_still_air_gives_nothing() -> None:
    one, other = wind_power(wind(7.0), WindPlant()), wind_power(wind(7.0, wind_sigma_m_per_s=7.0 * np.sqrt(4 / np.pi - 1)), WindPlant())
    assert one.shape[0] == 2
    assert one.p_mw[0] == pytest.approx(other.p_mw[0], abs=EXPECTED)
    assert wind_power(wind(0.0), WindPlant()).p_mw[0] == 0
    assert wind_power(wind(7.5, wind_sigma_m_per_s=0.0), WindPlant()).p_mw[0] == pytest.approx(0.5, rel=MOMENT)


@given(st.floats(0.0, 1.0), st.floats(0.05, 1.0))
def test_reactive_power_stays_within_converter_and_power_factor(p: float, factor: float) -> None:
    power = np.array([p])
    assert reactive_high(power, s_high_mva=np.inf, power_factor_low=1.0)[0] == 0
    whole = reactive_high(power, s_high_mva=1.0, power_factor_low=0.0)[0]
    both = reactive_high(power, s_high_mva=1.0, power_factor_low=factor)[0]
    assert whole**2 + p**2 == pytest.approx(1.0, abs=MOMENT)
    assert both == pytest.approx(min(whole, p * np.tan(np.arccos(factor))), abs=EXPECTED)


def test_the_factor_is_a_share_of_the_most_power() -> None:
    free = sun_power(sun(0.6, 0.2), PvPlant(p_peak_mw=3.0))
    tied = sun_power(sun(0.6, 0.2), PvPlant(p_peak_mw=3.0, s_high_mva=1.5))
    assert free.factor[0] * 3.0 == pytest.approx(free.p_mw[0], rel=MOMENT)
    assert tied.factor[0] * 1.5 == pytest.approx(tied.p_mw[0], rel=MOMENT)
    assert tied.p_mw[0] < free.p_mw[0]


def test_everything_that_is_wrong_with_the_sun_is_said_at_once() -> None:
    hours = SunHours(period=[1, 2, 4, 5], irradiance_kw_per_m2=[0.5, 0.0, 1.2, 1.0], irradiance_sigma_kw_per_m2=[0.5, 0.1, 0.1, 0.1])
    with pytest.raises(InvalidCase) as error:
        sun_power(hours, PvPlant(v_mp_v=30, p_peak_mw=-1, voltage="old", power_factor_low=0.0))  # type: ignore[arg-type]
    assert codes(error) == ["case-014", "renewable-005", *["renewable-009"] * 3, "renewable-001", "renewable-002", "renewable-007", "renewable-004"]


def test_the_misprint_allows_what_it_makes_of_a_spread() -> None:
    hours = sun(0.5, 0.6)
    with pytest.raises(InvalidCase):
        sun_power(hours, PvPlant())
    assert isinstance(sun_power(hours, PvPlant(), "legacy"), SunPower)
    with pytest.raises(InvalidCase):
        sun_power(sun(0.5, 0.9), PvPlant(), "legacy")


def test_heat_that_no_module_stands_is_named_with_its_hour() -> None:
    with pytest.raises(InvalidCase, match=r"sun\[1\]\.temperature_c is 60, and the plant's voltage or current below 0") as error:
        sun_power(sun(0.5, 0.1, 60.0), PvPlant(k_v_v_per_c=0.5))
    assert codes(error) == ["renewable-008"]


def test_everything_that_is_wrong_with_the_wind_is_said_at_once() -> None:
    hours = WindHours(period=[1, 2, 3], wind_m_per_s=[5, 0, -1], wind_sigma_m_per_s=[1000, 1, np.inf])
    with pytest.raises(InvalidCase) as error:
        wind_power(hours, WindPlant(cut_in_m_per_s=13, curve="square", s_high_mva=0.0, power_factor_low=2.0))  # type: ignore[arg-type]
    wanted = ["case-013", "renewable-011", "renewable-011", "renewable-002", "renewable-010", "renewable-001", "renewable-003"]
    assert codes(error) == wanted
    with pytest.raises(InvalidCase) as empty:
        wind_power(WindHours.empty(), WindPlant(rated_m_per_s=np.nan))
    assert codes(empty) == ["renewable-006", "renewable-001"]
    assert isinstance(wind_power(wind(5.0, wind_sigma_m_per_s=0.005), WindPlant()), WindPower)
