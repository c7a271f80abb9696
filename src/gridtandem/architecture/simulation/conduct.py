"""A play carried out over a day: who decides first, what the bulk market is shown, who shares an award out, and what each DER is told in the end.

Every step goes one way in each period, that of its class; where links between tiers 1 and 2 are down, what remains of that way. All of it is arrays
(period, step) for each feeder, and a way is a mask over them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, final

import numpy as np

from gridtandem.architecture.simulation.clearing import BulkPlan, FeederPlan, Shown, cleared_bulk, cleared_feeder, effort, followed, only
from gridtandem.architecture.simulation.day import Dispatch, Wires
from gridtandem.architecture.simulation.envelopes import Rule, boxes, filtered
from gridtandem.architecture.simulation.fleet import Fleet
from gridtandem.architecture.simulation.iterating import Agreed
from gridtandem.architecture.simulation.offered import Offered
from gridtandem.architecture.simulation.offering import curves
from gridtandem.architecture.simulation.play import Play, Way
from gridtandem.architecture.simulation.pricing import adder, answer, posted_price
from gridtandem.architecture.simulation.scene import Scene
from gridtandem.boundary.market_letters import Curves
from gridtandem.tables import Real

NONE = 1e-6  # MW; orders smaller than that are none

FIRST = (Way.LEFTOVER, Way.FILTERED, Way.REST, Way.TWICE)  # the distribution operator buys what its limits force
SHARED = (Way.CURVE, Way.REST)  # the bulk market takes a curve, and the distribution operator shares the award out
KNOWN = (Way.SEEN, Way.JOINT, Way.HELD)  # the bulk market sees limits of distribution
DIRECT = (Way.BLIND, *KNOWN, Way.BOXED, Way.TWICE, Way.LEFTOVER, Way.FILTERED, Way.OWN)  # the bulk market takes the steps themselves
APART = {Way.CURVE: Way.LOCAL, Way.REST: Way.LOCAL, Way.JOINT: Way.TWICE, Way.LEFTOVER: Way.TWICE, Way.FILTERED: Way.BLIND}  # without links

Joint: TypeAlias = Literal["shared", "iterative"]
Lights: TypeAlias = Literal["none", "two", "three"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a graph leaves open."""

    envelope: Rule = "equal"
    spread: float = 5.0  # of the price that an auction of envelopes expects, either way [currency/MWh]
    lights: Lights = "none"  # at every feeder: green and red, or amber between them
    price: float | None = None  # against which feeders with an agreed exchange dispatch; none: what the bulk market would ask without DERs
    joint: Joint = "shared"  # what operators decide together: in one program, or by letters where that can do the same


@final
@dataclass(frozen=True, slots=True, eq=False)
class Masks:
    """Which steps go which way, when."""

    of_way: Mapping[Way, Dispatch]  # 1 there, 0 elsewhere; (feeder)(period, step)
    shapes: tuple[tuple[int, int], ...]

    @staticmethod
    def of(fleet: Fleet, scene: Scene) -> Masks:
        """Classes of the play, and what remains of their ways where links are down."""
        shapes = tuple(f.steps.least.shape for f in scene.actual.feeders)
        found: dict[Way, list[Real]] = {}
        for c in fleet.play.classes:
            mine = [fleet.node[unit] == c.customer for unit in fleet.unit_of]
            for way, when in ((c.way, ~scene.lost), (apart(fleet.play, c.way), scene.lost)):
                if when.any():
                    there = found.setdefault(way, [np.zeros(shape) for shape in shapes])
                    for k, m in enumerate(mine):
                        there[k] += np.outer(when, m)
        return Masks({way: tuple(there) for way, there in found.items()}, shapes)

    def any(self, *ways: Way) -> Dispatch:
        """1 where a step goes one of these ways."""
        return tuple(sum((self.of_way[w][k] for w in ways if w in self.of_way), np.zeros(shape)) for k, shape in enumerate(self.shapes))

    def has(self, *ways: Way) -> bool:
        """Whether some step does at some time."""
        return any(w in self.of_way for w in ways)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Planned:
    """What was decided, before anything goes wrong."""

    masks: Masks
    y: Dispatch  # set-points as they follow from all instructions
    need: Dispatch  # what distribution operators bought first
    far: Dispatch  # what the bulk market told steps
    plan: BulkPlan
    shared: tuple[FeederPlan | None, ...]  # of distribution operators that shared an award out
    boxes: tuple[tuple[Real, Real], ...]  # (feeder) lowest and highest (period, step)
    posted: Real | None  # (period, feeder) prices that were posted [currency/MWh]
    double: Dispatch  # bought twice [MW]
    conflicts: int  # times in which two tell one step different things in one period
    refused: float  # what envelopes and filters kept from the bulk market [MWh]
    letter: Curves | None  # curves of distribution operators
    commanded: float = 0.0  # by traffic lights in red [MWh]
    bought: Dispatch = ()  # in amber, where there are lights [MW]
    paper: float  # cost as the plans have it [currency]
    agreed: Agreed | None = None  # where operators agreed by letters


def apart(play: Play, way: Way) -> Way:
    """What remains of a way where tiers 1 and 2 do not hear of each other."""
    return APART.get(way, way) if play.links else way


def conducted(fleet: Fleet, scene: Scene, choices: Choices, agreed: Agreed | None = None) -> Planned:
    """Everything that is decided before the day; what was agreed by letters is carried out as it is."""
    if agreed is not None:
        return _by_letters(fleet, scene, agreed)
    masks, day = Masks.of(fleet, scene), scene.network
    idle = day.idle
    need = _need(scene, masks)
    alone, posted = _alone(scene, masks, choices)
    shown, limits, refused = _shown(scene, masks, choices, need, alone)
    letter = None
    if masks.has(*SHARED):
        letter = curves(day, _offered(scene, masks, need), np.stack([m.any(1) for m in masks.any(*SHARED)], -1))
    plan = cleared_bulk(day, shown, letter)
    direct = masks.any(*DIRECT)
    far = tuple(np.where(m > 0, y, i) for m, y, i in zip(direct, plan.y, idle, strict=True))
    shared = _shared(scene, masks, plan, need)
    inside = masks.any(*SHARED)
    nearby = tuple(a if p is None else np.where(m > 0, p.y, a) for a, p, m in zip(alone, shared, inside, strict=True))
    y, double, conflicts = _settled(masks, need, far, nearby, idle)
    paid = sum(float((scene.asked[k] * (each + double[k])).sum()) for k, each in enumerate(y)) * day.hours
    return Planned(
        masks=masks, y=y, need=need, far=far, plan=plan, shared=shared, boxes=limits, posted=posted, double=double, conflicts=conflicts,
        refused=refused, letter=letter, paper=plan.cost + day.constant + paid,
    )  # fmt: skip


def _by_letters(fleet: Fleet, scene: Scene, agreed: Agreed) -> Planned:
    """Every feeder keeps the exchange at least cost; transmission knows of it what its letters told: a plane for each round, period and interface."""
    day = scene.network
    plans = tuple(
        cleared_feeder(day, Shown(f.steps.least, f.steps.most, asked, f.draw, f.wires), exchange=agreed.z[:, k])
        for k, (f, asked) in enumerate(zip(day.feeders, scene.asked, strict=True))
    )
    y, alone, values = tuple(p.y for p in plans), followed(day, agreed.z), agreed.z.size
    plan = replace(alone, price=agreed.price, variables=alone.variables + 2 * values, rows=alone.rows + values * (agreed.rounds + 1))
    return Planned(
        masks=Masks.of(fleet, scene), y=y, need=day.idle, far=day.idle, plan=plan, shared=plans,
        boxes=tuple((f.steps.least, f.steps.most) for f in day.feeders), posted=None, double=tuple(np.zeros_like(each) for each in y),
        conflicts=0, refused=0.0, letter=None, paper=plan.cost + day.constant + day.cost(y), agreed=agreed,
    )  # fmt: skip


def _need(scene: Scene, masks: Masks) -> Dispatch:
    """What limits of a feeder force its operator to buy, at least cost, if nobody else does anything."""
    idle = scene.network.idle
    if not masks.has(*FIRST):
        return idle
    out = []
    level = float(np.median(scene.network.wholesale.orders.price)) if len(scene.network.wholesale.orders.price) else 0.0
    for k, (f, mine) in enumerate(zip(scene.network.feeders, masks.any(*FIRST), strict=True)):
        asked = scene.asked_here[k]
        shown = Shown(f.steps.least, f.steps.most, effort(f.steps, asked, level), f.draw, f.wires)
        found = cleared_feeder(scene.network, only(shown, mine, idle[k]))
        out.append(np.where(np.abs(found.y - idle[k]) > NONE, found.y, idle[k]))
    return tuple(out)


def _alone(scene: Scene, masks: Masks, choices: Choices) -> tuple[Dispatch, Real | None]:
    """Steps that are dispatched against a price: by their operator, or by themselves."""
    idle = scene.network.idle
    if not masks.has(Way.LOCAL, Way.PRICED, *SHARED):
        return idle, None
    posted = posted_price(scene) if choices.price is None else np.full((scene.network.periods, len(idle)), choices.price)
    local, priced, out = masks.any(Way.LOCAL), masks.any(Way.PRICED), []
    for k, f in enumerate(scene.network.feeders):
        y = idle[k]
        if local[k].any():
            against = cleared_feeder(
                scene.network, only(Shown(f.steps.least, f.steps.most, scene.asked_here[k], f.draw, f.wires), local[k], y), price=posted[:, k]
            )
            y = np.where(local[k] > 0, against.y, y)
        if priced[k].any():
            more = adder(scene, k, priced[k], y, posted[:, k])
            y = np.where(priced[k] > 0, answer(f.steps.least, f.steps.most, scene.asked[k], posted[:, k] + more), y)
        out.append(y)
    return tuple(out), posted


def _shown(scene: Scene, masks: Masks, choices: Choices, need: Dispatch, alone: Dispatch) -> tuple[list[Shown], tuple[tuple[Real, Real], ...], float]:
    """What the bulk market is shown of each feeder; the boxes; and what boxes and filters keep from it. [MWh]"""
    day = scene.network
    direct, known, shared = masks.any(*DIRECT), masks.any(*KNOWN), masks.any(*SHARED)
    bought = masks.any(Way.LEFTOVER, Way.FILTERED)
    shown, limits, refused = [], [], 0.0
    for k, f in enumerate(day.feeders):
        low, high = _boxed(scene, masks, choices, k, need[k])
        refused += float(np.where(direct[k] > 0, f.steps.most - high, 0.0).sum()) * day.hours
        floor = np.where(bought[k] > 0, np.minimum(np.maximum(need[k], low), high), low)
        fixed = np.where(shared[k] > 0, 0.0, alone[k])
        least, most = (np.where(direct[k] > 0, side, fixed) for side in (floor, high))
        draw = np.where(shared[k].any(1), 0.0, f.draw)  # a curve says itself what its feeder draws
        shown.append(Shown(least, most, scene.asked[k], draw, _as_known(scene, masks, k) if known[k].any() else None))
        limits.append((low, high))
    return shown, tuple(limits), refused


def _as_known(scene: Scene, masks: Masks, k: int) -> Wires:
    """Limits as who clears the bulk market knows them, in the periods in which he knows any; where links are down, as they were before."""
    known = np.asarray(masks.any(*KNOWN)[k].any(1))
    wires = scene.bulk.feeders[k].wires if masks.any(Way.SEEN)[k].any() else scene.network.feeders[k].wires
    told = np.maximum.accumulate(np.where(scene.lost, 0, np.arange(len(scene.lost))))
    there = wires.there[told] if masks.any(Way.SEEN)[k].any() else wires.there
    low, high = (np.where(known[:, None], side, far) for side, far in ((wires.low, -np.inf), (wires.high, np.inf)))
    return replace(wires, there=there, low=low, high=high)


def _boxed(scene: Scene, masks: Masks, choices: Choices, k: int, need: Real) -> tuple[Real, Real]:
    """Range of every step as the bulk market may use it."""
    f = scene.network.feeders[k]
    low, high = f.steps.least, f.steps.most
    if masks.has(Way.BOXED):
        mine, idle = masks.of_way[Way.BOXED][k] > 0, f.steps.idle
        offered = Offered(np.where(mine, low, idle), np.where(mine, high, idle), scene.asked_here[k], f.steps.unit, idle)
        energy = posted_price(scene)[:, k] if choices.envelope == "auctioned" else None
        found = boxes(f.wires, offered, rule=choices.envelope, energy=energy, spread=choices.spread)
        low, high = np.where(mine, found.low, low), np.where(mine, found.high, high)
    if masks.has(Way.FILTERED):
        mine = masks.of_way[Way.FILTERED][k] > 0
        offered = Offered(np.where(mine, f.steps.least, need), np.where(mine, f.steps.most, need), scene.asked[k], f.steps.unit)
        passed = filtered(f.wires, offered, need)
        low, high = np.where(mine, passed.low, low), np.where(mine, passed.high, high)
    return low, high


def _offered(scene: Scene, masks: Masks, need: Dispatch) -> list[Shown]:
    """What goes into the curves: steps that are shared out, from what was bought first; all others rest, and are not counted."""
    shared, rest, out = masks.any(*SHARED), masks.any(Way.REST), []
    for k, (f, asked) in enumerate(zip(scene.network.feeders, scene.asked_here, strict=True)):
        others = np.where(shared[k] > 0, 0.0, f.steps.idle).sum(1)
        least = np.where(rest[k] > 0, np.minimum(need[k], f.steps.most), f.steps.least)
        out.append(only(Shown(least, f.steps.most, asked, f.draw + others, f.wires), shared[k], f.steps.idle))
    return out


def _shared(scene: Scene, masks: Masks, plan: BulkPlan, need: Dispatch) -> tuple[FeederPlan | None, ...]:
    """Awards shared out within limits; steps that others instruct are not known to whoever shares."""
    if not masks.has(*SHARED):
        return (None,) * len(masks.shapes)
    out = []
    for k, offered in enumerate(_offered(scene, masks, need)):
        award = plan.z[:, k] + plan.y[k].sum(1)  # whatever else the bulk market reckons with there
        when = masks.any(*SHARED)[k].any(1)
        exchange = np.where(when, award, offered.draw - offered.least.sum(1))
        out.append(cleared_feeder(scene.network, offered, exchange=exchange))
    return tuple(out)


def _settled(masks: Masks, need: Dispatch, far: Dispatch, nearby: Dispatch, idle: Dispatch) -> tuple[Dispatch, Dispatch, int]:
    """Set-points from all instructions, what was sold twice, and how often instructions disagree. ``nearby`` are those of distribution and of prices.

    Two who buy from one step in one direction sell each other the same: the larger order stands, the smaller one was paid in vain. Two that pull in
    opposite directions: equal authority, so the last to arrive stands, and that is the operator of the nearer network.
    """
    y, double, conflicts = [], [], 0
    direct, twice = masks.any(*DIRECT), masks.any(Way.TWICE)
    for k, there in enumerate(idle):
        mine = twice[k] > 0
        a, b = far[k] - there, need[k] - there
        same = a * b >= 0
        larger = np.where(np.abs(a) >= np.abs(b), a, b)
        both = there + np.where(same, larger, b)
        y.append(np.where(mine, both, np.where(direct[k] > 0, far[k], nearby[k])))
        double.append(np.where(mine & same, np.sign(a) * np.minimum(np.abs(a), np.abs(b)), 0.0))
        conflicts += int((mine & (np.minimum(np.abs(a), np.abs(b)) > NONE) & (np.abs(a - b) > NONE)).sum())
    return tuple(y), tuple(double), conflicts
