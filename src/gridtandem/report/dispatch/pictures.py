"""Pictures of dispatches: exchange and prices at interfaces, prices along buses, promised against realised cost, how schemes converge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.report import style
from gridtandem.report.style import styled
from gridtandem.tables import Index, Names, Real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gridtandem.report.run import Comparison, Run

FLOOR = 1e-12  # a gap of zero is drawn here
PLACES = 12  # interfaces whose names are written out


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
    """Prices of active and reactive power at every bus, in the first period; where a feeder hangs, both sides of the boundary are joined."""
    figure = style.new_figure(style.WIDE, 4.2)
    above, below = figure.subplots(2, sharex=True)
    table, money = run.prices, run.result.study.case.currency
    table = table.take(table.period == table.period[:1])
    whose = [f"{c} {f}".strip() for c, f in zip(table.company, table.feeder, strict=True)]
    sides = ((above, table.price_per_mwh), (below, table.price_per_mvarh))
    for k, who in enumerate(dict.fromkeys(whose)):
        at = np.flatnonzero(np.array(whose) == who)
        look = {"color": style.TSO if k == 0 else style.SERIES[k % len(style.SERIES)], "marker": style.MARKS[k % len(style.MARKS)]}
        for axes, price in sides:
            axes.plot(at, price[at], markersize=2.5, linewidth=0.8, label=who, **look)
            if k:
                bus, root = _ends(run, str(table.feeder[at[0]]), at, table.bus)
                axes.plot([bus, root], price[[bus, root]], "o:", color=look["color"], markerfacecolor="none", markersize=6, linewidth=0.7)
    above.set_ylabel(f"active [{money}/MWh]")
    below.set_ylabel(f"reactive [{money}/Mvarh]")
    below.set_xlabel("bus: transmission, then each feeder; rings: the boundary, seen from both sides")
    above.set_title("Prices inside", pad=14)
    style.caption(above, f"{run.result.study.case.name} under {run.scheme}, d cost / d demand")
    above.legend(fontsize=7, frameon=False, ncols=4)
    return figure


def _ends(run: Run, feeder: str, at: Index, bus: Names) -> tuple[int, int]:
    """Places of the boundary bus of transmission and of the root of a feeder, among all buses drawn; transmission stands first."""
    case = run.result.study.case
    k = int(np.flatnonzero(case.interfaces.feeder == feeder)[0])
    root = case.models[int(case.interfaces.model[k])].buses.label(int(case.interfaces.root[k]))
    name = case.transmission.buses.label(int(case.interfaces.bus[k]))
    return int(np.flatnonzero(bus == name)[0]), int(at[np.flatnonzero(bus[at] == root)[0]])


@styled
def compared(comparison: Comparison) -> Figure:
    """Costs, convergence, exchange and prices of all schemes on one sheet."""
    figure = style.new_figure(style.WIDE, 5.6)
    (cost, gap), (power, price) = figure.subplots(2, 2)
    _costs(cost, comparison)
    _gaps(gap, comparison.runs)
    _powers(power, comparison)
    _worth(price, comparison)
    _key(figure, power)
    return figure


@styled
def costs(comparison: Comparison) -> Figure:
    """What plans promise and what they cost in the AC check, beside the dispatch of one owner."""
    figure = style.new_figure(style.WIDE, 3.2)
    _costs(figure.add_subplot(), comparison)
    return figure


@styled
def exchange(comparison: Comparison) -> Figure:
    """What passes at interfaces and what it is worth, under every scheme."""
    figure = style.new_figure(style.WIDE, 3.2)
    left, right = figure.subplots(1, 2)
    _powers(left, comparison)
    _worth(right, comparison)
    _key(figure, left)
    return figure


@styled
def convergence(comparison: Comparison) -> Figure:
    """How the gap of every scheme closes, against its own goal."""
    return _converging(comparison.runs)


@styled
def of_run(run: Run) -> Figure:
    """The same of one scheme."""
    return _converging([run])


def _converging(runs: Sequence[Run]) -> Figure:
    figure = style.new_figure(style.NARROW * 1.6, 3.2)
    _gaps(figure.add_subplot(), runs)
    return figure


def _costs(axes: Axes, comparison: Comparison) -> None:
    table, case = comparison.table, comparison.runs[0].result.study.case
    there = np.flatnonzero(np.isfinite(table.promised))
    owner = comparison.runs[0].result.study.certificate == "owner"
    found = [run.result.central if owner else run.result.bound for run in comparison.runs]
    best = max((found[k] for k in there), default=np.nan)
    place = np.arange(len(there))
    axes.bar(place - 0.2, table.promised[there] - best, 0.4, color=style.FAINT, edgecolor=style.MUTED, label="promised")
    axes.bar(place + 0.2, table.realised[there] - best, 0.4, color=style.TSO, label="in the AC check")
    for k, row in enumerate(there.tolist()):
        if broken := int(table.limits_broken[row]):
            top = max(0.0, float(table.realised[row] - best), float(table.promised[row] - best))
            words = f"{broken} limit{'s' * (broken != 1)}\nbroken"
            axes.annotate(words, (k + 0.2, top), (0, 3), textcoords="offset points").set(fontsize=6, color=style.WARN, ha="center")
    axes.axhline(0.0, color=style.INK, linewidth=0.6)
    axes.set_xticks(place, table.scheme[there].tolist(), rotation=30, ha="right", rotation_mode="anchor")
    floor = "one owner's cost" if owner else "the cone bound"
    axes.set_ylabel(f"beyond {floor} [{case.currency}]")
    axes.set_title("What is promised, and what it costs", pad=14)
    axes.margins(y=0.25)
    axes.legend(fontsize=7, frameon=False)
    without = table.scheme[~np.isfinite(table.promised)].tolist()
    told = f"{'one owner pays' if owner else 'no dispatch costs less than'} {best:,.2f}"
    style.caption(axes, f"{case.name}; {told}{'; no plan: ' * bool(without) + ', '.join(without)}")


def _powers(axes: Axes, comparison: Comparison) -> None:
    """Active power into each feeder, first period: as agreed, and what really passes where that is something else."""
    for k, run in enumerate(_planned(comparison)):
        table = run.exchanges.take(run.exchanges.period == run.exchanges.period[0])
        at, colour, mark = _beside(comparison, k, len(table)), *style.series_look(run.scheme, k)[:2]
        axes.plot(at, table.p_mw, mark, color=colour, markersize=4, label=run.scheme)
        axes.plot(at, table.p_checked_mw, "_", color=style.INK, markersize=7, markeredgewidth=0.9)
        _interfaces(axes, table.interface)
    axes.set_ylabel("into the feeder [MW]")
    axes.set_title("What passes", pad=14)
    style.caption(axes, "marks: as transmission reckons; dashes: AC check")


def _worth(axes: Axes, comparison: Comparison) -> None:
    """Price of active power at each interface, first period, beside that of one owner."""
    for k, run in enumerate(_planned(comparison)):
        table = run.exchanges.take(run.exchanges.period == run.exchanges.period[0])
        at, colour, mark = _beside(comparison, k, len(table)), *style.series_look(run.scheme, k)[:2]
        axes.plot(at, table.price_per_mwh, mark, color=colour, markersize=4, label=run.scheme)
        axes.plot(at, table.price_central_per_mwh, "_", color=style.INK, markersize=7, markeredgewidth=0.9)
        _interfaces(axes, table.interface)
    axes.set_ylabel(f"price of active power [{comparison.runs[0].result.study.case.currency}/MWh]")
    axes.set_title("What it is worth", pad=14)
    style.caption(axes, "marks: price at the boundary; dashes: one owner's")


def _key(figure: Figure, axes: Axes) -> None:
    """Whose marks are whose, below all axes."""
    if axes.lines:
        figure.legend(handles=axes.get_legend_handles_labels()[0], loc="outside lower center", ncols=7, fontsize=7, frameon=False)


def _planned(comparison: Comparison) -> list[Run]:
    return [run for run in comparison.runs if len(run.exchanges)]


def _beside(comparison: Comparison, k: int, size: int) -> Real:
    """Places of the k-th scheme, beside the others at each interface."""
    many = len(_planned(comparison))
    return np.asarray(np.arange(size) + 0.7 * ((k + 0.5) / many - 0.5))


def _interfaces(axes: Axes, names: Names) -> None:
    if len(names) <= PLACES:
        axes.set_xticks(np.arange(len(names)), [style.short(n) for n in names.tolist()], rotation=45 if len(names) > 4 else 0)
    else:
        axes.set_xlabel("interface, in the order of the case")


def _gaps(axes: Axes, runs: Sequence[Run]) -> None:
    from matplotlib.ticker import MaxNLocator

    for k, run in enumerate(r for r in runs if r.outcome.goal > 0):
        gap = np.maximum(run.rounds.gap / run.outcome.goal, FLOOR)
        colour, mark, dash = style.series_look(run.scheme, k)
        axes.plot(run.rounds.round, gap, marker=mark, color=colour, linestyle=dash, markersize=3, label=run.scheme)
    axes.axhline(1.0, color=style.OK, linewidth=0.8, linestyle=(0, (6, 2)))
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("round")
    axes.set_ylabel("gap over its goal")
    axes.set_title("How the gap closes", pad=14)
    if axes.lines[1:]:
        axes.legend(fontsize=7, frameon=False)
    if runs:
        style.caption(axes, runs[0].result.study.case.name)
