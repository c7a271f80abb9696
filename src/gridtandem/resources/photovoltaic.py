r"""Photovoltaic power expected in an hour, where irradiance follows a Beta law.

.. math:: T_c = T_A + s\,\frac{N_{OT} - 20}{0.8}, \qquad I = s\,[I_{sc} + K_i (T_c - 25)], \qquad V = V_{oc} - K_v (T_c - 25), \qquad
          P(s) = N\,FF\,V I, \quad FF = \frac{V_{mp} I_{mp}}{V_{oc} I_{sc}}

with irradiance s [kW/m²], air and cell temperature :math:`T_A, T_c` [°C]; so :math:`P(1) = N V_{mp} I_{mp}` where the cell has 25 °C. P is a cubic
of s, and its expectation under the law closed: `gridtandem.resources.expectation`. An inverter passes min(P, S). The literature also prints
:math:`V = V_{oc} - K_v T_c`: ``voltage = "legacy"``.

Y. M. Atwa, E. F. El-Saadany, M. M. A. Salama, R. Seethapathy, "Optimal renewable resources mix for distribution system energy loss minimization",
IEEE Trans. Power Syst. 25(1), 2010; the cell's temperature from its nominal operating temperature: R. G. Ross, "Interface design considerations
for terrestrial solar cell modules", 12th IEEE Photovoltaic Specialists Conference, 1976.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.resources.expectation import Beta, Curve, Moments
from gridtandem.resources.renewables import PLANT, converter_faults, number_faults, period_faults, reactive_high, word_faults
from gridtandem.tables import Index, Real, Table, column

INF = float("inf")
SMALL = 1e-6  # kW/m²: a spread below it is none
STANDARD_C = 25.0  # °C of cells in data sheets, at 1 kW/m²


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class SunHours(Table):
    """Sun hour by hour; at night irradiance and its spread are 0."""

    kind: ClassVar[str] = "sun"
    period: Index = column("hour, counted from 1", dtype="i8", at_least=1)
    irradiance_kw_per_m2: Real = column("expected irradiance on the modules", unit="kW/m²", at_least=0.0, at_most=1.0)
    irradiance_sigma_kw_per_m2: Real = column("its standard deviation; 0: it is known", unit="kW/m²", at_least=0.0)
    temperature_c: Real = column("temperature of the air", unit="°C", default=STANDARD_C, at_least=-90.0, at_most=70.0)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class SunPower(Table):
    """What a plant gives hour by hour."""

    kind: ClassVar[str] = "sun_power"
    period: Index = column("hour, counted from 1", dtype="i8", at_least=1)
    irradiance_kw_per_m2: Real = column("expected irradiance on the modules", unit="kW/m²")
    temperature_c: Real = column("temperature of the air", unit="°C")
    alpha: Real = column("first parameter of the Beta law; NaN where irradiance is known")
    beta: Real = column("second parameter of the Beta law; NaN where irradiance is known")
    p_mw: Real = column("expected active power", unit="MW")
    sigma_mw: Real = column("its standard deviation", unit="MW")
    factor: Real = column("expected power as a share of the most power of the plant, the factor of a profile")
    q_high_mvar: Real = column("most reactive power, either way, at the expected active power", unit="Mvar")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PvPlant:
    """Modules of one kind behind an inverter. Unless told otherwise: 1 MW of the modules that the planning literature takes as its example."""

    p_peak_mw: float = 1.0  # N V_mp I_mp: at 1 kW/m² and cells of 25 °C
    v_oc_v: float = 21.98  # open circuit
    i_sc_a: float = 5.32  # short circuit
    v_mp_v: float = 17.32  # at most power
    i_mp_a: float = 4.76
    k_v_v_per_c: float = 0.0144  # fall of voltage by temperature
    k_i_a_per_c: float = 0.00122  # rise of current by temperature
    noct_c: float = 43.0  # of cells at 0.8 kW/m² and 20 °C
    voltage: Literal["datasheet", "legacy"] = "datasheet"
    s_high_mva: float = INF  # of the inverter
    power_factor_low: float = 1.0  # 1: no reactive power; 0: all that the inverter has left

    @staticmethod
    def of_modules(count: float, module: PvPlant) -> PvPlant:
        """So many modules like those of a plant, behind no inverter's limit; P in MW is count · V_mp · I_mp / 10⁶."""
        return replace(module, p_peak_mw=count * module.v_mp_v * module.i_mp_a / 1e6)

    @property
    def modules(self) -> float:
        """How many modules that are."""
        return self.p_peak_mw * 1e6 / (self.v_mp_v * self.i_mp_a)

    @property
    def p_high_mw(self) -> float:
        """Most power under standard conditions: that of the modules or of the inverter."""
        return min(self.p_peak_mw, self.s_high_mva)

    @property
    def fill_factor(self) -> float:
        """FF."""
        return self.v_mp_v * self.i_mp_a / (self.v_oc_v * self.i_sc_a)

    def curve(self, temperature_c: float) -> Curve:
        """Power by irradiance [MW by kW/m²] at a temperature of the air."""
        v, i = self.slopes(temperature_c)
        terms = self.p_peak_mw / (self.v_oc_v * self.i_sc_a) * np.convolve([0.0, *i], v)
        free = Curve(np.array([0.0, 1.0]), terms[None])
        return free.capped(self.s_high_mva) if np.isfinite(self.s_high_mva) else free

    def slopes(self, temperature_c: float) -> tuple[tuple[float, float], tuple[float, float]]:
        """Voltage, and current by irradiance, each as constant and slope by irradiance."""
        warming = (self.noct_c - 20.0) / 0.8
        zero = STANDARD_C if self.voltage == "datasheet" else 0.0
        voltage = (self.v_oc_v - self.k_v_v_per_c * (temperature_c - zero), -self.k_v_v_per_c * warming)
        return voltage, (self.i_sc_a + self.k_i_a_per_c * (temperature_c - STANDARD_C), self.k_i_a_per_c * warming)

    def faults(self) -> Iterator[Fault]:
        """Everything that no module and no inverter can be."""
        positive = ("p_peak_mw", "v_oc_v", "i_sc_a", "v_mp_v", "i_mp_a")
        yield from number_faults(self, dict.fromkeys(positive, (0.0, 1e6)) | {"noct_c": (20.0, 100.0)} | dict.fromkeys(SLOPES, (-1.0, 1.0)))
        yield from word_faults(self, {"voltage": ("datasheet", "legacy")})
        for most, end in (("v_mp_v", "v_oc_v"), ("i_mp_a", "i_sc_a")):
            if getattr(self, most) > getattr(self, end):
                what = f"is {getattr(self, most):g}, and {end} is {getattr(self, end):g}"
                yield Fault(PLANT, what, "the point of most power lies below both ends of the characteristic", "renewable-007", column=most)
        yield from converter_faults(self)


SLOPES = ("k_v_v_per_c", "k_i_a_per_c")


def sun_power(sun: SunHours, plant: PvPlant, moments: Moments = "true") -> SunPower:
    """Expected power hour by hour; `InvalidCase` with all faults of hours and plant."""
    if faults := [*sun_faults(sun, plant, moments), *plant.faults()]:
        raise InvalidCase(faults)
    rows = [_hour(*x, plant, moments) for x in zip(sun.irradiance_kw_per_m2, sun.irradiance_sigma_kw_per_m2, sun.temperature_c, strict=True)]
    alpha, beta, p, sigma = np.array(rows).T
    q = reactive_high(p, s_high_mva=plant.s_high_mva, power_factor_low=plant.power_factor_low)
    return SunPower(
        period=sun.period, irradiance_kw_per_m2=sun.irradiance_kw_per_m2, temperature_c=sun.temperature_c, alpha=alpha, beta=beta, p_mw=p,
        sigma_mw=sigma, factor=p / plant.p_high_mw, q_high_mvar=q,
    )  # fmt: skip


def sun_faults(sun: SunHours, plant: PvPlant, moments: Moments = "true") -> Iterator[Fault]:
    """Everything that hours of sun cannot be; heat only before a plant that can be."""
    yield from (*sun.faults(), *period_faults(sun, sun.period), *_spread_faults(sun, moments))
    if not list(plant.faults()):
        yield from _hot(sun, plant)


def _hour(mean: float, sigma: float, temperature_c: float, plant: PvPlant, moments: Moments) -> tuple[float, float, float, float]:
    """Parameters of the law, mean and standard deviation of the power."""
    curve = plant.curve(float(temperature_c))
    if sigma == 0:
        return np.nan, np.nan, float(curve.at(np.array([mean]))[0]), 0.0
    law = Beta.of(float(mean), float(sigma), moments)
    return law.alpha, law.beta, *curve.expected(law)


def _spread_faults(sun: SunHours, moments: Moments) -> Iterator[Fault]:
    """Spreads that no law on 0 to 1 has."""
    mean, sigma = sun.irradiance_kw_per_m2, sun.irradiance_sigma_kw_per_m2
    most = np.sqrt(np.maximum(mean * (1 + mean if moments == "legacy" else 1 - mean), 0.0) * (mean < 1))
    for k in np.flatnonzero((sigma > 0) & ((sigma >= most) | (sigma < SMALL)) & (mean >= 0) & (mean <= 1)).tolist():
        known = "give 0 where irradiance is known, as at night"
        mend = known if most[k] <= SMALL else f"{known}, else from {SMALL:g} to below {most[k]:.4g}: irradiance lies between 0 and 1 kW/m²"
        yield sun.fault(k, "irradiance_sigma_kw_per_m2", f"is {sigma[k]:g} at a mean of {mean[k]:g}", mend, "renewable-009")


def _hot(sun: SunHours, plant: PvPlant) -> Iterator[Fault]:
    """Hours whose temperature turns voltage or current negative; both are straight lines of irradiance."""
    for k, t in enumerate(sun.temperature_c.tolist()):
        if min(min(a, a + b) for a, b in plant.slopes(t)) < 0:
            mend = "correct the temperature, or k_v_v_per_c and k_i_a_per_c of the plant"
            yield sun.fault(k, "temperature_c", f"is {t:g}, and the plant's voltage or current below 0", mend, "renewable-008")
