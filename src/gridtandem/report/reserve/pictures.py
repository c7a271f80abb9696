"""Pictures of a day of energy and reserve: both reserves against the requirement, prices, who keeps them; and several schemes side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gridtandem.report import style
from gridtandem.report.market.pictures import whole_numbers
from gridtandem.report.style import styled
from gridtandem.tables import Real, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gridtandem.report.run import Comparison, Run

WIDTH = 0.8  # of a bar, in hours
THICK = 0.6  # of a bar, of the room of a scheme
FAST: Mapping[str, Any] = {"color": style.SERIES[1], "hatch": "//", "edgecolor": style.CARD, "linewidth": 0.3}
LEAST = 1.0  # of a price axis, so that what solvers leave is no picture
MOST = len(style.SERIES) - 1  # parts of a stack with a name of their own; the rest are drawn as one
HATCHES = ("", "//", "..", "\\\\", "xx", "--", "++")
PRICES = (
    ("energy_per_mwh", "energy at loads of transmission", "/MWh"),
    ("primary_per_mw", "primary reserve", "/MW"),
    ("fast_per_mw", "fast reserve", "/MW"),
)


@styled
def overview(run: Run) -> Figure:
    """Both reserves of each hour beside what primary reserve alone would have to be; and what they cost."""
    figure, table = style.new_figure(style.WIDE, 4.8), run.hours
    above, below = figure.subplots(2, sharex=True, height_ratios=(1.4, 1))
    above.bar(table.hour, table.primary_mw, color=style.SERIES[0], width=WIDTH, label="primary")
    above.bar(table.hour, table.fast_mw, bottom=table.primary_mw, width=WIDTH, label="fast", **FAST)
    if (table.short_mw > 0).any():
        both = table.primary_mw + table.fast_mw
        above.bar(table.hour, -table.short_mw, bottom=table.primary_mw, color="none", edgecolor=style.WARN, width=WIDTH, label="of it missing")
        above.plot(table.hour, both, linestyle="none")
    above.plot(table.hour, table.without_mw, color=style.INK, marker="o", markersize=3, label="primary alone would have to be")
    above.margins(y=0.25)
    above.set_ylabel("reserve [MW]")
    above.set_title("Reserve against requirement", pad=14)
    _around(above, table.hour)
    _legend(above)
    style.caption(above, _words(run))
    _prices(below, run)
    return figure


@styled
def awards(run: Run) -> Figure:
    """Fast reserve of each hour by interface, and what transmission feels of it when it is called."""
    figure, table = style.new_figure(style.WIDE, 3.4), run.awards
    axes = figure.add_subplot()
    hours = np.unique(table.hour)
    _stack(axes, hours, _by(table, "interface", "award_mw", hours))
    felt = np.array([table.felt_mw[table.hour == hour].sum() for hour in hours.tolist()])
    axes.plot(hours, felt, color=style.INK, linestyle="none", marker="_", markersize=9, label="felt by transmission, by load flow")
    _hourly(axes, hours, "fast reserve [MW]", "Fast reserve by interface")
    style.caption(axes, _words(run))
    return figure


@styled
def stations(run: Run) -> Figure:
    """Primary reserve of each hour by station."""
    figure, table = style.new_figure(style.WIDE, 3.4), run.stations
    axes = figure.add_subplot()
    hours = np.unique(table.hour)
    _stack(axes, hours, _by(table, "station", "primary_mw", hours))
    _hourly(axes, hours, "primary reserve [MW]", "Primary reserve by station")
    style.caption(axes, _words(run))
    return figure


@styled
def compared(comparison: Comparison) -> Figure:
    """Cost beyond that of one owner, what companies bear of it, and reserve of the day, under every scheme."""
    figure = style.new_figure(style.WIDE, 1.6 + 0.4 * max(len(comparison.runs), 2))
    sides = figure.subplots(1, 3)
    runs = [run for run in comparison.runs if len(run.hours)]
    place, money = np.arange(len(runs)), comparison.runs[0].result.study.case.currency
    _amounts(sides[0], [run.result.tables.cost - run.result.tables.cooperative for run in runs])
    _amounts(sides[1], [run.result.tables.companies for run in runs])
    primary, fast = ([float(getattr(run.hours, name).mean()) for run in runs] for name in ("primary_mw", "fast_mw"))
    sides[2].barh(place, primary, THICK, color=style.SERIES[0], label="primary")
    sides[2].barh(place, fast, THICK, left=primary, label="fast", **FAST)
    told = (("What it costs", f"beyond one owner [{money}]"), ("What companies pay", f"less what they earn [{money}]"), ("What is kept", "mean [MW]"))
    for k, (axes, (title, label)) in enumerate(zip(sides, told, strict=True)):
        axes.set_yticks(place, [style.short(run.scheme, 26) if k == 0 else "" for run in runs])
        axes.set_ylim(max(len(runs), 1) - 0.4, -1.0)
        axes.set_title(title, pad=14)
        axes.set_xlabel(label)
        axes.grid(visible=False, axis="y")
    _legend(sides[2])
    missing = [run.scheme for run in comparison.runs if not len(run.hours)]
    style.caption(sides[0], "; no plan: ".join((comparison.runs[0].result.study.case.name, *([", ".join(missing)] if missing else []))))
    return figure


def _amounts(axes: Axes, amounts: Sequence[float]) -> None:
    """Bars of money with their numbers."""
    axes.barh(np.arange(len(amounts)), amounts, THICK, color=style.TSO)
    for k, value in enumerate(amounts):
        axes.annotate(f"{value:,.2f}", (max(value, 0.0), k), (4, 0), textcoords="offset points", va="center", fontsize=7)
    low, high = min([0.0, *amounts]), max([0.0, *amounts])
    room = max(1.0, high - low)
    axes.set_xlim(low - 0.05 * room * (low < 0), high + 0.5 * room)
    axes.locator_params(axis="x", nbins=3)
    axes.axvline(0.0, color=style.INK, linewidth=0.6)


@styled
def prices(comparison: Comparison) -> Figure:
    """Prices of energy and of both reserves by hour, under every scheme."""
    figure = style.new_figure(style.WIDE, 5.4)
    for axes, (name, title, unit) in zip(figure.subplots(len(PRICES), sharex=True), PRICES, strict=True):
        for k, run in enumerate(run for run in comparison.runs if len(run.hours)):
            colour, mark, dash = style.series_look(run.scheme, k)
            axes.plot(run.hours.hour, getattr(run.hours, name), color=colour, marker=mark, linestyle=dash, markersize=3, label=run.scheme)
        axes.margins(y=0.25)
        low, high = axes.get_ylim()
        middle, reach = (low + high) / 2, max(high - low, LEAST) / 2
        axes.set_ylim(middle - reach, middle + reach)
        axes.set_ylabel(f"{title}\n[{comparison.runs[0].result.study.case.currency}{unit}]")
    figure.axes[-1].set_xlabel("hour")
    figure.axes[-1].xaxis.set_major_locator(whole_numbers())
    figure.axes[0].set_title("Prices", pad=14)
    _legend(figure.axes[0])
    style.caption(figure.axes[0], comparison.runs[0].result.study.case.name)
    return figure


def _prices(axes: Axes, run: Run) -> None:
    table, money = run.hours, run.result.study.case.currency
    for k, (name, title, unit) in enumerate(PRICES):
        axes.plot(table.hour, getattr(table, name), color=style.SERIES[(2, 0, 1)[k]], marker=style.MARKS[k], markersize=4, label=f"{title} [{unit}]")
    axes.margins(y=0.35)
    axes.set_ylabel(f"price [{money}]")
    axes.set_xlabel("hour")
    axes.xaxis.set_major_locator(whole_numbers())
    _legend(axes)


def _stack(axes: Axes, hours: Real, parts: Sequence[tuple[str, Real]]) -> None:
    """The largest parts by name, the rest as one."""
    ranked = sorted(parts, key=lambda part: -float(part[1].sum()))
    own, rest = ranked[:MOST], ranked[MOST:]
    if rest:
        own = [*own, (f"{len(rest)} more", np.sum([values for _, values in rest], axis=0))]
    base = np.zeros(len(hours))
    for k, (name, values) in enumerate(own):
        axes.bar(hours, values, WIDTH, bottom=base, color=style.SERIES[k], hatch=HATCHES[k], edgecolor=style.CARD, linewidth=0.3, label=name)
        base = base + values


def _by(table: Table, whose: str, what: str, hours: Real) -> list[tuple[str, Real]]:
    """Numbers by hour of everybody who has any."""
    names, values, hour = getattr(table, whose), getattr(table, what), getattr(table, "hour")  # noqa: B009 — tables of hours have one
    found = [(str(name), np.array([values[(names == name) & (hour == h)].sum() for h in hours.tolist()])) for name in dict.fromkeys(names.tolist())]
    return [(name, each) for name, each in found if each.max(initial=0.0) > 5e-4]


def _hourly(axes: Axes, hours: Real, label: str, title: str) -> None:
    axes.margins(y=0.25)
    _around(axes, hours)
    axes.set_ylabel(label)
    axes.set_xlabel("hour")
    axes.xaxis.set_major_locator(whole_numbers())
    axes.set_title(title, pad=14)
    _legend(axes, 5)


def _around(axes: Axes, hours: Real) -> None:
    """From before the first bar to behind the last."""
    if len(hours):
        axes.set_xlim(float(hours.min()) - 0.6, float(hours.max()) + 0.6)


def _legend(axes: Axes, columns: int = 3) -> None:
    if axes.get_legend_handles_labels()[0]:  # nothing is drawn where no plan was found
        axes.legend(fontsize=7, frameon=False, ncols=columns, loc="upper left")


def _words(run: Run) -> str:
    return f"{run.result.study.case.name} under {run.scheme}, feeders {run.result.study.feeders}"
