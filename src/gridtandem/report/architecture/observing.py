"""What the architecture of a run or of a simulated day was, in words and for machines; beside a declared one if one is named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

from gridtandem.architecture.catalogue import architecture
from gridtandem.architecture.graph import Graph
from gridtandem.architecture.observed.compare import Compared, declared_against_observed
from gridtandem.architecture.observed.ledger import observed
from gridtandem.architecture.observed.runs import seen
from gridtandem.architecture.simulation.kept import CampaignFile
from gridtandem.architecture.verdicts.findings import SHORT
from gridtandem.architecture.verdicts.judged import judge
from gridtandem.errors import UnknownName, Unreadable
from gridtandem.report.architecture.verdicts import span, verdicts
from gridtandem.report.architecture.words import ALL, shown_document, shown_in_words
from gridtandem.report.front import opened
from gridtandem.report.run import Run
from gridtandem.report.tables import as_records, plain
from gridtandem.study.provenance import provenance
from gridtandem.study.shelf import ARCHITECTURES
from gridtandem.study.store import RunFile
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


def observed_file(path: Path, day: str | None = None, declared: str | None = None) -> tuple[Graph, Compared | None]:
    """The architecture that a run file shows, beside a declared one.

    A coordination run is laid beside the architecture named, if one is; a simulated day, ``ID:SCENARIO``, beside its own design unless another is
    named. Of a file with one day that is the one.
    """
    if RunFile.open(path).kind() != ARCHITECTURES:
        if day is not None:
            raise Unreadable(f"{path} holds a coordination run; a day, {day}, is one of simulated architectures")
        graph, beside_it = observed_run(opened(path)), None
    else:
        graph, beside_it = observed_day(CampaignFile.open(path), day)
    stated = beside_it if declared is None else architecture(declared)
    return graph, None if stated is None else declared_against_observed(stated, graph)


def observed_run(run: Run) -> Graph:
    """The architecture that a run's letters show."""
    return seen(run.outcome.ledger, run.result.study.case, run.scheme)


def observed_day(file: CampaignFile, day: str | None) -> tuple[Graph, Graph]:
    """The architecture that the messages of a simulated day show, and its design."""
    designs = {f"{id_}:{scenario}": (id_, scenario) for id_, scenario in file.designs()}
    if day is None and len(designs) != 1:
        raise Unreadable(f"say which day, by --day: {', '.join(designs) or 'there is none'}")
    if (wanted := next(iter(designs)) if day is None else day) not in designs:
        raise UnknownName("simulated day", wanted, tuple(designs))
    pair = designs[wanted]
    design = file.designs()[pair]
    return observed(design, file.tables([pair])[1]), design


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
