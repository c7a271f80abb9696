"""A sweep drawn: cost above the ideal and what breaks limits over levels, a line for each architecture, or for those that are the same throughout in
both, which look the same in both; and the levels between which somebody overtakes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.architecture.simulation.sweeps import Swept
from gridtandem.architecture.simulation.varied import VARIED
from gridtandem.report import style
from gridtandem.report.style import styled
from gridtandem.tables import Real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gridtandem.report.architecture.sweep import SweepRun

LINEAR = 0.01  # % of the ideal cost, below which the axis is linear: most designs are at 0 somewhere
SEEN = 0.01  # of a value, or of `LINEAR`; less is not seen
NAMED = 3  # of those that share a line
LABELS = {"above_percent": "cost above the ideal [%]", "over": "beyond ratings before red [MVAh]"}


@styled
def drawn(run: SweepRun) -> Figure:
    """Names stand at the ends of lines."""
    what = run.found.sweep
    groups = alike(run.swept, tuple(LABELS))
    figure = style.new_figure(style.WIDE, max(3.6, 1.2 + 0.13 * len(groups)))
    left, right = figure.subplots(1, 2, sharex=True).tolist()
    left.set_yscale("symlog", linthresh=LINEAR)
    left.set_ylim(0.0, 1.3 * max(LINEAR, float(np.nanmax(run.swept.above_percent, initial=0.0))))
    for axes, (name, label) in zip((left, right), LABELS.items(), strict=True):
        _panel(axes, [(who, *_line(run.swept, who[0], name)) for who in groups], label)
    for low, high in dict.fromkeys(zip(*(getattr(run.changes, end)[run.changes.what == "swap"].tolist() for end in ("low", "high")), strict=True)):
        left.axvspan(low, high, color=style.FAINT, alpha=0.35, linewidth=0, zorder=0)
    if (run.changes.what == "swap").any():
        left.set_title("shaded: somebody overtakes", fontsize=7)
    for axes in (left, right):
        axes.set_xlabel(what.vary)
    figure.suptitle(f"{what.setting.case.name}, {what.scenario}; {what.vary}: {VARIED[what.vary].meaning}", fontsize=8)
    return figure


def alike(swept: Swept, names: Sequence[str]) -> list[list[str]]:
    """Who shares a line: those that differ in none of these columns by more than can be seen."""
    groups = list[list[str]]()
    for who in dict.fromkeys(swept.architecture.tolist()):
        twins = next((group for group in groups if all(_same(_line(swept, group[0], name), _line(swept, who, name)) for name in names)), None)
        if twins is None:
            groups.append([who])
        else:
            twins.append(who)
    return groups


def _line(swept: Swept, who: str, name: str) -> tuple[Real, Real]:
    mine = swept.take(swept.architecture == who)
    return mine.level, np.maximum(getattr(mine, name), 0.0)


def _same(one: tuple[Real, Real], other: tuple[Real, Real]) -> bool:
    return np.array_equal(one[0], other[0]) and np.allclose(one[1], other[1], SEEN, SEEN * LINEAR, equal_nan=True)


def _panel(axes: Axes, lines: Sequence[tuple[list[str], Real, Real]], label: str) -> None:
    ends = []
    for k, (names, x, y) in enumerate(lines):
        again = k + k // len(style.SERIES)  # the same colour comes with another mark and dash
        colour, mark, dash = style.SERIES[k % len(style.SERIES)], style.MARKS[again % len(style.MARKS)], style.DASHES[again % len(style.DASHES)]
        axes.plot(x, y, color=colour, marker=mark, linestyle=dash, markersize=3.5, linewidth=1.4)
        if len(y) and np.isfinite(y[-1]):
            more = f" +{len(names) - NAMED}" if len(names) > NAMED else ""
            ends.append((float(x[-1]), float(y[-1]), ", ".join(style.short(n, 10) for n in names[:NAMED]) + more, colour))
    axes.set_ylabel(label)
    axes.margins(x=0.02)
    style.end_labels(axes, ends)
