"""The picture of an experiment: λ* over what is varied, one line per tool or convention, and coordinated curves of one bus that feeds."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.report import style
from gridtandem.report.style import styled
from gridtandem.study.margin.tables import first_turn

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gridtandem.study.margin.experiment import Carried

TOOL = "ccpf"  # whose curves are drawn
BREADTH = 160  # letters of the caption


@styled
def drawn(carried: Carried) -> Figure:
    """Both halves, with what is held fixed below the title."""
    what = carried.experiment
    figure = style.new_figure(style.WIDE, 3.9)
    left, right = figure.subplots(1, 2).tolist()
    held = fill(f"{what.title}, {carried.case.name}. Held: {what.held}", BREADTH)
    figure.text(0.01, 0.005, held, fontsize=6.5, color=style.MUTED, va="bottom")
    figure.get_layout_engine().set(rect=(0, 0.07, 1, 0.93))  # type: ignore[union-attr, call-arg]
    _margins(left, carried)
    _curves(right, carried)
    return figure


def _margins(axes: Axes, carried: Carried) -> None:
    trials = carried.trials
    axes.set_title("Margin")
    axes.set_xlabel(carried.experiment.varied)
    axes.set_ylabel("λ*")
    series = list(dict.fromkeys(zip(trials.line.tolist(), trials.tool.tolist(), strict=True)))
    several = len({tool for _, tool in series}) > 1
    for k, (line, tool) in enumerate(series):
        rows = trials.take((trials.line == line) & (trials.tool == tool))
        rows = rows.take(np.argsort(rows.value, kind="stable"))
        name = ", ".join(filter(None, (line, tool if several else "")))
        width = 1.2 + 0.5 * (len(series) - 1 - k)  # lines that agree lie on each other
        colour, mark, dash = (looks[k % len(looks)] for looks in (style.SERIES, style.MARKS, style.DASHES))
        axes.plot(rows.value, rows.growth, markersize=3.5, linewidth=width, label=name, color=str(colour), marker=mark, linestyle=dash)
    settings = dict(zip(trials.value.tolist(), trials.setting.tolist(), strict=True))
    axes.set_xticks(list(settings), list(settings.values()), fontsize=6)
    if len(series) > 1:
        axes.legend(fontsize=6, frameon=False)
    low, high = axes.get_ylim()
    axes.set_ylim(max(0.0, low), high)


def _curves(axes: Axes, carried: Carried) -> None:
    what, curves = carried.experiment, carried.curves
    rows = curves.take((curves.line == what.shown) & (curves.tool == TOOL))
    axes.set_xlabel("growth λ")
    axes.set_ylabel("voltage [pu]")
    axes.set_title("No curve: no load flow")
    if not len(rows):
        return
    bus = str(rows.bus[0])
    axes.set_title(f"Voltage at bus {bus}, coordinated" + (f": {what.shown}" if what.shown else ""))
    ends = []
    for k, setting in enumerate(dict.fromkeys(rows.setting.tolist())):
        mine = rows.take((rows.setting == setting) & (rows.bus == bus))
        colour = style.SERIES[k % len(style.SERIES)]
        axes.plot(mine.growth, mine.v_pu, color=colour, linestyle=style.DASHES[k % len(style.DASHES)], linewidth=1.3)
        turn = first_turn(mine.growth)
        axes.plot(mine.growth[turn], mine.v_pu[turn], marker=style.MARKS[k % len(style.MARKS)], markersize=3.5, color=colour, linestyle="none")
        ends.append((float(mine.growth[turn]), float(mine.v_pu[turn]), setting, colour))
    axes.margins(x=0.16)
    axes.set_xlim(left=0.0)
    style.end_labels(axes, ends)
