"""An experiment of energy and reserve as people hold it in their hands: its table, what was varied and held, what it comes to, its picture."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.report import style
from gridtandem.report.style import styled
from gridtandem.report.tables import as_records, plain
from gridtandem.study.provenance import provenance
from gridtandem.study.reserve.experiment import Chart, ReserveCarried
from gridtandem.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOCUMENT = "tandem/reserve-experiment/1"
MANY = 1000  # rows; all of them
BREADTH = 150  # letters of the caption
HATCHES = ("", "//", "..", "xx", "++", "oo")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ReserveExperimentRun:
    """An experiment of energy and reserve, carried out on a case."""

    carried: ReserveCarried

    @property
    def trials(self) -> Table:
        """One row per trial."""
        return self.carried.findings.table

    @property
    def words(self) -> tuple[str, ...]:
        """What it comes to."""
        return self.carried.findings.words

    @property
    def found(self) -> bool:
        """Has every trial an answer?"""
        return self.carried.findings.found

    def plot(self) -> Figure:
        """What its charts show, with what is held fixed below them."""
        return drawn(self.carried)

    def document(self) -> dict[str, object]:
        """Everything, for machines."""
        what = self.carried.experiment
        return {
            "schema": DOCUMENT, "name": what.name, "case": self.carried.case.name, "varied": what.varied, "held": what.held, "found": self.found,
            "words": list(self.words), "tables": {"trials": as_records(self.trials)}, "made_with": provenance(),
        }  # fmt: skip

    def __repr__(self) -> str:
        what = self.carried.experiment
        lines = [f"{self.carried.case.name}, {what.name}: {what.title}", f"varied  {what.varied}", f"held    {what.held}", ""]
        return "\n".join([*lines, plain(self.trials, rows=MANY), "", *(f"note: {word}" for word in self.words)])


@styled
def drawn(carried: ReserveCarried) -> Figure:
    """Its charts side by side."""
    what, table = carried.experiment, carried.findings.table
    figure = style.new_figure(style.WIDE, 3.7)
    held = fill(f"{what.title}, {carried.case.name}. Held: {what.held}", BREADTH)
    figure.text(0.01, 0.005, held, fontsize=6.5, color=style.MUTED, va="bottom")
    figure.get_layout_engine().set(rect=(0, 0.07, 1, 0.93))  # type: ignore[union-attr, call-arg]
    named = set[str]()
    for axes, chart in zip(figure.subplots(1, len(what.charts), squeeze=False).ravel().tolist(), what.charts, strict=True):
        axes.set_title(chart.title)
        axes.set_xlabel(chart.x_label)
        axes.set_ylabel(chart.y_label)
        FORMS[chart.form](axes, chart, table)
        if np.isfinite(chart.level):
            (axes.axvline if chart.form == "histogram" else axes.axhline)(chart.level, color=style.WARN, linewidth=0.8, linestyle=":")
        labels = [label for label, _, _ in series(chart, table)]
        if len(labels) > 1 and not set(labels) <= named:  # the same lines keep their looks
            axes.legend(fontsize=6, frameon=False)
        named |= set(labels)
    return figure


def series(chart: Chart, table: Table) -> list[tuple[str, str, Table]]:
    """Label, column and rows of each line, those that have a number."""
    words = dict.fromkeys(getattr(table, chart.by).tolist()) if chart.by else {"": None}
    names, found = chart.names or ("",) * len(chart.y), []
    for word in words:
        mine = table.take(getattr(table, chart.by) == word) if chart.by else table
        for name, y in zip(names, chart.y, strict=True):
            rows = mine.take(np.isfinite(getattr(mine, y)))
            if len(rows):
                found.append((", ".join(filter(None, (str(word), name))), y, rows))
    return found


def _lines(axes: Axes, chart: Chart, table: Table) -> None:
    lines = series(chart, table)
    for k, (label, y, rows) in enumerate(lines):
        width = 1.2 + 0.4 * (len(lines) - 1 - k)  # lines that agree lie on each other
        turn = k // len(style.SERIES)  # colours that come again have other marks and dashes
        colour, mark, dash = (looks[(k + own * turn) % len(looks)] for own, looks in enumerate((style.SERIES, style.MARKS, style.DASHES)))
        axes.plot(
            getattr(rows, chart.x),
            getattr(rows, y),
            color=str(colour),
            marker=mark,
            linestyle=dash,
            linewidth=min(width, 2.4),
            markersize=3.5,
            label=label,
        )
    if chart.logarithmic:
        axes.set_yscale("log")


def _bars(axes: Axes, chart: Chart, table: Table) -> None:
    """One group for each value of x, in the order of the table."""
    lines = series(chart, table)
    places = {x: k for k, x in enumerate(dict.fromkeys(getattr(table, chart.x).tolist()))}
    width = 0.8 / max(len(lines), 1)
    for k, (label, y, rows) in enumerate(lines):
        at = np.array([places[x] for x in getattr(rows, chart.x).tolist()]) + (k - (len(lines) - 1) / 2) * width
        hatch = HATCHES[k % len(HATCHES)]
        axes.bar(
            at, getattr(rows, y), width, color=style.SERIES[k % len(style.SERIES)], hatch=hatch, edgecolor=style.CARD, linewidth=0.4, label=label
        )
    axes.set_xticks(list(places.values()), [f"{x:g}" if isinstance(x, float | int) else str(x).replace(", ", "\n") for x in places], fontsize=6.5)
    if chart.logarithmic:
        axes.set_yscale("log")


def _histogram(axes: Axes, chart: Chart, table: Table) -> None:
    """How many rows have a number in which range, by line."""
    lines = series(chart, table)
    values = [getattr(rows, y) for _, y, rows in lines]
    spread = np.concatenate(values) if values else np.zeros(1)
    edges = np.linspace(min(float(spread.min()), chart.level if np.isfinite(chart.level) else np.inf), float(spread.max()) + 1e-9, 25)
    for k, (label, _, _) in enumerate(lines):
        colour, hatch = style.SERIES[k % len(style.SERIES)], HATCHES[k % len(HATCHES)]
        axes.hist(values[k], edges.tolist(), alpha=0.85, label=label, color=colour, hatch=hatch, edgecolor=style.CARD, linewidth=0.4)


FORMS = {"lines": _lines, "bars": _bars, "histogram": _histogram}
