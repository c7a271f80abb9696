"""Who changes places: a panel for each further scenario, from places by cost in the first one on the left to its own on the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


@styled
def ranking(run: SimulationRun) -> Figure:
    """Those who share a place are joined by a bar; who loses or wins places is drawn in the colour of warnings or of what is well."""
    place = {name: dict(each) for name, each in by_scenario(run.places).items()}
    scenarios = [s for s in run.found.scenarios if s in run.places.scenario]
    if len(scenarios) < 2:
        raise Unreadable(TWO_SCENARIOS)
    first, others = scenarios[0], scenarios[1:]
    both = [name for name, each in place.items() if first in each]
    rows = -(-len(others) // ACROSS)
    across = min(len(others), ACROSS)
    figure = style.new_figure(max(style.NARROW, 0.9 + 1.5 * across), rows * (0.75 + ROW * max(len(both), 4)))
    grid = figure.subplots(rows, across, sharey=True, squeeze=False).ravel().tolist()
    for axes, scenario in zip(grid, others, strict=False):
        _panel(axes, {name: (place[name][first], place[name][scenario]) for name in both if scenario in place[name]}, first, scenario)
    for axes in grid[len(others) :]:
        axes.set_axis_off()
    figure.suptitle(f"{run.found.case}: places by cost, cheapest above", fontsize=8)
    return figure


def _panel(axes: Axes, place: Mapping[str, tuple[int, int]], first: str, scenario: str) -> None:
    left = sorted(place, key=lambda name: (place[name][0], name))
    right = sorted(place, key=lambda name: (place[name][1], left.index(name)))
    for name, (was, now) in place.items():
        colour = style.WARN if now > was else style.OK if now < was else style.MUTED
        dash = "-" if now > was else "--" if now < was else ":"
        ends = (left.index(name), right.index(name))
        axes.plot((0, 1), ends, color=colour, linestyle=dash, linewidth=1.0 if now == was else 1.4, marker="o", markersize=2.5)
        for x, y, side in ((-0.06, ends[0], "right"), (1.06, ends[1], "left")):
            axes.text(x, y, style.short(name, 9), ha=side, va="center", fontsize=NAME_POINTS, color=colour)
    for x, order, k in ((0, left, 0), (1, right, 1)):
        for low, high in _tied([place[name][k] for name in order]):
            axes.plot((x, x), (low, high), color=style.FAINT, linewidth=TIED, solid_capstyle="round", zorder=0)
    axes.set_xlim(-0.45, 1.45)
    axes.set_ylim(len(place) - 0.4, -0.6)
    axes.set_xticks((0, 1), (first, scenario), fontsize=6)
    axes.set_yticks([])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _tied(places: Sequence[int]) -> list[tuple[int, int]]:
    """First and last row of those who share a place."""
    rows: dict[int, list[int]] = {}
    for k, place in enumerate(places):
        rows.setdefault(place, []).append(k)
    return [(each[0], each[-1]) for each in rows.values() if len(each) > 1]
