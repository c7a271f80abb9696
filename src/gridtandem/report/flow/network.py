"""The grid as a picture: transmission above, feeders hanging from their buses below; colour is voltage, width is power.

Up to a handful of feeders are drawn bus by bus. Beyond, the interfaces of a bus are one triangle below it, its area the power they take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridtandem.report import style
from gridtandem.report.flow import selection
from gridtandem.report.flow.layout import mesh, tree
from gridtandem.report.style import styled
from gridtandem.study.results import InterfaceResults
from gridtandem.tables import Index, Real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gridtandem.report.flow.selection import Part
    from gridtandem.report.run import Run

FEEDERS_MOST, NODES_MOST = 6, 1200  # drawn bus by bus up to here
NAMES_MOST = 60  # transmission buses all named up to here; beyond, only those with a feeder
LABELS_MOST = 8
TOP, BOTTOM = 0.42, 0.30  # transmission stands above the one, feeders below the other (height 1)
WIDEST = 4.0  # points


@styled
def network(run: Run) -> Figure:
    """Voltages and flows as the companies see them."""
    figure = style.new_figure(style.WIDE, 5.4)
    draw(figure.add_subplot(), run)
    return figure


def draw(axes: Axes, run: Run) -> None:
    """The network on given axes."""
    axes.set_axis_off()
    axes.set_title("Network: voltage and power", pad=14)
    style.caption(axes, f"{selection.held_fixed(run)}, {run.scheme}; width: MVA, each grid on its own scale; red dashes: above rating")
    if not len(run.buses):
        axes.text(0.5, 0.5, "no answer to draw", ha="center", color=style.MUTED)
        return
    table = selection.at_first(run.interfaces)
    top = selection.part(run, "")
    place = mesh(len(top.buses), top.start, top.end)
    names = list(dict.fromkeys(table.feeder.tolist()))
    inner = sum(len(selection.part(run, f).buses) for f in names[: FEEDERS_MOST + 1])
    whole = len(names) <= FEEDERS_MOST and inner <= NODES_MOST
    if whole and names:
        place = place * [1.0, 1 - TOP] + [0.0, TOP]
    at = np.array([top.row(bus) for bus in table.bus.tolist()], np.int64)
    if whole:
        _hang(axes, run, table, place[at])
    _edges(axes, top, place, style.TSO)
    _nodes(axes, top, place, edge=style.TSO, size=42 if len(top.buses) <= NAMES_MOST else 14)
    _names(axes, top, place, np.argsort(-np.bincount(at, np.abs(table.p_mw), len(place)), kind="stable")[: min(LABELS_MOST, len(set(at.tolist())))])
    if not whole:
        _triangles(axes, table, at, place)
    _colour_key(axes)
    axes.set_xlim(-0.06, 1.06)
    axes.set_ylim(-0.16, 1.07)


def _edges(axes: Axes, part: Part, place: Real, colour: str) -> None:
    from matplotlib.collections import LineCollection

    flow, rating = part.flow, part.branches.rating_mva
    width = 0.5 + (WIDEST - 0.5) * np.sqrt(flow / max(float(flow.max(initial=0.0)), 1e-9))
    over = flow > rating
    for rows, shade, dash in ((~over, colour, "solid"), (over, style.WARN, "dashed")):
        if rows.any():
            ends = np.stack([place[part.start[rows]], place[part.end[rows]]], 1)
            axes.add_collection(LineCollection(list(ends), linewidths=width[rows], colors=shade, alpha=0.55, linestyles=dash, zorder=1))


def _nodes(axes: Axes, part: Part, place: Real, *, edge: str, size: float) -> None:
    colours, norm = style.voltage_colours()
    axes.scatter(place[:, 0], place[:, 1], s=size, c=part.buses.v_pu, cmap=colours, norm=norm, edgecolors=edge, linewidths=0.8, zorder=3)


def _names(axes: Axes, top: Part, place: Real, largest: Index) -> None:
    """Bus names above their marks; in large networks only those with the largest exchanges."""
    for k in range(len(place)) if len(place) <= NAMES_MOST else largest.tolist():
        text = axes.annotate(str(top.buses.bus[k]), (place[k, 0], place[k, 1]), (0, 4.5), textcoords="offset points", ha="center", va="bottom")
        text.set(fontsize=6.5, color=style.INK, zorder=4)
        style.halo(text)


def _hang(axes: Axes, run: Run, table: InterfaceResults, above: Real) -> None:
    """Each feeder as a tree in a column of its own below its first bus, columns ordered as those buses; a tie for each of its ports."""
    _, first, which = np.unique(table.feeder, return_index=True, return_inverse=True)
    order = first[np.argsort(above[first, 0], kind="stable")]
    wide = 1 / max(len(order), 1)
    for column, k in enumerate(order.tolist()):
        part = selection.part(run, str(table.feeder[k]))
        roots = [part.row(name) for name in selection.root_names(run, part.name)]
        own = tree(len(part.buses), part.start, part.end, roots[0])
        levels, leaves = -own[:, 1].min() or 1.0, np.ptp(own[:, 0]) or 1.0
        scale = min(0.62 * wide / leaves, 0.05)
        left = (column + 0.5) * wide - scale * leaves / 2
        place = np.stack([left + scale * own[:, 0], BOTTOM + (BOTTOM / levels) * own[:, 1]], -1)
        _edges(axes, part, place, style.DSO)
        _nodes(axes, part, place, edge=style.DSO, size=14 if len(part.buses) < 80 else 7)
        for port, root in zip(np.flatnonzero(which == which[k]).tolist(), roots, strict=True):
            _tie(axes, table, port, above[port], place[root])


def _tie(axes: Axes, table: InterfaceResults, k: int, above: Real, root: Real) -> None:
    """The interface: a dotted line, and what crosses it."""
    axes.plot(*zip(above, root, strict=True), color=style.DER, linestyle=":", linewidth=1.2, zorder=0)
    down = table.p_mw[k] >= 0
    axes.plot(*root, marker="v" if down else "^", color=style.DER, markersize=6, zorder=5)
    feeders = "" if table.count[k] == 1 else f" · {table.count[k]} feeders"
    text = f"{style.short(str(table.name[k]))}{feeders}\n{table.p_mw[k]:,.2f} MW\n{table.q_mvar[k]:,.2f} Mvar"
    note = axes.annotate(text, (root[0], root[1]), (6, 2), textcoords="offset points", va="bottom")
    note.set(fontsize=6.3, color=style.INK, linespacing=1.05, zorder=6)
    style.halo(note)


def _triangles(axes: Axes, table: InterfaceResults, at: Index, place: Real) -> None:
    """One mark below each bus that has interfaces, for all of them together."""
    colours, norm = style.voltage_colours()
    bus, row = np.unique(at, return_inverse=True)
    power, low = np.abs(np.bincount(row, table.p_mw, len(bus))), np.full(len(bus), np.inf)
    np.minimum.at(low, row, table.v_low_pu)
    size = 10 + 90 * power / max(float(power.max(initial=0.0)), 1e-9)
    axes.scatter(
        place[bus, 0], place[bus, 1] - 0.025, s=size, marker="v", c=low, cmap=colours, norm=norm, edgecolors=style.DSO, linewidths=0.6, zorder=2
    )
    text = f"▼ {len(table):,} interfaces, {table.p_mw.sum():,.1f} MW in all\narea: MW; colour: lowest voltage in the feeder"
    axes.text(0.0, -0.08, text, fontsize=6.5, color=style.MUTED, va="top")


def _colour_key(axes: Axes) -> None:
    from matplotlib.cm import ScalarMappable

    colours, norm = style.voltage_colours()
    inset = axes.inset_axes((0.66, 0.035, 0.3, 0.018))
    bar = axes.figure.colorbar(ScalarMappable(norm, colours), cax=inset, orientation="horizontal", extend="both")
    bar.set_ticks(
        [1 - style.VOLTAGE_BAND, 1.0, 1 + style.VOLTAGE_BAND], labels=[f"{1 - style.VOLTAGE_BAND:g}", "1", f"{1 + style.VOLTAGE_BAND:g} pu"]
    )
    bar.ax.tick_params(labelsize=6.5, length=2, pad=1)
