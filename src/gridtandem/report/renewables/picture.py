"""The picture of what sun or wind will give: expected power hour by hour in a band of one standard deviation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridtandem.report import style
from gridtandem.report.renewables.power import plant_in_words
from gridtandem.report.style import styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gridtandem.report.renewables.power import Renewable

MARKED = 48  # hours; more of them are a line without marks


@styled
def picture(found: Renewable) -> Figure:
    """A bell for sun, a band for wind; the band ends where no power can be."""
    figure = style.new_figure(style.NARROW * 1.7, 3.2)
    axes, hours, plant = figure.add_subplot(), found.hours, found.plant
    high = max(plant.p_high_mw, float(hours.p_mw.max()))
    low, up = np.maximum(hours.p_mw - hours.sigma_mw, 0.0), np.minimum(hours.p_mw + hours.sigma_mw, high)
    axes.fill_between(hours.period, low, up, color=style.DER, alpha=0.18, linewidth=0, label="one standard deviation")
    axes.plot(hours.period, hours.p_mw, color=style.DER, marker="o" if len(hours) <= MARKED else "", markersize=3, label="expected")
    axes.axhline(plant.p_high_mw, color=style.FAINT, linewidth=0.8, linestyle="--", label="most power of the plant")
    axes.set_ylim(0.0, 1.08 * high)
    axes.set_xlabel("hour")
    axes.set_ylabel("active power [MW]")
    axes.set_title("What the sun will give" if hours.kind == "sun_power" else "What the wind will give", pad=14)
    axes.legend(fontsize=7, frameon=False, loc="best")
    style.caption(axes, f"{plant_in_words(plant)}; band cut at 0 and at the most power")
    return figure
