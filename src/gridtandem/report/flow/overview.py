"""One page that tells a run or a comparison: the grid, its voltages, what crosses the boundary, and how agreement came."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from gridtandem.report import style
from gridtandem.report.flow import convergence, exchange, network, selection, voltages
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
    shown = selection.shown_one(runs)
    if shown is None:
        return _reasons(runs)
    worst = voltages.worst_feeders(runs, 1)
    if not worst:
        return network.network(shown)
    figure = style.new_figure(style.WIDE * 1.3, 6.6)
    (grid, profile), (crossing, rounds) = figure.subplots(2, 2, width_ratios=(1.15, 1), height_ratios=(1.25, 1))
    network.draw(grid, shown)
    voltages.draw(profile, runs, worst[0])
    exchange.draw(crossing, runs, "p", most=ROWS_MOST)
    convergence.draw(rounds, runs, contraction)
    return figure


def _reasons(runs: Sequence[Run]) -> Figure:
    """Where there is nothing to draw: why."""
    said = [fill("; ".join((f"{r.scheme}: {r.end}", *r.trouble)), 130, subsequent_indent="    ") for r in runs]
    figure = style.new_figure(style.WIDE, 0.6 + 0.14 * "\n".join(said).count("\n"))
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_title("No scheme found an answer")
    axes.text(0.0, 1.0, "\n".join(said), va="top", fontsize=7)
    return figure
