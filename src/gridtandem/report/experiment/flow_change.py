"""Changes of flows by shift factors and by load flow, side by side: tables, words, a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.report import style
from gridtandem.report.style import styled
from gridtandem.report.tables import as_records, plain
from gridtandem.study.flow_change import MORE, SHARE, Changed, ChangeResults, FlowChanges
from gridtandem.study.provenance import provenance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOCUMENT = "tandem/flow-changes/1"
NAME = "flow-changes"
LINE = "flows of transmission by shift factors and by AC, as sun in feeders comes"
SUN = f"{SHARE:.0%} of the load of their feeders, at its load buses, unity power factor"
HELD = "schedules and loads of transmission as they are, its reference unit balances; feeders' loads too but where they are named"
FIRST = 4  # branches of each change in words
DRAWN = 6  # and in the picture
COLUMNS = ("change", "branch", "before_mw", "dc_mw", "ac_mw", "apart_percent")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FlowChangeRun:
    """Changes of what feeders draw, and of flows by them."""

    changed: Changed

    @property
    def trials(self) -> ChangeResults:
        """One row per change."""
        return self.changed.changes

    @property
    def flows(self) -> FlowChanges:
        """One row per change and branch of transmission."""
        return self.changed.flows

    @property
    def found(self) -> bool:
        """Has everything a load flow?"""
        return self.changed.found

    def plot(self) -> Figure:
        """The flows that change most, by DC and by AC."""
        return drawn(self.changed)

    def document(self) -> dict[str, object]:
        """Everything, for machines."""
        c = self.changed
        tables = {"changes": as_records(c.changes), "flows": as_records(c.flows), "boundary": as_records(c.boundary)}
        return {
            "schema": DOCUMENT, "name": NAME, "case": c.case.name, "varied": SUN, "held": HELD, "found": c.found, "tables": tables,
            "made_with": provenance(),
        }  # fmt: skip

    def __repr__(self) -> str:
        c = self.changed
        lines = [f"{c.case.name}, {NAME}: {LINE}", f"varied  sun: {SUN}; loads times {MORE:g}: those of feeders", f"held    {HELD}", ""]
        lines += [plain(c.boundary, rows=len(c.boundary)), "", plain(foremost(c, FIRST), columns=COLUMNS, rows=FIRST * len(c.changes)), ""]
        lines.append(plain(c.changes, columns=[n for n in c.changes.columns() if n != "why"]))
        lines += [f"note: {name}: {why}" for name, why in zip(c.changes.change.tolist(), c.changes.why.tolist(), strict=True) if why]
        return "\n".join(lines)


def foremost(changed: Changed, many: int) -> FlowChanges:
    """Of each change the branches whose flow it changes most."""
    flows, rows = changed.flows, list[int]()
    for name in changed.changes.change.tolist():
        own = np.flatnonzero((flows.change == name) & np.isfinite(flows.ac_mw))
        rows += own[np.argsort(-np.abs(flows.ac_mw[own]), kind="stable")[:many]].tolist()
    return flows.take(np.array(rows, np.int64))


@styled
def drawn(changed: Changed) -> Figure:
    """A field for each change: pairs of bars for the branches whose flow changes most."""
    names = changed.changes.change.tolist()
    figure = style.new_figure(style.WIDE, 2.0 * -(-len(names) // 2) + 0.4)
    fields: list[Axes] = figure.subplots(-(-len(names) // 2), 2).ravel().tolist()
    top = foremost(changed, DRAWN)
    for axes, name in zip(fields, names, strict=False):
        rows = top.take(top.change == name)
        x = np.arange(len(rows))
        axes.bar(x - 0.2, rows.dc_mw, 0.4, color=style.TSO, label="shift factors")
        axes.bar(x + 0.2, rows.ac_mw, 0.4, color=style.DSO, hatch="//", edgecolor=style.CARD, label="AC")
        axes.axhline(0.0, color=style.FAINT, linewidth=0.8)
        axes.set_xticks(x, [style.short(b) for b in rows.branch.tolist()], fontsize=6)
        axes.set_title(name, fontsize=7.5)
    for axes in fields[len(names) :]:
        axes.set_axis_off()
    for axes in fields[::2]:
        axes.set_ylabel("change of flow [MW]", fontsize=6.5)
    fields[0].legend(fontsize=6)
    figure.suptitle(f"Changes of flows, {changed.case.name}. Sun: {SUN}", fontsize=7.5)
    return figure
