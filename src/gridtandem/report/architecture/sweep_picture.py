"""A sweep drawn: cost above the ideal and what breaks limits, one line for each architecture over levels, with the levels between which they swap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridtandem.architecture.simulation.varied import VARIED
from gridtandem.report import style
from gridtandem.report.style import styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gridtandem.report.architecture.sweep import SweepRun

LINEAR = 0.01  # % of the ideal cost, below which the axis is linear: most designs are at 0 somewhere


@styled
def drawn(run: SweepRun) -> Figure:
    """Names at the ends of lines; lines that agree lie on each other, the first below."""
    what = run.found.sweep
    figure = style.new_figure(style.WIDE, 3.6)
    left, right = figure.subplots(1, 2, sharex=True).tolist()
    _panel(left, run, "above_percent", "cost above the ideal [%]")
    _panel(right, run, "over", "beyond ratings before red [MVAh]")
    for low, high in dict.fromkeys(zip(*(getattr(run.changes, end)[run.changes.what == "swap"].tolist() for end in ("low", "high")), strict=True)):
        left.axvspan(low, high, color=style.FAINT, alpha=0.35, linewidth=0, zorder=0)
    if (run.changes.what == "swap").any():
        left.set_title("shaded: somebody overtakes", fontsize=7)
    for axes in (left, right):
        axes.set_xlabel(what.vary)
    figure.suptitle(f"{what.setting.case.name}, {what.scenario}; {what.vary}: {VARIED[what.vary].meaning}", fontsize=8)
    return figure


def _panel(axes: Axes, run: SweepRun, name: str, label: str) -> None:
    names = list(dict.fromkeys(run.swept.architecture.tolist()))
    if name == "above_percent":
        axes.set_yscale("symlog", linthresh=LINEAR)
        axes.set_ylim(0.0, 1.3 * max(LINEAR, float(np.nanmax(run.swept.above_percent, initial=0.0))))
    ends = []
    for k, who in enumerate(names):
        mine = run.swept.take(run.swept.architecture == who)
        y = np.maximum(getattr(mine, name), 0.0)
        colour, mark, dash = (looks[k % len(looks)] for looks in (style.SERIES, style.MARKS, style.DASHES))
        width = 1.1 + 0.5 * (len(names) - 1 - k) / max(len(names) - 1, 1) * 3
        axes.plot(mine.level, y, color=str(colour), marker=mark, linestyle=dash, markersize=3.5, linewidth=width)
        if len(mine) and np.isfinite(y[-1]):
            ends.append((float(mine.level[-1]), float(y[-1]), style.short(who, 10), str(colour)))
    axes.set_ylabel(label)
    axes.margins(x=0.02)
    style.end_labels(axes, ends)
