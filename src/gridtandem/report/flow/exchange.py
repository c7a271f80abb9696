"""What each side believes to cross the boundary, against what the AC check finds: one row per interface and opinion, zero is the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.report import style
from gridtandem.report.flow import selection
from gridtandem.report.style import styled
from gridtandem.tables import Index, Real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gridtandem.report.run import Comparison, Run

ROWS_MOST = 8  # interfaces shown, those where the sides are furthest apart
LEAST_SPAN = 0.005  # of the largest exchange: differences far below it are drawn as what they are, none
LOOKS = (("p_mw", "transmission", "s", style.TSO), ("p_feeder_mw", "feeder", "o", style.DSO), ("p_checked_mw", "AC check", "D", style.INK))


@styled
def of_run(run: Run) -> Figure:
    """One scheme."""
    return _figure([run])


@styled
def of_comparison(comparison: Comparison) -> Figure:
    """Several schemes; those that coincide share their rows."""
    return _figure(comparison.runs)


def _figure(runs: Sequence[Run]) -> Figure:
    groups = selection.alike(runs)
    count = min(ROWS_MOST, len(groups[0][1].interfaces)) * len(groups) if groups else 1
    figure = style.new_figure(style.WIDE, max(2.2, 1.4 + 0.34 * count))
    left, right = figure.subplots(1, 2)
    draw(left, runs, "p", legend=True)
    draw(right, runs, "q", legend=False)
    return figure


def draw(axes: Axes, runs: Sequence[Run], which: str = "p", *, legend: bool = True, most: int = ROWS_MOST) -> None:
    """Active (p) or reactive (q) power on given axes."""
    unit = "MW" if which == "p" else "Mvar"
    axes.set_title(f"{'Active' if which == 'p' else 'Reactive'} power into the feeders", pad=14)
    axes.set_xlabel(f"more than the AC check finds [{unit}]")
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    groups = selection.alike(runs)
    if not groups or not len(groups[0][1].interfaces):
        axes.text(0.5, 0.5, "no answer to draw", ha="center", transform=axes.transAxes, color=style.MUTED)
        return
    style.caption(axes, f"{selection.held_fixed(groups[0][1])}; all parallel feeders together")
    rows = _widest([r for _, r in groups], which, most)
    high = len(groups) + 0.5
    for i, k in enumerate(rows.tolist()):
        for j, (name, run) in enumerate(groups):
            _dumbbell(axes, _values(run, k, which), i * high + j, named=legend and i == j == 0)
            if len(groups) > 1:
                axes.annotate(name, (0.01, i * high + j - 0.22), xycoords=("axes fraction", "data"), fontsize=6, color=style.MUTED, va="bottom")
    axes.set_yticks(np.arange(len(rows)) * high + (len(groups) - 1) / 2, _row_names(groups[0][1], rows, which, unit))
    _span(axes, groups[0][1], which)
    axes.set_ylim(len(rows) * high - 0.5, -1.2 - 0.14 * len(rows) * high)
    axes.tick_params(axis="y", length=0)
    if legend:
        axes.legend(loc="upper left", ncols=3, handletextpad=0.2, columnspacing=1.0, borderaxespad=0.0)


def _dumbbell(axes: Axes, values: Real, y: float, *, named: bool) -> None:
    values = values - values[-1]
    axes.plot([values.min(), values.max()], [y, y], color=style.FAINT, linewidth=2, zorder=1)
    for x, (_, who, mark, colour), size in zip(values.tolist(), LOOKS, (6.5, 5.0, 5.0), strict=True):
        face = "none" if who == "AC check" else colour
        axes.plot(x, y, marker=mark, markersize=size, color=colour, markerfacecolor=face, linestyle="none", label=who if named else None,
                  zorder=3 if who == "AC check" else 2)  # fmt: skip


def _row_names(run: Run, rows: Index, which: str, unit: str) -> list[str]:
    """Interfaces with what the AC check finds there."""
    return [f"{style.short(str(run.interfaces.name[k]))}\n{_values(run, k, which)[-1]:,.2f} {unit}" for k in rows.tolist()]


def _span(axes: Axes, run: Run, which: str) -> None:
    """Room on both sides, and never so little that rounding looks like a difference."""
    table = selection.at_first(run.interfaces)
    largest = float(np.nanmax(np.abs(getattr(table, "p_checked_mw" if which == "p" else "q_checked_mvar")), initial=0.0))
    low, high = axes.dataLim.intervalx
    least = LEAST_SPAN * max(largest, 1e-3)
    axes.set_xlim(min(low, -least) - 0.12 * (high - low), max(high, least) + 0.12 * (high - low))
    axes.locator_params(axis="x", nbins=6)
    axes.axvline(0.0, color=style.MUTED, linewidth=0.6, zorder=0)


def _values(run: Run, k: int, which: str) -> Real:
    table = selection.at_first(run.interfaces)
    columns = [name if which == "p" else name.replace("p_", "q_", 1).replace("_mw", "_mvar") for name, *_ in LOOKS]
    return np.array([getattr(table, c)[k] for c in columns])


def _widest(runs: Sequence[Run], which: str, most: int) -> Index:
    """Interfaces where the opinions lie furthest apart in any run, in the order of their table."""
    size = len(selection.at_first(runs[0].interfaces))
    apart = [max(float(np.ptp(_values(r, k, which))) for r in runs) for k in range(size)]
    return np.sort(np.argsort(-np.array(apart), kind="stable")[:most])
