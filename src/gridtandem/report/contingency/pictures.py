"""Pictures of contingency analyses: ranks with and without distribution, indices of the first outages, indices against shares of renewables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridtandem.report import style
from gridtandem.report.contingency.shares import FIRST, before, index_by_outage
from gridtandem.report.style import styled
from gridtandem.study.contingency.results import FULL, Ranking

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gridtandem.report.contingency.run import ContingencyRun
    from gridtandem.report.contingency.shares import ShareSweep

MOST, KEPT = 20, 6  # outages in a picture; of the first at least


@styled
def ranks(run: ContingencyRun) -> Figure:
    """The first outages, and those that distribution moves most, by their places without and with it; lines that slope have changed their place.

    Without feeders there is one order: then it is that of `indices`.
    """
    if not run.result.of.feeds:
        return indices(run)
    full = _told(run)
    figure = style.new_figure(style.NARROW + 1, 0.9 + 0.19 * max(4, len(full)))
    axes = figure.add_subplot()
    axes.set_title("Rank of outages", pad=14)
    axes.set_axis_off()
    known = np.union1d(full.alone_rank, full.alone_rank - full.moved)  # places of others are left out
    height = dict(zip(known.tolist(), range(1, len(known) + 1), strict=True))
    for name, alone, moved in zip(full.outage.tolist(), full.alone_rank.tolist(), full.moved.tolist(), strict=True):
        own = alone - moved
        colour = style.WARN if moved > 0 else style.TSO if moved < 0 else style.FAINT
        mark = style.MARKS[2] if moved > 0 else style.MARKS[4] if moved < 0 else style.MARKS[0]
        y = height[alone], height[own]
        axes.plot([0, 1], y, color=colour, marker=mark, markersize=3, linewidth=1.4 if moved else 0.9)
        axes.annotate(f"{name}  {alone}", (0, y[0]), (-6, 0), textcoords="offset points", ha="right", va="center", fontsize=6.5)
        axes.annotate(f"{own}  {name}", (1, y[1]), (6, 0), textcoords="offset points", ha="left", va="center", fontsize=6.5)
    axes.set_ylim(len(known) + 0.7, -0.6)
    axes.set_xlim(-0.6, 1.6)
    axes.annotate("feeders constant", (0, 0), ha="center", fontsize=7, color=style.MUTED)
    axes.annotate("coordinated", (1, 0), ha="center", fontsize=7, color=style.MUTED)
    what = f"{len(full)} of {len(run.result.of.outages):,} outages: the first, and those that move most"
    style.caption(axes, f"{run.result.of.study.case.name}, n = {run.result.of.power}, {what}")
    return figure


@styled
def indices(run: ContingencyRun) -> Figure:
    """Index of the first outages: flows and voltages, and with feeders the whole of it without distribution as a mark."""
    full = _first(run)
    figure = style.new_figure(style.WIDE, 3.4)
    axes = figure.add_subplot()
    x = np.arange(len(full))
    axes.bar(x, full.pi_flow, 0.7, color=style.TSO, label="flows")
    axes.bar(x, full.pi_voltage, 0.7, bottom=full.pi_flow, color=style.DSO, hatch="//", edgecolor=style.CARD, label="voltages")
    if run.result.of.feeds:
        axes.plot(x, full.pi_alone, linestyle="none", marker="_", markersize=11, color=style.INK, label="feeders constant")
    axes.set_xticks(x, [style.short(name) for name in full.outage.tolist()], rotation=60, ha="right", fontsize=6.5)
    axes.set_ylabel(f"performance index, n = {run.result.of.power}")
    axes.set_title("Severity of outages", pad=14)
    axes.legend(fontsize=6.5)
    style.caption(axes, f"{run.result.of.study.case.name}, outages solved in full")
    return figure


@styled
def shares(sweep: ShareSweep) -> Figure:
    """Index of the outages that come first at the highest share, and before any outage, against the share of renewables."""
    figure = style.new_figure(style.WIDE, 3.6)
    axes = figure.add_subplot()
    x = [100 * share for share in sweep.shares]
    found = [index_by_outage(run) for run in sweep.runs]
    labels = []
    for k, name in enumerate(sweep.runs[-1].ranking.outage[:FIRST].tolist()):
        y = [pi.get(name, np.nan) for pi in found]
        axes.plot(x, y, color=style.SERIES[k], marker=style.MARKS[k], linestyle=style.DASHES[k])
        labels.append((x[-1], y[-1], name, style.SERIES[k]))
    _before(axes, sweep, x, labels)
    axes.set_xlabel("renewables, share of the feeders' load [%]")
    axes.set_ylabel(f"performance index, n = {sweep.runs[0].result.of.power}")
    axes.set_title("Severity against the share of renewables", pad=14)
    axes.margins(x=0.12)
    style.caption(axes, f"{sweep.runs[0].result.of.study.case.name}; units at load buses in proportion to their load; schedules of transmission held")
    style.end_labels(axes, labels)
    return figure


def _before(axes: Axes, sweep: ShareSweep, x: list[float], labels: list[tuple[float, float, str, str]]) -> None:
    y = [before(run) for run in sweep.runs]
    axes.plot(x, y, color=style.MUTED, marker=".", linestyle=":")
    labels.append((x[-1], y[-1], "no outage", style.MUTED))


def _first(run: ContingencyRun) -> Ranking:
    table = run.ranking
    return table.take(np.flatnonzero((table.by == FULL) & (table.rank > 0))[:MOST])


def _told(run: ContingencyRun) -> Ranking:
    """Of outages solved in full both ways the first, and those that move most, in their order."""
    table = run.ranking
    both = np.flatnonzero((table.by == FULL) & (table.rank > 0) & (table.alone_rank > 0))
    size = np.abs(table.moved[both])
    far = both[np.argsort(-size, kind="stable")][: min(MOST - KEPT, int((size > 0).sum()))]
    first = np.setdiff1d(both, far)[: MOST - len(far)]
    return table.take(np.union1d(first, far))
