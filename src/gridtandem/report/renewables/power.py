"""What sun and wind will give, as people hold it in their hands: a table, words, a picture, a profile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, final

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.errors import Unreadable
from gridtandem.grid.devices import Profiles
from gridtandem.report.tables import as_records, number, plain, spelled
from gridtandem.resources.expectation import Moments
from gridtandem.resources.photovoltaic import STANDARD_C, PvPlant, SunHours, SunPower, sun_faults, sun_power
from gridtandem.resources.wind import RAYLEIGH, WindHours, WindPlant, WindPower, wind_faults
from gridtandem.resources.wind import wind_power as power_of_wind
from gridtandem.study.provenance import provenance
from gridtandem.study.renewables import day_in, plant_in
from gridtandem.tables import Index, Real

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA = "tandem/profile/1"
WORDS = {"sun_power": "pv", "wind_power": "wind"}


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Renewable:
    """Expected power of a plant hour by hour, with its standard deviation."""

    plant: PvPlant | WindPlant
    hours: SunPower | WindPower
    legacy: bool = False  # the misprinted Beta law

    @property
    def energy_mwh(self) -> float:
        """Expected over all hours."""
        return float(self.hours.p_mw.sum())

    @property
    def utilisation(self) -> float:
        """Mean of the factors."""
        return float(self.hours.factor.mean())

    def profiles(self, name: str = "") -> Profiles:
        """Factors on the most power of units that follow it, as in ``profiles.csv`` of a network; it is called pv or wind unless told otherwise."""
        hours = self.hours
        return Profiles(profile=np.full(len(hours), name or WORDS[hours.kind]), period=hours.period, factor=hours.factor)

    def plot(self) -> Figure:
        """The picture; see `gridtandem.report.renewables.picture`."""
        from gridtandem.report.renewables.picture import picture

        return picture(self)

    def __repr__(self) -> str:
        return "\n".join(_lines(self))


def pv_power(
    day: str | Path | SunHours | None = None,
    *,
    mean_kw_per_m2: ArrayLike | None = None,
    sigma_kw_per_m2: ArrayLike | None = None,
    temperature_c: ArrayLike = STANDARD_C,
    plant: PvPlant | str | Path | None = None,
    legacy: bool = False,
) -> Renewable:
    """Expected photovoltaic power, where irradiance follows a Beta law: the twin of ``tandem profile pv``.

    Hours come from a table or its CSV file (``period``, ``irradiance_kw_per_m2``, ``irradiance_sigma_kw_per_m2``, ``temperature_c``), or from
    numbers. ``plant`` is 1 MW of the literature's example module unless given. ``legacy`` takes the law with the misprint that planning papers
    hand on, which keeps the mean and lessens the variance to (1 − μ)/(1 + μ) of what was asked for; for comparison with those papers alone.
    """
    moments: Moments = "legacy" if legacy else "true"
    modules = plant_in(PvPlant, Path(plant), {}) if isinstance(plant, str | Path) else plant or PvPlant()
    if (day is None) == (mean_kw_per_m2 is None) or (mean_kw_per_m2 is None) != (sigma_kw_per_m2 is None):
        raise Unreadable("give a day, or both mean and sigma of irradiance; sigma is 0 where irradiance is known")
    if day is None:
        mean, sigma, air = _columns(mean_kw_per_m2, sigma_kw_per_m2, temperature_c)
        sun = SunHours(period=_count(mean), irradiance_kw_per_m2=mean, irradiance_sigma_kw_per_m2=sigma, temperature_c=air)
    else:
        check = partial(sun_faults, plant=modules, moments=moments)
        sun = day if isinstance(day, SunHours) else day_in(Path(day), SunHours, check, modules.faults())
    return Renewable(plant=modules, hours=sun_power(sun, modules, moments), legacy=legacy)


def wind_power(
    day: str | Path | WindHours | None = None,
    *,
    mean_m_per_s: ArrayLike | None = None,
    sigma_m_per_s: ArrayLike | None = None,
    shape: ArrayLike = RAYLEIGH,
    plant: WindPlant | str | Path | None = None,
) -> Renewable:
    """Expected wind power, where the speed of wind follows a Weibull law: the twin of ``tandem profile wind``.

    Hours come from a table or its CSV file (``period``, ``wind_m_per_s``, perhaps ``wind_sigma_m_per_s`` or ``wind_shape``), or from numbers. Without
    a standard deviation the shape counts: 2, Rayleigh's law, unless given. ``plant`` is 1 MW between 3, 12 and 25 m/s unless given.
    """
    turbines = plant_in(WindPlant, Path(plant), {}) if isinstance(plant, str | Path) else plant or WindPlant()
    if (day is None) == (mean_m_per_s is None):
        raise Unreadable("give a day, or the mean speed of wind")
    if day is None:
        mean, sigma, shapes = _columns(mean_m_per_s, np.inf if sigma_m_per_s is None else sigma_m_per_s, shape)
        wind = WindHours(period=_count(mean), wind_m_per_s=mean, wind_sigma_m_per_s=sigma, wind_shape=shapes)
    else:
        wind = day if isinstance(day, WindHours) else day_in(Path(day), WindHours, wind_faults, turbines.faults())
    return Renewable(plant=turbines, hours=power_of_wind(wind, turbines))


def profile_asked(
    kind: Literal["pv", "wind"], day: Path | None, plant: Path | None, settings: Mapping[str, float | str], *, mean: tuple[float, ...] | None = None,
    sigma: tuple[float, ...] | None = None, temperature: tuple[float, ...] | None = None, shape: float | None = None, legacy: bool = False,
) -> Renewable:  # fmt: skip
    """What the command line asks for."""
    foreign = [("--temperature", temperature, "pv"), ("--legacy", legacy or None, "pv"), ("--shape", shape, "wind")]
    if wrong := [name for name, value, of in foreign if value is not None and of != kind]:
        raise Unreadable(f"{', '.join(wrong)} means nothing for {kind}")
    loose = [("--mean", mean), ("--sigma", sigma), ("--temperature", temperature), ("--shape", shape)]
    if day is not None and (doubled := [name for name, value in loose if value is not None]):
        raise Unreadable(f"{', '.join(doubled)} beside {day}: give a day or numbers")
    if kind == "pv":
        air = STANDARD_C if temperature is None else temperature
        modules = plant_in(PvPlant, plant, settings)
        return pv_power(day, mean_kw_per_m2=mean, sigma_kw_per_m2=sigma, temperature_c=air, plant=modules, legacy=legacy)
    turbines = plant_in(WindPlant, plant, settings)
    return wind_power(day, mean_m_per_s=mean, sigma_m_per_s=sigma, shape=RAYLEIGH if shape is None else shape, plant=turbines)


def renewable_document(found: Renewable, name: str = "") -> dict[str, object]:
    """Everything, for machines."""
    plant = {key: (value if isinstance(value, str) else number(value)) for key, value in asdict(found.plant).items()}
    return {
        "schema": SCHEMA, "kind": WORDS[found.hours.kind], "legacy": found.legacy, "plant": plant, "p_high_mw": found.plant.p_high_mw,
        "energy_mwh": found.energy_mwh, "utilisation": found.utilisation, "hours": as_records(found.hours),
        "profiles": as_records(found.profiles(name)), "made_with": provenance(),
    }  # fmt: skip


def _columns(*given: ArrayLike | None) -> tuple[Real, ...]:
    """Equally long columns; one number stands for all rows."""
    try:
        columns = [np.atleast_1d(np.asarray(x, np.float64)) for x in given]
    except ValueError as e:
        raise Unreadable(f"give numbers: {e}") from e
    many = dict.fromkeys(str(x.size) for x in columns if x.size != 1)
    if len(many) > 1 or any(x.ndim > 1 for x in columns):
        raise Unreadable(f"give as many numbers of each kind as there are hours, or one; here are {' and '.join(many)}")
    return tuple(np.broadcast_arrays(*columns))


def _count(rows: Real) -> Index:
    return np.arange(1, len(rows) + 1, dtype=np.int64)


def _lines(found: Renewable) -> Iterator[str]:
    yield plant_in_words(found.plant) + (", Beta law as misprinted" if found.legacy else "")
    yield plain(found.hours, rows=48)
    many = len(found.hours)
    if many > 1:
        yield f"expected energy {spelled(found.energy_mwh, 'MWh')} in {many} h, {found.utilisation:.1%} of {spelled(found.plant.p_high_mw, 'MW')}"


def plant_in_words(plant: PvPlant | WindPlant) -> str:
    """A plant in one line."""
    cap = f", converter {spelled(plant.s_high_mva, 'MVA')}" if np.isfinite(plant.s_high_mva) else ""
    if isinstance(plant, PvPlant):
        sense = ", voltage as misprinted" if plant.voltage == "legacy" else ""
        return f"pv: {spelled(plant.p_peak_mw, 'MW')} of {plant.modules:,.0f} modules, fill factor {plant.fill_factor:.4f}{cap}{sense}"
    speeds = f"{plant.cut_in_m_per_s:g}, {plant.rated_m_per_s:g} and {plant.cut_out_m_per_s:g} m/s"
    return f"wind: {spelled(plant.p_rated_mw, 'MW')}, {plant.curve} between {speeds}{cap}"
