"""Where the ranking of architectures changes: one thing is varied over levels, and several architectures are simulated at each.

At a level, architectures are ranked by what the day costs after network operators made it feasible; costs that differ by less than `SAME_COST` of the
ideal one share a rank. Between two levels a pair *swaps* where the dearer one becomes the cheaper, *parts* where the two were the same, and *meets*
where they become so. Where a straight line between the levels crosses is told as an estimate; more levels there say more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations, pairwise
from typing import ClassVar, final

import numpy as np

from gridtandem.architecture.graph import Graph
from gridtandem.architecture.simulation.campaign import made, twice
from gridtandem.architecture.simulation.costs import SAME_COST, above_ideal, ranked_by_cost
from gridtandem.architecture.simulation.derived import derived
from gridtandem.architecture.simulation.play import Play
from gridtandem.architecture.simulation.results import Results
from gridtandem.architecture.simulation.run import judge_of, simulated
from gridtandem.architecture.simulation.scenarios import Setting, scene_of, unknown
from gridtandem.architecture.simulation.scene import Scene
from gridtandem.architecture.simulation.varied import VARIED, Varied
from gridtandem.coordinate import End
from gridtandem.errors import Fault, InvalidCase, Unreadable
from gridtandem.study.experiment import Progress, Watch, of_rows
from gridtandem.tables import Flag, Index, Names, Real, Table, column, stacked

BROKEN = 1e-6  # MVAh, pu·h, MWh; less is none


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Swept(Table):
    """One architecture at one level a row."""

    kind: ClassVar[str] = "swept"
    level: Real = column("level of what is varied")
    architecture: Names = column("identifier of the architecture", dtype="U")
    procedure: Names = column("M0 to M12, of most of the flexible power", dtype="U")
    rank: Index = column("1: the cheapest at this level; costs that are the same share a rank; 0: no cost", dtype="i8", at_least=0)
    cost: Real = column("cost after the network operators made it feasible", unit="currency")
    above: Real = column("cost above the least that one owner of all models could reach", unit="currency")
    above_percent: Real = column("the same, of the least cost", unit="%")
    over: Real = column("power beyond ratings of feeders by AC load flow, before they act", unit="MVAh")
    volts: Real = column("voltage beyond limits of feeders, added up over buses, before they act", unit="pu·h")
    red_mwh: Real = column("moved by network operators to make the dispatch feasible", unit="MWh")
    unserved_mwh: Real = column("demand that is not served", unit="MWh")
    missed: Real = column("activations that came too late, or never")
    fan_in: Real = column("messages that reach the busiest decider in an interval")
    messages: Real = column("messages sent")
    trouble: Names = column("what went wrong, in words; empty where nothing did", dtype="U")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Changes(Table):
    """Where the order of two architectures changes."""

    kind: ClassVar[str] = "changes"
    low: Real = column("last level of the old order")
    high: Real = column("first level of the new one")
    what: Names = column("swap, part or meet", dtype="U")
    cheaper: Names = column("who is cheaper at the higher level; of a meeting, who was", dtype="U")
    dearer: Names = column("who is dearer there, or was", dtype="U")
    about: Real = column("where a straight line between the levels crosses; of a swap alone")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Stops(Table):
    """Levels at which an architecture stops to work by itself: runs of neighbouring levels as first–last; all, or none."""

    kind: ClassVar[str] = "stops"
    architecture: Names = column("identifier of the architecture", dtype="U")
    dearer_at: Names = column("levels at which it costs more than the ideal", dtype="U")
    breaks_limits_at: Names = column("levels at which its dispatch breaks limits by AC load flow, before operators act", dtype="U")
    red_at: Names = column("levels at which operators move DERs or cut load in the end", dtype="U")
    late_at: Names = column("levels at which an activation comes too late", dtype="U")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sweeping:
    """As much as there is of a sweep."""

    sweep: Sweep
    swept: Swept
    changes: Changes
    stops: Stops
    results: Results  # one row for each row of ``swept``
    end: End


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sweep:
    """What is to be varied, and under which architectures."""

    setting: Setting
    architectures: tuple[Graph, ...]
    vary: str
    levels: tuple[float, ...] = ()  # none: the usual ones
    scenario: str = "nominal"

    @property
    def steps(self) -> tuple[float, ...]:
        """Levels, rising."""
        return tuple(sorted(self.levels or (VARIED[self.vary].levels if self.vary in VARIED else ())))

    def faults(self) -> tuple[Fault, ...]:
        """All that stands in its way."""
        try:
            self._ready()
        except InvalidCase as e:
            return e.faults
        return ()

    def run(self, *, watch: Watch | None = None) -> Sweeping:
        """Simulate every architecture at every level, from the lowest up.

        One `InvalidCase` tells all that is wrong with names, levels, architectures at a level, and the case at a level. ``watch`` hears of every
        pair; it may raise `KeyboardInterrupt`, and the levels that are done remain.
        """
        plays, scenes = self._ready()
        found, level_of = list[Results](), list[float]()
        size = len(self.steps) * len(self.architectures)
        end = End.AGREED
        try:
            for level in self.steps:
                judge = judge_of(scenes[level])
                for graph in self.architectures:
                    found.append(simulated(plays[graph.id, level], scenes[level], judge, self.setting.choices).result)
                    level_of.append(level)
                    if watch is not None:
                        watch(Progress(done=len(found), size=size, refused=sum(bool(r.trouble[0]) for r in found)))
        except KeyboardInterrupt:
            end = End.STOPPED
        results, at = stacked(Results, found), np.array(level_of)
        table = ranked(results, at)
        return Sweeping(sweep=self, swept=table, changes=changes(table), stops=stops(table), results=results, end=end)

    def _ready(self) -> tuple[Mapping[tuple[str, float], Play], Mapping[float, Scene]]:
        """Plays and days at every level, or one refusal that tells everything."""
        faults = [*unknown([self.scenario]), *twice("architecture", [g.id for g in self.architectures])]
        if self.vary not in VARIED:
            faults.append(Fault("sweep", f"varies {self.vary!r}", f"take one of {', '.join(VARIED)}", "arch-173"))
            raise InvalidCase(faults)
        faults += VARIED[self.vary].faults(self.vary, self.steps)
        if not self.architectures:
            faults.append(Fault("sweep", "names no architecture", "name at least one", "arch-174"))
        if faults:
            raise InvalidCase(faults)
        varied = VARIED[self.vary]
        plays = {(g.id, x): made(partial(_play, varied, g, x), faults) for x in self.steps for g in self.architectures}
        scenes: dict[float, Scene | None] = {}
        shared = made(partial(scene_of, self.setting, self.scenario), faults) if not _of_grid(varied) else None
        for x in self.steps if not faults else ():
            scenes[x] = varied.scene(shared, x) if shared is not None else made(partial(self._scene, varied, x), faults)
        if faults:
            raise InvalidCase(dict.fromkeys(faults))
        return {k: p for k, p in plays.items() if p is not None}, {k: s for k, s in scenes.items() if s is not None}

    def _scene(self, varied: Varied, level: float) -> Scene:
        """The day at a level; what is wrong with it names the level."""
        try:
            return varied.scene(scene_of(varied.setting(self.setting, level), self.scenario), level)
        except InvalidCase as e:
            raise InvalidCase(replace(f, what=f"{f.what}, at {self.vary} {level:g}") for f in e.faults) from e
        except Unreadable as e:
            raise InvalidCase([Fault("sweep", f"at {self.vary} {level:g} has no grid: {e}", "take other levels", "arch-175")]) from e


def _play(varied: Varied, graph: Graph, level: float) -> Play:
    return derived(varied.graph(graph, level))


def _of_grid(varied: Varied) -> bool:
    return varied.setting is not Varied.__dataclass_fields__["setting"].default


def ranked(results: Results, level: Real) -> Swept:
    """Results at levels (row), with ranks within each."""
    rank = np.zeros(len(results), np.int64)
    for x in np.unique(level).tolist():
        mine = np.flatnonzero((level == x) & np.isfinite(results.cost))
        rank[mine] = ranked_by_cost(results.cost[mine], results.ideal[mine])
    above = above_ideal(results.cost, results.ideal)
    given = {
        "level": level, "rank": rank, "above": above, "above_percent": 100 * above / np.abs(results.ideal),
        "over": results.violation_before, "volts": results.voltage_before,
    }  # fmt: skip
    return Swept.of({name: given[name] if name in given else getattr(results, name) for name in Swept.columns()})


def changes(swept: Swept) -> Changes:
    """Pairs whose order changes from one level to the next, in the order of levels and names as given."""
    names, steps = list(dict.fromkeys(swept.architecture.tolist())), np.unique(swept.level).tolist()
    at = {(x, name): (int(r), float(c)) for x, name, r, c in zip(swept.level, swept.architecture, swept.rank, swept.cost, strict=True)}
    rows: list[tuple[object, ...]] = []
    for low, high in pairwise(steps):
        for a, b in combinations(names, 2):
            if not all((x, n) in at and at[x, n][0] for x in (low, high) for n in (a, b)):
                continue
            was, now = (np.sign(at[x, a][0] - at[x, b][0]) for x in (low, high))
            if was == now:
                continue
            first, second = (a, b) if (now or was) < 0 else (b, a)
            what, about = ("part" if was == 0 else "meet" if now == 0 else "swap"), np.nan
            if what == "swap":
                before, after = (at[x, a][1] - at[x, b][1] for x in (low, high))
                about = low + (high - low) * before / (before - after)
            rows.append((low, high, what, first, second, about))
    return of_rows(Changes, rows)


def stops(swept: Swept) -> Stops:
    """Where each is no longer ideal, no longer keeps limits by itself, is no longer heard in time."""
    rows = []
    for name in dict.fromkeys(swept.architecture.tolist()):
        mine = swept.take(swept.architecture == name)
        ideal = np.abs(mine.cost - mine.above)
        happens = (
            mine.above > SAME_COST * ideal, (mine.over > BROKEN) | (mine.volts > BROKEN), (mine.red_mwh > BROKEN) | (mine.unserved_mwh > BROKEN),
            mine.missed > 0,
        )  # fmt: skip
        rows.append((name, *(_runs(mine.level[np.argsort(mine.level)], h[np.argsort(mine.level)]) for h in happens)))
    return of_rows(Stops, rows)


def _runs(level: Real, there: Flag) -> str:
    """Levels, rising, at which something is there: first–last of neighbours."""
    if there.all() or not there.any():
        return "all" if there.any() else "none"
    ends = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]])))
    pairs = ((level[a], level[b - 1]) for a, b in zip(ends[::2].tolist(), ends[1::2].tolist(), strict=True))
    return ", ".join(f"{low:g}" if low == high else f"{low:g}–{high:g}" for low, high in pairs)
