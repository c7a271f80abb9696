"""Bus voltages of a coordinated load flow on top of those of the merged one, and how little they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridtandem.report import style
from gridtandem.report.flow import selection
from gridtandem.report.style import styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gridtandem.report.run import Comparison, Run

FLOOR = 1e-16  # a difference of zero is drawn here


@styled
def of_comparison(comparison: Comparison) -> Figure:
    """The first coordinated scheme against the AC check, which is the merged load flow."""
    figure = style.new_figure(style.WIDE, 4.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    run = selection.shown_one(comparison.runs)
    if run is None:
        upper.text(0.5, 0.5, "no answer to draw", ha="center", transform=upper.transAxes, color=style.MUTED)
        return figure
    buses = selection.at_first(run.buses)
    k = np.arange(1, len(buses) + 1)
    feeders = buses.feeder != ""
    upper.plot(k, buses.v_checked_pu, linestyle="none", marker="o", markersize=5.5, markerfacecolor="none", markeredgecolor=style.INK,
               markeredgewidth=0.7, label="merged (one Newton on all networks)")  # fmt: skip
    for rows, colour, mark, who in ((~feeders, style.TSO, "s", "transmission"), (feeders, style.DSO, "^", "feeders")):
        upper.plot(k[rows], buses.v_pu[rows], linestyle="none", marker=mark, markersize=2.8, color=colour, label=f"{run.scheme}, {who}")
        apart = np.maximum(np.abs(buses.v_pu - buses.v_checked_pu)[rows], FLOOR)
        lower.plot(k[rows], apart, linestyle="none", marker=mark, markersize=2.8, color=colour)
    upper.set_ylabel("voltage [pu]")
    upper.set_title("Coordinated and merged load flow give the same voltages", pad=14)
    style.caption(upper, selection.held_fixed(run))
    upper.legend(loc="lower left", ncols=3)
    low, high = upper.get_ylim()
    upper.set_ylim(low - 0.15 * (high - low), high)
    lower.set_yscale("log")
    lower.set_ylabel("difference [pu]")
    lower.set_xlabel("bus: transmission first, then feeder by feeder")
    _borders(run, upper.axvline, lower.axvline)
    return figure


def _borders(run: Run, *lines: object) -> None:
    """A thin line where a feeder begins."""
    feeder = selection.at_first(run.buses).feeder
    for k in np.flatnonzero(feeder[1:] != feeder[:-1]).tolist():
        for line in lines:
            if callable(line):
                line(k + 1.5, color=style.FAINT, linewidth=0.6, zorder=0)
