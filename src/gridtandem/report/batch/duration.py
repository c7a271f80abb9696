"""A batch as duration curves: how many cases have at least this much, one curve for each quantity, the worst case at the left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridtandem.report import style
from gridtandem.report.style import styled
from gridtandem.study.batch.results import Cases
from gridtandem.tables import Real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gridtandem.report.batch.run import BatchRun

POINTS = 2000  # of a curve; more are not seen


@styled
def of_batch(run: BatchRun) -> Figure:
    """Exchange, losses and voltages; and a histogram of flows over ratings where branches have ratings."""
    cases = run.cases
    good = cases.take(cases.ok)
    figure = style.new_figure(style.WIDE, 4.6)
    if not len(good):
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.text(0.0, 0.9, "There is nothing to show: no case has an answer.", transform=axes.transAxes, color=style.MUTED)
        return figure
    rated = bool((good.loading_percent > 0).any())
    panels = figure.subplots(2, 2).ravel() if rated else figure.subplots(1, 3)
    curves(panels[0], "Power into feeders", "MW", [("exchange", good.exchange_mw, style.DSO)])
    losses = [("transmission", good.transmission_loss_mw, style.TSO), ("feeders", good.distribution_loss_mw, style.DSO)]
    curves(panels[1], "Losses", "MW", losses)
    curves(panels[2], "Voltages of the whole grid", "pu", [("highest", good.v_high_pu, style.WARN), ("lowest", good.v_low_pu, style.INK)])
    if rated:
        _histogram(panels[3], good)
    style.caption(panels[0], f"{run.result.batch.study.case.name}: {len(good):,} of {len(cases):,} cases")
    return figure


def curves(axes: Axes, title: str, unit: str, series: list[tuple[str, Real, str]]) -> None:
    """Each series from its largest value down; ``lowest`` ones from their smallest up."""
    for name, values, colour in series:
        x, y = duration(values)
        axes.plot(x, y[::-1] if name == "lowest" else y, color=colour, label=name)
    axes.set_xlim(0, 100)
    axes.set_xlabel("cases [%]")
    axes.set_ylabel(unit)
    axes.set_title(title, pad=14)
    if len(series) > 1:
        axes.legend(fontsize=6.5)


def duration(values: Real) -> tuple[Real, Real]:
    """Share of cases [%] that have at least the value beside it; at most `POINTS` of them, both ends among them."""
    ordered = np.sort(values)[::-1]
    at = np.unique(np.linspace(0, len(ordered) - 1, min(len(ordered), POINTS)).round().astype(np.int64))
    share = 100.0 * at / max(len(ordered) - 1, 1)
    return np.asarray(share, np.float64), ordered[at]


def _histogram(axes: Axes, good: Cases) -> None:
    axes.hist(good.loading_percent, bins=40, color=style.TSO)
    axes.axvline(100.0, color=style.WARN, linewidth=0.8)
    axes.set_xlabel("highest flow over rating [%]")
    axes.set_ylabel("cases")
    axes.set_title("Most loaded branch", pad=14)
