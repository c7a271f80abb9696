"""Who changes places: a panel for each further scenario, from places by cost in the first one on the left to its own on the right.

Those who share a place have one mark, at the top of the bar behind their names, so that a line falls exactly where a place is lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING

from gridtandem.errors import Unreadable
from gridtandem.report import style
from gridtandem.report.architecture.simulated import SimulationRun, by_scenario
from gridtandem.report.style import styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS = 5  # panels in a row
ROW = 0.155  # inches of one architecture
NAME_POINTS = 6.0
TIED = 5.0  # points, width of the bar that joins who shares a place
TWO_SCENARIOS = "places change from one scenario to another; simulate two or more"
LOST, WON, KEPT = LOOKS = ((style.WARN, "-", "loses places"), (style.OK, "--", "wins places"), (style.MUTED, ":", "keeps its place"))
ALONE, MORE, WIDEST = 1.0, 0.3, 3.2  # points, width of the line of one architecture, what each further one adds, and the most


@styled
def ranking(run: SimulationRun) -> Figure:
    """Those who share a place stand beside one bar; who loses or wins places is drawn in the colour of warnings or of what is well."""
    place = {name: dict(each) for name, each in by_scenario(run.places).items()}
    scenarios = [s for s in run.found.scenarios if s in run.places.scenario]
    if len(scenarios) < 2:
        raise Unreadable(TWO_SCENARIOS)
    first, others = scenarios[0], scenarios[1:]
    both = [name for name, each in place.items() if first in each]
    rows = -(-len(others) // ACROSS)
    across = min(len(others), ACROSS)
    figure = style.new_figure(max(style.NARROW, 0.9 + 1.5 * across), 0.4 + rows * (0.6 + ROW * max(len(both), 4)))
    grid = figure.subplots(rows, across, sharey=True, squeeze=False).ravel().tolist()
    for axes, scenario in zip(grid, others, strict=False):
        _panel(axes, {name: (place[name][first], place[name][scenario]) for name in both if scenario in place[name]}, first, scenario)
    for axes in grid[len(others) :]:
        axes.set_axis_off()
    figure.suptitle(f"{run.found.case}: places by cost, cheapest above", fontsize=8)
    _legend(figure, 4 if across > 2 else 2)
    return figure


def _legend(figure: Figure, columns: int) -> None:
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], color=colour, linestyle=dash, linewidth=1.4, label=label) for colour, dash, label in LOOKS]
    bar = Line2D([], [], color=style.FAINT, linewidth=TIED, label="share a place; lines end at its top")
    figure.legend(handles=[*lines, bar], loc="outside lower center", ncols=columns, fontsize=6.5, frameon=False)


def _panel(axes: Axes, place: Mapping[str, tuple[int, int]], first: str, scenario: str) -> None:
    left = sorted(place, key=lambda name: (place[name][0], name))
    right = sorted(place, key=lambda name: (place[name][1], left.index(name)))
    for (was, now), many in sorted(Counter(place.values()).items()):
        colour, dash, _ = _look(was, now)
        wide = min(ALONE + MORE * many, WIDEST)
        axes.plot((0, 1), (was, now), color=colour, linestyle=dash, linewidth=wide, marker="o", markersize=2.5)
    lowest = 1
    for k, order, x, side in ((0, left, -0.06, "right"), (1, right, 1.06, "left")):
        for top, names in groupby(order, key=lambda name: place[name][k]):
            for y, name in enumerate(names, top):
                axes.text(x, y, style.short(name, 9), ha=side, va="center", fontsize=NAME_POINTS, color=_look(*place[name])[0])
                lowest = max(lowest, y)
            if y > top:
                axes.plot((k, k), (top, y), color=style.FAINT, linewidth=TIED, solid_capstyle="round", zorder=0)
    axes.set_xlim(-0.45, 1.45)
    axes.set_ylim(lowest + 0.6, 0.4)
    axes.set_xticks((0, 1), (first, scenario), fontsize=6)
    axes.set_yticks([])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _look(was: int, now: int) -> tuple[str, str, str]:
    return LOST if now > was else WON if now < was else KEPT
