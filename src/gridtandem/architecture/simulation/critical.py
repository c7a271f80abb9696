"""What each link of coordination is worth: the same day without it, one link after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

from gridtandem.architecture.graph import Graph
from gridtandem.architecture.simulation.borders import without_each
from gridtandem.architecture.simulation.campaign import made
from gridtandem.architecture.simulation.derived import derived
from gridtandem.architecture.simulation.play import Play
from gridtandem.architecture.simulation.results import Results
from gridtandem.architecture.simulation.run import judge_of, simulated
from gridtandem.architecture.simulation.scenarios import SCENARIOS, Setting, scene_of, unknown
from gridtandem.architecture.simulation.scene import Scene
from gridtandem.coordinate import End
from gridtandem.errors import Fault, InvalidCase
from gridtandem.study.experiment import Progress, Watch, of_rows
from gridtandem.tables import Names, Real, Table, column

NOTHING = float("nan")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Criticals(Table):
    """One link of coordination a row: what changes without it. Without a day there are no numbers."""

    kind: ClassVar[str] = "critical links"
    link: Names = column("statement that is taken away", dtype="U")
    procedure: Names = column("M0 to M12, of most of the flexible power, without it; empty: none", dtype="U")
    becomes: Names = column("classes of customers that go another way, and why there is no procedure; empty: none", dtype="U")
    cost: Real = column("change of the cost after the network operators made it feasible", unit="currency")
    over: Real = column("change of power beyond ratings of feeders by AC load flow, before they act", unit="MVAh")
    volts: Real = column("change of voltage beyond limits of feeders, before they act", unit="pu·h")
    red_mwh: Real = column("change of what network operators move", unit="MWh")
    unserved_mwh: Real = column("change of demand that is not served", unit="MWh")
    missed: Real = column("change of activations that come too late, or never")
    messages: Real = column("change of messages sent")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Criticality:
    """An architecture, and the same without each link."""

    play: Play
    setting: Setting
    scenario: str
    whole: Results  # one row: with all links
    table: Criticals
    end: End


def criticality(graph: Graph, setting: Setting, scenario: str = "nominal", *, watch: Watch | None = None) -> Criticality:
    """Simulate an architecture, and the same without each link of coordination, on one day.

    ``watch`` hears of every link; it may raise `KeyboardInterrupt`, and the links that are done remain.
    """
    play, scene = _ready(graph, setting, scenario)
    judge = judge_of(scene)
    whole = simulated(play, scene, judge, setting.choices).result
    rows, end, every = list[tuple[object, ...]](), End.AGREED, list(without_each(graph))
    try:
        for k, (link, rest) in enumerate(every):
            try:
                left = derived(rest)
                rows.append(
                    (link, left.procedure, "; ".join(_otherwise(play, left)), *_more(whole, simulated(left, scene, judge, setting.choices).result))
                )
            except InvalidCase as e:
                told = "; ".join(f"{f.label} {f.what}" for f in e.faults)
                rows.append((link, "", told, *(NOTHING for _ in MEASURES)))
            if watch is not None:
                watch(Progress(done=k + 1, size=len(every), refused=sum(not row[1] for row in rows)))
    except KeyboardInterrupt:
        end = End.STOPPED
    return Criticality(play=play, setting=setting, scenario=scenario, whole=whole, table=of_rows(Criticals, rows), end=end)


def told(graph: Graph | None, setting: Setting, scenario: str) -> tuple[Fault, ...]:
    """All that stands in the way of it, of the design if there is one, of the scenario and of the day."""
    try:
        _ready(graph, setting, scenario)
    except InvalidCase as e:
        return e.faults
    return ()


def _ready(graph: Graph | None, setting: Setting, scenario: str) -> tuple[Play, Scene]:
    faults = unknown([scenario])
    play = None if graph is None else made(partial(derived, graph), faults)
    scene = made(partial(scene_of, setting, scenario), faults) if scenario in SCENARIOS else None
    if play is None or scene is None:
        raise InvalidCase(faults)
    return play, scene


MEASURES = ("cost", "violation_before", "voltage_before", "red_mwh", "unserved_mwh", "missed", "messages")  # of results, in the order of the columns


def _more(whole: Results, left: Results) -> Iterator[float]:
    for name in MEASURES:
        yield float(getattr(left, name)[0] - getattr(whole, name)[0])


def _otherwise(play: Play, left: Play) -> Iterator[str]:
    """Classes whose way differs, or the chain along which it goes."""
    names = play.graph.nodes.name
    for was, now in zip(play.classes, left.classes, strict=True):
        if was.way is not now.way:
            yield f"{names[was.customer]} {was.way.name.lower()} > {now.way.name.lower()}"
        elif was.taken != now.taken:
            yield f"{names[was.customer]} {now.way.name.lower()} along {', '.join(' > '.join(str(names[k]) for k in chain) for chain in now.taken)}"
    if play.bulk != left.bulk:
        yield f"{names[left.bulk]} clears"
