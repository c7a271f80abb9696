"""The skeleton of an architecture: tiers as rows, one line for each statement, its style by kind; offending ones stand out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from gridtandem.architecture.graph import Graph
from gridtandem.architecture.statements import leading
from gridtandem.report import style
from gridtandem.report.style import styled
from gridtandem.tables import Real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Dash: TypeAlias = Literal["-", "--", "-.", ":"]

TIERS = {1: "bulk", 2: "distribution", 3: "edge, commercial", 4: "customers"}
TIER_COLOURS = {1: style.TSO, 2: style.DSO, 3: style.INK, 4: style.DER}
LOOKS: Mapping[str, tuple[Dash, float, str, str]] = {  # word: dash, width, arrow, colour
    "disp": ("-", 1.3, "-|>", style.INK), "ctl": ("-", 2.2, "-|>", style.INK), "order": ("-.", 1.3, "-|>", style.INK),
    "lim": ("--", 1.3, "-|>", style.SERIES[2]), "veto": ("--", 2.2, "-|>", style.SERIES[2]), "coord": ("-", 1.3, "<|-|>", style.SERIES[0]),
    "info": (":", 1.1, "-|>", style.MUTED), "bid": ("-", 0.9, "->", style.SERIES[4]), "price": ("--", 0.9, "->", style.SERIES[4]),
    "settle": (":", 0.9, "->", style.SERIES[4]), "noedge": (":", 0.9, "-", style.FAINT),
}  # fmt: skip
MEANINGS = {
    "disp": "dispatch", "ctl": "control", "order": "order to a platform", "lim": "limit", "veto": "veto", "coord": "agreement", "info": "information",
    "bid": "bid", "price": "price", "settle": "settlement", "noedge": "stated: no link",
}  # fmt: skip
PASSES = 3  # of putting nodes below those they are linked with
BENDS = (0.0, 0.14, -0.14, 0.28, -0.28, 0.42, -0.42, 0.6, -0.6, 0.8, -0.8)  # of lines; the first that keeps clear is taken
CLEAR = 0.36  # inches that a line keeps from the middle of a box it does not belong to
LOW, HIGH = -4.5, -0.5  # of the axes; tiers lie at −1 … −4
LEFT, RIGHT = -0.28, 1.15
INCH = 0.9  # of a tier to the next, in inches


@styled
def skeleton(graph: Graph, offending: Collection[int] = ()) -> Figure:
    """The picture; ``offending`` are rows of the edge table, whose statements are drawn in the colour of warnings."""
    places = placed(graph)
    wide = max(list(graph.nodes.tier.tolist()).count(tier) for tier in TIERS)
    inches = max(5.0, 1.5 * wide + 2.0)
    figure = style.new_figure(inches, 4.6)
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_xlim(LEFT, RIGHT)
    axes.set_ylim(LOW, HIGH)
    axes.set_title(style.short(f"{graph.id}  {graph.name}", 70), pad=14)
    style.caption(axes, graph.source)
    for tier, name in TIERS.items():
        axes.text(-0.27, -tier, name, va="center", fontsize=7, color=style.MUTED)
    _lines(axes, graph, places, bent(graph, places, inches / (RIGHT - LEFT)), offending={int(graph.edges.statement[k]) for k in offending})
    for k, (x, y) in enumerate(places):
        box = {"boxstyle": "round,pad=0.35", "facecolor": style.CARD, "edgecolor": TIER_COLOURS[int(graph.nodes.tier[k])], "linewidth": 1.4}
        axes.text(x, y, str(graph.nodes.name[k]), ha="center", va="center", fontsize=8, color=style.INK, bbox=box, zorder=3)
    return figure


def placed(graph: Graph) -> list[tuple[float, float]]:
    """A place for each node: tiers below each other, and within a tier in the order of what its nodes are linked with."""
    count = len(graph.nodes)
    near: list[set[int]] = [set() for _ in range(count)]
    for a, b in zip(graph.edges.from_node.tolist(), graph.edges.to_node.tolist(), strict=True):
        near[a].add(b)
        near[b].add(a)
    rows = {tier: [k for k in range(count) if graph.nodes.tier[k] == tier] for tier in TIERS}
    across = {k: (i + 0.5) / len(row) for row in rows.values() for i, k in enumerate(row)}
    for _ in range(PASSES):
        for row in rows.values():
            row.sort(key=lambda k: (sum(across[j] for j in near[k]) / max(len(near[k]), 1), k))
            across |= {k: (i + 0.5) / len(row) for i, k in enumerate(row)}
    return [(across[k], -float(graph.nodes.tier[k])) for k in range(count)]


def bent(graph: Graph, places: Sequence[tuple[float, float]], inch: float) -> list[float]:
    """How far each statement's line bows out, so that it keeps clear of other boxes and of other lines between the same two; straight if it can."""
    spots = np.array(places) * (inch, INCH)
    edges, taken, out = graph.edges, dict[tuple[int, int], list[float]](), list[float]()
    for k in leading(edges):
        a, b = int(edges.from_node[k]), int(edges.to_node[k])
        used = taken.setdefault((min(a, b), max(a, b)), [])
        side = 1.0 if a < b else -1.0  # the same bow seen from the other end
        free = [bend for bend in BENDS if side * bend not in used] or [0.0]
        others = np.delete(spots, [a, b], axis=0)
        room = [min(_room(spots[a], spots[b], bend, others), CLEAR) for bend in free]
        out.append(free[int(np.argmax(room))])
        used.append(side * out[-1])
    return out


def _room(start: Real, end: Real, bend: float, others: Real) -> float:
    """Inches between a bowed line and the nearest of other boxes: a quadratic curve whose middle point lies ``bend`` of its length aside."""
    along = end - start
    middle = (start + end) / 2 + bend * np.array([along[1], -along[0]])
    t = np.linspace(0.0, 1.0, 25)[:, None]
    curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end
    return float(np.min(np.linalg.norm(curve[:, None] - others[None], axis=2), initial=CLEAR))


def _lines(axes: Axes, graph: Graph, places: Sequence[tuple[float, float]], bends: Sequence[float], *, offending: set[int]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import FancyArrowPatch

    edges = graph.edges
    for k, bend in zip(leading(edges), bends, strict=True):
        a, b = int(edges.from_node[k]), int(edges.to_node[k])
        dash, width, arrow, colour = LOOKS[str(edges.word[k])]
        bad = int(edges.statement[k]) in offending
        axes.add_patch(
            FancyArrowPatch(
                places[a], places[b], arrowstyle=arrow, connectionstyle=f"arc3,rad={bend:g}", linestyle=dash, linewidth=width + 1.0 * bad,
                color=style.WARN if bad else colour, mutation_scale=9, shrinkA=13, shrinkB=13, alpha=0.55 if edges.unsure[k] else 1.0, zorder=2,
            )
        )  # fmt: skip
    used = [word for word in LOOKS if word in set(edges.word.tolist())]
    keys = [Line2D([], [], linestyle=LOOKS[w][0], linewidth=LOOKS[w][1], color=LOOKS[w][3], label=MEANINGS[w]) for w in used]
    if offending:
        keys.append(Line2D([], [], linewidth=2.3, color=style.WARN, label="what a verdict rests on"))
    axes.legend(handles=keys, loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=5, frameon=False, fontsize=7)
