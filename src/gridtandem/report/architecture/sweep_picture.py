"""A sweep drawn: cost above the ideal and what breaks limits over levels, a line for each architecture, or for those that are the same throughout;
and the levels between which somebody overtakes.
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
    panels = [(alike(run.swept, name), label) for name, label in LABELS.items()]
    figure = style.new_figure(style.WIDE, max(3.6, 1.2 + 0.13 * max(len(lines) for lines, _ in panels)))
    left, right = figure.subplots(1, 2, sharex=True).tolist()
    left.set_yscale("symlog", linthresh=LINEAR)
    left.set_ylim(0.0, 1.3 * max(LINEAR, float(np.nanmax(run.swept.above_percent, initial=0.0))))
    for axes, (lines, label) in zip((left, right), panels, strict=True):
        _panel(axes, lines, label)
    for low, high in dict.fromkeys(zip(*(getattr(run.changes, end)[run.changes.what == "swap"].tolist() for end in ("low", "high")), strict=True)):
        left.axvspan(low, high, color=style.FAINT, alpha=0.35, linewidth=0, zorder=0)
    if (run.changes.what == "swap").any():
        left.set_title("shaded: somebody overtakes", fontsize=7)
    for axes in (left, right):
        axes.set_xlabel(what.vary)
    figure.suptitle(f"{what.setting.case.name}, {what.scenario}; {what.vary}: {VARIED[what.vary].meaning}", fontsize=8)
    return figure


def alike(swept: Swept, name: str) -> list[tuple[list[str], Real, Real]]:
    """Names, levels and values of every line; who differs by less than can be seen shares one."""
    lines = list[tuple[list[str], Real, Real]]()
    for who in dict.fromkeys(swept.architecture.tolist()):
        mine = swept.take(swept.architecture == who)
        y = np.maximum(getattr(mine, name), 0.0)
        same = (names for names, x, other in lines if np.array_equal(x, mine.level) and np.allclose(y, other, SEEN, SEEN * LINEAR, equal_nan=True))
        twin = next(same, None)
        if twin is None:
            lines.append(([who], mine.level, y))
        else:
            twin.append(who)
    return lines


def _panel(axes: Axes, lines: Sequence[tuple[list[str], Real, Real]], label: str) -> None:
    ends = []
    for k, (names, x, y) in enumerate(lines):
        colour, mark, dash = (looks[k % len(looks)] for looks in (style.SERIES, style.MARKS, style.DASHES))
        axes.plot(x, y, color=str(colour), marker=mark, linestyle=dash, markersize=3.5, linewidth=1.4)
        if len(y) and np.isfinite(y[-1]):
            more = f" +{len(names) - NAMED}" if len(names) > NAMED else ""
            ends.append((float(x[-1]), float(y[-1]), ", ".join(style.short(n, 10) for n in names[:NAMED]) + more, str(colour)))
    axes.set_ylabel(label)
    axes.margins(x=0.02)
    style.end_labels(axes, ends)
