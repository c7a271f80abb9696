"""Pictures of dispatches: what passes at interfaces, prices along buses, promised against realised cost, how schemes converge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.report import style
from gridtandem.report.style import styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gridtandem.report.run import Comparison, Run

FLOOR = 1e-12  # a gap of zero is drawn here


@styled
def overview(run: Run) -> Figure:
    """Power and prices at interfaces: as agreed, and in the dispatch of one owner."""
    figure = style.new_figure(style.WIDE, 3.0)
    left, right = figure.subplots(1, 2)
    table, money = run.exchanges, run.result.study.case.currency
    place = np.arange(len(table))
    labels = [
        style.short(name) if run.result.study.hours == 1 else f"{style.short(name)} {t}"
        for name, t in zip(table.interface, table.period, strict=True)
    ]
    left.bar(place - 0.2, table.p_mw, 0.4, color=style.DSO, label=f"{run.scheme}, active [MW]")
    left.bar(place + 0.2, table.q_mvar, 0.4, color=style.DER, label="reactive [Mvar]")
    left.plot(place - 0.2, table.p_central_mw, "D", color=style.INK, markersize=4, label="one owner, active")
    left.set_ylabel("into the feeder [MW, Mvar]")
    right.bar(place, table.price_per_mwh, 0.5, color=style.TSO, label=run.scheme)
    right.plot(place, table.price_central_per_mwh, "D", color=style.INK, markersize=4, label="one owner")
    low, high = float(np.nanmin(table.price_per_mwh, initial=0.0)), float(np.nanmax(table.price_per_mwh, initial=1.0))
    right.set_ylim(min(0.0, low) * 1.1, high * 1.25)
    right.set_ylabel(f"price of active power [{money}/MWh]")
    for axes, title in ((left, "What passes"), (right, "What it is worth")):
        axes.set_xticks(place, labels, rotation=45 if len(place) > 4 else 0)
        axes.set_title(title, pad=14)
        axes.axhline(0.0, color=style.INK, linewidth=0.6)
        axes.legend(fontsize=7, frameon=False)
    style.caption(left, run.result.study.case.name)
    return figure


@styled
def prices(run: Run) -> Figure:
    """Prices of active and reactive power at every bus, in the first period."""
    figure = style.new_figure(style.WIDE, 4.2)
    above, below = figure.subplots(2, sharex=True)
    table, money = run.prices, run.result.study.case.currency
    table = table.take(table.period == table.period[:1])
    whose = [f"{c} {f}".strip() for c, f in zip(table.company, table.feeder, strict=True)]
    for k, who in enumerate(dict.fromkeys(whose)):
        at = np.flatnonzero(np.array(whose) == who)
        look = {"color": style.TSO if k == 0 else style.SERIES[k % len(style.SERIES)], "marker": style.MARKS[k % len(style.MARKS)]}
        above.plot(at, table.price_per_mwh[at], markersize=2.5, linewidth=0.8, label=who, **look)
        below.plot(at, table.price_per_mvarh[at], markersize=2.5, linewidth=0.8, **look)
    above.set_ylabel(f"active [{money}/MWh]")
    below.set_ylabel(f"reactive [{money}/Mvarh]")
    below.set_xlabel("bus, transmission first, each feeder from its root")
    above.set_title("Prices inside", pad=14)
    style.caption(above, f"{run.result.study.case.name} under {run.scheme}, d cost / d demand")
    above.legend(fontsize=7, frameon=False, ncols=4)
    return figure


@styled
def costs(comparison: Comparison) -> Figure:
    """What plans promise and what they cost in the AC check, beside the dispatch of one owner."""
    figure = style.new_figure(style.WIDE, 3.2)
    axes = figure.add_subplot()
    table = comparison.table
    there = np.flatnonzero(np.isfinite(table.promised))
    best = comparison.runs[int(there[0])].result.central if len(there) else np.nan
    place = np.arange(len(there))
    axes.bar(place - 0.2, table.promised[there] - best, 0.4, color=style.FAINT, edgecolor=style.MUTED, label="promised")
    axes.bar(place + 0.2, table.realised[there] - best, 0.4, color=style.TSO, label="in the AC check")
    for k, row in enumerate(there.tolist()):
        if broken := int(table.limits_broken[row]):
            note = axes.annotate(
                f"{broken} limits\nbroken", (k + 0.2, max(0.0, float(table.realised[row] - best))), (0, 3), textcoords="offset points"
            )
            note.set(fontsize=6, color=style.WARN, ha="center")
    axes.axhline(0.0, color=style.INK, linewidth=0.6)
    axes.set_xticks(place, table.scheme[there].tolist(), rotation=20)
    axes.set_ylabel(f"cost beyond that of one owner [{comparison.runs[0].result.study.case.currency}]")
    axes.set_title("What is promised, and what it costs", pad=14)
    axes.margins(y=0.25)
    axes.legend(fontsize=7, frameon=False)
    style.caption(axes, f"{comparison.runs[0].result.study.case.name}; one owner pays {best:,.2f}")
    return figure


@styled
def convergence(comparison: Comparison) -> Figure:
    """How the gap of every scheme closes, against its own goal."""
    return _gaps(comparison.runs)


@styled
def of_run(run: Run) -> Figure:
    """The same of one scheme."""
    return _gaps([run])


def _gaps(runs: Sequence[Run]) -> Figure:
    figure = style.new_figure(style.NARROW * 1.6, 3.2)
    axes = figure.add_subplot()
    for k, run in enumerate(r for r in runs if r.outcome.goal > 0):
        gap = np.maximum(run.rounds.gap / run.outcome.goal, FLOOR)
        colour, mark, dash = style.series_look(run.scheme, k)
        axes.plot(run.rounds.round, gap, marker=mark, color=colour, linestyle=dash, markersize=3, label=run.scheme)
    axes.axhline(1.0, color=style.OK, linewidth=0.8, linestyle=(0, (6, 2)))
    axes.set_yscale("log")
    axes.set_xlabel("round")
    axes.set_ylabel("gap over its goal")
    axes.set_title("How the gap closes", pad=14)
    if axes.lines[1:]:
        axes.legend(fontsize=7, frameon=False)
    if runs:
        style.caption(axes, runs[0].result.study.case.name)
    return figure
