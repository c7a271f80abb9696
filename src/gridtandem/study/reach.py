"""What a feeder of a case can exchange with transmission: regions of active and reactive power by voltage and form of the network equations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Literal, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.join import bundle
from gridtandem.errors import Fault, InvalidCase, UnknownName, Unreadable
from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.network import Network
from gridtandem.opf.reach import FIRST, Outline, Touch, cut, inside, outlined
from gridtandem.opf.reach_ac import AcReach
from gridtandem.opf.reach_convex import ConvexReach, Form, outer
from gridtandem.study.dispatch.run import DispatchResult
from gridtandem.study.dispatch.study import in_period, network_faults
from gridtandem.study.reach_tables import ReachPoints, ReachRegions
from gridtandem.study.registry import name_of
from gridtandem.tables import stacked

Physics = Literal["ac", "lindist", "branch-flow"]
PHYSICS: tuple[Physics, ...] = ("ac", "lindist", "branch-flow")
LOWEST, HIGHEST = 0.5, 1.5  # pu; no network is run beyond
MOST = 1000  # directions


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """What a run passes at the interface, as transmission reckons."""

    run: str
    scheme: str
    period: int
    p_mw: float
    q_mvar: float
    v_pu: float


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReachStudy:
    """Everything that determines a region. Same study, same bits."""

    case: Case
    interface: str
    voltages: tuple[float, ...] = (1.0,)
    directions: int = 32
    physics: tuple[str, ...] = ("ac",)  # see `PHYSICS`
    period: int = 1  # of the profiles, from 1
    award: Award | None = None

    def faults(self) -> Iterator[Fault]:
        """Everything that keeps this study from a region."""
        names, place = self.case.interfaces.name.tolist(), self.case.name
        if self.interface not in names:
            what, _, mend = str(UnknownName("row", self.interface, names)).partition("; ")
            yield Fault("interfaces", f"has {what}", mend, "study-028", column="name", place=place)
        if not self.voltages:
            yield Fault("voltage", "is not given", "give one number or more, in pu", "study-029")
        for v in (v for v in self.voltages if not (isfinite(v) and LOWEST <= v <= HIGHEST)):
            yield Fault("voltage", f"is {v:g} pu", f"give numbers between {LOWEST:g} and {HIGHEST:g} pu", "study-029")
        if not _whole(self.directions) or not FIRST <= self.directions <= MOST:
            yield Fault("directions", f"is {self.directions!r}", f"give a whole number from {FIRST} to {MOST}", "study-030")
        for word in (word for word in self.physics if word not in PHYSICS):
            yield Fault("physics", f"is {word!r}", f"take of {', '.join(PHYSICS)}", "study-001")
        if not self.physics:
            yield Fault("physics", "is not given", f"take of {', '.join(PHYSICS)}", "study-001")
        if not _whole(self.period) or self.period < 1:
            yield Fault("hour", f"is {self.period!r}", "give a whole number of 1 or more", "study-031")
        elif self.interface in names:
            yield from self._feeder_faults(names.index(self.interface))

    def _feeder_faults(self, row: int) -> Iterator[Fault]:
        table = self.case.interfaces
        if self.case.ports[row] > 1:
            what = f"{str(table.feeder[row])!r}: fed from more than one transmission bus"
            mend = "a feeder here is told one voltage; give each port a feeder of its own, or open one"
            yield Fault("interfaces", what, mend, "study-022", column="feeder", place=self.case.name)
        net = self.case.models[table.model[row]]
        yield from (f.at(net.name) for f in network_faults(net, (self.period, 1), source=False))
        g = net.generators
        endless = ~np.isfinite(g.q_low_mvar) | ~np.isfinite(g.q_high_mvar)
        for k in np.flatnonzero(endless & g.live & (g.control != REFERENCE) & ~np.isfinite(g.s_high_mva) & (g.power_factor_low == 0)):
            mend = "give q_low_mvar and q_high_mvar, s_high_mva or power_factor_low; else no outline exists"
            yield g.fault(int(k), "q_high_mvar", "is infinite on one side or both", mend, "study-032").at(net.name)

    @property
    def row(self) -> int:
        """Of the interface."""
        return int(np.flatnonzero(self.case.interfaces.name == self.interface)[0])


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Region:
    """The outline at a voltage by one form."""

    physics: Physics
    voltage_pu: float
    outline: Outline | None
    trouble: str  # which limits would have to give way; empty where there is an outline

    @property
    def points(self) -> ReachPoints:
        """Its corners as a table."""
        ring: tuple[Touch, ...] = () if self.outline is None else self.outline.ring
        n, way = len(ring), np.array([t.way for t in ring]).reshape(-1, 2)
        at = np.array([t.point for t in ring]).reshape(-1, 2)
        angle = np.degrees(np.arctan2(way[:, 1], way[:, 0])) % 360
        return ReachPoints(
            physics=np.full(n, self.physics), voltage_pu=np.full(n, self.voltage_pu), direction_deg=angle,
            found=np.array([int(t.middle) for t in ring], np.int8), p_mw=at[:, 0], q_mvar=at[:, 1], real=np.array([t.real for t in ring], bool),
            stops=np.array([", ".join(t.stops) for t in ring], "U"),
        )  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReachResult:
    """All regions of a study."""

    study: ReachStudy
    feeder: Network  # all parallel feeders as one, in the period
    regions: tuple[Region, ...]

    @property
    def points(self) -> ReachPoints:
        """Corners of all outlines."""
        return stacked(ReachPoints, [r.points for r in self.regions])

    @property
    def table(self) -> ReachRegions:
        """Extents and areas."""
        rows = [_measures(r) for r in self.regions]
        return ReachRegions.of({name: [row[name] for row in rows] for name in ReachRegions.columns()})

    @property
    def trouble(self) -> tuple[str, ...]:
        """A sentence for each voltage at which the feeder has no state."""
        return tuple(f"at {r.voltage_pu:g} pu, {r.physics}: {r.trouble}" for r in self.regions if r.outline is None)

    @property
    def outer(self) -> bool:
        """Whether every exchange that the feeder can have lies inside its branch-flow region."""
        return outer(self.feeder, int(self.study.case.interfaces.root[self.study.row]))

    def room(self, region: Region) -> float:
        """How far inside a region the award lies; negative: outside; NaN where there is no award or no region. [MVA]"""
        a = self.study.award
        return np.nan if a is None or region.outline is None else inside(region.outline.points, np.array([a.p_mw, a.q_mvar]))


def _measures(region: Region) -> dict[str, str | float | int]:
    """A row of the table."""
    out: dict[str, str | float | int] = {"physics": region.physics, "voltage_pu": region.voltage_pu}
    if (o := region.outline) is None:
        nothing = dict.fromkeys(("p_low_mw", "p_high_mw", "q_low_mvar", "q_high_mvar", "area", "area_outer", "area_dents"), np.nan)
        return out | nothing | {"directions": 0, "cuts": 0, "unanswered": 0}
    (p_low, q_low), (p_high, q_high) = o.points.min(0).tolist(), o.points.max(0).tolist()
    return out | {
        "p_low_mw": p_low, "p_high_mw": p_high, "q_low_mvar": q_low, "q_high_mvar": q_high, "area": o.area, "area_outer": o.outer,
        "area_dents": o.dents, "directions": len(o.lines), "cuts": sum(t.middle for t in o.ring), "unanswered": o.unanswered + o.uncut,
    }  # fmt: skip


def reached(study: ReachStudy) -> ReachResult:
    """Find all regions; `InvalidCase` lists everything that stands against it."""
    if found := [*study.case.faults(), *study.faults()]:
        raise InvalidCase(found)
    case, row, period = study.case, study.row, study.period - 1
    table = case.interfaces
    raw = case.models[table.model[row]]
    count, scale, root = int(table.count[row]), float(table.scale[row]), int(table.root[row])
    whole, now = (bundle(net, count=count, scale=scale) for net in (raw, in_period(raw, period)))
    regions = [
        _ac(now, root, v, study.directions) if physics == "ac" else _convex(whole, root, v, (physics, period, study.directions))
        for v in dict.fromkeys(study.voltages)
        for physics in PHYSICS
        if physics in study.physics
    ]
    return ReachResult(study=study, feeder=now, regions=tuple(regions))


def awarded(result: DispatchResult, interface: str, period: int | None = None) -> Award:
    """What passes at an interface by a dispatch, in a period: its first unless told otherwise."""
    table, name = result.tables.exchanges, "" if result.path is None else result.path.stem
    if not len(table):
        raise Unreadable(f"{name or 'the run'} has no exchanges to draw: {'; '.join((result.outcome.end.value, *result.trouble))}")
    periods, names = np.unique(table.period).tolist(), list(dict.fromkeys(table.interface.tolist()))
    if interface not in names:
        raise UnknownName("interface", interface, names)
    wanted = int(periods[0] if period is None else period)
    mine = table.take((table.interface == interface) & (table.period == wanted))
    if not len(mine):
        raise Unreadable(f"{name or 'the run'} has no exchange at {interface} in period {wanted}; it has periods {periods[0]} to {periods[-1]}")
    p, q, v = (float(column[0]) for column in (mine.p_mw, mine.q_mvar, mine.v_pu))
    return Award(run=name, scheme=name_of(result.study.scheme), period=wanted, p_mw=p, q_mvar=q, v_pu=v)


def _ac(net: Network, root: int, v: float, directions: int) -> Region:
    """Under full AC physics."""
    asks = AcReach.of(net, root, v)
    found = None if asks.trouble else outlined(asks, directions)
    trouble = asks.trouble or ("" if found else "a state exists, but no farthest exchange was found")
    return Region(physics="ac", voltage_pu=v, outline=None if found is None else cut(asks, found, directions), trouble=trouble)


def _convex(net: Network, root: int, v: float, asked: tuple[Form, int, int]) -> Region:
    """By a convex form: its name, the period from 0, directions."""
    form, period, directions = asked
    found = outlined(ConvexReach.of(net, root, v, form=form, period=period), directions)
    return Region(physics=form, voltage_pu=v, outline=found, trouble="" if found else "no exchange keeps all limits of this form")


def _whole(given: object) -> bool:
    return isinstance(given, int | np.integer) and not isinstance(given, bool)
