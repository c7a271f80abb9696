"""The picture of a frequency requirement: primary reserve against inertia, and both reserves against fast reserve; or hour by hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridtandem.frequency.security import Security
from gridtandem.report import style
from gridtandem.report.reserve.requirement import limits_in_words, services_in_words
from gridtandem.report.style import styled
from gridtandem.tables import Real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gridtandem.report.reserve.requirement import FrequencyRequirement

POINTS = 200
WIDER, AT_LEAST = 1.15, 0.25  # of one energy on both sides; of the loss as fast reserve, where none is asked about


@styled
def picture(found: FrequencyRequirement) -> Figure:
    """Two panels, or one of hours."""
    figure = style.new_figure(style.WIDE, 3.3)
    if (found.table.hour > 0).any():
        _hours(figure.add_subplot(), found)
        return figure
    left, right = figure.subplots(1, 2)
    table, security = found.table, found.security
    loss, levels = float(table.loss_mw[0]), np.unique(table.fast_mw)
    low, high = float(table.inertia_mws.min()), float(table.inertia_mws.max())
    first, last = (low, high) if high > low else (low / WIDER, high * WIDER)
    energies = np.linspace(first, last, POINTS)
    for k, level in enumerate(levels[: len(style.SERIES)]):
        curve = _allowed(security, energies, loss, np.full((POINTS, 1), level))
        left.plot(energies, curve, color=style.SERIES[k], linestyle=style.DASHES[k], label=f"{level:g} MW of fast reserve")
    left.set_xlabel("energy of turning masses [MW·s]")
    left.set_ylabel("primary reserve needed [MW]")
    left.set_title("By inertia", pad=14)
    left.legend(fontsize=7, frameon=False)
    fast = np.linspace(0.0, max(float(levels.max()), AT_LEAST * loss), POINTS)
    for k, energy in enumerate(sorted({low, high})):
        primary = _allowed(security, np.full(POINTS, energy), loss, fast[:, None])
        right.plot(fast, primary + fast, color=style.SERIES[k], label=f"both, {energy:,.0f} MW·s")
        right.plot(fast, primary, color=style.SERIES[k], linestyle="--", label=f"primary, {energy:,.0f} MW·s")
    right.set_xlabel("fast reserve [MW]")
    right.set_ylabel("reserve [MW]")
    right.set_title("By fast reserve", pad=14)
    right.legend(fontsize=7, frameon=False)
    style.caption(left, f"loss of {loss:g} MW, {limits_in_words(security)}")
    style.caption(right, services_in_words(security))
    return figure


def _allowed(security: Security, inertia_mws: Real, loss_mw: float, fast_mw: Real) -> Real:
    """What is needed; nothing is drawn where no reserve would do."""
    need = security.needed(inertia_mws, loss_mw, fast_mw)
    found: Real = np.where(np.isfinite(need) & (security.rocof(inertia_mws, loss_mw) <= security.limits.rocof_hz_per_s), need, np.nan)
    return found


def _hours(axes: Axes, found: FrequencyRequirement) -> None:
    """The most that any loss of an hour asks for, one step line for each amount of fast reserve."""
    table = found.table
    hours = np.unique(table.hour)
    for k, level in enumerate(np.unique(table.fast_mw)[: len(style.SERIES)]):
        rows = table.fast_mw == level
        need = [float(np.max(table.primary_mw[rows & (table.hour == h)], initial=0.0)) for h in hours]
        axes.step(hours, need, where="mid", color=style.SERIES[k], linestyle=style.DASHES[k], label=f"{level:g} MW of fast reserve")
    axes.set_xlabel("hour")
    axes.set_ylabel("primary reserve needed [MW]")
    axes.set_title("What every hour asks for", pad=14)
    axes.legend(fontsize=7, frameon=False)
    style.caption(axes, f"{limits_in_words(found.security)}; {services_in_words(found.security)}")
