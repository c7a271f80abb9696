"""Structural scores against what a day measures of them: a panel for each measure that differs, nominal and degraded days apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridtandem.architecture.simulation.correlations import CONDITIONS, NOMINAL, measured
from gridtandem.architecture.simulation.measures import rank_shares
from gridtandem.architecture.verdicts.findings import SHORT
from gridtandem.errors import Unreadable
from gridtandem.report import style
from gridtandem.report.style import styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gridtandem.report.architecture.simulated import SimulationRun

ACROSS = 3
MARKS = {NOMINAL: ("o", style.SERIES[0]), CONDITIONS[1]: ("^", style.SERIES[1])}


@styled
def scattered(run: SimulationRun) -> Figure:
    """Up: a worse place among architectures; to the right: a worse score."""
    found = run.correlations
    known = [k for k in np.flatnonzero(np.isfinite(found.rho)).tolist()]
    panels = list(dict.fromkeys((str(found.principle[k]), str(found.measure[k])) for k in known))
    if not panels:
        raise Unreadable("there is nothing to draw: no measure differs among the architectures; simulate three or more")
    rows = -(-len(panels) // ACROSS)
    figure = style.new_figure(style.WIDE, 0.4 + 1.9 * rows)
    grid = figure.subplots(rows, ACROSS, squeeze=False).ravel().tolist()
    for axes, (principle, measure) in zip(grid, panels, strict=False):
        _panel(axes, run, principle, measure)
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    figure.suptitle(f"{run.found.case}: structural score (worse to the right) against rank among architectures (worse above)", fontsize=8)
    return figure


def _panel(axes: Axes, run: SimulationRun, principle: str, measure: str) -> None:
    found, names = run.correlations, list(run.scores)
    score = np.array([run.scores[name][principle] for name in names])
    told = []
    for condition, x in zip(CONDITIONS, measured(run.results, names, measure), strict=True):
        mark, colour = MARKS[condition]
        row = np.flatnonzero((found.principle == principle) & (found.measure == measure) & (found.condition == condition))[0]
        if np.isfinite(found.rho[row]):
            axes.plot(score, rank_shares(x), mark, color=colour, markersize=3.5, markerfacecolor="none", label=condition)
            told.append(f"{condition} ρ {found.rho[row]:.2f} (p {found.p_value[row]:.2g})")
    axes.set_title(f"{SHORT[principle].name}: {measure}", fontsize=6.5, pad=12)
    style.caption(axes, "; ".join(told))
    axes.set_ylim(-0.05, 1.08)
    axes.tick_params(labelsize=6)
    if axes.get_subplotspec() is not None and axes.get_subplotspec().is_first_col() and axes.get_subplotspec().is_first_row():
        axes.legend(fontsize=5.5, loc="lower right")
