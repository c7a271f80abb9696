"""What links of coordination are worth, in words and for machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from gridtandem.architecture.catalogue import architecture
from gridtandem.architecture.graph import Graph
from gridtandem.architecture.simulation.critical import Criticality, Criticals, criticality, told
from gridtandem.architecture.simulation.play import PROCEDURES
from gridtandem.architecture.simulation.scenarios import MEANINGS
from gridtandem.cases.case import Case
from gridtandem.coordinate import End
from gridtandem.errors import Fault, InvalidCase, TandemError
from gridtandem.grid.network import Network
from gridtandem.opf.forms.lindist import Flow
from gridtandem.report.architecture.arguments import sound, wrong
from gridtandem.report.architecture.simulated import no_design, setting_of
from gridtandem.report.tables import as_records, plain
from gridtandem.study.experiment import Watch
from gridtandem.study.provenance import provenance
from gridtandem.tables import Index

SCHEMA = "tandem/architecture-critical/1"
ALL = 10_000  # rows: all of them
SAME = 1e-6  # relative to the cost, and of other measures; less is no change


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class CriticalRun:
    """An architecture without each of its links."""

    found: Criticality

    @property
    def table(self) -> Criticals:
        """One row for each link, in the order of the architecture."""
        return self.found.table

    @property
    def end(self) -> End:
        """Whether links are missing."""
        return self.found.end

    def document(self) -> dict[str, object]:
        """Everything, for machines."""
        found = self.found
        return {
            "schema": SCHEMA, "case": found.setting.case.name, "scenario": found.scenario, "architecture": found.play.graph.id,
            "procedure": found.play.procedure, "with_all_links": as_records(found.whole)[0], "links": as_records(self.table),
            "end": self.end.name.lower(), "made_with": provenance(),
        }  # fmt: skip

    def __repr__(self) -> str:
        return "\n".join(_lines(self))


def critical(
    case: Case | Network | str | Path,
    which: str | Graph,
    *,
    scenario: str = "nominal",
    first_hour: int = 1,
    hours: int = 0,
    flow: Flow = "apparent",
    seed: int = 0,
    watch: Watch | None = None,
) -> CriticalRun:
    """Simulate an architecture without each of its links of coordination: the twin of ``tandem architecture critical``.

    All that is wrong with what was asked is told at once.
    """
    faults = wrong(
        "critical", {"architecture": which, "scenario": scenario, "first_hour": first_hour, "hours": hours, "flow": flow, "seed": seed}
    )  # fmt: skip
    setting = setting_of(case, faults, first_hour=first_hour, hours=hours, flow=flow, seed=seed)
    graph = _one(sound(faults, "architecture", which, "R1"), faults)
    if graph is None or faults:
        raise InvalidCase([*faults, *told(graph, setting, sound(faults, "scenario", scenario, "nominal"))])
    return CriticalRun(found=criticality(graph, setting, scenario, watch=watch))


def _one(which: str | Graph, faults: list[Fault]) -> Graph | None:
    """The architecture; what is none leaves its faults."""
    try:
        return which if isinstance(which, Graph) else architecture(str(which))
    except TandemError as e:
        faults += no_design(e)
    return None


def _lines(run: CriticalRun) -> Iterator[str]:
    found, whole, table = run.found, run.found.whole, run.table
    graph = found.play.graph
    yield f"{graph.id}  {graph.name}; {found.play.procedure} {PROCEDURES[found.play.procedure]}"
    yield f"{found.setting.case.name}, {found.scenario}: {MEANINGS[found.scenario]}"
    yield (
        f"with all links: cost {whole.cost[0]:,.2f}, {whole.violation_before[0]:.3g} MVAh and {whole.voltage_before[0]:.3g} pu·h beyond limits "
        f"before red, red {whole.red_mwh[0]:.3g} MWh, {whole.messages[0]:,.0f} messages"
    )
    yield ""
    if not len(table):
        yield "It has no link of coordination: no agreement, no limit, nothing that tiers 1 and 2 tell each other."
        return
    yield "Changes without each link, those that break most first:"
    yield plain(table.take(order(run)), rows=ALL)
    idle = [str(n) for n, same in zip(table.link, _same(run), strict=True) if same]
    if idle:
        yield f"On this day nothing but messages changes without {', '.join(idle)}."


def order(run: CriticalRun) -> Index:
    """Rows of the table: no procedure at all, then by what breaks limits, then by change of cost."""
    table, room = run.table, SAME * np.abs(run.found.whole.cost[0])
    told = [np.where(np.isnan(x), np.inf, np.where(np.abs(x) <= least, 0.0, x)) for x, least in ((table.over, SAME), (table.cost, room))]
    return np.lexsort((np.arange(len(table)), -told[1], -told[0]))


def _same(run: CriticalRun) -> list[bool]:
    t = run.table
    measured = np.stack([t.cost / np.abs(run.found.whole.cost[0]), t.over, t.volts, t.red_mwh, t.unserved_mwh, t.missed])
    return [bool(x) for x in (np.abs(measured) <= SAME).all(0)]
