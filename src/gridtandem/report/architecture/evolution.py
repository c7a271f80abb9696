"""The way from one architecture to another by way of others: nine verdicts and the procedure at each step, and what changes from step to step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, final

from gridtandem.architecture.difference import Changes, changes, counterparts
from gridtandem.architecture.graph import Graph
from gridtandem.architecture.simulation.derived import derived
from gridtandem.architecture.verdicts.findings import DECIDING, PRINCIPLES, SHORT
from gridtandem.architecture.verdicts.judged import Judged, judge
from gridtandem.errors import InvalidCase, Unreadable
from gridtandem.report import style
from gridtandem.report.architecture.matrix import bare, field
from gridtandem.report.architecture.verdicts import asked, scales, span
from gridtandem.report.style import styled
from gridtandem.report.tables import as_records
from gridtandem.study.provenance import provenance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SCHEMA = "tandem/architecture-path/1"
TOLD = 14  # changes of a step told in the picture
BETTER = frozenset({"LD"})  # scores of which more is better
SAME = 1e-9
HEAD, ROW, LINE = 0.68, 0.25, 0.115  # inches: title and names of steps, a principle, a line of changes


@final
@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One architecture on the way."""

    graph: Graph
    judged: Judged
    procedure: str  # M0 … M12; empty where nobody is instructed

    def cell(self, short: str) -> str:
        """A verdict with its score."""
        low, high = self.judged.verdicts[short].score
        score = f"{low:.3g}" if high - low <= SAME else f"{low:.3g} to {high:.3g}"
        return f"{self.word(short)} {score}"

    def word(self, short: str) -> str:
        """A verdict."""
        return span(SHORT[short], self.judged.verdicts[short].level).replace("_", " ")

    def worse(self, short: str, than: Step) -> int:
        """1 where a verdict is worse than that of another step, −1 where it is better: by level, and within a level by score."""
        ours, other = self.judged.verdicts[short], than.judged.verdicts[short]
        sign = -1 if short in BETTER else 1
        by = sum(ours.level) - sum(other.level) or sign * (sum(ours.score) - sum(other.score))
        return 0 if abs(by) <= SAME else 1 if by > 0 else -1


@final
@dataclass(frozen=True, slots=True, eq=False)
class Evolution:
    """All steps, and what differs from one to the next."""

    steps: tuple[Step, ...]
    between: tuple[Changes, ...]

    def moved(self, k: int) -> tuple[list[str], list[str]]:
        """Principles that get better, and worse, from step k to the next."""
        by = {p.name: self.steps[k + 1].worse(p.short, self.steps[k]) for p in PRINCIPLES}
        return [name for name, x in by.items() if x < 0], [name for name, x in by.items() if x > 0]


def evolution(which: Sequence[str]) -> Evolution:
    """The way along these architectures, each by name or file: the twin of ``tandem architecture path``."""
    graphs = [graph for word in which for graph in asked(word)]
    if len(graphs) < 2:
        raise Unreadable("a path has two architectures or more; name where it leads from, by way of what, and where to")
    return Evolution(tuple(Step(graph, judge(graph), _procedure(graph)) for graph in graphs), tuple(changes(a, b) for a, b in pairwise(graphs)))


def in_words(path: Evolution) -> str:
    """A column for each step; then what comes, goes and changes."""
    head = ["", *(step.graph.id for step in path.steps)]
    rows = [head, ["procedure", *(step.procedure or "none" for step in path.steps)]]
    rows += [[p.name, *(step.cell(p.short) for step in path.steps)] for p in PRINCIPLES]
    wide = [max(len(row[k]) for row in rows) for k in range(len(head))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, wide, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, scales(), *(line for k in range(len(path.between)) for line in _step(path, k))])


def _step(path: Evolution, k: int) -> Iterator[str]:
    first, second, found = path.steps[k].graph, path.steps[k + 1].graph, path.between[k]
    better, worse = path.moved(k)
    yield f"\n{first.id} > {second.id}: {_count(found)}"
    yield f"  better  {', '.join(better) or 'nothing'}"
    yield f"  worse   {', '.join(worse) or 'nothing'}"
    yield from (f"  {a} is called {b}" for a, b in counterparts(first, second).items())
    yield from (f"  {line}" for line in listed(found))


def _count(found: Changes) -> str:
    come = sum(not b for b in found.before.tolist())
    go = sum(not a for a in found.after.tolist())
    return f"{come} come, {go} go, {len(found) - come - go} change"


def listed(found: Changes) -> list[str]:
    """+ what comes, − what goes, ~ what changes."""
    out = []
    for what, before, after in zip(found.what.tolist(), found.before.tolist(), found.after.tolist(), strict=True):
        sign, told = ("+", after) if not before else ("−", before) if not after else ("~", f"{before} > {after}")
        out.append(f"{sign} {what}  {told}")
    return out


def document(path: Evolution) -> dict[str, object]:
    """Everything for machines."""
    steps = [
        {
            "id": step.graph.id, "name": step.graph.name, "family": step.graph.family, "procedure": step.procedure or None,
            "verdicts": {SHORT[s].name: {"level": list(v.level), "score": list(v.score)} for s, v in step.judged.verdicts.items()},
        }
        for step in path.steps
    ]  # fmt: skip
    between = [
        {
            "from": path.steps[k].graph.id, "to": path.steps[k + 1].graph.id, "better": path.moved(k)[0], "worse": path.moved(k)[1],
            "renamed": counterparts(path.steps[k].graph, path.steps[k + 1].graph), "changes": as_records(found),
        }
        for k, found in enumerate(path.between)
    ]  # fmt: skip
    return {"schema": SCHEMA, "steps": steps, "between": between, "made_with": provenance()}


@styled
def drawn(path: Evolution) -> Figure:
    """Verdicts of each step as fields, and between two steps what changes."""
    count = len(path.steps)
    high = ROW * len(PRINCIPLES), LINE * (1 + max(min(len(found), TOLD + 1) for found in path.between))
    figure = style.new_figure(max(style.WIDE, 1.3 + 1.9 * count), HEAD + sum(high))
    above, below = figure.subplots(2, 1, height_ratios=high).tolist()
    for k, step in enumerate(path.steps):
        for row, p in enumerate(PRINCIPLES):
            told = step.cell(p.short) if p.short in DECIDING else step.word(p.short)
            field(above, (k, row), step.judged.verdicts[p.short].level, text=told)
    above.set_xlim(-0.5, count - 0.5)
    above.set_ylim(len(PRINCIPLES) - 0.5, -0.5)
    above.set_xticks(range(count), [f"{s.graph.id}  {s.procedure}\n{style.short(s.graph.name, 34)}" for s in path.steps], fontsize=6.5)
    above.set_yticks(range(len(PRINCIPLES)), [p.name for p in PRINCIPLES], fontsize=6.5)
    above.xaxis.tick_top()
    bare(above)
    _between(below, path)
    figure.suptitle(
        f"From {path.steps[0].graph.id} to {path.steps[-1].graph.id}: verdicts, with scores that decide them; darker is worse", fontsize=8
    )
    return figure


def _between(axes: Axes, path: Evolution) -> None:
    axes.set_axis_off()
    axes.set_xlim(-0.5, len(path.steps) - 0.5)
    for k, found in enumerate(path.between):
        lines = [style.short(line.partition("  ")[0], 34) for line in listed(found)]
        more = [f"… {len(lines) - TOLD} more"] if len(lines) > TOLD else []
        title = f"{path.steps[k].graph.id} → {path.steps[k + 1].graph.id}: {_count(found)}"
        told = "\n".join([title, *lines[:TOLD], *more])
        axes.text(k + 0.1, 1.0, told, transform=axes.get_xaxis_transform(), va="top", fontsize=6, color=style.INK, linespacing=1.25)


def _procedure(graph: Graph) -> str:
    try:
        return derived(graph).procedure
    except InvalidCase:
        return ""
