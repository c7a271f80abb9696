"""Pictures of markets: an offer and what shaped it, prices over buses and hours, what every party ends up with, how schemes converge."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.orders.rules import Offer
from gridtandem.report import style
from gridtandem.report.style import styled
from gridtandem.study.market.offer import Offered, Truth
from gridtandem.tables import Names, Real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    from gridtandem.report.run import Comparison, Run

MANY_BUSES, MANY_HOURS, MANY_COMPANIES = 40, 13, 4  # up to which each has its own label, or its own bars
SMALL = 0.04  # of the width of a picture: a run of steps below that has no label
FLOOR = 1e-12  # a gap of zero is drawn here


def whole_numbers() -> MaxNLocator:
    """Ticks at hours and rounds, which have no halves."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(integer=True)


@styled
def offer(offered: Offered) -> Figure:
    """The first offer: its prices with the limits that made them, and its cost against the true one."""
    figure = style.new_figure(style.NARROW * 1.5, 4.6)
    above, below = figure.subplots(2, sharex=True)
    steps, study = offered.steps, offered.study
    mine = steps.take((steps.period == steps.period[0]) & (steps.interface == steps.interface[0]))
    x, price, rise = np.concatenate([mine.from_mw[:1], mine.to_mw]), mine.price_per_mwh, mine.rise_per_mwh
    above.plot(np.repeat(x, 2)[1:-1], np.stack([price, price + rise], -1).ravel(), color=style.DSO)
    for k in np.flatnonzero(mine.limits != "").tolist():
        above.axvspan(x[k], x[k + 1], color=style.WARN, alpha=0.08, linewidth=0)
    for a, b, limit in _runs(mine.limits):
        if x[b] - x[a] >= SMALL * (x[-1] - x[0]):
            note = above.annotate(limit, ((x[a] + x[b]) / 2, price[b - 1]), (0, 5), textcoords="offset points")
            note.set(fontsize=6, ha="center" if b - a > 1 else "right", color=style.WARN)
    above.margins(y=0.15)
    above.set_ylabel(f"price [{study.case.currency}/MWh]")
    above.set_title(f"What {mine.interface[0]} offers in hour {mine.period[0]}", pad=14)
    style.caption(above, f"{study.case.name}; shaded: a network limit sets the price")
    truth = next((t for t in offered.truths if (t.period, t.interface) == (mine.period[0], mine.interface[0])), None)
    _cost(below, Offer(x, np.concatenate([[0.0], np.cumsum((price + 0.5 * rise) * np.diff(x))]), rise=rise), truth)
    below.set_ylabel(f"cost [{study.case.currency}/h]")
    below.set_xlabel("export [MW]")
    return figure


def _runs(limits: Names) -> list[tuple[int, int, str]]:
    """Steps that follow each other under the same dearest limit: first, one after the last, the limit."""
    first = [str(word).split(", ")[0] for word in limits]
    ends = [0, *(k for k in range(1, len(first)) if first[k] != first[k - 1]), len(first)]
    return [(a, b, first[a]) for a, b in pairwise(ends) if first[a]]


def _cost(axes: Axes, made: Offer, truth: Truth | None) -> None:
    """The offer's cost begins on the true one, where that is known."""
    begin = 0.0 if truth is None else float(truth.curve.at(made.x[:1])[0])
    if truth is not None:
        axes.plot(*_drawn(truth.curve), color=style.FAINT, linewidth=4, label="true cost", solid_capstyle="round")
    x, cost = _drawn(made)
    axes.plot(x, begin + cost, color=style.DSO, label="as offered")
    axes.plot(made.x, begin + made.cost, color=style.DSO, marker="o", markersize=3, linestyle="")
    axes.legend(fontsize=7, frameon=False)


def _drawn(curve: Offer) -> tuple[Real, Real]:
    """Knots of a curve, and enough between them where it bends."""
    x = np.linspace(curve.x[:-1], curve.x[1:], 9).T.ravel() if len(curve.rise) and len(curve.x) > 1 else curve.x
    return x, curve.at(x)


@styled
def overview(run: Run) -> Figure:
    """Exchange and price at the interfaces, hour by hour."""
    figure = style.new_figure(style.WIDE, 3.0)
    left, right = figure.subplots(1, 2)
    table, money = run.awards, run.result.study.case.currency
    for axes, column, name, title in (
        (left, table.exchange_mw, "into the feeder [MW]", "Awards"), (right, table.price_per_mwh, f"price [{money}/MWh]", "Prices"),
    ):  # fmt: skip
        for k, interface in enumerate(dict.fromkeys(table.interface.tolist())):
            mine = table.interface == interface
            look = {"color": style.SERIES[k % len(style.SERIES)], "marker": style.MARKS[k % len(style.MARKS)]}
            axes.plot(table.period[mine], column[mine], drawstyle="steps-mid", markersize=3, label=style.short(interface), **look)
        axes.xaxis.set_major_locator(whole_numbers())
        axes.set_xlabel("hour")
        axes.set_ylabel(name)
        axes.set_title(title, pad=14)
    if 0 < len(set(table.interface.tolist())) <= len(style.SERIES):
        left.legend(fontsize=7, frameon=False)
    style.caption(left, f"{run.result.study.case.name} under {run.scheme}")
    return figure


@styled
def prices(run: Run) -> Figure:
    """Price of demand at every bus and hour: transmission first, then the feeders."""
    table, money = run.prices, run.result.study.case.currency
    place = [f"{f}/{b}" if f else str(b) for f, b in zip(table.feeder.tolist(), table.bus.tolist(), strict=True)]
    buses, hours = list(dict.fromkeys(place)), sorted(set(table.period.tolist()))
    row, value = {name: k for k, name in enumerate(buses)}, np.full((len(buses), len(hours)), np.nan)
    value[[row[p] for p in place], np.searchsorted(hours, table.period)] = table.price_per_mwh
    figure = style.new_figure(style.WIDE, min(1.4 + 0.16 * len(buses), 9.0))
    axes = figure.add_subplot()
    shown = axes.imshow(value, aspect="auto", cmap="viridis", interpolation="nearest")
    axes.set_xticks(
        range(len(hours)), [str(h) for h in hours] if len(hours) <= MANY_HOURS else [str(h) if k % 3 == 0 else "" for k, h in enumerate(hours)]
    )
    if len(buses) <= MANY_BUSES:
        axes.set_yticks(range(len(buses)), [style.short(b) for b in buses], fontsize=6)
    axes.grid(False)
    axes.set_xlabel("hour")
    axes.set_ylabel("bus")
    axes.set_title("Price of demand", pad=14)
    style.caption(axes, f"{run.result.study.case.name} under {run.scheme}; transmission above, feeders below")
    figure.colorbar(shown, ax=axes, label=f"{money}/MWh")
    return figure


@styled
def settlement(run: Run) -> Figure:
    """What every party ends up with."""
    return _payoffs([run])


@styled
def payoffs(comparison: Comparison) -> Figure:
    """What every party ends up with, scheme by scheme."""
    return _payoffs(comparison.runs)


@styled
def convergence(comparison: Comparison) -> Figure:
    """Gap by round of every scheme, on one logarithmic axis."""
    figure = style.new_figure(style.NARROW * 1.4, 3.2)
    axes, labels = figure.add_subplot(), []
    for k, run in enumerate(comparison.runs):
        gap, colour = np.maximum(run.rounds.gap, FLOOR), style.SERIES[k % len(style.SERIES)]
        axes.plot(run.rounds.round, gap, color=colour, marker=style.MARKS[k % len(style.MARKS)], markersize=3)
        if len(gap) and np.isfinite(gap[-1]):
            labels.append((float(run.rounds.round[-1]), float(gap[-1]), run.scheme, colour))
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(whole_numbers())
    axes.set_xlim(0.7, 1.35 * max([1, *(r.outcome.rounds for r in comparison.runs)]))
    axes.set_xlabel("round")
    axes.set_ylabel("gap, as each scheme measures it")
    axes.set_title("How the gap closes", pad=14)
    style.caption(axes, f"a gap of zero is drawn at {FLOOR:g}")
    style.end_labels(axes, labels)
    return figure


def payoff(run: Run) -> dict[str, float]:
    """Money by party: operators keep, resources profit, demand pays. Adds up to minus the cost of all resources."""
    out = {}
    operators = np.char.partition(run.surplus.company, "/")[:, 0]
    companies = list(dict.fromkeys(operators.tolist()))
    each = companies if len(companies) <= MANY_COMPANIES + 1 else ["tso", "all DSOs"]
    for who in each:
        mine = run.surplus.take(operators == who if who != "all DSOs" else operators != "tso")
        out[f"{who}: keeps"] = float(mine.kept.sum())
        out[f"{who}: resources"] = float(mine.profit.sum())
        out[f"{who}: demand"] = -float(mine.demand.sum())
    return out


def _payoffs(runs: Sequence[Run]) -> Figure:
    """Transmission and the distribution companies on scales of their own: demand in transmission dwarfs everything else."""
    there = [(r.scheme, payoff(r)) for r in runs if len(r.devices)]
    names = list(there[0][1]) if there else []
    sides = [[n for n in names if n.startswith("tso") == above] for above in (True, False)]
    figure = style.new_figure(style.WIDE, 1.3 + 0.09 * max(1, len(sides[1])) * (1 + len(there)))
    for axes, mine in zip(figure.subplots(1, 2), sides, strict=True):
        _bars(axes, mine, there)
        if runs:
            axes.set_xlabel(runs[0].result.study.case.currency)
    figure.suptitle("What every party ends up with", fontsize=9)
    if len(there) > 1:
        figure.legend(*figure.axes[0].get_legend_handles_labels(), fontsize=7, frameon=False, loc="outside lower center", ncols=4)
    return figure


def _bars(axes: Axes, names: Sequence[str], there: Sequence[tuple[str, dict[str, float]]]) -> None:
    tall = 0.8 / max(len(there), 1)
    for k, (scheme, found) in enumerate(there):
        axes.barh(np.arange(len(names)) + k * tall, [found[n] for n in names], tall, color=style.SERIES[k % len(style.SERIES)], label=scheme)
    axes.set_yticks(np.arange(len(names)) + 0.4 - tall / 2, names)
    axes.invert_yaxis()
    axes.axvline(0, color=style.INK, linewidth=0.6)
    axes.tick_params(labelsize=6)
    axes.locator_params(axis="x", nbins=5)
