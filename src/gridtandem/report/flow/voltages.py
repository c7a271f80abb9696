"""Voltage along feeders: what each company reckons with, against the AC check, over electrical distance from the root."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from gridtandem.grid.nodal import Nodal
from gridtandem.report import style
from gridtandem.report.flow import selection
from gridtandem.report.style import styled
from gridtandem.tables import Real
from gridtandem.units import MVA

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gridtandem.report.flow.selection import Part
    from gridtandem.report.run import Comparison, Run

PANELS_MOST = 4  # feeders shown, those with the lowest voltages
NEAR = 0.01  # pu outside of what is drawn, up to which a limit is still shown


@styled
def of_run(run: Run) -> Figure:
    """One scheme against the AC check."""
    return _figure([run])


@styled
def of_comparison(comparison: Comparison) -> Figure:
    """Several schemes against the AC check; those that coincide are one line."""
    return _figure(comparison.runs)


def _figure(runs: Sequence[Run]) -> Figure:
    shown = worst_feeders(runs, PANELS_MOST)
    columns = 1 if len(shown) < 2 else 2
    rows = max(1, -(-len(shown) // columns))
    figure = style.new_figure(style.WIDE, 0.4 + 2.4 * rows)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for k, axes in enumerate(panels.ravel().tolist()):
        if k < len(shown):
            draw(axes, runs, shown[k])
        else:
            axes.set_axis_off()
    return figure


def worst_feeders(runs: Sequence[Run], most: int) -> list[str]:
    """Feeders with the lowest voltages in any run, in the order of the interface table."""
    tables = [selection.at_first(r.interfaces) for r in selection.answered(runs)]
    if not tables:
        return []
    low = np.min([t.v_low_pu for t in tables], axis=0, initial=np.inf)
    return [str(tables[0].feeder[k]) for k in sorted(np.argsort(low, kind="stable")[:most].tolist())]


def draw(axes: Axes, runs: Sequence[Run], feeder: str) -> None:
    """One feeder on given axes."""
    groups = selection.alike(runs)
    first = groups[0][1]
    part = selection.part(first, feeder)
    z = distance(first, part)
    labels: list[tuple[str, str]] = []
    for place, (name, run) in enumerate(groups):
        own = selection.part(run, feeder)
        colour, mark, dash = style.series_look(run.scheme, place)
        _tree(axes, own, z, colour, dash)
        axes.plot(z, own.buses.v_pu, linestyle="none", marker=mark, markersize=2.6, color=colour)
        labels.append((name, colour))
    axes.plot(z, part.buses.v_checked_pu, linestyle="none", marker="o", markersize=5, markerfacecolor="none", markeredgecolor=style.INK,
              markeredgewidth=0.6, label="AC check", zorder=1)  # fmt: skip
    axes.margins(y=0.04)
    axes.autoscale_view()
    _limits(axes, first, feeder)
    k = int(np.flatnonzero(first.interfaces.feeder == feeder)[0])
    axes.set_title(f"Voltage along {feeder} ({first.interfaces.company[k]})", pad=14)
    style.caption(axes, f"{selection.held_fixed(first)}; rings: AC check of the joined grid")
    axes.set_xlabel("electrical distance from the root, Σ|z| [Ω]")
    axes.set_ylabel("voltage [pu]")
    axes.set_xlim(-0.03 * z.max(), z.max() * 1.03)
    _named(axes, labels)


def _named(axes: Axes, labels: Sequence[tuple[str, str]]) -> None:
    """Names in a band of their own above all lines."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.07 * len(labels) * (high - low))
    for k, (text, colour) in enumerate(labels):
        note = axes.annotate(f"— {text}", (0.99, 0.98), (0, -9.5 * k), xycoords="axes fraction", textcoords="offset points", ha="right", va="top",
                             fontsize=7, color=colour)  # fmt: skip
        style.halo(note)


def _tree(axes: Axes, part: Part, z: Real, colour: str, dash: object) -> None:
    from matplotlib.collections import LineCollection

    v = part.buses.v_pu
    ends = np.stack([np.stack([z[e], v[e]], -1) for e in (part.start, part.end)], 1)
    axes.add_collection(LineCollection(list(ends), colors=colour, linewidths=0.9, linestyles=[dash], zorder=2))


def _limits(axes: Axes, run: Run, feeder: str) -> None:
    """The voltage limits that most buses of the feeder have, where they lie within the picture."""
    case = run.result.study.case
    buses = case.models[int(case.interfaces.model[np.flatnonzero(case.interfaces.feeder == feeder)[0]])].buses
    low, high = axes.get_ylim()
    for limit in (float(np.median(buses.v_low_pu)), float(np.median(buses.v_high_pu))):
        if low - NEAR < limit < high + NEAR:
            axes.axhline(limit, color=style.WARN, linewidth=0.8, linestyle=(0, (6, 2)))
            note = axes.annotate(f"limit {limit:g} pu", (0.0, limit), (2, 2), xycoords=("axes fraction", "data"), textcoords="offset points")
            note.set(fontsize=6, color=style.WARN)


def distance(run: Run, part: Part) -> Real:
    r"""Electrical distance of each bus from the feeder's root, referred to the root's nominal voltage. [ohm]

    .. math:: d_i = \sum_{b \in \text{path}(r, i)} |z_b|\; U_r^2 / S_B
    """
    case = run.result.study.case
    k = int(np.flatnonzero(case.interfaces.feeder == part.name)[0])
    model, root = case.models[int(case.interfaces.model[k])], int(case.interfaces.root[k])
    nodal = Nodal.of(model)
    br, size = nodal.branches, nodal.nodes
    graph = coo_array((np.abs(br.z), (br.start, br.end)), shape=(size, size)).tocsr()
    steps = dijkstra(graph, directed=False, indices=[int(nodal.node[root])])[0]
    row = dict(zip(model.buses.name.tolist(), nodal.node.tolist(), strict=True))
    out: Real = steps[[row[name] for name in part.buses.bus.tolist()]] * float(model.buses.nominal_kv[root]) ** 2 / MVA
    return out
