"""Many architectures under many scenarios on one grid: scene by scene, each pair kept at once, so that what was interrupted is read or goes on.

What a pair comes to hangs on its design, its scenario and the setting alone, never on who was simulated before it: any order gives the same bits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar, final

from gridtandem.architecture.graph import Graph
from gridtandem.architecture.simulation.derived import derived
from gridtandem.architecture.simulation.kept import CampaignFile, Pair, digest
from gridtandem.architecture.simulation.physics import Judge
from gridtandem.architecture.simulation.play import Play
from gridtandem.architecture.simulation.results import Deciders, LightHours, Links, Payments, Results
from gridtandem.architecture.simulation.run import judge_of, simulated
from gridtandem.architecture.simulation.scenarios import SCENARIOS, Setting, scene_of, unknown
from gridtandem.architecture.simulation.scene import Scene
from gridtandem.coordinate import End
from gridtandem.errors import Fault, InvalidCase
from gridtandem.study.batch.run import Room
from gridtandem.study.experiment import Progress, Watch

T = TypeVar("T")
Arb: TypeAlias = Literal["low", "middle", "high"]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Simulated:
    """As much as there is of a campaign."""

    case: str  # its name
    settings: Mapping[str, object]  # plain words and numbers
    architectures: tuple[Graph, ...]
    scenarios: tuple[str, ...]
    results: Results  # one row for each pair, scenario by scenario
    links: Links
    deciders: Deciders
    payments: Payments
    lights: LightHours
    end: End
    size: int  # pairs that were asked for
    besides: int = 0  # more pairs that its run file has
    earlier: int = 0  # of all pairs of a file that is read, those for which calls before the last one asked
    path: Path | None = None  # its run file, unless it is a passing one


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Campaign:
    """What is to be simulated."""

    setting: Setting
    architectures: tuple[Graph, ...]
    scenarios: tuple[str, ...] = ("nominal",)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Scenario by scenario."""
        return tuple((graph.id, scenario) for scenario in self.scenarios for graph in self.architectures)

    def faults(self) -> tuple[Fault, ...]:
        """All that stands in its way."""
        try:
            self._ready(self.pairs)
        except InvalidCase as e:
            return e.faults
        return ()

    def run(self, *, save: Path | None = None, resume: bool = False, watch: Watch | None = None) -> Simulated:
        """Simulate every pair; with ``resume`` only those that the file ``save`` does not have as they are. What else the file has stays there.

        One `InvalidCase` tells every architecture that gives no procedure, every scenario that this case cannot have, and all that is wrong with the
        case. ``watch`` hears of every pair; it may raise `KeyboardInterrupt` to stop there, and what is done stays.
        """
        kept = CampaignFile.of(save, self.setting) if save is not None and _holds(save) else None
        missing = self._missing(kept.known() if kept is not None and resume else {})
        plays, scenes = self._ready(missing)
        room = Room() if save is None else None
        path = room.path / "architectures.tandem" if room is not None else Path(save or "")
        file = kept or CampaignFile.create(path, self.setting)
        digests = {graph.id: digest(graph) for graph in self.architectures}
        file.asks({pair: digests[pair[0]] for pair in self.pairs})
        end = self._carried(file, missing, (plays, scenes), watch)
        file.ends()
        known = file.known()
        there = [pair for pair in self.pairs if known.get(pair) == digests[pair[0]]]
        return _found(
            file, self.architectures, self.scenarios, there, end=end, size=len(self.pairs), besides=len(known.keys() - set(self.pairs)), path=save
        )

    def _missing(self, known: Mapping[Pair, str]) -> tuple[Pair, ...]:
        """Pairs that are to be simulated."""
        digests = {graph.id: digest(graph) for graph in self.architectures}
        return tuple(pair for pair in self.pairs if known.get(pair) != digests[pair[0]])

    def _ready(self, missing: Sequence[Pair]) -> tuple[Mapping[str, Play], Mapping[str, Scene]]:
        """Procedures and days of these pairs, or one refusal that tells everything."""
        faults = [*unknown(self.scenarios), *twice("architecture", [g.id for g in self.architectures]), *twice("scenario", self.scenarios)]
        graphs = {graph.id: graph for graph in self.architectures}
        wanted = dict.fromkeys(s for _, s in missing) if self.architectures else dict.fromkeys(self.scenarios)
        plays = {name: made(partial(derived, graphs[name]), faults) for name in dict.fromkeys(name for name, _ in missing)}
        scenes = {name: made(partial(scene_of, self.setting, name), faults) for name in wanted if name in SCENARIOS}
        if faults:
            raise InvalidCase(dict.fromkeys(faults))
        return {k: x for k, x in plays.items() if x is not None}, {k: x for k, x in scenes.items() if x is not None}

    def _carried(
        self, file: CampaignFile, missing: Sequence[Pair], ready: tuple[Mapping[str, Play], Mapping[str, Scene]], watch: Watch | None
    ) -> End:  # fmt: skip
        """Whether nothing is missing any more."""
        plays, scenes = ready
        graphs, before = {graph.id: graph for graph in self.architectures}, len(self.pairs) - len(missing)
        judges: dict[str, Judge] = {}
        refused = 0
        try:
            for k, (name, scenario) in enumerate(missing, 1):
                if scenario not in judges:
                    judges = {scenario: judge_of(scenes[scenario])}
                one = simulated(plays[name], scenes[scenario], judges[scenario], self.setting.choices)
                file.add(graphs[name], scenario, (one.result, one.links, one.deciders, one.payments, one.light_hours))
                refused += bool(one.result.trouble[0])
                if watch is not None:
                    watch(Progress(done=before + k, size=len(self.pairs), refused=refused, before=before))
        except KeyboardInterrupt:
            return End.STOPPED
        return End.AGREED


def reopened(path: Path) -> Simulated:
    """Every pair of a file, in the order in which they were simulated, without simulating anything."""
    file = CampaignFile.open(path)
    designs, (asked, last) = file.designs(), file.asked()
    graphs = {name: graph for (name, _), graph in designs.items()}
    scenarios = tuple(dict.fromkeys(scenario for _, scenario in designs))
    pairs = [(name, scenario) for scenario in scenarios for name in graphs]
    size = len(asked.keys() | designs.keys())
    return _found(file, tuple(graphs.values()), scenarios, pairs, end=file.file.end(), size=size, earlier=size - last, path=path)


def _holds(path: Path) -> bool:
    """Whether something is there that is more than an empty file."""
    return path.exists() and (path.is_dir() or path.stat().st_size > 0)


def _found(
    file: CampaignFile, graphs: tuple[Graph, ...], scenarios: tuple[str, ...], pairs: Sequence[Pair], *, end: End, size: int, besides: int = 0,
    earlier: int = 0, path: Path | None,
) -> Simulated:  # fmt: skip
    results, links, deciders, payments, lights = file.tables(pairs)
    case, settings = file.setting()
    return Simulated(
        case=case, settings=settings, architectures=graphs, scenarios=scenarios, results=results, links=links, deciders=deciders,
        payments=payments, lights=lights, end=end, size=size, besides=besides, earlier=earlier, path=path,
    )  # fmt: skip


def settled(graph: Graph, how: Arb) -> Graph:
    """The architecture with platforms that settle as little or as much between their buyers as they may, or as it stands."""
    if how == "middle":
        return graph
    far = getattr(graph.nodes, f"arb_{how}")
    return replace(graph, nodes=replace(graph.nodes, arb_low=far, arb_high=far))


def made(make: Callable[[], T], faults: list[Fault]) -> T | None:
    """What can be made; what cannot leaves its faults."""
    try:
        return make()
    except InvalidCase as e:
        faults += e.faults
    return None


def twice(what: str, names: Sequence[str]) -> list[Fault]:
    """Names that come more than once."""
    return [Fault(what, "is named twice", "name it once", "arch-150", label=name) for name, count in Counter(names).items() if count > 1]
