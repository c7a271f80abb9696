"""What a simulated day says of who sees what, who could do what, and on whom curtailment falls."""

from __future__ import annotations

import numpy as np

from gridtandem.architecture.graph import COORD, DISTRIBUTION, EDGE, INFO, JOINT, LIMITS
from gridtandem.architecture.relations import Chain
from gridtandem.architecture.simulation.acting import Acted, by_unit
from gridtandem.architecture.simulation.borders import Limited, Movable, blast_radius
from gridtandem.architecture.simulation.conduct import Planned
from gridtandem.architecture.simulation.delays import Delays
from gridtandem.architecture.simulation.fleet import Fleet
from gridtandem.architecture.simulation.measures import gini, view_skew
from gridtandem.architecture.simulation.play import Way
from gridtandem.architecture.simulation.scene import Scene

INSIDE = (Way.CURVE, Way.REST, Way.LOCAL, Way.HELD, Way.JOINT, Way.LETTERS)  # the distribution operator decides about it, or with others
NOTHING = 1e-9  # MW


def observed(fleet: Fleet, scene: Scene, planned: Planned) -> float:
    """Of the power to which DERs are dispatched, the share that the distribution operator knows of when he decides.

    What he decides himself or with others; of what somebody else decides, where schedules are told to him, or limits are agreed.
    """
    moved = np.abs(by_unit(fleet, planned.y) - by_unit(fleet, scene.network.idle)).sum(0)
    if moved.sum() <= NOTHING:
        return float("nan")
    told = _told_schedules(fleet)
    ways = {c.customer: c.way for c in fleet.play.classes}
    need = np.abs(by_unit(fleet, planned.need) - by_unit(fleet, scene.network.idle)).sum(0)
    known = np.array([ways[n] in INSIDE or told for n in fleet.node.tolist()])
    seen = np.where(known, moved, np.minimum(need, moved))
    return float(seen.sum() / moved.sum())


def _told_schedules(fleet: Fleet) -> bool:
    e, tier = fleet.play.graph.edges, fleet.play.graph.nodes.tier
    schedules = (e.what == INFO) & (e.item == "sched") & (tier[e.to_node] == DISTRIBUTION)
    agreed = (e.what == COORD) & np.isin(e.strength, (JOINT, LIMITS))
    return bool(schedules.any() or agreed.any())


def skew(fleet: Fleet, scene: Scene, planned: Planned) -> float:
    """Largest difference of what the bulk and the distribution operator believe of a class at one moment; both go by mean delays of their reports."""
    day, worst = scene.actual, 0.0
    told = by_unit(fleet, planned.y)
    for c in fleet.play.classes:
        profile = told[:, fleet.units_at(c.customer)].sum(1)
        ways = [_mean_delay(fleet, chain) for chains in (c.bulk[:1], c.network[:1]) for chain in chains]
        if len(ways) == 2 and day.periods > 1:
            worst = max(worst, float(view_skew(profile, day.hours, *ways).max()))
    return worst


def _mean_delay(fleet: Fleet, chain: Chain) -> float:
    """Half the polling period of every hop. [s]"""
    return Delays(fleet.play.graph, False, np.random.default_rng(0)).mean(chain)


def blast(fleet: Fleet, scene: Scene, planned: Planned) -> float:
    """The most power that the holder of one node can move within an interval, in the worst one: of tier 3, or of tier 4 where there is none. [MW]

    A whole class of tier 4 is nobody's to hold where somebody of tier 3 instructs it.
    """
    day, tier = scene.actual, fleet.play.graph.nodes.tier
    low, high = (by_unit(fleet, tuple(getattr(f.steps, side) for f in day.feeders)) for side in ("least", "most"))
    box_low, box_high = (by_unit(fleet, tuple(box[k] for box in planned.boxes)) for k in (0, 1))
    classes = []
    for c in fleet.play.classes:
        unit = fleet.units_at(c.customer)
        limit = None
        if c.boxed_at >= 0 and fleet.play.networks:
            limit = Limited(by=fleet.play.networks[0], at=c.boxed_at, low=box_low[:, unit], high=box_high[:, unit])
        chains = (*c.bulk, *c.network, *c.through, *c.control, *c.own)
        classes.append(Movable(customer=c.customer, chains=chains, low=low[:, unit], high=high[:, unit], limit=limit))
    found = {x: float(mw.max(initial=0.0)) for x, mw in blast_radius(classes).items() if tier[x] > DISTRIBUTION}
    edge = {x: mw for x, mw in found.items() if tier[x] == EDGE}
    return max((edge or found).values(), default=0.0)


def curtailed_gini(fleet: Fleet, scene: Scene, planned: Planned, done: Acted) -> float:
    """Inequality of what units lose in red or to envelopes, of the energy that they could have given; NaN where nobody loses anything."""
    most = by_unit(fleet, tuple(f.steps.most for f in scene.actual.feeders)).sum(0)
    box = by_unit(fleet, tuple(high for _, high in planned.boxes)).sum(0)
    red = np.abs(by_unit(fleet, done.after) - by_unit(fleet, done.before)).sum(0)
    able = most > NOTHING
    lost = (np.maximum(most - box, 0.0) + red)[able] / most[able]
    return gini(lost) if lost.sum() > NOTHING else float("nan")
