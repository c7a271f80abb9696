"""Pictures of the exponent study: what crosses the boundary over the load exponent, coordinated and independent, and where the two meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridtandem.report import style
from gridtandem.report.style import styled
from gridtandem.study.exponents import ExponentResults, crossings
from gridtandem.tables import Real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINES = (("", "CLF, coordinated", style.SERIES[0], "o", "-"), ("_itlf", "ITLF, transmission alone", style.SERIES[1], "s", "--"))


@styled
def by_exponent(table: ExponentResults, interface: str, *, varied: str = "both", held: str = "") -> Figure:
    """Active and reactive power of one interface over the exponent that was ``varied``: p, q or both; ``held`` says what was not."""
    rows = table.take(table.interface == interface)
    x = rows.q_exponent if varied == "q" else rows.p_exponent
    rows, x = rows.take(np.argsort(x, kind="stable")), np.sort(x)
    name = {"p": "load exponent $n_p$", "q": "load exponent $n_q$", "both": "load exponent $n_p = n_q$"}[varied]
    figure = style.new_figure(style.WIDE, 3.0)
    for axes, which, unit in zip(figure.subplots(1, 2).tolist(), ("p", "q"), ("mw", "mvar"), strict=True):
        _lines(axes, rows, x, which, unit)
        axes.set_xlabel(name)
        word = "Active" if which == "p" else "Reactive"
        axes.set_title(f"{word} power into {interface}", pad=14)
        style.caption(axes, held or "all feeder loads share the exponent; everything else held fixed")
    return figure


def _lines(axes: Axes, rows: ExponentResults, x: Real, which: str, unit: str) -> None:
    drawn = []
    for ending, name, colour, mark, dash in LINES:
        y: Real = getattr(rows, f"{which}{ending}_{unit}")
        axes.plot(x, y, color=colour, marker=mark, linestyle=dash, markersize=3.5)
        drawn.append((y, name, colour))
    for at in crossings(x, drawn[0][0], drawn[1][0]).tolist():
        y_at = float(np.interp(at, x, drawn[0][0]))
        axes.plot(at, y_at, marker="o", markersize=9, markerfacecolor="none", markeredgecolor=style.INK, linestyle="none")
        note = axes.annotate(f"cross at n = {at:.2f}", (at, y_at), (8, -6), textcoords="offset points", ha="left", va="top", fontsize=7)
        style.halo(note)
    for k, (_, name, colour) in enumerate(drawn):
        note = axes.annotate(f"— {name}", (0.02, 0.97), (0, -10 * k), xycoords="axes fraction", textcoords="offset points", va="top")
        note.set(fontsize=7, color=colour)
    axes.set_ylabel("[MW]" if which == "p" else "[Mvar]")
    low, high = axes.get_ylim()
    axes.set_ylim(low - 0.12 * (high - low), high + 0.12 * (high - low))
