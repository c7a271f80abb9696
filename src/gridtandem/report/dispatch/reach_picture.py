"""The picture of what a feeder can exchange: outlines by voltage and form, limits named along the edges, the award."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridtandem.opf.reach import Outline
from gridtandem.opf.reach_ac import FIXED
from gridtandem.report import style
from gridtandem.report.style import styled
from gridtandem.study.reach import ReachResult
from gridtandem.tables import Real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOOKS = {"ac": "-", "lindist": (0, (4, 2)), "branch-flow": (0, (1, 1.5))}
SMALL = 0.06  # of the way around: an edge shorter than that has no label
WIDER = 0.3  # of the extent of what was found by the first form, around it
AWAY = 9  # points between an edge and its label


@styled
def picture(result: ReachResult) -> Figure:
    """All outlines; where there is one of AC physics at one voltage, its limits are named along the edges."""
    figure = style.new_figure(style.NARROW * 1.7, 4.6)
    axes, study = figure.add_subplot(), result.study
    found = [(r, r.outline) for r in result.regions if r.outline is not None]
    voltages = list(dict.fromkeys(r.voltage_pu for r, _ in found))
    for region, outline in found:
        colour = style.DSO if len(voltages) == 1 else style.SERIES[voltages.index(region.voltage_pu) % len(style.SERIES)]
        at = np.vstack([outline.points, outline.points[:1]])
        label = region.physics if len(voltages) == 1 else f"{region.physics}, {region.voltage_pu:.4g} pu"
        if region.physics == "ac":
            axes.fill(*at.T, color=colour, alpha=0.12, linewidth=0)
        axes.plot(
            *at.T, color=colour, linestyle=LOOKS[region.physics], linewidth=1.2, label=label, marker="o" * (len(outline.ring) < 3), markersize=4
        )
    if study.award is not None:
        a = study.award
        axes.plot([a.p_mw], [a.q_mvar], "*", color=style.WARN, markersize=10, linestyle="", label=f"award under {a.scheme}, {a.v_pu:.4f} pu")
    if found:
        _window(axes, [o.points for r, o in found if r.physics == found[0][0].physics], result)
        named = [o for r, o in found if r.physics == "ac"]
        if len(named) == 1 and len(named[0].ring) > 2:
            _limits(axes, named[0])
        axes.legend(fontsize=7, frameon=False, loc="best")
    axes.axhline(0.0, color=style.FAINT, linewidth=0.6)
    axes.axvline(0.0, color=style.FAINT, linewidth=0.6)
    axes.set_xlabel("active power into the feeder [MW]")
    axes.set_ylabel("reactive power into the feeder [Mvar]")
    axes.set_title(f"What {style.short(study.interface)} can exchange", pad=14)
    at_pu = f" at {voltages[0]:.4g} pu" if len(voltages) == 1 else ""
    style.caption(axes, f"{study.case.name}, period {study.period}{at_pu}; along the edges: the limit that stops the feeder most")
    return figure


def _window(axes: Axes, shown: list[Real], result: ReachResult) -> None:
    """Axes around the first form and the award; outlines of other forms may run out of them."""
    award = result.study.award
    points = np.vstack([*shown, *([] if award is None else [[[award.p_mw, award.q_mvar]]])])
    room = WIDER * np.maximum(np.ptp(points, axis=0), 1e-3)
    low, high = points.min(0) - room, points.max(0) + room
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])


def _limits(axes: Axes, outline: Outline) -> None:
    """The strongest limit of each stretch, beside its middle."""
    names = [t.stops[0] if t.stops and not t.stops[0].startswith(FIXED) else "" for t in outline.ring]
    at, many = outline.points, len(names)
    turns = [k for k in range(many) if names[k] != names[k - 1]] or [0]
    step = np.hypot(*(np.roll(at, -1, axis=0) - at).T)
    for first, after in zip(turns, [*turns[1:], turns[0] + many], strict=True):
        stretch = np.arange(first, after) % many
        if names[first] and step[stretch].sum() >= SMALL * step.sum():
            k = stretch[len(stretch) // 2]
            place, out = at[k], AWAY * outline.ring[k].way
            note = axes.annotate(names[first], (float(place[0]), float(place[1])), (float(out[0]), float(out[1])), textcoords="offset points")
            note.set(fontsize=6, color=style.MUTED, ha="left" if out[0] > 0 else "right", va="bottom" if out[1] > 0 else "top")
            style.halo(note)
