"""What becomes of a plan: instructions that come late, somebody who breaks in, weather that is not the forecast, and the operators' last resort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final
from zlib import crc32

import numpy as np

from gridtandem.architecture.graph import EDGE
from gridtandem.architecture.relations import Chain
from gridtandem.architecture.simulation.clearing import BulkPlan, followed
from gridtandem.architecture.simulation.conduct import Planned
from gridtandem.architecture.simulation.day import Dispatch
from gridtandem.architecture.simulation.delays import DECIDES_S, Delays, deciders
from gridtandem.architecture.simulation.fleet import Fleet
from gridtandem.architecture.simulation.iterating import Agreed
from gridtandem.architecture.simulation.offered import Offered
from gridtandem.architecture.simulation.play import Reached, Way
from gridtandem.architecture.simulation.repair import repaired
from gridtandem.architecture.simulation.scene import FULL_ACTIVATION_S, Scene
from gridtandem.tables import Flag, Index, Real

MOVED = 1e-6  # MW; less is no instruction


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Acted:
    """A day as it went."""

    before: Dispatch  # after delivery, before anybody acts in red
    after: Dispatch
    shed: tuple[Real, ...]  # (feeder)(period, load node) [MW]
    bulk_before: BulkPlan
    bulk: BulkPlan
    missed: int  # instructions that came too late or not at all
    undelivered: float  # of what was planned, not there [MWh]
    loops: Real  # (draw) from a customer's state to the set-point that follows from it [s]
    intruder: int  # node that was broken into; −1: none
    stolen: float  # MW that it moved, on average over periods
    red: float  # moved in red [MWh]
    switched: float  # of that by opening switches of customers nobody else reaches [MWh]


def acted(fleet: Fleet, scene: Scene, planned: Planned) -> Acted:
    """Deliver, break in, repair, balance."""
    delays = Delays(fleet.play.graph, scene.heavy, np.random.default_rng([scene.seed, crc32(f"{fleet.play.graph.id} {scene.name}".encode())]))
    late, loops = _late(fleet, scene, delays, planned.agreed)
    told = planned.y
    got = _delivered(scene, told, late, fleet)
    intruder = worst_intruder(fleet) if scene.broken_into else -1
    before, taken = _broken_into(fleet, scene, planned, got, intruder)
    after, shed, moved, switched = _red(fleet, scene, before, intruder)
    z_before = scene.actual.draw(before)
    cut = np.stack([s.sum(1) for s in shed], -1)
    bulk_before = followed(scene.actual, z_before)
    hours = scene.actual.hours
    away = sum(float(np.abs(a - b).sum()) for a, b in zip(before, told, strict=True)) * hours
    return Acted(
        before=before, after=after, shed=shed, bulk_before=bulk_before, bulk=followed(scene.actual, scene.actual.draw(after) - cut),
        missed=int(sum((late[:, k] & (np.abs(by_unit(fleet, told)[:, k]) > MOVED)).sum() for k in range(late.shape[1]))), undelivered=away,
        loops=loops, intruder=intruder, stolen=taken, red=moved, switched=switched,
    )  # fmt: skip


def worst_intruder(fleet: Fleet) -> int:
    """The node of tier 3, or else 4, without a control centre's defences, through which most power is instructed."""
    nodes = fleet.play.graph.nodes
    through: dict[int, float] = {}
    for _, route, unit in fleet.groups:
        for k in set(route):
            if nodes.tier[k] >= EDGE and not nodes.trusted[k]:
                through[k] = through.get(k, 0.0) + float(fleet.size[unit].sum())
    inner = {k: mw for k, mw in through.items() if nodes.tier[k] == EDGE} or through
    return min(inner, key=lambda k: (-inner[k], k)) if inner else -1


def _late(fleet: Fleet, scene: Scene, delays: Delays, agreed: Agreed | None) -> tuple[Flag, Real]:
    """Instructions that miss full activation (period, unit), and loops from state to set-point; letters go there and back each round."""
    late, loops = np.zeros((scene.actual.periods, len(fleet.node)), bool), [np.zeros(0)]
    for c, route, unit in fleet.groups:
        chain = c.heard_first(route)
        shape = (scene.actual.periods, len(unit))
        down, up = delays.along(chain, shape), delays.along(chain, shape)
        late[:, unit] = down > FULL_ACTIVATION_S
        there = np.zeros(shape) if agreed is None else agreed.rounds * (2 * delays.along(agreed.link, shape) + DECIDES_S)
        loops.append((up + down + there + DECIDES_S * max(1, deciders(fleet.play, chain))).ravel())
    return late, np.concatenate(loops)


def by_unit(fleet: Fleet, y: Dispatch) -> Real:
    out = np.zeros((len(y[0]) if y else 0, len(fleet.node)))
    for each, unit in zip(y, fleet.unit_of, strict=True):
        np.add.at(out.T, unit, each.T)
    return out


def _delivered(scene: Scene, told: Dispatch, late: Flag, fleet: Fleet) -> Dispatch:
    """Late ones go on with what they did before; nobody injects more than is there."""
    out = []
    for k, f in enumerate(scene.actual.feeders):
        y, slow = told[k].copy(), late[:, fleet.unit_of[k]]
        y[0] = np.where(slow[0], f.steps.idle[0], y[0])
        for t in range(1, len(y)):
            y[t] = np.where(slow[t], y[t - 1], y[t])
        out.append(np.clip(y, f.steps.least, f.steps.most))
    return tuple(out)


def _broken_into(fleet: Fleet, scene: Scene, planned: Planned, got: Dispatch, intruder: int) -> tuple[Dispatch, float]:
    """Everything behind the node goes all the way up, or all the way down, whichever breaks more; a limit that somebody below holds still holds."""
    if intruder < 0:
        return got, 0.0
    out, taken = [], 0.0
    for k, f in enumerate(scene.actual.feeders):
        mine = np.isin(fleet.unit_of[k], fleet.behind(intruder))
        low, high = f.steps.least, f.steps.most
        held = np.isin(fleet.unit_of[k], _bounded_below(fleet, intruder))
        low, high = (np.where(held, box, bound) for box, bound in zip(planned.boxes[k], (low, high), strict=True))
        up, down = np.where(mine, high, got[k]), np.where(mine, low, got[k])
        worse = f.wires.beyond(up).sum(1) >= f.wires.beyond(down).sum(1)
        y = np.clip(np.where(worse[:, None], up, down), f.steps.least, f.steps.most)
        taken += float(np.abs(y - got[k]).sum())
        out.append(y)
    return tuple(out), taken / max(scene.actual.periods, 1)


def _bounded_below(fleet: Fleet, node: int) -> Index:
    """Units whose envelope is told to somebody between the node and the device, or to the device."""
    mine = [unit for c, route, unit in fleet.groups if node in route and c.boxed_at in route[route.index(node) + 1 :]]
    return np.concatenate([np.zeros(0, np.int64), *mine])


def _red(fleet: Fleet, scene: Scene, y: Dispatch, intruder: int) -> tuple[Dispatch, tuple[Real, ...], float, float]:
    """The operator's last resort: those he can instruct move within their range, others can be switched off, and load goes last."""
    reached = [c.customer for c in fleet.play.classes if any(intruder not in chain for chain in _from_network(c))]
    after, shed, moved, switched = [], [], 0.0, 0.0
    for k, f in enumerate(scene.actual.feeders):
        mine = np.isin(fleet.node[fleet.unit_of[k]], reached)
        idle = f.steps.idle
        low = np.where(mine, f.steps.least, np.minimum(y[k], idle))
        high = np.where(mine, f.steps.most, np.maximum(y[k], idle))
        found = repaired(f.wires, Offered(low, high, scene.asked_here[k], f.steps.unit, idle), y[k], f.sheddable)
        after.append(y[k] + found.change)
        shed.append(found.shed)
        change = np.abs(found.change)
        moved += float(change.sum()) * scene.actual.hours
        switched += float(change[:, ~mine].sum()) * scene.actual.hours
    return tuple(after), tuple(shed), moved, switched


def _from_network(c: Reached) -> Sequence[Chain]:
    """Chains along which a distribution operator instructs a class."""
    if c.way is Way.HELD:
        return (*c.network, *c.control, *c.bulk, *c.through)
    return (*c.network, *c.control)


def units_moved(fleet: Fleet, y: Dispatch, base: Dispatch) -> Index:
    """Units whose power differs."""
    return np.flatnonzero((np.abs(by_unit(fleet, y) - by_unit(fleet, base)) > MOVED).any(0))
