r"""Wind power expected in an hour, where the speed of wind follows a Weibull law, or Rayleigh's.

.. math:: P(v) = 0 \;(v < v_{ci},\ v > v_{co}), \qquad P_r\,\frac{v^n - v_{ci}^n}{v_r^n - v_{ci}^n} \;(v_{ci} \le v \le v_r), \qquad
          P_r \;(v_r \le v \le v_{co})

with n = 1 (linear) or 3 (cubic). The expectation is closed: `gridtandem.resources.expectation`. A converter passes min(P, S).

Y. M. Atwa, E. F. El-Saadany, M. M. A. Salama, R. Seethapathy, IEEE Trans. Power Syst. 25(1), 2010; the laws: C. G. Justus, W. R. Hargraves,
A. Mikhail, D. Graber, "Methods for estimating wind speed frequency distributions", J. Appl. Meteorol. 17, 1978.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal, final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.resources.expectation import Curve, Weibull, weibull_shape
from gridtandem.resources.renewables import PLANT, converter_faults, number_faults, period_faults, reactive_high, word_faults
from gridtandem.tables import Index, Real, Table, column

INF = float("inf")
RAYLEIGH = 2.0  # shape
SPREADS = (1e-3, 100.0)  # of the mean: standard deviations that a Weibull law is sought for


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class WindHours(Table):
    """Wind hour by hour."""

    kind: ClassVar[str] = "wind"
    period: Index = column("hour, counted from 1", dtype="i8", at_least=1)
    wind_m_per_s: Real = column("expected speed at the height of the hub", unit="m/s", at_least=0.0, at_most=100.0)
    wind_sigma_m_per_s: Real = column(
        "its standard deviation; 0: it is known; inf: the shape says", unit="m/s", default=INF, at_least=0.0, finite=False
    )
    wind_shape: Real = column("shape of the Weibull law where no deviation is given; 2: Rayleigh", default=RAYLEIGH, at_least=0.5, at_most=1000.0)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class WindPower(Table):
    """What a plant gives hour by hour."""

    kind: ClassVar[str] = "wind_power"
    period: Index = column("hour, counted from 1", dtype="i8", at_least=1)
    wind_m_per_s: Real = column("expected speed", unit="m/s")
    shape: Real = column("shape of the Weibull law; NaN where the speed is known")
    scale_m_per_s: Real = column("scale of the Weibull law; NaN where the speed is known", unit="m/s")
    p_mw: Real = column("expected active power", unit="MW")
    sigma_mw: Real = column("its standard deviation", unit="MW")
    factor: Real = column("expected power as a share of the most power of the plant, the factor of a profile")
    q_high_mvar: Real = column("most reactive power, either way, at the expected active power", unit="Mvar")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WindPlant:
    """Turbines of one kind."""

    p_rated_mw: float = 1.0
    cut_in_m_per_s: float = 3.0
    rated_m_per_s: float = 12.0
    cut_out_m_per_s: float = 25.0
    curve: Literal["linear", "cubic"] = "linear"
    s_high_mva: float = INF  # of the converter
    power_factor_low: float = 1.0  # 1: no reactive power; 0: all that the converter has left

    @property
    def p_high_mw(self) -> float:
        """Most power: rated, or that of the converter."""
        return min(self.p_rated_mw, self.s_high_mva)

    def by_speed(self) -> Curve:
        """Power by speed. [MW by m/s]"""
        n = 1 if self.curve == "linear" else 3
        start, full = self.cut_in_m_per_s**n, self.rated_m_per_s**n
        terms = np.zeros((2, n + 1))
        terms[0, [0, n]] = np.array([-start, 1.0]) * self.p_rated_mw / (full - start)
        terms[1, 0] = self.p_rated_mw
        free = Curve(np.array([self.cut_in_m_per_s, self.rated_m_per_s, self.cut_out_m_per_s]), terms)
        return free.capped(self.s_high_mva) if np.isfinite(self.s_high_mva) else free

    def faults(self) -> Iterator[Fault]:
        """Everything that no turbine and no converter can be."""
        speeds = ("cut_in_m_per_s", "rated_m_per_s", "cut_out_m_per_s")
        wrong = list(number_faults(self, {"p_rated_mw": (0.0, 1e6)} | dict.fromkeys(speeds, (0.0, 200.0))))
        yield from (*wrong, *word_faults(self, {"curve": ("linear", "cubic")}))
        for low, high in pairwise(speeds):
            a, b = getattr(self, low), getattr(self, high)
            if a >= b and not {low, high} & {f.column for f in wrong}:
                yield Fault(PLANT, f"is {a:g}, and {high} is {b:g}", "speeds rise: cut-in, rated, cut-out", "renewable-010", column=low)
        yield from converter_faults(self)


def wind_power(wind: WindHours, plant: WindPlant) -> WindPower:
    """Expected power hour by hour; `InvalidCase` with all faults of hours and plant."""
    if faults := [*wind_faults(wind), *plant.faults()]:
        raise InvalidCase(faults)
    curve = plant.by_speed()
    rows = [_hour(float(m), float(s), float(k), curve) for m, s, k in zip(wind.wind_m_per_s, wind.wind_sigma_m_per_s, wind.wind_shape, strict=True)]
    shape, scale, p, sigma = np.array(rows).T
    q = reactive_high(p, s_high_mva=plant.s_high_mva, power_factor_low=plant.power_factor_low)
    return WindPower(
        period=wind.period, wind_m_per_s=wind.wind_m_per_s, shape=shape, scale_m_per_s=scale, p_mw=p, sigma_mw=sigma, factor=p / plant.p_high_mw,
        q_high_mvar=q,
    )  # fmt: skip


def wind_faults(wind: WindHours) -> Iterator[Fault]:
    """Everything that hours of wind cannot be."""
    yield from (*wind.faults(), *period_faults(wind, wind.period), *_spread_faults(wind))


def _hour(mean: float, sigma: float, shape: float, curve: Curve) -> tuple[float, float, float, float]:
    """Parameters of the law, mean and standard deviation of the power."""
    if sigma == 0 or mean == 0:
        return np.nan, np.nan, float(curve.at(np.array([mean]))[0]), 0.0
    law = Weibull.of(mean, weibull_shape(mean, sigma) if np.isfinite(sigma) else shape)
    return law.shape, law.scale, *curve.expected(law)


def _spread_faults(wind: WindHours) -> Iterator[Fault]:
    """Spreads that no law here has."""
    mean, sigma = wind.wind_m_per_s, wind.wind_sigma_m_per_s
    low, high = (share * mean for share in SPREADS)
    for k in np.flatnonzero((sigma > 0) & np.isfinite(sigma) & ((sigma < low) | (sigma > high))).tolist():
        mend = "give 0 where the speed is known" if mean[k] == 0 else f"give 0, or {low[k]:.3g} to {high[k]:.3g} m/s"
        yield wind.fault(k, "wind_sigma_m_per_s", f"is {sigma[k]:g} at a mean of {mean[k]:g}", mend, "renewable-011")
