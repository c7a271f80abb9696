"""How the gap closed, round by round, on a logarithmic scale, beside what the diagnosis promised for the plain exchange."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.report import style
from gridtandem.report.flow import selection
from gridtandem.report.style import styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gridtandem.report.run import Comparison, Run

FLOOR = 1e-16  # a gap of zero is drawn here
PLAIN = "load-flow"  # the scheme that the diagnosis speaks about


@styled
def of_run(run: Run) -> Figure:
    """One scheme."""
    return _figure([run], None)


@styled
def of_comparison(comparison: Comparison) -> Figure:
    """All schemes that take more than one look."""
    return _figure(comparison.runs, comparison.diagnosis.contraction if comparison.diagnosis is not None else None)


def _figure(runs: Sequence[Run], contraction: float | None) -> Figure:
    figure = style.new_figure(style.NARROW * 1.4, 3.2)
    draw(figure.add_subplot(), runs, contraction)
    return figure


def draw(axes: Axes, runs: Sequence[Run], contraction: float | None) -> None:
    """Gaps on given axes; one-look schemes have none."""
    many = [r for r in runs if r.outcome.goal > 0]
    if not any(np.isfinite(r.rounds.gap).any() for r in many):
        axes.set_axis_off()
        axes.set_title("How the gap closes", pad=14)
        axes.text(0.0, 0.9, "There are no rounds to show: each party looked once, or was refused.", transform=axes.transAxes, color=style.MUTED)
        return
    labels = []
    for place, run in enumerate(many):
        colour, mark, dash = style.series_look(run.scheme, place)
        gap = np.maximum(run.rounds.gap, FLOOR)
        axes.plot(run.rounds.round, gap, marker=mark, color=colour, linestyle=dash)
        if len(gap) and np.isfinite(gap[-1]):
            labels.append((float(run.rounds.round[-1]), float(gap[-1]), run.scheme, colour))
    most = max([1, *(r.outcome.rounds for r in many)])
    goals = {r.outcome.goal for r in many}
    _frame(axes, runs, most)
    for goal in sorted(goals):
        axes.axhline(goal, color=style.OK, linewidth=0.8, linestyle=(0, (6, 2)))
        note = axes.annotate(f"goal {goal:.0e}", (0.0, goal), (2, 2), xycoords=("axes fraction", "data"), textcoords="offset points")
        note.set(fontsize=6, color=style.OK)
    plain = next((r for r in many if r.scheme == PLAIN and np.isfinite(r.rounds.gap).any()), None)
    if plain is not None and contraction is not None and 0 < contraction < np.inf:
        labels.append(_forecast(axes, plain, contraction))
    if labels:
        style.end_labels(axes, labels)


def _frame(axes: Axes, runs: Sequence[Run], most: int) -> None:
    axes.set_yscale("log")
    axes.set_xlim(0.7, most * 1.02 + 0.45 * max(most / 4, 1))
    axes.set_xticks(np.unique(np.linspace(1, most, min(most, 8)).round().astype(int)))
    axes.set_xlabel("round")
    axes.set_ylabel("gap: largest voltage step [pu]")
    axes.set_title("How the gap closes", pad=14)
    if runs:
        begin = {getattr(r.result.study.scheme, "start_pu", 1.0) for r in runs}
        style.caption(axes, f"{selection.held_fixed(runs[0])}{', flat start' if begin == {1.0} else ''}")


def _forecast(axes: Axes, plain: Run, contraction: float) -> tuple[float, float, str, str]:
    r"""The line :math:`g_1\,\rho^{k-1}` that the contraction ratio promises, from the first gap of the plain exchange."""
    k = np.arange(1, plain.outcome.rounds + 1)
    line = np.maximum(plain.rounds.gap[0] * contraction ** (k - 1.0), FLOOR)
    axes.plot(k, line, color=style.MUTED, linewidth=0.9, linestyle=":", zorder=1)
    half = len(k) // 2
    return float(k[half]), float(line[half]), f"ρ = {contraction:.2g} predicted", style.MUTED
