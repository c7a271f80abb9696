"""One thing that is varied, of a setting, of an architecture, or of what somebody knows: at each level the day or the design that follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.architecture.graph import Graph
from gridtandem.architecture.simulation.derived import derived
from gridtandem.architecture.simulation.scenarios import Setting
from gridtandem.architecture.simulation.scene import Scene
from gridtandem.architecture.statements import Description, Entry, Value, node_entries, statement_entries
from gridtandem.cases.variants import pressed, resized, split
from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid.network import Network

PAST = "past"  # name of the class of customers that is added where tier 1 reaches nobody past distribution


def _same(x: Setting, _: float) -> Setting:
    return x


def _same_graph(x: Graph, _: float) -> Graph:
    return x


def _same_scene(x: Scene, _: float) -> Scene:
    return x


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Varied:
    """What is varied, over which levels, and what follows from a level."""

    meaning: str
    levels: tuple[float, ...]  # the usual ones
    least: float = 0.0
    most: float = float("inf")
    whole: bool = False
    above: bool = False  # the least itself is none
    setting: Callable[[Setting, float], Setting] = _same
    graph: Callable[[Graph, float], Graph] = _same_graph
    scene: Callable[[Scene, float], Scene] = _same_scene

    def faults(self, name: str, levels: tuple[float, ...]) -> list[Fault]:
        """Levels that are none."""
        found = []
        for level in dict.fromkeys(levels):
            low = level > self.least if self.above else level >= self.least
            if not (low and level <= self.most and np.isfinite(level) and (not self.whole or level == int(level))):
                found.append(Fault(f"levels of {name}", f"hold {level:g}", f"give {self.range}", "arch-170"))
        if len(set(levels)) < len(levels) or not levels:
            found.append(Fault(f"levels of {name}", "come twice, or are none", "give each once", "arch-171"))
        return found

    @property
    def range(self) -> str:
        """Levels that are some, in words."""
        numbers = "whole numbers" if self.whole else "numbers"
        low = f"above {self.least:g}" if self.above else f"of {self.least:g} or more"
        return f"{numbers} {low}" + (f", at most {self.most:g}" if np.isfinite(self.most) else "")


def _models(setting: Setting, change: Callable[[Network], Network]) -> Setting:
    return replace(setting, case=replace(setting.case, models=tuple(map(change, setting.case.models))))


def slower(graph: Graph, times: float) -> Graph:
    """Every delay so many times as long."""
    return replace(graph, edges=replace(graph.edges, latency_s=graph.edges.latency_s * times))


def bypassing(graph: Graph, share: float) -> Graph:
    """The architecture in which tier 1 reaches this share of flexible power past distribution.

    Classes of customers that it reaches so take the share in their proportions, the others the rest. Where there are none of the first sort, who
    clears dispatches a new one, directly. An architecture without the second sort is refused.
    """
    play = derived(graph)
    past = [c.customer for c in play.classes if c.bulk]
    within = [c.customer for c in play.classes if not c.bulk]
    if not within:
        what = "reaches every DER past distribution, so that no share of it can be varied"
        raise InvalidCase([Fault("architecture", what, "take a layered one, such as R3", "arch-172", label=graph.id, place=graph.file)])
    if not past and share > 0:
        graph = _with_direct(graph, str(graph.nodes.name[play.bulk]))
        past = [len(graph.nodes) - 1]
    if not past:
        return graph
    shares = graph.nodes.share.copy()
    for mine, part in ((past, share), (within, 1 - share)):
        weight = shares[mine] if shares[mine].sum() > 0 else np.ones(len(mine))
        shares[mine] = part * weight / weight.sum()
    return replace(graph, nodes=replace(graph.nodes, share=shares)).checked()


def _with_direct(graph: Graph, clears: str) -> Graph:
    """One more class of customers, which who clears dispatches itself."""
    taken = set(graph.nodes.name.tolist())
    name = next(n for n in (PAST, *(f"{PAST}-{k}" for k in range(2, len(taken) + 3))) if n not in taken)
    node: dict[str, Value] = {"name": name, "role": "DER", "tier": 4, "org": name}
    statement: dict[str, Value] = {"word": "disp", "from": clears, "to": name}
    nodes = tuple(Entry(said) for said in (*node_entries(graph), node))
    statements = tuple(Entry(said) for said in (*statement_entries(graph), statement))
    return Description(
        id=graph.id, name=graph.name, source=graph.source, family=graph.family, nodes=nodes, statements=statements, file=graph.file
    ).graph()


def staler(scene: Scene, periods: float) -> Scene:
    """Models of distribution so many periods late at who clears the bulk market."""
    return replace(scene, bulk=scene.bulk.late(int(periods)))


VARIED: Mapping[str, Varied] = {
    "penetration": Varied(
        meaning="size of all DERs, as a multiple of what the case has", levels=(0.0, 0.5, 1.0, 1.5, 2.0, 3.0),
        setting=lambda s, x: _models(s, lambda m: resized(m, x)),
    ),
    "congestion": Varied(
        meaning="by what ratings of feeders, and distances of their voltage limits from 1 pu, are divided", levels=(0.5, 0.75, 1.0, 1.25, 1.5),
        above=True, setting=lambda s, x: _models(s, lambda m: pressed(m, x)),
    ),
    "latency": Varied(meaning="all delays, as a multiple of what the architecture states", levels=(0.0, 1.0, 2.0, 4.0, 8.0, 16.0), graph=slower),
    "bypass": Varied(
        meaning="share of flexible power that tier 1 reaches past distribution", levels=(0.0, 0.25, 0.5, 0.75, 1.0), most=1.0, graph=bypassing
    ),
    "stale": Varied(
        meaning="intervals by which models of distribution are late at who clears", levels=(0.0, 1.0, 2.0, 4.0, 8.0), whole=True, scene=staler
    ),
    "count": Varied(
        meaning="parts of every DER", levels=(1.0, 2.0, 5.0, 10.0), least=1.0, whole=True,
        setting=lambda s, x: _models(s, lambda m: split(m, int(x))),
    ),
}  # fmt: skip
