"""A three-phase load flow in words, as a document, and as a picture of voltages along the feeder, one colour per phase."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridtandem.flow.phase_results import ThreePhaseResults
from gridtandem.grid.phase_elements import PHASES
from gridtandem.report import style
from gridtandem.report.style import styled
from gridtandem.report.tables import as_records, number, plain
from gridtandem.study.provenance import provenance
from gridtandem.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PHASES_DOCUMENT = "tandem/phases/1"
TABLES = ("totals", "regulators", "unbalance", "nodes", "conductors")
TOLD = ("totals", "regulators", "unbalance", "nodes")  # conductors are many; JSON and --table have them
SPLIT = "powers of a phase are those of its conductors; behind a delta their split depends on where ground is, their sum does not"


def phases_in_words(found: ThreePhaseResults, table: str | None, rows: int) -> str:
    """How it ended, and the tables one after the other; or one of them."""
    if table is not None:
        return plain(tables_of(found)[table], rows=rows)
    lines = [f"{found.name}, phase by phase: root {found.root_pu:g} pu, loading {found.loading:g}"]
    if not found.converged:
        return "\n".join([*lines, *(f"note: {n}" for n in found.notes), found.trouble])
    moves = f", taps stepped {found.tap_rounds} times" if found.tap_rounds else ""
    lines[0] += f"; {found.sweeps} sweeps{moves}; losses {1e3 * found.loss_mw:,.2f} kW"
    lines += [f"note: {n}" for n in found.notes]
    for name in TOLD:
        shown = tables_of(found)[name]
        lines += ["", name, plain(shown, rows=rows)] if len(shown) else []
    return "\n".join([*lines, "", SPLIT])


def tables_of(found: ThreePhaseResults) -> dict[str, Table]:
    """All tables by name."""
    return {name: getattr(found, name) for name in TABLES}


def phases_document(found: ThreePhaseResults) -> dict[str, object]:
    """Everything, for machines."""
    return {
        "schema": PHASES_DOCUMENT, "name": found.name, "root_pu": found.root_pu, "loading": found.loading, "converged": found.converged,
        "trouble": found.trouble, "sweeps": found.sweeps, "tap_rounds": found.tap_rounds, "loss_mw": number(found.loss_mw),
        "notes": list(found.notes), "tables": {name: as_records(table) for name, table in tables_of(found).items()}, "made_with": provenance(),
    }  # fmt: skip


@styled
def phases_picture(found: ThreePhaseResults) -> Figure:
    """Voltage of every node over the number of branches between it and the source."""
    from matplotlib.collections import LineCollection

    figure = style.new_figure(style.WIDE, 3.6)
    axes = figure.add_subplot()
    axes.set_title(f"Voltages of {found.name}, phase by phase", pad=14)
    style.caption(axes, f"root {found.root_pu:g} pu, loading {found.loading:g}" if found.converged else "no answer to draw")
    nodes, conductors = found.nodes, found.conductors
    row = {(bus, phase): k for k, (bus, phase) in enumerate(zip(nodes.bus.tolist(), nodes.phase.tolist(), strict=True))}
    place = np.stack([nodes.depth, nodes.v_pu], -1)
    ends = [
        (row[a, p], row[b, p], p)
        for a, b, p in zip(conductors.from_bus.tolist(), conductors.to_bus.tolist(), conductors.phase.tolist(), strict=True)
        if (a, p) in row and (b, p) in row
    ]
    for p, name in enumerate(PHASES):
        colour, here = style.SERIES[p], nodes.phase == p
        axes.add_collection(LineCollection([place[[a, b]] for a, b, q in ends if q == p], colors=colour, linewidths=0.9))
        axes.plot(*place[here].T, linestyle="none", marker=style.MARKS[p], markersize=2.6, color=colour, label=f"phase {name}")
    axes.set_xlabel("branches from the source")
    axes.set_ylabel("voltage [pu]")
    if found.converged:
        axes.legend(ncols=3, frameon=False)
    return figure
