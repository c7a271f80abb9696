"""Pictures of margins: voltages over λ, and over the power that the loads draw; marks where something was met."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridtandem.report import style
from gridtandem.report.style import styled
from gridtandem.study.margin.tables import KINDS, CurveResults, first_turn

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gridtandem.report.margin.run import MarginRun

MARKED = {"q": "o", "p": "s", "tap": "D"}  # what changes the equations; limits of buses and branches stand in the table


@styled
def by_growth(run: MarginRun) -> Figure:
    """λ–V curves of a few buses."""
    return _drawn(run, "growth", "growth λ", "Voltages as load grows")


@styled
def by_power(run: MarginRun) -> Figure:
    """PV curves of a few buses."""
    return _drawn(run, "load_mw", "active power of all loads [MW]", "Voltages over the power that the loads draw")


@styled
def by_bus(run: MarginRun) -> Figure:
    """PV curves of a few buses, each over what is drawn there."""
    return _drawn(run, "p_mw", "active power drawn at the bus [MW]", "Voltages over the power drawn at each bus")


@styled
def by_tool(run: MarginRun) -> Figure:
    """Bars of λ* and of the most power, one of each for every tool; what no tool has is left out."""
    tools = run.tools
    figure = style.new_figure(style.WIDE, 1.1 + 0.32 * len(tools))
    fields = figure.subplots(1, 2, sharey=True).tolist()
    place = np.arange(len(tools))[::-1]
    shown = (("first collapse λ*", tools.growth, "{:.4f}"), ("most power of all loads [MW]", tools.most_mw, "{:.1f}"))
    for axes, (label, values, form) in zip(fields, shown, strict=True):
        known = np.isfinite(values)
        colours = [style.SERIES[k % len(style.SERIES)] for k in range(len(tools))]
        bars = axes.barh(place, np.where(known, values, 0.0), 0.6, color=colours)
        axes.bar_label(bars, [form.format(v) if k else "none" for v, k in zip(values, known, strict=True)], fontsize=6.5, padding=2)
        axes.set_yticks(place, tools.tool.tolist())
        axes.set_xlabel(label)
        axes.margins(x=0.15)
    fields[1].axvline(tools.load_mw[0], color=style.MUTED, linestyle=":", linewidth=1.0)
    fields[1].annotate(
        "before growth", (tools.load_mw[0], 1), (0, 1), xycoords=("data", "axes fraction"), textcoords="offset points", fontsize=6,
        color=style.MUTED, va="bottom", ha="center",
    )  # fmt: skip
    held = ", ".join(run.growth.keep) or "none"
    figure.suptitle(
        f"Margins: {run.name}. Loads {run.growth.law}; generation {run.growth.generation}; limits of units that hold: {held}", fontsize=7.5
    )
    return figure


def _drawn(run: MarginRun, x: str, label: str, title: str) -> Figure:
    figure = style.new_figure(style.WIDE, 3.8)
    axes = figure.add_subplot()
    axes.set_title(f"{title}: {run.name}", pad=14)
    held = ", ".join(run.growth.keep) or "none"
    style.caption(axes, f"loads {run.growth.law}; generation {run.growth.generation}; limits of units that hold: {held}")
    axes.set_xlabel(label)
    axes.set_ylabel("voltage [pu]")
    curves, tools = run.curves, list(dict.fromkeys(run.curves.tool.tolist()))
    ends = []
    for t, tool in enumerate(tools):
        mine = curves.take(curves.tool == tool)
        for b, bus in enumerate(dict.fromkeys(mine.bus.tolist())):
            rows = mine.take(mine.bus == bus)
            colour = style.SERIES[(b if len(tools) == 1 else t) % len(style.SERIES)]
            dash = style.DASHES[(t if len(tools) == 1 else b) % len(style.DASHES)]
            width = 1.2 + 0.9 * (len(tools) - 1 - t)  # curves that agree lie on each other
            axes.plot(getattr(rows, x), rows.v_pu, color=colour, linestyle=dash, linewidth=width)
            turn = first_turn(rows.growth)
            axes.plot(getattr(rows, x)[turn], rows.v_pu[turn], marker=style.MARKS[t % len(style.MARKS)], color=colour, linestyle="none")
            name = bus if len(tools) == 1 else f"{tool}: {bus}"
            ends.append((float(getattr(rows, x)[turn]), float(rows.v_pu[turn]), style.short(name, 30), colour))
            _marks(axes, run, rows, x, colour)
    style.end_labels(axes, ends)
    axes.margins(x=0.12)
    return figure


def _marks(axes: Axes, run: MarginRun, rows: CurveResults, x: str, colour: str) -> None:
    """Where units or transformers met limits."""
    events = run.events
    for kind, mark in MARKED.items():
        here = events.take((events.tool == rows.tool[0]) & (events.met == KINDS.index(kind)))
        at = [int(np.argmin(np.abs(rows.growth - g) + np.abs(rows.load_mw - p) / 1e3)) for g, p in zip(here.growth, here.load_mw, strict=True)]
        axes.plot(getattr(rows, x)[at], rows.v_pu[at], marker=mark, markersize=3, markerfacecolor=style.CARD, color=colour, linestyle="none")
