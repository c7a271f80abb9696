"""What a run's architecture was, in words and for machines; beside a declared one if one is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from gridtandem.architecture.catalogue import architecture
from gridtandem.architecture.graph import Graph
from gridtandem.architecture.observed.compare import Compared, declared_against_observed
from gridtandem.architecture.observed.runs import seen
from gridtandem.architecture.verdicts.findings import SHORT
from gridtandem.architecture.verdicts.judged import judge
from gridtandem.report.architecture.verdicts import span, verdicts
from gridtandem.report.architecture.words import ALL, shown_document, shown_in_words
from gridtandem.report.run import Run
from gridtandem.report.tables import as_records, plain
from gridtandem.study.provenance import provenance
from gridtandem.tables import Names, Table, column

SCHEMA = "tandem/architecture-observed/1"


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Beside(Table):
    """Verdicts on what was declared and on what was observed."""

    kind: ClassVar[str] = "verdicts"
    principle: Names = column("principle", dtype="U", unique=True)
    declared: Names = column("verdict on what was declared", dtype="U")
    observed: Names = column("verdict on what was observed", dtype="U")
    differs: Names = column("yes, where they are not the same", dtype="U")


def observed_run(run: Run) -> Graph:
    """The architecture that a run's letters show."""
    return seen(run.outcome.ledger, run.result.study.case, run.scheme)


def against(graph: Graph, declared: str | None) -> Compared | None:
    """An observed architecture beside a declared one, by its name or file; nothing if none is named."""
    return None if declared is None else declared_against_observed(architecture(declared), graph)


def beside(found: Compared) -> Beside:
    """The table of verdicts."""
    pairs = [(SHORT[k], left, found.as_observed.levels()[k]) for k, left in found.as_declared.levels().items()]
    rows = [(p.name, span(p, left), span(p, right), "yes" if left != right else "") for p, left, right in pairs]
    return Beside.of({name: [row[k] for row in rows] for k, name in enumerate(Beside.columns())})


def observed_in_words(graph: Graph, found: Compared | None) -> str:
    """Nodes and statements, verdicts, and what differs from what was declared."""
    if found is None:
        shown = ("principle", "verdict", "score_low", "cause")
        return "\n".join([shown_in_words(graph), "", plain(verdicts(judge(graph)), columns=shown, rows=ALL)])
    lines = [shown_in_words(graph), "", f"Beside {found.declared.id}  {found.declared.name}", plain(beside(found), rows=ALL)]
    lines += ["", *(f"{one} stands for {other}" for one, other in found.stands_for.items())]
    for head, told in (("Declared and never used:", found.unused), ("Used and not declared:", found.undeclared)):
        lines += [head, *(f"  {line}" for line in told or ("nothing",))]
    return "\n".join(lines)


def observed_document(graph: Graph, found: Compared | None) -> dict[str, object]:
    """The same for machines."""
    beside_it: dict[str, object] | None = found and {
        "declared": found.declared.id, "verdicts": as_records(beside(found)), "stands_for": dict(found.stands_for), "unused": list(found.unused),
        "undeclared": list(found.undeclared),
    }  # fmt: skip
    told = as_records(verdicts(found.as_observed if found else judge(graph)))
    return {"schema": SCHEMA, "architecture": shown_document(graph), "verdicts": told, "against": beside_it, "made_with": provenance()}
