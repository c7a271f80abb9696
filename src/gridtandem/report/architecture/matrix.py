"""Verdicts as coloured fields: principles beside architectures, darker the worse, two levels where something is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gridtandem.architecture.graph import Graph
from gridtandem.architecture.verdicts.findings import PRINCIPLES
from gridtandem.architecture.verdicts.judged import Judged, Level
from gridtandem.report import style
from gridtandem.report.architecture.verdicts import digits, mark
from gridtandem.report.style import styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHADES = ("#eef1f4", "#f3d9b8", "#e08e5b", "#9c3a25")  # of levels 0 to 3; counts beyond are as dark as 3
ROW = 0.17  # inches of one architecture


@styled
def matrix(found: Sequence[tuple[Graph, Judged]]) -> Figure:
    """One row for each architecture; + and ! where a verdict is published, and is or is not that one."""
    figure = style.new_figure(style.WIDE, 1.3 + ROW * len(found))
    axes = figure.add_subplot()
    for row, (graph, judged) in enumerate(found):
        for k, (short, level) in enumerate(judged.levels().items()):
            field(axes, (k, row), level, text=digits(level) + mark(graph.id, short, level))
    axes.set_xlim(-0.5, len(PRINCIPLES) - 0.5)
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_xticks(range(len(PRINCIPLES)), [p.name.replace("_", "\n") for p in PRINCIPLES], fontsize=6)
    axes.set_yticks(range(len(found)), [graph.id for graph, _ in found], fontsize=6)
    axes.xaxis.tick_top()
    bare(axes)
    figure.suptitle("Nine verdicts: 0 best, darker is worse; two levels where something is unknown; + as published, ! not as published", fontsize=7.5)
    return figure


def field(axes: Axes, at: tuple[float, float], level: Level, *, text: str, size: float = 6.0) -> None:
    """A field of one verdict, split where it has two levels."""
    from matplotlib.patches import Rectangle

    for k, (worst, wide) in enumerate(((level[0], 0.47), (level[1], 0.47))):
        corner = (at[0] - 0.47 + 0.47 * k, at[1] - 0.45)
        axes.add_patch(Rectangle(corner, wide, 0.9, facecolor=_shade(worst), edgecolor="none"))
    dark = _shade(level[1]) == SHADES[-1]
    told = axes.text(at[0], at[1], text, ha="center", va="center", fontsize=size, color=style.CARD if dark else style.INK)
    if dark and level[0] != level[1]:
        told.set_color(style.INK)
        style.halo(told)


def bare(axes: Axes) -> None:
    """Without frame, grid and ticks."""
    axes.grid(visible=False)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _shade(level: int) -> str:
    return SHADES[min(level, len(SHADES) - 1)]
