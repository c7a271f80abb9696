"""A company's day as pictures: what serves its demand hour by hour, voltages of its feeders, and the curve along which it chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridtandem.report import style
from gridtandem.report.market.pictures import whole_numbers
from gridtandem.report.style import styled
from gridtandem.tables import Real

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gridtandem.report.run import Run

ROOM = 0.25  # of the height of a picture, for a legend in two lines
CURVES = 6  # hours of which a picture draws the curve
KINDS = (("exchange", "/"), ("free power", ""), ("units", "\\"), ("demand response", "x"), ("storage", "."))  # of what serves demand, with a hatch


@styled
def bid_curve(run: Run) -> Figure:
    """Price by exchange in some hours, and where the company chose to be."""
    table, case = run.bid_curve, run.result.study.case
    figure = style.new_figure(style.NARROW * 1.7, 3.4)
    axes = figure.add_subplot()
    hours = np.unique(table.period)
    for k, hour in enumerate(hours[np.unique(np.linspace(0, len(hours) - 1, min(CURVES, len(hours))).astype(int))].tolist()):
        mine = table.take((table.period == hour) & (table.company == table.company[0]))
        colour = style.SERIES[k % len(style.SERIES)]
        x = np.stack([mine.from_mw, mine.to_mw], -1).ravel()
        axes.plot(x, np.repeat(mine.price_per_mwh, 2), label=f"hour {hour}", color=colour)
        at = mine.take(mine.taken)
        axes.plot(at.exchange_mw[:1], at.price_per_mwh[:1], marker=style.MARKS[k % len(style.MARKS)], markersize=5, linestyle="", color=colour)
    axes.set_xlabel("exchange of the company [MW]")
    axes.set_ylabel(f"price at its bus [{case.currency}/MWh]")
    axes.set_title("The price that the company makes", pad=14)
    whose = f"{case.name}, {table.company[0]}" if len(hours) else case.name
    style.caption(axes, f"{whose}; marks: what it chose, which is what it would bid")
    if len(hours):
        axes.legend(fontsize=7, frameon=False)
    return figure


@styled
def resources(run: Run) -> Figure:
    """What serves demand in all feeders hour by hour, stacked: above 0 what comes in, below what goes out."""
    hours, parts = supply(run)
    figure = style.new_figure(style.WIDE, 3.4)
    axes = figure.add_subplot()
    up, down = np.zeros(len(hours)), np.zeros(len(hours))
    for k, (name, hatch) in enumerate(KINDS):
        mw = parts[k]
        axes.bar(hours, mw, bottom=np.where(mw > 0, up, down), color=style.SERIES[k], hatch=hatch, width=0.8, label=name)
        up, down = up + np.maximum(mw, 0.0), down + np.minimum(mw, 0.0)
    axes.plot(hours, parts.sum(0), color=style.INK, marker="o", markersize=3, label="demand")
    axes.xaxis.set_major_locator(whole_numbers())
    axes.margins(y=0.05)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + ROOM * (high - low))
    axes.set_xlabel("hour")
    axes.set_ylabel("[MW]")
    axes.set_title("What serves demand in the feeders", pad=14)
    style.caption(axes, f"{run.result.study.case.name} under {run.scheme}")
    axes.legend(fontsize=7, frameon=False, ncols=3)
    return figure


def supply(run: Run) -> tuple[Real, Real]:
    """Hours, and power of each of `KINDS` (kind, hour). [MW]"""
    table, awards = run.devices.take(run.devices.company != "tso"), run.awards
    hours = np.unique(awards.period)
    units = table.what == "generators"
    names, costs = np.unique(table.name[units], return_inverse=True)
    dear = np.isin(table.name, names[np.bincount(costs, np.abs(table.cost[units]), len(names)) > 0])
    masks = (units & ~dear, units & dear, table.what == "flexible", ~units & (table.what != "flexible"))
    rows = [np.bincount(awards.period - hours[0], awards.exchange_mw, len(hours))]
    rows += [np.bincount(table.period[mine] - hours[0], table.p_mw[mine], len(hours)) for mine in masks]
    return hours.astype(float), np.array(rows)


@styled
def voltages(run: Run) -> Figure:
    """Lowest and highest voltage of feeders hour by hour in the market's model, and every bus in the hour of the lowest."""
    table = run.prices.take(run.prices.company != "tso")
    hours = np.unique(table.period)
    figure = style.new_figure(style.WIDE, 3.0)
    left, right = figure.subplots(1, 2)
    for pick, name, colour in ((np.fmin, "lowest", style.TSO), (np.fmax, "highest", style.WARN)):
        v = np.array([pick.reduce(table.v_pu[table.period == hour]) for hour in hours.tolist()])
        left.plot(hours, v, color=colour, marker="o", markersize=3, label=name)
    left.plot(run.checks.period, run.checks.v_low_pu, color=style.INK, linestyle="--", label="lowest of the whole grid, AC")
    left.xaxis.set_major_locator(whole_numbers())
    left.set_xlabel("hour")
    left.set_ylabel("voltage [pu]")
    left.set_title("Voltages of feeders", pad=14)
    low, high = left.get_ylim()
    left.set_ylim(low, high + ROOM / 2 * (high - low))
    left.legend(fontsize=6.5, frameon=False, ncols=3, loc="upper center")
    worst = int(table.period[int(np.nanargmin(table.v_pu))])
    for k, feeder in enumerate(dict.fromkeys(table.feeder.tolist())):
        mine = table.take((table.period == worst) & (table.feeder == feeder))
        right.plot(np.arange(len(mine)), mine.v_pu, color=style.SERIES[k % len(style.SERIES)], marker=".", markersize=4, linestyle="")
    right.set_xlabel("bus, in the order of the case")
    right.set_title(f"All buses in hour {worst}", pad=14)
    style.caption(left, f"{run.result.study.case.name} under {run.scheme}")
    return figure
