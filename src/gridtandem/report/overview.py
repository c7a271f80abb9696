"""One page that tells a run or a comparison: the grid, its voltages, what crosses the boundary, and how agreement came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gridtandem.report import convergence, exchange, network, selection, style, voltages
from gridtandem.report.style import styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gridtandem.report.run import Comparison, Run

ROWS_MOST = 3  # interfaces in the small picture of exchanges


@styled
def of_run(run: Run) -> Figure:
    """One scheme."""
    return _figure([run], None)


@styled
def of_comparison(comparison: Comparison) -> Figure:
    """Several schemes; the network is drawn for a coordinated one."""
    return _figure(comparison.runs, comparison.diagnosis.contraction if comparison.diagnosis is not None else None)


def _figure(runs: Sequence[Run], contraction: float | None) -> Figure:
    figure = style.new_figure(style.WIDE * 1.3, 6.6)
    (grid, profile), (crossing, rounds) = figure.subplots(2, 2, width_ratios=(1.15, 1), height_ratios=(1.25, 1))
    shown = selection.shown_one(runs)
    if shown is None:
        for axes in (grid, profile, crossing):
            axes.set_axis_off()
        grid.text(0.0, 0.5, "\n".join(r.end for r in runs), color=style.MUTED)
    else:
        network.draw(grid, shown)
        worst = voltages.worst_feeders(runs, 1)
        if worst:
            voltages.draw(profile, runs, worst[0])
        else:
            profile.set_axis_off()
        exchange.draw(crossing, runs, "p", most=ROWS_MOST)
    convergence.draw(rounds, runs, contraction)
    return figure
