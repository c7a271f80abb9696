"""Verdicts on architectures in words and for machines: one with its causes, many as a matrix beside published verdicts, and what mends one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from gridtandem.architecture.catalogue import architecture, architectures, names, published
from gridtandem.architecture.graph import SETTLE, Graph
from gridtandem.architecture.relations import Chain, Skeleton, skeleton_of
from gridtandem.architecture.verdicts.findings import PRINCIPLES, SCALES, SHORT, Principle, principle
from gridtandem.architecture.verdicts.judged import Critical, Judged, Level, judge
from gridtandem.architecture.verdicts.mend import MOST, Mended, Mending, mend
from gridtandem.architecture.verdicts.oracle import ANY, KINDS, Cell, oracle, sensitivity, unmet
from gridtandem.errors import Unreadable
from gridtandem.report.tables import as_records, plain
from gridtandem.study.provenance import provenance
from gridtandem.tables import Names, Real, Table, column

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA = "tandem/architecture-verdicts/1"
MENDED = "tandem/architecture-mended/1"
CAUSES = 2  # told of each verdict on the screen; the document holds all
SETS = 5  # of smallest changes told on the screen


def judged(which: str, *, draws: int = 0, seed: int = 0) -> tuple[tuple[Graph, Judged], ...]:
    """One architecture by name, those of a file, or ``all`` published ones: the twin of ``tandem architecture judge``."""
    return tuple((graph, judge(graph, draws=draws, seed=seed)) for graph in asked(which))


def asked(which: str) -> tuple[Graph, ...]:
    """One architecture by name, those of a file, or ``all`` published ones."""
    file = which not in names() and Path(which).is_file()
    return published() if which == "all" else architectures(Path(which)) if file else (architecture(which),)


def mended(which: str, target: str, *, most: int = MOST) -> tuple[Graph, Mended]:
    """The smallest changes to an architecture for a target such as ``hidden_coupling=few``: the twin of ``tandem architecture mend``."""
    name, sign, word = target.partition("=")
    if not sign:
        raise Unreadable(f"{target!r} is no target; write PRINCIPLE=LEVEL, such as hidden_coupling=few")
    aim, graph = principle(name.strip()), architecture(which)
    return graph, mend(graph, aim, aim.level(word.strip()), most=most)


def marked(found: Sequence[tuple[Graph, Judged]], name: str) -> Figure:
    """The picture of one architecture, with the lines marked that cause one verdict; of several, all verdicts of all."""
    from gridtandem.report.architecture.matrix import matrix
    from gridtandem.report.architecture.picture import skeleton

    if len(found) != 1:
        return matrix(found)
    graph, of = found[0]
    chains = of.verdicts[principle(name).short].worst.chains
    return skeleton(graph, offending(graph, chains))


def offending(graph: Graph, chains: Iterable[Chain]) -> tuple[int, ...]:
    """Rows of the edge table between neighbours in these chains; settlement causes nothing."""
    ends = {frozenset(pair) for chain in chains for pair in pairwise(chain)}
    edges = graph.edges
    of_row = zip(edges.what.tolist(), edges.from_node.tolist(), edges.to_node.tolist(), strict=True)
    return tuple(row for row, (what, a, b) in enumerate(of_row) if what != SETTLE and frozenset((a, b)) in ends)


def in_words(found: Sequence[tuple[Graph, Judged]]) -> str:
    """One architecture with causes, or several as a matrix."""
    return judged_in_words(*found[0]) if len(found) == 1 else matrix_in_words({j.name: j for _, j in found})


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Verdicts(Table):
    """Nine principles of one architecture."""

    kind: ClassVar[str] = "verdicts"
    principle: Names = column("principle", dtype="U", unique=True)
    verdict: Names = column("its level in words; from best to worst where something is unknown", dtype="U")
    score_low: Real = column("the number behind it, at least", finite=False)
    score_high: Real = column("the same, at most", finite=False)
    held_percent: Real = column("draws over confidence that lie within the verdict; NaN without draws", unit="%")
    cause: Names = column("paths that cause it, most first", dtype="U")


def verdicts(judged: Judged) -> Verdicts:
    """The table of one architecture."""
    found = list(judged.verdicts.values())
    return Verdicts(
        principle=np.array([SHORT[v.principle].name for v in found]),
        verdict=np.array([span(SHORT[v.principle], v.level) for v in found]),
        score_low=np.array([v.score[0] for v in found]),
        score_high=np.array([v.score[1] for v in found]),
        held_percent=100 * np.array([v.held for v in found]),
        cause=np.array([_causes(judged.skeleton, v.worst.chains) for v in found]),
    )


def span(principle: Principle, level: Level) -> str:
    """A level in words, or two of them."""
    low, high = principle.word(level[0]), principle.word(level[1])
    return low if low == high else f"{low} to {high}"


def scales() -> str:
    """What scores count, in lines."""
    wide = max(len(SHORT[s].name) for s in SCALES)
    head = "\nScores are shares of flexible power and decide the level (more is worse; of layered_decomposition, better). But of"
    return "\n".join([head, *(f"  {SHORT[s].name:<{wide}}  {told}" for s, told in SCALES.items())])


def judged_in_words(graph: Graph, judged: Judged) -> str:
    """One architecture: verdicts with causes, then the lines on which they hang."""
    shown = [c for c in Verdicts.columns() if c != "held_percent" or judged.draws]
    parts = [f"{graph.id}  {graph.name}\n", plain(verdicts(judged), columns=shown), scales()]
    blast = max(judged.blast.items(), key=lambda entry: entry[1])
    most = f"; {judged.skeleton.nodes[blast[0]].name} alone moves {blast[1]:.0%} of flexible power"
    parts.append(f"\nPairs that act on one DER, agreed or not: {judged.coupled}; tier 1 instructs {judged.growth}{most}")
    if judged.critical:
        parts.append("\nLines on which a verdict hangs (with it > without):")
        parts += [f"  {_line(judged.skeleton, c)}" for c in judged.critical]
    return "\n".join(parts)


def matrix_in_words(every: Mapping[str, Judged]) -> str:
    """All architectures, levels from 0 best; then published verdicts."""
    head = ["", *SHORT]
    rows = [[name, *(digits(level) + mark(name, short, level) for short, level in j.levels().items())] for name, j in every.items()]
    wide = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, wide, strict=True)).rstrip() for row in [head, *rows]]
    legend = [f"{p.short}  {p.asks}  " + ", ".join(f"{k} {word}" for k, word in enumerate(p.words) if word) for p in PRINCIPLES]
    return "\n".join([*lines, "", "+ as published, ! not as published", *legend, "", *against(every)])


def against(every: Mapping[str, Judged]) -> Iterable[str]:
    """How far verdicts agree with published ones, in lines."""
    cells = [c for c in oracle() if c.graph in every]
    found = unmet({name: j.levels() for name, j in every.items()})
    if not cells:
        return
    explicit, failed = sum(c.kind == "X" for c in cells), sum(c.kind == "X" for c in found)
    yield f"{len(cells) - len(found)} of {len(cells)} published verdicts met; explicit ones {explicit - failed} of {explicit}"
    yield from (f"  {c.graph} {c.principle}: {digits((c.low, c.high))} published ({KINDS[c.kind]}); {c.reason or 'no reason known'}" for c in found)
    tried = sensitivity({name: every[name].skeleton for name in every})
    yield "strengths of agreements times " + ", ".join(f"{factor:g}: {met}" for factor, met in tried.items())


def mended_in_words(graph: Graph, mended: Mended) -> str:
    """The smallest changes, or why there are none."""
    p, name, skeleton = SHORT[mended.principle], graph.id, skeleton_of(graph)
    was, wanted = span(p, mended.before[p.short]), p.word(mended.target)
    if mended.size == 0:
        return f"{name}: {p.name} is {was}; nothing to mend"
    if mended.size < 0:
        return f"{name}: {p.name} is {was}; no set of changes this small makes it {wanted} while every operator still reaches the DERs it reaches"
    count = f"{mended.size} change{'s' * (mended.size > 1)}"
    lines = [f"{name}: {p.name} is {was}; {count} make it {wanted}" if mended.size > 1 else f"{name}: {p.name} is {was}; {count} makes it {wanted}"]
    for k, found in enumerate(mended.sets[:SETS], 1):
        lines.append(f"{k:>3}  " + "; ".join(change.said(skeleton) for change in found.changes) + _moved(mended, found))
    if len(mended.sets) > SETS:
        lines.append(f"     … and {len(mended.sets) - SETS} more sets of this size (--json)")
    return "\n".join(lines)


def document(every: Sequence[tuple[Graph, Judged]]) -> dict[str, object]:
    """Everything for machines."""
    told = {judged.name: judged for _, judged in every}
    cells = [c for c in oracle() if c.graph in told]
    return {
        "schema": SCHEMA,
        "architectures": [_record(graph, judged) for graph, judged in every],
        "published": [_cell(c, told[c.graph].levels()[c.principle]) for c in cells],
        "sensitivity": [{"factor": f, "met": n} for f, n in sensitivity({k: j.skeleton for k, j in told.items()}).items()] if cells else [],
        "made_with": provenance(),
    }


def mended_document(graph: Graph, mended: Mended) -> dict[str, object]:
    """All smallest sets for machines; ``size`` is 0 where nothing is to mend, −1 where nothing was found."""
    skeleton = skeleton_of(graph)
    sets = [{"changes": [c.said(skeleton) for c in s.changes], "levels": {k: list(v) for k, v in s.levels.items()}} for s in mended.sets]
    before = {k: list(v) for k, v in mended.before.items()}
    return {
        "schema": MENDED, "architecture": graph.id, "principle": SHORT[mended.principle].name, "target": mended.target, "before": before,
        "size": mended.size, "sets": sets, "made_with": provenance(),
    }  # fmt: skip


def _record(graph: Graph, judged: Judged) -> dict[str, object]:
    of = judged.skeleton
    rows = as_records(verdicts(judged))
    for row, v in zip(rows, judged.verdicts.values(), strict=True):
        row |= {
            "level": list(v.level),
            "causes": [of.said(c).split(" > ") for c in v.worst.chains],
            "probability": {str(k): p for k, p in v.probability.items()},
        }
    critical = [
        {"principle": SHORT[c.principle].name, "edge": edge(of, c), "present": list(c.present), "absent": list(c.absent)} for c in judged.critical
    ]
    return {
        "id": judged.name, "name": graph.name, "family": graph.family, "draws": judged.draws, "seed": judged.seed,
        "verdicts": rows, "critical": critical, "coupled_pairs": judged.coupled, "growth": judged.growth,
        "blast_radius": {of.nodes[k].name: share for k, share in judged.blast.items()},
    }  # fmt: skip


def edge(skeleton: Skeleton, c: Critical) -> str:
    """A line as it is written."""
    return f"{c.relation.word} {skeleton.nodes[c.relation.a].name} {skeleton.nodes[c.relation.b].name}"


def _line(skeleton: Skeleton, c: Critical) -> str:
    p = SHORT[c.principle]
    return f"{edge(skeleton, c):<20} {p.name}: {span(p, c.present)} > {span(p, c.absent)}"


def _cell(c: Cell, level: Level) -> dict[str, object]:
    high = None if c.high == ANY else c.high
    return {
        "graph": c.graph, "principle": SHORT[c.principle].name, "low": c.low, "high": high, "kind": KINDS[c.kind], "section": c.section,
        "level": list(level), "met": c.met(level), "reason": c.reason,
    }  # fmt: skip


def _causes(skeleton: Skeleton, chains: Sequence[tuple[int, ...]]) -> str:
    more = f"; {len(chains) - CAUSES} more" if len(chains) > CAUSES else ""
    return "; ".join(skeleton.said(c) for c in chains[:CAUSES]) + more


def digits(level: Level) -> str:
    """A level, or two of them."""
    return str(level[0]) if level[0] == level[1] else f"{level[0]}-{'' if level[1] == ANY else level[1]}"


def mark(name: str, short: str, level: Level) -> str:
    """Whether a published verdict is met."""
    return next(("+" if c.met(level) else "!" for c in oracle() if (c.graph, c.principle) == (name, short)), "")


def _moved(mended: Mended, found: Mending) -> str:
    """Which other verdicts a set of changes moves."""
    moved = [
        f"{SHORT[k].name} {span(SHORT[k], was)} > {span(SHORT[k], found.levels[k])}" for k, was in mended.before.items() if found.levels[k] != was
    ]
    return "\n       " + ", ".join(moved)
