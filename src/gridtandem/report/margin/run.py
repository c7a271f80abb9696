"""The margin of a network: a table of tools, what was met on the way, and pictures of the curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.errors import UnknownName, Unreadable
from gridtandem.grid.network import Network
from gridtandem.report.front import opened_case
from gridtandem.report.tables import as_records, number, plain
from gridtandem.study.margin.ask import Growth
from gridtandem.study.margin.file import Question, kept
from gridtandem.study.margin.shown import checked, feeding
from gridtandem.study.margin.single import ALONE, Tool, curves_table, events_table, followed, nodes_table, tools_table
from gridtandem.study.margin.tables import KINDS, CurveResults, EventResults, NodeResults, ToolResults
from gridtandem.study.provenance import provenance
from gridtandem.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARGIN_DOCUMENT = "tandem/margin/1"
TABLES = ("tools", "events", "nodes", "curves")
PICTURES = ("overview", "growth", "power", "bus", "tool")
TOLD = ("growth", "load_mw", "met", "element", "side")
ALL = ("tool", *TOLD)
NOTED = (KINDS.index("v"), KINDS.index("flow"))  # what changes nothing
FEW = 12  # rows of what was met
SAID = {
    "q": "meets a reactive limit", "q_back": "takes its voltage up again", "p": "meets an active limit", "tap": "meets an end of its ratio",
    "v": "leaves its band of voltage", "flow": "passes its rating", "nose": "nose", "peak": "the loads draw most", "target": "what was asked for",
}  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class MarginRun:
    """Margins of a case by one tool or several, with the curves they were read from."""

    name: str
    growth: Growth
    followed: tuple[Tool, ...]
    buses: tuple[str, ...] = ()  # whose curves are shown; none: those that feed, or the weakest
    path: Path | None = None  # its run file

    @staticmethod
    def opened(path: str | Path) -> MarginRun:
        """The margins in a file, read without computing anything."""
        from gridtandem.study.margin.file import reopened

        name, growth, found, buses = reopened(Path(path))
        return MarginRun(name=name, growth=growth, followed=found, buses=buses, path=Path(path))

    @property
    def tools(self) -> ToolResults:
        """One row per tool."""
        return tools_table(self.followed)

    @property
    def events(self) -> EventResults:
        """What was met, in order along each curve."""
        return events_table(self.followed)

    @property
    def nodes(self) -> NodeResults:
        """Nodes, the weakest first."""
        return nodes_table(self.followed)

    @property
    def curves(self) -> CurveResults:
        """Places of the curves with the voltages of a few buses."""
        return curves_table(self.followed, self.buses)

    @property
    def trouble(self) -> tuple[str, ...]:
        """Why a curve has no margin, or was not followed to its end."""
        return tuple(f"{f.tool}: {f.trouble}" for f in self.followed if f.trouble)

    @property
    def found(self) -> bool:
        """Has every tool a margin?"""
        return all(f.found() for f in self.followed)

    def plot(self, kind: str = "growth") -> Figure:
        """Voltages over λ (``growth``), the power of all loads (``power``) or that drawn at each bus (``bus``); or bars of margins (``tool``)."""
        from gridtandem.report.margin.pictures import by_bus, by_growth, by_power, by_tool

        if kind not in PICTURES:
            raise UnknownName("picture of a margin", kind, list(PICTURES))
        return {"overview": by_growth, "growth": by_growth, "power": by_power, "bus": by_bus, "tool": by_tool}[kind](self)

    def __repr__(self) -> str:
        return margin_in_words(self)


def margin(
    case: str | Path | Case | Network,
    *,
    loads: float = 1.0,
    generation: Literal["grows", "stays", "shared"] = "grows",
    keep: Sequence[str] = (),
    taps: Literal["hold", "move"] = "move",
    until: Literal["nose", "past", "whole"] = "past",
    target: float = np.inf,
    buses: Sequence[str] = (),
    tools: Sequence[str] = (),
    save: str | Path | None = None,
) -> MarginRun:
    """How far loads P0 (1 + λ k) can grow: λ*, P_max, the weakest node, and what is met on the way.

    ``loads`` = k; ``generation``: schedules grow alike, stay, or share the growth; ``keep``: limits that hold ("q", "p", and "reference" for those
    of the unit that balances); ``until``: the nose, a tenth of λ past it, or the whole lower branch; ``target``: a λ at which to end.
    ``tools``, of cases with feeders: ccpf, ccpf-response, ccpf-fixed-point, ccpf-nose (coordinated), merged, tcpf, tcpf-lm (transmission alone).
    ``save`` names a run file for it.
    """
    growth = Growth(loads=loads, generation=generation, keep=tuple(keep), taps=taps, until=until, target=target)
    asked = question(case, growth, tuple(buses), tuple(tools))
    return margin_of_case(asked, None if save is None else Path(save))


def question(case: str | Path | Case | Network, growth: Growth, buses: tuple[str, ...] = (), tools: tuple[str, ...] = ()) -> Question:
    """The same as one record, with the usual tools and buses where none are named."""
    found = opened_case(case)
    if not len(found.interfaces):
        if tools:
            raise Unreadable(f"{found.name} has no feeders, so there is one tool only; leave tools out")
        checked(found, (ALONE,), buses)
        return Question(case=found, growth=growth, tools=(ALONE,), buses=buses)
    from gridtandem.study.margin.tools import USUAL

    checked(found, tools or USUAL, buses)
    return Question(case=found, growth=growth, tools=tools or USUAL, buses=buses or feeding(found))


def margin_of_case(asked: Question, save: Path | None = None) -> MarginRun:
    """The answer, in a run file if one is named."""
    found, growth = asked.case, asked.growth
    if not len(found.interfaces):
        made: tuple[Tool, ...] = (followed(found.transmission, growth),)
    else:
        from gridtandem.study.margin.tools import followed_by

        made = followed_by(found, growth, asked.tools)
    path = None if save is None else kept(save, asked, made)
    return MarginRun(name=found.name, growth=growth, followed=made, buses=asked.buses, path=path)


def margin_in_words(run: MarginRun, table: str | None = None, rows: int = FEW) -> str:
    """The margins, what ends them, what was met; or one of the tables."""
    if table is not None:
        return plain(tables_of(run)[table], rows=rows)
    lines = [f"{run.name}: loads {run.growth.law}, generation {run.growth.generation}{_kept(run.growth)}", ""]
    tools = run.tools
    shown = ["tool", "growth", "load_mw", "most_mw", "margin_mw", "weakest", "weakest_v_pu", "lowest", "lowest_v_pu"]
    lines += [plain(tools, columns=shown), ""]
    for k, tool in enumerate(tools.tool.tolist()):
        lines.append(f"{tool}: {_ended(run, k)}")
    events = run.events
    told, more = _first(events.take(np.flatnonzero(~events.past)))
    lines += ["", "met on the way", plain(told, columns=TOLD if len(tools) == 1 else ALL, rows=rows)] if len(told) else []
    lines += [f"… and {more} more limits of buses and branches: --table events"] if more else []
    lines += [f"note: {t}" for t in run.trouble]
    return "\n".join([*lines, *([] if run.path is None else [f"run file  {run.path}"])])


def _first(events: EventResults) -> tuple[EventResults, int]:
    """Of limits of buses and of branches the first each tool meets, before growth and on the way, all else; and how many were left out."""
    seen, rows = set[tuple[str, int, bool]](), []
    for k, key in enumerate(zip(events.tool.tolist(), events.met.tolist(), events.from_start.tolist(), strict=True)):
        if key[1] not in NOTED or key not in seen:
            rows.append(k)
        seen.add(key)
    return events.take(np.array(rows, np.int64)), len(events) - len(rows)


def _kept(growth: Growth) -> str:
    words = {"q": "reactive limits of units hold", "p": "active limits of units hold", "reference": "also of the reference"}
    return "".join(f", {words[k]}" for k in growth.keep) or ", no limit holds"


def _ended(run: MarginRun, k: int) -> str:
    """What ends the margin of a tool, and what was met first."""
    tools, events = run.tools, run.events
    own = events.take((events.tool == tools.tool[k]) & ~events.past)
    limits = np.flatnonzero(own.met < len(SAID) - 3)
    first = own.take(limits[np.argsort(own.from_start[limits], kind="stable")][:1])  # what was passed at first was not met
    if np.isnan(tools.growth[k]):
        return f"no margin: {tools.end[k]}"
    said = f"λ* = {tools.growth[k]:.6g}, ended by {tools.end[k]}"
    if len(first):
        kind = EventResults.columns()["met"].choices[int(first.met[0])]
        said += f"; first met: {first.element[0]} {SAID[kind]} at λ = {first.growth[0]:.6g}"
    return said


def tables_of(run: MarginRun) -> dict[str, Table]:
    """All tables by name."""
    return {name: getattr(run, name) for name in TABLES}


def margin_document(run: MarginRun) -> dict[str, object]:
    """Everything, for machines."""
    g = run.growth
    asked = {"loads": g.loads, "generation": g.generation, "keep": list(g.keep), "taps": g.taps, "until": g.until, "target": number(g.target)}
    return {
        "schema": MARGIN_DOCUMENT, "name": run.name, "asked": asked, "found": run.found, "trouble": list(run.trouble),
        "tables": {name: as_records(table) for name, table in tables_of(run).items()}, "made_with": provenance(),
        "run_file": None if run.path is None else str(run.path),
    }  # fmt: skip
